package chaintest

import (
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/wire"
)

const mismatch = "bad-blk-coinstake-input-output-mismatch"

// accepted stands for no reason at all.
const accepted = "accepted"

// headers is a mutation that a node in sync sees in the header: its signature or its kernel
// is wrong. A node that still catches up does not look there, and finds another reason
// when it connects the block; early is that one.
func headers(name, early string, edit func(c *stage, d *Draft)) mutation {
	m := edits(name, "bad-cb-header", edit)
	m.early = early
	return m
}

// onStake are mutations of blocks made by stake, with or without a delegation.
var onStake = []mutation{
	// The signature.
	edits("block signature changed", "bad-blk-signature", func(c *stage, d *Draft) {
		d.Seal()
		d.KeepSig = true
		d.Header.Sig[20] ^= 1
	}),
	edits("block signed by another key", "bad-blk-signature", func(c *stage, d *Draft) { d.Signer = c.Key("bob") }),
	edits("block changed after signing", "bad-blk-signature", func(c *stage, d *Draft) {
		d.Seal()
		d.KeepSig = true
		d.Header.Nonce++
	}),
	edits("block not signed", "bad-blk-signature", func(c *stage, d *Draft) { d.KeepSig, d.Header.Sig = true, nil }),
	edits("coinstake pays to a hash, so no key signs", "bad-blk-signature", func(c *stage, d *Draft) {
		d.Reward().TxOut[1].PkScript = d.Signer.Script(PubKeyHash)
	}),
	headers("another key takes the stake and signs", mismatch, func(c *stage, d *Draft) {
		d.Signer = c.Key("bob")
		d.Reward().TxOut[1].PkScript = d.Signer.Script(PubKey)
	}),

	// Time, target, parent.
	edits("time not on the grid", "timestamp-invalid", func(c *stage, d *Draft) { d.Header.Time++ }),
	edits("time not after the median", "time-too-old", func(c *stage, d *Draft) {
		mask := c.Params.StakeMask(d.Height)
		d.Header.Time = uint32(c.tip().MedianTimePast()) &^ mask
	}),
	edits("time not after the parent's", "inconclusive", func(c *stage, d *Draft) {
		mask := c.Params.StakeMask(d.Height)
		d.Header.Time = c.tip().Header.Time &^ mask
		if int64(d.Header.Time) <= c.tip().MedianTimePast() {
			c.T.Fatal("parent's time is the median")
		}
	}),
	edits("time in the future", "inconclusive", func(c *stage, d *Draft) {
		mask := c.Params.StakeMask(d.Height)
		d.Header.Time += 4 * (mask + 1)
	}),

	// The coinbase and the coinstake.
	edits("coinbase pays", "bad-cb-missing", func(c *stage, d *Draft) { d.Coinbase().TxOut[0] = btcwire.NewTxOut(1, []byte{0x51}) }),
	edits("coinbase's commitment pays", "bad-cb-missing", func(c *stage, d *Draft) { d.Coinbase().TxOut[d.Commitment()].Value = 1 }),
	edits("coinbase has a third output", "bad-cb-missing", func(c *stage, d *Draft) { d.Coinbase().AddTxOut(btcwire.NewTxOut(0, []byte{0x6a})) }),
	edits("no coinstake", "bad-cs-missing", func(c *stage, d *Draft) { d.Txs = slices.Delete(d.Txs, 1, 2) }),
	edits("coinstake third", "bad-cs-missing", func(c *stage, d *Draft) {
		d.KeepStakeSigs = true
		d.signStakes()
		d.Txs[1], d.Txs[2] = d.Txs[2], d.Txs[1]
	}),
	edits("coinstake's first output pays", "bad-cs-missing", func(c *stage, d *Draft) { d.Reward().TxOut[0] = btcwire.NewTxOut(1, []byte{0x51}) }),
	edits("second coinstake", "bad-cs-multiple", func(c *stage, d *Draft) {
		coin := c.coin(c.Miner, 1e9, PubKeyHash)
		d.Txs = append(d.Txs, c.Tx([]Coin{coin}, btcwire.NewTxOut(0, nil), btcwire.NewTxOut(coin.Value, coin.Script)))
	}),
	edits("contract output in the coinstake", "bad-cs-contract", func(c *stage, d *Draft) {
		d.Reward().AddTxOut(btcwire.NewTxOut(0, call(c).Script(nil)))
	}),
	edits("coinstake pays a negative amount", "bad-txns-vout-negative", func(c *stage, d *Draft) { d.Reward().AddTxOut(btcwire.NewTxOut(-1, []byte{0x51})) }),
	edits("coinstake not signed", "stake-verify-signature-failed", func(c *stage, d *Draft) {
		d.KeepStakeSigs = true
		d.Reward().TxIn[0].SignatureScript = nil
	}),
	edits("coinstake signed by another key", "stake-verify-signature-failed", func(c *stage, d *Draft) {
		d.KeepStakeSigs = true
		coin := d.Stakes[0]
		coin.Key = c.Key("bob")
		signInput(d.Reward(), 0, []Coin{coin})
	}),
	scriptEdits("coinstake with a second input that another key signs", "mandatory-script-verify-flag-failed (Script failed an OP_EQUALVERIFY operation)", func(c *stage, d *Draft) {
		coin := c.coin(c.Miner, 1, PubKeyHash)
		d.Reward().AddTxIn(btcwire.NewTxIn(&coin.OutPoint, nil, nil))
		d.Reward().TxOut[1].Value += coin.Value
		coin.Key = c.Key("bob")
		d.Stakes = append(d.Stakes, coin)
	}),
	edits("witness leaf of the coinstake", "bad-witness-merkle-match", func(c *stage, d *Draft) {
		d.Seal()
		d.KeepStakeSigs, d.KeepCommitment = true, true
		// As Bitcoin has it: only the coinbase's leaf is zero.
		b := d.Block()
		b.Header.PrevStake = wire.NullOutPoint
		root, _ := wire.WitnessMerkleRoot(b)
		sum := doubleHash(append(root[:], d.Coinbase().TxIn[0].Witness[0]...))
		copy(d.Coinbase().TxOut[d.Commitment()].PkScript[6:], sum[:])
	}),
}

