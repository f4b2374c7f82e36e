package scenario

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// longest bounds every duration of a file, so that sums cannot overflow.
const longest = 3650 * 24 * time.Hour

// parseDuration reads 90s, 2h30m, 1d or 1d12h.
func parseDuration(text string) (time.Duration, error) {
	var total time.Duration
	rest := text
	if days, after, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil || time.Duration(n)*24*time.Hour > longest {
			return 0, fmt.Errorf("%q is not a duration; write it like 90s, 2h30m or 1d12h, 10 years at most", text)
		}
		total, rest = time.Duration(n)*24*time.Hour, after
		if rest == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > longest || total+d > longest {
		return 0, fmt.Errorf("%q is not a duration; write it like 90s, 2h30m or 1d12h, 10 years at most", text)
	}
	return total + d, nil
}

// parseSpan reads a duration or "2m to 10m".
func parseSpan(text string) (Span, error) {
	low, high, found := strings.Cut(text, " to ")
	if !found {
		high = low
	}
	a, err := parseDuration(strings.TrimSpace(low))
	if err != nil {
		return Span{}, err
	}
	b, err := parseDuration(strings.TrimSpace(high))
	if err != nil {
		return Span{}, err
	}
	if b < a {
		return Span{}, fmt.Errorf("%q runs backwards; write the shorter duration first", text)
	}
	return Span{a, b}, nil
}

// parseRate reads 1e-6, 0.5% or "1 in 200".
func parseRate(text string) (float64, error) {
	bad := fmt.Errorf("%q is not a rate from 0 to 1; write it like 1e-6, 0.5%% or 1 in 200", text)
	if a, b, found := strings.Cut(text, " in "); found {
		x, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
		y, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
		if err := errors.Join(err1, err2); err != nil || !(x >= 0 && x <= y && y > 0 && !math.IsInf(y, 0)) {
			return 0, bad
		}
		return x / y, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x >= 0 && x <= 1) {
		return 0, bad
	}
	return x, nil
}

// parsePPM reads 5 or "-20 to 20", with an optional "ppm" behind.
func parsePPM(text string) ([2]float64, error) {
	low, high, found := strings.Cut(strings.TrimSpace(strings.TrimSuffix(text, "ppm")), " to ")
	if !found {
		high = low
	}
	a, err1 := strconv.ParseFloat(strings.TrimSpace(low), 64)
	b, err2 := strconv.ParseFloat(strings.TrimSpace(high), 64)
	if err := errors.Join(err1, err2); err != nil || !(a >= -1e5 && a <= b && b <= 1e5) {
		return [2]float64{}, fmt.Errorf("%q is not a drift; write it like 5 or -20 to 20, within 100000 ppm", text)
	}
	return [2]float64{a, b}, nil
}

// parseTimes reads how often a day something happens.
func parseTimes(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x > 0 && x <= 1440) {
		return 0, fmt.Errorf("%q is not a number of times a day; write a number above 0, 1440 at most", text)
	}
	return x, nil
}
