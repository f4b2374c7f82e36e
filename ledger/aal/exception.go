package aal

import "fmt"

// Exception tells how an execution ended. The numbers and names are those of Qtum Core,
// whose receipts carry them (libethereum/Transaction.h: TransactionException).
type Exception uint8

const (
	None Exception = iota
	// Unknown is every end that has no kind of its own: a call to an address without
	// account or without code, an access outside of memory or return data, a change of
	// state in a static call.
	Unknown
	BadRLP
	InvalidFormat
	OutOfGasIntrinsic
	InvalidSignature
	InvalidNonce
	NotEnoughCash
	OutOfGasBase
	BlockGasLimitReached
	BadInstruction
	BadJumpDestination
	OutOfGas
	OutOfStack
	StackUnderflow
	Revert
	InvalidZeroSignatureFormat
	AddressAlreadyUsed
	CreateWithValue
	NoInformation
	InvalidCode
)

// exceptionNames are what Qtum Core prints; kinds without a name of their own print as
// Unknown there.
var exceptionNames = [...]string{
	None: "None", Unknown: "Unknown", BadRLP: "BadRLP", InvalidFormat: "InvalidFormat",
	OutOfGasIntrinsic: "OutOfGasIntrinsic", InvalidSignature: "InvalidSignature",
	InvalidNonce: "InvalidNonce", NotEnoughCash: "NotEnoughCash", OutOfGasBase: "OutOfGasBase",
	BlockGasLimitReached: "BlockGasLimitReached", BadInstruction: "BadInstruction",
	BadJumpDestination: "BadJumpDestination", OutOfGas: "OutOfGas", OutOfStack: "OutOfStack",
	StackUnderflow: "StackUnderflow", Revert: "Revert", InvalidZeroSignatureFormat: "Unknown",
	AddressAlreadyUsed: "Unknown", CreateWithValue: "CreateWithValue",
	NoInformation: "NoInformation", InvalidCode: "InvalidCode",
}

// String gives the kind's name as Qtum Core prints it.
func (e Exception) String() string {
	if int(e) < len(exceptionNames) {
		return exceptionNames[e]
	}
	return fmt.Sprintf("Exception(%d)", uint8(e))
}
