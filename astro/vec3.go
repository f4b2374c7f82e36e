package astro

import "math"

// Vec3 is a vector of three Cartesian components. Its unit and frame are
// named by the variable or field that holds it.
type Vec3 [3]float64

// Add returns v + w.
func (v Vec3) Add(w Vec3) Vec3 {
	return Vec3{v[0] + w[0], v[1] + w[1], v[2] + w[2]}
}

// Sub returns v - w.
func (v Vec3) Sub(w Vec3) Vec3 {
	return Vec3{v[0] - w[0], v[1] - w[1], v[2] - w[2]}
}

// Scale returns v with every component multiplied by k.
func (v Vec3) Scale(k float64) Vec3 {
	return Vec3{float64(v[0] * k), float64(v[1] * k), float64(v[2] * k)}
}

// Dot returns the scalar product of v and w.
func (v Vec3) Dot(w Vec3) float64 {
	return float64(v[0]*w[0]) + float64(v[1]*w[1]) + float64(v[2]*w[2])
}

// Cross returns the vector product v x w.
func (v Vec3) Cross(w Vec3) Vec3 {
	return Vec3{
		float64(v[1]*w[2]) - float64(v[2]*w[1]),
		float64(v[2]*w[0]) - float64(v[0]*w[2]),
		float64(v[0]*w[1]) - float64(v[1]*w[0]),
	}
}

// Norm returns the length of v. It does not guard against overflow: lengths
// here are far below 1e150.
func (v Vec3) Norm() float64 {
	return math.Sqrt(v.Dot(v))
}

// Unit returns v scaled to length one, and the zero vector for a zero vector.
func (v Vec3) Unit() Vec3 {
	n := v.Norm()
	if n == 0 {
		return Vec3{}
	}
	return Vec3{v[0] / n, v[1] / n, v[2] / n}
}
