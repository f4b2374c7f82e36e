package chaintest

import (
	"crypto/sha256"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/header"
	"spacechain/ledger/wire"
)

// Draft is a block whose contents can still be changed. Seal brings everything in order
// that can follow from the contents (signatures, commitment, merkle root, proof of work),
// so that a changed draft is wrong in that one respect only.
type Draft struct {
	Header wire.Header
	Txs    []*btcwire.MsgTx // the coinbase, in a proof-of-stake block the coinstake, then the rest
	Height int32

	// Of a proof-of-stake block.
	Signer *Key   // signs the block
	Stakes []Coin // what the coinstake spends
	Proof  []byte // proof of delegation, empty where the signer stakes a coin of its own
	DER    bool   // the form of the signature: DER, not the compact one

	// KeepX leaves X as it is: for changes of just that.
	KeepStakeSigs, KeepCommitment, KeepMerkleRoot, KeepSig bool
}

// PoS tells whether the draft is of a proof-of-stake block.
func (d *Draft) PoS() bool { return d.Header.IsProofOfStake() }

// Coinbase is the first transaction.
func (d *Draft) Coinbase() *btcwire.MsgTx { return d.Txs[0] }

// Reward is the transaction that takes fees, subsidy and gas refunds: the coinstake, or
// the coinbase of a proof-of-work block.
func (d *Draft) Reward() *btcwire.MsgTx {
	if d.PoS() {
		return d.Txs[1]
	}
	return d.Txs[0]
}

// Copy is a draft that shares nothing with d that a change could reach.
func (d *Draft) Copy() *Draft {
	e := *d
	e.Header.Sig = slices.Clone(d.Header.Sig)
	e.Stakes = slices.Clone(d.Stakes)
	e.Txs = make([]*btcwire.MsgTx, len(d.Txs))
	for i, tx := range d.Txs {
		e.Txs[i] = tx.Copy()
	}
	return &e
}

// DraftOf is the draft of a block that someone else made. Only proof-of-work blocks can
// be sealed again without their keys.
func DraftOf(b *wire.Block, height int32) *Draft {
	d := &Draft{Header: b.Header, Height: height, KeepStakeSigs: true, KeepSig: b.IsProofOfStake()}
	d.Header.Sig = slices.Clone(b.Header.Sig)
	for _, tx := range b.Txs {
		d.Txs = append(d.Txs, tx.Msg().Copy())
	}
	return d
}

// Block is the draft as it stands.
func (d *Draft) Block() *wire.Block {
	b := &wire.Block{Header: d.Header}
	for _, tx := range d.Txs {
		b.Txs = append(b.Txs, wire.NewTx(tx.Copy()))
	}
	return b
}

// Seal signs the coinstake and the block, or works, and gives the block.
func (d *Draft) Seal() *wire.Block {
	if !d.KeepStakeSigs {
		d.signStakes()
	}
	if !d.KeepCommitment {
		d.commit()
	}
	b := d.Block()
	if !d.KeepMerkleRoot {
		b.Header.MerkleRoot, _ = wire.MerkleRoot(b.Txs)
	}
	if !d.KeepSig {
		if d.PoS() {
			d.sign(&b.Header)
		} else {
			work(&b.Header)
		}
	}
	d.Header = b.Header
	return b
}

// signStakes signs the inputs of the coinstake, if it stands where it should.
func (d *Draft) signStakes() {
	if !d.PoS() || len(d.Txs) < 2 || len(d.Txs[1].TxIn) != len(d.Stakes) {
		return
	}
	for i, coin := range d.Stakes {
		if d.Txs[1].TxIn[i].PreviousOutPoint == coin.OutPoint {
			signInput(d.Txs[1], i, d.Stakes)
		}
	}
}

// commitmentHead begins the script of a witness commitment (BIP141).
var commitmentHead = []byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}

// Commitment is the index of the coinbase's output that commits to the witnesses, -1
// where there is none.
func (d *Draft) Commitment() int {
	for i, out := range slices.Backward(d.Txs[0].TxOut) {
		if len(out.PkScript) >= 38 && slices.Equal(out.PkScript[:6], commitmentHead) {
			return i
		}
	}
	return -1
}

// commit makes the coinbase's commitment, if it has one, that of the witnesses.
func (d *Draft) commit() {
	if len(d.Txs) == 0 {
		return
	}
	i := d.Commitment()
	if i < 0 || len(d.Txs[0].TxIn) == 0 || len(d.Txs[0].TxIn[0].Witness) != 1 {
		return
	}
	root, _ := wire.WitnessMerkleRoot(d.Block())
	sum := doubleHash(append(root[:], d.Txs[0].TxIn[0].Witness[0]...))
	d.Txs[0].TxOut[i].PkScript = append(slices.Clone(commitmentHead), sum[:]...)
}

// sign makes the block's signature, with the proof of delegation behind it.
func (d *Draft) sign(h *wire.Header) {
	// The proof is under the signature, so it has to stand where it will.
	h.Sig = append(make([]byte, wire.CompactSigSize), d.Proof...)
	hash := h.HashWithoutSig()
	sig := d.Signer.SignCompact(hash[:])
	if d.DER {
		sig = d.Signer.SignDER(hash[:])
	}
	h.Sig = append(sig, d.Proof...)
}

// work counts the nonce up until the hash meets the target, which is easy on the networks
// that the builder works on.
func work(h *wire.Header) {
	h.Nonce = 0
	h.Sig = nil
	for !meets(h) {
		h.Nonce++
	}
}

func meets(h *wire.Header) bool {
	target, _, _ := header.Target(h.Bits)
	hash := header.Number(h.Hash())
	return !hash.Gt(&target)
}

// coinbase makes the coinbase of a block at height: paying out, and committing to
// witnesses where commit is set.
func coinbase(height int32, commit bool, outs ...*btcwire.TxOut) *btcwire.MsgTx {
	tx := btcwire.NewMsgTx(2)
	in := btcwire.NewTxIn(&wire.NullOutPoint, append(ScriptInt(int64(height)), 0x00), nil)
	tx.AddTxIn(in)
	tx.TxOut = outs
	if commit {
		in.Witness = btcwire.TxWitness{make([]byte, 32)}
		tx.AddTxOut(btcwire.NewTxOut(0, append(slices.Clone(commitmentHead), make([]byte, sha256.Size)...)))
	}
	return tx
}

// ScriptInt is the shortest push of a number in a script.
func ScriptInt(n int64) []byte {
	switch {
	case n == 0:
		return []byte{0x00}
	case n == -1 || 1 <= n && n <= 16:
		return []byte{byte(0x50 + n)}
	}
	return ScriptPush(number(uint64(n)))
}

// hasWitness tells whether any of txs has a witness.
func hasWitness(txs []*btcwire.MsgTx) bool {
	return slices.ContainsFunc(txs, (*btcwire.MsgTx).HasWitness)
}

// at is the place of an output.
func at(id chainhash.Hash, n uint32) btcwire.OutPoint { return btcwire.OutPoint{Hash: id, Index: n} }
