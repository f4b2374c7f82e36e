package cfdp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"spacechain/link/coding/crc"
)

// ErrPDU is at the root of every error about octets that are no PDU of version 1.
var ErrPDU = errors.New("bad CFDP PDU")

// TransactionID names a transaction: the entity that sends the file, and its count.
type TransactionID struct {
	Source uint64
	Seq    uint64
}

// String writes source:sequence number.
func (t TransactionID) String() string { return fmt.Sprintf("%d:%d", t.Source, t.Seq) }

// Header is the fixed PDU header (CCSDS 727.0-B-5 §5.1) without what follows from the
// body: the PDU type, the length, and the segment metadata flag.
type Header struct {
	TowardSender   bool // false: toward the file receiver
	Unacknowledged bool // transmission mode: class 1
	CRC            bool // a CRC-16 ends the PDU
	Large          bool // sizes and offsets have 64 bits in place of 32
	Records        bool // segmentation control: record boundaries are kept
	// EntityLen and SeqLen are the octets of entity ids and sequence numbers, 1 to 8.
	EntityLen, SeqLen int
	Source, Seq, Dest uint64
}

// ID is the transaction that the PDU belongs to.
func (h Header) ID() TransactionID { return TransactionID{h.Source, h.Seq} }

// Len is the length of the header in octets.
func (h Header) Len() int { return 4 + 2*h.EntityLen + h.SeqLen }

// sizeLen is the length of a file size sensitive field.
func (h Header) sizeLen() int {
	if h.Large {
		return 8
	}
	return 4
}

// PDU is a header with what it carries.
type PDU struct {
	Header
	Body Body
}

// Body is one of *Metadata, *FileData, *EOF, *Finished, *ACK, *NAK, *Prompt and
// *KeepAlive.
type Body interface {
	append(dst []byte, h *Header) ([]byte, error)
}

// fits reports whether v can be written in n octets.
func fits(v uint64, n int) bool { return n >= 8 || v>>(8*n) == 0 }

// Octets is the least number of octets that v can be written in, at least one.
func Octets(v uint64) int {
	n := 1
	for !fits(v, n) {
		n++
	}
	return n
}

func appendUint(dst []byte, v uint64, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func readUint(b []byte) (v uint64) {
	for _, d := range b {
		v = v<<8 | uint64(d)
	}
	return v
}

// Append writes the PDU behind dst.
func (p PDU) Append(dst []byte) ([]byte, error) {
	h := &p.Header
	switch {
	case h.EntityLen < 1 || h.EntityLen > 8 || h.SeqLen < 1 || h.SeqLen > 8:
		return dst, fmt.Errorf("entity ids of %d and sequence numbers of %d octets", h.EntityLen, h.SeqLen)
	case !fits(h.Source, h.EntityLen) || !fits(h.Dest, h.EntityLen):
		return dst, fmt.Errorf("entity ids %d, %d do not fit %d octets", h.Source, h.Dest, h.EntityLen)
	case !fits(h.Seq, h.SeqLen):
		return dst, fmt.Errorf("sequence number %d does not fit %d octets", h.Seq, h.SeqLen)
	case p.Body == nil:
		return dst, errors.New("a PDU has a body")
	}
	start := len(dst)
	first := byte(1 << 5)
	data, isData := p.Body.(*FileData)
	for bit, on := range [...]bool{h.Large, h.CRC, h.Unacknowledged, h.TowardSender, isData} {
		if on {
			first |= 1 << bit
		}
	}
	fourth := byte(h.EntityLen-1)<<4 | byte(h.SeqLen-1)
	if h.Records {
		fourth |= 0x80
	}
	if isData && data.HasMeta {
		fourth |= 8
	}
	dst = append(dst, first, 0, 0, fourth)
	dst = appendUint(dst, h.Source, h.EntityLen)
	dst = appendUint(dst, h.Seq, h.SeqLen)
	dst = appendUint(dst, h.Dest, h.EntityLen)
	body := len(dst)
	dst, err := p.Body.append(dst, h)
	if err != nil {
		return dst[:start], err
	}
	n := len(dst) - body
	if h.CRC {
		n += 2
	}
	if n > 0xffff {
		return dst[:start], fmt.Errorf("a PDU of %d octets of data is too long", n)
	}
	binary.BigEndian.PutUint16(dst[start+1:], uint16(n))
	if h.CRC {
		dst = binary.BigEndian.AppendUint16(dst, crc.CCITT(dst[start:]))
	}
	return dst, nil
}

// Decode reads b as exactly one PDU. Data and messages alias b.
func Decode(b []byte) (PDU, error) {
	p, n, err := decodeHeader(b)
	if err != nil {
		return p, err
	}
	h := &p.Header
	end := h.Len() + n
	if len(b) != end {
		return p, fmt.Errorf("%w: %d octets where its header says %d", ErrPDU, len(b), end)
	}
	if h.CRC {
		if n < 2 || crc.CCITT(b) != 0 {
			return p, fmt.Errorf("%w: wrong CRC", ErrPDU)
		}
		end -= 2
	}
	r := &reader{b: b[h.Len():end], size: h.sizeLen()}
	if b[0]&0x10 != 0 {
		p.Body = decodeFileData(r, b[3]&8 != 0)
	} else {
		p.Body = decodeDirective(r)
	}
	if r.err != nil {
		return PDU{Header: p.Header}, r.err
	}
	return p, nil
}

// DecodeHeader reads the header alone, so that a driver can tell whose PDU it is; it
// also gives the length of the whole PDU.
func DecodeHeader(b []byte) (h Header, pduLen int, err error) {
	p, n, err := decodeHeader(b)
	return p.Header, p.Header.Len() + n, err
}

func decodeHeader(b []byte) (p PDU, dataLen int, err error) {
	if len(b) < 4 {
		return p, 0, fmt.Errorf("%w: %d octets", ErrPDU, len(b))
	}
	if v := b[0] >> 5; v != 1 {
		return p, 0, fmt.Errorf("%w: version %d", ErrPDU, v)
	}
	h := &p.Header
	h.TowardSender = b[0]&8 != 0
	h.Unacknowledged = b[0]&4 != 0
	h.CRC = b[0]&2 != 0
	h.Large = b[0]&1 != 0
	h.Records = b[3]&0x80 != 0
	h.EntityLen = int(b[3]>>4&7) + 1
	h.SeqLen = int(b[3]&7) + 1
	if len(b) < h.Len() {
		return p, 0, fmt.Errorf("%w: header cut short", ErrPDU)
	}
	at := b[4:]
	h.Source, at = readUint(at[:h.EntityLen]), at[h.EntityLen:]
	h.Seq, at = readUint(at[:h.SeqLen]), at[h.SeqLen:]
	h.Dest = readUint(at[:h.EntityLen])
	return p, int(binary.BigEndian.Uint16(b[1:])), nil
}

// reader is a cursor whose first error stays.
type reader struct {
	b    []byte
	size int // of a file size sensitive field
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrPDU}, args...)...)
	}
}

func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.b) < n {
		r.fail("cut short")
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) octet() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

// fileSize reads a file size sensitive field; those beyond 2^63 are refused.
func (r *reader) fileSize() int64 {
	v := readUint(r.take(r.size))
	if v > 1<<63-1 {
		r.fail("file size %d", v)
		return 0
	}
	return int64(v)
}

// lv reads a length of one octet and as many octets.
func (r *reader) lv() []byte { return r.take(int(r.octet())) }

func (r *reader) end() {
	if len(r.b) > 0 {
		r.fail("%d octets behind its fields", len(r.b))
	}
}
