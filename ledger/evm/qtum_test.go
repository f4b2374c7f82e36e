package evm

import (
	"bytes"
	"slices"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/evm/precompile"
	"spacechain/ledger/state"
)

// both runs a test under Ethereum's and Qtum's rules of Cancun.
func both(t *testing.T, contracts map[state.Address][]byte, check func(t *testing.T, w *world, qtum bool)) {
	t.Helper()
	t.Run("ethereum", func(t *testing.T) { check(t, newWorld(t, Config{Fork: Cancun}, contracts), false) })
	t.Run("qtum", func(t *testing.T) { check(t, newWorld(t, qtum(Cancun), contracts), true) })
}

// TestFrameAccess: what is warm in Qtum, where a frame begins with nothing.
func TestFrameAccess(t *testing.T) {
	balance := func(a state.Address) []byte { return asm(a, BALANCE, POP) }
	const warm, cold = 3 + 100 + 2, 3 + 2600 + 2
	for _, v := range []struct {
		name           string
		before         []byte
		ask            state.Address
		ethereum, qtum uint64
	}{
		{"self", nil, contract, warm, cold},
		{"origin", nil, sender, warm, cold},
		{"coinbase", nil, state.Address{0: 0xcb}, warm, cold},
		{"someone", nil, nobody, cold, cold},
		{"someone again", balance(nobody), nobody, warm, warm},
		{"precompiled", nil, state.Address{19: 4}, warm, warm},
		{"precompiled to come", nil, state.Address{19: 0x0b}, cold, cold},
		{"self after SLOAD", asm(uint64(9), SLOAD, POP), contract, warm, warm},
		{"self after SSTORE", asm(uint64(1), uint64(9), SSTORE), contract, warm, warm},
		{"self after TLOAD", asm(uint64(9), TLOAD, POP), contract, warm, warm},
		{"self after TSTORE", asm(uint64(1), uint64(9), TSTORE), contract, warm, warm},
		{"self after SELFBALANCE", asm(SELFBALANCE, POP), contract, warm, warm},
		{"self after call with value", asm(call(CALL, nobody, 0, 1), POP), contract, warm, warm},
		{"self after call without value", asm(call(CALL, nobody, 0, 0), POP), contract, warm, cold},
		{"self after delegate call", asm(call(DELEGATECALL, nobody, 0, 0), POP), contract, warm, warm},
		{"callee", asm(call(CALL, nobody, 0, 0), POP), nobody, warm, warm},
		{"zero after creation", asm(create(CREATE, nil, 0), POP), state.Address{}, cold, warm},
		{"new contract", asm(create(CREATE, nil, 0), POP), CreateAddress(contract, 1), warm, cold},
		{"accessed by the callee", asm(call(CALL, other, 100000, 0), POP), third, warm, cold},
	} {
		contracts := map[state.Address][]byte{
			contract: asm(v.before, cost(balance(v.ask), 1)),
			other:    balance(third),
		}
		both(t, contracts, func(t *testing.T, w *world, qtum bool) {
			want := v.ethereum
			if qtum {
				want = v.qtum
			} else {
				w.st.AccessAddress(sender)
				w.st.AccessAddress(contract)
				w.st.AccessAddress(state.Address{0: 0xcb})
			}
			w.cfg.Block.Coinbase = state.Address{0: 0xcb}
			w.mustRun(t, 1)
			if got := w.slot(1); got != want {
				t.Errorf("%s: BALANCE costs %d, want %d", v.name, got, want)
			}
		})
	}
}

// TestFrameAccessOfSlots: a slot that an outer frame of the same contract has accessed is
// cold again, and warm again after the inner frame has ended.
func TestFrameAccessOfSlots(t *testing.T) {
	sload := asm(uint64(5), SLOAD, POP)
	outer := asm(CALLER, sender, EQ, "61", "0000", JUMPI)
	inner := asm(cost(sload, 2), STOP)
	at := len(outer) + len(inner)
	outer[len(outer)-2] = byte(at)
	code := asm(outer, inner, JUMPDEST, sload, call(CALL, contract, 100000, 0), POP, cost(sload, 1))
	const warm, cold = 3 + 100 + 2, 3 + 2100 + 2
	both(t, map[state.Address][]byte{contract: code}, func(t *testing.T, w *world, qtum bool) {
		w.mustRun(t, 0)
		want := uint64(warm)
		if qtum {
			want = cold
		}
		if w.slot(2) != want || w.slot(1) != warm {
			t.Errorf("SLOAD costs %d in the inner frame, want %d, and then %d", w.slot(2), want, w.slot(1))
		}
	})
}

