package aal

import (
	"bytes"
	"math"
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// maxOutputs is the most outputs that a condensing transaction may have; an execution
// that needs more counts as out of gas (validation.h: MAX_CONTRACT_VOUTS).
const maxOutputs = 1000

// condensing is the making of the transaction that moves coins as an execution moved
// value (qtumstate.cpp: CondensingTX).
type condensing struct {
	exec     *Execution
	book     *coinBook
	unkept   map[Address]struct{} // addresses that may keep no account
	alive    func(Address) bool   // the address has an account that stays
	parties  map[Address]*party
	overflow bool
}

// party is an address that transfers move value from or to.
type party struct {
	addr        Address
	coin        Coin // what it brings; all zero without one
	counted     bool // it has a coin
	plus, minus uint256.Int
	balance     uint256.Int
	balanced    bool // balance is worked out
	vout        uint32
}

// condense gives the transaction that settles the transfers of an execution, nil if none
// is needed or none can be, and notes in the book which coins the parties now have.
// Where there are too many outputs it gives ok false and notes nothing.
func (c *condensing) condense(transfers []Transfer) (tx *btcwire.MsgTx, ok bool) {
	if len(transfers) == 0 {
		return nil, true
	}
	c.parties = map[Address]*party{}
	for i := range transfers {
		t := &transfers[i]
		// The sender brings the contract output itself, unless its first transfer was one
		// to it and the book has a coin of it.
		known := c.parties[t.From]
		from := c.party(t.From)
		if (known == nil || !known.counted) && t.From == c.exec.Sender && c.exec.Value > 0 {
			from.coin = Coin{TxID: c.exec.TxID, Vout: c.exec.Vout, alive: true}
			from.coin.Value.SetUint64(uint64(c.exec.Value))
			from.counted = true
		}
		from.minus.Add(&from.minus, &t.Value)
		to := c.party(t.To)
		to.plus.Add(&to.plus, &t.Value)
	}
	order := make([]*party, 0, len(c.parties))
	for _, p := range c.parties {
		order = append(order, p)
	}
	slices.SortFunc(order, func(a, b *party) int { return bytes.Compare(a.addr[:], b.addr[:]) })

	if c.settle(order) {
		tx = &btcwire.MsgTx{Version: 2, TxIn: c.inputs(order), TxOut: c.outputs(order)}
		if c.overflow {
			return nil, false
		}
		if len(tx.TxIn) == 0 || len(tx.TxOut) == 0 {
			tx = nil
		}
	}
	// Also where no transaction came of it, every balance that was worked out goes into
	// the book, then as an output of a transaction that does not exist.
	var id [32]byte
	if tx != nil {
		id = wire.NewTx(tx).ID()
	}
	for _, p := range order {
		switch {
		case !p.balanced || p.addr == c.exec.Sender:
		case p.balance.IsZero():
			c.book.set(p.addr, Coin{TxID: id})
		default:
			c.book.set(p.addr, Coin{TxID: id, Vout: p.vout, Value: p.balance, alive: true})
		}
	}
	return tx, true
}

// party gives the party of an address, with the coin that the book has of it.
func (c *condensing) party(a Address) *party {
	p, ok := c.parties[a]
	if !ok {
		p = &party{addr: a}
		c.parties[a] = p
		if coin := c.book.coin(a); coin != nil {
			p.coin, p.counted = *coin, true
		}
	}
	return p
}

// brings tells whether the party's coin goes in: it is alive, or it belonged to an account
// that destroyed itself. A dead coin of an address that may keep no account does not;
// it was paid out to a key before, and only the key can spend it.
func (c *condensing) brings(p *party) bool {
	if p.coin.alive {
		return true
	}
	_, unkept := c.unkept[p.addr]
	return !unkept
}

// settle works out what each party has afterwards, in order, up to the first that sent
// more than it can have had: then it gives false.
func (c *condensing) settle(order []*party) bool {
	for _, p := range order {
		if c.brings(p) {
			p.balance = p.coin.Value
		}
		p.balance.Add(&p.balance, &p.plus)
		if p.balance.Lt(&p.minus) {
			p.balance.Clear()
			return false
		}
		p.balance.Sub(&p.balance, &p.minus)
		p.balanced = true
	}
	return true
}

func (c *condensing) inputs(order []*party) []*btcwire.TxIn {
	var ins []*btcwire.TxIn
	for _, p := range order {
		if !p.coin.Value.IsZero() && c.brings(p) {
			ins = append(ins, spend(p.coin.TxID, p.coin.Vout))
		}
	}
	return ins
}

func (c *condensing) outputs(order []*party) []*btcwire.TxOut {
	var outs []*btcwire.TxOut
	for _, p := range order {
		if p.balance.IsZero() {
			continue
		}
		pay := script.P2PKH(p.addr)
		if c.alive(p.addr) {
			pay = script.NoExec(p.addr)
		}
		p.vout = uint32(len(outs))
		outs = append(outs, &btcwire.TxOut{Value: amount(&p.balance), PkScript: pay})
		if len(outs) > maxOutputs {
			c.overflow = true
			break
		}
	}
	return outs
}

// amount is v as an output's value; what does not fit is the most that fits.
func amount(v *uint256.Int) int64 {
	if !v.IsUint64() || v.Uint64() > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(v.Uint64())
}

// spend is an input that spends a contract's coin, which only the layer itself does.
func spend(txid [32]byte, vout uint32) *btcwire.TxIn {
	return &btcwire.TxIn{
		PreviousOutPoint: btcwire.OutPoint{Hash: txid, Index: vout},
		SignatureScript:  []byte{script.OpSpend},
		Sequence:         btcwire.MaxTxInSequenceNum,
	}
}

// payBack is the transaction that gives the value of a contract output to its sender.
func payBack(e *Execution) *btcwire.MsgTx {
	return &btcwire.MsgTx{
		Version: 2,
		TxIn:    []*btcwire.TxIn{spend(e.TxID, e.Vout)},
		TxOut:   []*btcwire.TxOut{{Value: e.Value, PkScript: script.P2PKH(e.Sender)}},
	}
}
