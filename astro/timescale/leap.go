package timescale

import "time"

// TTMinusTAI is the constant difference of Terrestrial Time to TAI
// (IAU 1991 recommendation IV).
const TTMinusTAI = 32184 * time.Millisecond

// A leap is one line of the IERS table of TAI-UTC: from mjd on, TAI-UTC is
// offset + (MJD-base)*rate seconds. Since 1972 the rate is zero.
type leap struct {
	mjd    int64
	offset float64 // s
	base   float64 // MJD
	rate   float64 // s/day
}

// leaps is the table of TAI-UTC published by the IERS (tai-utc.dat), from the
// beginning of coordinated time in 1960. The line of 2017-01-01 is the last that
// was announced (IERS Bulletin C) when this table was written.
var leaps = [...]leap{
	{36934, 1.4178180, 37300, 0.0012960}, // 1960-01-01
	{37300, 1.4228180, 37300, 0.0012960}, // 1961-01-01
	{37512, 1.3728180, 37300, 0.0012960}, // 1961-08-01
	{37665, 1.8458580, 37665, 0.0011232}, // 1962-01-01
	{38334, 1.9458580, 37665, 0.0011232}, // 1963-11-01
	{38395, 3.2401300, 38761, 0.0012960}, // 1964-01-01
	{38486, 3.3401300, 38761, 0.0012960}, // 1964-04-01
	{38639, 3.4401300, 38761, 0.0012960}, // 1964-09-01
	{38761, 3.5401300, 38761, 0.0012960}, // 1965-01-01
	{38820, 3.6401300, 38761, 0.0012960}, // 1965-03-01
	{38942, 3.7401300, 38761, 0.0012960}, // 1965-07-01
	{39004, 3.8401300, 38761, 0.0012960}, // 1965-09-01
	{39126, 4.3131700, 39126, 0.0025920}, // 1966-01-01
	{39887, 4.2131700, 39126, 0.0025920}, // 1968-02-01
	{41317, 10, 0, 0},                    // 1972-01-01
	{41499, 11, 0, 0},                    // 1972-07-01
	{41683, 12, 0, 0},                    // 1973-01-01
	{42048, 13, 0, 0},                    // 1974-01-01
	{42413, 14, 0, 0},                    // 1975-01-01
	{42778, 15, 0, 0},                    // 1976-01-01
	{43144, 16, 0, 0},                    // 1977-01-01
	{43509, 17, 0, 0},                    // 1978-01-01
	{43874, 18, 0, 0},                    // 1979-01-01
	{44239, 19, 0, 0},                    // 1980-01-01
	{44786, 20, 0, 0},                    // 1981-07-01
	{45151, 21, 0, 0},                    // 1982-07-01
	{45516, 22, 0, 0},                    // 1983-07-01
	{46247, 23, 0, 0},                    // 1985-07-01
	{47161, 24, 0, 0},                    // 1988-01-01
	{47892, 25, 0, 0},                    // 1990-01-01
	{48257, 26, 0, 0},                    // 1991-01-01
	{48804, 27, 0, 0},                    // 1992-07-01
	{49169, 28, 0, 0},                    // 1993-07-01
	{49534, 29, 0, 0},                    // 1994-07-01
	{50083, 30, 0, 0},                    // 1996-01-01
	{50630, 31, 0, 0},                    // 1997-07-01
	{51179, 32, 0, 0},                    // 1999-01-01
	{53736, 33, 0, 0},                    // 2006-01-01
	{54832, 34, 0, 0},                    // 2009-01-01
	{56109, 35, 0, 0},                    // 2012-07-01
	{57204, 36, 0, 0},                    // 2015-07-01
	{57754, 37, 0, 0},                    // 2017-01-01
}

// TAIMinusUTC returns what must be added to UTC at t to get TAI. Before 1960,
// when there was no coordinated time, it holds the value of 1960-01-01.
func TAIMinusUTC(t time.Time) time.Duration {
	day, frac := civil(t)
	mjd := day - mjdUnix
	for i := len(leaps) - 1; i > 0; i-- {
		if mjd >= leaps[i].mjd {
			return leaps[i].at(float64(mjd) + frac)
		}
	}
	return leaps[0].at(max(float64(mjd)+frac, float64(leaps[0].mjd)))
}

// at evaluates the line at a Modified Julian Date.
func (l leap) at(mjd float64) time.Duration {
	s := l.offset + float64((mjd-l.base)*l.rate)
	return time.Duration(float64(s*1e9) + 0.5)
}

// TTMinusUTC returns what must be added to UTC at t to get Terrestrial Time.
func TTMinusUTC(t time.Time) time.Duration {
	return TAIMinusUTC(t) + TTMinusTAI
}

// UTCFromTAI returns the instant at which a TAI clock shows what tai, read as
// plain date and time of day, shows. Within an inserted leap second, which no
// time.Time can name, it returns the second after it.
func UTCFromTAI(tai time.Time) time.Time {
	utc := tai.Add(-TAIMinusUTC(tai))
	before := utc
	for range 3 { // the offset belongs to the UTC date: settle it
		before, utc = utc, tai.Add(-TAIMinusUTC(utc))
	}
	if before.After(utc) {
		return before // no date fits its own offset: a leap second
	}
	return utc
}
