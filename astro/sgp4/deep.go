package sgp4

import (
	"math"
	"time"

	"spacechain/astro/timescale"
)

// deep holds the terms of SDP4: secular and periodic pulls of Sun and Moon,
// and the resonance with the Earth's rotation.
type deep struct {
	mode      Mode
	inclo     float64 // inclination at epoch, rad
	secular   rates   // Sun and Moon together
	bodies    [2]body // periodics of Sun and Moon
	resonance *resonance
}

// rates are secular changes per minute from Sun and Moon.
type rates struct {
	e, i, m, argp, node float64
}

// newDeep computes the deep-space terms of p, whose other coefficients are
// complete. incl is the mean inclination in rad.
func newDeep(p *Propagator, mode Mode, incl float64) *deep {
	day := days1950(p.epoch)
	d := &deep{mode: mode, inclo: incl}
	sun, moon := thirdBodies(day, p.nodeo)
	st := sun.pull(p)
	mt := moon.pull(p)
	d.bodies[0] = sun.periodics(&st, p.ecco)
	d.bodies[1] = moon.periodics(&mt, p.ecco)

	rs := sun.secular(&st, p, incl)
	rm := moon.secular(&mt, p, incl)
	d.secular = rates{
		e:    rs.e + rm.e,
		i:    rs.i + rm.i,
		m:    rs.m + rm.m,
		argp: rs.argp + rm.argp,
		node: rs.node + rm.node,
	}
	theta := theta1982(day)
	if mode == AFSPC {
		theta = theta1970(day)
	}
	d.resonance = newResonance(p, d.secular, theta)
	return d
}

// days1950 returns the days from 1949-12-31T00:00 UTC to t.
func days1950(t time.Time) float64 {
	jd, frac := timescale.JulianUTC(t)
	return (jd + frac) - 2433281.5
}

// theta1982 is the sidereal time in rad by the IAU 1982 series; day is that of
// days1950.
func theta1982(day float64) float64 {
	c := (day - 18263.5) / 36525 // centuries from J2000.0
	s := 67310.54841 + float64((876600*3600+8640184.812866)*c) +
		float64(0.093104*c*c) - float64(6.2e-6*c*c*c)
	x := math.Mod(s*degree/240, twoPi)
	if x < 0 {
		x += twoPi
	}
	return x
}

// theta1970 is the sidereal time in rad by the formula that the operational
// code counts from 1970; day is that of days1950.
func theta1970(day float64) float64 {
	const (
		c1     = 1.72027916940703639e-2
		thgr70 = 1.7321343856509374
		fk5r   = 5.07551419432269442e-15
	)
	ts70 := day - 7305
	ds70 := math.Floor(ts70 + 1e-8)
	tfrac := ts70 - ds70
	x := math.Mod(thgr70+float64(c1*ds70)+float64((c1+twoPi)*tfrac)+float64(ts70*ts70*fk5r), twoPi)
	if x < 0 {
		x += twoPi
	}
	return x
}

// far propagates a deep-space orbit to t minutes from the epoch. It returns
// an error code, or 0 with the state in s.
func (p *Propagator) far(t float64, s *State) int {
	d := p.deep
	t2 := float64(t * t)
	mm := p.mo + float64(p.mdot*t) + float64(d.secular.m*t)
	argp := p.argpo + float64(p.argpdot*t) + float64(d.secular.argp*t)
	node := p.nodeo + float64(p.nodedot*t) + float64(p.nodecf*t2) + float64(d.secular.node*t)
	e := p.ecco + float64(d.secular.e*t)
	incl := d.inclo + float64(d.secular.i*t)
	a := p.ao
	if d.resonance != nil {
		var n float64
		n, mm = d.resonance.at(t, argp, node)
		if !(n > 0) {
			return CodeMeanMotion
		}
		a = axis(p.xke, n)
	}
	tempa := 1 - float64(p.cc1*t)
	a = a * tempa * tempa
	e -= float64(p.bc4 * t)
	if !(e < 1 && e >= -0.001) {
		return CodeMeanElements
	}
	if e < 1e-6 {
		e = 1e-6
	}
	mm += float64(p.no * float64(p.t2cof*t2))

	l := modTwoPi(mm + argp + node)
	argp, node = modTwoPi(argp), modTwoPi(node)
	mm = l - argp - node

	o := orbit{a: a, e: e, argp: argp, node: node}
	sini, cosi, code := d.perturb(t, incl, mm, &o)
	if code != 0 {
		return code
	}
	pl := newPlane(sini, cosi, p.j3oj2)
	return p.osculate(&o, &pl, s)
}

// perturb adds the periodic pulls of Sun and Moon to the mean orbit o with
// inclination incl, mean anomaly m and a node within 2 pi, and sets o.l. It returns sine and
// cosine of the perturbed inclination, which is positive.
func (d *deep) perturb(t, incl, m float64, o *orbit) (sini, cosi float64, code int) {
	ps := d.bodies[0].at(t)
	pm := d.bodies[1].at(t)
	pinc := ps.i + pm.i
	pl := ps.l + pm.l
	pgh := ps.gh + pm.gh
	ph := ps.h + pm.h
	o.e += ps.e + pm.e
	incl += pinc
	sini, cosi = sincos(incl)
	if incl >= 0.2 {
		ph /= sini
		o.argp += pgh - float64(cosi*ph)
		o.node += ph
		o.l = m + pl + o.argp
	} else {
		// Lyddane's modification for low inclinations.
		sinn, cosn := sincos(o.node)
		ci := float64(pinc * cosi)
		alf := float64(sini*sinn) + (float64(ph*cosn) + float64(ci*sinn))
		bet := float64(sini*cosn) + (float64(ci*cosn) - float64(ph*sinn))
		old := o.node
		if old < 0 && d.mode == AFSPC {
			old += twoPi
		}
		// Mean longitude is what stays: its change is dls.
		dls := pl + pgh - float64(pinc*old*sini)
		node := atan2(alf, bet)
		if node < 0 && d.mode == AFSPC {
			node += twoPi
		}
		if math.Abs(old-node) > math.Pi {
			if node < old {
				node += twoPi
			} else {
				node -= twoPi
			}
		}
		o.l = m + o.argp + float64(cosi*(old-node)) + dls
		o.argp = o.l - (m + pl)
		o.node = node
	}
	if incl < 0 {
		sini = -sini
		o.node += math.Pi
		o.argp -= math.Pi
		o.l -= math.Pi
	}
	if !(o.e >= 0 && o.e <= 1) {
		return 0, 0, CodePerturbed
	}
	return sini, cosi, 0
}
