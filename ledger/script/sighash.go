package script

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/wire"
)

// Hash types of a signature.
const (
	SigHashDefault      = 0 // taproot only
	SigHashAll          = 1
	SigHashNone         = 2
	SigHashSingle       = 3
	SigHashAnyOneCanPay = 0x80
	sigHashMask         = 0x1f
)

// one is what a signature signs that has hash type single and no output
// (script/interpreter.cpp: SignatureHash).
var one = chainhash.Hash{1}

// hashWriter feeds a hash through a buffer.
type hashWriter struct {
	h   hash.Hash
	buf []byte
}

func newHashWriter() *hashWriter { return &hashWriter{h: sha256.New(), buf: make([]byte, 0, 256)} }

func (w *hashWriter) flush() {
	w.h.Write(w.buf)
	w.buf = w.buf[:0]
}

func (w *hashWriter) uint32(v uint32) {
	w.buf = binary.LittleEndian.AppendUint32(w.buf, v)
	w.spill()
}

func (w *hashWriter) uint64(v uint64) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf, v)
	w.spill()
}

func (w *hashWriter) size(n int) {
	w.buf = wire.AppendCompactSize(w.buf, uint64(n))
	w.spill()
}

func (w *hashWriter) bytes(b []byte) {
	if len(b) > 128 {
		w.flush()
		w.h.Write(b)
		return
	}
	w.buf = append(w.buf, b...)
	w.spill()
}

func (w *hashWriter) script(b []byte) {
	w.size(len(b))
	w.bytes(b)
}

func (w *hashWriter) outPoint(o *btcwire.OutPoint) {
	w.bytes(o.Hash[:])
	w.uint32(o.Index)
}

func (w *hashWriter) output(value int64, pkScript []byte) {
	w.uint64(uint64(value))
	w.script(pkScript)
}

func (w *hashWriter) spill() {
	if len(w.buf) >= 128 {
		w.flush()
	}
}

// once gives the single hash, twice the double one. Either ends the writer.
func (w *hashWriter) once() (sum chainhash.Hash) {
	w.flush()
	w.h.Sum(sum[:0])
	return sum
}

func (w *hashWriter) twice() chainhash.Hash {
	first := w.once()
	return sha256.Sum256(first[:])
}

func double(h chainhash.Hash) chainhash.Hash { return sha256.Sum256(h[:]) }

// LegacySigHash is what a signature of a script without witness signs
// (script/interpreter.cpp: SignatureHash with SigVersion::BASE).
func LegacySigHash(tx *btcwire.MsgTx, in int, scriptCode []byte, hashType uint32) chainhash.Hash {
	anyone := hashType&SigHashAnyOneCanPay != 0
	single := hashType&sigHashMask == SigHashSingle
	none := hashType&sigHashMask == SigHashNone
	if single && in >= len(tx.TxOut) {
		return one
	}
	w := newHashWriter()
	w.uint32(uint32(tx.Version))
	ins, base := tx.TxIn, 0
	if anyone {
		ins, base = tx.TxIn[in:in+1], in
	}
	w.size(len(ins))
	for i, txIn := range ins {
		w.outPoint(&txIn.PreviousOutPoint)
		switch {
		case base+i == in:
			w.scriptCode(scriptCode)
			w.uint32(txIn.Sequence)
		case single || none:
			w.size(0)
			w.uint32(0)
		default:
			w.size(0)
			w.uint32(txIn.Sequence)
		}
	}
	switch {
	case none:
		w.size(0)
	case single:
		w.size(in + 1)
		for range in {
			w.output(-1, nil)
		}
		w.output(tx.TxOut[in].Value, tx.TxOut[in].PkScript)
	default:
		w.size(len(tx.TxOut))
		for _, out := range tx.TxOut {
			w.output(out.Value, out.PkScript)
		}
	}
	w.uint32(tx.LockTime)
	w.uint32(hashType)
	return w.twice()
}

// scriptCode writes a script without its OP_CODESEPARATORs. What follows a malformed push
// is written as far as the push was read, and no further: so does Core.
func (w *hashWriter) scriptCode(script []byte) {
	separators, rest := 0, script
	for {
		op, _, more, ok := next(rest)
		rest = more
		if !ok {
			break
		}
		if op == opCodeSeparator {
			separators++
		}
	}
	w.size(len(script) - separators)
	read := script[:len(script)-len(rest)]
	for rest = read; separators > 0; separators-- {
		op := byte(opInvalid)
		for op != opCodeSeparator {
			op, _, rest, _ = next(rest)
		}
		w.bytes(read[:len(read)-len(rest)-1])
		read = rest
	}
	w.bytes(read)
}

// txHashes are the parts of signature hashes that the inputs of a transaction share. They
// are worked out when first asked for, by whichever input asks first.
type txHashes struct {
	tx    *btcwire.MsgTx
	spent []btcwire.TxOut

	common                          sync.Once
	prevouts, sequences, outputs    chainhash.Hash // single sha256
	prevouts2, sequences2, outputs2 chainhash.Hash // double

	taproot                    sync.Once
	spentAmounts, spentScripts chainhash.Hash // single

	sender         sync.Once
	senderOutputs2 chainhash.Hash // double, of the outputs without senders' signatures
}

