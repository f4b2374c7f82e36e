package budget

import (
	"math"

	"spacechain/link/channel"
)

// earthRadiusKm is the Earth's mean radius, which is enough for budgets: over the
// ellipsoid a slant range differs by less than 0.3 %, 0.03 dB.
const earthRadiusKm = 6371

// Path is the way between the two ends.
type Path struct {
	RangeKm         float64
	ElevationDeg    float64 // of the satellite above the station's horizon; without meaning in Vacuum
	AltitudeKm      float64 // of the satellite, for antennas that look to the nadir; 0 where none does
	StationHeightKm float64 // above mean sea level
	Medium          channel.Medium
}

// Overhead is the path to a satellite at an altitude and an elevation, both ends on a
// round Earth, from a station at sea level.
func Overhead(altitudeKm, elevationDeg float64) Path {
	return Path{RangeKm: SlantRangeKm(altitudeKm, elevationDeg), ElevationDeg: elevationDeg, AltitudeKm: altitudeKm}
}

// Across is the path between two satellites.
func Across(rangeKm float64) Path { return Path{RangeKm: rangeKm, Medium: channel.Vacuum} }

// SlantRangeKm gives the distance to a satellite at an altitude and an elevation.
func SlantRangeKm(altitudeKm, elevationDeg float64) float64 {
	sin := math.Sin(radians(elevationDeg))
	re := float64(earthRadiusKm)
	return math.Sqrt(re*re*sin*sin+altitudeKm*(2*re+altitudeKm)) - re*sin
}

// NadirAngleDeg gives the angle at the satellite between the nadir and the station.
func NadirAngleDeg(altitudeKm, elevationDeg float64) float64 {
	return degrees(math.Asin(earthRadiusKm * math.Cos(radians(elevationDeg)) / (earthRadiusKm + altitudeKm)))
}

// check says whether the path can be.
func (p Path) check() error {
	err := firstError(bounds("range", p.RangeKm, 1e-3, 1e9, "km"), bounds("altitude", p.AltitudeKm, 0, 1e9, "km"))
	if err != nil || p.Medium != channel.Atmosphere {
		return err
	}
	return firstError(bounds("elevation", p.ElevationDeg, 0, 90, "degrees"),
		bounds("height of the station", p.StationHeightKm, 0, 9, "km"))
}
