package aal

import (
	"bytes"
	"strings"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/script"
)

var box = Address{0: 0xc0, 19: 1} // a contract
var other = Address{0: 0xc0, 19: 2}

func TestNoAccountCostsNothing(t *testing.T) {
	s := newStage(t, nil)
	out := s.do(call(box, 500))
	r := out.Outputs[0]
	if r.Excepted != Unknown || r.GasUsed != 0 || out.GasUsed != 0 || r.NewAddress != (Address{}) {
		t.Errorf("result %+v", r)
	}
	// The value goes back, the gas does not.
	if len(out.Refunds) != 0 || len(out.Generated) != 1 {
		t.Fatalf("%d refunds, %d transactions", len(out.Refunds), len(out.Generated))
	}
	tx := out.Generated[0]
	if tx.TxIn[0].PreviousOutPoint.Hash != [32]byte{0: 0x77} || tx.TxOut[0].Value != 500 ||
		!bytes.Equal(tx.TxOut[0].PkScript, script.P2PKH(alice)) || tx.Version != 2 || tx.LockTime != 0 {
		t.Errorf("transaction %+v", tx)
	}
}

func TestFailuresTakeAllGas(t *testing.T) {
	contracts := map[Address][]byte{box: program(opInvalid)}
	oversized := call(box, 0)
	oversized.GasLimit = 40_000_001
	poor := call(box, 0)
	poor.GasLimit = 21_003
	rich := create([]byte{0})
	rich.Value = 5
	for _, tt := range []struct {
		name string
		e    Execution
		want Exception
		at   Address
	}{
		{"no code", call(other, 0), Unknown, other},
		{"not an instruction", call(box, 0), BadInstruction, box},
		{"creation with value", rich, CreateWithValue, Address{}},
		{"less than the call costs", poor, OutOfGasIntrinsic, box},
		{"more than the block has", oversized, BlockGasLimitReached, box},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, contracts)
			s.st.BeginTx()
			s.st.SetNonce(other, 1) // an account without code that stays
			s.st.EndTx(true)
			out := s.do(tt.e)
			r := out.Outputs[0]
			if r.Excepted != tt.want || r.GasUsed != tt.e.GasLimit || r.NewAddress != tt.at {
				t.Errorf("result %+v", r)
			}
			if len(out.Refunds) != 0 || (len(out.Generated) == 1) != (tt.e.Value > 0) {
				t.Errorf("%d refunds, %d transactions", len(out.Refunds), len(out.Generated))
			}
			if s.Exists(alice) || s.Exists(author) {
				t.Error("an account of a key is left")
			}
		})
	}
}

func TestRefund(t *testing.T) {
	// The program stops at once: 21000 and four for a byte of zero.
	s := newStage(t, map[Address][]byte{box: {0}})
	out := s.do(call(box, 0))
	want := &btcwire.TxOut{Value: (1_000_000 - 21_004) * 40, PkScript: script.P2PKH(bob)}
	if out.GasUsed != 21_004 || len(out.Refunds) != 1 || out.Refunds[0].Value != want.Value ||
		!bytes.Equal(out.Refunds[0].PkScript, want.PkScript) || out.RefundSum != want.Value {
		t.Errorf("result %+v", out)
	}
	// Half of the gas used is the most that comes back: five slots made zero would give
	// 5·4800 = 24000 of about 46000.
	clear := then(program(uint64(0), uint64(1), opSStore, uint64(0), uint64(2), opSStore,
		uint64(0), uint64(3), opSStore, uint64(0), uint64(4), opSStore, uint64(0), uint64(5), opSStore))
	fill := then(program(uint64(1), uint64(1), opSStore, uint64(1), uint64(2), opSStore,
		uint64(1), uint64(3), opSStore, uint64(1), uint64(4), opSStore, uint64(1), uint64(5), opSStore))
	// Filled by a call with data 1, cleared by one without.
	code := then(program(uint64(0), opCallData, uint64(byte(4+len(clear)+1)), opJumpIf))
	code = then(code, clear, []byte{0})
	code[len(program(uint64(0), opCallData))+1] = byte(len(code))
	code = then(code, []byte{opJumpDest}, fill)
	s = newStage(t, map[Address][]byte{box: code})
	word := make([]byte, 32)
	word[31] = 1
	s.do(call(box, 0, word...))
	if s.slot(box, 5) != 1 {
		t.Fatal("slots are not filled")
	}
	r := s.do(call(box, 0)).Outputs[0]
	// Intrinsic 21004; PUSH1, CALLDATALOAD, PUSH1, JUMPI 3+3+3+10; five times two pushes,
	// cold SSTORE from non-zero to zero 5000.
	gross := uint64(21_004 + 19 + 5*(6+5000))
	if s.slot(box, 5) != 0 || r.GasRefunded != 5*4800 {
		t.Errorf("slot %d, refunds earned %d", s.slot(box, 5), r.GasRefunded)
	}
	if r.GasUsed != gross-min(gross/2, 5*4800) {
		t.Errorf("gas used %d, want %d", r.GasUsed, gross-min(gross/2, 5*4800))
	}
}

