package dsp

import "math"

// NCO is an oscillator whose phase is an integer, so that it never drifts.
type NCO struct {
	phase uint32
	step  uint32
}

const sineBits = 12

// sine is a whole turn in 4096 steps, with the first again at the end.
var sine = func() (s [1<<sineBits + 1]float32) {
	for i := range s {
		s[i] = float32(math.Sin(2 * math.Pi * float64(i) / (1 << sineBits)))
	}
	return s
}()

// NewNCO returns an oscillator at a frequency (negative turns backwards), both in hertz.
func NewNCO(frequency, rate float64) *NCO {
	n := &NCO{}
	n.SetFrequency(frequency, rate)
	return n
}

// SetFrequency changes the frequency, keeping the phase.
func (n *NCO) SetFrequency(frequency, rate float64) { n.step = turns(frequency / rate) }

// Turn adds to the phase, in cycles.
func (n *NCO) Turn(cycles float64) { n.phase += turns(cycles) }

// Next is e^(jφ) at the present phase; then the phase advances.
func (n *NCO) Next() complex64 {
	v := Rotor(n.phase)
	n.phase += n.step
	return v
}

// Mix appends src, moved up by the oscillator's frequency, to dst.
func (n *NCO) Mix(dst, src []complex64) []complex64 {
	for _, v := range src {
		dst = append(dst, v*n.Next())
	}
	return dst
}

// MixReal appends real src, moved up by the oscillator's frequency, to dst.
func (n *NCO) MixReal(dst []complex64, src []float32) []complex64 {
	for _, v := range src {
		r := n.Next()
		dst = append(dst, complex(v*real(r), v*imag(r)))
	}
	return dst
}

// turns is a number of cycles as a phase, 1<<32 a cycle.
func turns(cycles float64) uint32 {
	cycles -= math.Floor(cycles)
	return uint32(uint64(math.Round(cycles * (1 << 32))))
}

// Rotor is e^(jφ) for a phase of 1<<32 a cycle, to 3e-7.
func Rotor(phase uint32) complex64 {
	return complex(tableSine(phase+1<<30), tableSine(phase))
}

func tableSine(phase uint32) float32 {
	i := phase >> (32 - sineBits)
	f := float32(phase<<sineBits>>8) * (1.0 / (1 << 24))
	return sine[i] + f*(sine[i+1]-sine[i])
}
