package check

import (
	"fmt"

	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// BlockContext is what the rules of a block by itself need to know.
type BlockContext struct {
	// MaxWeight is the limit that governance sets to the weight of a block; that to its
	// signature operations follows from it. 0 is DefaultMaxWeight.
	MaxWeight int
	// TipHeight is the height of the active chain's end, and Now the time in seconds.
	TipHeight int32
	Now       int64
	// Template leaves out proof of work and the merkle root, which a block that is being
	// made does not have yet.
	Template bool
}

// Block holds a block against the rules that need no context but the time
// (validation.cpp: CheckBlock).
func Block(net *params.Network, b *wire.Block, c BlockContext) error {
	if c.MaxWeight == 0 {
		c.MaxWeight = DefaultMaxWeight
	}
	h := &b.Header
	if !c.Template && !h.IsProofOfStake() && !Work(net, h.Hash(), h.Bits) {
		return Invalid(InvalidHeader, "high-hash", "proof of work failed")
	}
	if h.IsProofOfStake() && int64(h.Time) > FutureDrift(net, c.Now, c.TipHeight+1) {
		return Unreasoned("CheckBlock() : block timestamp too far in the future")
	}
	if !c.Template {
		if err := MerkleRoot(b); err != nil {
			return err
		}
	}
	if err := leading(b); err != nil {
		return err
	}
	if !Signature(b) {
		return Invalid(Consensus, "bad-blk-signature", "bad proof-of-stake block signature")
	}
	if err := transactions(b, c.MaxWeight); err != nil {
		return err
	}
	sigops := 0
	for _, tx := range b.Txs {
		sigops += script.LegacySigOps(tx)
	}
	if sigops*wire.WitnessScale > MaxSigOps(c.MaxWeight) {
		return Invalid(Consensus, "bad-blk-sigops", "out-of-bounds SigOpCount")
	}
	return nil
}

// MaxSigOps is the most cost of signature operations in a block, by the most weight
// (consensus/consensus.cpp: updateBlockSizeParams).
func MaxSigOps(maxWeight int) int { return maxWeight / 100 }

// MerkleRoot holds a block's transactions against the root in its header
// (validation.cpp: CheckMerkleRoot).
func MerkleRoot(b *wire.Block) error {
	root, mutated := wire.MerkleRoot(b.Txs)
	if root != b.Header.MerkleRoot {
		return Invalid(Mutated, "bad-txnmrklroot", "hashMerkleRoot mismatch")
	}
	if mutated {
		return Invalid(Mutated, "bad-txns-duplicate", "duplicate transaction")
	}
	return nil
}

// leading is the rules of which transactions come first.
func leading(b *wire.Block) error {
	if len(b.Txs) == 0 || !b.Txs[0].IsCoinBase() {
		return Invalid(Consensus, "bad-cb-missing", "first tx is not coinbase")
	}
	for _, tx := range b.Txs[1:] {
		if tx.IsCoinBase() {
			return Invalid(Consensus, "bad-cb-multiple", "more than one coinbase")
		}
	}
	if touchesContracts(b.Txs[0]) {
		return Invalid(Consensus, "bad-cb-contract", "coinbase must not contain OP_SPEND, OP_CALL, OP_CREATE or OP_SENDER")
	}
	if !b.IsProofOfStake() {
		return nil
	}
	if !emptyCoinbase(b) {
		return Invalid(Consensus, "bad-cb-missing", "coinbase output not empty for proof-of-stake block")
	}
	if len(b.Txs) < 2 || !b.Txs[1].IsCoinStake() {
		return Invalid(Consensus, "bad-cs-missing", "second tx is not coinstake")
	}
	stake := b.Txs[1]
	if !b.Header.HasProofOfDelegation() && b.Header.PrevStake != stake.Msg().TxIn[0].PreviousOutPoint {
		return Invalid(Consensus, "bad-cs-invalid", "prevoutStake in block header does not match coinstake in block body")
	}
	for _, tx := range b.Txs[2:] {
		if tx.IsCoinStake() {
			return Invalid(Consensus, "bad-cs-multiple", "more than one coinstake")
		}
	}
	if touchesContracts(stake) {
		return Invalid(Consensus, "bad-cs-contract", "coinstake must not contain OP_SPEND, OP_CALL, OP_CREATE or OP_SENDER")
	}
	return nil
}

func touchesContracts(tx *wire.Tx) bool { return hasSpend(tx) || hasContract(tx) || hasSender(tx) }

// emptyCoinbase tells whether the coinbase of a proof-of-stake block makes nothing: one
// empty output, and behind it at most the witness commitment, without value
// (validation.cpp: CheckFirstCoinstakeOutput).
func emptyCoinbase(b *wire.Block) bool {
	outs := b.Txs[0].Msg().TxOut
	if !wire.IsEmpty(outs[0]) {
		return false
	}
	if CommitmentIndex(b) < 0 {
		return len(outs) == 1
	}
	return len(outs) == 2 && outs[1].Value == 0
}

// transactions holds each transaction against its own rules, and those of the account
// abstraction layer to their place: they stand behind the contract transaction that they
// come from.
func transactions(b *wire.Block, maxWeight int) error {
	contract := false
	for _, tx := range b.Txs {
		if err := Transaction(tx, maxWeight); err != nil {
			return Invalid(Consensus, Reason(err), fmt.Sprintf("Transaction check failed (tx hash %v) ", tx.ID()))
		}
		spend := hasSpend(tx)
		if spend && !contract {
			return Invalid(Consensus, "bad-opspend-tx", "OP_SPEND transaction without corresponding contract transaction")
		}
		contract = spend || hasContract(tx)
	}
	return nil
}

// Placed holds a block whose header is in the tree against the rules that come between
// those of the header and those of the block (validation.cpp: AcceptBlock). tip is the
// height of the active chain's end.
func Placed(net *params.Network, parent *header.Node, b *wire.Block, tip int32, now int64) error {
	h, height := &b.Header, parent.Height+1
	if !h.IsProofOfStake() && height > net.LastPoWBlock {
		return Invalid(InvalidHeader, "reject-pow", fmt.Sprintf("AcceptBlock: reject proof-of-work at height %d", height))
	}
	if !Sync(net, height, tip) {
		return Unreasoned("AcceptBlock() : rejected by synchronized checkpoint")
	}
	if h.IsProofOfStake() {
		// The second test cannot fail where the first does not; it is Qtum Core's.
		if h.Time <= parent.Header.Time || FutureDrift(net, int64(h.Time), height) < parent.Time() {
			return Unreasoned("AcceptBlock() : block's timestamp is too early")
		}
		if int64(h.Time) > FutureDrift(net, now, height) {
			return Unreasoned("AcceptBlock() : block timestamp too far in the future")
		}
	}
	return coinbaseHeight(net, b, height)
}

// ContextualBlock holds a block against its place on the chain: lock times, the height in
// the coinbase, the witness commitment (validation.cpp: ContextualCheckBlock).
func ContextualBlock(net *params.Network, parent *header.Node, b *wire.Block) error {
	height := parent.Height + 1
	cutoff := int64(b.Header.Time)
	if height >= net.CSVHeight {
		cutoff = parent.MedianTimePast()
	}
	for _, tx := range b.Txs {
		if !FinalTx(tx, height, cutoff) {
			return Invalid(Consensus, "bad-txns-nonfinal", "non-final transaction")
		}
	}
	if err := coinbaseHeight(net, b, height); err != nil {
		return err
	}
	return Witness(b, height >= net.SegwitHeight)
}

// coinbaseHeight is BIP34.
func coinbaseHeight(net *params.Network, b *wire.Block, height int32) error {
	if height < net.BIP34Height {
		return nil
	}
	want := HeightPush(height)
	var got []byte
	if len(b.Txs) > 0 && len(b.Txs[0].Msg().TxIn) > 0 {
		got = b.Txs[0].Msg().TxIn[0].SignatureScript
	}
	if len(got) < len(want) || string(got[:len(want)]) != string(want) {
		return Invalid(Consensus, "bad-cb-height", "block height mismatch in coinbase")
	}
	return nil
}

// HeightPush is the script bytes that the input of a coinbase at height begins with: the
// shortest push of the number.
func HeightPush(height int32) []byte {
	switch {
	case height == 0:
		return []byte{0}
	case height <= 16:
		return []byte{0x50 + byte(height)}
	}
	b := []byte{0}
	for n := height; n > 0; n >>= 8 {
		b = append(b, byte(n))
	}
	if b[len(b)-1]&0x80 != 0 {
		b = append(b, 0)
	}
	b[0] = byte(len(b) - 1)
	return b
}
