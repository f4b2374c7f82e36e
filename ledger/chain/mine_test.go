package chain

import (
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"spacechain/internal/kv"
	"spacechain/ledger/check"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// mineNet is regtest without the contract that block 1 would deploy, so that blocks without
// contract transactions leave both roots as they are.
func mineNet(t testing.TB) *params.Network {
	t.Helper()
	net := params.Regtest()
	if err := net.Override("-offlinestakingheight=1000000"); err != nil {
		t.Fatal(err)
	}
	return net
}

// link is what a block of a test chain builds on.
type link struct {
	hash   chainhash.Hash
	height int32
	time   uint32
	bits   uint32
}

func genesisLink(net *params.Network) link {
	h := &net.Genesis.Header
	return link{net.GenesisHash, 0, h.Time, h.Bits}
}

// mine makes a proof-of-work block. tag tells siblings apart; edit may change the block
// before its work is done.
func mine(net *params.Network, on link, tag byte, edit func(*wire.Block)) (*wire.Block, link) {
	height := on.height + 1
	g := &net.Genesis.Header
	coinbase := &btcwire.MsgTx{
		Version: 2,
		TxIn: []*btcwire.TxIn{{
			PreviousOutPoint: wire.NullOutPoint,
			SignatureScript:  append(check.HeightPush(height), 1, tag),
			Sequence:         btcwire.MaxTxInSequenceNum,
		}},
		TxOut: []*btcwire.TxOut{{Value: net.Subsidy(height), PkScript: []byte{0x51}}},
	}
	b := &wire.Block{
		Header: wire.Header{
			Version: 0x20000000, PrevBlock: on.hash, Time: on.time + 32, Bits: g.Bits,
			StateRoot: g.StateRoot, UTXORoot: g.UTXORoot, PrevStake: wire.NullOutPoint,
		},
		Txs: []*wire.Tx{wire.NewTx(coinbase)},
	}
	if edit != nil {
		edit(b)
	}
	b.Header.MerkleRoot, _ = wire.MerkleRoot(b.Txs)
	for !check.Work(net, b.Hash(), b.Header.Bits) {
		b.Header.Nonce++
	}
	return b, link{b.Hash(), height, b.Header.Time, b.Header.Bits}
}

// mineMany makes a chain of n blocks.
func mineMany(net *params.Network, on link, tag byte, n int) (blocks []*wire.Block, end link) {
	for range n {
		var b *wire.Block
		b, on = mine(net, on, tag, nil)
		blocks = append(blocks, b)
	}
	return blocks, on
}

// tooMuch makes a block pay its maker more than it may: it is stored, and fails when it is
// connected.
func tooMuch(b *wire.Block) {
	msg := b.Txs[0].Msg().Copy()
	msg.TxOut[0].Value++
	b.Txs[0] = wire.NewTx(msg)
}

// twins are the stores that every test runs on.
func twins(t *testing.T, fn func(t *testing.T, store kv.Store)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { fn(t, kv.NewMemory()) })
	t.Run("pebble", func(t *testing.T) {
		store, err := kv.OpenPebble("chain", vfs.NewMem())
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		fn(t, store)
	})
}

func open(t testing.TB, store kv.Store, net *params.Network, opt Options) *Chain {
	t.Helper()
	c, err := Open(store, net, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const testNow = 1_900_000_000

func accept(t testing.TB, c *Chain, blocks ...*wire.Block) {
	t.Helper()
	for _, b := range blocks {
		if err := c.Accept(testNow, b); err != nil {
			t.Fatalf("block %v: %v", b.Hash(), err)
		}
	}
}

func wantTip(t testing.TB, c *Chain, at link) {
	t.Helper()
	tip := c.Tip()
	if tip.Hash != at.hash || tip.Height != at.height {
		t.Fatalf("the tip is %v at height %d, want %v at %d", tip.Hash, tip.Height, at.hash, at.height)
	}
	if n, err := c.Tree().At(tip.Height); err != nil || n != tip {
		t.Fatalf("the tip is not on its own chain: %v %v", n, err)
	}
}

func wantReason(t testing.TB, err error, reason string) {
	t.Helper()
	if check.Of(err) == nil || check.Reason(err) != reason {
		t.Fatalf("got %v, want the reason %q", err, reason)
	}
}

func status(t testing.TB, c *Chain, l link) header.Status {
	t.Helper()
	n, err := c.Tree().Find(l.hash)
	if err != nil || n == nil {
		t.Fatalf("block %v: %v", l.hash, err)
	}
	return n.Status
}
