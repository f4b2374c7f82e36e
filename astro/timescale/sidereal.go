package timescale

import (
	"math"
	"time"
)

// OmegaEarth is the rotation rate of the Earth in rad/s that goes with
// GMST82 and the TEME frame (Vallado, AIAA 2006-6753, appendix C).
const OmegaEarth = 7.29211514670698e-05

// GMST82 returns the Greenwich mean sidereal time at t in radians, 0 <= x <
// 2 pi, by the IAU 1982 series, which is the one that belongs to TEME. It takes
// UT1 = UTC; see GMST82UT1.
func GMST82(t time.Time) float64 {
	return GMST82UT1(t, 0)
}

// GMST82UT1 is GMST82 with a known dut1 = UT1-UTC.
//
// The series (Aoki et al. 1982; Vallado, eq. 3-47) is, in seconds and with T
// in Julian centuries of UT1 from J2000.0,
//
//	67310.54841 + (876600h + 8640184.812866) T + 0.093104 T^2 - 6.2e-6 T^3.
//
// 876600 h * T is the number of days since J2000.0: only its fraction turns
// the Earth, so that part is kept exact.
func GMST82UT1(t time.Time, dut1 time.Duration) float64 {
	jd, frac := JulianUT1(t, dut1)
	c := (jd - j2000 + frac) / 36525
	// jd ends in .5: the fraction of jd-j2000 is half a day.
	s := 67310.54841 + float64(secondsPerDay*(frac+0.5))
	s += float64(8640184.812866 * c)
	c2 := float64(c * c)
	s += float64(0.093104 * c2)
	s -= float64(6.2e-6 * float64(c2*c))
	s = math.Mod(s, secondsPerDay)
	if s < 0 {
		s += secondsPerDay
	}
	if x := float64(s * (2 * math.Pi / secondsPerDay)); x < 2*math.Pi {
		return x
	}
	return 0
}
