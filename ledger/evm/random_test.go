package evm_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"spacechain/ledger/evm"
	"spacechain/ledger/evm/statetest"
	"spacechain/ledger/state"
)

// writer makes random code that seldom fails at once: it keeps an idea of the stack's
// height, uses small numbers for offsets, and calls the accounts that there are.
type writer struct {
	*rand.Rand
	code   []byte
	height int
	fork   evm.Fork // the oldest that the code is for
	others []state.Address
}

// since are the forks of the instructions that Frontier does not have.
var since = map[byte]evm.Fork{
	evm.DELEGATECALL: evm.Homestead, evm.RETURNDATASIZE: evm.Byzantium, evm.RETURNDATACOPY: evm.Byzantium,
	evm.STATICCALL: evm.Byzantium, evm.REVERT: evm.Byzantium, evm.SHL: evm.Constantinople, evm.SHR: evm.Constantinople,
	evm.SAR: evm.Constantinople, evm.EXTCODEHASH: evm.Constantinople, evm.CREATE2: evm.Constantinople,
	evm.CHAINID: evm.Istanbul, evm.SELFBALANCE: evm.Istanbul, evm.BASEFEE: evm.London, evm.PUSH0: evm.Shanghai,
	evm.TLOAD: evm.Cancun, evm.TSTORE: evm.Cancun, evm.MCOPY: evm.Cancun, evm.BLOBHASH: evm.Cancun, evm.BLOBBASEFEE: evm.Cancun,
}

// pick chooses one of ops that the fork has, and seldom one that it lacks.
func (w *writer) pick(ops ...byte) byte {
	for {
		if op := ops[w.IntN(len(ops))]; since[op] <= w.fork || w.IntN(200) == 0 {
			return op
		}
	}
}

func (w *writer) op(codes ...byte) { w.code = append(w.code, codes...) }

func (w *writer) push(v uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	n := 1
	for n < 8 && v>>(8*n) != 0 {
		n++
	}
	w.op(byte(evm.PUSH1 + n - 1))
	w.op(b[8-n:]...)
	w.height++
}

// word pushes a number of a random kind.
func (w *writer) word() {
	switch w.IntN(6) {
	case 0:
		w.push(w.Uint64())
	case 1:
		w.op(evm.PUSH32)
		for range 32 {
			w.op(byte(w.Uint32()))
		}
		w.height++
	case 2:
		w.op(evm.PUSH1, 0, evm.NOT)
		w.height++
	default:
		w.push(uint64(w.IntN(8)))
	}
}

func (w *writer) offset() { w.push(uint64(w.IntN(300))) }

func (w *writer) account() {
	switch w.IntN(8) {
	case 0:
		w.push(uint64(w.IntN(12))) // precompiled contracts
	case 1:
		w.push(0xdead0000 + uint64(w.IntN(4))) // nobody
	case 2:
		w.op(evm.ADDRESS)
		w.height++
	default:
		if len(w.others) == 0 {
			w.op(evm.CALLER)
		} else {
			a := w.others[w.IntN(len(w.others))]
			w.op(evm.PUSH20)
			w.op(a[:]...)
		}
		w.height++
	}
}

