package sdls

import "errors"

// Why a frame or a procedure was refused. Every error of this package wraps one of these
// or one of package frame's.
var (
	// ErrAssociation means that there is no such association, it does not cover the
	// frame's channel, or it is not in the state that is needed ('bad SA').
	ErrAssociation = errors.New("no such security association in operation")
	// ErrMAC means that the frame is forged or damaged ('bad MAC').
	ErrMAC = errors.New("message authentication code mismatch")
	// ErrReplay means that the frame's number was used before or is outside the window
	// ('bad sequence number').
	ErrReplay = errors.New("sequence number outside the window")
	// ErrKey means that there is no such key, or it is not in the state that is needed.
	ErrKey = errors.New("no such key in use")
	// ErrExhausted means that the numbers under a key are used up: a new key is due.
	ErrExhausted = errors.New("sequence numbers used up")
	// ErrParameters means that parameters contradict each other or the standard.
	ErrParameters = errors.New("parameters not allowed")
	// ErrPDU means that a procedure's data unit is malformed.
	ErrPDU = errors.New("malformed procedure data unit")
)
