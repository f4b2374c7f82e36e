package evm

import (
	"fmt"

	"spacechain/ledger/evm/precompile"
)

// Fork is a set of EVM rules, named after the Ethereum fork that brought it.
type Fork uint8

// The forks in order. Muir Glacier and the other forks that left the EVM alone have none.
const (
	Frontier Fork = iota
	Homestead
	Tangerine // Tangerine Whistle, EIP-150
	Spurious  // Spurious Dragon, EIP-158
	Byzantium
	Constantinople
	Petersburg // Constantinople without EIP-1283
	Istanbul
	Berlin
	London
	Paris // the Merge
	Shanghai
	Cancun
)

// String gives the name that Ethereum's state tests use.
func (f Fork) String() string {
	if int(f) < len(forks) {
		return forks[f].name
	}
	return fmt.Sprintf("fork %d", uint8(f))
}

// ForkByName finds a fork by the name that Ethereum's state tests use.
func ForkByName(name string) (Fork, bool) {
	for f := range forks {
		if forks[f].name == name || forks[f].also == name {
			return Fork(f), true
		}
	}
	return 0, false
}

// Schedule is the prices that the EVM takes not from its own table but, in Qtum, from the
// schedule that governance may change (DGP). All are gas but MaxCodeSize, which is bytes.
type Schedule struct {
	CreateData         uint64 // price of a byte of deployed code
	MaxCodeSize        uint64 // of deployed code
	StorageSet         int64  // SSTORE from zero; counts for refunds only
	StorageReset       int64  // SSTORE from anything else; counts for refunds only
	StorageUnchanged   int64  // SSTORE of a slot that is dirty already; counts for refunds only
	StorageRefund      int64  // refund of a slot made zero
	SelfdestructRefund int64
}

// rules is what the interpreter asks about a fork.
type rules struct {
	fork     Fork
	ops      [256]op
	schedule Schedule
	contract precompile.Rules

	depositFails   bool // EIP-2: code whose deposit cannot be paid for fails, instead of being left out
	keepSixtyForth bool // EIP-150: a call gets at most 63/64 of the gas
	emptyIsAbsent  bool // EIP-158: empty accounts do not exist, contracts begin at nonce 1
	expByte        int64
	selfdestruct   newAccountCharge
	netStorage     bool // EIP-1283, EIP-2200: SSTORE is priced by what it changes net
	storageSentry  bool // EIP-2200: SSTORE needs more gas than the stipend
	storage        storagePrices
	accessLists    bool // EIP-2929
	noEFCode       bool // EIP-3541
	initCode       bool // EIP-3860
	onlyNewDie     bool // EIP-6780
}

// newAccountCharge tells when SELFDESTRUCT pays for a beneficiary that does not exist.
type newAccountCharge uint8

const (
	chargeNever newAccountCharge = iota
	chargeAlways
	chargeWithBalance
)

// storagePrices are the prices of SSTORE: of a slot that is warm and dirty or not changed,
// from zero, and from anything else.
type storagePrices struct{ warm, set, reset int64 }

const (
	coldAccount      = 2600 // EIP-2929 COLD_ACCOUNT_ACCESS_COST
	coldSlot         = 2100 // EIP-2929 COLD_SLOAD_COST
	warmAccess       = 100  // EIP-2929 WARM_STORAGE_READ_COST
	maxInitCode      = 49152
	deployedCodeSize = 24576
)

