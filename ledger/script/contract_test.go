package script

import (
	"bytes"
	"strings"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// Parts of contract outputs, as hex for assemble.
const (
	version4 = "0x01 0x04"
	limit    = "0x03 0x40420f"
	price    = "0x01 0x28"
	code     = "0x02 0x6001"
	address  = "0x14 0x00112233445566778899aabbccddeeff00112233"
	sender   = "1 0x14 0x0102030405060708090a0b0c0d0e0f1011121314 0x03 0x020102 SENDER"
)

func TestContractTemplates(t *testing.T) {
	for _, c := range []struct {
		name, script string
		consensus    Kind // where a block is judged
		pool         Kind // where a memory pool does
	}{
		{"create", version4 + " " + limit + " " + price + " " + code + " CREATE", Create, Create},
		{"call", version4 + " " + limit + " " + price + " " + code + " " + address + " CALL", Call, Call},
		{"create with sender", "0x01 0x01 0x14 0x0102030405060708090a0b0c0d0e0f1011121314 0x03 0x020102 SENDER " + version4 + " " + limit + " " + price + " " + code + " CREATE", CreateSender, CreateSender},
		{"call with sender", "0x01 0x01 0x14 0x0102030405060708090a0b0c0d0e0f1011121314 0x03 0x020102 SENDER " + version4 + " " + limit + " " + price + " " + code + " " + address + " CALL", CallSender, CallSender},

		// The address type is a push: OP_1 has no data, which reads as 0.
		{"address type as OP_1", sender + " " + version4 + " " + limit + " " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"address type 2", "0x01 0x02 0x14 0x0102030405060708090a0b0c0d0e0f1011121314 0x03 0x020102 SENDER " + version4 + " " + limit + " " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"empty signature", "0x01 0x01 0x14 0x0102030405060708090a0b0c0d0e0f1011121314 0 SENDER " + version4 + " " + limit + " " + price + " " + code + " CREATE", NonStandard, NonStandard},

		{"version as OP_4", "4 " + limit + " " + price + " " + code + " CREATE", Create, Create},
		{"version as any opcode", "NOP " + limit + " " + price + " " + code + " CREATE", Create, Create},
		{"version of two bytes", "0x02 0x0400 " + limit + " " + price + " " + code + " CREATE", Create, Create},
		{"version of five bytes", "0x05 0x0400000000 " + limit + " " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"version 8", "0x01 0x08 " + limit + " " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"version empty", "0 " + limit + " " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"version with top bit", "0x01 0x84 " + limit + " " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"runs nothing", "0x01 0x00 0x01 0x00 0x01 0x00 0x01 0x00 " + address + " CALL", Call, Call},
		{"runs nothing, empty numbers", "0x01 0x00 0 0 0x01 0x00 " + address + " CALL", Call, Call},

		{"gas limit 0", version4 + " 0x01 0x00 " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"gas limit 1", version4 + " 0x01 0x01 " + price + " " + code + " CREATE", Create, NonStandard},
		{"gas limit 9999", version4 + " 0x02 0x0f27 " + price + " " + code + " CREATE", Create, NonStandard},
		{"gas limit 10000", version4 + " 0x02 0x1027 " + price + " " + code + " CREATE", Create, Create},
		{"gas limit 20000001", version4 + " 0x04 0x012d3101 " + price + " " + code + " CREATE", Create, NonStandard},
		{"gas limit 1000000000", version4 + " 0x04 0x00ca9a3b " + price + " " + code + " CREATE", Create, NonStandard},
		{"gas limit 1000000001", version4 + " 0x04 0x01ca9a3b " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"gas limit negative", version4 + " 0x01 0x81 " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"gas limit of nine bytes", version4 + " 0x09 0x010000000000000000 " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"gas limit as OP_16", version4 + " 16 " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"gas price 0", version4 + " " + limit + " 0 " + code + " CREATE", NonStandard, NonStandard},
		{"gas price negative", version4 + " " + limit + " 0x01 0x80 " + code + " CREATE", NonStandard, NonStandard},
		{"gas price as OP_2", version4 + " " + limit + " 2 " + code + " CREATE", NonStandard, NonStandard},

		{"no data", version4 + " " + limit + " " + price + " 0 CREATE", NonStandard, NonStandard},
		{"data as an opcode", version4 + " " + limit + " " + price + " DUP CREATE", Create, Create},
		{"address of 19 bytes", version4 + " " + limit + " " + price + " " + code + " 0x13 0x00112233445566778899aabbccddeeff001122 CALL", NonStandard, NonStandard},
		{"create with an address", version4 + " " + limit + " " + price + " " + code + " " + address + " CREATE", NonStandard, NonStandard},
		{"call without an address", version4 + " " + limit + " " + price + " " + code + " CALL", NonStandard, NonStandard},
		{"something behind", version4 + " " + limit + " " + price + " " + code + " CREATE NOP", NonStandard, NonStandard},
		{"something before", "NOP " + version4 + " " + limit + " " + price + " " + code + " CREATE", NonStandard, NonStandard},
		{"P2SH with the opcode in its hash", "HASH160 0x14 0xc1c2c1c2c1c2c1c2c1c2c1c2c1c2c1c2c1c2c1c2 EQUAL", ScriptHash, ScriptHash},
	} {
		script := assemble(t, c.script)
		if got, _ := Solve(script, true, false); got != c.consensus {
			t.Errorf("%s: %s in a block, want %s", c.name, got, c.consensus)
		}
		if got, _ := Solve(script, false, false); got != c.pool {
			t.Errorf("%s: %s in a pool, want %s", c.name, got, c.pool)
		}
	}
}

func TestEmptySenderSignature(t *testing.T) {
	script := assemble(t, "0x01 0x01 0x14 0x0102030405060708090a0b0c0d0e0f1011121314 0 SENDER "+
		version4+" "+limit+" "+price+" "+code+" CREATE")
	if kind, _ := Solve(script, true, true); kind != CreateSender {
		t.Errorf("%s where an empty signature is allowed", kind)
	}
	if _, _, ok := SenderOf(script); ok || HasSenderData(script) {
		t.Error("an empty signature is none")
	}
}

func TestSenderOf(t *testing.T) {
	const to = "0x01 0x01 0x14 0x0102030405060708090a0b0c0d0e0f1011121314 "
	rest := " SENDER " + version4 + " " + limit + " " + price + " " + code + " " + address + " CALL"
	pubKeyScript, sigScript, ok := SenderOf(assemble(t, to+"0x03 0x020102"+rest))
	if !ok || !IsPayToPubKeyHash(pubKeyScript) || !bytes.Equal(sigScript, []byte{1, 2}) {
		t.Errorf("%x, %x, %t", pubKeyScript, sigScript, ok)
	}
	for name, script := range map[string]string{
		"signature longer than its length says": to + "0x04 0x02010203" + rest,
	} {
		if _, sig, ok := SenderOf(assemble(t, script)); !ok || !bytes.Equal(sig, []byte{1, 2}) {
			t.Errorf("%s: %x, %t", name, sig, ok)
		}
	}
	cut := assemble(t, to+"0x02 0x0501"+rest)
	if _, _, ok := SenderOf(cut); ok || !HasSenderData(cut) {
		t.Error("a signature shorter than its length says can be found and not read")
	}
	// An opcode in the place of the signature is no solution: the contract's address is
	// taken for it then, and its first byte 0x00 for the length.
	if _, sig, ok := SenderOf(assemble(t, to+"NOP"+rest)); !ok || len(sig) != 0 {
		t.Errorf("signature %x, %t", sig, ok)
	}
	if _, _, ok := SenderOf(assemble(t, to+"NOP SENDER "+version4+" "+limit+" "+price+" "+code+" CREATE")); ok {
		t.Error("a creation has no address to be taken for a signature")
	}
	if _, _, ok := SenderOf(assemble(t, to+"0x03 0x020102 SENDER"+rest)); ok {
		t.Error("OP_SENDER may stand once only")
	}
}

func TestWithoutSenderSig(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"0x01 0x01 0x02 0x0102 0x03 0x030405 SENDER 4", "0x01 0x01 0x02 0x0102 0 SENDER 4"},
		{"1 2 SENDER", "1 0 SENDER"},
		{"NOP NOP SENDER", "NOP 0 SENDER"},
		{"2 SENDER", "2 SENDER"},
		{"SENDER", "SENDER"},
		{"1 2 3", "1 2 3"},
		{"1 2 SENDER 3 4 SENDER", "1 0 SENDER 3 4 SENDER"},
		{"1 2 0x4c SENDER", "1 2 0x4c SENDER"},
		{"", ""},
	} {
		if got := withoutSenderSig(assemble(t, c.script)); !bytes.Equal(got, assemble(t, c.want)) {
			t.Errorf("%s: %x", c.script, got)
		}
	}
}

