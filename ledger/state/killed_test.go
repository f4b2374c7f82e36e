package state

import (
	"slices"
	"testing"

	"spacechain/ledger/view"
)

func TestEachKilledFollowsReverts(t *testing.T) {
	s := New(view.Empty{})
	a, b := Address{19: 1}, Address{19: 2}
	s.BeginTx()
	s.CreateAccount(a)
	s.CreateAccount(b)
	s.Kill(b)
	before := s.Snapshot()
	s.Kill(a)
	s.Kill(b)
	killed := func() (out []Address) {
		s.EachKilled(func(a Address) { out = append(out, a) })
		return out
	}
	if got := killed(); !slices.Equal(got, []Address{b, a}) {
		t.Errorf("killed %v, want first b, then a", got)
	}
	s.RevertTo(before)
	if got := killed(); !slices.Equal(got, []Address{b}) {
		t.Errorf("after the revert killed %v, want b", got)
	}
	s.EndTx(true)
	if got := killed(); len(got) != 0 {
		t.Errorf("in the next execution killed %v", got)
	}
}
