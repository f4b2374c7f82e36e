package plot

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Numbers of things have no ticks between them, and few of them keep to whole steps.
func TestWholeTicks(t *testing.T) {
	for _, c := range []struct{ low, high, step float64 }{{-0.5, 2.5, 1}, {0.5, 1.5, 1}, {-0.5, 10.5, 2}, {0, 100, 20}} {
		ticks := wholeTicks(c.low, c.high)
		for i, k := range ticks {
			if k.Value != math.Round(k.Value) || strings.Contains(k.Label, ".") || i > 0 && k.Value-ticks[i-1].Value != c.step {
				t.Errorf("%g to %g: %v", c.low, c.high, ticks)
			}
		}
		if len(ticks) == 0 {
			t.Errorf("%g to %g: no ticks", c.low, c.high)
		}
	}
}

// curves is a figure with everything in it.
func curves() Figure {
	f := Figure{Title: "Bits lost & found", XLabel: "Eb/N0 / dB", YLabel: "bit error rate", LogY: true}
	theory := Function("theory <closed form>", 0, 10, 51, func(x float64) float64 { return math.Erfc(math.Sqrt(math.Pow(10, x/10))) / 2 })
	theory.Colour = 1
	f.Series = append(f.Series, theory,
		Series{Name: "measured", Style: Points, Colour: 1, X: []float64{0, 4, 8}, Y: []float64{0.08, 0.0125, 1.9e-4},
			Low: []float64{0.079, 0.012, 1.5e-4}, High: []float64{0.081, 0.013, 2.3e-4}},
		Series{Name: "other", Style: LineMark, X: []float64{1, 5, 9}, Y: []float64{0.1, 0, 1e-5}},
		Series{Name: "bound", Style: Dashes, X: []float64{0, 10}, Y: []float64{1e-3, 1e-3}})
	return f
}

func TestSameBytes(t *testing.T) {
	for _, format := range Formats() {
		var a, b bytes.Buffer
		if err := curves().Write(&a, format); err != nil {
			t.Fatal(err)
		}
		if err := curves().Write(&b, format); err != nil {
			t.Fatal(err)
		}
		if a.Len() < 1000 || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: %d and %d bytes, not the same", format, a.Len(), b.Len())
		}
	}
}

func TestPNG(t *testing.T) {
	var b bytes.Buffer
	if err := curves().Write(&b, "png"); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds().Size(); got.X != 1440 || got.Y != 840 {
		t.Errorf("picture of %v", got)
	}
	if r, g, bl, a := img.At(2, 2).RGBA(); r&g&bl&a != 0xffff {
		t.Error("the ground is not white")
	}
}

// What an SVG shows can be read out of it again.
func TestRead(t *testing.T) {
	var b bytes.Buffer
	f := curves()
	f.Series[2].Y[1] = math.NaN() // is left out
	if err := f.Write(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<title>Bits lost &amp; found</title>", ">1e-5</text>", ">Eb/N0 / dB</text>", "theory &lt;closed form&gt;</text>", "Arial"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in the SVG", want)
		}
	}
	got, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != f.Title || got.YLabel != f.YLabel || !got.LogY || len(got.Series) != 4 {
		t.Fatalf("read %+v", got)
	}
	if !reflect.DeepEqual(got.Series[1], f.Series[1]) {
		t.Errorf("read %+v, want %+v", got.Series[1], f.Series[1])
	}
	if s := got.Series[2]; !reflect.DeepEqual(s.X, []float64{1, 9}) || !reflect.DeepEqual(s.Y, []float64{0.1, 1e-5}) {
		t.Errorf("read %+v", s)
	}
	for i, y := range got.Series[0].Y {
		if want := f.Series[0].Y[i]; math.Abs(y-want) > want*1e-5 {
			t.Errorf("place %d: %g, want %g", i, y, want)
		}
	}
	for _, bad := range []string{"", "<svg/>", "<svg><metadata>7", "<svg><metadata>{}</metadata></svg>", "<svg><metadata>[]</metadata></svg>", "<svg><metadata>" +
		`{"series":[{"x":[1],"y":[1,2]}]}` + "</metadata></svg>"} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("read a figure out of %q", bad)
		}
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.svg", "b.png", "c.SVG"} {
		if err := curves().Save(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"a.pdf", "a"} {
		if err := curves().Save(filepath.Join(dir, name)); err == nil {
			t.Errorf("saved %s", name)
		}
	}
	// A file that is right already stays untouched.
	path := filepath.Join(dir, "a.svg")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := curves().Save(path); err != nil {
		t.Error(err)
	}
	if after, err := os.Stat(path); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("written again: %v", err)
	}
	if err := curves().Save(filepath.Join(dir, "none", "a.svg")); err == nil {
		t.Error("saved in no directory")
	}
}