// step writes an instruction and what it takes.
func (w *writer) step() {
	if w.IntN(2000) == 0 {
		w.op(byte(w.Uint32())) // anything
		return
	}
	switch kind := w.IntN(100); {
	case kind < 35:
		op := w.pick(evm.ADD, evm.MUL, evm.SUB, evm.DIV, evm.SDIV, evm.MOD, evm.SMOD, evm.ADDMOD, evm.MULMOD, evm.EXP,
			evm.SIGNEXTEND, evm.LT, evm.GT, evm.SLT, evm.SGT, evm.EQ, evm.ISZERO, evm.AND, evm.OR, evm.XOR, evm.NOT,
			evm.BYTE, evm.SHL, evm.SHR, evm.SAR)
		for w.height < 3 || w.IntN(3) == 0 {
			w.word()
		}
		w.op(op)
		switch op {
		case evm.ISZERO, evm.NOT:
		case evm.ADDMOD, evm.MULMOD:
			w.height -= 2
		default:
			w.height--
		}
	case kind < 45:
		if w.height > 0 {
			n := w.IntN(min(w.height, 16))
			if w.IntN(2) == 0 {
				w.op(byte(evm.DUP1 + n))
				w.height++
			} else if n > 0 {
				w.op(byte(evm.SWAP1 + n - 1))
			}
		}
	case kind < 52:
		w.op(w.pick(evm.ADDRESS, evm.ORIGIN, evm.CALLER, evm.CALLVALUE, evm.CALLDATASIZE, evm.CODESIZE, evm.GASPRICE,
			evm.COINBASE, evm.TIMESTAMP, evm.NUMBER, evm.GASLIMIT, evm.PC, evm.MSIZE, evm.GAS, evm.RETURNDATASIZE,
			evm.CHAINID, evm.SELFBALANCE, evm.BASEFEE, evm.PUSH0, evm.BLOBBASEFEE))
		w.height++
	case kind < 60: // memory
		switch w.IntN(5) {
		case 0:
			w.offset()
			w.op(evm.MLOAD)
		case 1:
			w.word()
			w.offset()
			w.op(evm.MSTORE)
			w.height -= 2
		case 2:
			w.word()
			w.offset()
			w.op(evm.MSTORE8)
			w.height -= 2
		case 3:
			w.offset()
			w.offset()
			w.op(evm.KECCAK256)
			w.height--
		default:
			op := w.pick(evm.CALLDATACOPY, evm.CODECOPY, evm.MCOPY, evm.RETURNDATACOPY)
			if op == evm.RETURNDATACOPY && w.IntN(50) > 0 {
				w.op(evm.RETURNDATASIZE, evm.PUSH1, 0)
				w.height += 2
			} else {
				w.offset()
				w.offset()
			}
			w.offset()
			w.op(op)
			w.height -= 3
		}
	case kind < 72: // storage
		w.push(uint64(w.IntN(4)))
		switch op := w.pick(evm.SLOAD, evm.TLOAD, evm.TSTORE, evm.SSTORE, evm.SSTORE); op {
		case evm.SLOAD, evm.TLOAD:
			w.op(op)
		default:
			w.push(uint64(w.IntN(3)))
			w.op(evm.SWAP1, op)
			w.height -= 2
		}
	case kind < 78: // accounts
		w.account()
		switch op := w.pick(evm.BALANCE, evm.EXTCODESIZE, evm.EXTCODEHASH, evm.EXTCODECOPY); op {
		case evm.EXTCODECOPY:
			w.offset()
			w.offset()
			w.offset()
			w.account()
			w.op(op)
			w.height -= 4
		default:
			w.op(op)
		}
	case kind < 82: // log
		n := w.IntN(5)
		for range n {
			w.word()
		}
		w.offset()
		w.offset()
		w.op(byte(evm.LOG0 + n))
		w.height -= n + 2
	case kind < 88: // flow: forward over a push that is not executed, or on
		at := len(w.code)
		if w.IntN(2) == 0 {
			w.word()
			at = len(w.code)
			w.op(evm.PUSH2, byte((at+6)>>8), byte(at+6), evm.JUMPI, evm.PUSH1, 1, evm.JUMPDEST)
			w.height-- // the lower of the two ways
		} else {
			w.op(evm.PUSH2, byte((at+6)>>8), byte(at+6), evm.JUMP, evm.PUSH1, evm.JUMPDEST, evm.JUMPDEST)
		}
	case kind < 97: // call
		op := w.pick(evm.CALL, evm.CALL, evm.CALLCODE, evm.DELEGATECALL, evm.STATICCALL)
		for range 4 {
			w.offset()
		}
		if op == evm.CALL || op == evm.CALLCODE {
			w.push(uint64(w.IntN(3)))
			w.height--
		}
		w.account()
		if w.IntN(2) == 0 {
			w.op(evm.GAS)
			w.height++
		} else {
			w.push(uint64(w.IntN(100000)))
		}
		w.op(op)
		w.height -= 5
	case kind < 99: // create from memory, into which init code is written
		w.op(evm.PUSH32)
		init := [32]byte{evm.PUSH1, byte(w.IntN(40)), evm.PUSH1, 0, evm.MSTORE, evm.PUSH1, byte(w.IntN(40)), evm.PUSH1, 0,
			w.pick(evm.RETURN, evm.RETURN, evm.REVERT, evm.SELFDESTRUCT)}
		w.op(init[:]...)
		w.op(evm.PUSH1, 0, evm.MSTORE)
		if w.pick(evm.CREATE, evm.CREATE2) == evm.CREATE2 {
			w.push(uint64(w.IntN(2)))
			w.push(uint64(w.IntN(64)))
			w.push(0)
			w.push(uint64(w.IntN(8) / 7))
			w.op(evm.CREATE2)
			w.height -= 3
		} else {
			w.push(uint64(w.IntN(64)))
			w.push(0)
			w.push(uint64(w.IntN(8) / 7))
			w.op(evm.CREATE)
			w.height -= 2
		}
	default:
		if w.IntN(4) != 0 {
			return
		}
		switch op := w.pick(evm.SELFDESTRUCT, evm.REVERT, evm.RETURN); op {
		case evm.SELFDESTRUCT:
			w.account()
			w.op(op)
		default:
			w.offset()
			w.offset()
			w.op(op)
		}
	}
}

