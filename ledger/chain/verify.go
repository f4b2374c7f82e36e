package chain

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/holiman/uint256"
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/connect"
	"spacechain/ledger/header"
	"spacechain/ledger/rlp"
	"spacechain/ledger/state"
	"spacechain/ledger/trie"
	"spacechain/ledger/view"
)

// Levels of Verify; each holds those before it.
const (
	// VerifyBlocks reads headers and blocks and holds them against their hashes.
	VerifyBlocks = iota
	// VerifyRules holds blocks against the rules that need no state.
	VerifyRules
	// VerifyUndo reads what takes blocks back.
	VerifyUndo
	// VerifyState works out the hash of the coins and both roots anew, and takes blocks
	// back, each to the roots of its parent.
	VerifyState
	// VerifyConnect connects the blocks again that were taken back.
	VerifyConnect
)

// VerifyOptions tune Verify.
type VerifyOptions struct {
	// Level is how much is verified: VerifyBlocks to VerifyConnect.
	Level int
	// Blocks is how many blocks below the tip; 0 is all.
	Blocks int32
	// MaxBytes bounds what taking blocks back may hold in memory; 0 is 32 MiB. Where it is
	// reached, blocks further down are not taken back.
	MaxBytes int
	// Progress is called after every block of every pass, if it is not nil.
	Progress func(pass string, done, of int32)
}

// Verified tells what Verify found in order.
type Verified struct {
	Height       int32 `json:"height"`
	Blocks       int32 `json:"blocks"`       // that were read
	Disconnected int32 `json:"disconnected"` // that were taken back
	Reconnected  int32 `json:"reconnected"`
	// Pruned tells that there were no more blocks to read.
	Pruned bool  `json:"pruned"`
	Sets   *Sets `json:"sets,omitempty"`
}

// Verify holds what is stored against itself and the rules. The store is not changed, and
// the chain stands still meanwhile. What is wrong is an error that says where.
func (c *Chain) Verify(ctx context.Context, opt VerifyOptions) (*Verified, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return nil, err
	}
	if opt.MaxBytes == 0 {
		opt.MaxBytes = 32 << 20
	}
	if opt.Progress == nil {
		opt.Progress = func(string, int32, int32) {}
	}
	tip := c.tree.Tip()
	v := &verification{c: c, ctx: ctx, opt: opt, lowest: 1}
	v.out.Height = tip.Height
	if opt.Blocks > 0 {
		v.lowest = max(1, tip.Height-opt.Blocks+1)
	}
	steps := []func() error{v.blocks}
	if opt.Level >= VerifyState {
		steps = append(steps, v.sets, v.roots, v.disconnect)
	}
	if opt.Level >= VerifyConnect {
		steps = append(steps, v.reconnect)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return &v.out, fmt.Errorf("verify the chain at height %d: %w", tip.Height, err)
		}
	}
	return &v.out, nil
}

// verification is a Verify under way.
type verification struct {
	c      *Chain
	ctx    context.Context
	opt    VerifyOptions
	lowest int32
	out    Verified
	over   *view.Overlay // the state without the blocks that were taken back
	taken  []*header.Node
}

// blocks reads the best chain from the tip down.
func (v *verification) blocks() error {
	of := v.out.Height - v.lowest + 1
	for n := v.c.tree.Tip(); n.Height >= v.lowest; {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if !v.c.hasBlock(n) {
			v.out.Pruned = true
			v.lowest = n.Height + 1
			return nil
		}
		b, err := v.c.block(n)
		if err != nil {
			return err
		}
		parent, err := n.Parent()
		if err != nil {
			return err
		}
		if b.Hash() != n.Hash || n.Header.PrevBlock != parent.Hash || n.Height != parent.Height+1 {
			return fmt.Errorf("block %v at height %d: stored there is %v on %v", n.Hash, n.Height, b.Hash(), n.Header.PrevBlock)
		}
		if err := check.MerkleRoot(b); err != nil {
			return fmt.Errorf("block %v at height %d: %w", n.Hash, n.Height, err)
		}
		if v.opt.Level >= VerifyRules {
			err := check.Block(v.c.net, b, check.BlockContext{
				MaxWeight: v.c.rec.MaxWeight, TipHeight: parent.Height, Now: n.Time(),
			})
			if err == nil {
				err = check.ContextualBlock(v.c.net, parent, b)
			}
			if err != nil {
				return fmt.Errorf("block %v at height %d: %w", n.Hash, n.Height, err)
			}
		}
		if v.opt.Level >= VerifyUndo {
			if _, err := v.c.undo(n); err != nil {
				return err
			}
		}
		v.out.Blocks++
		v.opt.Progress("blocks", v.out.Blocks, of)
		n = parent
	}
	return nil
}

// sets counts and hashes the coins, whose sum can not be more than was ever made.
func (v *verification) sets() error {
	stats, err := coins.SetStats(v.c.over)
	if err != nil {
		return err
	}
	v.out.Sets = &Sets{
		TxOuts: stats.Coins, Transactions: stats.Transactions,
		TotalAmount: Amount(stats.Amount), HashSerialized: stats.Hash.String(),
	}
	return nil
}

