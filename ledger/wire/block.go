package wire

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// Block is a header and the transactions that it commits to.
type Block struct {
	Header Header
	Txs    []*Tx
}

// Hash is the hash of the block's header.
func (b *Block) Hash() chainhash.Hash { return b.Header.Hash() }

// IsProofOfStake tells whether the block was made by staking an output.
func (b *Block) IsProofOfStake() bool { return b.Header.IsProofOfStake() }

// BaseSize is the block's size without witnesses, in bytes.
func (b *Block) BaseSize() int {
	n := b.Header.Size() + CompactSizeLen(uint64(len(b.Txs)))
	for _, t := range b.Txs {
		n += t.BaseSize()
	}
	return n
}

// TotalSize is the block's size in bytes.
func (b *Block) TotalSize() int {
	n := b.Header.Size() + CompactSizeLen(uint64(len(b.Txs)))
	for _, t := range b.Txs {
		n += t.TotalSize()
	}
	return n
}

// Weight is the block's size in BIP141's units (consensus/validation.h: GetBlockWeight).
func (b *Block) Weight() int { return b.BaseSize()*(WitnessScale-1) + b.TotalSize() }

// Append appends the block's bytes, with witnesses.
func (b *Block) Append(dst []byte) []byte {
	dst = b.Header.Append(dst)
	dst = AppendCompactSize(dst, uint64(len(b.Txs)))
	for _, t := range b.Txs {
		dst = t.Append(dst)
	}
	return dst
}

// DecodeBlock decodes one block, which must be all of raw.
//
// The block keeps one copy of raw, into which all of its scripts point: whoever keeps a
// script for longer than the block must copy it.
func DecodeBlock(raw []byte) (*Block, error) {
	b, rest, err := DecodeBlockPrefix(raw)
	if err == nil && len(rest) > 0 {
		return nil, fmt.Errorf("decoding a block: %d bytes follow it", len(rest))
	}
	return b, err
}

// DecodeBlockPrefix decodes the block at the front of raw, as DecodeBlock does, and gives
// what follows it, which aliases raw.
func DecodeBlockPrefix(raw []byte) (*Block, []byte, error) {
	r := reader{b: append([]byte(nil), raw...)}
	b := new(Block)
	r.header(&b.Header)
	n := r.count(minTx)
	b.Txs = make([]*Tx, n)
	txs := make([]Tx, n)
	var scratch []byte
	for i := range txs {
		b.Txs[i] = &txs[i]
		r.tx(&txs[i].msg)
		if r.err != nil {
			return nil, nil, fmt.Errorf("decoding transaction %d of %d of a block: %w", i, n, r.err)
		}
		scratch = txs[i].measure(scratch)
	}
	if r.err != nil {
		return nil, nil, fmt.Errorf("decoding a block: %w", r.err)
	}
	return b, raw[len(raw)-len(r.b):], nil
}
