package budget

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

func mustPreset(t *testing.T, name string) Link {
	t.Helper()
	l, err := Preset(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The two depths of the house agree: what a budget hands to the simulated channel gives the same
// C/N0 there, for every link of ours and in any weather.
func TestChannelAgrees(t *testing.T) {
	for _, name := range Presets() {
		l := mustPreset(t, name)
		for _, elevation := range []float64{0, 3, 10, 45, 90} {
			if l.Path.Medium == channel.Atmosphere {
				l.Path = Overhead(780, elevation)
				l.Weather = Weather{UnavailablePercent: 0.1, RateMMH: 30, LatitudeDeg: 48, CloudKGM2: 0.5, WetNUnits: 60}
			}
			b := mustBudget(t, l)
			tx, rx := b.Radios()
			c := channel.AssessAt(tx, rx, channel.Path{RangeKm: l.Path.RangeKm, ElevationDeg: elevation, Medium: l.Path.Medium}, l.Signal.RateBps)
			near(t, name+": C/N0", c.CN0DBHz, b.CN0DBHz, 1e-4)
			near(t, name+": Eb/N0", c.EbN0DB, b.EbN0DB, 1e-4)
			near(t, name+": gases", c.AtmosphereLossDB, b.Air.GasDB, 1e-9)
			if c.LightTime != b.LightTime {
				t.Errorf("%s: light takes %v there, %v here", name, c.LightTime, b.LightTime)
			}
		}
	}
}

// The radios that the universe flies with by default are worth what these antennas and amplifiers
// are: C/N0 within 1.5 dB at 10 degrees. Theirs are round numbers with 2 or 3 dB for all losses
// together.
func TestPresetsAreTheUniversesRadios(t *testing.T) {
	for _, c := range []struct {
		name   string
		tx, rx channel.Radio
	}{
		{"payload-down", channel.SBandSatellite(), channel.SBandStation()},
		{"payload-up", channel.SBandStation(), channel.SBandSatellite()},
		{"ttc-down", channel.UHFSatellite(), channel.UHFStation()},
		{"isl", channel.InterSatellite(), channel.InterSatellite()},
		{"user-up", channel.UHFTerminal(), channel.UHFSatellite()},
		{"user-down", channel.UHFSatellite(), channel.UHFTerminal()},
	} {
		l := mustPreset(t, c.name)
		b := mustBudget(t, l)
		other := channel.AssessAt(c.tx, c.rx, channel.Path{RangeKm: l.Path.RangeKm, ElevationDeg: l.Path.ElevationDeg, Medium: l.Path.Medium}, 1e3)
		near(t, c.name+": C/N0", b.CN0DBHz, other.CN0DBHz, 1.5)
		near(t, c.name+": carrier", l.FrequencyHz, c.tx.FrequencyHz, 0)
	}
}

// Every link of ours closes at 10 degrees, those of users' terminals at 40, and needs what its
// waveform was measured to need.
func TestPresets(t *testing.T) {
	for _, name := range Presets() {
		l := mustPreset(t, name)
		if strings.HasPrefix(name, "user") {
			l.Path = Overhead(780, 40)
		}
		b := mustBudget(t, l)
		if b.MarginDB < 3 {
			t.Errorf("%s leaves %.1f dB", name, b.MarginDB)
		}
		if b.Outage > 0.1 {
			t.Errorf("%s fails in %.2f of attitudes", name, b.Outage)
		}
	}
	w, err := radio.Find("payload-down")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Measured(w, 1e-3, w.FrameSize)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "frames lost at the requirement", w.FrameErrorRate(s.RequiredEbN0DB+decibels(s.RateBps), w.FrameSize), 1e-3, 1e-6)
	if _, err := Preset("smoke"); err == nil || !strings.Contains(err.Error(), "ttc-up") {
		t.Errorf("smoke signals: %v", err)
	}
}

// Each section's lines add up to its sum, in rain too.
func TestLinesAddUp(t *testing.T) {
	l := mustPreset(t, "payload-down")
	l.Weather = Weather{UnavailablePercent: 0.1, RateMMH: 40, LatitudeDeg: 40, CloudKGM2: 0.5, WetNUnits: 60}
	b := mustBudget(t, l)
	value := map[string]float64{}
	for _, line := range b.Lines() {
		value[line.Section+"/"+line.Name] = line.Value
		if math.IsNaN(line.Value) || math.IsInf(line.Value, 0) {
			t.Errorf("%s is %g", line.Name, line.Value)
		}
	}
	near(t, "EIRP", value["transmitter/power"]+value["transmitter/line"]+value["transmitter/antenna gain"], value["transmitter/EIRP"], 1e-9)
	near(t, "isotropic level", value["transmitter/EIRP"]+value["path/free space"]+value["path/air together"]+value["path/polarisation"]+value["path/other losses"],
		value["path/isotropic level"], 1e-9)
	near(t, "C/N0", value["path/isotropic level"]+value["receiver/G/T"]+boltzmannDB, value["signal/C/N0"], 1e-9)
	near(t, "margin", value["signal/C/N0"]-value["signal/bit rate"]-value["signal/required Eb/N0"]+value["signal/implementation"], value["signal/margin"], 1e-9)
	table := b.Table()
	for _, want := range []string{"EIRP", "rain", "P.618-14, 40 mm/h", "dish of 3.7 m", "nadir, 61.3 degrees off axis", "margin"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table has no %q:\n%s", want, table)
		}
	}
}

