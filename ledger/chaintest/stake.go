package chaintest

import (
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/pos"
)

// Delegation is what an owner of coins told the delegation contract.
type Delegation struct {
	Owner, Staker *Key
	Fee           uint8 // percent of the reward that the staker keeps
	Proof         []byte
}

// Delegate queues the owner's call of the delegation contract that lets staker stake the
// owner's coins for fee percent of the reward.
func (c *Chain) Delegate(owner, staker *Key, fee uint8) {
	c.T.Helper()
	d := Delegation{Owner: owner, Staker: staker, Fee: fee, Proof: ProofOfDelegation(owner, staker.Hash)}
	to := c.Params.DelegationsAddress
	c.Run(owner, Action{To: &to, Data: AddDelegation(staker.Hash, fee, d.Proof), GasLimit: DelegationGas})
	c.delegations[owner.Hash] = d
}

// Undelegate queues the call that takes it back.
func (c *Chain) Undelegate(owner *Key) {
	c.T.Helper()
	to := c.Params.DelegationsAddress
	c.Run(owner, Action{To: &to, Data: RemoveDelegation()})
	delete(c.delegations, owner.Hash)
}

// StakeDraft is the proof-of-stake block of what waits, with a coin of key.
func (c *Chain) StakeDraft(key *Key) *Draft {
	c.T.Helper()
	d := c.draft()
	coin := c.kernel(d, c.stakeable(key))
	return c.staked(d, key, []Coin{coin}, Delegation{})
}

// StakeDraftOf is StakeDraft with a given coin, whether or not it may stake.
func (c *Chain) StakeDraftOf(coin Coin) *Draft {
	c.T.Helper()
	d := c.draft()
	c.kernel(d, []Coin{coin})
	return c.staked(d, coin.Key, []Coin{coin}, Delegation{})
}

// DelegatedDraft is the proof-of-stake block of what waits that the staker of owner makes
// with one of owner's coins.
func (c *Chain) DelegatedDraft(owner *Key) *Draft {
	c.T.Helper()
	d := c.draft()
	delegation, ok := c.delegations[owner.Hash]
	if !ok {
		c.T.Fatalf("%s has not delegated", owner.Name)
	}
	c.kernel(d, c.stakeable(owner))
	own := slices.DeleteFunc(c.stakeable(delegation.Staker), func(coin Coin) bool { return coin.Value < 100e8 })
	if len(own) == 0 {
		c.T.Fatalf("%s has no coin of 100 to stake with", delegation.Staker.Name)
	}
	return c.staked(d, delegation.Staker, own[:1], delegation)
}

// stakeable are the coins of key that may stake in the next block.
func (c *Chain) stakeable(key *Key) []Coin {
	height := c.Height() + 1
	maturity := c.Params.Maturity(height)
	return slices.DeleteFunc(c.Coins(key, PubKeyHash, PubKey), func(coin Coin) bool {
		if coin.Height != 0 && height-coin.Height < maturity {
			return true
		}
		if !c.Params.GenesisSpendable && coin.Height == 0 {
			return true
		}
		at, used, err := c.tip().StakeUsed(coin.OutPoint, maturity)
		if err != nil {
			c.T.Fatal(err)
		}
		return used && height-at < maturity
	})
}

// kernel finds the coin and the time, from one spacing after the parent on, that win the
// block, and sets time, bits and coin in the header.
func (c *Chain) kernel(d *Draft, among []Coin) Coin {
	c.T.Helper()
	coin, ok := c.search(d, among, 100_000)
	if !ok {
		c.T.Fatalf("no kernel at height %d among %d coins", d.Height, len(among))
	}
	return coin
}

// search is kernel for a number of times, and tells whether one won.
func (c *Chain) search(d *Draft, among []Coin, times int) (Coin, bool) {
	c.T.Helper()
	if len(among) == 0 {
		return Coin{}, false
	}
	step := int64(c.Params.StakeMask(d.Height)) + 1
	time := max((c.tip().Time()+c.spacing())/step*step, (c.tip().Time()/step+1)*step)
	for range times {
		d.Header.Time = uint32(time)
		d.Header.PrevStake = among[0].OutPoint // the bits follow from the kind of block
		c.retarget(d)
		for _, coin := range among {
			if c.wins(d, coin) {
				d.Header.PrevStake = coin.OutPoint
				return coin, true
			}
		}
		time += step
	}
	return Coin{}, false
}

// wins tells whether the coin makes the draft's block.
func (c *Chain) wins(d *Draft, coin Coin) bool {
	from, err := c.tip().Ancestor(coin.Height)
	if err != nil {
		c.T.Fatal(err)
	}
	if from == nil {
		return false
	}
	k := pos.NewKernel(c.tip(), from, coin.OutPoint, &coins.Coin{Value: coin.Value})
	_, ok := k.Meets(c.Params, d.Height, d.Header.Bits, d.Header.Time)
	return ok
}

// retarget sets the bits that the draft's block must have.
func (c *Chain) retarget(d *Draft) {
	c.T.Helper()
	bits, err := header.NextBits(c.Params, c.tip(), d.Header.Time, d.PoS())
	if err != nil {
		c.T.Fatal(err)
	}
	d.Header.Bits = bits
}

// staked completes a proof-of-stake draft: coinbase, coinstake, the transactions that
// contracts make, roots.
func (c *Chain) staked(d *Draft, signer *Key, spent []Coin, by Delegation) *Draft {
	c.T.Helper()
	d.Signer, d.Stakes, d.Proof = signer, spent, by.Proof
	d.DER = d.Height < c.Params.OfflineStakeHeight

	stake := btcwire.NewMsgTx(2)
	var in int64
	for _, coin := range spent {
		stake.AddTxIn(btcwire.NewTxIn(&coin.OutPoint, nil, nil))
		in += coin.Value
	}
	stake.TxOut = []*btcwire.TxOut{btcwire.NewTxOut(0, nil), btcwire.NewTxOut(0, signer.Script(PubKey))}
	d.Txs = append([]*btcwire.MsgTx{
		coinbase(d.Height, hasWitness(d.Txs), btcwire.NewTxOut(0, nil)), stake,
	}, d.Txs...)

	run := c.assemble(d)
	reward := run.reward
	var shared []btcwire.TxOut
	if c.Params.MPoS(c.Height()) {
		piece := reward / int64(c.Params.MPoSRecipients)
		var err error
		if shared, err = pos.SharedOutputs(c.Params, c.tip(), piece); err != nil {
			c.T.Fatal(err)
		}
		reward -= piece * int64(c.Params.MPoSRecipients-1)
	}
	stake.TxOut[1].Value = in + reward
	if by.Owner != nil {
		mine := reward * int64(by.Fee) / 100
		stake.TxOut[1].Value = in + mine
		if by.Fee < 100 {
			owner := c.wallet.known[d.Header.PrevStake]
			stake.AddTxOut(btcwire.NewTxOut(reward-mine, owner.Script))
		}
	}
	for _, out := range shared {
		stake.AddTxOut(btcwire.NewTxOut(out.Value, out.PkScript))
	}
	stake.TxOut = append(stake.TxOut, run.refunds...)
	return d
}
