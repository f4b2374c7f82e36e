package timescale

import "time"

const (
	secondsPerDay = 86400
	mjdUnix       = -40587    // day number of MJD 0, counted from 1970-01-01
	jdUnix        = 2440587.5 // Julian date of 1970-01-01T00:00
	j2000         = 2451545.0 // Julian date of 2000-01-01T12:00
)

// civil splits an instant into whole days since 1970-01-01T00:00 UTC and the
// fraction of the day.
func civil(t time.Time) (day int64, frac float64) {
	sec := t.Unix()
	day = sec / secondsPerDay
	sec -= day * secondsPerDay
	if sec < 0 {
		sec += secondsPerDay
		day--
	}
	ns := sec*1_000_000_000 + int64(t.Nanosecond())
	return day, float64(ns) / (secondsPerDay * 1e9)
}

// JulianUTC returns the Julian date of t on the UTC scale: the midnight that
// begins the day (a number ending in .5) and the fraction of the day.
func JulianUTC(t time.Time) (jd, frac float64) {
	day, frac := civil(t)
	return float64(day) + jdUnix, frac
}

// JulianTAI returns the Julian date of t on the TAI scale, in two parts as
// JulianUTC does.
func JulianTAI(t time.Time) (jd, frac float64) {
	return JulianUTC(t.Add(TAIMinusUTC(t)))
}

// JulianTT returns the Julian date of t in Terrestrial Time, in two parts as
// JulianUTC does. Almanacs of Sun and Moon take this one.
func JulianTT(t time.Time) (jd, frac float64) {
	return JulianUTC(t.Add(TTMinusUTC(t)))
}

// JulianUT1 returns the Julian date of t on the UT1 scale, in two parts as
// JulianUTC does. dut1 is UT1-UTC as the IERS publishes it; 0 costs at most
// 0.9 s of Earth rotation (0.42 km at the equator).
func JulianUT1(t time.Time, dut1 time.Duration) (jd, frac float64) {
	return JulianUTC(t.Add(dut1))
}

// FromJulianUTC returns the instant of a Julian date in UTC, given in two
// parts of any split, to the nanosecond that their precision allows.
func FromJulianUTC(jd, frac float64) time.Time {
	day := int64(jd - jdUnix)
	rest := jd - jdUnix - float64(day) + frac
	return time.Unix(day*secondsPerDay, 0).UTC().Add(
		time.Duration(float64(rest * secondsPerDay * 1e9)).Round(time.Nanosecond))
}

// CenturiesTT returns the Julian centuries of Terrestrial Time from J2000.0
// (2000-01-01T12:00 TT) to t, the argument of almanac series.
func CenturiesTT(t time.Time) float64 {
	jd, frac := JulianTT(t)
	return (jd - j2000 + frac) / 36525
}

// DecimalYear returns t as a year with fraction, as magnetic field models
// take it: 2026-07-02T12:00 is 2026.5.
func DecimalYear(t time.Time) float64 {
	t = t.UTC()
	start := time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	length := time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC).Sub(start)
	return float64(t.Year()) + float64(t.Sub(start))/float64(length)
}
