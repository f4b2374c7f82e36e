package script

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/internal/vectors"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// forChain calls fn with each transaction of a vector chain and what it spends.
func forChain(t testing.TB, name string, fn func(n *params.Network, height int32, tx *wire.Tx, spent []btcwire.TxOut)) {
	t.Helper()
	f, err := os.Open(filepath.Join(vectors.Path(t, "qtum"), name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var chain struct{ Args, Blocks []string }
	if err := json.NewDecoder(z).Decode(&chain); err != nil {
		t.Fatal(err)
	}
	n := params.Regtest()
	for _, arg := range chain.Args {
		if err := n.Override(arg); err != nil {
			t.Fatal(err)
		}
	}
	coins := map[btcwire.OutPoint]btcwire.TxOut{}
	for i, text := range chain.Blocks {
		b, err := wire.DecodeBlock(mustHex(t, text))
		if err != nil {
			t.Fatalf("%s %d: %v", name, i+1, err)
		}
		for _, tx := range b.Txs {
			var spent []btcwire.TxOut
			if !tx.IsCoinBase() {
				for _, in := range tx.Msg().TxIn {
					out, ok := coins[in.PreviousOutPoint]
					if !ok {
						t.Fatalf("%s %d: spends %v, which is not there", name, i+1, in.PreviousOutPoint)
					}
					delete(coins, in.PreviousOutPoint)
					spent = append(spent, out)
				}
			}
			fn(n, int32(i+1), tx, spent)
			for at, out := range tx.Msg().TxOut {
				coins[btcwire.OutPoint{Hash: tx.ID(), Index: uint32(at)}] = *out
			}
		}
	}
}

// TestVectorChains verifies every script of chains of Qtum Core: inputs, senders of
// contract outputs, and that every contract output fits a template and can be read.
func TestVectorChains(t *testing.T) {
	total := map[string]int{}
	for _, chain := range []string{"qtum_op_sender", "qtum_pos_segwit", "qtum_condensing_txs", "fuzz_d201"} {
		forChain(t, chain, func(n *params.Network, height int32, tx *wire.Tx, spent []btcwire.TxOut) {
			flags := BlockFlags(n, height)
			msg := tx.Msg()
			c := NewChecker(msg, spent)
			for i, in := range msg.TxIn {
				if tx.IsCoinBase() {
					break
				}
				// Most inputs are alike and slow to verify.
				total["inputs"]++
				if total["inputs"]%8 != 0 && !tx.HasWitness() && !HasOpSpend(in.SignatureScript) {
					continue
				}
				if err := c.Input(i, flags); err != nil {
					t.Fatalf("%s %d: input %d of %s: %s", chain, height, i, tx.ID(), name(err))
				}
				switch {
				case HasOpSpend(in.SignatureScript):
					total["OP_SPEND"]++
				case len(in.Witness) > 0:
					total["witness"]++
				}
			}
			contracts, ok := Contracts(msg.TxOut, ContractFlags(n, height))
			if !ok {
				t.Fatalf("%s %d: contracts of %s cannot be read", chain, height, tx.ID())
			}
			for i, out := range msg.TxOut {
				if HasOpSender(out.PkScript) {
					if err := c.Sender(i); err != nil {
						t.Fatalf("%s %d: sender of output %d of %s: %s", chain, height, i, tx.ID(), name(err))
					}
					broken := *msg
					broken.LockTime++
					if total["OP_SENDER"]%16 == 0 && NewChecker(&broken, spent).Sender(i) == nil {
						t.Fatalf("%s %d: sender of output %d of %s holds for another transaction", chain, height, i, tx.ID())
					}
					total["OP_SENDER"]++
				}
				if !IsContract(out.PkScript) {
					continue
				}
				kind, _ := Solve(out.PkScript, true, false)
				one := contracts[0]
				contracts = contracts[1:]
				want := map[Kind]Action{Create: ActionCreate, CreateSender: ActionCreate, Call: ActionCall, CallSender: ActionCall}
				action, isContract := want[kind]
				if !isContract || action != one.Action || one.Output != i || len(one.Data) == 0 ||
					one.HasSender != (kind == CreateSender || kind == CallSender) {
					t.Fatalf("%s %d: output %d of %s is %s, read as %+v", chain, height, i, tx.ID(), kind, one)
				}
				if one.Version.RootVM() == 0 {
					if !bytes.Equal(out.PkScript, NoExec(one.Address)) {
						t.Fatalf("%s %d: output %d of %s runs nothing and is %x", chain, height, i, tx.ID(), out.PkScript)
					}
					total["no-exec"]++
				}
				total[kind.String()]++
			}
			if len(contracts) > 0 {
				t.Fatalf("%s %d: %d contracts too many", chain, height, len(contracts))
			}
		})
	}
	for _, what := range []string{"OP_SPEND", "OP_SENDER", "witness", "no-exec", "create", "call", "create_sender", "call_sender"} {
		if total[what] == 0 {
			t.Errorf("no %s in the chains: %v", what, total)
		}
	}
}
