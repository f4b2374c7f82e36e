package connect

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/coins"
	"spacechain/ledger/view"
)

// Undo is what a block took from the state: with the block it leads back to the parent's.
type Undo struct {
	// Spent has, for every transaction but the first, the coins that it spent, in the
	// order of its inputs, those included that the block itself made.
	Spent []coins.TxUndo
	// Flat has the old values of the accounts, storage slots and contract outputs that the
	// block changed, by key in bytewise order; nil where there was none.
	Flat []view.Change
}

// The stored form of an Undo is a version byte, then
//
//	uvarint  transactions, and for each: uvarint coins, and the coins as coins.Append has them
//	uvarint  changes, and for each: uvarint bytes of the key that are those of the key
//	         before it, uvarint further bytes, those bytes, uvarint 0 for no old
//	         value or 1 + its length, the old value
//
// and eight bytes of a SHA-256 over the block's hash and all before, so that neither a
// torn write nor the undo of another block is ever applied.
const (
	undoVersion  = 1
	undoSumSize  = 8
	maxUndoKey   = 64
	maxUndoValue = 1 << 16
)

// Append appends the stored form of u, which is of the block with the given hash.
func (u *Undo) Append(dst []byte, block chainhash.Hash) []byte {
	start := len(dst)
	dst = append(dst, undoVersion)
	dst = binary.AppendUvarint(dst, uint64(len(u.Spent)))
	for _, tx := range u.Spent {
		dst = binary.AppendUvarint(dst, uint64(len(tx)))
		for i := range tx {
			dst = tx[i].Append(dst)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(u.Flat)))
	var last []byte
	for _, c := range u.Flat {
		n := commonPrefix(last, c.Key)
		dst = binary.AppendUvarint(dst, uint64(n))
		dst = binary.AppendUvarint(dst, uint64(len(c.Key)-n))
		dst = append(dst, c.Key[n:]...)
		if c.Value == nil {
			dst = append(dst, 0)
		} else {
			dst = binary.AppendUvarint(dst, uint64(len(c.Value))+1)
			dst = append(dst, c.Value...)
		}
		last = c.Key
	}
	sum := undoSum(block, dst[start:])
	return append(dst, sum[:]...)
}

// DecodeUndo reads the stored form of the Undo of the block with the given hash, which
// must be all of b. The Undo shares nothing with b.
func DecodeUndo(b []byte, block chainhash.Hash) (*Undo, error) {
	if len(b) < 1+undoSumSize {
		return nil, fmt.Errorf("undo of block %v: only %d bytes", block, len(b))
	}
	body, sum := b[:len(b)-undoSumSize], b[len(b)-undoSumSize:]
	if want := undoSum(block, body); string(sum) != string(want[:]) {
		return nil, fmt.Errorf("undo of block %v: its check sum is %x, not %x", block, sum, want)
	}
	u, err := decodeUndoBody(body)
	if err != nil {
		return nil, fmt.Errorf("undo of block %v: %w", block, err)
	}
	return u, nil
}

func decodeUndoBody(body []byte) (*Undo, error) {
	if body[0] != undoVersion {
		return nil, fmt.Errorf("version %d, not %d", body[0], undoVersion)
	}
	r := undoReader{b: body[1:]}
	u := &Undo{}
	for range r.count() {
		var tx coins.TxUndo
		for range r.count() {
			tx = append(tx, r.coin())
			if r.err != nil {
				return nil, r.err
			}
		}
		u.Spent = append(u.Spent, tx)
	}
	var last []byte
	for range r.count() {
		c := r.change(last)
		if r.err != nil {
			return nil, r.err
		}
		u.Flat = append(u.Flat, c)
		last = c.Key
	}
	if r.err == nil && len(r.b) != 0 {
		r.err = fmt.Errorf("%d bytes too many", len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	return u, nil
}

// undoReader reads from the front of b until something is wrong.
type undoReader struct {
	b   []byte
	err error
}

func (r *undoReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *undoReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || size > 1 && r.b[size-1] == 0 { // too short, too large, or not the short form
		r.fail(errors.New("a number is broken"))
		return 0
	}
	r.b = r.b[size:]
	return n
}

// count reads how many of something follow, each of which takes at least a byte.
func (r *undoReader) count() int {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.fail(fmt.Errorf("%d elements in %d bytes", n, len(r.b)))
		return 0
	}
	return int(n)
}

func (r *undoReader) bytes(n uint64, limit int) []byte {
	if n > uint64(limit) || n > uint64(len(r.b)) {
		r.fail(fmt.Errorf("%d bytes wanted, at most %d and %d left", n, limit, len(r.b)))
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *undoReader) coin() coins.Coin {
	c, rest, err := coins.Decode(r.b)
	if err != nil {
		r.fail(err)
		return c
	}
	r.b = rest
	return c
}

func (r *undoReader) change(last []byte) view.Change {
	n := r.number()
	if n > uint64(len(last)) {
		r.fail(fmt.Errorf("a key shares %d bytes with one of %d", n, len(last)))
		return view.Change{}
	}
	suffix := r.bytes(r.number(), maxUndoKey)
	key := append(append(make([]byte, 0, int(n)+len(suffix)), last[:n]...), suffix...)
	if r.err == nil && (commonPrefix(last, key) != int(n) || string(key) <= string(last)) {
		r.fail(fmt.Errorf("key %x after %x", key, last))
	}
	c := view.Change{Key: key}
	if size := r.number(); size > 0 {
		c.Value = append(make([]byte, 0, min(size-1, uint64(len(r.b)))), r.bytes(size-1, maxUndoValue)...)
	}
	return c
}

func commonPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func undoSum(block chainhash.Hash, body []byte) (sum [undoSumSize]byte) {
	h := sha256.New()
	h.Write(block[:])
	h.Write(body)
	copy(sum[:], h.Sum(nil))
	return sum
}
