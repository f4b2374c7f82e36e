package sgp4

import "math"

// init computes every coefficient of p from its mean elements. kozai is the
// mean motion of the element set in rad/min, incl the inclination in rad.
// Names follow AIAA 2006-6753, appendix B.
func (p *Propagator) init(g constants, set settings, kozai, incl, bstar float64) error {
	p.xke, p.j3oj2 = g.xke, g.j3/g.j2
	p.radiusKm, p.kmPerSec = g.radiusKm, g.radiusKm*g.xke/60
	p.halfJ2 = 0.5 * g.j2

	sini, cosi := sincos(incl)
	c2 := float64(cosi * cosi)
	c4 := float64(c2 * c2)
	p.plane = newPlane(sini, cosi, p.j3oj2)
	e := p.ecco
	omeosq := 1 - float64(e*e)
	rteosq := math.Sqrt(omeosq)

	// Brouwer's mean motion from Kozai's.
	ak := axis(g.xke, kozai)
	d1 := 0.75 * g.j2 * p.plane.con41 / (rteosq * omeosq)
	del := d1 / (ak * ak)
	adel := ak * (1 - float64(del*del) - float64(del*(1.0/3+134*del*del/81)))
	del = d1 / (adel * adel)
	p.no = kozai / (1 + del)
	if !(p.no > 0 && p.no < 1) {
		return &Error{Code: CodeMeanMotion, NoradID: p.noradID}
	}
	p.ao = axis(g.xke, p.no)

	rp := float64(p.ao * (1 - e))
	if set.epochCheck && rp < 1 {
		return &Error{Code: CodeSuborbital, NoradID: p.noradID}
	}
	p.simple = rp < 220/g.radiusKm+1

	// The atmosphere's density function below 156 km of perigee.
	perigeeKm := float64((rp - 1) * g.radiusKm)
	sKm := 78.0
	if perigeeKm < 156 {
		sKm = max(perigeeKm-78, 20)
	}
	q := (120 - sKm) / g.radiusKm
	qoms := float64(q*q) * float64(q*q)
	s := sKm/g.radiusKm + 1

	tsi := 1 / (p.ao - s)
	p.eta = p.ao * e * tsi
	etasq := float64(p.eta * p.eta)
	eeta := float64(e * p.eta)
	psisq := math.Abs(1 - etasq)
	coef := qoms * float64(tsi*tsi) * float64(tsi*tsi)
	coef1 := coef / (psisq * psisq * psisq * math.Sqrt(psisq))
	con41 := p.plane.con41
	cc2 := coef1 * p.no * (float64(p.ao*(1+float64(1.5*etasq)+float64(eeta*(4+etasq)))) +
		float64(0.375*g.j2*tsi/psisq*con41*(8+float64(3*etasq*(8+etasq)))))
	p.cc1 = bstar * cc2
	var cc3 float64
	sinw, cosw := sincos(p.argpo)
	cos2w := float64(cosw*cosw) - float64(sinw*sinw)
	if e > 1e-4 {
		cc3 = -2 * coef * tsi * p.j3oj2 * p.no * sini / e
		p.xmcof = -2.0 / 3 * coef * bstar / eeta
	}
	cc4 := 2 * p.no * coef1 * p.ao * omeosq *
		(float64(p.eta*(2+float64(0.5*etasq))) + float64(e*(0.5+float64(2*etasq))) -
			float64(g.j2*tsi/(p.ao*psisq)*
				(float64(-3*con41*(1-float64(2*eeta)+float64(etasq*(1.5-float64(0.5*eeta)))))+
					float64(0.75*p.plane.x1mth2*(float64(2*etasq)-float64(eeta*(1+etasq)))*cos2w))))
	cc5 := 2 * coef1 * p.ao * omeosq * (1 + float64(2.75*(etasq+eeta)) + float64(eeta*etasq))
	p.bc4, p.bc5 = bstar*cc4, bstar*cc5

	// Secular rates of mean anomaly, perigee and node.
	pinv := 1 / (p.ao * omeosq)
	pinvsq := pinv * pinv
	temp1 := 1.5 * g.j2 * pinvsq * p.no
	temp2 := 0.5 * temp1 * g.j2 * pinvsq
	temp3 := float64(-0.46875 * g.j4 * pinvsq * pinvsq * p.no)
	p.mdot = p.no + float64(0.5*temp1*rteosq*con41) +
		float64(0.0625*temp2*rteosq*(13-float64(78*c2)+float64(137*c4)))
	p.argpdot = float64(-0.5*temp1*(1-float64(5*c2))) +
		float64(0.0625*temp2*(7-float64(114*c2)+float64(395*c4))) +
		float64(temp3*(3-float64(36*c2)+float64(49*c4)))
	xhdot1 := float64(-temp1 * cosi)
	p.nodedot = xhdot1 + float64(
		(float64(0.5*temp2*(4-float64(19*c2)))+float64(2*temp3*(3-float64(7*c2))))*cosi)
	p.omgcof = bstar * cc3 * cosw
	p.nodecf = 3.5 * omeosq * xhdot1 * p.cc1
	p.t2cof = 1.5 * p.cc1

	sinm, cosm := sincos(p.mo)
	delmo := 1 + float64(p.eta*cosm)
	p.delmo = delmo * delmo * delmo
	p.sinmo = sinm

	if twoPi/p.no >= 225 {
		p.simple = true
		p.deep = newDeep(p, set.mode, incl)
		return nil
	}
	if !p.simple {
		p.initHigherDrag(tsi, s)
	}
	return nil
}

// initHigherDrag computes the powers of drag that orbits above 220 km of
// perigee take into account.
func (p *Propagator) initHigherDrag(tsi, s float64) {
	cc1, ao := p.cc1, p.ao
	cc1sq := float64(cc1 * cc1)
	p.d2 = float64(4 * ao * tsi * cc1sq)
	temp := p.d2 * tsi * cc1 / 3
	p.d3 = (float64(17*ao) + s) * temp
	p.d4 = 0.5 * temp * ao * tsi * (float64(221*ao) + float64(31*s)) * cc1
	p.t3cof = p.d2 + float64(2*cc1sq)
	p.t4cof = 0.25 * (float64(3*p.d3) + float64(cc1*(float64(12*p.d2)+float64(10*cc1sq))))
	p.t5cof = 0.2 * (float64(3*p.d4) + float64(12*cc1*p.d3) + float64(6*p.d2*p.d2) +
		float64(15*cc1sq*(float64(2*p.d2)+cc1sq)))
}

// axis returns the semi-major axis (xke/n)^(2/3) in Earth radii of a mean
// motion n in rad/min.
func axis(xke, n float64) float64 {
	q := xke / n
	return cbrt(float64(q * q))
}
