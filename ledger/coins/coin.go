// Package coins is the set of unspent transaction outputs: what a coin is, how it is
// stored, what a block does to the set, the rules that a transaction keeps towards the
// coins that it spends, and the hash of the whole set.
//
// Amounts are satoshi (1e-8 of a coin of money). Everything here is a pure function of
// a view.Reader; nothing is safe for concurrent use unless said.
package coins

import (
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
)

// Prefix is the first byte of the key of every coin in the state.
const Prefix = 'c'

// KeyLen is the length of a coin's key: Prefix, transaction id, output index big-endian,
// so that the coins of a transaction lie together, in the order of its outputs.
const KeyLen = 1 + chainhash.HashSize + 4

// maxHeight bounds the height of a coin: Qtum Core stores it in 30 bits.
const maxHeight = 1<<30 - 1

// Coin is an unspent output: its value in satoshi, its script, the height of the block
// that holds it, and whether that block's coinbase or coinstake made it (both must
// mature before they are spent). A value of 0 with an empty script is a coin like any
// other: the first output of every coinstake is one.
type Coin struct {
	Value     int64
	Script    []byte
	Height    int32
	CoinBase  bool
	CoinStake bool
}

// TxOut gives the coin as the output that made it. The script is shared.
func (c *Coin) TxOut() btcwire.TxOut { return btcwire.TxOut{Value: c.Value, PkScript: c.Script} }

// AppendKey appends the key of the coin at op.
func AppendKey(dst []byte, op *btcwire.OutPoint) []byte {
	dst = append(dst, Prefix)
	dst = append(dst, op.Hash[:]...)
	return binary.BigEndian.AppendUint32(dst, op.Index)
}

// Key is the key of the coin at op.
func Key(op btcwire.OutPoint) []byte { return AppendKey(make([]byte, 0, KeyLen), &op) }

// ParseKey gives the place of the coin whose key is k.
func ParseKey(k []byte) (op btcwire.OutPoint, err error) {
	if len(k) != KeyLen || k[0] != Prefix {
		return op, fmt.Errorf("coin key %x: not %q and %d bytes", k, Prefix, KeyLen-1)
	}
	copy(op.Hash[:], k[1:])
	op.Index = binary.BigEndian.Uint32(k[1+chainhash.HashSize:])
	return op, nil
}
