package connect_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/aal"
	"spacechain/ledger/check"
	"spacechain/ledger/connect"
	"spacechain/ledger/wire"
)

// mined is b with its transactions under its header, and a nonce that meets regtest's target.
func mined(t *testing.T, c *chain, h wire.Header, txs []*wire.Tx) *wire.Block {
	t.Helper()
	b := &wire.Block{Header: h, Txs: txs}
	b.Header.MerkleRoot, _ = wire.MerkleRoot(txs)
	if at := check.CommitmentIndex(b); at >= 0 {
		root, _ := wire.WitnessMerkleRoot(b)
		msg := txs[0].Msg().Copy()
		sum := chainhash.DoubleHashH(append(root[:], msg.TxIn[0].Witness[0]...))
		copy(msg.TxOut[at].PkScript[6:], sum[:])
		b.Txs = append([]*wire.Tx{wire.NewTx(msg)}, txs[1:]...)
		b.Header.MerkleRoot, _ = wire.MerkleRoot(b.Txs)
	}
	for !check.Work(c.net, b.Header.Hash(), b.Header.Bits) {
		b.Header.Nonce++
	}
	return b
}

// parts are the places of the kinds of transactions in a block.
type parts struct{ contract, spend, plain int }

func partsOf(b *wire.Block) (p parts) {
	for i := len(b.Txs) - 1; i > 0; i-- {
		switch tx := b.Txs[i]; {
		case aal.IsSpend(tx):
			p.spend = i
		case aal.IsContract(tx):
			p.contract = i
		default:
			p.plain = i
		}
	}
	return p
}

