package radio_test

import (
	"bytes"
	"errors"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"spacechain/link/channel"
	"spacechain/link/modem/tnc"
	"spacechain/link/radio"
	"spacechain/link/receive"
)

func pair(t testing.TB, w radio.Waveform) (*radio.Transmitter, *radio.Receiver) {
	t.Helper()
	tx, err := w.NewTransmitter()
	if err != nil {
		t.Fatal(err)
	}
	rx, err := w.NewReceiver()
	if err != nil {
		t.Fatal(err)
	}
	return tx, rx
}

func through(t testing.TB, opt channel.SampleOptions, seed uint64) *channel.Samples {
	t.Helper()
	c, err := channel.NewSamples(opt, seed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// settle is how many samples after a burst all of it has come out of a receiver.
func settle(w radio.Waveform) int {
	return int((w.Latency().Seconds() + 20/w.SymbolRate) * w.SampleRate)
}

// What motion and clocks do, at the margins of what receivers must hold: the frames of a burst
// arrive from the first on, 2 dB above where one in a thousand is lost.
func TestDoppler(t *testing.T) {
	trials, allowed := 6, 1
	if os.Getenv("SPACECHAIN_LONG") != "" {
		trials, allowed = 200, 2 // 99 in a hundred
	}
	for _, w := range radio.All() {
		offset, slope := 55e3, 825.0
		switch {
		case w.CarrierHz < 200e6:
			offset, slope = 3.6e3, 60
		case w.CarrierHz < 1e9:
			offset, slope = 11e3, 160
		case w.CarrierHz > 10e9:
			offset, slope = 550e3, 3000
		}
		t.Run(w.Name, func(t *testing.T) {
			late := 0
			for i := range trials {
				rng := rand.New(rand.NewPCG(uint64(i), 3))
				sign := float64(1 - i%2*2)
				tx, rx := pair(t, w)
				c := through(t, channel.SampleOptions{
					Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, 60) + 2, ClockPPM: 50 * float64(1-i/2%2*2), CarrierHz: w.CarrierHz,
					Doppler: channel.Ramp{OffsetAtStartHz: sign * offset, RateHzPerS: -sign * slope * float64(1-i/4%2*2)},
				}, uint64(i))
				got := rx.Receive(nil, c.Process(nil, tx.Samples(nil, rng.IntN(settle(w)))))
				tx.Key(true)
				var sent [][]byte
				for range 2 {
					f := frameOf(t, w, max(w.FrameSize, 60), rng)
					if w.FrameSize > 0 {
						f = f[:w.FrameSize]
					}
					sent = append(sent, f)
					if err := tx.Send(f); err != nil {
						t.Fatal(err)
					}
				}
				tx.Key(false)
				got = rx.Receive(got, c.Process(nil, tx.Samples(nil, int((w.Lead()+w.Airtime(len(sent[0]))).Seconds()*w.SampleRate))))
				locked, at, snr := rx.State()
				for more := true; more; {
					got = rx.Receive(got, c.Process(nil, tx.Samples(nil, 1000)))
					more = tx.OnAir()
				}
				got = rx.Receive(got, c.Process(nil, tx.Samples(nil, settle(w))))
				if len(got) != 2 || !same(w, got[0].Data, sent[0]) || !same(w, got[1].Data, sent[1]) {
					late++
					continue
				}
				// The state within the burst: where the carrier really is, and the ratio that is set.
				want := w.RequiredCN0DBHz(1e-3, 60) + 2 - 10*math.Log10(w.SymbolRate)
				if !locked || math.Abs(at-sign*offset) > 0.1*offset+300 || math.Abs(snr-want) > 4 {
					t.Errorf("locked %v at %.0f Hz with %.1f dB; the carrier is at %.0f Hz with %.1f dB", locked, at, snr, sign*offset, want)
				}
			}
			if late > allowed {
				t.Errorf("%d of %d bursts were not received whole", late, trials)
			}
		})
	}
}

// However samples are cut, the same comes out, at the same samples.
func TestBlocksDoNotMatter(t *testing.T) {
	for _, w := range radio.All() {
		t.Run(w.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 6))
			frames := [][]byte{frameFor(t, w, rng), frameFor(t, w, rng)}
			send := func(cut func(left int) int) []complex64 {
				tx, _ := pair(t, w)
				tx.Key(true)
				for _, f := range frames {
					if err := tx.Send(f); err != nil {
						t.Fatal(err)
					}
				}
				tx.Key(false)
				var x []complex64
				for n := int((w.Lead() + 2*w.Airtime(150) + w.Tail() + w.Latency()).Seconds() * w.SampleRate); n > 0; {
					k := min(n, cut(n))
					x = tx.Samples(x, k)
					n -= k
				}
				return x
			}
			whole := send(func(n int) int { return n })
			c := through(t, channel.SampleOptions{Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, 150) + 3}, 1)
			heard := c.Process(nil, whole)
			_, rx := pair(t, w)
			want := rx.Flush(rx.Receive(nil, heard))
			if len(want) < 2 { // a unit of noise may come on top of telecommands
				t.Fatalf("%d frames of 2", len(want))
			}
			for i, most := range []int{50, 100000} {
				r := rand.New(rand.NewPCG(uint64(i), 1))
				cut := func(int) int { return 1 + r.IntN(most) }
				for i, v := range send(cut) {
					if v != whole[i] {
						t.Fatalf("sample %d differs", i)
					}
				}
				_, rx := pair(t, w)
				var got []radio.Frame
				for x := heard; len(x) > 0; {
					k := min(len(x), cut(0))
					got = rx.Receive(got, x[:k])
					x = x[k:]
				}
				got = rx.Flush(got)
				if len(got) != len(want) {
					t.Fatalf("%d frames, want %d", len(got), len(want))
				}
				for i, f := range got {
					if !bytes.Equal(f.Data, want[i].Data) || f.Sample != want[i].Sample || f.Corrected != want[i].Corrected {
						t.Fatalf("frame %d at %d, want at %d", i, f.Sample, want[i].Sample)
					}
				}
			}
		})
	}
}