// roots builds both tries anew from the accounts, slots and contracts' outputs, and holds
// them against the tip's header and the stored nodes.
func (v *verification) roots() error {
	tip := v.c.tree.Tip()
	var accounts []trie.Change
	err := v.c.over.Scan([]byte{'A'}, func(key, raw []byte) error {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		a := state.Address(key[1:])
		acc, err := state.DecodeAccount(raw)
		if err != nil {
			return fmt.Errorf("account %v: %w", a, err)
		}
		root, err := v.storageRoot(a)
		if err != nil {
			return fmt.Errorf("account %v: %w", a, err)
		}
		if root != acc.StorageRoot {
			return fmt.Errorf("account %v: its storage has the root %v, the account says %v", a, root, acc.StorageRoot)
		}
		if err := v.code(acc.CodeHash); err != nil {
			return fmt.Errorf("account %v: %w", a, err)
		}
		accounts = append(accounts, trie.Change{Key: keccak(a[:]), Value: acc.AppendRLP(nil)})
		v.out.Sets.Contracts++
		return nil
	})
	if err != nil {
		return err
	}
	if err := v.root("hashStateRoot", []byte{'a'}, accounts, tip.Header.StateRoot); err != nil {
		return err
	}
	var outputs []trie.Change
	err = v.c.over.Scan([]byte{'U'}, func(key, value []byte) error {
		outputs = append(outputs, trie.Change{Key: keccak(key[1:]), Value: bytes.Clone(value)})
		return nil
	})
	if err != nil {
		return err
	}
	return v.root("hashUTXORoot", []byte{'u'}, outputs, tip.Header.UTXORoot)
}

// root holds the trie of entries against the root that a header has, and every one of its
// nodes against what is stored under prefix.
func (v *verification) root(name string, prefix []byte, entries []trie.Change, want [32]byte) error {
	var nodes int
	var bad error
	root := trie.Build(entries, func(path, node []byte) {
		nodes++
		stored, ok, err := v.c.over.Get(append(prefix[:len(prefix):len(prefix)], path...))
		if bad == nil && (err != nil || !ok || !bytes.Equal(stored, node)) {
			bad = errors.Join(err, fmt.Errorf("%s: the stored node at %x is not that of the trie", name, path))
		}
	})
	if root != want {
		return fmt.Errorf("%s: the state has %s, the header %s", name, reversed(root), reversed(want))
	}
	if bad != nil {
		return bad
	}
	return v.c.over.Scan(prefix, func(key, _ []byte) error {
		if nodes--; nodes < 0 {
			return fmt.Errorf("%s: there are stored nodes that are not the trie's, such as that at %x", name, key[len(prefix):])
		}
		return nil
	})
}

func (v *verification) storageRoot(a state.Address) (state.Hash, error) {
	var slots []trie.Change
	err := state.StoredSlots(v.c.over, a, func(slot state.Hash, value uint256.Int) error {
		slots = append(slots, trie.Change{Key: keccak(slot[:]), Value: rlp.AppendString(nil, value.Bytes())})
		return nil
	})
	return trie.Build(slots, nil), err
}

func (v *verification) code(hash state.Hash) error {
	if hash == state.EmptyCodeHash {
		return nil
	}
	code, ok, err := v.c.over.Get(state.CodeKey(hash))
	if err == nil && (!ok || state.Hash(keccak(code)) != hash) {
		err = fmt.Errorf("its code %v is not stored as it was", hash)
	}
	return err
}

func keccak(b []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return h.Sum(nil)
}

// disconnect takes blocks back in memory.
func (v *verification) disconnect() error {
	v.over = view.NewOverlay(v.c.over)
	of := v.out.Height - v.lowest + 1
	for n := v.c.tree.Tip(); n.Height >= v.lowest; {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if v.over.Size()+v.over.Len()*entryCost > v.opt.MaxBytes {
			return nil
		}
		parent, err := n.Parent()
		if err != nil {
			return err
		}
		b, err := v.c.block(n)
		if err != nil {
			return err
		}
		changes, err := v.c.disconnectBlock(v.over, parent, n, b)
		if err != nil {
			return err
		}
		v.over.Apply(changes)
		v.taken = append(v.taken, n)
		v.out.Disconnected++
		v.opt.Progress("disconnect", v.out.Disconnected, of)
		n = parent
	}
	return nil
}

// reconnect connects again what disconnect took back, which must lead to the same state.
func (v *verification) reconnect() error {
	for i := len(v.taken) - 1; i >= 0; i-- {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		n := v.taken[i]
		parent, err := n.Parent()
		if err != nil {
			return err
		}
		b, err := v.c.block(n)
		if err != nil {
			return err
		}
		res, err := connect.Block(connect.Input{
			Params: v.c.net, Prev: parent, Block: b, State: v.over, Workers: v.c.opt.Workers,
		})
		if err != nil {
			return fmt.Errorf("connect block %v at height %d again: %w", n.Hash, n.Height, err)
		}
		if res.Record != n.Record {
			return fmt.Errorf("connect block %v at height %d again: its header's record was %+v, is %+v", n.Hash, n.Height, n.Record, res.Record)
		}
		v.over.Apply(res.Changes)
		v.out.Reconnected++
		v.opt.Progress("connect", v.out.Reconnected, int32(len(v.taken)))
	}
	for _, ch := range v.over.Changes() {
		value, ok, err := v.c.over.Get(ch.Key)
		if err != nil {
			return err
		}
		if ok != (ch.Value != nil) || !bytes.Equal(value, ch.Value) {
			return fmt.Errorf("after blocks were taken back and connected again, %x has another value", ch.Key)
		}
	}
	return nil
}
