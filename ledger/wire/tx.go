package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
)

// WitnessScale is how many units of weight a byte outside the witness has (BIP141).
const WitnessScale = 4

// Least sizes of the parts of a transaction, in bytes.
const (
	minTxIn  = 32 + 4 + 1 + 4
	minTxOut = 8 + 1
	minTx    = 4 + 1 + 1 + 4
)

// Tx is a transaction that does not change, with its hashes and sizes worked out. It is
// safe for concurrent use.
type Tx struct {
	msg            btcwire.MsgTx
	id, witnessID  chainhash.Hash
	baseSize, size int
}

// NewTx gives the Tx of msg, which must not be changed afterwards.
func NewTx(msg *btcwire.MsgTx) *Tx {
	t := &Tx{msg: *msg}
	t.measure(nil)
	return t
}

// measure works out hashes and sizes; buf is scratch that it gives back grown.
func (t *Tx) measure(buf []byte) []byte {
	buf = appendTx(buf[:0], &t.msg, false)
	t.baseSize, t.size = len(buf), len(buf)
	t.id = sha256d(buf)
	t.witnessID = t.id
	if t.msg.HasWitness() {
		buf = appendTx(buf[:0], &t.msg, true)
		t.size = len(buf)
		t.witnessID = sha256d(buf)
	}
	return buf
}

// Msg is the transaction's content, which must not be changed.
func (t *Tx) Msg() *btcwire.MsgTx { return &t.msg }

// ID is the transaction's identifier: sha256d of it without witness.
func (t *Tx) ID() chainhash.Hash { return t.id }

// WitnessID is sha256d of the transaction with witness, ID where it has none.
func (t *Tx) WitnessID() chainhash.Hash { return t.witnessID }

// BaseSize is the size without witness, in bytes.
func (t *Tx) BaseSize() int { return t.baseSize }

// TotalSize is the size with witness, in bytes.
func (t *Tx) TotalSize() int { return t.size }

// Weight is the size in BIP141's units: four for a byte outside the witness, one for
// one in it.
func (t *Tx) Weight() int { return t.baseSize*(WitnessScale-1) + t.size }

// HasWitness tells whether any input has a witness.
func (t *Tx) HasWitness() bool { return t.size != t.baseSize }

// IsCoinBase tells whether the transaction makes coins: its one input spends nothing, and
// it has an output.
func (t *Tx) IsCoinBase() bool {
	return len(t.msg.TxIn) == 1 && t.msg.TxIn[0].PreviousOutPoint == NullOutPoint &&
		len(t.msg.TxOut) >= 1
}

// IsCoinStake tells whether the transaction stakes coins: its first input spends
// something, and the first of its two or more outputs is empty.
func (t *Tx) IsCoinStake() bool {
	return len(t.msg.TxIn) > 0 && t.msg.TxIn[0].PreviousOutPoint != NullOutPoint &&
		len(t.msg.TxOut) >= 2 && IsEmpty(t.msg.TxOut[0])
}

// IsEmpty tells whether an output has neither value nor script.
func IsEmpty(out *btcwire.TxOut) bool { return out.Value == 0 && len(out.PkScript) == 0 }

// Append appends the transaction's bytes, with witness.
func (t *Tx) Append(dst []byte) []byte { return appendTx(dst, &t.msg, t.HasWitness()) }

// AppendBase appends the transaction's bytes without witness: what ID hashes.
func (t *Tx) AppendBase(dst []byte) []byte { return appendTx(dst, &t.msg, false) }

