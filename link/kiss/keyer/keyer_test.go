package keyer

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/kiss"
	"spacechain/link/receive"
	"spacechain/link/send"
)

const rate = 48000

func frame(t testing.TB, text string) []byte {
	t.Helper()
	data, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "N0CALL"}, []byte(text)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func keyer(t testing.TB, opt Options) *Keyer {
	t.Helper()
	opt.Rate, opt.Rand = rate, rand.New(rand.NewPCG(1, 2))
	k, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Two stations with cables between them: what one is given the other receives, with every modem,
// and the delays that were set are kept.
func TestTwoStations(t *testing.T) {
	for _, modem := range []string{"afsk1200", "g3ruh9600", "bpsk1200", "bpsk9600"} {
		a, b := keyer(t, Options{Modem: modem, Framing: "ax25"}), keyer(t, Options{Modem: modem, Framing: "ax25"})
		for _, f := range []kiss.Frame{
			{Command: kiss.TXDelay, Data: []byte{30}}, {Command: kiss.TXTail, Data: []byte{10}},
			{Command: kiss.Persistence, Data: []byte{255}}, {Command: kiss.SlotTime, Data: []byte{5}},
		} {
			if err := errors.Join(a.Set(f), b.Set(f)); err != nil {
				t.Fatal(err)
			}
		}
		up, down := frame(t, "one to two"), frame(t, "two to one")
		if err := a.Set(kiss.Frame{Command: kiss.Data, Data: up}); err != nil {
			t.Fatal(err)
		}
		toA, toB := make([]float32, 1000), make([]float32, 1000)
		var atA, atB []receive.Frame
		first, last := 0, 0
		noise := rand.New(rand.NewPCG(3, 4))
		for at := 0; at < 8*rate; at += 1000 {
			if at == 14000 { // in the middle of what a sends, so that b has to wait
				if err := b.Queue(down); err != nil {
					t.Fatal(err)
				}
			}
			var fromA, fromB []float32
			fromA, atA = a.Process(nil, atA, toA)
			fromB, atB = b.Process(nil, atB, toB)
			for i, v := range fromA {
				if v != 0 {
					if first == 0 {
						first = at + i
					}
					last = at + i
				}
			}
			for i := range fromA {
				fromA[i] += float32(0.01 * noise.NormFloat64())
				fromB[i] += float32(0.01 * noise.NormFloat64())
			}
			toA, toB = fromB, fromA
		}
		atA, atB = a.Flush(atA), b.Flush(atB)
		if len(atB) != 1 || !bytes.Equal(atB[0].Data, up) {
			t.Errorf("%s: b received %+v", modem, atB)
		}
		if len(atA) != 1 || !bytes.Equal(atA[0].Data, down) {
			t.Errorf("%s: a received %+v", modem, atA)
		}
		if a.Stats().Sent != 1 || a.Stats().Keyed != 1 || a.Busy() {
			t.Errorf("%s: a did %+v", modem, a.Stats())
		}
		// Delay, the frame with flags and stuffing, tail.
		m, _ := receive.ParseModem(modem)
		least := 0.4 + float64(len(up)+2)*8/m.Baud()
		if took := float64(last-first) / rate; took < least || took > least+0.1 {
			t.Errorf("%s: keyed for %.2f s, want %.2f", modem, took, least)
		}
	}
}

// While somebody sends, a station waits; with full duplex it does not.
func TestWaitsForAFreeChannel(t *testing.T) {
	for _, modem := range []string{"afsk1200", "g3ruh9600", "bpsk9600"} {
		for _, duplex := range []byte{0, 1} {
			k := keyer(t, Options{Modem: modem, Framing: "ax25"})
			for _, f := range []kiss.Frame{{Command: kiss.Persistence, Data: []byte{255}}, {Command: kiss.FullDuplex, Data: []byte{duplex}}} {
				if err := k.Set(f); err != nil {
					t.Fatal(err)
				}
			}
			s, err := send.New(modem, "ax25", send.Options{Rate: rate, Lead: 1.5})
			if err != nil {
				t.Fatal(err)
			}
			other, err := s.Audio(frame(t, "I was here first"))
			if err != nil {
				t.Fatal(err)
			}
			taken := len(other)
			other = append(other, make([]float32, 2*rate)...)
			noise := rand.New(rand.NewPCG(5, 6))
			for i := range other {
				other[i] += float32(0.02 * noise.NormFloat64())
			}
			out, got := k.Process(nil, nil, other[:rate])
			if err := k.Queue(frame(t, "and I second")); err != nil {
				t.Fatal(err)
			}
			out, got = k.Process(out, got, other[rate:])
			begin := slices.IndexFunc(out, func(v float32) bool { return v != 0 })
			if duplex == 1 && (begin < rate || begin > rate+500) || duplex == 0 && begin < taken {
				t.Errorf("%s, duplex %d: keyed at %.2f s of %.2f", modem, duplex, float64(begin)/rate, float64(taken)/rate)
			}
			if got = k.Flush(got); len(got) != 1 {
				t.Errorf("%s, duplex %d: received %d frames", modem, duplex, len(got))
			}
			if duplex == 0 && k.Stats().Deferred == 0 {
				t.Errorf("%s: never waited", modem)
			}
		}
	}
}

// Noise and silence leave the channel free.
func TestNoiseIsNoCarrier(t *testing.T) {
	for _, modem := range []string{"afsk1200", "g3ruh9600", "bpsk1200", "bpsk9600"} {
		for _, level := range []float64{0, 0.001, 0.3} {
			k := keyer(t, Options{Modem: modem, Framing: "ax25"})
			if err := k.Set(kiss.Frame{Command: kiss.Persistence, Data: []byte{255}}); err != nil {
				t.Fatal(err)
			}
			noise := rand.New(rand.NewPCG(7, 8))
			keyed := 0
			for range 20 {
				x := make([]float32, rate/4)
				for i := range x {
					x[i] = float32(level * noise.NormFloat64())
				}
				if err := k.Queue(frame(t, "x")); err != nil {
					t.Fatal(err)
				}
				before := k.Stats().Keyed
				k.Process(nil, nil, x)
				for k.Busy() {
					k.Process(nil, nil, make([]float32, 1000))
				}
				keyed += int(k.Stats().Keyed - before)
			}
			if d := k.Stats().Deferred; d > 4 || keyed != 20 {
				t.Errorf("%s, noise of %g: waited %d slots, keyed %d times", modem, level, d, keyed)
			}
		}
	}
}

// A client that floods costs a bounded queue; settings that make no sense do no harm.
func TestHostileClients(t *testing.T) {
	k := keyer(t, Options{Modem: "afsk1200", Framing: "ax25"})
	full := 0
	for i := range 2 * maxWaiting {
		if err := k.Set(kiss.Frame{Command: kiss.Data, Data: fmt.Appendf(nil, "%d", i)}); errors.Is(err, ErrFull) {
			full++
		}
	}
	if full != maxWaiting || k.Stats().Dropped != maxWaiting {
		t.Errorf("%d frames were turned away, %d counted", full, k.Stats().Dropped)
	}
	if err := k.Set(kiss.Frame{Port: 3, Command: kiss.Data}); !errors.Is(err, ErrOff) {
		t.Errorf("a port without radio: %v", err)
	}
	if err := k.Set(kiss.Frame{Command: kiss.TXDelay}); err == nil {
		t.Error("a setting without a value was taken")
	}
	for c := range 16 {
		for _, v := range []byte{0, 255} {
			if c != int(kiss.Data) {
				_ = k.Set(kiss.Frame{Command: kiss.Command(c), Data: []byte{v}})
			}
		}
	}
	if out, _ := k.Process(nil, nil, make([]float32, rate)); len(out) != rate {
		t.Errorf("%d samples out for %d in", len(out), rate)
	}
}

func TestWhatCannotBe(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, opt := range []Options{
		{Modem: "afsk1200", Framing: "ax25", Rate: rate},
		{Modem: "morse", Framing: "ax25", Rate: rate, Rand: r},
		{Modem: "afsk1200", Framing: "telex", Rate: rate, Rand: r},
		{Modem: "afsk1200", Framing: "ax25", Rate: 100, Rand: r},
	} {
		if _, err := New(opt); err == nil {
			t.Errorf("%+v was taken", opt)
		}
	}
}
