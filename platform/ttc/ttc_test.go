package ttc

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/link/frame"
	"spacechain/link/pus"
	"spacechain/link/radio"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// start is the beginning of an up slot.
var start = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

type bench struct{ charge float64 }

func (b *bench) Orbit(now time.Time) (mission.OrbitMeasurement, bool) {
	return mission.OrbitMeasurement{Time: now.Truncate(time.Second), PosECEFKm: astro.Vec3{-1234.5678, 6900, 42.25},
		VelECEFKmS: astro.Vec3{7.25, 0.5, -1.125}, SigmaM: 4.5, ClockBiasNs: -17.5, Satellites: 11}, true
}

func (b *bench) Power(time.Time) (Power, bool) {
	return Power{Charge: b.charge, Volts: 7.75, Sunlit: true}, true
}

func testLink() mission.Link {
	return mission.Link{Spacecraft: 42, APID: 100, Call: "N0CALL-1", Secret: [32]byte{1}}
}

// caller makes frames of a station.
type caller struct {
	t        testing.TB
	link     mission.Link
	endpoint *sdls.Endpoint
	vc       uint8
	seq      uint8
	profile  *pus.Profile
}

func newCaller(t testing.TB, l mission.Link, vc uint8) *caller {
	t.Helper()
	l, err := l.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	e, _, err := l.Secure(start, vc)
	if err != nil {
		t.Fatal(err)
	}
	return &caller{t: t, link: l, endpoint: e, vc: vc, profile: l.Profile()}
}

