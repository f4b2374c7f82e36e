package control

import (
	"testing"
	"time"

	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
)

// TestTwoStations: each has a virtual channel of its own, and names its commands alike; the
// reports that one has dumped out of the packet store are not taken for the other's.
func TestTwoStations(t *testing.T) {
	f := newFlight(t, nil)
	a := f.ground
	b, err := New(start, Config{Link: testLink(), VC: 1})
	if err != nil {
		t.Fatal(err)
	}
	first := []pus.RequestID{f.command(0), f.command(1)}
	deaf := true
	f.loseDown = func(_ time.Time, n int) bool { return deaf && n > 20 }
	f.pass(time.Minute) // the reports are lost
	deaf = false
	f.run(f.now.Add(time.Hour))

	f.ground = b
	second := []pus.RequestID{f.command(2), f.command(3)}
	if _, err := b.Dump(f.now, mission.StoreEvents, start, f.now); err != nil {
		t.Fatal(err)
	}
	if second[0] != first[0] {
		t.Fatalf("the test wants commands of the same name, not %v and %v", first[0], second[0])
	}
	f.pass(3 * time.Minute)
	f.run(f.now.Add(time.Hour))

	f.ground = a
	f.command(4)
	f.pass(3 * time.Minute)
	for _, id := range first {
		if s, _ := a.State(id); s.State != Verified {
			t.Errorf("station a: %+v", s)
		}
	}
	for _, id := range second {
		if s, _ := b.State(id); s.State != Verified {
			t.Errorf("station b: %+v", s)
		}
	}
	f.inOrder(0, 4)
}

// TestDump: what was recorded out of sight comes down on request, and is not taken for news.
func TestDump(t *testing.T) {
	f := newFlight(t, nil)
	f.run(start.Add(3 * time.Hour))
	if _, err := f.ground.Dump(f.now, mission.StoreHousekeeping, start, f.now); err != nil {
		t.Fatal(err)
	}
	f.pass(6 * time.Minute)
	n := 0
	for _, r := range f.ground.Telemetry() {
		if s, ok := r.Content.(*pus.Sample); ok && s.ID == mission.HousekeepingID {
			n++
		}
	}
	if n < 180 {
		t.Errorf("%d reports of three hours", n)
	}
	hk, _, ok := f.ground.Housekeeping()
	if age := f.now.Sub(hk.Time()); !ok || age > 90*time.Second {
		t.Errorf("the latest report is %v old", age)
	}
	if m, age, ok := f.ground.Orbit(f.now); !ok || age > 90*time.Second || m.Satellites != 9 || m.SigmaM != 4.5 {
		t.Errorf("%+v, %v old", m, age)
	}
}

// TestRefusedCommand: a command that the satellite refuses ends as failed, with its reason.
func TestRefusedCommand(t *testing.T) {
	f := newFlight(t, nil)
	bad, err := f.ground.Command(f.now, f.ground.Profile().PerformFunction(4711, nil))
	if err != nil {
		t.Fatal(err)
	}
	late, err := f.ground.CommandAt(f.now, f.now.Add(-time.Hour), f.request(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	good := f.command(2)
	f.pass(2 * time.Minute)
	for _, id := range []pus.RequestID{bad, late} {
		if c, _ := f.ground.State(id); c.State != Failed || c.Why == "" {
			t.Errorf("%+v", c)
		}
	}
	if s := f.state(good); s != Verified || f.ground.Pending() != 0 {
		t.Errorf("the command after them is %v, %d pending", s, f.ground.Pending())
	}
	if list := f.ground.Commands(); len(list) != 3 {
		t.Errorf("%d commands: %+v", len(list), list)
	}
}
