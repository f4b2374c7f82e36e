package control

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"spacechain/link/frame"
	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
)

// FuzzDownlink lets anybody on the downlink, frame after frame: nothing panics, and what the
// station keeps stays bounded.
func FuzzDownlink(f *testing.F) {
	fl := newFlight(f, nil)
	fl.command(1)
	sender, err := frame.NewSender(fl.sat.Link().TM())
	if err != nil {
		f.Fatal(err)
	}
	ocf := frame.CLCW{COP: 1, ReportValue: 3}.Encode()
	sender.OCF, sender.Idle = &ocf, mission.VCIdle
	if err := sender.Open(0, 0); err != nil {
		f.Fatal(err)
	}
	p := fl.ground.Profile()
	for _, m := range []pus.TM{
		{Message: pus.Message{Service: 17, Subtype: 2}},
		{Message: pus.Message{Service: 1, Subtype: 7}, Data: []byte{0x18, 100, 0xc0, 0}},
		{Message: pus.Message{Service: 5, Subtype: 1}, Data: []byte{0, 1}},
		{Message: pus.Message{Service: 3, Subtype: 25}, Data: make([]byte, 140)},
	} {
		m.APID, m.Time = 100, start
		pkt, err := p.AppendTM(nil, m)
		if err == nil {
			err = sender.Write(0, pkt)
		}
		b, err2 := sender.Next(nil)
		if err != nil || err2 != nil {
			f.Fatal(err, err2)
		}
		f.Add(b)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		k, err := New(start, Config{Link: testLink()})
		if err != nil {
			t.Fatal(err)
		}
		id, err := k.Command(start, k.Profile().AreYouAlive())
		if err != nil {
			t.Fatal(err)
		}
		k.Begin(start, start.Add(time.Hour))
		size := k.Link().Down.FrameSize
		tm := k.Link().TM()
		end, err := k.Link().SecureTelemetry(start)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < 4 && len(in) > 0; n++ {
			at := start.Add(time.Duration(n+1) * 12 * time.Second)
			b := bytes.Clone(in[:min(size, len(in))])
			if len(b) == size {
				tm.Seal(b) // whoever sends it can compute a CRC
				if n > 0 {
					_ = end.Protect(at, b) // and as if he had the key
				}
			}
			k.Downlink(at, b)
			in = in[len(b):]
			k.Tick(at)
			for _, x := range k.Bursts() {
				for _, y := range x.Frames {
					if len(y) > mission.MaxTC {
						t.Fatalf("a frame of %d octets", len(y))
					}
				}
			}
		}
		k.End(start.Add(time.Minute))
		if _, ok := k.State(id); !ok {
			t.Fatal("a command was forgotten")
		}
	})
}

// FuzzHeardBeacon: rubbish on the beacon's frequency.
func FuzzHeardBeacon(f *testing.F) {
	b := mission.Beacon{Call: "N0CALL-1", Time: start, Fixed: true}
	x, err := b.Frame()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(x)
	f.Fuzz(func(t *testing.T, in []byte) {
		k, err := New(start, Config{Link: testLink()})
		if err != nil {
			t.Fatal(err)
		}
		k.Beacon(start, in)
		if b, _ := k.LastBeacon(); b != nil && b.Call != "N0CALL-1" {
			t.Fatalf("somebody else's: %+v", b)
		}
	})
}

// TestHostileTelemetryCostsLittle: a flood of genuine-looking events, verifications and pieces
// of large packets leaves a bounded station.
func TestHostileTelemetryCostsLittle(t *testing.T) {
	f := newFlight(t, nil)
	for n := range 3 {
		f.command(n)
	}
	f.pass(30 * time.Second)
	k, p := f.ground, f.ground.Profile()
	sender, err := frame.NewSender(k.Link().TM())
	if err != nil {
		t.Fatal(err)
	}
	sender.Idle = mission.VCIdle
	if err := sender.Open(0, 0); err != nil {
		t.Fatal(err)
	}
	// A satellite gone mad: these have the key.
	end, err := k.Link().SecureTelemetry(f.now)
	if err != nil {
		t.Fatal(err)
	}
	sender.Protect = func(b []byte) error { return end.Protect(f.now, b) }
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	flood := func(from, to int) {
		for n := from; n < to; n++ {
			for _, m := range []pus.TM{
				{Message: pus.Message{Service: 5, Subtype: 4}, Data: []byte{byte(n), byte(n >> 8), 1, 2, 3}},
				{Message: pus.Message{Service: 1, Subtype: 4}, Data: []byte{0x18, 100, 0xc0, byte(n & 3), 0, 1}},
				{Message: pus.Message{Service: 13, Subtype: 1}, Data: append([]byte{byte(n), byte(n >> 8), 0, 0, 0, 1}, make([]byte, 100)...)},
				{Message: pus.Message{Service: 17, Subtype: 2}},
			} {
				m.APID, m.Time, m.Counter = 100, f.now, uint16(n)
				pkt, err := p.AppendTM(nil, m)
				if err == nil {
					err = sender.Write(0, pkt)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for sender.Pending() > 0 {
				b, err := sender.Next(nil)
				if err != nil {
					t.Fatal(err)
				}
				f.now = f.now.Add(100 * time.Millisecond)
				k.Downlink(f.now, b)
			}
		}
	}
	flood(0, 3000)
	before := heap()
	flood(3000, 9000)
	if after := heap(); after > before+1<<20 {
		t.Errorf("%d octets more after another flood", after-before)
	}
	if n := len(k.Events()); n != mostEvents {
		t.Errorf("%d events kept", n)
	}
	if n := len(k.Telemetry()); n != mostReports {
		t.Errorf("%d reports kept", n)
	}
}
