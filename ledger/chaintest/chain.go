// Package chaintest makes chains for tests: it mines, stakes and signs blocks on regtest
// (with any fork heights) and on our own network, with payments of every form of script,
// contract transactions, offline staking and shared rewards. A chain follows from its
// seed alone: the same seed gives the same blocks, byte for byte.
//
//	c := chaintest.New(t, 1, chaintest.Regtest(t, "-reduceblocktimeheight=100000"))
//	c.MinePoW(510)
//	counter := c.Deploy(chaintest.Counter)
//	c.Mine()
//	c.Call(counter, 0, nil)
//	c.Stake()
//
// Every block is given to a node (package chain), and one that the node refuses fails the
// test. What the builder itself knows of the rules is only what a miner and a wallet must
// know; whether the blocks are right is for the node, and for Qtum Core (see the tests of
// this package), to say.
package chaintest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/internal/kv"
	"spacechain/ledger/chain"
	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// Chain is a chain that is being made, with the node that holds it and the keys that own
// its coins.
type Chain struct {
	T      testing.TB
	Params *params.Network
	Node   *chain.Chain
	// Miner is the key that takes the rewards, stakes and pays for contracts unless
	// something else is said.
	Miner *Key
	// Spacing is the time from block to block in seconds; 0 is the network's.
	Spacing int64
	// Late is how many seconds after a block's time the node gets it. A node for which the
	// tip is old all the time believes that it still catches up.
	Late int64
	// OnBlock, if set, is called with each block that was accepted.
	OnBlock func(b *wire.Block)

	seed        uint64
	rand        *rand.Rand
	keys        map[string]*Key
	wallet      wallet
	pending     []*btcwire.MsgTx
	last        *wire.Block  // that Accept took
	refused     *check.Error // of the last Submit, nil where it was accepted
	delegations map[Address]Delegation
}

