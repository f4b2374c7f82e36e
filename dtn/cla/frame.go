package cla

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"spacechain/dtn/store"
)

// MinMTU is the smallest frame size that an endpoint can use.
const MinMTU = 128

// ErrFrame says that bytes are not a frame: damaged, or of another protocol.
var ErrFrame = errors.New("not a frame of the convergence layer")

// frameVersion begins every frame.
const frameVersion = 0xb1

// Kinds of chunks.
const (
	chunkData    = 1 // transfer, offset, bytes
	chunkOffer   = 2 // transfer, total, digest, offset, bytes
	chunkAck     = 3 // ranges of frame numbers
	chunkDone    = 4 // transfer
	chunkHave    = 5 // transfer, spans
	chunkRefuse  = 6 // transfer, reason
	chunkUnknown = 7 // transfer
	chunkAsk     = 8 // transfer
	chunkPoll    = 9 // acknowledge now
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const crcSize = 4

// head is what every frame begins with.
type head struct {
	from, to uint64 // epochs; to is 0 if the sender does not know it
	number   uint64 // 0 if nothing in the frame wants an acknowledgement
}

func appendFrameHead(dst []byte, h head) []byte {
	dst = append(dst, frameVersion)
	dst = binary.AppendUvarint(dst, h.from)
	dst = binary.AppendUvarint(dst, h.to)
	return binary.AppendUvarint(dst, h.number)
}

func appendFrameCRC(frame []byte) []byte {
	return binary.BigEndian.AppendUint32(frame, crc32.Checksum(frame, castagnoli))
}

// reader reads numbers and bytes; after the first failure it gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// int reads a number of at most 2^31-1.
func (r *reader) int() int {
	v := r.uint()
	if v > 1<<31-1 {
		r.bad = true
		return 0
	}
	return int(v)
}

func (r *reader) bytes(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

// openFrame checks a frame and reads its head; the rest of the reader is chunks.
func openFrame(frame []byte) (head, reader, error) {
	n := len(frame) - crcSize
	if n < 4 || frame[0] != frameVersion ||
		crc32.Checksum(frame[:n], castagnoli) != binary.BigEndian.Uint32(frame[n:]) {
		return head{}, reader{}, ErrFrame
	}
	r := reader{b: frame[1:n]}
	h := head{from: r.uint(), to: r.uint(), number: r.uint()}
	if r.bad || h.from == 0 {
		return head{}, reader{}, ErrFrame
	}
	return h, r, nil
}

// chunk is one part of a frame. Which fields count depends on the kind.
type chunk struct {
	kind     byte
	transfer uint64
	total    int
	digest   store.Digest
	offset   int
	data     []byte
	reason   Reason
	spans    []store.Span
	ranges   []numRange
}

// maxSpans and maxRanges bound the lists in a chunk.
const (
	maxSpans  = 64
	maxRanges = 32
)

// next reads a chunk, false at the end or where the frame makes no sense (then bad
// is set).
func (r *reader) next() (c chunk, ok bool) {
	if len(r.b) == 0 || r.bad {
		return c, false
	}
	c.kind = r.b[0]
	r.b = r.b[1:]
	if c.kind != chunkAck && c.kind != chunkPoll {
		c.transfer = r.uint()
		r.bad = r.bad || c.transfer == 0
	}
	switch c.kind {
	case chunkOffer:
		c.total = r.int()
		copy(c.digest[:], r.bytes(len(c.digest)))
		fallthrough
	case chunkData:
		c.offset = r.int()
		c.data = r.bytes(r.int())
	case chunkAck:
		c.ranges = r.ranges()
	case chunkHave:
		c.spans = r.spans()
	case chunkRefuse:
		c.reason = Reason(r.int())
	case chunkDone, chunkUnknown, chunkAsk, chunkPoll:
	default:
		r.bad = true
	}
	return c, !r.bad
}

func (r *reader) spans() []store.Span {
	n := r.int()
	if r.bad || n > maxSpans {
		r.bad = true
		return nil
	}
	out := make([]store.Span, 0, n)
	at := 0
	for range n {
		gap, length := r.int(), r.int()
		if r.bad || length == 0 || at > 1<<30 {
			r.bad = true
			return nil
		}
		out = append(out, store.Span{From: at + gap, To: at + gap + length})
		at += gap + length
	}
	return out
}

func appendSpans(dst []byte, s spans) []byte {
	s = s[:min(len(s), maxSpans)]
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	at := 0
	for _, r := range s {
		dst = binary.AppendUvarint(dst, uint64(r.From-at))
		dst = binary.AppendUvarint(dst, uint64(r.To-r.From))
		at = r.To
	}
	return dst
}

// numRange is a run of frame numbers, both ends in it.
type numRange struct{ lo, hi uint64 }

// ranges reads ranges from the highest down: the highest number, then for each
// range its length less one and the gap to the next.
func (r *reader) ranges() []numRange {
	n, hi := r.int(), r.uint()
	if r.bad || n == 0 || n > maxRanges {
		r.bad = true
		return nil
	}
	out := make([]numRange, 0, n)
	for i := range n {
		length := r.uint()
		if r.bad || length >= hi {
			r.bad = true
			return nil
		}
		lo := hi - length
		out = append(out, numRange{lo, hi})
		if i == n-1 {
			break
		}
		gap := r.uint()
		if r.bad || gap >= lo || lo-gap < 2 {
			r.bad = true
			return nil
		}
		hi = lo - gap - 1
	}
	return out
}

// appendRanges appends the newest of the ranges, which are in ascending order, at
// most as many as asked for.
func appendRanges(dst []byte, ranges []numRange, most int) []byte {
	ranges = ranges[max(0, len(ranges)-max(1, most)):]
	last := len(ranges) - 1
	dst = binary.AppendUvarint(dst, uint64(len(ranges)))
	dst = binary.AppendUvarint(dst, ranges[last].hi)
	for i := last; i >= 0; i-- {
		dst = binary.AppendUvarint(dst, ranges[i].hi-ranges[i].lo)
		if i > 0 {
			dst = binary.AppendUvarint(dst, ranges[i].lo-ranges[i-1].hi-1)
		}
	}
	return dst
}
