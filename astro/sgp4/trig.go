package sgp4

import "math"

// The functions below replace math.Sincos, math.Atan2 and math.Cbrt for two
// reasons. The compiler may fuse multiplications and additions inside package
// math on arm64, riscv64, ppc64 and s390x, so that those answer differently in
// the last bit than amd64; here every product is rounded before it is added.
// And a sine and cosine without branches on the quadrant costs half as much,
// which is most of what a propagation costs.

// Minimax coefficients of sin and cos on [-pi/4, pi/4], error below 2^-57
// (FreeBSD msun, k_sin.c and k_cos.c, Sun Microsystems 1993).
const (
	sin1 = -1.66666666666666324348e-01
	sin2 = 8.33333333332248946124e-03
	sin3 = -1.98412698298579493134e-04
	sin4 = 2.75573137070700676789e-06
	sin5 = -2.50507602534068634195e-08
	sin6 = 1.58969099521155010221e-10

	cos1 = 4.16666666666666019037e-02
	cos2 = -1.38888888888741095749e-03
	cos3 = 2.48015872894767294178e-05
	cos4 = -2.75573143513906633035e-07
	cos5 = 2.08757232129817482790e-09
	cos6 = -1.13596475577881948265e-11
)

// pi/2 in three parts for the reduction of Cody and Waite; the first two have
// 33 bits, so that their products with integers below 2^20 are exact.
const (
	halfPi1 = 1.57079632673412561417e+00
	halfPi2 = 6.07710050630396597660e-11
	halfPi3 = 2.02226624879595063154e-21

	roundMagic = 0x1.8p52      // adding it rounds to an integer
	maxReduce  = 0x1p20 * 1.57 // largest angle that three parts reduce
	twoPi      = 2 * math.Pi
	twoPi64    = 0x1.921fb54442d18p+2 // twoPi as a double
	degree     = math.Pi / 180
)

// sincos returns the sine and cosine of x (radians), within one unit in the
// last place for |x| < 1.6e6; beyond, x is first taken modulo the double
// nearest 2 pi, as SGP4's fmod does. NaN and infinities give NaN.
func sincos(x float64) (sin, cos float64) {
	if !(math.Abs(x) < maxReduce) {
		x = math.Mod(x, twoPi)
	}
	t := float64(x*(2/math.Pi)) + roundMagic
	n := math.Float64bits(t)
	k := t - roundMagic
	r := x - float64(k*halfPi1)
	r -= float64(k * halfPi2)
	r -= float64(k * halfPi3)

	z := float64(r * r)
	z2 := float64(z * z)
	ps := (sin2 + float64(sin3*z)) + float64(z2*((sin4+float64(sin5*z))+float64(sin6*z2)))
	s := r + float64(float64(z*r)*(sin1+float64(z*ps)))
	pc := (cos1 + float64(cos2*z)) + float64(z2*((cos3+float64(cos4*z))+float64(z2*(cos5+float64(cos6*z)))))
	h := float64(0.5 * z)
	w := 1 - h
	c := w + (((1 - w) - h) + float64(z2*pc))

	// Odd quadrants swap the two; the sign follows the quadrant.
	sb, cb := math.Float64bits(s), math.Float64bits(c)
	swap := (sb ^ cb) & -(n & 1)
	sb ^= swap ^ (n&2)<<62
	cb ^= swap ^ ((n+1)&2)<<62
	return math.Float64frombits(sb), math.Float64frombits(cb)
}

// small is the largest angle that the short series of rotate serves.
const small = 1.0 / 32

// rotate returns sine and cosine of a+d for given sine and cosine of a. The
// corrections of SGP4 (Kepler steps, short-period terms) are nearly always
// small, and then it costs a tenth of a fresh sincos.
func rotate(sin, cos, d float64) (float64, float64) {
	if !(math.Abs(d) < small) {
		sd, cd := sincos(d)
		return float64(sin*cd) + float64(cos*sd), float64(cos*cd) - float64(sin*sd)
	}
	z := float64(d * d)
	sd := d + float64(float64(d*z)*(-1.0/6+float64(z*(1.0/120-float64(z*(1.0/5040))))))
	cd := float64(z * (-0.5 + float64(z*(1.0/24-float64(z*(1.0/720))))))
	return sin + (float64(sin*cd) + float64(cos*sd)), cos + (float64(cos*cd) - float64(sin*sd))
}

// modTwoPi returns math.Mod(x, twoPi) for |x| < 6e6, five times faster. The
// theory's fmod takes the double nearest 2 pi, which matters after hundreds
// of revolutions of a very eccentric orbit.
func modTwoPi(x float64) float64 {
	const (
		hi = 0x1.921fb544p+2 // the leading 33 bits of twoPi
		lo = twoPi64 - hi
	)
	if !(math.Abs(x) < 0x1p20*6) {
		return math.Mod(x, twoPi)
	}
	k := math.Trunc(float64(x * (1 / twoPi)))
	r := x - float64(k*hi) - float64(k*lo)
	if r != 0 && math.Signbit(r) != math.Signbit(x) { // the quotient was rounded up
		r += math.Copysign(twoPi, x)
	}
	return r
}

// atan2 returns the angle of the point (x, y) in (-pi, pi], within two units
// in the last place. It corrects a rough angle by the exact rotation to it.
func atan2(y, x float64) float64 {
	ax, ay := math.Abs(x), math.Abs(y)
	if ax == 0 && ay == 0 {
		return 0
	}
	// Rough: error below 0.004 rad in the first octant, mirrored to the others.
	swap := ay > ax
	if swap {
		ax, ay = ay, ax
	}
	q := ay / ax
	a := float64(q * (math.Pi/4 + float64(0.273*(1-q))))
	if swap {
		a = math.Pi/2 - a
	}
	if math.Signbit(x) {
		a = math.Pi - a
	}
	if math.Signbit(y) {
		a = -a
	}
	s, c := sincos(a)
	d := (float64(y*c) - float64(x*s)) / (float64(x*c) + float64(y*s))
	z := float64(d * d)
	return a + float64(d*(1-float64(z*(1.0/3-float64(z*(0.2-float64(z*(1.0/7))))))))
}

// cbrt returns the cube root of a positive, normal x within one unit in the
// last place.
func cbrt(x float64) float64 {
	// Dividing the exponent by three gives a start within 6 %; each Halley
	// step cubes the error.
	r := math.Float64frombits(math.Float64bits(x)/3 + 0x2a9f7893782da1ce)
	for range 3 {
		c := float64(float64(r*r) * r)
		r -= float64(r * ((c - x) / (float64(2*c) + x)))
	}
	return r
}
