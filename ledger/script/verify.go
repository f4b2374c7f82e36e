package script

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// verifier holds one input script against the script of what it spends.
type verifier struct {
	flags   Flags
	checker checker
}

// verify is script/interpreter.cpp: VerifyScript.
func (v *verifier) verify(scriptSig, pkScript []byte, witness [][]byte) Error {
	if v.flags&VerifySigPushOnly != 0 && !IsPushOnly(scriptSig) {
		return ErrSigPushOnly
	}
	e := evaluator{flags: v.flags, checker: v.checker, version: versionBase}
	if err := e.run(scriptSig); err != ErrOK {
		return err
	}
	var pushed [][]byte
	if v.flags&VerifyP2SH != 0 && IsPayToScriptHash(pkScript) {
		pushed = slices.Clone(e.stack)
	}
	if err := e.run(pkScript); err != ErrOK {
		return err
	}
	if len(e.stack) == 0 || !truth(e.top(1)) {
		return ErrEvalFalse
	}

	hadWitness := false
	if v.flags&VerifyWitness != 0 {
		if version, program, ok := WitnessProgram(pkScript); ok {
			hadWitness = true
			if len(scriptSig) != 0 {
				return ErrWitnessMalleated
			}
			if err := v.program(version, program, witness, false); err != ErrOK {
				return err
			}
			e.stack = e.stack[:1]
		}
	}

	if v.flags&VerifyP2SH != 0 && IsPayToScriptHash(pkScript) {
		if !IsPushOnly(scriptSig) {
			return ErrSigPushOnly
		}
		// The hash was compared with a value, so there is one.
		e.stack = pushed
		redeem := pop(&e.stack)
		if err := e.run(redeem); err != ErrOK {
			return err
		}
		if len(e.stack) == 0 || !truth(e.top(1)) {
			return ErrEvalFalse
		}
		if v.flags&VerifyWitness != 0 {
			if version, program, ok := WitnessProgram(redeem); ok {
				hadWitness = true
				if !bytes.Equal(scriptSig, AppendPush(nil, redeem)) {
					return ErrWitnessMalleatedP2SH
				}
				if err := v.program(version, program, witness, true); err != ErrOK {
					return err
				}
				e.stack = e.stack[:1]
			}
		}
	}

	if v.flags&VerifyCleanStack != 0 && len(e.stack) != 1 {
		return ErrCleanStack
	}
	if v.flags&VerifyWitness != 0 && !hadWitness && len(witness) > 0 {
		return ErrWitnessUnexpected
	}
	return ErrOK
}

// program is script/interpreter.cpp: VerifyWitnessProgram.
func (v *verifier) program(version int, program []byte, witness [][]byte, inP2SH bool) Error {
	switch {
	case version == 0 && len(program) == 32:
		if len(witness) == 0 {
			return ErrWitnessProgramWitnessEmpty
		}
		script := witness[len(witness)-1]
		if hash := sha256.Sum256(script); !bytes.Equal(hash[:], program) {
			return ErrWitnessProgramMismatch
		}
		e := evaluator{flags: v.flags, checker: v.checker, version: versionWitness}
		return e.witness(witness[:len(witness)-1], script)
	case version == 0 && len(program) == 20:
		if len(witness) != 2 {
			return ErrWitnessProgramMismatch
		}
		e := evaluator{flags: v.flags, checker: v.checker, version: versionWitness}
		return e.witness(witness, P2PKH([20]byte(program)))
	case version == 0:
		return ErrWitnessProgramWrongLength
	case version == 1 && len(program) == 32 && !inP2SH:
		return v.taproot(program, witness)
	case v.flags&VerifyDiscourageUpgradableWitnessProgram != 0:
		return ErrDiscourageUpgradableWitnessProgram
	}
	return ErrOK
}

// witness is script/interpreter.cpp: ExecuteWitnessScript.
func (e *evaluator) witness(stack [][]byte, script []byte) Error {
	if e.version == versionTapscript {
		for rest := script; len(rest) > 0; {
			op, _, more, ok := next(rest)
			if !ok {
				return ErrBadOpcode
			}
			if isSuccess(op) {
				if e.flags&VerifyDiscourageOpSuccess != 0 {
					return ErrDiscourageOpSuccess
				}
				return ErrOK
			}
			rest = more
		}
		if len(stack) > maxStackSize {
			return ErrStackSize
		}
	}
	for _, item := range stack {
		if len(item) > MaxElementSize {
			return ErrPushSize
		}
	}
	e.stack = slices.Clone(stack)
	if err := e.run(script); err != ErrOK {
		return err
	}
	if len(e.stack) != 1 {
		return ErrCleanStack
	}
	if !truth(e.top(1)) {
		return ErrEvalFalse
	}
	return ErrOK
}
