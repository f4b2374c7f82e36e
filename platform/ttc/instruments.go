package ttc

import (
	"time"

	"spacechain/astro"
	"spacechain/platform"
	"spacechain/platform/ttc/mission"
)

// Instruments is what the platform computer can ask. Every method is a function of the time
// asked for.
type Instruments interface {
	// Orbit is the latest fix of the GPS receiver; false while it has none.
	Orbit(now time.Time) (mission.OrbitMeasurement, bool)
	// Power is the state of the battery; false if it cannot be read.
	Power(now time.Time) (Power, bool)
}

// Power is the state of the power system.
type Power struct {
	Charge float64 // of the battery, 0 to 1
	Volts  float64 // of the bus
	Sunlit bool
}

// FromDevices reads a platform's sensors: "gnss" gives latitude, longitude, height, x, y, z
// in km and their rates in km/s, Earth-fixed, and if it tells them the satellites used, the
// position's error in metres and the clock's bias in ns; "power" gives charge, solar power,
// load and bus voltage.
func FromDevices(d platform.Devices) Instruments { return sensors{d} }

type sensors struct{ devices platform.Devices }

// Orbit implements Instruments.
func (s sensors) Orbit(now time.Time) (mission.OrbitMeasurement, bool) {
	r, ok := s.devices.Read("gnss", now)
	v := r.Values
	if !ok || len(v) < 9 {
		return mission.OrbitMeasurement{}, false
	}
	m := mission.OrbitMeasurement{Time: r.Time, PosECEFKm: astro.Vec3(v[3:6]), VelECEFKmS: astro.Vec3(v[6:9])}
	if len(v) >= 12 {
		m.Satellites, m.SigmaM, m.ClockBiasNs = int(v[9]), v[10], v[11]
	}
	return m, true
}

// Power implements Instruments.
func (s sensors) Power(now time.Time) (Power, bool) {
	b := s.devices.Power(now)
	p := Power{Charge: b.BatteryFraction, Sunlit: b.Sunlit}
	r, ok := s.devices.Read("power", now)
	if ok && len(r.Values) >= 4 {
		p.Charge, p.Volts = r.Values[0], r.Values[3]
	}
	return p, ok || b.BatteryFraction > 0
}
