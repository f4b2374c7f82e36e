package chaintest

// Small EVM programs, as runtime code; Init makes them deployable. All of them run on
// every fork. Contract outputs always carry data, so "called without data" means with
// one byte.
var (
	// Counter adds one to storage slot 0 at each call, and keeps what it is paid.
	Counter = Asm(`0 SLOAD 1 ADD 0 SSTORE STOP`)

	// Vault keeps what it is paid without data. Called with data "address ‖ amount" (two words) it pays
	// amount to address, and reverts where that fails.
	Vault = Asm(`
		1 CALLDATASIZE GT @pay JUMPI STOP
	pay:
		0 0 0 0 32 CALLDATALOAD 0 CALLDATALOAD GAS CALL
		@done JUMPI 0 0 REVERT
	done: STOP`)

	// Splitter pays one satoshi to each address that its call data lists, a word each.
	Splitter = Asm(`
		0                                   ; position
	next:
		DUP1 31 ADD CALLDATASIZE GT ISZERO @done JUMPI
		0 0 0 0 1 DUP6 CALLDATALOAD GAS CALL POP
		32 ADD @next JUMP
	done: STOP`)

	// Mortal destroys itself in favour of the address in its call data, a word.
	Mortal = Asm(`1 CALLDATASIZE GT @die JUMPI STOP die: 0 CALLDATALOAD SELFDESTRUCT`)

	// Refuser reverts every call.
	Refuser = Asm(`0 0 REVERT`)

	// Burner never ends: it takes all gas that it is given.
	Burner = Asm(`again: @again JUMP`)

	// Factory creates a contract with its call data as init code, and writes the address to
	// slot 0.
	Factory = Asm(`
		CALLDATASIZE 0 0 CALLDATACOPY
		CALLDATASIZE 0 0 CREATE 0 SSTORE STOP`)

	// Robot does what its call data lists, one step after another. A step is
	// op(1) ‖ address(20) ‖ a(32) ‖ b(32) ‖ length(2) ‖ data: see Step.
	Robot = Asm(robot)
)

// A step at position p: p+0 op, p+1 address, p+21 a, p+53 b, p+85 length, p+87 data.
// The stack holds only the position between steps. Results of calls and creates are
// written to the slot "position + 2^32" so that every outcome is under the state root.
const robot = `
	0
next:                                         ; pos
	DUP1 CALLDATASIZE GT ISZERO @stop JUMPI
	DUP1 85 ADD CALLDATALOAD 0x1000000000000000000000000000000000000000000000000000000000000 SWAP1 DIV
	DUP1 DUP3 87 ADD 0 CALLDATACOPY               ; pos len
	DUP2 CALLDATALOAD 0x100000000000000000000000000000000000000000000000000000000000000 SWAP1 DIV
	DUP1 1 EQ @call JUMPI
	DUP1 2 EQ @store JUMPI
	DUP1 3 EQ @die JUMPI
	DUP1 4 EQ @revert JUMPI
	DUP1 5 EQ @create JUMPI
	DUP1 6 EQ @delegate JUMPI
	DUP1 7 EQ @static JUMPI
	DUP1 8 EQ @log JUMPI
	DUP1 9 EQ @callcode JUMPI
	DUP1 10 EQ @create2 JUMPI
	DUP1 11 EQ @return JUMPI
	DUP1 12 EQ @bump JUMPI
	DUP1 13 EQ @tstore JUMPI
	DUP1 14 EQ @tload JUMPI
	DUP1 15 EQ @balance JUMPI
	DUP1 16 EQ @invalid JUMPI
	DUP1 17 EQ @hash JUMPI
	POP @step JUMP
stop: STOP
call:                                         ; pos len op
	POP 0 0 DUP3 0 DUP6 53 ADD CALLDATALOAD
	DUP7 1 ADD CALLDATALOAD 0x1000000000000000000000000 SWAP1 DIV
	DUP8 21 ADD CALLDATALOAD CALL
	@result JUMP
callcode:
	POP 0 0 DUP3 0 DUP6 53 ADD CALLDATALOAD
	DUP7 1 ADD CALLDATALOAD 0x1000000000000000000000000 SWAP1 DIV
	DUP8 21 ADD CALLDATALOAD CALLCODE
	@result JUMP
delegate:
	POP 0 0 DUP3 0 DUP6 1 ADD CALLDATALOAD 0x1000000000000000000000000 SWAP1 DIV
	DUP7 21 ADD CALLDATALOAD DELEGATECALL
	@result JUMP
static:
	POP 0 0 DUP3 0 DUP6 1 ADD CALLDATALOAD 0x1000000000000000000000000 SWAP1 DIV
	DUP7 21 ADD CALLDATALOAD STATICCALL
	@result JUMP
create:
	POP DUP1 0 DUP4 53 ADD CALLDATALOAD CREATE
	@result JUMP
create2:
	POP DUP2 21 ADD CALLDATALOAD DUP2 0 DUP5 53 ADD CALLDATALOAD CREATE2
	@result JUMP
result:                                       ; pos len value
	RETURNDATASIZE 0x100000000000000000000000000000000000000000 MUL ADD
	DUP3 0x100000000 ADD SSTORE
	@step JUMP
store:                                        ; b is the value, a the key
	POP DUP2 53 ADD CALLDATALOAD DUP3 21 ADD CALLDATALOAD SSTORE
	@step JUMP
bump:                                         ; storage[a] += b
	POP DUP2 21 ADD CALLDATALOAD DUP1 SLOAD DUP4 53 ADD CALLDATALOAD ADD SWAP1 SSTORE
	@step JUMP
tstore:
	POP DUP2 53 ADD CALLDATALOAD DUP3 21 ADD CALLDATALOAD TSTORE
	@step JUMP
tload:                                        ; storage[b] = transient[a]
	POP DUP2 21 ADD CALLDATALOAD TLOAD DUP3 53 ADD CALLDATALOAD SSTORE
	@step JUMP
balance:                                      ; storage[a] = what is seen of the address
	POP DUP2 1 ADD CALLDATALOAD 0x1000000000000000000000000 SWAP1 DIV
	DUP1 BALANCE DUP2 EXTCODESIZE ADD SWAP1 EXTCODESIZE 3 MUL ADD
	DUP3 21 ADD CALLDATALOAD SSTORE
	@step JUMP
hash:                                         ; storage[a] = code hash of the address
	POP DUP2 1 ADD CALLDATALOAD 0x1000000000000000000000000 SWAP1 DIV EXTCODEHASH
	DUP3 21 ADD CALLDATALOAD SSTORE
	@step JUMP
log:
	POP DUP2 53 ADD CALLDATALOAD DUP3 21 ADD CALLDATALOAD DUP3 0 LOG2
	@step JUMP
die:
	POP DUP2 1 ADD CALLDATALOAD 0x1000000000000000000000000 SWAP1 DIV SELFDESTRUCT
revert:
	POP DUP1 0 REVERT
return:
	POP DUP1 0 RETURN
invalid: INVALID
step:                                         ; pos len
	ADD 87 ADD @next JUMP
`

