package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/astro/elements"
	"spacechain/astro/visibility"
	"spacechain/internal/vectors"
)

// oneSatellite is the ISS on 2026-05-30 in a round figure or two.
var oneSatellite = elements.Set{
	Name: "ISS (ZARYA)", NoradID: 25544, IntlDesignator: "1998-067A",
	Epoch:            time.Date(2026, 5, 30, 12, 0, 0, 0, time.UTC),
	MeanMotionRevDay: 15.49, Eccentricity: 0.0007, InclinationDeg: 51.63, RAANDeg: 40, ArgPerigeeDeg: 100, MeanAnomalyDeg: 20,
	BStar: 1e-4,
}

// catalogueFile writes sets as TLE.
func catalogueFile(t *testing.T, sets ...elements.Set) string {
	t.Helper()
	var b bytes.Buffer
	if err := elements.WriteTLE(&b, sets); err != nil {
		t.Fatal(err)
	}
	return textFile(t, "sets.tle", b.String())
}

func textFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// passes runs "orbit passes".
func passes(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := newOrbitPassesCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.Execute()
	return out.String(), errOut.String(), err
}

func passesJSON(t *testing.T, args ...string) (r passesReport) {
	t.Helper()
	out, _, err := passes(t, append(args, "--json")...)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(out))
	if err := d.Decode(&r); err != nil || d.More() {
		t.Fatalf("output is not one JSON document (%v): %s", err, out)
	}
	return r
}

func TestOrbitPassesJSON(t *testing.T) {
	tle := catalogueFile(t, oneSatellite)
	r := passesJSON(t, "--tle", tle, "--station", "52.52,13.405,34", "--min-elevation", "5")
	if !r.From.Equal(oneSatellite.Epoch) || !r.To.Equal(oneSatellite.Epoch.Add(24*time.Hour)) {
		t.Errorf("predicted from %v to %v, want a day from the element epoch", r.From, r.To)
	}
	if len(r.Passes) < 3 || r.Satellites != 1 || r.Station.AltM != 34 {
		t.Fatalf("report %+v", r)
	}
	for i, p := range r.Passes {
		if p.NoradID != 25544 || p.Name != "ISS (ZARYA)" || !p.Rise.Before(p.Set) || p.MaxElevationDeg < 5 ||
			math.Abs(p.DurationS-p.Set.Sub(p.Rise).Seconds()) > 1e-6 || p.DurationS > 900 || i > 0 && p.Rise.Before(r.Passes[i-1].Set) {
			t.Errorf("pass %d: %+v", i, p)
		}
	}
	// A higher horizon leaves less, as minimum elevation or as mask.
	higher := passesJSON(t, "--tle", tle, "--station", "52.52,13.405,34", "--min-elevation", "30")
	mask := textFile(t, "mask.txt", "# a wall\n0 30\n180 30\n")
	masked := passesJSON(t, "--tle", tle, "--station", "52.52,13.405,34", "--min-elevation", "5", "--mask", mask)
	if len(higher.Passes) == 0 || len(higher.Passes) >= len(r.Passes) || len(masked.Passes) != len(higher.Passes) {
		t.Errorf("%d passes above 5 degrees, %d above 30, %d above a wall of 30", len(r.Passes), len(higher.Passes), len(masked.Passes))
	}
	for i := range masked.Passes {
		if d := masked.Passes[i].Rise.Sub(higher.Passes[i].Rise).Abs(); d > 10*time.Millisecond {
			t.Errorf("pass %d rises over the wall %v off", i, d)
		}
	}
	// Within a pass the ends are open.
	mid := r.Passes[0].Culmination.Format(time.RFC3339Nano)
	cut := passesJSON(t, "--tle", tle, "--station", "52.52,13.405,34", "--from", mid, "--hours", "0.01")
	if len(cut.Passes) != 1 || !cut.Passes[0].OpenStart || !cut.Passes[0].OpenEnd {
		t.Errorf("within a pass: %+v", cut.Passes)
	}
}

