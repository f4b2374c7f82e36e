package budget_test

import (
	"fmt"
	"time"

	"spacechain/link/budget"
	"spacechain/link/channel"
)

// A satellite of one's own, at 10 degrees, in a clear sky and in the rain of one hour a month
// (0.14 %).
func ExampleLink_Budget() {
	right := budget.Polarisation{Sense: budget.RightHand, AxialRatioDB: 1}
	signal, err := budget.Theory(channel.QPSK, channel.Convolutional, 10e6, 1e-6)
	if err != nil {
		panic(err)
	}
	signal.ImplementationLossDB = 1.5
	l := budget.Link{
		Name: "X band", FrequencyHz: 8.2e9,
		Transmitter: budget.Transmitter{
			PowerW: 2, LineLossDB: 1,
			Antenna: budget.Patch{PeakDBi: 6, FrontToBackDB: 20, Polarisation: right}, Pointing: budget.Pointing{Aim: budget.Nadir},
		},
		Path: budget.Overhead(550, 10),
		Receiver: budget.Receiver{
			Antenna:    budget.Dish{DiameterM: 5, Efficiency: 0.6, FrequencyHz: 8.2e9, Polarisation: right},
			LineLossDB: 0.3, NoiseFigureDB: 0.8, GroundShare: 0.05,
		},
		Signal: signal,
	}
	clear, err := l.Budget()
	if err != nil {
		panic(err)
	}
	l.Weather = budget.Weather{UnavailablePercent: 0.14, RateMMH: 40, LatitudeDeg: 45, CloudKGM2: 0.5, WetNUnits: 50}
	rain, err := l.Budget()
	if err != nil {
		panic(err)
	}
	fmt.Printf("EIRP %.1f dBW, G/T %.1f dB/K, margin %.1f dB\n", clear.EIRPdBW, clear.GTdBK, clear.MarginDB)
	fmt.Printf("rain takes %.1f dB and leaves a margin of %.1f dB\n", rain.Air.RainDB, rain.MarginDB)
	// Output:
	// EIRP 4.3 dBW, G/T 29.8 dB/K, margin 10.2 dB
	// rain takes 1.6 dB and leaves a margin of 5.9 dB
}

// What a station hears of a turnstile that nobody holds: much less if it takes one sense of
// polarisation only.
func ExampleTumble() {
	for _, sense := range []budget.Sense{budget.RightHand, budget.EitherHand} {
		d, err := budget.Tumble(budget.Turnstile{}, nil, &budget.Polarisation{Sense: sense})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%v: median %.1f dBi, exceeded in 90 %% of attitudes %.1f dBi\n", sense, d.ExceededDBi(0.5), d.ExceededDBi(0.9))
	}
	// Output:
	// RHCP: median -4.3 dBi, exceeded in 90 % of attitudes -18.2 dBi
	// either sense: median -0.7 dBi, exceeded in 90 % of attitudes -3.4 dBi
}

// The margin along a pass: where the satellite is comes from anywhere.
func ExampleLink_Along() {
	l, err := budget.Preset("payload-down")
	if err != nil {
		panic(err)
	}
	points, err := l.Along([]budget.Moment{
		{At: 0, ElevationDeg: 5, RangeKm: 2740, RangeRateKmS: -6.4},
		{At: 5 * time.Minute, ElevationDeg: 45, RangeKm: 1055, RangeRateKmS: -4.1},
		{At: 7 * time.Minute, ElevationDeg: 84, RangeKm: 784, RangeRateKmS: 0.5},
	})
	if err != nil {
		panic(err)
	}
	for _, p := range points {
		fmt.Printf("%v: C/N0 %.1f dBHz, Doppler %+.1f kHz\n", p.At, p.CN0DBHz, p.DopplerHz/1e3)
	}
	// Output:
	// 0s: C/N0 77.9 dBHz, Doppler +47.9 kHz
	// 5m0s: C/N0 89.7 dBHz, Doppler +30.7 kHz
	// 7m0s: C/N0 93.7 dBHz, Doppler -3.7 kHz
}
