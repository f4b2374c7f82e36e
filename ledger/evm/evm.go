package evm

import (
	"math"
	"sync"

	"github.com/holiman/uint256"
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/evm/precompile"
	"spacechain/ledger/state"
)

// Config is what an EVM runs under. The zero value is Ethereum's Frontier with an empty
// block and transaction.
type Config struct {
	Fork    Fork
	Qtum    Deviations // none for Ethereum's rules; see QtumDeviations
	ChainID uint64
	Block   Block
	Tx      Tx
	Hooks   Hooks
	// Schedule replaces the prices of Fork.Schedule. Qtum has one that governance may
	// change; see Fork.QtumSchedule.
	Schedule *Schedule
	// Contracts replaces the precompiled contracts of Fork.Contracts. Qtum switches some on
	// at heights of their own.
	Contracts *precompile.Set
}

// Block is what contracts see of the block that they run in.
type Block struct {
	Coinbase   state.Address
	Number     uint64
	Time       uint64      // Unix seconds
	GasLimit   uint64      // of the block, in gas
	Difficulty uint256.Int // PREVRANDAO from Paris on; in Qtum the header's bits under every fork
	BaseFee    uint256.Int // zero in Qtum
	BlobFee    uint256.Int // zero in Qtum
	// Hash gives the hash of one of the 256 blocks before this one, in natural order. If
	// it is nil all are zero.
	Hash func(number uint64) state.Hash
}

// Tx is what contracts see of the transaction that they run in.
type Tx struct {
	Origin     state.Address
	GasPrice   uint256.Int // satoshi in Qtum, wei in Ethereum
	BlobHashes []state.Hash
}

// Hooks tell what Qtum's Account Abstraction Layer records beside the state. Reverting does
// not take back what they told. Nil hooks are not called.
type Hooks struct {
	// Transfer is called for every transfer of a value over zero, in order, also by
	// SELFDESTRUCT and from an account to itself (qtumstate.cpp: transferBalance). value is
	// valid only during the call.
	Transfer func(from, to state.Address, value *uint256.Int)
	// Unused is called for every address that receives a call of any kind, or the balance
	// of SELFDESTRUCT, and has no account at that moment (Executive.cpp: call, ExtVM.cpp:
	// selfdestruct; they insert it into deleteAddresses).
	Unused func(a state.Address)
}

// EVM runs calls and creations on a State. It is not safe for concurrent use, and one State
// must be used by one EVM at a time. Close gives its memory to the next EVM.
type EVM struct {
	cfg      Config
	st       *state.State
	rules    *rules
	schedule Schedule
	contract *precompile.Set
	ran      bool
	*machine
}

// machine is the memory of an EVM, which outlives it: frames, stacks, prepared codes.
type machine struct {
	frames []*frame
	stacks [][]uint256.Int // frames take theirs one after the other
	codes  codeCache
	keccak keccakState
	digest [32]byte // of the last KECCAK256
	logs   logMemory
}

// keccakState is what of a hash.Hash of x/crypto/sha3 hashes without allocation.
type keccakState interface {
	Reset()
	Write([]byte) (int, error)
	Read([]byte) (int, error)
}

var machines = sync.Pool{New: func() any {
	return &machine{keccak: sha3.NewLegacyKeccak256().(keccakState)}
}}

// New gives an EVM under cfg on st.
func New(cfg Config, st *state.State) *EVM {
	e := &EVM{machine: machines.Get().(*machine)}
	e.Reset(cfg, st)
	return e
}

// Reset makes e what New(cfg, st) would give, and keeps its memory.
func (e *EVM) Reset(cfg Config, st *state.State) {
	e.cfg, e.st, e.rules = cfg, st, forkRules[cfg.Fork]
	e.schedule, e.contract = e.rules.schedule, forkContracts[cfg.Fork]
	if cfg.Schedule != nil {
		e.schedule = *cfg.Schedule
	}
	if cfg.Contracts != nil {
		e.contract = cfg.Contracts
	}
	e.ran = false
}

// keepFrames is how many frames a machine keeps.
const keepFrames = 16

// Close ends the use of e and of every output that it gave.
func (e *EVM) Close() {
	m := e.machine
	if m == nil {
		return
	}
	e.machine = nil
	for i, f := range m.frames {
		f.reset()
		f.evm, f.code, f.input, f.stack = nil, nil, nil, nil
		f.own.original, f.own.text = nil, nil
		if i >= keepFrames {
			m.frames[i] = nil
		}
	}
	m.frames = m.frames[:min(len(m.frames), keepFrames)]
	if len(m.stacks) > 1 {
		clear(m.stacks[1:])
		m.stacks = m.stacks[:1]
	}
	machines.Put(m)
}

