package sgp4

import "math"

// attractor is the Sun or the Moon as the theory sees it: a body on a fixed
// ellipse, with its direction relative to the satellite's node.
type attractor struct {
	c                                  float64 // strength of the pull
	cosg, sing, cosi, sini, cosh, sinh float64 // perigee, inclination, node
	anomaly                            float64 // mean anomaly at epoch, rad
	rate                               float64 // its change, rad/min
	ecc                                float64 // eccentricity of its orbit
}

// thirdBodies returns Sun and Moon at a day counted as days1950 does, seen from
// an orbit with ascending node node (Spacetrack Report #3, section 10).
func thirdBodies(day, node float64) (sun, moon attractor) {
	day += 18261.5 // the series count from 1899-12-31T12:00
	sinn, cosn := sincos(node)
	sun = attractor{
		c:    2.9864797e-6,
		cosg: 0.1945905, sing: -0.98088458,
		cosi: 0.91744867, sini: 0.39785416,
		cosh: cosn, sinh: sinn,
		anomaly: math.Mod(6.2565837+float64(0.017201977*day), twoPi),
		rate:    1.19459e-5,
		ecc:     0.01675,
	}
	lunarNode := math.Mod(4.5236020-float64(9.2422029e-4*day), twoPi)
	stem, ctem := sincos(lunarNode)
	cosil := 0.91375164 - float64(0.03568096*ctem)
	sinil := math.Sqrt(1 - float64(cosil*cosil))
	sinhl := 0.089683511 * stem / sinil
	coshl := math.Sqrt(1 - float64(sinhl*sinhl))
	gam := 5.8351514 + float64(0.0019443680*day)
	x := atan2(0.39785416*stem/sinil, float64(coshl*ctem)+float64(0.91744867*sinhl*stem))
	sing, cosg := sincos(gam + x - lunarNode)
	moon = attractor{
		c:    4.7968065e-7,
		cosg: cosg, sing: sing,
		cosi: cosil, sini: sinil,
		cosh:    float64(coshl*cosn) + float64(sinhl*sinn),
		sinh:    float64(sinn*coshl) - float64(cosn*sinhl),
		anomaly: math.Mod(4.7199672+float64(0.22997150*day)-gam, twoPi),
		rate:    1.5835218e-4,
		ecc:     0.05490,
	}
	return sun, moon
}

// pull holds the factors of one body's attraction on one orbit.
type pull struct {
	s1, s2, s3, s4, s5, s6, s7   float64
	z1, z2, z3                   float64
	z11, z12, z13, z21, z22, z23 float64
	z31, z32, z33                float64
}

// pull computes the factors of b on the orbit of p (AIAA 2006-6753, dscom).
func (b *attractor) pull(p *Propagator) pull {
	sini, cosi := p.plane.sini, p.plane.cosi
	sinw, cosw := sincos(p.argpo)
	esq := float64(p.ecco * p.ecco)
	betasq := 1 - esq
	rtesq := math.Sqrt(betasq)

	a1 := float64(b.cosg*b.cosh) + float64(b.sing*b.cosi*b.sinh)
	a3 := float64(b.cosg*b.cosi*b.sinh) - float64(b.sing*b.cosh)
	a7 := float64(b.sing*b.cosi*b.cosh) - float64(b.cosg*b.sinh)
	a8 := b.sing * b.sini
	a9 := float64(b.sing*b.sinh) + float64(b.cosg*b.cosi*b.cosh)
	a10 := b.cosg * b.sini
	a2 := float64(cosi*a7) + float64(sini*a8)
	a4 := float64(cosi*a9) + float64(sini*a10)
	a5 := float64(cosi*a8) - float64(sini*a7)
	a6 := float64(cosi*a10) - float64(sini*a9)

	x1 := float64(a1*cosw) + float64(a2*sinw)
	x2 := float64(a3*cosw) + float64(a4*sinw)
	x3 := float64(a2*cosw) - float64(a1*sinw)
	x4 := float64(a4*cosw) - float64(a3*sinw)
	x5, x6 := a5*sinw, a6*sinw
	x7, x8 := a5*cosw, a6*cosw

	// sum returns ab + cd with both products rounded.
	sum := func(a, b, c, d float64) float64 { return float64(a*b) + float64(c*d) }
	var f pull
	f.z31 = sum(12*x1, x1, -3*x3, x3)
	f.z32 = sum(24*x1, x2, -6*x3, x4)
	f.z33 = sum(12*x2, x2, -3*x4, x4)
	f.z1 = sum(3, sum(a1, a1, a2, a2), f.z31, esq)
	f.z2 = sum(6, sum(a1, a3, a2, a4), f.z32, esq)
	f.z3 = sum(3, sum(a3, a3, a4, a4), f.z33, esq)
	f.z11 = sum(-6*a1, a5, esq, sum(-24*x1, x7, -6*x3, x5))
	f.z12 = sum(-6, sum(a1, a6, a3, a5), esq, sum(-24, sum(x2, x7, x1, x8), -6, sum(x3, x6, x4, x5)))
	f.z13 = sum(-6*a3, a6, esq, sum(-24*x2, x8, -6*x4, x6))
	f.z21 = sum(6*a2, a5, esq, sum(24*x1, x5, -6*x3, x7))
	f.z22 = sum(6, sum(a4, a5, a2, a6), esq, sum(24, sum(x2, x5, x1, x6), -6, sum(x4, x7, x3, x8)))
	f.z23 = sum(6*a4, a6, esq, sum(24*x2, x6, -6*x4, x8))
	f.z1 = f.z1 + f.z1 + float64(betasq*f.z31)
	f.z2 = f.z2 + f.z2 + float64(betasq*f.z32)
	f.z3 = f.z3 + f.z3 + float64(betasq*f.z33)
	f.s3 = b.c / p.no
	f.s2 = -0.5 * f.s3 / rtesq
	f.s4 = f.s3 * rtesq
	f.s1 = -15 * p.ecco * f.s4
	f.s5 = sum(x1, x3, x2, x4)
	f.s6 = sum(x2, x3, x1, x4)
	f.s7 = sum(x2, x4, -x1, x3)
	return f
}

