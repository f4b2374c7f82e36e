package elements

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// WriteTLE writes sets as two-line elements with CelesTrak's name line before
// each that has a name. It refuses, before a byte is written, what the format
// cannot hold: numbers above 339999, epochs after 2056, mean motions of 100 and more.
// Angles and eccentricity are rounded to the columns they have.
func WriteTLE(w io.Writer, sets []Set) error {
	var text strings.Builder
	for _, s := range sets {
		one, two, err := s.TLE()
		if err != nil {
			return err
		}
		if s.Name != "" {
			name, err := cleanName(s.Name)
			if err != nil {
				return fmt.Errorf("write TLE of %05d: %w", s.NoradID, err)
			}
			if strings.HasPrefix(name, "1 ") || strings.HasPrefix(name, "2 ") || strings.HasPrefix(name, "#") {
				name = "0 " + name // else it would read as an element line
			}
			fmt.Fprintf(&text, "%s\n", name)
		}
		text.WriteString(one + "\n" + two + "\n")
	}
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(text.String()); err != nil {
		return fmt.Errorf("write TLE: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write TLE: %w", err)
	}
	return nil
}

// TLE returns the two element lines of s, 69 columns each, without line ends.
func (s Set) TLE() (one, two string, err error) {
	if err := s.Validate(); err != nil {
		return "", "", fmt.Errorf("write TLE: %w", err)
	}
	fail := func(err error) (string, string, error) {
		return "", "", fmt.Errorf("write TLE of %v: %w", s, err)
	}
	number, err := formatAlpha5(s.NoradID)
	if err != nil {
		return fail(err)
	}
	designator := shortDesignator(s.IntlDesignator)
	if len(designator) > 8 || strings.ContainsFunc(designator, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fail(fmt.Errorf("%w: designator %q does not fit 8 columns", ErrValue, s.IntlDesignator))
	}
	class := s.Classification
	switch class {
	case 0:
		class = 'U'
	case 'U', 'C', 'S':
	default:
		return fail(fmt.Errorf("%w: classification %q is none of U, C, S", ErrValue, class))
	}
	epoch, err := formatTLEEpoch(s.Epoch)
	if err != nil {
		return fail(err)
	}
	ndot := fmt.Sprintf("%.8f", math.Abs(s.NDot))
	if !strings.HasPrefix(ndot, "0.") {
		return fail(fmt.Errorf("%w: mean motion derivative %g is not below 1", ErrValue, s.NDot))
	}
	ndot = sign(s.NDot, strings.Trim(ndot, "0.") == "") + ndot[1:]
	nddot, err := formatAssumed(s.NDDot)
	if err != nil {
		return fail(err)
	}
	bstar, err := formatAssumed(s.BStar)
	if err != nil {
		return fail(err)
	}
	motion := fmt.Sprintf("%11.8f", s.MeanMotionRevDay)
	if len(motion) != 11 {
		return fail(fmt.Errorf("%w: mean motion %g is not below 100", ErrValue, s.MeanMotionRevDay))
	}
	ecc := fmt.Sprintf("%.7f", s.Eccentricity)
	if ecc[0] != '0' {
		return fail(fmt.Errorf("%w: eccentricity %g rounds to 1", ErrValue, s.Eccentricity))
	}
	if s.EphemerisType < 0 || s.EphemerisType > 9 {
		return fail(fmt.Errorf("%w: ephemeris type %d is not 0..9", ErrValue, s.EphemerisType))
	}
	if s.ElementNumber < 0 || s.RevNumber < 0 {
		return fail(fmt.Errorf("%w: negative element or revolution number", ErrValue))
	}
	// Counters run over in the columns they have, as in the published sets.
	one = fmt.Sprintf("1 %s%c %-8s %s %s %s %s %d %4d", number, class, designator, epoch,
		ndot, nddot, bstar, s.EphemerisType, s.ElementNumber%10_000)
	two = fmt.Sprintf("2 %s %8.4f %s %s %s %s %s%5d", number, s.InclinationDeg, formatAngle(s.RAANDeg),
		ecc[2:], formatAngle(s.ArgPerigeeDeg), formatAngle(s.MeanAnomalyDeg), motion, s.RevNumber%100_000)
	one += fmt.Sprint(checksum(one))
	two += fmt.Sprint(checksum(two))
	return one, two, nil
}

// sign returns the sign column of v; zero has none.
func sign(v float64, zero bool) string {
	if v < 0 && !zero {
		return "-"
	}
	return " "
}

// formatAngle writes an angle in 0..360 degrees in eight columns.
func formatAngle(deg float64) string {
	deg = math.Mod(deg, 360)
	if deg < 0 {
		deg += 360
	}
	s := fmt.Sprintf("%8.4f", deg)
	if s == "360.0000" {
		s = "  0.0000"
	}
	return s
}

// formatAssumed writes v as " 12345-6", meaning 0.12345e-6. What is below
// 0.00001e-9 becomes zero.
func formatAssumed(v float64) (string, error) {
	if v == 0 {
		return " 00000+0", nil
	}
	s := fmt.Sprintf("%.4e", math.Abs(v)) // d.dddde-xx
	var exp int
	if _, err := fmt.Sscanf(s[7:], "%d", &exp); err != nil {
		return "", fmt.Errorf("%w: %g", ErrValue, v)
	}
	exp++ // the point stands before the first digit
	digits := s[0:1] + s[2:6]
	for ; exp < -9; exp++ {
		digits = "0" + digits[:4]
	}
	if exp > 9 {
		return "", fmt.Errorf("%w: %g does not fit 0.99999e9", ErrValue, v)
	}
	if digits == "00000" {
		return " 00000+0", nil
	}
	return fmt.Sprintf("%s%s%+d", sign(v, false), digits, exp), nil
}

// formatTLEEpoch writes an epoch to 1e-8 day (0.864 ms).
func formatTLEEpoch(t time.Time) (string, error) {
	t = t.UTC()
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	units := (t.Sub(midnight) + 432*time.Microsecond) / (864 * time.Microsecond)
	if units == 100_000_000 {
		midnight, units = midnight.AddDate(0, 0, 1), 0
	}
	if y := midnight.Year(); y < 1957 || y > 2056 {
		return "", fmt.Errorf("%w: epoch year %d does not fit a TLE (1957..2056)", ErrValue, y)
	}
	return fmt.Sprintf("%02d%03d.%08d", midnight.Year()%100, midnight.YearDay(), units), nil
}