// Regtest is regtest with options as qtumd takes them, such as "-londonheight=600".
func Regtest(t testing.TB, options ...string) *params.Network {
	t.Helper()
	n := params.Regtest()
	for _, o := range options {
		if err := n.Override(o); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// New starts a chain of net on a node in memory. On the network spacechain the miner has
// the development key, so that it owns the coins of the genesis block.
func New(t testing.TB, seed uint64, net *params.Network) *Chain {
	t.Helper()
	node, err := chain.Open(kv.NewMemory(), net, chain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Close() })
	c := &Chain{
		T: t, Params: net, Node: node,
		seed: seed, rand: rand.New(rand.NewPCG(seed, 0x5eed)),
		keys:        map[string]*Key{},
		wallet:      wallet{scripts: map[string]Coin{}, known: map[btcwire.OutPoint]Coin{}},
		delegations: map[Address]Delegation{},
	}
	if net.GenesisSpendable {
		secret := params.DevelopmentKey()
		c.adopt(keyOf("miner", secret[:]))
		tx := net.Genesis.Txs[0]
		c.wallet.receive(tx.Msg(), tx.ID(), 0, true)
	}
	c.Miner = c.Key("miner")
	return c
}

// Key gives the key of a name.
func (c *Chain) Key(name string) *Key {
	if k := c.keys[name]; k != nil {
		return k
	}
	return c.adopt(NewKey(c.seed, name))
}

func (c *Chain) adopt(k *Key) *Key {
	c.keys[k.Name] = k
	c.wallet.watch(k)
	return k
}

func (c *Chain) tip() *header.Node { return c.Node.Tip() }

// Height is the height of the tip.
func (c *Chain) Height() int32 { return c.tip().Height }

// spacing is how much later than its parent the next block is.
func (c *Chain) spacing() int64 {
	if c.Spacing != 0 {
		return c.Spacing
	}
	return c.Params.Spacing(c.Height() + 1)
}

// Submit gives the node a block at the block's own time, plus Late, and says why it refuses it: ""
// for accepted, "inconclusive" where Qtum Core states no reason, as its submitblock says.
func (c *Chain) Submit(b *wire.Block) string {
	c.T.Helper()
	return c.SubmitAt(int64(b.Header.Time)+c.Late, b)
}

// SubmitAt is Submit at another time, in seconds.
func (c *Chain) SubmitAt(now int64, b *wire.Block) string {
	c.T.Helper()
	// The node sees the bytes, as it would from the network.
	b, err := wire.DecodeBlock(b.Append(nil))
	if err != nil {
		return err.Error()
	}
	c.refused = nil
	err = c.Node.Accept(now, b)
	if err == nil {
		return ""
	}
	e := check.Of(err)
	c.refused = e
	if e == nil {
		c.T.Fatalf("block %v at height %d: %v", b.Hash(), c.Height()+1, err)
	}
	if e.Reason == "" {
		return "inconclusive"
	}
	return e.Reason
}

// Accept gives the node a block that it must make its tip, and takes the block's coins
// into the wallet.
func (c *Chain) Accept(b *wire.Block) *wire.Block {
	c.T.Helper()
	if reason := c.Submit(b); reason != "" {
		c.T.Fatalf("block %v at height %d, %d transactions: refused: %s: %v", b.Hash(), c.Height()+1, len(b.Txs), reason, c.refusal())
	}
	if c.tip().Hash != b.Hash() {
		c.T.Fatalf("block %v was accepted but is not the tip at height %d", b.Hash(), c.Height())
	}
	for i, tx := range b.Txs {
		c.wallet.spend(tx.Msg())
		c.wallet.confirm(tx.Msg(), tx.ID(), c.Height(), i == 0 || i == 1 && b.IsProofOfStake())
	}
	c.pending, c.last = nil, b
	if c.OnBlock != nil {
		c.OnBlock(b)
	}
	return b
}

// Fingerprint is what the whole state of the node amounts to: tip, roots and the hash of
// the unspent outputs.
func (c *Chain) Fingerprint() string {
	c.T.Helper()
	tip := c.tip()
	return fmt.Sprintf("height %d tip %v state %x UTXO %x coins %s", tip.Height, tip.Hash,
		tip.Header.StateRoot, tip.Header.UTXORoot, c.coinsHash())
}

// coinsHash is the hash of the unspent outputs as gettxoutsetinfo prints it.
func (c *Chain) coinsHash() (hash string) {
	c.T.Helper()
	err := c.Node.View(func(_ *header.Node, state view.Reader) error {
		h, err := coins.SetHash(state)
		hash = h.String()
		return err
	})
	if err != nil {
		c.T.Fatal(err)
	}
	return hash
}

// Mine makes a proof-of-work block of what waits and adds it to the chain.
func (c *Chain) Mine() *wire.Block {
	c.T.Helper()
	return c.Accept(c.Draft().Seal())
}

// MinePoW mines n blocks.
func (c *Chain) MinePoW(n int) {
	c.T.Helper()
	for range n {
		c.Mine()
	}
}

// Stake makes a proof-of-stake block of what waits, with a coin of the miner, and adds it
// to the chain.
func (c *Chain) Stake() *wire.Block {
	c.T.Helper()
	return c.Accept(c.StakeDraft(c.Miner).Seal())
}

// StakePoS stakes n blocks.
func (c *Chain) StakePoS(n int) {
	c.T.Helper()
	for range n {
		c.Stake()
	}
}

// Draft is the proof-of-work block of what waits.
func (c *Chain) Draft() *Draft {
	c.T.Helper()
	d := c.draft()
	d.Header.Time = uint32(c.tip().Time() + c.spacing())
	d.Header.PrevStake = wire.NullOutPoint
	reward := btcwire.NewTxOut(0, c.Miner.Script(PubKeyHash))
	d.Txs = append([]*btcwire.MsgTx{coinbase(d.Height, hasWitness(d.Txs), reward)}, d.Txs...)
	c.retarget(d)
	run := c.assemble(d)
	reward.Value = run.reward
	cb := d.Coinbase()
	cb.TxOut = append([]*btcwire.TxOut{reward}, append(run.refunds, cb.TxOut[1:]...)...)
	return d
}

// draft has what both kinds of block have.
func (c *Chain) draft() *Draft {
	d := &Draft{Height: c.Height() + 1}
	d.Header.Version = 0x20000000
	d.Header.PrevBlock = c.tip().Hash
	for _, tx := range c.pending {
		d.Txs = append(d.Txs, tx.Copy())
	}
	return d
}

// resign signs tx again, all of whose inputs were ours at some time.
func (c *Chain) resign(tx *btcwire.MsgTx) {
	c.T.Helper()
	var spent []Coin
	for _, in := range tx.TxIn {
		coin, ok := c.wallet.known[in.PreviousOutPoint]
		if !ok {
			c.T.Fatalf("input %v was never ours", in.PreviousOutPoint)
		}
		spent = append(spent, coin)
	}
	for i := range spent {
		signInput(tx, i, spent)
	}
}

// refusal is all that the node says of the block that it refused last.
func (c *Chain) refusal() error {
	if c.refused == nil || c.refused.Err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", c.refused, c.refused.Err)
}
