package receive

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/modem/tnc"
	"spacechain/link/modem/wav"
)

// recordings are the files of shared/vectors/recordings whose modem and framing the space link has,
// with what is in each. Nothing else is known of any of them.
var recordings = map[string]string{
	"1kuns_pf.wav":       "fsk1200/ax100",
	"aalto1.wav":         "g3ruh9600/ax25",
	"aisat.wav":          "afsk4800/u482c",
	"aistechsat3.wav":    "fsk9600/ax100",
	"ao27.wav":           "afsk1200/ax25",
	"ao73.wav":           "dbpsk1200/ao40",
	"astrocast_9k6.wav":  "fsk9600/ccsds-rs",
	"athenoxat_1.wav":    "afsk4800/u482c",
	"au03.wav":           "afsk4800/u482c",
	"by701.wav":          "bpsk9600/ccsds-concatenated",
	"ca03.wav":           "fsk4800/ax100-rs",
	"ca03_9k6.wav":       "fsk9600/ax100-rs",
	"cz02.wav":           "afsk4800/u482c",
	"dsat.wav":           "afsk4800/u482c",
	"duchifat_3.wav":     "bpsk9600/ax25-g3ruh",
	"facsat_1.wav":       "fsk9600/ax100",
	"fmn1.wav":           "bpsk9600/ax25-g3ruh",
	"galassia.wav":       "afsk4800/u482c",
	"gomx_3.wav":         "fsk19200/ax100-rs",
	"gr01.wav":           "bpsk1200/ax25-g3ruh",
	"il01.wav":           "bpsk9600/ax25-g3ruh",
	"innosat_2.wav":      "fsk4800/ax100",
	"irazu.wav":          "g3ruh9600/ax25",
	"itasat1.wav":        "bpsk1200/ax25",
	"koyo.wav":           "g3ruh9600/ax25",
	"ks_1q.wav":          "fsk20000/ccsds-concatenated",
	"ops_sat.wav":        "g3ruh9600/ax25",
	"picsat_9k6.wav":     "bpsk9600/ax25-g3ruh",
	"pwsat2.wav":         "bpsk1200/ax25-g3ruh",
	"se01.wav":           "g3ruh9600/ax25",
	"shaonian_xing.wav":  "bpsk9600/ax25-g3ruh",
	"smog_p_5k.wav":      "fsk5000/ao40-short",
	"spooqy_1.wav":       "fsk9600/ax100",
	"swiatowid-ax25.wav": "afsk1200/ax25",
	"tigrisat.wav":       "g3ruh9600/ax25",
	"trisat.wav":         "fsk9600/ccsds-concatenated",
	"tw_1b.wav":          "fsk4800/ax100-rs",
	"ty_2.wav":           "fsk9600/ax100",
	"ubakusat.wav":       "g3ruh9600/ax25",
	"us01.wav":           "g3ruh9600/ax25",
	"us04.wav":           "g3ruh9600/ax25",
}

// others are the files with a framing that the space link does not have.
var others = map[string]string{
	"atl_1.wav":               "SMOG-P RA, a repeat-accumulate code",
	"lucky_7.wav":             "Lucky-7's own",
	"reaktor_hello_world.wav": "Reaktor's own",
	"snet_a.wav":              "S-NET's own, with BCH",
	"swiatowid.wav":           "Swiatowid's own picture frames",
	"ua01.wav":                "UA01's own",
}

// listed gives for each file how often the decoder that found more of each frame found it.
func listed(t *testing.T) map[string]map[string]int {
	t.Helper()
	var all []struct {
		File string
		GR   struct{ Frames []string } `json:"gr_satellites"`
		DW   struct{ Frames []string } `json:"direwolf_1_6_atest"`
	}
	if err := json.Unmarshal(vectors.Open(t, "recordings/expected-frames.json"), &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]int{}
	for _, l := range all {
		want := map[string]int{}
		for _, frames := range [][]string{l.GR.Frames, l.DW.Frames} {
			count := map[string]int{}
			for _, f := range frames {
				count[f]++
				want[f] = max(want[f], count[f])
			}
		}
		out[l.File] = want
	}
	return out
}

