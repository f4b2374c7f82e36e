package aal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/holiman/uint256"
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/rlp"
	"spacechain/ledger/state"
	"spacechain/ledger/trie"
	"spacechain/ledger/view"
)

// Address names an account; of a key it is the HASH160.
type Address = state.Address

// Coin is the one coin that belongs to an address as far as the account abstraction layer
// keeps book: a contract's, or the last that a contract paid to a key. (qtumstate.h: Vin)
type Coin struct {
	TxID  [32]byte // natural order
	Vout  uint32
	Value uint256.Int // satoshi
	alive bool        // false: it leaves the book when the execution is taken over
}

// append adds the coin's form in the trie to dst: the list of transaction, output number,
// value and 1.
func (c *Coin) append(dst []byte) []byte {
	value := c.Value.Bytes32()
	digits := value[32-(c.Value.BitLen()+7)/8:]
	dst = rlp.AppendListHeader(dst, 33+rlp.UintSize(uint64(c.Vout))+rlp.StringSize(digits)+1)
	dst = rlp.AppendString(dst, c.TxID[:])
	dst = rlp.AppendUint(dst, uint64(c.Vout))
	dst = rlp.AppendString(dst, digits)
	return rlp.AppendUint(dst, 1)
}

// DecodeCoin reads a coin in the form that the trie and the store hold.
func DecodeCoin(b []byte) (Coin, error) {
	var c Coin
	items, rest, err := rlp.SplitList(b)
	if err != nil || len(rest) != 0 {
		return c, fmt.Errorf("contract's coin of %d bytes is no list: %w", len(b), cmpErr(err))
	}
	id, items, err := rlp.SplitString(items)
	if err != nil || len(id) != 32 {
		return c, fmt.Errorf("contract's coin: transaction of %d bytes: %w", len(id), cmpErr(err))
	}
	copy(c.TxID[:], id)
	vout, items, err := rlp.SplitUint(items)
	if err != nil || vout > 1<<32-1 {
		return c, fmt.Errorf("contract's coin: output %d: %w", vout, cmpErr(err))
	}
	c.Vout = uint32(vout)
	value, items, err := rlp.SplitString(items)
	if err != nil || len(value) > 32 {
		return c, fmt.Errorf("contract's coin: value of %d bytes: %w", len(value), cmpErr(err))
	}
	c.Value.SetBytes(value)
	alive, items, err := rlp.SplitUint(items)
	if err != nil || alive != 1 || len(items) != 0 {
		return c, fmt.Errorf("contract's coin: end of list: %w", cmpErr(err))
	}
	c.alive = true
	return c, nil
}

var errForm = errors.New("wrong form")

// cmpErr gives err, or that the form is wrong where decoding gave no error.
func cmpErr(err error) error {
	if err == nil {
		return errForm
	}
	return err
}

// CoinKey is the store's key of an address's coin.
func CoinKey(a Address) []byte { return append([]byte{'U'}, a[:]...) }

// coinTrie is what the store's keys of the nodes of the trie of coins begin with.
var coinTrie = []byte{'u'}

// carryKey is the store's key of what a failed execution leaves to the next one below
// FixUTXOCacheHeight. No coin's key is that short.
var carryKey = []byte("U")

// coinBook is the coins of contracts during a block, and what the execution under way
// made of them (qtumstate.h: stateUTXO and cacheUTXO).
type coinBook struct {
	reader view.Reader
	block  map[Address]*bookEntry
	cache  map[Address]*Coin
	carry  []byte // as stored: what an earlier block's failed execution left in cache
	err    error
}

type bookEntry struct {
	parent []byte // as stored; nil: none
	coin   Coin   // as the block has it
	held   bool   // there is one
	dirty  bool
}

func newCoinBook(r view.Reader) *coinBook {
	b := &coinBook{reader: r, block: map[Address]*bookEntry{}, cache: map[Address]*Coin{}}
	raw, ok, err := r.Get(carryKey)
	if err != nil {
		b.fail(Address{}, err)
	}
	if ok {
		b.carry = bytes.Clone(raw)
		b.takeCarry(raw)
	}
	return b
}

func (b *coinBook) fail(a Address, err error) {
	if b.err == nil {
		b.err = fmt.Errorf("aal: coin of contract %v: %w", a, err)
	}
}