func (t *txHashes) prepare() {
	t.common.Do(func() {
		w := newHashWriter()
		for _, in := range t.tx.TxIn {
			w.outPoint(&in.PreviousOutPoint)
		}
		t.prevouts = w.once()
		w = newHashWriter()
		for _, in := range t.tx.TxIn {
			w.uint32(in.Sequence)
		}
		t.sequences = w.once()
		w = newHashWriter()
		for _, out := range t.tx.TxOut {
			w.output(out.Value, out.PkScript)
		}
		t.outputs = w.once()
		t.prevouts2, t.sequences2, t.outputs2 = double(t.prevouts), double(t.sequences), double(t.outputs)
	})
}

func (t *txHashes) prepareTaproot() {
	t.taproot.Do(func() {
		w := newHashWriter()
		for i := range t.spent {
			w.uint64(uint64(t.spent[i].Value))
		}
		t.spentAmounts = w.once()
		w = newHashWriter()
		for i := range t.spent {
			w.script(t.spent[i].PkScript)
		}
		t.spentScripts = w.once()
	})
}

func (t *txHashes) prepareSender() {
	t.sender.Do(func() {
		w := newHashWriter()
		for _, out := range t.tx.TxOut {
			pkScript := out.PkScript
			if HasOpSender(pkScript) {
				pkScript = withoutSenderSig(pkScript)
			}
			w.output(out.Value, pkScript)
		}
		t.senderOutputs2 = w.twice()
	})
}

// witness is what a signature of a version 0 witness signs (BIP143).
func (t *txHashes) witness(in int, scriptCode []byte, amount int64, hashType uint32) chainhash.Hash {
	t.prepare()
	anyone := hashType&SigHashAnyOneCanPay != 0
	single := hashType&sigHashMask == SigHashSingle
	none := hashType&sigHashMask == SigHashNone
	var prevouts, sequences, outputs chainhash.Hash
	if !anyone {
		prevouts = t.prevouts2
	}
	if !anyone && !single && !none {
		sequences = t.sequences2
	}
	switch {
	case !single && !none:
		outputs = t.outputs2
	case single && in < len(t.tx.TxOut):
		o := newHashWriter()
		o.output(t.tx.TxOut[in].Value, t.tx.TxOut[in].PkScript)
		outputs = o.twice()
	}
	w := newHashWriter()
	w.uint32(uint32(t.tx.Version))
	w.bytes(prevouts[:])
	w.bytes(sequences[:])
	w.outPoint(&t.tx.TxIn[in].PreviousOutPoint)
	w.script(scriptCode)
	w.uint64(uint64(amount))
	w.uint32(t.tx.TxIn[in].Sequence)
	w.bytes(outputs[:])
	w.uint32(t.tx.LockTime)
	w.uint32(hashType)
	return w.twice()
}

// ofSender is what the signature of a contract output's sender signs
// (script/interpreter.cpp: SignatureHashOutput).
func (t *txHashes) ofSender(out int, scriptCode []byte, hashType uint32) chainhash.Hash {
	t.prepare()
	anyone := hashType&SigHashAnyOneCanPay != 0
	single := hashType&sigHashMask == SigHashSingle
	none := hashType&sigHashMask == SigHashNone
	var prevouts, sequences, outputs chainhash.Hash
	if anyone {
		// Of the first input, whatever hash type it is: unlike BIP143, which has none.
		p := newHashWriter()
		p.outPoint(&t.tx.TxIn[0].PreviousOutPoint)
		prevouts = p.twice()
		s := newHashWriter()
		s.uint32(t.tx.TxIn[0].Sequence)
		sequences = s.twice()
	} else {
		prevouts = t.prevouts2
		if !single && !none {
			sequences = t.sequences2
		}
	}
	signed := t.tx.TxOut[out]
	bare := withoutSenderSig(signed.PkScript)
	switch {
	case !single && !none:
		t.prepareSender()
		outputs = t.senderOutputs2
	case single:
		o := newHashWriter()
		o.output(signed.Value, bare)
		outputs = o.twice()
	}
	w := newHashWriter()
	w.uint32(uint32(t.tx.Version))
	w.bytes(prevouts[:])
	w.bytes(sequences[:])
	w.output(signed.Value, bare)
	w.script(scriptCode)
	w.uint64(uint64(signed.Value))
	w.bytes(outputs[:])
	w.uint32(t.tx.LockTime)
	w.uint32(hashType)
	return w.twice()
}

// WitnessSigHash is what a signature of a version 0 witness signs (BIP143).
func WitnessSigHash(tx *btcwire.MsgTx, in int, scriptCode []byte, amount int64, hashType uint32) chainhash.Hash {
	return (&txHashes{tx: tx}).witness(in, scriptCode, amount, hashType)
}

// SenderSigHash is what the sender of contract output out signs. scriptCode is the script
// that the sender's coins pay to, as SenderOf gives it.
func SenderSigHash(tx *btcwire.MsgTx, out int, scriptCode []byte, hashType uint32) chainhash.Hash {
	return (&txHashes{tx: tx}).ofSender(out, scriptCode, hashType)
}
