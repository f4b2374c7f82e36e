package chaintest

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/internal/vectors"
	"spacechain/ledger/blockfile"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// corruption is a way to spoil a block of someone else, whose keys nobody here has. spoil
// tells whether the block has what it spoils.
type corruption struct {
	name, reason string
	raw          bool // of the sealed block: nothing is brought in order afterwards
	spoil        func(c *Chain, d *Draft) bool
}

// onForeignWork are corruptions of blocks made by work, which anyone can work on again.
var onForeignWork = []corruption{
	always("state root", incorrect, func(c *Chain, d *Draft) { d.Header.StateRoot[0] ^= 1 }),
	always("UTXO root", incorrect, func(c *Chain, d *Draft) { d.Header.UTXORoot[0] ^= 1 }),
	always("merkle root", "bad-txnmrklroot", func(c *Chain, d *Draft) { d.Header.MerkleRoot[9] ^= 1; d.KeepMerkleRoot = true }),
	always("bits", "bad-diffbits", func(c *Chain, d *Draft) { d.Header.Bits-- }),
	always("version", "bad-version(0x00000001)", func(c *Chain, d *Draft) { d.Header.Version = 1 }),
	always("parent", "prev-blk-not-found", func(c *Chain, d *Draft) { d.Header.PrevBlock[0] ^= 1 }),
	always("height of the coinbase", "bad-cb-height", func(c *Chain, d *Draft) {
		d.Coinbase().TxIn[0].SignatureScript = append(ScriptInt(int64(d.Height-1)), 0)
	}),
	always("reward", "block-reward-invalid", func(c *Chain, d *Draft) { d.Coinbase().TxOut[0].Value = 5e15 }),
	always("second coinbase", "bad-cb-multiple", func(c *Chain, d *Draft) {
		d.Txs = append(d.Txs, coinbase(d.Height+1, false, btcwire.NewTxOut(0, []byte{0x51})))
	}),
	always("contract output in the coinbase", "bad-cb-contract", func(c *Chain, d *Draft) {
		d.Coinbase().AddTxOut(btcwire.NewTxOut(0, Action{Data: []byte{0}}.Script(nil)))
	}),
	{"hash over the target", "high-hash", false, func(c *Chain, d *Draft) bool {
		d.Seal()
		d.KeepSig = true
		for meets(&d.Header) {
			d.Header.Nonce++
		}
		return true
	}},
	always("signature", "bad-blk-signature", func(c *Chain, d *Draft) {
		d.Seal()
		d.KeepSig = true
		for d.Header.Sig = []byte{1}; !meets(&d.Header); d.Header.Nonce++ {
		}
	}),
	onTx("empty output", "bad-txns-vout-empty", anyTx, func(c *Chain, d *Draft, i int) { d.Txs[i].AddTxOut(btcwire.NewTxOut(0, nil)) }),
	onTx("negative output", "bad-txns-vout-negative", anyTx, func(c *Chain, d *Draft, i int) { d.Txs[i].TxOut[0].Value = -1 }),
	onTx("huge output", "bad-txns-vout-toolarge", anyTx, func(c *Chain, d *Draft, i int) { d.Txs[i].TxOut[0].Value = 2e17 }),
	onTx("more out than in", "bad-txns-in-belowout", anyTx, func(c *Chain, d *Draft, i int) { d.Txs[i].TxOut[0].Value += 2e15 }),
	onTx("coin spent twice within", "bad-txns-inputs-duplicate", anyTx, func(c *Chain, d *Draft, i int) { d.Txs[i].AddTxIn(d.Txs[i].TxIn[0]) }),
	onTx("missing coin", missingOrSpent, anyTx, func(c *Chain, d *Draft, i int) { d.Txs[i].TxIn[0].PreviousOutPoint.Index += 1 << 24 }),
	{"coins spent again at the end", missingOrSpent, false, func(c *Chain, d *Draft) bool {
		again := d.Txs[len(d.Txs)-1].Copy()
		if isGenerated(again) || d.Block().Weight() > 400_000 { // a large block may be full
			return false
		}
		again.Version++
		d.Txs = append(d.Txs, again)
		return true
	}},
	onTx("signature of a plain transaction", "block-validation-failed", func(tx *btcwire.MsgTx) bool {
		return isPlain(tx) && len(tx.TxIn[0].SignatureScript) > 70
	}, func(c *Chain, d *Draft, i int) {
		in := d.Txs[i].TxIn[0]
		in.SignatureScript = flip(in.SignatureScript)
		cut(d, i)
	}),
	onTx("signature of a contract transaction", badScriptFalse, func(tx *btcwire.MsgTx) bool {
		return isExecution(tx) && len(tx.TxIn[0].SignatureScript) > 70
	}, func(c *Chain, d *Draft, i int) {
		in := d.Txs[i].TxIn[0]
		in.SignatureScript = flip(in.SignatureScript)
	}),
	onTx("contract output that fits no template", nonstandard, isExecution, func(c *Chain, d *Draft, i int) {
		for _, out := range d.Txs[i].TxOut {
			if n := len(out.PkScript); n > 0 && (out.PkScript[n-1] == opCall || out.PkScript[n-1] == opCreate) {
				out.PkScript = append([]byte{0x51}, out.PkScript...)
			}
		}
	}),
	onTx("generated transaction missing", incorrect, isLastSpend, func(c *Chain, d *Draft, i int) { d.Txs = slices.Delete(d.Txs, i, i+1) }),
	onTx("generated transaction: value", incorrect, isLastSpend, func(c *Chain, d *Draft, i int) { d.Txs[i].TxOut[0].Value-- }),
	onTx("generated transaction: lock time", incorrect, isLastSpend, func(c *Chain, d *Draft, i int) { d.Txs[i].LockTime = 7 }),
	onTx("generated transaction: outputs exchanged", incorrect, func(tx *btcwire.MsgTx) bool {
		return isLastSpend(tx) && len(tx.TxOut) > 1
	}, func(c *Chain, d *Draft, i int) { slices.Reverse(d.Txs[i].TxOut) }),
	onTx("generated transaction: inputs exchanged", incorrect, func(tx *btcwire.MsgTx) bool {
		return isLastSpend(tx) && len(tx.TxIn) > 1
	}, func(c *Chain, d *Draft, i int) { slices.Reverse(d.Txs[i].TxIn) }),
	onTx("generated transaction in front of its own", "bad-opspend-tx", isLastSpend, func(c *Chain, d *Draft, i int) {
		tx := d.Txs[i]
		d.Txs = slices.Insert(slices.Delete(d.Txs, i, i+1), 1, tx)
	}),
	{"refund missing", "block-reward-invalid", false, func(c *Chain, d *Draft) bool {
		out := d.Coinbase().TxOut
		if len(out) < 2 || out[1].Value == 0 {
			return false
		}
		d.Coinbase().TxOut = slices.Delete(out, 1, 2)
		return true
	}},
	{"refund to another", "block-reward-invalid", false, func(c *Chain, d *Draft) bool {
		out := d.Coinbase().TxOut
		if len(out) < 2 || out[1].Value == 0 {
			return false
		}
		out[1].PkScript = c.Key("bob").Script(PubKeyHash)
		return true
	}},
}

