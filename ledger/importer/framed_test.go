package importer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spacechain/internal/kv"
	"spacechain/internal/vectors"
	"spacechain/ledger/blockfile"
	"spacechain/ledger/chain"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// rawBlocks gives at most n blocks of a vector.
func rawBlocks(t testing.TB, path string, n int) (raw [][]byte) {
	t.Helper()
	f, err := blockfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for len(raw) < n {
		b, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, bytes.Clone(b.Raw))
	}
	return raw
}

func frames(net *params.Network, blocks ...[]byte) (out []byte) {
	for _, b := range blocks {
		out = append(out, net.Magic[:]...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(b)))
		out = append(out, b...)
	}
	return out
}

func write(t testing.TB, dir, name string, parts ...[]byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, bytes.Join(parts, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Files as Qtum Core leaves them behind: the genesis block first, blocks out of order, also
// across files, gaps, garbage, a frame that is longer than its block, a block that is cut
// off, and one that breaks a rule.
func TestBlockFiles(t *testing.T) {
	net := params.Regtest()
	raw := rawBlocks(t, vectors.Path(t, "qtum/qtum_pos.json.gz"), 300)
	bad := bytes.Clone(raw[40])
	bad[90]++ // the state root
	for {     // and work for it
		b, err := wire.DecodeBlock(bad)
		if err != nil {
			t.Fatal(err)
		}
		if h := b.Hash(); h[31] < 0x7f {
			break
		}
		bad[76]++
	}
	shuffled := slices.Clone(raw[100:200])
	slices.Reverse(shuffled)
	dir := t.TempDir()
	first := write(t, dir, "blk00000.dat",
		frames(net, net.Genesis.Append(nil)),
		frames(net, raw[:40]...),
		[]byte("garbage"), net.Magic[:], []byte{1, 0, 0, 0},
		frames(net, bad),
		frames(net, raw[40:50]...),
		make([]byte, 5000),
		frames(net, append(bytes.Clone(raw[50]), frames(net, raw[51])...)), // one in another's frame
		frames(net, raw[50][:150]), // no header
		frames(net, raw[50][:185]), // a header and no block
		frames(net, raw[52:100]...),
		frames(net, shuffled[:50]...), // 199 to 150: their parents are in the next file
	)
	second := write(t, dir, "blk00001.dat",
		frames(net, shuffled[50:]...),
		frames(net, raw[200:]...),
		frames(net, raw[299])[:60],
	)
	store := kv.NewMemory()
	c, err := chain.Open(store, net, chain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	last := Progress{}
	r, err := Import(context.Background(), c, []string{first, second}, Options{Progress: func(p Progress) {
		if p.Read > p.Size || p.Number < last.Number || p.Blocks < last.Blocks || p.Files != 2 {
			t.Errorf("progress went from %+v to %+v", last, p)
		}
		last = p
	}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Tip().Height != 300 || r.Blocks != 300 || r.Transactions != 300 || r.Known != 1 || r.Orphans != 0 || r.SkippedBytes < 5000 {
		t.Errorf("height %d, %+v", c.Tip().Height, r)
	}
	if r.Undecoded != 2 || r.Rejected != 1 || len(r.Rejections) != 1 || r.Rejections[0].Reason != "incorrect-transactions-or-hashes-block" {
		t.Errorf("%+v", r)
	}
	if last.Height != 300 || last.Blocks != 300 || last.Number != 2 {
		t.Errorf("progress ended with %+v", last)
	}
	if len(r.Comparisons) != 0 || !r.Agrees() {
		t.Errorf("%d comparisons", len(r.Comparisons))
	}
	again, err := Import(context.Background(), c, []string{first, second}, Options{})
	if err != nil || again.Blocks != 0 || again.Known != 302 {
		t.Errorf("the second time: %+v %v", again, err)
	}
	// The rules may be others than those that the network has by itself.
	other := params.Regtest()
	if err := other.Override("-londonheight=1000"); err != nil {
		t.Fatal(err)
	}
	if c, err = chain.Open(kv.NewMemory(), other, chain.Options{}); err != nil {
		t.Fatal(err)
	}
	if r, err := Import(context.Background(), c, []string{first, second}, Options{}); err != nil || r.Blocks != 300 {
		t.Errorf("with other rules: %+v %v", r, err)
	}
	// A file alone whose blocks lack their parents leaves the chain as it is.
	c, err = chain.Open(kv.NewMemory(), params.Regtest(), chain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := Import(context.Background(), c, []string{second}, Options{})
	if err != nil || alone.Blocks != 0 || alone.Orphans != 150 || c.Tip().Height != 0 {
		t.Errorf("the second file alone: %+v %v", alone, err)
	}
}

// An import that is stopped leaves a chain that is flushed, and the next one ends it.
func TestStoppedImport(t *testing.T) {
	path := vectors.Path(t, "qtum/qtum_pos.json.gz")
	store := kv.NewMemory()
	done := int64(0)
	for turn := 0; ; turn++ {
		c := openFor(t, path, store, chain.Options{})
		if int64(c.Tip().Height) != done {
			t.Fatalf("turn %d begins at height %d, %d were taken in", turn, c.Tip().Height, done)
		}
		ctx, cancel := context.WithCancel(context.Background())
		r, err := Import(ctx, c, []string{path}, Options{Progress: func(p Progress) {
			if p.Blocks == 700 {
				cancel()
			}
		}})
		cancel()
		done += r.Blocks
		if err == nil {
			if turn != 3 || !r.Agrees() || len(r.Comparisons) == 0 || r.Known != 2100 {
				t.Fatalf("turn %d: %d known, agrees %v", turn, r.Known, r.Agrees())
			}
			return
		}
		if !errors.Is(err, context.Canceled) || r.Blocks != 700 {
			t.Fatalf("turn %d: %d blocks, %v", turn, r.Blocks, err)
		}
		// The chain is not closed: what was taken in is in the store all the same.
	}
}

func TestFilesOfOtherNetworks(t *testing.T) {
	dir := t.TempDir()
	main := params.Main()
	file := write(t, dir, "blk00000.dat", frames(main, main.Genesis.Append(nil)))
	c, err := chain.Open(kv.NewMemory(), params.Regtest(), chain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Import(context.Background(), c, []string{file}, Options{}); err == nil || !strings.Contains(err.Error(), "network main is not regtest") {
		t.Error(err)
	}
	vector := vectors.Path(t, "qtum/qtum_evm_revert.json.gz")
	if _, err := Import(context.Background(), c, []string{vector}, Options{}); err == nil || !strings.Contains(err.Error(), "CancunHeight") {
		t.Error(err)
	}
	if _, err := Import(context.Background(), c, []string{filepath.Join(dir, "none")}, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	broken := write(t, dir, "chain.json", []byte(`{"network": "regtest", "args": [], "blocks": ["00"]}`))
	if _, err := Import(context.Background(), c, []string{broken}, Options{}); err == nil || !strings.Contains(err.Error(), "block 0") {
		t.Error(err)
	}
	unknown := write(t, dir, "chain2.json", []byte(`{"network": "moon", "args": [], "blocks": []}`))
	if _, err := Import(context.Background(), c, []string{unknown}, Options{}); err == nil || !strings.Contains(err.Error(), `"moon"`) {
		t.Error(err)
	}
}

// A vector whose chain is not the one that was imported does not agree.
func TestDisagreement(t *testing.T) {
	path := vectors.Path(t, "qtum/qtum_pos.json.gz")
	c := openFor(t, path, kv.NewMemory(), chain.Options{})
	if _, err := Import(context.Background(), c, []string{path}, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Disconnect(); err != nil {
		t.Fatal(err)
	}
	f, err := blockfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := Compare(c, f)
	if err != nil {
		t.Fatal(err)
	}
	r := Report{Comparisons: got}
	if r.Agrees() {
		t.Error("it agrees one block too early")
	}
	// A vector whose blocks break a rule is not imported.
	text := `{"network": "regtest", "args": [], "blocks": ["` + strings.Repeat("00", 300) + `"]}`
	bad := write(t, t.TempDir(), "bad.json", []byte(text))
	if _, err := Import(context.Background(), c, []string{bad}, Options{}); err == nil {
		t.Error("imported")
	}
}
