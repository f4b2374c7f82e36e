package aal_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"spacechain/internal/vectors"
	"spacechain/ledger/aal"
	"spacechain/ledger/delegation"
	"spacechain/ledger/dgp"
	"spacechain/ledger/params"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// TestReplay runs the contracts of chains that Qtum Core made, and nothing else of their
// rules: both roots of every header, every generated transaction and every refund must
// come out, and at the end every contract must hold what Qtum Core says it holds.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(vectors.Path(t, "qtum"), "*.json.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d vector chains, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".json.gz"), func(t *testing.T) { replayFile(t, f) })
	}
}

type vectorFile struct {
	Args      []string
	Blocks    []string
	Contracts map[string]struct {
		Balance json.Number
		Code    string
		Storage map[string]map[string]string
		Vin     *struct {
			Hash  string
			NVout uint32
			Value json.Number
		}
	}
}

func replayFile(t *testing.T, path string) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var v vectorFile
	if err := json.NewDecoder(gz).Decode(&v); err != nil {
		t.Fatal(err)
	}
	p := params.Regtest()
	for _, arg := range v.Args {
		if err := p.Override(arg); err != nil {
			t.Logf("option %s: %v", arg, err)
		}
	}
	r := newReplay(t, p)
	for i, raw := range v.Blocks {
		b, err := hex.DecodeString(raw)
		if err != nil {
			t.Fatal(err)
		}
		block, err := wire.DecodeBlock(b)
		if err != nil {
			t.Fatalf("block %d: %v", i+1, err)
		}
		if err := r.connect(block); err != nil {
			t.Fatalf("block %d: %v", i+1, err)
		}
	}
	t.Logf("%d blocks, %d executions, %d generated transactions, %d refunds", len(v.Blocks), r.ran, r.generated, r.refunded)
	if len(v.Contracts) == 0 {
		t.Error("the chain has no contracts")
	}
	for name, c := range v.Contracts {
		r.compare(name, string(c.Balance), c.Code, c.Storage)
		if c.Vin != nil {
			r.compareCoin(name, c.Vin.Hash, c.Vin.NVout, string(c.Vin.Value))
		}
	}
}

// replay is a chain as far as the account abstraction layer sees it.
type replay struct {
	t      testing.TB
	params *params.Network
	store  *view.Overlay
	outs   map[btcwire.OutPoint]*btcwire.TxOut
	hashes []chainhash.Hash
	last   *wire.Block
	undo   bool // take every block back and connect it again

	ran, generated, refunded int
}

func newReplay(t testing.TB, p *params.Network) *replay {
	r := &replay{
		t: t, params: p,
		store:  view.NewOverlay(view.Empty{}),
		outs:   map[btcwire.OutPoint]*btcwire.TxOut{},
		hashes: []chainhash.Hash{p.GenesisHash},
		last:   p.Genesis,
		undo:   true,
	}
	g, err := aal.GenesisState(p)
	if err != nil {
		t.Fatal(err)
	}
	if g.StateRoot != p.Genesis.Header.StateRoot || g.UTXORoot != p.Genesis.Header.UTXORoot {
		t.Fatalf("genesis roots %x %x", g.StateRoot, g.UTXORoot)
	}
	r.store.Apply(g.Changes)
	return r
}

