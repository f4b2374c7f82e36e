package ber

import (
	"math/rand/v2"

	"spacechain/link/channel"
	"spacechain/link/modem"
)

// fskCurves are those of frequency-shift keying, received with timing to be found out. In every
// trial bits begin elsewhere between the receiver's samples.
func fskCurves() []Curve {
	const rate = 48000
	curves := []Curve{
		{Name: "afsk1200", About: "AFSK 1200 (Bell 202), audio in white noise", Theory: FSK, Law: "noncoherent FSK",
			trial: func(rng *rand.Rand, eb float64) (int64, int64, error) {
				return afsk(rng, modem.Bell202, rate, eb)
			}},
		{Name: "afsk4800", About: "AFSK 4800, audio in white noise", Theory: MSK, Law: "coherent MSK",
			trial: func(rng *rand.Rand, eb float64) (int64, int64, error) {
				return afsk(rng, modem.AFSK4800, rate, eb)
			}},
		{Name: "fsk9600", About: "FSK 9600 (G3RUH), I/Q before the discriminator", Theory: FSK, Law: "noncoherent FSK",
			trial: func(rng *rand.Rand, eb float64) (int64, int64, error) {
				return fsk(rng, modem.G3RUH9600, rate, eb)
			}},
		{Name: "gmsk9600", About: "GMSK 9600, BT 0.5, I/Q before the discriminator", Theory: FSK, Law: "noncoherent FSK",
			trial: func(rng *rand.Rand, eb float64) (int64, int64, error) {
				return fsk(rng, modem.GMSK9600, rate, eb)
			}},
	}
	for i := range curves {
		curves[i].leastTrials = 20
	}
	return curves
}

func afsk(rng *rand.Rand, mode modem.AFSK, rate, eb float64) (int64, int64, error) {
	m, err := modem.NewAFSKModulator(mode, rate, 0.5)
	if err != nil {
		return 0, 0, err
	}
	d, err := modem.NewAFSKDemodulator(mode, rate, modem.AFSKOptions{})
	if err != nil {
		return 0, 0, err
	}
	return audition{
		bitRate: mode.Baud, rate: rate, bits: 2000, lead: 512, late: rng.Float64(),
		// A real wave of amplitude 1/2 has a power of 1/8, and the real part takes half of the
		// channel's noise: as if the power were twice that.
		channel: channel.SampleOptions{Power: 0.25},
		send: func(bits []byte) []complex64 {
			var out []complex64
			for _, v := range m.Modulate(nil, bits) {
				out = append(out, complex(v, 0))
			}
			return out
		},
		receive: func(x []complex64) []int8 {
			audio := make([]float32, len(x))
			for i, v := range x {
				audio[i] = real(v)
			}
			return d.Flush(d.Process(nil, audio))
		},
	}.run(rng, eb)
}

func fsk(rng *rand.Rand, mode modem.FSK, rate, eb float64) (int64, int64, error) {
	m, err := modem.NewFSKModulator(mode, rate, 1)
	if err != nil {
		return 0, 0, err
	}
	d, err := modem.NewFSKDemodulator(mode, rate, modem.FSKOptions{})
	if err != nil {
		return 0, 0, err
	}
	return audition{
		bitRate: mode.Baud, rate: rate, bits: 2000, lead: 512, late: rng.Float64(),
		send:    func(bits []byte) []complex64 { return m.ModulateIQ(nil, bits) },
		receive: func(x []complex64) []int8 { return d.Flush(d.ProcessIQ(nil, x)) },
	}.run(rng, eb)
}
