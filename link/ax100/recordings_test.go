package ax100

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/csp"
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
		d, err = modem.NewAFSKDemodulator(modem.AFSK4800, float64(r.Rate), modem.AFSKOptions{Steady: true})
	} else {
		d, err = modem.NewFSKDemodulator(fsk(baud), float64(r.Rate), modem.FSKOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return d.Flush(d.Process(nil, x))
}

// Every frame that gr-satellites found must be found. What is found beyond is a word of the code
// too; where it ends with a CRC-32C of CSP, as all of GOMX-3's do, that must be right.
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
		checked, corrected := 0, 0
		for _, f := range NewDeframer(c.mode).Process(nil, soft) {
			got[hex.EncodeToString(f.Data)] = true
			corrected += f.Corrected
			if crcRight(f.Data) {
				checked++
			} else if c.file == "gomx_3.wav" {
				t.Errorf("%s: CRC of %x is wrong", c.file, f.Data)
			}
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
		t.Logf("%s: %d of %d listed, %d in all, %d with a CRC, %d octets corrected", c.file, n, len(expected[c.file]), len(got), checked, corrected)
	}
	if listed != 72 {
		t.Errorf("%d frames listed, not 72", listed)
	}
	t.Logf("%d of %d", found, listed)
}

func crcRight(data []byte) bool {
	p, err := csp.Parse(csp.V1, data)
	if err != nil {
		return false
	}
	_, _, err = csp.CheckCRC(csp.V1, p)
	return err == nil
}
