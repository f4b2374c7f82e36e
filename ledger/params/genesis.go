package params

import (
	"encoding/hex"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"spacechain/ledger/wire"
)

// emptyRoot is the root of an empty trie, keccak256(0x80).
var emptyRoot = [32]byte(unhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"))

// The genesis of Qtum's networks differs only in bits and nonce.
var (
	qtumStateRoot = [32]byte(unhex("e965ffd002cd6ad0e2dc402b8044de833e06b23127ea8c3d80aec91410771495"))
	qtumKey       = unhex("040d61d8653448c98731ee5fffd303c15e71ec2057b77f11ab3601979728cdaff2" +
		"d68afbba14e4fa0bc44f2072b0b23ef63717f8cdfbe58dcd33f32b6afe98741a")
)

const (
	qtumTime     = 1504695029
	qtumHeadline = "Sep 02, 2017 Bitcoin breaks $5,000 in latest price frenzy"
)

// qtumGenesis builds the genesis block of a Qtum network (kernel/chainparams.cpp:
// CreateGenesisBlock).
func qtumGenesis(bits, nonce uint32) *wire.Block {
	scriptSig := []byte{
		0x00,                         // OP_0
		0x04, 0xbf, 0x91, 0x22, 0x1d, // 488804799
		0x01, 0x04,
		byte(len(qtumHeadline)),
	}
	scriptSig = append(scriptSig, qtumHeadline...)
	pay := append(append([]byte{byte(len(qtumKey))}, qtumKey...), opCheckSig)
	return genesis(1, qtumTime, bits, nonce, qtumStateRoot, scriptSig,
		&btcwire.TxOut{Value: 50 * Coin, PkScript: pay})
}

const opCheckSig = 0xac

// genesis builds a block that has no block before it.
func genesis(version int32, time, bits, nonce uint32, stateRoot [32]byte, scriptSig []byte,
	outs ...*btcwire.TxOut) *wire.Block {

	tx := wire.NewTx(&btcwire.MsgTx{
		Version: 1,
		TxIn: []*btcwire.TxIn{{
			PreviousOutPoint: wire.NullOutPoint,
			SignatureScript:  scriptSig,
			Sequence:         btcwire.MaxTxInSequenceNum,
		}},
		TxOut: outs,
	})
	b := &wire.Block{
		Header: wire.Header{
			Version:   version,
			Time:      time,
			Bits:      bits,
			Nonce:     nonce,
			StateRoot: stateRoot,
			UTXORoot:  emptyRoot,
			PrevStake: wire.NullOutPoint,
		},
		Txs: []*wire.Tx{tx},
	}
	b.Header.MerkleRoot, _ = wire.MerkleRoot(b.Txs)
	return b
}

// unhex reads hex that stands in this package's source.
func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(fmt.Sprintf("hex in the source: %v", err))
	}
	return b
}

// hash reads a hash that stands in this package's source as text: reversed.
func hash(s string) chainhash.Hash {
	h, err := chainhash.NewHashFromStr(s)
	if err != nil {
		panic(fmt.Sprintf("hash in the source: %v", err))
	}
	return *h
}

// hashes reads a table of hashes.
func hashes(table map[int32]string) map[int32]chainhash.Hash {
	m := make(map[int32]chainhash.Hash, len(table))
	for height, s := range table {
		m[height] = hash(s)
	}
	return m
}

// number reads a 256-bit number from its first hex digits; the rest are tail.
func number(head string, tail byte) uint256.Int {
	b := make([]byte, 64)
	for i := range b {
		b[i] = tail
	}
	copy(b, head)
	return *new(uint256.Int).SetBytes(unhex(string(b)))
}