// TestTransientStays: a revert does not undo TSTORE in Qtum.
func TestTransientStays(t *testing.T) {
	both(t, map[state.Address][]byte{
		contract: asm(call(DELEGATECALL, other, 100000, 0), POP, uint64(3), TLOAD, stored(1)),
		other:    asm(uint64(42), uint64(3), TSTORE, uint64(0), uint64(0), REVERT),
	}, func(t *testing.T, w *world, qtum bool) {
		w.mustRun(t, 0)
		if got := w.slot(1); qtum && got != 42 || !qtum && got != 0 {
			t.Errorf("transient storage holds %d", got)
		}
	})
}

// TestTransientBeforeFailure: TSTORE runs before what fails after it is charged.
func TestTransientBeforeFailure(t *testing.T) {
	w := newWorld(t, qtum(Cancun), map[state.Address][]byte{
		contract: asm(call(DELEGATECALL, other, 3000, 0), POP, uint64(3), TLOAD, stored(1)),
		other:    asm(uint64(42), uint64(3), TSTORE, uint64(1), POP, create(CREATE, nil, 0)),
	})
	w.mustRun(t, 0)
	if got := w.slot(1); got != 42 {
		t.Errorf("transient storage holds %d", got)
	}
}

// TestCreateWithValue: fails the frame in Qtum.
func TestCreateWithValue(t *testing.T) {
	for _, op := range []int{CREATE, CREATE2} {
		both(t, map[state.Address][]byte{contract: asm(create(op, nil, 1), stored(1))}, func(t *testing.T, w *world, qtum bool) {
			_, used, err := w.run(t, 1)
			if qtum && (err != CreateWithValue || used != 1_000_000) || !qtum && (err != nil || w.slot(1) == 0) {
				t.Errorf("%#x: %v, %d gas", op, err, used)
			}
		})
	}
}

// TestSelfdestruct: what becomes of balance and contract.
func TestSelfdestruct(t *testing.T) {
	toSelf := map[state.Address][]byte{
		contract: asm(call(CALL, other, 100000, 5), POP, other, BALANCE, stored(1)),
		other:    asm(ADDRESS, SELFDESTRUCT),
	}
	for _, v := range []struct {
		name    string
		cfg     Config
		balance uint64
		killed  bool
	}{
		{"Shanghai", Config{Fork: Shanghai}, 0, true},
		{"Cancun", Config{Fork: Cancun}, 5, false},
		{"Qtum's Shanghai", qtum(Shanghai), 5, true},
		{"Qtum's Cancun", qtum(Cancun), 5, true},
	} {
		w := newWorld(t, v.cfg, toSelf)
		w.mustRun(t, 5)
		if got := w.slot(1); got != v.balance || w.st.Killed(other) != v.killed {
			t.Errorf("%s: balance %d, killed %v", v.name, got, w.st.Killed(other))
		}
		if want := []string{"sender>contract 5", "contract>other 5", "other>other 5"}; v.cfg.Qtum.SelfdestructTransfers && !slices.Equal(w.transfers, want) {
			t.Errorf("%s: transfers %v", v.name, w.transfers)
		}
	}
	to := map[state.Address][]byte{contract: asm(nobody, SELFDESTRUCT)}
	w := newWorld(t, qtum(Cancun), to)
	w.mustRun(t, 7)
	if w.balance(nobody) != 7 || w.balance(contract) != 0 || !w.st.Killed(contract) {
		t.Errorf("balances %d and %d", w.balance(nobody), w.balance(contract))
	}
	if !slices.Equal(w.unused, []state.Address{nobody}) {
		t.Errorf("unused %v", w.unused)
	}
}

