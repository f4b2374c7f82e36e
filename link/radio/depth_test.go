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
	"spacechain/link/modem/dsp"
	"spacechain/link/radio"
)

// trial is frames of one length through samples at one ratio of carrier to noise density: bursts
// of some frames with noise before and behind, Doppler as in a pass, a clock 20 ppm off, symbols
// that begin elsewhere between samples in every burst.
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
	places := rand.New(rand.NewPCG(r.seed, 12))
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
	hold := int((r.w.Latency().Seconds() + 20/r.w.SymbolRate) * r.w.SampleRate)
	var x, y, z []complex64
	var got []radio.Frame
	for sent := 0; sent < r.frames; sent += r.burst {
		waiting := make(map[string]int)
		late := between(places.Float64())
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
			z = late.Process(z[:0], x)
			y = c.Process(y[:0], z)
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

// between delays by sixteen samples and part of one more.
func between(part float64) *dsp.ComplexFIR {
	const reach = 16
	taps := make([]float32, 2*reach+1)
	for i := range taps {
		t := float64(i) - reach - part
		s := math.Cos(math.Pi / 2 * t / (reach + 1))
		taps[i] = float32(math.Sin(math.Pi*t) / (math.Pi * t) * s * s)
	}
	return dsp.NewComplexFIR(taps)
}

// atMost is the probability of k successes or fewer of n, each of probability p.
func atMost(k, n int, p float64) float64 {
	if p <= 0 || k >= n {
		return 1
	}
	if p >= 1 {
		return 0
	}
	var sum float64
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}

// Both depths lose the same frames: as many as go missing in samples would go missing by
// Waveform.FrameErrorRate. The curve is allowed to be off by slack decibels, and the count by what
// a fair curve would exceed once in 100,000 trials. Tried where the curve says that half of the
// frames are lost, one in ten, and hardly any.
func TestDepthsAgree(t *testing.T) {
	frames, slack := 24, 0.4
	shares := []float64{0.5, 0.1, 1e-4}
	if os.Getenv("SPACECHAIN_LONG") != "" {
		frames, slack = 800, 0.3
		shares = []float64{0.9, 0.5, 0.2, 0.05, 0.01, 1e-4}
	}
	for _, w := range radio.All() {
		lengths := []int{w.FrameSize}
		if w.FrameSize == 0 {
			lengths = []int{40, 200}
		}
		t.Run(w.Name, func(t *testing.T) {
			for _, length := range lengths {
				for i, share := range shares {
					cn0 := w.RequiredCN0DBHz(share, length)
					if p := w.FrameErrorRate(cn0, length); math.Abs(p-share) > 1e-3*share {
						t.Errorf("%g dBHz are required for %g, which gives %g", cn0, share, p)
					}
					lost, _, _ := trial{w, cn0, length, frames, 8, uint64(i)}.run(t)
					few := atMost(lost, frames, w.FrameErrorRate(cn0+slack, length))
					many := 1 - atMost(lost-1, frames, w.FrameErrorRate(cn0-slack, length))
					if lost == 0 {
						many = 1
					}
					if few < 1e-5 || many < 1e-5 {
						t.Errorf("%d octets at %.2f dBHz: %d of %d lost, by the curve %.1f", length, cn0, lost, frames, share*float64(frames))
					}
				}
			}
		})
	}
}

// Losses grow with the length and fall with the ratio.
func TestCurves(t *testing.T) {
	for _, w := range radio.All() {
		least, most := w.FrameLengths()
		half := w.RequiredCN0DBHz(0.5, most)
		last := 1.0
		for cn0 := half - 5; cn0 < half+8; cn0 += 0.1 {
			p := w.FrameErrorRate(cn0, most)
			if q := w.FrameErrorRate(cn0, least); !(p >= 0 && p <= last) || q > p {
				t.Fatalf("%s at %.1f dBHz: %g of the longest, %g of the shortest, %g a little below", w.Name, cn0, p, q, last)
			}
			last = p
		}
		if last > 1e-3 || w.FrameErrorRate(half-5, most) < 0.999 {
			t.Errorf("%s: from %g to %g over 13 dB", w.Name, w.FrameErrorRate(half-5, most), last)
		}
		if w.FrameErrorRate(math.Inf(1), most) != 0 || w.FrameErrorRate(math.Inf(-1), most) != 1 || w.FrameErrorRate(math.NaN(), most) != 1 {
			t.Errorf("%s at the ends of the scale", w.Name)
		}
		if !math.IsNaN(w.RequiredCN0DBHz(0, most)) || !math.IsNaN(w.RequiredCN0DBHz(1, most)) {
			t.Errorf("%s: a ratio for certainty", w.Name)
		}
	}
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
