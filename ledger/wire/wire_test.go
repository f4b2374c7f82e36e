package wire

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCompactSize(t *testing.T) {
	for _, c := range []struct {
		hex  string
		want int
		err  string
	}{
		{"00", 0, ""},
		{"fc", 252, ""},
		{"fdfd00", 253, ""},
		{"fdffff", 65535, ""},
		{"fe00000100", 65536, ""},
		{"fe00000002", MaxSize, ""},
		{"fe01000002", 0, "above"},
		{"ff0000000001000000", 0, "above"},
		{"ffffffffffffffffff", 0, "above"},
		{"fdfc00", 0, "shortest"},
		{"feffff0000", 0, "shortest"},
		{"ffffffffff00000000", 0, "shortest"},
		{"", 0, "ends early"},
		{"fd00", 0, "ends early"},
		{"fe000000", 0, "ends early"},
		{"ff00000000", 0, "ends early"},
	} {
		n, rest, err := ReadCompactSize(unhex(t, c.hex))
		switch {
		case c.err == "" && (err != nil || n != c.want || len(rest) != 0):
			t.Errorf("%s: %d, %v", c.hex, n, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: %d, %v, want an error with %q", c.hex, n, err, c.err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, MaxSize).Draw(t, "n")
		b := AppendCompactSize(nil, uint64(n))
		got, rest, err := ReadCompactSize(append(b, 7))
		if err != nil || got != n || len(rest) != 1 || len(b) != CompactSizeLen(uint64(n)) {
			t.Fatalf("%d: %d, %x, %v", n, got, rest, err)
		}
	})
}

// A transaction of one input and one output, its parts apart.
const (
	txVersion = "02000000"
	txIns     = "01" + "aa00000000000000000000000000000000000000000000000000000000000000" + "01000000" + "0151" + "ffffffff"
	txOuts    = "01" + "e803000000000000" + "0152"
	txWitness = "02" + "03010203" + "00"
	txLock    = "00000000"
)

func TestTransactionForms(t *testing.T) {
	for _, c := range []struct {
		name, hex, err string
	}{
		{"plain", txVersion + txIns + txOuts + txLock, ""},
		{"with witness", txVersion + "0001" + txIns + txOuts + txWitness + txLock, ""},
		{"no inputs, no outputs", txVersion + "00" + "00" + txLock, ""},
		{"superfluous witness", txVersion + "0001" + txIns + txOuts + "00" + txLock, "superfluous"},
		{"witness of no inputs", txVersion + "0001" + "00" + txOuts + txLock, "superfluous"},
		{"unknown flag", txVersion + "0002" + txIns + txOuts + txLock, "flags 0x2"},
		{"unknown flag beside witness", txVersion + "0003" + txIns + txOuts + txWitness + txLock, "flags 0x2"},
		{"something behind", txVersion + txIns + txOuts + txLock + "00", "1 bytes follow"},
		{"no lock time", txVersion + txIns + txOuts, "ends early"},
		{"long form of a count", txVersion + "fd0100" + txIns[2:] + txOuts + txLock, "shortest"},
		{"more inputs than bytes", txVersion + "fe00000002" + txIns[2:], "ends early"},
	} {
		raw := unhex(t, c.hex)
		tx, err := DecodeTx(raw)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want an error with %q", c.name, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := tx.Append(nil); !bytes.Equal(got, raw) {
			t.Errorf("%s: comes back as %x", c.name, got)
		}
	}
}

func TestTransactionHashesAndSizes(t *testing.T) {
	plain, err := DecodeTx(unhex(t, txVersion+txIns+txOuts+txLock))
	if err != nil {
		t.Fatal(err)
	}
	full, err := DecodeTx(unhex(t, txVersion+"0001"+txIns+txOuts+txWitness+txLock))
	if err != nil {
		t.Fatal(err)
	}
	if plain.ID() != full.ID() || plain.WitnessID() != plain.ID() || full.WitnessID() == full.ID() {
		t.Error("the witness is to count for the witness identifier alone")
	}
	if want := full.Msg().TxHash(); full.ID() != want {
		t.Errorf("identifier %s, want %s", full.ID(), want)
	}
	if want := full.Msg().WitnessHash(); full.WitnessID() != want {
		t.Errorf("witness identifier %s, want %s", full.WitnessID(), want)
	}
	base, total := full.Msg().SerializeSizeStripped(), full.Msg().SerializeSize()
	if full.BaseSize() != base || full.TotalSize() != total || full.Weight() != 3*base+total {
		t.Errorf("sizes %d, %d, weight %d, want %d, %d", full.BaseSize(), full.TotalSize(), full.Weight(), base, total)
	}
	if full.IsCoinBase() || full.IsCoinStake() {
		t.Error("an ordinary transaction is no coinbase and no coinstake")
	}
	if !bytes.Equal(full.AppendBase(nil), plain.Append(nil)) {
		t.Error("without witness it is to be the plain one")
	}
}

