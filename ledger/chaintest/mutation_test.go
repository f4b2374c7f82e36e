package chaintest

import (
	"bytes"
	"slices"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/wire"
)

// mutation is one way to make a valid block wrong, and why it must then be refused.
type mutation struct {
	name   string
	reason string // Qtum Core's, as submitblock says it
	detail string // what is behind the reason, where it is not precise itself
	early  string // the reason while a node still catches up, where that is another
	edit   func(c *stage, d *Draft)
	raw    func(c *stage, b *wire.Block) // changes the sealed block
}

// edits is a mutation of the draft, which is sealed afterwards.
func edits(name, reason string, edit func(c *stage, d *Draft)) mutation {
	return mutation{name: name, reason: reason, edit: edit}
}

// raws is a mutation of the sealed block.
func raws(name, reason string, raw func(c *stage, b *wire.Block)) mutation {
	return mutation{name: name, reason: reason, raw: raw}
}

// adds is a mutation that puts one more transaction at the end of the block.
func adds(name, reason string, tx func(c *stage) *btcwire.MsgTx) mutation {
	return edits(name, reason, func(c *stage, d *Draft) { d.Txs = append(d.Txs, tx(c)) })
}

// scriptError makes m one whose reason is an error of a plain transaction's script. Such
// scripts are verified beside the rest, on other threads, so the reason of the block says
// no more than that something was wrong.
func scriptError(m mutation) mutation {
	m.reason, m.detail = "block-validation-failed", m.reason
	return m
}

// rewardError makes m one whose reason is a rule about the reward, for all of which Qtum Core
// states one reason.
func rewardError(m mutation) mutation {
	m.reason, m.detail = "block-reward-invalid", m.reason
	return m
}

// pays is a mutation that adds a plain payment of the miner, spoiled.
func pays(name, reason string, spoil func(c *stage, tx *btcwire.MsgTx)) mutation {
	return adds(name, reason, func(c *stage) *btcwire.MsgTx {
		tx := c.Payment(c.coin(c.Miner, 1e9, PubKeyHash), To(c.Key("bob"), PubKeyHash, 1e8))
		spoil(c, tx)
		return tx
	})
}

// spends is a mutation that adds a spend of a coin of a kind, with the input spoiled; why
// is what the script then ends with.
func spends(name, reason string, kind Kind, spoil func(c *stage, in *btcwire.TxIn)) mutation {
	return scriptError(adds(name, "mandatory-script-verify-flag-failed ("+reason+")", func(c *stage) *btcwire.MsgTx {
		tx := c.Payment(c.coin(c.Key("store"), 2e6, kind), To(c.Key("bob"), PubKeyHash, 1e5))
		spoil(c, tx.TxIn[0])
		return tx
	}))
}

// runs is a mutation that adds a contract transaction of the miner.
func runs(name, reason string, actions ...func(c *stage) Action) mutation {
	return adds(name, reason, func(c *stage) *btcwire.MsgTx {
		var as []Action
		need := int64(PlainFee)
		for _, a := range actions {
			as = append(as, a(c))
			need += as[len(as)-1].fee() + as[len(as)-1].Value
		}
		return c.Execution(c.coin(c.Miner, need, PubKeyHash), as...)
	})
}

// scripted is a mutation that adds a contract output with an edited script.
func scripted(name, reason string, script func(c *stage) []byte) mutation {
	return adds(name, reason, func(c *stage) *btcwire.MsgTx {
		coin := c.coin(c.Miner, 100e8, PubKeyHash)
		return c.Tx([]Coin{coin}, btcwire.NewTxOut(0, script(c)),
			btcwire.NewTxOut(coin.Value-50e8, c.Miner.Script(PubKeyHash)))
	})
}

// call is a plain call of the scene's counter.
func call(c *stage) Action { return Action{To: &c.counter, Data: []byte{0}} }

func with(change func(a *Action)) func(c *stage) Action {
	return func(c *stage) Action {
		a := call(c)
		change(&a)
		return a
	}
}

// isExecution tells whether tx has a contract output and is not made by the contracts.
func isExecution(tx *btcwire.MsgTx) bool {
	return !isGenerated(tx) && slices.ContainsFunc(tx.TxOut, func(o *btcwire.TxOut) bool {
		n := len(o.PkScript)
		return n > 26 && (o.PkScript[n-1] == opCall || o.PkScript[n-1] == opCreate)
	})
}

// isGenerated tells whether contracts made tx.
func isGenerated(tx *btcwire.MsgTx) bool {
	return slices.ContainsFunc(tx.TxIn, func(in *btcwire.TxIn) bool {
		return bytes.Equal(in.SignatureScript, []byte{opSpend})
	})
}

// isWide tells whether contracts made tx, with several inputs and outputs.
func isWide(tx *btcwire.MsgTx) bool { return isGenerated(tx) && len(tx.TxIn) > 1 && len(tx.TxOut) > 1 }

// find gives the first transaction of the draft that is like that.
func (d *Draft) find(c *stage, like func(*btcwire.MsgTx) bool) int {
	c.T.Helper()
	i := slices.IndexFunc(d.Txs, like)
	if i < 0 {
		c.T.Fatal("the block has no such transaction")
	}
	return i
}

