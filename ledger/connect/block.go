package connect

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/aal"
	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/dgp"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/pos"
	"spacechain/ledger/script"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// Input is a block and what it builds on.
type Input struct {
	Params *params.Network
	// Prev is the parent's header, with its Record; nil for the genesis block.
	Prev  *header.Node
	Block *wire.Block
	// State is the state after the parent.
	State view.Reader
	// Now is the time in seconds since 1970 that a proof-of-stake block may not lie far
	// ahead of; 0 looks away, for a block whose time was judged when it came.
	Now int64
	// Checked tells that check.Block accepted this very block already.
	Checked bool
	// Workers is how many goroutines verify scripts; 0 is one for each CPU. The result
	// does not depend on it.
	Workers int
}

// Result is what connecting a block comes to.
type Result struct {
	// Changes are the new values of the state's keys, by key in bytewise order.
	Changes []view.Change
	// Undo is the stored form of what takes the block back; see Undo.
	Undo []byte
	// Record is what the header's node keeps of the block.
	Record header.Record
	// Receipts are what the contract transactions did, in block order.
	Receipts []Receipt
	// Fees is the sum of all fees, GasRefunds the part of it that goes back, in satoshi.
	Fees, GasRefunds int64
	GasUsed          uint64
	SigOps           int // cost
	Inputs           int
	// MaxWeight is the limit to the block's weight that governance set: what check.Block
	// holds the next block against when it comes, until that is connected itself.
	MaxWeight int
}

// Receipt is what the contract outputs of one transaction did.
type Receipt struct {
	Tx      int // index in the block
	Outputs []aal.Result
}

// Block connects a block to its parent's state (Qtum Core 27.1 validation.cpp:
// Chainstate::ConnectBlock). The error is a *check.Error if the block breaks a rule; any
// other means that it could not be judged.
//
// Where Qtum Core verifies scripts on several threads, as it does wherever it may, a
// script that fails is reported after all else was checked, as "block-validation-failed",
// except those of contract transactions, which it verifies where they stand. Block does
// the same whatever the number of workers; the error of the first script in block order,
// as Qtum Core reports it without threads, is what the error wraps.
func Block(in Input) (*Result, error) {
	if in.Prev == nil {
		return connectGenesis(&in)
	}
	c, err := newConnection(&in)
	if err != nil {
		return nil, err
	}
	if err := c.before(); err != nil {
		return nil, err
	}
	c.enter()
	if err := c.transactions(in.Block.Txs); err != nil {
		return nil, err
	}
	return c.finish()
}

// connection is a block on its way into the state.
type connection struct {
	in     *Input
	net    *params.Network
	block  *wire.Block
	height int32
	hash   chainhash.Hash

	limits  dgp.Values
	set     *coins.Set
	machine *aal.Machine
	envErr  error // what the machine's questions about blocks below ran into

	flags      script.Flags
	medianTime int64
	stakeCoin  int64 // value of the coin that the coinstake's first input spends
	delegate   bool  // the coinstake pays the owner of a delegated coin

	spending  []*coins.Coin  // scratch
	spent     []coins.TxUndo // of all transactions but the first
	contracts []contractTx
	verifier  *verifier
	expected  []*wire.Tx // the block's transactions as they must be
	refunds   []btcwire.TxOut

	valueIn, valueOut int64
	stakeReward       int64
	proof             [32]byte
	result            Result
}

func newConnection(in *Input) (*connection, error) {
	c := &connection{
		in: in, net: in.Params, block: in.Block, height: in.Prev.Height + 1, hash: in.Block.Hash(),
		set: coins.NewSet(in.State), medianTime: in.Prev.MedianTimePast(), verifier: newVerifier(in.Workers),
	}
	c.flags = script.BlockFlags(c.net, c.height)
	return c, c.openMachine()
}

// before is what ConnectBlock checks before it looks at the transactions one by one.
func (c *connection) before() error {
	if err := check.Hardened(c.net, c.height, c.hash, "ConnectBlock"); err != nil {
		return err
	}
	b := c.block
	if n := len(b.Txs); n == 0 || n > int(c.limits.BlockSize) || b.BaseSize() > int(c.limits.BlockSize) {
		return check.Invalid(check.Consensus, "bad-blk-length", "size limits failed")
	}
	if b.Weight() > int(c.limits.Weight()) {
		return check.Invalid(check.Consensus, "bad-blk-weight", "ConnectBlock : weight limit failed")
	}
	ds := delegations{c.machine}
	var err error
	if c.delegate, err = pos.DelegateOutput(b, c.set, ds); err != nil {
		return err
	}
	if err := pos.InputKey(c.net, c.height, b, c.set, c.delegate); err != nil {
		return err
	}
	if !c.in.Checked {
		now := c.in.Now
		if now == 0 {
			now = int64(b.Header.Time)
		}
		err := check.Block(c.net, b, check.BlockContext{MaxWeight: int(c.limits.Weight()), TipHeight: c.in.Prev.Height, Now: now})
		if err != nil {
			return err
		}
	}
	c.deployBefore()
	proof, err := pos.HashProof(c.net, c.in.Prev, b, c.set, ds)
	if err != nil {
		return err
	}
	c.proof = proof
	for _, tx := range b.Txs {
		have, err := c.set.HaveOutput(tx)
		if err != nil {
			return err
		}
		if have {
			return check.Invalid(check.Consensus, "bad-txns-BIP30", "")
		}
	}
	if b.IsProofOfStake() {
		op := b.Txs[1].Msg().TxIn[0].PreviousOutPoint
		coin, err := c.set.Coin(op)
		if err != nil {
			return err
		}
		if coin == nil {
			return check.Invalid(check.Consensus, "stake-prevout-not-exist",
				fmt.Sprintf("ConnectBlock() : Stake prevout does not exist %v", op.Hash))
		}
		c.stakeCoin = coin.Value
	}
	return nil
}

