package radio_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/radio"
)

// trunks are the waveforms that a trunk can stand on, one of each protocol.
func trunks() []radio.Waveform {
	return []radio.Waveform{radio.Payload(256e3, radio.RSConv), radio.Payload(256e3, radio.LDPC)}
}

func trunkOf(t testing.TB, w radio.Waveform) *radio.Trunk {
	t.Helper()
	k, err := radio.NewTrunk(w, 77)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Units of any length come out whole and, of one service, in order; what is left over is idle.
func TestTrunk(t *testing.T) {
	all := trunks()
	rapid.Check(t, func(rt *rapid.T) {
		w := rapid.SampledFrom(all).Draw(rt, "waveform")
		a, b := trunkOf(t, w), trunkOf(t, w)
		sent := make(map[radio.Service][]string)
		n := rapid.IntRange(0, 20).Draw(rt, "units")
		for range n {
			s := radio.Service(rapid.IntRange(1, 3).Draw(rt, "service"))
			data := bytes.Repeat([]byte{byte(rapid.IntRange(0, 255).Draw(rt, "octet"))}, rapid.SampledFrom([]int{1, 2, 250, 254, 500, 892, 5000, 70000}).Draw(rt, "length"))
			if err := a.Send(s, data); err != nil {
				rt.Fatal(err)
			}
			sent[s] = append(sent[s], string(data))
		}
		got := make(map[radio.Service][]string)
		for rest := 3; rest > 0; {
			if a.Pending() == 0 {
				rest--
			}
			f, err := a.Next(nil)
			if err != nil || len(f) != w.FrameSize {
				rt.Fatalf("frame of %d octets, %v", len(f), err)
			}
			if err := b.Frame(f, func(s radio.Service, u []byte) { got[s] = append(got[s], string(u)) }); err != nil {
				rt.Fatal(err)
			}
		}
		for s := radio.Mesh; s <= radio.Files; s++ {
			if !slices.Equal(got[s], sent[s]) {
				rt.Fatalf("%v: %d units of %d", s, len(got[s]), len(sent[s]))
			}
		}
		as, bs := a.Stats(), b.Stats()
		if as.UnitsSent != uint64(n) || bs.UnitsReceived != uint64(n) || bs.Frames != as.FramesSent || bs.IdleFrames != as.IdleSent ||
			bs.Lost+bs.Refused+bs.Repeated+bs.UnitsLost+bs.Malformed > 0 {
			rt.Fatalf("sent %+v, received %+v", as, bs)
		}
	})
}

// A frame lost costs the units it touched, and is counted; so are frames that come twice and such
// as are no frames of the link.
func TestTrunkLosses(t *testing.T) {
	for _, w := range trunks() {
		a, b := trunkOf(t, w), trunkOf(t, w)
		rng := rand.New(rand.NewPCG(1, 1))
		const count = 100
		for range count {
			data := make([]byte, 1000)
			for i := range data {
				data[i] = byte(rng.Uint32())
			}
			if err := a.Send(radio.Bundles, data); err != nil {
				t.Fatal(err)
			}
		}
		var lost, twice uint64
		got := 0
		take := func(f []byte) error {
			return b.Frame(f, func(s radio.Service, u []byte) {
				if s != radio.Bundles || len(u) != 1000 {
					t.Errorf("%v of %d octets", s, len(u))
				}
				got++
			})
		}
		for i := 0; a.Pending() > 0; i++ {
			f, err := a.Next(nil)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case i%17 == 16 && a.Pending() > 0:
				lost++
				continue
			case i%13 == 12:
				if take(slices.Clone(f)) != nil {
					t.Fatal("refused")
				}
				twice++
			}
			if err := take(f); err != nil {
				t.Fatal(err)
			}
		}
		for _, bad := range [][]byte{nil, make([]byte, 5), make([]byte, w.FrameSize), bytes.Repeat([]byte{0xff}, w.FrameSize)} {
			if take(bad) == nil {
				t.Errorf("%s: a frame of %d octets was not refused", w.Framing, len(bad))
			}
		}
		other, err := radio.NewTrunk(w, 78)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := other.Next(nil); err != nil || take(f) == nil {
			t.Errorf("%s: another spacecraft's frame was not refused, %v", w.Framing, err)
		}
		s := b.Stats()
		if s.Lost != lost || s.Repeated != twice || s.Refused != 5 || s.UnitsReceived != uint64(got) || s.UnitsLost == 0 {
			t.Errorf("%s: %+v; %d lost, %d twice, %d units", w.Framing, s, lost, twice, got)
		}
		if got < count-3*int(lost) || got > count-int(lost)/2 {
			t.Errorf("%s: %d units of %d with %d frames lost", w.Framing, got, count, lost)
		}
	}
}

