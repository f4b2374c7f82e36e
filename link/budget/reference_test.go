package budget

import (
	"math"
	"testing"

	"spacechain/link/channel"
)

// line is a published figure and what ours is, within half a unit of its last digit plus what
// rounding of the figures it was made of leaves.
func line(t *testing.T, what string, got, published, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-published) <= tolerance) {
		t.Errorf("%s: %.3f, published %g, tolerance %g", what, got, published, tolerance)
	}
}

// published works out a link whose sheet has the loss by polarisation among the others: both
// antennas count as aligned.
func published(t *testing.T, l Link) Budget {
	t.Helper()
	l.TiltKnown = true
	return mustBudget(t, l)
}

func mustBudget(t *testing.T, l Link) Budget {
	t.Helper()
	b, err := l.Budget()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// watts of dBW.
func watts(dBW float64) float64 { return ratio(dBW) }

// A case worked with the AMSAT-IARU annotated link model (Jan King, W3GEY), published as "Link
// Budget Calculated by AMSAT-IARU Link Budget Tool" (docslib.org, document 1948138): the command
// uplink of a satellite at 826 km and 10 degrees, 2,420.28 km away, AFSK over FM at 1200 bit/s.
// Path loss of 152.9 dB over that range means 435 MHz. The sheet gives the noise temperature of
// 183 K behind the satellite's line of 1.2 dB. (It also prints a G/T of -22.0 dB/K, which takes
// the line off twice and is not what its C/N0 follows from: 3.0 - 1.2 - 22.6 = -20.8.)
// Figures are rounded to 0.1 dB there: 0.15 dB for sums.
func TestAMSATUplink(t *testing.T) {
	behind := 183 * ratio(1.2)
	l := Link{
		Name: "AMSAT-IARU", FrequencyHz: 435e6,
		Transmitter:   Transmitter{PowerW: 10, LineLossDB: 10.7, Antenna: Isotropic{GainDBi: 22}},
		Path:          Path{RangeKm: 2420.28, Medium: channel.Vacuum}, // the sheet's own losses of the air below
		OtherLossesDB: 0.5 + 0.2 + 1.1 + 0.4 + 6.0,                    // pointing, polarisation, atmosphere, ionosphere, pointing aboard
		Receiver:      Receiver{Antenna: Isotropic{GainDBi: 3}, LineLossDB: 1.2, AntennaK: behind - StandardK*(ratio(1.2)-1)},
		Signal:        Signal{RateBps: 1200, RequiredEbN0DB: 22},
	}
	b := published(t, l)
	line(t, "EIRP", b.EIRPdBW, 21.3, 0.05)
	line(t, "path loss", b.FreeSpaceDB, 152.9, 0.05)
	line(t, "isotropic level", b.IsotropicDBW+6.0, -133.9, 0.15)
	line(t, "G/T", b.GTdBK, -20.8, 0.1)
	line(t, "C/N0", b.CN0DBHz, 67.9, 0.15)
	line(t, "Eb/N0", b.EbN0DB, 37.1, 0.15)
	line(t, "margin", b.MarginDB, 15.1, 0.15)
	// Our round Earth puts the satellite 0.03 % nearer than the tool's, of the equator's radius.
	line(t, "range", SlantRangeKm(826, 10), 2420.28, 1)
}

// The link budget of EMWIN-N through GOES N-P, published by the US National Weather Service
// (www.nws.noaa.gov/emwin/emwin-n-link-budget.htm): 2034.7 MHz up, 1692.7 MHz down, BPSK
// 9600 bit/s with the CCSDS concatenated code. Levels in dBm there; figures rounded to 0.1 dB.
func TestGOESWeatherBroadcast(t *testing.T) {
	end := func(gt float64) Receiver { // of a G/T: gain over 290 K
		return Receiver{Antenna: Isotropic{GainDBi: gt + decibels(StandardK)}, AntennaK: StandardK}
	}
	signal := Signal{RateBps: 9600, RequiredEbN0DB: 2.6, ImplementationLossDB: 2.0 + 1.0}
	up := published(t, Link{
		FrequencyHz: 2034.7e6, Transmitter: Transmitter{PowerW: watts(76.7 - 30), Antenna: Isotropic{}},
		Path: Path{RangeKm: 41127, Medium: channel.Vacuum}, OtherLossesDB: 0.5 + 0.4 + 0.2, Receiver: end(-14.2), Signal: signal,
	})
	line(t, "free space up", up.FreeSpaceDB, 190.9, 0.05)
	line(t, "C/N0 up", up.CN0DBHz, 69.1, 0.1)
	down := published(t, Link{
		FrequencyHz: 1692.7e6, Transmitter: Transmitter{PowerW: watts(44.8 - 30), Antenna: Isotropic{}},
		Path: Path{RangeKm: 41127, Medium: channel.Vacuum}, OtherLossesDB: 0.4 + 0.2, Receiver: end(-0.3), Signal: signal,
	})
	line(t, "free space down", down.FreeSpaceDB, 189.3, 0.05)
	line(t, "incident power", down.IsotropicDBW+0.2+30, -144.9, 0.15)
	line(t, "C/N0 down", down.CN0DBHz, 53.2, 0.1)
	both := -decibels(ratio(-up.CN0DBHz) + ratio(-down.CN0DBHz)) // a transponder adds the noises
	line(t, "C/N0", both, 53.1, 0.1)
	line(t, "Eb/N0", both-decibels(9600), 13.3, 0.1)
	line(t, "margin", down.MarginDB-(down.CN0DBHz-both), 7.7, 0.1)
	// The published path is that of 5 degrees of elevation to the geostationary orbit, and 2.6 dB is the
	// threshold of the code at 1e-6.
	line(t, "range", SlantRangeKm(35786, 5), 41127, 10)
	s, err := Theory(channel.BPSK, channel.Concatenated, 9600, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	line(t, "threshold", s.RequiredEbN0DB, 2.6, 0.15)
	// A clear sky at 5 degrees takes 0.4 dB there, as published.
	line(t, "atmosphere", channel.GasLossDB(2034.7e6, 5), 0.4, 0.05)
}

// Telecommand of a broadcasting satellite in X band, filed with the US Federal Communications
// Commission (IBFS SAT-MOD-20080204-00036): noise of 290 K behind 7.1 dB of line and a noise figure
// of 3.5 dB, "about 3300 K"; 61.7 dBW over 200.5 dB into 20 dBi gives 18.1 dB in 440 kHz.
func TestXBandTelecommand(t *testing.T) {
	line(t, "system noise", SystemK(290, 7.1, 3.5), 3300, 35) // two digits there
	b := published(t, Link{
		FrequencyHz: 7026e6, Transmitter: Transmitter{PowerW: watts(13.1), Antenna: Isotropic{GainDBi: 48.6}},
		Path:     Overhead(35786, 90),
		Receiver: Receiver{Antenna: Isotropic{GainDBi: 20}, LineLossDB: 7.1, NoiseFigureDB: 3.5, View: Earth},
		Signal:   Signal{RateBps: 440e3},
	})
	line(t, "EIRP", b.EIRPdBW, 61.7, 0.01)
	line(t, "path loss", b.FreeSpaceDB, 200.5, 0.06) // to the satellite of the sheet 0.05 dB more than to the orbit's height
	line(t, "atmosphere", b.AirDB, 0.1, 0.06)
	line(t, "C/N", b.EbN0DB, 18.1, 0.15) // in a bandwidth of 440 kHz
}

// A beacon in free space, by hand (ITU-R P.525-4): 1 W from one isotropic antenna to another, 1,000 km
// at 2.2 GHz: 0 - 159.296 - 10 log 290 + 228.599 = 44.679 dBHz.
func TestFreeSpace(t *testing.T) {
	b := published(t, Link{
		FrequencyHz: 2.2e9, Transmitter: Transmitter{PowerW: 1, Antenna: Isotropic{}}, Path: Across(1000),
		Receiver: Receiver{Antenna: Isotropic{}, AntennaK: 290}, Signal: Signal{RateBps: 1000, RequiredEbN0DB: 10},
	})
	line(t, "free space", b.FreeSpaceDB, 159.296, 0.001)
	line(t, "C/N0", b.CN0DBHz, 44.679, 0.001)
	line(t, "margin", b.MarginDB, 4.679, 0.001)
}
