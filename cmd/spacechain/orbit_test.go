package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
	"spacechain/internal/vectors"
)

// vanguardTLE is the first case of AIAA 2006-6753, twice, then a decaying one.
const vanguardTLE = `VANGUARD 1
1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753
2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667
VANGUARD 1 NEXT DAY
1 00005U 58002B   00180.78495062  .00000023  00000-0  28098-4 0  4755
2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667
# decays within an hour; its checksums are right
1 28872U 05037B   05333.02012661  .25992681  00000-0  24476-3 0  1534
2 28872  96.4736 157.9986 0303955 244.0492 110.6523 16.46015938 10708
`

// orbit runs "spacechain orbit ..." and returns what it wrote.
func orbit(t *testing.T, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := newOrbitCommand()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	var out, errOut bytes.Buffer
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	cmd.SetArgs(args)
	err = cmd.Execute()
	return out.String(), errOut.String(), err
}

func tleFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "v.tle")
	if err := os.WriteFile(path, []byte(vanguardTLE), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func states(t *testing.T, stdout string) []orbitState {
	t.Helper()
	var out []orbitState
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil || d.More() {
		t.Fatalf("stdout is not one JSON list: %v\n%s", err, stdout)
	}
	return out
}

func TestOrbitPropagateMinutes(t *testing.T) {
	stdout, stderr, err := orbit(t, "", "propagate", "--tle", tleFile(t), "--sat", "5", "--minutes", "0, 360,-1.5", "--json")
	if err != nil || stderr != "" {
		t.Fatal(err, stderr)
	}
	s := states(t, stdout)
	if len(s) != 3 || s[1].Minutes != 360 || s[2].Minutes != -1.5 {
		t.Fatalf("got %+v", s)
	}
	want := [3]float64{-7154.03120202, -3783.17682504, -3536.19412294}
	for i := range want {
		if math.Abs(s[1].PosTEMEKm[i]-want[i]) > 2e-8 {
			t.Errorf("position %v, want %v", s[1].PosTEMEKm, want)
		}
	}
	if at := time.Date(2000, 6, 28, 0, 50, 19, 733_568_000, time.UTC); !s[1].Time.Equal(at) {
		t.Errorf("time %v, want %v", s[1].Time, at)
	}
}

func TestOrbitPropagateSpan(t *testing.T) {
	args := []string{"propagate", "--tle", "-", "--sat", "5", "--from", "2000-06-27T18:50:19.733568Z",
		"--to", "2000-06-27T20:50:19.733568+00:00", "--step", "30m"}
	stdout, _, err := orbit(t, vanguardTLE, append(args, "--json")...)
	if err != nil {
		t.Fatal(err)
	}
	s := states(t, stdout)
	if len(s) != 5 || s[0].Minutes != 0 || s[4].Minutes != 120 {
		t.Errorf("got %+v", s)
	}
	stdout, _, err = orbit(t, vanguardTLE, args...)
	if err != nil || strings.Count(stdout, "\n") != 7 || !strings.Contains(stdout, "00005 VANGUARD 1") ||
		!strings.Contains(stdout, "7022.465293") {
		t.Errorf("table: %v\n%s", err, stdout)
	}
}

func TestOrbitPropagateIndex(t *testing.T) {
	path := tleFile(t)
	for index, day := range map[string]int{"0": 27, "1": 28} {
		stdout, _, err := orbit(t, "", "propagate", "--tle", path, "--sat", "5", "--minutes", "0", "--json", "--index", index)
		if err != nil {
			t.Fatal(err)
		}
		if s := states(t, stdout); s[0].Time.Day() != day {
			t.Errorf("index %s: %v", index, s[0].Time)
		}
	}
}

func TestOrbitPropagateFailure(t *testing.T) {
	stdout, stderr, err := orbit(t, "", "propagate", "--tle", tleFile(t), "--sat", "28872", "--minutes", "0,50,55,60", "--json")
	var failed *sgp4.Error
	if !errors.As(err, &failed) || failed.Code != 6 || failed.Minutes != 55 || !strings.Contains(err.Error(), "error 6") {
		t.Errorf("got %v, want code 6 at 55 min", err)
	}
	if s := states(t, stdout); len(s) != 2 {
		t.Errorf("got %d states before the failure, want 2", len(s))
	}
	var doc struct{ Error struct{ Code, NoradID int } }
	if err := json.Unmarshal([]byte(stderr), &doc); err != nil || doc.Error.Code != 6 {
		t.Errorf("stderr %q: %v", stderr, err)
	}
	stdout, _, err = orbit(t, "", "propagate", "--tle", tleFile(t), "--sat", "28872", "--minutes", "55", "--json")
	if s := states(t, stdout); err == nil || len(s) != 0 {
		t.Errorf("%v, %v", s, err)
	}
}

func TestOrbitUsage(t *testing.T) {
	path := tleFile(t)
	base := []string{"propagate", "--tle", path, "--sat", "5"}
	for _, c := range [][]string{
		append(base, "--minutes", "0", "--from", "2000-06-27T00:00:00Z"),
		base,
		append(base, "--from", "2000-06-27T00:00:00Z"),
		append(base, "--from", "yesterday", "--to", "2000-06-27T00:00:00Z"),
		append(base, "--from", "2000-06-28T00:00:00Z", "--to", "2000-06-27T00:00:00Z"),
		append(base, "--from", "2000-06-27T00:00:00Z", "--to", "2000-06-28T00:00:00Z", "--step", "0s"),
		append(base, "--from", "1960-06-27T00:00:00Z", "--to", "2000-06-28T00:00:00Z", "--step", "1ms"),
		append(base, "--minutes", "0,x"),
		append(base, "--minutes", ""),
		append(base, "--minutes", "NaN"),
		append(base, "--minutes", "1e12"),
		append(base, "--minutes", "0", "--opsmode", "x"),
		append(base, "--minutes", "0", "--gravity", "egm"),
		append(base, "--minutes", "0", "--checksum", "off"),
		append(base, "--minutes", "0", "--index", "2"),
		append(base, "--minutes", "0", "--index", "-1"),
		{"propagate", "--sat", "5", "--minutes", "0"},
		{"propagate", "--tle", path, "--minutes", "0"},
		{"walker", "--kind", "rosette"}, {"walker", "--format", "csv"}, {"walker", "--total", "67"},
		{"walker", "--epoch", "now"}, {"walker", "--planes", "0"}, {"walker", "--phasing", "6"},
	} {
		stdout, _, err := orbit(t, "", c...)
		var usage usageError
		if !errors.As(err, &usage) || stdout != "" {
			t.Errorf("%v: %v, wrote %q, want a usage error", c, err, stdout)
		}
	}
}

func TestOrbitBadInput(t *testing.T) {
	for _, c := range []struct{ text, part string }{
		{"1 00005U\n", "line 1"},
		{"<html>", "line 1"},
		{"", "no element sets"},
		{vanguardTLE[:200], "standard input: read TLE, line 5"},
	} {
		stdout, _, err := orbit(t, c.text, "propagate", "--tle", "-", "--sat", "5", "--minutes", "0", "--json")
		var usage usageError
		if err == nil || errors.As(err, &usage) || !strings.Contains(err.Error(), c.part) || stdout != "" {
			t.Errorf("%q: %v, wrote %q", c.text, err, stdout)
		}
	}
	if _, _, err := orbit(t, vanguardTLE, "propagate", "--tle", "-", "--sat", "77", "--minutes", "0"); err == nil ||
		!strings.Contains(err.Error(), "77 is not among the 3 sets") {
		t.Error(err)
	}
	if _, _, err := orbit(t, "", "propagate", "--tle", "/nonexistent", "--sat", "5", "--minutes", "0"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestOrbitChecksums(t *testing.T) {
	bad := strings.Replace(vanguardTLE, "4753\n", "4752\n", 1)
	_, stderr, err := orbit(t, bad, "propagate", "--tle", "-", "--sat", "5", "--minutes", "0")
	if err != nil || !strings.Contains(stderr, "line 2: checksum is '2', the digits add up to 3") {
		t.Errorf("warn: %v, %q", err, stderr)
	}
	_, _, err = orbit(t, bad, "propagate", "--tle", "-", "--sat", "5", "--minutes", "0", "--checksum", "strict")
	if !errors.Is(err, elements.ErrChecksum) {
		t.Errorf("strict: %v", err)
	}
	many := strings.Repeat(bad, 10)
	if _, stderr, _ = orbit(t, many, "propagate", "--tle", "-", "--sat", "5", "--minutes", "0"); strings.Count(stderr, "\n") != 6 {
		t.Errorf("ten warnings:\n%s", stderr)
	}
}

func TestOrbitURL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v.tle" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(vanguardTLE))
	}))
	defer server.Close()
	stdout, _, err := orbit(t, "", "propagate", "--tle", server.URL+"/v.tle", "--sat", "5", "--minutes", "0", "--json")
	if err != nil || len(states(t, stdout)) != 1 {
		t.Error(err)
	}
	_, _, err = orbit(t, "", "propagate", "--tle", server.URL+"/x.tle", "--sat", "5", "--minutes", "0")
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
}

