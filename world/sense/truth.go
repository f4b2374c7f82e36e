package sense

import (
	"fmt"
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/magnetic"
	"spacechain/astro/sun"
)

const deg = math.Pi / 180

// muKm3S2 is the Earth's gravitational parameter, km^3/s^2 (WGS-84).
const muKm3S2 = 398600.4418

// Truth is what is so at a moment, before any instrument.
type Truth struct {
	Time       time.Time
	PosECEFKm  astro.Vec3
	VelECEFKmS astro.Vec3
	PosTEMEKm  astro.Vec3
	VelTEMEKmS astro.Vec3
	Place      astro.Geodetic
	Body       Axes       // body axes in TEME
	BodyECEF   Axes       // body axes in ECEF
	SunTEMEKm  astro.Vec3 // from the Earth's centre
	Light      float64    // share of the Sun's disc seen
}

// Axes are three unit vectors at right angles, x cross y is z.
type Axes struct{ X, Y, Z astro.Vec3 }

// Of gives a vector's components along the axes.
func (a Axes) Of(v astro.Vec3) astro.Vec3 { return astro.Vec3{v.Dot(a.X), v.Dot(a.Y), v.Dot(a.Z)} }

// Nadir gives the body axes of a satellite that points to the Earth's centre:
// x forward, y right, z down, in the frame of the arguments, which must be inertial
// in its velocity.
func Nadir(pos, vel astro.Vec3) Axes {
	z := pos.Unit().Scale(-1)
	y := vel.Cross(pos).Unit() // against the orbit's normal
	return Axes{X: y.Cross(z), Y: y, Z: z}
}

// Orbit is a trajectory in ECEF, km and km/s.
type Orbit interface {
	ECEF(t time.Time) (posKm, velKmS astro.Vec3, err error)
}

// Truth works out what is so at a moment.
func (s *Suite) Truth(at time.Time) (Truth, error) {
	t := Truth{Time: at.UTC()}
	var err error
	if t.PosECEFKm, t.VelECEFKmS, err = s.orbit.ECEF(at); err != nil {
		return t, fmt.Errorf("sensors of satellite %d: %w", s.node, err)
	}
	turn := frame.RotationAt(at)
	t.PosTEMEKm, t.VelTEMEKmS = turn.ToTEME(t.PosECEFKm, t.VelECEFKmS)
	t.Place = frame.ToGeodetic(t.PosECEFKm)
	t.Body = Nadir(t.PosTEMEKm, t.VelTEMEKmS)
	t.BodyECEF = Axes{turn.DirToECEF(t.Body.X), turn.DirToECEF(t.Body.Y), turn.DirToECEF(t.Body.Z)}
	t.SunTEMEKm = sun.PosTEMEKm(at)
	t.Light, _ = sun.IlluminationBy(t.PosTEMEKm, t.SunTEMEKm)
	return t, nil
}

// FieldNT gives the magnetic field in body axes, nT (IGRF-14).
func (t *Truth) FieldNT() astro.Vec3 {
	return t.BodyECEF.Of(magnetic.FieldECEF(t.PosECEFKm, t.Time))
}

// RateDegS gives the body's rate against the stars in body axes, deg/s: once a
// revolution about the axis against the orbit's normal.
func (t *Truth) RateDegS() astro.Vec3 {
	h := t.PosTEMEKm.Cross(t.VelTEMEKmS).Norm()
	return astro.Vec3{0, -h / t.PosTEMEKm.Dot(t.PosTEMEKm) / deg, 0}
}

// SunBody gives the direction to the Sun in body axes.
func (t *Truth) SunBody() astro.Vec3 { return t.Body.Of(t.SunTEMEKm.Sub(t.PosTEMEKm).Unit()) }

// Attitude gives the rotation from body to TEME axes as a quaternion w, x, y, z with
// w >= 0: the vector v in body axes is q v q* in TEME.
func (t *Truth) Attitude() [4]float64 { return quaternion(t.Body) }

// quaternion gives the rotation whose matrix has the axes as columns (Shepperd 1978).
func quaternion(a Axes) [4]float64 {
	m := [3][3]float64{{a.X[0], a.Y[0], a.Z[0]}, {a.X[1], a.Y[1], a.Z[1]}, {a.X[2], a.Y[2], a.Z[2]}}
	trace := m[0][0] + m[1][1] + m[2][2]
	best, largest := 0, trace
	for i := range 3 {
		if m[i][i] > largest {
			best, largest = i+1, m[i][i]
		}
	}
	var q [4]float64
	if best == 0 {
		q = [4]float64{1 + trace, m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]}
	} else {
		i := best - 1
		j, k := (i+1)%3, (i+2)%3
		q[0] = m[k][j] - m[j][k]
		q[1+i] = 1 + m[i][i] - m[j][j] - m[k][k]
		q[1+j] = m[j][i] + m[i][j]
		q[1+k] = m[k][i] + m[i][k]
	}
	return normal(q)
}

// normal scales a quaternion to length one with w >= 0.
func normal(q [4]float64) [4]float64 {
	n := 0.0
	for _, x := range q {
		n += float64(x * x)
	}
	n = math.Sqrt(n)
	if q[0] < 0 {
		n = -n
	}
	for i := range q {
		q[i] /= n
	}
	return q
}
