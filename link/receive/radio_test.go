package receive_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/frame"
	"spacechain/link/modem/tnc"
	"spacechain/link/radio"
	"spacechain/link/receive"
)

// What goes between our own satellites and stations is read by whoever has a software radio: the
// waveforms of telemetry, beacon and telecommands, told only what people would be told.
func TestOurOwnWaveforms(t *testing.T) {
	for _, c := range []struct {
		w              radio.Waveform
		modem, framing string
	}{
		{radio.TTCDown(), "bpsk9600", "ccsds"},
		{radio.Beacon(), "bpsk1200", "ax25"},
		{radio.TTCUp(), "afsk1200", "ccsds-tc"},
		{radio.TTCUp4800(), "afsk4800", "ccsds-tc"},
		{radio.Payload(256e3, radio.RSConv), "qpsk256000", "ccsds-concatenated"},
		{radio.Payload(256e3, radio.LDPC), "qpsk256000", "ccsds-ldpc"},
	} {
		rng := rand.New(rand.NewPCG(7, 8))
		tx, err := c.w.NewTransmitter()
		if err != nil {
			t.Fatal(err)
		}
		tx.Key(true)
		var sent [][]byte
		for range 3 {
			unit := make([]byte, c.w.FrameSize)
			for i := range unit {
				unit[i] = byte(rng.Uint32())
			}
			if c.framing == "ccsds-tc" {
				tc := frame.TCChannel{AnySpacecraft: true, FECF: true}
				if unit, err = tc.Append(nil, &frame.TCFrame{Bypass: true, Data: []byte("do this")}); err != nil {
					t.Fatal(err)
				}
			} else if c.w.FrameSize == 0 {
				if unit, err = ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "N0CALL"}, []byte("here I am")).Encode(); err != nil {
					t.Fatal(err)
				}
			} else {
				unit[0] &= 0x3f // TM
			}
			sent = append(sent, unit)
			if err := tx.Send(unit); err != nil {
				t.Fatal(err)
			}
		}
		tx.Key(false)
		x := tx.Samples(make([]complex64, int(c.w.SampleRate/4)), int(4*min(c.w.SampleRate, 96e3)))
		for i := range x {
			x[i] += complex(float32(0.1*rng.NormFloat64()), float32(0.1*rng.NormFloat64()))
		}
		found, err := receive.Find(c.modem, c.framing)
		if err != nil {
			t.Fatal(err)
		}
		bank, refused := receive.OpenIQ(found, receive.Options{Rate: c.w.SampleRate, Effort: tnc.Quick}, receive.Tuning{})
		if len(refused) > 0 {
			t.Fatal(refused)
		}
		got := bank.Flush(bank.Process(nil, x))
		if len(got) != len(sent) {
			t.Errorf("%s: %d frames of %d", c.w.Name, len(got), len(sent))
			continue
		}
		for i, f := range got {
			if !bytes.Equal(f.Data, sent[i]) {
				t.Errorf("%s: frame %d is %x, want %x", c.w.Name, i, f.Data, sent[i])
			}
		}
	}
}
