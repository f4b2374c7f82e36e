package aal

import (
	"bytes"
	"fmt"
	"slices"

	"spacechain/ledger/state"
	"spacechain/ledger/trie"
	"spacechain/ledger/view"
)

// Outcome is what a block's executions come to.
type Outcome struct {
	StateRoot, UTXORoot [32]byte      // as the header has them
	Changes             []view.Change // of the stored keys, by key in bytewise order
	// Undo has the old values of the keys of accounts, storage and contracts' coins, for
	// RevertState.
	Undo []view.Change
}

// Roots gives both roots as the executions so far have left them.
func (m *Machine) Roots() (stateRoot, utxoRoot [32]byte, err error) {
	if err := m.Err(); err != nil {
		return stateRoot, utxoRoot, err
	}
	root, err := m.st.Root()
	if err != nil {
		return stateRoot, utxoRoot, fmt.Errorf("aal: %w", err)
	}
	utxoRoot, _, err = m.commitCoins()
	return root, utxoRoot, err
}

// Commit gives what all executions came to. The Machine can go on afterwards; a second
// Commit counts from the same parent state again.
func (m *Machine) Commit() (*Outcome, error) {
	if err := m.Err(); err != nil {
		return nil, err
	}
	c, err := m.st.Commit()
	if err != nil {
		return nil, fmt.Errorf("aal: %w", err)
	}
	out := &Outcome{StateRoot: c.Root, Changes: c.Changes, Undo: c.Undo}
	root, changes, err := m.commitCoins()
	if err != nil {
		return nil, err
	}
	out.UTXORoot = root
	for _, ch := range changes {
		out.Changes = append(out.Changes, ch)
		if ch.Key[0] != 'U' {
			continue
		}
		old, ok, err := m.reader.Get(ch.Key)
		if err != nil {
			return nil, fmt.Errorf("aal: old value of %x: %w", ch.Key, err)
		}
		if !ok {
			old = nil
		}
		out.Undo = append(out.Undo, view.Change{Key: ch.Key, Value: old})
	}
	sortChanges(out.Changes)
	sortChanges(out.Undo)
	return out, nil
}

// commitCoins gives the root of the contracts' coins, and the changes of stored keys.
func (m *Machine) commitCoins() (root [32]byte, changes []view.Change, err error) {
	flat, leaves := m.book.changes()
	root, nodes, err := updateCoins(m.reader, leaves)
	return root, append(flat, nodes...), err
}

func updateCoins(r view.Reader, leaves []trie.Change) ([32]byte, []view.Change, error) {
	root, err := trie.Root(r, coinTrie)
	var nodes []view.Change
	if err == nil && len(leaves) > 0 {
		root, nodes, err = trie.Update(r, coinTrie, root, leaves)
	}
	if err != nil {
		return root, nil, fmt.Errorf("aal: trie of contracts' coins: %w", err)
	}
	return root, nodes, nil
}

// RevertState takes back a block: r is the state after it, undo what its Commit gave. It
// gives the roots before the block, and the changes that make r that state again, by key
// in bytewise order. Keys of undo that are none of this package's are left alone.
func RevertState(r view.Reader, undo []view.Change) (stateRoot, utxoRoot [32]byte, changes []view.Change, err error) {
	accounts, changes, err := state.Revert(r, undo)
	if err != nil {
		return stateRoot, utxoRoot, nil, fmt.Errorf("aal: %w", err)
	}
	var leaves []trie.Change
	for _, u := range undo {
		if len(u.Key) == 0 || u.Key[0] != 'U' {
			continue
		}
		changes = append(changes, u)
		if len(u.Key) == 21 {
			key := keccak(u.Key[1:])
			leaves = append(leaves, trie.Change{Key: key[:], Value: u.Value})
		}
	}
	utxoRoot, nodes, err := updateCoins(r, leaves)
	if err != nil {
		return stateRoot, utxoRoot, nil, err
	}
	changes = append(changes, nodes...)
	sortChanges(changes)
	return accounts, utxoRoot, changes, nil
}

func sortChanges(cs []view.Change) {
	slices.SortFunc(cs, func(a, b view.Change) int { return bytes.Compare(a.Key, b.Key) })
}
