package params

import "github.com/holiman/uint256"

// ReducedBlockTime tells whether the block at height stands under the reduced block time.
func (n *Network) ReducedBlockTime(height int32) bool { return height >= n.ReduceBlockTimeHeight }

// Spacing is the time from block to block that is aimed at, in seconds
// (consensus/params.h: TargetSpacing).
func (n *Network) Spacing(height int32) int64 {
	if n.ReducedBlockTime(height) {
		return n.TargetSpacingRBT
	}
	return n.TargetSpacing
}

// StakeMask has the bits that are zero in the time of a proof-of-stake block
// (consensus/params.h: StakeTimestampMask).
func (n *Network) StakeMask(height int32) uint32 {
	if n.ReducedBlockTime(height) {
		return n.StakeTimeMaskRBT
	}
	return n.StakeTimeMask
}

// TimestampDownscale is by how much the steps of a proof-of-stake block's time became
// smaller (consensus/params.h: TimestampDownscaleFactor).
func (n *Network) TimestampDownscale(height int32) int64 {
	if n.ReducedBlockTime(height) {
		return int64(n.StakeTimeMask+1) / int64(n.StakeTimeMaskRBT+1)
	}
	return 1
}

// BlockTimeFactor is how many blocks at height take the time of one before the block time
// was reduced (consensus/params.h: BlocktimeDownscaleFactor).
func (n *Network) BlockTimeFactor(height int32) int64 {
	if n.ReducedBlockTime(height) {
		return n.BlockTimeDownscale
	}
	return 1
}

// TargetTimespan is the inertia of the retarget, in seconds.
func (n *Network) TargetTimespan(height int32) int64 {
	switch {
	case height < n.QIP9Height:
		return n.TimespanFirst
	case n.ReducedBlockTime(height):
		return n.TimespanRBT
	}
	return n.TimespanQIP9
}

// Maturity is how many blocks below height a coinbase's or coinstake's output must stand
// to be spent or staked at height (consensus/params.h: CoinbaseMaturity).
func (n *Network) Maturity(height int32) int32 {
	if n.ReducedBlockTime(height) {
		return n.CoinMaturityRBT
	}
	return n.CoinMaturity
}

// CheckpointSpan is how far below a tip at height nothing can be changed any more.
func (n *Network) CheckpointSpan(height int32) int32 {
	if n.ReducedBlockTime(height) {
		return n.FinalitySpanRBT
	}
	return n.FinalitySpan
}

// MaxCheckpointSpan is the largest CheckpointSpan of any height.
func (n *Network) MaxCheckpointSpan() int32 { return max(n.FinalitySpan, n.FinalitySpanRBT) }

// PoSLimit is the easiest target of a proof-of-stake block (pow.cpp: GetLimit).
func (n *Network) PoSLimit(height int32) *uint256.Int {
	switch {
	case height < n.QIP9Height:
		return n.PoSLimitFirst.Clone()
	case height < n.ReduceBlockTimeHeight:
		return n.PoSLimitQIP9.Clone()
	}
	return n.PoSLimitRBT.Clone()
}

// Limit is the easiest target of a block (pow.cpp: GetLimit).
func (n *Network) Limit(height int32, proofOfStake bool) *uint256.Int {
	if proofOfStake {
		return n.PoSLimit(height)
	}
	return n.PoWLimit.Clone()
}

// SubsidyInterval is how many units of SubsidyWeight the subsidy keeps its value for.
func (n *Network) SubsidyInterval(height int32) int32 {
	if n.ReducedBlockTime(height) {
		return n.HalvingIntervalRBT
	}
	return n.HalvingInterval
}

// SubsidyWeight counts the blocks since the last big reward, those before the block time
// was reduced as BlockTimeDownscale each (consensus/params.h: SubsidyHalvingWeight). It
// may be negative.
func (n *Network) SubsidyWeight(height int32) int64 {
	if height <= n.LastBigReward {
		return 0
	}
	count := int64(height) - int64(n.LastBigReward)
	if !n.ReducedBlockTime(height) {
		return count
	}
	before := int64(n.ReduceBlockTimeHeight) - int64(n.LastBigReward) - 1
	return count - before + before*n.BlockTimeDownscale
}

// Subsidy is what the block at height makes, in satoshi (validation.cpp: GetBlockSubsidy).
func (n *Network) Subsidy(height int32) int64 {
	if height <= n.LastBigReward {
		return 20_000 * Coin
	}
	// Both divisions round towards zero, as in C++: a negative weight halves nothing.
	halvings := (n.SubsidyWeight(height) - 1) / int64(n.SubsidyInterval(height))
	if halvings >= 7 {
		return 0
	}
	return 4 * Coin / n.BlockTimeFactor(height) >> halvings
}

// MoneySupplyCap is the most that may exist after the block at height, in satoshi, and
// whether there is such a rule (validation.cpp: ConnectBlock, "incorrect-money-supply").
func (n *Network) MoneySupplyCap(height int32) (limit int64, capped bool) {
	if n.MoneySupplyPerBlock == 0 || height <= n.MoneySupplyFrom {
		return 0, false
	}
	return n.MoneySupplyBase + int64(height-n.MoneySupplyFrom)*n.MoneySupplyPerBlock, true
}

// MPoS tells whether the reward of the block after prevHeight is shared among stakers
// (validation.cpp: CheckReward).
func (n *Network) MPoS(prevHeight int32) bool {
	return prevHeight >= n.FirstMPoSBlock && prevHeight < n.LastMPoSBlock
}

// EVMChainID is what CHAINID gives in the block after a tip at tipHeight
// (qtumutils.cpp: eth_getChainId).
func (n *Network) EVMChainID(tipHeight int32) uint64 {
	if tipHeight < n.ShanghaiHeight {
		return n.EVMChainIDFirst
	}
	return n.EVMChainIDShanghai
}
