package statetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/ledger/evm"
)

// gethRoots are, for every fork, the first bytes of the SHA-256 of the roots that
// go-ethereum 1.17.10 gives for the published transactions under it, in the files of the
// sample and in all: TestAgainstGeth with all files compares the roots themselves.
var gethRoots = [...]struct{ sample, all string }{
	evm.Frontier:       {"23f40a464aafa7d2", "671f9b11e13af279"},
	evm.Homestead:      {"44e79c1eaa018d59", "2d6a231714eaf81b"},
	evm.Tangerine:      {"13f2325cf0172fa1", "4c864e3065d59b97"},
	evm.Spurious:       {"ce05b67aaeacfd98", "70f99d869843c779"},
	evm.Byzantium:      {"a6b0761b8cffee51", "8c847d673f3a5051"},
	evm.Constantinople: {"371bbac346e506ad", "ce557351aaacb073"},
	evm.Petersburg:     {"1bd10b1c72f431a6", "42b43fb5a9ebd8a1"},
	evm.Istanbul:       {"2bc38ebf8f4461b9", "4d032437a3fae2d2"},
	evm.Berlin:         {"deed789e6620d80c", "d3b153b68e0ab820"},
	evm.London:         {"e45641af9e7cd27a", "8ba13fc1696b478c"},
	evm.Paris:          {"e45641af9e7cd27a", "8ba13fc1696b478c"},
	evm.Shanghai:       {"2ceea5f4bcff74b1", "c64f4b5db093522d"},
	evm.Cancun:         {"35b47ac59f96726a", "7e7ef9abf0d7e1bf"},
}

// The published cases are of Cancun only. Their transactions under every other fork come to
// the roots that go-ethereum gives.
func TestEveryFork(t *testing.T) {
	pick := sample(10)
	if long() {
		pick = func(string) bool { return true }
	}
	var digests [evm.Cancun + 1]hash.Hash
	for f := range digests {
		digests[f] = sha256.New()
	}
	vectors.Tar(t, archive, func(name string, r io.Reader) {
		if !strings.HasSuffix(name, ".json") || !pick(name) {
			return
		}
		file, err := io.ReadAll(r)
		if err == nil {
			file, err = everyFork(file)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		results, err := Run(bytes.NewReader(file), name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, res := range results {
			if f, ok := fork(res.Fork); ok && differs[res.Name] == "" {
				fmt.Fprintln(digests[f], res.Name, res.Index, res.StateRoot)
			}
		}
	})
	for f, d := range digests {
		want := gethRoots[f].sample
		if long() {
			want = gethRoots[f].all
		}
		if got := hex.EncodeToString(d.Sum(nil)[:8]); got != want {
			t.Errorf("%v: digest of roots %s, want %s", evm.Fork(f), got, want)
		}
	}
}
