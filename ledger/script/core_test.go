package script

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/internal/vectors"
	"spacechain/ledger/wire"
)

// scriptTest is a row of script_tests.json.
type scriptTest struct {
	text                string
	scriptSig, pkScript []byte
	witness             [][]byte
	value               int64
	flags               Flags
	want                string
}

func scriptTests(t testing.TB) (tests []scriptTest) {
	var rows [][]any
	if err := json.Unmarshal(vectors.Open(t, "bitcoin/script_tests.json"), &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if len(row) < 4 {
			continue // a comment
		}
		var s scriptTest
		if w, ok := row[0].([]any); ok {
			for _, item := range w[:len(w)-1] {
				s.witness = append(s.witness, mustHex(t, item.(string)))
			}
			s.value = int64(math.Round(w[len(w)-1].(float64) * 1e8))
			row = row[1:]
		}
		text, _ := json.Marshal(row)
		s.text = string(text)
		s.scriptSig, s.pkScript = assemble(t, row[0].(string)), assemble(t, row[1].(string))
		s.flags = parseFlags(t, row[2].(string))
		s.want = row[3].(string)
		tests = append(tests, s)
	}
	if len(tests) < 1000 {
		t.Fatalf("%d script tests", len(tests))
	}
	return tests
}

func TestCoreScripts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, s := range scriptTests(t) {
		tx, spent := spending(s.scriptSig, s.pkScript, s.witness, s.value)
		flags := s.flags
		if flags&VerifyCleanStack != 0 {
			flags |= VerifyP2SH | VerifyWitness
		}
		if got := name(Verify(tx, 0, spent, flags)); got != s.want {
			t.Errorf("%s: %s", s.text, got)
			continue
		}
		// Fewer rules do not fail what holds, more rules do not mend what does not.
		for range 4 {
			other := Flags(random.Uint32N(1 << 16))
			if s.want == "OK" {
				other = flags &^ other
			} else {
				other |= flags
			}
			if other != fill(other) {
				continue
			}
			if got := name(Verify(tx, 0, spent, other)); (got == "OK") != (s.want == "OK") {
				t.Errorf("%s: %s with flags %x", s.text, got, other)
			}
		}
	}
}

// txTest is a row of tx_valid.json or tx_invalid.json.
type txTest struct {
	text  string
	tx    *wire.Tx
	spent []btcwire.TxOut
	flags Flags
	bad   bool // the transaction is refused before its scripts are looked at
}

func txTests(t testing.TB, file string) (tests []txTest) {
	var rows [][]json.RawMessage
	if err := json.Unmarshal(vectors.Open(t, file), &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		var prevouts [][]any
		if len(row) < 3 || json.Unmarshal(row[0], &prevouts) != nil {
			continue // a comment
		}
		var raw, flags string
		if json.Unmarshal(row[1], &raw) != nil || json.Unmarshal(row[2], &flags) != nil {
			t.Fatalf("%s", row)
		}
		test := txTest{text: raw, bad: flags == "BADTX"}
		if !test.bad {
			test.flags = parseFlags(t, flags)
		}
		known := map[btcwire.OutPoint]btcwire.TxOut{}
		for _, p := range prevouts {
			out := btcwire.TxOut{PkScript: assemble(t, p[2].(string))}
			if len(p) > 3 {
				out.Value = int64(p[3].(float64))
			}
			at := btcwire.OutPoint{Hash: mustHash(t, p[0].(string)), Index: uint32(int64(p[1].(float64)))}
			known[at] = out
		}
		// Core's test does not ask whether bytes follow, and behind one they do.
		tx, _, err := wire.ReadTx(mustHex(t, raw))
		if err != nil {
			t.Fatalf("%.200s: %v", raw, err)
		}
		test.tx = tx
		for _, in := range tx.Msg().TxIn {
			out, ok := known[in.PreviousOutPoint]
			if !ok && !test.bad {
				t.Fatalf("%s: spends what is not there", raw)
			}
			test.spent = append(test.spent, out)
		}
		tests = append(tests, test)
	}
	if len(tests) < 90 {
		t.Fatalf("%d transactions in %s", len(tests), file)
	}
	return tests
}

// verifyAll verifies the inputs of a transaction up to the first that does not hold.
func verifyAll(tx *wire.Tx, spent []btcwire.TxOut, flags Flags) error {
	c := NewChecker(tx.Msg(), spent)
	for i := range spent {
		if err := c.Input(i, flags); err != nil {
			return err
		}
	}
	return nil
}

func TestCoreValidTransactions(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, test := range txTests(t, "bitcoin/tx_valid.json") {
		// The flags are those that it does not stand.
		if err := verifyAll(test.tx, test.spent, allFlags&^test.flags); err != nil {
			t.Errorf("%s: %v", test.text, name(err))
		}
		for range 8 {
			flags := trim(allFlags &^ (test.flags | Flags(random.Uint32N(uint32(allFlags)+1))))
			if err := verifyAll(test.tx, test.spent, flags); err != nil {
				t.Errorf("%s: %v with flags %x", test.text, name(err), flags)
			}
		}
		for _, f := range flagNames {
			if fewer := fill(^(test.flags &^ f)) & allFlags; f != 0 && test.flags&f != 0 &&
				verifyAll(test.tx, test.spent, fewer) == nil {
				t.Errorf("%s: holds with flag %x", test.text, f)
			}
		}
	}
}

func TestCoreInvalidTransactions(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, test := range txTests(t, "bitcoin/tx_invalid.json") {
		if test.bad {
			continue // refused by ledger/check
		}
		if verifyAll(test.tx, test.spent, test.flags) == nil {
			t.Errorf("%s: holds", test.text)
		}
		for range 8 {
			flags := fill(test.flags | Flags(random.Uint32N(uint32(allFlags)+1)))
			if verifyAll(test.tx, test.spent, flags) == nil {
				t.Errorf("%s: holds with flags %x", test.text, flags)
			}
		}
	}
}

func TestCoreSignatureHashes(t *testing.T) {
	var rows [][]any
	if err := json.Unmarshal(vectors.Open(t, "bitcoin/sighash.json"), &rows); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, row := range rows {
		if len(row) < 5 {
			continue
		}
		tx, err := wire.DecodeTx(mustHex(t, row[0].(string)))
		if err != nil {
			t.Fatal(err)
		}
		hashType := uint32(int32(row[3].(float64)))
		got := LegacySigHash(tx.Msg(), int(row[2].(float64)), mustHex(t, row[1].(string)), hashType)
		if want := row[4].(string); got.String() != want {
			t.Errorf("%v: %s", row, got)
		}
		n++
	}
	if n < 500 {
		t.Fatalf("%d signature hashes", n)
	}
}

// TestErrorNames holds our names against those that the vectors use.
func TestErrorNames(t *testing.T) {
	known := map[string]bool{}
	for i := range errorTable {
		e := Error(i)
		if e.Name() == "" || e.Error() == "" || strings.Contains(e.Name(), " ") {
			t.Errorf("error %d is %q, %q", i, e.Name(), e.Error())
		}
		known[e.Name()] = true
	}
	for _, s := range scriptTests(t) {
		if !known[s.want] {
			t.Errorf("no error %s", s.want)
		}
	}
}
