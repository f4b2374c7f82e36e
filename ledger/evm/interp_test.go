package evm

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// TestPushAtTheEnd: what a code lacks of its last push is zeros on the right, and no error.
func TestPushAtTheEnd(t *testing.T) {
	for n := 1; n <= 32; n++ {
		for have := range n + 1 {
			code := asm(PUSH1+n-1, bytes.Repeat([]byte{0xab}, have))
			w := newWorld(t, Config{Fork: Cancun}, map[state.Address][]byte{contract: code})
			if used := w.mustRun(t, 0); used != 3 {
				t.Errorf("PUSH%d with %d bytes uses %d gas", n, have, used)
			}
			f := w.frames[0]
			want := new(uint256.Int).SetBytes(append(bytes.Repeat([]byte{0xab}, have), make([]byte, n-have)...))
			if !f.stack[0].Eq(want) {
				t.Errorf("PUSH%d with %d bytes: %#x", n, have, &f.stack[0])
			}
		}
	}
}

// TestExceptions: what ends a frame, and that it takes all gas.
func TestExceptions(t *testing.T) {
	repeat := func(n int, code []byte) []byte { return bytes.Repeat(code, n) }
	push1 := asm(PUSH1, 1)
	big := make([]byte, 32)
	big[0] = 1
	for _, v := range []struct {
		name string
		code []byte
		want error
	}{
		{"empty stack", asm(ADD), StackUnderflow},
		{"one item", asm(PUSH1, 1, ADD), StackUnderflow},
		{"too little under a swap", asm(push1, push1, SWAP1+1), StackUnderflow},
		{"enough", asm(push1, push1, SWAP1), nil},
		{"full stack", repeat(1024, push1), nil},
		{"over full stack", repeat(1025, push1), OutOfStack},
		{"over full stack by DUP", asm(repeat(1024, push1), DUP1), OutOfStack},
		{"full stack in two blocks", asm(repeat(500, push1), JUMPDEST, repeat(524, push1)), nil},
		{"over full stack in two blocks", asm(repeat(500, push1), JUMPDEST, repeat(525, push1)), OutOfStack},
		{"deep need", asm(repeat(1000, push1), JUMPDEST, repeat(1000, asm(POP))), nil},
		{"deeper need", asm(repeat(1000, push1), JUMPDEST, repeat(1001, asm(POP))), StackUnderflow},
		{"need after growth", asm(push1, POP, POP), StackUnderflow},
		{"INVALID", asm(INVALID), BadInstruction},
		{"undefined", asm(0x0c), BadInstruction},
		{"undefined after what is fine", asm(push1, POP, 0xef), BadInstruction},
		{"undefined in data", asm(PUSH2, 0x0c, 0xef, POP), nil},
		{"jump", asm(PUSH1, 4, JUMP, INVALID, JUMPDEST), nil},
		{"jump to no JUMPDEST", asm(PUSH1, 3, JUMP, STOP), BadJumpDestination},
		{"jump into data", asm(PUSH1, 4, JUMP, PUSH1, JUMPDEST), BadJumpDestination},
		{"jump to data after PUSH32", asm(PUSH1, 3, JUMP, JUMPDEST, PUSH32, repeat(32, asm(JUMPDEST)), PUSH1, 5, JUMP), BadJumpDestination},
		{"jump beyond the code", asm(PUSH1, 5, JUMP, JUMPDEST), BadJumpDestination},
		{"jump to the end of the code", asm(PUSH1, 4, JUMP, JUMPDEST), BadJumpDestination},
		{"jump beyond 2^64", asm(PUSH32, big, JUMP, JUMPDEST), BadJumpDestination},
		{"jump to 2^64+4", asm(PUSH1+8, 1, 0, 0, 0, 0, 0, 0, 0, 11, JUMP, JUMPDEST), BadJumpDestination},
		{"jump behind GAS", asm(GAS, push1, JUMP), BadJumpDestination},
		{"jump not taken", asm(PUSH1, 0, PUSH1, 200, JUMPI), nil},
		{"jump taken", asm(PUSH1, 1, PUSH1, 200, JUMPI), BadJumpDestination},
		{"jump taken by a high limb", asm(PUSH32, big, PUSH1, 200, JUMPI), BadJumpDestination},
		{"backwards", asm(PUSH1, 2, JUMPDEST, PUSH1, 1, SWAP1, SUB, DUP1, PUSH1, 2, JUMPI), nil},
		{"endless", asm(JUMPDEST, PUSH1, 0, JUMP), OutOfGas},
		{"revert", asm(PUSH1, 0, PUSH1, 0, REVERT), Revert},
		{"memory beyond all gas", asm(PUSH4, 0xff, 0xff, 0xff, 0xff, MLOAD), OutOfGas},
		{"memory beyond 2^64", asm(PUSH32, big, MLOAD), OutOfGas},
		{"byte beyond 2^64", asm(push1, PUSH32, big, MSTORE8), OutOfGas},
		{"nothing copied from anywhere", asm(PUSH1, 0, PUSH32, big, PUSH32, big, CODECOPY), nil},
		{"much copied", asm(PUSH32, big, PUSH1, 0, PUSH1, 0, CODECOPY), OutOfGas},
		{"all of no return data", asm(PUSH1, 0, PUSH1, 0, PUSH1, 0, RETURNDATACOPY), nil},
		{"beyond no return data", asm(PUSH1, 0, PUSH1, 1, PUSH1, 0, RETURNDATACOPY), BufferOverrun},
		{"more than no return data", asm(PUSH1, 1, PUSH1, 0, PUSH1, 0, RETURNDATACOPY), BufferOverrun},
		{"beyond any return data", asm(PUSH1, 1, PUSH32, big, PUSH1, 0, RETURNDATACOPY), BufferOverrun},
		{"much gas in one block", repeat(60, asm(PUSH1, 0, PUSH1, 0, LOG0)), nil},
		{"end of code", nil, nil},
	} {
		code := v.code
		if code == nil {
			code = asm(JUMPDEST)
		}
		w := newWorld(t, Config{Fork: Cancun}, map[state.Address][]byte{contract: code})
		_, used, err := w.run(t, 0)
		if err != v.want || err != nil && err != Revert && used != 1_000_000 || err == nil && used == 1_000_000 {
			t.Errorf("%s: %v, %d gas used, want %v", v.name, err, used, v.want)
		}
	}
}