// A keyed transmitter with nothing to send keeps the receiver in step, with idle frames or
// without; a frame that comes then arrives.
func TestIdle(t *testing.T) {
	for _, w := range radio.All() {
		for _, idles := range []bool{false, true} {
			if idles && w.FrameSize == 0 {
				continue
			}
			rng := rand.New(rand.NewPCG(7, 8))
			tx, rx := pair(t, w)
			c := through(t, channel.SampleOptions{Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, 150) + 2, ClockPPM: 20}, 2)
			idle := make([]byte, w.FrameSize)
			if idles {
				tx.Idle = func(dst []byte) ([]byte, error) { return append(dst, idle...), nil }
			}
			tx.Key(true)
			listen := func(n int) []radio.Frame { return rx.Receive(nil, c.Process(nil, tx.Samples(nil, n))) }
			long := int((w.Lead() + 4*w.Airtime(200)).Seconds() * w.SampleRate)
			before := len(listen(long))
			if idles && before < 2 || !idles && before > 0 {
				t.Errorf("%s: %d frames while idle with idle frames: %v", w.Name, before, idles)
			}
			f := frameFor(t, w, rng)
			if err := tx.Send(f); err != nil {
				t.Fatal(err)
			}
			if tx.Waiting() != 1 {
				t.Errorf("%s: %d frames wait, want 1", w.Name, tx.Waiting())
			}
			found := false
			for _, g := range listen(long + settle(w)) {
				found = found || same(w, g.Data, f)
			}
			if !found || tx.Waiting() != 0 {
				t.Errorf("%s, idle frames %v: a frame after idling arrived: %v; %d wait", w.Name, idles, found, tx.Waiting())
			}
		}
	}
}

// A fade deep under the noise costs the frames it meets and two more at the most.
func TestFade(t *testing.T) {
	for _, w := range radio.All() {
		t.Run(w.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(9, 10))
			tx, rx := pair(t, w)
			size := max(w.FrameSize, 60)
			frame := w.Airtime(size).Seconds()
			lead := w.Lead().Seconds()
			from, to := lead+3.3*frame, lead+5.7*frame
			c := through(t, channel.SampleOptions{
				Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, size) + 3,
				GainDB: func(s float64) float64 {
					if s > from && s < to {
						return -30
					}
					return 0
				},
			}, 3)
			tx.Key(true)
			arrived := make(map[string]int)
			const count = 14
			for i := range count {
				f := frameOf(t, w, size, rng)
				arrived[string(f)] = i
				if err := tx.Send(f); err != nil {
					t.Fatal(err)
				}
			}
			tx.Key(false)
			n := int((lead+count*frame)*w.SampleRate) + settle(w) + 5000
			var lost [count]bool
			for i := range lost {
				lost[i] = true
			}
			for _, g := range rx.Receive(nil, c.Process(nil, tx.Samples(nil, n))) {
				if i, ok := arrived[string(g.Data[:min(len(g.Data), size)])]; ok {
					lost[i] = false
				}
			}
			for i, l := range lost {
				if met := i >= 3 && i <= 5; l != met && !(i == 6 || i == 7) {
					t.Errorf("frame %d lost: %v", i, l)
				}
			}
		})
	}
}

// Noise alone holds no frames, but for telecommands, whose code lets much pass: there the
// squelch stays shut nearly always.
func TestNoise(t *testing.T) {
	seconds := 4.0
	if os.Getenv("SPACECHAIN_LONG") != "" {
		seconds = 200
	}
	for _, w := range radio.All() {
		_, rx := pair(t, w)
		n := int(seconds * w.SampleRate)
		if w.SampleRate > 1e5 {
			n /= 10
		}
		if w.SampleRate > 1e7 {
			n /= 20
		}
		c := through(t, channel.SampleOptions{Rate: w.SampleRate, CN0DBHz: 1}, 4)
		var x []complex64
		var got []radio.Frame
		for done := 0; done < n; done += len(x) {
			x = c.Silence(x[:0], 5000)
			got = rx.Receive(got, x)
		}
		allowed := 0
		if w.Framing == "TC" {
			allowed = 1 + int(seconds/20)
		}
		if len(got) > allowed {
			t.Errorf("%s: %d frames in %g s of noise", w.Name, len(got), float64(n)/w.SampleRate)
		}
	}
}

