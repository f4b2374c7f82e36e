package sgp4

import (
	"math"
	"sync"
)

const (
	earthRate = 4.37526908801129966e-3 // rotation of the Earth, rad/min
	stepMin   = 720.0                  // step of the integrator, min
	stepHalf  = stepMin * stepMin / 2
)

// resonance integrates the mean longitude of an orbit that is in step with
// the Earth's rotation: once a day (synchronous) or twice (Molniya).
//
// The integrator walks in half days from the epoch. The last step reached is
// kept, as most callers ask for one time after another; where it comes from
// does not change the result, since the steps are the same from the epoch.
type resonance struct {
	halfDay     bool
	theta       float64 // sidereal time at epoch, rad
	lamo        float64 // longitude at epoch
	fact        float64 // drift of the longitude beside the mean motion, rad/min
	no          float64
	argpo, argp float64 // argument of perigee and its rate (half-day)
	terms       [8]term

	mu   sync.Mutex // guards last; never waited for
	last step
}

// step is a point that the integrator reached.
type step struct{ t, longitude, motion float64 }

// term is one harmonic: sin and cos are the amplitudes of sine and cosine of
// its angle in the acceleration of the longitude.
type term struct{ sin, cos float64 }

// phase splits d*sin(x-g) into amplitudes of sin x and cos x.
func phase(d, g float64) term {
	s, c := sincos(g)
	return term{sin: float64(d * c), cos: float64(-d * s)}
}

func (a term) plus(b term) term { return term{a.sin + b.sin, a.cos + b.cos} }

// newResonance returns the resonance of p, or nil where there is none. theta
// is the sidereal time at epoch, r are the luni-solar rates.
func newResonance(p *Propagator, r rates, theta float64) *resonance {
	n := p.no
	z := &resonance{theta: theta, no: n, argpo: p.argpo, argp: p.argpdot}
	theta = math.Mod(theta, twoPi)
	switch {
	case n > 0.0034906585 && n < 0.0052359877:
		z.synchronous(p)
		z.lamo = math.Mod(p.mo+p.nodeo+p.argpo-theta, twoPi)
		z.fact = p.mdot + (p.argpdot + p.nodedot) - earthRate + r.m + r.argp + r.node - n
	case n >= 8.26e-3 && n <= 9.24e-3 && p.ecco >= 0.5:
		z.molniya(p)
		z.lamo = math.Mod(p.mo+p.nodeo+p.nodeo-theta-theta, twoPi)
		z.fact = p.mdot + r.m + float64(2*(p.nodedot+r.node-earthRate)) - n
	default:
		return nil
	}
	return z
}

// synchronous sets the terms of one-day resonance. Their angles are
// the longitude once, twice and three times.
func (z *resonance) synchronous(p *Propagator) {
	const q22, q31, q33 = 1.7891679e-6, 2.1460748e-6, 2.2123015e-7
	sini, cosi := p.plane.sini, p.plane.cosi
	esq := float64(p.ecco * p.ecco)
	inv := 1 / p.ao
	g200 := 1 + float64(esq*(-2.5+float64(0.8125*esq)))
	g310 := 1 + float64(2*esq)
	g300 := 1 + float64(esq*(-6+float64(6.60937*esq)))
	c1 := 1 + cosi
	f220 := 0.75 * c1 * c1
	f311 := float64(0.9375*sini*sini*(1+float64(3*cosi))) - float64(0.75*c1)
	f330 := 1.875 * c1 * c1 * c1
	del := float64(3 * p.no * p.no * inv * inv)
	z.terms[0] = phase(del*f311*g310*q31*inv, 0.13130908)
	z.terms[1] = phase(2*del*f220*g200*q22, 2*2.8843198)
	z.terms[2] = phase(3*del*f330*g300*q33*inv, 3*0.37448087)
}