func TestReadContract(t *testing.T) {
	const flags = ExecByteCode | OutputSender
	ok := assemble(t, version4+" "+limit+" "+price+" "+code+" "+address+" CALL")
	c, read := ParseContract(ok, flags)
	if !read || c.Action != ActionCall || c.Version != 4 || c.GasLimit != 1_000_000 || c.GasPrice != 40 ||
		!bytes.Equal(c.Data, []byte{0x60, 1}) || c.Address[1] != 0x11 || c.HasSender {
		t.Errorf("%+v, %t", c, read)
	}
	if v := VersionVM(0x00020107); v.Format() != 3 || v.RootVM() != 1 || v.VMVersion() != 1 || v.FlagOptions() != 2 {
		t.Errorf("version %x: %d %d %d %d", uint32(v), v.Format(), v.RootVM(), v.VMVersion(), v.FlagOptions())
	}
	for _, c := range []struct {
		name, script string
		flags        Flags
		ok           bool
	}{
		{"version as OP_4", "4 " + limit + " " + price + " " + code + " CREATE", flags, true},
		{"data by an opcode", version4 + " " + limit + " " + price + " DUP CREATE", flags, true},
		{"version by an opcode that pushes nothing", "NOP " + limit + " " + price + " " + code + " CREATE", flags, false},
		{"version by an opcode that fails", "RETURN " + limit + " " + price + " " + code + " CREATE", flags, false},
		{"sender", "0x01 0x01 0x02 0x0102 0x03 0x030405 SENDER " + version4 + " " + limit + " " + price + " " + code + " CREATE", flags, true},
		{"sender before it is allowed", "0x01 0x01 0x02 0x0102 0x03 0x030405 SENDER " + version4 + " " + limit + " " + price + " " + code + " CREATE", ExecByteCode, false},
		{"no data", version4 + " " + limit + " " + price + " 0 CREATE", flags, false},
		{"version of five bytes", "0x05 0x0400000000 " + limit + " " + price + " " + code + " CREATE", flags, false},
		{"gas limit and price too large together", version4 + " 0x08 0xffffffffffffff7f 2 " + code + " CREATE", flags, false},
		{"gas limit and price just right", version4 + " 0x08 0xffffffffffffff3f 2 " + code + " CREATE", flags, true},
		{"gas price negative", version4 + " " + limit + " 0x01 0x80 " + code + " CREATE", flags, false},
		{"call with too little", version4 + " " + limit + " " + price + " " + address + " CALL", flags, false},
		{"two creations", version4 + " " + limit + " " + price + " " + code + " CREATE CREATE", flags, false},
		{"behind a malformed push", version4 + " " + limit + " " + price + " " + code + " CREATE 0x4c", flags, true},
	} {
		if _, ok := ParseContract(assemble(t, c.script), c.flags); ok != c.ok {
			t.Errorf("%s: read %t", c.name, ok)
		}
	}
	// An address of another length is the zero address.
	odd, read := ParseContract(assemble(t, version4+" "+limit+" "+price+" "+code+" 0x01 0x07 CALL"), flags)
	if !read || odd.Address != ([20]byte{}) || odd.Action != ActionCall {
		t.Errorf("%+v, %t", odd, read)
	}
}

