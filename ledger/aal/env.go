package aal

import "spacechain/ledger/params"

// Env is the block that executions run in.
type Env struct {
	Params *params.Network
	// Height is the block's. Rules that Qtum Core asks of its tip are asked of the height
	// below (validation.cpp: performByteCode and its kin use m_chain.Height()).
	Height int32
	Time   uint32 // seconds since 1970
	Bits   uint32 // compact target: what DIFFICULTY and PREVRANDAO give
	// Author earns the fees within the machine, which no coin backs, and is what COINBASE
	// gives: the key hash of coinstake output 1, or of coinbase output 0; see Author.
	Author   Address
	GasLimit uint64 // of the block, as governance has it
	Schedule Schedule
	// BlockHash gives the hash, in natural order, of the block at a height below Height
	// and at most 256 below.
	BlockHash func(height int32) [32]byte
}

// tip is the height that the rules of the layer itself go by.
func (e *Env) tip() int32 { return e.Height - 1 }

// qip7 tells whether reverted executions are paid back, and transfers of reverted frames
// sorted out.
func (e *Env) qip7() bool { return e.tip() >= e.Params.QIP7Height }
