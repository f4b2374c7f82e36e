package visibility

import (
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/sun"
	"spacechain/astro/timescale"
)

// Eclipse is a satellite's way through the Earth's shadow. The window reaches
// from its entry into the penumbra to its exit.
type Eclipse struct {
	Window
	Total bool   // it goes through the umbra
	Umbra Window // the time in the umbra, where Total
}

// Eclipses finds a satellite's eclipses between two times by the shadow cones
// of package sun. Ephemerides and errors as in Passes.
func Eclipses(tr Trajectory, from, to time.Time) ([]Eclipse, error) {
	e, a, b, err := ephemeris(tr, from, to)
	if err != nil {
		return nil, err
	}
	penumbra, umbra := e.shadow(+1), e.shadow(-1)
	spans, failed := penumbra.search(a, b, e.step)
	var out []Eclipse
	for _, s := range finished(spans, failed) {
		x := Eclipse{Window: e.window(s)}
		dark, err := umbra.search(s.start, s.end, e.step)
		if err != nil {
			return out, err
		}
		if len(dark) > 0 {
			u := span{start: dark[0].start, end: dark[len(dark)-1].end}
			u.openStart = s.openStart && dark[0].openStart
			u.openEnd = s.openEnd && dark[len(dark)-1].openEnd
			x.Total, x.Umbra = true, e.window(u)
		}
		out = append(out, x)
	}
	return out, failed
}

// shadow is the condition that the satellite is in the penumbra (side +1) or in
// the umbra (side -1): that the Sun's centre is less than the Earth's apparent
// radius b plus or minus its own apparent radius s from the Earth's centre. It
// compares cosines, which are smooth:
//
//	cos(separation) - cos(b + side s) > 0.
func (e *Ephemeris) shadow(side float64) *condition {
	const re = frame.EquatorialRadiusKm
	l := &e.limits
	r := max(e.slowRadius(), re+20)
	sb, cb := re/r, math.Sqrt(1-re*re/(r*r))
	turning := l.MaxSpeedKmS/r + timescale.OmegaEarth
	accel := l.MaxAccelKmS2 + l.MaxSpeedKmS*l.MaxSpeedKmS/r
	// The direction to the Earth's centre turns at most so fast, with at most
	// so much acceleration; the cosine of b changes with the distance.
	c := &condition{
		maxRate: 1.02 * (turning + l.MaxSpeedKmS*sb*sb/(cb*r)),
		maxCurve: 1.02 * (float64(turning*turning) + 2*accel/r +
			accel*sb*sb/(cb*r) + l.MaxSpeedKmS*l.MaxSpeedKmS*sb*sb*(3/cb+sb*sb/(cb*cb*cb))/(r*r)),
		rateSlack: 1e-6 + 4*l.SlackKmS/r,
	}
	perKm := 2 / (r * cb)
	c.at = func(sec float64) (reading, error) {
		pos, vel, slack, err := e.near(sec)
		if err != nil {
			return reading{}, err
		}
		sunKm := sun.PosECEFKm(e.timeAt(sec))
		g := shadowReading(pos, vel, sunKm, side)
		if g.sec, g.slack = sec, float64(perKm*slack); slack > 0 && math.Abs(g.value) <= 2*g.slack {
			if pos, vel, err = e.exact(sec); err != nil {
				return reading{}, err
			}
			g = shadowReading(pos, vel, sunKm, side)
			g.sec = sec
		}
		return g, nil
	}
	return c
}

// shadowReading is the value and rate of the shadow condition. As in package
// sun, z is stretched so that the ellipsoid becomes a sphere.
func shadowReading(pos, vel, sunKm astro.Vec3, side float64) reading {
	const re, squash = frame.EquatorialRadiusKm, 1 / (1 - frame.Flattening)
	pos[2], vel[2], sunKm[2] = float64(pos[2]*squash), float64(vel[2]*squash), float64(sunKm[2]*squash)
	// from the satellite to the Sun, which goes round in ECEF
	to := sunKm.Sub(pos)
	toRate := astro.Vec3{
		float64(timescale.OmegaEarth*sunKm[1]) - vel[0],
		-float64(timescale.OmegaEarth*sunKm[0]) - vel[1],
		-vel[2],
	}
	r2, q2 := pos.Dot(pos), to.Dot(to)
	r, q := math.Sqrt(r2), math.Sqrt(q2)
	if r == 0 {
		return reading{value: 1}
	}
	away := pos.Dot(vel) // r times the change of r
	separation := -pos.Dot(to) / float64(r*q)
	turn := -(vel.Dot(to)+pos.Dot(toRate))/float64(r*q) - float64(separation*(away/r2+to.Dot(toRate)/q2))
	sinS := min(sun.RadiusKm/q, 1)
	cosS := math.Sqrt(1 - float64(sinS*sinS))
	sinB := min(re/r, 1)
	cosB := math.Sqrt(1 - float64(sinB*sinB))
	g := reading{
		value: separation - float64(cosB*cosS) + float64(side*float64(sinB*sinS)),
		rate:  turn - float64(side*float64(float64(sinB*sinS)*(away/r2))),
	}
	if cosB > 0 {
		g.rate -= float64(float64(sinB*sinB)*float64(cosS*(away/r2))) / cosB
	}
	return g
}