// Rain costs more than its loss: it warms the sky too. At 20 GHz, where it matters.
func TestRainWarmsTheSky(t *testing.T) {
	l := mustPreset(t, "payload-down")
	l.FrequencyHz = 20e9
	clear := mustBudget(t, l)
	l.Weather = Weather{UnavailablePercent: 0.1, RateMMH: 30, LatitudeDeg: 48}
	rain := mustBudget(t, l)
	if !(rain.Air.RainDB > 3 && rain.AntennaK > clear.AntennaK+50) {
		t.Errorf("rain of %.1f dB makes %.0f K out of %.0f", rain.Air.RainDB, rain.AntennaK, clear.AntennaK)
	}
	if loss := clear.CN0DBHz - rain.CN0DBHz; loss < rain.Air.RainDB+0.5 {
		t.Errorf("C/N0 falls by %.2f dB in %.2f dB of rain", loss, rain.Air.RainDB)
	}
	// Its height is that of the latitude unless given; a station above it stays dry.
	l.Weather.RainHeightKm = 1
	if low := mustBudget(t, l); low.Air.RainDB >= rain.Air.RainDB {
		t.Error("rain from 1 km is as deep as from 3")
	}
	l.Path.StationHeightKm = 2
	if high := mustBudget(t, l); high.Air.RainDB != 0 || high.Air.GasDB >= clear.Air.GasDB {
		t.Errorf("2 km up: rain %g dB, gases %g dB", high.Air.RainDB, high.Air.GasDB)
	}
	l.Weather.UnavailablePercent = 20
	l.Path.StationHeightKm = 0
	if often := mustBudget(t, l); often.Air.RainDB != 0 {
		t.Error("it rains a fifth of the year")
	}
}

