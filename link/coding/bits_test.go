package coding_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding"
)

func TestOrderOfBits(t *testing.T) {
	if got := coding.Unpack(nil, []byte{0xa1}); !bytes.Equal(got, []byte{1, 0, 1, 0, 0, 0, 0, 1}) {
		t.Errorf("0xa1 unpacks to %v", got)
	}
	if got := coding.UnpackLSB(nil, []byte{0xa1}); !bytes.Equal(got, []byte{1, 0, 0, 0, 0, 1, 0, 1}) {
		t.Errorf("0xa1 unpacks LSB first to %v", got)
	}
	if got := coding.Pack(nil, []byte{1, 1, 1}); !bytes.Equal(got, []byte{0xe0}) {
		t.Errorf("three ones pack to %x", got)
	}
	if got := coding.PackLSB(nil, []byte{1, 1, 1}); !bytes.Equal(got, []byte{7}) {
		t.Errorf("three ones pack LSB first to %x", got)
	}
	if got := coding.Harden(nil, []int8{-1, 0, 1, -128, 127}); !bytes.Equal(got, []byte{0, 0, 1, 0, 1}) {
		t.Errorf("hardened to %v", got)
	}
}

func TestPackUndoesUnpack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		octets := rapid.SliceOf(rapid.Byte()).Draw(t, "octets")
		bits := coding.Unpack(nil, octets)
		if got := coding.Pack(nil, bits); !bytes.Equal(got, octets) {
			t.Fatalf("%x became %x", octets, got)
		}
		if got := coding.PackLSB(nil, coding.UnpackLSB(nil, octets)); !bytes.Equal(got, octets) {
			t.Fatalf("LSB first: %x became %x", octets, got)
		}
		soft := coding.Soften(nil, bits, 100)
		if got := coding.PackSoft(nil, soft); !bytes.Equal(got, octets) {
			t.Fatalf("soft: %x became %x", octets, got)
		}
		if got := coding.Harden(nil, soft); !bytes.Equal(got, bits) {
			t.Fatalf("soft: %v became %v", bits, got)
		}
	})
}

func TestWeakest(t *testing.T) {
	soft := coding.Soften(nil, make([]byte, 40), 100)
	soft[3], soft[17], soft[30], soft[39] = 7, -2, 100, 7
	if got := coding.Weakest(soft, 5); !slices.Equal(got, []int{2, 0, 4, 1, 3}) {
		t.Errorf("weakest octets %v", got)
	}
}
