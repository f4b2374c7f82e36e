package rs

import (
	"fmt"
	"math/bits"
)

func lowestOctet(w uint64) int { return bits.TrailingZeros64(w) >> 3 }

// Decode corrects a word of data and check symbols in place. A word shorter than 255
// symbols is a shortened one; see [Code.Encode]. Erasures are indices into word of
// symbols known to be unreliable: e errors and s erasures are corrected as long as
// 2e + s does not pass [Code.Parity].
//
// It reports how many symbols it changed. Beyond its reach it returns
// [ErrUncorrectable] and leaves the word as it was, or, seldom, takes the word for a
// neighbour of another codeword, as every bounded-distance decoder does: for e errors
// too many of (255,223) the chance is about 1/16! = 5e-14 without erasures; every
// erasure makes it larger, and with Parity erasures nothing is checked any more.
func (c *Code) Decode(word []byte, erasures []int) (changed int, err error) {
	n := len(word)
	if n < c.p.Parity || n > 255 {
		return 0, fmt.Errorf("rs: word of %d symbols for a code of %d check symbols: %w", n, c.p.Parity, ErrUncorrectable)
	}
	if len(erasures) > c.p.Parity {
		return 0, fmt.Errorf("rs: %d erasures for %d check symbols: %w", len(erasures), c.p.Parity, ErrUncorrectable)
	}
	split := n - c.p.Parity
	var r [maxParity]byte
	c.divide(word[:split], &r)
	diff := byte(0)
	for i, p := range word[split:] {
		r[i] ^= p
		diff |= r[i]
	}
	if diff == 0 {
		return 0, nil
	}
	for i, e := range erasures {
		if e < 0 || e >= n {
			return 0, fmt.Errorf("rs: erasure %d at symbol %d of %d: %w", i, e, n, ErrUncorrectable)
		}
		for _, other := range erasures[:i] {
			if e == other {
				return 0, fmt.Errorf("rs: symbol %d erased twice: %w", e, ErrUncorrectable)
			}
		}
	}
	return c.correct(word, &r, erasures)
}

// correct finds and corrects the errors behind a remainder that is not zero.
func (c *Code) correct(word []byte, r *[maxParity]byte, erasures []int) (int, error) {
	var s, omega [maxParity]byte
	var l [maxParity + 1]byte
	c.syndromes(r, &s)
	degree := c.locator(&s, len(word), erasures, &l)
	if 2*degree-len(erasures) > c.p.Parity {
		return 0, ErrUncorrectable
	}
	var places [maxParity]uint8
	if c.search.roots(&l, degree, len(word), &places) != degree {
		return 0, ErrUncorrectable
	}
	// Evaluator: s(x) l(x) modulo x^Parity; its degree is below the locator's.
	f := c.f
	var sLog, lLog [maxParity + 1]uint16
	for i := range degree {
		sLog[i] = f.log[s[i]]
	}
	for i := range degree + 1 {
		lLog[i] = f.log[l[i]]
	}
	for i := range degree {
		var sum byte
		for j := 0; j <= i; j++ {
			sum ^= f.exp[(sLog[i-j]+lLog[j])&1023]
		}
		omega[i] = sum
	}
	var change [maxParity]byte
	for k, place := range places[:degree] {
		// x is the inverse of the error's locator alpha^(Prim*place).
		x := f.log[f.pow(-c.p.Prim*int(place))]
		num, den := byte(0), byte(0)
		at := uint16(0)
		for i := 0; i < degree; i += 2 {
			num ^= f.exp[(f.log[omega[i]]+at)&1023]
			den ^= f.exp[(lLog[i+1]+at)&1023] // derivative: odd terms of l, one power down
			if at += x; at >= 255 {
				at -= 255
			}
			if i+1 < degree {
				num ^= f.exp[(f.log[omega[i+1]]+at)&1023]
			}
			if at += x; at >= 255 {
				at -= 255
			}
		}
		if den == 0 {
			return 0, ErrUncorrectable
		}
		// Forney: x^(FirstRoot-1) omega(x) / l'(x), with x the inverse locator.
		scale := f.pow(c.p.Prim * int(place) * (1 - c.p.FirstRoot))
		change[k] = f.mul(f.mul(num, f.inverse(den)), scale)
	}
	changed := 0
	for k, place := range places[:degree] {
		if change[k] != 0 { // an erased symbol may have been right
			word[len(word)-1-int(place)] ^= c.out[change[k]]
			changed++
		}
	}
	return changed, nil
}

// locator finds by Berlekamp and Massey the polynomial 1 + l[1] x + ... whose roots
// are the inverse locators of errors and erasures, and gives its degree. The degree
// may be more than the code corrects. The word has n symbols.
func (c *Code) locator(s *[maxParity]byte, n int, erasures []int, l *[maxParity + 1]byte) int {
	f, parity := c.f, c.p.Parity
	var b [maxParity + 1]byte
	l[0] = 1
	for i, e := range erasures {
		x := f.log[f.pow(c.p.Prim*(n-1-e))]
		for j := i + 1; j > 0; j-- {
			l[j] ^= f.exp[(f.log[l[j-1]]+x)&1023]
		}
	}
	b = *l
	degree, last := len(erasures), len(erasures)
	bDegree, shift := degree, 1 // b stands for b(x) x^shift
	bInverse := uint16(0)       // logarithm of the inverse of b's discrepancy
	var sLog [maxParity]uint16
	for i, v := range s[:parity] {
		sLog[i] = f.log[v]
	}
	for r := last; r < parity; r++ {
		var d byte
		for i := 0; i <= degree; i++ {
			d ^= f.exp[(f.log[l[i]]+sLog[r-i])&1023]
		}
		if d == 0 {
			shift++
			continue
		}
		dLog := f.log[d]
		m := dLog + bInverse
		if m >= 255 {
			m -= 255
		}
		if 2*degree > r+len(erasures) {
			for i := 0; i <= bDegree; i++ {
				if i+shift <= maxParity {
					l[i+shift] ^= f.exp[(f.log[b[i]]+m)&1023]
				}
			}
			shift++
			continue
		}
		old, oldDegree := *l, degree
		for i := 0; i <= bDegree; i++ {
			if i+shift <= maxParity {
				l[i+shift] ^= f.exp[(f.log[b[i]]+m)&1023]
			}
		}
		degree = r + 1 + len(erasures) - degree
		b, bDegree = old, oldDegree
		bInverse = (255 - dLog) % 255
		shift = 1
	}
	return degree
}
