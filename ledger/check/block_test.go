package check

import (
	"bytes"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// contractCall is an output that calls a contract with the least of everything.
func contractCall() []byte {
	s := script.AppendPush(nil, []byte{4})
	s = script.AppendPush(s, []byte{0x10, 0x27})
	s = script.AppendPush(s, []byte{40})
	s = script.AppendPush(s, []byte{1, 2, 3})
	s = script.AppendPush(s, make([]byte, 20))
	return append(s, script.OpCall)
}

func TestBlock(t *testing.T) {
	net := params.Regtest()
	parent := chain(net, 3).Tip()
	coin := btcwire.OutPoint{Hash: chainhash.Hash{9}, Index: 1}
	key := secret(7).PubKey()
	commit := CommitmentScript(chainhash.Hash{}, [32]byte{})
	for _, c := range []struct {
		name   string
		make   func() *draft
		breaks func(*draft)
		want   string
	}{
		{"work", func() *draft { return workDraft(parent) }, nil, ""},
		{"stake", func() *draft { return stakeDraft(parent) }, nil, ""},
		{"too easy a target", nil, func(d *draft) { d.header.Bits, d.keepWork = 0x217fffff, true }, "high-hash"},
		{"no work", nil, func(d *draft) { d.header.Bits, d.keepWork = 0x1d00ffff, true }, "high-hash"},
		{"wrong root", nil, func(d *draft) { d.keepRoot = true }, "bad-txnmrklroot"},
		{"doubled transactions", nil, func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, 0x51)), spend(coin, out(2, 0x51)))
			d.txs = append(d.txs, d.txs[2])
		}, "bad-txns-duplicate"},
		{"no transactions", nil, func(d *draft) { d.txs = nil }, "bad-cb-missing"},
		{"no coinbase", nil, func(d *draft) { d.txs[0] = spend(coin, out(1, 0x51)) }, "bad-cb-missing"},
		{"two coinbases", nil, func(d *draft) { d.txs = append(d.txs, coinbase(5, out(1, 0x51))) }, "bad-cb-multiple"},
		{"contract in coinbase", nil, func(d *draft) { d.txs[0].TxOut[0].PkScript = contractCall() }, "bad-cb-contract"},
		{"OP_SPEND in coinbase", nil, func(d *draft) { d.txs[0].TxIn[0].SignatureScript = []byte{script.OpSpend} }, "bad-cb-contract"},
		{"signature under work", nil, func(d *draft) { d.header.Sig = []byte{1} }, "bad-blk-signature"},
		{"short coinbase script", nil, func(d *draft) { d.txs[0].TxIn[0].SignatureScript = []byte{0x54} }, "bad-cb-length"},
		{"long coinbase script", nil, func(d *draft) { d.txs[0].TxIn[0].SignatureScript = make([]byte, 101) }, "bad-cb-length"},
		{"empty output", nil, func(d *draft) { d.txs = append(d.txs, spend(coin, out(0))) }, "bad-txns-vout-empty"},
		{"stray OP_SPEND", nil, func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, 0x51)))
			d.txs[1].TxIn[0].SignatureScript = []byte{script.OpSpend}
		}, "bad-opspend-tx"},
		{"OP_SPEND behind a contract", nil, func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, contractCall()...)), spend(btcwire.OutPoint{Index: 3}, out(1, 0x51)),
				spend(btcwire.OutPoint{Index: 4}, out(1, 0x51)))
			d.txs[2].TxIn[0].SignatureScript = []byte{script.OpSpend}
			d.txs[3].TxIn[0].SignatureScript = []byte{script.OpSpend}
		}, ""},
		{"OP_SPEND one too far behind", nil, func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, contractCall()...)), spend(btcwire.OutPoint{Index: 3}, out(1, 0x51)),
				spend(btcwire.OutPoint{Index: 4}, out(1, 0x51)))
			d.txs[3].TxIn[0].SignatureScript = []byte{script.OpSpend}
		}, "bad-opspend-tx"},
		{"most signature operations", nil, func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, bytes.Repeat([]byte{0xac}, 20_000)...)))
		}, ""},
		{"one more", nil, func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, bytes.Repeat([]byte{0xac}, 20_001)...)))
		}, "bad-blk-sigops"},

		{"paying coinbase", staked, func(d *draft) { d.txs[0].TxOut[0].Value = 1 }, "bad-cb-missing"},
		{"coinbase with two empty outputs", staked, func(d *draft) { d.txs[0].TxOut = append(d.txs[0].TxOut, out(0)) }, "bad-cb-missing"},
		{"coinbase with commitment", staked, func(d *draft) { d.txs[0].TxOut = append(d.txs[0].TxOut, out(0, commit...)) }, ""},
		{"commitment with value", staked, func(d *draft) { d.txs[0].TxOut = append(d.txs[0].TxOut, out(1, commit...)) }, "bad-cb-missing"},
		{"commitment and more", staked, func(d *draft) {
			d.txs[0].TxOut = append(d.txs[0].TxOut, out(0, commit...), out(0, commit...))
		}, "bad-cb-missing"},
		{"commitment alone", staked, func(d *draft) { d.txs[0].TxOut = []*btcwire.TxOut{out(0, commit...)} }, "bad-cb-missing"},
		{"no coinstake", staked, func(d *draft) { d.txs = d.txs[:1] }, "bad-cs-missing"},
		{"coinstake not second", staked, func(d *draft) { d.txs = slices.Insert(d.txs, 1, spend(coin, out(1, 0x51))) }, "bad-cs-missing"},
		{"coinstake with one output", staked, func(d *draft) { d.txs[1].TxOut = d.txs[1].TxOut[:1] }, "bad-cs-missing"},
		{"other coin in header", staked, func(d *draft) { d.header.PrevStake.Index++ }, "bad-cs-invalid"},
		{"two coinstakes", staked, func(d *draft) { d.txs = append(d.txs, spend(coin, out(0), out(1, 0x51))) }, "bad-cs-multiple"},
		{"contract in coinstake", staked, func(d *draft) { d.txs[1].TxOut = append(d.txs[1].TxOut, out(0, contractCall()...)) }, "bad-cs-contract"},
		{"unsigned", staked, func(d *draft) { d.keepSig = true }, "bad-blk-signature"},
		{"signed by another", staked, func(d *draft) { d.key = secret(8) }, "bad-blk-signature"},
		{"paying to a hash", staked, func(d *draft) {
			d.txs[1].TxOut[1].PkScript = script.P2PKH(script.Hash160(key.SerializeCompressed()))
		}, "bad-blk-signature"},
		{"key behind OP_RETURN", staked, func(d *draft) {
			d.txs[1].TxOut[1].PkScript = append([]byte{opReturn, 33}, key.SerializeCompressed()...)
		}, ""},
		{"key behind OP_RETURN by a longer push", staked, func(d *draft) {
			d.txs[1].TxOut[1].PkScript = append([]byte{opReturn, opPushData2, 33, 0}, key.SerializeCompressed()...)
		}, ""},
		{"key behind OP_RETURN and an opcode", staked, func(d *draft) {
			d.txs[1].TxOut[1].PkScript = append(append([]byte{opReturn, 33}, key.SerializeCompressed()...), 0xac)
		}, "bad-blk-signature"},
		{"signature made for the other form of the key", staked, func(d *draft) {
			d.txs[1].TxOut[1].PkScript = script.P2PK(key.SerializeUncompressed())
		}, "bad-blk-signature"},
		{"negative output in coinstake", staked, func(d *draft) { d.txs[1].TxOut[1].Value = -1 }, "bad-txns-vout-negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			make := c.make
			if make == nil {
				make = func() *draft { return workDraft(parent) }
			}
			d := make()
			if c.breaks != nil {
				c.breaks(d)
			}
			b := d.finish()
			err := Block(net, b, BlockContext{TipHeight: parent.Height, Now: int64(b.Header.Time)})
			if Reason(err) != c.want || (err == nil) != (c.want == "") {
				t.Fatalf("%v, want %q", err, c.want)
			}
			mutated := c.want == "bad-txnmrklroot" || c.want == "bad-txns-duplicate"
			if e := Of(err); e != nil && e.Final() == mutated {
				t.Errorf("%v final: %v", e, e.Final())
			}
		})
	}
}

