package modem

import (
	"fmt"
	"math"

	"spacechain/link/modem/dsp"
)

// FSKOptions choose one of the ways to demodulate FSK. The zero value is the best for a signal of
// which nothing is known.
type FSKOptions struct {
	// Cutoff of the filter before the detector, in parts of the bit rate. Default 1.
	Cutoff float64
	// Window over which the timing is estimated, in bits. Default 256.
	Window int
	// Step of the adaptation. Default 0.01.
	Step float64
}

// FSKDemodulator turns the audio of an FM receiver, or I/Q samples, into soft bits.
type FSKDemodulator struct {
	front  *fskFront
	timing *fskTiming
	seq    *channelSequence
	pairs  [][2]float32
	last   complex64
	audio  []float32
	mode   FSK
	rate   float64
}

// NewFSKDemodulator returns a demodulator of samples at a rate in hertz.
func NewFSKDemodulator(mode FSK, rate float64, opt FSKOptions) (*FSKDemodulator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making FSK demodulator: %w", err)
	}
	if opt.Cutoff == 0 {
		opt.Cutoff = 1
	}
	if opt.Window == 0 {
		opt.Window = 256
	}
	if opt.Step == 0 {
		opt.Step = 0.01
	}
	d := &FSKDemodulator{mode: mode, rate: rate, front: newFSKFront(mode, rate, opt.Cutoff)}
	d.timing = newFSKTiming(d.front.inner/mode.Baud, opt.Window)
	d.seq = newChannelSequence(float32(opt.Step))
	return d, nil
}

// Process takes the next audio samples and appends the soft bits that they settle.
func (d *FSKDemodulator) Process(dst []int8, src []float32) []int8 {
	for len(src) > 0 {
		n := min(len(src), 4096)
		d.pairs = d.timing.process(d.pairs[:0], d.front.process(src[:n]))
		src = src[n:]
		dst = d.seq.process(dst, d.pairs)
	}
	return dst
}

// ProcessIQ takes the next complex baseband samples, within some kilohertz of the carrier.
func (d *FSKDemodulator) ProcessIQ(dst []int8, src []complex64) []int8 {
	d.audio = d.audio[:0]
	scale := d.rate / (2 * math.Pi * d.mode.deviation())
	for _, v := range src {
		p := v * complex(real(d.last), -imag(d.last))
		d.last = v
		d.audio = append(d.audio, float32(math.Atan2(float64(imag(p)), float64(real(p)))*scale))
	}
	return d.Process(dst, d.audio)
}

// Flush appends the bits still under way.
func (d *FSKDemodulator) Flush(dst []int8) []int8 {
	silence := make([]float32, int(d.rate/d.mode.Baud*float64(d.timing.window+250)))
	return d.Process(dst, silence)
}

// fskFront filters audio at 4 to 10 samples a bit.
type fskFront struct {
	inner    float64 // samples a second
	resample *dsp.Resampler
	filter   *dsp.FIR
	a, b     []float32
}

func newFSKFront(mode FSK, rate, cutoff float64) *fskFront {
	f := &fskFront{inner: rate}
	if sps := rate / mode.Baud; sps < 4 || sps > 10 {
		f.inner = 5 * mode.Baud
		f.resample = dsp.NewResampler(rate, f.inner)
	}
	sps := f.inner / mode.Baud
	f.filter = dsp.NewFIR(dsp.LowPass(min(cutoff/sps, 0.45), dsp.Hamming(2*int(1.6*sps)+1)))
	return f
}

func (f *fskFront) process(src []float32) []float32 {
	if f.resample != nil {
		f.a = f.resample.Process(f.a[:0], src)
		src = f.a
	}
	f.b = f.filter.Process(f.b[:0], src)
	return f.b
}

// fskTiming picks two samples a bit.
type fskTiming struct {
	sps    float64
	window int
	y      []float32
	base   int64 // number of y[0]
	lines  []fskLine
	first  int64 // bit number of lines[0]
	rot    *dsp.NCO
	n      int64 // next bit
	seen   int64 // samples in lines
	phase  float64
	primed bool
	cur    fskLine
}

type fskLine struct {
	re, im float64
	power  float64
	mean   float64
	count  float64
}

func newFSKTiming(sps float64, window int) *fskTiming {
	return &fskTiming{sps: sps, window: window, rot: dsp.NewNCO(-1, sps)}
}

func (t *fskTiming) process(dst [][2]float32, src []float32) [][2]float32 {
	for _, v := range src {
		t.y = append(t.y, v)
		r := t.rot.Next()
		p := v * v
		t.cur.re += float64(p * real(r))
		t.cur.im += float64(p * imag(r))
		t.cur.power += float64(p)
		t.cur.mean += float64(v)
		t.cur.count++
		t.seen++
		if float64(t.seen) >= float64(t.first+int64(len(t.lines))+1)*t.sps {
			t.lines = append(t.lines, t.cur)
			t.cur = fskLine{}
			dst = t.pick(dst)
		}
	}
	return dst
}

func (t *fskTiming) pick(dst [][2]float32) [][2]float32 {
	half := int64(t.window / 2)
	for t.n+half < t.first+int64(len(t.lines)) {
		var sum fskLine
		lo := max(t.first, t.n-half)
		for _, l := range t.lines[lo-t.first : t.n+half+1-t.first] {
			k := 1 / (l.power + 1e-20)
			sum.re += l.re * k
			sum.im += l.im * k
			sum.power += l.power
			sum.mean += l.mean
			sum.count += l.count
		}
		phase := -math.Atan2(sum.im, sum.re) / (2 * math.Pi)
		if !t.primed {
			t.phase, t.primed = phase, true
		}
		t.phase += phase - t.phase - math.Round(phase-t.phase)
		at := (float64(t.n)+t.phase)*t.sps - float64(t.base)
		if at >= 1 && int(at+t.sps/2)+3 >= len(t.y) {
			break
		}
		if at >= 1 {
			mean := float32(sum.mean / sum.count)
			mean = 0
			g := float32(1 / math.Sqrt(sum.power/sum.count+1e-20))
			dst = append(dst, [2]float32{(cubic(t.y, at) - mean) * g, (cubic(t.y, at+t.sps/2) - mean) * g})
		}
		t.n++
	}
	if drop := t.n - half - 2 - t.first; drop > 512 {
		t.lines = t.lines[:copy(t.lines, t.lines[drop:])]
		t.first += drop
		cut := int(float64(t.first)*t.sps-float64(t.base)) - int(4*t.sps) - int(math.Abs(t.phase)*t.sps)
		if cut > 0 {
			t.y = t.y[:copy(t.y, t.y[cut:])]
			t.base += int64(cut)
		}
	}
	return dst
}

func cubic(y []float32, at float64) float32 {
	i := int(at)
	f := float32(at - float64(i))
	x := y[i-1 : i+3]
	w0 := -f * (f - 1) * (f - 2) / 6
	w1 := (f + 1) * (f - 1) * (f - 2) / 2
	w2 := -(f + 1) * f * (f - 2) / 2
	w3 := (f + 1) * f * (f - 1) / 6
	return w0*x[0] + w1*x[1] + w2*x[2] + w3*x[3]
}
