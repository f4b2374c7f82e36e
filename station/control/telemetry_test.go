package control

import (
	"bytes"
	"testing"
	"time"

	"spacechain/link/frame"
	"spacechain/link/packet"
	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
)

// pretend sends the station telemetry of somebody who knows everything but the key.
func (f *flight) pretend(t *testing.T, w frame.CLCW, packets ...[]byte) {
	t.Helper()
	link := f.sat.Link()
	s, err := frame.NewSender(link.TM())
	if err != nil {
		t.Fatal(err)
	}
	link.Secret[0] ^= 1
	end, err := link.SecureTelemetry(f.now)
	if err != nil {
		t.Fatal(err)
	}
	ocf := w.Encode()
	s.OCF, s.Idle = &ocf, mission.VCIdle
	s.Protect = func(b []byte) error { return end.Protect(f.satNow().Add(time.Second), b) }
	if err := s.Open(mission.VCLive, 1); err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		if err := s.Write(mission.VCLive, p); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		b, err := s.Next(nil)
		if err != nil {
			t.Fatal(err)
		}
		f.ground.Downlink(f.groundNow(), b)
	}
}

// completion makes the reports that a satellite would send of a command.
func (f *flight) completion(t *testing.T, id pus.RequestID) (packets [][]byte) {
	t.Helper()
	p := f.ground.Profile()
	server, err := pus.NewServer(pus.Options{APID: f.sat.Link().APID, Profile: *p})
	if err != nil {
		t.Fatal(err)
	}
	tc, err := p.AppendTC(nil, pus.TC{APID: f.sat.Link().APID, Count: id.Sequence & packet.CountMask,
		Ack: pus.AckAcceptance | pus.AckCompletion, Source: 1, Message: pus.Message{Service: 17, Subtype: 1}})
	if err != nil {
		t.Fatal(err)
	}
	_ = server.Execute(f.satNow(), tc)
	for _, d := range server.Take(10) {
		packets = append(packets, d.Packet)
	}
	if len(packets) < 2 {
		t.Fatalf("%d reports", len(packets))
	}
	return packets
}

// TestForgedReports: a report that has no key makes no command verified, and its control word is
// not looked at.
func TestForgedReports(t *testing.T) {
	f := newFlight(t, nil)
	f.pass(2 * time.Minute)
	began := f.now
	f.loseUp = func(at time.Time, _ int) bool { return at.Sub(began) > 11*time.Second }
	id := f.command(1)
	f.at(f.now.Add(22*time.Second), func() {
		_, before := f.ground.Contact()
		f.pretend(t, frame.CLCW{COP: 1, ReportValue: 77, Lockout: true}, f.completion(t, id)...)
		if _, now := f.ground.Contact(); now != before {
			t.Errorf("a stranger's control word counts: %+v", now)
		}
	})
	f.pass(3 * time.Minute)
	if s := f.state(id); s.Done() || len(f.executed) > 0 {
		t.Errorf("the command is %v, executed %v", s, f.executed)
	}
	if s := f.ground.Stats(); s.FramesForged != 4 || s.FramesRefused != 4 {
		t.Errorf("%+v", s)
	}
	f.loseUp = nil
	f.pass(4 * time.Minute)
	if s := f.state(id); s != Verified {
		t.Errorf("the command is %v", s)
	}
	f.inOrder(1, 1)
}

// TestReplayedTelemetry: a genuine frame counts once, and only at its time.
func TestReplayedTelemetry(t *testing.T) {
	f := newFlight(t, nil)
	var held [][]byte
	f.bend = func(b []byte) { held = append(held, bytes.Clone(b)) }
	f.loseDown = func(_ time.Time, n int) bool { return n > 40 }
	f.command(0)
	f.pass(2 * time.Minute)
	before := f.ground.Stats()
	for _, b := range held {
		f.ground.Downlink(f.groundNow(), b)
	}
	s := f.ground.Stats()
	if n := int(s.FramesReplayed - before.FramesReplayed); n != len(held) || s.FramesReceived != before.FramesReceived {
		t.Errorf("%d of %d replays found: %+v", n, len(held), s)
	}
	// One that was held back since, and never heard, has a number nobody used.
	f.loseDown, f.bend = nil, nil
	var kept []byte
	f.loseDown = func(time.Time, int) bool { return kept != nil }
	f.bend = func(b []byte) {
		if kept == nil {
			kept = bytes.Clone(b)
			b[20] ^= 1 // so that the station has it not
		}
	}
	f.command(1)
	f.pass(2 * time.Minute)
	f.run(f.now.Add(time.Hour))
	before = f.ground.Stats()
	f.ground.Downlink(f.groundNow(), kept)
	if s := f.ground.Stats(); kept == nil || s.FramesReceived != before.FramesReceived || s.FramesReplayed != before.FramesReplayed+1 {
		t.Errorf("a frame that was held back for an hour: %+v", s)
	}
}

// TestControlWordsOnTheWay: the control word is outside of what the code covers. Whoever changes
// it has a station believe that commands arrived which did not, but not that they were done; and
// none is done twice or out of order.
func TestControlWordsOnTheWay(t *testing.T) {
	f := newFlight(t, nil)
	f.command(0)
	f.pass(2 * time.Minute)
	tm := f.sat.Link().TM()
	deaf, ahead := true, uint8(0)
	f.loseUp = func(time.Time, int) bool { return deaf && ahead > 0 }
	f.bend = func(b []byte) {
		w := f.sat.Status().CLCW
		if w.ReportValue += ahead; deaf {
			ahead = 3
			tamper(tm, b, w)
		}
	}
	var ids []pus.RequestID
	for n := 1; n <= 3; n++ {
		ids = append(ids, f.command(n))
	}
	f.pass(3 * time.Minute)
	for _, id := range ids {
		if s := f.state(id); s == Verified && len(f.executed) < 2 {
			t.Errorf("command %v is verified, executed %v", id, f.executed)
		}
	}
	if s := f.ground.Stats(); s.FramesForged > 0 {
		t.Errorf("the code covers the control word: %+v", s)
	}
	deaf = false
	last := f.command(4)
	for range 3 {
		f.pass(5 * time.Minute)
		f.run(f.now.Add(time.Hour))
	}
	if s := f.state(last); s != Verified {
		t.Errorf("after all that a command is %v", s)
	}
	for i, n := range f.executed {
		if i > 0 && n <= f.executed[i-1] {
			t.Errorf("executed %v", f.executed)
		}
	}
}

// TestFirstHeaderPointerIsAuthenticated: by it packets would begin within others.
func TestFirstHeaderPointerIsAuthenticated(t *testing.T) {
	f := newFlight(t, nil)
	tm, n := f.sat.Link().TM(), 0
	f.bend = func(b []byte) {
		if b[4]&7 == 0 && b[5] == 0 && n < 3 { // a packet begins at the beginning
			n++
			b[5] = 7
			tm.Seal(b)
		}
	}
	f.command(0)
	f.pass(2 * time.Minute)
	if s := f.ground.Stats(); n == 0 || int(s.FramesForged) != n {
		t.Errorf("%d were changed: %+v", n, s)
	}
}