// TestStatic: what a static call may not do, and that it may do the rest.
func TestStatic(t *testing.T) {
	for _, v := range []struct {
		name string
		code []byte
		want uint64
	}{
		{"nothing", asm(STOP), 1},
		{"SSTORE", asm(PUSH1, 0, PUSH1, 0, SSTORE), 0},
		{"TSTORE", asm(PUSH1, 0, PUSH1, 0, TSTORE), 0},
		{"LOG0", asm(PUSH1, 0, PUSH1, 0, LOG0), 0},
		{"CREATE", asm(create(CREATE, nil, 0)), 0},
		{"CREATE2", asm(create(CREATE2, nil, 0)), 0},
		{"SELFDESTRUCT", asm(nobody, SELFDESTRUCT), 0},
		{"CALL with value", call(CALL, nobody, 0, 1), 0},
		{"CALL without value", call(CALL, nobody, 0, 0), 1},
		{"CALLCODE with value", call(CALLCODE, nobody, 0, 1), 1},
		{"SLOAD and TLOAD", asm(PUSH1, 0, SLOAD, TLOAD), 1},
		{"SSTORE behind a call", asm(call(CALL, third, 50000, 0), asm("603657fe")), 0},
		{"SSTORE behind DELEGATECALL", asm(call(DELEGATECALL, third, 50000, 0), asm("603657fe")), 0},
	} {
		w := newWorld(t, Config{Fork: Cancun}, map[state.Address][]byte{
			contract: asm(call(STATICCALL, other, 500_000, 0), stored(1)),
			other:    v.code,
			third:    asm(PUSH1, 0, PUSH1, 0, SSTORE),
		})
		w.mustRun(t, 0)
		if got := w.slot(1); got != v.want {
			t.Errorf("%s: the static call gives %d, want %d", v.name, got, v.want)
		}
	}
}

// TestDefined: which fork has which instruction, from the first that has it.
func TestDefined(t *testing.T) {
	since := map[int]Fork{
		DELEGATECALL: Homestead, RETURNDATASIZE: Byzantium, RETURNDATACOPY: Byzantium, STATICCALL: Byzantium, REVERT: Byzantium,
		SHL: Constantinople, SHR: Constantinople, SAR: Constantinople, EXTCODEHASH: Constantinople, CREATE2: Constantinople,
		SELFBALANCE: Istanbul, CHAINID: Istanbul, BASEFEE: London, PUSH0: Shanghai,
		TLOAD: Cancun, TSTORE: Cancun, MCOPY: Cancun, BLOBHASH: Cancun, BLOBBASEFEE: Cancun,
	}
	never := func(op int) bool {
		for _, r := range [][2]int{{0x0c, 0x0f}, {0x1e, 0x1f}, {0x21, 0x2f}, {0x4b, 0x4f}, {0xa5, 0xef}, {0xf6, 0xf9}, {0xfb, 0xfc}, {INVALID, INVALID}} {
			if op >= r[0] && op <= r[1] {
				return true
			}
		}
		return false
	}
	for f := Frontier; f <= Cancun; f++ {
		for op := range 256 {
			// Enough on the stack for everything, all of it zero, which all instructions take.
			code := asm(bytes.Repeat(asm(PUSH1, 0), 17), op)
			if op == JUMP || op == JUMPI {
				code = asm(JUMPDEST, bytes.Repeat(asm(PUSH1, 0), 17), op)
			}
			w := newWorld(t, Config{Fork: f}, map[state.Address][]byte{contract: code})
			_, _, err := w.run(t, 0)
			if want := never(op) || f < since[op]; (err == BadInstruction) != want {
				t.Errorf("%v: opcode %#x: %v", f, op, err)
			}
		}
	}
}

