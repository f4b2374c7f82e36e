package evm

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/holiman/uint256"

	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// loopCode counts down from 2^22 with arithmetic in between; it takes 213,909,456 gas.
const loopCode = "63003fffff5b80800280018018506001900380600557"

// transferLoop does 20,000 times what a token's transfer does: two balances under hashed
// names read, checked, changed and written, and a log.
func transferLoop() []byte {
	slot := func(factor uint64) []byte { // of the account n*factor mod 256
		return asm(DUP1, factor, MUL, PUSH1, 0xff, AND, PUSH1, 0, MSTORE, PUSH1, 0x40, PUSH1, 0, KECCAK256)
	}
	code := asm(uint64(20_000))
	at := len(code)
	code = asm(code, JUMPDEST,
		slot(3), DUP1, SLOAD, PUSH1, 3, ADD, SWAP1, SSTORE,
		slot(7), DUP1, SLOAD, PUSH1, 1, ADD, DUP1, ISZERO, PUSH2, 0, 0)
	fix := len(code) - 2
	code = asm(code, JUMPI, SWAP1, SSTORE,
		DUP1, CALLER, PUSH32, make([]byte, 32), PUSH1, 0x20, PUSH1, 0, LOG0+3,
		PUSH1, 1, SWAP1, SUB, DUP1, PUSH1, at, JUMPI, STOP, JUMPDEST)
	binary.BigEndian.PutUint16(code[fix:], uint16(len(code)-1))
	return code
}

// callLoop calls a contract of one instruction 50,000 times.
func callLoop(to state.Address) []byte {
	code := asm(uint64(50_000))
	at := len(code)
	return asm(code, JUMPDEST, PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, to, GAS, CALL, POP,
		PUSH1, 1, SWAP1, SUB, DUP1, PUSH1, at, JUMPI)
}

// hashLoop hashes 20,000 times a kilobyte of memory.
func hashLoop() []byte {
	code := asm(uint64(20_000))
	at := len(code)
	return asm(code, JUMPDEST, DUP1, PUSH2, 1, 0, MSTORE, PUSH2, 4, 0, PUSH1, 0, KECCAK256, POP,
		PUSH1, 1, SWAP1, SUB, DUP1, PUSH1, at, JUMPI)
}

// measure runs the code of contract in one call per round, and reports the Mgas/s of the
// best round and how that compares to the best of three runs of go-ethereum on the same
// code: on a machine that does other work as well, averages say little.
func measure(b *testing.B, code []byte, more map[state.Address][]byte) {
	st := state.New(view.Empty{})
	st.SetCode(contract, code)
	for a, c := range more {
		st.SetCode(a, c)
	}
	st.EndTx(true)
	e := New(Config{Fork: Cancun}, st)
	defer e.Close()
	best := 0.0
	b.ReportAllocs()
	for b.Loop() {
		st.BeginTx()
		began := time.Now()
		_, left, err := e.Call(sender, contract, nil, 1e12, new(uint256.Int))
		if err != nil {
			b.Fatal(err)
		}
		best = max(best, float64(1e12-left)/time.Since(began).Seconds()/1e6)
	}
	b.ReportMetric(best, "Mgas/s")
	if more != nil {
		return
	}
	if theirs, ok := gethSpeed(b, code); ok {
		b.ReportMetric(theirs, "geth-Mgas/s")
		b.ReportMetric(best/theirs, "x-geth")
	}
}

var gethSays = regexp.MustCompile(`(?s)EVM gas used:\s*(\d+).*execution time:\s*(\S+)`)

// gethSpeed measures go-ethereum's evm program, where SPACECHAIN_GETH_EVM names it.
func gethSpeed(b *testing.B, code []byte) (mgas float64, ok bool) {
	program := os.Getenv("SPACECHAIN_GETH_EVM")
	if program == "" {
		return 0, false
	}
	for range 3 {
		out, err := exec.Command(program, "run", "--bench", "--gas", "1000000000000", hex.EncodeToString(code)).CombinedOutput()
		if err != nil {
			b.Fatalf("%s: %v: %s", program, err, out)
		}
		says := gethSays.FindSubmatch(out)
		if says == nil {
			b.Fatalf("%s says %s", program, out)
		}
		gas, err := strconv.ParseFloat(string(says[1]), 64)
		if err != nil {
			b.Fatal(err)
		}
		d, err := time.ParseDuration(string(says[2]))
		if err != nil {
			b.Fatal(err)
		}
		mgas = max(mgas, gas/d.Seconds()/1e6)
	}
	return mgas, true
}

func BenchmarkLoop(b *testing.B) {
	code, _ := hex.DecodeString(loopCode)
	measure(b, code, nil)
}

