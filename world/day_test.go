package world

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"spacechain/apps"
	"spacechain/clock"
	"spacechain/sdk"
	"spacechain/spaceos/build"
	"spacechain/spaceos/command"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
	"spacechain/terminal"
	"spacechain/world/scenario"
)

// shipped builds and signs one of the apps that ship, and gives its uplink form.
func shipped(t testing.TB, name string) []byte {
	t.Helper()
	if _, ok := sandbox.RuntimeJS(); !ok {
		t.Skip("SKIPPED: built without the JavaScript engine; run make runtime")
	}
	dir := t.TempDir() + "/app"
	if _, err := build.Example(dir, name, apps.FS, sdk.FS); err != nil {
		t.Fatal(err)
	}
	r, err := build.Build(context.Background(), dir, build.Options{SDK: sdk.FS})
	if err != nil {
		t.Fatal(err)
	}
	p, err := spk.Sign(r.Manifest, r.Module, owner())
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.EncodeUplink(spk.UplinkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// deployAll sends n copies of a package to satellites all over the constellation.
func deployAll(t testing.TB, u *Universe, pkg []byte, n int) {
	t.Helper()
	sats := u.topo.Satellites()
	m := u.members[Terminal]
	for i := range n {
		c := command.Command{Op: command.Deploy, Satellite: sats[(i*17)%len(sats)].Node, Body: pkg,
			Request: command.RequestID{byte(i), 1}, Instance: fmt.Sprint(i), ReplyTo: "ipn:3000001.2",
			Issued: u.Now(), Expires: u.Now().Add(24 * time.Hour)}
		signed, err := c.Sign(owner())
		if err != nil {
			t.Fatal(err)
		}
		m.host.Do(func(now time.Time) {
			if _, err := m.host.Core().(*terminal.Terminal).Submit(now, signed); err != nil {
				t.Fatal(err)
			}
		})
	}
}

const faultyDay = `
name: a day on which things go wrong
faults:
  - link outage: any link
    times a day: 40
    for: 30s to 20m
  - station outage: any station
    times a day: 6
    for: 10m to 1h
  - node reset: any satellite
    times a day: 6
    for: 20s to 2m
  - bit flips: each link
    rate: 1e-7
  - duplication: each link
    rate: 0.5%
  - reordering: each link
    rate: 0.5%
    delay: up to 300ms
  - clock drift: each satellite
    ppm: -2 to 2
`

// One seed, one history: a simulated day with faults of every kind and apps at work
// gives the same digest twice, and another seed gives another one.
func TestSameSeedSameDigestOverADayWithFaults(t *testing.T) {
	pkg := shipped(t, "fieldwatch")
	s, err := scenario.Parse(strings.NewReader(faultyDay))
	if err != nil {
		t.Fatal(err)
	}
	day := func(seed uint64) (string, uint64, counts) {
		u := universe(t, Options{Seed: seed, Scenario: s, Pace: clock.AsFast()})
		deployAll(t, u, pkg, 2)
		runFor(t, u, 24*time.Hour)
		sum, lines := u.Digest()
		return sum, lines, u.count
	}
	first, lines, c := day(1)
	if c.activations < 2*1000 || c.results < 2*1000 || lines < 10000 {
		t.Fatalf("a day of %d activations, %d results and %d lines: too little happened to compare", c.activations, c.results, lines)
	}
	t.Logf("%d lines, %+v, digest %s", lines, c, first)
	if second, _, _ := day(1); second != first {
		t.Errorf("the same seed gave %s and %s", first, second)
	}
	if other, _, _ := day(2); other == first {
		t.Error("another seed gave the same history")
	}
}

// BenchmarkDay is a simulated day of the default constellation with 20 JavaScript
// apps, each activated once a minute.
func BenchmarkDay(b *testing.B) {
	pkg := shipped(b, "fieldwatch")
	for range b.N {
		u, err := New(Options{Seed: 1, Pace: clock.AsFast()})
		if err != nil {
			b.Fatal(err)
		}
		deployAll(b, u, pkg, 20)
		if err := u.Run(context.Background(), u.Now().Add(24*time.Hour)); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(u.count.activations), "activations")
		b.ReportMetric(float64(u.count.results), "results")
		b.ReportMetric(float64(u.count.frames), "frames")
		if err := u.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
