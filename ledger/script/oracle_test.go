package script

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/chaintest/qtumd"
	"spacechain/ledger/wire"
)

// standardFlags are those under which Qtum Core signs (policy/policy.h:
// STANDARD_SCRIPT_VERIFY_FLAGS).
const standardFlags = blockFlags&^OutputSender | VerifyStrictEnc | VerifyMinimalData |
	VerifyDiscourageUpgradableNops | VerifyCleanStack | VerifyMinimalIf | VerifyNullFail | VerifyLowS |
	VerifyDiscourageUpgradableWitnessProgram | VerifyWitnessPubKeyType | VerifyConstScriptCode |
	VerifyDiscourageUpgradableTaprootVersion | VerifyDiscourageOpSuccess | VerifyDiscourageUpgradablePubKeyType

// signingText is how Qtum Core puts a verdict where it signs.
func signingText(err error) string {
	switch err {
	case nil:
		return ""
	case ErrInvalidStackOperation:
		return "Unable to sign input, invalid stack size (possibly missing key)"
	case ErrSigNullFail:
		return "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)"
	}
	return err.Error()
}

// bareScript makes a random script that may hold by itself, Qtum's opcodes among its own.
func (m *scriptMaker) bareScript() []byte {
	var script []byte
	for range m.IntN(6) {
		switch m.IntN(3) {
		case 0:
			script = append(script, byte(op1+m.IntN(5)))
		case 1:
			script = AppendPush(script, m.values[5+m.IntN(len(m.values)-5)])
		default:
			script = append(script, m.script(1)...)
		}
	}
	script = append(script, m.script(m.IntN(6))...)
	if m.IntN(3) == 0 {
		at := m.IntN(len(script) + 1)
		script = append(script[:at:at], append([]byte{byte(OpCreate + m.IntN(4))}, script[at:]...)...)
	}
	if m.IntN(2) == 0 {
		for range m.IntN(3) {
			script = append(script, opDrop)
		}
	}
	return script
}

// TestOracleScripts verifies random scripts as Qtum Core does, by name.
func TestOracleScripts(t *testing.T) {
	o := qtumd.Start(t, qtumd.GenesisTime, "-acceptnonstdtxn=1")
	m := newScriptMaker(3)
	verdicts := map[string]int{}
	for range many(20) {
		tx := &btcwire.MsgTx{Version: int32(1 + m.IntN(2)), LockTime: m.Uint32N(1000), TxOut: []*btcwire.TxOut{{Value: 1, PkScript: []byte{op1}}}}
		var spent []btcwire.TxOut
		var prevouts []map[string]any
		for i := range 200 {
			id := wire.NewTx(&btcwire.MsgTx{Version: int32(i), LockTime: m.Uint32()}).ID()
			pkScript := m.bareScript()
			for len(pkScript) == 0 || IsPayToScriptHash(pkScript) {
				pkScript = m.bareScript()
			}
			tx.TxIn = append(tx.TxIn, &btcwire.TxIn{PreviousOutPoint: btcwire.OutPoint{Hash: id, Index: uint32(i)}, Sequence: m.Uint32N(1 << 24)})
			spent = append(spent, btcwire.TxOut{Value: 1000, PkScript: pkScript})
			prevouts = append(prevouts, map[string]any{"txid": id.String(), "vout": i, "scriptPubKey": hex.EncodeToString(pkScript), "amount": "0.00001"})
		}
		var answer struct {
			Errors []struct {
				Vout  int
				Error string
			}
		}
		raw := hex.EncodeToString(wire.NewTx(tx).Append(nil))
		if err := o.Call(&answer, "signrawtransactionwithkey", raw, []string{}, prevouts); err != nil {
			t.Fatal(err)
		}
		theirs := map[int]string{}
		for _, e := range answer.Errors {
			theirs[e.Vout] = e.Error
		}
		c := NewChecker(tx, spent)
		for i := range spent {
			ours := c.Input(i, standardFlags)
			verdicts[name(ours)]++
			if got, want := signingText(ours), theirs[i]; got != want {
				t.Errorf("%x: %q, Qtum Core has %q", spent[i].PkScript, got, want)
			}
		}
	}
	if verdicts["OK"] < 100 || len(verdicts) < 15 {
		t.Errorf("verdicts %v", verdicts)
	}
}

