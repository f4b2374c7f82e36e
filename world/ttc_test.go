package world

import (
	"context"
	"strings"
	"testing"
	"time"

	"spacechain/cloud/api"
	"spacechain/station/control"
	"spacechain/world/scenario"
	"spacechain/world/topology"
)

// Every satellite that a station sees is called once an orbit: it answers the ping, sends
// its record, and says where it is, to the error of its receiver.
func TestSatellitesAreCalled(t *testing.T) {
	u := universe(t, Options{Seed: 1, Topology: small(t)})
	live(t, u, dawn.Add(3*time.Hour))
	if len(u.tracking.flights) != 30 {
		t.Fatalf("%d flights", len(u.tracking.flights))
	}
	heard, beacons, calls := 0, 0, 0
	for _, s := range u.topo.Satellites() {
		f := u.tracking.flights[s.Node]
		d := u.tracking.telemetry(s.Node)
		if d == nil {
			continue
		}
		heard++
		if d.Beacon != nil {
			beacons++
		}
		if d.Orbit == nil {
			t.Errorf("%s has no fix", s.Name)
			continue
		}
		truth, vel, err := u.topo.ECEF(s.Node, d.Orbit.Time)
		if err != nil {
			t.Fatal(err)
		}
		if off := 1e3 * truth.Sub(d.Orbit.PosECEFKm).Norm(); off > 26 || off == 0 {
			t.Errorf("%s says that it was %g m from where it was", s.Name, off)
		}
		if off := 1e3 * vel.Sub(d.Orbit.VelECEFKmS).Norm(); off > 0.2 {
			t.Errorf("%s is %g m/s off", s.Name, off)
		}
		if d.Orbit.Satellites < 8 || d.Orbit.SigmaM != 3 || d.Battery <= 0.2 || d.BusVolts < 6 || d.Mode != "nominal" || role(uint64(d.Station)) != "station" {
			t.Errorf("%s: %+v", s.Name, d)
		}
		if c := d.Counters; c.Forged+c.Replayed+c.FramesRefused != 0 || c.FramesSent == 0 && f.ground.Stats().FramesReceived > 60 {
			t.Errorf("%s counts %+v", s.Name, c)
		}
		for _, c := range f.ground.Commands() {
			if c.State == control.Verified {
				calls++
			} else if f.call == nil {
				t.Errorf("%s: %v is %v: %s", s.Name, c.Message, c.State, c.Why)
			}
		}
	}
	if heard < 28 || beacons < 28 || calls < 2*heard {
		t.Errorf("%d satellites heard, %d beacons, %d commands verified", heard, beacons, calls)
	}
	if n := len(u.tracking.taken); n > len(u.topo.Stations()) {
		t.Errorf("%d antennas are taken", n)
	}
}

// What strikes a pass or a satellite's computer strikes its TT&C: nothing is heard through
// an outage, a reset ends a session, and both are got over.
func TestTTCThroughFaults(t *testing.T) {
	o := small(t)
	o.Stations = o.Stations[:1]
	quiet := universe(t, Options{Seed: 1, Topology: o})
	live(t, quiet, dawn.Add(time.Hour))
	u := universe(t, Options{Seed: 1, Topology: o, Scenario: faulty(t, `
faults:
  - station outage: Svalbard
    at: 0s
    for: 30m
  - frame loss: each link
    rate: 20%
`)})
	live(t, u, dawn.Add(29*time.Minute))
	for node := range u.tracking.flights {
		if u.tracking.telemetry(node) != nil {
			t.Errorf("satellite %d was heard through the outage", node)
		}
	}
	live(t, u, dawn.Add(time.Hour))
	n := 0
	for node := range u.tracking.flights {
		if u.tracking.telemetry(node) != nil {
			n++
		}
	}
	if n < 5 {
		t.Errorf("%d satellites were heard after the outage", n)
	}
	// A reset in the middle of a call.
	var f *flight
	for f == nil {
		live(t, u, u.Now().Add(15*time.Second))
		for _, c := range u.tracking.taken {
			if a, _ := c.ground.Contact(); a {
				f = c
			}
		}
	}
	m, err := u.member(f.node)
	if err != nil {
		t.Fatal(err)
	}
	before := f.ground.Stats().FramesReceived
	u.reset(m, 20*time.Second)
	if f.board != nil {
		t.Fatal("the computer runs without power")
	}
	live(t, u, u.Now().Add(19*time.Second))
	if f.ground.Stats().FramesReceived != before {
		t.Error("it sends without power")
	}
	live(t, u, u.Now().Add(100*time.Minute))
	if s := f.board.Status(); f.ground.Stats().FramesReceived == before || s.Forged+s.Replayed != 0 {
		t.Errorf("after the reset %+v", s)
	}
}

