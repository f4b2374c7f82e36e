// Package astro holds the few types that all of astrodynamics here shares: a
// vector of three components and a place on the Earth.
//
// Frames and units stand in the names of what carries a vector (PosTEMEKm,
// PosECEFKm), never in the vector itself. The work is done in the packages
// below it: timescale (UTC, TAI, TT, UT1), elements (TLE, OMM, Walker),
// sgp4 (orbits), frame, sun, magnetic and visibility.
//
// Products are rounded before they are added (float64(a*b) + c), because Go
// fuses multiply and add on some processors: so every CPU agrees bit for bit.
package astro