// onOwnStake are mutations of blocks whose signer stakes a coin of its own.
var onOwnStake = []mutation{
	headers("DER signature", accepted, func(c *stage, d *Draft) { d.DER = true }),
	edits("DER signature, high S", "bad-signature-encoding", func(c *stage, d *Draft) {
		d.DER = true
		d.Seal()
		d.KeepSig = true
		d.Header.Sig = highS(d.Header.Sig)
	}),
	edits("DER signature, bytes behind it", "bad-signature-encoding", func(c *stage, d *Draft) {
		d.DER = true
		d.Seal()
		d.KeepSig = true
		d.Header.Sig = append(d.Header.Sig, 0)
	}),
	edits("header names another coin than the coinstake", "bad-cs-invalid", func(c *stage, d *Draft) { d.Header.PrevStake.Index++ }),
	headers("coin that does not exist", mismatch, func(c *stage, d *Draft) { stake(d, func(coin *Coin) { coin.OutPoint.Hash[4] ^= 1 }) }),
	headers("coin that was spent", mismatch, func(c *stage, d *Draft) { stake(d, func(coin *Coin) { *coin = c.spent }) }),
	headers("coin of another key", mismatch, func(c *stage, d *Draft) {
		stake(d, func(coin *Coin) { *coin = c.coin(c.Key("carol"), 1, PubKeyHash) })
	}),
	headers("coin not mature", "stake-prevout-not-mature", func(c *stage, d *Draft) {
		stake(d, func(coin *Coin) { *coin = c.Immature(c.Miner)[0] })
		d.Reward().TxOut[1].PkScript = c.Miner.Script(PubKey)
	}),
	headers("coin of a witness program", mismatch, func(c *stage, d *Draft) {
		stake(d, func(coin *Coin) { *coin = c.coin(c.Key("store"), 1, WitnessKey) })
		d.Signer = c.Key("store")
		d.Reward().TxOut[1].PkScript = d.Signer.Script(PubKey)
	}),
	edits("stake goes to the signer's script of OP_RETURN", mismatch, func(c *stage, d *Draft) {
		d.Reward().TxOut[1].PkScript = append([]byte{0x6a}, ScriptPush(d.Signer.Public)...)
	}),
}

// stake changes the coin that a draft's own stake spends.
func stake(d *Draft, change func(coin *Coin)) {
	before := d.Stakes[0].Value
	change(&d.Stakes[0])
	d.Header.PrevStake = d.Stakes[0].OutPoint
	d.Reward().TxIn[0].PreviousOutPoint = d.Stakes[0].OutPoint
	d.Reward().TxOut[1].Value += d.Stakes[0].Value - before
}

