package fx25_test

import (
	"bytes"
	"errors"
	"math/bits"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding"
	"spacechain/link/coding/fx25"
)

func TestTagsAreFarApart(t *testing.T) {
	for i, a := range fx25.Tags {
		for _, b := range fx25.Tags[:i] {
			if d := bits.OnesCount64(a.Value ^ b.Value); d < 24 {
				t.Errorf("tags %x and %x are %d bits apart", a.Number, b.Number, d)
			}
		}
	}
}

// The frame stands in the word as any AX.25 receiver hears it: a flag, then the frame
// least significant bit first, nothing stuffed before the fifth one in a row.
func TestWordOnTheAir(t *testing.T) {
	got, err := fx25.Encode(nil, []byte{0x01, 0x02, 0xff}, 16)
	if err != nil || len(got) != 64+8*48 {
		t.Fatalf("%d bits, %v", len(got), err)
	}
	octets := coding.PackLSB(nil, got)
	want := []byte{0xee, 0x60, 0x96, 0x36, 0xb4, 0x6e, 0x05, 0x8f, 0x7e, 0x01, 0x02, 0xdf}
	if !bytes.HasPrefix(octets, want) {
		t.Errorf("% x, want % x ...", octets[:12], want)
	}
}

func TestWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parity := rapid.SampledFrom([]int{16, 32, 64}).Draw(t, "parity")
		frame := rapid.SliceOfN(rapid.Byte(), 3, 140).Draw(t, "frame")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		sent, err := fx25.Encode(nil, frame, parity)
		if err != nil {
			t.Fatal(err)
		}
		soft := make([]int8, r.IntN(300), 4000)
		for i := range soft {
			soft[i] = int8(r.IntN(255) - 127)
		}
		at := len(soft)
		soft = coding.Soften(soft, sent, 80)
		for _, i := range r.Perm(64)[:5] {
			soft[at+i] = -soft[at+i]
		}
		// As many wrong octets as the code corrects; or half as many again where their
		// bits are known to be weak.
		n, octets := parity/2, (len(sent)-64)/8
		known := rapid.Bool().Draw(t, "known")
		if known {
			n = parity * 3 / 4
		}
		for _, o := range r.Perm(octets)[:min(n, octets)] {
			for b := range 8 {
				i := at + 64 + 8*o + b
				if soft[i] = -soft[i]; known {
					soft[i] /= 20
				}
			}
		}
		var got []fx25.Frame
		rx := fx25.NewReceiver()
		for len(soft) > 0 {
			n := min(len(soft), 1+r.IntN(500))
			got = rx.Receive(got, soft[:n])
			soft = soft[n:]
		}
		if len(got) != 1 || !bytes.Equal(got[0].AX25, frame) || got[0].Tag.Parity != parity || rx.Busy() {
			t.Fatalf("%d frames: %+v", len(got), got)
		}
	})
}

func TestTooLong(t *testing.T) {
	for _, parity := range []int{16, 32, 64, 8} {
		if _, err := fx25.Encode(nil, make([]byte, 240), parity); !errors.Is(err, fx25.ErrTooLong) {
			t.Errorf("240 octets with %d check octets: %v", parity, err)
		}
	}
}

func TestNoiseGivesNoFrame(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	soft := make([]int8, 2_000_000)
	for i := range soft {
		soft[i] = int8(r.IntN(255) - 127)
	}
	if got := fx25.NewReceiver().Receive(nil, soft); len(got) > 0 {
		t.Errorf("%d frames in noise", len(got))
	}
}

func FuzzReceive(f *testing.F) {
	sent, err := fx25.Encode(nil, []byte("an AX.25 frame"), 16)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(coding.PackLSB(nil, sent))
	f.Add(append([]byte{0x7e, 0x7e}, coding.PackLSB(nil, sent)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, fr := range fx25.NewReceiver().Receive(nil, coding.Soften(nil, coding.UnpackLSB(nil, data), 40)) {
			if len(fr.AX25) == 0 || len(fr.AX25) > len(data) {
				t.Fatalf("%d octets of %d", len(fr.AX25), len(data))
			}
		}
	})
}
