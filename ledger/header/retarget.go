package header

import (
	"github.com/holiman/uint256"

	"spacechain/ledger/params"
)

// NextBits gives the compact target that a block on parent with the given time must
// have (pow.cpp: GetNextWorkRequired). Each kind of block has its own sequence of
// targets, which moves with the time between the last two blocks of that kind.
func NextBits(net *params.Network, parent *Node, time uint32, proofOfStake bool) (uint32, error) {
	limit := Compact(net.Limit(parent.Height+1, proofOfStake))
	last, err := parent.Last(proofOfStake)
	if err != nil {
		return 0, err
	}
	if last.Height == 0 {
		return limit, nil
	}
	before, err := last.Parent()
	if err != nil {
		return 0, err
	}
	if before, err = before.Last(proofOfStake); err != nil {
		return 0, err
	}
	if before.Height == 0 {
		return limit, nil
	}
	if net.AllowMinDifficulty {
		return minDifficultyBits(net, parent, time, limit)
	}
	return retarget(net, last.Height+1, last.Header.Bits, last.Time()-before.Time(), proofOfStake), nil
}

// minDifficultyBits is the rule of networks for tests: a block that comes late may have
// the easiest target, another has that of the last block, of either kind, that was not
// such a one.
func minDifficultyBits(net *params.Network, parent *Node, time uint32, limit uint32) (uint32, error) {
	if int64(time) > parent.Time()+2*net.Spacing(parent.Height+1) {
		return limit, nil
	}
	n := parent
	for n.Height > 0 && n.Height%interval(net, n.Height) != 0 && n.Header.Bits == limit {
		var err error
		if n, err = n.Parent(); err != nil {
			return 0, err
		}
	}
	return n.Header.Bits, nil
}

// interval is the inertia of the retarget in blocks (consensus/params.h:
// DifficultyAdjustmentInterval).
func interval(net *params.Network, height int32) int32 {
	return int32(net.TargetTimespan(height) / net.Spacing(height))
}

// retarget gives the next target of a kind of block whose last two are actual seconds
// apart, the later with the target old. The rules are those at height, one above the
// last block of the kind, not those of the block that is to get the target
// (pow.cpp: CalculateNextWorkRequired).
func retarget(net *params.Network, height int32, old uint32, actual int64, proofOfStake bool) uint32 {
	if proofOfStake && net.NoPoSRetargeting || !proofOfStake && net.NoPoWRetargeting {
		return old
	}
	spacing := net.Spacing(height)
	n := int64(interval(net, height))
	if actual < 0 {
		actual = spacing
	}
	target, _, _ := Target(old)
	if height < net.QIP9Height {
		actual = min(actual, 10*spacing)
		// The product wraps at 2^256. Both factors fit the 32 bits that Qtum Core's
		// multiplication takes.
		target.Mul(&target, uint256.NewInt(uint64(uint32((n-1)*spacing+2*actual))))
		target.Div(&target, uint256.NewInt(uint64((n+1)*spacing)))
	} else {
		actual = min(actual, 20*spacing)
		step := int64(net.StakeMask(height)) + 1
		scaleExp(&target, 2*(actual-spacing)/step, (n+1)*spacing/step)
	}
	limit := net.Limit(height, proofOfStake)
	if target.IsZero() || target.Gt(limit) {
		target.Set(limit)
	}
	return Compact(&target)
}

// scaleExp multiplies a by e^(p/q), for a small p/q: the sum of its Taylor series, each
// term from the one before it by whole divisions, until one is 0 (pow.cpp: mul_exp).
// All nodes must round alike, so this is the definition, not an approximation of one.
func scaleExp(a *uint256.Int, p, q int64) {
	negative := p < 0
	if negative {
		p = -p
	}
	// Qtum Core multiplies by the low 32 bits.
	factor := uint256.NewInt(uint64(uint32(p)))
	divisor := uint256.NewInt(uint64(q))
	term, k := *a, new(uint256.Int)
	for n := uint64(1); !term.IsZero(); n++ {
		term.Mul(&term, factor)
		term.Div(&term, divisor)
		term.Div(&term, k.SetUint64(n))
		if negative && n%2 == 1 {
			a.Sub(a, &term)
		} else {
			a.Add(a, &term)
		}
	}
}
