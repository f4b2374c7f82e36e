package radio_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"spacechain/link/ax25"
	"spacechain/link/radio"
)

// frameFor makes a frame that a waveform carries, of random octets.
func frameFor(t testing.TB, w radio.Waveform, rng *rand.Rand) []byte {
	t.Helper()
	n := w.FrameSize
	if n == 0 {
		n = 36 + rng.IntN(100)
	}
	return frameOf(t, w, n, rng)
}

// frameOf is frameFor for a length in octets.
func frameOf(t testing.TB, w radio.Waveform, n int, rng *rand.Rand) []byte {
	t.Helper()
	if w.Framing == "AX.25 UI" {
		n -= 16
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	if w.Framing == "AX.25 UI" {
		to, _ := ax25.ParseAddress("CQ")
		from, _ := ax25.ParseAddress("SC1SAT-1")
		f, err := ax25.UI(to, from, b).Encode()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	return b
}

// same says whether what was received is what was sent; telecommands come with fill behind.
func same(w radio.Waveform, got, sent []byte) bool {
	if w.Framing == "TC" {
		return len(got) >= len(sent) && bytes.Equal(got[:len(sent)], sent)
	}
	return bytes.Equal(got, sent)
}

// A burst takes just as long as the waveform says, and all of its frames arrive.
func TestBurst(t *testing.T) {
	for _, w := range radio.All() {
		t.Run(w.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			tx, err := w.NewTransmitter()
			if err != nil {
				t.Fatal(err)
			}
			tx.Key(true)
			want := w.Lead() + w.Tail()
			var sent [][]byte
			for range 4 {
				f := frameFor(t, w, rng)
				sent = append(sent, f)
				want += w.Airtime(len(f))
				if err := tx.Send(f); err != nil {
					t.Fatal(err)
				}
			}
			tx.Key(false)
			var x []complex64
			n := 0
			for {
				x = tx.Samples(x, 1)
				if !tx.OnAir() {
					break
				}
				n++
			}
			got := time.Duration(float64(n) / w.SampleRate * 1e9)
			if d := got - want; d > time.Duration(1e9/w.SampleRate) || d < -time.Duration(1e9/w.SampleRate) {
				t.Errorf("the burst took %v, want %v", got, want)
			}
			x = tx.Samples(x, int(w.Latency().Seconds()*w.SampleRate)+1000)
			rx, err := w.NewReceiver()
			if err != nil {
				t.Fatal(err)
			}
			frames := rx.Receive(nil, x)
			if len(frames) != len(sent) {
				t.Fatalf("%d frames of %d", len(frames), len(sent))
			}
			end := w.Lead()
			for i, f := range frames {
				if !same(w, f.Data, sent[i]) {
					t.Errorf("frame %d differs", i)
				}
				end += w.Airtime(len(sent[i]))
				at := time.Duration(float64(f.Sample) / w.SampleRate * 1e9)
				if late := at - end; late < 0 || late > w.Latency() {
					t.Errorf("frame %d came out %v after its end, at most %v are promised", i, late, w.Latency())
				}
			}
		})
	}
}