// flip changes a bit of b, where a signature has its first number.
func flip(b []byte) []byte {
	b = slices.Clone(b)
	b[12] ^= 4
	return b
}

// refunds is where the gas refunds begin among the outputs of the reward's transaction.
func (d *Draft) refunds() int {
	if d.PoS() {
		return 2
	}
	return 1
}

const (
	scriptFalse    = "Script evaluated without error but finished with a false/empty top stack element"
	badScriptFalse = "mandatory-script-verify-flag-failed (" + scriptFalse + ")"
	badSenderFalse = "sender-output-script-verify-failed (" + scriptFalse + ")"
	incorrect      = "incorrect-transactions-or-hashes-block"
	missingOrSpent = "bad-txns-inputs-missingorspent"
	nonstandard    = "bad-txns-contract-nonstandard"
)

// onEveryBlock are mutations of headers, transactions and contracts that fit any block of
// the scene, whether it was made by work or by stake.
var onEveryBlock = []mutation{
	// The header.
	edits("state root", incorrect, func(c *stage, d *Draft) { d.Header.StateRoot[3] ^= 1 }),
	edits("state root of the parent", incorrect, func(c *stage, d *Draft) { d.Header.StateRoot = c.tip().Header.StateRoot }),
	edits("UTXO root", incorrect, func(c *stage, d *Draft) { d.Header.UTXORoot[3] ^= 1 }),
	edits("UTXO root of the parent", incorrect, func(c *stage, d *Draft) { d.Header.UTXORoot = c.tip().Header.UTXORoot }),
	edits("roots exchanged", incorrect, func(c *stage, d *Draft) {
		d.Header.StateRoot, d.Header.UTXORoot = d.Header.UTXORoot, d.Header.StateRoot
	}),
	edits("merkle root", "bad-txnmrklroot", func(c *stage, d *Draft) {
		d.Header.MerkleRoot[0] ^= 1
		d.KeepMerkleRoot = true
	}),
	edits("transactions exchanged", "bad-txnmrklroot", func(c *stage, d *Draft) {
		d.Seal()
		d.KeepMerkleRoot = true
		n := len(d.Txs)
		d.Txs[n-1], d.Txs[n-2] = d.Txs[n-2], d.Txs[n-1]
	}),
	edits("bits", "bad-diffbits", func(c *stage, d *Draft) { d.Header.Bits -= 1 }),
	edits("version 3", "bad-version(0x00000003)", func(c *stage, d *Draft) { d.Header.Version = 3 }),
	edits("version negative", "bad-version(0x80000000)", func(c *stage, d *Draft) { d.Header.Version = -1 << 31 }),
	edits("unknown parent", "prev-blk-not-found", func(c *stage, d *Draft) { d.Header.PrevBlock[5] ^= 1 }),
	raws("last transactions twice (CVE-2012-2459)", "bad-txns-duplicate", func(c *stage, b *wire.Block) {
		n := 1
		for len(b.Txs)&n == 0 {
			n *= 2
		}
		if n == len(b.Txs) {
			c.T.Fatal("the number of transactions is a power of two")
		}
		b.Txs = append(b.Txs, b.Txs[len(b.Txs)-n:]...)
	}),

	// The list of transactions and the coinbase.
	edits("two coinbases", "bad-cb-multiple", func(c *stage, d *Draft) {
		d.Txs = append(d.Txs, coinbase(d.Height+1, false, btcwire.NewTxOut(1, []byte{0x51})))
	}),
	edits("height of the coinbase", "bad-cb-height", func(c *stage, d *Draft) {
		d.Coinbase().TxIn[0].SignatureScript = append(ScriptInt(int64(d.Height+1)), 0)
	}),
	edits("height of the coinbase not in the shortest form", "bad-cb-height", func(c *stage, d *Draft) {
		d.Coinbase().TxIn[0].SignatureScript = ScriptPush(append(number(uint64(d.Height)), 0))
	}),
	edits("coinbase script too long", "bad-cb-length", func(c *stage, d *Draft) {
		d.Coinbase().TxIn[0].SignatureScript = append(d.Coinbase().TxIn[0].SignatureScript, make([]byte, 100)...)
	}),
	edits("witness commitment missing", "unexpected-witness", func(c *stage, d *Draft) {
		cb := d.Coinbase()
		cb.TxOut = slices.Delete(cb.TxOut, d.Commitment(), d.Commitment()+1)
		cb.TxIn[0].Witness = nil
	}),
	edits("witness commitment wrong", "bad-witness-merkle-match", func(c *stage, d *Draft) {
		d.commit()
		d.KeepCommitment = true
		d.Coinbase().TxOut[d.Commitment()].PkScript[20] ^= 1
	}),
	edits("witness nonce short", "bad-witness-nonce-size", func(c *stage, d *Draft) {
		d.Coinbase().TxIn[0].Witness = btcwire.TxWitness{make([]byte, 31)}
	}),
	edits("witness nonce twice", "bad-witness-nonce-size", func(c *stage, d *Draft) {
		d.Coinbase().TxIn[0].Witness = btcwire.TxWitness{make([]byte, 32), make([]byte, 32)}
	}),
	edits("witness nonce changed", "bad-witness-merkle-match", func(c *stage, d *Draft) {
		d.commit()
		d.KeepCommitment = true
		d.Coinbase().TxIn[0].Witness[0][7] ^= 1
	}),
	edits("witness changed, not the commitment", "bad-witness-merkle-match", func(c *stage, d *Draft) {
		d.commit()
		d.KeepCommitment = true
		for _, in := range d.Txs[d.find(c, func(tx *btcwire.MsgTx) bool { return len(tx.TxIn) == int(kinds) })].TxIn {
			if len(in.Witness) > 0 {
				in.Witness[0] = flip(in.Witness[0])
				return
			}
		}
	}),

	// Plain transactions.
	pays("no outputs", "bad-txns-vout-empty", func(c *stage, tx *btcwire.MsgTx) { tx.TxOut = nil }),
	pays("empty output", "bad-txns-vout-empty", func(c *stage, tx *btcwire.MsgTx) {
		tx.AddTxOut(btcwire.NewTxOut(0, nil))
	}),
	pays("negative output", "bad-txns-vout-negative", func(c *stage, tx *btcwire.MsgTx) { tx.TxOut[0].Value = -1 }),
	pays("output too large", "bad-txns-vout-toolarge", func(c *stage, tx *btcwire.MsgTx) { tx.TxOut[0].Value = 10782240625000001 }),
	pays("outputs too large together", "bad-txns-txouttotal-toolarge", func(c *stage, tx *btcwire.MsgTx) {
		tx.TxOut[0].Value, tx.TxOut[1].Value = 10782240625000000, 1
	}),
	pays("more out than in", "bad-txns-in-belowout", func(c *stage, tx *btcwire.MsgTx) {
		tx.TxOut[1].Value += PlainFee + 1
		c.resign(tx)
	}),
	pays("missing coin", missingOrSpent, func(c *stage, tx *btcwire.MsgTx) { tx.TxIn[0].PreviousOutPoint.Hash[9] ^= 1 }),
	pays("missing output of a transaction", missingOrSpent, func(c *stage, tx *btcwire.MsgTx) { tx.TxIn[0].PreviousOutPoint.Index = 1 << 20 }),
	pays("one coin twice", "bad-txns-inputs-duplicate", func(c *stage, tx *btcwire.MsgTx) { tx.AddTxIn(tx.TxIn[0]) }),
	pays("null input", "bad-txns-prevout-null", func(c *stage, tx *btcwire.MsgTx) {
		tx.AddTxIn(btcwire.NewTxIn(&wire.NullOutPoint, nil, nil))
	}),
	edits("double spend", missingOrSpent, func(c *stage, d *Draft) {
		coin := c.coin(c.Miner, 1e9, PubKeyHash)
		d.Txs = append(d.Txs, c.Payment(coin, To(c.Key("bob"), PubKey, 5)), c.Payment(coin, To(c.Key("bob"), PubKey, 6)))
	}),
	adds("coin that a block before spent", missingOrSpent, func(c *stage) *btcwire.MsgTx {
		return c.Payment(c.spent, To(c.Key("bob"), PubKey, 5))
	}),
	edits("spend before the output is made", missingOrSpent, func(c *stage, d *Draft) {
		first := c.Payment(c.coin(c.Miner, 1e9, PubKeyHash), To(c.Key("bob"), PubKeyHash, 1e8))
		made := c.wallet.scripts[string(first.TxOut[0].PkScript)]
		made.OutPoint, made.Value = at(first.TxHash(), 0), 1e8
		d.Txs = append(d.Txs, c.Payment(made, To(c.Key("bob"), PubKey, 1e6)), first)
	}),
	adds("immature reward", "bad-txns-premature-spend-of-coinbase", func(c *stage) *btcwire.MsgTx {
		return c.Payment(c.Immature(c.Miner)[0], To(c.Key("bob"), PubKeyHash, 1))
	}),
	adds("lock time not reached", "bad-txns-nonfinal", func(c *stage) *btcwire.MsgTx {
		tx := c.Payment(c.coin(c.Miner, 1e9, PubKeyHash), To(c.Key("bob"), PubKeyHash, 1))
		tx.LockTime, tx.TxIn[0].Sequence = uint32(c.Height()+1), 0
		c.resign(tx)
		return tx
	}),
	adds("lock time past the median", "bad-txns-nonfinal", func(c *stage) *btcwire.MsgTx {
		tx := c.Payment(c.coin(c.Miner, 1e9, PubKeyHash), To(c.Key("bob"), PubKeyHash, 1))
		tx.LockTime, tx.TxIn[0].Sequence = uint32(c.tip().MedianTimePast()), 0
		c.resign(tx)
		return tx
	}),
	adds("relative lock in blocks", "bad-txns-nonfinal", func(c *stage) *btcwire.MsgTx {
		coin := c.Coins(c.Key("store"), PubKeyHash)[0]
		tx := c.Payment(coin, To(c.Key("bob"), PubKeyHash, 1e5))
		tx.TxIn[0].Sequence = uint32(c.Height() + 2 - coin.Height)
		c.resign(tx)
		return tx
	}),
	adds("relative lock in time", "bad-txns-nonfinal", func(c *stage) *btcwire.MsgTx {
		tx := c.Payment(c.Coins(c.Key("store"), PubKeyHash)[0], To(c.Key("bob"), PubKeyHash, 1e5))
		tx.TxIn[0].Sequence = 1<<22 | 0xffff
		c.resign(tx)
		return tx
	}),
	adds("transaction too large", "bad-txns-oversize", func(c *stage) *btcwire.MsgTx {
		coin := c.coin(c.Miner, 1e9, PubKeyHash)
		return c.Tx([]Coin{coin}, btcwire.NewTxOut(0, append([]byte{0x6a}, make([]byte, 1_000_000)...)))
	}),
	edits("block too large", "bad-blk-length", func(c *stage, d *Draft) {
		size := c.blockSize()
		for i := range 5 {
			coin := c.rich()[i]
			d.Txs = append(d.Txs, c.Tx([]Coin{coin}, btcwire.NewTxOut(0, append([]byte{0x6a}, make([]byte, size/5)...))))
		}
	}),
	adds("block too heavy", "bad-blk-weight", func(c *stage) *btcwire.MsgTx {
		tx := c.Payment(c.coin(c.Key("store"), 1e6, WitnessKey), To(c.Key("bob"), PubKeyHash, 1e5))
		tx.TxIn[0].Witness = append(tx.TxIn[0].Witness, make([]byte, 4*c.blockSize()))
		return tx
	}),
	adds("signature operations in an output", "bad-blk-sigops", func(c *stage) *btcwire.MsgTx {
		script := bytes.Repeat([]byte{0xac}, c.blockSize()/100+1)
		return c.Tx([]Coin{c.coin(c.Miner, 1e9, PubKeyHash)}, btcwire.NewTxOut(1, script))
	}),
	adds("signature operations in redeemed scripts", "bad-blk-sigops", func(c *stage) *btcwire.MsgTx {
		return c.spendCostly()
	}),

	// Signatures and scripts.
	spends("P2PKH: signature changed", scriptFalse, PubKeyHash, func(c *stage, in *btcwire.TxIn) {
		in.SignatureScript[12] ^= 1
	}),
	spends("P2PKH: other key", "Script failed an OP_EQUALVERIFY operation", PubKeyHash, func(c *stage, in *btcwire.TxIn) {
		in.SignatureScript = slices.Concat(in.SignatureScript[:1+in.SignatureScript[0]], ScriptPush(c.Key("bob").Public))
	}),
	spends("P2PKH: no signature", scriptFalse, PubKeyHash, func(c *stage, in *btcwire.TxIn) {
		in.SignatureScript = append([]byte{0}, ScriptPush(c.Key("store").Public)...)
	}),
	spends("P2PKH: empty scriptSig", "Operation not valid with the current stack size", PubKeyHash, func(c *stage, in *btcwire.TxIn) {
		in.SignatureScript = nil
	}),
	spends("P2PKH: bytes behind the signature", "Non-canonical DER signature", PubKeyHash, func(c *stage, in *btcwire.TxIn) {
		n := in.SignatureScript[0]
		sig, key := in.SignatureScript[1:1+n], in.SignatureScript[1+n:]
		sig = slices.Concat(sig[:n-1], []byte{0}, sig[n-1:])
		in.SignatureScript = slices.Concat(ScriptPush(sig), key)
	}),
	scriptError(pays("P2PKH: outputs changed after signing", badScriptFalse, func(c *stage, tx *btcwire.MsgTx) { tx.TxOut[0].Value-- })),
	spends("P2PK: signature changed", scriptFalse, PubKey, func(c *stage, in *btcwire.TxIn) { in.SignatureScript[12] ^= 1 }),
	spends("multisig: dummy not empty", "Dummy CHECKMULTISIG argument must be zero", Multisig, func(c *stage, in *btcwire.TxIn) {
		in.SignatureScript[0] = 0x51
	}),
	spends("P2SH: other script", scriptFalse, ScriptHash, func(c *stage, in *btcwire.TxIn) {
		in.SignatureScript = append([]byte{0x51}, ScriptPush([]byte{0x51})...)
	}),
	spends("P2WPKH: signature changed", scriptFalse, WitnessKey, func(c *stage, in *btcwire.TxIn) { in.Witness[0] = flip(in.Witness[0]) }),
	spends("P2WPKH: no witness", "Witness program hash mismatch", WitnessKey, func(c *stage, in *btcwire.TxIn) {
		in.Witness = nil
	}),
	spends("P2WPKH: three items", "Witness program hash mismatch", WitnessKey, func(c *stage, in *btcwire.TxIn) {
		in.Witness = append(in.Witness, []byte{1})
	}),
	spends("P2WPKH: scriptSig not empty", "Witness requires empty scriptSig", WitnessKey, func(c *stage, in *btcwire.TxIn) {
		in.SignatureScript = []byte{0x51}
	}),
	spends("P2WSH: no witness", "Witness program was passed an empty witness", WitnessScript, func(c *stage, in *btcwire.TxIn) {
		in.Witness = nil
	}),
	spends("P2WSH: other script", "Witness program hash mismatch", WitnessScript, func(c *stage, in *btcwire.TxIn) {
		in.Witness[1] = []byte{0x51}
	}),
	spends("P2SH-P2WPKH: push more", "Witness requires only-redeemscript scriptSig", NestedWitnessKey, func(c *stage, in *btcwire.TxIn) {
		in.SignatureScript = append([]byte{0x51}, in.SignatureScript...)
	}),
	spends("P2PKH: witness where none belongs", "Witness provided for non-witness script", PubKeyHash, func(c *stage, in *btcwire.TxIn) {
		in.Witness = btcwire.TxWitness{{1}}
	}),
	spends("taproot key: signature changed", "Invalid Schnorr signature", TaprootKey, func(c *stage, in *btcwire.TxIn) {
		in.Witness[0] = flip(in.Witness[0])
	}),
	spends("taproot key: signature of 63 bytes", "Invalid Schnorr signature size", TaprootKey, func(c *stage, in *btcwire.TxIn) {
		in.Witness[0] = in.Witness[0][:63]
	}),
	spends("taproot leaf: control block", "Witness program hash mismatch", TaprootLeaf, func(c *stage, in *btcwire.TxIn) {
		in.Witness[2] = flip(in.Witness[2])
	}),
	spends("taproot leaf: signature changed", "Invalid Schnorr signature", TaprootLeaf, func(c *stage, in *btcwire.TxIn) {
		in.Witness[0] = flip(in.Witness[0])
	}),

	// What contracts' transactions are.
	edits("generated transaction missing", incorrect, func(c *stage, d *Draft) {
		i := d.find(c, isGenerated)
		d.Txs = slices.Delete(d.Txs, i, i+1)
	}),
	edits("generated transaction: less paid", incorrect, func(c *stage, d *Draft) { d.Txs[d.find(c, isGenerated)].TxOut[0].Value-- }),
	edits("generated transaction: more paid", "bad-txns-in-belowout", func(c *stage, d *Draft) { d.Txs[d.find(c, isGenerated)].TxOut[0].Value++ }),
	edits("generated transaction: outputs exchanged", incorrect, func(c *stage, d *Draft) {
		out := d.Txs[d.find(c, isWide)].TxOut
		out[0], out[1] = out[1], out[0]
	}),
	edits("generated transaction: inputs exchanged", incorrect, func(c *stage, d *Draft) {
		in := d.Txs[d.find(c, isWide)].TxIn
		in[0], in[1] = in[1], in[0]
	}),
	edits("generated transaction: input dropped", "bad-txns-in-belowout", func(c *stage, d *Draft) {
		tx := d.Txs[d.find(c, isWide)]
		big := slices.IndexFunc(tx.TxIn, func(in *btcwire.TxIn) bool { return in.PreviousOutPoint.Hash != d.Txs[d.find(c, isWide)-1].TxHash() })
		tx.TxIn = slices.Delete(tx.TxIn, big, big+1)
	}),
	edits("generated transaction: output dropped", incorrect, func(c *stage, d *Draft) {
		tx := d.Txs[d.find(c, isWide)]
		tx.TxOut = tx.TxOut[:1]
	}),
	edits("generated transaction: other version", incorrect, func(c *stage, d *Draft) { d.Txs[d.find(c, isGenerated)].Version = 1 }),
	edits("generated transaction: other sequence", incorrect, func(c *stage, d *Draft) { d.Txs[d.find(c, isGenerated)].TxIn[0].Sequence-- }),
	edits("generated transaction: other lock time", incorrect, func(c *stage, d *Draft) { d.Txs[d.find(c, isGenerated)].LockTime = 1 }),
	edits("generated transaction: at the end of the block", "bad-opspend-tx", func(c *stage, d *Draft) {
		i := d.find(c, isGenerated)
		tx := d.Txs[i]
		d.Txs = append(slices.Delete(d.Txs, i, i+1), c.Payment(c.coin(c.Miner, 1e9, PubKeyHash), To(c.Miner, PubKeyHash, 1)), tx)
	}),
	edits("generated transaction: again behind another execution", missingOrSpent, func(c *stage, d *Draft) {
		made := d.Txs[d.find(c, isGenerated)].Copy()
		d.Txs = append(d.Txs, c.Execution(c.coin(c.Miner, 1e9, PubKeyHash), call(c)), made)
	}),
	edits("generated transaction: to a stranger", incorrect, func(c *stage, d *Draft) {
		tx := d.Txs[d.find(c, isGenerated)]
		tx.TxOut[len(tx.TxOut)-1].PkScript = c.Key("bob").Script(PubKeyHash)
	}),
	edits("OP_SPEND by a stranger behind a contract transaction", incorrect, func(c *stage, d *Draft) {
		d.Txs = append(d.Txs, c.Execution(c.coin(c.Miner, 1e9, PubKeyHash), Action{To: &c.burner, Data: []byte{0}, GasLimit: 10_000}), c.steal(opSpend))
	}),
	adds("OP_SPEND by a stranger", "bad-opspend-tx", func(c *stage) *btcwire.MsgTx { return c.steal(opSpend) }),
	adds("contract's coin spent without OP_SPEND", "bad-txns-invalid-contract-spend", func(c *stage) *btcwire.MsgTx { return c.steal(0x51) }),
	adds("OP_SPEND of a key's coin", "bad-opspend-tx", func(c *stage) *btcwire.MsgTx {
		tx := c.Payment(c.coin(c.Miner, 1e9, PubKeyHash), To(c.Key("bob"), PubKeyHash, 5))
		tx.TxIn[0].SignatureScript = []byte{opSpend}
		return tx
	}),
	edits("OP_SPEND of a key's coin behind a contract transaction", "mandatory-script-verify-flag-failed (Operation not valid with the current stack size)", func(c *stage, d *Draft) {
		coin := c.coin(c.Miner, 100e8, PubKeyHash)
		first := c.Execution(coin, Action{To: &c.counter, Data: []byte{0}})
		tx := c.Payment(c.coin(c.Key("store"), 1e6, PubKeyHash), To(c.Key("bob"), PubKeyHash, 5))
		tx.TxIn[0].SignatureScript = []byte{opSpend}
		d.Txs = append(d.Txs, first, tx)
	}),
	edits("contract transaction's value changed after execution", incorrect, func(c *stage, d *Draft) {
		i := d.find(c, func(tx *btcwire.MsgTx) bool {
			return isExecution(tx) && tx.TxOut[0].PkScript[len(tx.TxOut[0].PkScript)-1] == opCall
		})
		tx := d.Txs[i]
		tx.TxOut[0].PkScript = slices.Clone(tx.TxOut[0].PkScript)
		copy(tx.TxOut[0].PkScript[len(tx.TxOut[0].PkScript)-21:], c.Key("nobody").Hash[:])
		c.resign(tx)
	}),
	edits("execution left out", incorrect, func(c *stage, d *Draft) {
		i := d.find(c, func(tx *btcwire.MsgTx) bool { return isExecution(tx) && tx.TxOut[0].Value == 0 })
		d.Txs = slices.Delete(d.Txs, i, i+1)
		d.Reward().TxOut[d.refunds()-1].Value -= 1e8
	}),

	// What a contract output may ask for.
	runs("gas of a transaction over the block's limit", "bad-txns-gas-exceeds-blockgaslimit", with(func(a *Action) { a.GasLimit = 40_000_001 })),
	runs("gas of two outputs over the block's limit", "bad-txns-gas-exceeds-blockgaslimit",
		with(func(a *Action) { a.GasLimit = 30_000_000 }), with(func(a *Action) { a.GasLimit = 10_000_001 })),
	edits("gas used over the block's limit", "bad-blk-gaslimit", func(c *stage, d *Draft) {
		rich := c.rich()
		for i := range 2 {
			coin := rich[i]
			d.Txs = append(d.Txs, c.Execution(coin, Action{To: &c.burner, Data: []byte{0}, GasLimit: 20_500_000}))
		}
	}),
	runs("gas price below the minimum", "bad-tx-low-gas-price", with(func(a *Action) { a.GasPrice = 39 })),
	runs("second output's gas price below the minimum", "bad-tx-low-gas-price", call, with(func(a *Action) { a.GasPrice = 1 })),
	runs("gas limit below the minimum", "bad-tx-too-little-gas", with(func(a *Action) { a.GasLimit = 9_999 })),
	scripted("gas limit 0", nonstandard, func(c *stage) []byte {
		return slices.Concat([]byte{1, 4, 1, 0}, ScriptPush(number(40)), []byte{1, 0, 20}, c.counter[:], []byte{opCall})
	}),
	runs("gas limit over a thousand million", nonstandard, func(c *stage) Action {
		return Action{To: &c.counter, Data: []byte{0}, GasLimit: 1_000_000_001, GasPrice: 1}
	}),
	adds("fee does not cover the gas", "bad-txns-fee-notenough", func(c *stage) *btcwire.MsgTx {
		tx := c.Execution(c.coin(c.Miner, 1e9, PubKeyHash), call(c))
		tx.TxOut[1].Value += PlainFee + 1
		c.resign(tx)
		return tx
	}),
	adds("fee does not cover the gas of two outputs", "bad-txns-fee-notenough", func(c *stage) *btcwire.MsgTx {
		tx := c.Execution(c.coin(c.Miner, 1e9, PubKeyHash), call(c), call(c))
		tx.TxOut[2].Value += PlainFee + 1
		c.resign(tx)
		return tx
	}),
	scripted("gas and price overflow", "bad-tx-bad-contract-format", func(c *stage) []byte {
		return slices.Concat([]byte{1, 4}, ScriptPush(number(500_000_000)), ScriptPush(number(1<<63/500_000_000+1)),
			[]byte{1, 0, 20}, c.counter[:], []byte{opCall})
	}),
	runs("version 0, which only contracts may make", "bad-tx-improper-version-0", with(func(a *Action) { a.Version = []byte{0} })),
	runs("version 0 behind version 4", "bad-tx-mixed-zero-versions", call, with(func(a *Action) { a.Version = []byte{0} })),
	runs("version 5", nonstandard, with(func(a *Action) { a.Version = []byte{5} })),
	runs("version 8: other machine", nonstandard, with(func(a *Action) { a.Version = []byte{8} })),
	runs("version 0x104: other version of the machine", nonstandard, with(func(a *Action) { a.Version = []byte{4, 1} })),
	runs("version with flags", nonstandard, with(func(a *Action) { a.Version = []byte{4, 0, 1} })),
	runs("version of five bytes", nonstandard, with(func(a *Action) { a.Version = []byte{4, 0, 0, 0, 0} })),
	runs("no data", nonstandard, with(func(a *Action) { a.Data = nil })),
	scripted("address of 19 bytes", nonstandard, func(c *stage) []byte {
		return slices.Concat([]byte{1, 4}, ScriptPush(number(100_000)), ScriptPush(number(40)), []byte{1, 0, 19}, make([]byte, 19), []byte{opCall})
	}),
	scripted("call without address", nonstandard, func(c *stage) []byte {
		return slices.Concat([]byte{1, 4}, ScriptPush(number(100_000)), ScriptPush(number(40)), []byte{1, 0, opCall})
	}),
	scripted("opcode behind the call", nonstandard, func(c *stage) []byte { return append(call(c).Script(nil), 0x51) }),
	scripted("lone OP_CREATE", nonstandard, func(c *stage) []byte { return []byte{opCreate} }),
	scripted("lone OP_SENDER", nonstandard, func(c *stage) []byte { return []byte{opSender} }),
	scripted("OP_SENDER before a key's script", nonstandard, func(c *stage) []byte {
		return slices.Concat([]byte{1, 1, 20}, c.Miner.Hash[:], []byte{0, opSender}, c.Miner.Script(PubKeyHash))
	}),
	scripted("version by OP_5: unknown format", "bad-tx-version-format", func(c *stage) []byte { return opVersion(call(c), 0x55) }),
	scripted("version by OP_8: unknown machine", "bad-tx-version-rootvm", func(c *stage) []byte { return opVersion(call(c), 0x58) }),
	scripted("version by OP_16: unknown machine", "bad-tx-version-rootvm", func(c *stage) []byte { return opVersion(call(c), 0x60) }),

	// Who may call.
	adds("sender's coin is P2SH", "bad-txns-invalid-sender-script", func(c *stage) *btcwire.MsgTx {
		return c.Execution(c.coin(c.Key("store"), 1e6, ScriptHash), Action{To: &c.counter, Data: []byte{0}, GasLimit: 10_000})
	}),
	adds("sender's coin is P2WPKH", "bad-txns-invalid-sender-script", func(c *stage) *btcwire.MsgTx {
		return c.Execution(c.coin(c.Key("store"), 1e6, WitnessKey), Action{To: &c.counter, Data: []byte{0}, GasLimit: 10_000})
	}),
	adds("sender's coin is taproot", "bad-txns-invalid-sender-script", func(c *stage) *btcwire.MsgTx {
		return c.Execution(c.coin(c.Key("store"), 1e6, TaprootKey), Action{To: &c.counter, Data: []byte{0}, GasLimit: 10_000})
	}),
	senders("OP_SENDER: signature changed", badSenderFalse, func(c *stage, sig []byte) []byte { return flip(sig) }),
	senders("OP_SENDER: other key", "sender-output-script-verify-failed (Script failed an OP_EQUALVERIFY operation)", func(c *stage, sig []byte) []byte {
		return slices.Concat(sig[:1+sig[0]], ScriptPush(c.Key("alice").Public))
	}),
	senders("OP_SENDER: no signature", nonstandard, func(c *stage, sig []byte) []byte { return nil }),
	senders("OP_SENDER: three items", badSenderFalse, func(c *stage, sig []byte) []byte {
		return append([]byte{0x51}, flip(sig)...)
	}),
	senders("OP_SENDER: three items, signature good", "bad-txns-invalid-sender-script", func(c *stage, sig []byte) []byte {
		return append([]byte{0x51}, sig...)
	}),
	adds("OP_SENDER: outputs changed after signing", badSenderFalse, func(c *stage) *btcwire.MsgTx {
		a := call(c)
		a.Sender = c.Key("bob")
		tx := c.Execution(c.coin(c.Miner, 1e9, PubKeyHash), a)
		tx.TxOut[1].Value--
		c.resign(tx)
		return tx
	}),
	adds("OP_SENDER: P2SH pays", "bad-txns-invalid-sender-script", func(c *stage) *btcwire.MsgTx {
		return c.Execution(c.coin(c.Key("store"), 1e6, ScriptHash),
			Action{To: &c.counter, Data: []byte{0}, GasLimit: 10_000, Sender: c.Key("bob")})
	}),

	// The reward's gas refunds.
	refunds("refund missing", func(c *stage, d *Draft) {
		tx := d.Reward()
		tx.TxOut = slices.Delete(tx.TxOut, d.refunds(), d.refunds()+1)
	}),
	refunds("refund too small", func(c *stage, d *Draft) { d.Reward().TxOut[d.refunds()].Value-- }),
	refunds("refund to another hash", func(c *stage, d *Draft) {
		d.Reward().TxOut[d.refunds()].PkScript = c.Key("bob").Script(PubKeyHash)
	}),
	refunds("refund to the same key by P2PK", func(c *stage, d *Draft) {
		d.Reward().TxOut[d.refunds()].PkScript = c.Miner.Script(PubKey)
	}),
	edits("refund twice", "block-reward-invalid", func(c *stage, d *Draft) {
		tx := d.Reward()
		tx.TxOut = slices.Insert(tx.TxOut, d.refunds(), tx.TxOut[d.refunds()])
	}),
	refunds("one of two equal refunds missing", func(c *stage, d *Draft) {
		tx := d.Reward()
		for i, out := range tx.TxOut[d.refunds():] {
			for _, other := range tx.TxOut[d.refunds():][:i] {
				if out.Value == other.Value && bytes.Equal(out.PkScript, other.PkScript) {
					tx.TxOut = slices.Delete(tx.TxOut, d.refunds()+i, d.refunds()+i+1)
					return
				}
			}
		}
		c.T.Fatal("no two refunds are equal")
	}),
	edits("reward one satoshi too much", "block-reward-invalid", func(c *stage, d *Draft) { d.Reward().TxOut[d.refunds()-1].Value++ }),
}

