package coins

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// Stats describes a whole set of coins as gettxoutsetinfo does.
type Stats struct {
	// Hash is hash_serialized_3, in natural byte order.
	Hash chainhash.Hash
	// Coins and Transactions count the unspent outputs and the transactions that have any.
	Coins, Transactions int64
	// Amount is the sum of all values in satoshi.
	Amount int64
}

// SetStats reads all coins of r once, in the order of their keys, and hashes them as
// Qtum Core 27.1 does (kernel/coinstats.cpp: HASH_SERIALIZED): twice SHA-256 over, for
// each coin, transaction id, output index, height<<2 | coinstake<<1 | coinbase as four
// bytes little-endian, value, and script with its length. Memory use does not grow with
// the set.
func SetStats(r view.Reader) (Stats, error) {
	var st Stats
	h := sha256.New()
	var last chainhash.Hash
	var buf []byte
	err := r.Scan([]byte{Prefix}, func(k, v []byte) error {
		op, err := ParseKey(k)
		if err != nil {
			return err
		}
		c, rest, err := Decode(v)
		if err == nil && len(rest) != 0 {
			err = fmt.Errorf("%d bytes too many", len(rest))
		}
		if err != nil {
			return fmt.Errorf("coin %v: %w", op, err)
		}
		code := uint32(c.Height) << 2
		if c.CoinBase {
			code |= 1
		}
		if c.CoinStake {
			code |= 2
		}
		buf = append(buf[:0], op.Hash[:]...)
		buf = binary.LittleEndian.AppendUint32(buf, op.Index)
		buf = binary.LittleEndian.AppendUint32(buf, code)
		out := c.TxOut()
		buf = wire.AppendTxOut(buf, &out)
		h.Write(buf)
		if st.Coins == 0 || last != op.Hash {
			st.Transactions++
			last = op.Hash
		}
		st.Coins++
		st.Amount += c.Value
		return nil
	})
	if err != nil {
		return Stats{}, fmt.Errorf("hash the coins: %w", err)
	}
	first := h.Sum(nil)
	st.Hash = sha256.Sum256(first)
	return st, nil
}

// SetHash is the hash of SetStats.
func SetHash(r view.Reader) (chainhash.Hash, error) {
	st, err := SetStats(r)
	return st.Hash, err
}
