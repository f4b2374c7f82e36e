package evm

// Deviations are the ways in which Qtum's EVM differs from Ethereum's of the same fork. The
// zero value is Ethereum. Each names where Qtum Core 27.1 shows it; a later fork of Qtum
// that ends one of them turns it off. What differs only in numbers is in Config.Schedule and
// Config.Contracts, and what differs around the EVM is told in the package comment.
type Deviations struct {
	// FrameAccess: the sets of accessed accounts and slots (EIP-2929) belong to a frame, not
	// to the transaction. They begin empty in each, without sender, receiver and coinbase,
	// and end with it (EVMC.cpp: exec makes a host per frame). An account becomes warm by
	// any question about it, by a call, by SLOAD, SSTORE, TLOAD, TSTORE and SELFBALANCE of
	// the frame's own account, by a call with value for that account too, and address zero
	// by a creation (ExtVMFace.cpp: record_account_access).
	FrameAccess bool
	// TransientStays: the failure of a frame does not undo its writes of transient storage
	// (State.cpp: setTransientStorage has no entry in the change log).
	TransientStays bool
	// NoCreateValue: CREATE and CREATE2 with a value are an exception
	// (instructions_calls.cpp: create_impl).
	NoCreateValue bool
	// SelfdestructTransfers: SELFDESTRUCT transfers the balance as a call does, which leaves
	// it where it is if the contract names itself, and always destroys the contract at the
	// end of the execution, also after Cancun (ExtVM.cpp: selfdestruct).
	SelfdestructTransfers bool
	// StorageIsNoCollision: an address is free for a contract if it has no code and no nonce,
	// whatever its storage (Executive.cpp: executeCreate). Ethereum asks for storage too
	// (EIP-7610). What storage there was is gone then.
	StorageIsNoCollision bool
}

// QtumDeviations are all of them: Qtum from its first block to Cancun.
var QtumDeviations = Deviations{
	FrameAccess:           true,
	TransientStays:        true,
	NoCreateValue:         true,
	SelfdestructTransfers: true,
	StorageIsNoCollision:  true,
}
