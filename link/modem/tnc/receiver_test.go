package tnc

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/modem"
	"spacechain/link/modem/dsp"
)

// A frame sent as audio at 48 kHz and received again.
func ExampleReceiver() {
	data, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "DK0XYZ", SSID: 11}, []byte("hello, space")).Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	framer := ax25.NewFramer(ax25.LineAFSK)
	levels := framer.Flags(framer.Frame(framer.Flags(nil, 40), data), 4)
	modulator, err := modem.NewAFSKModulator(modem.Bell202, 48000, 0.5)
	if err != nil {
		fmt.Println(err)
		return
	}
	receiver, err := NewAFSK(modem.Bell202, 48000, Quick, ax25.Options{Line: ax25.LineAFSK})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range receiver.Flush(receiver.Process(nil, modulator.Modulate(nil, levels))) {
		frame, err := ax25.Decode(f.Data)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.2f s: %v\n", f.Time, frame)
	}
	// Output: 0.48 s: DK0XYZ-11>CQ:hello, space
}

// Equal frames in a row count each, however many demodulators find them, at the right
// times.
func TestRepeatsCount(t *testing.T) {
	for _, k := range []kind{ladderAFSK, ladderG3RUH} {
		for _, e := range []Effort{Quick, Thorough} {
			data, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "DK0XYZ"}, []byte("beacon")).Encode()
			if err != nil {
				t.Fatal(err)
			}
			f := ax25.NewFramer(k.Line)
			levels := f.Flags(nil, 60)
			var ends []float64
			baud := 1200.0
			if k.g3ruh {
				baud = 9600
			}
			for range 6 {
				levels = f.Flags(f.Frame(levels, data), 1)
				ends = append(ends, float64(len(levels))/baud)
			}
			x := k.audio(t, f.Flags(levels, 1), 48000) // two bits stay in the modulator of FSK
			r := k.receiver(t, 48000, e)
			var got []Frame
			for rest := x; len(rest) > 0; rest = rest[min(len(rest), 777):] {
				got = r.Process(got, rest[:min(len(rest), 777)])
			}
			got = r.Flush(got)
			if len(got) != len(ends) {
				t.Fatalf("%s, effort %d: %d frames, want %d", k.Name, e, len(got), len(ends))
			}
			for i, g := range got {
				if !bytes.Equal(g.Data, data) || math.Abs(g.Time-ends[i]) > 8/baud {
					t.Errorf("%s, effort %d: frame %d ends at %.4f s, want %.4f", k.Name, e, i, g.Time, ends[i])
				}
				if e == Thorough && g.Votes < 2 {
					t.Errorf("%s: frame %d found by %d demodulator", k.Name, i, g.Votes)
				}
			}
		}
	}
}

// Bursts of a handful of flags and one frame, in the noise of an open squelch, which is louder
// than they are.
func TestBurstsOutOfNoise(t *testing.T) {
	for _, k := range []kind{ladderAFSK, ladderG3RUH} {
		next := noises["white"](newRand(9))
		const bursts = 20
		var x []float32
		for i := range bursts {
			data, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "DK0XYZ"}, fmt.Appendf(nil, "lazy dog!  %04d of %04d", i+1, bursts)).Encode()
			if err != nil {
				t.Fatal(err)
			}
			f := ax25.NewFramer(k.Line)
			for range 9000 + 137*i {
				x = append(x, 2*next())
			}
			for _, v := range k.audio(t, f.Flags(f.Frame(f.Flags(nil, 24), data), 3), 48000) {
				x = append(x, v+next()/10)
			}
		}
		for range 9000 {
			x = append(x, 2*next())
		}
		for _, e := range []Effort{Quick, Thorough} {
			r := k.receiver(t, 48000, e)
			good, bad := count(r.Flush(r.Process(nil, x)))
			t.Logf("%s, effort %d: %d of %d", k.Name, e, good, bursts)
			if good < bursts-1 || bad > 0 {
				t.Errorf("%s, effort %d: %d of %d bursts, %d false", k.Name, e, good, bursts, bad)
			}
		}
	}
}

// G3RUH from complex samples off the carrier.
func TestFromIQ(t *testing.T) {
	m, err := modem.NewFSKModulator(modem.G3RUH9600, 57600, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := ax25.NewFramer(ax25.LineG3RUH)
	data, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "DK0XYZ"}, []byte("from I and Q")).Encode()
	if err != nil {
		t.Fatal(err)
	}
	levels := f.Flags(f.Frame(f.Flags(nil, 60), data), 5)
	x := dsp.NewNCO(1200, 57600).Mix(nil, m.ModulateIQ(nil, levels))
	r, err := NewFSK(modem.G3RUH9600, 57600, Quick, ax25.Options{Line: ax25.LineG3RUH})
	if err != nil {
		t.Fatal(err)
	}
	got := r.Flush(r.ProcessIQ(nil, x))
	if len(got) != 1 || !bytes.Equal(got[0].Data, data) {
		t.Errorf("%d frames, want one", len(got))
	}
}