// Availability at one elevation: at the margin asked for exactly as much as asked for; over passes the
// mean. Links that no rain closes, and links that never close, are at the ends.
func TestAvailability(t *testing.T) {
	l := mustPreset(t, "payload-down").Retune(20e9)
	l.Weather = Weather{UnavailablePercent: 0.1, RateMMH: 30, LatitudeDeg: 48, CloudKGM2: 0.5, WetNUnits: 60}
	l.Signal.RequiredEbN0DB += mustBudget(t, l).MarginDB
	b := mustBudget(t, l)
	near(t, "margin", b.MarginDB, 0, 1e-9)
	near(t, "availability", b.AvailablePercent, 99.9, 1e-4)
	if !strings.Contains(b.Table(), "99.90 %") {
		t.Errorf("the table does not say so:\n%s", b.Table())
	}
	low, high := Moment{ElevationDeg: 10, RangeKm: SlantRangeKm(780, 10)}, Moment{ElevationDeg: 40, RangeKm: SlantRangeKm(780, 40)}
	l.Path = Overhead(780, 40)
	up := mustBudget(t, l).AvailablePercent
	if !(up > 99.9) {
		t.Errorf("at 40 degrees it is open for %g %%", up)
	}
	mean, err := l.Availability([]Moment{low, high, high})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "over passes", mean, (99.9+2*up)/3, 1e-4)
	l.Signal.RequiredEbN0DB = -30
	near(t, "never closed", mustBudget(t, l).AvailablePercent, 99.999, 1e-4)
	l.Signal.RequiredEbN0DB = 60
	near(t, "never open", mustBudget(t, l).AvailablePercent, 0, 0)
	for want, moments := range map[string][]Moment{"no moments": nil, "moment 1": {low, {ElevationDeg: -1, RangeKm: 1000}}} {
		if _, err := l.Availability(moments); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := mustPreset(t, "isl").Availability([]Moment{low}); err == nil {
		t.Error("weather between satellites")
	}
	// Wetter air takes more.
	l.Weather = Weather{VapourGM3: 20}
	wet := mustBudget(t, l)
	l.Weather = Weather{}
	if dry := mustBudget(t, l); wet.Air.GasDB < 1.5*dry.Air.GasDB {
		t.Errorf("20 g/m³ of vapour take %g dB, 7.5 %g", wet.Air.GasDB, dry.Air.GasDB)
	}
}

func TestIonosphereTurnsLinearPolarisation(t *testing.T) {
	l := mustPreset(t, "ttc-down")
	l.Transmitter.Pointing = Pointing{}
	l.Transmitter.Antenna, l.Receiver.Antenna = Isotropic{}, Isotropic{}
	l.TiltKnown = true
	l.Ionosphere = Ionosphere{}
	calm := mustBudget(t, l)
	near(t, "aligned", calm.PolarisationDB, 0, 1e-9)
	l.Ionosphere = Ionosphere{S4: 0.3, ElectronsM2: 1e17, FieldUT: 50}
	b := mustBudget(t, l)
	near(t, "turn", b.FaradayDeg, 35.4, 0.1)
	near(t, "loss", b.PolarisationDB, -20*math.Log10(math.Cos(radians(b.FaradayDeg))), 1e-9)
	if b.IonosphereDB < 2 || !strings.Contains(b.Table(), "Faraday") {
		t.Errorf("scintillation of %.1f dB in\n%s", b.IonosphereDB, b.Table())
	}
	l.TiltKnown = false
	near(t, "any tilt", mustBudget(t, l).PolarisationDB, 3.0103, 1e-4)
}

// Geometry by hand, on a round Earth of 6,371 km: at 780 km and 10 degrees 2,324.6 km away and 61.3 degrees
// from the nadir.
func TestGeometry(t *testing.T) {
	near(t, "range", SlantRangeKm(780, 10), 2324.6, 0.1)
	near(t, "range at the zenith", SlantRangeKm(780, 90), 780, 1e-9)
	near(t, "range at the horizon", SlantRangeKm(780, 0), math.Sqrt(780*(2*6371+780)), 1e-9)
	near(t, "nadir angle", NadirAngleDeg(780, 10), 61.33, 0.01)
	near(t, "nadir angle at the zenith", NadirAngleDeg(780, 90), 0, 1e-9)
	rapid.Check(t, func(t *rapid.T) { // the three angles of the triangle add up
		h, e := rapid.Float64Range(200, 36000).Draw(t, "altitude"), rapid.Float64Range(0, 90).Draw(t, "elevation")
		r := SlantRangeKm(h, e)
		centre := math.Asin(math.Min(1, r*math.Cos(radians(e))/(earthRadiusKm+h)))
		if math.Abs(degrees(centre)+NadirAngleDeg(h, e)+90+e-180) > 1e-4 {
			t.Fatalf("the triangle has %g degrees", degrees(centre)+NadirAngleDeg(h, e)+90+e)
		}
	})
}

