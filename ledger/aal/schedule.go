package aal

import (
	"slices"

	"spacechain/ledger/evm"
	"spacechain/ledger/params"
)

// Words of a gas schedule as the governance contract gives them (qtum/qtumDGP.cpp:
// createDataSchedule). The interpreter has its own prices of operations; of the words,
// only the ones named here have an effect.
const (
	wordSstoreSet          = 13
	wordSstoreReset        = 14
	wordSstoreRefund       = 15
	wordSelfdestructRefund = 25
	wordCreateData         = 28
	wordTx                 = 29
	wordTxCreate           = 30
	wordTxDataZero         = 31
	wordTxDataNonZero      = 32
	wordMaxCodeSize        = 38

	// Words is how many there are.
	Words = 39
)

// Schedule is the rules and the prices of a block's executions.
type Schedule struct {
	// Fork is the row of params.Forks whose rules hold.
	Fork int
	// Word are the prices, in gas, and limits.
	Word [Words]uint32
}

// homestead is the schedule that later ones changed (libethcore/EVMSchedule.h, with the
// changes of EIP-150 and EIP-158 that stand from genesis).
var homestead = [Words]uint32{
	0, 2, 3, 5, 8, 10, 20, 0, // tiers of steps
	10, 50, // EXP, per byte
	30, 6, // KECCAK256, per word
	200, 20000, 5000, 15000, // SLOAD; SSTORE set, reset, refund
	1,           // JUMPDEST
	375, 8, 375, // LOG, per byte, per topic
	32000, 700, 2300, 9000, 25000, // CREATE; CALL, stipend, value, new account
	24000,       // refund of SELFDESTRUCT
	3, 512, 200, // memory, divisor of its square, byte of code
	21000, 53000, 4, 68, // transaction, create, zero byte, other byte
	3, 700, 700, 400, // copy, EXTCODESIZE, EXTCODECOPY, BALANCE
	5000, 24576, // SELFDESTRUCT, longest code
}

// BaseSchedule is the schedule at height where governance has not changed it
// (libethcore/ChainOperationParams.cpp: scheduleForBlockNumber).
func BaseSchedule(p *params.Network, height int32) Schedule {
	now := p.ForkAt(height).Name
	s := Schedule{
		Fork: slices.IndexFunc(params.Forks, func(f params.Fork) bool { return f.Name == now }),
		Word: homestead,
	}
	if s.From("istanbul") {
		s.Word[12] = 800 // SLOAD
		s.Word[36] = 700 // BALANCE
		s.Word[32] = 16  // other byte
	}
	if s.From("london") { // and Berlin
		s.Word[12] = 100  // SLOAD
		s.Word[14] = 2900 // SSTORE reset
		s.Word[21] = 100  // CALL
		s.Word[34] = 100  // EXTCODESIZE
		s.Word[35] = 100  // EXTCODECOPY
		s.Word[36] = 100  // BALANCE
		s.Word[25] = 0    // refund of SELFDESTRUCT
		s.Word[15] = 4800 // SSTORE refund
	}
	return s
}

// From tells whether the rules are those of the named fork or of a later one.
func (s *Schedule) From(fork string) bool {
	return s.Fork >= slices.IndexFunc(params.Forks, func(f params.Fork) bool { return f.Name == fork })
}

// Intrinsic is the gas that an execution uses before it begins
// (libethcore/TransactionBase.cpp: baseGasRequired).
func (s *Schedule) Intrinsic(create bool, data []byte) int64 {
	gas := int64(s.Word[wordTx])
	if create {
		gas = int64(s.Word[wordTxCreate])
	}
	zeros := int64(0)
	for _, b := range data {
		if b == 0 {
			zeros++
		}
	}
	return gas + zeros*int64(s.Word[wordTxDataZero]) +
		(int64(len(data))-zeros)*int64(s.Word[wordTxDataNonZero])
}

// fork is the interpreter's name of the rules.
func (s *Schedule) fork() evm.Fork { return evmForks[params.Forks[s.Fork].Name] }

// prices are the words that the interpreter goes by. What governance cannot change is as
// the fork has it.
func (s *Schedule) prices() evm.Schedule {
	p := s.fork().QtumSchedule()
	p.CreateData = uint64(s.Word[wordCreateData])
	p.MaxCodeSize = uint64(s.Word[wordMaxCodeSize])
	// What is refunded for a slot that gets its first value back is the difference of two
	// prices of 32 bits without sign. Governance can make it wrap, so that one such slot
	// earns all that can be refunded (libevm/ExtVMFace.cpp: set_storage).
	unchanged := uint32(p.StorageUnchanged)
	p.StorageSet = p.StorageUnchanged + int64(s.Word[wordSstoreSet]-unchanged)
	p.StorageReset = p.StorageUnchanged + int64(s.Word[wordSstoreReset]-unchanged)
	p.StorageRefund = int64(s.Word[wordSstoreRefund])
	p.SelfdestructRefund = int64(s.Word[wordSelfdestructRefund])
	return p
}
