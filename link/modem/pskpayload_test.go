package modem_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"spacechain/link/channel"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/modem"
)

// A payload link as it is meant: QPSK or OQPSK at 256 ksym/s, four samples a symbol, randomised
// LDPC codewords behind the 64-bit marker that CCSDS 131.0-B-5 §9.3 gives to rate 1/2, an Eb/N0
// 2 dB over the code's threshold, the Doppler of an S-band pass, a clock error and scintillation.
// What is lost is the first few frames, while the receiver finds the signal.
func TestPayloadLink(t *testing.T) {
	code, err := ldpc.AR4JA(ldpc.Rate1of2, 1024)
	if err != nil {
		t.Fatal(err)
	}
	marker := bitsOf([]byte{0x03, 0x47, 0x76, 0xc7, 0x27, 0x28, 0x95, 0xb0})
	for _, scheme := range []modem.PSKScheme{modem.QPSK, modem.OQPSK} {
		t.Run(scheme.String(), func(t *testing.T) {
			const rate, count = 1024e3, 150
			p := modem.PSK{Scheme: scheme, Baud: 256e3, Search: 55e3, DopplerRate: 825, ClockPPM: 100}
			m, err := p.NewModulator(rate)
			if err != nil {
				t.Fatal(err)
			}
			d, err := p.NewDemodulator(rate)
			if err != nil {
				t.Fatal(err)
			}
			c, err := channel.NewSamples(channel.SampleOptions{
				Rate: rate, CN0DBHz: channel.EbN0ToCN0(3.5, 256e3*2*1024/2112), ClockPPM: -20,
				Doppler: channel.Flyby{CarrierHz: 2.2e9, SpeedKmS: 7.4, NearestKm: 500, NearestAtS: 30}, CarrierHz: 2.2e9,
				Fading: channel.Fading{ScatterDB: -20, RateHz: 1},
			}, 4)
			if err != nil {
				t.Fatal(err)
			}
			finder, err := modem.NewMarker(marker, scheme, 0.6, false)
			if err != nil {
				t.Fatal(err)
			}
			cutter, err := modem.NewCutter(finder, code.Bits())
			if err != nil {
				t.Fatal(err)
			}
			decoder := ldpc.NewDecoder(code, ldpc.Options{})
			rng := rand.New(rand.NewPCG(6, 6))
			var sent, got [][]byte
			var frames []modem.SoftFrame
			var x []complex64
			for range count {
				data := randomBits(rng, code.DataBits())
				sent = append(sent, data)
				word, err := code.Encode(nil, data)
				if err != nil {
					t.Fatal(err)
				}
				randomizer.TM255.ApplyBits(word)
				x = m.ModulateIQ(m.ModulateIQ(x[:0], marker), word)
				frames = cutter.Process(frames, d.ProcessIQ(nil, c.Process(nil, x)))
			}
			frames = cutter.Process(frames, d.Flush(d.ProcessIQ(nil, c.Process(nil, m.FlushIQ(nil)))))
			for _, f := range frames {
				randomizer.TM255.ApplySoft(f.Soft)
				data, result, err := decoder.Decode(nil, f.Soft)
				if err != nil {
					t.Fatal(err)
				}
				if result.OK {
					got = append(got, data)
				}
			}
			if len(got) < count-12 {
				t.Fatalf("%d frames decoded of %d, %d cut; %+v", len(got), count, len(frames), d.State())
			}
			// What came is what was sent, without a hole after the start.
			if !slices.EqualFunc(got, sent[count-len(got):], slices.Equal[[]byte]) {
				t.Errorf("the %d frames decoded are not the last ones sent", len(got))
			}
			t.Logf("%d of %d frames, the first %d while acquiring", len(got), count, count-len(got))
		})
	}
}