// TestOracleSignatures makes inputs that hold, in many hash types, and asks Qtum Core.
func TestOracleSignatures(t *testing.T) {
	o := qtumd.Start(t, qtumd.GenesisTime, "-acceptnonstdtxn=1")
	m := newScriptMaker(4)
	public := m.key.PubKey().SerializeCompressed()
	tx := &btcwire.MsgTx{Version: 2, TxOut: []*btcwire.TxOut{{Value: 1, PkScript: []byte{op1}}, {Value: 2, PkScript: []byte{OpSpend}}}}
	var spent []btcwire.TxOut
	var prevouts []map[string]any
	hashTypes := []uint32{1, 2, 3, 0x81, 0x82, 0x83}
	for i := range 6 * len(hashTypes) {
		var pkScript []byte
		switch i / len(hashTypes) {
		case 0:
			pkScript = P2PK(public)
		case 1:
			pkScript = P2PKH(Hash160(public))
		case 2: // behind one of Qtum's opcodes, so that our own evaluator is asked
			pkScript = append(P2PK(public), OpSpend, 0x4c)
		case 3:
			pkScript = append(append([]byte{opNop}, P2PK(public)...), OpSpend, opCheckMultiSig, 0x4d, 1)
		case 4, 5:
			program := Hash160(public)
			pkScript = append([]byte{op0, 20}, program[:]...)
		}
		id := wire.NewTx(&btcwire.MsgTx{Version: int32(i)}).ID()
		tx.TxIn = append(tx.TxIn, &btcwire.TxIn{PreviousOutPoint: btcwire.OutPoint{Hash: id}, Sequence: uint32(i)})
		spent = append(spent, btcwire.TxOut{Value: 1000, PkScript: pkScript})
		prevouts = append(prevouts, map[string]any{"txid": id.String(), "vout": 0, "scriptPubKey": hex.EncodeToString(pkScript), "amount": "0.00001"})
	}
	for i, in := range tx.TxIn {
		hashType := hashTypes[i%len(hashTypes)]
		pkScript := spent[i].PkScript
		if _, _, segwit := WitnessProgram(pkScript); segwit {
			hash := WitnessSigHash(tx, i, P2PKH(Hash160(public)), 1000, hashType)
			in.Witness = btcwire.TxWitness{append(ecdsa.Sign(m.key, hash[:]).Serialize(), byte(hashType)), public}
			continue
		}
		hash := LegacySigHash(tx, i, pkScript, hashType)
		in.SignatureScript = AppendPush(nil, append(ecdsa.Sign(m.key, hash[:]).Serialize(), byte(hashType)))
		if IsPayToPubKeyHash(pkScript) {
			in.SignatureScript = AppendPush(in.SignatureScript, public)
		}
	}
	var answer struct {
		Errors []struct{ Txid, Error string }
	}
	if err := o.Call(&answer, "signrawtransactionwithkey", hex.EncodeToString(wire.NewTx(tx).Append(nil)), []string{}, prevouts); err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	for _, e := range answer.Errors {
		theirs[e.Txid] = e.Error
	}
	c := NewChecker(tx, spent)
	for i := range spent {
		ours := c.Input(i, standardFlags)
		if got, want := signingText(ours), theirs[tx.TxIn[i].PreviousOutPoint.Hash.String()]; got != "" || want != "" {
			t.Errorf("input %d of %x: %q, Qtum Core has %q", i, spent[i].PkScript, got, want)
		}
	}
}