// randomCode makes code for fork and later ones that calls others, among whom it may be.
func randomCode(r *rand.Rand, fork evm.Fork, others []state.Address) []byte {
	w := writer{Rand: r, fork: fork, others: others}
	for range 5 + r.IntN(60) {
		w.step()
	}
	for w.height > 0 && w.height < 5 { // what was computed becomes state
		w.push(uint64(w.IntN(6)))
		w.op(evm.SSTORE)
		w.height -= 2
	}
	return w.code
}

// randomTest is a state test of random contracts that are called by a transaction.
func randomTest(r *rand.Rand, fork evm.Fork) (test map[string]any, gasLimit uint64) {
	hex := func(b []byte) string { return fmt.Sprintf("0x%x", b) }
	pre := map[string]any{
		"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b": map[string]any{"balance": "0xe8d4a5100000", "code": "0x", "nonce": "0x05", "storage": map[string]string{}},
	}
	contracts := []state.Address{{18: 0xc0, 19: 1}, {18: 0xc0, 19: 2}, {18: 0xc0, 19: 3}, {18: 0xc0, 19: 4}}
	for _, a := range contracts {
		storage := map[string]string{}
		for slot := range 3 {
			if v := r.IntN(3); v > 0 {
				storage["0x0"+strconv.Itoa(slot)] = "0x0" + strconv.Itoa(v)
			}
		}
		pre[a.String()] = map[string]any{
			"balance": "0x" + strconv.FormatInt(int64(r.IntN(5)), 16), "code": hex(randomCode(r, fork, contracts)), "nonce": "0x01", "storage": storage}
	}
	input := make([]byte, r.IntN(100))
	for i := range input {
		input[i] = byte(r.Uint32())
	}
	to := contracts[0].String()
	data := hex(input)
	if r.IntN(5) == 0 {
		to, data = "", hex(randomCode(r, fork, contracts))
	}
	zero := "0x" + fmt.Sprintf("%064x", 0)
	post := map[string]any{}
	for _, f := range []evm.Fork{fork, evm.Cancun} {
		post[f.String()] = []any{map[string]any{"hash": zero, "logs": zero, "indexes": map[string]int{"data": 0, "gas": 0, "value": 0}}}
	}
	gas := 60_000 + r.IntN(60_000)
	if r.IntN(2) == 0 {
		gas = 300_000 + r.IntN(2_000_000)
	}
	return map[string]any{
		"env": map[string]string{"currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentDifficulty": "0x020000",
			"currentGasLimit": "0x9896800", "currentNumber": "0x07", "currentTimestamp": "0x03e8", "currentBaseFee": "0x0a",
			"currentExcessBlobGas": "0x00", "currentRandom": "0x020000"},
		"pre": pre,
		"transaction": map[string]any{"data": []string{data}, "gasLimit": []string{fmt.Sprintf("%#x", gas)}, "gasPrice": "0x0a",
			"nonce": "0x05", "sender": "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b", "to": to, "value": []string{fmt.Sprintf("%#x", r.IntN(3))},
			"secretKey": "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8"},
		"post": post,
	}, uint64(gas)
}

