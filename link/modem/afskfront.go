package modem

import (
	"math"

	"spacechain/link/modem/dsp"
)

const oversample = 8 // correlations a bit

// tonePair is what correlating one bit's length with either tone gives. Phases count from the
// beginning of that length.
type tonePair struct{ mark, space complex64 }

// afskFront takes audio to pairs, one for every bit, at the times a bitClock finds.
type afskFront struct {
	nco      *dsp.NCO
	decimate *dsp.ComplexFIR // nil for rates that need none
	resample *dsp.ComplexResampler
	filter   *dsp.ComplexFIR
	mark     [oversample]complex64
	clock    *bitClock
	meter    powerMeter

	audio             []float32
	mixed, low, inner []complex64
	past              []complex64 // the last oversample-1 filtered samples, then the new ones
	pairs             []tonePair  // correlations, oversample a bit
	base              int64       // number of pairs[0]
	summed            int64       // how many have gone into the clock
	last              float64     // place of the last pair given out
}

func newAFSKFront(mode AFSK, rate float64, clock *bitClock) *afskFront {
	f := &afskFront{clock: clock}
	center, shift := (mode.Mark+mode.Space)/2, math.Abs(mode.Mark-mode.Space)/2
	inner := oversample * mode.Baud
	every := max(1, int(rate/(1.2*inner)))
	if every > 1 {
		f.decimate = dsp.NewDecimator(dsp.LowPass(0.5/float64(every), dsp.Blackman(6*every+1)), every)
	}
	f.nco = dsp.NewNCO(-center, rate)
	f.resample = dsp.NewComplexResampler(rate/float64(every), inner)
	// The band is cut where the mirror image of the tones begins at the latest.
	edge := min(1.1*(shift+mode.Baud), center)
	f.filter = dsp.NewComplexFIR(dsp.LowPass(edge/inner, dsp.Hamming(31)))
	for i := range f.mark {
		s, c := math.Sincos(-2 * math.Pi * (mode.Mark - center) / inner * (float64(i) + 0.5))
		f.mark[i] = complex(float32(c), float32(s)) / oversample
	}
	f.past = make([]complex64, oversample-1, 8192)
	return f
}

// process appends the pairs that src settles to dst.
func (f *afskFront) process(dst []tonePair, src []float32) []tonePair {
	for len(src) > 0 {
		n := min(len(src), 4096)
		f.audio = clean(f.audio[:0], src[:n])
		f.mixed = f.nco.MixReal(f.mixed[:0], f.audio)
		src = src[n:]
		low := f.mixed
		if f.decimate != nil {
			f.low = f.decimate.Process(f.low[:0], f.mixed)
			low = f.low
		}
		f.inner = f.resample.Process(f.inner[:0], low)
		f.past = f.filter.Process(f.past, f.inner)
		f.correlate()
		dst = f.pick(dst)
	}
	return dst
}

// correlate turns the new filtered samples into pairs.
func (f *afskFront) correlate() {
	for i := 0; i+oversample <= len(f.past); i++ {
		x := f.past[i : i+oversample]
		var a, b, c, d float32
		for k, w := range f.mark {
			a += real(x[k]) * real(w)
			b += imag(x[k]) * imag(w)
			c += real(x[k]) * imag(w)
			d += imag(x[k]) * real(w)
		}
		// The space's reference is the conjugate of the mark's.
		f.pairs = append(f.pairs, tonePair{mark: complex(a-b, c+d), space: complex(a+b, d-c)})
	}
	keep := oversample - 1
	f.past = f.past[:copy(f.past, f.past[len(f.past)-keep:])]
}

// turns holds e^(-j2πt) at the parts of a bit.
var turns = func() (w [oversample]complex128) {
	for i := range w {
		s, c := math.Sincos(-2 * math.Pi * float64(i) / oversample)
		w[i] = complex(c, s)
	}
	return w
}()

// pick feeds the clock and takes the pairs at the ends of bits. Where a bit ends, the tones'
// powers differ most.
func (f *afskFront) pick(dst []tonePair) []tonePair {
	for f.summed+oversample <= f.base+int64(len(f.pairs)) {
		var line complex128
		var power float64
		for i, v := range f.pairs[f.summed-f.base:][:oversample] {
			m, s := float64(norm(v.mark)), float64(norm(v.space))
			line += complex((m-s)*(m-s), 0) * turns[i]
			power += m + s
		}
		f.meter.add(power / oversample)
		if power > 0 {
			line /= complex(power*power, 0)
		}
		f.clock.add(line)
		f.summed += oversample
	}
	for {
		place, ok := f.clock.next()
		if !ok {
			break
		}
		at := place*oversample - float64(f.base)
		i := int(math.Floor(at))
		if i < 1 || i+3 > len(f.pairs) {
			continue // only at the start of the stream
		}
		p := between(f.pairs[i-1:i+3], float32(at-float64(i)))
		g := complex(f.meter.gain(int64(place)), 0)
		dst = append(dst, tonePair{mark: p.mark * g, space: p.space * g})
		f.last = place
	}
	f.meter.trim(f.clock.window + 2*levelWindow + 64)
	if drop := len(f.pairs) - (f.clock.window+64)*oversample; drop > 4096 {
		f.pairs = f.pairs[:copy(f.pairs, f.pairs[drop:])]
		f.base += int64(drop)
	}
	return dst
}

// between interpolates part of the way from the second to the third of four pairs.
func between(p []tonePair, part float32) tonePair {
	w := cubicWeights(part)
	var out [4]float32
	for i, v := range p {
		out[0] += w[i] * real(v.mark)
		out[1] += w[i] * imag(v.mark)
		out[2] += w[i] * real(v.space)
		out[3] += w[i] * imag(v.space)
	}
	return tonePair{mark: complex(out[0], out[1]), space: complex(out[2], out[3])}
}

// cubicWeights are Lagrange's for a place part of the way from the second to the third of four.
func cubicWeights(f float32) [4]float32 {
	return [4]float32{
		-f * (f - 1) * (f - 2) / 6,
		(f + 1) * (f - 1) * (f - 2) / 2,
		-(f + 1) * f * (f - 2) / 2,
		(f + 1) * f * (f - 1) / 6,
	}
}

func norm(v complex64) float32 { return real(v)*real(v) + imag(v)*imag(v) }