// Blocks that break one rule, or several, are refused for the reason that Qtum Core gives,
// and leave the state alone.
func TestReasons(t *testing.T) {
	v := openVector(t, "fuzz_d201")
	c := newChain(t, v.net)
	var b, before *wire.Block
	for b = v.next(t); ; before, b = b, v.next(t) {
		if b == nil {
			t.Fatal("no block has transactions of all kinds")
		}
		if p := partsOf(b); p.contract > 0 && p.spend > 0 && p.plain > 0 && len(before.Txs) > 1 {
			break
		}
		if _, err := c.add(b); err != nil {
			t.Fatal(err)
		}
	}
	at := partsOf(b)
	const wrong = "incorrect-transactions-or-hashes-block"
	edit := func(i int, change func(msg *btcwire.MsgTx)) func(txs []*wire.Tx) []*wire.Tx {
		return func(txs []*wire.Tx) []*wire.Tx {
			msg := txs[i].Msg().Copy()
			change(msg)
			txs[i] = wire.NewTx(msg)
			return txs
		}
	}
	both := func(f, g func([]*wire.Tx) []*wire.Tx) func([]*wire.Tx) []*wire.Tx {
		return func(txs []*wire.Tx) []*wire.Tx { return g(f(txs)) }
	}
	badScript := func(i int) func([]*wire.Tx) []*wire.Tx {
		return func(txs []*wire.Tx) []*wire.Tx { txs[i] = withBadScript(txs[i]); return txs }
	}
	contractCoin := coinOfContract(t, c)
	young := btcwire.OutPoint{Hash: before.Txs[0].ID(), Index: 0}
	spendOf := func(op btcwire.OutPoint, scriptSig ...byte) func([]*wire.Tx) []*wire.Tx {
		return func(txs []*wire.Tx) []*wire.Tx {
			msg := btcwire.NewMsgTx(2)
			msg.AddTxIn(&btcwire.TxIn{PreviousOutPoint: op, SignatureScript: scriptSig, Sequence: 0xffffffff})
			msg.AddTxOut(&btcwire.TxOut{PkScript: []byte{0x51}})
			return append(txs, wire.NewTx(msg))
		}
	}
	for _, m := range []struct {
		name   string
		header func(h *wire.Header)
		txs    func(txs []*wire.Tx) []*wire.Tx
		reason string
		inner  string // reason of the error within
	}{
		{name: "nothing changed"},
		{name: "state root", header: func(h *wire.Header) { h.StateRoot[31] ^= 1 }, reason: wrong},
		{name: "UTXO root", header: func(h *wire.Header) { h.UTXORoot[0] ^= 1 }, reason: wrong},
		{name: "roots exchanged", header: func(h *wire.Header) { h.StateRoot, h.UTXORoot = h.UTXORoot, h.StateRoot }, reason: wrong},
		{name: "generated transaction dropped", reason: wrong,
			txs: func(txs []*wire.Tx) []*wire.Tx { return slices.Delete(txs, at.spend, at.spend+1) }},
		{name: "generated transaction pays less", reason: wrong,
			txs: edit(at.spend, func(m *btcwire.MsgTx) { m.TxOut[0].Value-- })},
		{name: "generated transaction with a lock time", reason: wrong,
			txs: edit(at.spend, func(m *btcwire.MsgTx) { m.LockTime = 1 })},
		{name: "generated transaction pays another", reason: wrong,
			txs: edit(at.spend, func(m *btcwire.MsgTx) { m.TxOut[0].PkScript[10] ^= 1 })},
		{name: "coinbase pays more", reason: "block-reward-invalid", inner: "bad-cb-amount",
			txs: edit(0, func(m *btcwire.MsgTx) { m.TxOut[0].Value++ })},
		{name: "refund dropped", reason: "block-reward-invalid", inner: "bad-gas-refund-missing",
			txs: edit(0, func(m *btcwire.MsgTx) { m.TxOut = slices.Delete(m.TxOut, 1, 2) })},
		{name: "refund of less", reason: "block-reward-invalid", inner: "bad-gas-refund-missing",
			txs: edit(0, func(m *btcwire.MsgTx) { m.TxOut[1].Value-- })},
		{name: "script", reason: "block-validation-failed", inner: "mandatory-script-verify-flag-failed (",
			txs: badScript(at.plain)},
		{name: "script of a contract transaction", reason: "mandatory-script-verify-flag-failed (",
			txs: badScript(at.contract)},
		{name: "script, after too much reward", reason: "block-reward-invalid", inner: "bad-cb-amount",
			txs: both(badScript(at.plain), edit(0, func(m *btcwire.MsgTx) { m.TxOut[0].Value++ }))},
		{name: "script, before the roots", reason: "block-validation-failed",
			header: func(h *wire.Header) { h.StateRoot[0] ^= 1 }, txs: badScript(at.plain)},
		{name: "script of a contract transaction before a missing coin", reason: "mandatory-script-verify-flag-failed (",
			txs: both(badScript(at.contract), spendOf(btcwire.OutPoint{Index: 7}))},
		{name: "missing coin", reason: "bad-txns-inputs-missingorspent", txs: spendOf(btcwire.OutPoint{Index: 7})},
		{name: "coin spent in the block", reason: "bad-txns-inputs-missingorspent",
			txs: spendOf(b.Txs[at.plain].Msg().TxIn[0].PreviousOutPoint)},
		{name: "young coinbase", reason: "bad-txns-premature-spend-of-coinbase", txs: spendOf(young)},
		{name: "contract's coin without OP_SPEND", reason: "bad-txns-invalid-contract-spend", txs: spendOf(contractCoin, 0x51)},
		{name: "contract's coin with OP_SPEND by a stranger", reason: wrong, txs: spendOf(contractCoin, 0xc3)},
		{name: "more out than in", reason: "bad-txns-in-belowout",
			txs: edit(at.plain, func(m *btcwire.MsgTx) { m.TxOut[0].Value += 1e12 })},
		{name: "relative lock time", reason: "bad-txns-nonfinal",
			txs: edit(at.plain, func(m *btcwire.MsgTx) { m.Version, m.TxIn[0].Sequence = 2, 0xffff })},
		{name: "transaction of an earlier block again", reason: "bad-txns-BIP30",
			txs: func(txs []*wire.Tx) []*wire.Tx { return append(txs, before.Txs[1]) }},
	} {
		t.Run(m.name, func(t *testing.T) {
			h, txs := b.Header, slices.Clone(b.Txs)
			if m.header != nil {
				m.header(&h)
			}
			if m.txs != nil {
				txs = m.txs(txs)
			}
			bad := mined(t, c, h, txs)
			before := digest(t, c.state)
			for _, c.work = range []int{1, 4} {
				_, err := c.try(bad)
				if digest(t, c.state) != before {
					t.Error("the state was touched")
				}
				if m.reason == "" {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				e := check.Of(err)
				if e == nil || !strings.HasPrefix(e.Reason, m.reason) || e.Result != check.Consensus {
					t.Fatalf("refused for %v, want %s", err, m.reason)
				}
				if inner := check.Reason(e.Err); !strings.HasPrefix(inner, m.inner) {
					t.Errorf("within it is %q, want %s", inner, m.inner)
				}
			}
		})
	}
}

// coinOfContract is a coin that belongs to a contract.
func coinOfContract(t *testing.T, c *chain) (op btcwire.OutPoint) {
	t.Helper()
	found := errors.New("found")
	err := c.state.Scan([]byte{'U'}, func(k, v []byte) error {
		if len(k) != 21 {
			return nil
		}
		coin, err := aal.DecodeCoin(v)
		if err != nil {
			return err
		}
		op = btcwire.OutPoint{Hash: coin.TxID, Index: coin.Vout}
		return found
	})
	if !errors.Is(err, found) {
		t.Fatalf("no contract has a coin: %v", err)
	}
	return op
}

// Checkpoints and the cap of the money supply are rules of the network, not of regtest.
func TestNetworkRules(t *testing.T) {
	v := openVector(t, "qtum_pos")
	c := newChain(t, v.net)
	b := v.next(t)
	c.net.Checkpoints = map[int32]chainhash.Hash{1: {1}}
	_, err := connect.Block(connect.Input{Params: c.net, Prev: c.tree.Tip(), Block: b, State: c.state})
	if check.Reason(err) != "bad-fork-hardened-checkpoint" {
		t.Errorf("against a checkpoint: %v", err)
	}
	c.net.Checkpoints = nil
	c.net.OnDemand, c.net.MoneySupplyFrom, c.net.MoneySupplyBase, c.net.MoneySupplyPerBlock = false, 0, 1, 1
	_, err = connect.Block(connect.Input{Params: c.net, Prev: c.tree.Tip(), Block: b, State: c.state})
	if check.Reason(err) != "incorrect-money-supply" {
		t.Errorf("beyond the cap: %v", err)
	}
}
