package topology

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spacechain/astro"
	"spacechain/astro/visibility"
	"spacechain/world/camera"
)

func TestParsePlaces(t *testing.T) {
	text, err := os.ReadFile("testdata/places.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParsePlaces(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := Places{
		Stations: []Station{
			{Name: "Svalbard", Place: astro.Geodetic{LatDeg: 78.23, LonDeg: 15.398, AltKm: 0.46}, MinElevationDeg: 5,
				Mask: visibility.Mask{{AzimuthDeg: 0, ElevationDeg: 3}, {AzimuthDeg: 90, ElevationDeg: 12}, {AzimuthDeg: 180, ElevationDeg: 2}}},
			{Name: "Singapore", Place: astro.Geodetic{LatDeg: 1.323, LonDeg: 103.82}},
		},
		Terminals: []Terminal{
			{Name: "Office", Place: astro.Geodetic{LatDeg: 52.52, LonDeg: 13.4}, Core: true},
			{Name: "Buoy", Place: astro.Geodetic{LatDeg: -40, LonDeg: 100}, Radio: true, MinElevationDeg: 15},
			{Name: "Camp", Place: astro.Geodetic{LatDeg: 70, LonDeg: -50, AltKm: 1.2}, Core: true, Radio: true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := New(Options{Stations: got.Stations, Terminals: got.Terminals}); err != nil {
		t.Error(err)
	}
}

func TestParsePlacesErrors(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"", `places file: file is empty; it needs "stations:"`},
		{"stations: [", "places file: line 1: did not find expected node content"},
		{"stations: []\n---\nx: 1\n", "places file line 2: a second document begins; write one"},
		{"- a\n", `places file line 1: expected lines of "word: value" here`},
		{"sations: []\n", `places file line 1: unknown word "sations"; a places file has stations and terminals`},
		{"stations: x\n", "places file line 1: expected a list here"},
		{"stations:\n  - name: A\n    lat: 1\n", `places file line 2: "lon" is missing`},
		{"stations:\n  - name: A\n    lat: 1\n    lat: 2\n    lon: 3\n", `places file line 4: "lat" is written twice`},
		{"stations:\n  - name: A\n    lat: north\n    lon: 3\n", `places file line 3: "north" is not a number`},
		{"stations:\n  - name: A\n    lat: .nan\n    lon: 3\n", `places file line 3: ".nan" is not a number`},
		{"stations:\n  - name: A\n    lat: 91\n    lon: 3\n", `places file line 2: place "A": latitude 91 is not within -90..90 degrees`},
		{"stations:\n  - name: A\n    lat: 1\n    lon: 3\n    core: true\n", `places file line 5: unknown word "core"; a place has name, lat, lon, altitude km, min elevation, mask`},
		{"stations:\n  - name: A\n    lat: 1\n    lon: 3\n    mask: [[0, 1, 2]]\n", "places file line 5: a corner of a mask is a pair [azimuth, elevation]"},
		{"stations:\n  - name: A\n    lat: 1\n    lon: 3\n    mask: [[9, 1], [3, 2]]\n", "places file line 5: horizon mask point 2: azimuth 3 does not come after 9"},
		{"terminals:\n  - name: T\n    lat: 1\n    lon: 3\n", `places file line 2: terminal "T" has no way to talk; give it "core: true" or "radio: true"`},
		{"terminals:\n  - name: T\n    lat: 1\n    lon: 3\n    core: yes please\n", `places file line 5: "yes please" is neither true nor false`},
		{"terminals:\n  - name:\n    lat: 1\n", "places file line 2: expected a single value here"},
		{strings.Repeat("#", maxFile+1), "places file: file is longer than 1048576 bytes"},
	} {
		_, err := ParsePlaces(strings.NewReader(c.file))
		var e *FileError
		if !errors.As(err, &e) {
			t.Errorf("error %v is no *FileError", err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("error  %s\nwanted %s", err, c.want)
		}
	}
}

// Whatever the bytes, ParsePlaces ends, and what it takes makes a world.
func FuzzParsePlaces(f *testing.F) {
	text, err := os.ReadFile("testdata/places.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("stations:\n  - {name: A, lat: 1, lon: 2}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		places, err := ParsePlaces(bytes.NewReader(text))
		if err != nil {
			var e *FileError
			if !errors.As(err, &e) || e.Msg == "" {
				t.Fatalf("error %v is no *FileError", err)
			}
			return
		}
		stations := places.Stations
		if stations == nil {
			stations = []Station{}
		}
		if _, err := New(Options{Stations: stations, Terminals: places.Terminals}); err != nil {
			t.Fatalf("parsed, but no world: %v", err)
		}
	})
}

func TestBuiltinStations(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Builtin() {
		if seen[s.Name] {
			t.Errorf("%s twice", s.Name)
		}
		seen[s.Name] = true
		if err := checkPlace("station", s.Name, s.Place, s.MinElevationDeg); err != nil {
			t.Error(err)
		}
		if camera.Earth() == nil {
			continue
		}
		ashore := false // the mask's cells are 11 km
		for d := -0.1; d <= 0.1; d += 0.1 {
			ashore = ashore || camera.Land(s.Place.LatDeg+d, s.Place.LonDeg) || camera.Land(s.Place.LatDeg, s.Place.LonDeg+d)
		}
		if !ashore {
			t.Errorf("%s stands in the sea at %v", s.Name, s.Place)
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d built-in stations, want 20", len(seen))
	}
	two, err := BuiltinNamed("miyun", "Svalbard")
	if err != nil || len(two) != 2 || two[0].Name != "Miyun" || two[1].Name != "Svalbard" {
		t.Errorf("chosen %v, %v", two, err)
	}
	if _, err := BuiltinNamed("Atlantis"); err == nil || !strings.Contains(err.Error(), `station "Atlantis": not built in; choose among Svalbard, Inuvik`) {
		t.Errorf("error %v", err)
	}
}

// Names tell places apart, are safe to print, and there are not too many of them.
func TestPlacesAreNamedAndBounded(t *testing.T) {
	many := "stations:\n"
	for i := range maxPlaces + 1 {
		many += fmt.Sprintf("  - {name: S%d, lat: 1, lon: 2}\n", i)
	}
	for text, want := range map[string]string{
		"stations:\n  - {name: A, lat: 1, lon: 2}\n  - {name: A, lat: 1, lon: 3}\n": "there already",
		"stations:\n  - {name: \"\\e[31mA\", lat: 1, lon: 2}\n":                     "control characters",
		many: "more than 250",
	} {
		if _, err := ParsePlaces(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %q", text, err, want)
		}
	}
	if p, err := ParsePlaces(strings.NewReader("stations: []\n")); err != nil || p.Stations == nil || len(p.Stations) != 0 {
		t.Errorf("an empty list: %v, %v", p.Stations, err)
	}
}
