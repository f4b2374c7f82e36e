package channel

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/link/propagation"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.6g, want %.6g within %g", what, got, want, tolerance)
	}
}

// ITU-R P.525-4 (4): Lbf = 32.4 + 20 log f(MHz) + 20 log d(km), with the constant
// to four places 32.4478.
func TestFreeSpaceLoss(t *testing.T) {
	for _, c := range []struct{ mhz, km, db float64 }{
		{1, 1, 32.4478},
		{437, 2000, 151.278},
		{2245, 780, 157.314},
		{2200, 1000, 159.296},
		{23280, 4400, 192.657},
		{12000, 38000, 205.627},
		{8400, 384400, 222.631}, // the Moon in X band
	} {
		near(t, "loss", FreeSpaceLossDB(c.mhz*1e6, c.km), c.db, 0.002)
		near(t, "formula", FreeSpaceLossDB(c.mhz*1e6, c.km), 32.4478+20*math.Log10(c.mhz)+20*math.Log10(c.km), 0.0001)
	}
	if got := FreeSpaceLossDB(2.2e9, 0); got != 0 {
		t.Errorf("loss over no distance = %g, want 0", got)
	}
}

func TestLightTimeAndDoppler(t *testing.T) {
	if got := LightTime(299792.458); got != time.Second {
		t.Errorf("a light second takes %v", got)
	}
	if got := LightTime(780); got != 2601800*time.Nanosecond {
		t.Errorf("light over 780 km takes %v, want 2.6018ms", got)
	}
	// A satellite that comes nearer at 7 km/s is heard 10.2 kHz high at 437 MHz.
	near(t, "Doppler", DopplerHz(437e6, -7), 10203.7, 0.1)
	near(t, "Doppler", DopplerHz(2245e6, 6.5), -48675.4, 0.1)
}

// The textbook points of the error curves (Proakis; Sklar, table 4.1 and figure 4.25).
func TestErrorCurves(t *testing.T) {
	for _, c := range []struct {
		m       Modulation
		ber, db float64
	}{
		{BPSK, 1e-3, 6.79}, {BPSK, 1e-5, 9.59}, {BPSK, 1e-6, 10.53}, {QPSK, 1e-5, 9.59},
		{FSK, 1e-3, 10.94}, {FSK, 1e-5, 13.35}, {GMSK, 1e-5, 10.05},
	} {
		near(t, c.m.String()+" threshold", c.m.RequiredEbN0DB(c.ber), c.db, 0.01)
		near(t, c.m.String()+" curve", math.Log10(c.m.BitErrorRate(c.db)), math.Log10(c.ber), 0.02)
	}
	near(t, "convolutional at 1e-5", BPSK.RequiredEbN0DB(1e-5)-Convolutional.GainDB(), 4.2, 0.05) // CCSDS 130.1-G-3
}

// A worked example, computed by hand: 780 km satellite at 10 degrees, range 2,325 km.
//
//	EIRP 7 dBW - free space 166.80 - gas 0.0355/sin 10 = 0.20 - losses 2 + G/T 13.5 + 228.599 = 80.10 dBHz
//	at 4 Mbit/s (66.02 dB): Eb/N0 14.08, needed 4.79 (convolutional at 1e-6), margin 9.29
func TestWorkedExample(t *testing.T) {
	b := Assess(SBandSatellite(), SBandStation(), Path{RangeKm: 2325, ElevationDeg: 10})
	near(t, "path loss", b.PathLossDB, 166.80, 0.01)
	near(t, "atmosphere", b.AtmosphereLossDB, 0.2015, 0.002)
	near(t, "C/N0", b.CN0DBHz, 80.10, 0.02)
	near(t, "rate", b.RateBps, 4e6, 0)
	near(t, "Eb/N0", b.EbN0DB, 14.07, 0.02)
	near(t, "required", b.RequiredEbN0DB, 4.79, 0.01)
	near(t, "margin", b.MarginDB, 9.29, 0.02)
	if b.LightTime != 7755365*time.Nanosecond {
		t.Errorf("light time %v, want 7.755365ms", b.LightTime)
	}
	if got := b.Airtime(1000); got != 2*time.Millisecond {
		t.Errorf("1,000 bytes at 4 Mbit/s take %v, want 2ms", got)
	}
}

