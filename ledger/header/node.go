package header

import (
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"spacechain/ledger/wire"
)

// Status tells how far the block of a header has come.
type Status uint8

// The bits of Status. A block without any of them is known by its header alone.
const (
	// HaveBlock: the block itself is stored and keeps the rules that need no state
	// (chain.h: BLOCK_VALID_TRANSACTIONS, BLOCK_HAVE_DATA).
	HaveBlock Status = 1 << iota
	// HaveUndo: what takes the block back is stored (BLOCK_HAVE_UNDO).
	HaveUndo
	// Connected: the block was connected once and kept all rules (BLOCK_VALID_SCRIPTS).
	Connected
	// Failed: the block broke a rule (BLOCK_FAILED_VALID).
	Failed
	// FailedParent: a block below it broke a rule (BLOCK_FAILED_CHILD).
	FailedParent
)

// Invalid tells whether the block can never be part of the chain.
func (s Status) Invalid() bool { return s&(Failed|FailedParent) != 0 }

// Record is what connecting a block leaves with its header, for later blocks. It is
// zero until then.
type Record struct {
	// ProofHash is the kernel's hash in a proof-of-stake block, the block's hash in
	// another (chain.h: hashProof).
	ProofHash [32]byte
	// Staker is the hash160 of the key that signed a proof-of-stake block, zero where
	// there is none to be read. Later blocks pay it while rewards are shared
	// (node/blockstorage.cpp: WriteStakeIndex).
	Staker [20]byte
	// Delegate is the hash160 of the key that owns the staked coin of a block with a
	// proof of delegation, and DelegateFee what Qtum Core writes down as the fee,
	// percent (WriteDelegateIndex); see pos.StakerRecord.
	Delegate    [20]byte
	DelegateFee uint8
	// MoneySupply is the sum of all outputs made minus those spent from the first block
	// on, in satoshi (nMoneySupply).
	MoneySupply int64
	// Txs is the number of transactions in the block (nTx).
	Txs uint32
}

// Node is one header in a Tree. All fields but Status, Sequence and Record do not
// change once a Tree gave the Node out.
type Node struct {
	Header wire.Header
	Hash   chainhash.Hash
	Height int32
	// Work is the work of the chain from genesis to this header.
	Work uint256.Int
	// Modifier is the stake modifier that the next block's kernel is hashed with.
	Modifier [32]byte
	// MedianTime is the median of this header's time and the ten before it; see MedianTimePast.
	MedianTime uint32

	Status Status
	// Sequence is the order in which the blocks came that can be connected, from 1; 0 for
	// a block read from the store. Among chains of equal work the lowest wins.
	Sequence int64
	Record

	// lastWork and lastStake are the heights of the last proof-of-work and the last
	// proof-of-stake block up to and with this one; 0, the genesis block, where there
	// is none. Without them a header could make a node read the whole chain.
	lastWork, lastStake int32

	parent   *Node // nil for genesis, and where the parent is read from the store
	tree     *Tree
	children int32
	dropped  bool // a branch that left memory
}

// Parent gives the header that this one builds on, nil for the genesis block.
func (n *Node) Parent() (*Node, error) {
	if n.Height == 0 {
		return nil, nil
	}
	t := n.tree
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.parentOf(n)
}

// Ancestor gives the header at height on the chain that ends in n, n itself for its own
// height, and nil for a height that is negative or above n.
func (n *Node) Ancestor(height int32) (*Node, error) {
	if height < 0 || height > n.Height {
		return nil, nil
	}
	if height == n.Height {
		return n, nil
	}
	t := n.tree
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.ancestor(n, height)
}

// Last gives the last header up to and with n whose block was made by staking, or by
// work; the genesis block where there is none (pow.cpp: GetLastBlockIndex).
func (n *Node) Last(proofOfStake bool) (*Node, error) {
	if proofOfStake {
		return n.Ancestor(n.lastStake)
	}
	return n.Ancestor(n.lastWork)
}

// MedianTimePast is the median of the times of this header and the ten before it, in
// seconds: a lower bound on the time of what builds on it (chain.h: GetMedianTimePast).
func (n *Node) MedianTimePast() int64 { return int64(n.MedianTime) }

// Time is the header's time in seconds.
func (n *Node) Time() int64 { return int64(n.Header.Time) }

// IsProofOfStake tells whether the block was made by staking an output.
func (n *Node) IsProofOfStake() bool { return n.Header.IsProofOfStake() }

// Better tells whether the chain that ends in n is to be preferred to the one that ends
// in m: it holds more work, or as much and came first
// (node/blockstorage.cpp: CBlockIndexWorkComparator). Of two that Better cannot tell
// apart a node stays with the one that it has.
func (n *Node) Better(m *Node) bool {
	if c := n.Work.Cmp(&m.Work); c != 0 {
		return c > 0
	}
	return n.Sequence < m.Sequence
}

// StakeUsed tells at what height the header of one of the last depth blocks, the last of
// them n, staked the output op: the highest such height. It is what keeps a delegated
// coin, which staking does not spend, from staking again at once.
func (n *Node) StakeUsed(op btcwire.OutPoint, depth int32) (height int32, used bool, err error) {
	t := n.tree
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.stakeUsed(n, op, depth)
}

// Child gives the node of a header that builds on parent, without adding it to the tree:
// for a block that is being made, or one that is only looked at.
func Child(parent *Node, h *wire.Header) (*Node, error) {
	t := parent.tree
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.child(parent, h, h.Hash())
}

func (t *Tree) child(parent *Node, h *wire.Header, hash chainhash.Hash) (*Node, error) {
	n := &Node{Header: *h, Hash: hash, Height: parent.Height + 1, parent: parent, tree: t}
	// The signature may alias a whole block.
	n.Header.Sig = slices.Clone(h.Sig)
	work := Work(h.Bits)
	n.Work.Add(&parent.Work, &work)
	n.Modifier = modifier(parent, h, hash)
	n.lastWork, n.lastStake = parent.lastWork, parent.lastStake
	if h.IsProofOfStake() {
		n.lastStake = n.Height
	} else {
		n.lastWork = n.Height
	}
	median, err := t.medianTime(n)
	if err != nil {
		return nil, err
	}
	n.MedianTime = median
	return n, nil
}

// modifier is the stake modifier of a header on parent: sha256d of what decided who made
// the block, the staked transaction or the block's own hash, and the modifier before it
// (pos.cpp: ComputeStakeModifier; node/blockstorage.cpp: AddToBlockIndex).
func modifier(parent *Node, h *wire.Header, hash chainhash.Hash) [32]byte {
	kernel := hash
	if h.IsProofOfStake() {
		kernel = h.PrevStake.Hash
	}
	var b [64]byte
	copy(b[:32], kernel[:])
	copy(b[32:], parent.Modifier[:])
	return chainhash.DoubleHashH(b[:])
}

// medianSpan is how many headers the median time is taken over.
const medianSpan = 11

func (t *Tree) medianTime(n *Node) (uint32, error) {
	var times [medianSpan]uint32
	count := 0
	for x := n; x != nil && count < medianSpan; count++ {
		times[count] = x.Header.Time
		var err error
		if x, err = t.parentOf(x); err != nil {
			return 0, err
		}
	}
	slices.Sort(times[:count])
	return times[count/2], nil
}
