package chain

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/internal/kv"
	"spacechain/ledger/check"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/view"
)

// Options tune a Chain. The zero value suits an on-board computer.
type Options struct {
	// FlushBytes is how many bytes of changes gather before they are flushed; 0 is 6 MiB.
	FlushBytes int
	// PruneBytes is how many bytes of blocks and undos are kept, at least; older ones are
	// removed as new ones come. 0 keeps all. Whatever it is, the blocks are kept that
	// could still be taken back.
	PruneBytes int64
	// TxIndex keeps the place of every transaction of the chain, some 50 bytes each, so
	// that Tx need not search. It is decided when the store is made.
	TxIndex bool
	// Workers is how many goroutines check scripts; 0 is one per core.
	Workers int
	// NoCheckpoints leaves the hardened checkpoints out.
	NoCheckpoints bool
}

// ErrClosed is what a closed Chain answers.
var ErrClosed = errors.New("the chain is closed")

// Chain is the block chain on one store. See the package comment.
type Chain struct {
	net   *params.Network
	opt   Options
	store kv.Store

	mu     sync.RWMutex
	closed bool
	broken error // why nothing can be written any more
	tree   *header.Tree
	over   *view.Overlay // the store with what is to be flushed on it
	rec    tipRecord

	dirty    map[*header.Node]struct{}         // whose stored form is to be flushed
	branches map[chainhash.Hash]struct{}       // off the best chain, and stored so
	linked   map[*header.Node]struct{}         // off the best chain, with all blocks down to it there
	waiting  map[chainhash.Hash][]*header.Node // blocks that are there, by a parent whose is not

	candidates   map[*header.Node]struct{} // ends that may become the tip
	sequence     int64                     // of the last block that could be connected
	checkpointed int32                     // height of the highest hardened checkpoint in the tree
	synced       bool                      // the first download is over, for good
}

// Open opens the chain of net that store holds, or makes one that ends in the genesis
// block. The store is not closed with the Chain.
func Open(store kv.Store, net *params.Network, opt Options) (*Chain, error) {
	opt.FlushBytes = cmp.Or(opt.FlushBytes, 6<<20)
	if opt.NoCheckpoints {
		c := *net
		c.Checkpoints, net = nil, &c
	}
	c := &Chain{
		net: net, opt: opt, store: store,
		over:       view.NewOverlay(store),
		dirty:      map[*header.Node]struct{}{},
		branches:   map[chainhash.Hash]struct{}{},
		linked:     map[*header.Node]struct{}{},
		waiting:    map[chainhash.Hash][]*header.Node{},
		candidates: map[*header.Node]struct{}{},
	}
	if err := c.open(); err != nil {
		return nil, fmt.Errorf("open the chain of network %s: %w", net.Name, err)
	}
	return c, nil
}

func (c *Chain) treeOptions() header.Options {
	return header.Options{Keep: 2 * c.net.MaxCheckpointSpan(), Loader: loader{c.store}}
}

func (c *Chain) open() error {
	stored, ok, err := c.store.Get(keyMade)
	if err != nil {
		return err
	}
	if !ok {
		return c.create()
	}
	var m made
	if err := json.Unmarshal(stored, &m); err != nil {
		return fmt.Errorf("what the store was made for: %w", err)
	}
	if m.Version != madeVersion {
		return fmt.Errorf("the store has format %d, this program reads %d", m.Version, madeVersion)
	}
	if m.Network != c.net.Name {
		return fmt.Errorf("the store holds network %s", m.Network)
	}
	tip, ok, err := c.store.Get(keyTip)
	if err != nil {
		return err
	}
	if !ok {
		return errNoTip
	}
	if c.rec, err = decodeTip(tip); err != nil {
		return err
	}
	now, err := rules(c.net)
	if err != nil {
		return err
	}
	if err := agrees(m.Rules, now, c.rec.Height); err != nil {
		return fmt.Errorf("the store does not fit: %w", err)
	}
	c.opt.TxIndex = m.TxIndex
	return c.load()
}

// load reads the headers that stay in memory.
func (c *Chain) load() error {
	tree, err := header.Open(c.rec.Height, c.treeOptions())
	if err != nil {
		return err
	}
	c.tree = tree
	if tip := tree.Tip(); tip.Hash != c.rec.Hash {
		return fmt.Errorf("the stored tip is %v, its header %v", c.rec.Hash, tip.Hash)
	}
	if err := c.loadBranches(); err != nil {
		return err
	}
	c.checkpointed, err = check.LastCheckpoint(c.net, c.tree)
	return err
}

// Close flushes and lets go of the store.
func (c *Chain) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	err := c.flush()
	c.closed = true
	return err
}

// usable tells why the chain must not be used, if it must not.
func (c *Chain) usable() error {
	if c.closed {
		return ErrClosed
	}
	return c.broken
}

// Network is the network whose chain it is.
func (c *Chain) Network() *params.Network { return c.net }

// Tip is the end of the best chain.
func (c *Chain) Tip() *header.Node { return c.tree.Tip() }

// Tree is the headers that are known. It is for reading.
func (c *Chain) Tree() *header.Tree { return c.tree }

// View calls fn with the state of the tip, which does not change before fn returns.
func (c *Chain) View(fn func(tip *header.Node, state view.Reader) error) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return ErrClosed
	}
	return fn(c.tree.Tip(), c.over)
}

// StoreSizes suit a store that holds a chain: kv.OpenPebbleSized takes them.
var StoreSizes = kv.Sizes{MemTable: 1 << 20, Cache: 8 << 20, Filters: true}
