// Package sgp4 propagates TLE and OMM element sets: SGP4 near the Earth, SDP4
// in deep space (periods of 225 minutes and more), as revised by Vallado,
// Crawford, Hujsak and Kelso ("Revisiting Spacetrack Report #3", AIAA
// 2006-6753), after Hoots and Roehrich (Spacetrack Report #3, 1980).
//
// New turns an elements.Set into a Propagator; its At and AtTime give position
// in km and velocity in km/s in the TEME frame of date. Failures are *Error
// with one of the six codes of the theory.
//
// The equations are those of the papers; their evaluation is arranged anew.
// Angles are carried with their sines and cosines and turned by small
// corrections instead of passing through atan2, the resonance terms of the
// deep-space integrator share two sines, and whatever does not change is
// computed by New. The published verification cases agree to better than
// 2e-7 km. Every product is rounded before it is added and the
// trigonometric functions are our own, so that amd64, arm64, arm and riscv64
// give the same bits.
//
// A Propagator may be used by several goroutines at once. At and AtTime do
// not allocate unless they return an error.
package sgp4
