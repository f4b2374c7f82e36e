package script

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/internal/vectors"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// bip341 is bip341_wallet_vectors.json. A tree is a leaf or a list of two trees.
type bip341 struct {
	ScriptPubKey []struct {
		Given struct {
			InternalPubkey string
			ScriptTree     json.RawMessage
		}
		Intermediary struct {
			LeafHashes        []string
			MerkleRoot, Tweak string
		}
		Expected struct {
			ScriptPubKey            string
			Bip350Address           string
			ScriptPathControlBlocks []string
		}
	}
	KeyPathSpending []struct {
		Given struct {
			RawUnsignedTx string
			UtxosSpent    []struct {
				ScriptPubKey string
				AmountSats   int64
			}
		}
		Intermediary struct {
			HashAmounts, HashOutputs, HashPrevouts, HashScriptPubkeys, HashSequences string
		}
		InputSpending []struct {
			Given        struct{ TxinIndex, HashType int }
			Intermediary struct{ SigHash string }
			Expected     struct{ Witness []string }
		}
		Auxiliary struct{ FullySignedTx string }
	}
}

func bip341Vectors(t *testing.T) (v bip341) {
	if err := json.Unmarshal(vectors.Open(t, "bitcoin/bip341_wallet_vectors.json"), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.ScriptPubKey) == 0 || len(v.KeyPathSpending) == 0 {
		t.Fatal("no vectors")
	}
	return v
}

// leaves lists the leaves of a tree from left to right.
func leaves(t *testing.T, tree json.RawMessage) (out []struct {
	Script      string
	LeafVersion byte
}) {
	var pair []json.RawMessage
	if json.Unmarshal(tree, &pair) == nil {
		for _, p := range pair {
			out = append(out, leaves(t, p)...)
		}
		return out
	}
	var leaf struct {
		Script      string
		LeafVersion byte
	}
	if err := json.Unmarshal(tree, &leaf); err != nil {
		t.Fatal(err)
	}
	return append(out, leaf)
}

func TestBIP341Outputs(t *testing.T) {
	for _, v := range bip341Vectors(t).ScriptPubKey {
		want := v.Expected.ScriptPubKey
		script := mustHex(t, want)
		if got, _ := EncodeAddress(params.Main(), script); got != v.Expected.Bip350Address {
			t.Errorf("%s: address %s, want %s", want, got, v.Expected.Bip350Address)
		}
		if string(v.Given.ScriptTree) == "null" {
			continue
		}
		root := mustHex(t, v.Intermediary.MerkleRoot)
		for i, leaf := range leaves(t, v.Given.ScriptTree) {
			hash := tapLeafHash(leaf.LeafVersion, mustHex(t, leaf.Script))
			if got := hex.EncodeToString(hash[:]); got != v.Intermediary.LeafHashes[i] {
				t.Errorf("%s: leaf %d is %s, want %s", want, i, got, v.Intermediary.LeafHashes[i])
			}
			control := mustHex(t, v.Expected.ScriptPathControlBlocks[i])
			got := tapRoot(control, hash)
			if got != chainhash.Hash(root) {
				t.Errorf("%s: root %x from leaf %d", want, got[:], i)
			}
			if !isTapTweak(script[2:], control, got) {
				t.Errorf("%s: leaf %d is not in it", want, i)
			}
			control[0] ^= 1
			if isTapTweak(script[2:], control, got) {
				t.Errorf("%s: leaf %d is in it with the other parity", want, i)
			}
		}
	}
}

