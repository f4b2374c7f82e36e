// Package chain is a node's block chain on a store: the tree of headers, the blocks, what
// takes them back, and one version of the state, that of the tip.
//
// A block comes in through Accept (from a peer or a miner) or Load (from a file). It is
// held against the rules in Qtum Core 27.1's order (validation.cpp: ProcessNewBlock,
// AcceptBlock, ActivateBestChain) and with its reasons, stored, and, if it makes a chain of
// more work than the tip's, connected, after the blocks of the other branch were taken
// back. What fails to connect is marked, with all that builds on it, and the chain stays on
// the best branch that holds.
//
// Writing is lazy: the changes of several blocks gather in memory and go to the store in
// one batch, together with the blocks, their undo, their headers and the place of the tip.
// So whatever moment a power cut takes, the store holds the state of one block, and the
// chain that leads to it; what was not flushed is asked for again. Flush and Close write at
// once.
//
// A Chain is safe for concurrent use; queries see the tip as it is, flushed or not. Times
// are seconds since 1970 and come from the caller. Amounts are satoshi. Hashes are in
// natural byte order, and reversed in text.
package chain
