package sense

import (
	"bytes"
	"errors"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/magnetic"
	"spacechain/astro/sgp4"
	"spacechain/astro/sun"
	"spacechain/astro/visibility"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// suite gives the instruments of one satellite of the default constellation.
func suite(t testing.TB, seed uint64, sat int) *Suite {
	t.Helper()
	set := elements.DefaultWalker(epoch).Sets()[sat]
	p, err := sgp4.New(set)
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Seed: seed, Node: uint64(set.NoradID), Orbit: visibility.NewOrbit(p)})
}

func read(t testing.TB, s *Suite, name string, at time.Time) Reading {
	t.Helper()
	r, err := s.Read(name, at)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func truth(t testing.TB, s *Suite, at time.Time) Truth {
	t.Helper()
	x, err := s.Truth(at)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func vec(v []float64) astro.Vec3 { return astro.Vec3{v[0], v[1], v[2]} }

// angle gives the angle between two directions, degrees.
func angle(a, b astro.Vec3) float64 { return math.Atan2(a.Cross(b).Norm(), a.Dot(b)) / deg }

// Readings do not depend on who reads what first; seeds and satellites differ.
func TestReadingsArePure(t *testing.T) {
	one, two, other := suite(t, 1, 5), suite(t, 1, 5), suite(t, 2, 5)
	for i := range 20 { // another past
		read(t, two, Power, epoch.Add(time.Duration(i)*time.Hour))
		read(t, two, Magnetometer, epoch.Add(time.Duration(i)*time.Minute))
	}
	at := epoch.Add(1234567 * time.Millisecond)
	for _, sensor := range Sensors() {
		a, b, c := read(t, one, sensor.Name, at), read(t, two, sensor.Name, at), read(t, other, sensor.Name, at)
		if !slices.Equal(a.Values, b.Values) || !bytes.Equal(a.Data, b.Data) || !a.Time.Equal(b.Time) {
			t.Errorf("%s: two readings of one moment: %v, %v", sensor.Name, a.Values, b.Values)
		}
		if !sensor.Bulk && slices.Equal(a.Values, c.Values) {
			t.Errorf("%s: the same under another seed", sensor.Name)
		}
		if len(a.Values) != len(sensor.Values) || len(a.Values) != len(sensor.Units) {
			t.Errorf("%s: %d values, %d described, %d units", sensor.Name, len(a.Values), len(sensor.Values), len(sensor.Units))
		}
		if sensor.Bulk != (len(a.Data) > 0) {
			t.Errorf("%s: %d bytes of data", sensor.Name, len(a.Data))
		}
		if a.Time.After(at) || at.Sub(a.Time) >= sensor.Period || a.Time.UnixNano()%int64(sensor.Period) != 0 {
			t.Errorf("%s: asked at %v, sampled at %v, period %v", sensor.Name, at, a.Time, sensor.Period)
		}
		if hold := read(t, one, sensor.Name, a.Time); !slices.Equal(hold.Values, a.Values) {
			t.Errorf("%s: the sample changes within its period", sensor.Name)
		}
		for _, v := range a.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: values %v", sensor.Name, a.Values)
			}
		}
	}
}

func TestSampledBefore1970(t *testing.T) {
	at := time.Unix(-10, -1)
	if got := sampled(at, time.Second); !got.Equal(time.Unix(-11, 0)) {
		t.Errorf("sample of %v at %v", at, got)
	}
}

