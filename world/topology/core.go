package topology

import (
	"math"
	"time"

	"spacechain/astro"
)

// meanRadiusKm is the Earth's mean radius, for great circles.
const meanRadiusKm = 6371.0088

// cabled gives the nodes of the core network with their places.
func (t *Topology) cabled() (nodes []uint64, places []astro.Geodetic) {
	for _, s := range t.stations {
		nodes, places = append(nodes, s.Node), append(places, s.Place)
	}
	for _, s := range t.terminals {
		if s.Core {
			nodes, places = append(nodes, s.Node), append(places, s.Place)
		}
	}
	return nodes, places
}

// cableWindows gives the core network's links: all of [from, to).
func (t *Topology) cableWindows(from, to time.Time) []Window {
	nodes, places := t.cabled()
	var windows []Window
	for i := range nodes {
		for j := i + 1; j < len(nodes); j++ {
			w := Window{A: min(nodes[i], nodes[j]), B: max(nodes[i], nodes[j]), Kind: Cable, Start: from, End: to}
			w.MinRangeKm = greatCircleKm(places[i], places[j])
			w.MaxRangeKm = w.MinRangeKm
			w.assess(&t.radios, 0)
			windows = append(windows, w)
		}
	}
	return windows
}

// greatCircleKm gives the distance of two places on a sphere.
func greatCircleKm(a, b astro.Geodetic) float64 {
	const deg = math.Pi / 180
	sinLat := math.Sin((b.LatDeg - a.LatDeg) / 2 * deg)
	sinLon := math.Sin((b.LonDeg - a.LonDeg) / 2 * deg)
	h := float64(sinLat*sinLat) + float64(math.Cos(a.LatDeg*deg)*math.Cos(b.LatDeg*deg)*float64(sinLon*sinLon))
	return 2 * meanRadiusKm * math.Asin(math.Sqrt(min(h, 1)))
}
