package statetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/internal/vectors"
)

const archive = "ethereum/state-tests.tar.gz"

// long tells whether the long suites of the ledger are to run.
func long() bool { return os.Getenv("SPACECHAIN_LONG") == "1" }

// slow are the files of which one takes longer than a hundred others.
var slow = []string{
	"stQuadraticComplexityTest/", "stAttackTest/", "static_Call50000", "static_Return50000", "Call50000", "Return50000",
	"static_LoopCalls", "static_Call1024", "loopMul", "loopExp", "CALLBlake2f_MaxRounds", "/ecpairing", "/ecmul", "stZeroKnowledge",
}

// sample picks the files of the default run, of every folder the first and one in so many.
func sample(every int) func(name string) bool {
	folder, n := "", 0
	return func(name string) bool {
		if slices.ContainsFunc(slow, func(s string) bool { return strings.Contains(name, s) }) {
			return false
		}
		if d := path.Dir(name); d != folder {
			folder, n = d, 0
		}
		n++
		return n%every == 1
	}
}

// Ethereum's state tests: all of them pass, or, in the default run, a third of each folder.
func TestVectors(t *testing.T) {
	pick := sample(3)
	if long() {
		pick = func(string) bool { return true }
	}
	type tally struct{ passed, failed, skipped int }
	total := map[string]*tally{}
	reasons := map[string]int{}
	files := 0
	vectors.Tar(t, archive, func(name string, r io.Reader) {
		if !strings.HasSuffix(name, ".json") || !pick(name) {
			return
		}
		files++
		results, err := Run(r, name, Options{})
		if err != nil {
			t.Error(err)
		}
		for _, res := range results {
			n := total[res.Fork]
			if n == nil {
				n = new(tally)
				total[res.Fork] = n
			}
			switch {
			case res.Skipped != "":
				n.skipped++
				reasons[res.Skipped]++
			case res.Pass:
				n.passed++
			default:
				n.failed++
				t.Errorf("%s: %s %s %+v: %s", name, res.Name, res.Fork, res.Which, res.Error)
			}
		}
	})
	if files < 500 || long() && files != 2007 {
		t.Errorf("ran %d files", files)
	}
	for f, n := range total {
		t.Logf("%s: %d passed, %d failed, %d skipped (%v); %d files", f, n.passed, n.failed, n.skipped, reasons, files)
		if 50*n.skipped > n.passed+n.failed+n.skipped {
			t.Errorf("%s: more than 2 %% skipped: %v", f, reasons)
		}
	}
	if long() && (total["Cancun"] == nil || total["Cancun"].passed != 13235) {
		t.Errorf("passed %+v, want 13235 of Cancun", total["Cancun"])
	}
}

// simple is a test in which a sender with nonce 5 calls a contract that stores the block
// number and logs.
const simple = `{"simple": {"_info": {"comment": 1},
"env": {"currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentDifficulty": "0x020000",
 "currentGasLimit": "0x989680", "currentNumber": "0x07", "currentTimestamp": "0x03e8", "currentBaseFee": "0x0a", "currentExcessBlobGas": "0x00", "currentRandom": "0x01"},
"pre": {"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b": {"balance": "0xe8d4a51000", "code": "0x", "nonce": "0x05", "storage": {}},
 "0xb000000000000000000000000000000000000000": {"balance": "0x0", "code": "0x4360005560ff60006000a100", "nonce": "0x00", "storage": {"0x01": "0x01"}}},
"transaction": {"data": ["0x", "0x00"], "gasLimit": ["0x2dc6c0", "0x5208", "0xffffffff"], "gasPrice": "0x0a", "nonce": "0x05", "sender": "%s",
 "secretKey": "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8",
 "to": "0xb000000000000000000000000000000000000000", "value": ["0x00", "0x:bigint 0x10000000000000000000000000000000000000000000000000000000000000000"]},
"post": {%s}}}`

