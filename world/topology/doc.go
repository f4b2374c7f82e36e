// Package topology is the geometry of the universe: which satellites, stations
// and terminals there are, where they are at any moment, and when which two of
// them can talk, at what rate and with what light time.
//
// # Positions
//
// Satellites are propagated by SGP4 at every whole minute of UTC and interpolated
// between by cubic Hermite polynomials on ECEF position and velocity, within 2 m of
// SGP4 (0.3 m from the cubic, the rest because SGP4's velocity is not quite the
// derivative of its position). A position is a pure function of time, whatever was
// asked before. A satellite whose propagation fails has no position in that minute;
// one that fails or has its perigee below 60 km at one of the half hours from the
// world's start on has come down for good. Each gets a [Warning].
//
// # Links
//
// Ground links: a satellite at or above a station's minimum elevation (and horizon
// mask, if it has one). Rise and set are found to the millisecond on the
// interpolated orbit.
//
// Inter-satellite links follow one of two rules:
//
//   - Grid, for constellations in regular planes: each satellite holds its fore and
//     aft neighbours in the plane, and one neighbour in the plane to either side,
//     the nearest in phase. Links between planes are dropped while either end is
//     poleward of the cutoff latitude, and planes that rotate against each other
//     (the seam of a Walker star) have none.
//   - Nearest, for real catalogues: each satellite has four terminals. Time is cut
//     into slots (five minutes); in each, pairs are taken in order of growing
//     distance, the greatest within the slot, while both ends have a terminal free:
//     the stable choice when everybody prefers who is nearest. So links are
//     symmetric, and favour neighbours that fly along over those that rush past.
//
// In both, a link needs the distance below the limit and a line of sight that
// passes the Earth at the grazing height or above. In Grid an interruption
// shorter than a minute may go unnoticed.
//
// The core network is a full mesh of cables between the stations and the
// terminals attached to it, up all the time.
//
// # Radios
//
// Each kind of link has its radios, and each direction a family of waveforms of
// link/radio ([Wave]). A window's rates are what the convergence layer gets of the
// fastest that keeps its margin at the greatest range: transfer frames, markers, codes
// and packet headers are taken off.
//
// # Order
//
// Satellites are ordered by node number, windows by start, then by ends: the same
// options give the same answers in the same order.
package topology
