package modem

import (
	"math/rand/v2"
	"os"
	"testing"

	"spacechain/link/channel"
)

// ends are a modem's two: what sends bits and what receives them, over complex samples.
type ends struct {
	send    func(bits []byte) []complex64
	receive func(samples []complex64) []int8
}

func pskEnds(p PSK) func(rate float64) (ends, error) {
	return func(rate float64) (ends, error) {
		m, err := p.NewModulator(rate)
		if err != nil {
			return ends{}, err
		}
		d, err := p.NewDemodulator(rate)
		return ends{
			func(bits []byte) []complex64 { return m.ModulateIQ(nil, bits) },
			func(x []complex64) []int8 { return d.ProcessIQ(nil, x) },
		}, err
	}
}

// afskEnds is AFSK over FM: a transmitter and a receiver of voice.
func afskEnds(mode AFSK, fm FM) func(rate float64) (ends, error) {
	return func(rate float64) (ends, error) {
		m, err := NewAFSKModulator(mode, rate, 1)
		if err != nil {
			return ends{}, err
		}
		d, err := NewAFSKDemodulator(mode, rate, AFSKOptions{})
		if err != nil {
			return ends{}, err
		}
		up, err := NewFMModulator(fm, rate)
		if err != nil {
			return ends{}, err
		}
		down, err := NewFMDiscriminator(fm, rate)
		return ends{
			func(bits []byte) []complex64 { return up.ModulateIQ(nil, m.Modulate(nil, bits)) },
			func(x []complex64) []int8 { return d.Process(nil, down.Process(nil, x)) },
		}, err
	}
}

// fskEnds is FSK from a receiver of FM that follows its carrier.
func fskEnds(mode FSK, search float64) func(rate float64) (ends, error) {
	return func(rate float64) (ends, error) {
		m, err := NewFSKModulator(mode, rate, 1)
		if err != nil {
			return ends{}, err
		}
		d, err := NewFSKDemodulator(mode, rate, FSKOptions{})
		if err != nil {
			return ends{}, err
		}
		down, err := NewFMDiscriminator(FM{Deviation: mode.deviation(), Top: mode.Baud / 2, Search: search}, rate)
		return ends{
			func(bits []byte) []complex64 { return m.ModulateIQ(nil, bits) },
			func(x []complex64) []int8 { return d.Process(nil, down.Process(nil, x)) },
		}, err
	}
}

// framesWithin plays a continuous signal to a new receiver and tells whether frames came one after
// the other within some seconds.
func framesWithin(t *testing.T, e ends, scheme PSKScheme, bitRate, seconds float64, opt channel.SampleOptions, rng *rand.Rand) bool {
	t.Helper()
	c, err := channel.NewSamples(opt, rng.Uint64())
	if err != nil {
		t.Fatal(err)
	}
	bits := make([]byte, int(min(1024, max(160, bitRate*0.1))))
	refill := func(from int) {
		for i := from; i < len(bits); i++ {
			bits[i] = byte(rng.IntN(2))
		}
	}
	refill(0)
	marker, err := NewMarker(bits[:64], scheme, 0.65, false)
	if err != nil {
		t.Fatal(err)
	}
	var y []complex64
	var found []Match
	samples, last := 0, int64(-1)
	for float64(samples) < seconds*opt.Rate {
		y = c.Process(y[:0], e.send(bits))
		samples += len(y)
		found = marker.Process(found[:0], e.receive(y))
		for _, f := range found {
			if last >= 0 && f.End == last+int64(len(bits)) {
				return true
			}
			last = f.End
		}
		refill(64)
	}
	return false
}

