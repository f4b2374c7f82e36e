package evm

// The opcodes, by the names of the Yellow Paper and the EIPs.
const (
	STOP = iota
	ADD
	MUL
	SUB
	DIV
	SDIV
	MOD
	SMOD
	ADDMOD
	MULMOD
	EXP
	SIGNEXTEND
)

// Comparison, bit operations and the hash.
const (
	LT = 0x10 + iota
	GT
	SLT
	SGT
	EQ
	ISZERO
	AND
	OR
	XOR
	NOT
	BYTE
	SHL
	SHR
	SAR

	KECCAK256 = 0x20
)

// The frame, the transaction and other accounts.
const (
	ADDRESS = 0x30 + iota
	BALANCE
	ORIGIN
	CALLER
	CALLVALUE
	CALLDATALOAD
	CALLDATASIZE
	CALLDATACOPY
	CODESIZE
	CODECOPY
	GASPRICE
	EXTCODESIZE
	EXTCODECOPY
	RETURNDATASIZE
	RETURNDATACOPY
	EXTCODEHASH
)

// The block. PREVRANDAO is DIFFICULTY before Paris.
const (
	BLOCKHASH = 0x40 + iota
	COINBASE
	TIMESTAMP
	NUMBER
	PREVRANDAO
	GASLIMIT
	CHAINID
	SELFBALANCE
	BASEFEE
	BLOBHASH
	BLOBBASEFEE
)

// Stack, memory, storage and flow.
const (
	POP = 0x50 + iota
	MLOAD
	MSTORE
	MSTORE8
	SLOAD
	SSTORE
	JUMP
	JUMPI
	PC
	MSIZE
	GAS
	JUMPDEST
	TLOAD
	TSTORE
	MCOPY
	PUSH0
)

// PUSH1 to PUSH32, DUP1 to DUP16, SWAP1 to SWAP16 and LOG0 to LOG4 are consecutive.
const (
	PUSH1  = 0x60
	PUSH2  = 0x61
	PUSH3  = 0x62
	PUSH4  = 0x63
	PUSH8  = 0x67
	PUSH20 = 0x73
	PUSH32 = 0x7f
	DUP1   = 0x80
	DUP16  = 0x8f
	SWAP1  = 0x90
	SWAP16 = 0x9f
	LOG0   = 0xa0
	LOG4   = 0xa4
)

// Calls, creations and ends.
const (
	CREATE       = 0xf0
	CALL         = 0xf1
	CALLCODE     = 0xf2
	RETURN       = 0xf3
	DELEGATECALL = 0xf4
	CREATE2      = 0xf5
	STATICCALL   = 0xfa
	REVERT       = 0xfd
	INVALID      = 0xfe
	SELFDESTRUCT = 0xff
)

// op is what of an instruction is known before it runs.
type op struct {
	gas     uint16 // static price
	need    uint8  // stack items that must be there
	delta   int8   // by how much it changes the height of the stack
	push    uint8  // bytes of immediate data
	defined bool   // in this fork
	last    bool   // ends a basic block: see code
}

// frontier is the instruction table of the first fork.
func frontier() (t [256]op) {
	set := func(code int, gas uint16, need uint8, delta int8) {
		t[code] = op{gas: gas, need: need, delta: delta, defined: true}
	}
	set(STOP, 0, 0, 0)
	for _, code := range []int{ADD, SUB, LT, GT, SLT, SGT, EQ, AND, OR, XOR, BYTE} {
		set(code, 3, 2, -1)
	}
	for _, code := range []int{MUL, DIV, SDIV, MOD, SMOD, SIGNEXTEND} {
		set(code, 5, 2, -1)
	}
	set(ADDMOD, 8, 3, -2)
	set(MULMOD, 8, 3, -2)
	set(EXP, 10, 2, -1)
	set(ISZERO, 3, 1, 0)
	set(NOT, 3, 1, 0)
	set(KECCAK256, 30, 2, -1)
	for _, code := range []int{ADDRESS, ORIGIN, CALLER, CALLVALUE, CALLDATASIZE, CODESIZE, GASPRICE,
		COINBASE, TIMESTAMP, NUMBER, PREVRANDAO, GASLIMIT, PC, MSIZE, GAS} {
		set(code, 2, 0, 1)
	}
	set(BALANCE, 20, 1, 0)
	set(CALLDATALOAD, 3, 1, 0)
	set(CALLDATACOPY, 3, 3, -3)
	set(CODECOPY, 3, 3, -3)
	set(EXTCODESIZE, 20, 1, 0)
	set(EXTCODECOPY, 20, 4, -4)
	set(BLOCKHASH, 20, 1, 0)
	set(POP, 2, 1, -1)
	set(MLOAD, 3, 1, 0)
	set(MSTORE, 3, 2, -2)
	set(MSTORE8, 3, 2, -2)
	set(SLOAD, 50, 1, 0)
	set(SSTORE, 0, 2, -2)
	set(JUMP, 8, 1, -1)
	set(JUMPI, 10, 2, -2)
	set(JUMPDEST, 1, 0, 0)
	for i := range 32 {
		set(PUSH1+i, 3, 0, 1)
		t[PUSH1+i].push = uint8(i + 1)
	}
	for i := range 16 {
		set(DUP1+i, 3, uint8(i+1), 1)
		set(SWAP1+i, 3, uint8(i+2), 0)
	}
	for i := range 5 {
		set(LOG0+i, uint16(375*(i+1)), uint8(i+2), int8(-i-2))
	}
	set(CREATE, 32000, 3, -2)
	set(CALL, 40, 7, -6)
	set(CALLCODE, 40, 7, -6)
	set(RETURN, 0, 2, -2)
	set(INVALID, 0, 0, 0)
	set(SELFDESTRUCT, 0, 1, -1)
	return t
}

// lastInBlock are the instructions after which a new basic block begins, or nothing. Calls,
// creations and writes of storage are among them because they look at the gas left or do
// what the failure of their frame does not undo (transient storage and recorded transfers
// in Qtum), so all gas up to them, and no more, must have been charged when they run.
var lastInBlock = []int{STOP, JUMP, JUMPI, GAS, SSTORE, TSTORE, CREATE, CALL, CALLCODE, RETURN,
	DELEGATECALL, CREATE2, STATICCALL, REVERT, INVALID, SELFDESTRUCT}
