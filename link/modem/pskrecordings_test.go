package modem_test

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/ax25"
	"spacechain/link/coding"
	"spacechain/link/coding/ao40"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
	"spacechain/link/modem"
	"spacechain/link/modem/wav"
)

// The ways that the recordings' names for their signals are received, with nothing known of the
// single recording. BPSK of 1200 baud is heard through SSB, of 9600 at the middle of the band.
var (
	ssb1200 = modem.PSK{Baud: 1200, Centre: 1500, Search: 800}
	mid9600 = modem.PSK{Baud: 9600, Centre: 12000, Search: 4000}
)

func dbpsk(p modem.PSK) modem.PSK {
	p.Line = modem.NRZS
	return p
}

// deframer takes soft bits and gives the frames that they complete.
type deframer func(soft []int8) [][]byte

func ax25Frames(scrambled bool) deframer {
	d := ax25.NewDeframer(ax25.Options{Line: ax25.Line{NRZI: true, Scrambled: scrambled}})
	return func(soft []int8) (out [][]byte) {
		for _, r := range d.Process(nil, soft) {
			out = append(out, r.Data)
		}
		return out
	}
}

func ao40Frames() deframer {
	r := ao40.NewReceiver(ao40.Long)
	return func(soft []int8) (out [][]byte) {
		for _, f := range r.Receive(nil, soft) {
			out = append(out, f.Data)
		}
		return out
	}
}

// concatenatedFrames is the coding of BY70-1: NRZ-M, then the convolutional code, around marked,
// randomised Reed-Solomon words of 114 octets of data.
func concatenatedFrames() deframer {
	const size = 114 + 32
	block := rs.Block{Code: rs.CCSDS(16, rs.Conventional), Depth: 1, Fill: 255 - size}
	var all []func(soft []int8) [][]byte
	for start := range 2 { // which of two soft bits is the first of a pair
		decoder := conv.NewDecoder(conv.CCSDS, 0)
		marker, _ := modem.NewMarker(bitsOf([]byte{0x1a, 0xcf, 0xfc, 0x1d}), modem.BPSK, 0.85, false)
		cutter, _ := modem.NewCutter(marker, 8*size)
		skip, last := start, byte(0)
		all = append(all, func(soft []int8) (out [][]byte) {
			if skip > 0 && len(soft) > 0 {
				soft, skip = soft[1:], 0
			}
			var data []int8
			for _, b := range decoder.Decode(nil, soft) {
				v := int8(-36)
				if b != last {
					v = 36
				}
				data, last = append(data, v), b
			}
			for _, f := range cutter.Process(nil, data) {
				octets := coding.PackSoft(nil, f.Soft)
				randomizer.TM255.Apply(octets)
				if _, err := block.Decode(octets, nil); err == nil {
					out = append(out, octets[:114])
				}
			}
			return out
		})
	}
	return func(soft []int8) (out [][]byte) {
		for _, f := range all {
			out = append(out, f(soft)...)
		}
		return out
	}
}

func bitsOf(octets []byte) []byte { return coding.Unpack(nil, octets) }

type recording struct {
	File string
	GR   struct{ Frames []string } `json:"gr_satellites"`
	DW   struct{ Frames []string } `json:"direwolf_1_6_atest"`
}

