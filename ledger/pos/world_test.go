package pos

import (
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// world is a chain of bare headers, coins on it, a delegation contract, and the block that
// a test breaks.
type world struct {
	net      *params.Network
	tree     *header.Tree
	coins    map[btcwire.OutPoint]*coins.Coin
	deployed bool
	readable bool
	records  map[[20]byte]Delegation

	owner, staker *btcec.PrivateKey
	ownerCoin     btcwire.OutPoint // 200 coins at height 10
	stakerCoin    btcwire.OutPoint // 150 coins at height 12
}

func (w *world) Coin(op btcwire.OutPoint) (*coins.Coin, error) { return w.coins[op], nil }
func (w *world) Deployed() (bool, error)                       { return w.deployed, nil }
func (w *world) Delegation(owner [20]byte) (Delegation, bool, error) {
	return w.records[owner], w.readable, nil
}

func secret(b byte) *btcec.PrivateKey {
	k, _ := btcec.PrivKeyFromBytes([]byte{b})
	return k
}

func public(k *btcec.PrivateKey) []byte { return k.PubKey().SerializeCompressed() }
func hashOf(k *btcec.PrivateKey) [20]byte {
	return script.Hash160(public(k))
}

// newWorld has a chain of n blocks under regtest's rules, whose coins mature after 20.
func newWorld(t *testing.T, n int) *world {
	t.Helper()
	w := &world{
		net: params.Regtest(), coins: map[btcwire.OutPoint]*coins.Coin{}, deployed: true, readable: true,
		records: map[[20]byte]Delegation{}, owner: secret(1), staker: secret(2),
		ownerCoin: btcwire.OutPoint{Hash: chainhash.Hash{1}, Index: 1}, stakerCoin: btcwire.OutPoint{Hash: chainhash.Hash{2}},
	}
	w.net.CoinMaturityRBT, w.net.CoinMaturity = 20, 20
	w.tree = header.New(&w.net.Genesis.Header, header.Options{})
	for range n {
		w.add(t, w.header(wire.NullOutPoint))
	}
	w.coins[w.ownerCoin] = &coins.Coin{Value: 200 * params.Coin, Script: script.P2PKH(hashOf(w.owner)), Height: 10}
	w.coins[w.stakerCoin] = &coins.Coin{Value: 150 * params.Coin, Script: script.P2PK(public(w.staker)), Height: 12}
	return w
}

// header gives one on the tip.
func (w *world) header(staked btcwire.OutPoint) wire.Header {
	tip := w.tree.Tip()
	return wire.Header{Version: 4, PrevBlock: tip.Hash, Time: (tip.Header.Time + 32) &^ 15, Bits: 0x207fffff, PrevStake: staked}
}

func (w *world) add(t *testing.T, h wire.Header) *header.Node {
	t.Helper()
	n, err := w.tree.Add(&h)
	if err == nil {
		err = w.tree.SetTip(n)
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func out(value int64, pkScript ...byte) *btcwire.TxOut {
	return &btcwire.TxOut{Value: value, PkScript: pkScript}
}

// stake is a block being made: coinstake and header, and who signs which.
type stake struct {
	header wire.Header
	tx     *btcwire.MsgTx
	input  *btcec.PrivateKey // signs the coinstake's input
	block  *btcec.PrivateKey // signs the block
	proof  []byte            // of delegation
	der    bool              // the block is signed in DER
}

// own is the owner staking alone.
func (w *world) own() *stake {
	return &stake{
		header: w.header(w.ownerCoin),
		tx: &btcwire.MsgTx{
			Version: 2, TxIn: []*btcwire.TxIn{{PreviousOutPoint: w.ownerCoin}},
			TxOut: []*btcwire.TxOut{out(0), out(w.coins[w.ownerCoin].Value+params.Coin, script.P2PK(public(w.owner))...)},
		},
		input: w.owner, block: w.owner,
	}
}

// delegate writes the owner's delegation into the contract and gives the proof.
func (w *world) delegate(fee uint8) []byte {
	hash := delegationHash(hashOf(w.staker))
	proof := ecdsa.SignCompact(w.owner, hash[:], true)
	w.records[hashOf(w.owner)] = Delegation{Staker: hashOf(w.staker), Fee: fee, BlockHeight: 15, Proof: proof}
	return proof
}

// delegated is the staker staking the owner's coin at a fee, for a reward of one coin.
func (w *world) delegated(fee uint8) *stake {
	part := params.Coin * int64(fee) / 100
	s := &stake{
		header: w.header(w.ownerCoin),
		tx: &btcwire.MsgTx{
			Version: 2, TxIn: []*btcwire.TxIn{{PreviousOutPoint: w.stakerCoin}},
			TxOut: []*btcwire.TxOut{out(0), out(w.coins[w.stakerCoin].Value+part, script.P2PK(public(w.staker))...)},
		},
		input: w.staker, block: w.staker, proof: w.delegate(fee),
	}
	if fee < 100 {
		s.tx.TxOut = append(s.tx.TxOut, out(params.Coin-part, script.P2PKH(hashOf(w.owner))...))
	}
	return s
}

// finish signs and gives the block.
func (w *world) finish(t *testing.T, s *stake) *wire.Block {
	t.Helper()
	if in := s.tx.TxIn[0]; in.SignatureScript == nil && w.coins[in.PreviousOutPoint] != nil {
		pkScript := w.coins[in.PreviousOutPoint].Script
		sig, err := txscript.RawTxInSignature(s.tx, 0, pkScript, txscript.SigHashAll, s.input)
		if err != nil {
			t.Fatal(err)
		}
		in.SignatureScript = script.AppendPush(nil, sig)
		if script.IsPayToPubKeyHash(pkScript) {
			in.SignatureScript = script.AppendPush(in.SignatureScript, public(s.input))
		}
	}
	base := &btcwire.MsgTx{
		Version: 2, TxIn: []*btcwire.TxIn{{PreviousOutPoint: wire.NullOutPoint, SignatureScript: []byte{1, 2, 3}}},
		TxOut: []*btcwire.TxOut{out(0)},
	}
	b := &wire.Block{Header: s.header, Txs: []*wire.Tx{wire.NewTx(base), wire.NewTx(s.tx)}}
	b.Header.MerkleRoot, _ = wire.MerkleRoot(b.Txs)
	// The proof is under the block's signature.
	b.Header.Sig = s.proof
	if s.proof != nil {
		b.Header.Sig = append(make([]byte, 65), s.proof...)
	}
	hash := b.Header.HashWithoutSig()
	sig := ecdsa.SignCompact(s.block, hash[:], true)
	if s.der {
		sig = ecdsa.Sign(s.block, hash[:]).Serialize()
	}
	b.Header.Sig = append(sig, s.proof...)
	return b
}