func TestBIP341Spending(t *testing.T) {
	for _, v := range bip341Vectors(t).KeyPathSpending {
		tx, err := wire.DecodeTx(mustHex(t, v.Auxiliary.FullySignedTx))
		if err != nil {
			t.Fatal(err)
		}
		var spent []btcwire.TxOut
		for _, u := range v.Given.UtxosSpent {
			spent = append(spent, btcwire.TxOut{Value: u.AmountSats, PkScript: mustHex(t, u.ScriptPubKey)})
		}
		c := NewChecker(tx.Msg(), spent)
		c.hashes.prepare()
		c.hashes.prepareTaproot()
		for _, h := range []struct {
			got  chainhash.Hash
			want string
		}{
			{c.hashes.spentAmounts, v.Intermediary.HashAmounts}, {c.hashes.outputs, v.Intermediary.HashOutputs},
			{c.hashes.prevouts, v.Intermediary.HashPrevouts}, {c.hashes.spentScripts, v.Intermediary.HashScriptPubkeys},
			{c.hashes.sequences, v.Intermediary.HashSequences},
		} {
			if got := hex.EncodeToString(h.got[:]); got != h.want {
				t.Errorf("%s, want %s", got, h.want)
			}
		}
		for _, in := range v.InputSpending {
			hash, ok := c.hashes.tapSigHash(in.Given.TxinIndex, byte(in.Given.HashType), &tapContext{})
			if !ok || hex.EncodeToString(hash[:]) != in.Intermediary.SigHash {
				t.Errorf("input %d: %x, want %s", in.Given.TxinIndex, hash[:], in.Intermediary.SigHash)
			}
		}
		for i := range spent {
			if err := c.own(i, blockFlags); err != nil {
				t.Errorf("input %d: %s", i, name(err))
			}
			holdAgainst(t, tx.Msg(), i, spent, blockFlags)
		}
		// No signature holds for another amount of another input.
		spent[2].Value++
		failed := 0
		for i := range spent {
			if NewChecker(tx.Msg(), spent).own(i, blockFlags) != nil {
				failed++
			}
		}
		if failed == 0 {
			t.Error("all signatures hold for another amount")
		}
	}
}

