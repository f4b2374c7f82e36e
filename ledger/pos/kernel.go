package pos

import (
	"encoding/binary"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
)

// Kernel is a coin's ticket for the block after one with the stake modifier Modifier.
type Kernel struct {
	Modifier [32]byte
	// FromTime is the time of the block that holds the coin.
	FromTime uint32
	OutPoint btcwire.OutPoint
	Value    int64
}

// NewKernel gives the ticket of the coin c at op for a block on parent; from is the block
// that holds the coin.
func NewKernel(parent, from *header.Node, op btcwire.OutPoint, c *coins.Coin) Kernel {
	return Kernel{Modifier: parent.Modifier, FromTime: from.Header.Time, OutPoint: op, Value: c.Value}
}

// Hash is the ticket's hash at time: sha256d over modifier, time of the coin's block, coin
// and time, numbers little-endian. It is the proof hash of the block.
func (k *Kernel) Hash(time uint32) chainhash.Hash {
	le := binary.LittleEndian
	var b [32 + 4 + 32 + 4 + 4]byte
	copy(b[:], k.Modifier[:])
	le.PutUint32(b[32:], k.FromTime)
	copy(b[36:], k.OutPoint.Hash[:])
	le.PutUint32(b[68:], k.OutPoint.Index)
	le.PutUint32(b[72:], time)
	return chainhash.DoubleHashH(b[:])
}

// Meets tells whether the ticket wins the block at height with the compact target bits at
// time, and gives the hash (pos.cpp: CheckStakeKernelHash).
//
// Until the block time was reduced the hash is held against target times value, a product
// that wraps at 2^256, so that too much coin could miss. Since then the hash is divided by
// the value instead. A coin without value wins nothing: there Qtum Core fails on the
// division.
func (k *Kernel) Meets(net *params.Network, height int32, bits, time uint32) (hash chainhash.Hash, ok bool) {
	if time < k.FromTime {
		return hash, false
	}
	hash = k.Hash(time)
	target, _, _ := header.Target(bits)
	number := header.Number(hash)
	var weight uint256.Int
	weight.SetUint64(uint64(k.Value))
	if !net.ReducedBlockTime(height) {
		target.Mul(&target, &weight)
	} else {
		if weight.IsZero() {
			return hash, false
		}
		number.Div(&number, &weight)
	}
	return hash, !number.Gt(&target)
}
