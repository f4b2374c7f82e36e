package elements

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseOne reads the columns of line 1 (Hoots and Roehrich 1980; Space-Track).
func (in *tleReader) parseOne(line string, s *Set) (err error) {
	if s.NoradID, err = parseAlpha5(line[2:7]); err != nil {
		return in.fail("catalogue number", err)
	}
	switch c := line[7]; c {
	case 'U', 'C', 'S':
		s.Classification = c
	case ' ':
		s.Classification = 'U'
	default:
		return in.fail("classification", fmt.Errorf("%w: %q is none of U, C, S", ErrSyntax, c))
	}
	s.IntlDesignator = longDesignator(strings.TrimSpace(line[9:17]))
	if s.Epoch, err = parseTLEEpoch(line[18:32]); err != nil {
		return in.fail("epoch", err)
	}
	if s.NDot, err = parseDecimal(line[33:43]); err != nil {
		return in.fail("mean motion derivative", err)
	}
	if s.NDDot, err = parseAssumed(line[44:52]); err != nil {
		return in.fail("mean motion second derivative", err)
	}
	if s.BStar, err = parseAssumed(line[53:61]); err != nil {
		return in.fail("B*", err)
	}
	if s.EphemerisType, err = parseCount(line[62:63]); err != nil {
		return in.fail("ephemeris type", err)
	}
	if s.ElementNumber, err = parseCount(line[64:68]); err != nil {
		return in.fail("element number", err)
	}
	return nil
}

// parseTwo reads the columns of line 2.
func (in *tleReader) parseTwo(line string, s *Set) error {
	number, err := parseAlpha5(line[2:7])
	if err != nil {
		return in.fail("catalogue number", err)
	}
	if number != s.NoradID {
		return in.fail("catalogue number", fmt.Errorf("%w: %d, but %d in line 1 of the set",
			ErrSyntax, number, s.NoradID))
	}
	for _, f := range []struct {
		name     string
		text     string
		to       *float64
		min, max float64
	}{
		{"inclination", line[8:16], &s.InclinationDeg, 0, 180},
		{"right ascension of the node", line[17:25], &s.RAANDeg, -360, 360},
		{"eccentricity", "." + strings.ReplaceAll(line[26:33], " ", "0"), &s.Eccentricity, 0, 1},
		{"argument of perigee", line[34:42], &s.ArgPerigeeDeg, -360, 360},
		{"mean anomaly", line[43:51], &s.MeanAnomalyDeg, -360, 360},
		{"mean motion", line[52:63], &s.MeanMotionRevDay, 0, 100},
	} {
		if *f.to, err = parseDecimal(f.text); err != nil {
			return in.fail(f.name, err)
		}
		if *f.to < f.min || *f.to > f.max {
			return in.fail(f.name, fmt.Errorf("%w: %g, not within %g..%g", ErrValue, *f.to, f.min, f.max))
		}
	}
	if s.RevNumber, err = parseCount(line[63:68]); err != nil {
		return in.fail("revolution number", err)
	}
	return nil
}

// parseDecimal reads a plain decimal number without exponent.
func parseDecimal(text string) (float64, error) {
	s := strings.TrimSpace(text)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '.' && (c < '0' || c > '9') && (i > 0 || c != '-' && c != '+') {
			return 0, fmt.Errorf("%w: %q is no decimal number", ErrSyntax, text)
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is no decimal number", ErrSyntax, text)
	}
	return v, nil
}

// parseAssumed reads " 12345-6", which means 0.12345e-6. Blank is zero.
func parseAssumed(text string) (float64, error) {
	bad := fmt.Errorf("%w: %q is not of the form 12345-6", ErrSyntax, text)
	s := strings.TrimSpace(text)
	if s == "" {
		return 0, nil
	}
	sign := ""
	if s[0] == '-' || s[0] == '+' {
		sign, s = s[:1], s[1:]
	}
	s = strings.TrimLeft(s, " ")
	cut := strings.LastIndexAny(s, "+- ")
	if cut < 1 || cut != len(s)-2 {
		return 0, bad
	}
	digits, exp := s[:cut], strings.Replace(s[cut:], " ", "+", 1)
	digits = strings.TrimPrefix(digits, ".")
	for _, c := range []byte(digits + exp[1:]) {
		if c < '0' || c > '9' {
			return 0, bad
		}
	}
	v, err := strconv.ParseFloat(sign+"0."+digits+"e"+exp, 64)
	if err != nil {
		return 0, bad
	}
	return v, nil
}

// parseCount reads a blank-padded, unsigned integer. Blank is zero.
func parseCount(text string) (int, error) {
	s := strings.TrimSpace(text)
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%w: %q is no whole number", ErrSyntax, text)
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}

// parseTLEEpoch reads "26150.30936191": two digits of the year (57..99 are of
// the 20th century), day of the year and its fraction, to the nanosecond.
func parseTLEEpoch(text string) (time.Time, error) {
	bad := fmt.Errorf("%w: %q is not of the form 26150.30936191", ErrSyntax, text)
	s := strings.ReplaceAll(strings.TrimRight(text, " "), " ", "0")
	if len(s) < 5 || (len(s) > 5 && s[5] != '.') {
		return time.Time{}, bad
	}
	year, err1 := parseCount(s[:2])
	day, err2 := parseCount(s[2:5])
	if err1 != nil || err2 != nil {
		return time.Time{}, bad
	}
	var ns int64
	if len(s) > 6 {
		frac, err := parseCount(s[6:])
		if err != nil {
			return time.Time{}, bad
		}
		ns = int64(frac) * 864_000 // units of 1e-8 day
		for i := len(s) - 6; i < 8; i++ {
			ns *= 10
		}
	}
	if year < 57 {
		year += 2000
	} else {
		year += 1900
	}
	t, err := dayOfYear(year, day)
	if err != nil {
		return time.Time{}, err
	}
	return t.Add(time.Duration(ns)), nil
}

// dayOfYear returns midnight of a day of the year, counted from 1.
func dayOfYear(year, day int) (time.Time, error) {
	t := time.Date(year, 1, day, 0, 0, 0, 0, time.UTC)
	if day < 1 || t.Year() != year {
		return time.Time{}, fmt.Errorf("%w: year %d has no day %d", ErrValue, year, day)
	}
	return t, nil
}

// longDesignator turns the TLE's "98067A" into OMM's "1998-067A". What is not
// of that form stays as it is.
func longDesignator(s string) string {
	if len(s) < 6 {
		return s
	}
	for _, c := range []byte(s[:5]) {
		if c < '0' || c > '9' {
			return s
		}
	}
	century := "20"
	if s[:2] >= "57" {
		century = "19"
	}
	return century + s[:2] + "-" + s[2:]
}

// shortDesignator is the reverse of longDesignator.
func shortDesignator(s string) string {
	if len(s) > 5 && s[4] == '-' && longDesignator(s[2:4]+s[5:]) == s {
		return s[2:4] + s[5:]
	}
	return s
}
