package script

import "bytes"

// sigVersion is under which rules a script is evaluated and signed.
type sigVersion uint8

const (
	versionBase sigVersion = iota
	versionWitness
	versionTapscript
)

// checker answers what a script asks of the transaction that it is in.
type checker interface {
	ecdsa(sig, key, scriptCode []byte, version sigVersion) bool
	schnorr(sig, key []byte, e *evaluator) Error
	lockTime(n int64) bool
	sequence(n int64) bool
}

// noChecker is of no transaction: nothing is signed, no time has come.
type noChecker struct{}

func (noChecker) ecdsa(_, _, _ []byte, _ sigVersion) bool { return false }
func (noChecker) schnorr(_, _ []byte, _ *evaluator) Error { return ErrSchnorrSig }
func (noChecker) lockTime(int64) bool                     { return false }
func (noChecker) sequence(int64) bool                     { return false }

// evaluator runs scripts on a stack. Values on the stack are never changed, so they may
// alias scripts and each other.
type evaluator struct {
	stack   [][]byte
	flags   Flags
	checker checker
	version sigVersion
	tap     tapContext

	alt       [][]byte
	branches  branches
	script    []byte
	codeStart int // where what a signature signs begins
	ops       int
}

var vchTrue = []byte{1}

func boolean(v bool) []byte {
	if v {
		return vchTrue
	}
	return nil
}

// branches are the conditions that the current opcode stands under. Only their number and
// the outermost false one matter.
type branches struct {
	depth      int
	firstFalse int // 1 + its index; 0: all are true
}

func (b *branches) push(v bool) {
	b.depth++
	if !v && b.firstFalse == 0 {
		b.firstFalse = b.depth
	}
}

func (b *branches) pop() {
	if b.firstFalse == b.depth {
		b.firstFalse = 0
	}
	b.depth--
}

func (b *branches) toggle() {
	switch b.firstFalse {
	case 0:
		b.firstFalse = b.depth
	case b.depth:
		b.firstFalse = 0
	}
}

func pop(stack *[][]byte) []byte {
	s := *stack
	v := s[len(s)-1]
	*stack = s[:len(s)-1]
	return v
}

// top is the value n below the top, counted from 1.
func (e *evaluator) top(n int) []byte { return e.stack[len(e.stack)-n] }

func (e *evaluator) push(v []byte) { e.stack = append(e.stack, v) }

func (e *evaluator) drop(n int) { e.stack = e.stack[:len(e.stack)-n] }

// erase removes the value n below the top, counted from 1.
func (e *evaluator) erase(n int) {
	at := len(e.stack) - n
	e.stack = append(e.stack[:at], e.stack[at+1:]...)
}

func (e *evaluator) swap(a, b int) {
	n := len(e.stack)
	e.stack[n-a], e.stack[n-b] = e.stack[n-b], e.stack[n-a]
}

func (e *evaluator) minimal() bool { return e.flags&VerifyMinimalData != 0 }

func (e *evaluator) number(n int) (int64, bool) { return number(e.top(n), e.minimal(), 4) }

// run evaluates script on the stack (script/interpreter.cpp: EvalScript).
func (e *evaluator) run(script []byte) Error {
	e.script, e.codeStart, e.ops = script, 0, 0
	e.alt, e.branches = nil, branches{}
	e.tap.codeSeparator = 0xffffffff
	if e.version != versionTapscript && len(script) > MaxScriptSize {
		return ErrScriptSize
	}
	rest := script
	for position := uint32(0); len(rest) > 0; position++ {
		executes := e.branches.firstFalse == 0
		op, data, more, ok := next(rest)
		if !ok {
			return ErrBadOpcode
		}
		at := len(script) - len(rest)
		rest = more
		if len(data) > MaxElementSize {
			return ErrPushSize
		}
		if e.version != versionTapscript && op > op16 {
			if e.ops++; e.ops > maxOps {
				return ErrOpCount
			}
		}
		switch op {
		case opCat, opSubstr, opLeft, opRight, opInvert, opAnd, opOr, opXor, op2Mul, op2Div,
			opMul, opDiv, opMod, opLShift, opRShift:
			return ErrDisabledOpcode
		case opCodeSeparator:
			if e.version == versionBase && e.flags&VerifyConstScriptCode != 0 {
				return ErrOpCodeSeparator
			}
		}
		switch {
		case executes && op <= opPushData4:
			if e.minimal() && !isMinimalPush(op, data) {
				return ErrMinimalData
			}
			e.push(data)
		case executes && op == OpSpend:
			// Qtum's: the script ends here, whatever follows or is open.
			return ErrOK
		case executes && (op == OpCreate || op == OpCall):
			e.push(script[at:])
			return ErrOK
		case executes && op == opCodeSeparator:
			e.codeStart = len(script) - len(rest)
			e.tap.codeSeparator = position
		case executes || op >= opIf && op <= opEndIf:
			if err := e.step(op, executes); err != ErrOK {
				return err
			}
		}
		if len(e.stack)+len(e.alt) > maxStackSize {
			return ErrStackSize
		}
	}
	if e.branches.depth != 0 {
		return ErrUnbalancedConditional
	}
	return ErrOK
}

