package pos

import (
	"bytes"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// HeaderProof tells whether the header of a proof-of-stake block on parent proves itself
// without its block: it is signed by the owner of the staked coin, or by whom the owner
// allowed to, and the coin wins the block (validation.cpp: CheckHeaderPoS). Coins are
// those at the tip of the active chain and those that SpentCoin finds. It needs a tip that
// is near, so a node that catches up leaves it out.
func HeaderProof(net *params.Network, parent *header.Node, h *wire.Header, cs CoinSource) (bool, error) {
	c, err := cs.Coin(h.PrevStake)
	if c == nil || err != nil {
		return false, err
	}
	if parent.Height >= net.EnableHeaderSignatureHeight && !headerSigned(net, parent.Height+1, h, c) {
		return false, nil
	}
	height := parent.Height + 1
	if !mature(net, c, height) {
		return false, nil
	}
	from, err := parent.Ancestor(c.Height)
	if from == nil || err != nil {
		return false, err
	}
	kernel := NewKernel(parent, from, h.PrevStake, c)
	_, ok := kernel.Meets(net, height, h.Bits, h.Time)
	return ok, nil
}

// headerSigned tells whether the key that signed a header is that of the staked coin c, or
// one that its owner delegated to (pos.cpp: CheckRecoveredPubKeyFromBlockSignature).
func headerSigned(net *params.Network, height int32, h *wire.Header, c *coins.Coin) bool {
	sig := h.BlockSig()
	owner, ok := script.KeyHash(c.Script)
	if len(sig) == 0 || !ok {
		return false
	}
	hash := h.HashWithoutSig()
	if height >= net.OfflineStakeHeight {
		key, ok := check.RecoverCompact(hash, sig)
		if !ok {
			return false
		}
		signer := script.Hash160(key)
		if proof := h.ProofOfDelegation(); proof != nil {
			return Allows(owner, signer, proof)
		}
		return signer == owner
	}
	for recovery := byte(0); recovery < 4; recovery++ {
		for _, compressed := range []bool{false, true} {
			key, ok := check.RecoverDER(hash, sig, recovery, compressed)
			if ok && script.Hash160(key) == owner {
				return true
			}
		}
	}
	return false
}

// SpentCoin finds a coin that the active chain has spent but that a branch, of which
// parent is the end, may still stake: one that was spent above where the branch left the
// active chain, at most a maturity ago, and has not staked on the branch itself
// (validation.cpp: GetSpentCoinFromMainChain). spentIn gives the coin that the block of a
// node on the active chain spent at op, nil if it did not. nil is given where there is none.
func SpentCoin(net *params.Network, tree *header.Tree, parent *header.Node, op btcwire.OutPoint,
	spentIn func(n *header.Node, op btcwire.OutPoint) (*coins.Coin, error)) (*coins.Coin, error) {
	tip := tree.Tip()
	fork, err := tree.Fork(parent)
	if err != nil {
		return nil, err
	}
	if tip.Height-fork.Height > net.Maturity(tip.Height) {
		return nil, nil
	}
	if parent.Height > fork.Height {
		_, used, err := parent.StakeUsed(op, parent.Height-fork.Height)
		if used || err != nil {
			return nil, err
		}
	}
	for n := tip; n.Height > fork.Height; {
		c, err := spentIn(n, op)
		if c != nil || err != nil {
			return c, err
		}
		if n, err = n.Parent(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// InputKey refuses a proof-of-stake block whose coinstake does not pay back to the script
// of the staked coin: in its second output, or with a proof of delegation in its third;
// a coin that pays to a key's hash may come back to the key itself. delegate is what
// DelegateOutput gave: without an output for the owner there is nothing to compare. The
// rule holds above EnableHeaderSignatureHeight (pos.cpp:
// CheckBlockInputPubKeyMatchesOutputPubKey).
func InputKey(net *params.Network, height int32, b *wire.Block, cs CoinSource, delegate bool) error {
	if !b.IsProofOfStake() || height <= net.EnableHeaderSignatureHeight {
		return nil
	}
	c, err := cs.Coin(b.Header.PrevStake)
	if err != nil {
		return err
	}
	mismatch := check.Invalid(check.Consensus, "bad-blk-coinstake-input-output-mismatch", "")
	if c == nil {
		return mismatch
	}
	place := 1
	if b.Header.HasProofOfDelegation() {
		if !delegate {
			return nil
		}
		place = 2
	}
	if len(b.Txs) < 2 || len(b.Txs[1].Msg().TxOut) <= place {
		return mismatch
	}
	out := b.Txs[1].Msg().TxOut[place].PkScript
	if bytes.Equal(c.Script, out) {
		return nil
	}
	key, isKey := script.PubKeyOf(out)
	if isKey && bytes.Equal(c.Script, script.P2PKH(script.Hash160(key))) {
		return nil
	}
	return mismatch
}
