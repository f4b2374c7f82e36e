package ttc

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"spacechain/link/frame"
	"spacechain/link/pus"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// FuzzUplink lets anybody on the uplink: whatever is sent, nothing is executed and no session
// opens, for nobody has the key.
func FuzzUplink(f *testing.F) {
	link := testLink()
	link.Secret[0] ^= 0xff // whoever forges
	c := newCaller(f, link, 0)
	f.Add(c.request(c.profile.AreYouAlive()))
	f.Add(c.frame(frame.TCFrame{Bypass: true, Control: true, Data: frame.Command{SetVR: true, VR: 9}.Append(nil)}))
	f.Add(append(c.frame(frame.TCFrame{Bypass: true, MAP: mission.MAPSecurity, Segment: frame.First, Data: []byte{1, 2}}), 0x55, 0x55))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := New(start, Config{Link: testLink(), Instruments: &bench{charge: 1}})
		if err != nil {
			t.Fatal(err)
		}
		before := s.Status()
		kept := bytes.Clone(in)
		s.Uplink(start.Add(time.Second), in)
		if !bytes.Equal(in, kept) {
			t.Fatal("the caller's octets were changed")
		}
		st := s.Status()
		if st.Session || st.FramesAccepted != 0 || st.FramesRefused != 1 || st.Requests != before.Requests || st.CLCW != before.CLCW {
			t.Fatalf("%+v", st)
		}
		s.Tick(start.Add(time.Minute))
	})
}

// FuzzTrusted lets whoever has the key send any packets and procedures: nothing panics, and
// the answers fit their slots.
func FuzzTrusted(f *testing.F) {
	p := testLink().Profile()
	for _, q := range []pus.Request{p.AreYouAlive(), p.PerformFunction(3, nil), p.ReportStores(), p.OneShot(false, 1)} {
		b, err := p.AppendTC(nil, pus.TC{APID: 100, Ack: 15, Message: q.Message, Data: q.Data})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint8(0))
	}
	for _, u := range []sdls.PDU{{Tag: sdls.Ping}, {Tag: sdls.SAStop, Data: []byte{0, 1}}, {Tag: sdls.KeyInventory, Data: []byte{0, 0, 0xff, 0xff}}} {
		b, err := u.Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, mapp uint8) {
		s, c := newTTC(t, &bench{charge: 1}, nil)
		if n := s.tc.DataLength(0); len(data) == 0 || len(data) > n {
			return
		}
		s.Uplink(start.Add(time.Second), c.frame(frame.TCFrame{Segment: frame.Unsegmented, MAP: mapp & 1, Data: data}))
		if st := s.Status(); st.FramesAccepted != 1 && st.Requests == 0 {
			t.Fatalf("%+v", st)
		}
		for _, b := range runTo(t, s, start.Add(30*time.Second)) {
			if end := s.Link().Slots.End(s.Link().Slots.Index(b.At)); b.End().After(end) {
				t.Fatalf("burst to %v in a slot to %v", b.End(), end)
			}
		}
		// It can still be called.
		s.Uplink(start.Add(31*time.Second), c.frame(frame.TCFrame{Bypass: true, Segment: frame.Unsegmented, MAP: mission.MAPSecurity, Data: mustPing(t)}))
		if !s.Status().Session {
			t.Fatal("deaf to its station")
		}
	})
}

func mustPing(t *testing.T) []byte {
	b, err := sdls.PDU{Tag: sdls.Ping}.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzState: a state that was damaged is refused or taken, and breaks nothing.
func FuzzState(f *testing.F) {
	s, c := newTTC(f, &bench{charge: 1}, nil)
	s.Uplink(start.Add(time.Second), c.frame(frame.TCFrame{Segment: frame.First, Data: []byte{1, 2, 3}}))
	state, err := s.Export()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		if in == nil {
			in = []byte{}
		}
		s, err := New(start, Config{Link: testLink(), State: in})
		if err != nil {
			return
		}
		s.Tick(start.Add(time.Hour))
	})
}

// TestHostileFramesCostLittle: a million octets of frames, forged, genuine but unfinished, and
// rubbish, leave the satellite with hardly more memory than before.
func TestHostileFramesCostLittle(t *testing.T) {
	s, c := newTTC(t, &bench{charge: 1}, nil)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	rubbish := make([]byte, 1000)
	for i := range 4000 {
		at := start.Add(time.Duration(i) * 20 * time.Millisecond)
		binary.BigEndian.PutUint32(rubbish, uint32(i)*2654435761)
		s.Uplink(at, rubbish)
		unfinished := frame.TCFrame{Bypass: true, Segment: frame.First, MAP: uint8(i & 1), Data: make([]byte, 200)}
		if i%3 > 0 {
			unfinished.Segment = frame.Continuing
		}
		s.Uplink(at, c.frame(unfinished))
		if i%100 == 0 {
			s.Tick(at)
			s.Bursts()
		}
	}
	if after := heap(); after > before+4<<20 {
		t.Errorf("%d octets more", after-before)
	}
	if n := len(s.pieces); n > 2 {
		t.Errorf("%d units under way", n)
	}
}