// need is how many values each opcode that only looks at the stack wants on it.
var need = [256]uint8{
	opVerify: 1, opToAltStack: 1, op2Drop: 2, op2Dup: 2, op3Dup: 3, op2Over: 4, op2Rot: 6,
	op2Swap: 4, opIfDup: 1, opDrop: 1, opDup: 1, opNip: 2, opOver: 2, opPick: 2, opRoll: 2,
	opRot: 3, opSwap: 2, opTuck: 2, opSize: 1, opEqual: 2, opEqualVerify: 2,
	op1Add: 1, op1Sub: 1, opNegate: 1, opAbs: 1, opNot: 1, op0NotEqual: 1,
	opAdd: 2, opSub: 2, opBoolAnd: 2, opBoolOr: 2, opNumEqual: 2, opNumEqualVerify: 2,
	opNumNotEqual: 2, opLessThan: 2, opGreaterThan: 2, opLessThanOrEqual: 2,
	opGreaterThanOrEqual: 2, opMin: 2, opMax: 2, opWithin: 3,
	opRipemd160: 1, opSHA1: 1, opSHA256: 1, opHash160: 1, opHash256: 1,
	opCheckSig: 2, opCheckSigVerify: 2,
}

// step does an opcode that is no push and does not end the script.
func (e *evaluator) step(op byte, executes bool) Error {
	if len(e.stack) < int(need[op]) {
		return ErrInvalidStackOperation
	}
	switch {
	case op >= op1Add && op <= opWithin:
		return e.arithmetic(op)
	case op == op1Negate || op >= op1 && op <= op16:
		e.push(AppendNumber(nil, int64(op)-op1+1))
		return ErrOK
	}
	switch op {
	case opNop:

	case opCheckLockTimeVerify:
		if e.flags&VerifyCheckLockTimeVerify == 0 {
			return ErrOK
		}
		if len(e.stack) < 1 {
			return ErrInvalidStackOperation
		}
		n, ok := number(e.top(1), e.minimal(), 5)
		switch {
		case !ok:
			return ErrUnknown
		case n < 0:
			return ErrNegativeLockTime
		case !e.checker.lockTime(n):
			return ErrUnsatisfiedLockTime
		}

	case opCheckSequenceVerify:
		if e.flags&VerifyCheckSequenceVerify == 0 {
			return ErrOK
		}
		if len(e.stack) < 1 {
			return ErrInvalidStackOperation
		}
		n, ok := number(e.top(1), e.minimal(), 5)
		switch {
		case !ok:
			return ErrUnknown
		case n < 0:
			return ErrNegativeLockTime
		case n&sequenceDisabled != 0:
		case !e.checker.sequence(n):
			return ErrUnsatisfiedLockTime
		}

	case opNop1, opNop4, opNop4 + 1, opNop4 + 2, opNop4 + 3, opNop4 + 4, opNop4 + 5, opNop10:
		if e.flags&VerifyDiscourageUpgradableNops != 0 {
			return ErrDiscourageUpgradableNops
		}

	case opIf, opNotIf:
		return e.branch(op, executes)

	case opElse:
		if e.branches.depth == 0 {
			return ErrUnbalancedConditional
		}
		e.branches.toggle()

	case opEndIf:
		if e.branches.depth == 0 {
			return ErrUnbalancedConditional
		}
		e.branches.pop()

	case opVerify:
		if !truth(e.top(1)) {
			return ErrVerify
		}
		e.drop(1)

	case opReturn:
		return ErrOpReturn

	case opRipemd160, opSHA1, opSHA256, opHash160, opHash256:
		e.push(digest(op, pop(&e.stack)))

	case opCheckSig, opCheckSigVerify:
		return e.checkSig(op)

	case opCheckSigAdd:
		return e.checkSigAdd()

	case opCheckMultiSig, opCheckMultiSigVerify:
		return e.checkMultiSig(op)

	case OpSender:
		if e.flags&OutputSender == 0 {
			return ErrBadOpcode
		}

	default:
		return e.shuffle(op)
	}
	return ErrOK
}

