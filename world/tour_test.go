package world

import (
	"context"
	"testing"
	"time"

	"spacechain/clock"
	"spacechain/spaceos/sandbox"
)

// tour runs one in a universe of its own.
func tour(t *testing.T, o Options, tr Tour) *TourAnswer {
	t.Helper()
	if _, ok := sandbox.RuntimeJS(); !ok {
		t.Skip("SKIPPED: built without the JavaScript engine; run make runtime")
	}
	o.Pace = clock.Scaled(6000) // whoever asks from outside needs time to ask
	u := universe(t, o)
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx, time.Time{}) }()
	tr.Universe, tr.Key = u, owner()
	a, err := tr.Run(ctx)
	stop()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// chain holds hops to a way from one node to another.
func chain(t *testing.T, hops []HopReport, from, to string) {
	t.Helper()
	if len(hops) == 0 {
		t.Fatalf("nothing is known of the way from %s to %s", from, to)
	}
	at := from
	for _, h := range hops {
		if h.From != at {
			t.Errorf("a hop from %s, the bundle was at %s", h.From, at)
		}
		at = h.To
		if h.Modem == "" || h.Coding == "" || h.Framing == "" || h.RateBps <= 0 || h.Frames == 0 || h.Airtime <= 0 || h.Octets == 0 || h.RangeKm <= 0 {
			t.Errorf("%+v", h)
		}
		if (h.Carrier > 0) != (h.Link != "cable") || h.Carrier > 0 && h.Margin < 3 {
			t.Errorf("%+v", h)
		}
	}
	if at != to {
		t.Errorf("the way ends at %s, not at %s", at, to)
	}
}

// A tour tells by what each hop went, there and back, and what TT&C says of the target.
func TestTourTellsItsRadios(t *testing.T) {
	a := tour(t, Options{Seed: 1, Topology: small(t)}, Tour{Orbits: 1})
	chain(t, a.Out, "Home", a.Name)
	chain(t, a.Home, a.Name, "Home")
	kinds := map[string]uint64{}
	for _, h := range a.Out {
		kinds[h.Link] += h.Octets
	}
	for _, k := range []string{"cable", "ground"} {
		if kinds[k] < uint64(a.Uplinked) {
			t.Errorf("by %s went %d octets of %d", k, kinds[k], a.Uplinked)
		}
	}
	if !a.Verified || a.TTC == nil {
		t.Fatalf("verified %v, TT&C %+v", a.Verified, a.TTC)
	}
	if x := a.TTC; x.Telemetry.Orbit == nil || x.OrbitOffM <= 0 || x.OrbitOffM > 26 || x.Station == "" || x.Telemetry.Down.Modem == "" {
		t.Errorf("TT&C %+v", x)
	}
}

// By samples the package goes up and the reply comes down through the modems.
func TestTourBySamples(t *testing.T) {
	a := tour(t, Options{Seed: 1, Topology: small(t), Radio: Samples}, Tour{Orbits: 0.1})
	for _, way := range [][]HopReport{a.Out, a.Home} {
		deep := 0
		for _, h := range way {
			if (h.Depth == "samples") != (h.Link == "ground") {
				t.Errorf("%+v", h)
			}
			if h.Depth == "samples" {
				deep++
			}
		}
		if deep == 0 {
			t.Errorf("nothing went by samples: %+v", way)
		}
	}
}
