package script

import (
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	btcwire "github.com/btcsuite/btcd/wire/v2"
)

const blockFlags = VerifyP2SH | VerifyWitness | VerifyTaproot | VerifyDERSig | VerifyNullDummy |
	VerifyCheckLockTimeVerify | VerifyCheckSequenceVerify | OutputSender

// holdAgainst compares the two engines where either may be asked.
func holdAgainst(t *testing.T, tx *btcwire.MsgTx, in int, spent []btcwire.TxOut, flags Flags) {
	t.Helper()
	c := NewChecker(tx, spent)
	txIn := tx.TxIn[in]
	if !isOrdinary(txIn.SignatureScript, spent[in].PkScript, txIn.Witness, flags) {
		return
	}
	ours, theirs := c.own(in, flags), c.libraryHolds(in, flags)
	if theirs && ours != nil {
		t.Errorf("%x %x %x, flags %x: txscript holds, ours says %s", txIn.SignatureScript, spent[in].PkScript, txIn.Witness, flags, name(ours))
	}
	const locks = VerifyCheckLockTimeVerify | VerifyCheckSequenceVerify
	discouraged := flags&VerifyDiscourageUpgradableNops != 0 && flags&locks != locks
	if ours == nil && !theirs && !discouraged && !aboveBitcoin(txIn, spent[in].PkScript) {
		t.Errorf("%x %x %x, flags %x: ours holds, txscript does not", txIn.SignatureScript, spent[in].PkScript, txIn.Witness, flags)
	}
}

// aboveBitcoin tells whether a script or value may be above Bitcoin's limits.
func aboveBitcoin(in *btcwire.TxIn, pkScript []byte) bool {
	n := max(len(in.SignatureScript), len(pkScript))
	for _, w := range in.Witness {
		n = max(n, len(w))
	}
	return n > 520
}

func TestEnginesAgreeOnCoreVectors(t *testing.T) {
	for _, s := range scriptTests(t) {
		tx, spent := spending(s.scriptSig, s.pkScript, s.witness, s.value)
		for _, flags := range []Flags{fill(s.flags), fill(s.flags | VerifyDERSig), blockFlags} {
			holdAgainst(t, tx, 0, spent, flags)
		}
	}
	for _, file := range []string{"bitcoin/tx_valid.json", "bitcoin/tx_invalid.json"} {
		for _, s := range txTests(t, file) {
			for i := range s.spent {
				if !s.bad {
					holdAgainst(t, s.tx.Msg(), i, s.spent, fill(s.flags|VerifyDERSig)&^VerifyConstScriptCode)
					holdAgainst(t, s.tx.Msg(), i, s.spent, blockFlags)
				}
			}
		}
	}
}

// scriptMaker makes random scripts of which some hold.
type scriptMaker struct {
	*rand.Rand
	key    *btcec.PrivateKey
	values [][]byte
}

func newScriptMaker(seed uint64) *scriptMaker {
	m := &scriptMaker{Rand: rand.New(rand.NewPCG(seed, 9))}
	var public *btcec.PublicKey
	m.key, public = btcec.PrivKeyFromBytes([]byte{1, 2, 3})
	hybrid := public.SerializeUncompressed()
	hybrid[0] = 6 + hybrid[64]&1
	m.values = [][]byte{{}, {1}, {0}, {0x80}, {0x81}, {0, 0x80}, {0xff, 0xff, 0xff, 0x7f}, {0xff, 0xff, 0xff, 0xff},
		{0, 0, 0, 0x80, 0}, {0xff, 0xff, 0xff, 0xff, 0x7f}, make([]byte, 21),
		public.SerializeCompressed(), public.SerializeUncompressed(), hybrid}
	return m
}

func (m *scriptMaker) value() []byte { return m.values[m.IntN(len(m.values))] }