// The body frame: z down, x forward, y right, and the quaternion turns it into TEME.
func TestAttitude(t *testing.T) {
	s := suite(t, 1, 3)
	for i := range 100 {
		x := truth(t, s, epoch.Add(time.Duration(i)*67*time.Second))
		if angle(x.Body.Z, x.PosTEMEKm.Scale(-1)) > 1e-6 || angle(x.BodyECEF.Z, x.PosECEFKm.Scale(-1)) > 1e-6 {
			t.Fatal("z is not down")
		}
		if angle(x.Body.X, x.VelTEMEKmS) > 0.2 {
			t.Fatalf("x is %g degrees off the velocity", angle(x.Body.X, x.VelTEMEKmS))
		}
		if angle(x.Body.Y, x.VelTEMEKmS.Cross(x.PosTEMEKm)) > 1e-6 || angle(x.Body.X.Cross(x.Body.Y), x.Body.Z) > 1e-6 {
			t.Fatal("y is not to the right")
		}
		q := x.Attitude()
		for _, c := range []struct{ body, inertial astro.Vec3 }{{astro.Vec3{1}, x.Body.X}, {astro.Vec3{0, 1}, x.Body.Y}, {astro.Vec3{0, 0, 1}, x.Body.Z}} {
			if d := angle(rotate(q, c.body), c.inertial); d > 1e-6 {
				t.Fatalf("the quaternion is off by %g degrees", d)
			}
		}
		star := read(t, s, Star, x.Time).Values
		if x.Time.UnixNano()%int64(500*time.Millisecond) == 0 {
			got := rotate([4]float64{star[0], star[1], star[2], star[3]}, astro.Vec3{0, 0, 1})
			if d := angle(got, x.Body.Z); d > 0.02 || d == 0 {
				t.Fatalf("the star sensor is off by %g degrees", d)
			}
		}
	}
}

// rotate gives q v q*.
func rotate(q [4]float64, v astro.Vec3) astro.Vec3 {
	u := astro.Vec3{q[1], q[2], q[3]}
	return v.Add(u.Cross(v).Scale(2 * q[0])).Add(u.Cross(u.Cross(v)).Scale(2))
}

func TestQuaternionOfAnyAxes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) astro.Vec3 {
			c := rapid.Float64Range(-1, 1)
			return astro.Vec3{c.Draw(t, name), c.Draw(t, name), c.Draw(t, name)}
		}
		a, b := draw("a"), draw("b")
		if a.Norm() < 0.01 || a.Unit().Cross(b).Norm() < 0.01 {
			t.Skip("no plane")
		}
		axes := Nadir(a, b)
		q := quaternion(axes)
		n := q[0]*q[0] + q[1]*q[1] + q[2]*q[2] + q[3]*q[3]
		if math.Abs(n-1) > 1e-12 || q[0] < 0 {
			t.Fatalf("quaternion %v", q)
		}
		if angle(rotate(q, astro.Vec3{1}), axes.X) > 1e-5 || angle(rotate(q, astro.Vec3{0, 1}), axes.Y) > 1e-5 {
			t.Fatalf("quaternion %v of %v", q, axes)
		}
	})
}

// The magnetometer's total follows IGRF along the track; bias stays, noise is as said.
func TestMagnetometer(t *testing.T) {
	s := suite(t, 7, 20)
	var errs []astro.Vec3
	low, high := math.Inf(1), 0.0
	for i := range 2000 {
		at := epoch.Add(time.Duration(i) * 3100 * time.Millisecond)
		r := read(t, s, Magnetometer, at)
		x := truth(t, s, r.Time)
		igrf := magnetic.FieldECEF(x.PosECEFKm, r.Time).Norm()
		if math.Abs(r.Values[3]-igrf) > 52+45 { // the bias along the field, and noise
			t.Fatalf("total %g nT, IGRF %g", r.Values[3], igrf)
		}
		if math.Abs(vec(r.Values).Norm()-r.Values[3]) > 1e-9 {
			t.Fatal("the total is not the vector's")
		}
		low, high = min(low, r.Values[3]), max(high, r.Values[3])
		errs = append(errs, vec(r.Values).Sub(x.FieldNT()))
	}
	if low > 25000 || high < 40000 { // weak over the equator, strong at the poles
		t.Errorf("field from %g to %g nT", low, high)
	}
	for axis := range 3 {
		mean, square := 0.0, 0.0
		for _, e := range errs {
			mean += e[axis] / float64(len(errs))
		}
		for _, e := range errs {
			square += (e[axis] - mean) * (e[axis] - mean) / float64(len(errs))
		}
		if math.Abs(mean) > 31 || math.Abs(math.Sqrt(square)-10) > 0.7 {
			t.Errorf("axis %d: bias %g, noise %g nT", axis, mean, math.Sqrt(square))
		}
	}
}

