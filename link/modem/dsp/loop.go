package dsp

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
