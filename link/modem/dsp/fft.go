package dsp

import (
	"math"
	"math/bits"
)

// FFT is a plan for transforms of one length, a power of two.
type FFT struct {
	n       int
	twiddle []complex64
}

// NewFFT returns a plan for n points, a power of two of at least 2.
func NewFFT(n int) *FFT {
	f := &FFT{n: 1 << bits.Len(uint(max(2, n)-1))}
	f.twiddle = make([]complex64, f.n/2)
	for i := range f.twiddle {
		s, c := math.Sincos(-2 * math.Pi * float64(i) / float64(f.n))
		f.twiddle[i] = complex(float32(c), float32(s))
	}
	return f
}

// Len is the number of points: n of NewFFT, rounded up to a power of two.
func (f *FFT) Len() int { return f.n }

// Forward transforms the Len points of x in place, without scaling: x[k] becomes the sum of
// x[i]·e^(-2πjki/n).
func (f *FFT) Forward(x []complex64) {
	x = x[:f.n]
	shift := 64 - bits.Len(uint(f.n-1))
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for half, stride := 1, f.n/2; half < f.n; half, stride = half*2, stride/2 {
		for start := 0; start < f.n; start += 2 * half {
			a, b := x[start:start+half], x[start+half:start+2*half]
			for i := range a {
				w, v := f.twiddle[i*stride], b[i]
				t := complex(real(w)*real(v)-imag(w)*imag(v), real(w)*imag(v)+imag(w)*real(v))
				a[i], b[i] = a[i]+t, a[i]-t
			}
		}
	}
}

// Inverse undoes Forward.
func (f *FFT) Inverse(x []complex64) {
	x = x[:f.n]
	scale := 1 / float32(f.n)
	for i, v := range x {
		x[i] = complex(real(v), -imag(v))
	}
	f.Forward(x)
	for i, v := range x {
		x[i] = complex(real(v)*scale, -imag(v)*scale)
	}
}