func staked() *draft { return stakeDraft(chain(params.Regtest(), 3).Tip()) }

func TestBlockTime(t *testing.T) {
	net := params.Regtest()
	b := staked().finish()
	for now, want := range map[int64]bool{-4: false, -3: true, 0: true} {
		err := Block(net, b, BlockContext{TipHeight: 3, Now: int64(b.Header.Time) + now})
		if (err == nil) != want {
			t.Errorf("%d s before its time: %v", -now, err)
		}
		if e := Of(err); e != nil && (e.Reason != "" || e.Final()) {
			t.Errorf("%v is stated as %q, final %v", e, e.Reason, e.Final())
		}
	}
}

// TestBlockDER: blocks were signed in DER before offline staking.
func TestBlockDER(t *testing.T) {
	b := staked().finish()
	hash := b.Header.HashWithoutSig()
	b.Header.Sig = ecdsa.Sign(secret(7), hash[:]).Serialize()
	if !Signature(b) {
		t.Error("a DER signature was refused")
	}
	b.Header.Sig[10] ^= 1
	if Signature(b) {
		t.Error("a broken DER signature was taken")
	}
}

func TestTemplate(t *testing.T) {
	net := params.Regtest()
	d := workDraft(chain(net, 3).Tip())
	d.keepRoot, d.keepWork, d.header.Bits = true, true, 0x1d00ffff
	if err := Block(net, d.finish(), BlockContext{TipHeight: 3, Template: true}); err != nil {
		t.Errorf("a block that is being made: %v", err)
	}
}

