package aal

import (
	"math"

	"spacechain/ledger/check"
)

// minGasLimit is the least gas limit of an execution (validation.h: MINIMUM_GAS_LIMIT).
const minGasLimit = 10_000

// Check is what a transaction's executions must keep before any of them runs: fee is what
// the transaction pays in satoshi, minGasPrice and blockGasLimit are as governance has
// them for the block. (validation.cpp: ConnectBlock, CheckMinGasPrice)
func Check(execs []Execution, fee int64, minGasPrice, blockGasLimit uint64) error {
	for i := range execs {
		if execs[i].GasPrice < minGasPrice {
			return invalid("bad-tx-low-gas-price", "Contract execution has lower gas price than allowed")
		}
	}
	var stipend, gas uint64 // summands are below 2^63 and sums are checked one by one
	executes := false
	for i := range execs {
		e := &execs[i]
		stipend += e.GasLimit * e.GasPrice
		if stipend > math.MaxInt64 {
			return invalid("bad-tx-gas-stipend-overflow", "Transaction's gas stipend overflows")
		}
		if stipend > uint64(fee) {
			return invalid("bad-txns-fee-notenough", "Transaction fee does not cover the gas stipend")
		}
		if e.Version.Format() != 0 {
			return invalid("bad-tx-version-format", "Contract execution uses unknown version format")
		}
		if e.Version.RootVM() != 0 {
			executes = true
		} else if executes {
			return invalid("bad-tx-mixed-zero-versions",
				"Contract tx has mixed version 0 and non-0 VM executions")
		}
		if e.Version.RootVM() > 1 {
			return invalid("bad-tx-version-rootvm", "Contract execution uses unknown root VM")
		}
		if e.Version.VMVersion() != 0 {
			return invalid("bad-tx-version-vmversion", "Contract execution uses unknown VM version")
		}
		if e.Version.FlagOptions() != 0 {
			return invalid("bad-tx-version-flags", "Contract execution uses unknown flag options")
		}
		if e.GasLimit < minGasLimit && e.Version.RootVM() != 0 {
			return invalid("bad-tx-too-little-gas", "Contract execution has lower gas limit than allowed")
		}
		if e.GasLimit > math.MaxUint32 {
			return invalid("bad-tx-too-much-gas",
				"Contract execution can not specify greater gas limit than can fit in 32-bits")
		}
		gas += e.GasLimit
		if gas > blockGasLimit {
			// Qtum Core has a Result of its own for this one, which means the same.
			return check.Invalid(check.Consensus, "bad-txns-gas-exceeds-blockgaslimit", "")
		}
	}
	if !executes {
		return invalid("bad-tx-improper-version-0",
			"Version 0 contract executions are not allowed unless created by the AAL")
	}
	return nil
}

func invalid(reason, debug string) error {
	return check.Invalid(check.Consensus, reason, "ConnectBlock(): "+debug)
}
