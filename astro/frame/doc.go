// Package frame turns vectors between the frames of reference of orbital
// mechanics and says where a satellite stands in a station's sky.
//
// The frames are:
//
//   - TEME: true equator, mean equinox of date; what SGP4 returns (km, km/s).
//   - ECEF: fixed to the rotating Earth, x towards 0N 0E, z towards the north
//     pole (WGS-84, the same as ITRF here). Velocities in it are what an
//     observer on the ground sees.
//   - Geodetic: latitude, longitude and height over the WGS-84 ellipsoid.
//   - NED and topocentric: north, east, down (or azimuth and elevation) at a
//     place on the Earth.
//
// The package functions take UT1 = UTC and no polar motion, which costs up to
// 0.4 km on the ground; an Orientation carries the measured values.
//
// All functions are pure, allocate nothing, and round products before sums, so
// that every CPU agrees on the sums (sines and cosines come from package math).
package frame
