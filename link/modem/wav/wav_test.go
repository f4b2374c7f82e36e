package wav

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spacechain/internal/vectors"
)

var formats = []Format{
	{Integer, 8, 1, 8000}, {Integer, 16, 1, 44100}, {Integer, 16, 2, 48000}, {Integer, 24, 2, 96000},
	{Integer, 32, 1, 48000}, {Float, 32, 1, 48000}, {Float, 32, 2, 250000}, {Float, 64, 3, 11025},
}

func TestSamplesComeBack(t *testing.T) {
	for _, f := range formats {
		path := filepath.Join(t.TempDir(), "a.wav")
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewWriter(file, f)
		if err != nil {
			t.Fatal(err)
		}
		in := make([]float32, 999*f.Channels)
		for i := range in {
			in[i] = float32(math.Sin(float64(i) * 0.37))
		}
		in[0], in[1], in[2] = -1, 0, 0.5
		for rest := in; len(rest) > 0; rest = rest[333*f.Channels:] {
			if err := w.Write(rest[:333*f.Channels]); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), file.Close()); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if r.Format != f {
			t.Errorf("format %+v, want %+v", r.Format, f)
		}
		for c := range f.Channels {
			r, err := NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			out, err := r.ReadAll(c)
			if err != nil || len(out) != 999 {
				t.Fatalf("%+v: %d samples, %v; want 999", f, len(out), err)
			}
			for i, v := range out {
				if want := in[i*f.Channels+c]; math.Abs(float64(v-want)) > math.Ldexp(1, 1-min(f.Bits, 24)) {
					t.Fatalf("%+v: sample %d of channel %d is %g, want %g", f, i, c, v, want)
				}
			}
		}
	}
}

func TestUnknownLength(t *testing.T) {
	var b bytes.Buffer // cannot seek
	w, err := NewWriter(&b, Format{Integer, 16, 2, 48000})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write([]float32{0.25, -0.25, 0.5, -0.5}), w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	iq, err := r.ReadIQ()
	if err != nil || len(iq) != 2 || iq[1] != complex(0.5, -0.5) {
		t.Errorf("read %v, %v", iq, err)
	}
}

func TestErrorsSayWhy(t *testing.T) {
	var good bytes.Buffer
	w, err := NewWriter(&good, Format{Integer, 16, 1, 48000})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(make([]float32, 4)); err != nil {
		t.Fatal(err)
	}
	with := func(at int, v ...byte) string {
		b := bytes.Clone(good.Bytes())
		copy(b[at:], v)
		return string(b)
	}
	for in, want := range map[string]string{
		"":                           "unexpected EOF",
		"RIFX\x00\x00\x00\x00WAVE":   "want RIFF",
		good.String()[:20]:           "unexpected EOF",
		good.String()[:40]:           "unexpected EOF",
		with(22, 0, 0):               "0 channels",
		with(22, 255, 255):           "65535 channels",
		with(20, 2):                  "encoding 2",
		with(34, 12):                 "12 bits",
		with(32, 7):                  "alignment 7",
		with(24, 0, 0, 0, 0):         "0 Hz",
		with(16, 3):                  "3 octets",
		with(12, 'd', 'a', 't', 'a'): "before any format",
	} {
		if _, err := NewReader(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := NewWriter(io.Discard, Format{Integer, 20, 1, 48000}); err == nil {
		t.Error("writing 20 bits went well")
	}
}

func TestReadsRecording(t *testing.T) {
	r, err := NewReader(bytes.NewReader(vectors.Open(t, "recordings/ao27.wav")))
	if err != nil {
		t.Fatal(err)
	}
	samples, err := r.ReadAll(0)
	if err != nil || r.Rate != 48000 || len(samples) != 107028 {
		t.Errorf("%d samples at %d Hz, %v", len(samples), r.Rate, err)
	}
}

func FuzzReader(f *testing.F) {
	for _, format := range formats {
		var b bytes.Buffer
		w, err := NewWriter(&b, format)
		if err != nil {
			f.Fatal(err)
		}
		if err := w.Write(make([]float32, 6*format.Channels)); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		samples, err := r.ReadAll(0)
		if err != nil {
			t.Errorf("reading from memory: %v", err)
		}
		if len(samples) > len(b) {
			t.Errorf("%d samples from %d octets", len(samples), len(b))
		}
		for _, v := range samples {
			if v != v {
				t.Error("not a number")
			}
		}
	})
}