func TestOrbitPassesTable(t *testing.T) {
	later := oneSatellite
	later.Epoch = later.Epoch.Add(24 * time.Hour)
	other := oneSatellite
	other.NoradID, other.Name, other.MeanAnomalyDeg = 90001, "OTHER", 200
	tle := catalogueFile(t, oneSatellite, later, other)
	out, _, err := passes(t, "--tle", tle, "--station", "52.52,13.405", "--hours", "12")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"of 2 satellites over 52.5200N 13.4050E", "above 10 degrees",
		"2026-05-30 12:00:00 to 2026-05-31 00:00:00 UTC", "25544 ISS (ZARYA)", "90001 OTHER"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table lacks %q:\n%s", want, out)
		}
	}
	out, _, err = passes(t, "--tle", tle, "--station", "85,0", "--hours", "1", "--sat", "25544")
	if err != nil || !strings.Contains(out, "0 passes of 1 satellite ") {
		t.Errorf("over the pole (%v):\n%s", err, out)
	}
	_, warned, err := passes(t, "--tle", tle, "--station", "52,13", "--hours", "1", "--from", "2026-07-30T00:00:00Z")
	if err != nil || !strings.Contains(warned, "days from --from") {
		t.Errorf("elements of two months ago give no warning (%v): %q", err, warned)
	}
}

func TestOrbitPassesUsage(t *testing.T) {
	tle := catalogueFile(t, oneSatellite)
	good := []string{"--tle", tle, "--station", "52,13,30"}
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no station", []string{"--tle", tle}, "--station is missing"},
		{"no elements", []string{"--station", "52,13,30"}, "--tle is missing"},
		{"half a station", []string{"--tle", tle, "--station", "52"}, "want latitude,longitude"},
		{"a word", []string{"--tle", tle, "--station", "52,east,0"}, `"east" is no number`},
		{"off the Earth", []string{"--tle", tle, "--station", "95,13,30"}, "latitude 95"},
		{"elevation", append(good, "--min-elevation", "90"), "minimum elevation 90"},
		{"from", append(good, "--from", "tomorrow"), "--from"},
		{"to before from", append(good, "--from", "2026-05-30T12:00:00Z", "--to", "2026-05-30T11:00:00Z"), "does not come after"},
		{"to and hours", append(good, "--to", "2026-05-30T11:00:00Z", "--hours", "3"), "either --to or --hours"},
		{"hours", append(good, "--hours", "0"), "--hours 0"},
		{"years", append(good, "--to", "2036-05-30T12:00:00Z"), "at most 400"},
		{"checksum", append(good, "--checksum", "maybe"), "--checksum"},
	} {
		out, _, err := passes(t, c.args...)
		var usage usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.says) || out != "" {
			t.Errorf("%s: error %v, want a usage error that says %q", c.name, err, c.says)
		}
	}
}

func TestOrbitPassesFailures(t *testing.T) {
	tle := catalogueFile(t, oneSatellite)
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no such file", []string{"--tle", filepath.Join(t.TempDir(), "none.tle"), "--station", "52,13,0"}, "none.tle"},
		{"no such satellite", []string{"--tle", tle, "--station", "52,13,0", "--sat", "1"}, "satellite 1 is not among"},
		{"no such mask", []string{"--tle", tle, "--station", "52,13,0", "--mask", "/nonexistent/mask"}, "horizon mask"},
		{"bad mask", []string{"--tle", tle, "--station", "52,13,0", "--mask", textFile(t, "m", "0 high\n")}, "line 1"},
	} {
		_, _, err := passes(t, c.args...)
		var usage usageError
		if err == nil || errors.As(err, &usage) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want a plain one that says %q", c.name, err, c.says)
		}
	}
	// One that falls down fails alone, and is a warning beside others.
	low := oneSatellite
	low.NoradID, low.MeanMotionRevDay, low.BStar = 90002, 16.5, 0.05
	_, _, err := passes(t, "--tle", catalogueFile(t, low), "--station", "52,13,0", "--hours", "480")
	if err == nil || !strings.Contains(err.Error(), "90002") {
		t.Errorf("a decaying satellite gives %v", err)
	}
	out, warned, err := passes(t, "--tle", catalogueFile(t, oneSatellite, low), "--station", "52,13,0", "--hours", "480")
	if err != nil || !strings.Contains(warned, "90002") || !strings.Contains(out, "25544") {
		t.Errorf("beside another it gives %v, warning %q", err, warned)
	}
}

// TestOrbitPassesCatalogue runs a real catalogue.
func TestOrbitPassesCatalogue(t *testing.T) {
	tle := vectors.DataPath(t, "tle/celestrak-2026-05-30/weather.tle")
	r := passesJSON(t, "--tle", tle, "--station", "78.23,15.39,450", "--min-elevation", "5", "--hours", "6")
	if r.Satellites < 70 || len(r.Passes) < 100 {
		t.Errorf("%d passes of %d satellites, expected hundreds", len(r.Passes), r.Satellites)
	}
	if r.To.Sub(r.From) > visibility.MaxSpan {
		t.Errorf("span %v", r.To.Sub(r.From))
	}
}