// TestRefunds: what a slot that gets its first value back refunds.
func TestRefunds(t *testing.T) {
	setAndClear := asm(uint64(1), uint64(5), SSTORE, uint64(0), uint64(5), SSTORE)
	resetAndBack := asm(uint64(3), uint64(1), SSTORE, uint64(1), uint64(1), SSTORE)
	deleted := asm(uint64(0), uint64(1), SSTORE)
	destroyed := asm(nobody, SELFDESTRUCT)
	for _, v := range []struct {
		name string
		cfg  Config
		code []byte
		want int64
	}{
		{"set and clear, London", Config{Fork: London}, setAndClear, 19900},
		{"set and clear, Qtum", qtum(London), setAndClear, 19200},
		{"set and clear, Istanbul", Config{Fork: Istanbul}, setAndClear, 19200},
		{"set and clear, Qtum's Istanbul", qtum(Istanbul), setAndClear, 19200},
		{"set and clear, Qtum's Petersburg", qtum(Petersburg), setAndClear, 15000},
		{"set and clear, Constantinople", Config{Fork: Constantinople}, setAndClear, 19800},
		{"reset and back, London", Config{Fork: London}, resetAndBack, 2800},
		{"reset and back, Qtum", qtum(London), resetAndBack, 2100},
		{"reset and back, Qtum's Istanbul", qtum(Istanbul), resetAndBack, 4200},
		{"deleted, Berlin", Config{Fork: Berlin}, deleted, 15000},
		{"deleted, Qtum", qtum(Cancun), deleted, 4800},
		{"destroyed, Berlin", Config{Fork: Berlin}, destroyed, 24000},
		{"destroyed, Qtum's Istanbul", qtum(Istanbul), destroyed, 24000},
		{"destroyed, Qtum", qtum(Cancun), destroyed, 0},
	} {
		w := newWorld(t, v.cfg, map[state.Address][]byte{contract: v.code})
		w.st.SetStorage(contract, uint256.NewInt(1), uint256.NewInt(1))
		w.st.EndTx(true)
		w.st.BeginTx()
		w.mustRun(t, 0)
		if got := w.st.Refund(); got != v.want {
			t.Errorf("%s: refund %d, want %d", v.name, got, v.want)
		}
	}
}

// TestTransfersAndUnused: the order of what the hooks tell, and that reverting takes nothing
// of it back.
func TestTransfersAndUnused(t *testing.T) {
	fresh := func(i byte) state.Address { return state.Address{0: 0xf0, 19: i} }
	w := newWorld(t, qtum(Cancun), map[state.Address][]byte{
		contract: asm(
			call(CALL, fresh(1), 0, 1), POP,
			call(CALL, fresh(1), 0, 2), POP,
			call(STATICCALL, fresh(2), 0, 0), POP,
			call(DELEGATECALL, fresh(3), 0, 0), POP,
			call(CALLCODE, fresh(4), 0, 3), POP,
			call(CALL, state.Address{19: 4}, 1000, 0), POP,
			call(CALL, state.Address{19: 2}, 10, 0), POP, // too little gas
			call(CALL, other, 100000, 4), POP,
			call(CALL, fresh(5), 0, 5), POP,
			call(CALL, nobody, 0, 1000), POP, // more than there is
		),
		other: asm(call(CALL, fresh(5), 0, 1), POP, call(CALL, nobody, 0, 0), POP, uint64(0), uint64(0), REVERT),
	})
	w.mustRun(t, 20)
	wantTransfers := []string{
		"sender>contract 20", "contract>" + fresh(1).String() + " 1", "contract>" + fresh(1).String() + " 2",
		"contract>contract 3", "contract>other 4", "other>" + fresh(5).String() + " 1", "contract>" + fresh(5).String() + " 5",
	}
	if !slices.Equal(w.transfers, wantTransfers) {
		t.Errorf("transfers\n%v, want\n%v", w.transfers, wantTransfers)
	}
	wantUnused := []state.Address{fresh(1), fresh(2), {19: 4}, fresh(5), nobody, fresh(5)}
	if !slices.Equal(w.unused, wantUnused) {
		t.Errorf("unused\n%v, want\n%v", w.unused, wantUnused)
	}
}

