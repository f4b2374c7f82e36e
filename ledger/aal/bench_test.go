package aal

import (
	"testing"

	"spacechain/ledger/params"
)

// BenchmarkExecute is what an execution costs around its code: a call that stops at once,
// and one that pays a key.
func BenchmarkExecute(b *testing.B) {
	for _, bb := range []struct {
		name string
		code []byte
	}{{"stop", []byte{0}}, {"pay", pay(bob, 1)}} {
		b.Run(bb.name, func(b *testing.B) {
			s := newStage(b, nil)
			s.deploy(&params.Contract{Address: box, Code: bb.code})
			s.fund(box, 1<<40)
			execs := []Execution{call(box, 0)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Execute(execs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
