package bundle

import (
	"fmt"
	"math"

	"spacechain/internal/cbor"
)

// BlockType is what a block holds (RFC 9171 §9.1).
type BlockType uint64

// The block types of RFC 9171 and RFC 9172. Blocks of the security types are kept
// as they are.
const (
	BlockPayload         BlockType = 1
	BlockPreviousNode    BlockType = 6
	BlockAge             BlockType = 7
	BlockHopCount        BlockType = 10
	BlockIntegrity       BlockType = 11
	BlockConfidentiality BlockType = 12
)

// BlockFlags are the block processing control flags (RFC 9171 §4.2.4).
type BlockFlags uint64

// What a node does with a block, and with one that it cannot process.
const (
	BlockReplicate      BlockFlags = 0x01 // goes into every fragment
	BlockReportUnknown  BlockFlags = 0x02 // a node that cannot process it reports so
	BlockDeleteUnknown  BlockFlags = 0x04 // a node that cannot process it deletes the bundle
	BlockDiscardUnknown BlockFlags = 0x10 // a node that cannot process it takes it out
)

// Block is a canonical block (RFC 9171 §4.3.2). Data is what stands in its byte
// string: of a payload block the payload, of others most often CBOR.
type Block struct {
	Type   BlockType
	Number uint64
	Flags  BlockFlags
	CRC    CRCType
	Data   []byte
	// nasa/bplib writes a sixth element, -1, in the place of the CRC where there is
	// none. RFC 9171 §4.3.2 has five elements there; its bundles are taken all the
	// same, and go on as they came.
	placeholder bool
}

// bplibNoCRC is -1 in CBOR.
const bplibNoCRC = 0x20

// payloadNumber is the number of every payload block.
const payloadNumber = 1

func (b *Block) append(dst []byte) []byte {
	start := len(dst)
	n := 5
	if b.CRC != CRCNone || b.placeholder {
		n = 6
	}
	dst = cbor.AppendArray(dst, n)
	dst = cbor.AppendUint(dst, uint64(b.Type))
	dst = cbor.AppendUint(dst, b.Number)
	dst = cbor.AppendUint(dst, uint64(b.Flags))
	dst = cbor.AppendUint(dst, uint64(b.CRC))
	dst = cbor.AppendBytes(dst, b.Data)
	if b.placeholder {
		return append(dst, bplibNoCRC)
	}
	return appendCRC(dst, start, b.CRC)
}

// size is the number of bytes that append adds.
func (b *Block) size() int {
	extra := b.CRC.fieldSize()
	if b.placeholder {
		extra = 1
	}
	return 1 + headSize(uint64(b.Type)) + headSize(b.Number) + headSize(uint64(b.Flags)) + 1 +
		headSize(uint64(len(b.Data))) + len(b.Data) + extra
}

func headSize(v uint64) int {
	switch {
	case v < 24:
		return 1
	case v <= math.MaxUint8:
		return 2
	case v <= math.MaxUint16:
		return 3
	case v <= math.MaxUint32:
		return 5
	}
	return 9
}

// decodeBlock reads the canonical block at d; all is the input that d reads.
func decodeBlock(d *cbor.Decoder, all []byte) (Block, error) {
	var b Block
	start := d.Offset()
	n, err := d.Array()
	if err != nil {
		return b, err
	}
	var v [3]uint64
	for i := range v {
		if v[i], err = d.Uint(); err != nil {
			return b, err
		}
	}
	b.Type, b.Number, b.Flags = BlockType(v[0]), v[1], BlockFlags(v[2])
	if b.CRC, err = decodeCRCType(d); err != nil {
		return b, err
	}
	b.placeholder = b.CRC == CRCNone && n == 6
	if want := 5 + min(int(b.CRC), 1); n != want && !b.placeholder {
		return b, fmt.Errorf("%w: block of %d elements, want %d", ErrMalformed, n, want)
	}
	if b.Data, err = d.Bytes(); err != nil {
		return b, err
	}
	if b.placeholder {
		if v, err := d.Int(); err != nil || v != -1 {
			return b, fmt.Errorf("%w: block without a CRC has a sixth element", ErrMalformed)
		}
	}
	if err := decodeCRC(d, all, start, b.CRC); err != nil {
		return b, err
	}
	if b.Number == 0 || (b.Number == payloadNumber) != (b.Type == BlockPayload) {
		return b, fmt.Errorf("%w: block of type %d has the number %d", ErrMalformed, b.Type, b.Number)
	}
	switch b.Type {
	case BlockPreviousNode:
		_, err = decodePreviousNode(b.Data)
	case BlockAge:
		_, err = decodeAge(b.Data)
	case BlockHopCount:
		_, err = decodeHopCount(b.Data)
	}
	return b, err
}

// single tells whether a bundle holds at most one block of a type (RFC 9171 §4.4).
func (t BlockType) single() bool {
	return t == BlockPayload || t == BlockPreviousNode || t == BlockAge || t == BlockHopCount
}

// known tells whether this package understands blocks of the type.
func (t BlockType) known() bool { return t.single() }

// HopCount says how many nodes may forward a bundle and how many have (RFC 9171
// §4.4.3).
type HopCount struct {
	Limit uint8 // 1 to 255
	Count uint64
}

// Exceeded tells whether more nodes forwarded the bundle than may.
func (h HopCount) Exceeded() bool { return h.Count > uint64(h.Limit) }

func decodeHopCount(data []byte) (HopCount, error) {
	d := cbor.NewDecoder(data)
	if err := arrayOf(d, 2, "hop count"); err != nil {
		return HopCount{}, err
	}
	limit, err := d.Uint()
	if err != nil {
		return HopCount{}, err
	}
	if limit == 0 || limit > math.MaxUint8 {
		return HopCount{}, fmt.Errorf("%w: hop limit %d, want 1 to 255", ErrMalformed, limit)
	}
	count, err := d.Uint()
	if err != nil {
		return HopCount{}, err
	}
	return HopCount{Limit: uint8(limit), Count: count}, d.Done()
}

func decodeAge(data []byte) (ms uint64, err error) {
	d := cbor.NewDecoder(data)
	if ms, err = d.Uint(); err != nil {
		return 0, err
	}
	return ms, d.Done()
}

func decodePreviousNode(data []byte) (EID, error) {
	d := cbor.NewDecoder(data)
	e, err := DecodeEID(d)
	if err != nil {
		return None, err
	}
	return e, d.Done()
}
