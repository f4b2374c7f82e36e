// Package statetest runs Ethereum's GeneralStateTests: files that tell of a state, a block,
// a family of transactions, and for each fork the root of the state and the hash of the
// logs afterwards. They judge ledger/evm without Qtum's deviations.
//
// What a transaction is and pays in Ethereum (types 0 to 3, access lists, EIP-1559 fees,
// blobs, who may send) is here and nowhere else in the ledger: Qtum has none of it. The
// rules end at Cancun; forks beyond it are skipped with the reason.
package statetest

import (
	"spacechain/ledger/evm"
)

// Options choose what Run runs.
type Options struct {
	// Forks are the names of the forks to run; none means all.
	Forks []string
	// NameHas picks the tests whose name contains it.
	NameHas string
}

// Result is the outcome of one case: a transaction of a test under a fork. Its JSON has the
// fields that geth's `evm statetest` prints.
type Result struct {
	Name      string `json:"name"`
	Pass      bool   `json:"pass"`
	StateRoot string `json:"stateRoot,omitempty"` // afterwards, as 0x and lower-case hex
	Fork      string `json:"fork"`
	Error     string `json:"error,omitempty"`   // why it does not pass
	Skipped   string `json:"skipped,omitempty"` // why it was not run

	LogsHash string `json:"-"` // Keccak-256 of the RLP of the logs
	GasUsed  uint64 `json:"-"` // zero if the transaction is not valid
	Invalid  string `json:"-"` // why the transaction is not valid, if it is not

	Index int     `json:"-"` // of the case among those of test and fork
	Which Indexes `json:"-"`
}

// Indexes are which of a test's data, gas limits and values the transaction has.
type Indexes struct {
	Data  int `json:"data"`
	Gas   int `json:"gas"`
	Value int `json:"value"`
}

// fork finds a fork of package evm by the name in a state test.
func fork(name string) (evm.Fork, bool) { return evm.ForkByName(name) }
