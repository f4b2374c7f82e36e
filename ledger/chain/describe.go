package chain

import (
	"encoding/hex"
	"fmt"
	"math/big"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// BlockInfo describes a block as `getblock` does, with its transactions. Hashes and roots
// are reversed.
type BlockInfo struct {
	Hash              string   `json:"hash"`
	Confirmations     int32    `json:"confirmations"` // -1: it is not on the best chain
	Height            int32    `json:"height"`
	Version           int32    `json:"version"`
	VersionHex        string   `json:"versionHex"`
	MerkleRoot        string   `json:"merkleroot"`
	Time              uint32   `json:"time"`
	MedianTime        int64    `json:"mediantime"`
	Nonce             uint32   `json:"nonce"`
	Bits              string   `json:"bits"`
	Difficulty        float64  `json:"difficulty"`
	ChainWork         string   `json:"chainwork"`
	NTx               int      `json:"nTx"`
	StateRoot         string   `json:"hashStateRoot"`
	UTXORoot          string   `json:"hashUTXORoot"`
	PrevoutStakeHash  string   `json:"prevoutStakeHash,omitempty"`
	PrevoutStakeVoutN *uint32  `json:"prevoutStakeVoutN,omitempty"`
	PreviousBlockHash string   `json:"previousblockhash,omitempty"`
	NextBlockHash     string   `json:"nextblockhash,omitempty"`
	Flags             string   `json:"flags"`
	ProofHash         string   `json:"proofhash"`
	Modifier          string   `json:"modifier"`
	Signature         string   `json:"signature,omitempty"`
	ProofOfDelegation string   `json:"proofOfDelegation,omitempty"`
	StrippedSize      int      `json:"strippedsize"`
	Size              int      `json:"size"`
	Weight            int      `json:"weight"`
	Tx                []TxInfo `json:"tx"`
}

// TxInfo describes a transaction as `getrawtransaction` does.
type TxInfo struct {
	TxID     string    `json:"txid"`
	Hash     string    `json:"hash"`
	Version  int32     `json:"version"`
	Size     int       `json:"size"`
	VSize    int       `json:"vsize"`
	Weight   int       `json:"weight"`
	LockTime uint32    `json:"locktime"`
	Vin      []InInfo  `json:"vin"`
	Vout     []OutInfo `json:"vout"`
	Hex      string    `json:"hex"`

	BlockHash     string `json:"blockhash,omitempty"`
	Height        int32  `json:"height,omitempty"`
	Confirmations int32  `json:"confirmations,omitempty"`
	Time          uint32 `json:"time,omitempty"`
}

// InInfo describes an input.
type InInfo struct {
	Coinbase  string     `json:"coinbase,omitempty"`
	TxID      string     `json:"txid,omitempty"`
	Vout      *uint32    `json:"vout,omitempty"`
	ScriptSig *HexScript `json:"scriptSig,omitempty"`
	Witness   []string   `json:"txinwitness,omitempty"`
	Sequence  uint32     `json:"sequence"`
}

// HexScript is a script that is not described further.
type HexScript struct {
	Hex string `json:"hex"`
}

// OutInfo describes an output.
type OutInfo struct {
	Value  Amount     `json:"value"`
	N      uint32     `json:"n"`
	Script ScriptInfo `json:"scriptPubKey"`
}

// ScriptInfo describes what an output pays to.
type ScriptInfo struct {
	Hex      string        `json:"hex"`
	Address  string        `json:"address,omitempty"`
	Type     string        `json:"type"`
	Contract *ContractInfo `json:"contract,omitempty"`
}

// ContractInfo describes the execution that a contract's output asks for.
type ContractInfo struct {
	Address  string `json:"address,omitempty"` // of the contract that is called
	GasLimit uint64 `json:"gasLimit"`
	GasPrice uint64 `json:"gasPrice"` // satoshi
	Data     string `json:"data"`
	Sender   string `json:"sender,omitempty"` // that the output itself names
}

func (c *Chain) describeBlock(n *header.Node, b *wire.Block) (*BlockInfo, error) {
	h := &b.Header
	info := &BlockInfo{
		Hash:          n.Hash.String(),
		Confirmations: -1,
		Height:        n.Height,
		Version:       h.Version,
		VersionHex:    fmt.Sprintf("%08x", uint32(h.Version)),
		MerkleRoot:    h.MerkleRoot.String(),
		Time:          h.Time,
		MedianTime:    n.MedianTimePast(),
		Nonce:         h.Nonce,
		Bits:          fmt.Sprintf("%08x", h.Bits),
		Difficulty:    difficulty(h.Bits),
		ChainWork:     work(&n.Work),
		NTx:           len(b.Txs),
		StateRoot:     reversed(h.StateRoot),
		UTXORoot:      reversed(h.UTXORoot),
		Flags:         "proof-of-work",
		ProofHash:     reversed(n.ProofHash),
		Modifier:      reversed(n.Modifier),
		StrippedSize:  b.BaseSize(),
		Size:          b.TotalSize(),
		Weight:        b.Weight(),
		Tx:            make([]TxInfo, len(b.Txs)),
	}
	if n.Height > 0 {
		info.PreviousBlockHash = h.PrevBlock.String()
	}
	if c.tree.OnMain(n) {
		info.Confirmations = c.tree.Tip().Height - n.Height + 1
		next, err := c.tree.At(n.Height + 1)
		if err != nil {
			return nil, err
		}
		if next != nil {
			info.NextBlockHash = next.Hash.String()
		}
	}
	if h.IsProofOfStake() {
		info.Flags = "proof-of-stake"
		info.PrevoutStakeHash = h.PrevStake.Hash.String()
		info.PrevoutStakeVoutN = &h.PrevStake.Index
		info.Signature = hex.EncodeToString(h.BlockSig())
		info.ProofOfDelegation = hex.EncodeToString(h.ProofOfDelegation())
	}
	for i, tx := range b.Txs {
		info.Tx[i] = *c.describeTx(tx)
	}
	return info, nil
}

// difficulty is how many times harder than Bitcoin's easiest a target is
// (rpc/blockchain.cpp: GetDifficulty).
func difficulty(bits uint32) float64 {
	target, _, _ := header.Target(bits)
	if target.IsZero() {
		return 0
	}
	easiest, _, _ := header.Target(0x1d00ffff)
	ratio, _ := new(big.Rat).SetFrac(easiest.ToBig(), target.ToBig()).Float64()
	return ratio
}

func (c *Chain) describeTx(tx *wire.Tx) *TxInfo {
	msg := tx.Msg()
	info := &TxInfo{
		TxID:     tx.ID().String(),
		Hash:     tx.WitnessID().String(),
		Version:  msg.Version,
		Size:     tx.TotalSize(),
		VSize:    (tx.Weight() + wire.WitnessScale - 1) / wire.WitnessScale,
		Weight:   tx.Weight(),
		LockTime: msg.LockTime,
		Hex:      hex.EncodeToString(tx.Append(nil)),
	}
	for _, in := range msg.TxIn {
		i := InInfo{Sequence: in.Sequence}
		if tx.IsCoinBase() {
			i.Coinbase = hex.EncodeToString(in.SignatureScript)
		} else {
			i.TxID = in.PreviousOutPoint.Hash.String()
			i.Vout = &in.PreviousOutPoint.Index
			i.ScriptSig = &HexScript{hex.EncodeToString(in.SignatureScript)}
		}
		for _, w := range in.Witness {
			i.Witness = append(i.Witness, hex.EncodeToString(w))
		}
		info.Vin = append(info.Vin, i)
	}
	for i, out := range msg.TxOut {
		info.Vout = append(info.Vout, OutInfo{Value: Amount(out.Value), N: uint32(i), Script: c.describeScript(out)})
	}
	return info
}

func (c *Chain) describeScript(out *btcwire.TxOut) ScriptInfo {
	pk := out.PkScript
	kind, _ := script.Solve(pk, true, false)
	info := ScriptInfo{Hex: hex.EncodeToString(pk), Type: kind.String(), Address: Address(c.net, pk)}
	contract, ok := script.ParseContract(pk, script.ExecByteCode|script.OutputSender)
	if !ok {
		return info
	}
	info.Contract = &ContractInfo{GasLimit: contract.GasLimit, GasPrice: contract.GasPrice, Data: hex.EncodeToString(contract.Data)}
	if contract.Action == script.ActionCall {
		info.Contract.Address = hex.EncodeToString(contract.Address[:])
	}
	if sender, _, ok := script.SenderOf(pk); ok {
		info.Contract.Sender = Address(c.net, sender)
	}
	return info
}

// Address gives the address that a script pays to, in the text form of the network; empty
// where there is none. A script that pays to a key has the address of the key's hash.
func Address(net *params.Network, pkScript []byte) string {
	kind, parts := script.Solve(pkScript, true, false)
	switch kind {
	case script.PubKey:
		h := script.Hash160(parts[0])
		return base58Address(net.PubKeyHash, h[:])
	case script.PubKeyHash:
		return base58Address(net.PubKeyHash, parts[0])
	case script.ScriptHash:
		return base58Address(net.ScriptHash, parts[0])
	case script.WitnessV0KeyHash, script.WitnessV0ScriptHash:
		return segwitAddress(net.Bech32, 0, parts[0])
	case script.WitnessV1Taproot:
		return segwitAddress(net.Bech32, 1, parts[0])
	case script.WitnessUnknown:
		return segwitAddress(net.Bech32, parts[0][0], parts[1])
	}
	return ""
}
