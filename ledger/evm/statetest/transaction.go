package statetest

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/holiman/uint256"
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/evm"
	"spacechain/ledger/state"
)

// transaction is one of Ethereum's, signature aside.
type transaction struct {
	kind       byte // EIP-2718: 0 legacy, 1 access list, 2 dynamic fee, 3 blobs
	from       state.Address
	to         *state.Address // nil creates a contract
	nonce, gas uint64
	value      uint256.Int
	valueOver  bool // the value has more than 256 bits
	data       []byte
	access     []access

	gasPrice, feeCap, tipCap uint256.Int // legacy ones have all three the same
	blobFeeCap               uint256.Int
	blobs                    []state.Hash
}

type access struct {
	address state.Address
	slots   []uint256.Int
}

// pick gives the transaction that the indexes choose.
func (ts *transactions) pick(p *post) (*transaction, error) {
	var r reader
	at := func(what string, list []string, i int) string {
		if i < 0 || i >= len(list) {
			r.fail(what, fmt.Sprint(i), fmt.Errorf("index out of %d", len(list)))
			return ""
		}
		return list[i]
	}
	tx := &transaction{
		nonce: r.uint64("nonce", ts.Nonce),
		gas:   r.uint64("gas limit", at("gas limit", ts.GasLimit, p.Indexes.Gas)),
		data:  r.bytes("data", at("data", ts.Data, p.Indexes.Data)),
	}
	tx.value, tx.valueOver = r.number("value", at("value", ts.Value, p.Indexes.Value))
	if ts.To != "" {
		a := r.address("to", ts.To)
		tx.to = &a
	}
	ts.fees(tx, &r)
	if i := p.Indexes.Data; i < len(ts.AccessLists) && ts.AccessLists[i] != nil {
		tx.kind = max(tx.kind, 1)
		for _, e := range *ts.AccessLists[i] {
			a := access{address: r.address("access list", e.Address)}
			for _, k := range e.StorageKeys {
				a.slots = append(a.slots, r.word("access list", k))
			}
			tx.access = append(tx.access, a)
		}
	}
	if ts.BlobVersionedHashes != nil {
		tx.kind = 3
		for _, h := range *ts.BlobVersionedHashes {
			tx.blobs = append(tx.blobs, r.hash("blob hash", h))
		}
	}
	if ts.Sender != "" {
		tx.from = r.address("sender", ts.Sender)
	} else {
		key := r.bytes("secret key", ts.SecretKey)
		_, public := btcec.PrivKeyFromBytes(key)
		h := keccak(public.SerializeUncompressed()[1:])
		tx.from = state.Address(h[12:])
	}
	return tx, r.err
}

func (ts *transactions) fees(tx *transaction, r *reader) {
	if price, ok := maybe(ts.GasPrice); ok {
		tx.gasPrice = r.word("gas price", price)
		tx.feeCap, tx.tipCap = tx.gasPrice, tx.gasPrice
	}
	if fee, ok := maybe(ts.MaxFeePerGas); ok {
		tx.kind = 2
		tx.feeCap = r.word("fee cap", fee)
		tx.tipCap = tx.feeCap
	}
	if tip, ok := maybe(ts.MaxPriorityFeePerGas); ok {
		tx.kind = 2
		tx.tipCap = r.word("tip cap", tip)
	}
	if fee, ok := maybe(ts.MaxFeePerBlobGas); ok {
		tx.kind = 3
		tx.blobFeeCap = r.word("blob fee cap", fee)
	}
}

const (
	gasPerBlob  = 1 << 17 // EIP-4844
	maxBlobGas  = 6 * gasPerBlob
	maxInitCode = 49152 // EIP-3860
)

// since has the fork that brought each kind of transaction.
var since = [...]evm.Fork{evm.Frontier, evm.Berlin, evm.London, evm.Cancun}

// check tells why the transaction is not valid as the first of a block, in the order of
// Ethereum's execution specification, with the base fee and blob fee of the block.
func (tx *transaction) check(f evm.Fork, b *evm.Block, st *state.State) error {
	switch have := st.Nonce(tx.from); {
	case f < since[tx.kind]:
		return fmt.Errorf("transactions of type %d are not of %v", tx.kind, f)
	case tx.gas > b.GasLimit:
		return fmt.Errorf("gas limit %d over the block's %d", tx.gas, b.GasLimit)
	case have != tx.nonce:
		return fmt.Errorf("nonce %d, the sender's is %d", tx.nonce, have)
	case tx.nonce+1 == 0:
		return errors.New("nonce at its maximum")
	case st.HasCode(tx.from):
		return errors.New("sender has code (EIP-3607)")
	}
	if f >= evm.London {
		if tx.feeCap.Lt(&tx.tipCap) {
			return errors.New("tip cap over fee cap")
		}
		if tx.feeCap.Lt(&b.BaseFee) {
			return errors.New("fee cap under the base fee")
		}
	}
	if tx.kind == 3 {
		if err := tx.checkBlobs(b); err != nil {
			return err
		}
	}
	var cost, have uint256.Int
	if tx.valueOver || tx.cost(&cost) {
		return errors.New("cost over 256 bits")
	}
	if st.Balance(tx.from, &have); have.Lt(&cost) {
		return fmt.Errorf("cost %v, the sender has %v", &cost, &have)
	}
	if need := tx.intrinsicGas(f); tx.gas < need {
		return fmt.Errorf("gas limit %d, the transaction alone takes %d", tx.gas, need)
	}
	if f >= evm.Shanghai && tx.to == nil && len(tx.data) > maxInitCode {
		return fmt.Errorf("init code of %d bytes (EIP-3860)", len(tx.data))
	}
	return nil
}

