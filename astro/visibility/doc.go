// Package visibility says when satellites see stations, regions, each other and
// the Sun.
//
// A Trajectory tells where a satellite is; Orbit is one from SGP4. Passes,
// RegionPasses, Links and Eclipses search an interval of it for windows. Their
// ends are roots of the true trajectory, good to well under 10 ms (in general a
// microsecond), and no window is missed for being short: between two samples
// the search holds a bound on how far the satellite can have strayed, and looks
// closer until the bound excludes a crossing. Only windows, and gaps in
// windows, of less than a millisecond may be overlooked.
//
// Sample makes an Ephemeris, a trajectory with remembered samples. Hand the same
// one to the searches of many stations, and the orbit is propagated once for
// all of them:
//
//	eph, err := visibility.Sample(visibility.NewOrbit(prop), from, to)
//	for _, site := range sites {
//		passes, err := visibility.Passes(eph, site, from, to)
//	}
//
// Windows that have begun before the interval or outlast it are cut there and
// flagged (OpenStart, OpenEnd); a geostationary satellite in view is one window
// open at both ends.
//
// Angles of elevation are geometric: refraction is left out. Positions are in
// ECEF, km. The searches round products before sums, so that every CPU agrees.
package visibility
