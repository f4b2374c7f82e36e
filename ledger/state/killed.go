package state

// EachKilled calls fn for every account that Kill has marked in this execution, in order.
func (s *State) EachKilled(fn func(a Address)) {
	for _, acc := range s.killed {
		fn(acc.addr)
	}
}
