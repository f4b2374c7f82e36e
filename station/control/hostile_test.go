package control

import (
	"bytes"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/link/frame"
	"spacechain/link/sdls"
	"spacechain/platform/ttc"
	"spacechain/platform/ttc/mission"
)

// A station process that starts anew after a change of key can never send packets again.
func TestHostileStationRestartAfterKeyChange(t *testing.T) {
	f := newFlight(t, nil)
	f.command(0)
	f.pass(3 * time.Minute)
	if err := f.ground.ChangeKey(f.groundNow(), [32]byte{7}); err != nil {
		t.Fatal(err)
	}
	f.command(1)
	f.pass(6 * time.Minute)
	id, ch := f.ground.Key()
	t.Log("key", id, ch, f.executed)
	g, err := New(f.groundNow(), Config{Link: f.config.Link})
	if err != nil {
		t.Fatal(err)
	}
	f.ground = g
	f.command(2)
	for i := 0; i < 10; i++ {
		f.pass(10 * time.Minute)
		f.run(f.now.Add(time.Hour))
	}
	t.Logf("executed %v, pending %d, sat %+v ground %+v", f.executed, f.ground.Pending(), f.sat.Status(), f.ground.Stats())
	f.inOrder(0, 2)
}

// A second restart-related: key change after a station restart
func TestHostileKeyChangeAfterRestart(t *testing.T) {
	f := newFlight(t, nil)
	f.command(0)
	if err := f.ground.ChangeKey(f.groundNow(), [32]byte{7}); err != nil {
		t.Fatal(err)
	}
	f.pass(6 * time.Minute)
	f.restart() // satellite forgets
	g, _ := New(f.groundNow(), Config{Link: f.config.Link})
	f.ground = g
	f.command(1)
	f.pass(6 * time.Minute)
	f.inOrder(0, 1)
}

// Satellite reboots with a clock that is behind (no GPS fix yet): old frames count as new.
func TestHostileReplayAfterRebootWithOldClock(t *testing.T) {
	f := newFlight(t, nil)
	f.keep = true
	for n := range 100 {
		f.command(n)
	}
	f.pass(20 * time.Minute)
	f.run(f.now.Add(time.Hour))
	t.Log(len(f.executed), len(f.heardUp), f.sat.Status().CLCW)
	state, err := f.sat.Export()
	if err != nil {
		t.Fatal(err)
	}
	c := f.config
	c.State = state
	boot := start.Add(-time.Minute) // RTC lost; GPS has no fix yet
	if f.sat, err = ttc.New(boot, c); err != nil {
		t.Fatal(err)
	}
	before := f.sat.Status().Counters
	for i, fr := range f.heardUp {
		f.sat.Uplink(boot.Add(time.Duration(i+1)*time.Second), append(bytes.Clone(fr), 0x55, 0x55, 0x55))
	}
	after := f.sat.Status().Counters
	t.Logf("before %+v\nafter %+v session %v\nexecuted %d", before, after, f.sat.Status().Session, len(f.executed))
	if after.Replayed-before.Replayed != uint64(len(f.heardUp)) {
		t.Errorf("%d of %d recorded frames were refused as replays", after.Replayed, len(f.heardUp))
	}
	_ = mission.VCLive
}

// Commands done twice: reboot with a clock that is behind, V(R) wraps after 256 frames, 64 digests.
func TestHostileDoneTwiceAfterReboot(t *testing.T) {
	f := newFlight(t, nil)
	f.keep = true
	for b := 0; b < 3; b++ {
		for n := range 120 {
			f.command(b*120 + n)
		}
		f.pass(30 * time.Minute)
		f.run(f.now.Add(time.Hour))
	}
	t.Log(len(f.executed), len(f.heardUp), f.sat.Status().CLCW.ReportValue)
	state, _ := f.sat.Export()
	c := f.config
	c.State = state
	boot := start.Add(-time.Minute)
	f.sat, _ = ttc.New(boot, c)
	n := len(f.executed)
	tc := f.sat.Link().TC()
	i := 0
	for _, fr := range f.heardUp { // in their old order, those that FARM-1 expects
		d, err := tc.Decode(bytes.Clone(fr))
		if err != nil || d.Bypass || d.Sequence != f.sat.Status().CLCW.ReportValue {
			continue
		}
		i++
		f.sat.Uplink(boot.Add(time.Duration(i)*time.Second), append(bytes.Clone(fr), 0x55, 0x55, 0x55))
	}
	t.Logf("executed again: %v", f.executed[n:])
	if len(f.executed) != n {
		t.Errorf("%d commands were done twice", len(f.executed)-n)
	}
}

