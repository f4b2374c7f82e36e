package modem

import (
	"fmt"
	"math"
)

// AFSK is a pair of audio tones that carry bits.
type AFSK struct {
	Mark, Space float64 // hertz, of bits 1 and 0
	Baud        float64
}

var (
	// Bell202 is the modem of 1200 baud packet radio.
	Bell202 = AFSK{Mark: 1200, Space: 2200, Baud: 1200}
	// AFSK4800 is the 4800 baud minimum-shift keying on an audio carrier of 3600 Hz that
	// GomSpace's U482C and its kin use over FM.
	AFSK4800 = AFSK{Mark: 2400, Space: 4800, Baud: 4800}
)

func (m AFSK) check(rate float64) error {
	top := max(m.Mark, m.Space) + m.Baud/2
	switch {
	case !(m.Baud > 0) || !(min(m.Mark, m.Space) > 0) || m.Mark == m.Space:
		return fmt.Errorf("tones of %g and %g Hz at %g baud", m.Mark, m.Space, m.Baud)
	case !(rate >= 2*top) || !(rate <= maxRatio*m.Baud):
		return fmt.Errorf("sample rate of %g Hz, tones of %g and %g Hz at %g baud need %g to %g", rate, m.Mark, m.Space, m.Baud, 2*top, maxRatio*m.Baud)
	}
	return nil
}

// AFSKModulator sends bits as tones of constant amplitude and continuous phase.
type AFSKModulator struct {
	mode      AFSK
	rate      float64
	amplitude float64
	phase     float64 // cycles
	wait      float64 // samples until the next one is due
}

// NewAFSKModulator returns a modulator of samples at a rate in hertz with an amplitude of 0 to 1.
func NewAFSKModulator(mode AFSK, rate, amplitude float64) (*AFSKModulator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making AFSK modulator: %w", err)
	}
	return &AFSKModulator{mode: mode, rate: rate, amplitude: amplitude}, nil
}

// Modulate appends the samples of bits, one a byte, to dst.
func (m *AFSKModulator) Modulate(dst []float32, bits []byte) []float32 {
	for _, b := range bits {
		step := m.mode.Space / m.rate
		if b != 0 {
			step = m.mode.Mark / m.rate
		}
		left := m.rate / m.mode.Baud
		for ; left >= m.wait; m.wait = 1 {
			left -= m.wait
			m.phase += step * m.wait
			m.phase -= math.Floor(m.phase)
			dst = append(dst, float32(m.amplitude*math.Sin(2*math.Pi*m.phase)))
		}
		m.phase += step * left
		m.wait -= left
	}
	return dst
}
