// Package timescale converts between the time scales of orbital mechanics:
// UTC, TAI, TT and UT1, and gives Greenwich mean sidereal time.
//
// An instant is a time.Time and means UTC. Like Go's, its days have 86,400
// seconds, so the leap second itself (23:59:60) has no value of its own; the
// same convention holds for the epochs of TLE and OMM. Julian dates come in
// two parts, the midnight that begins the day (its fraction is .5) and the
// fraction of the day, so that they keep nanoseconds.
//
// The scales hang together as follows:
//
//	TAI = UTC + leap seconds   (TAIMinusUTC; 37 s since 2017)
//	TT  = TAI + 32.184 s
//	UT1 = UTC + dUT1           (measured, |dUT1| < 0.9 s; callers without it pass 0)
//
// All functions are pure; products are rounded before sums, so that every CPU
// agrees bit for bit.
package timescale