// The N(S) and the bypass flag are not authenticated: who jams two frames and sends the
// second in place of the first has it done while the first is lost for good.
func TestHostileReorderByHeader(t *testing.T) {
	f := newFlight(t, nil)
	tc := f.sat.Link().TC()
	var held [][]byte
	steal := false
	f.keep = false
	f.command(0)
	f.pass(3 * time.Minute)
	// steal all of the next pass's AD frames
	air := &held
	f.loseUp = func(time.Time, int) bool { return steal }
	_ = air
	ids := []any{f.command(1), f.command(2), f.command(3)}
	_ = ids
	f.ground.Begin(f.groundNow(), f.groundNow().Add(10*time.Minute))
	for {
		f.now = f.now.Add(100 * time.Millisecond)
		f.ground.Tick(f.groundNow())
		f.sat.Tick(f.satNow())
		for _, b := range f.sat.Bursts() {
			if b.Waveform.Name == "beacon" {
				continue
			}
			for _, fr := range b.Frames {
				f.ground.Downlink(b.End(), fr)
			}
		}
		var got bool
		for _, b := range f.ground.Bursts() {
			for _, fr := range b.Frames {
				d, err := tc.Decode(bytes.Clone(fr))
				if err != nil {
					t.Fatal(err)
				}
				if !d.Bypass {
					held = append(held, bytes.Clone(fr))
					got = true
				} else {
					f.sat.Uplink(f.satNow(), bytes.Clone(fr))
				}
			}
		}
		if got && len(held) >= 3 {
			break
		}
		if f.now.After(start.Add(time.Hour)) {
			t.Fatal("no frames", len(held))
		}
	}
	a, b := held[0], held[2]
	forged := bytes.Clone(b)
	forged[4] = a[4] // N(S) of the first
	reseal(tc, forged)
	f.sat.Uplink(f.satNow(), forged)
	t.Logf("executed %v, sat %+v", f.executed, f.sat.Status().Counters)
	// bypass flag
	by := bytes.Clone(held[2])
	_ = by
	if len(f.executed) > 1 && f.executed[1] != 1 {
		t.Errorf("command %d was done in place of command 1: executed %v", f.executed[1], f.executed)
	}
	_ = mission.VCLive
}

func reseal(c *frame.TCChannel, b []byte) {
	c.Seal(b)
}

