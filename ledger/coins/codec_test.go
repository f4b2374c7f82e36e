package coins

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spacechain/ledger/params"
	"spacechain/ledger/script"
)

func anyScript(kind int) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		data := rapid.SliceOfN(rapid.Byte(), 20, 33).Draw(t, "data")
		switch kind {
		case kindKeyHash, kindScriptHash:
			return expand(kind, data[:20])
		case kindKeyEven, kindKeyOdd:
			return expand(kind, append(data, make([]byte, 12)...)[:32])
		}
		s := rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "script")
		if script.IsUnspendable(s) {
			s[0]++
		}
		return s
	})
}

func anyCoin() *rapid.Generator[Coin] {
	return rapid.Custom(func(t *rapid.T) Coin {
		c := Coin{
			Value:  rapid.OneOf(rapid.Int64Range(0, params.MaxMoney), rapid.Just(int64(params.MaxMoney)), rapid.Just(int64(2*params.Coin))).Draw(t, "value"),
			Height: rapid.Int32Range(0, maxHeight).Draw(t, "height"),
			Script: anyScript(rapid.IntRange(0, kindRaw).Draw(t, "kind")).Draw(t, "s"),
		}
		switch rapid.IntRange(0, 2).Draw(t, "made by") {
		case 1:
			c.CoinBase = true
		case 2:
			c.CoinStake = true
		}
		return c
	})
}

func equal(a, b Coin) bool {
	return a.Value == b.Value && a.Height == b.Height && a.CoinBase == b.CoinBase && a.CoinStake == b.CoinStake &&
		bytes.Equal(a.Script, b.Script)
}

func TestCoinComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCoin().Draw(t, "coin")
		b := c.Append([]byte{7})
		got, rest, err := Decode(append(b, 9)[1:])
		if err != nil || !equal(got, c) || len(rest) != 1 {
			t.Fatalf("%+v came back as %+v, %d bytes left, %v", c, got, len(rest), err)
		}
		for i := 1; i < len(b); i++ {
			if _, _, err := Decode(b[1:i]); err == nil {
				t.Fatalf("decoded %d of %d bytes", i-1, len(b)-1)
			}
		}
	})
}

// The numbers are those of Bitcoin Core's compress_tests.cpp.
func TestAmountCodes(t *testing.T) {
	for _, c := range []struct{ amount, code int64 }{
		{0, 0}, {1, 1}, {1000000, 7}, {params.Coin, 9}, {50 * params.Coin, 50}, {21000000 * params.Coin, 21000000},
	} {
		if got := compressAmount(uint64(c.amount)); got != uint64(c.code) {
			t.Errorf("code of %d is %d, want %d", c.amount, got, c.code)
		}
		if got, ok := decompressAmount(uint64(c.code)); !ok || got != c.amount {
			t.Errorf("amount of code %d is %d %v, want %d", c.code, got, ok, c.amount)
		}
	}
	if _, ok := decompressAmount(math.MaxUint64); ok {
		t.Error("an amount beyond 64 bits was decoded")
	}
}

func TestStoredForm(t *testing.T) {
	key := bytes.Repeat([]byte{0xab}, 20)
	for _, c := range []struct {
		coin Coin
		want string
	}{
		{Coin{Value: 50 * params.Coin, Script: expand(kindKeyHash, key), Height: 1, CoinBase: true}, "05" + "32" + "00" + hex.EncodeToString(key)},
		{Coin{Height: 5000, CoinStake: true}, "80" + "9b22" + "00" + "04"},
		{Coin{Value: 1, Script: []byte{0x51}, Height: 0}, "00" + "01" + "05" + "51"},
	} {
		if got := hex.EncodeToString(c.coin.Append(nil)); got != c.want {
			t.Errorf("%+v is stored as %s, want %s", c.coin, got, c.want)
		}
	}
	for name, b := range map[string]string{
		"long form of a short script": "040104" + "19" + "76a914" + hex.EncodeToString(key) + "88ac",
		"P2PKH as a raw script":       "04011d" + "76a914" + hex.EncodeToString(key) + "88ac",
		"coinbase and coinstake":      "070104",
		"OP_RETURN":                   "0401056a",
		"height of 31 bits":           "8efefefefe00" + "0104",
		"script too long":             "0401ffffff7f",
		"number too long":             "ffffffffffffffffffffff7f",
	} {
		raw, err := hex.DecodeString(b)
		if err != nil {
			t.Fatal(err)
		}
		if c, rest, err := Decode(raw); err == nil && len(rest) == 0 {
			t.Errorf("%s: decoded as %+v", name, c)
		}
	}
}

func TestKeyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := outPoint().Draw(t, "a"), outPoint().Draw(t, "b")
		want := bytes.Compare(a.Hash[:], b.Hash[:])
		if want == 0 {
			want = int(int64(a.Index) - int64(b.Index))
		}
		if got := slices.Compare(Key(a), Key(b)); (got < 0) != (want < 0) || (got > 0) != (want > 0) {
			t.Fatalf("keys of %v and %v compare %d", a, b, got)
		}
		if back, err := ParseKey(Key(a)); err != nil || back != a {
			t.Fatalf("key of %v parses to %v, %v", a, back, err)
		}
	})
	if _, err := ParseKey([]byte("c")); err == nil {
		t.Error("a short key was parsed")
	}
}

// Whatever is decoded is encoded to the same bytes.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"0532" + "00" + "abababababababababababababababababababab", "809b220004", "00010551", "0401ff", "ffffffffffffffffffff7f"} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, rest, err := Decode(b)
		if err != nil {
			return
		}
		if again := c.Append(nil); !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Fatalf("%x decodes to %+v, which is stored as %x", b, c, again)
		}
		if c.Value < 0 || c.Height < 0 || script.IsUnspendable(c.Script) {
			t.Fatalf("%x decodes to %+v", b, c)
		}
	})
}
