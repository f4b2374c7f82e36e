package header

import (
	"encoding/binary"
	"errors"
	"fmt"

	"spacechain/ledger/wire"
)

// The stored form of a Node:
//
//	version (1 byte), height (varint), header with signature,
//	status (1 byte), length and bytes of the work (big-endian, no leading zero),
//	modifier (32), median time (4, little-endian),
//	varints: height minus last proof-of-work height, height minus last proof-of-stake
//	height, number of transactions, money supply,
//	flags (1 byte), then what they announce: proof hash (32), staker (20),
//	delegate (20) and fee (1).
//
// A varint is encoding/binary's, in its shortest form. The block hash is not stored: the
// header gives it. Whoever stores a Node sees to a checksum.
const nodeVersion = 1

// Flags of the stored form.
const (
	hasProof    = 1 << iota // a proof hash that is neither zero nor the block's hash
	proofIsHash             // the proof hash is the block's hash
	hasStaker
	hasDelegate // delegate or fee
)

var errNodeForm = errors.New("not in its one stored form")

// Append appends the stored form of n.
func (n *Node) Append(dst []byte) []byte {
	dst = append(dst, nodeVersion)
	dst = binary.AppendUvarint(dst, uint64(n.Height))
	dst = n.Header.Append(dst)
	dst = append(dst, byte(n.Status))
	work := n.Work.Bytes()
	dst = append(dst, byte(len(work)))
	dst = append(dst, work...)
	dst = append(dst, n.Modifier[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, n.MedianTime)
	dst = binary.AppendUvarint(dst, uint64(n.Height-n.lastWork))
	dst = binary.AppendUvarint(dst, uint64(n.Height-n.lastStake))
	dst = binary.AppendUvarint(dst, uint64(n.Txs))
	dst = binary.AppendUvarint(dst, uint64(n.MoneySupply))
	flags := byte(0)
	if n.ProofHash == [32]byte(n.Hash) {
		flags |= proofIsHash
	} else if n.ProofHash != ([32]byte{}) {
		flags |= hasProof
	}
	if n.Staker != ([20]byte{}) {
		flags |= hasStaker
	}
	if n.Delegate != ([20]byte{}) || n.DelegateFee != 0 {
		flags |= hasDelegate
	}
	dst = append(dst, flags)
	if flags&hasProof != 0 {
		dst = append(dst, n.ProofHash[:]...)
	}
	if flags&hasStaker != 0 {
		dst = append(dst, n.Staker[:]...)
	}
	if flags&hasDelegate != 0 {
		dst = append(dst, n.Delegate[:]...)
		dst = append(dst, n.DelegateFee)
	}
	return dst
}

// Decode reads the stored form of one Node, which must be all of b. The Node belongs to
// no Tree yet: only its fields may be used until Restore gave it a place.
func Decode(b []byte) (*Node, error) {
	n := &Node{}
	if err := n.decode(b); err != nil {
		return nil, fmt.Errorf("decode stored header of %d bytes: %w", len(b), err)
	}
	return n, nil
}

func (n *Node) decode(b []byte) error {
	r := reader{b: b}
	if v := r.byte(); r.err == nil && v != nodeVersion {
		return fmt.Errorf("version %d, known is %d", v, nodeVersion)
	}
	n.Height = int32(r.uvarint(1<<31 - 1))
	if r.err != nil {
		return r.err
	}
	var err error
	if n.Header, r.b, err = wire.DecodeHeader(r.b); err != nil {
		return err
	}
	n.Hash = n.Header.Hash()
	n.Status = Status(r.byte())
	work := r.bytes(int(r.byte()))
	if len(work) > 32 || (len(work) > 0 && work[0] == 0) {
		return errNodeForm
	}
	n.Work.SetBytes(work)
	copy(n.Modifier[:], r.bytes(32))
	if t := r.bytes(4); t != nil {
		n.MedianTime = binary.LittleEndian.Uint32(t)
	}
	n.lastWork = n.Height - int32(r.uvarint(uint64(n.Height)))
	n.lastStake = n.Height - int32(r.uvarint(uint64(n.Height)))
	n.Txs = uint32(r.uvarint(1<<32 - 1))
	n.MoneySupply = int64(r.uvarint(1<<64 - 1))
	flags := r.byte()
	if flags&hasProof != 0 {
		copy(n.ProofHash[:], r.bytes(32))
	}
	if flags&proofIsHash != 0 {
		n.ProofHash = n.Hash
	}
	if flags&hasStaker != 0 {
		copy(n.Staker[:], r.bytes(20))
	}
	if flags&hasDelegate != 0 {
		copy(n.Delegate[:], r.bytes(20))
		n.DelegateFee = r.byte()
	}
	switch {
	case r.err != nil:
		return r.err
	case len(r.b) != 0:
		return fmt.Errorf("%d bytes too many", len(r.b))
	case flags>>4 != 0 || flags&(hasProof|proofIsHash) == hasProof|proofIsHash,
		flags&hasProof != 0 && (n.ProofHash == [32]byte{} || n.ProofHash == [32]byte(n.Hash)),
		flags&hasStaker != 0 && n.Staker == [20]byte{},
		flags&hasDelegate != 0 && n.Delegate == [20]byte{} && n.DelegateFee == 0:
		return errNodeForm
	}
	return nil
}

// reader takes values off the front of b until one is missing.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.b) < n {
		r.fail(errors.New("too short"))
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if v := r.bytes(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) uvarint(limit uint64) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b)
	switch {
	case n <= 0:
		r.fail(errors.New("bad varint"))
		return 0
	case v > limit:
		r.fail(fmt.Errorf("value %d above %d", v, limit))
		return 0
	case n > 1 && r.b[n-1] == 0:
		r.fail(errNodeForm)
		return 0
	}
	r.b = r.b[n:]
	return v
}
