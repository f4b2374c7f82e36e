package rlp

import (
	"errors"
	"fmt"
)

// Kind is what an item is.
type Kind uint8

// The kinds of items.
const (
	String Kind = iota
	List
)

// String gives the kind's name.
func (k Kind) String() string {
	if k == List {
		return "list"
	}
	return "string"
}

// ErrTruncated means that an item says it is longer than the bytes that are there.
var ErrTruncated = errors.New("rlp: item goes past the end")

// ErrNotCanonical means that an item is written in more bytes than it needs.
var ErrNotCanonical = errors.New("rlp: item not in its shortest form")

// Split takes the first item off b: a string's bytes, or the items of a list, and what
// follows the item. What it gives back aliases b.
func Split(b []byte) (kind Kind, content, rest []byte, err error) {
	if len(b) == 0 {
		return 0, nil, b, ErrTruncated
	}
	c := b[0]
	switch {
	case c < 0x80:
		return String, b[:1], b[1:], nil
	case c < 0xc0:
		content, rest, err = splitSized(b, c-0x80)
		if err == nil && len(content) == 1 && content[0] < 0x80 {
			err = ErrNotCanonical
		}
		return String, content, rest, err
	default:
		content, rest, err = splitSized(b, c-0xc0)
		return List, content, rest, err
	}
}

// splitSized reads the size that follows from the first byte's code: up to 55 is the
// size itself, above is the number of bytes of it.
func splitSized(b []byte, code byte) (content, rest []byte, err error) {
	if code <= 55 {
		b = b[1:]
		if int(code) > len(b) {
			return nil, b, ErrTruncated
		}
		return b[:code], b[code:], nil
	}
	n := int(code - 55)
	b = b[1:]
	if n > len(b) {
		return nil, b, ErrTruncated
	}
	if b[0] == 0 {
		return nil, b, ErrNotCanonical
	}
	var size uint64
	for _, c := range b[:n] {
		size = size<<8 | uint64(c)
	}
	b = b[n:]
	if size < 56 {
		return nil, b, ErrNotCanonical
	}
	if size > uint64(len(b)) {
		return nil, b, ErrTruncated
	}
	return b[:size], b[size:], nil
}

// SplitString takes a string off b.
func SplitString(b []byte) (s, rest []byte, err error) {
	return splitKind(b, String)
}

// SplitList takes a list off b and gives its items, one after the other.
func SplitList(b []byte) (items, rest []byte, err error) {
	return splitKind(b, List)
}

func splitKind(b []byte, want Kind) (content, rest []byte, err error) {
	kind, content, rest, err := Split(b)
	if err == nil && kind != want {
		return nil, b, fmt.Errorf("rlp: a %v where a %v belongs", kind, want)
	}
	return content, rest, err
}

// SplitUint takes an integer of at most 64 bits off b.
func SplitUint(b []byte) (v uint64, rest []byte, err error) {
	s, rest, err := SplitString(b)
	if err != nil {
		return 0, b, err
	}
	if len(s) > 8 {
		return 0, b, fmt.Errorf("rlp: integer of %d bytes", len(s))
	}
	if len(s) > 0 && s[0] == 0 {
		return 0, b, ErrNotCanonical
	}
	for _, c := range s {
		v = v<<8 | uint64(c)
	}
	return v, rest, nil
}

// Count is the number of items in a list's content, each looked at on the surface only.
func Count(items []byte) (int, error) {
	n := 0
	for len(items) > 0 {
		_, _, rest, err := Split(items)
		if err != nil {
			return n, err
		}
		items = rest
		n++
	}
	return n, nil
}

// Item is a decoded item: the bytes of a string or the items of a list.
type Item struct {
	Kind  Kind
	Bytes []byte
	Items []Item
}

// MaxDepth is how deep lists may lie in each other for Decode.
const MaxDepth = 1024

// Decode reads b, which must be one item and no more, with all that is in it. Strings
// alias b.
func Decode(b []byte) (Item, error) {
	it, rest, err := decode(b, MaxDepth)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("rlp: %d bytes after the item", len(rest))
	}
	if err != nil {
		return Item{}, err
	}
	return it, nil
}

func decode(b []byte, depth int) (Item, []byte, error) {
	kind, content, rest, err := Split(b)
	if err != nil {
		return Item{}, nil, err
	}
	it := Item{Kind: kind}
	if kind == String {
		it.Bytes = content
		return it, rest, nil
	}
	if depth == 0 {
		return Item{}, nil, fmt.Errorf("rlp: lists more than %d deep", MaxDepth)
	}
	for len(content) > 0 {
		var sub Item
		if sub, content, err = decode(content, depth-1); err != nil {
			return Item{}, nil, err
		}
		it.Items = append(it.Items, sub)
	}
	return it, rest, nil
}

// Append adds the item in its encoded form to dst.
func (it *Item) Append(dst []byte) []byte {
	if it.Kind == String {
		return AppendString(dst, it.Bytes)
	}
	var items []byte
	for i := range it.Items {
		items = it.Items[i].Append(items)
	}
	return append(AppendListHeader(dst, len(items)), items...)
}
