// Package cadu puts the codes of CCSDS 131.0-B-5 together: channel access data units,
// which are a sync marker and a transfer frame, randomized, with a Reed-Solomon or LDPC
// code or none, and the convolutional code around all of it or not. Reed-Solomon
// within the convolutional code is the concatenation of §4.1.
package cadu

import (
	"errors"
	"fmt"

	"spacechain/link/coding"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
)

// Sync markers (CCSDS 131.0-B-5 §9.3): of 32 bits for frames that are uncoded,
// convolutionally coded or Reed-Solomon coded, of 64 for the AR4JA codes.
var (
	Marker     = []byte{0x1a, 0xcf, 0xfc, 0x1d}
	MarkerLDPC = []byte{0x03, 0x47, 0x76, 0xc7, 0x27, 0x28, 0x95, 0xb0}
)

// Config is how a physical channel is coded.
type Config struct {
	// FrameSize is the length of a transfer frame in octets. With a Reed-Solomon or
	// LDPC code it follows from the code and may be 0.
	FrameSize int
	// RS is the outer code, nil for none.
	RS *rs.Block
	// LDPC is the code, nil for none; not together with RS.
	LDPC *ldpc.Code
	// Randomizer is the sequence added to every codeblock or frame, nil for none.
	Randomizer *randomizer.Sequence
	// Inner is the convolutional code around everything, nil for none; not together
	// with LDPC.
	Inner *conv.Code
	// Sync is the sync marker of up to eight octets; nil means the code's.
	Sync []byte
}

// maxFrame is the longest transfer frame that is taken, in octets.
const maxFrame = 1 << 16

// check fills in what follows from the rest and reports what does not fit.
func (c Config) check() (Config, error) {
	if c.RS != nil && c.LDPC != nil || c.Inner != nil && c.LDPC != nil {
		return c, errors.New("cadu: an LDPC code stands alone")
	}
	size := c.FrameSize
	if c.RS != nil {
		if err := c.RS.Check(); err != nil {
			return c, fmt.Errorf("cadu: %w", err)
		}
		size = c.RS.FrameSize()
	}
	if c.LDPC != nil {
		size = c.LDPC.DataBits() / 8
	}
	if c.FrameSize != 0 && c.FrameSize != size {
		return c, fmt.Errorf("cadu: frames of %d octets asked for, the code carries %d", c.FrameSize, size)
	}
	if size < 1 || size > maxFrame {
		return c, fmt.Errorf("cadu: frames of %d octets, 1 to %d can be had", size, maxFrame)
	}
	c.FrameSize = size
	if c.Sync == nil {
		c.Sync = Marker
		if c.LDPC != nil {
			c.Sync = MarkerLDPC
		}
	}
	if len(c.Sync) < 1 || len(c.Sync) > 8 {
		return c, fmt.Errorf("cadu: sync marker of %d octets, 1 to 8 can be had", len(c.Sync))
	}
	return c, nil
}

// blockBits is the number of bits behind a marker.
func (c Config) blockBits() int {
	switch {
	case c.RS != nil:
		return 8 * c.RS.Size()
	case c.LDPC != nil:
		return c.LDPC.Bits()
	}
	return 8 * c.FrameSize
}

// Encoder turns transfer frames into symbols. The convolutional code runs on from
// frame to frame.
type Encoder struct {
	c     Config
	inner conv.Encoder
	bits  []byte
}

// NewEncoder makes an encoder.
func NewEncoder(c Config) (*Encoder, error) {
	c, err := c.check()
	if err != nil {
		return nil, err
	}
	e := &Encoder{c: c}
	if c.Inner != nil {
		e.inner.Code = *c.Inner
	}
	return e, nil
}

// FrameSize is the length of the frames that the encoder takes, in octets.
func (e *Encoder) FrameSize() int { return e.c.FrameSize }

// Encode appends the channel symbols (hard bits) of a frame to dst.
func (e *Encoder) Encode(dst, frame []byte) ([]byte, error) {
	if len(frame) != e.c.FrameSize {
		return dst, fmt.Errorf("cadu: frame of %d octets for a channel of %d", len(frame), e.c.FrameSize)
	}
	bits := coding.Unpack(e.bits[:0], e.c.Sync)
	at := len(bits)
	switch {
	case e.c.RS != nil:
		block, err := e.c.RS.Encode(nil, frame)
		if err != nil {
			return dst, fmt.Errorf("cadu: %w", err)
		}
		bits = coding.Unpack(bits, block)
	case e.c.LDPC != nil:
		var err error
		if bits, err = e.c.LDPC.Encode(bits, coding.Unpack(nil, frame)); err != nil {
			return dst, fmt.Errorf("cadu: %w", err)
		}
	default:
		bits = coding.Unpack(bits, frame)
	}
	if e.c.Randomizer != nil {
		e.c.Randomizer.ApplyBits(bits[at:])
	}
	e.bits = bits
	if e.c.Inner == nil {
		return append(dst, bits...), nil
	}
	return e.inner.Encode(dst, bits), nil
}

// Flush appends the symbols that drive the last frame through a Viterbi decoder at the
// far end: zeros, as many as it may hold back. Without a convolutional code there are
// none.
func (e *Encoder) Flush(dst []byte) []byte {
	if e.c.Inner == nil {
		return dst
	}
	return e.inner.Encode(dst, make([]byte, conv.NewDecoder(*e.c.Inner, 0).Delay()))
}