// molniya sets the terms of half-day resonance. With x the longitude and w
// the argument of perigee, their angles are, in order, x, x+2w, x+w, x-w, and
// 2x, 2x+2w, 2x+w, 2x-w.
func (z *resonance) molniya(p *Propagator) {
	const (
		root22, root32, root44 = 1.7891679e-6, 3.7393792e-7, 7.3636953e-9
		root52, root54         = 1.1428639e-7, 2.1765803e-9
		g22, g32, g44          = 5.7686396, 0.95240898, 1.8014998
		g52, g54               = 1.0508330, 4.4108898
	)
	s, c := p.plane.sini, p.plane.cosi
	g := eccentricityFunctions(p.ecco)
	c2, s2 := float64(c*c), float64(s*s)
	f220 := 0.75 * (1 + float64(2*c) + c2)
	f221 := 1.5 * s2
	f321 := 1.875 * s * (1 - float64(2*c) - float64(3*c2))
	f322 := -1.875 * s * (1 + float64(2*c) - float64(3*c2))
	f441 := 35 * s2 * f220
	f442 := 39.3750 * s2 * s2
	f522 := 9.84375 * s * (float64(s2*(1-float64(2*c)-float64(5*c2))) +
		float64(0.33333333*(-2+float64(4*c)+float64(6*c2))))
	f523 := s * (float64(4.92187512*s2*(-2-float64(4*c)+float64(10*c2))) +
		float64(6.56250012*(1+float64(2*c)-float64(3*c2))))
	f542 := 29.53125 * s * (2 - float64(8*c) + float64(c2*(-12+float64(8*c)+float64(10*c2))))
	f543 := 29.53125 * s * (-2 - float64(8*c) + float64(c2*(12+float64(8*c)-float64(10*c2))))

	inv := 1 / p.ao
	t2 := 3 * p.no * p.no * inv * inv
	t3 := float64(t2 * inv)
	t4 := 2 * t3 * inv
	t5 := float64(t3 * inv * inv)
	z.halfDay = true
	z.terms[0] = phase(t2*root22*f221*g.g211, g22)
	z.terms[1] = phase(t2*root22*f220*g.g201, g22)
	z.terms[2] = phase(t3*root32*f321*g.g310, g32).plus(phase(t5*root52*f522*g.g520, g52))
	z.terms[3] = phase(t3*root32*f322*g.g322, g32).plus(phase(t5*root52*f523*g.g532, g52))
	z.terms[4] = phase(t4*root44*f442*g.g422, g44)
	z.terms[5] = phase(t4*root44*f441*g.g410, g44)
	z.terms[6] = phase(2*t5*root54*f542*g.g521, g54)
	z.terms[7] = phase(2*t5*root54*f543*g.g533, g54)
}

// hansen holds the eccentricity functions of half-day resonance.
type hansen struct {
	g201, g211, g310, g322, g410, g422, g520, g521, g532, g533 float64
}

// eccentricityFunctions evaluates the fits of Spacetrack Report #3.
func eccentricityFunctions(e float64) (g hansen) {
	e2 := float64(e * e)
	e3 := float64(e * e2)
	cubic := func(a, b, c, d float64) float64 {
		return a + float64(b*e) + float64(c*e2) + float64(d*e3)
	}
	g.g201 = -0.306 - float64((e-0.64)*0.440)
	if e <= 0.65 {
		g.g211 = cubic(3.616, -13.2470, 16.2900, 0)
		g.g310 = cubic(-19.302, 117.3900, -228.4190, 156.5910)
		g.g322 = cubic(-18.9068, 109.7927, -214.6334, 146.5816)
		g.g410 = cubic(-41.122, 242.6940, -471.0940, 313.9530)
		g.g422 = cubic(-146.407, 841.8800, -1629.014, 1083.4350)
		g.g520 = cubic(-532.114, 3017.977, -5740.032, 3708.2760)
	} else {
		g.g211 = cubic(-72.099, 331.819, -508.738, 266.724)
		g.g310 = cubic(-346.844, 1582.851, -2415.925, 1246.113)
		g.g322 = cubic(-342.585, 1554.908, -2366.899, 1215.972)
		g.g410 = cubic(-1052.797, 4758.686, -7193.992, 3651.957)
		g.g422 = cubic(-3581.690, 16178.110, -24462.770, 12422.520)
		if e > 0.715 {
			g.g520 = cubic(-5149.66, 29936.92, -54087.36, 31324.56)
		} else {
			g.g520 = cubic(1464.74, -4664.75, 3763.64, 0)
		}
	}
	if e < 0.7 {
		g.g533 = cubic(-919.22770, 4988.6100, -9064.7700, 5542.21)
		g.g521 = cubic(-822.71072, 4568.6173, -8491.4146, 5337.524)
		g.g532 = cubic(-853.66600, 4690.2500, -8624.7700, 5341.4)
	} else {
		g.g533 = cubic(-37995.780, 161616.52, -229838.20, 109377.94)
		g.g521 = cubic(-51752.104, 218913.95, -309468.16, 146349.42)
		g.g532 = cubic(-40023.880, 170470.89, -242699.48, 115605.82)
	}
	return g
}

