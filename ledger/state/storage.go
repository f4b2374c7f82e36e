package state

import "github.com/holiman/uint256"

// slot is a cached storage slot.
type slot struct {
	key      uint256.Int
	value    uint256.Int
	original uint256.Int // value when the execution with number tx began
	stored   uint256.Int // value in the store
	tx       uint32      // execution that wrote last
	warmTx   uint32      // execution that accessed last (EIP-2929)
	written  bool        // in account.written
}

// slot gives the cached slot of an account, read at most once.
func (s *State) slot(acc *account, key *uint256.Int) *slot {
	if sl, ok := acc.slots[*key]; ok {
		return sl
	}
	if len(s.slab) == 0 {
		// Most blocks look at a handful of slots, some at thousands.
		s.slabSize = min(32, max(4, 2*s.slabSize))
		s.slab = make([]slot, s.slabSize)
	}
	sl := &s.slab[0]
	s.slab = s.slab[1:]
	sl.key = *key
	if !acc.wiped && acc.root != EmptyRoot {
		k := append(append(s.key[:0], 'S'), acc.addr[:]...)
		k = k[:53]
		key.WriteToSlice(k[21:])
		raw, ok, err := s.over.Get(k)
		if err != nil {
			s.fail("storage of "+acc.addr.String(), err)
		}
		if ok {
			sl.value.SetBytes(raw)
			sl.stored = sl.value
		}
	}
	if acc.slots == nil {
		acc.slots = map[uint256.Int]*slot{}
	}
	acc.slots[*key] = sl
	return sl
}

// Storage writes the value of an account's storage slot to out: zero if never set.
// key and out may be the same.
func (s *State) Storage(a Address, key, out *uint256.Int) {
	*out = s.slot(s.account(a), key).value
}

// OriginalStorage writes to out the value that the slot had when the execution began
// (EIP-2200). key and out may be the same.
func (s *State) OriginalStorage(a Address, key, out *uint256.Int) {
	sl := s.slot(s.account(a), key)
	if sl.tx == s.tx {
		*out = sl.original
	} else {
		*out = sl.value
	}
}

// SetStorage sets a storage slot. The account must exist.
func (s *State) SetStorage(a Address, key, value *uint256.Int) {
	acc := s.account(a)
	sl := s.slot(acc, key)
	s.touch(acc)
	if sl.tx != s.tx {
		sl.tx, sl.original = s.tx, sl.value
	}
	if !sl.written {
		sl.written = true
		acc.written = append(acc.written, sl)
	}
	s.journal = append(s.journal, entry{kind: undoStorage, slot: sl, value: sl.value})
	sl.value = *value
}

// HasStorage tells whether the account has a storage slot that is not zero, as far as
// the store knows or this block has written (EIP-7610).
func (s *State) HasStorage(a Address) bool {
	acc := s.account(a)
	if !acc.wiped && acc.root != EmptyRoot {
		return true
	}
	for _, sl := range acc.written {
		if !sl.value.IsZero() {
			return true
		}
	}
	return false
}

// clearStorage makes every slot of the account zero. Reverting brings them back.
func (s *State) clearStorage(acc *account) {
	if acc.root == EmptyRoot && len(acc.written) == 0 {
		return
	}
	s.journal = append(s.journal, entry{kind: undoClear, acc: acc, old: uint64(len(s.undone.storages))})
	s.undone.storages = append(s.undone.storages, oldStorage{acc.slots, acc.written, acc.wiped})
	acc.slots, acc.written, acc.wiped = nil, nil, true
}

// Transient writes the value of a transient storage slot to out (EIP-1153). key and out
// may be the same.
func (s *State) Transient(a Address, key, out *uint256.Int) {
	*out = s.transient[slotName{a, *key}]
}

// SetTransient sets a transient storage slot. If journaled is false, reverting does not
// take it back, as Qtum has it.
func (s *State) SetTransient(a Address, key, value *uint256.Int, journaled bool) {
	name := slotName{a, *key}
	if journaled {
		s.journal = append(s.journal, entry{kind: undoTransient, old: uint64(len(s.undone.transients))})
		s.undone.transients = append(s.undone.transients, oldTransient{name, s.transient[name]})
	}
	s.putTransient(name, value)
}

func (s *State) putTransient(name slotName, value *uint256.Int) {
	if value.IsZero() {
		delete(s.transient, name)
	} else {
		s.transient[name] = *value
	}
}

// ClearTransient makes all transient storage zero: at the end of an Ethereum
// transaction, and before and after all outputs of a Qtum transaction.
func (s *State) ClearTransient() {
	if len(s.transient) > 0 {
		clear(s.transient)
	}
}

// AccessAddress notes that the execution accesses the account and tells whether it had
// before (EIP-2929). Reverting takes it back.
func (s *State) AccessAddress(a Address) (warm bool) {
	acc := s.account(a)
	if acc.warmTx == s.tx {
		return true
	}
	acc.warmTx = s.tx
	s.journal = append(s.journal, entry{kind: undoWarmAccount, acc: acc})
	return false
}

// AccessSlot notes that the execution accesses the storage slot and tells whether it had
// before (EIP-2929). Reverting takes it back.
func (s *State) AccessSlot(a Address, key *uint256.Int) (warm bool) {
	sl := s.slot(s.account(a), key)
	if sl.warmTx == s.tx {
		return true
	}
	sl.warmTx = s.tx
	s.journal = append(s.journal, entry{kind: undoWarmSlot, slot: sl})
	return false
}