// Coded thresholds over BPSK. The convolutional code's are its union bound (link/modem/ber
// computes it: 3.53, 4.17, 4.79 and 5.36 dB at 1e-4 to 1e-7), the concatenated code's 2.6 dB at 1e-6 is what
// agencies budget with (so the US National Weather Service for EMWIN), after CCSDS 130.1-G-3;
// LDPC loses one word in a thousand at 1.2 dB there, of which a tenth of the bits are wrong.
func TestCodedCurves(t *testing.T) {
	for _, c := range []struct {
		code          Code
		ber           float64
		db, tolerance float64
	}{
		{Uncoded, 1e-6, 10.53, 0.01}, {Uncoded, 1e-3, 6.79, 0.01},
		{Convolutional, 1e-4, 3.53, 0.15}, {Convolutional, 1e-5, 4.17, 0.05}, {Convolutional, 1e-6, 4.79, 0.05}, {Convolutional, 1e-7, 5.36, 0.1},
		{Concatenated, 1e-6, 2.6, 0.15}, {Concatenated, 1.8e-3, 2.0, 0.1}, {LDPC, 1e-4, 1.2, 0.1},
		{Code(9), 1e-5, 9.59, 0.01},
	} {
		near(t, c.code.String()+" threshold", c.code.RequiredEbN0DB(BPSK, c.ber), c.db, c.tolerance)
		for _, m := range []Modulation{BPSK, QPSK, GMSK, FSK, Modulation(9)} {
			there := c.code.RequiredEbN0DB(m, c.ber)
			near(t, c.code.String()+" there and back", math.Log10(c.code.BitErrorRate(m, there)), math.Log10(c.ber), 1e-6)
		}
	}
}

func TestPresetsCloseWhereTheyAreUsed(t *testing.T) {
	for _, c := range []struct {
		tx, rx  Radio
		path    Path
		atLeast float64
	}{
		{SBandSatellite(), SBandStation(), Path{RangeKm: 2800, ElevationDeg: 5}, 1e6},
		{SBandStation(), SBandSatellite(), Path{RangeKm: 2800, ElevationDeg: 5}, 256e3},
		{UHFSatellite(), UHFStation(), Path{RangeKm: 2800, ElevationDeg: 5}, 9600},
		{UHFStation(), UHFSatellite(), Path{RangeKm: 2800, ElevationDeg: 5}, 9600},
		{UHFTerminal(), UHFSatellite(), Path{RangeKm: 2000, ElevationDeg: 15}, 1200},
		{UHFSatellite(), UHFTerminal(), Path{RangeKm: 2000, ElevationDeg: 15}, 1200},
		{InterSatellite(), InterSatellite(), Path{RangeKm: 4310, Medium: Vacuum}, 25e6},
		{InterSatellite(), InterSatellite(), Path{RangeKm: 5000, Medium: Vacuum}, 10e6},
		{Cable(), Cable(), Path{RangeKm: 20000, Medium: Fibre}, 100e6},
	} {
		b := Assess(c.tx, c.rx, c.path)
		if b.RateBps < c.atLeast {
			t.Errorf("%s to %s over %g km: %g bit/s, want %g at least (margin %.1f dB)",
				c.tx.Name, c.rx.Name, c.path.RangeKm, b.RateBps, c.atLeast, b.MarginDB)
		}
	}
}

func TestFibreIsSlowerThanLight(t *testing.T) {
	b := Assess(Cable(), Cable(), Path{RangeKm: 1000, Medium: Fibre})
	if want := LightTime(1000 * 1.4 / 0.68); b.LightTime != want {
		t.Errorf("light time in 1,000 km of fibre %v, want %v", b.LightTime, want)
	}
	if b.FrameErrorRate(1e6) != 0 {
		t.Error("a cable loses frames")
	}
}

