package chaintest

import (
	"testing"

	"spacechain/ledger/params"
)

// TestStakeFromGenesis makes a chain of our own network from its first block on.
func TestStakeFromGenesis(t *testing.T) {
	c := New(t, 1, params.SpaceChain())
	counter := c.Deploy(Counter)
	c.Stake()
	c.Call(counter, 5, nil)
	c.Stake()
	c.StakePoS(70)
	if c.Height() != 72 {
		t.Fatalf("height is %d", c.Height())
	}
	t.Log(c.Fingerprint())
}

// TestWorkAndStake makes a chain of both kinds of block on regtest.
func TestWorkAndStake(t *testing.T) {
	c := New(t, 1, Regtest(t, "-reduceblocktimeheight=100000"))
	c.MinePoW(510)
	counter := c.Deploy(Counter)
	c.Mine()
	c.Call(counter, 0, nil)
	c.Stake()
	t.Log(c.Fingerprint())
}
