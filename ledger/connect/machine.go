package connect

import (
	"fmt"

	"spacechain/ledger/aal"
	"spacechain/ledger/delegation"
	"spacechain/ledger/dgp"
	"spacechain/ledger/pos"
	"spacechain/ledger/wire"
)

// openMachine makes the machine of the block and reads the limits that governance sets it.
func (c *connection) openMachine() error {
	prev := c.in.Prev
	c.machine = aal.New(c.in.State)
	h := &c.block.Header
	c.machine.Env = aal.Env{
		Params: c.net, Height: c.height, Time: h.Time, Bits: prev.Header.Bits, Author: prev.Staker,
		BlockHash: c.blockHash,
	}
	limits, err := dgp.Read(c.machine)
	if err != nil {
		return fmt.Errorf("connect block %v: %w", c.hash, err)
	}
	c.limits = limits
	return nil
}

// enter puts the machine into the block itself. Until then view calls run in it as in one
// above the parent.
func (c *connection) enter() {
	env := &c.machine.Env
	env.Bits = c.block.Header.Bits
	env.Author = aal.Author(c.block)
	env.GasLimit, env.Schedule = c.limits.BlockGasLimit, c.limits.Schedule
}

// blockHash is what BLOCKHASH sees of the blocks below.
func (c *connection) blockHash(height int32) (hash [32]byte) {
	n, err := c.in.Prev.Ancestor(height)
	if err != nil && c.envErr == nil {
		c.envErr = fmt.Errorf("hash of the block at height %d: %w", height, err)
	}
	if n != nil {
		hash = n.Hash
	}
	return hash
}

// delegations asks the delegation contract in the state of the machine.
type delegations struct{ m *aal.Machine }

// Deployed implements pos.DelegationSource.
func (d delegations) Deployed() (bool, error) { return delegation.Exists(d.m), d.m.Err() }

// Delegation implements pos.DelegationSource.
func (d delegations) Delegation(owner [20]byte) (pos.Delegation, bool, error) {
	r, ok, err := delegation.Get(d.m, owner)
	return pos.Delegation{Staker: r.Staker, Fee: r.Fee, BlockHeight: r.Height, Proof: r.Proof}, ok, err
}

// weave puts the transactions that contracts made into the expected ones, each behind the
// one that it comes from.
func (c *connection) weave() {
	n := 0
	for i := range c.contracts {
		n += len(c.contracts[i].generated)
	}
	if n == 0 {
		return
	}
	all := make([]*wire.Tx, 0, len(c.expected)+n)
	from := 0
	for i := range c.contracts {
		tx := &c.contracts[i]
		all = append(all, c.expected[from:tx.place]...)
		from = tx.place
		for _, msg := range tx.generated {
			all = append(all, wire.NewTx(msg))
		}
	}
	c.expected = append(all, c.expected[from:]...)
}
