package wire

import (
	"bytes"
	"testing"
)

func seedTx(f *testing.F) []byte { return unhex(f, txVersion+"0001"+txIns+txOuts+txWitness+txLock) }

func FuzzHeader(f *testing.F) {
	f.Add((&Header{Version: 4, Sig: bytes.Repeat([]byte{1}, 130)}).Append(nil))
	f.Add((&Header{PrevStake: NullOutPoint}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, rest, err := DecodeHeader(b)
		if err != nil {
			return
		}
		raw := h.Append(nil)
		if !bytes.Equal(append(raw, rest...), b) {
			t.Fatalf("%x comes back as %x and %x", b, raw, rest)
		}
		if h.Hash() != sha256d(raw) || len(h.BlockSig())+len(h.ProofOfDelegation()) != len(h.Sig) {
			t.Fatal("hash or signature")
		}
		h.HashWithoutSig()
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add(Headers{{Version: 4}, {PrevStake: NullOutPoint, Sig: []byte{1}}}.Append(nil))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		hs, err := DecodeHeaders(b)
		if err != nil {
			return
		}
		// Numbers of transactions come back as zero, so the bytes may differ.
		again, err := DecodeHeaders(hs.Append(nil))
		if err != nil || len(again) != len(hs) || len(hs) > MaxHeaders {
			t.Fatalf("%d headers, again %d: %v", len(hs), len(again), err)
		}
	})
}

func FuzzTransaction(f *testing.F) {
	f.Add(seedTx(f))
	f.Add(unhex(f, txVersion+txIns+txOuts+txLock))
	f.Add(unhex(f, txVersion+"0000"+txLock))
	f.Fuzz(func(t *testing.T, b []byte) {
		tx, err := DecodeTx(b)
		if err != nil {
			return
		}
		if raw := tx.Append(nil); !bytes.Equal(raw, b) || tx.TotalSize() != len(b) {
			t.Fatalf("%x comes back as %x", b, raw)
		}
		if tx.ID() != sha256d(tx.AppendBase(nil)) || tx.WitnessID() != sha256d(b) {
			t.Fatal("hashes")
		}
	})
}

func FuzzBlock(f *testing.F) {
	tx, err := DecodeTx(seedTx(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add((&Block{Header: Header{Version: 4}, Txs: []*Tx{tx, tx}}).Append(nil))
	f.Add((&Block{}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		block, err := DecodeBlock(b)
		if err != nil {
			return
		}
		if raw := block.Append(nil); !bytes.Equal(raw, b) || block.TotalSize() != len(b) {
			t.Fatalf("%x comes back as %x", b, raw)
		}
		MerkleRoot(block.Txs)
		WitnessMerkleRoot(block)
	})
}
