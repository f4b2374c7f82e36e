package chaintest

import (
	"crypto/sha256"

	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
)

// Kind is a form of output script that the builder can make and spend.
type Kind int

// The kinds. Only the first two can stake and send to contracts.
const (
	PubKeyHash       Kind = iota // P2PKH
	PubKey                       // P2PK
	WitnessKey                   // P2WPKH
	WitnessScript                // P2WSH of <key> OP_CHECKSIG
	ScriptHash                   // P2SH of 1-of-1 OP_CHECKMULTISIG
	NestedWitnessKey             // P2SH of P2WPKH
	Multisig                     // bare 1-of-1 OP_CHECKMULTISIG
	TaprootKey                   // taproot, spent by key
	TaprootLeaf                  // taproot, spent by a leaf <key> OP_CHECKSIG
	kinds
)

// String is the kind's name.
func (k Kind) String() string {
	return [...]string{"P2PKH", "P2PK", "P2WPKH", "P2WSH", "P2SH", "P2SH-P2WPKH", "multisig",
		"taproot key", "taproot leaf"}[k]
}

// Coin is an output that a key can spend.
type Coin struct {
	OutPoint btcwire.OutPoint
	Value    int64 // satoshi
	Script   []byte
	Key      *Key
	Kind     Kind
	Height   int32 // of the block that made it
	Reward   bool  // an output of a coinbase or coinstake, which matures
}

// out is the coin as the output that it is.
func (c Coin) out() *btcwire.TxOut { return btcwire.NewTxOut(c.Value, c.Script) }

// Script is the key's output script of a kind.
func (k *Key) Script(kind Kind) []byte {
	switch kind {
	case PubKeyHash:
		return append(append([]byte{0x76, 0xa9, 0x14}, k.Hash[:]...), 0x88, 0xac)
	case PubKey:
		return append(ScriptPush(k.Public), 0xac)
	case WitnessKey:
		return append([]byte{0x00, 0x14}, k.Hash[:]...)
	case WitnessScript:
		h := sha256.Sum256(k.Script(PubKey))
		return append([]byte{0x00, 0x20}, h[:]...)
	case ScriptHash:
		return p2sh(k.Script(Multisig))
	case NestedWitnessKey:
		return p2sh(k.Script(WitnessKey))
	case Multisig:
		return append(append([]byte{0x51}, ScriptPush(k.Public)...), 0x51, 0xae)
	case TaprootKey:
		out := txscript.ComputeTaprootKeyNoScript(k.Private.PubKey())
		return append([]byte{0x51, 0x20}, schnorr.SerializePubKey(out)...)
	case TaprootLeaf:
		root := k.leaves().RootNode.TapHash()
		out := txscript.ComputeTaprootOutputKey(k.Private.PubKey(), root[:])
		return append([]byte{0x51, 0x20}, schnorr.SerializePubKey(out)...)
	}
	panic("chaintest: no such kind of script")
}

func p2sh(redeem []byte) []byte {
	h := Hash160(redeem)
	return append(append([]byte{0xa9, 0x14}, h[:]...), 0x87)
}

// leafScript is the one leaf of TaprootLeaf.
func (k *Key) leafScript() []byte {
	return append(ScriptPush(schnorr.SerializePubKey(k.Private.PubKey())), 0xac)
}

func (k *Key) leaves() *txscript.IndexedTapScriptTree {
	return txscript.AssembleTaprootScriptTree(txscript.NewBaseTapLeaf(k.leafScript()))
}

// signInput signs input i of tx, whose inputs spend coins.
func signInput(tx *btcwire.MsgTx, i int, coins []Coin) {
	prevouts := txscript.NewMultiPrevOutFetcher(nil)
	for _, c := range coins {
		prevouts.AddPrevOut(c.OutPoint, c.out())
	}
	var (
		hashes = txscript.NewTxSigHashes(tx, prevouts)
		coin   = coins[i]
		key    = coin.Key
		in     = tx.TxIn[i]
	)
	legacy := func(script []byte) []byte {
		return must(txscript.RawTxInSignature(tx, i, script, txscript.SigHashAll, key.Private))
	}
	segwit := func(script []byte) []byte {
		return must(txscript.RawTxInWitnessSignature(tx, hashes, i, coin.Value, script, txscript.SigHashAll,
			key.Private))
	}
	in.SignatureScript, in.Witness = nil, nil
	switch coin.Kind {
	case PubKeyHash:
		in.SignatureScript = append(ScriptPush(legacy(coin.Script)), ScriptPush(key.Public)...)
	case PubKey:
		in.SignatureScript = ScriptPush(legacy(coin.Script))
	case WitnessKey:
		in.Witness = btcwire.TxWitness{segwit(coin.Script), key.Public}
	case WitnessScript:
		script := key.Script(PubKey)
		in.Witness = btcwire.TxWitness{segwit(script), script}
	case ScriptHash:
		redeem := key.Script(Multisig)
		in.SignatureScript = append([]byte{0x00}, ScriptPush(legacy(redeem))...)
		in.SignatureScript = append(in.SignatureScript, ScriptPush(redeem)...)
	case NestedWitnessKey:
		program := key.Script(WitnessKey)
		in.SignatureScript = ScriptPush(program)
		in.Witness = btcwire.TxWitness{segwit(program), key.Public}
	case Multisig:
		in.SignatureScript = append([]byte{0x00}, ScriptPush(legacy(coin.Script))...)
	case TaprootKey:
		sig := must(txscript.RawTxInTaprootSignature(tx, hashes, i, coin.Value, coin.Script, nil,
			txscript.SigHashDefault, key.Private))
		in.Witness = btcwire.TxWitness{sig}
	case TaprootLeaf:
		tree := key.leaves()
		sig := must(txscript.RawTxInTapscriptSignature(tx, hashes, i, coin.Value, coin.Script,
			txscript.NewBaseTapLeaf(key.leafScript()), txscript.SigHashDefault, key.Private))
		control := tree.LeafMerkleProofs[0].ToControlBlock(key.Private.PubKey())
		in.Witness = btcwire.TxWitness{sig, key.leafScript(), must(control.ToBytes())}
	}
}

// must is for what cannot fail with the inputs that the builder makes.
func must[T any](v T, err error) T {
	if err != nil {
		panic("chaintest: " + err.Error())
	}
	return v
}
