package rs

// field is GF(256) as logarithms. The exponent table is long enough that the sum of
// two logarithms needs no reduction, and the logarithm of zero is so large that every
// product with it falls into a run of zeros: products need no test for zero.
type field struct {
	exp [1024]byte
	log [256]uint16
}

const logZero = 511

// newField builds the field of a primitive polynomial such as 0x187.
func newField(poly int) *field {
	f := new(field)
	x := 1
	for i := range 255 {
		f.exp[i], f.exp[i+255] = byte(x), byte(x)
		f.log[x] = uint16(i)
		if x <<= 1; x&0x100 != 0 {
			x ^= poly
		}
	}
	f.log[0] = logZero
	f.exp[510] = 0
	return f
}

func (f *field) mul(a, b byte) byte { return f.exp[(f.log[a]+f.log[b])&1023] }

// inverse of a that is not zero.
func (f *field) inverse(a byte) byte { return f.exp[255-f.log[a]] }

// pow gives the primitive element to the power n of either sign.
func (f *field) pow(n int) byte { return f.exp[((n%255)+255)%255] }