// onForeignBlock are corruptions of blocks of either kind that leave the header as it is,
// so that nothing has to be signed again.
var onForeignBlock = []corruption{
	{"last transactions twice", "bad-txns-duplicate", true, func(c *Chain, d *Draft) bool {
		n := 1
		for len(d.Txs)&n == 0 {
			n *= 2
		}
		if n == len(d.Txs) {
			return false
		}
		d.Txs = append(d.Txs, d.Txs[len(d.Txs)-n:]...)
		return true
	}},
	{"last transaction missing", "bad-txnmrklroot", true, func(c *Chain, d *Draft) bool {
		d.Txs = d.Txs[:len(d.Txs)-1]
		return len(d.Txs) > 1
	}},
	{"witness changed", "bad-witness-merkle-match", true, func(c *Chain, d *Draft) bool {
		if d.Commitment() < 0 {
			return false
		}
		for _, tx := range d.Txs[1:] {
			if tx.HasWitness() && (!d.PoS() || tx != d.Txs[1]) {
				for _, in := range tx.TxIn {
					in.Witness = append(in.Witness, []byte{1})
				}
				return true
			}
		}
		return false
	}},
	{"witness nonce of two items", "bad-witness-nonce-size", true, func(c *Chain, d *Draft) bool {
		in := d.Coinbase().TxIn[0]
		in.Witness = append(in.Witness, make([]byte, 32))
		return d.Commitment() >= 0
	}},
}

// onForeignStake are corruptions of signed blocks.
var onForeignStake = []corruption{
	{"signature changed", "bad-blk-signature", true, func(c *Chain, d *Draft) bool { d.Header.Sig[30] ^= 1; return true }},
	{"signature missing", "bad-blk-signature", true, func(c *Chain, d *Draft) bool { d.Header.Sig = nil; return true }},
	{"state root changed", "bad-blk-signature", true, func(c *Chain, d *Draft) bool { d.Header.StateRoot[1] ^= 1; return true }},
	{"time changed", "bad-blk-signature", true, func(c *Chain, d *Draft) bool { d.Header.Time -= 16; return true }},
	{"merkle root changed", "bad-txnmrklroot", true, func(c *Chain, d *Draft) bool { d.Header.MerkleRoot[1] ^= 1; return true }},
	{"staked coin changed", "bad-cs-invalid", true, func(c *Chain, d *Draft) bool {
		d.Header.PrevStake.Index++
		return !d.Header.HasProofOfDelegation()
	}},
}

func always(name, reason string, spoil func(c *Chain, d *Draft)) corruption {
	return corruption{name, reason, false, func(c *Chain, d *Draft) bool { spoil(c, d); return true }}
}