// Every modem in its band: 99 % of signals are found and give frames within two seconds, wherever
// the Doppler of a low orbit has put them and however it changes, with clocks 50 ppm apart and a
// fading carrier, at the Eb/N0 of the table (issue 4, link/channel). AFSK goes over FM, whose
// threshold is what its Eb/N0 is for.
func TestAcquisitionInEveryBand(t *testing.T) {
	trials := 25
	if os.Getenv("SPACECHAIN_LONG") != "" {
		trials = 1000
	}
	const vhf, uhf, sBand = 145.9e6, 437e6, 2.2e9
	voice := FM{Deviation: 3000, Top: 2400, Search: 3.6e3}
	psk := func(p PSK, offset, slope float64) PSK {
		p.Search, p.DopplerRate, p.ClockPPM = offset, slope, 100
		return p
	}
	total, lost := 0, 0
	for _, k := range []struct {
		name          string
		open          func(rate float64) (ends, error)
		scheme        PSKScheme
		bitRate, rate float64
		ebN0DB        float64
		carrier       float64
		offset, slope float64
	}{
		{"AFSK 1200, VHF", afskEnds(Bell202, voice), BPSK, 1200, 48000, 21, vhf, 3.6e3, 53},
		{"AFSK 4800, VHF", afskEnds(AFSK4800, FM{Deviation: 3000, Top: 5400, Search: 3.6e3}), BPSK, 4800, 48000, 18, vhf, 3.6e3, 53},
		{"GMSK 4800, UHF", fskEnds(GMSK4800, 11e3), BPSK, 4800, 48000, 15, uhf, 11e3, 160},
		{"GMSK 9600, UHF", fskEnds(GMSK9600, 11e3), BPSK, 9600, 57600, 14, uhf, 11e3, 160},
		{"FSK 9600 G3RUH, UHF", fskEnds(G3RUH9600, 11e3), BPSK, 9600, 57600, 14, uhf, 11e3, 160},
		{"BPSK 1200, VHF", pskEnds(psk(PSK{Baud: 1200}, 3.6e3, 53)), BPSK, 1200, 19200, 6, vhf, 3.6e3, 53},
		{"BPSK 1200, UHF", pskEnds(psk(PSK{Baud: 1200}, 11e3, 160)), BPSK, 1200, 48000, 6, uhf, 11e3, 160},
		{"DBPSK 1200, UHF", pskEnds(psk(PSK{Baud: 1200, Line: NRZS}, 11e3, 160)), BPSK, 1200, 48000, 6, uhf, 11e3, 160},
		{"BPSK 1200 Manchester, UHF", pskEnds(psk(PSK{Baud: 1200, Manchester: true}, 11e3, 160)), BPSK, 1200, 48000, 6, uhf, 11e3, 160},
		{"BPSK 9600, UHF", pskEnds(psk(PSK{Baud: 9600}, 11e3, 160)), BPSK, 9600, 48000, 4, uhf, 11e3, 160},
		{"QPSK 256k, S band", pskEnds(psk(PSK{Scheme: QPSK, Baud: 256e3}, 55e3, 825)), QPSK, 512e3, 1024e3, 4, sBand, 55e3, 825},
		{"OQPSK 256k, S band", pskEnds(psk(PSK{Scheme: OQPSK, Baud: 256e3}, 55e3, 825)), OQPSK, 512e3, 1024e3, 4, sBand, 55e3, 825},
	} {
		rng := rand.New(rand.NewPCG(4, 4))
		missed := 0
		for range trials {
			e, err := k.open(k.rate)
			if err != nil {
				t.Fatal(err)
			}
			slope := k.slope * (2*rng.Float64() - 1)
			offset := (k.offset - 2*k.slope) * (2*rng.Float64() - 1)
			if !framesWithin(t, e, k.scheme, k.bitRate, 2, channel.SampleOptions{
				Rate: k.rate, CN0DBHz: channel.EbN0ToCN0(k.ebN0DB, k.bitRate), CarrierHz: k.carrier,
				Doppler:  channel.Ramp{OffsetAtStartHz: offset, RateHzPerS: slope},
				ClockPPM: 50 * (2*rng.Float64() - 1),
				Fading:   channel.Fading{ScatterDB: -10, RateHz: 2},
			}, rng) {
				missed++
			}
		}
		t.Logf("%-26s %2g dB: missed %d of %d", k.name, k.ebN0DB, missed, trials)
		total += trials
		lost += missed
		// A few trials cannot show 99 %; the sum of all, and the long suite, can.
		if missed > max(1, trials/100) {
			t.Errorf("%s at %g dB: missed %d of %d", k.name, k.ebN0DB, missed, trials)
		}
	}
	if lost*100 > total {
		t.Errorf("missed %d of %d in all", lost, total)
	}
}
