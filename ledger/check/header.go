package check

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// HeaderContext is what the rules of a header need to know beside the tree.
type HeaderContext struct {
	// Tip is the end of the active chain.
	Tip *header.Node
	// Now is the time in seconds.
	Now int64
	// Checkpointed is the height of the highest hardened checkpoint whose header is in
	// the tree, -1 if none is; see LastCheckpoint.
	Checkpointed int32
	// Marked tells that whatever builds on an invalid block in the tree is marked so. Where
	// it is not sure, each new header is held against all below it that were never
	// connected.
	Marked bool
	// Stake tells whether the header of a proof-of-stake block on parent is signed and
	// its kernel meets the target (pos.HeaderProof). nil while the node catches up: the
	// coins for it are not there yet, and the proof is checked when the block is connected.
	Stake func(parent *header.Node, h *wire.Header) (bool, error)
}

// Header holds a header against the rules that come before it joins the tree
// (validation.cpp: ChainstateManager::AcceptBlockHeader). A header that is in the tree
// already is given as known, with no rule looked at but that it is not marked invalid;
// otherwise parent is what it builds on.
func Header(net *params.Network, tree *header.Tree, h *wire.Header, c HeaderContext) (known, parent *header.Node, err error) {
	hash := h.Hash()
	if known, err = tree.Find(hash); err != nil {
		return nil, nil, err
	}
	if known != nil {
		if known.Status.Invalid() {
			return known, nil, Invalid(CachedInvalid, "duplicate", "")
		}
		return known, nil, nil
	}
	if h.PrevBlock != c.Tip.Hash {
		sync, err := c.Tip.Ancestor(SyncHeight(net, c.Tip.Height))
		if err != nil {
			return nil, nil, err
		}
		if h.Time < sync.Header.Time {
			return nil, nil, Invalid(HeaderSync, "older-than-checkpoint",
				"AcceptBlockHeader(): Block with a timestamp before last checkpoint")
		}
	}
	if !CanonicalSignature(h) {
		return nil, nil, Invalid(InvalidHeader, "bad-signature-encoding",
			"AcceptBlockHeader(): bad block signature encoding")
	}
	if parent, err = tree.Find(h.PrevBlock); err != nil {
		return nil, nil, err
	}
	if parent == nil {
		return nil, nil, Invalid(MissingPrev, "prev-blk-not-found", "")
	}
	if parent.Status.Invalid() {
		return nil, parent, Invalid(InvalidPrev, "bad-prevblk", "")
	}
	if err := ContextualHeader(net, parent, h, hash, c); err != nil {
		return nil, parent, err
	}
	if !c.Marked {
		if err := noFailedAncestor(parent); err != nil {
			return nil, parent, err
		}
	}
	height := parent.Height + 1
	if err := kindAllowed(net, h, height); err != nil {
		return nil, parent, err
	}
	if h.IsProofOfStake() && h.Time&net.StakeMask(height) != 0 {
		return nil, parent, Invalid(InvalidHeader, "timestamp-invalid",
			"proof of stake failed due to invalid timestamp")
	}
	if err := proof(net, parent, h, hash, c.Stake); err != nil {
		return nil, parent, err
	}
	return nil, parent, nil
}

// kindAllowed is where blocks of either kind may stand. On a network whose genesis coins
// are mature at once there is something to stake from the first block on.
func kindAllowed(net *params.Network, h *wire.Header, height int32) error {
	if !h.IsProofOfStake() {
		if height > net.LastPoWBlock {
			return Invalid(InvalidHeader, "reject-pow", fmt.Sprintf("reject proof-of-work at height %d", height))
		}
		return nil
	}
	if height < net.Maturity(height) && !net.GenesisSpendable {
		return Invalid(InvalidHeader, "reject-pos", fmt.Sprintf("reject proof-of-stake at height %d", height))
	}
	return nil
}

// noFailedAncestor is for a header whose parent was not marked when a block below it
// turned out to be invalid.
func noFailedAncestor(n *header.Node) error {
	for n != nil && n.Status&header.Connected == 0 {
		var err error
		if n, err = n.Parent(); err != nil {
			return err
		}
		if n != nil && n.Status.Invalid() {
			return Invalid(InvalidPrev, "bad-prevblk", "")
		}
	}
	return nil
}

// proof is the part of CheckBlockHeader that its caller asks for.
func proof(net *params.Network, parent *header.Node, h *wire.Header, hash chainhash.Hash,
	stake func(*header.Node, *wire.Header) (bool, error)) error {
	if !h.IsProofOfStake() {
		if !Work(net, hash, h.Bits) {
			return Invalid(InvalidHeader, "high-hash", "proof of work failed")
		}
		return nil
	}
	if stake == nil {
		return nil
	}
	ok, err := stake(parent, h)
	if err != nil {
		return err
	}
	if !ok {
		return Invalid(InvalidHeader, "bad-cb-header", "proof of stake failed")
	}
	return nil
}

// Work tells whether a block hash meets the target that bits stands for, which must be
// one that the network allows (pow.cpp: CheckProofOfWork).
func Work(net *params.Network, hash chainhash.Hash, bits uint32) bool {
	target, negative, overflow := header.Target(bits)
	if negative || overflow || target.IsZero() || target.Gt(&net.PoWLimit) {
		return false
	}
	n := header.Number(hash)
	return !n.Gt(&target)
}