// forks has one row per fork: what it changes of the rules before it. A new fork is a new
// row, a constant above, and the code of its new instructions.
var forks = [...]struct {
	name, also string
	change     func(r *rules)
}{
	Frontier: {"Frontier", "", func(r *rules) {
		r.ops = frontier()
		r.schedule = Schedule{CreateData: 200, MaxCodeSize: 1<<64 - 1, StorageSet: 20000, StorageReset: 5000,
			StorageUnchanged: 200, StorageRefund: 15000, SelfdestructRefund: 24000}
		r.storage = storagePrices{200, 20000, 5000}
		r.expByte = 10
	}},
	Homestead: {"Homestead", "", func(r *rules) {
		r.add(DELEGATECALL, 40, 6, -5) // EIP-7
		r.depositFails = true
	}},
	Tangerine: {"EIP150", "TangerineWhistle", func(r *rules) {
		r.reprice(400, BALANCE)
		r.reprice(700, EXTCODESIZE, EXTCODECOPY, CALL, CALLCODE, DELEGATECALL)
		r.reprice(200, SLOAD)
		r.reprice(5000, SELFDESTRUCT)
		r.keepSixtyForth = true
		r.selfdestruct = chargeAlways
	}},
	Spurious: {"EIP158", "SpuriousDragon", func(r *rules) {
		r.expByte = 50 // EIP-160
		r.emptyIsAbsent = true
		r.selfdestruct = chargeWithBalance
		r.schedule.MaxCodeSize = deployedCodeSize // EIP-170
	}},
	Byzantium: {"Byzantium", "", func(r *rules) {
		r.add(RETURNDATASIZE, 2, 0, 1) // EIP-211
		r.add(RETURNDATACOPY, 3, 3, -3)
		r.add(STATICCALL, 700, 6, -5) // EIP-214
		r.add(REVERT, 0, 2, -2)       // EIP-140
		r.contract.Byzantium = true
	}},
	Constantinople: {"Constantinople", "", func(r *rules) {
		r.add(SHL, 3, 2, -1) // EIP-145
		r.add(SHR, 3, 2, -1)
		r.add(SAR, 3, 2, -1)
		r.add(EXTCODEHASH, 400, 1, 0) // EIP-1052
		r.add(CREATE2, 32000, 4, -3)  // EIP-1014
		r.netStorage = true
	}},
	Petersburg: {"ConstantinopleFix", "Petersburg", func(r *rules) {
		r.netStorage = false // EIP-1716
	}},
	Istanbul: {"Istanbul", "MuirGlacier", func(r *rules) {
		r.reprice(700, BALANCE, EXTCODEHASH) // EIP-1884
		r.reprice(800, SLOAD)
		r.add(SELFBALANCE, 5, 0, 1)
		r.add(CHAINID, 2, 0, 1) // EIP-1344
		r.netStorage, r.storageSentry = true, true
		r.storage.warm, r.schedule.StorageUnchanged = 800, 800
		r.contract.Istanbul = true
	}},
	Berlin: {"Berlin", "", func(r *rules) {
		r.reprice(warmAccess, BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SLOAD,
			CALL, CALLCODE, DELEGATECALL, STATICCALL)
		r.accessLists = true
		r.storage = storagePrices{warmAccess, 20000, 5000 - coldSlot}
		r.schedule.StorageReset, r.schedule.StorageUnchanged = 5000-coldSlot, warmAccess
		r.contract.Berlin = true
	}},
	London: {"London", "ArrowGlacier", func(r *rules) {
		r.add(BASEFEE, 2, 0, 1) // EIP-3198
		r.noEFCode = true
		r.schedule.StorageRefund, r.schedule.SelfdestructRefund = 4800, 0 // EIP-3529
	}},
	Paris: {"Paris", "Merge", func(*rules) {}},
	Shanghai: {"Shanghai", "", func(r *rules) {
		r.add(PUSH0, 2, 0, 1) // EIP-3855
		r.initCode = true
	}},
	Cancun: {"Cancun", "", func(r *rules) {
		r.add(TLOAD, warmAccess, 1, 0) // EIP-1153
		r.add(TSTORE, warmAccess, 2, -2)
		r.add(MCOPY, 3, 3, -3)      // EIP-5656
		r.add(BLOBHASH, 3, 1, 0)    // EIP-4844
		r.add(BLOBBASEFEE, 2, 0, 1) // EIP-7516
		r.onlyNewDie = true
		r.contract.PointEvaluation = true
	}},
}

func (r *rules) add(code int, gas uint16, need uint8, delta int8) {
	r.ops[code] = op{gas: gas, need: need, delta: delta, defined: true}
}

func (r *rules) reprice(gas uint16, codes ...int) {
	for _, code := range codes {
		r.ops[code].gas = gas
	}
}

// forkRules are the rules of every fork, and forkContracts their precompiled contracts.
var (
	forkRules     [len(forks)]*rules
	forkContracts [len(forks)]*precompile.Set
)

func init() {
	var r rules
	for f := range forks {
		forks[f].change(&r)
		made := r
		made.fork = Fork(f)
		for _, code := range lastInBlock {
			made.ops[code].last = true
		}
		for code := range made.ops {
			if !made.ops[code].defined {
				made.ops[code].last = true
			}
		}
		forkRules[f] = &made
		forkContracts[f] = precompile.Make(made.contract)
	}
}

// Schedule gives the fork's prices under Ethereum's rules.
func (f Fork) Schedule() Schedule { return forkRules[f].schedule }

// QtumSchedule gives the fork's prices in Qtum where governance has changed none: those of
// Ethereum, but for the 800 gas of a dirty SSTORE that Berlin leaves as Istanbul made them
// (Qtum Core 27.1 EVMSchedule.h: BerlinSchedule).
func (f Fork) QtumSchedule() Schedule {
	s := f.Schedule()
	if f >= Istanbul {
		s.StorageUnchanged = 800
	}
	return s
}

// Contracts gives the precompiled contracts of the fork under Ethereum's rules.
func (f Fork) Contracts() *precompile.Set { return forkContracts[f] }
