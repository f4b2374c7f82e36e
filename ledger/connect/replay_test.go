package connect_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/internal/vectors"
	"spacechain/ledger/blockfile"
	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/connect"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// chain is the smallest thing that can hold one: headers, a state in memory, undo data.
type chain struct {
	net   *params.Network
	tree  *header.Tree
	state *view.Overlay
	undo  [][]byte      // by height
	block []*wire.Block // by height
	work  int           // goroutines for scripts
	keep  bool          // keep blocks and undo data
}

func newChain(t testing.TB, net *params.Network) *chain {
	t.Helper()
	genesis, err := connect.Block(connect.Input{Params: net, Block: net.Genesis, State: view.Empty{}})
	if err != nil {
		t.Fatal(err)
	}
	c := &chain{
		net: net, tree: header.New(&net.Genesis.Header, header.Options{}), state: view.NewOverlay(view.Empty{}),
		undo: [][]byte{nil}, block: []*wire.Block{net.Genesis},
	}
	c.state.Apply(genesis.Changes)
	c.tree.Tip().Record, c.tree.Tip().Status = genesis.Record, header.HaveBlock|header.Connected
	return c
}

// try connects a block to the tip without adding it, after the rules that need no state.
func (c *chain) try(b *wire.Block) (*connect.Result, error) {
	tip := c.tree.Tip()
	now := int64(b.Header.Time)
	if err := check.Block(c.net, b, check.BlockContext{TipHeight: tip.Height, Now: now, MaxWeight: 128_000_000}); err != nil {
		return nil, err
	}
	if b.Header.PrevBlock != tip.Hash {
		return nil, fmt.Errorf("block %v does not build on the tip %v", b.Hash(), tip.Hash)
	}
	hc := check.HeaderContext{Tip: tip, Now: now, Checkpointed: -1}
	if _, _, err := check.Header(c.net, c.tree, &b.Header, hc); err != nil {
		return nil, err
	}
	if err := check.Placed(c.net, tip, b, tip.Height, now); err != nil {
		return nil, err
	}
	if err := check.ContextualBlock(c.net, tip, b); err != nil {
		return nil, err
	}
	return connect.Block(connect.Input{Params: c.net, Prev: tip, Block: b, State: c.state, Workers: c.work, Checked: true})
}

func (c *chain) add(b *wire.Block) (*connect.Result, error) {
	r, err := c.try(b)
	if err != nil {
		return nil, err
	}
	node, err := c.tree.Add(&b.Header)
	if err != nil {
		return nil, err
	}
	node.Record, node.Status = r.Record, header.HaveBlock|header.Connected
	if err := c.tree.SetTip(node); err != nil {
		return nil, err
	}
	c.state.Apply(r.Changes)
	if c.keep {
		c.undo = append(c.undo[:node.Height], r.Undo)
		c.block = append(c.block[:node.Height], b)
	}
	return r, nil
}

// back takes the tip's block back.
func (c *chain) back() error {
	tip := c.tree.Tip()
	parent, err := tip.Parent()
	if err != nil {
		return err
	}
	changes, err := connect.Disconnect(connect.UndoInput{
		Block: c.block[tip.Height], Parent: &parent.Header, Height: tip.Height, Undo: c.undo[tip.Height], State: c.state,
	})
	if err != nil {
		return err
	}
	c.state.Apply(changes)
	return c.tree.SetTip(parent)
}

// vector is an open chain of the shared vectors.
type vector struct {
	*blockfile.File
	net *params.Network
}

