package modem

import (
	"fmt"
	"math"

	"spacechain/link/modem/dsp"
)

// FM is frequency modulation of a carrier by audio, at complex baseband.
type FM struct {
	Deviation float64 // of the carrier for audio of amplitude one, Hz
	Top       float64 // highest frequency of the audio, Hz
	Search    float64 // how far the carrier may be off either way, Hz
}

// Bandwidth is what the modulated carrier takes up by Carson's rule, hertz from end to end.
func (f FM) Bandwidth() float64 { return 2 * (f.Deviation + f.Top) }

func (f FM) check(rate float64) error {
	if !(rate > 0) || !(f.Deviation > 0) || !(f.Top > 0) || !(f.Search >= 0) || !(f.Bandwidth()+2*f.Search < rate) {
		return fmt.Errorf("FM of %g Hz deviation by audio up to %g Hz, %g Hz off, at %g samples a second", f.Deviation, f.Top, f.Search, rate)
	}
	return nil
}

// FMModulator turns audio into samples of a carrier of amplitude one.
type FMModulator struct {
	step  float64 // cycles a sample for audio of one
	phase float64
}

// NewFMModulator returns a modulator at a sample rate in hertz, of audio and carrier alike.
func NewFMModulator(mode FM, rate float64) (*FMModulator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making FM modulator: %w", err)
	}
	return &FMModulator{step: mode.Deviation / rate}, nil
}

// ModulateIQ appends the complex samples of audio to dst.
func (m *FMModulator) ModulateIQ(dst []complex64, audio []float32) []complex64 {
	for _, v := range audio {
		m.phase += float64(float64(v) * m.step)
		m.phase -= math.Floor(m.phase)
		dst = append(dst, dsp.Rotor(uint32(uint64(m.phase*(1<<32)))))
	}
	return dst
}

// FMDiscriminator turns complex samples into audio: how fast their phase turns. Two filters stand
// before it. Through a wide one, which lets the carrier be off as far as it may, it learns where
// the carrier is; moved to the middle, the signal then passes one somewhat narrower than its band by Carson's rule, because
// below about ten decibels in that one the clicks begin: three quarters of it lost least, measured
// with AFSK-1200, AFSK-4800 and GMSK alike.
type FMDiscriminator struct {
	rate      float64
	deviation float64
	band      float64
	wide      *dsp.ComplexFIR
	narrow    *dsp.ComplexFIR
	nco       *dsp.NCO
	settle    int       // fmSettle in samples
	forget    float64   // weight of a sample in the means
	before    complex64 // wide
	last      complex64 // narrow
	offset    float64   // of the carrier as the wide filter shows it, cycles a sample
	rest      float64   // what remains of it behind the narrow one
	square    float64   // means of the power and its square behind the narrow filter
	fourth    float64
	astray    float64 // mean of what the narrow filter shows, over fmMemory, cycles a sample
	settled   int     // samples since there has been a carrier, and it in the middle
	samples   []complex64
	filtered  []complex64
}

// fmMemory is over how many seconds the place of the carrier is a mean.
const fmMemory = 0.02

// Once a carrier has been there for fmSettle seconds the mean is over fmSteady times as long: frames
// hold enough ones in a row, or enough more ones than zeros, to draw a short mean away by a third of
// the deviation. A carrier that jumps, further from the middle than fmAstray deviations, or that
// falls below fmCarrier of the noise in its band, is found again as fast as a new one.
const (
	fmSettle  = 0.1
	fmSteady  = 6
	fmAstray  = 0.6
	fmCarrier = 0.8
)

// fmLeak is what share of the correction is forgotten again, so that noise, which lies about the
// filter wherever that is, does not carry it away.
const fmLeak = 0.1

// mostClick bounds audio, in deviations: the phase slips that noise makes stand far above it.
const mostClick = 1.1

// NewFMDiscriminator returns a discriminator of samples at a rate in hertz.
func NewFMDiscriminator(mode FM, rate float64) (*FMDiscriminator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making FM discriminator: %w", err)
	}
	band := mode.Bandwidth()
	filter := func(width, edge float64) *dsp.ComplexFIR {
		taps := int(math.Ceil(3.3*rate/edge)) | 1
		return dsp.NewComplexFIR(dsp.LowPass(width/2/rate, dsp.Hamming(taps)))
	}
	return &FMDiscriminator{
		rate: rate, deviation: mode.Deviation, band: band,
		wide:   filter(band+2*mode.Search, band/2),
		narrow: filter(0.75*band, band/4),
		nco:    dsp.NewNCO(0, rate),
		settle: int(fmSettle * rate),
		forget: -math.Expm1(-1 / (fmMemory * rate)),
	}, nil
}

// OffsetHz is how far the carrier is off, a mean over some hundredths of a second.
func (d *FMDiscriminator) OffsetHz() float64 { return (d.offset + d.rest) * d.rate }

// CNR estimates the ratio of carrier to noise power in the signal's own band, from how steady the
// amplitude is: 0 where there is no carrier.
func (d *FMDiscriminator) CNR() float64 {
	// With a ratio g the mean fourth power over the squared mean square is
	// (g²+4g+2)/(g+1)² = 2 - (g/(g+1))².
	if !(d.square > 0) {
		return 0
	}
	share := math.Sqrt(max(0, 2-d.fourth/(d.square*d.square)))
	return min(share/max(1-share, 1e-4), 1e4)
}

// Process appends the audio of src to dst: one for one, later by the filters' delay.
func (d *FMDiscriminator) Process(dst []float32, src []complex64) []float32 {
	scale := d.rate / d.deviation
	for _, v := range src {
		if !(norm(v) <= maxSample*maxSample) {
			v = 0
		}
		d.samples = d.wide.Process(d.samples[:0], []complex64{v})
		w := d.samples[0]
		p := mul(w, complex(real(d.before), -imag(d.before)))
		d.before = w
		forget := d.forget
		if d.settled > d.settle {
			forget /= fmSteady
		}
		d.offset += forget * (cycles(p) - d.offset)
		d.nco.SetFrequency(-d.offset-d.rest, 1)
		d.filtered = d.narrow.Process(d.filtered[:0], []complex64{mul(w, d.nco.Next())})
		n := d.filtered[0]
		power := float64(norm(n))
		d.square += d.forget * (power - d.square)
		d.fourth += d.forget * (float64(power*power) - d.fourth)
		p = mul(n, complex(real(d.last), -imag(d.last)))
		d.last = n
		turn := cycles(p)
		// Noise pulls what the wide filter shows towards the middle.
		d.rest += forget * (turn - float64(fmLeak*d.rest))
		d.astray += d.forget * (turn - d.astray)
		if d.settled++; d.CNR() < fmCarrier || math.Abs(d.astray) > fmAstray/scale {
			d.settled = 0
		}
		dst = append(dst, float32(min(max(turn*scale, -mostClick), mostClick)))
	}
	return dst
}

// cycles is the angle of v in cycles, -1/2 to 1/2.
func cycles(v complex64) float64 {
	return math.Atan2(float64(imag(v)), float64(real(v))) / (2 * math.Pi)
}
