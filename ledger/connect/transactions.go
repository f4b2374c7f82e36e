package connect

import (
	"errors"
	"fmt"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/aal"
	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// ConnectBlock goes through the transactions once: coins, scripts, contracts, one
// transaction after the other. What a contract does cannot change what the transactions
// behind it spend, only whether the block is the right one. So here the transactions
// are gone through for all but scripts and contracts first; then the contracts run in order
// while scripts are verified beside them; and of all that failed, that is reported which
// ConnectBlock would have met first.

// contractTx is a transaction whose contract outputs are to be executed.
type contractTx struct {
	index int // in the block
	execs []aal.Execution
	place int // in the expected transactions, behind its own
	// generated are the transactions that must follow it.
	generated []*btcwire.MsgTx
}

// stage is where in the course of a transaction a rule stands: before the verification of
// its scripts, at it, or behind.
type stage int

const (
	beforeScripts stage = iota
	atScripts
	afterScripts
)

// stop is the rejection of a block, and where ConnectBlock meets it.
type stop struct {
	tx    int
	stage stage
	err   error
}

// transactions takes all of txs into the state.
func (c *connection) transactions(txs []*wire.Tx) error {
	var first *stop
	for i, tx := range txs {
		if s, err := c.transaction(i, tx); err != nil {
			first = &stop{i, s, err}
			break
		}
	}
	if first != nil && check.Of(first.err) == nil {
		return first.err // not a rejection: nothing can be said of the block
	}
	if first != nil {
		c.verifier.dropOthers()
	}
	c.verifier.start()
	executed := c.execute(first)
	c.verifier.wait()
	if executed != nil {
		first = executed
	}
	if j, err := c.verifier.failure(true); j != nil {
		if check.Of(err) == nil {
			return err
		}
		if first == nil || j.tx < first.tx || j.tx == first.tx && first.stage > atScripts {
			first = &stop{j.tx, atScripts, err}
		}
	}
	if first != nil {
		return first.err
	}
	c.weave()
	return nil
}

// transaction takes one transaction into the state but for its scripts, which it notes, and
// contracts. The stage is that of the error; after one the set is as it was before.
func (c *connection) transaction(i int, tx *wire.Tx) (stage, error) {
	c.result.Inputs += len(tx.Msg().TxIn)
	if tx.IsCoinBase() {
		return c.coinbase(tx)
	}
	var err error
	if c.spending, err = c.set.Inputs(c.spending[:0], tx); err != nil {
		return beforeScripts, err
	}
	spent := c.spending
	if err := c.checkInputs(tx, spent); err != nil {
		return beforeScripts, err
	}
	outs := make([]btcwire.TxOut, len(spent))
	var in int64
	for j, coin := range spent {
		outs[j] = coin.TxOut()
		in += coin.Value
	}
	if err := c.countSigOps(tx, outs); err != nil {
		return beforeScripts, err
	}
	out := coins.ValueOut(tx)
	if tx.IsCoinStake() {
		c.stakeReward = out - in
	}
	isSpend, isContract := aal.IsSpend(tx), aal.IsContract(tx)
	c.addScripts(i, tx, outs, isSpend || isContract)
	for j := range outs {
		if script.IsContract(outs[j].PkScript) && !script.HasOpSpend(tx.Msg().TxIn[j].SignatureScript) {
			return afterScripts, check.Invalid(check.Consensus, "bad-txns-invalid-contract-spend",
				"ConnectBlock(): Contract spend without OP_SPEND in scriptSig")
		}
	}
	c.valueIn += in
	c.valueOut += out
	if err := aal.CheckOpSender(tx, c.net, c.height); err != nil {
		return afterScripts, err
	}
	if !isSpend {
		c.expected = append(c.expected, tx)
	}
	if isContract {
		if err := c.contract(i, tx, outs[0].PkScript, in-out); err != nil {
			return afterScripts, err
		}
	}
	undo, err := c.set.SpendTx(tx)
	if err != nil {
		return afterScripts, err
	}
	c.spent = append(c.spent, undo)
	c.set.AddTx(tx, c.height)
	return 0, nil
}

// coinbase takes the first transaction into the state. It spends nothing, and check.Block
// saw to it that it has nothing to do with contracts.
func (c *connection) coinbase(tx *wire.Tx) (stage, error) {
	if err := c.countSigOps(tx, nil); err != nil {
		return beforeScripts, err
	}
	c.valueOut += coins.ValueOut(tx)
	c.expected = append(c.expected, tx)
	c.set.AddTx(tx, c.height)
	return 0, nil
}

func (c *connection) countSigOps(tx *wire.Tx, spent []btcwire.TxOut) error {
	c.result.SigOps += script.SigOpCost(tx, spent, c.flags)
	if int64(c.result.SigOps) > c.limits.SigOps() {
		return check.Invalid(check.Consensus, "bad-blk-sigops", "")
	}
	return nil
}

// checkInputs holds tx against the rules towards the coins that it spends.
func (c *connection) checkInputs(tx *wire.Tx, spent []*coins.Coin) error {
	fee, err := coins.CheckTxInputs(tx, spent, c.height, c.net.Maturity(c.height))
	if err != nil {
		return broken(err)
	}
	c.result.Fees += fee
	if !params.MoneyRange(c.result.Fees) {
		return check.Invalid(check.Consensus, "bad-txns-accumulated-fee-outofrange", "")
	}
	if c.height < c.net.CSVHeight {
		return nil
	}
	locks, err := coins.SequenceLocks(tx, spent, c.medianTimeAt)
	if err != nil {
		return err
	}
	if !locks.Final(c.height, c.medianTime) {
		return check.Invalid(check.Consensus, "bad-txns-nonfinal", "")
	}
	return nil
}

// medianTimeAt gives the median time past of the block at a height of this chain.
func (c *connection) medianTimeAt(height int32) (int64, error) {
	n, err := c.in.Prev.Ancestor(height)
	if err != nil {
		return 0, err
	}
	if n == nil {
		return 0, fmt.Errorf("block %v: no block at height %d below it", c.hash, height)
	}
	return n.MedianTimePast(), nil
}

// addScripts notes the scripts of tx for verification (validation.cpp: CheckInputScripts).
func (c *connection) addScripts(i int, tx *wire.Tx, spent []btcwire.TxOut, urgent bool) {
	checker := script.NewChecker(tx.Msg(), spent)
	for j := range spent {
		c.verifier.add(job{tx: i, urgent: urgent, check: func() error {
			return badScript("mandatory-script-verify-flag-failed", tx, "input", j, checker.Input(j, c.flags))
		}})
	}
	for j, out := range tx.Msg().TxOut {
		if script.HasOpSender(out.PkScript) {
			c.verifier.add(job{tx: i, urgent: urgent, check: func() error {
				return badScript("sender-output-script-verify-failed", tx, "output", j, checker.Sender(j))
			}})
		}
	}
}

func badScript(reason string, tx *wire.Tx, of string, n int, err error) error {
	if err == nil {
		return nil
	}
	var e script.Error
	if !errors.As(err, &e) {
		return err
	}
	return check.Invalid(check.Consensus, fmt.Sprintf("%s (%v)", reason, e), fmt.Sprintf("%s %d of %v", of, n, tx.ID()))
}

// contract notes the contract outputs of tx for execution, after the rules towards them.
// paid is the script of the coin that the first input spends.
func (c *connection) contract(i int, tx *wire.Tx, paid []byte, fee int64) error {
	if err := aal.CheckSenderScript(tx, paid); err != nil {
		return err
	}
	execs, err := aal.Extract(tx, paid, c.net, c.height)
	if err != nil {
		return err
	}
	if err := aal.Check(execs, fee, c.limits.MinGasPrice, c.limits.BlockGasLimit); err != nil {
		return err
	}
	c.contracts = append(c.contracts, contractTx{index: i, execs: execs, place: len(c.expected)})
	return nil
}

// execute runs the contracts of the transactions before the one at which the block was
// stopped. It gives where it is stopped earlier.
func (c *connection) execute(at *stop) *stop {
	for k := range c.contracts {
		tx := &c.contracts[k]
		if at != nil && tx.index >= at.tx || c.verifier.urgentFailed(tx.index) {
			return nil
		}
		if err := c.executeTx(tx); err != nil {
			return &stop{tx.index, afterScripts, err}
		}
	}
	return nil
}

func (c *connection) executeTx(tx *contractTx) error {
	res, err := c.machine.Execute(tx.execs)
	if err != nil {
		return err
	}
	if c.envErr != nil {
		return c.envErr
	}
	c.result.GasUsed += res.GasUsed
	if c.result.GasUsed > c.limits.BlockGasLimit {
		return check.Invalid(check.Consensus, "bad-blk-gaslimit", "ConnectBlock(): Block exceeds gas limit")
	}
	for _, out := range res.Refunds {
		c.refunds = append(c.refunds, *out)
	}
	c.result.GasRefunds += res.RefundSum
	tx.generated = res.Generated
	c.result.Receipts = append(c.result.Receipts, Receipt{Tx: tx.index, Outputs: res.Outputs})
	return nil
}