// deployBefore puts the delegation contract into the state if this is the block that does,
// and its stake asks the contract (pos.cpp: CheckProofOfStake).
func (c *connection) deployBefore() {
	if c.block.IsProofOfStake() && c.net.DelegationsAddress != [20]byte{} {
		c.deployAfter()
	}
}

// deployAfter does so for any block, when its transactions ran (validation.cpp: ConnectBlock).
func (c *connection) deployAfter() {
	if c.height == c.net.OfflineStakeHeight {
		c.machine.DeployDelegations(c.net)
	}
}

// finish is what ConnectBlock checks after the transactions.
func (c *connection) finish() (*Result, error) {
	r := &c.result
	if r.Fees < r.GasRefunds {
		return nil, check.Invalid(check.Consensus, "bad-blk-fees-greater-gasrefund",
			"ConnectBlock(): Less total fees than gas refund fees")
	}
	err := pos.CheckReward(c.net, c.in.Prev, c.block, &pos.Reward{
		Fees: r.Fees, GasRefunds: r.GasRefunds, Stake: c.stakeReward, Refunds: c.refunds,
		Coin: c.stakeCoin, DelegateOutput: c.delegate,
	})
	if err != nil {
		return nil, err
	}
	if j, err := c.verifier.failure(false); j != nil {
		if check.Of(err) == nil {
			return nil, err
		}
		return nil, &check.Error{
			Result: check.Consensus, Reason: "block-validation-failed",
			Debug: err.Error(), Err: err,
		}
	}
	c.deployAfter()
	out, err := c.machine.Commit()
	if err != nil {
		return nil, fmt.Errorf("connect block %v: %w", c.hash, err)
	}
	if err := c.compare(out); err != nil {
		return nil, err
	}
	r.MaxWeight = int(c.limits.Weight())
	r.Record = header.Record{ProofHash: c.proof, Txs: uint32(len(c.block.Txs))}
	r.Record.Staker, r.Record.Delegate, r.Record.DelegateFee = pos.StakerRecord(c.block)
	r.Record.MoneySupply = c.in.Prev.MoneySupply + c.valueOut - c.valueIn
	if limit, capped := c.net.MoneySupplyCap(c.height); capped && r.Record.MoneySupply > limit {
		return nil, check.Invalid(check.Consensus, "incorrect-money-supply",
			"ConnectBlock(): Unknown error caused actual money supply to exceed expected money supply")
	}
	r.Changes = mergeChanges(c.set.Changes(), out.Changes)
	undo := Undo{Spent: c.spent, Flat: out.Undo}
	r.Undo = undo.Append(nil, c.hash)
	return r, nil
}

// compare holds the block against the one that its own transactions make. All that the
// header says of it are the three roots.
func (c *connection) compare(out *aal.Outcome) error {
	// Where the transactions are the block's own, check.Block has held the root against them.
	merkle := c.block.Header.MerkleRoot
	if !sameTxs(c.expected, c.block.Txs) {
		merkle, _ = wire.MerkleRoot(c.expected)
	}
	h := &c.block.Header
	var wrong error
	switch {
	case merkle != h.MerkleRoot:
		wrong = fmt.Errorf("transactions: merkle root of the expected %d is %v, of the block's %d %v",
			len(c.expected), merkle, len(c.block.Txs), h.MerkleRoot)
	case out.UTXORoot != h.UTXORoot:
		wrong = fmt.Errorf("hashUTXORoot: expected %x, block has %x", out.UTXORoot, h.UTXORoot)
	case out.StateRoot != h.StateRoot:
		wrong = fmt.Errorf("hashStateRoot: expected %x, block has %x", out.StateRoot, h.StateRoot)
	default:
		return nil
	}
	return &check.Error{
		Result: check.Consensus, Reason: "incorrect-transactions-or-hashes-block",
		Debug: "ConnectBlock(): Incorrect AAL transactions or hashes (hashStateRoot, hashUTXORoot)", Err: wrong,
	}
}

func sameTxs(a, b []*wire.Tx) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && a[i].ID() != b[i].ID() {
			return false
		}
	}
	return true
}

// broken makes a rejection of what breaks a rule towards coins: in a block all are equal.
func broken(err error) error {
	var v *coins.Violation
	if errors.As(err, &v) {
		return check.Invalid(check.Consensus, v.Reason, v.Debug)
	}
	return err
}
