package dsp

import "math"

// Loop is a second-order loop filter: a proportional and an integral path.
type Loop struct {
	proportional, integral float32
	Rate                   float32 // what the integral path has learnt, for each step
	Limit                  float32 // bound of Rate on both sides, 0 for none
}

// NewLoop returns a loop of one-sided noise bandwidth in cycles a step (loop bandwidth over the
// rate of steps, say 0.01) and a damping factor (0.707 for the least noise), for a detector of
// unit slope.
func NewLoop(bandwidth, damping float64) Loop {
	theta := bandwidth / (damping + 1/(4*damping))
	d := 1 + 2*damping*theta + theta*theta
	return Loop{proportional: float32(4 * damping * theta / d), integral: float32(4 * theta * theta / d)}
}

// Next takes the error of one step and returns by how much to advance.
func (l *Loop) Next(e float32) float32 {
	l.Rate += l.integral * e
	if l.Limit > 0 {
		l.Rate = min(max(l.Rate, -l.Limit), l.Limit)
	}
	return l.Rate + l.proportional*e
}

// Costas follows the carrier of a PSK signal: order 1 a residual carrier (a PLL), 2 BPSK, 4 QPSK.
// It works on samples or on symbols of about unit amplitude.
type Costas struct {
	order int
	loop  Loop
	phase uint32
}

// NewCostas returns a carrier loop of a noise bandwidth in cycles a step that searches within
// limit cycles a step on both sides (0 for no bound).
func NewCostas(order int, bandwidth, limit float64) *Costas {
	c := &Costas{order: order, loop: NewLoop(bandwidth, math.Sqrt2/2)}
	c.loop.Limit = float32(limit * 2 * math.Pi)
	return c
}

// Frequency is the carrier's present offset, in cycles a step.
func (c *Costas) Frequency() float64 { return float64(c.loop.Rate) / (2 * math.Pi) }

// SetFrequency starts the loop at an offset, in cycles a step.
func (c *Costas) SetFrequency(cycles float64) { c.loop.Rate = float32(cycles * 2 * math.Pi) }

// Next turns one sample to the carrier's phase and steers the loop by what remains.
func (c *Costas) Next(v complex64) complex64 {
	v *= Rotor(-c.phase)
	re, im := real(v), imag(v)
	var e float32
	switch c.order {
	case 1:
		e = im
	case 2:
		e = re * im
	default:
		e = sign(re)*im - sign(im)*re
	}
	step := c.loop.Next(min(max(e, -1), 1))
	c.phase += uint32(int64(float64(step) * (1 << 32 / (2 * math.Pi))))
	return v
}

// Process appends src, turned to the carrier's phase, to dst.
func (c *Costas) Process(dst, src []complex64) []complex64 {
	for _, v := range src {
		dst = append(dst, c.Next(v))
	}
	return dst
}

func sign(v float32) float32 {
	if v < 0 {
		return -1
	}
	return 1
}
