package timescale

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func date(y, m, d, h, min, s, ns int) time.Time {
	return time.Date(y, time.Month(m), d, h, min, s, ns, time.UTC)
}

func TestJulianDates(t *testing.T) {
	for _, c := range []struct {
		t        time.Time
		jd, frac float64
	}{
		{date(2000, 1, 1, 12, 0, 0, 0), 2451544.5, 0.5}, // J2000.0
		{date(1858, 11, 17, 0, 0, 0, 0), 2400000.5, 0},  // MJD 0
		{date(1970, 1, 1, 0, 0, 0, 0), 2440587.5, 0},
		{date(1957, 10, 4, 19, 26, 24, 0), 2436115.5, 0.81}, // Sputnik 1, Meeus ch. 7: 2436116.31
		{date(1969, 12, 31, 23, 59, 59, 999_999_999), 2440586.5, 1 - 1e-9/86400},
		{date(2026, 11, 22, 6, 0, 0, 0), 2461366.5, 0.25},
	} {
		jd, frac := JulianUTC(c.t)
		if jd != c.jd || math.Abs(frac-c.frac) > 1e-16 {
			t.Errorf("%v: %v + %v, want %v + %v", c.t, jd, frac, c.jd, c.frac)
		}
		if back := FromJulianUTC(jd, frac); back.Sub(c.t).Abs() > time.Nanosecond {
			t.Errorf("%v came back as %v", c.t, back)
		}
		// The zone of the argument does not matter.
		if j, f := JulianUTC(c.t.In(time.FixedZone("x", 5*3600))); j != jd || f != frac {
			t.Errorf("%v elsewhere: %v + %v", c.t, j, f)
		}
	}
	if got := FromJulianUTC(2451545.25, 0); !got.Equal(date(2000, 1, 1, 18, 0, 0, 0)) {
		t.Errorf("unsplit date: %v", got)
	}
	if got := FromJulianUTC(2440586.5, 0.25); !got.Equal(date(1969, 12, 31, 6, 0, 0, 0)) {
		t.Errorf("before 1970: %v", got)
	}
}

func TestScales(t *testing.T) {
	// Vallado, example 3-7: 2004-05-14T16:43:00 UTC, with dUT1 -0.463326 s.
	utc := date(2004, 5, 14, 16, 43, 0, 0)
	day := 2453139.5
	check := func(name string, jd, frac, seconds float64) {
		t.Helper()
		if jd != day || math.Abs(frac*86400-seconds) > 1e-9 {
			t.Errorf("%s: %v + %v s, want %v s", name, jd, frac*86400, seconds)
		}
	}
	const base = 16*3600 + 43*60
	jd, frac := JulianTAI(utc)
	check("TAI", jd, frac, base+32)
	jd, frac = JulianTT(utc)
	check("TT", jd, frac, base+64.184)
	jd, frac = JulianUT1(utc, -463326*time.Microsecond)
	check("UT1", jd, frac, base-0.463326)
	if c := CenturiesTT(utc); math.Abs(c-0.043674121031) > 1e-11 {
		t.Errorf("centuries of TT %v, want 0.043674121031", c)
	}
}

