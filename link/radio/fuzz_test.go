package radio_test

import (
	"encoding/binary"
	"math"
	"testing"

	"spacechain/link/radio"
)

// FuzzReceiver gives receivers samples of any kind, not numbers among them: nothing panics, and
// what comes out has a length that the waveform can carry.
func FuzzReceiver(f *testing.F) {
	all := radio.All()
	for i, w := range all {
		tx, err := w.NewTransmitter()
		if err != nil {
			f.Fatal(err)
		}
		tx.Key(true)
		var b []byte
		for _, v := range tx.Samples(nil, 300) {
			b = append(b, byte(int8(60*real(v))), byte(int8(60*imag(v))))
		}
		f.Add(b, uint8(i), uint16(20))
	}
	hostile := []byte{}
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), math.MaxFloat32, -math.MaxFloat32, 1e-40} {
		hostile = binary.LittleEndian.AppendUint32(hostile, math.Float32bits(v))
	}
	f.Add(hostile, uint8(64), uint16(500))
	f.Fuzz(func(t *testing.T, data []byte, which uint8, repeat uint16) {
		w := all[int(which&63)%len(all)]
		rx, err := w.NewReceiver()
		if err != nil {
			t.Fatal(err)
		}
		var x []complex64
		if which >= 64 { // whole floats
			for ; len(data) >= 8; data = data[8:] {
				x = append(x, complex(math.Float32frombits(binary.LittleEndian.Uint32(data)), math.Float32frombits(binary.LittleEndian.Uint32(data[4:]))))
			}
		} else {
			for ; len(data) >= 2; data = data[2:] {
				x = append(x, complex(float32(int8(data[0]))/60, float32(int8(data[1]))/60))
			}
		}
		var got []radio.Frame
		for i := 0; i < int(repeat) && i*len(x) < 30000; i++ {
			got = rx.Receive(got, x)
		}
		got = rx.Flush(got)
		_, most := w.FrameLengths()
		for _, g := range got {
			if len(g.Data) == 0 || w.FrameSize > 0 && len(g.Data) != w.FrameSize || w.Framing != "TC" && len(g.Data) > most || len(g.Data) > 1<<16 {
				t.Fatalf("%s: frame of %d octets", w.Name, len(g.Data))
			}
		}
		rx.State()
	})
}