// Each recording, told nothing: every frame that other programs found in it comes out, once for
// each time it was sent, by the one combination that is in the file. Without SPACECHAIN_LONG the
// longer files are told their combination, which is what costs time.
func TestRecordings(t *testing.T) {
	want := listed(t)
	total, missed, beyond := 0, 0, 0
	for _, file := range slices.Sorted(func(yield func(string) bool) {
		for f := range recordings {
			if !yield(f) {
				return
			}
		}
	}) {
		if len(want[file]) == 0 {
			t.Errorf("%s: no frames listed", file)
		}
		r, err := wav.NewReader(bytes.NewReader(vectors.Open(t, "recordings/"+file)))
		if err != nil {
			t.Fatal(err)
		}
		samples, err := r.ReadAll(0)
		if err != nil {
			t.Fatal(err)
		}
		of := Combinations()
		if os.Getenv("SPACECHAIN_LONG") == "" && len(samples) > 2*r.Rate {
			of = slices.DeleteFunc(of, func(c Combination) bool { return c.String() != recordings[file] })
		}
		got := map[string]int{}
		for _, f := range decode(t, float64(r.Rate), tnc.Thorough, samples, of...) {
			got[hex.EncodeToString(f.Data)]++
			if by := f.Modem + "/" + f.Framing; by != recordings[file] {
				t.Errorf("%s: a frame by %s, want %s only", file, by, recordings[file])
			}
		}
		here, extra := 0, 0
		for f, n := range want[file] {
			here += n
			if got[f] < n {
				missed += n - got[f]
				t.Errorf("%s: %d times of %d: %.60s", file, got[f], n, f)
			}
		}
		for f, n := range got {
			extra += max(0, n-want[file][f])
		}
		total += here
		beyond += extra
		t.Logf("%-19s %-28s %3d listed, %2d beyond", file, recordings[file], here, extra)
	}
	t.Logf("%d of %d listed frames, %d beyond the list", total-missed, total, beyond)
	for file := range want {
		if recordings[file] == "" && others[file] == "" {
			t.Errorf("%s is neither tried nor named as out", file)
		}
	}
}

// The same recordings with other levels, clocks and polarity and some more noise: nothing hangs on
// how they happen to be. Every one is told what it is.
func TestRecordingsVaried(t *testing.T) {
	if os.Getenv("SPACECHAIN_LONG") == "" {
		t.Skip("set SPACECHAIN_LONG=1 for varied recordings")
	}
	want := listed(t)
	total, missed := 0, 0
	for file, what := range recordings {
		r, err := wav.NewReader(bytes.NewReader(vectors.Open(t, "recordings/"+file)))
		if err != nil {
			t.Fatal(err)
		}
		samples, err := r.ReadAll(0)
		if err != nil {
			t.Fatal(err)
		}
		var power float64
		for _, v := range samples {
			power += float64(v) * float64(v) / float64(len(samples))
		}
		of := slices.DeleteFunc(Combinations(), func(c Combination) bool { return c.String() != what })
		for trial := range 4 {
			rng := rand.New(rand.NewPCG(uint64(trial), 5))
			gain := 0.02 + 2*rng.Float64()
			if trial%2 == 1 {
				gain = -gain
			}
			noise := 0.1 * math.Sqrt(power) // 20 dB below what is there
			x := make([]float32, rng.IntN(1000), len(samples)+1000)
			for _, v := range samples {
				x = append(x, float32(gain*(float64(v)+noise*rng.NormFloat64())))
			}
			got := map[string]int{}
			for _, f := range decode(t, float64(r.Rate)*(1+200e-6*(2*rng.Float64()-1)), tnc.Thorough, x, of...) {
				got[hex.EncodeToString(f.Data)]++
			}
			for f, n := range want[file] {
				total += n
				if got[f] < n {
					missed += n - got[f]
					t.Logf("%s, trial %d: %d times of %d: %.40s", file, trial, got[f], n, f)
				}
			}
		}
	}
	t.Logf("missed %d of %d", missed, total)
	if missed*100 > total {
		t.Errorf("missed %d of %d listed frames", missed, total)
	}
}