func openVector(t testing.TB, name string) vector {
	t.Helper()
	f, err := blockfile.Open(vectors.Path(t, "qtum/"+name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	net, ok := params.ByName(f.Network())
	if !ok {
		t.Fatalf("vector of unknown network %q", f.Network())
	}
	for _, a := range f.Args() {
		if err := net.Override(a); err != nil {
			t.Fatal(err)
		}
	}
	return vector{f, net}
}

// next gives the next block, nil after the last.
func (v vector) next(t testing.TB) *wire.Block {
	t.Helper()
	raw, err := v.Next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := wire.DecodeBlock(raw.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// replay connects all of a vector's blocks and holds what comes of them against what Qtum
// Core said.
func replay(t *testing.T, name string) {
	v := openVector(t, name)
	c := newChain(t, v.net)
	for b := v.next(t); b != nil; b = v.next(t) {
		if _, err := c.add(b); err != nil {
			explain(t, err)
			t.Fatalf("block %d %v: %v", c.tree.Tip().Height+1, b.Hash(), err)
		}
	}
	c.compare(t, v)
}

// explain logs what a rejection wraps.
func explain(t *testing.T, err error) {
	for e := check.Of(err); e != nil && e.Err != nil; e = check.Of(e.Err) {
		t.Logf("because: %v", e.Err)
	}
}

func (c *chain) compare(t *testing.T, v vector) {
	t.Helper()
	contracts := 0
	want, err := v.Expected(func(w blockfile.Contract) error {
		contracts++
		return compareContract(c.state, w)
	})
	if err != nil {
		t.Fatal(err)
	}
	tip := c.tree.Tip()
	for _, f := range []struct {
		name      string
		got, want any
	}{
		{"height", tip.Height, want.Height},
		{"hash", tip.Hash.String(), want.Tip.Hash},
		{"hashStateRoot", chainhash.Hash(tip.Header.StateRoot).String(), want.Tip.StateRoot},
		{"hashUTXORoot", chainhash.Hash(tip.Header.UTXORoot).String(), want.Tip.UTXORoot},
		{"modifier", chainhash.Hash(tip.Modifier).String(), want.Tip.Modifier},
		{"nTx", int(tip.Txs), want.Tip.NTx},
	} {
		if f.got != f.want {
			t.Errorf("%s is %v, want %v", f.name, f.got, f.want)
		}
	}
	// A Qtum Core that was started again has forgotten the proof hash.
	got := chainhash.Hash(tip.ProofHash).String()
	if got != want.Tip.ProofHash && want.Tip.ProofHash != (chainhash.Hash{}).String() {
		t.Errorf("proofhash is %s, want %s", got, want.Tip.ProofHash)
	}
	st, err := coins.SetStats(c.state)
	if err != nil {
		t.Fatal(err)
	}
	amount := fmt.Sprintf("%d.%08d", st.Amount/params.Coin, st.Amount%params.Coin)
	if st.Hash.String() != want.UTXO.HashSerialized || st.Coins != want.UTXO.TxOuts || st.Transactions != want.UTXO.Transactions ||
		decimal(amount) != decimal(want.UTXO.TotalAmount.String()) {
		t.Errorf("coins %+v, want %+v", st, want.UTXO)
	}
	if contracts == 0 {
		t.Error("no contracts were compared")
	}
}

func decimal(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func compareContract(r view.Reader, want blockfile.Contract) error {
	raw, err := hex.DecodeString(want.Address)
	if err != nil || len(raw) != 20 {
		return fmt.Errorf("contract address %q", want.Address)
	}
	addr := state.Address(raw)
	a, ok, err := state.StoredAccount(r, addr)
	if err != nil || !ok {
		return fmt.Errorf("contract %v: stored %v, %w", addr, ok, err)
	}
	if got := a.Balance.Dec(); got != want.Balance.String() {
		return fmt.Errorf("contract %v: balance %s, want %s", addr, got, want.Balance)
	}
	code, _, err := r.Get(state.CodeKey(a.CodeHash))
	if err != nil || hex.EncodeToString(code) != want.Code {
		return fmt.Errorf("contract %v: code of %d bytes, want %d, %w", addr, len(code), len(want.Code)/2, err)
	}
	slots := map[string]string{}
	for _, kv := range want.Storage {
		for k, v := range kv {
			slots[k] = v
		}
	}
	prefix := state.StoragePrefix(addr)
	err = r.Scan(prefix, func(k, v []byte) error {
		key := hex.EncodeToString(k[len(prefix):])
		value := strings.Repeat("0", 64-2*len(v)) + hex.EncodeToString(v)
		if slots[key] != value {
			return fmt.Errorf("contract %v: slot %s is %s, want %s", addr, key, value, slots[key])
		}
		delete(slots, key)
		return nil
	})
	if err == nil && len(slots) != 0 {
		err = fmt.Errorf("contract %v: %d slots are missing", addr, len(slots))
	}
	return err
}

// short are the chains that every test run replays: staking, delegation, senders, contracts
// of all kinds in all forks.
var short = []string{
	"qtum_pod", "qtum_op_sender", "qtum_condensing_txs", "qtum_evm_create2", "fuzz_f301",
}

func vectorNames(t testing.TB) []string {
	if os.Getenv("SPACECHAIN_LONG") == "" {
		return short
	}
	files, err := filepath.Glob(filepath.Join(vectors.Path(t, "qtum"), "*.json.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("vectors: %v, %v", files, err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".json.gz"))
	}
	return names
}

// Every chain that Qtum Core made is accepted, block by block, and leads to the same state.
func TestReplay(t *testing.T) {
	for _, name := range vectorNames(t) {
		t.Run(name, func(t *testing.T) { replay(t, name) })
	}
}

// digest is a hash over the whole of a state, without code, which stays when its block is
// taken back.
func digest(t testing.TB, r view.Reader) [32]byte {
	t.Helper()
	h := sha256.New()
	err := r.Scan(nil, func(k, v []byte) error {
		if k[0] != 'C' {
			fmt.Fprintf(h, "%x=%x\n", k, v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return [32]byte(h.Sum(nil))
}

// Blocks that are taken back, to anywhere, leave the state that was there before them,
// byte for byte; connected again they lead to where they led.
func TestBackAndForth(t *testing.T) {
	names, turns := []string{"qtum_condensing_txs", "fuzz_f301", "qtum_pos"}, 5
	if os.Getenv("SPACECHAIN_LONG") != "" {
		names, turns = vectorNames(t), 20
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { backAndForth(t, name, turns) })
	}
}

func backAndForth(t *testing.T, name string, turns int) {
	v := openVector(t, name)
	c := newChain(t, v.net)
	c.keep = true
	rng := rand.New(rand.NewPCG(1, uint64(len(name))))
	seen := map[int32][32]byte{0: digest(t, c.state)}
	look := func() {
		t.Helper()
		tip := c.tree.Tip().Height
		got := digest(t, c.state)
		if want, ok := seen[tip]; ok && got != want {
			t.Fatalf("the state at height %d is not what it was", tip)
		}
		seen[tip] = got
	}
	var blocks []*wire.Block
	for b := v.next(t); b != nil; b = v.next(t) {
		blocks = append(blocks, b)
	}
	// walk goes to a height, looking at the state where it turns and now and then between.
	walk := func(to int32) {
		t.Helper()
		for h := c.tree.Tip().Height; h != to; h = c.tree.Tip().Height {
			var err error
			if to > h {
				_, err = c.add(blocks[h])
			} else {
				err = c.back()
			}
			if err != nil {
				explain(t, err)
				t.Fatalf("on the way from height %d to %d: %v", h, to, err)
			}
			if rng.IntN(200) == 0 {
				look()
			}
		}
		look()
	}
	top := int32(len(blocks))
	// Contracts stand in the last blocks of the shorter chains: most turns are there.
	walk(top)
	for range turns {
		walk(max(0, top-rng.Int32N(150)))
	}
	walk(0)
	walk(top)
	c.compare(t, v)
}
