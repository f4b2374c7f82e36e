package dsp

// chunk is how many samples a filter takes into its buffer at once.
const chunk = 1024

// FIR filters a stream of real samples, giving one for each.
type FIR struct {
	taps []float32 // reversed
	line []float32 // the last len(taps)-1 samples, then room for a chunk
}

// NewFIR returns a filter with the given coefficients, at least one.
func NewFIR(taps []float32) *FIR {
	return &FIR{taps: reversed(taps), line: make([]float32, len(taps)-1+chunk)}
}

// Delay is by how many samples the middle of the filter lags, for symmetric coefficients.
func (f *FIR) Delay() float64 { return float64(len(f.taps)-1) / 2 }

// Reset forgets the samples so far.
func (f *FIR) Reset() { clear(f.line) }

// Process appends the filtered samples of src to dst.
func (f *FIR) Process(dst, src []float32) []float32 {
	past := len(f.taps) - 1
	for len(src) > 0 {
		n := copy(f.line[past:], src)
		for i := range n {
			dst = append(dst, Dot(f.taps, f.line[i:i+len(f.taps)]))
		}
		copy(f.line, f.line[n:n+past])
		src = src[n:]
	}
	return dst
}

// ComplexFIR filters a stream of complex samples with real coefficients, giving one for each or,
// as a decimator, one for every few.
type ComplexFIR struct {
	taps  []float32 // reversed
	line  []complex64
	every int
	phase int // samples until the next output
}

// NewComplexFIR returns a filter with the given coefficients, at least one.
func NewComplexFIR(taps []float32) *ComplexFIR { return NewDecimator(taps, 1) }

// NewDecimator returns a filter that gives every n-th sample only, the first one included.
func NewDecimator(taps []float32, n int) *ComplexFIR {
	return &ComplexFIR{taps: reversed(taps), line: make([]complex64, len(taps)-1+chunk), every: n}
}

// Delay is by how many input samples the middle of the filter lags, for symmetric coefficients.
func (f *ComplexFIR) Delay() float64 { return float64(len(f.taps)-1) / 2 }

// Reset forgets the samples so far.
func (f *ComplexFIR) Reset() {
	clear(f.line)
	f.phase = 0
}

// Process appends the filtered samples of src to dst.
func (f *ComplexFIR) Process(dst, src []complex64) []complex64 {
	past := len(f.taps) - 1
	for len(src) > 0 {
		n := copy(f.line[past:], src)
		i := f.phase
		for ; i < n; i += f.every {
			dst = append(dst, DotComplex(f.taps, f.line[i:i+len(f.taps)]))
		}
		f.phase = i - n
		copy(f.line, f.line[n:n+past])
		src = src[n:]
	}
	return dst
}

// Dot is the sum of the products of a and b, which have one length. It sums in four lanes, always
// in the same order.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// DotComplex is the sum of the products of real a and complex b, which have one length.
func DotComplex(a []float32, b []complex64) complex64 {
	b = b[:len(a)]
	var r0, i0, r1, i1 float32
	for len(a) >= 4 && len(b) >= 4 {
		x, y := (*[4]float32)(a), (*[4]complex64)(b)
		r0 += x[0] * real(y[0])
		i0 += x[0] * imag(y[0])
		r1 += x[1] * real(y[1])
		i1 += x[1] * imag(y[1])
		r0 += x[2] * real(y[2])
		i0 += x[2] * imag(y[2])
		r1 += x[3] * real(y[3])
		i1 += x[3] * imag(y[3])
		a, b = a[4:], b[4:]
	}
	for len(a) >= 2 && len(b) >= 2 {
		r0 += a[0] * real(b[0])
		i0 += a[0] * imag(b[0])
		r1 += a[1] * real(b[1])
		i1 += a[1] * imag(b[1])
		a, b = a[2:], b[2:]
	}
	if len(a) > 0 {
		r0 += a[0] * real(b[0])
		i0 += a[0] * imag(b[0])
	}
	return complex(r0+r1, i0+i1)
}

// DotComplexPair is DotComplex of b with a and with c, which have one length.
func DotComplexPair(a, c []float32, b []complex64) (complex64, complex64) {
	b, c = b[:len(a)], c[:len(a)]
	var r0, i0, r1, i1 float32
	for k, v := range b {
		re, im := real(v), imag(v)
		x, y := a[k], c[k]
		r0 += x * re
		i0 += x * im
		r1 += y * re
		i1 += y * im
	}
	return complex(r0, i0), complex(r1, i1)
}

func reversed(taps []float32) []float32 {
	r := make([]float32, len(taps))
	for i, v := range taps {
		r[len(r)-1-i] = v
	}
	return r
}
