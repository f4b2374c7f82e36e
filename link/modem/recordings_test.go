package modem

import (
	"bytes"
	"math/bits"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/modem/wav"
)

// Recordings whose frames other packages take apart: in each, the sync words of its frames come
// out without a wrong bit, as many as gr-satellites decoded frames at least.
func TestSyncWordsOfRecordings(t *testing.T) {
	const (
		u482c = 0xc3aa6655
		ax100 = 0x930b51de
	)
	for _, c := range []struct {
		file   string
		afsk   bool
		baud   float64
		word   uint32
		frames int
	}{
		{"aisat", true, 4800, u482c, 22},
		{"athenoxat_1", true, 4800, u482c, 1},
		{"au03", true, 4800, u482c, 1},
		{"cz02", true, 4800, u482c, 1},
		{"dsat", true, 4800, u482c, 3},
		{"galassia", true, 4800, u482c, 7},
		{"1kuns_pf", false, 1200, ax100, 2},
		{"aistechsat3", false, 9600, ax100, 5},
		{"facsat_1", false, 9600, ax100, 8},
		{"innosat_2", false, 4800, ax100, 7},
		{"ty_2", false, 9600, ax100, 3},
	} {
		r, err := wav.NewReader(bytes.NewReader(vectors.Open(t, "recordings/"+c.file+".wav")))
		if err != nil {
			t.Fatal(err)
		}
		x, err := r.ReadAll(0)
		if err != nil {
			t.Fatal(err)
		}
		var d AudioDemodulator
		if c.afsk {
			d, err = NewAFSKDemodulator(AFSK4800, float64(r.Rate), AFSKOptions{})
		} else {
			d, err = NewFSKDemodulator(FSK{Baud: c.baud}, float64(r.Rate), FSKOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		var last uint32
		for _, s := range d.Flush(d.Process(nil, x)) {
			last <<= 1
			if s > 0 {
				last |= 1
			}
			if e := bits.OnesCount32(last ^ c.word); e == 0 || e == 32 { // either polarity
				found++
			}
		}
		t.Logf("%s: %d sync words, %d frames listed", c.file, found, c.frames)
		if found < c.frames {
			t.Errorf("%s: %d sync words, want at least %d", c.file, found, c.frames)
		}
	}
}
