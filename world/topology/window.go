package topology

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"spacechain/link/channel"
)

// Kind is the kind of a link.
type Kind uint8

// The kinds of link.
const (
	Ground Kind = iota + 1 // satellite and station
	Direct                 // satellite and a terminal's own radio
	ISL                    // satellite and satellite
	Cable                  // within the core network
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case Ground:
		return "ground"
	case Direct:
		return "direct"
	case ISL:
		return "isl"
	case Cable:
		return "cable"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Window is a stretch of time in which two nodes can talk. A is the lower node
// number: the satellite of a ground link.
type Window struct {
	A, B       uint64
	Kind       Kind
	Start, End time.Time // End is not part of it
	Opens      bool      // the link comes up at Start; false if it was up before, and the question began there
	Closes     bool      // the link goes down at End; false if the question ended there

	MinRangeKm, MaxRangeKm float64 // at whole minutes, Start and End
	RateABBps, RateBABps   float64 // that the convergence layer gets all the time: at the greatest range; 0 if it does not close
	OWLT                   time.Duration
}

// String renders the window as one line.
func (w Window) String() string {
	return fmt.Sprintf("%s %d-%d %s %s %.0f..%.0f km %.0f/%.0f bit/s %v", w.Kind, w.A, w.B,
		w.Start.UTC().Format("2006-01-02T15:04:05.000Z"), w.End.UTC().Format("15:04:05.000Z"),
		w.MinRangeKm, w.MaxRangeKm, w.RateABBps, w.RateBABps, w.OWLT)
}

// byStart orders windows by start, ends and kind.
func byStart(x, y Window) int {
	return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B), cmp.Compare(x.Kind, y.Kind))
}

// byPair orders windows by ends and kind, then by start.
func byPair(x, y Window) int {
	return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B), cmp.Compare(x.Kind, y.Kind), x.Start.Compare(y.Start))
}

// join makes one window of those that were cut where one piece of work ended and
// the next began.
func join(windows []Window) []Window {
	slices.SortFunc(windows, byPair)
	out := windows[:0]
	for _, w := range windows {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if last.A == w.A && last.B == w.B && last.Kind == w.Kind && !last.Closes && !w.Opens && last.End.Equal(w.Start) {
				last.End, last.Closes = w.End, w.Closes
				last.MinRangeKm, last.MaxRangeKm = min(last.MinRangeKm, w.MinRangeKm), max(last.MaxRangeKm, w.MaxRangeKm)
				continue
			}
		}
		out = append(out, w)
	}
	return out
}

// assess fills in rates and light time from the greatest range.
func (w *Window) assess(radios *Radios, elevationDeg float64) {
	a, b := radios.Ends(w.Kind)
	path := channel.Path{RangeKm: w.MaxRangeKm, ElevationDeg: elevationDeg, Medium: medium(w.Kind)}
	forward, back := Assess(a, b, path), Assess(b, a, path)
	w.RateABBps, w.RateBABps, w.OWLT = forward.RateBps, back.RateBps, forward.LightTime
}

func medium(kind Kind) channel.Medium {
	switch kind {
	case ISL:
		return channel.Vacuum
	case Cable:
		return channel.Fibre
	}
	return channel.Atmosphere
}