func (e *evaluator) branch(op byte, executes bool) Error {
	value := false
	if executes {
		if len(e.stack) < 1 {
			return ErrUnbalancedConditional
		}
		v := e.top(1)
		minimal := len(v) == 0 || len(v) == 1 && v[0] == 1
		if !minimal && e.version == versionTapscript {
			return ErrTapscriptMinimalIf
		}
		if !minimal && e.version == versionWitness && e.flags&VerifyMinimalIf != 0 {
			return ErrMinimalIf
		}
		value = truth(v) != (op == opNotIf)
		e.drop(1)
	}
	e.branches.push(value)
	return ErrOK
}

// shuffle does an opcode that moves values about.
func (e *evaluator) shuffle(op byte) Error {
	switch op {
	case opToAltStack:
		e.alt = append(e.alt, pop(&e.stack))
	case opFromAltStack:
		if len(e.alt) < 1 {
			return ErrInvalidAltStackOperation
		}
		e.push(pop(&e.alt))
	case op2Drop:
		e.drop(2)
	case op2Dup:
		e.stack = append(e.stack, e.top(2), e.top(1))
	case op3Dup:
		e.stack = append(e.stack, e.top(3), e.top(2), e.top(1))
	case op2Over:
		e.stack = append(e.stack, e.top(4), e.top(3))
	case op2Rot:
		a, b := e.top(6), e.top(5)
		e.erase(6)
		e.erase(5)
		e.stack = append(e.stack, a, b)
	case op2Swap:
		e.swap(4, 2)
		e.swap(3, 1)
	case opIfDup:
		if truth(e.top(1)) {
			e.push(e.top(1))
		}
	case opDepth:
		e.push(AppendNumber(nil, int64(len(e.stack))))
	case opDrop:
		e.drop(1)
	case opDup:
		e.push(e.top(1))
	case opNip:
		e.erase(2)
	case opOver:
		e.push(e.top(2))
	case opPick, opRoll:
		v, ok := e.number(1)
		if !ok {
			return ErrUnknown
		}
		e.drop(1)
		n := clampInt(v)
		if n < 0 || n >= len(e.stack) {
			return ErrInvalidStackOperation
		}
		value := e.top(n + 1)
		if op == opRoll {
			e.erase(n + 1)
		}
		e.push(value)
	case opRot:
		e.swap(3, 2)
		e.swap(2, 1)
	case opSwap:
		e.swap(2, 1)
	case opTuck:
		e.push(e.top(1))
		e.swap(2, 3)
	case opSize:
		e.push(AppendNumber(nil, int64(len(e.top(1)))))
	case opEqual, opEqualVerify:
		equal := bytes.Equal(e.top(1), e.top(2))
		e.drop(2)
		if op == opEqual {
			e.push(boolean(equal))
		} else if !equal {
			// Core leaves the false value; no one looks at the stack of a failure but the
			// reader of contract outputs, which does.
			e.push(nil)
			return ErrEqualVerify
		}
	default:
		return ErrBadOpcode
	}
	return ErrOK
}

// arithmetic does an opcode on numbers.
func (e *evaluator) arithmetic(op byte) Error {
	var v [3]int64
	n := int(need[op])
	if n == 0 {
		return ErrBadOpcode
	}
	for i := range n {
		var ok bool
		if v[i], ok = e.number(n - i); !ok {
			return ErrUnknown
		}
	}
	a, b := v[0], v[1]
	var result int64
	truthOf := func(v bool) {
		if v {
			result = 1
		}
	}
	switch op {
	case op1Add:
		result = a + 1
	case op1Sub:
		result = a - 1
	case opNegate:
		result = -a
	case opAbs:
		result = max(a, -a)
	case opNot:
		truthOf(a == 0)
	case op0NotEqual:
		truthOf(a != 0)
	case opAdd:
		result = a + b
	case opSub:
		result = a - b
	case opBoolAnd:
		truthOf(a != 0 && b != 0)
	case opBoolOr:
		truthOf(a != 0 || b != 0)
	case opNumEqual, opNumEqualVerify:
		truthOf(a == b)
	case opNumNotEqual:
		truthOf(a != b)
	case opLessThan:
		truthOf(a < b)
	case opGreaterThan:
		truthOf(a > b)
	case opLessThanOrEqual:
		truthOf(a <= b)
	case opGreaterThanOrEqual:
		truthOf(a >= b)
	case opMin:
		result = min(a, b)
	case opMax:
		result = max(a, b)
	case opWithin:
		truthOf(b <= a && a < v[2])
	}
	e.drop(n)
	e.push(AppendNumber(nil, result))
	if op == opNumEqualVerify {
		if result == 0 {
			return ErrNumEqualVerify
		}
		e.drop(1)
	}
	return ErrOK
}
