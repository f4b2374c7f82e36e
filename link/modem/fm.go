package modem

import (
	"fmt"
	"math"

	"spacechain/link/modem/dsp"
)

// FM is frequency modulation of a carrier by audio, at complex baseband.
type FM struct {
	// Deviation of the carrier in hertz for audio of amplitude one.
	Deviation float64
	// Bandwidth of the receiver's filter before the discriminator, hertz from end to end; 0
	// stands for none. It must hold the signal (twice the deviation and the highest tone, by
	// Carson's rule) with the error of its frequency.
	Bandwidth float64
}

func (f FM) check(rate float64) error {
	if !(rate > 0) || !(f.Deviation > 0) || !(f.Deviation < rate/2) || !(f.Bandwidth >= 0) || !(f.Bandwidth < rate) {
		return fmt.Errorf("FM of %g Hz deviation in %g Hz at %g samples a second", f.Deviation, f.Bandwidth, rate)
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
		m.phase += float64(v) * m.step
		m.phase -= math.Floor(m.phase)
		dst = append(dst, dsp.Rotor(uint32(uint64(m.phase*(1<<32)))))
	}
	return dst
}

// FMDiscriminator turns complex samples into audio: how fast their phase turns. What the carrier
// is off by comes out as a constant, which demodulators of tones do not mind.
type FMDiscriminator struct {
	filter *dsp.ComplexFIR
	scale  float32
	last   complex64
	clean  []complex64
	work   []complex64
}

// NewFMDiscriminator returns a discriminator of samples at a rate in hertz.
func NewFMDiscriminator(mode FM, rate float64) (*FMDiscriminator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making FM discriminator: %w", err)
	}
	d := &FMDiscriminator{scale: float32(rate / (2 * math.Pi * mode.Deviation))}
	if mode.Bandwidth > 0 {
		// The edges fall over a quarter of the band.
		taps := int(math.Ceil(3.3*4*rate/mode.Bandwidth)) | 1
		d.filter = dsp.NewComplexFIR(dsp.LowPass(mode.Bandwidth/2/rate, dsp.Hamming(taps)))
	}
	return d, nil
}

// Process appends the audio of src to dst.
func (d *FMDiscriminator) Process(dst []float32, src []complex64) []float32 {
	d.clean = d.clean[:0]
	for _, v := range src {
		if !(norm(v) <= maxSample*maxSample) {
			v = 0
		}
		d.clean = append(d.clean, v)
	}
	in := d.clean
	if d.filter != nil {
		d.work = d.filter.Process(d.work[:0], in)
		in = d.work
	}
	for _, v := range in {
		p := mul(v, complex(real(d.last), -imag(d.last)))
		d.last = v
		dst = append(dst, d.scale*float32(math.Atan2(float64(imag(p)), float64(real(p)))))
	}
	return dst
}
