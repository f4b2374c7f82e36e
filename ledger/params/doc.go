// Package params is the rules of a network that are data: heights of forks, limits,
// prefixes, checkpoints, the genesis block and the contracts that stand in its state.
//
// Main, Test and Regtest are Qtum's networks (Qtum Core 27.1 kernel/chainparams.cpp).
// SpaceChain is our own: the same rules with every fork active from genesis, blocks of
// 32 s by proof of stake alone from height 1, coin maturity and finality window of 64
// blocks, and a genesis whose outputs may be spent and staked at once. docs/ledger-network.md
// describes it.
//
// Amounts are in satoshi (1 coin = 1e8), times in seconds, heights count from the genesis
// block at 0. A Network is read without locks: whoever overrides one does so first.
package params
