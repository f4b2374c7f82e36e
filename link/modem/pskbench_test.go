package modem_test

import (
	"math/rand/v2"
	"testing"

	"spacechain/link/channel"
	"spacechain/link/modem"
)

// benchmarkPSK demodulates a stream that stays on the air, and reports samples a second and times
// real time.
func benchmarkPSK(b *testing.B, p modem.PSK, rate, ebN0DB float64, doppler channel.Ramp) {
	m, err := p.NewModulator(rate)
	if err != nil {
		b.Fatal(err)
	}
	cn0 := channel.EbN0ToCN0(ebN0DB, p.Baud*float64(p.Scheme.BitsPerSymbol()))
	c, err := channel.NewSamples(channel.SampleOptions{Rate: rate, CN0DBHz: cn0, Doppler: doppler, ClockPPM: 20}, 1)
	if err != nil {
		b.Fatal(err)
	}
	bits := randomBits(rand.New(rand.NewPCG(1, 1)), 1<<16)
	x := c.Process(nil, m.ModulateIQ(nil, bits))
	d, err := p.NewDemodulator(rate)
	if err != nil {
		b.Fatal(err)
	}
	var soft []int8
	b.ResetTimer()
	for b.Loop() {
		soft = d.ProcessIQ(soft[:0], x)
	}
	report(b, len(x), rate)
}

func report(b *testing.B, samples int, rate float64) {
	perSecond := float64(samples) * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(perSecond, "samples/s")
	b.ReportMetric(perSecond/rate, "x-real-time")
}

func BenchmarkPSKDemodulator(b *testing.B) {
	b.Run("BPSK-1200", func(b *testing.B) {
		benchmarkPSK(b, modem.PSK{Baud: 1200, Search: 11e3}, 48000, 8, channel.Ramp{OffsetAtStartHz: 2000})
	})
	b.Run("BPSK-9600", func(b *testing.B) {
		benchmarkPSK(b, modem.PSK{Baud: 9600, Search: 11e3}, 48000, 8, channel.Ramp{OffsetAtStartHz: 2000})
	})
	b.Run("BPSK-9600-1dB", func(b *testing.B) {
		benchmarkPSK(b, modem.PSK{Baud: 9600, Search: 11e3}, 48000, 1, channel.Ramp{OffsetAtStartHz: 2000})
	})
	b.Run("QPSK-256k", func(b *testing.B) {
		benchmarkPSK(b, modem.PSK{Scheme: modem.QPSK, Baud: 256e3, Search: 55e3, DopplerRate: 825}, 1024e3, 6, channel.Ramp{OffsetAtStartHz: 30e3})
	})
	b.Run("OQPSK-256k", func(b *testing.B) {
		benchmarkPSK(b, modem.PSK{Scheme: modem.OQPSK, Baud: 256e3, Search: 55e3, DopplerRate: 825}, 1024e3, 6, channel.Ramp{OffsetAtStartHz: 30e3})
	})
}

// BenchmarkPSKSearch listens to noise: nothing but searches.
func BenchmarkPSKSearch(b *testing.B) {
	for _, k := range []struct {
		name string
		p    modem.PSK
		rate float64
	}{
		{"BPSK-1200", modem.PSK{Baud: 1200, Search: 11e3}, 48000},
		{"BPSK-9600", modem.PSK{Baud: 9600, Search: 11e3}, 48000},
		{"QPSK-256k", modem.PSK{Scheme: modem.QPSK, Baud: 256e3, Search: 55e3, DopplerRate: 825}, 1024e3},
		{"OQPSK-256k", modem.PSK{Scheme: modem.OQPSK, Baud: 256e3, Search: 55e3, DopplerRate: 825}, 1024e3},
	} {
		b.Run(k.name, func(b *testing.B) {
			c, err := channel.NewSamples(channel.SampleOptions{Rate: k.rate, CN0DBHz: 1}, 1)
			if err != nil {
				b.Fatal(err)
			}
			x := c.Silence(nil, 1<<17)
			d, err := k.p.NewDemodulator(k.rate)
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for b.Loop() {
				d.ProcessIQ(nil, x)
			}
			report(b, len(x), k.rate)
		})
	}
}

func BenchmarkPSKModulator(b *testing.B) {
	for _, k := range []struct {
		name string
		p    modem.PSK
		rate float64
	}{
		{"BPSK-9600", modem.PSK{Baud: 9600}, 48000},
		{"QPSK-256k", modem.PSK{Scheme: modem.QPSK, Baud: 256e3}, 1024e3},
		{"OQPSK-256k", modem.PSK{Scheme: modem.OQPSK, Baud: 256e3}, 1024e3},
	} {
		b.Run(k.name, func(b *testing.B) {
			m, err := k.p.NewModulator(k.rate)
			if err != nil {
				b.Fatal(err)
			}
			bits := randomBits(rand.New(rand.NewPCG(1, 1)), 1<<16)
			var x []complex64
			for b.Loop() {
				x = m.ModulateIQ(x[:0], bits)
			}
			report(b, len(x), k.rate)
		})
	}
}

// BenchmarkPayloadLink is the whole of a 256 ksym/s link at 4 samples a symbol on one core:
// modulator, channel with noise, Doppler, clock error and fading, demodulator.
func BenchmarkPayloadLink(b *testing.B) {
	p := modem.PSK{Scheme: modem.QPSK, Baud: 256e3, Search: 55e3, DopplerRate: 825}
	const rate = 1024e3
	m, err := p.NewModulator(rate)
	if err != nil {
		b.Fatal(err)
	}
	c, err := channel.NewSamples(channel.SampleOptions{
		Rate: rate, CN0DBHz: channel.EbN0ToCN0(6, 512e3), ClockPPM: 20, CarrierHz: 2.2e9,
		Doppler: channel.Flyby{CarrierHz: 2.2e9, SpeedKmS: 7, NearestKm: 600, NearestAtS: 200},
		Fading:  channel.Fading{ScatterDB: -15, RateHz: 1},
	}, 1)
	if err != nil {
		b.Fatal(err)
	}
	d, err := p.NewDemodulator(rate)
	if err != nil {
		b.Fatal(err)
	}
	bits := randomBits(rand.New(rand.NewPCG(1, 1)), 1<<16)
	var x, y []complex64
	var soft []int8
	for b.Loop() {
		x = m.ModulateIQ(x[:0], bits)
		y = c.Process(y[:0], x)
		soft = d.ProcessIQ(soft[:0], y)
	}
	report(b, len(x), rate)
}