func TestGyroTurnsOnceARevolution(t *testing.T) {
	s := suite(t, 1, 0)
	r := read(t, s, Gyro, epoch.Add(time.Hour))
	want := 360.0 / (100.4 * 60) // 780 km: 100.4 minutes
	if math.Abs(r.Values[1]+want) > 0.009 || math.Abs(r.Values[0]) > 0.009 || math.Abs(r.Values[2]) > 0.009 {
		t.Errorf("rates %v deg/s, want 0, %g, 0", r.Values, -want)
	}
}

func TestGNSS(t *testing.T) {
	s := suite(t, 1, 9)
	at := epoch.Add(5000 * time.Second)
	r, x := read(t, s, GNSS, at), truth(t, s, at)
	pos, vel := astro.Vec3{r.Values[3], r.Values[4], r.Values[5]}, astro.Vec3{r.Values[6], r.Values[7], r.Values[8]}
	if d := pos.Sub(x.PosECEFKm).Norm(); d > 0.026 || d == 0 {
		t.Errorf("position off by %g km", d)
	}
	if d := vel.Sub(x.VelECEFKmS).Norm(); d > 0.0002 || d == 0 {
		t.Errorf("velocity off by %g km/s", d)
	}
	if math.Abs(r.Values[0]-x.Place.LatDeg) > 0.001 || math.Abs(r.Values[2]-x.Place.AltKm) > 0.03 {
		t.Errorf("place %v, want %v", r.Values[:3], x.Place)
	}
}

func TestSunSensor(t *testing.T) {
	s := suite(t, 1, 0)
	dark, lit := 0, 0
	for i := range 100 {
		at := epoch.Add(time.Duration(i) * time.Minute)
		r, x := read(t, s, Sun, at), truth(t, s, at)
		if r.Values[3] == 0 {
			dark++
			if vec(r.Values) != (astro.Vec3{}) || x.Light != 0 {
				t.Fatalf("sees the Sun in the umbra: %v", r.Values)
			}
			continue
		}
		lit++
		if d := angle(vec(r.Values), x.SunBody()); d > 0.6 || math.Abs(vec(r.Values).Norm()-1) > 1e-12 {
			t.Fatalf("the Sun is %g degrees off", d)
		}
	}
	if dark < 20 || lit < 55 {
		t.Errorf("%d minutes dark, %d lit", dark, lit)
	}
}

// The cycle's night is the Earth's shadow, to the penumbra and the ellipsoid.
func TestCycleFollowsTheShadow(t *testing.T) {
	wrong, n := 0, 0
	for sat := 0; sat < 66; sat += 7 {
		s := suite(t, 1, sat)
		for i := range 200 {
			x := truth(t, s, epoch.Add(time.Duration(i)*31*time.Second))
			c := x.cycle()
			if c.dark != (x.Light < 0.5) {
				wrong++
			}
			n++
			limit := c.day
			if c.dark {
				limit = c.night
			}
			if c.since < 0 || c.since > limit || math.Abs((c.day+c.night).Minutes()-100.4) > 0.5 {
				t.Fatalf("cycle %+v", c)
			}
		}
	}
	if wrong > n/50 {
		t.Errorf("%d of %d moments in the wrong half", wrong, n)
	}
}

// The closed forms are the periodic state of the equations stepped through.
func TestCycleAgainstIntegration(t *testing.T) {
	for _, c := range []cycle{{day: 65 * time.Minute, night: 35 * time.Minute}, {day: 98 * time.Minute, night: 2 * time.Minute}, {day: 23 * time.Hour, night: time.Hour}} {
		const step = time.Second
		temperature, charge := 0.0, 0.5
		constant := 50 * time.Minute
		period := int((c.day + c.night) / step)
		for revolution := range 60 {
			for i := range period {
				since := time.Duration(i) * step
				now := cycle{day: c.day, night: c.night, since: since}
				if since >= c.day {
					now.dark, now.since = true, since-c.day
				}
				if revolution == 59 && i%60 == 30 {
					if got := now.lag(24, -12, constant); math.Abs(got-temperature) > 0.02 {
						t.Fatalf("%+v: %g degrees, stepped %g", now, got, temperature)
					}
					if got := now.charge(); math.Abs(got-charge) > 0.002 {
						t.Fatalf("%+v: charge %g, stepped %g", now, got, charge)
					}
				}
				goal, watts := 24.0, (solarW-loadW)*chargingKeep
				if now.dark {
					goal, watts = -12, -loadW
				}
				temperature += (goal - temperature) * step.Seconds() / constant.Seconds()
				charge = min(max(charge+watts*step.Hours()/batteryWh, 0), 1)
			}
		}
	}
	always := cycle{day: 100 * time.Minute}
	if always.charge() != 1 || always.lag(24, -12, time.Hour) != 24 {
		t.Error("without night the battery is not full, or it is not warm")
	}
	short := cycle{day: time.Minute, night: 10 * time.Hour, dark: true, since: 9 * time.Hour}
	if got := short.charge(); got != 0 {
		t.Errorf("a battery that is never charged holds %g", got)
	}
}