// onDelegated are mutations of blocks that stake a delegated coin.
var onDelegated = []mutation{
	edits("proof of delegation missing", "bad-cs-invalid", func(c *stage, d *Draft) { d.Proof = nil }),
	headers("proof of delegation changed", "bad-delegate-output", func(c *stage, d *Draft) { d.Proof = flip(d.Proof) }),
	headers("proof of delegation by another owner", "bad-delegate-output", func(c *stage, d *Draft) {
		d.Proof = ProofOfDelegation(c.Key("bob"), d.Signer.Hash)
	}),
	headers("proof of delegation to another staker", "bad-delegate-output", func(c *stage, d *Draft) {
		d.Proof = ProofOfDelegation(c.owner, c.Key("bob").Hash)
	}),
	edits("another staker, with a proof that the contract does not have", "stake-delegation-not-match", func(c *stage, d *Draft) {
		restake(c, d, c.Miner)
		d.Proof = ProofOfDelegation(c.owner, c.Miner.Hash)
	}),
	edits("staker takes more than the fee", "bad-delegate-output", func(c *stage, d *Draft) { share(d, 2) }),
	edits("staker takes less than the fee", "bad-delegate-output", func(c *stage, d *Draft) { share(d, -2) }),
	edits("owner's share missing", "bad-delegate-output", func(c *stage, d *Draft) {
		tx := d.Reward()
		tx.TxOut[1].Value += tx.TxOut[2].Value
		tx.TxOut = slices.Delete(tx.TxOut, 2, 3)
	}),
	edits("owner's share to someone else", mismatch, func(c *stage, d *Draft) {
		d.Reward().TxOut[2].PkScript = c.Key("bob").Script(PubKeyHash)
	}),
	rewards("less than the whole reward", "bad-cs-delegate-reward", func(c *stage, d *Draft) {
		d.Reward().TxOut[1].Value -= int64(c.fee)
		d.Reward().TxOut[2].Value -= 100 - int64(c.fee)
	}),
	edits("staker's own coin below 100", "stake-delegation-not-min-utxo", func(c *stage, d *Draft) {
		coin := c.coin(d.Signer, 1, PubKeyHash)
		if coin.Value >= 100e8 {
			c.T.Fatal("staker has no small coin")
		}
		tx := d.Reward()
		tx.TxOut[1].Value += coin.Value - d.Stakes[0].Value
		d.Stakes[0] = coin
		tx.TxIn[0].PreviousOutPoint = coin.OutPoint
	}),
	edits("staker's own coin spent", "bad-delegate-output", func(c *stage, d *Draft) {
		tx := d.Reward()
		tx.TxIn[0].PreviousOutPoint = c.spent.OutPoint
		d.KeepStakeSigs = true
	}),
	edits("delegated coin staked again", "stake-prevout-not-mature", func(c *stage, d *Draft) {
		d.Header.PrevStake = c.staked.OutPoint
		d.Reward().TxOut[2].PkScript = c.staked.Script
	}),
	edits("owner stakes himself while delegated", "stake-delegation-not-used", func(c *stage, d *Draft) {
		coin := c.wallet.known[d.Header.PrevStake]
		tx := d.Reward()
		tx.TxOut[1].Value += tx.TxOut[2].Value + coin.Value - d.Stakes[0].Value
		tx.TxOut[1].PkScript = c.owner.Script(PubKey)
		tx.TxOut = slices.Delete(tx.TxOut, 2, 3)
		tx.TxIn[0].PreviousOutPoint = coin.OutPoint
		d.Stakes, d.Signer, d.Proof = []Coin{coin}, c.owner, nil
	}),
}

// share moves percents of a delegated reward from the owner to the staker.
func share(d *Draft, percent int64) {
	out := d.Reward().TxOut
	part := (out[1].Value - d.Stakes[0].Value + out[2].Value) * percent / 100
	out[1].Value += part
	out[2].Value -= part
}

// restake lets another key stake the delegated coin.
func restake(c *stage, d *Draft, staker *Key) {
	coin := c.coin(staker, 100e8, PubKeyHash, PubKey)
	tx := d.Reward()
	tx.TxOut[1].Value += coin.Value - d.Stakes[0].Value
	tx.TxOut[1].PkScript = staker.Script(PubKey)
	tx.TxIn[0].PreviousOutPoint = coin.OutPoint
	d.Stakes, d.Signer = []Coin{coin}, staker
}

// onShared are mutations of blocks whose reward is shared among stakers (MPoS).
var onShared = []mutation{
	rewards("a share missing", "bad-cs-mpos-missing", func(c *stage, d *Draft) { tx := d.Reward(); tx.TxOut = slices.Delete(tx.TxOut, 3, 4) }),
	rewards("a share too small", "bad-cs-mpos-missing", func(c *stage, d *Draft) { d.Reward().TxOut[3].Value-- }),
	rewards("a share to someone else", "bad-cs-mpos-missing", func(c *stage, d *Draft) { d.Reward().TxOut[3].PkScript = c.Key("bob").Script(PubKeyHash) }),
	rewards("a share by P2PK", "bad-cs-mpos-missing", func(c *stage, d *Draft) { d.Reward().TxOut[5].PkScript = c.Miner.Script(PubKey) }),
	rewards("staker keeps all", "bad-cs-mpos-missing", func(c *stage, d *Draft) {
		tx := d.Reward()
		for _, out := range tx.TxOut[2:11] {
			tx.TxOut[1].Value += out.Value
		}
		tx.TxOut = slices.Delete(tx.TxOut, 2, 11)
	}),
	rewards("a share burnt", "bad-cs-mpos-missing", func(c *stage, d *Draft) { d.Reward().TxOut[10].PkScript = []byte{0x6a} }),
}

func rewards(name, reason string, edit func(c *stage, d *Draft)) mutation {
	return rewardError(edits(name, reason, edit))
}

func scriptEdits(name, reason string, edit func(c *stage, d *Draft)) mutation {
	return scriptError(edits(name, reason, edit))
}
