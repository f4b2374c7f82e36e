package apptest_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/apps"
	"spacechain/astro/magnetic"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
	"spacechain/sdk"
	"spacechain/spaceos/build"
	"spacechain/spaceos/sandbox"
	"spacechain/world/apptest"
)

// example builds a copy of an app that ships, with its SDK beside it.
func example(t *testing.T, name string) apptest.Options {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if _, err := build.Example(dir, name, apps.FS, sdk.FS); err != nil {
		t.Fatal(err)
	}
	return built(t, dir)
}

func built(t *testing.T, dir string) apptest.Options {
	t.Helper()
	r, err := build.Build(context.Background(), dir, build.Options{})
	if errors.Is(err, build.ErrNoToolchain) {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	o := apptest.Options{Manifest: r.Manifest, Module: r.Module, Seed: 1, Cache: cache}
	if r.SourceMap != nil {
		if o.SourceMap, err = build.ParseSourceMap(r.SourceMap); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// run tests an app and fails on anything but success.
func run(t *testing.T, o apptest.Options) *apptest.Report {
	t.Helper()
	r, err := apptest.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range r.Activations {
		t.Logf("%s %s %s: gas %d, %d bytes, %s, result %s", a.Time.Format(time.TimeOnly), a.Trigger, a.End, a.Gas, a.PeakMemory, a.Detail, clip(a.Result.String()))
		if a.End != sandbox.Returned || !a.Verified {
			t.Fatalf("activation %d (%s) ended as %s: %s; receipt verified: %v", a.Number, a.Trigger, a.End, a.Detail, a.Verified)
		}
		if a.Gas == 0 || a.Gas > r.GasLimit || a.PeakMemory > r.MemoryLimit {
			t.Errorf("activation %d used %d gas of %d, %d bytes of %d", a.Number, a.Gas, r.GasLimit, a.PeakMemory, r.MemoryLimit)
		}
		if 3*a.Gas > r.GasLimit {
			t.Errorf("activation %d used %d gas, which is too near the limit of %d", a.Number, a.Gas, r.GasLimit)
		}
	}
	return r
}

func clip(s string) string {
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return s
}

// decode reads the result of the last activation.
func decode(t *testing.T, r *apptest.Report, v any) {
	t.Helper()
	last := r.Activations[len(r.Activations)-1]
	if err := json.Unmarshal(last.Result, v); err != nil {
		t.Fatalf("result %q: %v", last.Result, err)
	}
}

func TestFieldwatch(t *testing.T) {
	o := example(t, "fieldwatch")
	o.Activations = 4
	o.Calls = [][]byte{[]byte(`{"query":"nonsense"}`), nil, []byte(`{"query":"summary"}`), []byte(`{"query":"track","last":20}`)}
	r := run(t, o)
	var track struct {
		Total   int
		Columns []string
		Rows    [][5]float64
	}
	decode(t, r, &track)
	if track.Total != 4 || len(track.Rows) != 4 || strings.Join(track.Columns, " ") != "t lat_deg lon_deg alt_km b_nt" {
		t.Fatalf("track %+v", track)
	}
	prop, err := sgp4.New(apptest.DefaultSatellite())
	if err != nil {
		t.Fatal(err)
	}
	orbit := visibility.NewOrbit(prop)
	for i, row := range track.Rows {
		at := time.UnixMilli(int64(row[0] * 1000)).UTC()
		pos, _, err := orbit.ECEF(at)
		if err != nil {
			t.Fatal(err)
		}
		if truth := magnetic.FieldECEF(pos, at).Norm(); math.Abs(truth-row[4]) > 120 {
			t.Errorf("row %d: %v nT, IGRF has %v", i, row[4], truth)
		}
		if want := time.Duration(i+1) * time.Minute; at.Sub(apptest.Epoch) != want {
			t.Errorf("row %d was taken %v after the start, want %v", i, at.Sub(apptest.Epoch), want)
		}
	}
	// The report sent the summary to the owner.
	sent := 0
	for _, a := range r.Activations {
		for _, s := range a.Sent {
			if sent++; a.Trigger != "report" || s.To != "owner" || !strings.Contains(s.Data.String(), `"mean_nt"`) {
				t.Errorf("%s sent %q to %s", a.Trigger, s.Data, s.To)
			}
		}
	}
	if sent != 4 {
		t.Errorf("%d summaries were sent, want 4", sent)
	}
	if r.Uplink.Module > 4096 || r.Uplink.Command > 8192 {
		t.Errorf("it takes %+v to deploy", r.Uplink)
	}
}

func TestEclipse(t *testing.T) {
	o := example(t, "eclipse")
	o.Calls = [][]byte{[]byte(`{"n":3}`)}
	r := run(t, o)
	var answer struct {
		Total    int
		Passages []struct {
			DurationS   float64            `json:"duration_s"`
			TempChangeC map[string]float64 `json:"temp_change_c"`
		}
	}
	decode(t, r, &answer)
	if answer.Total != 1 || len(answer.Passages) != 1 {
		t.Fatalf("%+v", answer)
	}
	if p := answer.Passages[0]; p.DurationS < 60 || p.DurationS > 40*60 || p.TempChangeC["panel"] > -10 {
		t.Errorf("passage %+v: want minutes of shadow in which the panel cools", p)
	}
}

func TestSnapshot(t *testing.T) {
	o := example(t, "snapshot")
	o.Triggers = []string{"start", "alps"}
	o.Calls = [][]byte{[]byte(`{"list":true}`), []byte(`{"aim":{"lat":-33.9,"lon":18.4,"radius_km":300}}`)}
	r := run(t, o)
	var pictures struct{ Pictures []string }
	if err := json.Unmarshal(r.Activations[len(r.Activations)-2].Result, &pictures); err != nil || len(pictures.Pictures) != 1 {
		t.Fatalf("pictures %+v, %v", pictures, err)
	}
	var thumb struct {
		Width, Height int
		Gray          []int
	}
	for _, a := range r.Activations {
		if a.Trigger != "alps" {
			continue
		}
		if math.Abs(a.LatDeg-46.5) > 5 || len(a.Sent) != 1 {
			t.Fatalf("over %v, %v it sent %d messages", a.LatDeg, a.LonDeg, len(a.Sent))
		}
		if err := json.Unmarshal(a.Sent[0].Data, &thumb); err != nil {
			t.Fatal(err)
		}
		// The frame on board is sealed, and as large as the camera's.
		if a.Stored < 160*120 {
			t.Errorf("%d bytes are stored", a.Stored)
		}
	}
	if thumb.Width != 32 || thumb.Height != 24 || len(thumb.Gray) != 32*24 {
		t.Errorf("thumbnail of %d by %d with %d pixels", thumb.Width, thumb.Height, len(thumb.Gray))
	}
	// A picture that was asked for comes back as it was taken.
	o.Calls = [][]byte{[]byte(`{"fetch":"` + pictures.Pictures[0] + `"}`), []byte(`{"fetch":"0"}`)}
	r = run(t, o)
	if n := len(r.Activations[len(r.Activations)-2].Result); n != 160*120 {
		t.Errorf("fetched %d bytes", n)
	}
	if text := r.Activations[len(r.Activations)-1].Result.String(); !strings.Contains(text, "no picture 0") {
		t.Errorf("a picture that is not there: %s", text)
	}
}

func TestMailbox(t *testing.T) {
	o := example(t, "mailbox")
	o.Triggers = []string{"sweep"}
	o.Calls = [][]byte{[]byte(`{"to":"boat-7","text":"storm from the west"}`), []byte(`{"to":"boat-7","text":"come home"}`),
		[]byte(`{"to":"a/b","text":"x"}`), []byte(`not json`), nil, []byte(`{"box":"boat-7"}`), []byte(`{"box":"boat-7"}`)}
	r := run(t, o)
	type reply struct {
		Error   string
		Stored  int
		Letters []struct{ From, Text string }
		Boxes   map[string]int
	}
	var got []reply
	for _, a := range r.Activations[len(r.Activations)-len(o.Calls):] {
		var v reply
		if err := json.Unmarshal(a.Result, &v); err != nil {
			t.Fatalf("%q: %v", a.Result, err)
		}
		got = append(got, v)
	}
	if got[0].Stored != 1 || got[1].Stored != 2 || got[2].Error == "" || got[3].Error == "" || got[4].Boxes["boat-7"] != 2 {
		t.Errorf("answers %+v", got[:5])
	}
	if l := got[5].Letters; len(l) != 2 || l[0].Text != "storm from the west" || l[1].Text != "come home" || l[0].From != "ipn:3000001.2" {
		t.Errorf("letters %+v", l)
	}
	if len(got[6].Letters) != 0 {
		t.Errorf("letters that were fetched are still there: %+v", got[6])
	}
}

func TestAlbedo(t *testing.T) {
	o := example(t, "albedo")
	o.Activations = 12
	o.Calls = [][]byte{nil}
	r := run(t, o)
	var sums struct {
		Looks, Nights int
		Water         float64 `json:"water_percent"`
		Land          float64 `json:"land_percent"`
		Bright        float64 `json:"cloud_or_ice_percent"`
	}
	decode(t, r, &sums)
	if sums.Looks != 12 || sums.Nights >= 12 || math.Abs(sums.Water+sums.Land+sums.Bright-100) > 0.3 {
		t.Errorf("sums %+v", sums)
	}
	var one struct{ Histogram []int }
	if err := json.Unmarshal(r.Activations[0].Result, &one); err != nil {
		t.Fatal(err)
	}
	pixels := 0
	for _, n := range one.Histogram {
		pixels += n
	}
	if pixels != 160*120 {
		t.Errorf("histogram of %d pixels", pixels)
	}
}