// at returns mean motion and mean anomaly t minutes from the epoch, for the
// argument of perigee and node of that time.
func (z *resonance) at(t, argp, node float64) (n, m float64) {
	at := step{longitude: z.lamo, motion: z.no}
	locked := z.mu.TryLock()
	if locked && z.last.t*t > 0 && math.Abs(z.last.t) <= math.Abs(t) {
		at = z.last
	}
	delta := math.Copysign(stepMin, t)
	ndot, nddot, ldot := z.rates(at)
	for math.Abs(t-at.t) >= stepMin {
		at.longitude = at.longitude + float64(ldot*delta) + float64(ndot*stepHalf)
		at.motion = at.motion + float64(ndot*delta) + float64(nddot*stepHalf)
		at.t += delta
		ndot, nddot, ldot = z.rates(at)
	}
	if locked {
		z.last = at
		z.mu.Unlock()
	}
	ft := t - at.t
	half := float64(ft * ft * 0.5)
	n = at.motion + float64(ndot*ft) + float64(nddot*half)
	l := at.longitude + float64(ldot*ft) + float64(ndot*half)
	theta := z.theta + float64(earthRate*t)
	if z.halfDay {
		return n, l - float64(2*(node-theta))
	}
	return n, l - node - argp + theta
}

// rates returns the first two derivatives of the mean motion and the first of
// the longitude at a point.
func (z *resonance) rates(at step) (ndot, nddot, ldot float64) {
	ldot = at.motion + z.fact
	s1, c1 := sincos(at.longitude)
	s2, c2 := float64(2*s1*c1), 1-float64(2*s1*s1)
	if !z.halfDay {
		s3 := float64(s2*c1) + float64(c2*s1)
		c3 := float64(c2*c1) - float64(s2*s1)
		a1, b1 := z.terms[0].turn(s1, c1)
		a2, b2 := z.terms[1].turn(s2, c2)
		a3, b3 := z.terms[2].turn(s3, c3)
		return a1 + a2 + a3, float64((b1 + float64(2*b2) + float64(3*b3)) * ldot), ldot
	}
	sw, cw := sincos(z.argpo + float64(z.argp*at.t))
	s2w, c2w := float64(2*sw*cw), 1-float64(2*sw*sw)
	once, onceD := harmonics(z.terms[:4], s1, c1, sw, cw, s2w, c2w)
	twice, twiceD := harmonics(z.terms[4:], s2, c2, sw, cw, s2w, c2w)
	return once + twice, float64((onceD + float64(2*twiceD)) * ldot), ldot
}

// turn returns the term's value and its derivative for an angle given by sine
// and cosine.
func (a term) turn(s, c float64) (value, slope float64) {
	return float64(a.sin*s) + float64(a.cos*c), float64(a.sin*c) - float64(a.cos*s)
}

// harmonics sums four terms at x, x+2w, x+w and x-w, and their derivatives by x.
func harmonics(f []term, s, c, sw, cw, s2w, c2w float64) (value, slope float64) {
	v0, d0 := f[0].turn(s, c)
	v1, d1 := f[1].turn(float64(s*c2w)+float64(c*s2w), float64(c*c2w)-float64(s*s2w))
	scw, csw := float64(s*cw), float64(c*sw)
	ccw, ssw := float64(c*cw), float64(s*sw)
	v2, d2 := f[2].turn(scw+csw, ccw-ssw)
	v3, d3 := f[3].turn(scw-csw, ccw+ssw)
	return v0 + v1 + v2 + v3, d0 + d1 + d2 + d3
}