func TestAlongAPass(t *testing.T) {
	l := mustPreset(t, "payload-down")
	var moments []Moment
	for i := -4; i <= 4; i++ {
		e := 80 - 17*math.Abs(float64(i))
		moments = append(moments, Moment{At: time.Duration(i+4) * time.Minute, ElevationDeg: e, RangeKm: SlantRangeKm(780, e), RangeRateKmS: 1.6 * float64(i)})
	}
	points, err := l.Along(moments)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range points {
		l.Path.ElevationDeg, l.Path.RangeKm = moments[i].ElevationDeg, moments[i].RangeKm
		b := mustBudget(t, l)
		if p.MarginDB != b.MarginDB || p.CN0DBHz != b.CN0DBHz || p.LightTime != b.LightTime || p.Moment != moments[i] {
			t.Errorf("moment %d: %+v, the budget alone %+v", i, p, b)
		}
		near(t, "Doppler", p.DopplerHz, -2245e6*1.6*float64(i-4)/299792.458, 1e-6)
		if mirror := points[8-i]; math.Abs(mirror.MarginDB-p.MarginDB) > 1e-9 {
			t.Errorf("the pass is not even: %g and %g dB", p.MarginDB, mirror.MarginDB)
		}
	}
	if !(points[4].MarginDB > points[2].MarginDB && points[2].MarginDB > points[0].MarginDB) {
		t.Errorf("the margin does not grow to the zenith: %+v", points)
	}
	if p, err := l.Along(nil); err != nil || p != nil {
		t.Errorf("no moments: %v, %v", p, err)
	}
	moments[3].ElevationDeg = -2
	if _, err := l.Along(moments); err == nil || !strings.Contains(err.Error(), "moment 3") || !strings.Contains(err.Error(), "elevation -2") {
		t.Errorf("below the horizon: %v", err)
	}
	if _, err := mustPreset(t, "isl").OverElevation([]float64{10}); err == nil || !strings.Contains(err.Error(), "altitude") {
		t.Errorf("elevations between satellites: %v", err)
	}
	over, err := mustPreset(t, "ttc-down").OverElevation([]float64{5, 90})
	if err != nil || len(over) != 2 || over[1].MarginDB < over[0].MarginDB+5 {
		t.Errorf("over elevation: %+v, %v", over, err)
	}
}

func TestTheory(t *testing.T) {
	s, err := Theory(channel.QPSK, channel.Convolutional, 1e6, 1e-5)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "QPSK, convolutional", s.RequiredEbN0DB, 4.2, 0.05) // CCSDS 130.1-G-3
	for _, bad := range [][2]float64{{0, 1e-5}, {math.NaN(), 1e-5}, {1e6, 0}, {1e6, 0.9}, {1e6, math.NaN()}, {math.Inf(1), 1e-5}} {
		if _, err := Theory(channel.BPSK, channel.Uncoded, bad[0], bad[1]); err == nil {
			t.Errorf("%g bit/s at %g is taken", bad[0], bad[1])
		}
	}
	if _, err := Measured(radio.Waveform{Name: "none"}, 1e-3, 100); err == nil {
		t.Error("a waveform without a curve is taken")
	}
	if _, err := Measured(radio.TTCDown(), math.NaN(), 100); err == nil {
		t.Error("a rate that is no number is taken")
	}
}