func TestLeapTable(t *testing.T) {
	// The days as calendar dates, to catch a wrong MJD; every one since 1972
	// is a 1st of January or July.
	for i, l := range leaps {
		at := time.Unix((l.mjd+mjdUnix)*secondsPerDay, 0).UTC()
		if l.rate == 0 && (at.Day() != 1 || at.Month() != 1 && at.Month() != 7) {
			t.Errorf("leap second %v at %v", l.offset, at)
		}
		if i > 0 && (leaps[i-1].mjd >= l.mjd || l.rate == 0 && leaps[i-1].rate == 0 && l.offset != leaps[i-1].offset+1) {
			t.Errorf("%v at %v does not follow %v", l.offset, at, leaps[i-1].offset)
		}
	}
	for _, c := range []struct {
		t    time.Time
		want time.Duration
	}{
		{date(2026, 11, 22, 0, 0, 0, 0), 37 * time.Second},
		{date(2017, 1, 1, 0, 0, 0, 0), 37 * time.Second},
		{date(2016, 12, 31, 23, 59, 59, 999_999_999), 36 * time.Second},
		{date(2012, 7, 1, 0, 0, 0, 0), 35 * time.Second},
		{date(2006, 1, 1, 0, 0, 0, 0), 33 * time.Second},
		{date(1999, 1, 1, 0, 0, 0, 0), 32 * time.Second},
		{date(1985, 7, 1, 0, 0, 0, 0), 23 * time.Second},
		{date(1972, 1, 1, 0, 0, 0, 0), 10 * time.Second},
		{date(1971, 12, 31, 0, 0, 0, 0), 9_889_650 * time.Microsecond},
		{date(1965, 1, 1, 0, 0, 0, 0), 3_540_130 * time.Microsecond},
		{date(1961, 1, 1, 0, 0, 0, 0), 1_422_818 * time.Microsecond},
	} {
		if got := TAIMinusUTC(c.t); got != c.want {
			t.Errorf("TAI-UTC at %v: %v, want %v", c.t, got, c.want)
		}
	}
	if a, b := TAIMinusUTC(date(1957, 1, 1, 0, 0, 0, 0)), TAIMinusUTC(date(1960, 1, 1, 0, 0, 0, 0)); a != b {
		t.Errorf("before 1960: %v, at 1960 %v", a, b)
	}
	if got := TTMinusUTC(date(2020, 1, 1, 0, 0, 0, 0)); got != 69_184*time.Millisecond {
		t.Errorf("TT-UTC %v", got)
	}
}

func TestUTCFromTAI(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		utc := time.Unix(rapid.Int64Range(63072000, 2e9).Draw(t, "seconds"), 0).UTC()
		if got := UTCFromTAI(utc.Add(TAIMinusUTC(utc))); !got.Equal(utc) {
			t.Fatalf("%v came back as %v", utc, got)
		}
	})
	// The leap second at the end of 2016 was TAI 2017-01-01T00:00:36.
	for tai, want := range map[int]time.Time{
		35: date(2016, 12, 31, 23, 59, 59, 0), 36: date(2017, 1, 1, 0, 0, 0, 0), 37: date(2017, 1, 1, 0, 0, 0, 0),
	} {
		got := UTCFromTAI(date(2017, 1, 1, 0, 0, tai, 0))
		if !got.Equal(want) {
			t.Errorf("TAI second %d: %v, want %v", tai, got, want)
		}
	}
}

func TestGMST82(t *testing.T) {
	for _, c := range []struct {
		name string
		t    time.Time
		deg  float64
	}{
		{"Vallado, example 3-5", date(1992, 8, 20, 12, 14, 0, 0), 152.578787886},
		{"Meeus, example 12.b", date(1987, 4, 10, 19, 21, 0, 0), 128.7378734},
		{"Meeus, example 12.a", date(1987, 4, 10, 0, 0, 0, 0), 197.693195},
	} {
		if got := GMST82(c.t) * 180 / math.Pi; math.Abs(got-c.deg) > 1e-6 {
			t.Errorf("%s: %.9f, want %.9f", c.name, got, c.deg)
		}
	}
	// Vallado, example 3-15: GMST 312.8098943 degrees with dUT1.
	got := GMST82UT1(date(2004, 4, 6, 7, 51, 28, 386_009_000), -439962*time.Microsecond) * 180 / math.Pi
	if math.Abs(got-312.8098943) > 1e-6 {
		t.Errorf("example 3-15: %.9f", got)
	}
}

func TestGMST82Property(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-4e8, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		a, b := GMST82(at), GMST82(at.Add(time.Second))
		if a < 0 || a >= 2*math.Pi {
			t.Fatalf("%v: %v", at, a)
		}
		d := math.Mod(b-a+2*math.Pi, 2*math.Pi)
		if math.Abs(d-OmegaEarth) > 1e-11 {
			t.Fatalf("%v: turns %v rad in a second", at, d)
		}
	})
}

func TestDecimalYear(t *testing.T) {
	for _, c := range []struct {
		t    time.Time
		want float64
	}{
		{date(2025, 1, 1, 0, 0, 0, 0), 2025},
		{date(2026, 7, 2, 12, 0, 0, 0), 2026.5},
		{date(2028, 7, 2, 0, 0, 0, 0), 2028.5}, // a leap year
	} {
		if got := DecimalYear(c.t); got != c.want {
			t.Errorf("%v: %v, want %v", c.t, got, c.want)
		}
	}
}
