package topology

import (
	"fmt"
	"strings"

	"spacechain/astro"
	"spacechain/astro/visibility"
)

// Node numbers: a satellite's is its NORAD id; stations and terminals count from here.
const (
	FirstStation  = 2000001
	FirstTerminal = 3000001
)

// Station is a ground station.
type Station struct {
	Node            uint64 // 0 takes the next number from FirstStation on
	Name            string
	Place           astro.Geodetic
	MinElevationDeg float64         // a satellite below it is not heard
	Mask            visibility.Mask // horizon mask, may be empty
}

// Terminal is a user terminal. It is attached to the core network by cable, or
// has a radio of its own under the sky, or both.
type Terminal struct {
	Node            uint64 // 0 takes the next number from FirstTerminal on
	Name            string
	Place           astro.Geodetic
	Core            bool    // joined to the core network
	Radio           bool    // talks to satellites itself
	MinElevationDeg float64 // for Radio
}

// Builtin gives the built-in ground stations: twenty real places. Coordinates are
// rounded to about a hundred metres.
func Builtin() []Station {
	return []Station{
		place("Svalbard", 78.230, 15.398, 0.46, 5),
		place("Inuvik", 68.319, -133.549, 0.05, 5),
		place("Singapore", 1.323, 103.820, 0.02, 10),
		place("Hartebeesthoek", -25.887, 27.708, 1.41, 7),
		place("Punta Arenas", -52.935, -70.849, 0.02, 7),
		place("Awarua", -46.529, 168.381, 0.01, 7),
		place("Miyun", 40.451, 116.859, 0.10, 7),
		place("Kiruna", 67.889, 21.104, 0.34, 5),
		place("Fairbanks", 64.979, -147.509, 0.35, 5),
		place("Wallops", 37.925, -75.477, 0.01, 7),
		place("Troll", -72.012, 2.535, 1.27, 5),
		place("Hawaii", 19.014, -155.663, 0.37, 7),
		place("Dongara", -29.046, 115.349, 0.25, 7),
		place("Kourou", 5.251, -52.805, 0.01, 10),
		place("Maspalomas", 27.763, -15.634, 0.20, 7),
		place("Malindi", -2.996, 40.195, 0.01, 7),
		place("Weilheim", 47.881, 11.085, 0.66, 7),
		place("Santiago", -33.151, -70.667, 0.73, 7),
		place("Kashi", 39.505, 75.929, 1.31, 7),
		place("Sanya", 18.313, 109.311, 0.03, 7),
	}
}

func place(name string, lat, lon, altKm, minElevation float64) Station {
	return Station{Name: name, Place: astro.Geodetic{LatDeg: lat, LonDeg: lon, AltKm: altKm}, MinElevationDeg: minElevation}
}

// BuiltinNamed gives built-in stations by name, in the order asked, whatever the case.
func BuiltinNamed(names ...string) ([]Station, error) {
	all := Builtin()
	var chosen []Station
next:
	for _, name := range names {
		for _, s := range all {
			if strings.EqualFold(s.Name, name) {
				chosen = append(chosen, s)
				continue next
			}
		}
		return nil, fmt.Errorf("station %q: not built in; choose among %s, or give a file", name, nameList(all))
	}
	return chosen, nil
}

func nameList(stations []Station) string {
	var names []string
	for _, s := range stations {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// checkPlace says what is wrong with a place and a minimum elevation.
func checkPlace(what, name string, p astro.Geodetic, minElevationDeg float64) error {
	switch {
	case !(p.LatDeg >= -90 && p.LatDeg <= 90):
		return fmt.Errorf("%s %q: latitude %g is not within -90..90 degrees", what, name, p.LatDeg)
	case !(p.LonDeg >= -180 && p.LonDeg <= 360):
		return fmt.Errorf("%s %q: longitude %g is not within -180..360 degrees", what, name, p.LonDeg)
	case !(p.AltKm >= -1 && p.AltKm <= 100):
		return fmt.Errorf("%s %q: altitude %g is not within -1..100 km", what, name, p.AltKm)
	case !(minElevationDeg >= -5 && minElevationDeg < 90):
		return fmt.Errorf("%s %q: minimum elevation %g is not within -5..90 degrees", what, name, minElevationDeg)
	}
	return nil
}
