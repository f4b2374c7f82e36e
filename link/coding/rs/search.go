package rs

import "encoding/binary"

// searchTerms is how many terms of a locator the tables of the root search cover:
// enough for 32 check symbols. Longer locators are finished term by term.
const searchTerms = 32

// search evaluates locators at all positions of a word at once.
type search struct {
	f *field
	// power[i-1][half][v] holds v (or v<<4) times alpha^(-Prim*i*place) for the places
	// 0..254 of a word, eight a 64-bit word, place 0 being the last symbol.
	power []searchPower
	prim  int
}

type searchPower [2][16][32]uint64

func newSearch(f *field, prim, terms int) *search {
	s := &search{f: f, power: make([]searchPower, terms), prim: prim}
	for i := range s.power {
		for half := range 2 {
			for v := 1; v < 16; v++ {
				for place := range 255 {
					x := f.mul(byte(v<<(4*half)), f.pow(-prim*(i+1)*place))
					s.power[i][half][v][place/8] |= uint64(x) << (8 * (place % 8))
				}
			}
		}
	}
	return s
}

const (
	every01 = 0x0101010101010101
	every7f = 0x7f7f7f7f7f7f7f7f
	every80 = 0x8080808080808080
)

// roots writes the places (0 the last symbol of the word) below n where the locator
// 1 + l[1] x + ... + l[degree] x^degree is zero to places and says how many there are;
// it stops at the degree.
func (s *search) roots(l *[maxParity + 1]byte, degree, n int, places *[maxParity]uint8) int {
	var sum [32]uint64
	last := min((n+7)/8, 32)
	for i := range sum[:last] {
		sum[i] = every01
	}
	for i := 1; i <= degree; i++ {
		if l[i] == 0 {
			continue
		}
		if i <= len(s.power) {
			p := &s.power[i-1]
			a, b := &p[0][l[i]&15], &p[1][l[i]>>4]
			if last == 32 {
				addAll(&sum, a, b)
				continue
			}
			for j := range sum[:last] {
				sum[j] ^= a[j] ^ b[j]
			}
			continue
		}
		var octets [256]byte
		step := s.f.log[s.f.pow(-s.prim*i)]
		at := s.f.log[l[i]]
		for place := range n {
			octets[place] = s.f.exp[at]
			if at += step; at >= 255 {
				at -= 255
			}
		}
		for j := range sum[:last] {
			sum[j] ^= binary.LittleEndian.Uint64(octets[8*j:])
		}
	}
	found := 0
	for j, w := range sum[:last] {
		// A bit is left at the top of every octet that is zero, and of no other.
		zero := ^(w&every7f + every7f | w | every7f)
		for ; zero != 0; zero &= zero - 1 {
			place := 8*j + lowestOctet(zero)
			if place >= n || found == degree {
				return found
			}
			places[found] = uint8(place)
			found++
		}
	}
	return found
}

// addAll is the loop of roots over a whole word, with nothing to check.
func addAll(sum, a, b *[32]uint64) {
	for j := 0; j < 32; j += 4 {
		sum[j] ^= a[j] ^ b[j]
		sum[j+1] ^= a[j+1] ^ b[j+1]
		sum[j+2] ^= a[j+2] ^ b[j+2]
		sum[j+3] ^= a[j+3] ^ b[j+3]
	}
}