// refunds is a mutation of the gas refunds.
func refunds(name string, edit func(c *stage, d *Draft)) mutation {
	return rewardError(edits(name, "bad-gas-refund-missing", edit))
}

// opVersion is the script of a with its version made by an opcode that pushes a number.
func opVersion(a Action, op byte) []byte {
	s := a.Script(nil)
	return append([]byte{op}, s[2:]...)
}

// senders is a mutation of the scriptSig in an OP_SENDER form.
func senders(name, reason string, spoil func(c *stage, sig []byte) []byte) mutation {
	return adds(name, reason, func(c *stage) *btcwire.MsgTx {
		a := call(c)
		a.Sender = c.Key("bob")
		coin := c.coin(c.Miner, 1e9, PubKeyHash)
		tx := c.Execution(coin, a)
		tx.TxOut[0].PkScript = a.Script(spoil(c, senderSig(tx, 0, a.Sender, 1)))
		signInput(tx, 0, []Coin{coin})
		return tx
	})
}

// onWork are mutations of blocks made by work.
var onWork = []mutation{
	raws("hash over the target", "high-hash", func(c *stage, b *wire.Block) {
		for meets(&b.Header) {
			b.Header.Nonce++
		}
	}),
	edits("signature on a block made by work", "bad-blk-signature", func(c *stage, d *Draft) {
		d.Seal()
		d.KeepSig = true
		for d.Header.Sig = make([]byte, 65); !meets(&d.Header); d.Header.Nonce++ {
		}
	}),
	edits("no coinbase", "bad-cb-missing", func(c *stage, d *Draft) { d.Txs = d.Txs[1:] }),
	edits("coinbase second", "bad-cb-missing", func(c *stage, d *Draft) { d.Txs[0], d.Txs[1] = d.Txs[1], d.Txs[0] }),
	edits("contract output in the coinbase", "bad-cb-contract", func(c *stage, d *Draft) {
		d.Coinbase().AddTxOut(btcwire.NewTxOut(0, call(c).Script(nil)))
	}),
	edits("OP_SPEND in the coinbase", "bad-cb-contract", func(c *stage, d *Draft) {
		d.Coinbase().TxIn[0].SignatureScript = []byte{opSpend}
	}),
	edits("coinbase without outputs", "bad-cb-missing", func(c *stage, d *Draft) { d.Coinbase().TxOut = nil }),
	edits("block of height 1 again", "bad-fork-prior-to-synch-checkpoint", func(c *stage, d *Draft) {
		d.Header.PrevBlock = c.Params.GenesisHash
	}),
}

// highS is a DER signature with the higher of the two values for s.
func highS(sig []byte) []byte {
	s, err := ecdsa.ParseDERSignature(sig)
	if err != nil {
		panic(err)
	}
	r, low := s.R(), s.S()
	low.Negate()
	rb, sb := r.Bytes(), low.Bytes()
	return derOf(rb[:], sb[:])
}

func derOf(r, s []byte) []byte {
	num := func(b []byte) []byte {
		b = bytes.TrimLeft(b, "\x00")
		if b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return append([]byte{2, byte(len(b))}, b...)
	}
	body := append(num(r), num(s)...)
	return append([]byte{0x30, byte(len(body))}, body...)
}
