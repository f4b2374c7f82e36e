package topology

import (
	"math"
	"time"
)

// span is a stretch in which a link is up, in Unix milliseconds.
type span struct {
	start, end    int64
	opens, closes bool
}

// tracker makes spans of what is learned of a link minute by minute, over whole
// minutes that adjoin.
type tracker struct {
	spans []span
	up    bool
	gone  bool // the minute before had no positions
}

// begin says what holds at the start of a minute: it opens a span in the first
// minute and after a gap, else it confirms what is known.
func (k *tracker) begin(minute int64, up bool) {
	if up && !k.up {
		k.open(minute*60000, k.gone)
	}
	k.gone = false
}

// flip says that the link changes within a minute, at so many seconds: at least a
// millisecond from either end, so that a change belongs to one minute only.
func (k *tracker) flip(minute int64, seconds float64) {
	ms := minute*60000 + min(max(int64(math.Round(seconds*1000)), 1), 59999)
	if k.up {
		k.shut(ms, true)
	} else {
		k.open(ms, true)
	}
}

// gap says that a minute has no positions.
func (k *tracker) gap(minute int64) {
	if k.up {
		k.shut(minute*60000, true)
	}
	k.gone = true
}

// finish ends the work at the start of a minute.
func (k *tracker) finish(minute int64) {
	if k.up {
		k.shut(minute*60000, false)
	}
	k.gone = false
}

func (k *tracker) open(ms int64, opens bool) {
	k.up = true
	k.spans = append(k.spans, span{start: ms, opens: opens})
}

func (k *tracker) shut(ms int64, closes bool) {
	k.up = false
	last := &k.spans[len(k.spans)-1]
	last.end, last.closes = ms, closes
	if last.end <= last.start {
		k.spans = k.spans[:len(k.spans)-1]
	}
}

// windows cuts the spans to [from, to), adds the ranges, and forgets them.
func (k *tracker) windows(out []Window, a, b uint64, kind Kind, from, to time.Time, rangeKm func(time.Time) float64) []Window {
	for _, s := range k.spans {
		w := Window{A: a, B: b, Kind: kind, Start: time.UnixMilli(s.start).UTC(), End: time.UnixMilli(s.end).UTC(),
			Opens: s.opens, Closes: s.closes}
		if w.Start.Before(from) {
			w.Start, w.Opens = from, false
		}
		if w.End.After(to) {
			w.End, w.Closes = to, false
		}
		if !w.Start.Before(w.End) {
			continue
		}
		w.MinRangeKm = rangeKm(w.Start)
		w.MaxRangeKm = w.MinRangeKm
		add := func(r float64) { w.MinRangeKm, w.MaxRangeKm = min(w.MinRangeKm, r), max(w.MaxRangeKm, r) }
		for m := minuteOf(w.Start) + 1; timeOf(m).Before(w.End); m++ {
			add(rangeKm(timeOf(m)))
		}
		add(rangeKm(w.End))
		out = append(out, w)
	}
	k.spans = k.spans[:0]
	return out
}

// halvings is how often a minute is halved to find a change: to 0.25 ms.
const halvings = 18

// change finds where within [low, high] a truth changes that is atLow at low and
// the contrary at high.
func change(low, high float64, atLow bool, is func(float64) bool) float64 {
	for range halvings {
		middle := (low + high) / 2
		if is(middle) == atLow {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// distance gives the distance of two satellites at a moment of the ephemeris.
func (e *ephemeris) distance(a, b int, t time.Time) float64 {
	pa, _, _ := e.at(a, t)
	pb, _, _ := e.at(b, t)
	return pa.Sub(pb).Norm()
}