func runSimple(t *testing.T, sender, post string) []Result {
	t.Helper()
	results, err := Run(strings.NewReader(fmt.Sprintf(simple, sender, post)), "simple.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// A result says what went wrong, and looks as geth's does.
func TestResults(t *testing.T) {
	const sender = "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b"
	post := func(fork, hash, exception string, d, g, v int) string {
		return fmt.Sprintf(`"%s": [{"hash": "%s", "logs": "0x", "expectException": "%s", "indexes": {"data": %d, "gas": %d, "value": %d}}]`, fork, hash, exception, d, g, v)
	}
	wrong := runSimple(t, sender, post("Cancun", "0x01", "", 0, 0, 0))
	if len(wrong) != 1 || wrong[0].Pass || !strings.HasPrefix(wrong[0].Error, "post state root mismatch: got 0x") || wrong[0].GasUsed == 0 {
		t.Fatalf("%+v", wrong)
	}
	root := wrong[0].StateRoot
	wrongLogs := runSimple(t, sender, post("Cancun", root, "", 0, 0, 0))
	if wrongLogs[0].Pass || !strings.HasPrefix(wrongLogs[0].Error, "post state logs hash mismatch: got "+wrong[0].LogsHash) {
		t.Fatalf("%+v", wrongLogs)
	}
	if r := runSimple(t, "", strings.Replace(post("Cancun", root, "", 0, 0, 0), `"logs": "0x"`, `"logs": "`+wrong[0].LogsHash+`"`, 1)); !r[0].Pass {
		t.Fatalf("with the sender of the secret key: %+v", r)
	}
	for _, c := range []struct{ post, want string }{
		{post("Cancun", "0x01", "", 1, 1, 0), "unexpected error: gas limit 21000, the transaction alone takes 21004"},
		{post("Cancun", "0x01", "", 0, 2, 0), "unexpected error: gas limit 4294967295 over the block's 10000000"},
		{post("Cancun", "0x01", "", 0, 0, 1), "unexpected error: cost over 256 bits"},
		{post("Cancun", root, "TransactionException.X", 0, 0, 0), `expected error "TransactionException.X", got no error`},
		{post("Cancun", "0x01", "", 2, 0, 0), `data "2": index out of 2`},
	} {
		if r := runSimple(t, sender, c.post); len(r) != 1 || r[0].Pass || r[0].Error != c.want {
			t.Errorf("%+v, want %s", r, c.want)
		}
	}
	many := runSimple(t, sender, post("Osaka", "0x01", "", 0, 0, 0)+","+post("London", "0x01", "", 0, 0, 0)+","+post("Frontier", "0x01", "", 0, 0, 0))
	if len(many) != 3 || many[0].Fork != "Frontier" && many[0].Fork != "Osaka" || many[2].Fork != "London" {
		t.Fatalf("%+v", many)
	}
	skipped := slices.IndexFunc(many, func(r Result) bool { return r.Skipped == "no rules of fork Osaka" })
	if skipped < 0 || many[skipped].Pass {
		t.Fatalf("%+v", many)
	}
	b, err := json.Marshal(Result{Name: "n", Pass: true, StateRoot: "0x01", Fork: "Cancun", GasUsed: 7})
	if err != nil || string(b) != `{"name":"n","pass":true,"stateRoot":"0x01","fork":"Cancun"}` {
		t.Fatalf("%s %v", b, err)
	}
	for _, bad := range []string{`[]`, `{"a": 5}`, fmt.Sprintf(simple, sender, `"Cancun": 1`), `{"a": {"pre": {"0x00": {}}, "post": {}}}`} {
		if _, err := Run(strings.NewReader(bad), "bad.json", Options{}); err == nil || !strings.Contains(err.Error(), "bad.json") {
			t.Errorf("%.30s: %v", bad, err)
		}
	}
}

func TestBlobFee(t *testing.T) {
	for excess, want := range map[uint64]uint64{0: 1, 2314057: 1, 2314058: 2, 10 * 1024 * 1024: 23} {
		if got := blobFee(excess); !got.Eq(uint256.NewInt(want)) {
			t.Errorf("blob fee at excess %d is %v, want %d", excess, &got, want)
		}
	}
	if got := blobFee(1 << 62); got.BitLen() != 256 {
		t.Errorf("blob fee beyond all bounds is %v", &got)
	}
}

func TestNumbers(t *testing.T) {
	var r reader
	for in, want := range map[string]uint64{"0x": 0, "": 0, "0x00": 0, "0x5": 5, "0x000100": 256, "17": 17, "0x:bigint 0x11": 17} {
		if v, over := r.number("n", in); !v.Eq(uint256.NewInt(want)) || over || r.err != nil {
			t.Errorf("%q is %v %v %v", in, &v, over, r.err)
		}
	}
	for _, in := range []string{"0xg", "x", "0x" + strings.Repeat("1", 65)} {
		var r reader
		if r.word("n", in); r.err == nil {
			t.Errorf("%q was read", in)
		}
	}
	if r.address("a", "0x00"); r.err == nil {
		t.Error("an address of one byte was read")
	}
}

func BenchmarkStateTest(b *testing.B) {
	file := []byte(fmt.Sprintf(simple, "", `"Cancun": [{"hash": "0x", "logs": "0x", "indexes": {"data": 0, "gas": 0, "value": 0}}]`))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Run(bytes.NewReader(file), "b", Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
