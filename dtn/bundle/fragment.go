package bundle

import (
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrMustNotFragment says that a bundle's flags forbid to fragment it.
	ErrMustNotFragment = errors.New("bundle must not be fragmented")
	// ErrIncomplete says that fragments do not yet make up the whole payload.
	ErrIncomplete = errors.New("bundle fragments are incomplete")
	// ErrMismatch says that fragments are not of one bundle.
	ErrMismatch = errors.New("bundle fragments do not belong together")
)

// Split cuts a bundle, or a fragment of one, into two fragments of which the first
// carries at bytes of the payload (RFC 9171 §5.8). Payloads alias that of b.
func (b *Bundle) Split(at int) (head, tail *Bundle, err error) {
	payload := b.Payload()
	switch {
	case b.Primary.Flags&FlagMustNotFragment != 0:
		return nil, nil, fmt.Errorf("split %v: %w", b.ID(), ErrMustNotFragment)
	case at <= 0 || at >= len(payload):
		return nil, nil, fmt.Errorf("split %v: at byte %d of a payload of %d", b.ID(), at, len(payload))
	}
	return b.part(0, at), b.part(at, len(payload)), nil
}

// Fragment cuts a bundle into fragments of at most maxSize encoded bytes each. A
// bundle that is no larger comes back as it is.
func (b *Bundle) Fragment(maxSize int) ([]*Bundle, error) {
	if b.Size() <= maxSize {
		return []*Bundle{b}, nil
	}
	if b.Primary.Flags&FlagMustNotFragment != 0 {
		return nil, fmt.Errorf("fragment %v: %w", b.ID(), ErrMustNotFragment)
	}
	payload := b.Payload()
	var out []*Bundle
	for from := 0; from < len(payload); {
		// The payload's own head is the shorter the less is in it: asking with the
		// most that could fit gives a size that is surely enough.
		f := b.part(from, min(len(payload), from+maxSize))
		n := len(f.Payload()) - max(0, f.Size()-maxSize)
		if n <= 0 {
			return nil, fmt.Errorf("fragment %v: %d bytes are too few for its blocks", b.ID(), maxSize)
		}
		if n < len(f.Payload()) {
			f = b.part(from, from+n)
		}
		out = append(out, f)
		from += n
	}
	return out, nil
}

// part is the fragment with the payload bytes from to to of b. Blocks that must be
// replicated, and those about age and hops, which count for every part, are in all
// fragments; others only in the one that begins b's payload.
func (b *Bundle) part(from, to int) *Bundle {
	p := b.Primary
	if p.Flags&FlagFragment == 0 {
		p.Flags |= FlagFragment
		p.TotalLength = uint64(len(b.Payload()))
	}
	p.FragmentOffset += uint64(from)
	out := &Bundle{Primary: p}
	for _, c := range b.Blocks {
		switch {
		case c.Type == BlockPayload:
			c.Data = c.Data[from:to:to]
		case from == 0, c.Flags&BlockReplicate != 0,
			c.Type == BlockAge, c.Type == BlockHopCount, c.Type == BlockPreviousNode:
		default:
			continue
		}
		out.Blocks = append(out.Blocks, c)
	}
	return out
}

// Reassemble makes the whole bundle of its fragments, in whatever order they came
// and however they overlap (RFC 9171 §5.9). Where two of them cover the same bytes
// the one with the lower offset counts. Without all of the payload the error is
// ErrIncomplete.
func Reassemble(fragments []*Bundle) (*Bundle, error) {
	if len(fragments) == 0 {
		return nil, ErrIncomplete
	}
	parts := slices.Clone(fragments)
	slices.SortStableFunc(parts, func(a, b *Bundle) int {
		switch {
		case a.Primary.FragmentOffset < b.Primary.FragmentOffset:
			return -1
		case a.Primary.FragmentOffset > b.Primary.FragmentOffset:
			return 1
		}
		return len(b.Payload()) - len(a.Payload())
	})
	first := parts[0]
	var have uint64
	for _, f := range parts {
		if err := sameWhole(first, f); err != nil {
			return nil, err
		}
		if f.Primary.FragmentOffset > have {
			break
		}
		have = max(have, f.Primary.FragmentOffset+uint64(len(f.Payload())))
	}
	total := first.Primary.TotalLength
	if have < total {
		return nil, fmt.Errorf("reassemble %v: %w: %d of %d bytes from the start",
			first.ID().Whole(), ErrIncomplete, have, total)
	}
	payload := make([]byte, 0, total)
	for _, f := range parts {
		if end := f.Primary.FragmentOffset + uint64(len(f.Payload())); end > uint64(len(payload)) {
			payload = append(payload, f.Payload()[uint64(len(payload))-f.Primary.FragmentOffset:]...)
		}
	}
	p := first.Primary
	p.Flags &^= FlagFragment
	p.FragmentOffset, p.TotalLength = 0, 0
	out := &Bundle{Primary: p, Blocks: slices.Clone(first.Blocks)}
	out.Blocks[len(out.Blocks)-1].Data = payload
	return out, nil
}

func sameWhole(a, b *Bundle) error {
	switch {
	case b.Primary.Flags&FlagFragment == 0:
		return fmt.Errorf("reassemble %v: %w: %v is no fragment", a.ID().Whole(), ErrMismatch, b.ID())
	case a.ID().Whole() != b.ID().Whole() || a.Primary.TotalLength != b.Primary.TotalLength:
		return fmt.Errorf("reassemble %v: %w: %v of %d bytes", a.ID().Whole(), ErrMismatch,
			b.ID(), b.Primary.TotalLength)
	}
	return b.Validate()
}
