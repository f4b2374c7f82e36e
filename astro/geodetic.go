package astro

import "fmt"

// Geodetic is a place on or above the WGS-84 ellipsoid.
type Geodetic struct {
	LatDeg float64 // geodetic latitude, degrees, north positive, -90..90
	LonDeg float64 // longitude, degrees, east positive, -180..180
	AltKm  float64 // height above the ellipsoid, km
}

// String renders the place as "52.5200N 13.4050E 0.034km".
func (g Geodetic) String() string {
	ns, lat := byte('N'), g.LatDeg
	if lat < 0 {
		ns, lat = 'S', -lat
	}
	ew, lon := byte('E'), g.LonDeg
	if lon < 0 {
		ew, lon = 'W', -lon
	}
	return fmt.Sprintf("%.4f%c %.4f%c %.3fkm", lat, ns, lon, ew, g.AltKm)
}