func TestPlaced(t *testing.T) {
	net := params.Regtest()
	parent := chain(net, 3).Tip()
	for _, c := range []struct {
		name    string
		breaks  func(*draft)
		tip     int32
		early   int64
		refused bool
		want    string
	}{
		{"good", func(*draft) {}, 3, 0, false, ""},
		{"at the rolling checkpoint", func(*draft) {}, 2004, 0, true, ""},
		{"just above it", func(*draft) {}, 2003, 0, false, ""},
		{"time of its parent", func(d *draft) { d.header.Time = parent.Header.Time }, 3, 0, true, ""},
		{"too early by 3 s", func(*draft) {}, 3, 3, false, ""},
		{"too early by 4 s", func(*draft) {}, 3, 4, true, ""},
		{"other height", func(d *draft) { d.txs[0] = coinbase(5, out(0)) }, 3, 0, true, "bad-cb-height"},
	} {
		d := stakeDraft(parent)
		c.breaks(d)
		b := d.finish()
		err := Placed(net, parent, b, c.tip, int64(b.Header.Time)-c.early)
		if (err != nil) != c.refused || Reason(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	main := params.Main()
	main.LastPoWBlock = 3
	if err := Placed(main, parent, workDraft(parent).finish(), 3, 0); Reason(err) != "reject-pow" {
		t.Errorf("work above the last: %v", err)
	}
}

func TestContextualBlock(t *testing.T) {
	net := params.Regtest()
	parent := chain(net, 20).Tip()
	coin := btcwire.OutPoint{Hash: chainhash.Hash{9}, Index: 1}
	witnessed := func(d *draft) {
		d.txs = append(d.txs, spend(coin, out(1, 0x51)))
		d.txs[1].TxIn[0].Witness = [][]byte{{1}}
	}
	commit := func(d *draft) {
		d.txs[0].TxIn[0].Witness = [][]byte{make([]byte, 32)}
		b := d.finish()
		root, _ := wire.WitnessMerkleRoot(b)
		d.txs[0].TxOut = append(d.txs[0].TxOut, out(0, CommitmentScript(root, [32]byte{})...))
	}
	for _, c := range []struct {
		name   string
		breaks func(*draft)
		want   string
	}{
		{"good", func(*draft) {}, ""},
		{"height of its parent", func(d *draft) { d.txs[0] = coinbase(parent.Height, out(1, 0x51)) }, "bad-cb-height"},
		{"height cut short", func(d *draft) { d.txs[0].TxIn[0].SignatureScript = []byte{1} }, "bad-cb-height"},
		{"locked until now", func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, 0x51)))
			d.txs[1].LockTime, d.txs[1].TxIn[0].Sequence = 21, 0
		}, "bad-txns-nonfinal"},
		{"locked until before", func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, 0x51)))
			d.txs[1].LockTime, d.txs[1].TxIn[0].Sequence = 20, 0
		}, ""},
		{"locked until the median time", func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, 0x51)))
			d.txs[1].LockTime, d.txs[1].TxIn[0].Sequence = uint32(parent.MedianTimePast()), 0
		}, "bad-txns-nonfinal"},
		{"locked until before the median time", func(d *draft) {
			d.txs = append(d.txs, spend(coin, out(1, 0x51)))
			d.txs[1].LockTime, d.txs[1].TxIn[0].Sequence = uint32(parent.MedianTimePast())-1, 0
		}, ""},
		{"witness without commitment", witnessed, "unexpected-witness"},
		{"witness with commitment", func(d *draft) { witnessed(d); commit(d) }, ""},
		{"witness changed", func(d *draft) { witnessed(d); commit(d); d.txs[1].TxIn[0].Witness[0][0]++ }, "bad-witness-merkle-match"},
		{"no reserved value", func(d *draft) { witnessed(d); commit(d); d.txs[0].TxIn[0].Witness = nil }, "bad-witness-nonce-size"},
		{"short reserved value", func(d *draft) { witnessed(d); commit(d); d.txs[0].TxIn[0].Witness[0] = []byte{1} }, "bad-witness-nonce-size"},
		{"two reserved values", func(d *draft) {
			witnessed(d)
			commit(d)
			d.txs[0].TxIn[0].Witness = append(d.txs[0].TxIn[0].Witness, nil)
		}, "bad-witness-nonce-size"},
		{"commitment overruled by a later one", func(d *draft) {
			witnessed(d)
			commit(d)
			d.txs[0].TxOut = append(d.txs[0].TxOut, out(0, CommitmentScript(chainhash.Hash{}, [32]byte{})...))
		}, "bad-witness-merkle-match"},
	} {
		d := workDraft(parent)
		c.breaks(d)
		if err := ContextualBlock(net, parent, d.finish()); Reason(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}

	// The witness of a coinstake is not committed to.
	d := stakeDraft(parent)
	commit(d)
	d.txs[1].TxIn[0].Witness = [][]byte{{1, 2, 3}}
	if err := ContextualBlock(net, parent, d.finish()); err != nil {
		t.Errorf("witness in the coinstake: %v", err)
	}

	late := params.Regtest()
	late.SegwitHeight, late.CSVHeight = 22, 22
	d = workDraft(parent)
	witnessed(d)
	commit(d)
	if err := ContextualBlock(late, parent, d.finish()); Reason(err) != "unexpected-witness" {
		t.Errorf("witness before segwit: %v", err)
	}
	d = workDraft(parent)
	d.txs = append(d.txs, spend(coin, out(1, 0x51)))
	d.txs[1].LockTime, d.txs[1].TxIn[0].Sequence = d.header.Time-1, 0
	if err := ContextualBlock(late, parent, d.finish()); err != nil {
		t.Errorf("before CSV the block's own time counts: %v", err)
	}
}

func TestHeightPush(t *testing.T) {
	for height, want := range map[int32]string{
		0: "\x00", 1: "\x51", 16: "\x60", 17: "\x01\x11", 127: "\x01\x7f", 128: "\x02\x80\x00", 255: "\x02\xff\x00",
		256: "\x02\x00\x01", 32767: "\x02\xff\x7f", 32768: "\x03\x00\x80\x00", 500_000: "\x03\x20\xa1\x07",
		8_388_608: "\x04\x00\x00\x80\x00",
	} {
		if got := string(HeightPush(height)); got != want {
			t.Errorf("HeightPush(%d) = %x, want %x", height, got, want)
		}
	}
}
