package evm

// Exception is why a frame did not end well. All but Revert take the frame's gas.
type Exception uint8

// The exceptions, each of which Qtum Core has a name for.
const (
	none Exception = iota
	OutOfGas
	Revert
	BadInstruction     // not defined in this fork, or INVALID
	BadJumpDestination // not a JUMPDEST
	OutOfStack         // more than 1,024 items
	StackUnderflow
	DisallowedChange // of the state, in a static call
	BufferOverrun    // RETURNDATACOPY beyond the return data
	CreateWithValue  // Qtum: a contract creates a contract and gives it value
	InvalidCode      // EIP-3541: the code to deploy begins with 0xef
	AddressUsed      // of a contract to create
	ContractRefused  // a precompiled contract failed
	NonceExhausted   // EIP-2681: the creator's nonce cannot grow
	DepthExceeded    // 1,024 frames below the first
	NotEnoughBalance // for the value of the call
	CodeTooLarge     // over MaxCodeSize
	DepositUnpaid    // the price of deploying the code
)

var exceptionTexts = [...]struct{ text, qtum string }{
	none:               {"no exception", "None"},
	OutOfGas:           {"out of gas", "OutOfGas"},
	Revert:             {"execution reverted", "Revert"},
	BadInstruction:     {"undefined instruction", "BadInstruction"},
	BadJumpDestination: {"jump to what is no jump destination", "BadJumpDestination"},
	OutOfStack:         {"stack of more than 1024 items", "OutOfStack"},
	StackUnderflow:     {"stack underflow", "StackUnderflow"},
	DisallowedChange:   {"change of the state in a static call", "Unknown"},
	BufferOverrun:      {"read beyond the return data", "Unknown"},
	CreateWithValue:    {"creation of a contract with value", "CreateWithValue"},
	InvalidCode:        {"deployed code begins with 0xef", "InvalidCode"},
	AddressUsed:        {"address of the new contract in use", "AddressAlreadyUsed"},
	ContractRefused:    {"precompiled contract failed", "OutOfGas"},
	NonceExhausted:     {"nonce of the creator exhausted", "Unknown"},
	DepthExceeded:      {"calls nested more than 1024 deep", "Unknown"},
	NotEnoughBalance:   {"not enough balance for the value", "NotEnoughCash"},
	CodeTooLarge:       {"deployed code too large", "OutOfGas"},
	DepositUnpaid:      {"not enough gas to deploy the code", "OutOfGas"},
}

// Error tells what happened.
func (e Exception) Error() string {
	if int(e) < len(exceptionTexts) {
		return exceptionTexts[e].text
	}
	return "unknown exception"
}

// QtumName is what Qtum Core's RPC prints as "excepted" (Transaction.cpp).
func (e Exception) QtumName() string {
	if int(e) < len(exceptionTexts) {
		return exceptionTexts[e].qtum
	}
	return "Unknown"
}