// A valid frame that is decoded while the satellite's own beacon is on the air.
func TestHostileBeaconAndTelemetryOverlap(t *testing.T) {
	f := newFlight(t, nil)
	link := f.sat.Link()
	end, _, err := link.Secure(start, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := sdls.PDU{Tag: sdls.Ping}.Append(nil)
	tc := link.TC()
	b, err := tc.Append(nil, &frame.TCFrame{Bypass: true, Spacecraft: link.Spacecraft, HasSegment: true, Segment: frame.Unsegmented, MAP: mission.MAPSecurity, Data: p})
	if err != nil {
		t.Fatal(err)
	}
	if err := end.Apply(mission.ProcedureSPI(0), b); err != nil {
		t.Fatal(err)
	}
	var last time.Time
	for n := 0; n < 200; n++ {
		at, _ := f.sat.NextWake()
		f.sat.Tick(at)
		for _, x := range f.sat.Bursts() {
			if x.Waveform.Name == "beacon" {
				last = x.End()
				f.sat.Uplink(x.At.Add(40*time.Millisecond), b)
				for _, y := range f.sat.Bursts() {
					t.Logf("beacon %v to %v, then %s from %v to %v", x.At, x.End(), y.Waveform.Name, y.At, y.End())
					if y.At.Before(last) {
						t.Errorf("the satellite sends %s at %v while its beacon is on the air until %v", y.Waveform.Name, y.At, last)
					}
				}
				return
			}
		}
	}
}

// One beacon by anybody with a time in the far future, and no genuine orbit counts any more.
func TestHostileBeaconFromTheFuture(t *testing.T) {
	f := newFlight(t, nil)
	b := mission.Beacon{Call: f.sat.Link().Call, Time: start.AddDate(70, 0, 0), Fixed: true,
		Orbit: mission.OrbitMeasurement{Time: start.AddDate(70, 0, 0), PosECEFKm: astro.Vec3{1, 2, 3}}}
	a, err := b.Frame()
	if err != nil {
		t.Fatal(err)
	}
	f.ground.Beacon(f.groundNow(), a)
	for range 3 {
		f.command(1)
		f.pass(5 * time.Minute)
		f.run(f.now.Add(time.Hour))
	}
	m, age, ok := f.ground.Orbit(f.groundNow())
	if !ok || age < 0 {
		t.Errorf("the orbit is %v, %v old", m, age)
	}
}

func TestHostileKeyChangeAgainAfterRestart(t *testing.T) {
	f := newFlight(t, nil)
	change := func(n byte) {
		if err := f.ground.ChangeKey(f.groundNow(), [32]byte{n}); err != nil {
			t.Fatal(err)
		}
		f.pass(8 * time.Minute)
	}
	f.pass(2 * time.Minute)
	change(7)
	f.ground, _ = New(f.groundNow(), Config{Link: f.config.Link})
	f.command(1)
	f.pass(6 * time.Minute)
	f.inOrder(1, 1)
	change(8)
	if id, changing := f.ground.Key(); id == mission.PacketKey(0) {
		t.Errorf("after a station's restart the change of key came to nothing: key %d, changing %v", id, changing)
	}
}

func TestHostileOtherStationsKeys(t *testing.T) {
	f := newFlight(t, nil)
	f.pass(2 * time.Minute)
	if err := f.ground.ChangeKey(f.groundNow(), [32]byte{7}); err != nil {
		t.Fatal(err)
	}
	f.pass(8 * time.Minute)
	id, _ := f.ground.Key()
	link := f.sat.Link()
	other, _, err := link.Secure(f.now, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := sdls.PDU{Tag: sdls.KeyDeactivate, Data: keyName(id)}.Append(nil)
	b, err := link.TC().Append(nil, &frame.TCFrame{Bypass: true, VC: 1, Spacecraft: link.Spacecraft, HasSegment: true, Segment: frame.Unsegmented, MAP: mission.MAPSecurity, Data: p})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Apply(mission.ProcedureSPI(1), b); err != nil {
		t.Fatal(err)
	}
	f.sat.Uplink(f.satNow(), b)
	f.command(1)
	f.run(f.now.Add(time.Hour))
	f.pass(4 * time.Minute)
	t.Logf("executed %v, %+v", f.executed, f.sat.Status().Counters)
	if f.sat.Status().Unsecured > 0 || len(f.executed) == 0 {
		t.Errorf("station 1 took the key of station 0 away: %+v", f.sat.Status().Counters)
	}
}

func TestHostileHundredChanges(t *testing.T) {
	f := newFlight(t, nil)
	f.pass(2 * time.Minute)
	for n := range 102 {
		if err := f.ground.ChangeKey(f.groundNow(), [32]byte{1, byte(n)}); err != nil {
			t.Fatal(err)
		}
		f.pass(5 * time.Minute)
		if _, changing := f.ground.Key(); changing {
			t.Fatal("stuck at", n)
		}
	}
	id, _ := f.ground.Key()
	if !mission.OwnSessionKey(0, id) {
		t.Errorf("station 0 has key %d, a name of station 1", id)
	}
}

// The satellite's computer starts with a clock that is a year ahead and is set right by GPS.
func TestHostileClockSetBack(t *testing.T) {
	f := newFlight(t, nil)
	var err error
	if f.sat, err = ttc.New(start.AddDate(1, 0, 0), f.config); err != nil {
		t.Fatal(err)
	}
	f.sat.Tick(start)
	at, _ := f.sat.NextWake()
	t.Logf("next wake %v", at)
	f.command(1)
	for range 3 {
		f.pass(10 * time.Minute)
		f.run(f.now.Add(time.Hour))
	}
	if len(f.executed) == 0 {
		t.Errorf("beacons %d, %+v", f.beacons, f.sat.Status())
	}
}
