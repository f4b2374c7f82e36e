package modem

import (
	"fmt"
	"math"

	"spacechain/link/modem/dsp"
)

const oversample = 8 // samples a bit that the demodulators work on

// AFSKOptions choose one of the ways to demodulate AFSK. The zero value is the best for a signal
// of which nothing is known.
type AFSKOptions struct {
	Memory   float64
	Window   int
	MaxOnes  int
	Balance  float64 // gain of the space tone in decibels
	FlagCost float32
}

// AFSKDemodulator turns audio into soft bits.
type AFSKDemodulator struct {
	front  *afskFront
	timing *timingWindow
	seq    *sequence
	tones  []tonePair
}

// NewAFSKDemodulator returns a demodulator of samples at a rate in hertz.
func NewAFSKDemodulator(mode AFSK, rate float64, opt AFSKOptions) (*AFSKDemodulator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making AFSK demodulator: %w", err)
	}
	if opt.Window == 0 {
		opt.Window = 128
	}
	if opt.Memory == 0 {
		opt.Memory = 0.93
	}
	d := &AFSKDemodulator{front: newAFSKFront(mode, rate), timing: newTimingWindow(opt.Window)}
	d.seq = newSequence((mode.Mark-mode.Space)/2/mode.Baud, opt)
	return d, nil
}

// Process takes the next samples and appends the soft bits that they settle.
func (d *AFSKDemodulator) Process(dst []int8, src []float32) []int8 {
	for len(src) > 0 {
		n := min(len(src), 4096)
		pairs := d.front.process(src[:n])
		src = src[n:]
		d.tones = d.timing.process(d.tones[:0], pairs)
		dst = d.seq.process(dst, d.tones)
	}
	return dst
}

// Flush appends the bits still under way.
func (d *AFSKDemodulator) Flush(dst []int8) []int8 {
	silence := make([]float32, 4096)
	for range int(math.Ceil(d.front.rate/d.front.mode.Baud*float64(d.timing.window+200)/4096)) + 1 {
		dst = d.Process(dst, silence)
	}
	return dst
}

// tonePair is what correlating one bit's length with either tone gives.
type tonePair struct{ mark, space complex64 }

// afskFront takes audio to the outputs of a correlator for each tone, oversample times a bit.
type afskFront struct {
	mode     AFSK
	rate     float64
	nco      *dsp.NCO
	decimate *dsp.ComplexFIR
	resample *dsp.ComplexResampler
	filter   *dsp.ComplexFIR
	mixed    []complex64
	low      []complex64
	base     []complex64
	narrow   []complex64
	past     []complex64 // the last oversample-1, then a block
	mark     [oversample]complex64
	out      []tonePair
}

func newAFSKFront(mode AFSK, rate float64) *afskFront {
	f := &afskFront{mode: mode, rate: rate}
	center := (mode.Mark + mode.Space) / 2
	f.nco = dsp.NewNCO(-center, rate)
	inner := oversample * mode.Baud
	every := max(1, int(rate/(inner*1.2)))
	shift := math.Abs(mode.Mark-mode.Space) / 2
	edge := shift + mode.Baud
	if every > 1 {
		f.decimate = dsp.NewDecimator(dsp.LowPass((rate/float64(every)/2)/rate, dsp.Blackman(6*every+1)), every)
	}
	f.resample = dsp.NewComplexResampler(rate/float64(every), inner)
	f.filter = dsp.NewComplexFIR(dsp.LowPass(min(edge*1.1, center*1.0)/inner, dsp.Hamming(31)))
	for i := range f.mark {
		// Phase counts from the bit's beginning.
		s, c := math.Sincos(-2 * math.Pi * (mode.Mark - center) / inner * (float64(i) + 0.5))
		f.mark[i] = complex(float32(c), float32(s)) / oversample
	}
	f.past = make([]complex64, oversample-1, 8192)
	return f
}

// process returns the correlations with the windows that end in src, until the next call.
func (f *afskFront) process(src []float32) []tonePair {
	f.mixed = f.nco.MixReal(f.mixed[:0], src)
	low := f.mixed
	if f.decimate != nil {
		f.low = f.decimate.Process(f.low[:0], f.mixed)
		low = f.low
	}
	f.base = f.resample.Process(f.base[:0], low)
	f.past = f.filter.Process(f.past, f.base)
	f.out = f.out[:0]
	for i := 0; i+oversample <= len(f.past); i++ {
		x := f.past[i : i+oversample]
		var a, b, c, d float32
		for k, w := range f.mark {
			a += real(x[k]) * real(w)
			b += imag(x[k]) * imag(w)
			c += real(x[k]) * imag(w)
			d += imag(x[k]) * real(w)
		}
		f.out = append(f.out, tonePair{mark: complex(a-b, c+d), space: complex(a+b, d-c)})
	}
	keep := oversample - 1
	f.past = f.past[:copy(f.past[:keep], f.past[len(f.past)-keep:])]
	return f.out
}
