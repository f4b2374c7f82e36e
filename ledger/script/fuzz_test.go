package script

import (
	"math"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"
)

// FuzzContract reads any bytes as a contract's output.
func FuzzContract(f *testing.F) {
	for _, text := range []string{
		version4 + " " + limit + " " + price + " " + code + " CREATE",
		version4 + " " + limit + " " + price + " " + code + " " + address + " CALL",
		"0x01 0x01 0x14 0x0102030405060708090a0b0c0d0e0f1011121314 0x03 0x020102 SENDER " + version4 + " " + limit + " " + price + " DUP CREATE",
		"4 " + limit + " " + price + " " + code + " CREATE 0x4c",
	} {
		f.Add(assemble(f, text), true)
	}
	f.Fuzz(func(t *testing.T, script []byte, sender bool) {
		flags := ExecByteCode
		if sender {
			flags |= OutputSender
		}
		kind, solutions := Solve(script, true, false)
		if pool, _ := Solve(script, false, false); pool != NonStandard && pool != kind {
			t.Fatalf("%s in a pool, %s in a block", pool, kind)
		}
		for _, s := range solutions {
			if len(s) > len(script)+30 {
				t.Fatalf("a solution of %d bytes", len(s))
			}
		}
		if c, ok := ParseContract(script, flags); ok {
			if len(c.Data) == 0 || c.GasPrice != 0 && c.GasLimit > math.MaxInt64/c.GasPrice || !IsContract(script) {
				t.Fatalf("%+v", c)
			}
		}
		outs := []*btcwire.TxOut{{PkScript: script}, {PkScript: script}}
		if contracts, ok := Contracts(outs, flags); ok && IsContract(script) != (len(contracts) == 2) {
			t.Fatalf("%d contracts", len(contracts))
		}
		if _, _, ok := SenderOf(script); ok && !HasSenderData(script) {
			t.Fatal("sender without data")
		}
		tx, spent := spending(nil, []byte{op1}, nil, 0)
		tx.TxOut = outs
		_ = NewChecker(tx, spent).Sender(0)
		if bare := withoutSenderSig(script); len(bare) > len(script)+1 {
			t.Fatalf("%d bytes without signature, %d with", len(bare), len(script))
		}
		SigOps(script, true)
		KeyHash(script)
	})
}

// FuzzVerify runs any scripts under any rules: it never panics, and more rules never let
// pass what fewer stopped.
func FuzzVerify(f *testing.F) {
	f.Add([]byte{op1}, []byte{op1, opEqual}, []byte{}, uint32(blockFlags))
	f.Add([]byte{OpSpend}, assemble(f, version4+" "+limit+" "+price+" "+code+" CREATE"), []byte{}, uint32(blockFlags))
	f.Add([]byte{}, append([]byte{op1, 32}, make([]byte, 32)...), []byte{1, 2, 3}, uint32(allFlags))
	f.Add([]byte{1, op1}, assemble(f, "HASH160 0x14 0x0000000000000000000000000000000000000000 EQUAL"), []byte{0xc0}, uint32(blockFlags))
	f.Fuzz(func(t *testing.T, scriptSig, pkScript, item []byte, rules uint32) {
		flags := fill(Flags(rules) & (allFlags | OutputSender))
		var witness [][]byte
		if len(item) > 0 {
			witness = [][]byte{item, pkScript, item}
		}
		tx, spent := spending(scriptSig, pkScript, witness, 1)
		err := Verify(tx, 0, spent, flags)
		own := NewChecker(tx, spent).own(0, flags)
		if (err == nil) != (own == nil) {
			t.Fatalf("%s, ours alone %s", name(err), name(own))
		}
		if fewer := Verify(tx, 0, spent, VerifyNone|flags&OutputSender); err == nil && fewer != nil {
			t.Fatalf("holds, and without rules %s", name(fewer))
		}
		if _, stack := SenderSigStack(scriptSig); stack && len(scriptSig) > MaxScriptSize {
			t.Fatal("too large a script")
		}
	})
}

// FuzzAddress reads any text as an address and as a private key.
func FuzzAddress(f *testing.F) {
	f.Add("SPjFhMvLDmZpVYv983VfYbgkexTdZzowRn")
	f.Add("VJU7k1EbAUjEyZELHFKcdGLQXcPurE1HRskXYpJbRTmBXEowLcQG")
	f.Add("spc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq")
	n := network(f, "spacechain")
	f.Fuzz(func(t *testing.T, text string) {
		if script, err := DecodeAddress(n, text); err == nil {
			again, ok := EncodeAddress(n, script)
			back, err := DecodeAddress(n, again)
			if !ok || err != nil || string(back) != string(script) {
				t.Fatalf("%q pays to %x, whose address is %q", text, script, again)
			}
		}
		if key, compressed, err := DecodeWIF(n, text); err == nil && EncodeWIF(n, key, compressed) != text {
			t.Fatalf("%q comes back changed", text)
		}
	})
}
