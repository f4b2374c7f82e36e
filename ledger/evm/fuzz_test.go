package evm

import (
	"bytes"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/evm/precompile"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// FuzzCode: whatever the code and the fork, nothing panics, gas bounds time and memory,
// failure undoes, and the result is a function of what went in.
func FuzzCode(f *testing.F) {
	f.Add(uint8(Cancun), true, asm(uint64(50), JUMPDEST, PUSH1, 1, SWAP1, SUB, DUP1, PUSH1, 9, JUMPI), []byte{})
	f.Add(uint8(Cancun), false, asm(call(CALL, contract, 100_000, 1), stored(1)), []byte{1, 2, 3})
	f.Add(uint8(Istanbul), true, asm(create(CREATE2, asm(CALLER, SELFDESTRUCT), 0), stored(1)), []byte{})
	f.Add(uint8(Byzantium), false, asm(PUSH1, 0, NOT, PUSH1, 0, MSTORE, PUSH4, 0, 1, 0, 0, PUSH1, 0, KECCAK256, PUSH1, 0, REVERT), []byte{})
	f.Add(uint8(Cancun), true, token(), make([]byte, 64))
	f.Add(uint8(Cancun), false, append(asm(PUSH1, 0, CALLDATALOAD, JUMP), bytes.Repeat(asm(JUMPDEST, PUSH1+8, GAS, RETURNDATACOPY), 20)...), []byte{31: 9})
	f.Add(uint8(Spurious), false, asm(call(CALL, contract, 20_000, 0), PUSH1, 1, PUSH1, 1, SAR, stored(1)), []byte{})
	f.Fuzz(func(t *testing.T, fork uint8, inQtum bool, code, input []byte) {
		cfg := Config{Fork: Fork(fork) % (Cancun + 1)}
		if inQtum {
			cfg = qtum(cfg.Fork)
			cfg.Contracts = precompile.Make(precompile.Rules{Byzantium: true, Istanbul: true, Berlin: true, BtcRecover: true})
		}
		const gas = 200_000
		run := func() (out []byte, left uint64, root state.Hash, err error) {
			st := state.New(view.Empty{})
			st.SetCode(contract, code)
			st.SetBalance(contract, uint256.NewInt(1000))
			st.SetBalance(sender, uint256.NewInt(1000))
			st.EndTx(false)
			before, err := st.Root()
			if err != nil {
				t.Fatal(err)
			}
			st.BeginTx()
			e := New(cfg, st)
			defer e.Close()
			out, left, err = e.Call(sender, contract, input, gas, uint256.NewInt(3))
			out = bytes.Clone(out)
			memory := 0
			for _, f := range e.frames {
				memory += cap(f.memory) + cap(f.answer)
			}
			if limit := 32 * gas; memory > limit+len(e.frames)*(2*keepMemory+2048) {
				t.Fatalf("%d bytes of memory for %d gas", memory, gas)
			}
			if left > gas || err != nil && err != Revert && (left != 0 || len(out) != 0) {
				t.Fatalf("%v with %d gas left and output %x", err, left, out)
			}
			st.EndTx(false)
			root, rootErr := st.Root()
			if rootErr != nil {
				t.Fatal(rootErr)
			}
			if err != nil && root != before {
				t.Fatalf("%v, and the state is another", err)
			}
			return out, left, root, err
		}
		out1, left1, root1, err1 := run()
		out2, left2, root2, err2 := run()
		if !bytes.Equal(out1, out2) || left1 != left2 || err1 != err2 || root1 != root2 {
			t.Fatalf("first %x, %d gas, %v, then %x, %d gas, %v", out1, left1, err1, out2, left2, err2)
		}
	})
}
