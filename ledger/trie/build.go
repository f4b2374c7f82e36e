package trie

import (
	"bytes"
	"slices"
)

// Build gives the root of a trie with the given entries, in any order of distinct keys,
// and hands every node that is stored to emit, if that is not nil, children before
// parents. Neither path, one nibble in each byte, nor node may be kept.
func Build(entries []Change, emit func(path, node []byte)) [32]byte {
	type pair struct{ key, value []byte }
	if len(entries) == 0 {
		return EmptyRoot
	}
	pairs := make([]pair, len(entries))
	for i, e := range entries {
		pairs[i] = pair{nibbles(e.Key), e.Value}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return bytes.Compare(a.key, b.key) })
	c := newCoder()
	// build gives the encoding of the node at path, which is the first pos nibbles of
	// every key in ps.
	var build func(ps []pair, pos int) []byte
	childRef := func(ps []pair, pos int) []byte {
		enc := build(ps, pos)
		ref, store := c.ref(enc)
		if store && emit != nil {
			emit(ps[0].key[:pos], enc)
		}
		return ref
	}
	build = func(ps []pair, pos int) []byte {
		first, last := ps[0], ps[len(ps)-1]
		if len(ps) == 1 {
			return c.encode(nil, &node{key: first.key[pos:], value: first.value})
		}
		m := common(first.key[pos:], last.key[pos:])
		if m > 0 {
			n := &node{key: first.key[pos : pos+m]}
			n.child.ref = childRef(ps, pos+m)
			return c.encode(nil, n)
		}
		n := &node{kids: new([16]link)}
		if len(first.key) == pos {
			n.value = first.value
			ps = ps[1:]
		}
		for len(ps) > 0 {
			nibble := ps[0].key[pos]
			end := 1
			for end < len(ps) && ps[end].key[pos] == nibble {
				end++
			}
			n.kids[nibble].ref = childRef(ps[:end], pos+1)
			ps = ps[end:]
		}
		return c.encode(nil, n)
	}
	enc := build(pairs, 0)
	if emit != nil {
		emit(nil, enc)
	}
	return c.keccak(enc)
}
