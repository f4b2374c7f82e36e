package aal

import (
	"fmt"
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"spacechain/ledger/check"
	"spacechain/ledger/evm/precompile"
	"spacechain/ledger/script"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// Machine runs the executions of one block over its parent's state.
type Machine struct {
	// Env is the block. It may be changed between executions.
	Env Env
	// RecordRoots makes every Result tell the roots after it, which costs hashing.
	RecordRoots bool

	reader view.Reader
	st     *state.State
	book   *coinBook

	// unkept are the addresses that may keep no account and no coin in the book: senders,
	// the author, and whoever was called or made heir without having an account, even if
	// that call was reverted, or the address has become a contract since
	// (libethcore/SealEngine.h: deleteAddresses).
	unkept    map[Address]struct{}
	transfers []Transfer

	contracts     *precompile.Set
	contractRules precompile.Rules
}

// New gives the Machine of a block that builds on the state in r. Its Env must be set
// before anything runs.
func New(r view.Reader) *Machine {
	return &Machine{
		reader: r,
		st:     state.New(r),
		book:   newCoinBook(r),
		unkept: map[Address]struct{}{},
	}
}

// Result is what became of an execution, as Qtum Core's receipts and RPC have it.
type Result struct {
	Excepted Exception
	Message  string // reason that a reverted execution gave
	// GasUsed is what the sender pays for: all of the limit where an exception ended the
	// execution, nothing where the callee has no account at all.
	GasUsed     uint64
	GasRefunded int64   // refunds earned, before the cap of half of the gas used
	NewAddress  Address // the created contract, or the callee
	Output      []byte  // returned or reverted with; of a create, the code
	Logs        []state.Log
	// StateRoot and UTXORoot are as the execution left them, where RecordRoots asks for
	// it; zero where the callee has no account.
	StateRoot, UTXORoot [32]byte
}

// Bloom is the filter of the result's logs.
func (r *Result) Bloom() Bloom { return BloomOf(r.Logs) }

// TxResult is what the contract outputs of a transaction came to.
type TxResult struct {
	Outputs []Result // one per execution, in order
	GasUsed uint64
	// Refunds are the outputs in which the block maker pays back gas not used, in order of
	// the executions, and RefundSum is their value.
	Refunds   []*btcwire.TxOut
	RefundSum int64
	// Generated are the transactions that must follow in the block.
	Generated []*btcwire.MsgTx
}

// Execute runs the contract outputs of one transaction, which have passed Check. A
// rejection is a *check.Error; after any error the Machine must not be used on.
// (validation.cpp: ByteCodeExec::performByteCode and processingResults)
func (m *Machine) Execute(execs []Execution) (*TxResult, error) {
	out := &TxResult{Outputs: make([]Result, 0, len(execs))}
	m.st.ClearTransient()
	for i := range execs {
		e := &execs[i]
		if e.Version != VersionEVM {
			return nil, check.Invalid(check.Consensus, "bad-tx-unknown-error",
				"ConnectBlock(): Unknown error during contract execution")
		}
		r, tx, err := m.run(e, false)
		if err != nil {
			return nil, err
		}
		out.Outputs = append(out.Outputs, r)
		if err := m.settle(out, e, &r, tx); err != nil {
			return nil, err
		}
	}
	m.endTx()
	return out, m.Err()
}

// settle adds to out what follows from the result of an execution and the transaction
// that it gave, if any.
func (m *Machine) settle(out *TxResult, e *Execution, r *Result, tx *btcwire.MsgTx) error {
	out.GasUsed += r.GasUsed
	if r.Excepted != None && e.Value > 0 {
		out.Generated = append(out.Generated, payBack(e))
	}
	if r.Excepted == None || r.Excepted == Revert && m.Env.qip7() {
		amount := int64((e.GasLimit - r.GasUsed) * e.GasPrice)
		if amount < 0 {
			return check.Invalid(check.Consensus, "bad-vm-exec-processing",
				"ConnectBlock(): Error processing VM execution results")
		}
		if amount > 0 {
			out.Refunds = append(out.Refunds,
				&btcwire.TxOut{Value: amount, PkScript: script.P2PKH(e.RefundSender)})
			out.RefundSum += amount
		}
	}
	if tx != nil {
		out.Generated = append(out.Generated, tx)
	}
	return nil
}

// endTx ends the executions of a transaction.
func (m *Machine) endTx() {
	clear(m.unkept)
	m.st.ClearTransient()
}

// run runs one execution. In a view run nothing of it stays. Else the transaction is the
// one that moves its coins, nil if none moved. (QtumState::execute)
func (m *Machine) run(e *Execution, viewed bool) (r Result, tx *btcwire.MsgTx, err error) {
	if !e.Create && !m.st.Exists(e.To) {
		return Result{Excepted: Unknown}, nil, m.Err()
	}
	r, tx = m.runOn(e, viewed)
	if m.RecordRoots {
		r.StateRoot, r.UTXORoot, err = m.Roots()
	}
	return r, tx, err
}

// runOn is run where the callee has an account.
func (m *Machine) runOn(e *Execution, viewed bool) (Result, *btcwire.MsgTx) {
	st := m.st
	st.BeginTx()
	m.transfers = m.transfers[:0]

	// The sender has what the output brings. Its account ends with the execution.
	var price, cost, sum uint256.Int
	price.SetUint64(e.GasPrice)
	cost.Mul(cost.SetUint64(e.GasLimit), &price)
	sum.Add(sum.SetUint64(uint64(e.Value)), &cost)
	st.AddBalance(e.Sender, &sum)
	m.unkept[e.Sender] = struct{}{}
	m.unkept[m.Env.Author] = struct{}{}

	if x := m.refuses(e); x != None {
		return m.fail(e, x, viewed), nil
	}
	st.SubBalance(e.Sender, &cost)
	before := st.Snapshot()
	r, gas, ran := m.interpret(e)
	if !ran {
		// A callee without code, also a precompiled contract.
		st.RevertTo(before)
		return m.fail(e, Unknown, viewed), nil
	}
	if m.Env.qip7() {
		m.transfers = standing(m.transfers, st.BalanceLog())
	}

	// What is left of the gas goes to the sender, the rest to the author. Neither keeps
	// it here; the outputs pay.
	r.GasRefunded = st.Refund()
	gas += min((int64(e.GasLimit)-gas)/2, r.GasRefunded)
	r.GasUsed = e.GasLimit - uint64(gas)
	st.AddBalance(e.Sender, sum.Mul(sum.SetUint64(uint64(gas)), &price))
	st.AddBalance(m.Env.Author, sum.Mul(sum.SetUint64(r.GasUsed), &price))
	st.EachKilled(m.book.kill)
	st.ApplyKills()
	r.Logs = st.Logs()

	if viewed {
		st.DiscardTx()
		st.ClearBalanceLog()
		m.book.drop()
		return r, nil
	}
	m.dropUnkept()
	if r.Excepted != None {
		m.keep()
		return r, nil
	}
	c := condensing{exec: e, book: m.book, unkept: m.unkept, alive: st.Alive}
	tx, ok := c.condense(m.transfers)
	if !ok {
		return m.tooManyOutputs(e, before, r.Logs)
	}
	m.keep()
	return r, tx
}

// refuses gives the exception that ends an execution before it begins.
func (m *Machine) refuses(e *Execution) Exception {
	switch {
	case e.Create && e.Value != 0:
		return CreateWithValue
	case m.Env.Schedule.Intrinsic(e.Create, e.Data) > int64(e.GasLimit):
		return OutOfGasIntrinsic
	case e.GasLimit > m.Env.GasLimit:
		return BlockGasLimitReached
	}
	return None
}

// fail ends an execution with an exception that took all its gas and left nothing, except
// what Qtum Core forgot to take back before FixUTXOCacheHeight: coins that had been looked
// at stay in the book's cache, marked as they were, and become part of the book with the
// next execution that succeeds, be it in a later block.
func (m *Machine) fail(e *Execution, x Exception, viewed bool) Result {
	if m.Env.tip() < m.Env.Params.FixUTXOCacheHeight && !viewed {
		m.dropUnkept()
		m.st.EndTx(true)
	} else {
		m.st.DiscardTx()
		m.book.drop()
	}
	return Result{Excepted: x, GasUsed: e.GasLimit, NewAddress: e.To}
}

// tooManyOutputs ends an execution whose coins would take more outputs than there may be:
// it counts as one without exception that used all its gas and gave the value back.
func (m *Machine) tooManyOutputs(e *Execution, before int, logs []state.Log) (Result, *btcwire.MsgTx) {
	logs = slices.Clone(logs)
	m.st.RevertTo(before)
	m.fail(e, OutOfGas, false)
	r := Result{Excepted: None, GasUsed: e.GasLimit, Logs: logs}
	if e.Value > 0 {
		return r, payBack(e)
	}
	return r, nil
}

// dropUnkept takes the accounts of those that may keep none, and their coins out of the
// book (QtumState::deleteAccounts).
func (m *Machine) dropUnkept() {
	for a := range m.unkept {
		m.st.Remove(a)
		m.book.kill(a)
	}
}

// keep makes what an execution did part of the block.
func (m *Machine) keep() {
	m.book.take()
	m.st.EndTx(true)
}

// Err is the first error that reading the parent state gave, if any. What a Machine
// answers after an error means nothing.
func (m *Machine) Err() error {
	if err := m.st.Err(); err != nil {
		return fmt.Errorf("aal: %w", err)
	}
	return m.book.err
}
