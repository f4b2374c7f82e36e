package evm

import (
	"bytes"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// TestCodeCache: the cache is bounded, keeps what is used, and forgets another fork's.
func TestCodeCache(t *testing.T) {
	var k codeCache
	ops := &forkRules[Cancun].ops
	hash := func(i int) *state.Hash { return &state.Hash{30: byte(i >> 8), 31: byte(i)} }
	used := hash(0)
	k.find(used, ops)
	first := k.add(used, make([]byte, 1000))
	for i := 1; i < 3000; i++ {
		if k.find(hash(i), ops) != nil {
			t.Fatalf("code %d is there", i)
		}
		k.add(hash(i), make([]byte, 10_000))
		if k.find(used, ops) != first {
			t.Fatalf("the code in use is lost after %d others", i)
		}
		if n := len(k.young) + len(k.old); n > cacheBytes/20_000+2 {
			t.Fatalf("%d codes are kept", n)
		}
	}
	if k.find(hash(2999), ops) == nil {
		t.Error("the last code is lost")
	}
	if k.find(hash(2999), &forkRules[London].ops) != nil {
		t.Error("the code of another fork is found")
	}
}

// TestCacheKeepsItsOwn: a code that changes under its hash, which it must not, does not change
// what runs.
func TestCacheKeepsItsOwn(t *testing.T) {
	code := asm(PUSH1, 1, POP)
	w := newWorld(t, Config{Fork: Cancun}, map[state.Address][]byte{contract: code})
	w.mustRun(t, 0)
	copy(code, asm(ADD, ADD, ADD))
	if used := w.mustRun(t, 0); used != 5 {
		t.Errorf("%d gas", used)
	}
}

// TestForkOfCode: a prepared code does not carry one fork's rules into another's.
func TestForkOfCode(t *testing.T) {
	st := state.New(view.Empty{})
	st.SetCode(contract, asm(PUSH0, POP))
	for _, v := range []struct {
		fork Fork
		want error
	}{{Shanghai, nil}, {London, BadInstruction}, {Cancun, nil}} {
		e := New(Config{Fork: v.fork}, st)
		if _, _, err := e.Call(sender, contract, nil, 1000, new(uint256.Int)); err != v.want {
			t.Errorf("%v: %v", v.fork, err)
		}
		e.Close()
		e.Close() // again does nothing
	}
	if !bytes.Equal(st.Code(contract), asm(PUSH0, POP)) {
		t.Error("the code in the state was changed")
	}
}

// TestUndefinedBehindACall: that an instruction is not defined holds also for a frame that was
// running when a child with the same code met it first.
func TestUndefinedBehindACall(t *testing.T) {
	code := asm(call(CALL, contract, 20_000, 0), PUSH1, 1, PUSH1, 1, SAR)
	w := newWorld(t, Config{Fork: Byzantium}, map[state.Address][]byte{contract: code})
	if _, left, err := w.Call(sender, contract, nil, 100_000, new(uint256.Int)); err != BadInstruction || left != 0 {
		t.Errorf("%v with %d gas left", err, left)
	}
}
