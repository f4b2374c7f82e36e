package coins

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// Kind is what sort of rule a transaction breaks towards the coins that it spends, as it
// matters to whoever relayed it (consensus/validation.h: TxValidationResult).
type Kind uint8

const (
	// Consensus is a rule that no block may break.
	Consensus Kind = iota
	// MissingInputs means that a coin is not there, or not any more.
	MissingInputs
	// Premature means that the same transaction may be valid in a later block.
	Premature
)

// Violation says which rule a transaction breaks towards the coins that it spends: Reason
// is Qtum Core's reject reason, Debug its further text.
type Violation struct {
	Kind   Kind
	Reason string
	Debug  string
}

// Error implements error.
func (v *Violation) Error() string {
	if v.Debug == "" {
		return v.Reason
	}
	return v.Reason + ", " + v.Debug
}

// Inputs appends to dst the coins that tx spends, in the order of its inputs: nil for
// one that is not there.
func (s *Set) Inputs(dst []*Coin, tx *wire.Tx) ([]*Coin, error) {
	for _, in := range tx.Msg().TxIn {
		c, err := s.Coin(in.PreviousOutPoint)
		if err != nil {
			return dst, err
		}
		dst = append(dst, c)
	}
	return dst, nil
}

// AddTx makes coins of the outputs of tx, which is in the block of the given height, but
// of those that can never be spent. A contract's output is a coin, which transactions of
// the account abstraction layer spend. The coins' scripts are those of tx, not copies.
func (s *Set) AddTx(tx *wire.Tx, height int32) {
	base, stake := tx.IsCoinBase(), tx.IsCoinStake()
	op := btcwire.OutPoint{Hash: tx.ID()}
	for i, out := range tx.Msg().TxOut {
		if script.IsUnspendable(out.PkScript) {
			continue
		}
		op.Index = uint32(i)
		s.Put(op, Coin{Value: out.Value, Script: out.PkScript, Height: height, CoinBase: base, CoinStake: stake})
	}
}

// HaveOutput reports whether any output of tx is an unspent coin already (BIP30).
func (s *Set) HaveOutput(tx *wire.Tx) (bool, error) {
	op := btcwire.OutPoint{Hash: tx.ID()}
	for i := range tx.Msg().TxOut {
		op.Index = uint32(i)
		if have, err := s.Have(op); have || err != nil {
			return have, err
		}
	}
	return false, nil
}

// ValueOut is the sum of the values of tx's outputs.
func ValueOut(tx *wire.Tx) int64 {
	var sum int64
	for _, out := range tx.Msg().TxOut {
		sum += out.Value
	}
	return sum
}

// CheckTxInputs holds tx, not a coinbase, against the coins spent, which are those of its
// inputs as Inputs gives them, in a block of the given height in which coins of coinbase
// and coinstake mature after maturity blocks. It gives the fee, which is 0 for a
// coinstake. The error is a *Violation. Source: Qtum Core 27.1 consensus/tx_verify.cpp:
// CheckTxInputs.
//
// Coins of height 0 are exempt from maturity: only a network whose genesis outputs are
// spendable has any.
func CheckTxInputs(tx *wire.Tx, spent []*Coin, height, maturity int32) (fee int64, err error) {
	for _, c := range spent {
		if c == nil {
			return 0, &Violation{MissingInputs, "bad-txns-inputs-missingorspent", "CheckTxInputs: inputs missing/spent"}
		}
	}
	var in int64
	for _, c := range spent {
		if (c.CoinBase || c.CoinStake) && c.Height > 0 && height-c.Height < maturity {
			return 0, &Violation{Premature, "bad-txns-premature-spend-of-coinbase",
				fmt.Sprintf("tried to spend coinbase at depth %d", height-c.Height)}
		}
		if !params.MoneyRange(c.Value) || !params.MoneyRange(in+c.Value) {
			return 0, &Violation{Consensus, "bad-txns-inputvalues-outofrange", ""}
		}
		in += c.Value
	}
	if tx.IsCoinStake() {
		return 0, nil
	}
	out := ValueOut(tx)
	if in < out {
		return 0, &Violation{Consensus, "bad-txns-in-belowout",
			fmt.Sprintf("value in (%s) < value out (%s)", FormatAmount(in), FormatAmount(out))}
	}
	if !params.MoneyRange(in - out) {
		return 0, &Violation{Consensus, "bad-txns-fee-outofrange", ""}
	}
	return in - out, nil
}

// FormatAmount writes satoshi as coins of money with at least two decimals, as Bitcoin
// Core's util/moneystr.cpp: FormatMoney does.
func FormatAmount(n int64) string {
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = "-", -u
	}
	s := fmt.Sprintf("%d.%08d", u/uint64(params.Coin), u%uint64(params.Coin))
	for s[len(s)-1] == '0' && s[len(s)-3] != '.' {
		s = s[:len(s)-1]
	}
	return sign + s
}

// Locks is the answer of SequenceLocks: the last height and the last median time past at
// which a transaction may not yet stand in a block, -1 where there is no such bound.
type Locks struct {
	Height int32
	Time   int64
}

const (
	sequenceDisabled    = 1 << 31
	sequenceTime        = 1 << 22
	sequenceMask        = 0xffff
	sequenceGranularity = 9 // times are in units of 512 s
)

// SequenceLocks works out the relative lock times of tx (BIP68), whose inputs spend
// spent, all there. medianTime gives the median time past of the block at a height of the chain
// that tx is to join. Source: consensus/tx_verify.cpp: CalculateSequenceLocks.
func SequenceLocks(tx *wire.Tx, spent []*Coin, medianTime func(height int32) (int64, error)) (Locks, error) {
	l := Locks{-1, -1}
	msg := tx.Msg()
	if uint32(msg.Version) < 2 {
		return l, nil
	}
	for i, in := range msg.TxIn {
		if in.Sequence&sequenceDisabled != 0 {
			continue
		}
		n := in.Sequence & sequenceMask
		if in.Sequence&sequenceTime == 0 {
			l.Height = max(l.Height, spent[i].Height+int32(n)-1)
			continue
		}
		t, err := medianTime(max(spent[i].Height-1, 0))
		if err != nil {
			return l, err
		}
		l.Time = max(l.Time, t+int64(n<<sequenceGranularity)-1)
	}
	return l, nil
}

// Final reports whether the locks let a transaction stand in a block of the given height
// whose parent has the given median time past (EvaluateSequenceLocks).
func (l Locks) Final(height int32, parentMedianTime int64) bool {
	return l.Height < height && l.Time < parentMedianTime
}

// TxUndo is the coins that a transaction spent, in the order of its inputs.
type TxUndo []Coin

// SpendTx removes the coins that tx spends and gives them.
func (s *Set) SpendTx(tx *wire.Tx) (TxUndo, error) {
	msg := tx.Msg()
	undo := make(TxUndo, 0, len(msg.TxIn))
	for i, in := range msg.TxIn {
		c, ok, err := s.Spend(in.PreviousOutPoint)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("spend input %d of %v: no coin %v", i, chainhash.Hash(tx.ID()), in.PreviousOutPoint)
		}
		undo = append(undo, c)
	}
	return undo, nil
}
