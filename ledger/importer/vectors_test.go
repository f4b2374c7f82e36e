package importer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"spacechain/internal/kv"
	"spacechain/internal/vectors"
	"spacechain/ledger/blockfile"
	"spacechain/ledger/chain"
)

// representative are the vectors that every run imports: between them they have all kinds
// of blocks. With SPACECHAIN_LONG=1 all are imported.
var representative = []string{
	"fuzz_d201", "fuzz_f301", "qtum_pos", "qtum_op_sender", "qtum_opcall", "qtum_evm_create2", "qtum_pos_segwit",
}

func chosen(t testing.TB) (paths []string) {
	t.Helper()
	dir := vectors.Path(t, "qtum")
	all, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no vectors in %s: %v", dir, err)
	}
	if os.Getenv("SPACECHAIN_LONG") != "" {
		return all
	}
	for _, name := range representative {
		paths = append(paths, filepath.Join(dir, name+".json.gz"))
	}
	return paths
}

func nameOf(path string) string { return strings.TrimSuffix(filepath.Base(path), ".json.gz") }

// openFor opens a chain for the network of a vector.
func openFor(t testing.TB, path string, store kv.Store, opt chain.Options) *chain.Chain {
	t.Helper()
	f, err := blockfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	net, ok, err := NetworkOf(f)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	c, err := chain.Open(store, net, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestVectors(t *testing.T) {
	for _, path := range chosen(t) {
		t.Run(nameOf(path), func(t *testing.T) {
			store, err := kv.OpenPebbleSized("chain", vfs.NewMem(), chain.StoreSizes)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			c := openFor(t, path, store, chain.Options{})
			r, err := Import(context.Background(), c, []string{path}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Comparisons) < 30 {
				t.Errorf("only %d comparisons", len(r.Comparisons))
			}
			for _, c := range r.Comparisons {
				if !c.Equal {
					t.Errorf("%s: want %s, got %s", c.Name, c.Want, c.Got)
				}
			}
			if r.Blocks != int64(c.Tip().Height) || r.Rejected+r.Orphans+r.Undecoded != 0 {
				t.Errorf("%d blocks, %d rejected, %d orphans, %d no blocks at height %d", r.Blocks, r.Rejected, r.Orphans, r.Undecoded, c.Tip().Height)
			}
			// A second time there is nothing to do, also after a restart.
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			c = openFor(t, path, store, chain.Options{})
			again, err := Import(context.Background(), c, []string{path}, Options{})
			if err != nil || again.Known != r.Blocks || again.Blocks != 0 || !again.Agrees() {
				t.Errorf("the second time: %d known, %d taken in, agrees %v, %v", again.Known, again.Blocks, again.Agrees(), err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
