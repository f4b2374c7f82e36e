// Package trie is Ethereum's Merkle-Patricia trie (yellow paper, appendix D) for a store
// that keeps one version only: a node lies under its path from the root, so that a
// change of the trie overwrites what it replaces and nothing is left behind.
//
// A trie is named by a view.Reader and a key prefix. The node at a path is stored under
// the prefix followed by one byte for each nibble of the path; nodes whose encoding is
// shorter than 32 bytes lie inside their parent and have no key, but for the root. Values
// are read from here only for proofs: the ledger has them under flat keys too.
//
// Update loads the nodes that a batch of changes touches and gives back the new root
// with the nodes to write. Build makes a trie from all of its entries in another way, and
// judges Update in tests. Keys are used as they are: in a secure trie they are hashes.
package trie

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/sha3"

	"spacechain/ledger/rlp"
)

// EmptyRoot is the root of a trie without entries: the Keccak-256 of RLP's empty string.
var EmptyRoot = [32]byte{
	0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
	0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21,
}

// Change is a new value of a key; an empty Value removes it.
type Change struct {
	Key, Value []byte
}

// node is a leaf (key and value), an extension (key and child) or a branch (kids and
// perhaps a value). Keys are nibbles, one in each byte.
type node struct {
	key   []byte
	value []byte
	child link
	kids  *[16]link
}

// link leads to a node: ref is the node's item in its parent, either its hash or the
// whole node, and n is the node itself once it was looked at. Where n was changed, ref
// is nil; where both are nil there is no node.
type link struct {
	n   *node
	ref []byte
}

func (l *link) none() bool { return l.n == nil && l.ref == nil }

// hashed tells whether an item in a parent is the hash of a node that is stored.
func hashed(ref []byte) bool { return len(ref) == 33 && ref[0] == 0xa0 }

var errNode = errors.New("malformed node")

// decode reads one node; nodes that it leads to, even those inside it, are left for when
// they are needed, so that nothing recurses.
func decode(enc []byte) (*node, error) {
	items, rest, err := rlp.SplitList(enc)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, errNode
	}
	var parts [18][]byte // each with its header
	n := 0
	for len(items) > 0 && n < len(parts) {
		_, _, after, err := rlp.Split(items)
		if err != nil {
			return nil, err
		}
		parts[n] = items[:len(items)-len(after)]
		items = after
		n++
	}
	switch n {
	case 2:
		return decodeShort(parts[0], parts[1])
	case 17:
		nd := &node{kids: new([16]link)}
		for i := range nd.kids {
			if nd.kids[i], err = decodeLink(parts[i]); err != nil {
				return nil, err
			}
		}
		v, _, err := rlp.SplitString(parts[16])
		if err != nil {
			return nil, err
		}
		if len(v) > 0 {
			nd.value = v
		}
		return nd, nil
	}
	return nil, fmt.Errorf("node of %d items", n)
}

func decodeShort(keyItem, second []byte) (*node, error) {
	compact, _, err := rlp.SplitString(keyItem)
	if err != nil {
		return nil, err
	}
	key, leaf, err := expand(compact)
	if err != nil {
		return nil, err
	}
	nd := &node{key: key}
	if leaf {
		if nd.value, _, err = rlp.SplitString(second); err == nil && len(nd.value) == 0 {
			err = errNode
		}
		return nd, err
	}
	if nd.child, err = decodeLink(second); err == nil && (nd.child.none() || len(key) == 0) {
		err = errNode
	}
	return nd, err
}

// decodeLink reads a branch's or extension's way to a child: an empty string, a string
// of 32 bytes, or a node of less than 32 bytes.
func decodeLink(item []byte) (link, error) {
	switch {
	case len(item) == 1 && item[0] == 0x80:
		return link{}, nil
	case hashed(item), item[0] >= 0xc0 && len(item) < 32:
		return link{ref: item}, nil
	}
	return link{}, errNode
}

// expand reads a key's hex-prefix form (yellow paper, appendix C).
func expand(compact []byte) (key []byte, leaf bool, err error) {
	if len(compact) == 0 || compact[0] > 0x3f {
		return nil, false, errNode
	}
	odd := compact[0]&0x10 != 0
	if !odd && compact[0]&0x0f != 0 {
		return nil, false, errNode
	}
	key = make([]byte, 0, 2*len(compact))
	if odd {
		key = append(key, compact[0]&0x0f)
	}
	for _, c := range compact[1:] {
		key = append(key, c>>4, c&0x0f)
	}
	return key, compact[0]&0x20 != 0, nil
}

// appendCompact adds the hex-prefix form of a key.
func appendCompact(dst, key []byte, leaf bool) []byte {
	var flag byte
	if leaf {
		flag = 0x20
	}
	if len(key)%2 == 1 {
		dst = append(dst, flag|0x10|key[0])
		key = key[1:]
	} else {
		dst = append(dst, flag)
	}
	for ; len(key) > 0; key = key[2:] {
		dst = append(dst, key[0]<<4|key[1])
	}
	return dst
}

// nibbles spreads a key to one nibble in each byte.
func nibbles(key []byte) []byte {
	out := make([]byte, 2*len(key))
	for i, c := range key {
		out[2*i], out[2*i+1] = c>>4, c&0x0f
	}
	return out
}

// common is the length of the longest common prefix.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// coder encodes and hashes nodes with buffers that it keeps.
type coder struct {
	hash    io.ReadWriter
	reset   func()
	compact []byte
}

func newCoder() *coder {
	h := sha3.NewLegacyKeccak256()
	return &coder{hash: h.(io.ReadWriter), reset: h.Reset}
}

func (c *coder) keccak(b []byte) (h [32]byte) {
	c.reset()
	c.hash.Write(b)
	c.hash.Read(h[:])
	return h
}

// encode adds the encoding of a node all of whose links have their ref.
func (c *coder) encode(dst []byte, n *node) []byte {
	if n.kids != nil {
		size := rlp.StringSize(n.value)
		for i := range n.kids {
			size += max(1, len(n.kids[i].ref))
		}
		dst = rlp.AppendListHeader(dst, size)
		for i := range n.kids {
			if ref := n.kids[i].ref; ref != nil {
				dst = append(dst, ref...)
			} else {
				dst = append(dst, 0x80)
			}
		}
		return rlp.AppendString(dst, n.value)
	}
	leaf := n.child.none()
	c.compact = appendCompact(c.compact[:0], n.key, leaf)
	if leaf {
		dst = rlp.AppendListHeader(dst, rlp.StringSize(c.compact)+rlp.StringSize(n.value))
		return rlp.AppendString(rlp.AppendString(dst, c.compact), n.value)
	}
	dst = rlp.AppendListHeader(dst, rlp.StringSize(c.compact)+len(n.child.ref))
	return append(rlp.AppendString(dst, c.compact), n.child.ref...)
}

// ref gives the item that stands in a parent for the node with an encoding, and whether
// the node must be stored for it.
func (c *coder) ref(enc []byte) (ref []byte, store bool) {
	if len(enc) < 32 {
		return bytes.Clone(enc), false
	}
	h := c.keccak(enc)
	return append([]byte{0xa0}, h[:]...), true
}