func TestOrbitWalker(t *testing.T) {
	for _, format := range []string{"tle", "omm-json", "omm-kvn", "omm-xml"} {
		stdout, _, err := orbit(t, "", "walker", "--format", format, "--epoch", "2026-05-30T00:00:00Z")
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		sets, _, err := elements.Parse(strings.NewReader(stdout), elements.ChecksumStrict)
		if err != nil || len(sets) != 66 || sets[65].NoradID != 90066 || sets[0].Epoch.Day() != 30 {
			t.Errorf("%s: %d sets, %v", format, len(sets), err)
		}
		got, _, err := orbit(t, stdout, "propagate", "--tle", "-", "--sat", "90030", "--minutes", "0,100", "--json")
		if err != nil || len(states(t, got)) != 2 {
			t.Errorf("%s: %v", format, err)
		}
	}
	stdout, _, err := orbit(t, "", "walker", "--kind", "delta", "--total", "24", "--planes", "3", "--altitude", "23222",
		"--inclination", "56", "--first-norad", "5000", "--name", "GAL")
	if err != nil || !strings.Contains(stdout, "GAL 3-08\n1 05023U") {
		t.Errorf("%v\n%s", err, stdout)
	}
}

// TestOrbitVerificationCases runs the published cases through the command
// (AIAA 2006-6753; the expected output itself is checked in astro/sgp4).
func TestOrbitVerificationCases(t *testing.T) {
	path := vectors.Path(t, "sgp4/SGP4-VER.TLE")
	for _, c := range []struct {
		sat, minutes string
		code         int
	}{{"5", "0,360", 0}, {"33334", "0", 3}, {"28872", "55", 6}, {"33333", "25", 4}, {"33335", "1440", 0}} {
		_, stderr, err := orbit(t, "", "propagate", "--tle", path, "--sat", c.sat, "--minutes", c.minutes, "--json")
		var failed *sgp4.Error
		switch errors.As(err, &failed) {
		case true:
			if failed.Code != c.code {
				t.Errorf("%s: %v, want code %d", c.sat, err, c.code)
			}
		case false:
			if err != nil || c.code != 0 {
				t.Errorf("%s: %v, want code %d", c.sat, err, c.code)
			}
		}
		if strings.Count(stderr, "warning:") != 5 {
			t.Errorf("%s: want 5 checksum warnings:\n%s", c.sat, stderr)
		}
	}
}
