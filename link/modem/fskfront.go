package modem

import (
	"math"

	"spacechain/link/modem/dsp"
)

// levelPair is the audio in the middle of a bit and half a bit later.
type levelPair [2]float32

// fskFront takes audio to pairs, one for every bit, at the times a bitClock finds.
type fskFront struct {
	baud     float64
	inner    float64 // samples a bit that it works on
	resample *dsp.Resampler
	filter   *dsp.FIR
	clock    *bitClock
	turn     *dsp.NCO

	a, b   []float32
	y      []float32 // filtered
	base   int64     // number of y[0]
	summed int64     // how many have gone into lines
	lines  int64
	line   complex128
	power  float64
	means  []float64 // power of each nominal bit, for the level
	first  int64     // number of means[0]
	last   float64   // place of the last pair given out
}

func newFSKFront(baud, rate, cutoff float64, clock *bitClock) *fskFront {
	f := &fskFront{baud: baud, inner: rate / baud, clock: clock}
	if f.inner < 4 || f.inner > 8 {
		f.inner = 5
		f.resample = dsp.NewResampler(rate, f.inner*baud)
	}
	f.filter = dsp.NewFIR(dsp.LowPass(min(cutoff/f.inner, 0.45), dsp.Hamming(2*int(1.6*f.inner)+1)))
	f.turn = dsp.NewNCO(-1, f.inner)
	return f
}

// process appends the pairs that src settles to dst.
func (f *fskFront) process(dst []levelPair, src []float32) []levelPair {
	for len(src) > 0 {
		n := min(len(src), 4096)
		in := src[:n]
		src = src[n:]
		if f.resample != nil {
			f.a = f.resample.Process(f.a[:0], in)
			in = f.a
		}
		f.y = f.filter.Process(f.y, in)
		f.sum()
		dst = f.pick(dst)
	}
	return dst
}

// sum feeds the clock with the square of the level, which is largest in the middle of bits.
func (f *fskFront) sum() {
	for _, v := range f.y[f.summed-f.base:] {
		r := f.turn.Next()
		p := v * v
		f.line += complex(float64(p*real(r)), float64(p*imag(r)))
		f.power += float64(p)
		f.summed++
		if float64(f.summed) >= float64(f.lines+1)*f.inner {
			f.means = append(f.means, f.power/f.inner)
			if f.power > 0 {
				f.line /= complex(f.power, 0)
			}
			f.clock.add(f.line)
			f.line, f.power = 0, 0
			f.lines++
		}
	}
}

// levelWindow is over how many bits on both sides the level is taken.
const levelWindow = 32

// pick takes the pairs at the middles of bits, scaled to unit power.
func (f *fskFront) pick(dst []levelPair) []levelPair {
	for {
		place, ok := f.clock.next()
		if !ok {
			break
		}
		at := place*f.inner - float64(f.base)
		if at < 1 || int(at+f.inner/2)+3 > len(f.y) {
			continue // only at the start of the stream
		}
		g := f.gain(int64(place))
		dst = append(dst, levelPair{g * f.value(at), g * f.value(at+f.inner/2)})
		f.last = place
	}
	if drop := len(f.y) - int(float64(f.clock.window+64)*f.inner); drop > 4096 {
		f.y = f.y[:copy(f.y, f.y[drop:])]
		f.base += int64(drop)
	}
	if drop := len(f.means) - f.clock.window - 2*levelWindow - 64; drop > 4096 {
		f.means = f.means[:copy(f.means, f.means[drop:])]
		f.first += int64(drop)
	}
	return dst
}

// gain scales the level around a bit to one.
func (f *fskFront) gain(bit int64) float32 {
	lo := min(max(bit-levelWindow-f.first, 0), int64(len(f.means)))
	hi := min(max(bit+levelWindow-f.first, 0), int64(len(f.means)))
	var sum float64
	for _, p := range f.means[lo:hi] {
		sum += p
	}
	if sum <= 0 {
		return 0
	}
	return float32(math.Sqrt(float64(hi-lo) / sum))
}

func (f *fskFront) value(at float64) float32 {
	i := int(at)
	w := cubicWeights(float32(at - float64(i)))
	x := f.y[i-1 : i+3]
	return w[0]*x[0] + w[1]*x[1] + w[2]*x[2] + w[3]*x[3]
}