func TestCoinBaseAndCoinStake(t *testing.T) {
	some := btcwire.OutPoint{Index: 1}
	empty, full := &btcwire.TxOut{}, &btcwire.TxOut{Value: 1, PkScript: []byte{0x51}}
	for _, c := range []struct {
		name        string
		ins         []btcwire.OutPoint
		outs        []*btcwire.TxOut
		base, stake bool
	}{
		{"coinbase", []btcwire.OutPoint{NullOutPoint}, []*btcwire.TxOut{full}, true, false},
		{"coinbase without output", []btcwire.OutPoint{NullOutPoint}, nil, false, false},
		{"two inputs", []btcwire.OutPoint{NullOutPoint, some}, []*btcwire.TxOut{full}, false, false},
		{"coinstake", []btcwire.OutPoint{some}, []*btcwire.TxOut{empty, full}, false, true},
		{"coinstake of two", []btcwire.OutPoint{some, some}, []*btcwire.TxOut{empty, full}, false, true},
		{"coinstake of nothing", []btcwire.OutPoint{NullOutPoint}, []*btcwire.TxOut{empty, full}, true, false},
		{"one output", []btcwire.OutPoint{some}, []*btcwire.TxOut{empty}, false, false},
		{"first output not empty", []btcwire.OutPoint{some}, []*btcwire.TxOut{full, empty}, false, false},
		{"first output with a script", []btcwire.OutPoint{some}, []*btcwire.TxOut{{PkScript: []byte{1}}, full}, false, false},
		{"zero hash, index 0", []btcwire.OutPoint{{}}, []*btcwire.TxOut{empty, full}, false, true},
	} {
		msg := &btcwire.MsgTx{TxOut: c.outs}
		for _, o := range c.ins {
			msg.TxIn = append(msg.TxIn, &btcwire.TxIn{PreviousOutPoint: o})
		}
		if tx := NewTx(msg); tx.IsCoinBase() != c.base || tx.IsCoinStake() != c.stake {
			t.Errorf("%s: coinbase %t, coinstake %t", c.name, tx.IsCoinBase(), tx.IsCoinStake())
		}
	}
}

func TestHeaderSignatureAndDelegation(t *testing.T) {
	fill := func(n int) []byte { return bytes.Repeat([]byte{7}, n) }
	base := Header{Version: 4, Time: 1, Bits: 2, Nonce: 3, PrevStake: btcwire.OutPoint{Index: 5}}
	unsigned := sha256d(base.appendFixed(nil))
	for _, c := range []struct{ sig, block, pod int }{
		{0, 0, 0}, {65, 65, 0}, {72, 72, 0}, {129, 129, 0}, {130, 65, 65}, {137, 72, 65},
	} {
		h := base
		h.Sig = fill(c.sig)
		if len(h.BlockSig()) != c.block || len(h.ProofOfDelegation()) != c.pod || h.HasProofOfDelegation() != (c.pod > 0) {
			t.Errorf("%d bytes: signature of %d, delegation of %d", c.sig, len(h.BlockSig()), len(h.ProofOfDelegation()))
		}
		want := unsigned
		if c.pod > 0 {
			want = sha256d(append(append(base.appendFixed(nil), 65), fill(65)...))
		}
		if h.HashWithoutSig() != want {
			t.Errorf("%d bytes: what is signed is not as it should be", c.sig)
		}
		if raw := h.Append(nil); len(raw) != h.Size() || h.Hash() != sha256d(raw) {
			t.Errorf("%d bytes: size %d", c.sig, h.Size())
		}
	}
	pow := Header{PrevStake: NullOutPoint}
	if pow.IsProofOfStake() || !base.IsProofOfStake() {
		t.Error("a block is staked unless its staked output is none")
	}
	if h := (Header{PrevStake: btcwire.OutPoint{Index: 0xffffffff, Hash: chainhash.Hash{1}}}); !h.IsProofOfStake() {
		t.Error("only zero hash and index 0xffffffff together are none")
	}
}

func TestHeadersMessage(t *testing.T) {
	hs := Headers{{Version: 1, Sig: []byte{1, 2}}, {Version: 2, PrevStake: NullOutPoint}}
	raw := hs.Append(nil)
	got, err := DecodeHeaders(raw)
	if err != nil || len(got) != 2 || !bytes.Equal(got.Append(nil), raw) {
		t.Fatalf("%d headers, %v", len(got), err)
	}
	for _, c := range []struct {
		name string
		raw  []byte
		err  string
	}{
		{"too many", AppendCompactSize(nil, MaxHeaders+1), "at most 2000"},
		{"cut", raw[:len(raw)-1], "ends early"},
		{"something behind", append(bytes.Clone(raw), 0), "follow"},
		{"more than there is", append([]byte{5}, raw[1:]...), "ends early"},
	} {
		if _, err := DecodeHeaders(c.raw); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.err)
		}
	}
	full := make(Headers, MaxHeaders)
	if got, err := DecodeHeaders(full.Append(nil)); err != nil || len(got) != MaxHeaders {
		t.Errorf("%d headers, %v", len(got), err)
	}
}

