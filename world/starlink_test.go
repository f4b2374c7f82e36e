package world

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"spacechain/astro/elements"
	"spacechain/internal/vectors"
	"spacechain/world/topology"
)

// heap is the number of bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A universe of ten thousand satellites is made; those that do nothing are not brought
// up, and cost little: elements, orbit, windows and contacts of the coming minutes.
func TestTenThousandSatellites(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: takes some seconds")
	}
	data := vectors.OpenData(t, "tle/celestrak-2026-05-30/starlink.tle")
	sets, _, err := elements.Parse(bytes.NewReader(data), elements.ChecksumWarn)
	if err != nil {
		t.Fatal(err)
	}
	before := heap()
	u := universe(t, Options{Topology: topology.Options{Sets: sets}})
	each := (heap() - before) / int64(len(sets))
	t.Logf("%d satellites, %d bytes each, %d windows", len(sets), each, len(u.ahead.windows))
	if each > 30<<10 {
		t.Errorf("an idle satellite takes %d bytes", each)
	}
	if n := len(u.topo.Satellites()); n < 10_000 {
		t.Errorf("%d satellites fly", n)
	}
	if ground := 1 + len(u.topo.Stations()); len(u.members) != ground {
		t.Errorf("%d nodes are up, %d stand on the ground", len(u.members), ground)
	}
	live(t, u, u.start.Add(time.Minute))
}

// A satellite that has been brought up to pass bundles on costs little, too.
func TestRelayCostsLittle(t *testing.T) {
	const relays = 600 // many, because a stretch that is being worked out is measured, too
	w := elements.Walker{Kind: elements.Star, Total: relays, Planes: 20, AltKm: 780, InclinationDeg: 86.4, Epoch: dawn, FirstNoradID: 90001, Name: "SC"}
	u := universe(t, Options{Topology: topology.Options{Sets: w.Sets(), Start: dawn}})
	before := heap()
	for _, s := range u.topo.Satellites() {
		if _, err := u.member(s.Node); err != nil {
			t.Fatal(err)
		}
	}
	each := (heap() - before) / relays
	t.Logf("%d bytes each", each)
	if each > 150<<10 {
		t.Errorf("a relay takes %d bytes", each)
	}
	if len(u.members) != relays+21 {
		t.Errorf("%d nodes are up", len(u.members))
	}
}

// Nodes are brought up when something reaches them, and there is none that was not
// named.
func TestMembersAreBroughtUpWhenTheyAreUsed(t *testing.T) {
	u := universe(t, Options{Topology: small(t)})
	if len(u.members) != 4 {
		t.Fatalf("%d nodes are up, want three stations and a terminal", len(u.members))
	}
	a, err := u.member(90001)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := u.member(90001); err != nil || a != b {
		t.Errorf("asked again: %p and %p, %v", a, b, err)
	}
	for _, id := range []uint64{0, 90099, topology.FirstStation + 7} {
		if _, err := u.member(id); err == nil {
			t.Errorf("there is a node %d", id)
		}
	}
	if len(u.members) != 5 {
		t.Errorf("%d nodes are up", len(u.members))
	}
}
