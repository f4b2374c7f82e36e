package modem

import (
	"fmt"
	"math"
)

// FSK is frequency-shift keying of a carrier: GMSK and the 9600 baud modem of G3RUH are of this
// kind. Its audio form is what an FM transmitter takes in and an FM receiver gives out.
type FSK struct {
	Baud float64
	// BT is the bandwidth-time product of the Gaussian filter that shapes the bits; 0 for none.
	BT float64
	// Deviation of a long run of ones from the carrier in hertz, for I/Q samples. 0 stands for
	// Baud/4, which makes (G)MSK.
	Deviation float64
}

var (
	// G3RUH9600 is 9600 baud FSK as G3RUH's modem makes it; the scrambler is in link/ax25.
	G3RUH9600 = FSK{Baud: 9600, BT: 0.5, Deviation: 3000}
	// GMSK9600 and GMSK4800 are Gaussian minimum-shift keying.
	GMSK9600 = FSK{Baud: 9600, BT: 0.5}
	GMSK4800 = FSK{Baud: 4800, BT: 0.5}
)

func (m FSK) deviation() float64 {
	if m.Deviation == 0 {
		return m.Baud / 4
	}
	return m.Deviation
}

func (m FSK) check(rate float64) error {
	if !(m.Baud > 0) || !(m.BT >= 0) || m.BT > 0 && m.BT < 0.2 || !(rate >= 2*m.Baud) || !(rate <= maxRatio*m.Baud) {
		return fmt.Errorf("%g baud with BT %g at a sample rate of %g Hz; want BT of 0 or at least 0.2 and 2 to %d samples a bit", m.Baud, m.BT, rate, maxRatio)
	}
	return nil
}

// fskSpan is over how many bits a shaped bit reaches, pulseSteps into how many parts a bit is
// divided in the pulse's table.
const (
	fskSpan    = 5
	pulseSteps = 256
)

// FSKModulator sends bits as shaped pulses.
type FSKModulator struct {
	mode  FSK
	rate  float64
	scale float64
	pulse []float32
	past  [fskSpan]float32 // levels of the last bits, the newest first
	wait  float64          // samples until the next one is due
	phase float64          // of the carrier, cycles
}

// NewFSKModulator returns a modulator of samples at a rate in hertz with an amplitude of 0 to 1;
// the amplitude of I/Q samples.
func NewFSKModulator(mode FSK, rate, amplitude float64) (*FSKModulator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making FSK modulator: %w", err)
	}
	m := &FSKModulator{mode: mode, rate: rate, scale: amplitude}
	m.pulse = make([]float32, fskSpan*pulseSteps)
	for i := range m.pulse {
		t := (float64(i)+0.5)/pulseSteps - fskSpan/2.0
		if mode.BT == 0 {
			if math.Abs(t) < 0.5 {
				m.pulse[i] = 1
			}
			continue
		}
		k := math.Pi * mode.BT * math.Sqrt(2/math.Ln2)
		m.pulse[i] = float32((math.Erf(k*(t+0.5)) - math.Erf(k*(t-0.5))) / 2)
	}
	return m, nil
}

// Modulate appends the audio samples of bits, one a byte, to dst. They lag by two bits.
func (m *FSKModulator) Modulate(dst []float32, bits []byte) []float32 {
	m.each(bits, func(level float64) { dst = append(dst, float32(m.scale*level)) })
	return dst
}

// ModulateIQ appends the complex baseband samples of bits to dst. They lag by two bits.
func (m *FSKModulator) ModulateIQ(dst []complex64, bits []byte) []complex64 {
	m.each(bits, func(level float64) {
		m.phase += level * m.mode.deviation() / m.rate
		m.phase -= math.Floor(m.phase)
		s, c := math.Sincos(2 * math.Pi * m.phase)
		dst = append(dst, complex(float32(m.scale*c), float32(m.scale*s)))
	})
	return dst
}

// each calls fn with the level of every sample of bits.
func (m *FSKModulator) each(bits []byte, fn func(level float64)) {
	for _, b := range bits {
		copy(m.past[1:], m.past[:])
		m.past[0] = 2*float32(b&1) - 1
		period := m.rate / m.mode.Baud
		left := period
		for ; left >= m.wait; m.wait = 1 {
			left -= m.wait
			at := min(int((period-left)/period*pulseSteps), pulseSteps-1)
			var level float32
			for k, v := range m.past {
				level += v * m.pulse[k*pulseSteps+at]
			}
			fn(float64(level))
		}
		m.wait -= left
	}
}
