package sense

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/world/camera"
)

// ErrUnknown is wrapped by the error for a sensor that no satellite has.
var ErrUnknown = errors.New("no such sensor")

// Options say whose instruments these are.
type Options struct {
	Seed   uint64 // of the world
	Node   uint64 // of the satellite
	Orbit  Orbit
	Camera camera.Camera // the zero value is 160 x 120 grey
}

// Suite is one satellite's instruments. It keeps nothing between readings; it may
// be used from several goroutines if its Orbit may.
type Suite struct {
	seed, node uint64
	orbit      Orbit
	camera     camera.Camera
}

// New gives a satellite its instruments.
func New(o Options) *Suite {
	return &Suite{seed: o.Seed, node: o.Node, orbit: o.Orbit, camera: o.Camera}
}

// Reading is one sample.
type Reading struct {
	Time   time.Time // UTC, when it was taken
	Values []float64 // as the sensor's description says
	Data   []byte    // bulk data, nil for most
}

// Read gives a sensor's latest sample at a moment. The error wraps [ErrUnknown] for
// a sensor that there is not, else what the orbit said.
func (s *Suite) Read(name string, at time.Time) (Reading, error) {
	sensor, found := Named(name)
	if !found {
		var names []string
		for _, each := range sensors {
			names = append(names, each.Name)
		}
		return Reading{}, fmt.Errorf("read %q of satellite %d: %w; there are %s", name, s.node, ErrUnknown, strings.Join(names, ", "))
	}
	taken := sampled(at, sensor.Period)
	t, err := s.Truth(taken)
	if err != nil {
		return Reading{}, fmt.Errorf("read %s: %w", name, err)
	}
	r := Reading{Time: taken}
	noise, fixed := s.source(name, taken.UnixNano()), s.source(name, forever)
	switch name {
	case Magnetometer:
		b := t.FieldNT().Add(bias3(fixed, 30)).Add(gauss3(noise, 10))
		r.Values = []float64{b[0], b[1], b[2], b.Norm()}
	case Gyro:
		w := t.RateDegS().Add(bias3(fixed, 0.003)).Add(gauss3(noise, 0.001))
		r.Values = w[:]
	case GNSS:
		r.Values = gnss(&t, fixed, noise)
	case Sun:
		r.Values = sunSensor(&t, fixed, noise)
	case Star:
		q := turned(t.Attitude(), gauss3(noise, 0.003*deg))
		r.Values = q[:]
	case Temperature:
		r.Values = temperatures(t.cycle(), fixed, noise)
	case Power:
		r.Values = power(&t, noise)
	case Camera, CameraPNG:
		return s.picture(&t, name == CameraPNG)
	}
	return r, nil
}

// sampled gives the latest whole period of Unix time at or before a moment.
func sampled(at time.Time, period time.Duration) time.Time {
	nanos := at.UnixNano()
	past := nanos % int64(period)
	if past < 0 {
		past += int64(period)
	}
	return time.Unix(0, nanos-past).UTC()
}

// The receiver's error of position, 1 sigma on each axis, and how far its clock is off GPS
// time at the most: what its crystal gains between two fixes that set it.
const (
	fixSigmaKm  = 0.003
	clockBiasNs = 150
)

func gnss(t *Truth, fixed, noise *rand.Rand) []float64 {
	pos := t.PosECEFKm.Add(gauss3(noise, fixSigmaKm))
	vel := t.VelECEFKmS.Add(gauss3(noise, 0.00002))
	place := frame.ToGeodetic(pos)
	used := 8 + noise.IntN(5) // of those above the antenna's horizon, which faces up
	clock := bias(fixed, clockBiasNs) + gauss(noise, 15)
	return []float64{place.LatDeg, place.LonDeg, place.AltKm, pos[0], pos[1], pos[2], vel[0], vel[1], vel[2],
		float64(used), 1000 * fixSigmaKm, clock}
}

func sunSensor(t *Truth, fixed, noise *rand.Rand) []float64 {
	if t.Light == 0 {
		return make([]float64, 4)
	}
	d := t.SunBody().Add(bias3(fixed, 0.1*deg)).Add(gauss3(noise, 0.05*deg)).Unit()
	return []float64{d[0], d[1], d[2], t.Light}
}

// turned applies a small rotation (radians about each body axis) to an attitude.
func turned(q [4]float64, by astro.Vec3) [4]float64 {
	x, y, z := by[0]/2, by[1]/2, by[2]/2
	return normal([4]float64{
		q[0] - float64(q[1]*x) - float64(q[2]*y) - float64(q[3]*z),
		q[1] + float64(q[0]*x) + float64(q[2]*z) - float64(q[3]*y),
		q[2] + float64(q[0]*y) + float64(q[3]*x) - float64(q[1]*z),
		q[3] + float64(q[0]*z) + float64(q[1]*y) - float64(q[2]*x),
	})
}

// bodies are the parts whose temperature is told: what they tend to by day and by
// night, deg C, and how slowly.
var bodies = []struct {
	day, night float64
	constant   time.Duration
}{
	{68, -75, 9 * time.Minute},  // panel
	{24, -12, 50 * time.Minute}, // structure
	{21, 7, 3 * time.Hour},      // battery, heated
	{33, 12, 80 * time.Minute},  // payload, by its own heat
}

func temperatures(c cycle, fixed, noise *rand.Rand) []float64 {
	var values []float64
	for _, b := range bodies {
		values = append(values, c.lag(b.day, b.night, b.constant)+bias(fixed, 0.5)+gauss(noise, 0.1))
	}
	return values
}

func power(t *Truth, noise *rand.Rand) []float64 {
	charge := t.cycle().charge()
	// two lithium cells in series, 6.4 V empty to 8.4 V full
	volts := 6.4 + float64(2*charge) + gauss(noise, 0.01)
	return []float64{
		min(max(charge+gauss(noise, 0.001), 0), 1),
		max(float64(solarW*t.Light)+gauss(noise, float64(0.2*t.Light)), 0),
		loadW + gauss(noise, 0.1),
		math.Round(volts*1000) / 1000,
	}
}

func (s *Suite) picture(t *Truth, asPNG bool) (Reading, error) {
	f, err := s.camera.Render(camera.View{Time: t.Time, PosECEFKm: t.PosECEFKm,
		Forward: t.BodyECEF.X, Right: t.BodyECEF.Y, Down: t.BodyECEF.Z})
	if err != nil {
		return Reading{}, fmt.Errorf("read camera of satellite %d: %w", s.node, err)
	}
	r := Reading{Time: t.Time, Data: f.Pix, Values: []float64{float64(f.Width), float64(f.Height), float64(f.Channels)}}
	if asPNG {
		if r.Data, err = f.PNG(); err != nil {
			return Reading{}, err
		}
	}
	return r, nil
}