// What cannot be is refused with an error that says what, where and what is allowed.
func TestBadInput(t *testing.T) {
	nan := math.NaN()
	for want, change := range map[string]func(*Link){
		"frequency NaN":              func(l *Link) { l.FrequencyHz = nan },
		"frequency 1 MHz: give 30":   func(l *Link) { l.FrequencyHz = 1e6 },
		"transmit power 0":           func(l *Link) { l.Transmitter.PowerW = 0 },
		"transmit power +Inf":        func(l *Link) { l.Transmitter.PowerW = math.Inf(1) },
		"transmitter: line loss -1":  func(l *Link) { l.Transmitter.LineLossDB = -1 },
		"receiver: line loss NaN":    func(l *Link) { l.Receiver.LineLossDB = nan },
		"noise figure":               func(l *Link) { l.Receiver.NoiseFigureDB = -2 },
		"antenna temperature":        func(l *Link) { l.Receiver.AntennaK = nan },
		"share of the ground":        func(l *Link) { l.Receiver.GroundShare = 2 },
		"elevation -5 degrees":       func(l *Link) { l.Path.ElevationDeg = -5 },
		"elevation NaN":              func(l *Link) { l.Path.ElevationDeg = nan },
		"range 0 km":                 func(l *Link) { l.Path.RangeKm = 0 },
		"height of the station":      func(l *Link) { l.Path.StationHeightKm = -1 },
		"both ends need an antenna":  func(l *Link) { l.Receiver.Antenna = nil },
		"gain of a patch":            func(l *Link) { l.Transmitter.Antenna = Patch{PeakDBi: nan} },
		"pointing error":             func(l *Link) { l.Receiver.Pointing.ErrorDeg = nan },
		"unknown aim 9":              func(l *Link) { l.Receiver.Pointing.Aim = 9 },
		"both ends tumble":           func(l *Link) { l.Receiver.Pointing.Aim, l.Transmitter.Pointing.Aim = Tumbling, Tumbling },
		"share of the attitudes":     func(l *Link) { l.Transmitter.Pointing = Pointing{Aim: Tumbling, Share: 3} },
		"spin axis":                  func(l *Link) { l.Transmitter.Pointing = Pointing{Aim: Tumbling, Spin: &Spin{AntennaDeg: nan}} },
		"needs the satellite's":      func(l *Link) { l.Path.AltitudeKm = 0 },
		"a fibre":                    func(l *Link) { l.Path.Medium = channel.Fibre },
		"no nadir":                   func(l *Link) { l.Path.Medium = channel.Vacuum },
		"bit rate":                   func(l *Link) { l.Signal.RateBps = 0 },
		"required Eb/N0":             func(l *Link) { l.Signal.RequiredEbN0DB = nan },
		"implementation loss":        func(l *Link) { l.Signal.ImplementationLossDB = -1 },
		"other losses":               func(l *Link) { l.OtherLossesDB = nan },
		"tilt":                       func(l *Link) { l.TiltDeg = nan },
		"unavailable share":          func(l *Link) { l.Weather.UnavailablePercent = nan },
		"frequency 60 GHz: it holds": func(l *Link) { l.FrequencyHz, l.Weather = 60e9, Weather{UnavailablePercent: 1, RateMMH: 30} },
		"rate NaN mm/h":              func(l *Link) { l.Weather = Weather{UnavailablePercent: 1, RateMMH: nan} },
		"liquid water":               func(l *Link) { l.Weather = Weather{UnavailablePercent: 1, CloudKGM2: nan} },
		"wet refractivity":           func(l *Link) { l.FrequencyHz, l.Weather = 8e9, Weather{UnavailablePercent: 1, WetNUnits: nan} },
		"0.001 to 5 %":               func(l *Link) { l.Weather = Weather{UnavailablePercent: 1e-4, RateMMH: 30} },
		"scintillation index S4 2":   func(l *Link) { l.Ionosphere.S4 = 2 },
		"polarisation: ionosphere":   func(l *Link) { l.Ionosphere.ElectronsM2 = nan },
	} {
		l := mustPreset(t, "payload-down")
		change(&l)
		if b, err := l.Budget(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "link budget payload-down") {
			t.Errorf("%s: error %v, margin %g", want, err, b.MarginDB)
		}
	}
}

// The farther, the lower, the less; more power gives as much more margin.
func TestMarginsFollowTheLink(t *testing.T) {
	base := mustPreset(t, "payload-up")
	rapid.Check(t, func(t *rapid.T) {
		l := base
		e := rapid.Float64Range(1, 80).Draw(t, "elevation")
		l.Path = Overhead(rapid.Float64Range(300, 2000).Draw(t, "altitude"), e)
		b, err := l.Budget()
		if err != nil {
			t.Fatal(err)
		}
		l.Transmitter.PowerW *= 2
		if c, _ := l.Budget(); math.Abs(c.MarginDB-b.MarginDB-decibels(2)) > 1e-9 {
			t.Fatalf("twice the power gives %g dB", c.MarginDB-b.MarginDB)
		}
		l.Path = Overhead(l.Path.AltitudeKm, e+5)
		if c, _ := l.Budget(); c.MarginDB <= b.MarginDB+decibels(2) {
			t.Fatalf("higher up the margin falls from %g to %g dB", b.MarginDB+3, c.MarginDB)
		}
	})
}
