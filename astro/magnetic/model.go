package magnetic

import (
	"fmt"
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/timescale"
)

// referenceRadiusKm is the radius a in the model's definition (IAGA).
const referenceRadiusKm = 6371.2

// The years, with fraction, that the model covers.
const (
	FirstYear = firstEpoch
	LastYear  = firstEpoch + (epochs-1)*epochStep
)

// RangeError is returned for an instant outside FirstYear to LastYear.
type RangeError struct {
	Time time.Time
}

// Error says which years there are.
func (e *RangeError) Error() string {
	return fmt.Sprintf("magnetic field at %s: IGRF-14 covers %d to %d; use an instant within them",
		e.Time.UTC().Format(time.RFC3339), FirstYear, LastYear)
}

// Model is the field at one instant. Make it with At or Clamped; the zero
// value is a field of zero.
type Model struct {
	// coefficients of unnormalised Legendre functions, nT, in the file's order
	c [rows]float64
}

// At interpolates the model to t. The error is a *RangeError.
func At(t time.Time) (Model, error) {
	year := timescale.DecimalYear(t)
	if !(year >= FirstYear && year <= LastYear) {
		return Model{}, &RangeError{Time: t}
	}
	return interpolate(year), nil
}

// Clamped is At with instants outside the model's years moved to its first or
// last one.
func Clamped(t time.Time) Model {
	return interpolate(max(FirstYear, min(LastYear, timescale.DecimalYear(t))))
}

func interpolate(year float64) Model {
	x := (year - firstEpoch) / epochStep
	i := min(int(x), epochs-2)
	w := x - float64(i)
	a, b := &unnormalised[i], &unnormalised[i+1]
	var m Model
	for k := range m.c {
		m.c[k] = a[k] + float64(w*(b[k]-a[k]))
	}
	return m
}

// FieldECEF is the field at an ECEF position (km) and time, as an ECEF vector
// in nT. Instants outside 1900 to 2030 take the nearest of these years. To ask
// for many places at one instant make a Model once.
func FieldECEF(posECEFKm astro.Vec3, t time.Time) astro.Vec3 {
	m := Clamped(t)
	return m.FieldECEF(posECEFKm)
}

// FieldNED is the field at a geodetic place in components north, east and down
// (nT), the X, Y and Z of observatories. Time as in FieldECEF.
func FieldNED(place astro.Geodetic, t time.Time) astro.Vec3 {
	m := Clamped(t)
	return m.FieldNED(place)
}

// FieldNED is the field at a geodetic place in components north, east and down
// (nT). At the poles north and east follow the given longitude.
func (m *Model) FieldNED(place astro.Geodetic) astro.Vec3 {
	c := frame.NewTopocentre(place)
	return c.ToNED(m.FieldECEF(c.PosECEFKm))
}

// size is one more than the highest degree needed: gradients of degree n take
// solid harmonics of degree n+1.
const size = degree + 2

// FieldECEF is the field at an ECEF position (km) as an ECEF vector in nT. The
// model's sources are in the core: it is meant for places outside, from about
// 3,500 km on. At the Earth's centre, where it has no value, the field is zero.
//
// The gradient is taken in Cartesian coordinates by recursion over solid
// harmonics (Cunningham 1970; Montenbruck & Gill, Satellite Orbits, eq. 3.29 to
// 3.33), which has no singular place at the poles.
func (m *Model) FieldECEF(posECEFKm astro.Vec3) astro.Vec3 {
	r2 := posECEFKm.Dot(posECEFKm)
	if r2 == 0 {
		return astro.Vec3{}
	}
	k := referenceRadiusKm / r2
	x, y, z := float64(k*posECEFKm[0]), float64(k*posECEFKm[1]), float64(k*posECEFKm[2])
	rho := float64(k * referenceRadiusKm)

	// v[m][n], w[m][n]: (a/r)^(n+1) P_nm(sin lat) times cos and sin of m lon
	var v, w [size][size]float64
	v[0][0] = math.Sqrt(rho)
	for m := range size {
		vm, wm := &v[m], &w[m]
		if m > 0 {
			f := float64(2*m - 1)
			pv, pw := v[m-1][m-1], w[m-1][m-1]
			vm[m] = float64(f * (float64(x*pv) - float64(y*pw)))
			wm[m] = float64(f * (float64(x*pw) + float64(y*pv)))
		}
		if m+1 < size {
			f := float64(float64(2*m+1) * z)
			vm[m+1] = float64(f * vm[m])
			wm[m+1] = float64(f * wm[m])
		}
		for n := m + 2; n < size; n++ {
			f, g := float64(up[m][n]*z), float64(down[m][n]*rho)
			vm[n] = float64(f*vm[n-1]) - float64(g*vm[n-2])
			wm[n] = float64(f*wm[n-1]) - float64(g*wm[n-2])
		}
	}

	// B = -grad V, summed from the small high degrees down
	var bx, by, bz float64
	for n := degree; n >= 1; n-- {
		at := n*n - 1
		g := m.c[at]
		bx += float64(g * v[1][n+1])
		by += float64(g * w[1][n+1])
		bz += float64(float64(float64(n+1)*g) * v[0][n+1])
		for o := 1; o <= n; o++ {
			g, h := m.c[at+2*o-1], m.c[at+2*o]
			f := float64((n-o+2)*(n-o+1)) / 2
			va, wa := float64(f*v[o-1][n+1]), float64(f*w[o-1][n+1])
			vb, wb := v[o+1][n+1]/2, w[o+1][n+1]/2
			bx += float64(g*(vb-va)) + float64(h*(wb-wa))
			by += float64(g*(wb+wa)) - float64(h*(vb+va))
			bz += float64(float64(n-o+1) * (float64(g*v[o][n+1]) + float64(h*w[o][n+1])))
		}
	}
	return astro.Vec3{bx, by, bz}
}

// The factors of the recursion over degree, and the table freed of Schmidt's
// normalisation, by epoch. They are computed once, before main.
var (
	up, down     = recursion()
	unnormalised = unnormalise()
)

func recursion() (up, down [size][size]float64) {
	for m := range size {
		for n := m + 1; n < size; n++ {
			up[m][n] = float64(2*n-1) / float64(n-m)
			down[m][n] = float64(n+m-1) / float64(n-m)
		}
	}
	return up, down
}

// unnormalise multiplies the published coefficients with Schmidt's factor
// sqrt((2 - [m=0]) (n-m)!/(n+m)!).
func unnormalise() (table [epochs][rows]float64) {
	for n := 1; n <= degree; n++ {
		ratio := 1.0 // (n-m)!/(n+m)!
		for m := 0; m <= n; m++ {
			at, last, f := n*n-1, n*n-1, 1.0
			if m > 0 {
				at, last = n*n-1+2*m-1, n*n-1+2*m
				ratio /= float64((n - m + 1) * (n + m))
				f = math.Sqrt(2 * ratio)
			}
			for ; at <= last; at++ {
				for e := range epochs {
					table[e][at] = float64(gauss[at][e] * f)
				}
			}
		}
	}
	return table
}
