// Package pos is proof of stake: who may make a block with which coin at what time, who
// signs it, and how its reward is shared. The rules, their order and their reasons are
// those of Qtum Core 27.1 (pos.cpp, and what of validation.cpp belongs to staking).
//
// A staked coin stands for a ticket that is drawn anew at every allowed second: the hash
// over the stake modifier of the parent block, the coin and the time, its Kernel, must
// be below the target times the coin's value. The owner of a coin can allow another,
// the staker, to make blocks with it (offline staking): the header then carries the
// owner's proof of delegation, the coin is not spent, and a contract holds the terms.
//
// The stake modifier and the targets are worked out with the tree of headers (package
// header); the forms of block signatures are in package check.
//
// Everything here is a pure function of what it is given. Amounts are in satoshi, times
// in seconds since 1970.
package pos

import (
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/coins"
)

// CoinSource is the unspent coins that a block sees. coins.Set is one.
type CoinSource interface {
	// Coin gives the unspent coin at op, nil if there is none.
	Coin(op btcwire.OutPoint) (*coins.Coin, error)
}