func (c *caller) frame(f frame.TCFrame) []byte {
	c.t.Helper()
	f.Spacecraft, f.VC, f.HasSegment = c.link.Spacecraft, c.vc, !f.Control
	b, err := c.link.TC().Append(nil, &f)
	if err == nil && !f.Control {
		spi := mission.SPI(c.vc)
		if f.MAP == mission.MAPSecurity {
			spi = mission.ProcedureSPI(c.vc)
		}
		err = c.endpoint.Apply(spi, b)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// request makes an AD frame with a request.
func (c *caller) request(q pus.Request) []byte {
	c.t.Helper()
	pkt, err := c.profile.AppendTC(nil, pus.TC{APID: c.link.APID, Count: uint16(c.seq), Ack: pus.AckAll, Source: 1, Message: q.Message, Data: q.Data})
	if err != nil || q.Err != nil {
		c.t.Fatal(err, q.Err)
	}
	c.seq++
	return c.frame(frame.TCFrame{Sequence: c.seq - 1, Segment: frame.Unsegmented, Data: pkt})
}

// runTo ticks a TTC until a moment and gives its bursts.
func runTo(t testing.TB, c *TTC, until time.Time) (bursts []radio.Burst) {
	t.Helper()
	last := time.Time{}
	for n := 0; ; n++ {
		at, ok := c.NextWake()
		if !ok || at.After(until) {
			c.Tick(until)
			return append(bursts, c.Bursts()...)
		}
		if at.Before(last) || n > 1e6 {
			t.Fatalf("wake at %v after %v", at, last)
		}
		last = at
		c.Tick(at)
		bursts = append(bursts, c.Bursts()...)
	}
}

// reports reads the packets of bursts.
func reports(t testing.TB, l mission.Link, bursts []radio.Burst) (list []pus.TM, content []any) {
	t.Helper()
	r, err := frame.NewReceiver(l.TM())
	if err != nil {
		t.Fatal(err)
	}
	var now time.Time
	security, err := l.SecureTelemetry(start)
	if err != nil {
		t.Fatal(err)
	}
	r.Open = func(b []byte) error { return security.Open(now, b) }
	p := l.Profile()
	for _, b := range bursts {
		now = b.At
		if b.Waveform.Name == "beacon" {
			continue
		}
		for _, f := range b.Frames {
			if _, err := r.Frame(slices.Clone(f), func(u frame.Unit) {
				m, err := p.DecodeTM(bytes.Clone(u.Data))
				if err != nil {
					return // a time report
				}
				v, err := p.Parse(m)
				if err != nil {
					t.Fatal(err)
				}
				list, content = append(list, m), append(content, v)
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return list, content
}

func beacons(t testing.TB, bursts []radio.Burst) (list []*mission.Beacon, at []time.Time) {
	t.Helper()
	for _, b := range bursts {
		if b.Waveform.Name != "beacon" {
			continue
		}
		x, err := mission.DecodeBeacon(b.Frames[0])
		if err != nil {
			t.Fatal(err)
		}
		list, at = append(list, x), append(at, b.At)
	}
	return list, at
}

func newTTC(t testing.TB, hw Instruments, change func(*Config)) (*TTC, *caller) {
	t.Helper()
	c := Config{Link: testLink(), Instruments: hw}
	if change != nil {
		change(&c)
	}
	s, err := New(start, c)
	if err != nil {
		t.Fatal(err)
	}
	return s, newCaller(t, c.Link, 0)
}

func TestHousekeepingTellsTheOrbit(t *testing.T) {
	s, c := newTTC(t, &bench{charge: 0.5}, nil)
	s.Uplink(start.Add(time.Second), c.request(c.profile.AreYouAlive()))
	list, content := reports(t, s.Link(), runTo(t, s, start.Add(12*time.Second)))
	var found, alive bool
	for i, v := range content {
		if x, ok := v.(*pus.Sample); ok {
			r, err := mission.ReadHousekeeping(c.profile, x)
			if err != nil {
				t.Fatal(err)
			}
			m, ok := r.Orbit()
			if !ok || m.Satellites != 11 || m.SigmaM != 4.5 || m.ClockBiasNs != -17.5 ||
				m.PosECEFKm.Sub(astro.Vec3{-1234.5678, 6900, 42.25}).Norm() > 1e-6 || m.VelECEFKmS != (astro.Vec3{7.25, 0.5, -1.125}) {
				t.Errorf("measured %+v", m)
			}
			if !m.Time.Equal(start.Add(time.Second)) || r.Number(mission.ParamBattery) != 0.5 || r.Number(mission.ParamVoltage) != 7.75 || r.Count(mission.ParamFramesAccepted) != 0 {
				t.Errorf("report %v at %v", r.Values, m.Time)
			}
			found = true
		}
		alive = alive || list[i].Message == pus.Message{Service: 17, Subtype: 2}
	}
	if !found || !alive {
		t.Fatalf("housekeeping %v, alive %v in %v", found, alive, list)
	}
}

func TestSessionFillsDownSlotsOnly(t *testing.T) {
	s, c := newTTC(t, &bench{charge: 0.9}, func(c *Config) { c.Link.Slots.Satellites, c.Link.Turn = 66, 3 })
	s.Uplink(start.Add(time.Second), c.request(c.profile.AreYouAlive()))
	l := s.Link()
	bursts := runTo(t, s, start.Add(5*time.Minute))
	var frames int
	var last time.Time
	for _, b := range bursts {
		i := l.Slots.Index(b.At)
		if b.End().After(l.Slots.End(i)) {
			t.Errorf("burst %v to %v in slot %d, which ends at %v", b.At, b.End(), i, l.Slots.End(i))
		}
		if b.Waveform.Name == "beacon" {
			if b.At.Before(start.Add(61 * time.Second)) {
				t.Errorf("beacon at %v in a session", b.At)
			}
			continue
		}
		if l.Slots.Turn(i).String() != "down" {
			t.Errorf("telemetry in a slot for %v", l.Slots.Turn(i))
		}
		frames += len(b.Frames)
		last = b.At
	}
	// Three of four down slots in 61 s, each full.
	per := int((l.Slots.Length - l.Slots.Guard() - l.Down.Lead() - l.Down.Tail()) / l.Down.Airtime(l.Down.FrameSize))
	if frames != 4*per || !last.Before(start.Add(61*time.Second)) {
		t.Errorf("%d frames, %d to a slot, the last at %v", frames, per, last)
	}
	if s.Status().Session {
		t.Error("the session does not end")
	}
}

func TestBeaconsWhenNobodyCalls(t *testing.T) {
	hw := &bench{charge: 0.9}
	s, _ := newTTC(t, hw, nil)
	list, at := beacons(t, runTo(t, s, start.Add(10*time.Minute)))
	if len(list) < 9 || len(list) > 11 {
		t.Fatalf("%d beacons in ten minutes", len(list))
	}
	for i, b := range list {
		if b.Call != "N0CALL-1" || b.Mode != mission.Nominal || b.Battery != 0.9 || !b.Fixed || b.Time.Sub(at[i]).Abs() > time.Second {
			t.Errorf("beacon %+v at %v", b, at[i])
		}
		if d := b.Orbit.PosECEFKm.Sub(astro.Vec3{-1234.5678, 6900, 42.25}).Norm(); d > 1e-4 || !b.Orbit.Time.Equal(at[i].Truncate(time.Second)) {
			t.Errorf("beacon with %+v, %v km off", b.Orbit, d)
		}
	}
	// A low battery stretches them, a charged one brings them back.
	hw.charge = 0.2
	list, _ = beacons(t, runTo(t, s, start.Add(70*time.Minute)))
	if len(list) < 11 || len(list) > 14 || list[len(list)-1].Mode != mission.LowPower {
		t.Fatalf("%d beacons in an hour with a low battery", len(list))
	}
	hw.charge = 0.3 // more than low, but not yet restored
	list, _ = beacons(t, runTo(t, s, start.Add(2*time.Hour)))
	if list[len(list)-1].Mode != mission.LowPower {
		t.Error("restored too early")
	}
	hw.charge = 0.5
	list, _ = beacons(t, runTo(t, s, start.Add(3*time.Hour)))
	if len(list) < 50 || list[len(list)-1].Mode != mission.Nominal {
		t.Errorf("%d beacons in an hour with a good battery", len(list))
	}
}

func TestEmergency(t *testing.T) {
	s, c := newTTC(t, &bench{charge: 0.9}, func(c *Config) { c.EmergencyAfter = 2 * time.Hour })
	list, _ := beacons(t, runTo(t, s, start.Add(2*time.Hour+30*time.Minute)))
	last := list[len(list)-1]
	if last.Mode != mission.Emergency || last.Silence != 2*time.Hour {
		t.Fatalf("after two hours of silence: %+v", last)
	}
	at := start.Add(150*time.Minute + time.Second)
	s.Uplink(at, c.request(c.profile.AreYouAlive()))
	if m := s.Status().Mode; m != mission.Nominal {
		t.Errorf("after a call: %v", m)
	}
	// The store tells what happened meanwhile.
	s.Uplink(at, c.request(c.profile.RetrieveRange(pus.StoreRange{ID: mission.StoreEvents, From: start.Add(-time.Second), To: at})))
	_, content := reports(t, s.Link(), runTo(t, s, at.Add(30*time.Second)))
	ids := map[uint64]bool{}
	for _, v := range content {
		if e, ok := v.(*pus.Event); ok {
			ids[e.ID] = true
		}
	}
	if !ids[mission.EventBoot] || !ids[mission.EventEmergency] || !ids[mission.EventEmergencyOver] || !ids[mission.EventSession] {
		t.Errorf("events %v", ids)
	}
}

func TestOffPassHousekeepingIsRecorded(t *testing.T) {
	s, c := newTTC(t, &bench{charge: 0.9}, nil)
	runTo(t, s, start.Add(time.Hour))
	at := start.Add(time.Hour + time.Second)
	s.Uplink(at, c.request(c.profile.RetrieveRange(pus.StoreRange{ID: mission.StoreHousekeeping, From: start, To: at})))
	_, content := reports(t, s.Link(), runTo(t, s, at.Add(2*time.Minute)))
	n := 0
	for _, v := range content {
		if _, ok := v.(*pus.Sample); ok {
			n++
		}
	}
	if n < 60 || n > 65 {
		t.Errorf("%d reports of an hour", n)
	}
}

func TestParametersCanBeSet(t *testing.T) {
	s, c := newTTC(t, &bench{charge: 0.9}, nil)
	set := func(p mission.Parameter, v pus.Value) uint64 {
		before := s.Status().RequestsRefused
		s.Uplink(start.Add(time.Second), c.request(c.profile.SetParameters(pus.Setting{ID: uint64(p), Value: v})))
		return s.Status().RequestsRefused - before
	}
	for _, x := range []struct {
		p    mission.Parameter
		v    pus.Value
		good bool
	}{
		{mission.ParamBeaconPeriod, pus.UnsignedValue(30, 2), true},
		{mission.ParamBeaconPeriod, pus.UnsignedValue(0, 2), false},
		{mission.ParamSessionHold, pus.UnsignedValue(1, 2), false},
		{mission.ParamSessionHold, pus.UnsignedValue(120, 2), true},
		{mission.ParamEmergencyHours, pus.UnsignedValue(48, 2), true},
		{mission.ParamEmergencyHours, pus.UnsignedValue(0, 2), false},
		{mission.ParamBatteryLow, pus.RealValue(0.3, 4), true},
		{mission.ParamBatteryLow, pus.RealValue(0.9, 4), false},
		{mission.ParamBatteryRestored, pus.RealValue(0.1, 4), false},
		{mission.ParamTime, pus.UnsignedValue(1, 8), false},
	} {
		if refused := set(x.p, x.v) > 0; refused == x.good {
			t.Errorf("set %v to %v: refused %v", x.p, x.v, refused)
		}
	}
	if s.c.BeaconPeriod != 30*time.Second || s.c.SessionHold != 2*time.Minute || s.c.EmergencyAfter != 48*time.Hour {
		t.Errorf("%+v", s.c)
	}
	// Settings survive a restart.
	state, err := s.Export()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := newTTC(t, &bench{charge: 0.9}, func(c *Config) { c.State = state })
	if again.c.BeaconPeriod != 30*time.Second || again.Status().CLCW.ReportValue != s.Status().CLCW.ReportValue {
		t.Errorf("after a restart: %+v, %+v", again.c, again.Status())
	}
	if _, err := New(start, Config{Link: testLink(), State: state[:len(state)-1]}); err == nil {
		t.Error("half a state was taken")
	}
}

func TestFunctions(t *testing.T) {
	s, c := newTTC(t, &bench{charge: 0.9}, nil)
	do := func(id uint64) {
		s.Uplink(start.Add(time.Second), c.request(c.profile.PerformFunction(id, nil)))
	}
	do(mission.FunctionReport)
	do(mission.FunctionBeacon)
	do(77)
	do(mission.FunctionUser)
	if n := s.Status().RequestsRefused; n != 2 {
		t.Errorf("%d functions refused", n)
	}
	do(mission.FunctionCounters)
	if n := s.Status().FramesAccepted; n != 0 {
		t.Errorf("%d frames after the counters were set to zero", n)
	}
	do(mission.FunctionHangUp)
	if s.Status().Session {
		t.Error("the session goes on")
	}
	if list, at := beacons(t, runTo(t, s, start.Add(13*time.Second))); len(list) != 1 {
		t.Errorf("beacons %v after one was asked for", at)
	}
}

func TestStationsHaveTheirOwnChannels(t *testing.T) {
	s, a := newTTC(t, &bench{charge: 0.9}, nil)
	b := newCaller(t, testLink(), 1)
	s.Uplink(start.Add(time.Second), a.request(a.profile.AreYouAlive()))
	s.Uplink(start.Add(time.Second), a.request(a.profile.AreYouAlive()))
	s.Uplink(start.Add(2*time.Second), b.request(b.profile.AreYouAlive()))
	if st := s.Status(); st.VC != 1 || st.CLCW.VC != 1 || st.CLCW.ReportValue != 1 || st.FramesAccepted != 3 {
		t.Errorf("%+v", st)
	}
	// A station cannot use another's association, nor reach its keys.
	f := a.frame(frame.TCFrame{Bypass: true, Segment: frame.Unsegmented, Data: []byte{1}})
	f[2] = f[2]&3 | 1<<2 // virtual channel 1
	s.Link().TC().Seal(f)
	before := s.Status()
	s.Uplink(start.Add(3*time.Second), f)
	pdu, err := sdls.PDU{Tag: sdls.SAStop, Data: []byte{0, byte(mission.SPI(1))}}.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Uplink(start.Add(3*time.Second), a.frame(frame.TCFrame{Bypass: true, MAP: mission.MAPSecurity, Segment: frame.Unsegmented, Data: pdu}))
	if x, _ := s.endpoint.State(mission.SPI(1)); x != sdls.Operational || s.Status().Unsecured != before.Unsecured+1 {
		t.Errorf("association %v, %+v", x, s.Status())
	}
}

func TestLinksThatCannotBe(t *testing.T) {
	for name, change := range map[string]func(*mission.Link){
		"no spacecraft":    func(l *mission.Link) { l.Spacecraft = 0 },
		"no secret":        func(l *mission.Link) { l.Secret = [32]byte{} },
		"no call sign":     func(l *mission.Link) { l.Call = "much too long" },
		"too far a turn":   func(l *mission.Link) { l.Turn = 1 },
		"too many":         func(l *mission.Link) { l.Stations = 99 },
		"too short a slot": func(l *mission.Link) { l.Slots.Length = 2 * time.Second },
		"idle process":     func(l *mission.Link) { l.APID = 0x7fe },
	} {
		l := testLink()
		change(&l)
		if _, err := New(start, Config{Link: l}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