func appendTx(dst []byte, msg *btcwire.MsgTx, witness bool) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, uint32(msg.Version))
	if witness {
		dst = append(dst, 0, 1)
	}
	dst = AppendCompactSize(dst, uint64(len(msg.TxIn)))
	for _, in := range msg.TxIn {
		dst = append(dst, in.PreviousOutPoint.Hash[:]...)
		dst = le.AppendUint32(dst, in.PreviousOutPoint.Index)
		dst = appendBytes(dst, in.SignatureScript)
		dst = le.AppendUint32(dst, in.Sequence)
	}
	dst = AppendCompactSize(dst, uint64(len(msg.TxOut)))
	for _, out := range msg.TxOut {
		dst = AppendTxOut(dst, out)
	}
	if witness {
		for _, in := range msg.TxIn {
			dst = AppendCompactSize(dst, uint64(len(in.Witness)))
			for _, item := range in.Witness {
				dst = appendBytes(dst, item)
			}
		}
	}
	return le.AppendUint32(dst, msg.LockTime)
}

// AppendTxOut appends an output's bytes: value, then script.
func AppendTxOut(dst []byte, out *btcwire.TxOut) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(out.Value))
	return appendBytes(dst, out.PkScript)
}

func (r *reader) ins(msg *btcwire.MsgTx) {
	n := r.count(minTxIn)
	if n == 0 {
		msg.TxIn = nil
		return
	}
	ins := make([]btcwire.TxIn, n)
	msg.TxIn = make([]*btcwire.TxIn, n)
	for i := range ins {
		in := &ins[i]
		r.hash((*[32]byte)(&in.PreviousOutPoint.Hash))
		in.PreviousOutPoint.Index = r.uint32()
		in.SignatureScript = r.bytes()
		in.Sequence = r.uint32()
		msg.TxIn[i] = in
	}
}

func (r *reader) outs(msg *btcwire.MsgTx) {
	n := r.count(minTxOut)
	if n == 0 {
		msg.TxOut = nil
		return
	}
	outs := make([]btcwire.TxOut, n)
	msg.TxOut = make([]*btcwire.TxOut, n)
	for i := range outs {
		outs[i].Value = int64(r.uint64())
		outs[i].PkScript = r.bytes()
		msg.TxOut[i] = &outs[i]
	}
}

func (r *reader) witness(in *btcwire.TxIn) {
	n := r.count(1)
	if n == 0 {
		return
	}
	in.Witness = make(btcwire.TxWitness, n)
	for i := range in.Witness {
		in.Witness[i] = r.bytes()
	}
}

// tx takes a transaction, whose scripts alias the input, in the order of
// primitives/transaction.h: UnserializeTransaction.
func (r *reader) tx(msg *btcwire.MsgTx) {
	msg.Version = int32(r.uint32())
	r.ins(msg)
	var flags byte
	if len(msg.TxIn) == 0 && r.err == nil {
		// No inputs: this is BIP144's marker, and flags follow, or it is a transaction
		// without inputs, and what follows is taken for flags that are zero.
		if flags = r.byte(); flags != 0 {
			r.ins(msg)
			r.outs(msg)
		}
	} else {
		r.outs(msg)
	}
	if flags&1 != 0 {
		flags ^= 1
		for _, in := range msg.TxIn {
			r.witness(in)
		}
		if r.err == nil && !msg.HasWitness() {
			r.fail(errors.New("superfluous witness record"))
		}
	}
	if flags != 0 {
		r.fail(fmt.Errorf("unknown transaction flags %#x", flags))
	}
	msg.LockTime = r.uint32()
}

// DecodeTx decodes one transaction, which must be all of b.
func DecodeTx(b []byte) (*Tx, error) {
	t, rest, err := ReadTx(b)
	if err == nil && len(rest) > 0 {
		return nil, fmt.Errorf("decoding a transaction: %d bytes follow it", len(rest))
	}
	return t, err
}

// ReadTx decodes the transaction at the front of b and gives what follows it.
func ReadTx(b []byte) (t *Tx, rest []byte, err error) {
	r := reader{b: append([]byte(nil), b...)}
	t = new(Tx)
	r.tx(&t.msg)
	if r.err != nil {
		return nil, nil, fmt.Errorf("decoding a transaction: %w", r.err)
	}
	t.measure(nil)
	return t, b[len(b)-len(r.b):], nil
}
