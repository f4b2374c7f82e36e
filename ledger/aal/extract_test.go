package aal

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/check"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// outputScript is the script whose elements are pushes, of bytes and addresses, and opcodes.
func outputScript(parts ...any) []byte {
	var s []byte
	for _, p := range parts {
		switch p := p.(type) {
		case []byte:
			s = script.AppendPush(s, p)
		case Address:
			s = script.AppendPush(s, p[:])
		case int:
			s = append(s, byte(p))
		}
	}
	return s
}

// The elements of the outputs in these tests, and opcodes of Bitcoin's script.
var (
	evm4      = []byte{4}
	gas100000 = []byte{0xa0, 0x86, 0x01}
	price40   = []byte{40}
	someData  = []byte{0xde, 0xad}
	p2pkhType = []byte{1}
)

const (
	scriptOp4     = 0x54
	scriptOpDup   = 0x76
	scriptOpTuck  = 0x7d
	scriptOp2Dup  = 0x6e
	scriptOpDepth = 0x74
)

func txOf(scripts ...[]byte) *wire.Tx {
	msg := &btcwire.MsgTx{Version: 2, TxIn: []*btcwire.TxIn{{PreviousOutPoint: btcwire.OutPoint{Index: 1}}}}
	for i, s := range scripts {
		msg.TxOut = append(msg.TxOut, &btcwire.TxOut{Value: int64(1000 + i), PkScript: s})
	}
	return wire.NewTx(msg)
}

// senderSig is a scriptSig of two items within an output, as serialised script.
func senderSig(items ...[]byte) []byte {
	var s []byte
	for _, item := range items {
		s = script.AppendPush(s, item)
	}
	return append([]byte{byte(len(s))}, s...)
}

func TestExtract(t *testing.T) {
	sig := senderSig(make([]byte, 71), make([]byte, 33))
	plainCall := outputScript(evm4, gas100000, price40, someData, box, script.OpCall)
	named := outputScript(p2pkhType, bob, sig, script.OpSender, evm4, gas100000, price40, someData, script.OpCreate)
	tx := txOf(script.P2PKH(bob), plainCall, named, plainCall)
	p := params.Regtest()
	execs, err := Extract(tx, script.P2PKH(alice), p, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(execs) != 3 {
		t.Fatalf("%d executions", len(execs))
	}
	for i, want := range []struct {
		create bool
		to     Address
		sender Address
		value  int64
	}{{false, box, alice, 1001}, {true, Address{}, bob, 1002}, {false, box, alice, 1003}} {
		e := execs[i]
		if e.Create != want.create || e.To != want.to || e.Sender != want.sender || e.RefundSender != alice ||
			e.Value != want.value || e.Vout != uint32(i+1) || e.TxID != tx.ID() || e.GasLimit != 100000 ||
			e.GasPrice != 40 || e.Version != VersionEVM || !bytes.Equal(e.Data, someData) {
			t.Errorf("execution %d: %+v", i, e)
		}
	}
	if err := CheckSenderScript(tx, script.P2PKH(alice)); err != nil {
		t.Error(err)
	}
	if !IsContract(tx) || IsSpend(tx) || IsContract(txOf(script.P2PKH(bob))) {
		t.Error("what is a contract transaction")
	}
	if err := CheckOpSender(tx, p, 5); err != nil {
		t.Error(err)
	}
	p.QIP5Height = 6
	if check.Reason(CheckOpSender(tx, p, 5)) != "bad-txns-invalid-sender" || CheckOpSender(txOf(plainCall), p, 5) != nil {
		t.Error("OP_SENDER before QIP5")
	}
}

// Outputs whose elements are no pushes are valid where they leave the right values.
func TestExtractEvaluates(t *testing.T) {
	type read struct {
		gas, price uint64
		data       []byte
	}
	for _, tt := range []struct {
		name string
		s    []byte
		want *read
	}{
		{"version by opcode", outputScript(scriptOp4, gas100000, price40, someData, box, script.OpCall), &read{100000, 40, someData}},
		{"data is a copy of the price", outputScript(evm4, gas100000, price40, scriptOpDup, box, script.OpCall), &read{100000, 40, price40}},
		// TUCK leaves version, price, limit, price.
		{"price and limit in each other's place", outputScript(evm4, gas100000, price40, scriptOpTuck, box, script.OpCall), &read{40, 100000, price40}},
		{"nothing for the data", outputScript(evm4, gas100000, price40, 0x61, box, script.OpCall), nil},
		{"too few values", outputScript(scriptOp2Dup, gas100000, price40, someData, box, script.OpCall), nil},
		{"negative gas limit", outputScript(evm4, []byte{0x80}, price40, someData, box, script.OpCall), nil},
		{"price times limit overflows", outputScript(evm4, []byte{0, 0, 0, 0, 1}, []byte{0, 0, 0, 0x80, 0}, someData, box, script.OpCall),
			nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			execs, err := Extract(txOf(tt.s), script.P2PKH(alice), params.Regtest(), 5)
			if tt.want == nil {
				if check.Reason(err) != "bad-tx-bad-contract-format" {
					t.Errorf("read %+v, %v", execs, err)
				}
				return
			}
			if err != nil || execs[0].GasLimit != tt.want.gas || execs[0].GasPrice != tt.want.price ||
				!bytes.Equal(execs[0].Data, tt.want.data) {
				t.Errorf("read %+v, %v", execs, err)
			}
		})
	}
	// What an output with a sender leaves on the stack is there for the next: DEPTH is 3.
	sig := senderSig(make([]byte, 71), make([]byte, 33))
	named := outputScript(p2pkhType, bob, sig, script.OpSender, evm4, gas100000, price40, someData, script.OpCreate)
	execs, err := Extract(txOf(named, outputScript(scriptOpDepth, gas100000, price40, someData, script.OpCreate)),
		script.P2PKH(alice), params.Regtest(), 5)
	if err != nil || execs[1].Version != 3 {
		t.Errorf("read %+v, %v", execs, err)
	}
}