// TestContractsShareAStack holds what Qtum does by accident: what one output leaves on the
// stack is there for the next.
func TestContractsShareAStack(t *testing.T) {
	const flags = ExecByteCode | OutputSender
	first := assemble(t, "0x01 0x01 0x02 0x0102 0x01 0x04 SENDER "+version4+" "+limit+" "+price+" "+code+" CREATE")
	// By itself this one lacks a version; behind the first it takes that one's signature.
	second := assemble(t, "NOP "+limit+" "+price+" "+code+" CREATE")
	outs := []*btcwire.TxOut{{PkScript: first}, {PkScript: []byte{op1}}, {PkScript: second}}
	contracts, ok := Contracts(outs, flags)
	if !ok || len(contracts) != 2 || contracts[1].Output != 2 || contracts[1].Version != 4 || contracts[1].HasSender {
		t.Errorf("%+v, %t", contracts, ok)
	}
	if _, ok := Contracts(outs[1:], flags); ok {
		t.Error("the second output is read without the first")
	}
	if got, ok := Contracts(outs[1:2], flags); !ok || len(got) != 0 {
		t.Errorf("%+v, %t where there is no contract", got, ok)
	}
}

func TestOpcodeCounts(t *testing.T) {
	for _, c := range []struct {
		script                      string
		create, call, sender, spend bool
	}{
		{"CREATE", true, false, false, false},
		{"CREATE CREATE", false, false, false, false},
		{"CALL", false, true, false, false},
		{"CREATE CALL", true, true, false, false},
		{"0x01 0xc1", false, false, false, false},
		{"SENDER CREATE 0x4c", true, false, true, false},
		{"0x4d 0x01 CREATE", false, false, false, false},
		{"SPEND", false, false, false, true},
		{"SPEND SPEND", false, false, false, false},
		{"", false, false, false, false},
	} {
		s := assemble(t, c.script)
		if HasOpCreate(s) != c.create || HasOpCall(s) != c.call || HasOpSender(s) != c.sender || HasOpSpend(s) != c.spend ||
			IsContract(s) != (c.create || c.call) {
			t.Errorf("%s: create %t, call %t, sender %t, spend %t, contract %t", c.script,
				HasOpCreate(s), HasOpCall(s), HasOpSender(s), HasOpSpend(s), IsContract(s))
		}
	}
}

