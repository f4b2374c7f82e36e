package header

import (
	"math/big"
	"testing"

	"github.com/holiman/uint256"
	"pgregory.net/rapid"
)

func TestTarget(t *testing.T) {
	// The cases of Bitcoin Core's arith_uint256_tests.cpp: bignum_SetCompact, with the
	// compact form of the result.
	for _, c := range []struct {
		bits               uint32
		target             string
		compact            uint32
		negative, overflow bool
	}{
		{0x00000000, "0", 0, false, false},
		{0x00123456, "0", 0, false, false},
		{0x01003456, "0", 0, false, false},
		{0x02000056, "0", 0, false, false},
		{0x03000000, "0", 0, false, false},
		{0x04000000, "0", 0, false, false},
		{0x00923456, "0", 0, false, false},
		{0x01803456, "0", 0, false, false},
		{0x02800056, "0", 0, false, false},
		{0x03800000, "0", 0, false, false},
		{0x04800000, "0", 0, false, false},
		{0x01123456, "12", 0x01120000, false, false},
		{0x01fedcba, "7e", 0x017e0000, true, false},
		{0x02123456, "1234", 0x02123400, false, false},
		{0x03123456, "123456", 0x03123456, false, false},
		{0x04123456, "12345600", 0x04123456, false, false},
		{0x04923456, "12345600", 0x04123456, true, false},
		{0x05009234, "92340000", 0x05009234, false, false},
		{0x20123456, "1234560000000000000000000000000000000000000000000000000000000000", 0x20123456, false, false},
		{0x21001234, "1234000000000000000000000000000000000000000000000000000000000000", 0x20123400, false, false},
		{0x22000012, "1200000000000000000000000000000000000000000000000000000000000000", 0x20120000, false, false},
		{0xff123456, "0", 0, false, true},
		{0x23000012, "0", 0, false, true},
		{0x22001234, "3400000000000000000000000000000000000000000000000000000000000000", 0x20340000, false, true},
	} {
		target, negative, overflow := Target(c.bits)
		want, _ := new(big.Int).SetString(c.target, 16)
		if target.ToBig().Cmp(want) != 0 || negative != c.negative || overflow != c.overflow {
			t.Errorf("Target(%08x) = %x, %v, %v; want %s, %v, %v", c.bits, &target, negative, overflow, c.target, c.negative, c.overflow)
		}
		if got := Compact(&target); got != c.compact {
			t.Errorf("Compact(Target(%08x)) = %08x, want %08x", c.bits, got, c.compact)
		}
	}
	// A leading byte above 0x7f would read as a sign: the digits move on.
	if got := Compact(uint256.NewInt(0x80)); got != 0x02008000 {
		t.Errorf("Compact(0x80) = %08x, want 02008000", got)
	}
}

// TestTargetAgainstBig holds the compact form against its definition in big integers:
// digits times 256 to the length less 3.
func TestTargetAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint32().Draw(t, "bits")
		size, word := int64(bits>>24), int64(bits&0x7fffff)
		want := big.NewInt(word)
		if size < 3 {
			want.Rsh(want, uint(8*(3-size)))
		} else {
			want.Lsh(want, uint(8*(size-3)))
		}
		zero := want.Sign() == 0
		wrapped := new(big.Int).Mod(want, new(big.Int).Lsh(big.NewInt(1), 256))
		target, negative, overflow := Target(bits)
		if target.ToBig().Cmp(wrapped) != 0 {
			t.Fatalf("Target(%08x) = %x, want %x", bits, &target, wrapped)
		}
		if overflow != (want.BitLen() > 256) {
			t.Fatalf("Target(%08x) overflow %v for %d bits", bits, overflow, want.BitLen())
		}
		if negative != (!zero && bits&0x800000 != 0) {
			t.Fatalf("Target(%08x) negative %v", bits, negative)
		}
		// What is stored compact comes back: digits are only ever cut off.
		again, _, _ := Target(Compact(&target))
		if again.Gt(&target) || Compact(&again) != Compact(&target) {
			t.Fatalf("%x became %x", &target, &again)
		}
	})
}

func TestWork(t *testing.T) {
	for _, c := range []struct {
		bits uint32
		work uint64
	}{
		{0x1d00ffff, 0x100010001}, // Bitcoin's first target
		{0x1f00ffff, 0x10001},     // the first of Qtum's main network
		{0x207fffff, 2},           // of regtest
		{0x2100ffff, 1},           // 0xffff at the very top
		{0x1d80ffff, 0},           // negative
		{0x00000001, 0},           // zero
		{0xff123456, 0},           // too large
	} {
		if w := Work(c.bits); !w.Eq(uint256.NewInt(c.work)) {
			t.Errorf("Work(%08x) = %v, want %#x", c.bits, &w, c.work)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint32().Draw(t, "bits")
		target, negative, overflow := Target(bits)
		w := Work(bits)
		if negative || overflow || target.IsZero() {
			if !w.IsZero() {
				t.Fatalf("Work(%08x) = %v of no target", bits, &w)
			}
			return
		}
		want := new(big.Int).Lsh(big.NewInt(1), 256)
		want.Div(want, new(big.Int).Add(target.ToBig(), big.NewInt(1)))
		if w.ToBig().Cmp(want) != 0 {
			t.Fatalf("Work(%08x) = %v, want %v", bits, &w, want)
		}
	})
}

func TestNumber(t *testing.T) {
	n := Number([32]byte{0: 1, 1: 2, 31: 0x80})
	want := uint256.MustFromHex("0x8000000000000000000000000000000000000000000000000000000000000201")
	if !n.Eq(want) {
		t.Fatalf("got %x", &n)
	}
}
