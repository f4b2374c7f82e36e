package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"spacechain/internal/plot"
	"spacechain/link/modem/ber"
	"spacechain/link/modem/ladder"
)

const plotsFolder = "../../docs/plots"

func readFigure(t *testing.T, name string) plot.Figure {
	t.Helper()
	return readPicture(t, filepath.Join(plotsFolder, name))
}

func readPicture(t *testing.T, path string) plot.Figure {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fig, err := plot.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return fig
}

// Every picture that a page shows is there and carries its data, and every one that is there is
// shown and drawn by make plots.
func TestPlotsAreShown(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	link := regexp.MustCompile(`\]\(plots/([^)]+)\)`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			name := string(m[1])
			shown[name] = true
			if fig := readFigure(t, name); len(fig.Series) == 0 || fig.Title == "" {
				t.Errorf("%s shows %s, which is empty", page, name)
			}
		}
	}
	files, err := os.ReadDir(plotsFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !shown[f.Name()] {
			t.Errorf("docs/plots/%s is on no page", f.Name())
		}
		drawn := strings.Replace(f.Name(), "ladder-afsk1200", "ladder-$$m", 1)
		drawn = strings.Replace(drawn, "ladder-g3ruh9600", "ladder-$$m", 1)
		if !strings.Contains(string(makefile), "docs/plots/"+drawn) {
			t.Errorf("make plots does not draw docs/plots/%s", f.Name())
		}
	}
	if len(shown) < 7 {
		t.Errorf("the pages show %d pictures", len(shown))
	}
}

// What the pictures of error rates say is what the code measures now: a few cheap points of each
// curve, to the chance that both have.
func TestPlotsOfErrorRatesHold(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(plotsFolder, "ber-*.svg"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d pictures, %v", len(files), err)
	}
	checked := 0
	for _, file := range files {
		fig := readFigure(t, filepath.Base(file))
		words := strings.HasPrefix(fig.YLabel, "word")
		for _, s := range fig.Series {
			c, err := ber.Find(s.Name)
			if err != nil {
				continue // a theory
			}
			n := 0
			for i := len(s.X) - 1; i >= 0 && n < 2; i-- {
				if s.Y[i] < 0.004 {
					continue // takes too long
				}
				n++
				checked++
				points, err := c.Measure(context.Background(), s.X[i:i+1], ber.Options{Seed: 99, MinErrors: 40, MaxBits: 60_000, CountWords: words})
				if err != nil {
					t.Fatal(err)
				}
				p := points[0]
				got, deviation := p.Measured, p.Deviation
				if words {
					got = p.WordErrorRate()
					deviation = math.Sqrt(s.Y[i] / float64(p.Trials))
				}
				chance := 4*deviation + 2*(s.High[i]-s.Y[i]) + 0.15*s.Y[i]
				if math.Abs(got-s.Y[i]) > chance {
					t.Errorf("%s, %s at %g dB: %.3g now, drawn at %.3g, chance %.2g: run make plots", filepath.Base(file), s.Name, s.X[i], got, s.Y[i], chance)
				}
			}
			if n == 0 {
				t.Errorf("%s: no cheap point of %s", filepath.Base(file), s.Name)
			}
		}
	}
	t.Logf("%d points", checked)
}

// The budgets cost nothing to work out: they are drawn again as make plots does, to the same bytes.
func TestPlotsOfBudgetsRepeat(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	drawn := 0
	for _, m := range regexp.MustCompile(`(?m)^\t\./bin/spacechain (link budget .*) docs/plots/(\S+\.svg)`).FindAllSubmatch(makefile, -1) {
		drawn++
		name := string(m[2])
		again := filepath.Join(t.TempDir(), name)
		var stderr bytes.Buffer
		if code := run(t.Context(), append(strings.Fields(string(m[1])), again), strings.NewReader(""), io.Discard, &stderr); code != exitDone {
			t.Fatalf("%s: exit code %d: %s", m[1], code, stderr.String())
		}
		got, err := os.ReadFile(again)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(plotsFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOARCH == "amd64" && !bytes.Equal(got, want) {
			t.Errorf("docs/plots/%s: drawn again it differs: run make plots", name)
		}
	}
	if drawn < 2 {
		t.Errorf("make plots draws %d budgets", drawn)
	}
}

// Drawing again without a change gives the same bytes: the first points of a picture, whose counts
// hang on nothing else, and the ladder of one seed.
func TestPlotsRepeat(t *testing.T) {
	fig := readFigure(t, "ber-psk.svg")
	for _, s := range fig.Series {
		c, err := ber.Find(s.Name)
		if err != nil || s.Name != "bpsk" && s.Name != "qpsk" {
			continue
		}
		points, err := c.Measure(context.Background(), s.X[:3], ber.Options{Seed: 1, MinErrors: 300, MaxBits: 3e6})
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range points {
			// Other machines may fuse multiplications with additions and round in another way.
			if d := math.Abs(p.Measured/s.Y[i] - 1); d > 1e-5 && runtime.GOARCH == "amd64" || d > 0.05 {
				t.Errorf("%s at %g dB: %.6g, drawn at %.6g: run make plots", s.Name, p.EbN0DB, p.Measured, s.Y[i])
			}
		}
	}
	var f ladderFlags
	drawn := readFigure(t, "ladder-g3ruh9600.svg")
	c, err := f.count(context.Background(), ladder.G3RUH9600, 1)
	if err != nil {
		t.Fatal(err)
	}
	if one, vote := drawn.Series[0].Y[1], drawn.Series[1].Y[1]; math.Abs(float64(c.One)-one) > 1 || math.Abs(float64(c.Vote)-vote) > 1 || c.Other != 0 {
		t.Errorf("%+v, drawn at %g and %g: run make plots", c, one, vote)
	}
	// What was read is drawn as it was.
	var b bytes.Buffer
	if err := drawn.Write(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(plotsFolder, "ladder-g3ruh9600.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOARCH == "amd64" && !bytes.Equal(b.Bytes(), file) {
		t.Error("ladder-g3ruh9600.svg: drawn again it differs: run make plots")
	}
}