// Ran tells whether the last Call or Create ran code of a contract, which it does not where
// there is none or where a precompiled contract answered. Qtum counts an execution that ran
// none as failed (qtumstate.cpp: execute).
func (e *EVM) Ran() bool { return e.ran }

// frame gives the frame of a depth, ready for use, above the frame of the depth before.
func (e *EVM) frame(depth int) *frame {
	for len(e.frames) <= depth {
		e.frames = append(e.frames, new(frame))
	}
	f := e.frames[depth]
	f.reset()
	f.evm, f.depth = e, depth
	return f
}

// stackSegment is how many items a new segment of stacks has. The first frames fit one; a
// frame at each depth with a full stack takes 32 MB.
const stackSegment = 8 * stackLimit

// giveStack gives the frame a stack that begins where its parent's ends.
func (e *EVM) giveStack(f *frame) {
	segment, base := 0, 0
	if f.depth > 0 {
		parent := e.frames[f.depth-1]
		segment, base = parent.place.segment, parent.place.base+parent.height
	}
	if base+stackLimit > stackSegment {
		segment, base = segment+1, 0
	}
	for len(e.stacks) <= segment {
		e.stacks = append(e.stacks, make([]uint256.Int, stackSegment))
	}
	f.place = stackPlace{segment, base}
	f.stack = (*[stackLimit]uint256.Int)(e.stacks[segment][base:])
}

// stackPlace is where a frame's stack begins.
type stackPlace struct{ segment, base int }

// Call runs the code of to with input, value and gas, as a transaction of caller or a view
// call does: depth is zero. The caller's nonce and the price of gas are not its business,
// nor is removing what self-destructed (state.State.EndTx). It gives what the call
// returned or reverted with, valid until the EVM is used again, the gas that is left, and
// nil, or why the call failed: an Exception. What a failed call changed is undone.
func (e *EVM) Call(caller, to state.Address, input []byte, gas uint64, value *uint256.Int) (out []byte, gasLeft uint64, err error) {
	e.ran = false
	var balance uint256.Int
	if e.st.Balance(caller, &balance); balance.Lt(value) {
		return nil, gas, NotEnoughBalance
	}
	f := e.frame(0)
	f.self, f.caller, f.value, f.static, f.input = to, caller, *value, false, input
	usable := min(gas, math.MaxInt64)
	f.gas = int64(usable)
	out, exc := e.call(f, to, false)
	return out, uint64(f.gas) + gas - usable, failure(exc)
}

// Create runs init as the code that makes a contract, at the address that Ethereum derives
// from the caller and its nonce, which grows by one. It gives what init reverted with, if
// it did, the new address, the gas that is left, and nil or an Exception; see Call.
func (e *EVM) Create(caller state.Address, init []byte, gas uint64, value *uint256.Int) (out []byte, at state.Address, gasLeft uint64, err error) {
	return e.createTop(caller, nil, init, gas, value)
}

// CreateAt is Create for a contract output of Qtum: the new contract gets the address at,
// unless there is an account at the address that Ethereum would give it, or at at
// (qtumstate.cpp: addBalance, newAddress).
func (e *EVM) CreateAt(caller, at state.Address, init []byte, gas uint64, value *uint256.Int) (out []byte, got state.Address, gasLeft uint64, err error) {
	return e.createTop(caller, &at, init, gas, value)
}

func (e *EVM) createTop(caller state.Address, at *state.Address, init []byte, gas uint64, value *uint256.Int) ([]byte, state.Address, uint64, error) {
	e.ran = false
	var balance uint256.Int
	if e.st.Balance(caller, &balance); balance.Lt(value) {
		return nil, state.Address{}, gas, NotEnoughBalance
	}
	f := e.frame(0)
	f.caller, f.value, f.static, f.input = caller, *value, false, nil
	usable := min(gas, math.MaxInt64) // of which nobody uses up more
	f.gas = int64(usable)
	out, exc := e.create(f, CreateAddress(caller, e.st.Nonce(caller)), at, init)
	gas = uint64(f.gas) + gas - usable
	if exc != none {
		return out, state.Address{}, gas, exc
	}
	return nil, f.self, gas, nil
}

// failure is exc as an error: nil for none.
func failure(exc Exception) error {
	if exc != none {
		return exc
	}
	return nil
}