func TestWrongFigures(t *testing.T) {
	for name, change := range map[string]func(*Figure){
		"no series":         func(f *Figure) { f.Series = nil },
		"rows that differ":  func(f *Figure) { f.Series[0].X = f.Series[0].X[1:] },
		"half an error bar": func(f *Figure) { f.Series[1].Low = nil },
		"style":             func(f *Figure) { f.Series[0].Style = "invisible" },
		"size":              func(f *Figure) { f.Width = 1e6 },
		"no number":         func(f *Figure) { f.XMax = math.NaN() },
		"turned axis":       func(f *Figure) { f.XMin, f.XMax = 2, 1 },
		"log of 0":          func(f *Figure) { f.YMin, f.YMax = 0, 1 },
		"log of less":       func(f *Figure) { f.YMin, f.YMax = -1, 1 },
	} {
		f := curves()
		change(&f)
		if err := f.Write(io.Discard, "svg"); err == nil {
			t.Errorf("%s: drawn", name)
		}
	}
	if err := curves().Write(io.Discard, "gif"); err == nil {
		t.Error("drawn as gif")
	}
}

// Any values at all can be drawn.
func TestAnyValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Figure{LogY: rapid.Bool().Draw(t, "log")}
		value := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-5, 5), rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324}))
		for range rapid.IntRange(1, 3).Draw(t, "series") {
			n := rapid.IntRange(0, 5).Draw(t, "n")
			row := rapid.SliceOfN(value, n, n)
			s := Series{Name: rapid.String().Draw(t, "name"), X: row.Draw(t, "x"), Y: row.Draw(t, "y"),
				Style: rapid.SampledFrom([]Style{"", Line, Dashes, Points, LineMark}).Draw(t, "style")}
			if rapid.Bool().Draw(t, "bars") {
				s.Low, s.High = row.Draw(t, "low"), row.Draw(t, "high")
			}
			f.Series = append(f.Series, s)
		}
		var b bytes.Buffer
		if err := f.Write(&b, "svg"); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b.Bytes(), []byte("NaN")) || bytes.Contains(b.Bytes(), []byte("Inf")) {
			t.Fatalf("an SVG of\n%s", b.Bytes())
		}
		if _, err := Read(&b); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTicks(t *testing.T) {
	labels := func(low, high float64, log bool) string {
		ticks := linearTicks
		if log {
			ticks = decadeTicks
		}
		var out []string
		for _, k := range ticks(low, high) {
			if k.Label != "" {
				out = append(out, k.Label)
			}
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		low, high float64
		log       bool
		want      string
	}{
		{0, 10, false, "0 2 4 6 8 10"},
		{-0.3, 0.2, false, "-0.3 -0.2 -0.1 0.0 0.1 0.2"},
		{0, 100, false, "0 20 40 60 80 100"},
		{4, 4.5, false, "4.0 4.1 4.2 4.3 4.4 4.5"},
		{1e-6, 1, true, "1e-6 1e-5 1e-4 1e-3 0.01 0.1 1"},
		{0.02, 30, true, "0.1 1 10"},
	} {
		if got := labels(c.low, c.high, c.log); got != c.want {
			t.Errorf("%g to %g: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

func ExampleFigure() {
	f := Figure{Title: "Squares", Series: []Series{Function("x²", 0, 3, 4, func(x float64) float64 { return x * x })}}
	var b bytes.Buffer
	if err := f.Write(&b, "svg"); err != nil {
		fmt.Println(err)
		return
	}
	again, err := Read(&b)
	fmt.Println(again.Title, again.Series[0].Y, err)
	// Output: Squares [0 1 4 9] <nil>
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := curves().Write(&b, "svg"); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`<svg><metadata>{"series":[{"x":[1],"y":[2]}]}</metadata></svg>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if err := got.Write(io.Discard, "svg"); err != nil {
			t.Errorf("what was read cannot be drawn: %v", err)
		}
	})
}
