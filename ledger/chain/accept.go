package chain

import (
	"fmt"

	"spacechain/ledger/check"
	"spacechain/ledger/header"
	"spacechain/ledger/wire"
)

// maxTipAge is how old the tip may be, in seconds, for the first download to be over
// (kernel/chainstatemanager_opts.h: DEFAULT_MAX_TIP_AGE).
const maxTipAge = 12 * 60 * 60

// maxAhead is how far above the tip a block may stand that nobody asked for
// (validation.h: MIN_BLOCKS_TO_KEEP).
const maxAhead = 288

// Arrival tells how a header or a block came.
type Arrival struct {
	// Now is the time in seconds.
	Now int64
	// Unrequested tells that nobody asked for the block: then it is kept only if it may
	// soon be part of the best chain (validation.cpp: AcceptBlock's fRequested).
	Unrequested bool
	// Loading tells that the node reads its chain from files: the proof of stake of a
	// header is not looked at before its block is connected.
	Loading bool
}

// Accept takes a block that a peer sent, or that was made here, at the given time
// (validation.cpp: ProcessNewBlock with force_processing). It returns nil for a block that
// was stored, whether it is now on the best chain or on a branch; a check.Error for one that
// broke a rule, which left the state as it was; any other error is the store's.
func (c *Chain) Accept(now int64, b *wire.Block) error {
	return c.AcceptAs(Arrival{Now: now}, b)
}

// AcceptAs is Accept of a block that came as a says.
func (c *Chain) AcceptAs(a Arrival, b *wire.Block) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return err
	}
	if err := c.checkBlock(a.Now, b); err != nil {
		return err
	}
	n, err := c.acceptBlock(a, b, true)
	if err != nil {
		return err
	}
	return c.activate(a.Now, n, b)
}

// Load takes a block that was read from a file (validation.cpp: LoadExternalBlockFile). It
// gives what Accept gives.
func (c *Chain) Load(now int64, b *wire.Block) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return err
	}
	n, err := c.acceptBlock(Arrival{Now: now, Loading: true}, b, false)
	if err != nil {
		return err
	}
	return c.activate(now, n, b)
}

// AcceptHeader takes a header without its block and gives its place in the tree
// (validation.cpp: AcceptBlockHeader).
func (c *Chain) AcceptHeader(a Arrival, h *wire.Header) (*header.Node, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return nil, err
	}
	return c.acceptHeader(a, h)
}

// AcceptHeaders takes the headers of one message, in order, and gives the place of the
// last that was accepted (validation.cpp: ProcessNewBlockHeaders).
func (c *Chain) AcceptHeaders(a Arrival, hs []wire.Header) (last *header.Node, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return nil, err
	}
	downloading := a.Loading || c.downloading(a.Now)
	if n := len(hs); n > 1 && !downloading {
		end := &hs[n-1]
		if drift := check.FutureDrift(c.net, a.Now, c.tree.Tip().Height+1); end.IsProofOfStake() && int64(end.Time) > drift {
			return nil, check.Invalid(check.TimeFuture, "time-too-new", "block timestamp too far in the future")
		}
	}
	again := false
	for i := range hs {
		h := &hs[i]
		if !downloading {
			if err := check.DuplicateStake(c.tree, h, true, again); err != nil {
				if i == len(hs)-1 || check.Of(err) == nil {
					return last, err
				}
				again = true
			}
		}
		n, err := c.acceptHeader(a, h)
		if e := check.Of(err); e != nil && again {
			return last, check.Invalid(check.InvalidHeader, e.Reason, "instant ban, due to duplicate header in the chain")
		}
		if err != nil {
			return last, err
		}
		last = n
	}
	return last, nil
}

// downloading tells whether the node still catches up with the network for the first time
// (validation.cpp: IsInitialBlockDownload).
func (c *Chain) downloading(now int64) bool {
	if c.synced {
		return false
	}
	tip := c.tree.Tip()
	if !check.EnoughWork(c.net, &tip.Work) || tip.Time() < now-maxTipAge {
		return true
	}
	c.synced = true
	return false
}

// Downloading tells whether the node still catches up with the network for the first time.
func (c *Chain) Downloading(now int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.downloading(now)
}

func (c *Chain) acceptHeader(a Arrival, h *wire.Header) (*header.Node, error) {
	ctx := check.HeaderContext{Tip: c.tree.Tip(), Now: a.Now, Checkpointed: c.checkpointed, Marked: true}
	if !a.Loading && !c.downloading(a.Now) {
		ctx.Stake = c.headerStake
	}
	known, _, err := check.Header(c.net, c.tree, h, ctx)
	if err != nil || known != nil {
		return known, err
	}
	n, err := c.tree.Add(h)
	if err != nil {
		return nil, err
	}
	c.dirty[n] = struct{}{}
	if _, is := c.net.Checkpoints[n.Height]; is {
		c.checkpointed = max(c.checkpointed, n.Height)
	}
	return n, nil
}

// acceptBlock stores a block that keeps the rules that need no state
// (validation.cpp: AcceptBlock). checked tells that checkBlock accepted it already.
func (c *Chain) acceptBlock(a Arrival, b *wire.Block, checked bool) (*header.Node, error) {
	n, err := c.acceptHeader(a, &b.Header)
	if err != nil {
		return nil, err
	}
	if n.Height == 0 {
		return n, nil
	}
	parent, err := n.Parent()
	if err != nil {
		return nil, err
	}
	tip := c.tree.Tip()
	if err := check.Placed(c.net, parent, b, tip.Height, a.Now); err != nil {
		return n, err
	}
	// A block that was pruned is not taken again: what it is needed for is final.
	if n.Status&header.HaveBlock != 0 {
		return n, nil
	}
	if a.Unrequested && (n.Txs != 0 || !n.Work.Gt(&tip.Work) || n.Height > tip.Height+maxAhead ||
		!check.EnoughWork(c.net, &n.Work)) {
		return n, nil
	}
	if !checked {
		err = c.checkBlock(a.Now, b)
	}
	if err == nil {
		err = check.ContextualBlock(c.net, parent, b)
	}
	if err != nil {
		if e := check.Of(err); e != nil && e.Final() {
			if bad := c.fail(n); bad != nil {
				return n, bad
			}
		}
		return n, err
	}
	c.putBlock(n, b)
	return n, c.received(n)
}

// checkBlock is the rules that need no context but the time and the limits that governance
// set (validation.cpp: CheckBlock).
func (c *Chain) checkBlock(now int64, b *wire.Block) error {
	return check.Block(c.net, b, check.BlockContext{
		MaxWeight: c.rec.MaxWeight,
		TipHeight: c.tree.Tip().Height,
		Now:       now,
	})
}

// verdict is what is said of a block after the chain was activated: why it is invalid, if
// it turned out to be.
func verdict(n *header.Node, found error) error {
	switch {
	case found != nil:
		return found
	case n.Status&header.Failed != 0:
		return check.Invalid(check.CachedInvalid, "duplicate", "")
	case n.Status&header.FailedParent != 0:
		return check.Invalid(check.InvalidPrev, "bad-prevblk", fmt.Sprintf("a block below %v is invalid", n.Hash))
	}
	return nil
}
