package state

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/holiman/uint256"

	"spacechain/ledger/rlp"
	"spacechain/ledger/trie"
	"spacechain/ledger/view"
)

// Commit is what a block's executions come to.
type Commit struct {
	Root    Hash          // of the account trie
	Changes []view.Change // of flat keys and trie nodes, by key in bytewise order
	Undo    []view.Change // what the flat keys A and S had before, for Revert
}

// Root gives the account trie's root as the ended executions have left it, hashing what
// has changed since it was asked last. It must not be asked in the middle of one.
func (s *State) Root() (Hash, error) {
	s.flush()
	if s.err != nil {
		return Hash{}, s.err
	}
	root, err := trie.Root(s.over, AccountTrie())
	return Hash(root), err
}

// Commit gives the new root, everything that changes in the store, and how to take it
// back. It must not be called in the middle of an execution. The State can go on
// afterwards; a second Commit counts from the same parent state again.
func (s *State) Commit() (*Commit, error) {
	root, err := s.Root()
	if err != nil {
		return nil, err
	}
	c := &Commit{Root: root}
	for _, ch := range s.over.Changes() {
		if ch.Key[0] == 'A' || ch.Key[0] == 'S' {
			old, ok, err := s.reader.Get(ch.Key)
			if err != nil {
				return nil, fmt.Errorf("state: old value of %x: %w", ch.Key, err)
			}
			if ok == (ch.Value != nil) && bytes.Equal(old, ch.Value) {
				continue
			}
			if !ok {
				old = nil
			}
			c.Undo = append(c.Undo, view.Change{Key: ch.Key, Value: old})
		}
		c.Changes = append(c.Changes, ch)
	}
	return c, nil
}

// flush writes all ended executions' changes to the overlay, flat keys and trie nodes.
func (s *State) flush() {
	if s.err != nil || len(s.dirty) == 0 {
		return
	}
	var changes []trie.Change
	for _, acc := range s.dirty {
		acc.dirty = false
		if err := s.flushAccount(acc, &changes); err != nil {
			s.fail("writing "+acc.addr.String(), err)
			return
		}
	}
	s.dirty = s.dirty[:0]
	if err := updateTrie(s.over, AccountTrie(), changes); err != nil {
		s.fail("account trie", err)
	}
}

func (s *State) flushAccount(acc *account, changes *[]trie.Change) error {
	if acc.hashed == (Hash{}) {
		acc.hashed = s.hash.sum(acc.addr[:])
	}
	if acc.wiped && acc.root != EmptyRoot {
		if err := s.dropStorage(acc); err != nil {
			return err
		}
		acc.root = EmptyRoot
	}
	acc.wiped = false
	key := AccountKey(acc.addr)
	if !acc.exists {
		if acc.stored {
			s.over.Delete(key)
			*changes = append(*changes, trie.Change{Key: acc.hashed[:]})
			acc.stored = false
		}
		return nil
	}
	if err := s.flushStorage(acc); err != nil {
		return err
	}
	if acc.newCode && acc.codeHash != EmptyCodeHash {
		s.over.Put(CodeKey(acc.codeHash), acc.code)
	}
	acc.newCode = false
	rec := Account{Nonce: acc.nonce, Balance: acc.balance, CodeHash: acc.codeHash, StorageRoot: acc.root}
	s.over.Put(key, rec.Append(nil))
	*changes = append(*changes, trie.Change{Key: acc.hashed[:], Value: rec.AppendRLP(nil)})
	acc.stored = true
	return nil
}

func (s *State) flushStorage(acc *account) error {
	var changes []trie.Change
	for _, sl := range acc.written {
		sl.written = false
		if sl.value == sl.stored {
			continue
		}
		sl.stored = sl.value
		name := sl.key.Bytes32()
		key := StorageKey(acc.addr, name)
		hashed := s.hash.sum(name[:])
		acc.flushed = append(acc.flushed, key)
		if sl.value.IsZero() {
			s.over.Delete(key)
			changes = append(changes, trie.Change{Key: hashed[:]})
			continue
		}
		value := sl.value.Bytes()
		s.over.Put(key, value)
		changes = append(changes, trie.Change{Key: hashed[:], Value: rlp.AppendString(nil, value)})
	}
	acc.written = acc.written[:0]
	if len(changes) == 0 {
		return nil
	}
	root, nodes, err := trie.Update(s.over, nodePrefix(acc), acc.root, changes)
	if err != nil {
		return err
	}
	s.over.Apply(nodes)
	for _, n := range nodes {
		acc.flushed = append(acc.flushed, n.Key)
	}
	acc.root = root
	return nil
}