// TestMemoryIsZero: memory that another frame has written is not seen.
func TestMemoryIsZero(t *testing.T) {
	w := newWorld(t, Config{Fork: Cancun}, map[state.Address][]byte{
		contract: asm(call(CALL, other, 100_000, 0), POP, call(CALL, third, 100_000, 0), POP,
			PUSH1, 32, PUSH1, 0, PUSH1, 0, RETURNDATACOPY, PUSH1, 0, MLOAD, stored(1)),
		other: asm(PUSH1, 0, NOT, PUSH1, 0, MSTORE, PUSH1, 0, NOT, PUSH2, 2, 0, MSTORE),
		third: asm(PUSH1, 0, MLOAD, PUSH2, 2, 0, MLOAD, OR, PUSH2, 1, 0, MLOAD, OR, returnTop()),
	})
	w.mustRun(t, 0)
	if got := w.slot(1); got != 0 {
		t.Errorf("memory holds %#x", got)
	}
	if used := w.mustRun(t, 0); used > 300_000 {
		t.Errorf("%d gas", used)
	}
}

// TestReturnData: what is left of it by calls of each kind.
func TestReturnData(t *testing.T) {
	seven := asm(PUSH1, 7, returnTop())
	seven[len(seven)-1] = RETURN
	reverts := asm(PUSH1, 7, PUSH1, 0, MSTORE, PUSH1, 32, PUSH1, 0, REVERT)
	size := func(part []byte, slot uint64) []byte { return asm(part, POP, RETURNDATASIZE, stored(slot)) }
	w := newWorld(t, Config{Fork: Cancun}, map[state.Address][]byte{
		contract: asm(
			size(call(CALL, other, 50_000, 0), 1),
			size(call(CALL, third, 50_000, 0), 2),
			size(call(CALL, nobody, 50_000, 0), 3),
			size(call(CALL, other, 2, 0), 4), // out of gas
			size(create(CREATE, seven, 0), 5),
			size(create(CREATE, reverts, 0), 6),
			size(call(CALL, other, 50_000, 0), 7),
			size(call(CALL, other, 50_000, 9_000_000), 8), // more than there is
			// What was returned survives the growth of memory.
			call(CALL, other, 50_000, 0), POP, PUSH1, 1, PUSH2, 4, 0, MSTORE,
			PUSH1, 32, PUSH1, 0, PUSH1, 0, RETURNDATACOPY, PUSH1, 0, MLOAD, stored(9),
		),
		other: seven,
		third: reverts,
	})
	w.mustRun(t, 0)
	for slot, want := range map[uint64]uint64{1: 32, 2: 32, 3: 0, 4: 0, 5: 0, 6: 32, 7: 32, 8: 0, 9: 7} {
		if got := w.slot(slot); got != want {
			t.Errorf("case %d: %d, want %d", slot, got, want)
		}
	}
}

// TestDepth: 1,024 calls within each other, and no more.
func TestDepth(t *testing.T) {
	// Each frame adds one to its argument and hands it on; the first that cannot call returns it.
	code := asm(PUSH1, 0, CALLDATALOAD, PUSH1, 1, ADD, PUSH1, 0, MSTORE,
		PUSH1, 32, PUSH1, 0, PUSH1, 32, PUSH1, 0, PUSH1, 0, ADDRESS, GAS, CALL, POP, PUSH1, 32, PUSH1, 0, RETURN)
	w := newWorld(t, Config{Fork: Homestead}, map[state.Address][]byte{contract: code})
	// Before EIP-150 a call asks for more gas than is left by asking for all; leave some.
	code = bytes.Replace(code, asm(GAS, CALL), asm(PUSH2, 1, 0, GAS, SUB, CALL), 1)
	w.st.SetCode(contract, code)
	out, left, err := w.Call(sender, contract, make([]byte, 32), 1_000_000, new(uint256.Int))
	if err != nil || left == 0 {
		t.Fatal(err, left)
	}
	if got := new(uint256.Int).SetBytes(out).Uint64(); got != 1025 {
		t.Errorf("%d frames", got)
	}
	if len(w.frames) != 1025 {
		t.Errorf("%d frames are kept while the EVM lives", len(w.frames))
	}
	w.Close()
	if m := machines.Get().(*machine); len(m.frames) > keepFrames || len(m.stacks) > 1 {
		t.Errorf("%d frames and %d stacks are kept", len(m.frames), len(m.stacks))
	}
}

