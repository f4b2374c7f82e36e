package trie

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"spacechain/ledger/view"
)

// Prove gives the stored nodes from the root towards key, which prove to whoever knows
// the root what the key's value is or that it has none. In an empty trie there are none.
func Prove(r view.Reader, prefix, key []byte) ([][]byte, error) {
	path := nibbles(key)
	var proof [][]byte
	pos, more := 0, true
	for more {
		enc, ok, err := r.Get(slices.Concat(prefix, path[:pos]))
		if err == nil && !ok {
			if pos == 0 {
				return nil, nil
			}
			err = ErrMissing
		}
		if err == nil {
			proof = append(proof, bytes.Clone(enc))
			pos, more, _, err = follow(enc, path, pos)
		}
		if err != nil {
			return nil, fmt.Errorf("trie: node %x: %w", path[:pos], err)
		}
	}
	return proof, nil
}

// follow walks from a stored node, which lies at path[:pos], as far as that node knows
// the way: to the reference of the next stored node at path[:at], with more set, or to
// the end, where the answer is the value, nil if there is none.
func follow(enc, path []byte, pos int) (at int, more bool, answer []byte, err error) {
	for {
		n, err := decode(enc)
		if err != nil {
			return pos, false, nil, err
		}
		var next link
		switch {
		case n.kids != nil && pos == len(path):
			return pos, false, n.value, nil
		case n.kids != nil:
			next = n.kids[path[pos]]
			pos++
		case !bytes.HasPrefix(path[pos:], n.key):
			return pos, false, nil, nil
		default:
			pos += len(n.key)
			if next = n.child; next.none() {
				if pos < len(path) {
					return pos, false, nil, nil
				}
				return pos, false, n.value, nil
			}
		}
		if next.none() {
			return pos, false, nil, nil
		}
		if hashed(next.ref) {
			return pos, true, next.ref[1:], nil
		}
		enc = next.ref
	}
}

// ErrProof means that a proof does not prove anything about the root.
var ErrProof = errors.New("trie: proof does not hold")

// VerifyProof gives the value of key in the trie with the given root, nil if it has
// none, as proof shows it; see Prove. It works on untrusted bytes.
func VerifyProof(root [32]byte, key []byte, proof [][]byte) (value []byte, err error) {
	path := nibbles(key)
	if root == EmptyRoot && len(proof) == 0 {
		return nil, nil
	}
	want, pos, more := root[:], 0, true
	c := newCoder()
	for i, enc := range proof {
		if !more {
			return nil, fmt.Errorf("%w: %d nodes too many", ErrProof, len(proof)-i)
		}
		if h := c.keccak(enc); !bytes.Equal(h[:], want) {
			return nil, fmt.Errorf("%w: node %d has another hash", ErrProof, i)
		}
		if pos, more, want, err = follow(enc, path, pos); err != nil {
			return nil, fmt.Errorf("%w: node %d: %w", ErrProof, i, err)
		}
	}
	if more {
		return nil, fmt.Errorf("%w: it ends before the key does", ErrProof)
	}
	return want, nil
}
