package connect

import (
	"errors"
	"fmt"
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/aal"
	"spacechain/ledger/check"
	"spacechain/ledger/dgp"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// Draft is a block that is being made.
type Draft struct {
	Params *params.Network
	// Prev is the parent's header, with its Record.
	Prev *header.Node
	// State is the state after the parent.
	State view.Reader
	// Header has the Time, the Bits and the PrevStake that the block will have. Contracts
	// see the first two.
	Header wire.Header
	// First is the coinbase and, in a proof-of-stake block, the coinstake, as far as they
	// are known: who is paid must be right, as contracts see it; amounts, further outputs
	// and the coinstake's signatures may be missing.
	First []*wire.Tx
	// Candidates are the transactions that may stand in the block, in the order in which
	// they shall. Those that they make are not among them.
	Candidates []*wire.Tx
}

// Assembly is what a block maker needs to know to finish a block.
type Assembly struct {
	// Txs are the transactions of the block: First, and the candidates that fit, each
	// followed by those that it made.
	Txs []*wire.Tx
	// Skipped are the candidates that do not fit, and why.
	Skipped []Skipped
	// Fees is the sum of all fees in satoshi. Of it, Refunds must be paid by outputs of the
	// coinstake (of the coinbase in a proof-of-work block), and GasRefunds is their sum.
	Fees, GasRefunds int64
	Refunds          []btcwire.TxOut
	GasUsed          uint64
	SigOps           int // cost, of Txs
	// StateRoot and UTXORoot are those of the header.
	StateRoot, UTXORoot [32]byte
	Receipts            []Receipt
	// Limits are what governance sets the block.
	Limits dgp.Values
}

// Skipped is a candidate that is not in the block.
type Skipped struct {
	Tx  *wire.Tx
	Err error
}

// reservedWeight is left free for what First still grows by, beside the refunds.
const reservedWeight = 8000

// Assemble runs the candidates on the parent's state, through the code that Block runs
// them through, and leaves out those that cannot stand in the block. A block of the
// Assembly's transactions, with First finished, and of its roots is one that Block
// connects, as far as its header and its rewards are right. An error that
// is no rejection of one candidate ends it.
func Assemble(d Draft) (*Assembly, error) {
	left := d.Candidates
	var skipped []Skipped
	for {
		a, bad, err := assemble(&d, left)
		if err == nil {
			a.Skipped = append(skipped, a.Skipped...)
			return a, nil
		}
		if bad == nil || check.Of(err) == nil {
			return nil, fmt.Errorf("assemble a block on %v: %w", d.Prev.Hash, err)
		}
		// It had run when it turned out not to fit, and left its traces: begin anew
		// without it.
		skipped = append(skipped, Skipped{bad, err})
		left = slices.DeleteFunc(slices.Clone(left), func(tx *wire.Tx) bool { return tx == bad })
	}
}

// assembler is a connection of a block that grows.
type assembler struct {
	*connection
	weight  int
	txs     []*wire.Tx
	skipped []Skipped
}

func assemble(d *Draft, candidates []*wire.Tx) (out *Assembly, bad *wire.Tx, err error) {
	block := &wire.Block{Header: d.Header, Txs: d.First}
	in := &Input{Params: d.Params, Prev: d.Prev, Block: block, State: d.State}
	stakes := block.IsProofOfStake()
	if len(d.First) == 0 || stakes && len(d.First) < 2 {
		return nil, nil, errors.New("the coinbase or the coinstake is missing")
	}
	c, err := newConnection(in)
	if err != nil {
		return nil, nil, err
	}
	a := &assembler{connection: c, weight: reservedWeight + wire.WitnessScale*d.Header.Size()}
	c.deployBefore()
	c.enter()
	for _, tx := range d.First {
		if _, err := c.transaction(len(a.txs), tx); err != nil {
			return nil, nil, fmt.Errorf("transaction %d: %w", len(a.txs), err)
		}
		a.weight += tx.Weight()
		a.txs = append(a.txs, tx)
	}
	c.verifier.jobs = nil // the coinstake is signed when it is complete
	for _, tx := range candidates {
		ran, err := a.add(tx)
		if err == nil {
			continue
		}
		if ran || check.Of(err) == nil {
			return nil, tx, err
		}
		a.skipped = append(a.skipped, Skipped{tx, err})
	}
	c.deployAfter()
	stateRoot, utxoRoot, err := c.machine.Roots()
	if err != nil {
		return nil, nil, err
	}
	r := &c.result
	return &Assembly{
		Txs: a.txs, Skipped: a.skipped, Fees: r.Fees, GasRefunds: r.GasRefunds, Refunds: c.refunds,
		GasUsed: r.GasUsed, SigOps: r.SigOps, StateRoot: stateRoot, UTXORoot: utxoRoot,
		Receipts: r.Receipts, Limits: c.limits,
	}, nil, nil
}

// errFull says that a candidate takes more of the block than is left.
func errFull(of string) error {
	return check.Invalid(check.Unstated, "block-full", "not enough of the block is left: "+of)
}

// add takes one candidate into the block, with what it makes. If it gives an error then
// nothing of the candidate is left, unless ran says that its contracts had been run.
func (a *assembler) add(tx *wire.Tx) (ran bool, err error) {
	if err := a.mayStand(tx); err != nil {
		return false, err
	}
	c, m := a.connection, a.mark()
	if _, err := c.transaction(len(a.txs), tx); err != nil {
		a.reset(m)
		return false, err
	}
	err = a.verify()
	if err == nil {
		err = a.gasLeft(c.contracts[m.contracts:])
	}
	if err != nil {
		if err := a.takeBack(tx, m); err != nil {
			return false, err
		}
		return false, err
	}
	a.weight += tx.Weight()
	a.txs = append(a.txs, tx)
	if len(c.contracts) == m.contracts {
		return false, nil
	}
	return true, a.run(&c.contracts[m.contracts])
}

// mayStand holds a candidate against the rules that do not need its coins.
func (a *assembler) mayStand(tx *wire.Tx) error {
	if aal.IsSpend(tx) || tx.IsCoinBase() || tx.IsCoinStake() {
		return check.Invalid(check.Consensus, "bad-opspend-tx", "not a transaction that may be sent")
	}
	if err := check.Transaction(tx, int(a.limits.Weight())); err != nil {
		return err
	}
	if !check.FinalTx(tx, a.height, a.lockTime()) {
		return check.Invalid(check.Consensus, "bad-txns-nonfinal", "non-final transaction")
	}
	have, err := a.set.HaveOutput(tx)
	if err != nil {
		return err
	}
	if have {
		return check.Invalid(check.Consensus, "bad-txns-BIP30", "")
	}
	if a.weight+tx.Weight() > int(a.limits.Weight()) {
		return errFull("weight")
	}
	return nil
}

// mark is what a connection has counted at one time.
type mark struct {
	result                     Result
	valueIn, valueOut          int64
	contracts, expected, spent int
}

func (a *assembler) mark() mark {
	c := a.connection
	return mark{c.result, c.valueIn, c.valueOut, len(c.contracts), len(c.expected), len(c.spent)}
}

func (a *assembler) reset(m mark) {
	c := a.connection
	c.result, c.valueIn, c.valueOut = m.result, m.valueIn, m.valueOut
	c.contracts, c.expected, c.spent = c.contracts[:m.contracts], c.expected[:m.expected], c.spent[:m.spent]
	c.verifier.jobs = nil
}

// takeBack takes a transaction back that was the last to be added, and did not run.
func (a *assembler) takeBack(tx *wire.Tx, m mark) error {
	err := unmake(a.set, tx, a.height)
	if err == nil {
		err = unspend(a.set, tx, a.spent[m.spent])
	}
	a.reset(m)
	return err
}

// gasLeft tells whether contracts can use all the gas that they may. Qtum Core makes
// blocks by the same test (node/miner.cpp: AttemptToAddContractToBlock).
func (a *assembler) gasLeft(contracts []contractTx) error {
	gas := a.result.GasUsed
	for i := range contracts {
		for k := range contracts[i].execs {
			gas += contracts[i].execs[k].GasLimit
		}
	}
	if gas > a.limits.BlockGasLimit {
		return errFull("gas")
	}
	return nil
}

// run executes the contracts of the transaction added last, and adds what they make.
func (a *assembler) run(tx *contractTx) error {
	c, refunds := a.connection, len(a.refunds)
	if err := c.executeTx(tx); err != nil {
		return err
	}
	for _, out := range c.refunds[refunds:] {
		a.weight += wire.WitnessScale * (8 + 1 + len(out.PkScript))
	}
	for _, msg := range tx.generated {
		t := wire.NewTx(msg)
		if _, err := c.transaction(len(a.txs), t); err != nil {
			return err
		}
		a.weight += t.Weight()
		a.txs = append(a.txs, t)
	}
	c.verifier.jobs = nil // the spends are the layer's own
	if a.weight > int(c.limits.Weight()) {
		return errFull("weight")
	}
	return nil
}

// verify verifies the scripts of the transaction added last.
func (a *assembler) verify() error {
	jobs := a.verifier.jobs
	a.verifier.jobs = nil
	for i := range jobs {
		if err := jobs[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// lockTime is what the lock times of transactions are held against.
func (a *assembler) lockTime() int64 {
	if a.height >= a.net.CSVHeight {
		return a.medianTime
	}
	return int64(a.block.Header.Time)
}
