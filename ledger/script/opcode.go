package script

import "encoding/binary"

// Opcodes with a meaning in this package (script/script.h: opcodetype).
const (
	op0                   = 0x00
	opPushData1           = 0x4c
	opPushData2           = 0x4d
	opPushData4           = 0x4e
	op1Negate             = 0x4f
	op1                   = 0x51
	op16                  = 0x60
	opNop                 = 0x61
	opIf                  = 0x63
	opNotIf               = 0x64
	opElse                = 0x67
	opEndIf               = 0x68
	opVerify              = 0x69
	opReturn              = 0x6a
	opToAltStack          = 0x6b
	opFromAltStack        = 0x6c
	op2Drop               = 0x6d
	op2Dup                = 0x6e
	op3Dup                = 0x6f
	op2Over               = 0x70
	op2Rot                = 0x71
	op2Swap               = 0x72
	opIfDup               = 0x73
	opDepth               = 0x74
	opDrop                = 0x75
	opDup                 = 0x76
	opNip                 = 0x77
	opOver                = 0x78
	opPick                = 0x79
	opRoll                = 0x7a
	opRot                 = 0x7b
	opSwap                = 0x7c
	opTuck                = 0x7d
	opCat                 = 0x7e
	opSubstr              = 0x7f
	opLeft                = 0x80
	opRight               = 0x81
	opSize                = 0x82
	opInvert              = 0x83
	opAnd                 = 0x84
	opOr                  = 0x85
	opXor                 = 0x86
	opEqual               = 0x87
	opEqualVerify         = 0x88
	op1Add                = 0x8b
	op1Sub                = 0x8c
	op2Mul                = 0x8d
	op2Div                = 0x8e
	opNegate              = 0x8f
	opAbs                 = 0x90
	opNot                 = 0x91
	op0NotEqual           = 0x92
	opAdd                 = 0x93
	opSub                 = 0x94
	opMul                 = 0x95
	opDiv                 = 0x96
	opMod                 = 0x97
	opLShift              = 0x98
	opRShift              = 0x99
	opBoolAnd             = 0x9a
	opBoolOr              = 0x9b
	opNumEqual            = 0x9c
	opNumEqualVerify      = 0x9d
	opNumNotEqual         = 0x9e
	opLessThan            = 0x9f
	opGreaterThan         = 0xa0
	opLessThanOrEqual     = 0xa1
	opGreaterThanOrEqual  = 0xa2
	opMin                 = 0xa3
	opMax                 = 0xa4
	opWithin              = 0xa5
	opRipemd160           = 0xa6
	opSHA1                = 0xa7
	opSHA256              = 0xa8
	opHash160             = 0xa9
	opHash256             = 0xaa
	opCodeSeparator       = 0xab
	opCheckSig            = 0xac
	opCheckSigVerify      = 0xad
	opCheckMultiSig       = 0xae
	opCheckMultiSigVerify = 0xaf
	opNop1                = 0xb0
	opCheckLockTimeVerify = 0xb1
	opCheckSequenceVerify = 0xb2
	opNop4                = 0xb3
	opNop10               = 0xb9
	opCheckSigAdd         = 0xba

	// OpCreate ends the output of a new contract.
	OpCreate = 0xc1
	// OpCall ends the output that calls a contract.
	OpCall = 0xc2
	// OpSpend alone is the input script that spends a contract's output.
	OpSpend = 0xc3
	// OpSender ends the part of a contract's output that names its sender.
	OpSender = 0xc4

	opInvalid = 0xff
)

// Limits (script/script.h). The first two are larger than Bitcoin's.
const (
	// MaxElementSize is the most bytes of a value on the stack.
	MaxElementSize = 128_000
	// MaxScriptSize is the most bytes of a script outside tapscript.
	MaxScriptSize = 129_000
	// MaxSenderSigSize is the most bytes of a sender's signature script.
	MaxSenderSigSize = 10_000
	maxOps           = 201
	maxMultiSigKeys  = 20
	maxStackSize     = 1000
	lockTimeIsTime   = 500_000_000
)

// next takes the opcode at the front of script and, for a push, its data; a push that
// the script is too short for is none (script/script.cpp: GetScriptOp).
func next(script []byte) (op byte, data, rest []byte, ok bool) {
	if len(script) == 0 {
		return opInvalid, nil, nil, false
	}
	op, rest = script[0], script[1:]
	if op > opPushData4 {
		return op, nil, rest, true
	}
	var size uint32
	switch {
	case op < opPushData1:
		size = uint32(op)
	case op == opPushData1 && len(rest) >= 1:
		size, rest = uint32(rest[0]), rest[1:]
	case op == opPushData2 && len(rest) >= 2:
		size, rest = uint32(binary.LittleEndian.Uint16(rest)), rest[2:]
	case op == opPushData4 && len(rest) >= 4:
		size, rest = binary.LittleEndian.Uint32(rest), rest[4:]
	default:
		return opInvalid, nil, rest, false
	}
	if uint64(size) > uint64(len(rest)) {
		return opInvalid, nil, rest, false
	}
	return op, rest[:size:size], rest[size:], true
}