// Frames that come twice or damaged are refused and counted, and disturb nothing.
func TestTTCRefusesCopiesAndDamage(t *testing.T) {
	u := universe(t, Options{Seed: 1, Topology: small(t), Scenario: faulty(t, `
faults:
  - duplication: each link
    rate: 30%
  - bit flips: each link
    rate: 1e-4
`)})
	live(t, u, dawn.Add(100*time.Minute))
	heard, replayed, verified := 0, uint64(0), 0
	for _, f := range u.tracking.flights {
		s := f.board.Status()
		replayed += s.Replayed
		if s.Replayed > s.FramesRefused {
			t.Errorf("satellite %d counts %+v", f.node, s.Counters)
		}
		if u.tracking.telemetry(f.node) != nil {
			heard++
		}
		for _, c := range f.ground.Commands() {
			if c.State == control.Verified {
				verified++
			}
			if c.State == control.Failed {
				t.Errorf("satellite %d: %v failed: %s", f.node, c.Message, c.Why)
			}
		}
	}
	if heard < 25 || replayed == 0 || verified < 60 {
		t.Errorf("%d satellites heard, %d replays refused, %d commands verified", heard, replayed, verified)
	}
}

// Of thousands only those that are used cost anything.
func TestOnlyUsedSatellitesOfManyAreTracked(t *testing.T) {
	u := universe(t, Options{Seed: 1, Topology: small(t)})
	u.tracking = newTracking(u)
	u.tracking.all = false
	used := u.topo.Satellites()[7].Node
	if _, err := u.member(used); err != nil {
		t.Fatal(err)
	}
	live(t, u, dawn.Add(2*time.Hour))
	if len(u.tracking.flights) != 1 || u.tracking.flights[used] == nil {
		t.Errorf("%d satellites are tracked", len(u.tracking.flights))
	}
}

// The API tells what a satellite last said of itself.
func TestTelemetryOverTheAPI(t *testing.T) {
	u := universe(t, Options{Seed: 1, Topology: small(t), Scenario: &scenario.Scenario{}})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan error, 1)
	live(t, u, dawn.Add(time.Hour))
	go func() { done <- u.Run(ctx, time.Time{}) }()
	b := u.Backend()
	heard := 0
	for _, s := range u.topo.Satellites() {
		d, err := b.Satellite(ctx, api.NodeID(s.Node))
		if err != nil {
			t.Fatal(err)
		}
		if x := d.Telemetry; x != nil {
			heard++
			if !strings.HasPrefix(x.Up.Modem, "FM, AFSK 1200") || !strings.Contains(x.Up.Coding, "BCH(63,56)") || x.Down.Framing != "TM" || x.BeaconWave.Framing != "AX.25 UI" {
				t.Errorf("%+v", x)
			}
		}
	}
	if heard < 10 {
		t.Errorf("%d satellites have telemetry", heard)
	}
	links, err := b.Links(ctx)
	if err != nil || len(links) == 0 {
		t.Fatal(len(links), err)
	}
	for _, l := range links {
		if l.AB.Modem == "" || l.AB.Coding == "" || l.BA.Framing == "" || l.AB.RateBps != l.RateBps || (l.AB.CarrierHz == 0) != (l.Kind == api.LinkWire) {
			t.Errorf("link %+v", l)
		}
	}
	stop()
	<-done
}

// The budget of TT&C closes at the horizon, with a margin that a tumbling satellite can use up.
func TestTTCCloses(t *testing.T) {
	u := universe(t, Options{Seed: 1, Topology: small(t)})
	for _, w := range u.ahead.windows {
		if w.Kind != topology.Ground {
			continue
		}
		path, err := u.topo.Path(w.A, w.B, w.Start)
		if err != nil {
			t.Fatal(err)
		}
		tr := u.tracking
		up, _ := tr.antennas.Up(path)
		down, _ := tr.antennas.Down(path)
		for _, x := range []struct {
			name      string
			cn0, need float64
		}{
			{"up", up, tr.up.RequiredCN0DBHz(1e-3, 64)},
			{"down", down, tr.down.RequiredCN0DBHz(1e-3, tr.down.FrameSize)},
			{"beacon", down, tr.beacon.RequiredCN0DBHz(1e-3, 52)},
		} {
			if x.cn0 < x.need+6 {
				t.Errorf("%s at %.0f km: %.1f dBHz, it needs %.1f", x.name, path.RangeKm, x.cn0, x.need)
			}
		}
		return
	}
}