// onTx is a corruption of the last transaction that is like that.
func onTx(name, reason string, like func(*btcwire.MsgTx) bool, spoil func(c *Chain, d *Draft, i int)) corruption {
	return corruption{name, reason, false, func(c *Chain, d *Draft) bool {
		for i := len(d.Txs) - 1; i > 0; i-- {
			if like(d.Txs[i]) {
				if isLastSpend(d.Txs[i]) && spentLater(d, i) {
					return false
				}
				spoil(c, d, i)
				return true
			}
		}
		return false
	}}
}

func anyTx(tx *btcwire.MsgTx) bool { return !isGenerated(tx) }

func isPlain(tx *btcwire.MsgTx) bool { return !isGenerated(tx) && !isExecution(tx) }

func isLastSpend(tx *btcwire.MsgTx) bool { return isGenerated(tx) }

// spentLater tells whether something in the block spends transaction i.
func spentLater(d *Draft, i int) bool {
	id := d.Txs[i].TxHash()
	return slices.ContainsFunc(d.Txs[i+1:], func(tx *btcwire.MsgTx) bool {
		return slices.ContainsFunc(tx.TxIn, func(in *btcwire.TxIn) bool { return in.PreviousOutPoint.Hash == id })
	})
}

// cut lets go what follows transaction i, whose identifier changed, and with it the fees.
func cut(d *Draft, i int) {
	d.Txs = d.Txs[:i+1]
	d.Coinbase().TxOut[0].Value = 1
}

// TestVectorMutations spoils blocks of the chains that Qtum Core made.
func TestVectorMutations(t *testing.T) {
	files, err := filepath.Glob(vectors.Path(t, "qtum") + "/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no chains: %v", err)
	}
	some := []string{"qtum_condensing_txs", "qtum_pos_segwit", "fuzz_d201"}
	seen := map[string]int{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json.gz")
		if !long() && !slices.Contains(some, name) {
			continue
		}
		t.Run(name, func(t *testing.T) { spoilVector(t, file, seen) })
	}
	for _, table := range [][]corruption{onForeignWork, onForeignBlock, onForeignStake} {
		for _, m := range table {
			t.Logf("%5d × %s: %s", seen[m.name], m.name, m.reason)
			if seen[m.name] == 0 {
				t.Errorf("%s: no block was spoiled so", m.name)
			}
		}
	}
}

// spoilVector takes the blocks of a file one by one and spoils some of each sort before.
func spoilVector(t *testing.T, file string, seen map[string]int) {
	f, err := blockfile.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	net, ok := params.ByName(f.Network())
	if !ok {
		t.Fatalf("network %q", f.Network())
	}
	for _, arg := range f.Args() {
		if err := net.Override(arg); err != nil {
			t.Fatal(err)
		}
	}
	c := New(t, 1, net)
	spoiled := map[string]int{}
	for {
		next, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := wire.DecodeBlock(next.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if sort := sortOf(b); spoiled[sort] < 3 && len(b.Txs) > 1 {
			spoiled[sort]++
			spoil(t, c, b, seen)
		}
		if reason := c.SubmitAt(int64(b.Header.Time), b); reason != "" {
			t.Fatalf("block at height %d: %s", c.Height()+1, reason)
		}
	}
}

// sortOf names what there is in a block to be spoiled.
func sortOf(b *wire.Block) string {
	var sort []string
	if b.IsProofOfStake() {
		sort = append(sort, "stake")
	}
	for _, tx := range b.Txs[1:] {
		switch {
		case isGenerated(tx.Msg()):
			sort = append(sort, "generated")
		case isExecution(tx.Msg()):
			sort = append(sort, "execution")
		case tx.HasWitness():
			sort = append(sort, "witness")
		default:
			sort = append(sort, "plain")
		}
	}
	slices.Sort(sort)
	return strings.Join(slices.Compact(sort), " ")
}

func spoil(t *testing.T, c *Chain, b *wire.Block, seen map[string]int) {
	t.Helper()
	rows := slices.Concat(onForeignBlock, onForeignWork)
	if b.IsProofOfStake() {
		rows = slices.Concat(onForeignBlock, onForeignStake)
	}
	before := c.Fingerprint()
	for _, m := range rows {
		d := DraftOf(b, c.Height()+1)
		if !m.spoil(c, d) {
			continue
		}
		seen[m.name]++
		bad := d.Block()
		if !m.raw {
			bad = d.Seal()
		}
		if got := c.SubmitAt(int64(b.Header.Time), bad); got != m.reason {
			t.Errorf("height %d: %s: refused for %q, not %q: %v", d.Height, m.name, got, m.reason, c.refusal())
		}
		if after := c.Fingerprint(); after != before {
			t.Fatalf("height %d: %s: the state changed:\nbefore %s\nafter  %s", d.Height, m.name, before, after)
		}
	}
}
