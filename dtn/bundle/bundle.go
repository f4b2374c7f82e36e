package bundle

import (
	"errors"
	"fmt"

	"spacechain/internal/cbor"
)

// What can be wrong with the bytes of a bundle. Every error of Decode wraps one.
var (
	// ErrMalformed says that the bytes are not a bundle by RFC 9171.
	ErrMalformed = errors.New("malformed bundle")
	// ErrCRC says that a block's checksum does not match.
	ErrCRC = errors.New("bundle: wrong CRC")
	// ErrTooLarge says that the bundle is above a limit of the decoder.
	ErrTooLarge = errors.New("bundle above the limit")
	// ErrNoPayload says that the last block is not a payload block.
	ErrNoPayload = fmt.Errorf("%w: the last block is no payload block", ErrMalformed)
)

// Bundle is a bundle: its primary block and the canonical blocks in their order,
// the payload block last. A decoded bundle's Data slices alias the input; setters
// replace them and never write into them.
type Bundle struct {
	Primary Primary
	Blocks  []Block

	wire []byte  // the primary block as it came, nil if made here
	was  Primary // what wire says
}

// Limits bound what a decoder accepts. The zero value means the defaults.
type Limits struct {
	MaxSize   int // encoded bytes of a bundle; 16 MiB by default
	MaxBlocks int // blocks beside the primary one; 64 by default
}

const (
	defaultMaxSize   = 16 << 20
	defaultMaxBlocks = 64
)

func (l Limits) withDefaults() Limits {
	if l.MaxSize == 0 {
		l.MaxSize = defaultMaxSize
	}
	if l.MaxBlocks == 0 {
		l.MaxBlocks = defaultMaxBlocks
	}
	return l
}

// New makes a bundle of a primary block, a payload and extension blocks, which get
// numbers from 2 on. The payload block has the primary block's CRC type.
func New(p Primary, payload []byte, ext ...Block) *Bundle {
	b := &Bundle{Primary: p, Blocks: make([]Block, 0, len(ext)+1)}
	for i, e := range ext {
		e.Number = uint64(i) + 2
		b.Blocks = append(b.Blocks, e)
	}
	b.Blocks = append(b.Blocks, Block{Type: BlockPayload, Number: payloadNumber, CRC: p.CRC, Data: payload})
	return b
}

// Payload is what the bundle carries; nil if it has no payload block.
func (b *Bundle) Payload() []byte {
	if n := len(b.Blocks); n > 0 && b.Blocks[n-1].Type == BlockPayload {
		return b.Blocks[n-1].Data
	}
	return nil
}

// Encode gives the bundle's bytes.
func (b *Bundle) Encode() []byte { return b.Append(make([]byte, 0, b.Size())) }

// Append appends the bundle's bytes to dst.
func (b *Bundle) Append(dst []byte) []byte {
	dst = cbor.AppendIndefiniteArray(dst)
	dst = b.appendPrimary(dst)
	for i := range b.Blocks {
		dst = b.Blocks[i].append(dst)
	}
	return cbor.AppendBreak(dst)
}

func (b *Bundle) appendPrimary(dst []byte) []byte {
	if b.wire != nil && b.was == b.Primary {
		return append(dst, b.wire...)
	}
	return b.Primary.append(dst)
}

// Size is the number of bytes of the encoded bundle.
func (b *Bundle) Size() int {
	n := 2 + len(b.wire)
	if b.wire == nil || b.was != b.Primary {
		var buf [160]byte
		n = 2 + len(b.Primary.append(buf[:0]))
	}
	for i := range b.Blocks {
		n += b.Blocks[i].size()
	}
	return n
}

// Decode reads the bundle that is the whole of data, within the default limits. The
// result aliases data.
func Decode(data []byte) (*Bundle, error) { return Limits{}.Decode(data) }

// Decode reads the bundle that is the whole of data. The result aliases data.
func (l Limits) Decode(data []byte) (*Bundle, error) {
	l = l.withDefaults()
	if len(data) > l.MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are taken", ErrTooLarge, len(data), l.MaxSize)
	}
	b, err := l.decode(data)
	if err == nil {
		err = b.Validate()
	}
	if err == nil {
		return b, nil
	}
	if errors.Is(err, ErrMalformed) || errors.Is(err, ErrCRC) || errors.Is(err, ErrTooLarge) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
}

func (l Limits) decode(data []byte) (*Bundle, error) {
	d := cbor.NewDecoder(data)
	_, indefinite, err := d.ArrayStart()
	if err != nil {
		return nil, err
	}
	if !indefinite {
		return nil, fmt.Errorf("%w: not an array of indefinite length", ErrMalformed)
	}
	b := new(Bundle)
	start := d.Offset()
	if b.Primary, err = decodePrimary(d, data); err != nil {
		return nil, err
	}
	b.wire, b.was = data[start:d.Offset():d.Offset()], b.Primary
	for {
		end, err := d.Break()
		if err != nil {
			return nil, err
		}
		if end {
			return b, d.Done()
		}
		if len(b.Blocks) == l.MaxBlocks {
			return nil, fmt.Errorf("%w: more than %d blocks", ErrTooLarge, l.MaxBlocks)
		}
		block, err := decodeBlock(d, data)
		if err != nil {
			return nil, err
		}
		if b.Blocks == nil {
			b.Blocks = make([]Block, 0, 4)
		}
		b.Blocks = append(b.Blocks, block)
	}
}

// Validate holds a bundle against the rules of RFC 9171 §4.1 and §4.2. Decode has
// done so.
func (b *Bundle) Validate() error {
	if err := b.Primary.check(); err != nil {
		return err
	}
	last := len(b.Blocks) - 1
	if last < 0 || b.Blocks[last].Type != BlockPayload {
		return ErrNoPayload
	}
	for i := range b.Blocks {
		c := &b.Blocks[i]
		if c.Type == BlockPayload && i != last {
			return fmt.Errorf("%w: a payload block before the last block", ErrMalformed)
		}
		for j := range i {
			if b.Blocks[j].Number == c.Number {
				return fmt.Errorf("%w: two blocks with the number %d", ErrMalformed, c.Number)
			}
			if c.Type.single() && b.Blocks[j].Type == c.Type {
				return fmt.Errorf("%w: two blocks of type %d", ErrMalformed, c.Type)
			}
		}
	}
	if b.Primary.Flags&FlagFragment != 0 {
		n, off, total := uint64(len(b.Payload())), b.Primary.FragmentOffset, b.Primary.TotalLength
		if off > total || n > total-off {
			return fmt.Errorf("%w: fragment of %d bytes at %d of %d", ErrMalformed, n, off, total)
		}
	}
	return nil
}