// TestDeploy: schedule and forks decide about deployed code.
func TestDeploy(t *testing.T) {
	of := func(size uint64, first byte) []byte {
		return asm(PUSH1, int(first), uint64(0), MSTORE8, size, uint64(0), RETURN)
	}
	small := Cancun.QtumSchedule()
	small.MaxCodeSize, small.CreateData = 10, 1000
	limited := qtum(Cancun)
	limited.Schedule = &small
	for _, v := range []struct {
		name string
		cfg  Config
		init []byte
		gas  uint64
		want error
		size int
	}{
		{"plain", qtum(Cancun), of(24576, 0), 6_000_000, nil, 24576},
		{"too large", qtum(Cancun), of(24577, 0), 6_000_000, CodeTooLarge, 0},
		{"too large, Homestead", Config{Fork: Homestead}, of(24577, 0), 6_000_000, nil, 24577},
		{"unpaid", qtum(Cancun), of(100, 0), 10_000, DepositUnpaid, 0},
		{"unpaid, Frontier", Config{Fork: Frontier}, of(100, 0), 10_000, nil, 0},
		{"begins with ef", qtum(London), of(1, 0xef), 100_000, InvalidCode, 0},
		{"begins with ef, Istanbul", qtum(Istanbul), of(1, 0xef), 100_000, nil, 1},
		{"limit of the schedule", limited, of(10, 0), 100_000, nil, 10},
		{"over the limit of the schedule", limited, of(11, 0), 100_000, CodeTooLarge, 0},
		{"price of the schedule", limited, of(10, 0), 10_000, DepositUnpaid, 0},
		{"larger than EIP-3860's limit", qtum(Cancun), append(asm(STOP), make([]byte, 50_000)...), 100_000, nil, 0},
		{"no init code", qtum(Cancun), nil, 100, nil, 0},
	} {
		w := newWorld(t, v.cfg, nil)
		_, at, left, err := w.Create(sender, v.init, v.gas, new(uint256.Int))
		if err != v.want || w.st.CodeSize(at) != v.size || err != nil && (left != 0 || at != state.Address{}) {
			t.Errorf("%s: %v, code of %d bytes at %v, %d gas left", v.name, err, w.st.CodeSize(at), at, left)
		}
		if want := CreateAddress(sender, 0); err == nil && at != want {
			t.Errorf("%s: at %v, want %v", v.name, at, want)
		}
		if w.st.Nonce(sender) != 1 || w.Ran() != (v.init != nil) {
			t.Errorf("%s: nonce %d, ran %v", v.name, w.st.Nonce(sender), w.Ran())
		}
	}
}

// TestInitCodeLimit: EIP-3860 holds for creations by contracts.
func TestInitCodeLimit(t *testing.T) {
	sized := func(size uint64) []byte { return asm(size, uint64(0), uint64(0), CREATE, POP) }
	for _, v := range []struct {
		fork Fork
		size uint64
		want error
	}{{London, 49153, nil}, {Shanghai, 49152, nil}, {Shanghai, 49153, OutOfGas}} {
		w := newWorld(t, qtum(v.fork), map[state.Address][]byte{contract: sized(v.size)})
		if _, _, err := w.run(t, 0); err != v.want {
			t.Errorf("%v, %d bytes: %v", v.fork, v.size, err)
		}
	}
}