func TestSenderScript(t *testing.T) {
	key := bytes.Repeat([]byte{2}, 33)
	hybrid := append([]byte{6}, make([]byte, 64)...)
	good := senderSig(make([]byte, 80), make([]byte, 80))
	named := func(sig []byte) *wire.Tx {
		return txOf(outputScript(p2pkhType, bob, sig, script.OpSender, evm4, gas100000, price40, someData, script.OpCreate))
	}
	for _, tt := range []struct {
		name string
		paid []byte
		tx   *wire.Tx
		ok   bool
	}{
		{"key hash", script.P2PKH(alice), named(good), true},
		{"key", script.P2PK(key), named(good), true},
		{"hybrid key", script.P2PK(hybrid), named(good), false},
		{"script hash", append(append([]byte{0xa9, 20}, alice[:]...), 0x87), named(good), false},
		{"three items", script.P2PKH(alice), named(senderSig(key, key, key)), false},
		{"an item of 81 bytes", script.P2PKH(alice), named(senderSig(key, make([]byte, 81))), false},
		{"length over the end", script.P2PKH(alice), named([]byte{9, 1, 1}), false},
	} {
		if err := CheckSenderScript(tt.tx, tt.paid); (err == nil) != tt.ok ||
			err != nil && check.Reason(err) != "bad-txns-invalid-sender-script" {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if KeyAddress(script.P2PK(hybrid)) != Address(script.Hash160(hybrid)) || KeyAddress([]byte{0x6a}) != (Address{}) {
		t.Error("address of a key")
	}
}

func TestCheck(t *testing.T) {
	good := Execution{GasLimit: 100_000, GasPrice: 40, Version: VersionEVM}
	with := func(change func(*Execution)) Execution {
		e := good
		change(&e)
		return e
	}
	const fee = 100_000 * 40
	for _, tt := range []struct {
		name  string
		fee   int64
		execs []Execution
		want  string
	}{
		{"two", 2 * fee, []Execution{good, good}, ""},
		{"price", fee, []Execution{with(func(e *Execution) { e.GasPrice = 39 })}, "bad-tx-low-gas-price"},
		{"price of the second comes first", 0, []Execution{good, with(func(e *Execution) { e.GasPrice = 39 })}, "bad-tx-low-gas-price"},
		{"overflow", fee, []Execution{
			with(func(e *Execution) { e.GasLimit, e.GasPrice = 1<<31, 1<<31 }),
			with(func(e *Execution) { e.GasLimit, e.GasPrice = 1<<31, 1<<31 })}, "bad-txns-fee-notenough"},
		{"overflow at once", 1<<63 - 1, []Execution{
			with(func(e *Execution) { e.GasLimit, e.GasPrice = 20_000_000, 1<<38 }),
			with(func(e *Execution) { e.GasLimit, e.GasPrice = 20_000_000, 1<<38 })}, "bad-tx-gas-stipend-overflow"},
		{"fee", 2*fee - 1, []Execution{good, good}, "bad-txns-fee-notenough"},
		{"format", fee, []Execution{with(func(e *Execution) { e.Version = 5 })}, "bad-tx-version-format"},
		{"mixed", 2 * fee, []Execution{good, with(func(e *Execution) { e.Version = 0 })}, "bad-tx-mixed-zero-versions"},
		{"zero first", 2 * fee, []Execution{with(func(e *Execution) { e.Version = 0 }), good}, ""},
		{"root VM", fee, []Execution{with(func(e *Execution) { e.Version = 8 })}, "bad-tx-version-rootvm"},
		{"VM version", fee, []Execution{with(func(e *Execution) { e.Version = 4 | 1<<8 })}, "bad-tx-version-vmversion"},
		{"flags", fee, []Execution{with(func(e *Execution) { e.Version = 4 | 1<<16 })}, "bad-tx-version-flags"},
		{"too little", fee, []Execution{with(func(e *Execution) { e.GasLimit = 9_999 })}, "bad-tx-too-little-gas"},
		{"too much", 1 << 62, []Execution{with(func(e *Execution) { e.GasLimit = 1 << 32 })}, "bad-tx-too-much-gas"},
		{"over the block", 1 << 62, []Execution{
			with(func(e *Execution) { e.GasLimit = 39_900_000 }), good, with(func(e *Execution) { e.GasLimit = 10_000 })},
			"bad-txns-gas-exceeds-blockgaslimit"},
		{"no execution", fee, []Execution{with(func(e *Execution) { e.Version, e.GasLimit = 0, 0 })}, "bad-tx-improper-version-0"},
		{"none", fee, nil, "bad-tx-improper-version-0"},
	} {
		err := Check(tt.execs, tt.fee, 40, 40_000_000)
		if check.Reason(err) != tt.want || (err == nil) != (tt.want == "") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	// Zero first passes until it is to be run.
	s := newStage(t, nil)
	if _, err := s.Execute([]Execution{with(func(e *Execution) { e.Version = 0 }), good}); check.Reason(err) != "bad-tx-unknown-error" {
		t.Errorf("version 0 run: %v", err)
	}
}

// The contract of the vector chain qtum_qrc20, where Qtum Core's RPC tells its address.
func TestNewAddress(t *testing.T) {
	txid, err := chainhash.NewHashFromStr("65d84bbba7877ea7d7fe7fee6f8e3271eaf2f7bdc276fa5ba3b7e3466662952b")
	if err != nil {
		t.Fatal(err)
	}
	if got := NewAddress(*txid, 0).String(); got != "0x3bfe61b5afba8851f6808dddd37a89ce2eee0f16" {
		t.Errorf("address %s", got)
	}
}

func TestBaseSchedule(t *testing.T) {
	p := params.Regtest()
	p.QIP7Height, p.MuirGlacierHeight, p.LondonHeight, p.ShanghaiHeight, p.CancunHeight = 10, 20, 30, 40, 50
	for _, tt := range []struct {
		height                             int32
		data, sload, reset, refund, killed uint32
		unchanged                          int64
	}{
		{9, 68, 200, 5000, 15000, 24000, 200},
		{10, 68, 200, 5000, 15000, 24000, 200},
		{20, 16, 800, 5000, 15000, 24000, 800},
		{30, 16, 100, 2900, 4800, 0, 800},
		{50, 16, 100, 2900, 4800, 0, 800},
	} {
		s := BaseSchedule(p, tt.height)
		w := s.Word
		if w[wordTxDataNonZero] != tt.data || w[12] != tt.sload || w[wordSstoreReset] != tt.reset ||
			w[wordSstoreRefund] != tt.refund || w[wordSelfdestructRefund] != tt.killed || w[wordTx] != 21000 ||
			w[wordTxCreate] != 53000 || w[wordMaxCodeSize] != 24576 || w[wordCreateData] != 200 {
			t.Errorf("height %d: %v", tt.height, w)
		}
		if got := s.prices(); got.StorageUnchanged != tt.unchanged || got.StorageReset != int64(tt.reset) {
			t.Errorf("height %d: %+v", tt.height, got)
		}
	}
	s := BaseSchedule(p, 50)
	if got := s.Intrinsic(true, []byte{0, 1, 2, 0}); got != 53000+2*4+2*16 {
		t.Errorf("intrinsic gas %d", got)
	}
	s.Word[wordSstoreReset] = 799
	if got := s.prices(); got.StorageReset-got.StorageUnchanged != 1<<32-1 {
		t.Errorf("difference %d does not wrap", got.StorageReset-got.StorageUnchanged)
	}
}

func TestGenesisState(t *testing.T) {
	for _, name := range params.Names() {
		p, _ := params.ByName(name)
		g, err := GenesisState(p)
		if err != nil {
			t.Fatal(err)
		}
		if g.StateRoot != p.Genesis.Header.StateRoot || g.UTXORoot != p.Genesis.Header.UTXORoot {
			t.Errorf("%s: roots %x %x, header %x %x", name, g.StateRoot, g.UTXORoot,
				p.Genesis.Header.StateRoot, p.Genesis.Header.UTXORoot)
		}
	}
}

func FuzzRevertMessage(f *testing.F) {
	f.Add([]byte("\x08\xc3\x79\xa0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m := revertMessage(b); len(m) > 1<<16 {
			t.Errorf("message of %d bytes", len(m))
		}
	})
}