// Ops of a Step. Those after OpCreate2 that are younger than a chain's fork fail there
// as unknown opcodes.
const (
	OpCall     = 1  // CALL Address with gas A and value B, Data
	OpStore    = 2  // storage[A] = B
	OpDie      = 3  // SELFDESTRUCT to Address
	OpRevert   = 4  // REVERT with Data
	OpCreate   = 5  // CREATE with value B and init code Data
	OpDelegate = 6  // DELEGATECALL Address with gas A, Data
	OpStatic   = 7  // STATICCALL Address with gas A, Data
	OpLog      = 8  // LOG2 of Data with topics A and B
	OpCallCode = 9  // CALLCODE Address with gas A and value B, Data
	OpCreate2  = 10 // CREATE2 with salt A, value B and init code Data
	OpReturn   = 11 // RETURN Data
	OpBump     = 12 // storage[A] += B
	OpTStore   = 13 // transient[A] = B
	OpTLoad    = 14 // storage[B] = transient[A]
	OpBalance  = 15 // storage[A] = balance and code size of Address
	OpInvalid  = 16 // INVALID
	OpHash     = 17 // storage[A] = EXTCODEHASH of Address
)

// Step is one thing that a Robot does.
type Step struct {
	Op      byte
	Address Address
	A, B    uint64
	Data    []byte
}

// Steps is the call data that makes a Robot do steps.
func Steps(steps ...Step) []byte {
	var b []byte
	for _, s := range steps {
		b = append(b, s.Op)
		b = append(b, s.Address[:]...)
		b = append(b, word64(s.A)...)
		b = append(b, word64(s.B)...)
		b = append(b, byte(len(s.Data)>>8), byte(len(s.Data)))
		b = append(b, s.Data...)
	}
	return b
}

// Words is call data of words, each an address or a number.
func Words(values ...any) []byte {
	var b []byte
	for _, v := range values {
		switch v := v.(type) {
		case Address:
			b = append(b, word(v[:])...)
		case int:
			b = append(b, word64(uint64(v))...)
		case int64:
			b = append(b, word64(uint64(v))...)
		default:
			panic("chaintest: a word is an Address or an int")
		}
	}
	return b
}

func word64(n uint64) []byte {
	b := make([]byte, 32)
	for i := 31; n > 0; i, n = i-1, n>>8 {
		b[i] = byte(n)
	}
	return b
}