// TestCreateAt: Qtum gives a contract another address, unless one of the two is in use.
func TestCreateAt(t *testing.T) {
	init := asm(ADDRESS, stored(1), create(CREATE, nil, 0), stored(2))
	w := newWorld(t, qtum(Cancun), nil)
	_, at, _, err := w.CreateAt(sender, contract, init, 1_000_000, new(uint256.Int))
	if err != nil || at != contract || w.st.Nonce(contract) != 2 || w.st.Exists(CreateAddress(sender, 0)) {
		t.Fatalf("%v at %v", err, at)
	}
	var nested uint256.Int
	w.st.Storage(contract, uint256.NewInt(2), &nested)
	if want := CreateAddress(contract, 1); state.Address(nested.Bytes20()) != want {
		t.Errorf("nested at %#x, want %v", &nested, want)
	}
	for _, used := range []state.Address{contract, CreateAddress(sender, 0)} {
		w := newWorld(t, qtum(Cancun), nil)
		w.st.CreateAccount(used)
		_, at, _, err := w.CreateAt(sender, contract, asm(STOP), 100_000, new(uint256.Int))
		if err != nil || at != CreateAddress(sender, 0) {
			t.Errorf("%v in use: %v at %v", used, err, at)
		}
	}
	w = newWorld(t, qtum(Cancun), map[state.Address][]byte{CreateAddress(sender, 0): asm(STOP)})
	_, at, left, err := w.CreateAt(sender, contract, asm(STOP), 100_000, new(uint256.Int))
	if err != AddressUsed || left != 0 || at != (state.Address{}) || w.Ran() {
		t.Errorf("address in use: %v at %v, %d gas left", err, at, left)
	}
}

// TestTopWithoutCode: a call that runs nothing, of which Qtum makes an exception.
func TestTopWithoutCode(t *testing.T) {
	w := newWorld(t, qtum(Cancun), map[state.Address][]byte{contract: asm(STOP)})
	out, left, err := w.Call(sender, state.Address{19: 4}, []byte("abc"), 1000, uint256.NewInt(3))
	if err != nil || !bytes.Equal(out, []byte("abc")) || left != 1000-18 || w.Ran() {
		t.Errorf("precompiled: %q, %d gas left, %v, ran %v", out, left, err, w.Ran())
	}
	if out, left, err = w.Call(sender, nobody, nil, 1000, uint256.NewInt(3)); err != nil || len(out) != 0 || left != 1000 || w.Ran() {
		t.Errorf("nobody: %q, %d gas left, %v, ran %v", out, left, err, w.Ran())
	}
	if _, _, err = w.Call(sender, contract, nil, 1000, uint256.NewInt(3)); err != nil || !w.Ran() {
		t.Errorf("contract: %v, ran %v", err, w.Ran())
	}
	if _, left, err = w.Call(nobody, contract, nil, 1000, uint256.NewInt(9)); err != NotEnoughBalance || left != 1000 {
		t.Errorf("no balance: %v, %d gas left", err, left)
	}
	if _, _, left, err = w.Create(sender, nil, 1000, uint256.NewInt(9_000_000)); err != NotEnoughBalance || left != 1000 {
		t.Errorf("no balance: %v, %d gas left", err, left)
	}
	if _, left, err = w.Call(sender, contract, nil, 1<<64-1, new(uint256.Int)); err != nil || left != 1<<64-1 {
		t.Errorf("all gas: %v, %d gas left", err, left)
	}
}

// TestContractsOfItsOwn: Qtum's heights choose the precompiled contracts.
func TestContractsOfItsOwn(t *testing.T) {
	btc := state.Address{19: 0x85}
	code := asm(cost(asm(btc, BALANCE, POP), 1), call(CALL, btc, 3000, 0), stored(2), cost(asm(call(CALL, btc, 3000, 0), POP), 3))
	for _, known := range []bool{false, true} {
		cfg := qtum(Cancun)
		cfg.Contracts = precompile.Make(precompile.Rules{BtcRecover: known})
		w := newWorld(t, cfg, map[state.Address][]byte{contract: code})
		w.mustRun(t, 0)
		balance, called := uint64(3+2600+2), uint64(7*3+100+2)
		if known {
			balance, called = 3+100+2, 7*3+100+3000+2
		}
		if w.slot(1) != balance || w.slot(2) != 1 || w.slot(3) != called {
			t.Errorf("known %v: BALANCE costs %d, CALL gives %d and costs %d", known, w.slot(1), w.slot(2), w.slot(3))
		}
	}
}