// TestAddresses are those of EIP-1014 and of a well-known account's first contracts.
func TestAddresses(t *testing.T) {
	hexed := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	creator := state.Address(hexed("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"))
	for nonce, want := range map[uint64]string{
		0: "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d", 1: "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8",
		2: "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91", 3: "0xfffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c",
	} {
		if got := CreateAddress(creator, nonce).String(); got != want {
			t.Errorf("nonce %d: %s, want %s", nonce, got, want)
		}
	}
	for _, v := range []struct{ creator, salt, init, want string }{
		{"0000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000000", "00", "0x4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38"},
		{"deadbeef00000000000000000000000000000000", "000000000000000000000000feed000000000000000000000000000000000000", "00", "0xd04116cdd17bebe565eb2422f2497e06cc1c9833"},
		{"00000000000000000000000000000000deadbeef", "00000000000000000000000000000000000000000000000000000000cafebabe", "deadbeef", "0x60f3f640a8508fc6a86d45df051962668e1e8ac7"},
		{"0000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000000", "", "0xe33c0c7f7df4809055c3eba6c09cfe4baf1bd9e0"},
	} {
		got := Create2Address(state.Address(hexed(v.creator)), [32]byte(hexed(v.salt)), hexed(v.init)).String()
		if got != v.want {
			t.Errorf("%+v: %s", v, got)
		}
	}
	// Longer nonces: the RLP of 0x80 and of eight bytes.
	if CreateAddress(creator, 0x7f) == CreateAddress(creator, 0x80) || CreateAddress(creator, 1<<63) == (state.Address{}) {
		t.Error("nonces do not count")
	}
}

// TestBlock: what contracts see of block and transaction.
func TestBlock(t *testing.T) {
	code := []byte{}
	ops := []int{COINBASE, TIMESTAMP, NUMBER, PREVRANDAO, GASLIMIT, CHAINID, BASEFEE, BLOBBASEFEE, ORIGIN, GASPRICE, CALLER, CALLVALUE, ADDRESS}
	for i, op := range ops {
		code = asm(code, op, stored(uint64(i+1)))
	}
	at := uint64(100)
	for _, n := range []uint64{743, 744, 999, 1000, 1001} {
		code = asm(code, n, BLOCKHASH, stored(at))
		at++
	}
	code = asm(code, PUSH32, bytes.Repeat([]byte{1}, 32), BLOCKHASH, stored(at))
	for i := range uint64(3) {
		code = asm(code, i, BLOBHASH, stored(200+i))
	}
	cfg := Config{Fork: Cancun, ChainID: 81, Block: Block{
		Coinbase: state.Address{19: 11}, Time: 22, Number: 1000, Difficulty: *uint256.NewInt(44), GasLimit: 55,
		BaseFee: *uint256.NewInt(66), BlobFee: *uint256.NewInt(77),
		Hash: func(n uint64) state.Hash { return state.Hash{30: byte(n >> 8), 31: byte(n)} },
	}, Tx: Tx{Origin: state.Address{19: 88}, GasPrice: *uint256.NewInt(99), BlobHashes: []state.Hash{{31: 1}, {31: 2}}}}
	w := newWorld(t, cfg, map[state.Address][]byte{contract: code})
	w.mustRun(t, 5)
	want := map[uint64]uint64{1: 11, 2: 22, 3: 1000, 4: 44, 5: 55, 6: 81, 7: 66, 8: 77, 9: 88, 10: 99, 11: 1, 12: 5, 13: 1,
		100: 0, 101: 744, 102: 999, 103: 0, 104: 0, 105: 0, 200: 1, 201: 2, 202: 0}
	for slot, v := range want {
		if got := w.slot(slot); got != v {
			t.Errorf("slot %d: %d, want %d", slot, got, v)
		}
	}
	w = newWorld(t, Config{Fork: Cancun, Block: Block{Number: 9}}, map[state.Address][]byte{contract: asm(uint64(8), BLOCKHASH, stored(1))})
	w.mustRun(t, 0)
	if got := w.slot(1); got != 0 {
		t.Errorf("hash without a source: %d", got)
	}
}

