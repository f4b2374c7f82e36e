package ldpc

import "math/bits"

// poly is an element of GF(2)[x] modulo x^z + 1, z a power of two: the algebra of
// circulants. The circulant of shift s stands for x^-s. Coefficient i is bit i.
type poly []uint64

func newPoly(z int) poly { return make(poly, (z+63)/64) }

func (p poly) bit(i int) bool { return p[i>>6]>>(i&63)&1 == 1 }
func (p poly) flip(i int)     { p[i>>6] ^= 1 << (i & 63) }
func (p poly) isZero() bool {
	for _, w := range p {
		if w != 0 {
			return false
		}
	}
	return true
}

// isUnit reports whether p has an inverse: x^z + 1 is (x+1)^z, so that the sum of the
// coefficients decides.
func (p poly) isUnit() bool {
	n := 0
	for _, w := range p {
		n += bits.OnesCount64(w)
	}
	return n&1 == 1
}

// times multiplies modulo x^z + 1.
func times(a, b poly, z int) poly {
	if weight(a) > weight(b) {
		a, b = b, a
	}
	wide := shift(b)
	acc := make([]uint64, 2*len(a)+1)
	wide.addTimes(acc, a)
	return fold(acc, z)
}

func weight(p poly) (n int) {
	for _, w := range p {
		n += bits.OnesCount64(w)
	}
	return n
}

// inverse of a unit: p to the power z is p(x^z) = p(1) = 1, so that the product of all
// p^(2^i) below z is what is missing; squaring spreads the coefficients.
func (p poly) inverse(z int) poly {
	result := newPoly(z)
	result.flip(0)
	for step := 1; step < z; step *= 2 {
		power := newPoly(z)
		for i := range z {
			if p.bit(i) {
				power.flip(i * step % z)
			}
		}
		result = times(result, power, z)
	}
	return result
}

// shifted is a polynomial times x^0 .. x^63, for products by words.
type shifted [][]uint64

func shift(p poly) shifted {
	s := make(shifted, 64)
	for n := range s {
		w := make([]uint64, len(p)+1)
		for i, x := range p {
			w[i] ^= x << n
			if n > 0 {
				w[i+1] ^= x >> (64 - n)
			}
		}
		s[n] = w
	}
	return s
}

// addTimes adds the product with a to acc, not reduced.
func (s shifted) addTimes(acc []uint64, a poly) {
	for i, w := range a {
		for ; w != 0; w &= w - 1 {
			row := s[bits.TrailingZeros64(w)]
			to := acc[i : i+len(row)]
			for j, x := range row {
				to[j] ^= x
			}
		}
	}
}

// fold reduces modulo x^z + 1.
func fold(acc []uint64, z int) poly {
	p := newPoly(z)
	if z >= 64 {
		n := z / 64
		for i, w := range acc {
			p[i%n] ^= w
		}
		return p
	}
	for _, w := range acc { // 64 is a multiple of z
		for ; w != 0; w >>= z {
			p[0] ^= w & (1<<z - 1)
		}
	}
	return p
}

// invert gives the inverse of a square matrix by Gauss and Jordan; false where it has
// none.
func invert(m [][]poly, z int) ([][]poly, bool) {
	n := len(m)
	a := make([][]poly, n)
	for i := range a {
		a[i] = append([]poly(nil), m[i]...)
		for j := range n {
			p := newPoly(z)
			if i == j {
				p.flip(0)
			}
			a[i] = append(a[i], p)
		}
	}
	for c := range n {
		pivot := -1
		for r := c; r < n && pivot < 0; r++ {
			if a[r][c].isUnit() {
				pivot = r
			}
		}
		if pivot < 0 {
			return nil, false
		}
		a[c], a[pivot] = a[pivot], a[c]
		inv := a[c][c].inverse(z)
		for j := c; j < 2*n; j++ {
			a[c][j] = times(a[c][j], inv, z)
		}
		for r := range n {
			if r == c || a[r][c].isZero() {
				continue
			}
			f := a[r][c]
			for j := c; j < 2*n; j++ {
				if a[c][j].isZero() {
					continue
				}
				t := times(f, a[c][j], z)
				sum := newPoly(z)
				for i := range sum {
					sum[i] = a[r][j][i] ^ t[i]
				}
				a[r][j] = sum
			}
		}
	}
	for i := range a {
		a[i] = a[i][n:]
	}
	return a, true
}
