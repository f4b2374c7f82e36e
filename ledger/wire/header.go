package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
)

const (
	// HeaderSize is the fixed part of a header, in bytes; the signature follows it.
	HeaderSize = 180
	// CompactSigSize is the size of a compact signature, and so of a proof of delegation.
	CompactSigSize = 65
	// MaxHeaders is how many headers one headers message may hold
	// (net_processing.cpp: MAX_HEADERS_RESULTS).
	MaxHeaders = 2000
)

// NullOutPoint is the output that is none: a coinbase spends it, and a header that has it
// as PrevStake is of a proof-of-work block.
var NullOutPoint = btcwire.OutPoint{Index: btcwire.MaxPrevOutIndex}

// Header is a block header (Qtum Core 27.1 primitives/block.h: CBlockHeader).
type Header struct {
	Version    int32
	PrevBlock  chainhash.Hash
	MerkleRoot chainhash.Hash
	Time       uint32 // seconds since 1970
	Bits       uint32 // the target, compact
	Nonce      uint32
	StateRoot  [32]byte // of the account trie after the block
	UTXORoot   [32]byte // of the trie of contracts' outputs after the block
	// PrevStake is the output that was staked, NullOutPoint in a proof-of-work block.
	PrevStake btcwire.OutPoint
	// Sig is the block's signature, followed by the proof of delegation if there is one
	// (Qtum: vchBlockSigDlgt). BlockSig and ProofOfDelegation tell them apart.
	Sig []byte
}

// IsProofOfStake tells whether the block was made by staking an output.
func (h *Header) IsProofOfStake() bool { return h.PrevStake != NullOutPoint }

// HasProofOfDelegation tells whether Sig ends in a proof of delegation: it does when it is
// long enough to hold two compact signatures.
func (h *Header) HasProofOfDelegation() bool { return len(h.Sig) >= 2*CompactSigSize }

// BlockSig is the part of Sig that signs the block. It aliases Sig.
func (h *Header) BlockSig() []byte {
	if !h.HasProofOfDelegation() {
		return h.Sig
	}
	n := len(h.Sig) - CompactSigSize
	return h.Sig[:n:n]
}

// ProofOfDelegation is the part of Sig in which the owner of the staked output allowed
// the signer to stake it, nil where there is none. It aliases Sig.
func (h *Header) ProofOfDelegation() []byte {
	if !h.HasProofOfDelegation() {
		return nil
	}
	return h.Sig[len(h.Sig)-CompactSigSize:]
}

func (h *Header) appendFixed(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, uint32(h.Version))
	dst = append(dst, h.PrevBlock[:]...)
	dst = append(dst, h.MerkleRoot[:]...)
	dst = le.AppendUint32(dst, h.Time)
	dst = le.AppendUint32(dst, h.Bits)
	dst = le.AppendUint32(dst, h.Nonce)
	dst = append(dst, h.StateRoot[:]...)
	dst = append(dst, h.UTXORoot[:]...)
	dst = append(dst, h.PrevStake.Hash[:]...)
	return le.AppendUint32(dst, h.PrevStake.Index)
}

// Append appends the header's bytes.
func (h *Header) Append(dst []byte) []byte { return appendBytes(h.appendFixed(dst), h.Sig) }

// Size is the number of bytes of the header.
func (h *Header) Size() int {
	return HeaderSize + CompactSizeLen(uint64(len(h.Sig))) + len(h.Sig)
}

// Hash is the block's hash: sha256d of all of the header, the signature included.
func (h *Header) Hash() chainhash.Hash {
	var buf [HeaderSize + 3 + 2*CompactSigSize + 32]byte
	return sha256d(h.Append(buf[:0]))
}

// HashWithoutSig is what the block's signature signs: sha256d of the fixed part and, only
// when there is one, of the proof of delegation as a byte string
// (primitives/block.cpp: CBlockHeaderSign). Without one nothing stands for it.
func (h *Header) HashWithoutSig() chainhash.Hash {
	var buf [HeaderSize + 1 + CompactSigSize]byte
	b := h.appendFixed(buf[:0])
	if pod := h.ProofOfDelegation(); pod != nil {
		b = appendBytes(b, pod)
	}
	return sha256d(b)
}

func sha256d(b []byte) chainhash.Hash {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}

// header takes a header whose Sig aliases the input.
func (r *reader) header(h *Header) {
	h.Version = int32(r.uint32())
	r.hash((*[32]byte)(&h.PrevBlock))
	r.hash((*[32]byte)(&h.MerkleRoot))
	h.Time = r.uint32()
	h.Bits = r.uint32()
	h.Nonce = r.uint32()
	r.hash(&h.StateRoot)
	r.hash(&h.UTXORoot)
	r.hash((*[32]byte)(&h.PrevStake.Hash))
	h.PrevStake.Index = r.uint32()
	h.Sig = r.bytes()
}

// DecodeHeader decodes the header at the front of b and gives what follows it.
func DecodeHeader(b []byte) (h Header, rest []byte, err error) {
	r := reader{b: b}
	r.header(&h)
	if r.err != nil {
		return Header{}, nil, fmt.Errorf("decoding a block header: %w", r.err)
	}
	h.Sig = append([]byte(nil), h.Sig...)
	return h, r.b, nil
}

// Headers is the payload of a headers message: up to MaxHeaders headers, each followed by
// a number of transactions that is zero.
type Headers []Header

// Append appends the message's bytes.
func (hs Headers) Append(dst []byte) []byte {
	dst = AppendCompactSize(dst, uint64(len(hs)))
	for i := range hs {
		dst = append(hs[i].Append(dst), 0)
	}
	return dst
}

// DecodeHeaders decodes the payload of a headers message. As in Qtum Core the number of
// transactions behind a header is read and not looked at, so only what this package
// appends comes back byte for byte.
func DecodeHeaders(b []byte) (Headers, error) {
	r := reader{b: b}
	n := r.size()
	if n > MaxHeaders {
		return nil, fmt.Errorf("decoding a headers message: %d headers, at most %d are allowed", n, MaxHeaders)
	}
	if n > len(r.b)/(HeaderSize+2) {
		r.fail(errTruncated)
		n = 0
	}
	hs := make(Headers, n)
	for i := range hs {
		r.header(&hs[i])
		r.size()
		hs[i].Sig = append([]byte(nil), hs[i].Sig...)
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail(fmt.Errorf("%d bytes follow the last header", len(r.b)))
	}
	if r.err != nil {
		return nil, fmt.Errorf("decoding a headers message: %w", r.err)
	}
	return hs, nil
}
