package send_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/frame"
	"spacechain/link/modem/tnc"
	"spacechain/link/receive"
	"spacechain/link/send"
)

// framesFor are three frames that a framing can carry.
func framesFor(t *testing.T, framing string, r *rand.Rand) [][]byte {
	t.Helper()
	var out [][]byte
	for i := range 3 {
		var unit []byte
		switch {
		case strings.HasPrefix(framing, "ax25") || strings.HasPrefix(framing, "il2p") || framing == "fx25":
			var err error
			unit, err = ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "N0CALL", SSID: uint8(i)}, fmt.Appendf(nil, "frame %d of %s", i, framing)).Encode()
			if err != nil {
				t.Fatal(err)
			}
		default:
			n := map[string]int{"ao40": 256, "ao40-short": 128, "ccsds-ldpc": 128}[framing]
			if n == 0 {
				n = 60
			}
			for range n {
				unit = append(unit, byte(r.Uint32()))
			}
			if strings.HasPrefix(framing, "ccsds-tc") {
				var err error
				c := frame.TCChannel{AnySpacecraft: true, FECF: true}
				if unit, err = c.Append(nil, &frame.TCFrame{Bypass: true, Data: unit}); err != nil {
					t.Fatal(err)
				}
			}
			if framing == "ccsds-uncoded" || framing == "ccsds-convolutional" {
				unit = send.FECF(unit)
			}
		}
		out = append(out, unit)
	}
	return out
}

// pairs are all customary combinations and those that only need asking for.
func pairs() []receive.Combination {
	all := receive.Combinations()
	for _, modem := range []string{"afsk1200", "g3ruh9600", "bpsk1200", "dbpsk1200-manchester", "bpsk9600-manchester", "gmsk4800", "qpsk9600", "oqpsk9600"} {
		for _, framing := range receive.Framings() {
			c := receive.Combination{Modem: modem, Framing: framing}
			// Two bits a symbol go with what spacecraft send so; in the long suite with all.
			if strings.Contains(modem, "qpsk") && !slices.Contains([]string{"ccsds-ldpc", "ccsds-concatenated", "ccsds-rs", "ax100"}, framing) &&
				os.Getenv("SPACECHAIN_LONG") == "" {
				continue
			}
			if !slices.ContainsFunc(all, func(o receive.Combination) bool { return o.Modem == modem && o.Framing == framing }) {
				all = append(all, c)
			}
		}
	}
	return all
}

// What is sent comes back through noise: every combination, as audio.
func TestRoundTripsAudio(t *testing.T) {
	for _, c := range pairs() {
		if strings.Contains(c.Modem, "qpsk") && c.Framing != "ccsds-ldpc" && os.Getenv("SPACECHAIN_LONG") == "" {
			continue // as I/Q samples, which cost less
		}
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			rate := 48000
			if c.Modem == "bpsk9600-manchester" {
				rate = 96000
			}
			rng := rand.New(rand.NewPCG(1, 2))
			frames := framesFor(t, c.Framing, rng)
			s, err := send.New(c.Modem, c.Framing, send.Options{Rate: float64(rate)})
			if err != nil {
				t.Fatal(err)
			}
			x := make([]float32, rate/5)
			for _, f := range frames { // each keyed on its own
				y, err := s.Audio(f)
				if err != nil {
					t.Fatal(err)
				}
				x = append(append(x, y...), make([]float32, rate/5)...)
			}
			y, err := s.Audio(frames...) // and all in one
			if err != nil {
				t.Fatal(err)
			}
			x = append(append(x, y...), make([]float32, rate/2)...)
			for i := range x {
				x[i] += float32(0.03 * rng.NormFloat64())
			}
			r, err := c.Open(float64(rate), tnc.Quick)
			if err != nil {
				t.Fatal(err)
			}
			var got []receive.Frame
			for block := range slices.Chunk(x, 4096) {
				got = r.Process(got, block)
			}
			compare(t, c, r.Flush(got), frames)
		})
	}
}

