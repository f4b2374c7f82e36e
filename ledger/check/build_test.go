package check

import (
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// draft is a block on its way to be finished: what a test changes before roots,
// commitment, proof and signature are made to fit.
type draft struct {
	header wire.Header
	txs    []*btcwire.MsgTx
	key    *btcec.PrivateKey // of the staker

	keepRoot, keepSig, keepWork bool
}

func secret(b byte) *btcec.PrivateKey {
	k, _ := btcec.PrivKeyFromBytes([]byte{b})
	return k
}

func coinbase(height int32, outs ...*btcwire.TxOut) *btcwire.MsgTx {
	return &btcwire.MsgTx{
		Version: 2,
		TxIn: []*btcwire.TxIn{{
			PreviousOutPoint: wire.NullOutPoint, SignatureScript: append(HeightPush(height), 0x51, 0x51),
			Sequence: btcwire.MaxTxInSequenceNum,
		}},
		TxOut: outs,
	}
}

func spend(op btcwire.OutPoint, outs ...*btcwire.TxOut) *btcwire.MsgTx {
	return &btcwire.MsgTx{
		Version: 2,
		TxIn:    []*btcwire.TxIn{{PreviousOutPoint: op, Sequence: btcwire.MaxTxInSequenceNum}},
		TxOut:   outs,
	}
}

func out(value int64, pkScript ...byte) *btcwire.TxOut {
	return &btcwire.TxOut{Value: value, PkScript: pkScript}
}

// workDraft is a block by proof of work on parent.
func workDraft(parent *header.Node) *draft {
	return &draft{
		header: wire.Header{
			Version: 4, PrevBlock: parent.Hash, Time: parent.Header.Time + 32, Bits: 0x207fffff,
			PrevStake: wire.NullOutPoint,
		},
		txs: []*btcwire.MsgTx{coinbase(parent.Height+1, out(params.Coin, 0x51))},
	}
}

// stakeDraft is a block by proof of stake on parent.
func stakeDraft(parent *header.Node) *draft {
	key := secret(7)
	op := btcwire.OutPoint{Hash: chainhash.Hash{1}, Index: 2}
	d := &draft{
		header: wire.Header{
			Version: 4, PrevBlock: parent.Hash, Time: (parent.Header.Time + 32) &^ 3, Bits: 0x207fffff, PrevStake: op,
		},
		txs: []*btcwire.MsgTx{
			coinbase(parent.Height+1, out(0)),
			spend(op, out(0), out(params.Coin, script.P2PK(key.PubKey().SerializeCompressed())...)),
		},
		key: key,
	}
	return d
}

// finish makes the block valid but for what the test broke.
func (d *draft) finish() *wire.Block {
	b := &wire.Block{Header: d.header}
	for _, m := range d.txs {
		b.Txs = append(b.Txs, wire.NewTx(m))
	}
	if !d.keepRoot {
		b.Header.MerkleRoot, _ = wire.MerkleRoot(b.Txs)
	}
	switch {
	case d.key != nil && !d.keepSig:
		hash := b.Header.HashWithoutSig()
		b.Header.Sig = ecdsa.SignCompact(d.key, hash[:], true)
	case d.key == nil && !d.keepWork:
		for !Work(params.Regtest(), b.Header.Hash(), b.Header.Bits) {
			b.Header.Nonce++
		}
	}
	return b
}

// chain gives a tree with n blocks by proof of work, 32 s apart.
func chain(net *params.Network, n int) *header.Tree {
	tr := header.New(&net.Genesis.Header, header.Options{})
	for range n {
		parent := tr.Tip()
		h := wire.Header{
			Version: 4, PrevBlock: parent.Hash, Time: (parent.Header.Time + 32) &^ 15, Bits: 0x207fffff,
			PrevStake: wire.NullOutPoint,
		}
		node, err := tr.Add(&h)
		if err == nil {
			err = tr.SetTip(node)
		}
		if err != nil {
			panic(err)
		}
	}
	return tr
}