// tapSpend makes a random spend of a taproot output.
func (m *scriptMaker) tapSpend(t *testing.T) (*btcwire.MsgTx, []btcwire.TxOut) {
	key := m.key
	if key.PubKey().SerializeCompressed()[0] == 3 {
		scalar := key.Key
		key = btcec.PrivKeyFromScalar(scalar.Negate())
	}
	internal := schnorr.SerializePubKey(key.PubKey())
	inner := m.script(m.IntN(6))
	if m.IntN(2) == 0 {
		inner = append(append(AppendPush(nil, internal), [...]byte{opCheckSig, opCheckSigVerify, opCheckSigAdd}[m.IntN(3)]), inner...)
	}
	version := byte(tapLeafScript)
	if m.IntN(8) == 0 {
		version = 0xc2
	}
	leaf := tapLeafHash(version, inner)
	control := append([]byte{version}, internal...)
	for range m.IntN(3) {
		control = append(control, make([]byte, tapControlNode)...)
	}
	root := tapRoot(control, leaf)
	w := taggedWriter(&tagTweak)
	w.bytes(internal)
	w.bytes(root[:])
	tweak := w.once()
	var scalar btcec.ModNScalar
	scalar.SetBytes((*[32]byte)(&tweak))
	scalar.Add(&key.Key)
	output := btcec.PrivKeyFromScalar(&scalar)
	control[0] |= output.PubKey().SerializeCompressed()[0] & 1
	pkScript := AppendPush([]byte{op1}, schnorr.SerializePubKey(output.PubKey()))

	tx, spent := spending(nil, pkScript, nil, 7)
	hashType := [...]byte{0, 1, 2, 3, 0x81, 0x82, 0x83, 4}[m.IntN(8)]
	var witness [][]byte
	sign := func(key *btcec.PrivateKey, c *tapContext) []byte {
		hash, ok := (&txHashes{tx: tx, spent: spent}).tapSigHash(0, hashType, c)
		if !ok {
			return []byte{1}
		}
		sig, err := schnorr.Sign(key, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		if hashType == 0 && m.IntN(8) > 0 {
			return sig.Serialize()
		}
		return append(sig.Serialize(), hashType)
	}
	var c tapContext
	var annex []byte
	if m.IntN(4) == 0 {
		annex = []byte{annexTag, 7}
		h := newHashWriter()
		h.script(annex)
		sum := h.once()
		c.annex = &sum
	}
	if m.IntN(3) == 0 {
		witness = [][]byte{sign(output, &c)}
	} else {
		c.inScript, c.leaf, c.codeSeparator = true, leaf, 0xffffffff
		for range m.IntN(3) {
			witness = append(witness, m.value())
		}
		witness = append(witness, sign(key, &c))
		if m.IntN(3) == 0 {
			witness = append(witness, []byte{1})
		}
		witness = append(witness, inner, control)
	}
	if annex != nil {
		witness = append(witness, annex)
	}
	tx.TxIn[0].Witness = witness
	return tx, spent
}

func TestEnginesAgreeOnTaproot(t *testing.T) {
	n := many(2000)
	m := newScriptMaker(2)
	verdicts := map[string]int{}
	for range n {
		tx, spent := m.tapSpend(t)
		flags := m.flags()
		holdAgainst(t, tx, 0, spent, flags)
		verdicts[name(Verify(tx, 0, spent, flags))]++
		if t.Failed() {
			return
		}
	}
	if verdicts["OK"] < n/20 || len(verdicts) < 6 {
		t.Errorf("verdicts %v", verdicts)
	}
}

// TestLargeValues holds where Qtum's limits are above Bitcoin's, and one above them fails.
func TestLargeValues(t *testing.T) {
	for _, c := range []struct {
		size int
		want string
	}{{520, "OK"}, {521, "OK"}, {MaxElementSize, "OK"}, {MaxElementSize + 1, "PUSH_SIZE"}} {
		bare := append(AppendPush(nil, make([]byte, c.size)), opDrop, op1)
		tx, spent := spending(nil, bare, nil, 0)
		if got := name(Verify(tx, 0, spent, blockFlags)); got != c.want {
			t.Errorf("bare push of %d: %s, want %s", c.size, got, c.want)
		}
		tx, spent = spending(AppendPush(nil, make([]byte, c.size)), []byte{opDrop, op1}, nil, 0)
		if got := name(Verify(tx, 0, spent, blockFlags)); got != c.want {
			t.Errorf("input pushes %d: %s, want %s", c.size, got, c.want)
		}
		code := []byte{opDrop, op1}
		_, public := btcec.PrivKeyFromBytes([]byte{1, 2, 3})
		internal := schnorr.SerializePubKey(public)
		control := append([]byte{tapLeafScript}, internal...)
		leaf := tapLeafHash(tapLeafScript, code)
		point, err := schnorr.ParsePubKey(internal)
		if err != nil {
			t.Fatal(err)
		}
		root := tapRoot(control, leaf)
		output := tapOutput(point, internal, root)
		control[0] |= output[0] & 1
		tx, spent = spending(nil, AppendPush([]byte{op1}, output[1:]), [][]byte{make([]byte, c.size), code, control}, 0)
		if got := name(Verify(tx, 0, spent, blockFlags)); got != c.want {
			t.Errorf("tapscript with a value of %d: %s, want %s", c.size, got, c.want)
		}
	}
	for _, c := range []struct {
		size int
		want string
	}{{10_001, "OK"}, {MaxScriptSize, "OK"}, {MaxScriptSize + 1, "SCRIPT_SIZE"}} {
		script := AppendPush(nil, make([]byte, c.size/2))
		script = AppendPush(script, make([]byte, c.size-len(script)-4))
		script = append(script, op1)
		if len(script) != c.size {
			t.Fatalf("%d bytes, want %d", len(script), c.size)
		}
		tx, spent := spending(nil, script, nil, 0)
		if got := name(Verify(tx, 0, spent, blockFlags)); got != c.want {
			t.Errorf("script of %d: %s, want %s", c.size, got, c.want)
		}
	}
}

// tapOutput gives the compressed output key of internal tweaked by root.
func tapOutput(point *btcec.PublicKey, internal []byte, root chainhash.Hash) []byte {
	w := taggedWriter(&tagTweak)
	w.bytes(internal)
	w.bytes(root[:])
	tweak := w.once()
	var scalar btcec.ModNScalar
	scalar.SetBytes((*[32]byte)(&tweak))
	var p, g, q btcec.JacobianPoint
	point.AsJacobian(&p)
	btcec.ScalarBaseMultNonConst(&scalar, &g)
	btcec.AddNonConst(&p, &g, &q)
	q.ToAffine()
	return btcec.NewPublicKey(&q.X, &q.Y).SerializeCompressed()
}
