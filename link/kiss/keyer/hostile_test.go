package keyer

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"spacechain/link/kiss"
)

func TestHostileLongFrames(t *testing.T) {
	k, err := New(Options{Modem: "afsk1200", Framing: "ax25", Rate: 48000, Rand: rand.New(rand.NewPCG(1, 2)), FullDuplex: true})
	if err != nil {
		t.Fatal(err)
	}
	f := bytes.Repeat([]byte{0xff}, kiss.MaxData)
	copy(f, []byte{0x86, 0xa2, 0x40, 0x40, 0x40, 0x40, 0x60, 0x9c, 0x60, 0x86, 0x82, 0x98, 0x98, 0x61, 0x03, 0xf0})
	for range 16 {
		if err := k.Set(kiss.Frame{Command: kiss.Data, Data: f}); err != nil {
			t.Fatal(err)
		}
	}
	k.Process(nil, nil, make([]float32, 480))
	if len(k.air) > 70*48000 {
		t.Errorf("%.0f s on the air without a break", float64(len(k.air))/48000)
	}
}