// TestRandomAgainstGeth runs random contracts that call each other, under random forks, and
// compares the state roots with go-ethereum's. SPACECHAIN_SEED sets the seed, SPACECHAIN_LONG=1
// takes more.
func TestRandomAgainstGeth(t *testing.T) {
	program := os.Getenv("SPACECHAIN_GETH_EVM")
	if program == "" {
		t.Skip("SKIPPED: set SPACECHAIN_GETH_EVM to go-ethereum's evm program to hold the EVM against it")
	}
	seed, tests := uint64(1), 400
	if os.Getenv("SPACECHAIN_LONG") == "1" {
		tests = 20_000
	}
	if s := os.Getenv("SPACECHAIN_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	var paths []string
	ours := map[string][]statetest.Result{}
	var gas, failed uint64
	for i := range tests {
		test, limit := randomTest(r, evm.Fork(r.IntN(int(evm.Cancun)+1)))
		raw, err := json.Marshal(map[string]any{"random": test})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d-%d.json", seed, i))
		results, err := statetest.Run(bytes.NewReader(raw), path, statetest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
		for _, res := range results {
			ours[path+" random "+res.Fork] = append(ours[path+" random "+res.Fork], res)
			gas += res.GasUsed
			if res.GasUsed == limit {
				failed++
			}
		}
	}
	theirs := gethRoots(t, program, paths)
	differ := 0
	for key, mine := range ours {
		want := theirs[key]
		if len(want) != len(mine) {
			t.Fatalf("%s: %d results, go-ethereum has %d", key, len(mine), len(want))
		}
		for i := range mine {
			if mine[i].StateRoot != want[i] {
				differ++
				t.Errorf("%s: state root %s, go-ethereum has %s (%d gas)", key, mine[i].StateRoot, want[i], mine[i].GasUsed)
				if keep := os.Getenv("SPACECHAIN_KEEP"); keep != "" {
					path, _, _ := bytes.Cut([]byte(key), []byte(" "))
					raw, _ := os.ReadFile(string(path))
					_ = os.WriteFile(filepath.Join(keep, filepath.Base(string(path))), raw, 0o600)
				}
			}
		}
	}
	t.Logf("seed %d: %d results, %d of failed transactions, %d gas, %d differ", seed, 2*tests, failed, gas, differ)
	if failed == 0 || failed > uint64(3*tests/2) {
		t.Errorf("%d of %d transactions fail", failed, 2*tests)
	}
}

// gethRoots gives the state roots that go-ethereum finds, in order, by file, test and fork.
func gethRoots(t *testing.T, program string, paths []string) map[string][]string {
	t.Helper()
	cmd := exec.Command(program, "statetest")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%.2000s", program, err, errs.String())
	}
	roots := map[string][]string{}
	dec := json.NewDecoder(&out)
	for _, path := range paths {
		var results []struct{ Name, Fork, StateRoot string }
		if err := dec.Decode(&results); err != nil {
			t.Fatalf("what go-ethereum says of %s: %v", path, err)
		}
		for _, r := range results {
			key := path + " " + r.Name + " " + r.Fork
			roots[key] = append(roots[key], r.StateRoot)
		}
	}
	return roots
}
