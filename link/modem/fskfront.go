package modem

import (
	"math"

	"spacechain/link/modem/dsp"
)

// levelPair is the audio in the middle of a bit and half a bit later.
type levelPair [2]float32

const (
	centerWindow = 64 // bits on both sides of a bit that its zero is found from
	centerBlock  = 8  // bits that share one
	centerStep   = 3  // of the samples only every third is looked at

	clickLevel = 1.5 // how many times as far from the middle as is usual counts for the clock
)

// fskFront takes audio to pairs, one for every bit, at the times a bitClock finds, scaled to unit
// power and without offset.
type fskFront struct {
	inner    float64 // samples a bit that it works on
	resample *dsp.Resampler
	filter   *dsp.FIR
	clock    *bitClock
	turn     *dsp.NCO
	meter    powerMeter

	clean  []float32
	a      []float32
	y      []float32   // filtered
	base   int64       // number of y[0]
	turns  []complex64 // e^(-j2πt) at each of y, t counting bits
	summed int64       // how many have gone into sums
	sums   []levelSum
	first  int64 // number of sums[0]
	under  levelSum
	ticked int64      // bits that the clock has
	around levelScale // of the block that it has come to
	last   float64

	center float32
	block  int64 // that center is for
}

// levelSum adds up one nominal bit: the levels and their squares.
type levelSum struct {
	level, power float64
	from         int64 // number of its first sample
	samples      int64
}

// levelScale is how levels lie around a block: their middle, and how far from it they are.
type levelScale struct{ middle, half float32 }

func newFSKFront(baud, rate, cutoff float64, clock *bitClock) *fskFront {
	f := &fskFront{inner: rate / baud, clock: clock, block: -1}
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
		f.clean = clean(f.clean[:0], src[:n])
		src = src[n:]
		in := f.clean
		if f.resample != nil {
			f.a = f.resample.Process(f.a[:0], in)
			in = f.a
		}
		f.y = f.filter.Process(f.y, in)
		f.sum()
		f.tick()
		dst = f.pick(dst)
	}
	return dst
}

// sum adds up the new samples by nominal bits.
func (f *fskFront) sum() {
	for _, v := range f.y[f.summed-f.base:] {
		f.turns = append(f.turns, f.turn.Next())
		f.under.level += float64(v)
		f.under.power += float64(v * v)
		f.under.samples++
		f.summed++
		if float64(f.summed) >= float64(f.first+int64(len(f.sums))+1)*f.inner {
			f.sums = append(f.sums, f.under)
			f.under = levelSum{from: f.summed}
		}
	}
}

// tick feeds the clock with the square of the level off its mean, which is largest in the middle
// of bits.
func (f *fskFront) tick() {
	for f.ticked+centerWindow <= f.first+int64(len(f.sums)) {
		lo := max(f.ticked-centerWindow, f.first)
		around := f.sums[lo-f.first : f.ticked+centerWindow-f.first]
		var mean float64
		for i := range around {
			mean += around[i].level
		}
		mean /= float64(len(around)) * f.inner
		s := f.sums[f.ticked-f.first]
		f.meter.add(max(s.power-2*mean*s.level+mean*mean*f.inner, 0) / f.inner)
		if f.ticked%centerBlock == 0 {
			f.around = f.scale(f.ticked / centerBlock)
		}
		f.clock.add(f.line(s, float32(mean)))
		f.ticked++
	}
	if drop := f.ticked - 2*centerWindow - f.first; drop > 4096 {
		f.sums = f.sums[:copy(f.sums, f.sums[drop:])]
		f.first += drop
	}
}

// line is the component of one nominal bit, of levels scaled by what is usual around it. A bit's
// own power must not scale it: samples in its middle go with that power more than those at its
// ends, so that noise would have a clock of its own. Clicks of a discriminator, which tell nothing
// and stand far above all else, are cut sample by sample, for the same reason; by how far they are
// from the middle of the levels and not from their mean, from which the one bit of eight that
// differs in flags is as far.
func (f *fskFront) line(s levelSum, mean float32) complex128 {
	if !(f.around.half > 0) {
		return 0
	}
	reach := clickLevel * f.around.half
	least, most := f.around.middle-reach, f.around.middle+reach
	var line complex128
	from := s.from - f.base
	for i, v := range f.y[from : from+s.samples] {
		v = (min(max(v, least), most) - mean) / f.around.half
		r := f.turns[from+int64(i)]
		line += complex(float64(v*v*real(r)), float64(v*v*imag(r)))
	}
	return line / complex(f.inner, 0)
}

// pick takes the pairs at the middles of bits.
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
		if b := int64(place) / centerBlock; b != f.block {
			f.block = b
			f.center = f.scale(b).middle
		}
		g := f.meter.gain(int64(place))
		dst = append(dst, levelPair{g * (f.value(at) - f.center), g * (f.value(at+f.inner/2) - f.center)})
		f.last = place
	}
	if drop := len(f.y) - int(float64(f.clock.window+3*centerWindow)*f.inner); drop > 4096 {
		f.y = f.y[:copy(f.y, f.y[drop:])]
		f.turns = f.turns[:copy(f.turns, f.turns[drop:])]
		f.base += int64(drop)
	}
	f.meter.trim(f.clock.window + 2*levelWindow + 64)
	return dst
}

// scale finds the middle half way between the mean of the levels above and below the mean of all
// around a block: unlike the mean itself, it does not follow how many bits are ones.
func (f *fskFront) scale(block int64) levelScale {
	lo := int(float64(block*centerBlock-centerWindow)*f.inner) - int(f.base)
	hi := int(float64(block*centerBlock+centerWindow)*f.inner) - int(f.base)
	y := f.y[min(max(lo, 0), len(f.y)):min(max(hi, 0), len(f.y))]
	var sum float32
	n := 0
	for i := 0; i < len(y); i += centerStep {
		sum += y[i]
		n++
	}
	mean := sum / float32(max(n, 1))
	var up, down float32
	above := 0
	for i := 0; i < len(y); i += centerStep {
		if v := y[i]; v > mean {
			up += v
			above++
		} else {
			down += v
		}
	}
	if above == 0 || above == n {
		return levelScale{middle: mean}
	}
	up /= float32(above)
	down /= float32(n - above)
	return levelScale{(up + down) / 2, (up - down) / 2}
}

func (f *fskFront) value(at float64) float32 {
	i := int(math.Floor(at))
	w := cubicWeights(float32(at - float64(i)))
	x := f.y[i-1 : i+3]
	return w[0]*x[0] + w[1]*x[1] + w[2]*x[2] + w[3]*x[3]
}
