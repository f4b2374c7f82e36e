package tnc

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/ax25"
	"spacechain/link/modem"
	"spacechain/link/modem/ladder"
	"spacechain/link/modem/wav"
)

// load reads one channel of a WAV file.
func load(t testing.TB, b []byte) ([]float32, float64) {
	t.Helper()
	r, err := wav.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.ReadAll(0)
	if err != nil {
		t.Fatal(err)
	}
	return x, float64(r.Rate)
}

// save writes samples to a 16-bit WAV file.
func save(t testing.TB, x []float32, rate int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "audio.wav")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, wav.Format{Encoding: wav.Integer, Bits: 16, Channels: 1, Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(x); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// kind is one of the two modems of the ladder.
type kind struct {
	ladder.Ladder
	g3ruh bool
	baud  string // for atest
}

var (
	ladderAFSK  = kind{ladder.AFSK1200, false, "1200"}
	ladderG3RUH = kind{ladder.G3RUH9600, true, "9600"}
)

func (k kind) receiver(t testing.TB, rate float64, e Effort) *Receiver {
	t.Helper()
	var r *Receiver
	var err error
	if k.g3ruh {
		r, err = NewFSK(modem.G3RUH9600, rate, e, ax25.Options{Line: ax25.LineG3RUH})
	} else {
		r, err = NewAFSK(modem.Bell202, rate, e, ax25.Options{Line: ax25.LineAFSK})
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// audio modulates levels.
func (k kind) audio(t testing.TB, levels []byte, rate float64) []float32 {
	t.Helper()
	x, err := k.Signal(levels, rate)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// ladder makes n frames in noise that grows from frame to frame.
func (k kind) ladder(t testing.TB, n int, seed uint64) []float32 {
	t.Helper()
	x, err := k.Audio(n, seed)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// count returns how many different frames of a ladder are there, and how many false ones.
func count(got []Frame) (good, bad int) {
	var data [][]byte
	for _, f := range got {
		data = append(data, f.Data)
	}
	return ladder.Count(data)
}

// The shared files: direwolf 1.6 decodes 67 and 61 of 100, multimon-ng 56 of the first.
func TestLadderShared(t *testing.T) {
	for _, k := range []kind{ladderAFSK, ladderG3RUH} {
		x, rate := load(t, vectors.Open(t, "noise-ladder/"+k.Name+"_100.wav"))
		for _, e := range []Effort{Quick, Thorough} {
			r := k.receiver(t, rate, e)
			good, bad := count(r.Flush(r.Process(nil, x)))
			t.Logf("%s, effort %d: %d of 100, %d false; %d trials", k.Name, e, good, bad, r.Stats().Trials)
			if good < k.Least || bad != 0 {
				t.Errorf("%s, effort %d: %d of 100, %d false; want at least %d and none", k.Name, e, good, bad, k.Least)
			}
		}
	}
}

// Ten more of each with noise of our own, so that the figure is no lucky fit. direwolf, where it
// is installed, must find them as hard as the shared ones.
func TestLadderOwnNoise(t *testing.T) {
	atest, err := exec.LookPath("atest")
	if err != nil {
		t.Log("SKIPPED in part: no atest (Debian package direwolf) to hold our ladder against")
	}
	long := os.Getenv("SPACECHAIN_LONG") != ""
	for _, k := range []kind{ladderAFSK, ladderG3RUH} {
		var ours, theirs, runs int
		for seed := range uint64(10) {
			x := k.ladder(t, 100, seed+1)
			e := Quick
			if long {
				e = Thorough
			}
			r := k.receiver(t, 44100, e)
			good, bad := count(r.Flush(r.Process(nil, x)))
			t.Logf("%s, seed %d: %d of 100, %d false", k.Name, seed+1, good, bad)
			ours += good
			if good < k.Least || bad != 0 {
				t.Errorf("%s, seed %d: %d of 100, %d false; want at least %d and none", k.Name, seed+1, good, bad, k.Least)
			}
			if atest != "" && (long || seed < 1) {
				n := runAtest(t, atest, k.baud, save(t, x, 44100))
				t.Logf("%s, seed %d: atest decodes %d", k.Name, seed+1, n)
				theirs += n
				runs++
			}
		}
		t.Logf("%s: mean of ten seeds %.1f", k.Name, float64(ours)/10)
		if runs > 0 {
			if mean := float64(theirs) / float64(runs); mean < float64(k.Direwolf-5) || mean > float64(k.Direwolf+5) {
				t.Errorf("%s: direwolf decodes %.1f of ours and %d of the shared ladder; they should be as hard", k.Name, mean, k.Direwolf)
			}
		}
	}
}

var decoded = regexp.MustCompile(`(\d+) packets decoded in`)

// runAtest returns how many frames direwolf's atest decodes.
func runAtest(t testing.TB, atest, baud, file string) int {
	t.Helper()
	out, err := exec.Command(atest, "-B", baud, file).CombinedOutput()
	if err != nil {
		t.Fatalf("atest: %v\n%s", err, out)
	}
	m := decoded.FindSubmatch(out)
	if m == nil {
		t.Fatalf("atest says\n%s", out)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
