// Package check is the rules that a header, a block or a transaction keeps without a look
// at the coins and contracts of the state: what stands in the thing itself, and what its
// place in the chain of headers asks for. The rules, their order and the reasons that a
// rejection gives are Qtum Core's (27.1: validation.cpp, consensus/tx_check.cpp), for one
// block is only as valid here as it is there.
//
// All are pure functions: the time comes as an argument, in seconds since 1970. Amounts
// are in satoshi.
//
// The order in which Qtum Core applies them to a new block is Block; Header, which runs
// ContextualHeader inside; Placed; ContextualBlock; then the connecting of the block.
package check

import "errors"

// Result is what a rejection means for the block and for whoever sent it
// (consensus/validation.h: BlockValidationResult).
type Result uint8

const (
	// Unstated: Qtum Core refuses the block but states nothing about it, neither a
	// reason nor that it is invalid. It does not become part of the chain now and may be
	// tried again.
	Unstated Result = iota
	// Consensus: a rule of blocks or transactions is broken.
	Consensus
	// CachedInvalid: it is known from before to be invalid.
	CachedInvalid
	// InvalidHeader: the header's proof, target or time is wrong.
	InvalidHeader
	// Mutated: the transactions are not those that the header commits to; the block with
	// this hash may still be valid.
	Mutated
	// MissingPrev: the parent is not known.
	MissingPrev
	// InvalidPrev: a block below it is invalid.
	InvalidPrev
	// TimeFuture: its time has not come.
	TimeFuture
	// Checkpoint: it contradicts a hardened checkpoint.
	Checkpoint
	// HeaderLowWork: it may be on a chain of too little work.
	HeaderLowWork
	// HeaderReject: the header is not wanted, which is no fault.
	HeaderReject
	// HeaderSync: it lies outside of what can be followed, or sender and receiver are not
	// in step.
	HeaderSync
	// HeaderSpam: the header came with too many others of its kind.
	HeaderSpam
	// GasExceedsLimit: contract transactions want more gas than a block may use.
	GasExceedsLimit
	// MissingInputs: a transaction spends a coin that is not there.
	MissingInputs
	// Premature: a transaction may be valid in a later block.
	Premature
)

// Error is a rejection: the one type that every rule of the ledger refuses with. Other
// errors mean that a rule could not be judged, because a store did not answer or the
// caller broke a contract.
type Error struct {
	// Reason is Qtum Core's reject reason, such as "bad-txnmrklroot"; empty where it
	// states none.
	Reason string
	// Debug says more, for logs.
	Debug  string
	Result Result
	// Err is what led to the rejection where Qtum Core states a reason of a caller over
	// a more precise one; nil otherwise.
	Err error
}

// Invalid gives a rejection.
func Invalid(result Result, reason, debug string) *Error {
	return &Error{Reason: reason, Debug: debug, Result: result}
}

// Unreasoned gives a rejection for which Qtum Core writes only a line to its log.
func Unreasoned(debug string) *Error { return &Error{Debug: debug} }

// Error gives reason and further text as Qtum Core logs them.
func (e *Error) Error() string {
	switch {
	case e.Reason == "":
		return e.Debug
	case e.Debug == "":
		return e.Reason
	}
	return e.Reason + ", " + e.Debug
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// Final tells whether the block with this hash is invalid for good, so that it is marked
// and never tried again, and neither is what builds on it (validation.cpp:
// InvalidBlockFound).
func (e *Error) Final() bool { return e.Result != Unstated && e.Result != Mutated }

// Of gives the rejection that err is or wraps, nil if it is none.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Reason gives the reject reason of err; empty if it is no rejection or states none.
func Reason(err error) string {
	if e := Of(err); e != nil {
		return e.Reason
	}
	return ""
}
