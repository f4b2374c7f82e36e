package params

import (
	"bytes"
	"math/big"
	"sort"
	"testing"

	"golang.org/x/crypto/sha3"
)

func keccak(b []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return h.Sum(nil)
}

// A reference of Ethereum's trie in the few lines that a test needs: it only builds.

func rlpHead(n int, short byte) []byte {
	if n < 56 {
		return []byte{short + byte(n)}
	}
	be := new(big.Int).SetInt64(int64(n)).Bytes()
	return append([]byte{short + 55 + byte(len(be))}, be...)
}

func rlpBytes(b []byte) []byte {
	if len(b) == 1 && b[0] < 0x80 {
		return b
	}
	return append(rlpHead(len(b), 0x80), b...)
}

func rlpList(items ...[]byte) []byte {
	body := bytes.Join(items, nil)
	return append(rlpHead(len(body), 0xc0), body...)
}

type leaf struct{ path, value []byte }

func nibbles(key []byte) (out []byte) {
	for _, b := range key {
		out = append(out, b>>4, b&15)
	}
	return out
}

func hexPrefix(path []byte, isLeaf bool) []byte {
	flag := byte(0)
	if isLeaf {
		flag = 2
	}
	if len(path)%2 == 1 {
		path = append([]byte{flag + 1}, path...)
	} else {
		path = append([]byte{flag, 0}, path...)
	}
	var out []byte
	for i := 0; i < len(path); i += 2 {
		out = append(out, path[i]<<4|path[i+1])
	}
	return out
}

func reference(node []byte) []byte {
	if len(node) < 32 {
		return node
	}
	return rlpBytes(keccak(node))
}

func trieNode(leaves []leaf) []byte {
	if len(leaves) == 0 {
		return []byte{0x80}
	}
	if len(leaves) == 1 {
		return rlpList(rlpBytes(hexPrefix(leaves[0].path, true)), rlpBytes(leaves[0].value))
	}
	first, last := leaves[0].path, leaves[len(leaves)-1].path
	n := 0
	for first[n] == last[n] {
		n++
	}
	if n > 0 {
		shared := first[:n]
		below := make([]leaf, len(leaves))
		for i, l := range leaves {
			below[i] = leaf{l.path[n:], l.value}
		}
		return rlpList(rlpBytes(hexPrefix(shared, false)), reference(trieNode(below)))
	}
	var items [][]byte
	for nibble := range byte(16) {
		var below []leaf
		for _, l := range leaves {
			if l.path[0] == nibble {
				below = append(below, leaf{l.path[1:], l.value})
			}
		}
		if len(below) == 0 {
			items = append(items, []byte{0x80})
		} else {
			items = append(items, reference(trieNode(below)))
		}
	}
	return rlpList(append(items, []byte{0x80})...)
}

func trieRoot(leaves []leaf) [32]byte {
	sort.Slice(leaves, func(i, j int) bool { return bytes.Compare(leaves[i].path, leaves[j].path) < 0 })
	return [32]byte(keccak(trieNode(leaves)))
}

func stateRoot(contracts []Contract) [32]byte {
	var accounts []leaf
	for _, c := range contracts {
		var slots []leaf
		for _, s := range c.Storage {
			slots = append(slots, leaf{nibbles(keccak(s.Key[:])), rlpBytes(bytes.TrimLeft(s.Value[:], "\x00"))})
		}
		storage := trieRoot(slots)
		accounts = append(accounts, leaf{nibbles(keccak(c.Address[:])),
			rlpList([]byte{0x80}, []byte{0x80}, rlpBytes(storage[:]), rlpBytes(keccak(c.Code)))})
	}
	return trieRoot(accounts)
}

func TestGenesisStateRoot(t *testing.T) {
	for _, n := range networks() {
		if got := stateRoot(n.GenesisContracts); got != n.Genesis.Header.StateRoot {
			t.Errorf("%s: accounts of genesis have root %x, the header says %x", n.Name, got, n.Genesis.Header.StateRoot)
		}
	}
	if trieRoot(nil) != emptyRoot {
		t.Error("root of no accounts is not keccak256(80)")
	}
}

func networks() []*Network {
	return []*Network{Main(), Test(), Regtest(), SpaceChain()}
}
