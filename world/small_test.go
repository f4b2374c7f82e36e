package world

import (
	"context"
	"strings"
	"testing"
	"time"

	"spacechain/astro/elements"
	"spacechain/clock"
	"spacechain/world/scenario"
	"spacechain/world/topology"
)

// dawn is when small universes begin.
var dawn = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// small is a universe that is made in no time: thirty satellites in three planes and
// three stations.
func small(t testing.TB) topology.Options {
	t.Helper()
	stations, err := topology.BuiltinNamed("Svalbard", "Singapore", "Awarua")
	if err != nil {
		t.Fatal(err)
	}
	w := elements.Walker{Kind: elements.Star, Total: 30, Planes: 3, AltKm: 1200, InclinationDeg: 86,
		Epoch: dawn, FirstNoradID: 90001, Name: "SC"}
	return topology.Options{Sets: w.Sets(), Start: dawn, Stations: stations}
}

// faulty is a scenario from its text.
func faulty(t testing.TB, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// live lets a universe live until a time, step by step; Run is for once.
func live(t testing.TB, u *Universe, until time.Time) {
	t.Helper()
	if err := u.loop.Run(context.Background(), until, clock.AsFast()); err != nil {
		t.Fatal(err)
	}
	if u.failure != nil {
		t.Fatal(u.failure)
	}
}
