package script

import (
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	btcwire "github.com/btcsuite/btcd/wire/v2"
)

// signedInputs gives a transaction of n inputs that spend P2PKH outputs.
func signedInputs(n int) (*btcwire.MsgTx, []btcwire.TxOut) {
	m := newScriptMaker(1)
	public := m.key.PubKey().SerializeCompressed()
	pkScript := P2PKH(Hash160(public))
	tx := &btcwire.MsgTx{Version: 2, TxOut: []*btcwire.TxOut{{Value: 1, PkScript: pkScript}, {Value: 2, PkScript: pkScript}}}
	spent := make([]btcwire.TxOut, n)
	for i := range n {
		tx.TxIn = append(tx.TxIn, &btcwire.TxIn{PreviousOutPoint: btcwire.OutPoint{Index: uint32(i)}})
		spent[i] = btcwire.TxOut{Value: 1000, PkScript: pkScript}
	}
	for i, in := range tx.TxIn {
		hash := LegacySigHash(tx, i, pkScript, SigHashAll)
		sig := append(ecdsa.Sign(m.key, hash[:]).Serialize(), SigHashAll)
		in.SignatureScript = AppendPush(AppendPush(nil, sig), public)
	}
	return tx, spent
}

// BenchmarkInput verifies P2PKH inputs one after the other.
func BenchmarkInput(b *testing.B) {
	tx, spent := signedInputs(16)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c := NewChecker(tx, spent)
		if err := c.Input(i%len(spent), blockFlags); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInputParallel verifies the inputs of one transaction on all cores.
func BenchmarkInputParallel(b *testing.B) {
	tx, spent := signedInputs(16)
	c := NewChecker(tx, spent)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if err := c.Input(i%len(spent), blockFlags); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkContract reads a contract's output.
func BenchmarkContract(b *testing.B) {
	outs := []*btcwire.TxOut{{PkScript: assemble(b, version4+" "+limit+" "+price+" "+code+" "+address+" CALL")}}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Contracts(outs, ExecByteCode|OutputSender); !ok {
			b.Fatal("not read")
		}
	}
}