func (tx *transaction) checkBlobs(b *evm.Block) error {
	switch {
	case tx.to == nil:
		return errors.New("blob transaction creates a contract")
	case len(tx.blobs) == 0:
		return errors.New("blob transaction without blobs")
	case tx.blobGas() > maxBlobGas:
		return fmt.Errorf("%d blobs", len(tx.blobs))
	case tx.blobFeeCap.Lt(&b.BlobFee):
		return errors.New("blob fee cap under the blob fee")
	}
	for _, h := range tx.blobs {
		if h[0] != 1 {
			return fmt.Errorf("blob hash of version %d", h[0])
		}
	}
	return nil
}

func (tx *transaction) blobGas() uint64 { return uint64(len(tx.blobs)) * gasPerBlob }

// cost is the most that the sender may have to pay; over means beyond 256 bits.
func (tx *transaction) cost(out *uint256.Int) (over bool) {
	var blob, n uint256.Int
	_, o1 := out.MulOverflow(n.SetUint64(tx.gas), &tx.feeCap)
	_, o2 := blob.MulOverflow(n.SetUint64(tx.blobGas()), &tx.blobFeeCap)
	_, o3 := out.AddOverflow(out, &blob)
	_, o4 := out.AddOverflow(out, &tx.value)
	return o1 || o2 || o3 || o4
}

// intrinsicGas is the price of the transaction before any code runs.
func (tx *transaction) intrinsicGas(f evm.Fork) uint64 {
	gas := uint64(21000)
	if tx.to == nil && f >= evm.Homestead {
		gas = 53000
	}
	nonZero := uint64(68)
	if f >= evm.Istanbul {
		nonZero = 16 // EIP-2028
	}
	for _, c := range tx.data {
		if c == 0 {
			gas += 4
		} else {
			gas += nonZero
		}
	}
	if tx.to == nil && f >= evm.Shanghai {
		gas += uint64(len(tx.data)+31) / 32 * 2 // EIP-3860
	}
	for _, a := range tx.access {
		gas += 2400 + 1900*uint64(len(a.slots)) // EIP-2930
	}
	return gas
}

// price is what a unit of gas costs the sender, and what of it the coinbase gets.
func (tx *transaction) price(f evm.Fork, baseFee *uint256.Int) (price, tip uint256.Int) {
	if f < evm.London {
		return tx.feeCap, tx.feeCap
	}
	tip.Sub(&tx.feeCap, baseFee)
	if tx.tipCap.Lt(&tip) {
		tip = tx.tipCap
	}
	price.Add(&tip, baseFee)
	return price, tip
}

// apply runs a valid transaction as all of a block's work but what happens at the end of
// transaction and block. It gives the gas used.
func (tx *transaction) apply(f evm.Fork, b *evm.Block, st *state.State) uint64 {
	price, tip := tx.price(f, &b.BaseFee)
	var fee, n uint256.Int
	fee.Mul(n.SetUint64(tx.gas), &price)
	st.SubBalance(tx.from, &fee)
	fee.Mul(n.SetUint64(tx.blobGas()), &b.BlobFee)
	st.SubBalance(tx.from, &fee)
	tx.warm(f, b, st)

	e := evm.New(evm.Config{
		Fork:    f,
		ChainID: 1,
		Block:   *b,
		Tx:      evm.Tx{Origin: tx.from, GasPrice: price, BlobHashes: tx.blobs},
	}, st)
	defer e.Close()
	gas := tx.gas - tx.intrinsicGas(f)
	if tx.to == nil {
		_, _, gas, _ = e.Create(tx.from, tx.data, gas, &tx.value)
	} else {
		st.SetNonce(tx.from, tx.nonce+1)
		_, gas, _ = e.Call(tx.from, *tx.to, tx.data, gas, &tx.value)
	}
	used := tx.gas - gas
	quotient := uint64(2)
	if f >= evm.London {
		quotient = 5 // EIP-3529
	}
	if refund := st.Refund(); refund > 0 {
		used -= min(uint64(refund), used/quotient)
	}
	st.AddBalance(tx.from, fee.Mul(n.SetUint64(tx.gas-used), &price))
	st.AddBalance(b.Coinbase, fee.Mul(n.SetUint64(used), &tip))
	return used
}

// warm marks what a transaction has accessed before it begins (EIP-2929, EIP-3651).
func (tx *transaction) warm(f evm.Fork, b *evm.Block, st *state.State) {
	if f < evm.Berlin {
		return
	}
	st.AccessAddress(tx.from)
	if tx.to != nil {
		st.AccessAddress(*tx.to)
	}
	if f >= evm.Shanghai {
		st.AccessAddress(b.Coinbase)
	}
	for _, a := range tx.access {
		st.AccessAddress(a.address)
		for i := range a.slots {
			st.AccessSlot(a.address, &a.slots[i])
		}
	}
}

func keccak(b []byte) (h state.Hash) {
	d := sha3.NewLegacyKeccak256()
	d.Write(b)
	d.Sum(h[:0])
	return h
}