// compare wants every frame twice, and nothing else.
func compare(t *testing.T, c receive.Combination, got []receive.Frame, frames [][]byte) {
	t.Helper()
	for i, f := range frames {
		n := 0
		for _, g := range got {
			if bytes.Equal(g.Data, f) {
				n++
			}
		}
		if n != 2 {
			t.Errorf("frame %d came %d times of 2", i, n)
		}
	}
	for _, g := range got {
		if g.Modem != c.Modem || g.Framing != c.Framing || !slices.ContainsFunc(frames, func(f []byte) bool { return bytes.Equal(f, g.Data) }) {
			t.Errorf("came besides: %s/%s %x", g.Modem, g.Framing, g.Data)
		}
	}
}

// The same as I/Q samples with noise, off their place by what tuning says and a search finds.
func TestRoundTripsIQ(t *testing.T) {
	all := receive.Combinations()
	for _, c := range pairs() {
		if strings.Contains(c.Modem, "qpsk") || c.Modem == "bpsk1200" && strings.HasPrefix(c.Framing, "ccsds") {
			all = append(all, c)
		}
	}
	for _, c := range all {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			const rate = 96000
			rng := rand.New(rand.NewPCG(3, 4))
			frames := framesFor(t, c.Framing, rng)
			s, err := send.New(c.Modem, c.Framing, send.Options{Rate: rate})
			if err != nil {
				t.Fatal(err)
			}
			x := make([]complex64, rate/5)
			for range 2 {
				y, err := s.IQ(frames...)
				if err != nil {
					t.Fatal(err)
				}
				x = append(append(x, y...), make([]complex64, rate/2)...)
			}
			const place, off = 9000.0, 1700.0
			for i := range x {
				sin, cos := math.Sincos(2 * math.Pi * (place + off) * float64(i) / rate)
				x[i] = x[i]*complex(float32(cos), float32(sin)) + complex(float32(0.03*rng.NormFloat64()), float32(0.03*rng.NormFloat64()))
			}
			r, refused := receive.OpenIQ([]receive.Combination{c}, receive.Options{Rate: rate, Effort: tnc.Quick}, receive.Tuning{Offset: place, Search: 2000})
			if len(refused) > 0 {
				t.Fatal(refused)
			}
			var got []receive.Frame
			for block := range slices.Chunk(x, 4096) {
				got = r.Process(got, block)
			}
			compare(t, c, r.Flush(got), frames)
		})
	}
}

func TestWhatCannotBeSent(t *testing.T) {
	const rate = 48000
	for _, c := range []struct {
		modem, framing string
		opt            send.Options
		frame          []byte
		want           string
	}{
		{"morse", "ax25", send.Options{Rate: rate}, nil, "no modem"},
		{"afsk1200", "telex", send.Options{Rate: rate}, nil, "no framing"},
		{"afsk1200", "ax25", send.Options{}, nil, "give a sample rate"},
		{"afsk1200", "ax25", send.Options{Rate: rate, Amplitude: 2}, nil, "goes up to 1"},
		{"afsk1200", "ax25", send.Options{Rate: rate, Lead: 1e6}, nil, "lead"},
		{"afsk1200", "fx25", send.Options{Rate: rate, CheckOctets: 5}, nil, "16, 32 or 64"},
		{"bpsk9600", "ax25", send.Options{Rate: 22050}, nil, "at least 36960"},
		{"bpsk9600", "ccsds-uncoded", send.Options{Rate: rate}, make([]byte, 20), "FECF"},
		{"bpsk9600", "ccsds-rs", send.Options{Rate: rate}, make([]byte, 1009), "no interleaving"},
		{"bpsk9600", "ccsds-ldpc", send.Options{Rate: rate}, make([]byte, 60), "128, 512 or 2048"},
		{"dbpsk1200", "ao40", send.Options{Rate: rate}, make([]byte, 257), "has 256"},
		{"fsk9600", "ax100", send.Options{Rate: rate}, make([]byte, 300), ""},
		{"afsk1200", "fx25", send.Options{Rate: rate}, make([]byte, 300), "too long"},
	} {
		s, err := send.New(c.modem, c.framing, c.opt)
		if err == nil {
			_, err = s.Audio(c.frame)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s/%s: %v, want %q", c.modem, c.framing, err, c.want)
		}
	}
}
