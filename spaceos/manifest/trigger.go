package manifest

import (
	"fmt"
	"time"

	"spacechain/spaceos/sandbox"
)

// Kind is what a trigger waits for.
type Kind uint8

// The kinds of trigger. The numbers are on the wire.
const (
	Schedule     Kind = 1 // every so many seconds of UTC
	Region       Kind = 2 // the sub-satellite point enters a circle
	EclipseBegin Kind = 3 // the satellite leaves sunlight (enters penumbra)
	EclipseEnd   Kind = 4 // the satellite is in full sunlight again
	Pass         Kind = 5 // a pass over a station begins
	Message      Kind = 6 // a bundle message or an owner's call arrives
	Install      Kind = 7 // once, after admission
)

var kindText = [...]string{"", "schedule", "region", "eclipse-begin", "eclipse-end", "pass", "message", "install"}

// String gives the kind's name.
func (k Kind) String() string {
	if int(k) < len(kindText) && k > 0 {
		return kindText[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// MarshalText gives the kind's name to JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Orbit reports whether the trigger depends on where the satellite is.
func (k Kind) Orbit() bool { return k >= Region && k <= Pass }

// AnyStation as a Pass trigger's station means every station that the satellite knows.
const AnyStation = "any"

// Trigger is one reason for an activation.
type Trigger struct {
	Name string `json:"name"` // unique in the manifest; the app sees it
	Kind Kind   `json:"kind"`
	// Optional triggers are off until an activation subscribes to them by name.
	Optional bool `json:"optional,omitempty"`
	// Every and Phase belong to Schedule: the trigger fires at the times t with
	// (t - 1970-01-01T00:00Z) mod Every = Phase. Whole seconds.
	Every time.Duration `json:"every_ns,omitempty"`
	Phase time.Duration `json:"phase_ns,omitempty"`
	// Circle belongs to Region.
	Circle Circle `json:"circle,omitzero"`
	// Station belongs to Pass: a station's name, or AnyStation.
	Station string `json:"station,omitempty"`
}

// Circle is a circle on the ground: WGS-84 geodetic centre, in millionths of a
// degree, and a radius along the surface in metres. Integers, so that every CPU
// agrees on it.
type Circle struct {
	LatMicroDeg int32  `json:"lat_udeg"`
	LonMicroDeg int32  `json:"lon_udeg"`
	RadiusM     uint32 `json:"radius_m"`
}

// CircleAt gives the circle around a point in degrees with a radius in kilometres,
// rounded to a millionth of a degree and a metre.
func CircleAt(latDeg, lonDeg, radiusKm float64) Circle {
	return Circle{microDeg(latDeg), microDeg(lonDeg), uint32(radiusKm*1000 + 0.5)}
}

func microDeg(deg float64) int32 {
	if deg < 0 {
		return -microDeg(-deg)
	}
	return int32(deg*1e6 + 0.5)
}

// LatDeg is the centre's geodetic latitude in degrees, north positive.
func (c Circle) LatDeg() float64 { return float64(c.LatMicroDeg) / 1e6 }

// LonDeg is the centre's longitude in degrees, east positive.
func (c Circle) LonDeg() float64 { return float64(c.LonMicroDeg) / 1e6 }

// RadiusKm is the radius along the surface in kilometres.
func (c Circle) RadiusKm() float64 { return float64(c.RadiusM) / 1000 }

// SandboxKind is the kind under which an activation learns of the trigger.
func (t Trigger) SandboxKind() sandbox.TriggerKind {
	switch t.Kind {
	case Schedule:
		return sandbox.TriggerSchedule
	case Message:
		return sandbox.TriggerMessage
	case Install:
		return sandbox.TriggerInstall
	}
	return sandbox.TriggerOrbit
}

// NextAfter is the first time after t at which a Schedule trigger fires, in UTC.
func (t Trigger) NextAfter(after time.Time) time.Time {
	every, phase := int64(t.Every/time.Second), int64(t.Phase/time.Second)
	if every <= 0 {
		return time.Time{}
	}
	s := after.Unix() - phase
	n := s / every
	if s%every < 0 {
		n--
	}
	return time.Unix((n+1)*every+phase, 0).UTC()
}
