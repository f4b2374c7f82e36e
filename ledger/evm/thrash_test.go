package evm

import (
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// BenchmarkManyCodes calls in turn 64 contracts of the largest size, which are more than the
// cache of prepared codes holds.
func BenchmarkManyCodes(b *testing.B) {
	st := state.New(view.Empty{})
	code := asm(uint64(500))
	at := len(code)
	code = append(code, JUMPDEST)
	for i := range 64 {
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
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/64/500, "µs/call")
}