// entry gives the block's entry of an address; one without a coin if it has none.
func (b *coinBook) entry(a Address) *bookEntry {
	if e, ok := b.block[a]; ok {
		return e
	}
	e := &bookEntry{}
	b.block[a] = e
	raw, ok, err := b.reader.Get(CoinKey(a))
	if err == nil && ok {
		e.parent, e.held = bytes.Clone(raw), true
		e.coin, err = DecodeCoin(raw)
	}
	if err != nil {
		b.fail(a, err)
	}
	return e
}

// coin gives the coin of an address to read and change, nil if it has none. It then is
// part of the execution: to be kept, or removed where it is not alive. (QtumState::vin)
func (b *coinBook) coin(a Address) *Coin {
	if c, ok := b.cache[a]; ok {
		return c
	}
	e := b.entry(a)
	if !e.held {
		return nil
	}
	c := e.coin
	b.cache[a] = &c
	return &c
}

// kill makes the coin of an address, if it has one, leave with this execution.
func (b *coinBook) kill(a Address) {
	if c := b.coin(a); c != nil {
		c.alive = false
	}
}

// set puts a coin in the place of an address's one (QtumState::updateUTXO).
func (b *coinBook) set(a Address, c Coin) {
	if old := b.coin(a); old != nil {
		*old = c
	} else if c.alive {
		b.cache[a] = &c
	}
}

// take makes what the execution did part of the block.
func (b *coinBook) take() {
	for a, c := range b.cache {
		e := b.entry(a)
		if !c.alive {
			e.held, e.coin, e.dirty = false, Coin{}, true
		} else if !e.held || e.coin != *c {
			e.held, e.coin, e.dirty = true, *c, true
		}
	}
	b.drop()
}

// drop forgets what the execution did.
func (b *coinBook) drop() { clear(b.cache) }

// changes gives the changes of the stored keys against the parent state, in no order,
// and of the trie.
func (b *coinBook) changes() (flat []view.Change, leaves []trie.Change) {
	for a, e := range b.block {
		if !e.dirty {
			continue
		}
		var now []byte
		if e.held {
			now = e.coin.append(nil)
		}
		if (now == nil) == (e.parent == nil) && bytes.Equal(now, e.parent) {
			continue
		}
		flat = append(flat, view.Change{Key: CoinKey(a), Value: now})
		key := keccak(a[:])
		leaves = append(leaves, trie.Change{Key: key[:], Value: now})
	}
	if now := b.appendCarry(); !bytes.Equal(now, b.carry) {
		flat = append(flat, view.Change{Key: carryKey, Value: now})
	}
	slices.SortFunc(leaves, func(x, y trie.Change) int { return bytes.Compare(x.Key, y.Key) })
	return flat, leaves
}

// appendCarry gives the stored form of what is left in cache: nil if nothing is.
func (b *coinBook) appendCarry() []byte {
	if len(b.cache) == 0 {
		return nil
	}
	addrs := make([]Address, 0, len(b.cache))
	for a := range b.cache {
		addrs = append(addrs, a)
	}
	slices.SortFunc(addrs, func(x, y Address) int { return bytes.Compare(x[:], y[:]) })
	var out []byte
	for _, a := range addrs {
		c := b.cache[a]
		form := c.append(nil)
		out = append(out, a[:]...)
		alive := byte(0)
		if c.alive {
			alive = 1
		}
		out = append(out, alive, byte(len(form)))
		out = append(out, form...)
	}
	return out
}

func (b *coinBook) takeCarry(raw []byte) {
	for len(raw) > 0 {
		if len(raw) < 22 || len(raw) < 22+int(raw[21]) {
			b.fail(Address{}, errForm)
			return
		}
		var a Address
		copy(a[:], raw)
		c, err := DecodeCoin(raw[22 : 22+int(raw[21])])
		if err != nil {
			b.fail(a, err)
			return
		}
		c.alive = raw[20] == 1
		b.cache[a] = &c
		raw = raw[22+int(raw[21]):]
	}
}

func keccak(b []byte) (h [32]byte) {
	d := sha3.NewLegacyKeccak256()
	d.Write(b)
	d.Sum(h[:0])
	return h
}