func TestTemperatureAndPower(t *testing.T) {
	s := suite(t, 1, 0)
	coldest, hottest, lowest := math.Inf(1), math.Inf(-1), 1.0
	for i := range 400 {
		at := epoch.Add(time.Duration(i) * 30 * time.Second)
		v := read(t, s, Temperature, at).Values
		coldest, hottest = min(coldest, v[0]), max(hottest, v[0])
		for j, b := range bodies {
			if v[j] < b.night-1.1 || v[j] > b.day+1.1 {
				t.Fatalf("temperatures %v", v)
			}
		}
		p, x := read(t, s, Power, at).Values, truth(t, s, at)
		if math.Abs(p[1]-solarW*x.Light) > 1.1 || math.Abs(p[2]-loadW) > 0.6 || p[0] < 0.7 || p[0] > 1 || math.Abs(p[3]-6.4-2*p[0]) > 0.07 {
			t.Fatalf("power %v at light %g", p, x.Light)
		}
		lowest = min(lowest, p[0])
	}
	if hottest-coldest < 60 || lowest > 0.9 {
		t.Errorf("panel from %g to %g degrees, charge down to %g", coldest, hottest, lowest)
	}
}

func TestCameraReadings(t *testing.T) {
	s := suite(t, 1, 0)
	at := epoch
	for truth(t, s, at).Light < 1 || angle(truth(t, s, at).PosECEFKm, sun.PosECEFKm(at)) > 60 {
		at = at.Add(time.Minute)
	}
	raw, coded := read(t, s, Camera, at), read(t, s, CameraPNG, at)
	if !slices.Equal(raw.Values, []float64{160, 120, 1}) || len(raw.Data) != 160*120 {
		t.Errorf("picture %v of %d bytes", raw.Values, len(raw.Data))
	}
	img, err := png.Decode(bytes.NewReader(coded.Data))
	if err != nil || img.Bounds().Dx() != 160 {
		t.Fatalf("no picture: %v", err)
	}
	r, _, _, _ := img.At(80, 60).RGBA()
	if byte(r>>8) != raw.Data[60*160+80] || raw.Data[60*160+80] < 20 {
		t.Errorf("brightness %d and %d by day", r>>8, raw.Data[60*160+80])
	}
}

type grounded struct{}

func (grounded) ECEF(time.Time) (p, v astro.Vec3, err error) { return p, v, errDecayed }

var errDecayed = errors.New("decayed")

func TestReadErrors(t *testing.T) {
	s := suite(t, 1, 0)
	if _, err := s.Read("thruster", epoch); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), `read "thruster" of satellite 90001: no such sensor; there are magnetometer, gyro`) {
		t.Errorf("error %v", err)
	}
	if _, err := New(Options{Node: 5, Orbit: grounded{}}).Read(GNSS, epoch); !errors.Is(err, errDecayed) || !strings.Contains(err.Error(), "read gnss: sensors of satellite 5: decayed") {
		t.Errorf("error %v", err)
	}
}

func BenchmarkMagnetometer(b *testing.B) {
	s := suite(b, 1, 0)
	at := epoch
	for b.Loop() {
		read(b, s, Magnetometer, at)
		at = at.Add(time.Second)
	}
}
