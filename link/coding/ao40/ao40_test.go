package ao40_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding"
	"spacechain/link/coding/ao40"
)

var formats = []ao40.Format{ao40.Long, ao40.Short}

// The sync vector that the AO-40 documents print, spread over the frame; its bits are
// known from public decoders too.
func TestSyncVector(t *testing.T) {
	want := "11111110000111011110010110010010000001000100110001011101011011000"
	frame, err := ao40.Long.Encode(nil, make([]byte, 256))
	if err != nil || len(frame) != 5200 {
		t.Fatalf("%d bits, %v", len(frame), err)
	}
	for i := range want {
		if frame[80*i] != want[i]-'0' {
			t.Fatalf("sync bit %d is %d", i, frame[80*i])
		}
	}
}

func TestFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(formats).Draw(t, "format")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		data := make([]byte, f.DataSize())
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		bits, err := f.Encode(nil, data)
		if err != nil {
			t.Fatal(err)
		}
		soft := coding.Soften(nil, bits, 70)
		// A fade over a tenth of the frame and one bit of 30 wrong besides.
		at := r.IntN(len(soft) * 9 / 10)
		clear(soft[at : at+len(soft)/10])
		for range len(soft) / 30 {
			i := r.IntN(len(soft))
			soft[i] = -soft[i]
		}
		got, _, err := f.Decode(nil, soft)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%v: %v", f, err)
		}
	})
}

func TestStream(t *testing.T) {
	for _, f := range formats {
		for _, inverted := range []bool{false, true} {
			r := rand.New(rand.NewPCG(5, 6))
			var sent [][]byte
			soft := make([]int8, 1234)
			for i := range soft {
				soft[i] = int8(r.IntN(255) - 127)
			}
			for n := range 3 {
				data := make([]byte, f.DataSize())
				for i := range data {
					data[i] = byte(r.Uint32())
				}
				sent = append(sent, data)
				bits, err := f.Encode(nil, data)
				if err != nil {
					t.Fatal(err)
				}
				soft = coding.Soften(soft, bits, 50)
				soft = append(soft, make([]int8, 97*n)...)
			}
			for i := range soft {
				soft[i] = int8(max(-127, min(127, float64(soft[i])+25*r.NormFloat64())))
				if inverted {
					soft[i] = -soft[i]
				}
			}
			rx := ao40.NewReceiver(f)
			var got []ao40.Frame
			for len(soft) > 0 {
				n := min(len(soft), 1+r.IntN(3000))
				got = rx.Receive(got, soft[:n])
				soft = soft[n:]
			}
			if len(got) != len(sent) {
				t.Fatalf("%v: %d frames of %d", f, len(got), len(sent))
			}
			for i := range got {
				if !bytes.Equal(got[i].Data, sent[i]) || got[i].Inverted != inverted {
					t.Errorf("%v: frame %d differs, inverted %v", f, i, got[i].Inverted)
				}
			}
		}
	}
}

func TestNoiseGivesNoFrame(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	soft := make([]int8, 400_000)
	for i := range soft {
		soft[i] = int8(r.IntN(255) - 127)
	}
	for _, f := range formats {
		if got := ao40.NewReceiver(f).Receive(nil, soft); len(got) > 0 {
			t.Errorf("%v: %d frames in noise", f, len(got))
		}
	}
}

func TestRefusals(t *testing.T) {
	if _, err := ao40.Long.Encode(nil, make([]byte, 255)); err == nil {
		t.Error("255 octets were encoded")
	}
	if _, _, err := ao40.Long.Decode(nil, make([]int8, 5199)); err == nil {
		t.Error("5199 bits were decoded")
	}
	r := rand.New(rand.NewPCG(9, 9))
	soft := make([]int8, 5200)
	for i := range soft {
		soft[i] = int8(r.IntN(255) - 127)
	}
	if _, _, err := ao40.Long.Decode(nil, soft); !errors.Is(err, ao40.ErrUncorrectable) {
		t.Errorf("noise: %v", err)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte{1, 255, 3}, false)
	f.Add(bytes.Repeat([]byte{127}, 99), true)
	f.Fuzz(func(t *testing.T, data []byte, short bool) {
		format := ao40.Long
		if short {
			format = ao40.Short
		}
		soft := make([]int8, format.Bits()+len(data))
		for i := range soft {
			if len(data) > 0 {
				soft[i] = int8(data[i*7%len(data)])
			}
		}
		for _, fr := range ao40.NewReceiver(format).Receive(nil, soft) {
			if len(fr.Data) != format.DataSize() {
				t.Fatalf("%d octets", len(fr.Data))
			}
		}
	})
}