func (r *replay) connect(b *wire.Block) error {
	p, height := r.params, int32(len(r.hashes))
	m := aal.New(r.store)
	m.Env = aal.Env{
		Params: p, Height: height, Time: b.Header.Time,
		Bits: r.last.Header.Bits, Author: aal.Author(r.last),
		BlockHash: func(h int32) [32]byte { return r.hashes[h] },
	}
	values, err := dgp.Read(m)
	if err != nil {
		return err
	}
	if b.Header.IsProofOfStake() && height >= p.OfflineStakeHeight {
		if height == p.OfflineStakeHeight {
			m.DeployDelegations(p)
		}
		if err := r.lookUp(m, b); err != nil {
			return err
		}
	}
	m.Env.Bits, m.Env.Author = b.Header.Bits, aal.Author(b)

	var expected []*btcwire.MsgTx // that must come next
	var refunds []*btcwire.TxOut
	used := uint64(0)
	for i, tx := range b.Txs {
		id := tx.ID()
		if aal.IsSpend(tx) {
			if len(expected) == 0 {
				return fmt.Errorf("transaction %d, %v: not expected", i, id)
			}
			if want := wire.NewTx(expected[0]); want.ID() != id {
				return fmt.Errorf("transaction %d, %v:\n got %x\nwant %x", i, id, want.Append(nil), tx.Append(nil))
			}
			expected = expected[1:]
		} else if len(expected) > 0 {
			return fmt.Errorf("transaction %d, %v: %d generated ones are missing before it, first %x",
				i, id, len(expected), wire.NewTx(expected[0]).Append(nil))
		}
		if err := aal.CheckOpSender(tx, p, height); err != nil {
			return fmt.Errorf("transaction %d, %v: %w", i, id, err)
		}
		if aal.IsContract(tx) {
			res, err := r.execute(m, tx, &values)
			if err != nil {
				return fmt.Errorf("transaction %d, %v: %w", i, id, err)
			}
			expected = append(expected, res.Generated...)
			refunds = append(refunds, res.Refunds...)
			if used += res.GasUsed; used > values.BlockGasLimit {
				return fmt.Errorf("transaction %d, %v: %d gas used", i, id, used)
			}
		}
		r.spend(tx)
	}
	if len(expected) > 0 {
		return fmt.Errorf("%d generated transactions are missing at the end", len(expected))
	}
	paying := b.Txs[0]
	if b.Header.IsProofOfStake() {
		paying = b.Txs[1]
	}
	if err := paid(paying, refunds); err != nil {
		return err
	}
	r.refunded += len(refunds)
	if height == p.OfflineStakeHeight {
		m.DeployDelegations(p)
	}
	out, err := m.Commit()
	if err != nil {
		return err
	}
	if out.StateRoot != b.Header.StateRoot || out.UTXORoot != b.Header.UTXORoot {
		return fmt.Errorf("roots: got %x %x, want %x %x",
			out.StateRoot, out.UTXORoot, b.Header.StateRoot, b.Header.UTXORoot)
	}
	r.store.Apply(out.Changes)
	if r.undo && len(out.Changes) > 0 {
		if err := r.revert(out); err != nil {
			return err
		}
	}
	r.hashes = append(r.hashes, b.Hash())
	r.last = b
	return nil
}

// revert takes the block just connected back, compares with the parent, and connects it
// again.
func (r *replay) revert(out *aal.Outcome) error {
	st, utxo, changes, err := aal.RevertState(r.store, out.Undo)
	if err != nil {
		return fmt.Errorf("taking back: %w", err)
	}
	if st != r.last.Header.StateRoot || utxo != r.last.Header.UTXORoot {
		return fmt.Errorf("taking back: roots %x %x", st, utxo)
	}
	r.store.Apply(changes)
	r.store.Apply(out.Changes)
	return nil
}

func (r *replay) execute(m *aal.Machine, tx *wire.Tx, values *dgp.Values) (*aal.TxResult, error) {
	msg := tx.Msg()
	fee := int64(0)
	for _, in := range msg.TxIn {
		out, ok := r.outs[in.PreviousOutPoint]
		if !ok {
			return nil, fmt.Errorf("no coin %v", in.PreviousOutPoint)
		}
		fee += out.Value
	}
	for _, out := range msg.TxOut {
		fee -= out.Value
	}
	from := r.outs[msg.TxIn[0].PreviousOutPoint].PkScript
	if err := aal.CheckSenderScript(tx, from); err != nil {
		return nil, err
	}
	execs, err := aal.Extract(tx, from, r.params, m.Env.Height)
	if err != nil {
		return nil, err
	}
	if err := aal.Check(execs, fee, values.MinGasPrice, values.BlockGasLimit); err != nil {
		return nil, err
	}
	r.ran += len(execs)
	res, err := m.Execute(execs)
	if err == nil {
		r.generated += len(res.Generated)
	}
	return res, err
}

