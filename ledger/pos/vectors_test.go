package pos

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/internal/vectors"
	"spacechain/ledger/blockfile"
	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// representative are chains that between them hold every kind of block that staking knows.
// All of them run with SPACECHAIN_LONG=1.
var representative = []string{
	"qtum_pos", "qtum_pos_segwit", "qtum_duplicate_stake", "qtum_delegation_contract", "qtum_ignore_mpos_participant_reward",
}

// replay is a chain that is followed by its headers and coins alone: contracts do not run.
type replay struct {
	net   *params.Network
	tree  *header.Tree
	coins map[btcwire.OutPoint]*coins.Coin
	block *wire.Block // the one being looked at
	store loader

	stakes, delegated, unjudged, proofs int
}

// Coin makes a replay a CoinSource.
func (r *replay) Coin(op btcwire.OutPoint) (*coins.Coin, error) { return r.coins[op], nil }

// Deployed and Delegation stand in for the contract: its record is whatever makes the
// block right. What the contract holds is for connect's tests; here all that is signed and
// hashed is real.
func (r *replay) Deployed() (bool, error) { return true, nil }

func (r *replay) Delegation([20]byte) (Delegation, bool, error) {
	proof := r.block.Header.ProofOfDelegation()
	if proof == nil {
		return Delegation{}, true, nil
	}
	stake := r.block.Txs[1]
	d := Delegation{BlockHeight: 1, Proof: proof}
	d.Staker, _ = script.KeyHash(stake.Msg().TxOut[1].PkScript)
	own := r.coins[stake.Msg().TxIn[0].PreviousOutPoint].Value
	// The owner's output has the script of the owner's coin.
	outs := stake.Msg().TxOut
	owned := len(outs) > 2 && string(outs[2].PkScript) == string(r.coins[r.block.Header.PrevStake].Script)
	fee, _ := feeOf(stake, own, owned)
	d.Fee = uint8(fee)
	return d, true, nil
}

func (r *replay) add(b *wire.Block) error {
	r.block = b
	now := int64(b.Header.Time)
	parent := r.tree.Tip()
	err := check.Block(r.net, b, check.BlockContext{TipHeight: parent.Height, Now: now, MaxWeight: 4 * 32_000_000})
	if err != nil {
		return fmt.Errorf("block: %w", err)
	}
	_, _, err = check.Header(r.net, r.tree, &b.Header, check.HeaderContext{
		Tip: parent, Now: now, Checkpointed: 0,
		Stake: func(parent *header.Node, h *wire.Header) (bool, error) {
			r.proofs++
			return HeaderProof(r.net, parent, h, r)
		},
	})
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if err := check.Placed(r.net, parent, b, parent.Height, now); err != nil {
		return fmt.Errorf("place: %w", err)
	}
	if err := check.ContextualBlock(r.net, parent, b); err != nil {
		return fmt.Errorf("context: %w", err)
	}
	delegate, err := DelegateOutput(b, r, r)
	if err != nil {
		return err
	}
	if err := InputKey(r.net, parent.Height+1, b, r, delegate); err != nil {
		return err
	}
	proof, err := HashProof(r.net, parent, b, r, r)
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	if err := r.reward(parent, b, delegate); err != nil {
		return fmt.Errorf("reward: %w", err)
	}
	n, err := r.tree.Add(&b.Header)
	if err != nil {
		return err
	}
	n.ProofHash = proof
	n.Staker, n.Delegate, n.DelegateFee = StakerRecord(b)
	n.Status |= header.Connected
	r.spend(b, n.Height)
	r.store = append(r.store, n.Append(nil))
	if b.IsProofOfStake() {
		r.stakes++
		if b.Header.HasProofOfDelegation() {
			r.delegated++
		}
	}
	return r.tree.SetTip(n)
}

// reward looks at the reward of a block without contracts; in others it cannot tell what
// gas was given back.
func (r *replay) reward(parent *header.Node, b *wire.Block, delegate bool) error {
	made := map[btcwire.OutPoint]int64{}
	value := func(op btcwire.OutPoint) int64 {
		if v, ok := made[op]; ok {
			return v
		}
		return r.coins[op].Value
	}
	reward := Reward{DelegateOutput: delegate}
	contracts := false
	for i, tx := range b.Txs {
		var in, out int64
		for j, o := range tx.Msg().TxOut {
			contracts = contracts || script.IsContract(o.PkScript)
			made[btcwire.OutPoint{Hash: tx.ID(), Index: uint32(j)}] = o.Value
			out += o.Value
		}
		if i == 0 {
			continue
		}
		for _, o := range tx.Msg().TxIn {
			in += value(o.PreviousOutPoint)
		}
		if tx.IsCoinStake() {
			reward.Stake = out - in
			reward.Coin = value(tx.Msg().TxIn[0].PreviousOutPoint)
		} else {
			reward.Fees += in - out
		}
	}
	if contracts {
		r.unjudged++
		return nil
	}
	return CheckReward(r.net, parent, b, &reward)
}

