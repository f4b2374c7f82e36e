package evm

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// asm writes code: an int is an opcode, a string hex, a uint64 is pushed, an Address too.
func asm(parts ...any) (code []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			code = append(code, byte(p))
		case string:
			b, err := hex.DecodeString(p)
			if err != nil {
				panic(err)
			}
			code = append(code, b...)
		case uint64:
			var b [8]byte
			binary.BigEndian.PutUint64(b[:], p)
			code = append(append(code, PUSH8), b[:]...)
		case state.Address:
			code = append(append(code, PUSH20), p[:]...)
		case []byte:
			code = append(code, p...)
		}
	}
	return code
}

// call writes a call with all that is given, no input and no output.
func call(op int, to state.Address, gas, value uint64) []byte {
	zero := uint64(0)
	if op == CALL || op == CALLCODE {
		return asm(zero, zero, zero, zero, value, to, gas, op)
	}
	return asm(zero, zero, zero, zero, to, gas, op)
}

// create writes the creation of a contract by init code of at most 32 bytes.
func create(op int, init []byte, value uint64) []byte {
	var word [32]byte
	copy(word[:], init)
	code := asm(PUSH32, word[:], uint64(0), MSTORE)
	if op == CREATE2 {
		code = append(code, asm(uint64(7))...) // salt
	}
	return append(code, asm(uint64(len(init)), uint64(0), value, op)...)
}

// stored writes what stores the top of the stack in a slot.
func stored(slot uint64) []byte { return asm(slot, SSTORE) }

// cost writes what measures the gas of part, which must leave the stack as it was, less the
// 2 that the measure itself takes, and stores it in a slot.
func cost(part []byte, slot uint64) []byte {
	return asm(GAS, part, GAS, SWAP1, SUB, uint64(2), SWAP1, SUB, slot, SSTORE)
}

var (
	sender   = state.Address{0: 0x5e, 19: 1}
	contract = state.Address{0: 0xc0, 19: 1}
	other    = state.Address{0: 0xc0, 19: 2}
	third    = state.Address{0: 0xc0, 19: 3}
	nobody   = state.Address{0: 0x0b, 19: 1}
)

// world is a state with an EVM on it, and what its hooks told.
type world struct {
	*EVM
	st        *state.State
	transfers []string
	unused    []state.Address
}

func newWorld(t testing.TB, cfg Config, contracts map[state.Address][]byte) *world {
	t.Helper()
	w := &world{st: state.New(view.Empty{})}
	for a, code := range contracts {
		w.st.SetCode(a, code)
		w.st.SetNonce(a, 1)
	}
	w.st.SetBalance(sender, uint256.NewInt(1_000_000))
	w.st.EndTx(true)
	w.st.BeginTx()
	cfg.Hooks = Hooks{
		Transfer: func(from, to state.Address, value *uint256.Int) {
			w.transfers = append(w.transfers, name(from)+">"+name(to)+" "+value.String())
		},
		Unused: func(a state.Address) { w.unused = append(w.unused, a) },
	}
	w.EVM = New(cfg, w.st)
	t.Cleanup(w.Close)
	return w
}

// name gives the names of the accounts above.
func name(a state.Address) string {
	for n, b := range map[string]state.Address{"sender": sender, "contract": contract, "other": other, "third": third, "nobody": nobody} {
		if a == b {
			return n
		}
	}
	return a.String()
}

// slot reads a storage slot of contract.
func (w *world) slot(key uint64) uint64 {
	var v uint256.Int
	w.st.Storage(contract, uint256.NewInt(key), &v)
	return v.Uint64()
}

func (w *world) balance(a state.Address) uint64 {
	var v uint256.Int
	w.st.Balance(a, &v)
	return v.Uint64()
}

// run calls contract with a million gas and gives the gas used.
func (w *world) run(t testing.TB, value uint64) (out []byte, used uint64, err error) {
	t.Helper()
	const gas = 1_000_000
	out, left, err := w.Call(sender, contract, nil, gas, uint256.NewInt(value))
	if err := w.st.Err(); err != nil {
		t.Fatal(err)
	}
	return out, gas - left, err
}

// mustRun is run that must succeed.
func (w *world) mustRun(t testing.TB, value uint64) (used uint64) {
	t.Helper()
	_, used, err := w.run(t, value)
	if err != nil {
		t.Fatal(err)
	}
	return used
}

func qtum(f Fork) Config {
	s := f.QtumSchedule()
	return Config{Fork: f, Qtum: QtumDeviations, Schedule: &s}
}