func TestRevertPaysBackFromQIP7(t *testing.T) {
	code := program(uint64(0), uint64(0), opRevert)
	for _, height := range []int32{0, 9, 10} { // tip is 9
		s := newStage(t, map[Address][]byte{box: code})
		s.Env.Params.QIP7Height = height
		out := s.do(call(box, 70))
		r := out.Outputs[0]
		if r.Excepted != Revert || r.GasUsed != 21_010 || out.GasUsed != 21_010 {
			t.Errorf("QIP7 at %d: result %+v", height, r)
		}
		if (len(out.Refunds) == 1) != (height <= 9) || len(out.Generated) != 1 || out.Generated[0].TxOut[0].Value != 70 {
			t.Errorf("QIP7 at %d: %d refunds, %d transactions", height, len(out.Refunds), len(out.Generated))
		}
	}
}

func TestRevertMessage(t *testing.T) {
	// Error("out of snacks")
	answer := "08c379a0" + strings.Repeat("0", 62) + "20" + strings.Repeat("0", 63) + "d" +
		"6f7574206f6620736e61636b73" + strings.Repeat("0", 38)
	for _, tt := range []struct{ name, output, want string }{
		{"none", "", ""},
		{"reason", answer, "out of snacks"},
		{"cut off within the text", answer[:len(answer)-40], strings.Repeat("\x00", 13)},
		{"cut off within the length", answer[:100], ""},
		{"other selector", "18" + answer[2:], ""},
	} {
		b := make([]byte, len(tt.output)/2)
		for i := range b {
			b[i] = unhexDigit(tt.output[2*i])<<4 | unhexDigit(tt.output[2*i+1])
		}
		if got := revertMessage(b); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func unhexDigit(c byte) byte { return byte(strings.IndexByte("0123456789abcdef", c)) }

// The sender's account has gone through its payment when code runs: it has nonce 1, so it
// is not empty even without balance.
func TestSenderIsNotEmpty(t *testing.T) {
	s := newStage(t, map[Address][]byte{box: program(opCaller, opExtCodeHash, uint64(0), opSStore)})
	e := call(box, 0)
	if r := s.do(e).Outputs[0]; r.Excepted != None {
		t.Fatalf("result %+v", r)
	}
	if s.slot(box, 0) == 0 {
		t.Error("the sender's account was empty")
	}
}

// A key that a contract pays has a coin in the book, but no account, and what it was paid
// earlier is its own. When it sends an output itself, the book forgets its coin, also if
// the execution fails, but not if an exception drops everything.
func TestKeysInTheBook(t *testing.T) {
	s := newStage(t, map[Address][]byte{box: pay(bob, 5), other: program(opInvalid)})
	s.st.BeginTx()
	s.st.EndTx(true)
	s.fund(box, 100)
	s.do(call(box, 0))
	if s.coin(bob) != 5 || s.coin(box) != 95 || s.Exists(bob) {
		t.Fatalf("bob %d, box %d", s.coin(bob), s.coin(box))
	}
	out := s.do(call(box, 0))
	if s.coin(bob) != 5 || len(out.Generated[0].TxIn) != 1 {
		t.Errorf("second payment: bob %d, %d inputs", s.coin(bob), len(out.Generated[0].TxIn))
	}
	e := call(Address{}, 0)
	e.Create, e.Value, e.Sender = true, 1, bob
	s.do(e) // creation with value: an exception before anything runs
	if s.coin(bob) != 5 {
		t.Error("an exception took the coin out of the book")
	}
	e = call(other, 0)
	e.Sender = bob
	s.do(e)
	if s.coin(bob) != 0 {
		t.Error("a failed execution left the sender's coin in the book")
	}
}

// A reverted call to a key takes the key's coin out of the book all the same.
func TestRevertedCallForgetsCoin(t *testing.T) {
	inner := then(pay(bob, 1), program(uint64(0), uint64(0), opRevert))
	s := newStage(t, map[Address][]byte{box: pay(other, 0), other: inner})
	s.fund(other, 10)
	s.give(bob, 33)
	out := s.do(call(box, 0))
	if out.Outputs[0].Excepted != None || len(out.Generated) != 0 {
		t.Fatalf("result %+v", out)
	}
	if s.coin(bob) != 0 || s.coin(other) != 10 || s.balance(other) != 10 {
		t.Errorf("bob %d, contract %d %d", s.coin(bob), s.coin(other), s.balance(other))
	}
}

// Who was called without having an account may keep none until the whole transaction has
// ended, even one that became a contract in a later output.
func TestUnkeptLivesAsLongAsTheTransaction(t *testing.T) {
	future := NewAddress([32]byte{0: 0x77}, 1)
	s := newStage(t, map[Address][]byte{box: pay(future, 3)})
	s.fund(box, 10)
	out := s.do(call(box, 0), create(initOf([]byte{0})))
	if r := out.Outputs[1]; r.Excepted != None || r.NewAddress != future {
		t.Fatalf("creation %+v", r)
	}
	if s.Exists(future) || s.coin(future) != 0 {
		t.Errorf("the contract is there: %t, coin %d", s.Exists(future), s.coin(future))
	}
	if !bytes.Equal(out.Generated[0].TxOut[0].PkScript, script.P2PKH(future)) &&
		!bytes.Equal(out.Generated[0].TxOut[1].PkScript, script.P2PKH(future)) {
		t.Error("the future contract was not paid as a key")
	}
	// In a transaction of its own the contract stays.
	e := create(initOf([]byte{0}))
	e.TxID = [32]byte{0: 0x78}
	s.do(e)
	if !s.Exists(NewAddress(e.TxID, 0)) {
		t.Error("the second contract is not there")
	}
}

func TestTransientStorageLivesAsLongAsTheTransaction(t *testing.T) {
	// Data 0: store what transient slot 1 holds. Else: set it to 9, and revert.
	set := program(uint64(9), uint64(1), opTStore, uint64(0), uint64(0), opRevert)
	get := program(uint64(1), opTLoad, uint64(0), opSStore, 0)
	head := program(uint64(0), opCallData, uint64(0), opJumpIf)
	head[len(head)-2] = byte(len(head) + len(get))
	code := then(head, get, []byte{opJumpDest}, set)
	s := newStage(t, map[Address][]byte{box: code})
	word := bytes.Repeat([]byte{1}, 32)
	out := s.do(call(box, 0, word...), create([]byte{opInvalid}), call(box, 0))
	if out.Outputs[0].Excepted != Revert || out.Outputs[2].Excepted != None || s.slot(box, 0) != 9 {
		t.Errorf("results %v %v, slot %d", out.Outputs[0].Excepted, out.Outputs[2].Excepted, s.slot(box, 0))
	}
	s.do(call(box, 0))
	if s.slot(box, 0) != 0 {
		t.Error("transient storage outlived its transaction")
	}
}

// A contract that destroys itself is gone, and is paid as a key where it is its own heir.
func TestSelfDestructToItself(t *testing.T) {
	s := newStage(t, map[Address][]byte{box: program(box, opSelfDestruct)})
	s.fund(box, 10)
	out := s.do(call(box, 5))
	if s.Exists(box) || len(out.Generated) != 1 {
		t.Fatalf("exists %t, %d transactions", s.Exists(box), len(out.Generated))
	}
	tx := out.Generated[0]
	if len(tx.TxIn) != 2 || len(tx.TxOut) != 1 || tx.TxOut[0].Value != 15 || !bytes.Equal(tx.TxOut[0].PkScript, script.P2PKH(box)) {
		t.Errorf("transaction %+v", tx)
	}
	if s.coin(box) != 15 {
		t.Errorf("the book has a coin of %d", s.coin(box))
	}
}

func TestTooManyOutputs(t *testing.T) {
	// Pays one satoshi each to addresses from 2^80+1 on, as many as the data says.
	loop := then(
		program(uint64(0), opCallData), // n
		[]byte{opJumpDest},             // 3:
		program(uint64(0), uint64(0), uint64(0), uint64(0), uint64(1)),               // call data, value
		program(0x85, append([]byte{1}, make([]byte, 10)...), opAdd, uint64(50_000)), // to = n + 2^80
		program(opCallAccount, opPop),                                                //
		program(uint64(1), 0x90, 0x03, opDup1, uint64(3), opJumpIf),                  // n--
	)
	for _, n := range []uint64{maxOutputs - 1, maxOutputs} { // and the contract's own
		s := newStage(t, map[Address][]byte{box: loop})
		s.fund(box, 5000)
		word := make([]byte, 32)
		word[30], word[31] = byte(n>>8), byte(n)
		e := call(box, 7, word...)
		e.GasLimit = 40_000_000
		out := s.do(e)
		r := out.Outputs[0]
		if r.Excepted != None || len(out.Generated) != 1 {
			t.Fatalf("%d: result %+v", n, out)
		}
		tx := out.Generated[0]
		if n < maxOutputs {
			if len(tx.TxOut) != maxOutputs || s.coin(box) != 5007-n || s.balance(box) != 5007-n {
				t.Errorf("%d: %d outputs, coin %d", n, len(tx.TxOut), s.coin(box))
			}
			continue
		}
		if r.GasUsed != e.GasLimit || len(out.Refunds) != 0 || r.NewAddress != (Address{}) {
			t.Errorf("%d: result %+v", n, r)
		}
		if len(tx.TxOut) != 1 || tx.TxOut[0].Value != 7 || !bytes.Equal(tx.TxOut[0].PkScript, script.P2PKH(alice)) {
			t.Errorf("%d: transaction %+v", n, tx)
		}
		if s.coin(box) != 5000 || s.balance(box) != 5000 {
			t.Errorf("%d: coin %d, balance %d", n, s.coin(box), s.balance(box))
		}
	}
}

// What failed executions leave behind below FixUTXOCacheHeight: the coins that they looked
// at leave the book with the next execution that succeeds, in whichever block.
func TestCacheOfCoinsBeforeItWasFixed(t *testing.T) {
	for _, fix := range []int32{0, 9, 10} {
		s := newStage(t, map[Address][]byte{box: {0}})
		s.Env.Params.FixUTXOCacheHeight = fix
		s.give(bob, 33)
		e := call(Address{}, 1)
		e.Create, e.Sender = true, bob
		s.do(e)
		if s.coin(bob) != 33 {
			t.Fatalf("fixed at %d: the coin left at once", fix)
		}
		out, err := s.Commit()
		if err != nil {
			t.Fatal(err)
		}
		next := reopened(s, out)
		next.do(call(box, 0))
		if kept := next.coin(bob) == 33; kept != (fix <= 9) {
			t.Errorf("fixed at %d: coin kept: %t", fix, kept)
		}
		last, err := next.Commit()
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range last.Changes {
			if bytes.Equal(ch.Key, carryKey) && (fix <= 9 || ch.Value != nil) {
				t.Errorf("fixed at %d: carried on %x", fix, ch.Value)
			}
		}
	}
}

func TestLogsAndBloom(t *testing.T) {
	s := newStage(t, map[Address][]byte{
		box:   program(uint64(7), uint64(0), opMStore, uint64(32), uint64(0), opLog0),
		other: program(uint64(0), uint64(0), opLog0, opInvalid),
	})
	out := s.do(call(box, 0), call(other, 0), call(box, 0))
	if n := len(out.Outputs[1].Logs); n != 0 {
		t.Errorf("the failed execution has %d logs", n)
	}
	for _, i := range []int{0, 2} {
		logs := out.Outputs[i].Logs
		if len(logs) != 1 || logs[0].Address != box || logs[0].Data[31] != 7 {
			t.Fatalf("output %d: logs %+v", i, logs)
		}
	}
	bloom := out.Outputs[0].Bloom()
	set := 0
	for _, b := range bloom {
		for ; b > 0; b &= b - 1 {
			set++
		}
	}
	if set == 0 || set > 3 || bloom == out.Outputs[1].Bloom() {
		t.Errorf("%d bits set", set)
	}
}

func TestViewLeavesNothing(t *testing.T) {
	code := then(program(uint64(1), uint64(1), opSStore), pay(bob, 5), program(uint64(42), uint64(0), opMStore, uint64(32), uint64(0), opReturn))
	s := newStage(t, map[Address][]byte{box: code})
	s.fund(box, 10)
	s.give(bob, 3)
	before, _, err := s.Roots()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.View(View{To: box})
	if err != nil || r.Excepted != None || len(r.Output) != 32 || r.Output[31] != 42 {
		t.Fatalf("view %+v, %v", r, err)
	}
	after, _, err := s.Roots()
	if err != nil || after != before || s.coin(bob) != 3 || s.slot(box, 1) != 0 || s.Exists(viewSender) {
		t.Errorf("the view left something: %v", err)
	}
	if r, err = s.View(View{To: other}); err != nil || r.Excepted != Unknown || r.GasUsed != 0 {
		t.Errorf("view of no contract: %+v, %v", r, err)
	}
	r, err = s.View(View{Create: true, Data: initOf([]byte{1, 2, 3})})
	if err != nil || r.Excepted != None || !bytes.Equal(r.Output, []byte{1, 2, 3}) || s.Exists(r.NewAddress) {
		t.Errorf("view of a creation: %+v, %v", r, err)
	}
}
