package sense

import (
	"slices"
	"time"
)

// Sensor describes one instrument.
type Sensor struct {
	Name   string
	Values []string // what each value is
	Units  []string // the unit of each value
	Frame  string   // of vectors, "" for none
	Period time.Duration
	Bulk   bool // readings carry data
}

// The sensors' names.
const (
	Magnetometer = "magnetometer"
	Gyro         = "gyro"
	GNSS         = "gnss"
	Sun          = "sun"
	Star         = "star"
	Temperature  = "temperature"
	Power        = "power"
	Camera       = "camera"
	CameraPNG    = "camera_png"
)

// Sensors gives the instruments of every satellite, in the order of the package's table.
func Sensors() []Sensor { return slices.Clone(sensors) }

var sensors = list()

func list() []Sensor {
	same := func(unit string, n int) []string {
		units := make([]string, n)
		for i := range units {
			units[i] = unit
		}
		return units
	}
	return []Sensor{
		{Name: Magnetometer, Values: []string{"x", "y", "z", "total"}, Units: same("nT", 4), Frame: "body", Period: 100 * time.Millisecond},
		{Name: Gyro, Values: []string{"x", "y", "z"}, Units: same("deg/s", 3), Frame: "body", Period: 100 * time.Millisecond},
		{Name: GNSS, Values: []string{"latitude", "longitude", "height", "x", "y", "z", "vx", "vy", "vz", "satellites", "sigma", "clock"},
			Units: []string{"deg", "deg", "km", "km", "km", "km", "km/s", "km/s", "km/s", "1", "m", "ns"}, Frame: "ECEF", Period: time.Second},
		{Name: Sun, Values: []string{"x", "y", "z", "light"}, Units: same("1", 4), Frame: "body", Period: 200 * time.Millisecond},
		{Name: Star, Values: []string{"w", "x", "y", "z"}, Units: same("1", 4), Frame: "TEME", Period: 500 * time.Millisecond},
		{Name: Temperature, Values: []string{"panel", "structure", "battery", "payload"}, Units: same("degC", 4), Period: time.Second},
		{Name: Power, Values: []string{"battery", "solar", "load", "bus"}, Units: []string{"1", "W", "W", "V"}, Period: time.Second},
		{Name: Camera, Values: []string{"width", "height", "channels"}, Units: same("px", 3), Period: 5 * time.Second, Bulk: true},
		{Name: CameraPNG, Values: []string{"width", "height", "channels"}, Units: same("px", 3), Period: 5 * time.Second, Bulk: true},
	}
}

// Named gives a sensor by its name.
func Named(name string) (Sensor, bool) {
	for _, s := range sensors {
		if s.Name == name {
			return s, true
		}
	}
	return Sensor{}, false
}