// TestNonceExhausted: EIP-2681.
func TestNonceExhausted(t *testing.T) {
	w := newWorld(t, Config{Fork: Cancun}, map[state.Address][]byte{contract: asm(create(CREATE, asm(STOP), 0), stored(1), GAS, stored(2))})
	w.st.SetNonce(contract, 1<<64-1)
	w.mustRun(t, 0)
	if w.slot(1) != 0 || w.slot(2) < 800_000 || w.st.Nonce(contract) != 1<<64-1 {
		t.Errorf("created %#x, %d gas left, nonce %d", w.slot(1), w.slot(2), w.st.Nonce(contract))
	}
}

// TestNames: every fork and every exception has its own.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for f := Frontier; f <= Cancun; f++ {
		got, ok := ForkByName(f.String())
		if !ok || got != f || seen[f.String()] {
			t.Errorf("%v is found as %v", f, got)
		}
		seen[f.String()] = true
		if f.Contracts()[1] == nil || f.Schedule().CreateData != 200 || f.QtumSchedule().CreateData != 200 {
			t.Errorf("%v has no contracts or no schedule", f)
		}
	}
	for name, want := range map[string]Fork{"Merge": Paris, "Petersburg": Petersburg, "SpuriousDragon": Spurious} {
		if got, ok := ForkByName(name); !ok || got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, ok := ForkByName("Osaka"); ok || Fork(99).String() != "fork 99" {
		t.Error("a fork that is not there has a name")
	}
	for e := none; e <= DepositUnpaid; e++ {
		if e.Error() == "" || seen[e.Error()] || e.QtumName() == "" {
			t.Errorf("exception %d: %q, %q", e, e.Error(), e.QtumName())
		}
		seen[e.Error()] = true
	}
	if Exception(200).Error() == "" || Exception(200).QtumName() != "Unknown" || Revert.QtumName() != "Revert" {
		t.Error("names of exceptions")
	}
}

// TestNoAllocation: no instruction allocates once its frame has the memory that it needs,
// but those whose work is to make something: LOG, SSTORE, TSTORE and CREATE.
func TestNoAllocation(t *testing.T) {
	body := asm(PUSH1, 7, PUSH1, 64, MSTORE, PUSH1, 32, PUSH1, 64, KECCAK256, POP, uint64(3), SLOAD, uint64(3), TLOAD, MUL, POP,
		PUSH1, 3, PUSH1, 0, NOT, DIV, PUSH1, 5, EXP, POP, other, BALANCE, other, EXTCODESIZE, other, EXTCODEHASH, POP, POP, POP,
		PUSH1, 32, PUSH1, 0, PUSH1, 0, CALLDATACOPY, PUSH1, 32, PUSH1, 0, PUSH1, 0, CODECOPY, PUSH1, 0, CALLDATALOAD, POP,
		call(CALL, other, 50_000, 0), POP, call(STATICCALL, other, 50_000, 0), POP, call(DELEGATECALL, other, 50_000, 0), POP,
		call(CALL, other, 50_000, 1), POP, call(CALL, state.Address{19: 4}, 50_000, 0), POP, RETURNDATASIZE, POP)
	looped := func(n uint64) []byte {
		code := asm(n)
		at := len(code)
		return asm(code, JUMPDEST, body, PUSH1, 1, SWAP1, SUB, DUP1, PUSH1, at, JUMPI)
	}
	st := state.New(view.Empty{})
	st.SetCode(other, asm(PUSH1, 1, PUSH1, 0, MSTORE, PUSH1, 32, PUSH1, 0, RETURN))
	st.SetCode(contract, looped(1))
	st.SetCode(third, looped(1001))
	st.SetBalance(contract, uint256.NewInt(1e6))
	st.SetBalance(third, uint256.NewInt(1e6))
	st.EndTx(true)
	for _, cfg := range []Config{{Fork: Cancun}, qtum(Cancun)} {
		e := New(cfg, st)
		value := new(uint256.Int)
		input := make([]byte, 64)
		count := func(to state.Address) float64 {
			return testing.AllocsPerRun(20, func() {
				st.BeginTx()
				if _, _, err := e.Call(sender, to, input, 1e9, value); err != nil {
					t.Fatal(err)
				}
			})
		}
		once, often := count(contract), count(third)
		if often > once+20 { // the journal grows a few times
			t.Errorf("%+v: %v allocations in one round, %v in 1,001", cfg.Qtum, once, often)
		}
		e.Close()
	}
}
