package receive

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/ax25"
	"spacechain/link/modem"
	"spacechain/link/modem/tnc"
	"spacechain/link/modem/wav"
)

// decode gives all that the combinations find in samples.
func decode(t *testing.T, rate float64, effort tnc.Effort, samples []float32, of ...Combination) []Frame {
	t.Helper()
	var out []Frame
	for _, c := range of {
		r, err := c.Open(rate, effort)
		if err != nil {
			t.Fatal(err)
		}
		for block := range slices.Chunk(samples, 5000) {
			out = r.Process(out, block)
		}
		out = r.Flush(out)
	}
	return out
}

// What a modulator sends is found by its own combination, with the time, and by no other.
func TestOneCombinationHears(t *testing.T) {
	const rate = 48000
	from, err := ax25.ParseAddress("N0CALL-1")
	if err != nil {
		t.Fatal(err)
	}
	to, err := ax25.ParseAddress("CQ")
	if err != nil {
		t.Fatal(err)
	}
	frame, err := ax25.UI(to, from, []byte("which of you hears me?")).Encode()
	if err != nil {
		t.Fatal(err)
	}
	framer := ax25.NewFramer(ax25.LineAFSK)
	levels := framer.Flags(framer.Frame(framer.Flags(nil, 40), frame), 8)
	m, err := modem.NewAFSKModulator(modem.Bell202, rate, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	samples := append(m.Modulate(make([]float32, rate), levels), make([]float32, rate)...)
	got := decode(t, rate, tnc.Quick, samples, Combinations()...)
	if len(got) != 1 || got[0].Modem != "afsk1200" || string(got[0].Data) != string(frame) {
		t.Fatalf("got %+v", got)
	}
	if end := 1 + float64(len(levels)-56)/1200; got[0].Time < end-0.02 || got[0].Time > end+0.02 {
		t.Errorf("at %.3f s, want %.3f", got[0].Time, end)
	}
}

func TestFind(t *testing.T) {
	all, err := Find("", "")
	if err != nil || len(all) != len(Combinations()) {
		t.Fatalf("all: %d %v", len(all), err)
	}
	one, err := Find("bpsk9600", "ax25-g3ruh")
	if err != nil || len(one) != 1 || one[0].String() != "bpsk9600/ax25-g3ruh" {
		t.Fatalf("one: %v %v", one, err)
	}
	if _, err := Find("afsk1200", "ao40"); err == nil || !strings.Contains(err.Error(), "dbpsk1200/ao40") {
		t.Errorf("none: %v", err)
	}
	if _, err := one[0].Open(100, tnc.Quick); err == nil || !strings.Contains(err.Error(), "bpsk9600") {
		t.Errorf("a sample rate that is too low: %v", err)
	}
}

// Recordings of satellites decode without being told what they are: all frames that other
// programs found.
func TestRecordings(t *testing.T) {
	raw, err := os.ReadFile(vectors.Path(t, "recordings/expected-frames.json"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []struct {
		File   string
		GR, DW struct{ Frames []string }
	}
	raw = []byte(strings.NewReplacer(`"gr_satellites"`, `"GR"`, `"direwolf_1_6_atest"`, `"DW"`).Replace(string(raw)))
	if err := json.Unmarshal(raw, &listed); err != nil {
		t.Fatal(err)
	}
	by := map[string]string{
		"il01.wav": "bpsk9600/ax25-g3ruh", "fmn1.wav": "bpsk9600/ax25-g3ruh", "ao73.wav": "dbpsk1200/ao40",
		"us01.wav": "g3ruh9600/ax25", "tigrisat.wav": "g3ruh9600/ax25", "swiatowid-ax25.wav": "afsk1200/ax25",
		"galassia.wav": "afsk4800/u482c", "facsat_1.wav": "fsk9600/ax100", "ca03_9k6.wav": "fsk9600/ax100-rs",
	}
	seen := 0
	for _, l := range listed {
		want := by[l.File]
		if want == "" {
			continue
		}
		seen++
		file, err := os.Open(vectors.Path(t, "recordings/"+l.File))
		if err != nil {
			t.Fatal(err)
		}
		r, err := wav.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		samples, err := r.ReadAll(0)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, f := range decode(t, float64(r.Rate), tnc.Thorough, samples, Combinations()...) {
			found[hex.EncodeToString(f.Data)] = true
			if got := f.Modem + "/" + f.Framing; got != want {
				t.Errorf("%s: a frame by %s, want %s only", l.File, got, want)
			}
		}
		for _, frame := range slices.Concat(l.GR.Frames, l.DW.Frames) {
			if !found[frame] {
				t.Errorf("%s: frame %s is missing", l.File, frame)
			}
		}
	}
	if seen != len(by) {
		t.Errorf("%d of %d recordings are listed", seen, len(by))
	}
}
