package rs

import (
	"errors"
	"fmt"
)

// Block is a codeblock of interleaved words: octet i of the frame belongs to word
// i mod Depth, and so do the check symbols behind it (CCSDS 131.0-B-5 §4.3.5 and §4.4).
type Block struct {
	Code  *Code
	Depth int // interleaving depth; the book has 1, 2, 3, 4, 5 and 8, any 1..8 works
	Fill  int // virtual fill: symbols left out of each word (§4.3.7)
}

// maxDepth is the deepest interleaving of CCSDS.
const maxDepth = 8

// Check reports what is wrong with the block's parameters.
func (b Block) Check() error {
	switch {
	case b.Code == nil:
		return errors.New("rs: block without a code")
	case b.Depth < 1 || b.Depth > maxDepth:
		return fmt.Errorf("rs: interleaving depth %d, 1 to %d can be had", b.Depth, maxDepth)
	case b.Fill < 0 || b.Fill >= b.Code.DataSize():
		return fmt.Errorf("rs: virtual fill of %d in words of %d data symbols", b.Fill, b.Code.DataSize())
	}
	return nil
}

// FrameSize is how many octets of data a block carries.
func (b Block) FrameSize() int { return b.Depth * (b.Code.DataSize() - b.Fill) }

// Size is how many octets a block has on the channel.
func (b Block) Size() int { return b.FrameSize() + b.Depth*b.Code.Parity() }

// Encode appends the codeblock of a frame of [Block.FrameSize] octets to dst.
func (b Block) Encode(dst, frame []byte) ([]byte, error) {
	if err := b.Check(); err != nil {
		return dst, err
	}
	if len(frame) != b.FrameSize() {
		return dst, fmt.Errorf("rs: frame of %d octets for a block that carries %d", len(frame), b.FrameSize())
	}
	dst = append(dst, frame...)
	at := len(dst)
	n := b.Code.Parity()
	for range b.Depth * n {
		dst = append(dst, 0)
	}
	check := dst[at:]
	if b.Depth == 1 {
		b.Code.Encode(frame, check)
		return dst, nil
	}
	var word, parity [255]byte
	for j := range b.Depth {
		w := gather(word[:0], frame[j:], b.Depth)
		b.Code.Encode(w, parity[:])
		for i, p := range parity[:n] {
			check[i*b.Depth+j] = p
		}
	}
	return dst, nil
}

// gather appends every step-th octet of src to dst.
func gather(dst, src []byte, step int) []byte {
	for i := 0; i < len(src); i += step {
		dst = append(dst, src[i])
	}
	return dst
}

// Report is what decoding a block came to.
type Report struct {
	Changed [maxDepth]int // symbols changed in each word
	Failed  int           // words that could not be corrected and stand as received
}

// Total is the number of symbols changed in all words.
func (r Report) Total() int {
	sum := 0
	for _, n := range r.Changed {
		sum += n
	}
	return sum
}

// Decode corrects a received block of [Block.Size] octets in place. Erasures are
// indices into block. Where words fail it corrects the others and returns
// [ErrUncorrectable]; the frame is block[:FrameSize].
func (b Block) Decode(block []byte, erasures []int) (Report, error) {
	var rep Report
	if err := b.Check(); err != nil {
		return rep, err
	}
	if len(block) != b.Size() {
		return rep, fmt.Errorf("rs: block of %d octets, want %d", len(block), b.Size())
	}
	var word [255]byte
	var erased [255]int
	for j := range b.Depth {
		e := erased[:0]
		for _, i := range erasures {
			if i%b.Depth == j && len(e) < len(erased) {
				e = append(e, i/b.Depth)
			}
		}
		w := block
		if b.Depth > 1 {
			w = gather(word[:0], block[j:], b.Depth)
		}
		n, err := b.Code.Decode(w, e)
		if err != nil {
			rep.Failed++
			continue
		}
		rep.Changed[j] = n
		if n > 0 && b.Depth > 1 {
			for i, o := range w {
				block[i*b.Depth+j] = o
			}
		}
	}
	if rep.Failed > 0 {
		return rep, fmt.Errorf("rs: %d of %d words: %w", rep.Failed, b.Depth, ErrUncorrectable)
	}
	return rep, nil
}