// expected gives the frames listed for a recording and how often the decoder that found more of
// each found it.
func expected(t *testing.T, file string) map[string]int {
	t.Helper()
	raw, err := os.ReadFile(vectors.Path(t, "recordings/expected-frames.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []recording
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, r := range all {
		if r.File != file {
			continue
		}
		for _, frames := range [][]string{r.GR.Frames, r.DW.Frames} {
			count := map[string]int{}
			for _, f := range frames {
				count[f]++
				want[f] = max(want[f], count[f])
			}
		}
	}
	if len(want) == 0 {
		t.Fatalf("no frames listed for %s", file)
	}
	return want
}

// audio reads a recording.
func audio(t *testing.T, file string) ([]float32, float64) {
	t.Helper()
	f, err := os.Open(vectors.Path(t, "recordings/"+file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.ReadAll(0)
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return x, float64(r.Rate)
}

func receive(t *testing.T, p modem.PSK, frames deframer, x []float32, rate float64) [][]byte {
	t.Helper()
	d, err := p.NewDemodulator(rate)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	var soft []int8
	for len(x) > 0 {
		n := min(len(x), 4800)
		soft = d.Process(soft[:0], x[:n])
		out = append(out, frames(soft)...)
		x = x[n:]
	}
	return append(out, frames(d.Flush(nil))...)
}

var pskRecordings = []struct {
	file   string
	p      modem.PSK
	frames func() deframer
}{
	{"ao73.wav", dbpsk(ssb1200), ao40Frames},
	{"itasat1.wav", ssb1200, func() deframer { return ax25Frames(false) }},
	{"il01.wav", mid9600, func() deframer { return ax25Frames(true) }},
	{"fmn1.wav", mid9600, func() deframer { return ax25Frames(true) }},
	{"shaonian_xing.wav", mid9600, func() deframer { return ax25Frames(true) }},
	{"pwsat2.wav", ssb1200, func() deframer { return ax25Frames(true) }},
	{"picsat_9k6.wav", mid9600, func() deframer { return ax25Frames(true) }},
	{"gr01.wav", ssb1200, func() deframer { return ax25Frames(true) }},
	{"duchifat_3.wav", mid9600, func() deframer { return ax25Frames(true) }},
	{"by701.wav", mid9600, concatenatedFrames},
}

// Every frame listed for every PSK recording decodes.
func TestPSKRecordings(t *testing.T) {
	total, missed, beyond := 0, 0, 0
	for _, k := range pskRecordings {
		t.Run(k.file, func(t *testing.T) {
			want := expected(t, k.file)
			x, rate := audio(t, k.file)
			got := map[string]int{}
			for _, f := range receive(t, k.p, k.frames(), x, rate) {
				got[hex.EncodeToString(f)]++
			}
			found, extra := 0, 0
			for f, n := range want {
				total += n
				found += min(n, got[f])
				if got[f] < n {
					missed += n - got[f]
					t.Errorf("heard %d times of %d: %s", got[f], n, f)
				}
			}
			for f, n := range got {
				extra += max(0, n-want[f])
			}
			beyond += extra
			t.Logf("%d listed frames, %d beyond the list", found, extra)
		})
	}
	t.Logf("%d of %d listed frames, %d beyond the list", total-missed, total, beyond)
}

// The same recordings with other levels, offsets, clocks and some more noise: nothing hangs on
// how they happen to be.
func TestPSKRecordingsVaried(t *testing.T) {
	if os.Getenv("SPACECHAIN_LONG") == "" {
		t.Skip("set SPACECHAIN_LONG=1 for varied recordings")
	}
	total, missed := 0, 0
	for _, k := range pskRecordings {
		want := expected(t, k.file)
		x, rate := audio(t, k.file)
		var power float64
		for _, v := range x {
			power += float64(v) * float64(v) / float64(len(x))
		}
		noise := 0.1 * math.Sqrt(power) // 20 dB below what is there
		for trial := range 6 {
			rng := rand.New(rand.NewPCG(uint64(trial), 73))
			p := k.p
			// Being elsewhere within the search is as good as the receiver looking elsewhere.
			p.Centre += p.Search * 0.3 * (2*rng.Float64() - 1)
			gain := 0.01 + 2*rng.Float64()
			y := make([]float32, 0, len(x)+1000)
			for range rng.IntN(1000) {
				y = append(y, 0)
			}
			for _, v := range x {
				y = append(y, float32(gain*(float64(v)+noise*rng.NormFloat64())))
			}
			got := map[string]int{}
			for _, f := range receive(t, p, k.frames(), y, rate*(1+200e-6*(2*rng.Float64()-1))) {
				got[hex.EncodeToString(f)]++
			}
			for f, n := range want {
				total += n
				if got[f] < n {
					missed += n - got[f]
					t.Logf("%s trial %d: heard %d times of %d: %.40s", k.file, trial, got[f], n, f)
				}
			}
		}
	}
	t.Logf("missed %d of %d", missed, total)
	if missed*100 > total {
		t.Errorf("missed %d of %d listed frames", missed, total)
	}
}
