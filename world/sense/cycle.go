package sense

import (
	"math"
	"time"

	"spacechain/astro/frame"
)

// cycle is where a satellite stands in its revolution's day and night, for a
// circular orbit and the Sun where it is now.
type cycle struct {
	day, night time.Duration // lengths in one revolution; night may be 0
	dark       bool
	since      time.Duration // since the latest dawn, or dusk if dark; 0 if there is no night
}

// cycle works out the phase of light.
func (t *Truth) cycle() cycle {
	r := t.PosTEMEKm.Norm()
	v2 := t.VelTEMEKmS.Dot(t.VelTEMEKmS)
	a := 1 / (2/r - v2/muKm3S2) // vis viva
	if !(a > 0) {
		a = r
	}
	period := 2 * math.Pi * math.Sqrt(float64(a*a)*a/muKm3S2)
	whole := time.Duration(period * 1e9)

	normal := t.PosTEMEKm.Cross(t.VelTEMEKmS).Unit()
	toSun := t.SunTEMEKm.Unit()
	sinBeta := toSun.Dot(normal)
	cosBeta := math.Sqrt(max(1-float64(sinBeta*sinBeta), 0))
	reach := math.Sqrt(max(1-float64(frame.EquatorialRadiusKm/r)*float64(frame.EquatorialRadiusKm/r), 0))
	if cosBeta <= reach {
		return cycle{day: whole} // the orbit keeps clear of the shadow
	}
	half := math.Acos(reach / cosBeta)                                     // of the night, as an angle
	midnight := normal.Scale(sinBeta).Sub(toSun).Unit()                    // away from the Sun, in the orbit's plane
	ahead := normal.Cross(midnight)                                        // a quarter past midnight
	angle := math.Atan2(t.PosTEMEKm.Dot(ahead), t.PosTEMEKm.Dot(midnight)) // from midnight, in flight
	c := cycle{night: time.Duration(half / math.Pi * period * 1e9)}
	c.day = whole - c.night
	c.dark = math.Abs(angle) < half
	past := angle + half
	if !c.dark {
		past = angle - half
		if past < 0 {
			past += 2 * math.Pi
		}
	}
	c.since = time.Duration(past / (2 * math.Pi) * period * 1e9)
	return c
}

// lag gives the periodic state of a first-order lag with a time constant that tends
// to one value by day and to another by night.
func (c cycle) lag(byDay, byNight float64, constant time.Duration) float64 {
	if c.night == 0 {
		return byDay
	}
	decay := func(d time.Duration) float64 { return math.Exp(-d.Seconds() / constant.Seconds()) }
	dayKeeps, nightKeeps := decay(c.day), decay(c.night)
	// dawn = night tends from dusk; dusk = day tends from dawn; both periodic
	dawn := (float64(byNight*(1-nightKeeps)) + float64(byDay*nightKeeps*(1-dayKeeps))) / (1 - float64(dayKeeps*nightKeeps))
	if !c.dark {
		return byDay + float64((dawn-byDay)*decay(c.since))
	}
	dusk := byDay + float64((dawn-byDay)*dayKeeps)
	return byNight + float64((dusk-byNight)*decay(c.since))
}

// The platform's energy, of a small satellite.
const (
	batteryWh    = 80.0
	solarW       = 48.0 // on a panel that follows the Sun
	loadW        = 18.0
	chargingKeep = 0.92 // of the surplus that reaches the battery
)

// charge gives the battery's charge, 0..1: full in the course of the day, drained by
// the load at night.
func (c cycle) charge() float64 {
	drained := float64(loadW*c.night.Hours()) / batteryWh
	gained := func(d time.Duration) float64 { return float64((solarW-loadW)*chargingKeep*d.Hours()) / batteryWh }
	dusk := 1.0
	if gained(c.day) < drained { // a short day: it never fills, and rests where it is
		dusk = max(gained(c.day), 0)
		drained = dusk
	}
	if c.dark {
		return max(dusk-float64(loadW*c.since.Hours())/batteryWh, 0)
	}
	return min(dusk, max(1-drained, 0)+gained(c.since))
}