func BenchmarkTransferLoop(b *testing.B) { measure(b, transferLoop(), nil) }

func BenchmarkHashLoop(b *testing.B) { measure(b, hashLoop(), nil) }

func BenchmarkCallLoop(b *testing.B) {
	measure(b, callLoop(other), map[state.Address][]byte{other: asm(STOP)})
}

// token has one function: transfer of the second word of input to the account in the first.
func token() []byte {
	slot := asm(PUSH1, 0, MSTORE, PUSH1, 0x40, PUSH1, 0, KECCAK256)
	code := asm(CALLER, slot, DUP1, SLOAD, PUSH1, 0x20, CALLDATALOAD, DUP1, DUP1+2, LT, PUSH2, 0, 0)
	fix := len(code) - 2
	code = asm(code, JUMPI, SWAP1, SUB, SWAP1, SSTORE,
		PUSH1, 0, CALLDATALOAD, slot, DUP1, SLOAD, PUSH1, 0x20, CALLDATALOAD, ADD, SWAP1, SSTORE,
		PUSH1, 0x20, CALLDATALOAD, PUSH1, 0, MSTORE,
		PUSH1, 0, CALLDATALOAD, CALLER, PUSH32, make([]byte, 32), PUSH1, 0x20, PUSH1, 0, LOG0+3,
		PUSH1, 1, PUSH1, 0, MSTORE, PUSH1, 0x20, PUSH1, 0, RETURN,
		JUMPDEST, PUSH1, 0, PUSH1, 0, REVERT)
	binary.BigEndian.PutUint16(code[fix:], uint16(len(code)-6))
	return code
}

// BenchmarkTokenTransfers transfers tokens between 5,000 accounts, a transaction each under
// Qtum's rules, with a new root of the state every 500 transactions.
func BenchmarkTokenTransfers(b *testing.B) {
	const holders, perBlock = 5_000, 500
	over := view.NewOverlay(view.Empty{})
	holder := func(i int) (a state.Address) {
		binary.BigEndian.PutUint32(a[:], uint32(i%holders)+1)
		return a
	}
	slot := func(a state.Address) uint256.Int {
		var key [64]byte
		copy(key[12:], a[:])
		h := keccak(key[:])
		return *new(uint256.Int).SetBytes32(h[:])
	}
	commit := func(st *state.State) *state.State {
		c, err := st.Commit()
		if err != nil {
			b.Fatal(err)
		}
		over.Apply(c.Changes)
		return state.New(over)
	}
	st := state.New(over)
	st.SetCode(contract, token())
	for i := range holders {
		key := slot(holder(i))
		st.SetStorage(contract, &key, uint256.NewInt(1e9))
	}
	st.EndTx(true)
	st = commit(st)
	e := New(qtum(Cancun), st)
	defer e.Close()
	var used uint64
	input := make([]byte, 64)
	input[63] = 1
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		to := holder(n * 7919)
		copy(input[12:], to[:])
		st.BeginTx()
		out, left, err := e.Call(holder(n), contract, input, 100_000, new(uint256.Int))
		if err != nil || len(out) != 32 {
			b.Fatal(err)
		}
		st.EndTx(true)
		used += 100_000 - left
		if n++; n%perBlock == 0 {
			st = commit(st)
			e.Reset(qtum(Cancun), st)
		}
	}
	b.ReportMetric(float64(used)/b.Elapsed().Seconds()/1e6, "Mgas/s")
}

// BenchmarkManyCodes calls in turn 128 contracts of the largest size, which are more than the
// cache of prepared codes holds.
func BenchmarkManyCodes(b *testing.B) {
	st := state.New(view.Empty{})
	code := asm(uint64(500))
	at := len(code)
	code = append(code, JUMPDEST)
	for i := range 128 {
		a := state.Address{0: 0xaa, 19: byte(i)}
		big := make([]byte, deployedCodeSize)
		copy(big, asm(PUSH1, 4, JUMP, STOP, JUMPDEST, STOP))
		big[len(big)-1] = byte(i)
		st.SetCode(a, big)
		code = asm(code, PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, a, GAS, CALL, POP)
	}
	st.SetCode(contract, asm(code, PUSH1, 1, SWAP1, SUB, DUP1, PUSH1, at, JUMPI))
	st.EndTx(true)
	e := New(Config{Fork: Cancun}, st)
	defer e.Close()
	var used uint64
	b.ReportAllocs()
	for b.Loop() {
		st.BeginTx()
		_, left, err := e.Call(sender, contract, nil, 1e12, new(uint256.Int))
		if err != nil {
			b.Fatal(err)
		}
		used += 1e12 - left
	}
	b.ReportMetric(float64(used)/b.Elapsed().Seconds()/1e6, "Mgas/s")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/128/500, "µs/call")
}
