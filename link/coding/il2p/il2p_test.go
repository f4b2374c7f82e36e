package il2p_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding"
	"spacechain/link/coding/il2p"
)

// The examples of the specification, draft 0.6, with CRC and without sync word: an S
// frame, a UI frame and an I frame.
var examples = []struct{ ax25, il2p string }{
	{"968264888aaee4969668908a946f81", "26574d57f1d2a8f06af27bad23bdc07f001d2b"},
	{"86a24040404060969668908a94ff03f0", "6aea9cc20111fc141fda6ef25391bd476c5454"},
	{"968264888aaee4969668908a9465b8cf303132333435363738",
		"26136d028cfefbe8aa942d6a3443353c699f0c755a38a17fa5dad8f6ea57373db12ab0de44a820d01d5a2b38"},
}

func TestExamplesOfTheSpecification(t *testing.T) {
	o := il2p.Options{CRC: true, ReservedFEC: true}
	for _, e := range examples {
		frame, err := hex.DecodeString(e.ax25)
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Encode(nil, frame)
		if err != nil || hex.EncodeToString(got) != e.il2p {
			t.Errorf("%s: %x, %v, want %s", e.ax25, got, err, e.il2p)
		}
		bits, err := o.EncodeBits(nil, frame)
		if err != nil {
			t.Fatal(err)
		}
		back := il2p.NewReceiver(o).Receive(nil, coding.Soften(nil, bits, 50))
		if len(back) != 1 || !bytes.Equal(back[0].AX25, frame) || back[0].Corrected != 0 {
			t.Errorf("%s came back as %+v", e.ax25, back)
		}
	}
}

// An example of draft 0.4 whose payload of nine octets has two check octets, as Dire
// Wolf still sends it: the bit is clear there, too.
func TestWeakCodeOfEarlierDrafts(t *testing.T) {
	octets, err := hex.DecodeString("26136d028cfefbe8aa942d6a3443353c699f0c755a38a17ff3fc")
	if err != nil {
		t.Fatal(err)
	}
	bits := coding.Unpack(nil, append([]byte{0xf1, 0x5e, 0x48}, octets...))
	bits = append(bits, make([]byte, 8*14)...) // as many as the strongest code has more
	got := il2p.NewReceiver(il2p.Options{}).Receive(nil, coding.Soften(nil, bits, 50))
	if len(got) != 1 || hex.EncodeToString(got[0].AX25) != examples[2].ax25 {
		t.Fatalf("%+v", got)
	}
}

// address gives an AX.25 address of a random call.
func address(r *rand.Rand, flags byte) []byte {
	a := make([]byte, 7)
	n := 3 + r.IntN(4)
	for i := range 6 {
		c := byte(' ')
		if i < n {
			c = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[r.IntN(36)]
		}
		a[i] = c << 1
	}
	a[6] = 0x60 | byte(r.IntN(16))<<1 | flags
	return a
}

// anyFrame makes AX.25 frames of all kinds, some that no short header can hold.
func anyFrame(r *rand.Rand, info int) []byte {
	command := byte(r.IntN(2)) << 7
	f := append(address(r, command), address(r, command^0x80|1)...)
	if r.IntN(6) == 0 { // a digipeater
		f[13] &^= 1
		f = append(f, address(r, 1)...)
	}
	poll := byte(r.IntN(2)) << 4
	pid := []byte{0xf0, 0xcf, 0xcc, 0x01, 0x20, 0x5a}[r.IntN(6)]
	data := make([]byte, info)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	switch r.IntN(4) {
	case 0:
		f = append(f, byte(r.IntN(8))<<5|poll|byte(r.IntN(8))<<1, pid)
	case 1:
		return append(f, byte(r.IntN(8))<<5|poll|byte(r.IntN(4))<<2|1)
	case 2:
		f = append(f, []byte{0x2f, 0x43, 0x0f, 0x63, 0x87, 0xaf, 0xe3, 0x6f}[r.IntN(8)]|poll)
	default:
		f = append(f, 0x03|poll, pid)
	}
	return append(f, data...)
}

func TestFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := il2p.Options{CRC: rapid.Bool().Draw(t, "crc"), ReservedFEC: rapid.Bool().Draw(t, "reserved")}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		inverted := rapid.Bool().Draw(t, "inverted")
		frame := anyFrame(r, rapid.IntRange(0, 900).Draw(t, "info"))
		bits, err := o.EncodeBits(nil, frame)
		if err != nil {
			t.Fatal(err)
		}
		var soft []int8
		for i := range r.IntN(200) {
			soft = append(soft, int8(i&1)*100-50)
		}
		at := len(soft)
		soft = coding.Soften(soft, bits, 60)
		soft[at+r.IntN(24)] *= -1
		// One octet of the header and eight of every word of the payload are wrong, one
		// bit of each digit of the CRC.
		octets := (len(bits) - 24) / 8
		body := octets - 15
		if o.CRC {
			body -= 4
			for i := range 4 {
				soft[at+24+8*(15+body+i)+1+r.IntN(7)] *= -1
			}
		}
		spoil := func(octet int) {
			for b := range 8 {
				soft[at+24+8*octet+b] *= -1
			}
		}
		spoil(r.IntN(15))
		if body > 0 {
			for _, i := range r.Perm(body)[:8] {
				spoil(15 + i)
			}
		}
		if inverted {
			for i := range soft {
				soft[i] = -soft[i]
			}
		}
		rx := il2p.NewReceiver(o)
		var got []il2p.Frame
		for len(soft) > 0 {
			n := min(len(soft), 1+r.IntN(700))
			got = rx.Receive(got, soft[:n])
			soft = soft[n:]
		}
		if len(got) != 1 || !bytes.Equal(got[0].AX25, frame) || got[0].Inverted != inverted || rx.Busy() {
			t.Fatalf("%x came back as %+v", frame, got)
		}
	})
}

func TestWrongCRCIsRefused(t *testing.T) {
	o := il2p.Options{CRC: true}
	bits, err := o.EncodeBits(nil, anyFrame(rand.New(rand.NewPCG(1, 1)), 20))
	if err != nil {
		t.Fatal(err)
	}
	bits[len(bits)-1] ^= 1
	bits[len(bits)-2] ^= 1
	if got := il2p.NewReceiver(o).Receive(nil, coding.Soften(nil, bits, 50)); len(got) != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := (il2p.Options{}).Encode(nil, nil); err == nil {
		t.Error("an empty frame was encoded")
	}
	if _, err := (il2p.Options{}).Encode(nil, make([]byte, 1024)); !errors.Is(err, il2p.ErrTooLong) {
		t.Errorf("1024 octets: %v", err)
	}
}

func TestNoiseGivesNoFrame(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	soft := make([]int8, 3_000_000)
	for i := range soft {
		soft[i] = int8(r.IntN(255) - 127)
	}
	for _, o := range []il2p.Options{{}, {CRC: true}} {
		if got := il2p.NewReceiver(o).Receive(nil, soft); len(got) > 0 {
			t.Errorf("%+v: %d frames in noise", o, len(got))
		}
	}
}

func FuzzReceive(f *testing.F) {
	for _, e := range examples {
		b, err := hex.DecodeString("f15e48" + e.il2p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, true)
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, withCRC bool) {
		o := il2p.Options{CRC: withCRC}
		for _, fr := range il2p.NewReceiver(o).Receive(nil, coding.Soften(nil, coding.Unpack(nil, data), 40)) {
			if len(fr.AX25) == 0 || len(fr.AX25) > len(data)+16 {
				t.Fatalf("%d octets of %d", len(fr.AX25), len(data))
			}
			if _, err := o.Encode(nil, fr.AX25); err != nil {
				t.Fatalf("%x does not encode: %v", fr.AX25, err)
			}
		}
	})
}