// ContextualHeader holds a header against its place on the chain
// (validation.cpp: ContextualCheckBlockHeader).
func ContextualHeader(net *params.Network, parent *header.Node, h *wire.Header, hash chainhash.Hash, c HeaderContext) error {
	height := parent.Height + 1
	bits, err := header.NextBits(net, parent, h.Time, h.IsProofOfStake())
	if err != nil {
		return err
	}
	if h.Bits != bits {
		return Invalid(InvalidHeader, "bad-diffbits", "incorrect difficulty value")
	}
	if height < c.Checkpointed {
		return Invalid(Checkpoint, "bad-fork-prior-to-checkpoint", "")
	}
	if err := Hardened(net, height, hash, "ContextualCheckBlockHeader"); err != nil {
		return err
	}
	if !Sync(net, height, c.Tip.Height) {
		return Invalid(HeaderSync, "bad-fork-prior-to-synch-checkpoint", fmt.Sprintf(
			"ContextualCheckBlockHeader: forked chain older than synchronized checkpoint (height %d)", height))
	}
	if h.IsProofOfStake() {
		if int64(h.Time) <= parent.MedianTimePast() {
			return Invalid(InvalidHeader, "time-too-old", "block's timestamp is too early")
		}
		if int64(h.Time) > FutureDrift(net, c.Now, height) {
			return Invalid(TimeFuture, "time-too-new", "block timestamp too far in the future")
		}
	}
	if h.Version < 2 && height >= net.BIP34Height ||
		h.Version < 3 && height >= net.BIP66Height ||
		h.Version < 4 && height >= net.BIP65Height {
		return Invalid(InvalidHeader, fmt.Sprintf("bad-version(0x%08x)", uint32(h.Version)),
			fmt.Sprintf("rejected nVersion=0x%08x block", uint32(h.Version)))
	}
	return nil
}

// FutureDrift is the latest time that a proof-of-stake block at height may have now
// (validation.cpp: FutureDrift).
func FutureDrift(net *params.Network, now int64, height int32) int64 {
	return int64(uint32(now)) + int64(net.StakeMask(height))
}

// SyncHeight is the height of the rolling checkpoint under a tip: no other chain may
// start at or below it (node/blockstorage.cpp: AutoSelectSyncCheckpoint).
func SyncHeight(net *params.Network, tip int32) int32 {
	return max(tip-net.CheckpointSpan(tip), 0)
}

// Sync tells whether a block at height lies above the rolling checkpoint under a tip
// (node/blockstorage.cpp: CheckSync).
func Sync(net *params.Network, height, tip int32) bool {
	return height == 0 || height > SyncHeight(net, tip)
}

// Hardened holds a block against the checkpoint that the network may have at its height
// (node/blockstorage.cpp: CheckHardened). where is the name of Qtum Core's function that
// asks, for the text.
func Hardened(net *params.Network, height int32, hash chainhash.Hash, where string) error {
	if want, ok := net.Checkpoints[height]; ok && want != hash {
		return Invalid(Checkpoint, "bad-fork-hardened-checkpoint",
			fmt.Sprintf("%s: expected hardened checkpoint at height %d", where, height))
	}
	return nil
}

// LastCheckpoint is the height of the highest hardened checkpoint whose header is in the
// tree, -1 if none is (node/blockstorage.cpp: GetLastCheckpoint). It changes only when a
// checkpoint's header is added.
func LastCheckpoint(net *params.Network, tree *header.Tree) (int32, error) {
	last := int32(-1)
	for height, hash := range net.Checkpoints {
		if height <= last {
			continue
		}
		n, err := tree.Find(hash)
		if err != nil {
			return 0, err
		}
		if n != nil {
			last = height
		}
	}
	return last, nil
}

// EnoughWork tells whether a chain holds the work that the network asks of one before it
// is taken for the real one.
func EnoughWork(net *params.Network, work *uint256.Int) bool { return !work.Lt(&net.MinimumChainWork) }

// DuplicateStake refuses the header of a block that stakes a coin at a time at which
// another known header staked it (validation.cpp: ProcessNewBlockHeaders). last tells that
// nothing builds on it yet; a header that others of the same message build on is let
// through, for it may be part of the better chain. again tells that one of the same
// message was let through so: then the sender is at fault. It holds for what peers send as
// headers, not for blocks.
func DuplicateStake(tree *header.Tree, h *wire.Header, last, again bool) error {
	if !h.IsProofOfStake() || !last || !tree.StakeSeen(h.PrevStake, h.Time) {
		return nil
	}
	hash := h.Hash()
	known, err := tree.Find(hash)
	if known != nil || err != nil {
		return err
	}
	result, text := HeaderReject, "duplicate proof-of-stake"
	if again {
		result, text = InvalidHeader, "duplicate proof-of-stake instant ban"
	}
	return Invalid(result, "dupe-stake", fmt.Sprintf("ProcessNewBlockHeaders: %s (%v, %d) for header %v",
		text, h.PrevStake, h.Time, hash))
}
