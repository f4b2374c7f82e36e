package rs

// AOS frames guard three fields of their header with a shortened Reed-Solomon code of
// their own (CCSDS 732.0-B-4 §4.1.2.6): (10,6) over GF(16), the
// master channel and virtual channel identifiers (four symbols) and the signaling
// field (two symbols) followed by four check symbols. It corrects two symbols.

// hexField is GF(16) with x^4 + x + 1, twice over so that sums of logarithms fit.
var hexExp, hexLog = func() (exp [30]byte, log [16]int) {
	x := byte(1)
	for i := range 15 {
		exp[i], exp[i+15] = x, x
		log[x] = i
		if x <<= 1; x&16 != 0 {
			x ^= 0x13
		}
	}
	return exp, log
}()

func hexMul(a, b byte) byte {
	if a == 0 || b == 0 {
		return 0
	}
	return hexExp[hexLog[a]+hexLog[b]]
}

// The generator's roots are alpha^6 to alpha^9.
const headerFirstRoot, headerParity, headerSymbols = 6, 4, 10

// headerSyndromes evaluates ten symbols, the first of which stands in the upper four
// bits of the fortieth, at the roots.
func headerSyndromes(word uint64) (s [headerParity]byte) {
	for i := range s {
		root := hexExp[headerFirstRoot+i]
		var v byte
		for k := headerSymbols - 1; k >= 0; k-- {
			v = hexMul(v, root) ^ byte(word>>(4*k)&15)
		}
		s[i] = v
	}
	return s
}

// headerCheck gives for every data symbol value at every place its check field.
var headerCheck = func() (t [6][16]uint16) {
	// g(x) = x^4 + g3 x^3 + g2 x^2 + g1 x + g0
	g := [5]byte{1}
	for i := range headerParity {
		root := hexExp[headerFirstRoot+i]
		for j := i + 1; j > 0; j-- {
			g[j] ^= hexMul(g[j-1], root)
		}
	}
	for place := range 6 {
		for v := range 16 {
			var r [4]byte
			for i := range 6 {
				d := byte(0)
				if i == place {
					d = byte(v)
				}
				f := d ^ r[0]
				r[0] = r[1] ^ hexMul(f, g[1])
				r[1] = r[2] ^ hexMul(f, g[2])
				r[2] = r[3] ^ hexMul(f, g[3])
				r[3] = hexMul(f, g[4])
			}
			t[place][v] = uint16(r[0])<<12 | uint16(r[1])<<8 | uint16(r[2])<<4 | uint16(r[3])
		}
	}
	return t
}()

// HeaderCheck gives the frame header error control of an AOS frame from the first two
// octets of its primary header (gvcid) and its signaling field.
func HeaderCheck(gvcid uint16, signaling byte) uint16 {
	data := uint32(gvcid)<<8 | uint32(signaling)
	var c uint16
	for i := range 6 {
		c ^= headerCheck[i][data>>(20-4*i)&15]
	}
	return c
}

// CorrectHeader gives the guarded fields of a received AOS frame header with up to
// two wrong symbols of four bits corrected, and how many were. It reports false where
// more are wrong (or, seldom, corrects to another header: about 45*15*15 of the 65536
// check values lead somewhere).
func CorrectHeader(gvcid uint16, signaling byte, check uint16) (uint16, byte, int, bool) {
	word := uint64(gvcid)<<24 | uint64(signaling)<<16 | uint64(check)
	s := headerSyndromes(word)
	if s == [headerParity]byte{} {
		return gvcid, signaling, 0, true
	}
	for k := range headerSymbols { // one error of value s0/x^6 at x = alpha^k
		if e, ok := headerError(s, k); ok {
			word ^= uint64(e) << (4 * k)
			return uint16(word >> 24), byte(word >> 16), 1, true
		}
	}
	for k := range headerSymbols { // two: take the one at k off in each of its values
		for v := byte(1); v < 16; v++ {
			t := s
			for i := range t {
				t[i] ^= hexMul(v, hexExp[(headerFirstRoot+i)*k%15])
			}
			for m := range k {
				if e, ok := headerError(t, m); ok {
					word ^= uint64(v)<<(4*k) | uint64(e)<<(4*m)
					return uint16(word >> 24), byte(word >> 16), 2, true
				}
			}
		}
	}
	return 0, 0, 0, false
}

// headerError gives the value of the single error at place k that explains s.
func headerError(s [headerParity]byte, k int) (byte, bool) {
	if s[0] == 0 {
		return 0, false
	}
	x := hexExp[k]
	for i := range headerParity - 1 {
		if hexMul(s[i], x) != s[i+1] {
			return 0, false
		}
	}
	return hexMul(s[0], hexExp[(15*headerFirstRoot-headerFirstRoot*k)%15]), true
}