// contractScript makes a contract's output of which some part may be wrong.
func contractScript(r *rand.Rand) []byte {
	part := func(good ...string) []byte {
		odd := []string{"00", "51", "61", "0100", "0180", "4c00", "4c0104", "0101", "6a", "54", "c4", "c1", "080000000000000040", "09010000000000000000"}
		text := good[r.IntN(len(good))]
		if r.IntN(12) == 0 {
			text = odd[r.IntN(len(odd))]
		}
		b, err := hex.DecodeString(text)
		if err != nil {
			panic(err)
		}
		return b
	}
	var script []byte
	add := func(good ...string) { script = append(script, part(good...)...) }
	if r.IntN(2) == 0 {
		add("0101", "4c0101", "020100")
		add("14" + strings.Repeat("01", 20))
		add("03020102", "0100", "4c03020102")
		add("c4")
	}
	add("0104", "0104", "0100", "020400", "0404000000", "54")
	add("0340420f", "0340420f", "021027", "020f27", "04002d3101", "04012d3101", "0400ca9a3b", "0401ca9a3b", "0100")
	add("0128", "0101", "0100")
	add("026001", "0100", "4c03600160", "76")
	if r.IntN(2) == 0 {
		add("c1")
	} else {
		add("14" + strings.Repeat("02", 20))
		add("c2")
	}
	switch r.IntN(20) {
	case 0:
		script = append(script, opNop)
	case 1:
		script = script[:len(script)-1]
	case 2:
		script = append(script, 0x4c)
	}
	return script
}

// TestOracleContracts asks Qtum Core what contract outputs are: by its memory pool's rules
// and whether they may stand in a block.
func TestOracleContracts(t *testing.T) {
	o := qtumd.Start(t, qtumd.GenesisTime, "-acceptnonstdtxn=1")
	r := rand.New(rand.NewPCG(5, 6))
	kinds := map[Kind]int{}
	for range many(10) {
		tx := &btcwire.MsgTx{Version: 2, TxIn: []*btcwire.TxIn{{PreviousOutPoint: btcwire.OutPoint{Index: 1}}}}
		for range 300 {
			tx.TxOut = append(tx.TxOut, &btcwire.TxOut{Value: 1, PkScript: contractScript(r)})
		}
		var answer struct {
			Vout []struct{ ScriptPubKey struct{ Type string } }
		}
		if err := o.Call(&answer, "decoderawtransaction", hex.EncodeToString(wire.NewTx(tx).Append(nil)), true); err != nil {
			t.Fatal(err)
		}
		for i, out := range tx.TxOut {
			kind, _ := Solve(out.PkScript, false, false)
			kinds[kind]++
			if got, want := kind.String(), answer.Vout[i].ScriptPubKey.Type; got != want {
				t.Errorf("%x: %s in a pool, Qtum Core has %s", out.PkScript, got, want)
			}
		}
		for _, out := range tx.TxOut[:100] {
			one := &btcwire.MsgTx{Version: 2, TxIn: tx.TxIn, TxOut: []*btcwire.TxOut{out}}
			var verdicts []struct {
				Reason string `json:"reject-reason"`
			}
			if err := o.Call(&verdicts, "testmempoolaccept", []string{hex.EncodeToString(wire.NewTx(one).Append(nil))}); err != nil {
				t.Fatal(err)
			}
			kind, _ := Solve(out.PkScript, true, false)
			refused := kind == NonStandard && (IsContract(out.PkScript) || HasOpSender(out.PkScript))
			kinds[kind]++
			if theirs := verdicts[0].Reason == "bad-txns-contract-nonstandard"; theirs != refused {
				t.Errorf("%x: %s in a block, Qtum Core says %q", out.PkScript, kind, verdicts[0].Reason)
			}
		}
	}
	for _, kind := range []Kind{NonStandard, Create, Call, CreateSender, CallSender} {
		if kinds[kind] < 50 {
			t.Errorf("%d of kind %s", kinds[kind], kind)
		}
	}
}
