package radio_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

// trial is frames of one length through samples at one ratio of carrier to noise density: bursts
// of some frames with noise before and behind, Doppler as in a pass, a clock 20 ppm off.
type trial struct {
	w       radio.Waveform
	cn0DBHz float64
	length  int
	frames  int // in all
	burst   int // of them in one keying
	seed    uint64
}

// run counts the frames that did not arrive, and those that arrived and were never sent.
func (r trial) run(t testing.TB) (lost, wrong int, missed []int) {
	t.Helper()
	missed = make([]int, r.burst)
	rng := rand.New(rand.NewPCG(r.seed, 11))
	tx, err := r.w.NewTransmitter()
	if err != nil {
		t.Fatal(err)
	}
	rx, err := r.w.NewReceiver()
	if err != nil {
		t.Fatal(err)
	}
	c, err := channel.NewSamples(channel.SampleOptions{
		Rate: r.w.SampleRate, CN0DBHz: r.cn0DBHz, ClockPPM: 20, CarrierHz: r.w.CarrierHz,
		Doppler: channel.Flyby{CarrierHz: r.w.CarrierHz, SpeedKmS: 7.4, NearestKm: 500, NearestAtS: 50},
	}, r.seed)
	if err != nil {
		t.Fatal(err)
	}
	hold := int((r.w.Latency().Seconds() + 0.02) * r.w.SampleRate)
	var x, y []complex64
	var got []radio.Frame
	for sent := 0; sent < r.frames; sent += r.burst {
		waiting := make(map[string]int)
		tx.Key(true)
		for i := range r.burst {
			f := frameOf(t, r.w, r.length, rng)
			if err := tx.Send(f); err != nil {
				t.Fatal(err)
			}
			waiting[string(f)] = i
		}
		tx.Key(false)
		pause := hold + rng.IntN(hold)
		for pause > 0 {
			x = tx.Samples(x[:0], 1000)
			if !tx.OnAir() {
				pause -= len(x)
			}
			y = c.Process(y[:0], x)
			got = rx.Receive(got[:0], y)
			for _, f := range got {
				data := f.Data
				if r.w.Framing == "TC" && len(data) > r.length {
					data = data[:r.length]
				}
				if _, ok := waiting[string(data)]; !ok {
					wrong++
				}
				delete(waiting, string(data))
			}
		}
		lost += len(waiting)
		for _, i := range waiting {
			missed[i]++
		}
	}
	return lost, wrong, missed
}

// TestMeasureLosses prints the points of the curves in Waveform.FrameErrorRate: it is how they
// were made. SPACECHAIN_MEASURE names a waveform, a length in octets, the frames of a point, the
// frames of a burst, and ratios in dB of a symbol's energy to the noise density.
func TestMeasureLosses(t *testing.T) {
	args := strings.Fields(os.Getenv("SPACECHAIN_MEASURE"))
	if len(args) < 5 {
		t.Skip("SPACECHAIN_MEASURE is not set")
	}
	w, err := radio.Find(args[0])
	if err != nil {
		t.Fatal(err)
	}
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	length, frames, burst := int(number(args[1])), int(number(args[2])), int(number(args[3]))
	for i, a := range args[4:] {
		es := number(a)
		cn0 := es + 10*math.Log10(w.SymbolRate)
		lost, wrong, missed := trial{w, cn0, length, frames, burst, uint64(i) + 100}.run(t)
		p := float64(lost) / float64(frames)
		fmt.Printf("%s %d octets Es/N0 %.2f dB: lost %d of %d = %.4g, -ln(1-p) %.4g, false %d, model %.4g, by place %v\n",
			w.Name, length, es, lost, frames, p, -math.Log1p(-min(p, 1-0.5/float64(frames))), wrong, w.FrameErrorRate(cn0, length), missed)
	}
}