// updateTrie makes changes to the trie under prefix, nodes and all.
func updateTrie(over *view.Overlay, prefix []byte, changes []trie.Change) error {
	root, err := trie.Root(over, prefix)
	if err != nil {
		return err
	}
	_, nodes, err := trie.Update(over, prefix, root, changes)
	if err != nil {
		return err
	}
	over.Apply(nodes)
	return nil
}

// dropStorage removes all slots and storage trie nodes of an account: those of the parent
// state, and those written since, which are listed so that the cost is that of the
// account's storage and not of everything the block has changed.
func (s *State) dropStorage(acc *account) error {
	for _, key := range acc.flushed {
		s.over.Delete(key)
	}
	acc.flushed = nil
	for _, prefix := range [][]byte{StoragePrefix(acc.addr), nodePrefix(acc)} {
		err := s.reader.Scan(prefix, func(key, _ []byte) error {
			s.over.Delete(key)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// nodePrefix is the account's StorageTrie.
func nodePrefix(acc *account) []byte { return append([]byte{'s'}, acc.hashed[:]...) }

// Revert takes back a block: r is the state after it, undo what its Commit gave. It
// gives the account trie's root before the block and the changes that make r that state
// again, by key in bytewise order. Keys of undo that are not accounts or storage slots
// are left alone.
func Revert(r view.Reader, undo []view.Change) (Hash, []view.Change, error) {
	over, hash := view.NewOverlay(r), newHasher()
	slots := map[Address][]trie.Change{}
	accounts := map[Address]*Account{} // nil: not in the state before the block
	for _, u := range undo {
		switch {
		case len(u.Key) == 21 && u.Key[0] == 'A':
			addr := Address(u.Key[1:])
			accounts[addr] = nil
			if u.Value != nil {
				rec, err := DecodeAccount(u.Value)
				if err != nil {
					return Hash{}, nil, fmt.Errorf("state: undo of %v: %w", addr, err)
				}
				accounts[addr] = &rec
			}
		case len(u.Key) == 53 && u.Key[0] == 'S':
			addr, hashed := Address(u.Key[1:21]), hash.sum(u.Key[21:])
			ch := trie.Change{Key: hashed[:]}
			if u.Value != nil {
				ch.Value = rlp.AppendString(nil, u.Value)
			}
			slots[addr] = append(slots[addr], ch)
		default:
			continue
		}
		over.Apply([]view.Change{u})
	}
	for addr, changes := range slots {
		rec, ok := accounts[addr]
		if !ok {
			return Hash{}, nil, fmt.Errorf("state: undo has storage of %v and not the account", addr)
		}
		if err := revertStorage(over, addr, rec, changes); err != nil {
			return Hash{}, nil, fmt.Errorf("state: taking back storage of %v: %w", addr, err)
		}
	}
	var changes []trie.Change
	for addr, rec := range accounts {
		hashed := hash.sum(addr[:])
		ch := trie.Change{Key: hashed[:]}
		if rec != nil {
			ch.Value = rec.AppendRLP(nil)
		}
		changes = append(changes, ch)
	}
	slices.SortFunc(changes, func(a, b trie.Change) int { return bytes.Compare(a.Key, b.Key) })
	if err := updateTrie(over, AccountTrie(), changes); err != nil {
		return Hash{}, nil, fmt.Errorf("state: taking back the account trie: %w", err)
	}
	root, err := trie.Root(over, AccountTrie())
	return Hash(root), over.Changes(), err
}

// revertStorage makes the changes to an account's storage trie and holds its root
// against the account's record.
func revertStorage(over *view.Overlay, a Address, rec *Account, changes []trie.Change) error {
	if err := updateTrie(over, StorageTrie(a), changes); err != nil {
		return err
	}
	root, err := trie.Root(over, StorageTrie(a))
	if err != nil {
		return err
	}
	want := EmptyRoot
	if rec != nil {
		want = rec.StorageRoot
	}
	if Hash(root) != want {
		return fmt.Errorf("root is %v, before the block it was %v", Hash(root), want)
	}
	return nil
}

// StoredSlots calls fn for every storage slot of an account in r that is not zero, by
// name in bytewise order, until fn returns an error.
func StoredSlots(r view.Reader, a Address, fn func(slot Hash, value uint256.Int) error) error {
	return r.Scan(StoragePrefix(a), func(key, raw []byte) error {
		if len(key) != 53 {
			return fmt.Errorf("state: storage key of %d bytes", len(key))
		}
		var v uint256.Int
		v.SetBytes(raw)
		return fn(Hash(key[21:]), v)
	})
}

// StoredAccount gives an account as it is in r, and whether it is there.
func StoredAccount(r view.Reader, a Address) (Account, bool, error) {
	raw, ok, err := r.Get(AccountKey(a))
	if err != nil || !ok {
		return Account{CodeHash: EmptyCodeHash, StorageRoot: EmptyRoot}, false, err
	}
	rec, err := DecodeAccount(raw)
	return rec, err == nil, err
}
