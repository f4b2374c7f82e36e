package visibility

import (
	"errors"
	"fmt"
	"time"
)

// ErrInterval is returned for a search interval that does not end after it
// begins, or is longer than MaxSpan.
var ErrInterval = errors.New("search interval")

// MaxSpan is the longest interval of one search. Elements of low orbits are
// worth little after two weeks; the limit keeps a typing error in a year from
// filling memory.
const MaxSpan = 400 * 24 * time.Hour

// Window is a time in which something holds.
type Window struct {
	Start, End time.Time
	OpenStart  bool // it held already when the search interval began
	OpenEnd    bool // it still held when the search interval ended
}

// Duration is the window's length.
func (w Window) Duration() time.Duration { return w.End.Sub(w.Start) }

// Contains says whether t lies in the window; both ends belong to it.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.Start) && !t.After(w.End) }

// checkInterval refuses intervals that cannot be searched.
func checkInterval(from, to time.Time) error {
	switch span := to.Sub(from); {
	case span <= 0:
		return fmt.Errorf("%w %s to %s: the end must come after the start",
			ErrInterval, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	case span > MaxSpan:
		return fmt.Errorf("%w %s to %s: longer than %d days; search it in parts",
			ErrInterval, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339), MaxSpan/(24*time.Hour))
	}
	return nil
}

// span is a window in seconds from an ephemeris's start.
type span struct {
	start, end         float64
	openStart, openEnd bool
}

func (e *Ephemeris) window(s span) Window {
	return Window{Start: e.timeAt(s.start), End: e.timeAt(s.end), OpenStart: s.openStart, OpenEnd: s.openEnd}
}

func (e *Ephemeris) windows(spans []span) []Window {
	out := make([]Window, 0, len(spans))
	for _, s := range spans {
		out = append(out, e.window(s))
	}
	return out
}