// The beacon is what other people's receivers of BPSK through single sideband read.
func TestBeaconInAudio(t *testing.T) {
	w := radio.Beacon()
	rng := rand.New(rand.NewPCG(11, 12))
	tx, _ := pair(t, w)
	tx.Key(true)
	var sent [][]byte
	for range 3 {
		f := frameFor(t, w, rng)
		sent = append(sent, f)
		if err := tx.Send(f); err != nil {
			t.Fatal(err)
		}
	}
	tx.Key(false)
	x := tx.Samples(make([]complex64, 20000), int(6*w.SampleRate))
	audio := make([]float32, len(x))
	for i, v := range x {
		turn := cmplx.Exp(complex(0, 2*math.Pi*1500*float64(i)/w.SampleRate))
		audio[i] = 0.3*float32(real(complex128(v)*turn)) + 0.05*float32(rng.NormFloat64())
	}
	found, err := receive.Find("bpsk1200", "ax25")
	if err != nil {
		t.Fatal(err)
	}
	r, err := found[0].Open(w.SampleRate, tnc.Quick)
	if err != nil {
		t.Fatal(err)
	}
	got := r.Flush(r.Process(nil, audio))
	if len(got) != len(sent) {
		t.Fatalf("%d frames of %d", len(got), len(sent))
	}
	for i, f := range got {
		if !bytes.Equal(f.Data, sent[i]) {
			t.Errorf("frame %d differs", i)
		}
	}
}

func TestTransmitterRefuses(t *testing.T) {
	for _, w := range radio.All() {
		tx, _ := pair(t, w)
		least, most := w.FrameLengths()
		for _, n := range []int{least - 1, most + 1} {
			if err := tx.Send(make([]byte, max(0, n))); !errors.Is(err, radio.ErrLength) {
				t.Errorf("%s: a frame of %d octets: %v", w.Name, n, err)
			}
		}
		var err error
		n := 0
		for ; err == nil; n++ {
			err = tx.Send(make([]byte, most))
		}
		if !errors.Is(err, radio.ErrFull) || n > 4097 || tx.Waiting() != n-1 {
			t.Errorf("%s: %v after %d frames, %d wait", w.Name, err, n, tx.Waiting())
		}
	}
	var none radio.Waveform
	if _, err := none.NewTransmitter(); err == nil {
		t.Error("a transmitter of no waveform")
	}
	if _, err := none.NewReceiver(); err == nil {
		t.Error("a receiver of no waveform")
	}
	if none.Airtime(5) != 0 || none.FrameErrorRate(100, 5) != 1 {
		t.Error("figures of no waveform")
	}
}

// A transmitter keyed off is silent, keyed on it has a power of one.
func TestPower(t *testing.T) {
	for _, w := range radio.All() {
		tx, _ := pair(t, w)
		for _, v := range tx.Samples(nil, 1000) {
			if v != 0 {
				t.Fatalf("%s: %v from a transmitter that is off", w.Name, v)
			}
		}
		tx.Key(true)
		lead := int(w.Lead().Seconds() * w.SampleRate)
		tx.Samples(nil, lead/2)
		var sum float64
		x := tx.Samples(nil, int(float64(2000)/w.SymbolRate*w.SampleRate))
		for _, v := range x {
			sum += float64(real(v)*real(v) + imag(v)*imag(v))
		}
		if p := sum / float64(len(x)); math.Abs(p-1) > 0.03 {
			t.Errorf("%s: power %.3f", w.Name, p)
		}
	}
}

func TestFind(t *testing.T) {
	names := make(map[string]bool)
	for _, w := range radio.All() {
		got, err := radio.Find(w.Name)
		if err != nil || got.String() != w.String() || names[w.Name] {
			t.Errorf("%s: %v, %v", w.Name, got, err)
		}
		names[w.Name] = true
		if w.Modem == "" || w.Coding == "" || w.Framing == "" || w.Lead() <= 0 || w.Tail() <= 0 || w.Latency() <= 0 {
			t.Errorf("%v says too little", w)
		}
		rate := 8 * float64(max(w.FrameSize, 200)) / w.Airtime(max(w.FrameSize, 200)).Seconds()
		if w.InfoRateBps < 0.8*rate || w.InfoRateBps > 1.3*rate {
			t.Errorf("%s: %.0f bit/s, in a stream %.0f", w.Name, w.InfoRateBps, rate)
		}
	}
	if _, err := radio.Find("smoke"); err == nil {
		t.Error("a waveform called smoke")
	}
	if radio.TTCDown().Airtime(223) != time.Duration(math.Round(4144.0/9600*1e9)) {
		t.Errorf("a telemetry frame takes %v: 2072 bits at rate 1/2 are 4144 symbols", radio.TTCDown().Airtime(223))
	}
}
