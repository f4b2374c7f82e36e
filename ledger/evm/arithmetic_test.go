package evm

import (
	"bytes"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// returnTop writes what returns the top of the stack.
func returnTop() []byte { return asm(PUSH1, 0, MSTORE, PUSH1, 32, PUSH1, 0, RETURN) }

var (
	two256  = new(big.Int).Lsh(big.NewInt(1), 256)
	two255  = new(big.Int).Lsh(big.NewInt(1), 255)
	maxWord = new(big.Int).Sub(two256, big.NewInt(1))
)

func signed(x *big.Int) *big.Int {
	if x.Cmp(two255) >= 0 {
		return new(big.Int).Sub(x, two256)
	}
	return x
}

func boolean(b bool) *big.Int {
	if b {
		return big.NewInt(1)
	}
	return new(big.Int)
}

// arithmetic says what the instructions do, by math/big.
var arithmetic = map[int]func(a, b, c *big.Int) *big.Int{
	ADD: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Add(a, b) },
	MUL: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Mul(a, b) },
	SUB: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Sub(a, b) },
	DIV: func(a, b, _ *big.Int) *big.Int {
		if b.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Quo(a, b)
	},
	SDIV: func(a, b, _ *big.Int) *big.Int {
		if b.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Quo(signed(a), signed(b))
	},
	MOD: func(a, b, _ *big.Int) *big.Int {
		if b.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Rem(a, b)
	},
	SMOD: func(a, b, _ *big.Int) *big.Int {
		if b.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Rem(signed(a), signed(b))
	},
	ADDMOD: func(a, b, c *big.Int) *big.Int {
		if c.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Mod(new(big.Int).Add(a, b), c)
	},
	MULMOD: func(a, b, c *big.Int) *big.Int {
		if c.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Mod(new(big.Int).Mul(a, b), c)
	},
	EXP: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Exp(a, b, two256) },
	SIGNEXTEND: func(a, b, _ *big.Int) *big.Int {
		if a.Cmp(big.NewInt(31)) >= 0 {
			return b
		}
		n := uint(8*a.Uint64() + 8)
		low := new(big.Int).Mod(b, new(big.Int).Lsh(big.NewInt(1), n))
		if low.Bit(int(n)-1) == 1 {
			low.Sub(low, new(big.Int).Lsh(big.NewInt(1), n))
		}
		return low
	},
	LT:     func(a, b, _ *big.Int) *big.Int { return boolean(a.Cmp(b) < 0) },
	GT:     func(a, b, _ *big.Int) *big.Int { return boolean(a.Cmp(b) > 0) },
	SLT:    func(a, b, _ *big.Int) *big.Int { return boolean(signed(a).Cmp(signed(b)) < 0) },
	SGT:    func(a, b, _ *big.Int) *big.Int { return boolean(signed(a).Cmp(signed(b)) > 0) },
	EQ:     func(a, b, _ *big.Int) *big.Int { return boolean(a.Cmp(b) == 0) },
	ISZERO: func(a, _, _ *big.Int) *big.Int { return boolean(a.Sign() == 0) },
	AND:    func(a, b, _ *big.Int) *big.Int { return new(big.Int).And(a, b) },
	OR:     func(a, b, _ *big.Int) *big.Int { return new(big.Int).Or(a, b) },
	XOR:    func(a, b, _ *big.Int) *big.Int { return new(big.Int).Xor(a, b) },
	NOT:    func(a, _, _ *big.Int) *big.Int { return new(big.Int).Sub(maxWord, a) },
	BYTE: func(a, b, _ *big.Int) *big.Int {
		if a.Cmp(big.NewInt(32)) >= 0 {
			return new(big.Int)
		}
		return big.NewInt(int64(b.FillBytes(make([]byte, 32))[a.Uint64()]))
	},
	SHL: func(a, b, _ *big.Int) *big.Int {
		if a.Cmp(big.NewInt(256)) >= 0 {
			return new(big.Int)
		}
		return new(big.Int).Lsh(b, uint(a.Uint64()))
	},
	SHR: func(a, b, _ *big.Int) *big.Int {
		if a.Cmp(big.NewInt(256)) >= 0 {
			return new(big.Int)
		}
		return new(big.Int).Rsh(b, uint(a.Uint64()))
	},
	SAR: func(a, b, _ *big.Int) *big.Int {
		n := uint(256)
		if a.Cmp(big.NewInt(256)) < 0 {
			n = uint(a.Uint64())
		}
		return new(big.Int).Rsh(signed(b), n)
	},
}

