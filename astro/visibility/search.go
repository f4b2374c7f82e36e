package visibility

import "math"

// resolution is the length in seconds below which windows and gaps may be
// overlooked.
const resolution = 1e-3

// condition is a continuous function of time, in seconds of an ephemeris, that
// is positive while something holds.
type condition struct {
	// at evaluates it.
	at func(sec float64) (reading, error)
	// maxRate bounds the derivative's absolute value.
	maxRate float64
	// maxCurve bounds the second derivative from above (infinite where there
	// is none), given rates that err by at most rateSlack.
	maxCurve, rateSlack float64
}

// reading is a condition's value at one time. The value's error is at most
// slack and never spoils its sign.
type reading struct {
	sec, value, rate, slack float64
}

func (r reading) holds() bool { return r.value > 0 }

// margin is the distance from zero that is certain.
func (r reading) margin() float64 { return math.Abs(r.value) - r.slack }

// keeps returns a time from r on in which the condition certainly keeps its
// sign.
func (c *condition) keeps(r reading) float64 {
	m := r.margin()
	if m <= 0 {
		return 0
	}
	t := m / c.maxRate
	if r.holds() || math.IsInf(c.maxCurve, 1) {
		return t
	}
	// below zero: value + rate t + curve t^2/2 reaches zero at the root of
	d := r.rate + c.rateSlack
	return max(t, (math.Sqrt(float64(d*d)+float64(2*c.maxCurve*m))-d)/c.maxCurve)
}

// steady says whether the condition certainly keeps its sign between two
// readings of the same sign.
func (c *condition) steady(a, b reading) bool {
	d := b.sec - a.sec
	ma, mb := a.margin(), b.margin()
	if ma <= 0 || mb <= 0 {
		return false
	}
	if ma+mb > c.maxRate*d {
		return true
	}
	if math.IsInf(c.maxCurve, 1) {
		return false
	}
	if a.holds() {
		// it lies above the chord less curve t (d-t)/2
		return min(ma, mb) > float64(c.maxCurve*float64(d*d))/8
	}
	// It lies below the parabola from either end. The two cross at most once,
	// and below both the highest point is an end or that crossing.
	ra, rb := a.rate+c.rateSlack, b.rate-c.rateSlack
	slope := ra - rb + float64(c.maxCurve*d)
	if slope <= 0 {
		return false
	}
	t := (ma - mb - float64(rb*d) + float64(c.maxCurve*float64(d*d))/2) / slope
	if t <= 0 || t >= d {
		return true
	}
	return float64(ra*t)+float64(c.maxCurve*float64(t*t))/2 < ma
}

// single says whether the condition can cross zero only once between readings
// of opposite signs: its rate keeps its sign.
func (c *condition) single(a, b reading) bool {
	d := b.sec - a.sec
	if d <= resolution {
		return true
	}
	if math.IsInf(c.maxCurve, 1) {
		return false
	}
	// The rate grows by at most curve*t: forwards from a it stays below
	// a.rate + curve t, backwards from b above b.rate - curve t.
	grow := c.rateSlack + float64(c.maxCurve*d)
	if a.holds() {
		return a.rate+grow < 0
	}
	return b.rate-grow > 0
}

// search finds the spans of [from, to] in which c holds, marching in steps of
// at most step where the bounds do not allow more.
func (c *condition) search(from, to, step float64) ([]span, error) {
	var out []span
	r, err := c.at(from)
	if err != nil {
		return nil, err
	}
	var crossings []float64
	holds := r.holds()
	if holds {
		out = append(out, span{start: from, openStart: true})
	}
	for r.sec < to {
		certain := math.Floor((r.sec+c.keeps(r))/step) * step
		next := min(certain, to)
		if next <= r.sec {
			next = min((math.Floor(r.sec/step)+1)*step, to)
			if next <= r.sec { // the grid's rounding
				next = min(r.sec+step, to)
			}
		}
		n, err := c.at(next)
		if err != nil {
			return out, err
		}
		crossings = crossings[:0]
		if next > certain || n.holds() != r.holds() {
			if crossings, err = c.between(r, n, crossings); err != nil {
				return out, err
			}
		}
		for _, x := range crossings {
			if holds {
				out[len(out)-1].end = x
			} else {
				out = append(out, span{start: x})
			}
			holds = !holds
		}
		r = n
	}
	if holds {
		out[len(out)-1].end, out[len(out)-1].openEnd = to, true
	}
	return out, nil
}

// between appends the times between two readings at which c crosses zero.
func (c *condition) between(a, b reading, out []float64) ([]float64, error) {
	same := a.holds() == b.holds()
	if same && (b.sec-a.sec <= resolution || c.steady(a, b)) {
		return out, nil
	}
	if !same && c.single(a, b) {
		x, err := c.root(a, b)
		return append(out, x), err
	}
	m, err := c.at(a.sec + (b.sec-a.sec)/2)
	if err != nil {
		return out, err
	}
	if out, err = c.between(a, m, out); err != nil {
		return out, err
	}
	return c.between(m, b, out)
}

// rootTolerance is the error of roots, in seconds.
const rootTolerance = 1e-7

// root finds the crossing between readings of opposite signs: by Newton's steps
// where rates are known, else by root below.
func (c *condition) root(a, b reading) (float64, error) {
	if math.IsInf(c.maxCurve, 1) {
		return root(func(sec float64) (float64, error) {
			r, err := c.at(sec)
			return r.value, err
		}, a.sec, a.value, b.sec, b.value, rootTolerance)
	}
	x := a.sec + float64((b.sec-a.sec)*(a.value/(a.value-b.value)))
	for i := 1; b.sec-a.sec > rootTolerance && i < 200; i++ {
		r, err := c.at(x)
		if err != nil {
			return 0, err
		}
		if r.holds() == a.holds() {
			a = r
		} else {
			b = r
		}
		step := -r.value / r.rate
		x = r.sec + step
		if !(x > a.sec && x < b.sec) || i%5 == 0 {
			x = a.sec + (b.sec-a.sec)/2
		} else if math.Abs(step) < rootTolerance {
			return x, nil
		}
	}
	return a.sec + (b.sec-a.sec)/2, nil
}

// root finds a zero of f between a and b, where it has opposite signs, to a
// tolerance, by the Illinois variant of regula falsi, and by bisection where
// that is slow.
func root(f func(float64) (float64, error), a, fa, b, fb, tolerance float64) (float64, error) {
	last := b - a // the bracket three steps ago
	for i := 1; b-a > tolerance && i < 200; i++ {
		x := a + float64((b-a)*(fa/(fa-fb)))
		if i%3 == 0 {
			if b-a > last/2 {
				x = a + (b-a)/2
			}
			last = b - a
		}
		// step a little off the ends, so that the bracket closes
		x = max(a+tolerance/2, min(b-tolerance/2, x))
		fx, err := f(x)
		if err != nil {
			return 0, err
		}
		if (fx > 0) == (fa > 0) {
			a, fa, fb = x, fx, fb/2
		} else {
			b, fb, fa = x, fx, fa/2
		}
		if fx == 0 {
			return x, nil
		}
	}
	return a + (b-a)/2, nil
}