func TestFrameErrorRate(t *testing.T) {
	b := Budget{RateBps: 1000, BitErrorRate: 1e-6}
	near(t, "8,192 bits at 1e-6", b.FrameErrorRate(8192), 0.0081585, 1e-6)
	near(t, "no bits", b.FrameErrorRate(0), 0, 0)
	b.BitErrorRate = 1e-15
	near(t, "tiny", b.FrameErrorRate(1000), 1e-12, 1e-16)
	if got := (Budget{}).FrameErrorRate(1); got != 1 {
		t.Errorf("a hop that does not close loses %g of its frames, want all", got)
	}
	if got := (Budget{}).Airtime(1); got != math.MaxInt64 {
		t.Errorf("a hop that does not close sends a byte in %v", got)
	}
}

// The farther, the slower; a rate that is chosen leaves the margin; the next would not.
func TestRateStepsFollowTheMargin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tx, rx := InterSatellite(), InterSatellite()
		tx.EIRPdBW = rapid.Float64Range(0, 60).Draw(t, "eirp")
		rx.MarginDB = rapid.Float64Range(0, 10).Draw(t, "margin")
		d := rapid.Float64Range(1, 50000).Draw(t, "range")
		b := Assess(tx, rx, Path{RangeKm: d, Medium: Vacuum})
		farther := Assess(tx, rx, Path{RangeKm: 2 * d, Medium: Vacuum})
		if farther.RateBps > b.RateBps {
			t.Fatalf("%g bit/s at %g km, %g at twice as far", b.RateBps, d, farther.RateBps)
		}
		if b.Closes() && b.MarginDB < rx.MarginDB {
			t.Fatalf("margin %g at the chosen rate, want %g", b.MarginDB, rx.MarginDB)
		}
		for _, rate := range tx.RatesBps {
			if c := AssessAt(tx, rx, b.Path, rate); rate > b.RateBps && c.MarginDB >= rx.MarginDB {
				t.Fatalf("chose %g, but %g leaves %g dB", b.RateBps, rate, c.MarginDB)
			}
		}
	})
}

// The frame level has the gases of link/propagation: the two agree to what its table
// interpolates. A few values stand here as well: ITU-R P.676-13 at the frequencies of
// our links, straight up.
func TestGasLoss(t *testing.T) {
	for _, c := range []struct{ hz, zenithDB float64 }{
		{145.9e6, 0.0062}, {437e6, 0.0206}, {2067e6, 0.0352}, {2245e6, 0.0355}, {23.28e9, 0.4716},
	} {
		near(t, "zenith", GasLossDB(c.hz, 90), c.zenithDB, 0.00006)
		gas, err := propagation.NewGas(c.hz, 0, propagation.SurfaceVapourGM3)
		if err != nil {
			t.Fatal(err)
		}
		for _, elevation := range []float64{0, 1.7, 5, 10, 33.3, 71, 90} {
			want, _, err := gas.Slant(elevation)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "slant", GasLossDB(c.hz, elevation), want, 0.001*want)
		}
	}
	if GasLossDB(2.2e9, -1) != GasLossDB(2.2e9, 0) {
		t.Error("the air below the horizon is not that of the horizon")
	}
	near(t, "no radio", GasLossDB(0, 90), 0, 0)
	// Ever new frequencies do not fill the memory.
	gasTables.Lock()
	for i := range maxGasTables {
		gasTables.at[float64(i)] = nil
	}
	gasTables.Unlock()
	near(t, "one more", GasLossDB(2.2451e9, 90), GasLossDB(2.245e9, 90), 1e-5)
	if n := len(gasTables.at); n > 2 {
		t.Errorf("%d tables are kept", n)
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		Atmosphere.String(): "atmosphere", Fibre.String(): "fibre", Medium(9).String(): "unknown medium",
		GMSK.String(): "GMSK", Modulation(9).String(): "unknown modulation",
		LDPC.String(): "LDPC", Code(9).String(): "unknown code", TurnDown.String(): "down",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