// lookUp does what proof of stake asks the contract of delegations.
func (r *replay) lookUp(m *aal.Machine, b *wire.Block) error {
	coin, ok := r.outs[b.Header.PrevStake]
	if !ok {
		return fmt.Errorf("no staked coin %v", b.Header.PrevStake)
	}
	owner := aal.KeyAddress(coin.PkScript)
	d, ok, err := delegation.Get(m, owner)
	if err != nil || !ok {
		return fmt.Errorf("delegation of %v: %t %v", owner, ok, err)
	}
	proof := b.Header.ProofOfDelegation()
	if len(proof) == 0 {
		if !d.IsNull() {
			return fmt.Errorf("delegation of %v: %+v, not used", owner, d)
		}
		return nil
	}
	staker := aal.KeyAddress(b.Txs[1].Msg().TxOut[1].PkScript)
	if !delegation.Verify(owner, &d) || !delegation.VerifyProof(owner, staker, proof) ||
		d.Staker != staker || !bytes.Equal(d.Proof, proof) {
		return fmt.Errorf("delegation of %v: %+v, block has %x", owner, d, proof)
	}
	return nil
}

func (r *replay) spend(tx *wire.Tx) {
	for _, in := range tx.Msg().TxIn {
		delete(r.outs, in.PreviousOutPoint)
	}
	for i, out := range tx.Msg().TxOut {
		r.outs[btcwire.OutPoint{Hash: tx.ID(), Index: uint32(i)}] = out
	}
}

// paid tells which of the refunds a transaction does not pay.
func paid(tx *wire.Tx, refunds []*btcwire.TxOut) error {
	outs := slices.Clone(tx.Msg().TxOut)
	for _, want := range refunds {
		i := slices.IndexFunc(outs, func(o *btcwire.TxOut) bool {
			return o.Value == want.Value && bytes.Equal(o.PkScript, want.PkScript)
		})
		if i < 0 {
			return fmt.Errorf("refund of %d to %x is missing", want.Value, want.PkScript)
		}
		outs = slices.Delete(outs, i, i+1)
	}
	return nil
}

func (r *replay) compare(name, balance, code string, storage map[string]map[string]string) {
	t := r.t
	var a aal.Address
	copy(a[:], unhex(t, name))
	st := state.New(r.store)
	var got uint256.Int
	st.Balance(a, &got)
	if got.Dec() != balance {
		t.Errorf("contract %s: balance %s, want %s", name, got.Dec(), balance)
	}
	if !bytes.Equal(st.Code(a), unhex(t, code)) {
		t.Errorf("contract %s: other code", name)
	}
	slots := 0
	err := state.StoredSlots(r.store, a, func(slot state.Hash, value uint256.Int) error {
		slots++
		found := false
		for _, kv := range storage {
			if v, ok := kv[hex.EncodeToString(slot[:])]; ok {
				found = hex.EncodeToString(value.PaddedBytes(32)) == v
			}
		}
		if !found {
			t.Errorf("contract %s: slot %v is %s", name, slot, value.Hex())
		}
		return nil
	})
	if err != nil || slots != len(storage) {
		t.Errorf("contract %s: %d slots, want %d, %v", name, slots, len(storage), err)
	}
}

func (r *replay) compareCoin(name, txid string, vout uint32, value string) {
	var a aal.Address
	copy(a[:], unhex(r.t, name))
	raw, ok, err := r.store.Get(aal.CoinKey(a))
	if err != nil || !ok {
		r.t.Errorf("contract %s: no coin, %v", name, err)
		return
	}
	c, err := aal.DecodeCoin(raw)
	if err != nil {
		r.t.Errorf("contract %s: %v", name, err)
		return
	}
	if chainhash.Hash(c.TxID).String() != txid || c.Vout != vout || c.Value.Dec() != value {
		r.t.Errorf("contract %s: coin %x %d of %s, want %s %d of %s", name, c.TxID, c.Vout, c.Value.Dec(), txid, vout, value)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