func (m *scriptMaker) script(n int) (script []byte) {
	open := 0
	for range n {
		switch x := m.IntN(20); {
		case x < 6:
			script = AppendPush(script, m.value())
		case x < 10:
			script = append(script, byte(op1+m.IntN(4)))
		case x < 12 && open > 0:
			script = append(script, byte(opElse+m.IntN(2)))
			if script[len(script)-1] == opEndIf {
				open--
			}
		case x < 19:
			op := byte(opNop + m.IntN(opNop10+2-opNop))
			switch op {
			case opIf, opNotIf:
				open++
			case opReturn, opCat, opSubstr, opLeft, opRight, opInvert, opAnd, opOr, opXor, op2Mul,
				op2Div, opMul, opDiv, opMod, opLShift, opRShift:
				continue // would end nearly every script
			}
			script = append(script, op)
		default:
			script = append(script, byte(m.IntN(256)))
		}
	}
	for range open {
		script = append(script, opEndIf)
	}
	return script
}

// spend makes a random input and what it spends.
func (m *scriptMaker) spend() (*btcwire.MsgTx, []btcwire.TxOut) {
	scriptSig, pkScript := m.script(m.IntN(8)), m.script(m.IntN(8))
	var witness [][]byte
	items := func() {
		for range m.IntN(4) {
			witness = append(witness, m.value())
		}
	}
	public := m.key.PubKey().SerializeCompressed()
	switch m.IntN(5) {
	case 0: // P2SH
		if m.IntN(4) > 0 {
			scriptSig = nil
		}
		for range m.IntN(3) {
			scriptSig = AppendPush(scriptSig, m.value())
		}
		hash := Hash160(pkScript)
		scriptSig = AppendPush(scriptSig, pkScript)
		pkScript = append(append([]byte{opHash160, 20}, hash[:]...), opEqual)
	case 1: // P2WSH, sometimes in P2SH
		items()
		witness = append(witness, pkScript)
		hash := sha256.Sum256(pkScript)
		pkScript = append([]byte{op0, 32}, hash[:]...)
		if scriptSig = nil; m.IntN(2) == 0 {
			scriptSig = AppendPush(nil, pkScript)
			hash := Hash160(pkScript)
			pkScript = append(append([]byte{opHash160, 20}, hash[:]...), opEqual)
		}
	case 2: // a signature
		code := append(m.script(m.IntN(3)), append(AppendPush(nil, public), opCheckSig)...)
		code = append(code, m.script(m.IntN(3))...)
		tx, _ := spending(nil, code, nil, 5)
		hashType := [...]uint32{1, 2, 3, 0x81, 0x82, 0x83, 0, 5}[m.IntN(8)]
		hash := LegacySigHash(tx, 0, code, hashType)
		scriptSig = AppendPush(nil, append(ecdsa.Sign(m.key, hash[:]).Serialize(), byte(hashType)))
		pkScript = code
	case 3: // a multiple signature in a witness
		code := []byte{op1 + byte(m.IntN(3))}
		for range m.IntN(4) {
			code = AppendPush(code, m.value())
		}
		code = append(AppendPush(code, public), op1+byte(m.IntN(5)), opCheckMultiSig)
		witness = append(witness, nil)
		tx, _ := spending(nil, nil, nil, 5)
		for range m.IntN(3) {
			hash := WitnessSigHash(tx, 0, code, 5, 1)
			witness = append(witness, append(ecdsa.Sign(m.key, hash[:]).Serialize(), 1))
		}
		witness = append(witness, code)
		hash := sha256.Sum256(code)
		scriptSig, pkScript = nil, append([]byte{op0, 32}, hash[:]...)
	}
	return spending(scriptSig, pkScript, witness, 5)
}

func (m *scriptMaker) flags() Flags {
	if m.IntN(2) == 0 {
		return blockFlags
	}
	return fill(Flags(m.Uint32N(uint32(allFlags)+1)) | VerifyDERSig)
}

// many is how many random cases a test looks at.
func many(n int) int {
	if os.Getenv("SPACECHAIN_LONG") != "" {
		return 20 * n
	}
	return n
}

func TestEnginesAgreeOnRandomScripts(t *testing.T) {
	n := many(10_000)
	m := newScriptMaker(1)
	held := 0
	for range n {
		tx, spent := m.spend()
		flags := m.flags()
		holdAgainst(t, tx, 0, spent, flags)
		if Verify(tx, 0, spent, flags) == nil {
			held++
		}
		if t.Failed() {
			return
		}
	}
	if held < n/100 {
		t.Errorf("only %d of %d scripts held", held, n)
	}
}
