package sgp4

import "math"

// near propagates a near-Earth orbit to t minutes from the epoch. It returns
// an error code, or 0 with the state in s.
func (p *Propagator) near(t float64, s *State) int {
	t2 := float64(t * t)
	mm := p.mo + float64(p.mdot*t)
	argp := p.argpo + float64(p.argpdot*t)
	node := p.nodeo + float64(p.nodedot*t) + float64(p.nodecf*t2)
	tempa := 1 - float64(p.cc1*t)
	tempe := float64(p.bc4 * t)
	templ := float64(p.t2cof * t2)
	if !p.simple {
		sinm, cosm := sincos(mm)
		d := 1 + float64(p.eta*cosm)
		dm := float64(p.omgcof*t) + float64(p.xmcof*(float64(float64(d*d)*d)-p.delmo))
		mm += dm
		argp -= dm
		t3 := float64(t2 * t)
		t4 := float64(t2 * t2)
		tempa = tempa - float64(p.d2*t2) - float64(p.d3*t3) - float64(p.d4*t4)
		sinm, _ = rotate(sinm, cosm, dm)
		tempe += float64(p.bc5 * (sinm - p.sinmo))
		templ = templ + float64(p.t3cof*t3) + float64(t4*(p.t4cof+float64(t*p.t5cof)))
	}
	e := p.ecco - tempe
	if !(e < 1 && e >= -0.001) {
		return CodeMeanElements
	}
	if e < 1e-6 {
		e = 1e-6
	}
	o := orbit{
		a:    p.ao * tempa * tempa,
		e:    e,
		argp: argp,
		node: node,
		l:    mm + float64(p.no*templ) + argp,
	}
	return p.osculate(&o, &p.plane, s)
}

// orbit is a mean orbit at one time, with its luni-solar terms applied.
type orbit struct {
	a    float64 // semi-major axis, Earth radii
	e    float64 // eccentricity
	argp float64 // argument of perigee
	node float64 // ascending node
	l    float64 // mean anomaly + argument of perigee
}

// osculate adds long- and short-period terms to a mean orbit in the plane pl
// and writes position and velocity. It returns an error code or 0.
func (p *Propagator) osculate(o *orbit, pl *plane, s *State) int {
	// Long-period periodics of the third zonal harmonic.
	sinw, cosw := sincos(o.argp)
	a := o.a
	ax := float64(o.e * cosw)
	inv := 1 / float64(a*(1-float64(o.e*o.e)))
	ay := float64(o.e*sinw) + float64(inv*pl.aycof)
	u := o.l + float64(inv*pl.xlcof*ax)

	// Kepler's equation by at most ten Newton steps, each at most 0.95 rad;
	// d is how far the eccentric longitude is ahead of u.
	sinE, cosE := sincos(u)
	var d, esine, ecose float64
	for k := 1; ; k++ {
		ecose = float64(ax*cosE) + float64(ay*sinE)
		esine = float64(ax*sinE) - float64(ay*cosE)
		step := (esine - d) / (1 - ecose)
		if !(math.Abs(step) >= 1e-12) || k == 10 {
			break
		}
		if math.Abs(step) >= 0.95 {
			step = math.Copysign(0.95, step)
		}
		d += step
		sinE, cosE = rotate(sinE, cosE, step)
	}

	el2 := float64(ax*ax) + float64(ay*ay)
	semi := float64(a * (1 - el2))
	if semi < 0 {
		return CodeSemiLatus
	}
	// Short-period preliminaries: radius, argument of latitude, their rates.
	r := float64(a * (1 - ecose))
	ar := a / r
	rta := math.Sqrt(a)
	beta := math.Sqrt(1 - el2)
	temp := esine / (1 + beta)
	rdot := float64(rta*esine) / r
	rvdot := float64(rta*beta) / r
	sinu := float64(ar * (sinE - ay - float64(ax*temp)))
	cosu := float64(ar * (cosE - ax + float64(ay*temp)))
	sin2u := float64((cosu + cosu) * sinu)
	cos2u := 1 - float64(2*sinu*sinu)
	inv = 1 / semi
	temp1 := float64(p.halfJ2 * inv)
	temp2 := float64(temp1 * inv)

	// Short-period periodics of the second harmonic.
	mr := float64(r*(1-float64(1.5*temp2*beta*pl.con41))) + float64(temp1*pl.radiusAmp*cos2u)
	if !(mr >= 1) {
		return CodeDecayed
	}
	nt := temp1 / (a * rta) // temp1 times mean motion over xke
	mv := rdot - float64(nt*pl.x1mth2*sin2u)
	rv := rvdot + float64(nt*(float64(pl.x1mth2*cos2u)+float64(1.5*pl.con41)))
	sinsu, cossu := rotate(sinu, cosu, -0.25*temp2*pl.x7thm1*sin2u)
	sini, cosi := rotate(pl.sini, pl.cosi, temp2*pl.tiltAmp*cos2u)
	sinn, cosn := sincos(o.node + float64(1.5*temp2*pl.cosi*sin2u))

	// Orientation vectors along radius and motion.
	mx := float64(-sinn * cosi)
	my := float64(cosn * cosi)
	ux := float64(mx*sinsu) + float64(cosn*cossu)
	uy := float64(my*sinsu) + float64(sinn*cossu)
	uz := float64(sini * sinsu)
	vx := float64(mx*cossu) - float64(cosn*sinsu)
	vy := float64(my*cossu) - float64(sinn*sinsu)
	vz := float64(sini * cossu)
	km := float64(mr * p.radiusKm)
	mv = float64(mv * p.kmPerSec)
	rv = float64(rv * p.kmPerSec)
	s.PosTEMEKm[0] = km * ux
	s.PosTEMEKm[1] = km * uy
	s.PosTEMEKm[2] = km * uz
	s.VelTEMEKmS[0] = float64(mv*ux) + float64(rv*vx)
	s.VelTEMEKmS[1] = float64(mv*uy) + float64(rv*vy)
	s.VelTEMEKmS[2] = float64(mv*uz) + float64(rv*vz)
	return 0
}
