package pos

import (
	"math/big"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"spacechain/ledger/header"
	"spacechain/ledger/params"
)

// TestKernelHash writes the hashed bytes out.
func TestKernelHash(t *testing.T) {
	k := Kernel{
		Modifier: [32]byte{0: 0xaa, 31: 0xbb}, FromTime: 0x01020304,
		OutPoint: btcwire.OutPoint{Hash: chainhash.Hash{0: 0xcc, 31: 0xdd}, Index: 0x05060708},
	}
	b := make([]byte, 76)
	b[0], b[31] = 0xaa, 0xbb
	copy(b[32:], "\x04\x03\x02\x01")
	b[36], b[67] = 0xcc, 0xdd
	copy(b[68:], "\x08\x07\x06\x05")
	copy(b[72:], "\x0c\x0b\x0a\x09")
	if got := k.Hash(0x090a0b0c); got != chainhash.DoubleHashH(b) {
		t.Fatalf("got %x", got)
	}
}

// TestKernelMeets holds the two rules against their definition in big integers, for
// targets of all sizes, so that the product of the older rule wraps often.
func TestKernelMeets(t *testing.T) {
	net := params.Main()
	wrap := new(big.Int).Lsh(big.NewInt(1), 256)
	seen := map[bool]int{}
	wrapped := 0
	rapid.Check(t, func(t *rapid.T) {
		k := Kernel{Value: rapid.Int64Range(1, params.MaxMoney).Draw(t, "value"), FromTime: 5}
		k.Modifier[0] = rapid.Byte().Draw(t, "modifier")
		size := rapid.Uint32Range(20, 32).Draw(t, "size")
		bits := size<<24 | rapid.Uint32Range(0x8000, 0x7fffff).Draw(t, "digits")
		height := rapid.SampledFrom([]int32{844_999, 845_000}).Draw(t, "height")
		hash, ok := k.Meets(net, height, bits, 100)
		if hash != k.Hash(100) {
			t.Fatal("another hash")
		}
		target, _, _ := header.Target(bits)
		n := header.Number(hash)
		want, value := target.ToBig(), big.NewInt(k.Value)
		number := n.ToBig()
		if height < 845_000 {
			want.Mul(want, value)
			if want.Cmp(wrap) >= 0 {
				wrapped++
			}
			want.Mod(want, wrap)
		} else {
			number.Div(number, value)
		}
		if ok != (number.Cmp(want) <= 0) {
			t.Fatalf("%x against %x times %d: %v", number, want, k.Value, ok)
		}
		seen[ok]++
	})
	if seen[true] == 0 || seen[false] == 0 || wrapped == 0 {
		t.Errorf("met %d, missed %d, wrapped %d", seen[true], seen[false], wrapped)
	}
}

// TestKernelEdges: 2^255 times 2 wraps to 0 by the old rule, which nothing meets; by the
// new one such a coin always wins.
func TestKernelEdges(t *testing.T) {
	net := params.Main()
	k := Kernel{Value: 2, FromTime: 10}
	const half = 0x21008000 // 2^255
	if target, _, _ := header.Target(half); target.BitLen() != 256 {
		t.Fatalf("target of %d bits", target.BitLen())
	}
	if _, ok := k.Meets(net, 844_999, half, 10); ok {
		t.Error("a product that wraps to 0 was met")
	}
	if _, ok := k.Meets(net, 845_000, half, 10); !ok {
		t.Error("without the product the coin should win")
	}
	if hash, ok := k.Meets(net, 845_000, half, 9); ok || hash != (chainhash.Hash{}) {
		t.Error("a time before that of the coin was taken")
	}
	for _, height := range []int32{844_999, 845_000} {
		k.Value = 0
		if _, ok := k.Meets(net, height, half, 10); ok {
			t.Errorf("a coin without value won at %d", height)
		}
	}
}