func (r *replay) spend(b *wire.Block, height int32) {
	for _, tx := range b.Txs {
		if !tx.IsCoinBase() {
			for _, in := range tx.Msg().TxIn {
				delete(r.coins, in.PreviousOutPoint)
			}
		}
		for i, out := range tx.Msg().TxOut {
			if script.IsUnspendable(out.PkScript) {
				continue
			}
			r.coins[btcwire.OutPoint{Hash: tx.ID(), Index: uint32(i)}] = &coins.Coin{
				Value: out.Value, Script: slices.Clone(out.PkScript), Height: height,
				CoinBase: tx.IsCoinBase(), CoinStake: tx.IsCoinStake(),
			}
		}
	}
}

// loader keeps the stored headers, and is slow to find one by hash.
type loader [][]byte

func (l *loader) LoadNode(height int32) ([]byte, error) {
	if int(height) >= len(*l) {
		return nil, errors.New("not stored")
	}
	return (*l)[height], nil
}

func (l *loader) LoadHeight(hash chainhash.Hash) (int32, bool, error) { return 0, false, nil }

// TestVectors follows chains that Qtum Core made: every block has its target, kernel, stake
// modifier, signatures and rewards checked, and what Qtum Core says of the last one must
// come out. Headers leave memory behind a window on the way.
func TestVectors(t *testing.T) {
	names := representative
	if os.Getenv("SPACECHAIN_LONG") != "" {
		files, err := filepath.Glob(filepath.Join(vectors.Path(t, "qtum"), "*.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		names = nil
		for _, f := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(f), ".json.gz"))
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			follow(t, vectors.Path(t, "qtum/"+name+".json.gz"))
		})
	}
}

func follow(t *testing.T, path string) {
	f, err := blockfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.MaxBlock = 4 * 32_000_000
	r := &replay{net: params.Regtest(), coins: map[btcwire.OutPoint]*coins.Coin{}}
	for _, a := range f.Args() {
		if err := r.net.Override(a); err != nil {
			t.Fatal(err)
		}
	}
	// Less than a maturity would make every stake read the store.
	keep := r.net.MaxCheckpointSpan() + 50
	r.tree = header.New(&r.net.Genesis.Header, header.Options{Keep: keep, Loader: &r.store})
	r.store = append(r.store, r.tree.Tip().Append(nil))
	for {
		raw, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := wire.DecodeBlock(raw.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.add(b); err != nil {
			t.Fatalf("block %d of %d transactions, stake %v: %v", r.tree.Tip().Height+1, len(b.Txs), b.IsProofOfStake(), err)
		}
		if h := r.tree.Tip().Height; h%100 == 0 {
			r.tree.Release(h)
		}
	}
	want, err := f.Expected(nil)
	if err != nil {
		t.Fatal(err)
	}
	tip := r.tree.Tip()
	got := fmt.Sprintf("%v %d %064x %d %v", tip.Hash, tip.Height, tip.Work.Bytes32(), tip.MedianTimePast(), chainhash.Hash(tip.Modifier))
	if exp := fmt.Sprintf("%s %d %s %d %s", want.Tip.Hash, want.Tip.Height, want.Tip.ChainWork,
		want.Tip.MedianTime, want.Tip.Modifier); got != exp {
		t.Errorf("tip\n%s, want\n%s", got, exp)
	}
	// Qtum Core forgets proof hashes when it restarts.
	if p := fmt.Sprint(chainhash.Hash(tip.ProofHash)); p != want.Tip.ProofHash && strings.Trim(want.Tip.ProofHash, "0") != "" {
		t.Errorf("proof hash %s, want %s", p, want.Tip.ProofHash)
	}
	if r.proofs != r.stakes {
		t.Errorf("%d header proofs of %d stakes", r.proofs, r.stakes)
	}
	t.Logf("%d blocks, %d staked, %d by delegation, %d with rewards not looked at",
		tip.Height, r.stakes, r.delegated, r.unjudged)
}