// TestArithmetic holds the instructions against math/big, for operands of every size.
func TestArithmetic(t *testing.T) {
	ops := make([]int, 0, len(arithmetic))
	for op := range 256 {
		if arithmetic[op] != nil {
			ops = append(ops, op)
		}
	}
	st := state.New(view.Empty{})
	e := New(Config{Fork: Cancun}, st)
	defer e.Close()
	rapid.Check(t, func(t *rapid.T) {
		word := func(name string) *big.Int {
			switch rapid.IntRange(0, 3).Draw(t, name+" kind") {
			case 0:
				return big.NewInt(int64(rapid.IntRange(0, 300).Draw(t, name)))
			case 1:
				return new(big.Int).Sub(maxWord, big.NewInt(int64(rapid.IntRange(0, 300).Draw(t, name))))
			case 2:
				return new(big.Int).Lsh(big.NewInt(1), uint(rapid.IntRange(0, 255).Draw(t, name)))
			}
			return new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, name))
		}
		op := rapid.SampledFrom(ops).Draw(t, "op")
		a, b, c := word("a"), word("b"), word("c")
		push := func(x *big.Int) []byte { return asm(PUSH32, x.FillBytes(make([]byte, 32))) }
		code := asm(push(c), push(b), push(a), op, returnTop())
		f := e.frame(0)
		f.gas, f.code = 1_000_000, &f.own
		f.own.prepare(code, &e.rules.ops)
		e.giveStack(f)
		out, exc := f.run()
		if exc != none {
			t.Fatal(exc)
		}
		want := new(big.Int).Mod(arithmetic[op](a, b, c), two256)
		if got := new(big.Int).SetBytes(out); got.Cmp(want) != 0 {
			t.Fatalf("op %#x of %x, %x, %x: %x, want %x", op, a, b, c, got, want)
		}
		// The exact gas suffices, one less does not, and says so.
		used := 1_000_000 - f.gas
		for _, v := range []struct {
			gas  int64
			want Exception
		}{{used, none}, {used - 1, OutOfGas}, {rapid.Int64Range(0, used-1).Draw(t, "gas"), OutOfGas}} {
			f := e.frame(0)
			f.gas, f.code = v.gas, &f.own
			e.giveStack(f)
			if _, exc := f.run(); exc != v.want || exc == none && f.gas != 0 {
				t.Fatalf("with %d of %d gas: %v, %d left", v.gas, used, exc, f.gas)
			}
		}
	})
}

// TestPushDupSwap: every instruction of the three families.
func TestPushDupSwap(t *testing.T) {
	top := func(code []byte) []byte {
		w := newWorld(t, Config{Fork: Shanghai}, map[state.Address][]byte{contract: code})
		out, _, err := w.run(t, 0)
		if err != nil {
			t.Fatalf("%x: %v", code, err)
		}
		return bytes.TrimLeft(out, "\x00")
	}
	bytesUpTo := func(n int) (b []byte) {
		for i := range n {
			b = append(b, byte(i+1))
		}
		return b
	}
	for n := 1; n <= 32; n++ {
		if got := top(asm(PUSH1+n-1, bytesUpTo(n), returnTop())); !bytes.Equal(got, bytesUpTo(n)) {
			t.Errorf("PUSH%d: %x", n, got)
		}
	}
	if got := top(asm(PUSH0, returnTop())); len(got) != 0 {
		t.Errorf("PUSH0: %x", got)
	}
	for n := 1; n <= 16; n++ {
		var code []byte
		for i := 17; i > 0; i-- {
			code = asm(code, PUSH1, i)
		}
		if got := top(asm(code, DUP1+n-1, returnTop())); !bytes.Equal(got, []byte{byte(n)}) {
			t.Errorf("DUP%d: %x", n, got)
		}
		if got := top(asm(code, SWAP1+n-1, returnTop())); !bytes.Equal(got, []byte{byte(n + 1)}) {
			t.Errorf("SWAP%d: %x", n, got)
		}
		code = asm(code, SWAP1+n-1)
		for range n {
			code = asm(code, POP)
		}
		if got := top(asm(code, returnTop())); !bytes.Equal(got, []byte{1}) {
			t.Errorf("SWAP%d below: %x", n, got)
		}
	}
}
