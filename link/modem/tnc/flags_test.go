package tnc

import (
	"fmt"
	"math"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/modem"
)

// Few flags before a frame, over FSK without a scrambler: seven bits of eight are alike, and the
// eighth, which alone tells the clock, stands as far from their mean as a click does.
func TestShortPreamblesOfFlags(t *testing.T) {
	const rate, sent = 48000, 24
	mode := modem.FSK{Baud: 9600, BT: 0.5}
	for _, flags := range []int{16, 20, 30, 60} {
		rng := newRand(uint64(flags))
		var audio []float32
		var iq []complex64
		for i := range sent {
			f, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "N0CALL"}, fmt.Appendf(nil, "frame %d with some telemetry in it", i)).Encode()
			if err != nil {
				t.Fatal(err)
			}
			fr := ax25.NewFramer(ax25.Line{NRZI: true})
			bits := append(fr.Flags(fr.Frame(fr.Flags(nil, flags), f), 4), 0, 0, 0, 0)
			m, err := modem.NewFSKModulator(mode, rate, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			audio = append(m.Modulate(audio, bits), make([]float32, rate/4+i)...)
			if m, err = modem.NewFSKModulator(mode, rate, 0.5); err != nil {
				t.Fatal(err)
			}
			iq = append(m.ModulateIQ(iq, bits), make([]complex64, rate/4+i)...)
		}
		sigma := 0.5 * math.Sqrt(rate/mode.Baud/2/math.Pow(10, 1.6)) // Eb/N0 of 16 dB
		for i := range audio {
			audio[i] += float32(0.7 * sigma * rng.NormFloat64())
			sin, cos := math.Sincos(2 * math.Pi * 300 * float64(i) / rate)
			iq[i] = iq[i]*complex(float32(cos), float32(sin)) + complex(float32(sigma*rng.NormFloat64()), float32(sigma*rng.NormFloat64()))
		}
		for _, k := range []struct {
			name string
			hear func(r *Receiver) []Frame
		}{
			{"audio", func(r *Receiver) []Frame { return r.Flush(r.Process(nil, audio)) }},
			{"I/Q", func(r *Receiver) []Frame { return r.Flush(r.ProcessIQ(nil, iq)) }},
		} {
			r, err := NewFSK(mode, rate, Quick, ax25.Options{Line: ax25.Line{NRZI: true}})
			if err != nil {
				t.Fatal(err)
			}
			n := len(k.hear(r))
			t.Logf("%d flags, %s: %d of %d", flags, k.name, n, sent)
			if n < sent-1 {
				t.Errorf("%d flags, %s: %d frames of %d", flags, k.name, n, sent)
			}
		}
	}
}