// secular returns the lasting changes per minute that the pull f of b makes
// on the orbit of p with inclination incl.
func (b *attractor) secular(f *pull, p *Propagator, incl float64) rates {
	sini, cosi := p.plane.sini, p.plane.cosi
	esq := float64(p.ecco * p.ecco)
	h := -b.rate * f.s2 * (f.z21 + f.z23)
	const edge = 5.2359877e-2 // 3 degrees: the node loses its meaning there
	if incl < edge || incl > math.Pi-edge {
		h = 0
	}
	if sini != 0 {
		h /= sini
	}
	return rates{
		e:    f.s1 * b.rate * f.s5,
		i:    f.s2 * b.rate * (f.z11 + f.z13),
		m:    -b.rate * f.s3 * (f.z1 + f.z3 - 14 - float64(6*esq)),
		argp: float64(f.s4*b.rate*(f.z31+f.z33-6)) - float64(cosi*h),
		node: h,
	}
}

// body holds the long-period periodics of Sun or Moon.
type body struct {
	anomaly, rate, ecc2                               float64 // ecc2: twice the eccentricity
	e2, e3, i2, i3, l2, l3, l4, gh2, gh3, gh4, h2, h3 float64
}

// periodics returns the amplitudes that the pull f of b has on an orbit of
// eccentricity ecc.
func (b *attractor) periodics(f *pull, ecc float64) body {
	esq := float64(ecc * ecc)
	return body{
		anomaly: b.anomaly, rate: b.rate, ecc2: 2 * b.ecc,
		e2: 2 * f.s1 * f.s6,
		e3: 2 * f.s1 * f.s7,
		i2: 2 * f.s2 * f.z12,
		i3: 2 * f.s2 * (f.z13 - f.z11),
		l2: -2 * f.s3 * f.z2,
		l3: -2 * f.s3 * (f.z3 - f.z1),
		l4: -2 * f.s3 * (-21 - float64(9*esq)) * b.ecc,

		gh2: 2 * f.s4 * f.z32,
		gh3: 2 * f.s4 * (f.z33 - f.z31),
		gh4: -18 * f.s4 * b.ecc,
		h2:  -2 * f.s2 * f.z22,
		h3:  -2 * f.s2 * (f.z23 - f.z21),
	}
}

// periodic is what one body adds to the elements at one time, rad.
type periodic struct{ e, i, l, gh, h float64 }

// at returns the periodics t minutes from the epoch.
func (b *body) at(t float64) periodic {
	zm := b.anomaly + float64(b.rate*t)
	sinz, cosz := sincos(zm)
	sinz, cosz = rotate(sinz, cosz, b.ecc2*sinz)
	f2 := float64(0.5*sinz*sinz) - 0.25
	f3 := -0.5 * sinz * cosz
	return periodic{
		e:  float64(b.e2*f2) + float64(b.e3*f3),
		i:  float64(b.i2*f2) + float64(b.i3*f3),
		l:  float64(b.l2*f2) + float64(b.l3*f3) + float64(b.l4*sinz),
		gh: float64(b.gh2*f2) + float64(b.gh3*f3) + float64(b.gh4*sinz),
		h:  float64(b.h2*f2) + float64(b.h3*f3),
	}
}