// find counts op in script up to the end or the first malformed push.
func find(script []byte, op byte) int {
	n := 0
	for {
		got, _, rest, ok := next(script)
		if !ok {
			return n
		}
		if got == op {
			n++
		}
		script = rest
	}
}

// HasOpCreate tells whether OpCreate stands exactly once in script, up to a malformed
// push. So do HasOpCall and HasOpSender of their opcodes.
func HasOpCreate(script []byte) bool { return find(script, OpCreate) == 1 }

// HasOpCall is HasOpCreate for OpCall.
func HasOpCall(script []byte) bool { return find(script, OpCall) == 1 }

// HasOpSender is HasOpCreate for OpSender.
func HasOpSender(script []byte) bool { return find(script, OpSender) == 1 }

// HasOpSpend tells whether an input's script is OpSpend alone.
func HasOpSpend(scriptSig []byte) bool { return len(scriptSig) == 1 && scriptSig[0] == OpSpend }

// IsContract tells whether an output creates or calls a contract: HasOpCreate or HasOpCall.
func IsContract(script []byte) bool {
	creates, calls := 0, 0
	for {
		op, _, rest, ok := next(script)
		if !ok {
			return creates == 1 || calls == 1
		}
		switch op {
		case OpCreate:
			creates++
		case OpCall:
			calls++
		}
		script = rest
	}
}

// IsPushOnly tells whether a script only pushes values.
func IsPushOnly(script []byte) bool {
	for len(script) > 0 {
		op, _, rest, ok := next(script)
		if !ok || op > op16 {
			return false
		}
		script = rest
	}
	return true
}

// IsUnspendable tells whether no input can ever spend an output with this script, so that
// it is not kept (script/script.h: IsUnspendable).
func IsUnspendable(script []byte) bool {
	return len(script) > 0 && script[0] == opReturn || len(script) > MaxScriptSize
}

// IsPayToScriptHash tells whether script pays to the hash of a script (BIP16).
func IsPayToScriptHash(script []byte) bool {
	return len(script) == 23 && script[0] == opHash160 && script[1] == 20 && script[22] == opEqual
}

// IsPayToPubKey tells whether script pays to a public key of one of the two usual forms
// (script/script.cpp: IsPayToPubkey).
func IsPayToPubKey(script []byte) bool {
	switch len(script) {
	case 35:
		return script[0] == 33 && script[34] == opCheckSig && (script[1] == 2 || script[1] == 3)
	case 67:
		return script[0] == 65 && script[66] == opCheckSig && script[1] == 4
	}
	return false
}

// IsPayToPubKeyHash tells whether script pays to the hash of a public key.
func IsPayToPubKeyHash(script []byte) bool {
	return len(script) == 25 && script[0] == opDup && script[1] == opHash160 && script[2] == 20 &&
		script[23] == opEqualVerify && script[24] == opCheckSig
}

// WitnessProgram gives the version and program of a segwit output (BIP141).
func WitnessProgram(script []byte) (version int, program []byte, ok bool) {
	if len(script) < 4 || len(script) > 42 || int(script[1])+2 != len(script) {
		return 0, nil, false
	}
	switch op := script[0]; {
	case op == op0:
		return 0, script[2:], true
	case op >= op1 && op <= op16:
		return int(op) - op1 + 1, script[2:], true
	}
	return 0, nil, false
}

// AppendPush appends the push of data, as script/script.h: CScript << vector writes it:
// by length only, never as OP_1 to OP_16.
func AppendPush(dst, data []byte) []byte {
	switch n := len(data); {
	case n < opPushData1:
		dst = append(dst, byte(n))
	case n <= 0xff:
		dst = append(dst, opPushData1, byte(n))
	case n <= 0xffff:
		dst = binary.LittleEndian.AppendUint16(append(dst, opPushData2), uint16(n))
	default:
		dst = binary.LittleEndian.AppendUint32(append(dst, opPushData4), uint32(n))
	}
	return append(dst, data...)
}

// isMinimalPush tells whether op is the shortest way to push data.
func isMinimalPush(op byte, data []byte) bool {
	switch n := len(data); {
	case n == 0:
		return op == op0
	case n == 1 && (data[0] >= 1 && data[0] <= 16 || data[0] == 0x81):
		return false
	case n < opPushData1:
		return int(op) == n
	case n <= 0xff:
		return op == opPushData1
	case n <= 0xffff:
		return op == opPushData2
	}
	return true
}

// isSuccess tells the opcodes that end a tapscript successfully (BIP342). Qtum's own are
// among them.
func isSuccess(op byte) bool {
	return op == 80 || op == 98 || op >= 126 && op <= 129 || op >= 131 && op <= 134 ||
		op >= 137 && op <= 138 || op >= 141 && op <= 142 || op >= 149 && op <= 153 ||
		op >= 187 && op <= 254
}
