package ax100

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/modem"
	"spacechain/link/modem/wav"
)

func fsk(baud float64) modem.FSK { return modem.FSK{Baud: baud, BT: 0.5} }

// The recordings of these modes with the modulation that is in the file (the satellites can send
// others too).
var recordings = []struct {
	file string
	mode Mode
	baud float64 // of FSK; 0 for AFSK of 4800 baud
}{
	{"1kuns_pf.wav", ASMGolay, 1200},
	{"aistechsat3.wav", ASMGolay, 9600},
	{"facsat_1.wav", ASMGolay, 9600},
	{"innosat_2.wav", ASMGolay, 4800},
	{"ty_2.wav", ASMGolay, 9600},
	{"ca03.wav", ReedSolomon, 4800},
	{"ca03_9k6.wav", ReedSolomon, 9600},
	{"gomx_3.wav", ReedSolomon, 19200},
	{"tw_1b.wav", ReedSolomon, 4800},
	{"aisat.wav", U482C, 0},
	{"athenoxat_1.wav", U482C, 0},
	{"au03.wav", U482C, 0},
	{"cz02.wav", U482C, 0},
	{"dsat.wav", U482C, 0},
	{"galassia.wav", U482C, 0},
}

func demodulate(t *testing.T, file string, baud float64) []int8 {
	t.Helper()
	r, err := wav.NewReader(bytes.NewReader(vectors.Open(t, "recordings/"+file)))
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.ReadAll(0)
	if err != nil {
		t.Fatal(err)
	}
	var d modem.AudioDemodulator
	if baud == 0 {
		d, err = modem.NewAFSKDemodulator(modem.AFSK4800, float64(r.Rate), modem.AFSKOptions{})
	} else {
		d, err = modem.NewFSKDemodulator(fsk(baud), float64(r.Rate), modem.FSKOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return d.Flush(d.Process(nil, x))
}

func TestRecordings(t *testing.T) {
	var all []struct {
		File string
		Gr   struct{ Frames []string } `json:"gr_satellites"`
	}
	if err := json.Unmarshal(vectors.Open(t, "recordings/expected-frames.json"), &all); err != nil {
		t.Fatal(err)
	}
	expected := map[string][]string{}
	for _, r := range all {
		expected[r.File] = r.Gr.Frames
	}
	listed, found := 0, 0
	for _, c := range recordings {
		soft := demodulate(t, c.file, c.baud)
		got := map[string]bool{}
		d := NewDeframer(c.mode)
		for _, f := range d.Process(nil, soft) {
			got[hex.EncodeToString(f.Data)] = true
			t.Logf("%s: %d octets, flags %#x, %d corrected, inverted %v", c.file, len(f.Data), f.Flags, f.Corrected, f.Inverted)
		}
		if len(expected[c.file]) == 0 {
			t.Errorf("%s: no frames listed", c.file)
		}
		n := 0
		for _, h := range expected[c.file] {
			if got[h] {
				n++
			} else {
				t.Errorf("%s: missed %s", c.file, h)
			}
		}
		listed += len(expected[c.file])
		found += n
		t.Logf("%s: %d of %d listed, %d in all", c.file, n, len(expected[c.file]), len(got))
	}
	t.Logf("%d of %d", found, listed)
}
