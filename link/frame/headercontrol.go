package frame

// The AOS frame header error control is a shortened Reed-Solomon code of ten symbols of
// four bits, six of them information, over GF(16) with x^4 + x + 1 and the generator
// (x + α^6)(x + α^7)(x + α^8)(x + α^9) (CCSDS 732.0-B-4 §4.1.2.6).

var gf16Exp, gf16Log = func() (exp [30]uint8, log [16]uint8) {
	x := uint8(1)
	for i := range 15 {
		exp[i], exp[i+15], log[x] = x, x, uint8(i)
		x <<= 1
		if x&16 != 0 {
			x ^= 0x13
		}
	}
	return exp, log
}()

func gf16Mul(a, b uint8) uint8 {
	if a == 0 || b == 0 {
		return 0
	}
	return gf16Exp[gf16Log[a]+gf16Log[b]]
}

func gf16Div(a, b uint8) uint8 {
	if a == 0 {
		return 0
	}
	return gf16Exp[gf16Log[a]+15-gf16Log[b]]
}

// headerSymbols lays the protected fields out as the code's symbols, the first is the
// coefficient of x^9.
func headerSymbols(gvcid uint16, signaling uint8, check uint16) [10]uint8 {
	v := uint64(gvcid)<<24 | uint64(signaling)<<16 | uint64(check)
	var s [10]uint8
	for i := range s {
		s[i] = uint8(v>>(36-4*i)) & 15
	}
	return s
}

// HeaderControl is the frame header error control of an AOS header: gvcid is its first
// two octets (version, spacecraft, virtual channel), signaling its sixth.
func HeaderControl(gvcid uint16, signaling uint8) uint16 {
	// x^4 + α^3 x^3 + α x^2 + α^3 x + 1, leading coefficient left out.
	gen := [4]uint8{8, 2, 8, 1}
	var r [4]uint8
	symbols := headerSymbols(gvcid, signaling, 0)
	for _, s := range symbols[:6] {
		k := s ^ r[0]
		r[0], r[1], r[2], r[3] = r[1]^gf16Mul(k, gen[0]), r[2]^gf16Mul(k, gen[1]), r[3]^gf16Mul(k, gen[2]), gf16Mul(k, gen[3])
	}
	return uint16(r[0])<<12 | uint16(r[1])<<8 | uint16(r[2])<<4 | uint16(r[3])
}

// CorrectHeader corrects up to two wrong symbols in an AOS header and its error control;
// n is their number, ok tells whether that succeeded.
func CorrectHeader(gvcid uint16, signaling uint8, check uint16) (id uint16, sig uint8, ctl uint16, n int, ok bool) {
	s := headerSymbols(gvcid, signaling, check)
	var syn [4]uint8
	for j := range syn {
		for _, x := range s {
			syn[j] = gf16Mul(syn[j], gf16Exp[6+j]) ^ x
		}
	}
	switch {
	case syn == [4]uint8{}:
	case correctOne(&s, syn):
		n = 1
	case correctTwo(&s, syn):
		n = 2
	default:
		return gvcid, signaling, check, 0, false
	}
	var v uint64
	for _, x := range s {
		v = v<<4 | uint64(x)
	}
	return uint16(v >> 24), uint8(v >> 16), uint16(v), n, true
}

// errorAt adds an error of value e at the coefficient of x^p to the syndromes.
func errorAt(syn [4]uint8, p int, e uint8) [4]uint8 {
	for j := range syn {
		syn[j] ^= gf16Mul(e, gf16Exp[(6+j)*p%15])
	}
	return syn
}

func correctOne(s *[10]uint8, syn [4]uint8) bool {
	for p := range 10 {
		e := gf16Div(syn[0], gf16Exp[6*p%15])
		if e != 0 && errorAt(syn, p, e) == [4]uint8{} {
			s[9-p] ^= e
			return true
		}
	}
	return false
}

// correctTwo tries all 45 pairs of places: with the places given, the first two syndromes
// give the two values.
func correctTwo(s *[10]uint8, syn [4]uint8) bool {
	for p := range 10 {
		for q := range p {
			a, b := gf16Exp[6*p%15], gf16Exp[6*q%15]
			c, d := gf16Exp[7*p%15], gf16Exp[7*q%15]
			det := gf16Mul(a, d) ^ gf16Mul(b, c)
			if det == 0 {
				continue
			}
			e := gf16Div(gf16Mul(syn[0], d)^gf16Mul(syn[1], b), det)
			f := gf16Div(gf16Mul(syn[0], c)^gf16Mul(syn[1], a), det)
			if errorAt(errorAt(syn, p, e), q, f) == [4]uint8{} {
				s[9-p] ^= e
				s[9-q] ^= f
				return true
			}
		}
	}
	return false
}
