package ber

import (
	"math/rand/v2"

	"spacechain/link/channel"
	"spacechain/link/modem"
)

// pskCurves are those of phase-shift keying: with ideal synchronisation, and as received with
// everything to be found out.
func pskCurves() []Curve {
	type entry struct {
		name, about string
		p           modem.PSK
		rate        float64
		theory      func(float64) float64
		law         string
	}
	var out []Curve
	for _, e := range []entry{
		{"bpsk", "BPSK 9600", modem.PSK{Baud: 9600, ClockPPM: 100}, 48000, BPSK, "coherent BPSK"},
		{"dbpsk", "DBPSK 1200, detected differentially", modem.PSK{Baud: 1200, Line: modem.NRZS, Independent: true, ClockPPM: 100}, 9600, DBPSK, "DBPSK"},
		{"debpsk", "DBPSK 1200, detected coherently", modem.PSK{Baud: 1200, Line: modem.NRZS, ClockPPM: 100}, 9600, DEBPSK, "coherent DBPSK"},
		{"bpsk-manchester", "BPSK 1200, Manchester", modem.PSK{Baud: 1200, Manchester: true, ClockPPM: 100}, 9600, BPSK, "coherent BPSK"},
		{"qpsk", "QPSK 256 ksym/s", modem.PSK{Scheme: modem.QPSK, Baud: 256e3, ClockPPM: 100}, 1024e3, BPSK, "coherent BPSK"},
		{"oqpsk", "OQPSK 256 ksym/s", modem.PSK{Scheme: modem.OQPSK, Baud: 256e3, ClockPPM: 100}, 1024e3, BPSK, "coherent BPSK"},
	} {
		out = append(out,
			Curve{Name: e.name, About: e.about + ", ideal synchronisation", Theory: e.theory, Law: e.law,
				trial: func(rng *rand.Rand, eb float64) (int64, int64, error) { return idealPSK(rng, e.p, e.rate, eb) }},
			Curve{Name: e.name + "-acquired", About: e.about + ", acquired with Doppler and clock error", Theory: e.theory, Law: e.law,
				trial: func(rng *rand.Rand, eb float64) (int64, int64, error) { return acquiredPSK(rng, e.p, e.rate, eb) }})
	}
	return out
}

// idealPSK sends bits with a known start, phase and timing.
func idealPSK(rng *rand.Rand, p modem.PSK, rate, eb float64) (int64, int64, error) {
	const n = 20000
	bits := randomBits(rng, nil, n)
	m, err := p.NewModulator(rate)
	if err != nil {
		return 0, 0, err
	}
	receiver, err := p.NewIdeal(rate)
	if err != nil {
		return 0, 0, err
	}
	cn0 := channel.EbN0ToCN0(eb, p.Baud*float64(p.Scheme.BitsPerSymbol()))
	noise, err := channel.NewSamples(channel.SampleOptions{Rate: rate, CN0DBHz: cn0}, rng.Uint64())
	if err != nil {
		return 0, 0, err
	}
	x := noise.Process(nil, m.FlushIQ(m.ModulateIQ(nil, bits)))
	return n, compare(bits, receiver.Demodulate(nil, x)), nil
}

// acquiredPSK sends bits through Doppler and an error of the clock to a receiver that knows
// nothing but where to look. A marker tells where the bits begin and resolves the phase, as the
// marker of a frame does; slips after it count in full.
func acquiredPSK(rng *rand.Rand, p modem.PSK, rate, eb float64) (int64, int64, error) {
	n := 20000
	doppler := channel.Ramp{}
	if p.Baud > 100e3 {
		// S-band: 55 kHz, 825 Hz/s.
		p.Search, p.DopplerRate = 55e3, 825
		n = 100000
	} else {
		p.Search, p.DopplerRate = min(11e3, rate/2-0.75*p.Baud), 160
		if p.Manchester {
			p.Search = min(p.Search, rate/2-1.5*p.Baud)
		}
	}
	doppler.RateHzPerS = p.DopplerRate * (2*rng.Float64() - 1)
	seconds := float64(n) / p.Baud / float64(p.Scheme.BitsPerSymbol())
	room := max(0, p.Search-p.DopplerRate*seconds)
	doppler.OffsetAtStartHz = room * (2*rng.Float64() - 1)
	a := audition{
		bitRate: p.Baud * float64(p.Scheme.BitsPerSymbol()), rate: rate, bits: n, lead: 4 * 2048,
		scheme: p.Scheme, mirror: false,
		channel: channel.SampleOptions{Doppler: doppler, ClockPPM: 50 * (2*rng.Float64() - 1)},
	}
	if p.Scheme == modem.BPSK {
		a.lead = 1024
	}
	m, err := p.NewModulator(rate)
	if err != nil {
		return 0, 0, err
	}
	d, err := p.NewDemodulator(rate)
	if err != nil {
		return 0, 0, err
	}
	a.send = func(bits []byte) []complex64 { return m.FlushIQ(m.ModulateIQ(nil, bits)) }
	a.receive = func(x []complex64) []int8 { return d.Flush(d.ProcessIQ(nil, x)) }
	return a.run(rng, eb)
}