// Queues are bounded, and services take turns.
func TestTrunkQueues(t *testing.T) {
	for _, w := range trunks() {
		a, b := trunkOf(t, w), trunkOf(t, w)
		if err := a.Send(radio.Mesh, nil); !errors.Is(err, radio.ErrLength) {
			t.Errorf("an empty unit: %v", err)
		}
		if err := a.Send(radio.Mesh, make([]byte, radio.MaxUnit+1)); !errors.Is(err, radio.ErrLength) {
			t.Errorf("a unit too long: %v", err)
		}
		if a.Send(0, []byte{1}) == nil || a.Send(9, []byte{1}) == nil {
			t.Error("a unit of no service")
		}
		var err error
		n := 0
		for ; err == nil && n < 100; n++ {
			err = a.Send(radio.Files, make([]byte, radio.MaxUnit/2))
		}
		if !errors.Is(err, radio.ErrFull) || n < 4 {
			t.Errorf("%v after %d long units", err, n)
		}
		// What another service sends does not wait behind all that.
		if err := a.Send(radio.Mesh, []byte("now")); err != nil {
			t.Fatal(err)
		}
		first := -1
		for i := 0; i < 10 && first < 0; i++ {
			f, err := a.Next(nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Frame(f, func(s radio.Service, u []byte) {
				if s == radio.Mesh {
					first = i
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		if first < 0 || first > 2 {
			t.Errorf("a short unit came with frame %d", first)
		}
	}
	if _, err := radio.NewTrunk(radio.Beacon(), 1); err == nil {
		t.Error("a trunk on AX.25")
	}
}

// FuzzTrunk gives a trunk frames from the air: nothing panics, units have the length they say and
// the bounds hold.
func FuzzTrunk(f *testing.F) {
	all := trunks()
	for i, w := range all {
		a := trunkOf(f, w)
		for _, s := range []radio.Service{radio.Mesh, radio.Files} {
			if err := a.Send(s, bytes.Repeat([]byte{byte(i), 0xe0}, 300)); err != nil {
				f.Fatal(err)
			}
		}
		var stream []byte
		for range 4 {
			frame, err := a.Next(nil)
			if err != nil {
				f.Fatal(err)
			}
			stream = append(stream, frame...)
		}
		f.Add(stream, i == 1)
	}
	f.Add([]byte{0x40, 1}, false)
	f.Fuzz(func(t *testing.T, stream []byte, uslp bool) {
		w := all[0]
		if uslp {
			w = all[1]
		}
		k := trunkOf(t, w)
		var units uint64
		for len(stream) > 0 {
			n := min(len(stream), w.FrameSize)
			frame := append(make([]byte, 0, w.FrameSize), stream[:n]...)
			if n > 10 {
				frame = frame[:w.FrameSize] // the last one is filled up
			}
			stream = stream[n:]
			_ = k.Frame(frame, func(s radio.Service, u []byte) {
				units++
				if s < radio.Mesh || s > radio.Files || len(u) == 0 || len(u) > radio.MaxUnit {
					t.Fatalf("%v of %d octets", s, len(u))
				}
			})
		}
		if s := k.Stats(); s.UnitsReceived != units {
			t.Fatalf("%d units, counted %+v", units, s)
		}
	})
}
