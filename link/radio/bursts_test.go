package radio_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

// limits is what motion may do to a carrier: how far off it is and how fast that changes, Hz and
// Hz/s.
func limits(w radio.Waveform) (offset, slope float64) {
	switch {
	case w.CarrierHz < 200e6:
		return 3.6e3, 60
	case w.CarrierHz < 1e9:
		return 11e3, 160
	case w.CarrierHz > 10e9:
		return 550e3, 3000
	}
	return 55e3, 825
}

// What follows the frame of a burst.
const (
	carrierOff  = iota
	carrierHeld // the line idles as the modem does
	idleFrames  // of a trunk
	endings
)

// Bursts of one frame arrive, whatever goes on behind the frame, 10 dB above where one in a
// thousand is lost: one shortly after another, from senders whose carriers, clocks and phases have
// nothing to do with each other, and after noise. Nothing else arrives.
func TestBurstAfterBurst(t *testing.T) {
	bursts, allowed := 18, 0
	if os.Getenv("SPACECHAIN_LONG") != "" {
		bursts, allowed = 1000, 1
	}
	for _, w := range radio.All() {
		t.Run(w.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(13, 14))
			tx, rx := pair(t, w)
			size := max(w.FrameSize, 60)
			frame := int(w.Airtime(size).Seconds() * w.SampleRate)
			waiting, known, never := make(map[string]int), make(map[string]bool), 0
			var x, y []complex64
			var got []radio.Frame
			for i := range bursts {
				offset, slope := limits(w)
				some := func(most float64) float64 { return most * (2*rng.Float64() - 1) }
				c := through(t, channel.SampleOptions{
					Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, size) + 10, CarrierHz: w.CarrierHz, ClockPPM: some(50),
					Doppler: channel.Ramp{OffsetAtStartHz: some(offset), RateHzPerS: some(slope)},
				}, rng.Uint64())
				run := func(n int) {
					for n > 0 {
						k := min(n, 1000)
						x = tx.Samples(x[:0], k)
						y = c.Process(y[:0], x)
						got = rx.Receive(got[:0], y)
						for _, f := range got {
							data := string(f.Data[:min(len(f.Data), size)])
							delete(waiting, data)
							if !known[data] {
								never++
							}
						}
						n -= k
					}
				}
				gap := rng.IntN(frame/8 + 1)
				if rng.IntN(3) == 0 {
					gap += rng.IntN(2 * frame)
				}
				run(gap)
				f := frameOf(t, w, size, rng)
				tx.Idle = nil
				ending := rng.IntN(endings)
				if ending == idleFrames && (w.Framing == "AOS" || w.Framing == "USLP") {
					trunk, err := radio.NewTrunk(w, 7)
					if err != nil {
						t.Fatal(err)
					}
					tx.Idle = func(dst []byte) ([]byte, error) {
						f, err := trunk.Next(dst)
						known[string(f[len(dst):])] = true
						return f, err
					}
				}
				tx.Key(true)
				if err := tx.Send(f); err != nil {
					t.Fatal(err)
				}
				waiting[string(f)], known[string(f)] = i, true
				if ending != carrierOff {
					run(int(w.Lead().Seconds()*w.SampleRate) + frame + frame/2 + settle(w))
					if _, missing := waiting[string(f)]; missing {
						t.Logf("burst %d did not arrive while the carrier was held", i)
					}
				}
				tx.Key(false)
				for run(100); tx.OnAir(); {
					run(100)
				}
				if i == bursts-1 {
					run(settle(w) + frame/8)
				}
			}
			if never > 0 && w.Framing != "TC" { // whose code lets much pass
				t.Errorf("%d frames came that were never sent", never)
			}
			if len(waiting) > allowed {
				t.Errorf("%d of %d bursts did not arrive: %v", len(waiting), bursts, slices.Sorted(maps.Values(waiting)))
			}
		})
	}
}

// A frame behind which the carrier is held comes out in time, and not only once the carrier is
// gone.
func TestFrameBeforeHeldCarrier(t *testing.T) {
	for _, w := range radio.All() {
		for i := range 3 {
			rng := rand.New(rand.NewPCG(15, uint64(i)))
			tx, rx := pair(t, w)
			size := max(w.FrameSize, 60)
			c := through(t, channel.SampleOptions{
				Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, size) + 3 + float64(10*i), CarrierHz: w.CarrierHz, ClockPPM: 20,
			}, rng.Uint64())
			f := frameOf(t, w, size, rng)
			tx.Key(true)
			if err := tx.Send(f); err != nil {
				t.Fatal(err)
			}
			n := int((w.Lead()+w.Airtime(size)).Seconds()*w.SampleRate) + settle(w)
			found := false
			for _, g := range rx.Receive(nil, c.Process(nil, tx.Samples(nil, n))) {
				found = found || same(w, g.Data, f)
			}
			if !found || !tx.OnAir() {
				t.Errorf("%s: a frame before a held carrier arrived in time: %v", w.Name, found)
			}
		}
	}
}

// Where the unit of another burst begins some octets behind the place at which one more unit of the
// last burst would have been due, the frame comes and no shifted copy of it: interleaved
// Reed-Solomon words are cyclic, and the octets at the ends few enough to be corrected.
func TestNoShiftedFrame(t *testing.T) {
	w, err := radio.Find("payload-up")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 { // one of them is whole octets off
		rng := rand.New(rand.NewPCG(17, 18))
		tx, rx := pair(t, w)
		c := through(t, channel.SampleOptions{Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, w.FrameSize) + 10, CarrierHz: w.CarrierHz}, 19)
		var sent [2][]byte
		var got []radio.Frame
		for k := range sent {
			sent[k] = frameFor(t, w, rng)
			tx.Key(true)
			if err := tx.Send(sent[k]); err != nil {
				t.Fatal(err)
			}
			tx.Key(false)
			on := int(math.Round((w.Lead() + w.Airtime(w.FrameSize) + w.Tail()).Seconds() * w.SampleRate))
			gap := 4 * (60 + i)
			if k > 0 {
				gap = settle(w) + 3*on // a unit more is due
			}
			got = rx.Receive(got, c.Process(nil, tx.Samples(nil, on+gap)))
		}
		if len(got) != 2 || !same(w, got[0].Data, sent[0]) || !same(w, got[1].Data, sent[1]) {
			t.Errorf("gap %d: %d frames, want the two sent", i, len(got))
		}
	}
}