func TestMerkleMutation(t *testing.T) {
	leaves := make([]chainhash.Hash, 8)
	for i := range leaves {
		leaves[i][0] = byte(i + 1)
	}
	list := func(ns ...int) []chainhash.Hash {
		var out []chainhash.Hash
		for _, n := range ns {
			out = append(out, leaves[n-1])
		}
		return out
	}
	root := func(ns ...int) chainhash.Hash {
		r, _ := HashRoot(list(ns...))
		return r
	}
	if r, mutated := HashRoot(nil); r != (chainhash.Hash{}) || mutated {
		t.Error("no leaves have the zero root")
	}
	if root(1) != leaves[0] {
		t.Error("one leaf is its own root")
	}
	// The example of consensus/merkle.cpp: six transactions, and the last two once more.
	if root(1, 2, 3, 4, 5, 6) != root(1, 2, 3, 4, 5, 6, 5, 6) {
		t.Error("the two lists are to have one root")
	}
	for _, c := range []struct {
		leaves  []int
		mutated bool
	}{
		{[]int{1, 2, 3, 4, 5, 6}, false},
		{[]int{1, 2, 3, 4, 5, 6, 5, 6}, true},
		{[]int{1, 2, 3}, false},
		{[]int{1, 2, 3, 3}, true},
		{[]int{1, 1}, true},
		{[]int{1, 2, 2, 3}, false},
		{[]int{1}, false},
	} {
		if _, mutated := HashRoot(list(c.leaves...)); mutated != c.mutated {
			t.Errorf("%v: mutated %t", c.leaves, mutated)
		}
	}
}

// TestDecodeKeepsNothing overwrites the input and looks at what was decoded.
func TestDecodeKeepsNothing(t *testing.T) {
	tx, err := DecodeTx(unhex(t, txVersion+"0001"+txIns+txOuts+txWitness+txLock))
	if err != nil {
		t.Fatal(err)
	}
	b := &Block{Header: Header{Sig: []byte{1, 2, 3}}, Txs: []*Tx{tx, tx}}
	raw := b.Append(nil)
	got, err := DecodeBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	header, _, err := DecodeHeader(raw)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(raw)
	clear(raw)
	if !bytes.Equal(got.Append(nil), want) || !bytes.Equal(header.Sig, []byte{1, 2, 3}) {
		t.Error("what was decoded changes with the input")
	}
	if got.BaseSize() >= got.TotalSize() || got.Weight() != 3*got.BaseSize()+got.TotalSize() {
		t.Errorf("sizes %d and %d, weight %d", got.BaseSize(), got.TotalSize(), got.Weight())
	}
}

func drawTx(t *rapid.T) *btcwire.MsgTx {
	script := rapid.SliceOfN(rapid.Byte(), 0, 300)
	hash := rapid.SliceOfN(rapid.Byte(), 32, 32)
	msg := &btcwire.MsgTx{
		Version:  rapid.Int32().Draw(t, "version"),
		LockTime: rapid.Uint32().Draw(t, "lock time"),
	}
	for range rapid.IntRange(1, 4).Draw(t, "inputs") {
		msg.TxIn = append(msg.TxIn, &btcwire.TxIn{
			PreviousOutPoint: btcwire.OutPoint{Hash: chainhash.Hash(hash.Draw(t, "hash")), Index: rapid.Uint32().Draw(t, "index")},
			SignatureScript:  script.Draw(t, "script"),
			Sequence:         rapid.Uint32().Draw(t, "sequence"),
			Witness:          rapid.SliceOfN(script, 0, 3).Draw(t, "witness"),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "outputs") {
		msg.TxOut = append(msg.TxOut, &btcwire.TxOut{Value: rapid.Int64().Draw(t, "value"), PkScript: script.Draw(t, "script")})
	}
	return msg
}

// TestSameAsBtcd holds the encoding of random transactions against btcd's.
func TestSameAsBtcd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msg := drawTx(t)
		tx := NewTx(msg)
		var want bytes.Buffer
		if err := msg.Serialize(&want); err != nil {
			t.Fatal(err)
		}
		raw := tx.Append(nil)
		if !bytes.Equal(raw, want.Bytes()) {
			t.Fatalf("%x, btcd has %x", raw, want.Bytes())
		}
		if tx.ID() != msg.TxHash() || tx.WitnessID() != msg.WitnessHash() {
			t.Fatal("hashes differ from btcd's")
		}
		again, err := DecodeTx(raw)
		if err != nil || !bytes.Equal(again.Append(nil), raw) || again.Weight() != tx.Weight() {
			t.Fatalf("comes back changed: %v", err)
		}
	})
}
