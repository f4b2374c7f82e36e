package evm

import (
	"encoding/hex"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

const loopCode = "63003fffff5b80800280018018506001900380600557"

func BenchmarkLoop(b *testing.B) {
	code, _ := hex.DecodeString(loopCode)
	st := state.New(view.Empty{})
	at := state.Address{1}
	st.BeginTx()
	st.SetCode(at, code)
	e := New(Config{Fork: Cancun}, st)
	var used uint64
	for b.Loop() {
		_, left, err := e.Call(state.Address{2}, at, nil, 1e12, new(uint256.Int))
		if err != nil {
			b.Fatal(err)
		}
		used = 1e12 - left
	}
	if used != 213909456 {
		b.Fatal(used)
	}
	b.ReportMetric(float64(used)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mgas/s")
}
