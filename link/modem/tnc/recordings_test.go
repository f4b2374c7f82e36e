package tnc

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/ax25"
	"spacechain/link/modem"
)

// recording is an entry of recordings/expected-frames.json.
type recording struct {
	File     string
	Gr       struct{ Frames []string } `json:"gr_satellites"`
	Direwolf struct{ Frames []string } `json:"direwolf_1_6_atest"`
}

// The recordings of AX.25 over AFSK and FSK: every frame that gr-satellites or direwolf found, by
// the quick receiver and by the thorough one; frames beyond the list must need no repair. se01 sends HDLC without AX.25 inside; AO-27's bits
// are 2 % too short and its space tone is 100 Hz low.
func TestRecordings(t *testing.T) {
	var all []recording
	if err := json.Unmarshal(vectors.Open(t, "recordings/expected-frames.json"), &all); err != nil {
		t.Fatal(err)
	}
	expected := map[string]map[string]bool{}
	for _, r := range all {
		expected[r.File] = map[string]bool{}
		for _, f := range append(r.Gr.Frames, r.Direwolf.Frames...) {
			expected[r.File][f] = true
		}
	}
	listed, found := 0, 0
	for _, c := range []struct {
		file string
		fsk  bool
	}{
		{"ao27.wav", false},
		{"swiatowid-ax25.wav", false},
		{"aalto1.wav", true},
		{"irazu.wav", true},
		{"koyo.wav", true},
		{"ops_sat.wav", true},
		{"se01.wav", true},
		{"tigrisat.wav", true},
		{"ubakusat.wav", true},
		{"us01.wav", true},
		{"us04.wav", true},
	} {
		x, rate := load(t, vectors.Open(t, "recordings/"+c.file))
		want := expected[c.file]
		if len(want) == 0 {
			t.Errorf("%s: no frames listed", c.file)
		}
		efforts := []Effort{Quick}
		if os.Getenv("SPACECHAIN_LONG") != "" || len(x) < 48000*3 {
			efforts = append(efforts, Thorough)
		}
		for _, e := range efforts {
			var r *Receiver
			var err error
			if c.fsk {
				r, err = NewFSK(modem.G3RUH9600, rate, e, ax25.Options{Line: ax25.LineG3RUH})
			} else {
				r, err = NewAFSK(modem.Bell202, rate, e, ax25.Options{Line: ax25.LineAFSK})
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			beyond := 0
			for _, f := range r.Flush(r.Process(nil, x)) {
				h := hex.EncodeToString(f.Data)
				got[h] = true
				if !want[h] {
					beyond++
					if f.Flipped > 0 {
						t.Errorf("%s: %d bits inverted gave %s, which is not listed", c.file, f.Flipped, h)
					}
				}
			}
			n := 0
			for h := range want {
				if got[h] {
					n++
				} else {
					t.Errorf("%s, effort %d: missed %s", c.file, e, h)
				}
			}
			listed += len(want)
			found += n
			t.Logf("%s, effort %d: %d of %d listed, %d beyond", c.file, e, n, len(want), beyond)
		}
	}
	t.Logf("%d of %d", found, listed)
}