// TestContractOpcodesEndScripts holds what Qtum's opcodes do when they are run.
func TestContractOpcodesEndScripts(t *testing.T) {
	contract := version4 + " " + limit + " " + price + " " + code + " " + address + " CALL"
	for _, c := range []struct {
		name, scriptSig, pkScript string
		flags                     Flags
		want                      string
	}{
		{"contract by OP_SPEND", "SPEND", contract, blockFlags, "OK"},
		{"contract by nothing", "", contract, blockFlags, "OK"},
		{"anything after OP_CREATE", "", "CREATE RETURN 0x4c", blockFlags, "OK"},
		{"an open condition", "", "1 IF SPEND", blockFlags, "EVAL_FALSE"},
		{"an open condition with a value", "", "1 1 IF SPEND", blockFlags, "OK"},
		{"not run", "", "0 IF SPEND ENDIF", blockFlags, "EVAL_FALSE"},
		{"OP_SPEND on an empty stack", "", "SPEND", blockFlags, "EVAL_FALSE"},
		{"a false value under OP_SPEND", "0", "SPEND", blockFlags, "EVAL_FALSE"},
		{"OP_SENDER", "1", "SENDER", blockFlags, "OK"},
		{"OP_SENDER too early", "1", "SENDER", blockFlags &^ OutputSender, "BAD_OPCODE"},
		{"OP_SENDER too early, not run", "1", "0 IF SENDER ENDIF", blockFlags &^ OutputSender, "OK"},
		{"in the input", "CALL", "DROP 1", blockFlags, "OK"},
		{"other opcodes there", "1", "0xc5", blockFlags, "BAD_OPCODE"},
		{"counted among the operations", "", "1 " + strings.Repeat("NOP ", 201) + "SPEND", blockFlags, "OP_COUNT"},
	} {
		tx, spent := spending(assemble(t, c.scriptSig), assemble(t, c.pkScript), nil, 0)
		if got := name(Verify(tx, 0, spent, c.flags)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	// In a script that is spent by its hash.
	redeem := assemble(t, "1 SPEND RETURN")
	hash := Hash160(redeem)
	pkScript := append(append([]byte{opHash160, 20}, hash[:]...), opEqual)
	tx, spent := spending(AppendPush(nil, redeem), pkScript, nil, 0)
	if got := name(Verify(tx, 0, spent, blockFlags)); got != "OK" {
		t.Errorf("in P2SH: %s", got)
	}
}

func TestSigOps(t *testing.T) {
	key := "0x21 0x02" + strings.Repeat("11", 32)
	for _, c := range []struct {
		script        string
		exact, coarse int
	}{
		{"CHECKSIG CHECKSIGVERIFY", 2, 2},
		{"2 " + key + " " + key + " 2 CHECKMULTISIG", 2, 20},
		{"CHECKMULTISIGVERIFY", 20, 20},
		{"16 CHECKMULTISIG CHECKSIG", 17, 21},
		{"0x01 0x10 CHECKMULTISIG", 20, 20},
		{"CHECKSIG 0x4c", 1, 1},
		{"0x02 0xacac", 0, 0},
		{version4 + " " + limit + " " + price + " 0x02 0xacac " + address + " CALL", 0, 0},
		{"CALL CHECKSIG", 1, 1},
	} {
		s := assemble(t, c.script)
		if got := SigOps(s, true); got != c.exact {
			t.Errorf("%s: %d, want %d", c.script, got, c.exact)
		}
		if got := SigOps(s, false); got != c.coarse {
			t.Errorf("%s: %d at most, want %d", c.script, got, c.coarse)
		}
	}

	multi := assemble(t, "1 "+key+" "+key+" 2 CHECKMULTISIG")
	hash := Hash160(multi)
	p2sh := append(append([]byte{opHash160, 20}, hash[:]...), opEqual)
	wsh := append([]byte{op0, 32}, make([]byte, 32)...)
	wpkh := append([]byte{op0, 20}, make([]byte, 20)...)
	wshHash := Hash160(wsh)
	nested := append(append([]byte{opHash160, 20}, wshHash[:]...), opEqual)
	plain := assemble(t, "CHECKSIG")
	for _, c := range []struct {
		name, scriptSig string
		push, pkScript  []byte
		witness         [][]byte
		flags           Flags
		want            int
	}{
		{"legacy", "", nil, plain, nil, blockFlags, 4}, // in the output that the transaction makes
		{"P2SH", "", multi, p2sh, nil, blockFlags, 4 + 8},
		{"P2SH without the rule", "", multi, p2sh, nil, VerifyNone, 4},
		{"P2SH, not only pushes", "NOP", multi, p2sh, nil, blockFlags, 4},
		{"P2WSH", "", nil, wsh, [][]byte{multi}, blockFlags, 4 + 2},
		{"P2WSH without witness", "", nil, wsh, nil, blockFlags, 4},
		{"P2WPKH", "", nil, wpkh, nil, blockFlags, 4 + 1},
		{"P2WSH in P2SH", "", wsh, nested, [][]byte{multi}, blockFlags, 4 + 2},
		{"P2WPKH without the rule", "", nil, wpkh, nil, VerifyP2SH, 4},
	} {
		scriptSig := assemble(t, c.scriptSig)
		if c.push != nil {
			scriptSig = AppendPush(scriptSig, c.push)
		}
		tx, spent := spending(scriptSig, c.pkScript, c.witness, 0)
		tx.TxOut[0].PkScript = plain
		if got := SigOpCost(wire.NewTx(tx), spent, c.flags); got != c.want {
			t.Errorf("%s: cost %d, want %d", c.name, got, c.want)
		}
	}
}

func TestFlags(t *testing.T) {
	main := params.Main()
	for _, c := range []struct {
		height int32
		want   Flags
	}{
		{1, VerifyP2SH | VerifyWitness | VerifyTaproot | VerifyDERSig | VerifyCheckLockTimeVerify},
		{6048, blockFlags &^ OutputSender},
		{466_599, blockFlags &^ OutputSender},
		{466_600, blockFlags},
	} {
		if got := BlockFlags(main, c.height); got != c.want {
			t.Errorf("height %d: %x, want %x", c.height, got, c.want)
		}
	}
	if ContractFlags(main, 466_599) != ExecByteCode || ContractFlags(main, 466_600) != ExecByteCode|OutputSender {
		t.Error("OP_SENDER is to be read from its height on")
	}
	if got := BlockFlags(params.SpaceChain(), 1); got != blockFlags {
		t.Errorf("spacechain: %x", got)
	}
}

func TestKeyHash(t *testing.T) {
	compressed := "0x21 0x02" + strings.Repeat("11", 32) + " CHECKSIG"
	for _, c := range []struct {
		script       string
		hash, strict bool // strict: whose owner may pay for contracts
	}{
		{compressed, true, true},
		{"0x41 0x04" + strings.Repeat("11", 64) + " CHECKSIG", true, true},
		{"0x41 0x06" + strings.Repeat("11", 64) + " CHECKSIG", true, false},
		{"0x21 0x05" + strings.Repeat("11", 32) + " CHECKSIG", false, false},
		{"0x41 0x02" + strings.Repeat("11", 64) + " CHECKSIG", false, false},
		{"DUP HASH160 0x14 0x" + strings.Repeat("22", 20) + " EQUALVERIFY CHECKSIG", true, true},
		{"HASH160 0x14 0x" + strings.Repeat("22", 20) + " EQUAL", false, false},
		{"0 0x14 0x" + strings.Repeat("22", 20), false, false},
	} {
		s := assemble(t, c.script)
		if _, ok := KeyHash(s); ok != c.hash {
			t.Errorf("%s: a key's hash %t", c.script, ok)
		}
		if got := IsPayToPubKey(s) || IsPayToPubKeyHash(s); got != c.strict {
			t.Errorf("%s: may pay for contracts %t", c.script, got)
		}
	}
}
