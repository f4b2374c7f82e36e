package coins

import (
	"bytes"
	"fmt"
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/view"
)

// Set is the coins that a block sees: those of its parent's state, without what the block
// has spent so far, with what it has made so far.
type Set struct {
	parent  view.Reader
	entries map[btcwire.OutPoint]*entry
	key     [KeyLen]byte
}

type entry struct {
	coin     Coin
	live     bool // unspent now
	inParent bool // the parent has a coin here
	dirty    bool // differs from the parent's
}

// NewSet gives the coins of parent.
func NewSet(parent view.Reader) *Set {
	return &Set{parent: parent, entries: map[btcwire.OutPoint]*entry{}}
}

// Coin gives the unspent coin at op, nil if there is none. It must not be changed, and is
// valid until it is spent.
func (s *Set) Coin(op btcwire.OutPoint) (*Coin, error) {
	e, err := s.fetch(op)
	if err != nil || e == nil || !e.live {
		return nil, err
	}
	return &e.coin, nil
}

// Have reports whether there is an unspent coin at op, without keeping it at hand.
func (s *Set) Have(op btcwire.OutPoint) (bool, error) {
	if e := s.entries[op]; e != nil {
		return e.live, nil
	}
	_, ok, err := s.parent.Get(AppendKey(s.key[:0], &op))
	if err != nil {
		return false, fmt.Errorf("read coin %v: %w", op, err)
	}
	return ok, nil
}

func (s *Set) fetch(op btcwire.OutPoint) (*entry, error) {
	if e := s.entries[op]; e != nil {
		return e, nil
	}
	v, ok, err := s.parent.Get(AppendKey(s.key[:0], &op))
	if err != nil {
		return nil, fmt.Errorf("read coin %v: %w", op, err)
	}
	if !ok {
		return nil, nil
	}
	c, rest, err := Decode(v)
	if err != nil {
		return nil, fmt.Errorf("coin %v: %w", op, err)
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("coin %v: %d bytes too many", op, len(rest))
	}
	e := &entry{coin: c, live: true, inParent: true}
	s.entries[op] = e
	return e, nil
}

// Spend removes the coin at op and gives it; ok is false if there is none.
func (s *Set) Spend(op btcwire.OutPoint) (c Coin, ok bool, err error) {
	e, err := s.fetch(op)
	if err != nil || e == nil || !e.live {
		return c, false, err
	}
	c = e.coin
	if !e.inParent {
		delete(s.entries, op) // made and spent by this block: no trace
		return c, true, nil
	}
	*e = entry{inParent: true, dirty: true}
	return c, true, nil
}

// Put makes c the coin at op. That there was none before is for the caller to know: a
// coin is made where the rule against overwriting (BIP30) has been checked, or put back
// where it was taken from.
func (s *Set) Put(op btcwire.OutPoint, c Coin) {
	e := s.entries[op]
	if e == nil {
		e = &entry{}
		s.entries[op] = e
	}
	e.coin, e.live, e.dirty = c, true, true
}

// Changes gives what became of the parent's coins, by key in bytewise order.
func (s *Set) Changes() []view.Change {
	out := make([]view.Change, 0, len(s.entries))
	for op, e := range s.entries {
		switch {
		case !e.dirty:
		case e.live:
			out = append(out, view.Change{Key: AppendKey(make([]byte, 0, KeyLen), &op), Value: e.coin.Append(nil)})
		case e.inParent:
			out = append(out, view.Change{Key: AppendKey(make([]byte, 0, KeyLen), &op)})
		}
	}
	slices.SortFunc(out, func(a, b view.Change) int { return bytes.Compare(a.Key, b.Key) })
	return out
}
