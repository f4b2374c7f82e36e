package script

// checkSig does OP_CHECKSIG and OP_CHECKSIGVERIFY.
func (e *evaluator) checkSig(op byte) Error {
	success, err := e.evalSig(e.top(2), e.top(1))
	if err != ErrOK {
		return err
	}
	e.drop(2)
	if op == opCheckSig {
		e.push(boolean(success))
	} else if !success {
		e.push(nil)
		return ErrCheckSigVerify
	}
	return ErrOK
}

// checkSigAdd does OP_CHECKSIGADD (BIP342).
func (e *evaluator) checkSigAdd() Error {
	if e.version != versionTapscript {
		return ErrBadOpcode
	}
	if len(e.stack) < 3 {
		return ErrInvalidStackOperation
	}
	n, ok := e.number(2)
	if !ok {
		return ErrUnknown
	}
	success, err := e.evalSig(e.top(3), e.top(1))
	if err != ErrOK {
		return err
	}
	e.drop(3)
	if success {
		n++
	}
	e.push(AppendNumber(nil, n))
	return ErrOK
}

// evalSig judges one signature (script/interpreter.cpp: EvalChecksig).
func (e *evaluator) evalSig(sig, key []byte) (success bool, err Error) {
	if e.version == versionTapscript {
		return e.evalTapSig(sig, key)
	}
	code := e.script[e.codeStart:]
	if e.version == versionBase {
		var found int
		if code, found = findAndDelete(code, sig); found > 0 && e.flags&VerifyConstScriptCode != 0 {
			return false, ErrSigFindAndDelete
		}
	}
	if err = checkSigEncoding(sig, e.flags); err != ErrOK {
		return false, err
	}
	if err = checkPubKeyEncoding(key, e.flags, e.version); err != ErrOK {
		return false, err
	}
	success = e.checker.ecdsa(sig, key, code, e.version)
	if !success && e.flags&VerifyNullFail != 0 && len(sig) > 0 {
		return false, ErrSigNullFail
	}
	return success, ErrOK
}

func (e *evaluator) evalTapSig(sig, key []byte) (success bool, err Error) {
	success = len(sig) > 0
	if success {
		if e.tap.weightLeft -= tapSigOpWeight; e.tap.weightLeft < 0 {
			return false, ErrTapscriptValidationWeight
		}
	}
	switch len(key) {
	case 0:
		return false, ErrPubKeyType
	case 32:
		if success {
			if err = e.checker.schnorr(sig, key, e); err != ErrOK {
				return false, err
			}
		}
	default:
		if e.flags&VerifyDiscourageUpgradablePubKeyType != 0 {
			return false, ErrDiscourageUpgradablePubKeyType
		}
	}
	return success, ErrOK
}

// checkMultiSig does OP_CHECKMULTISIG and OP_CHECKMULTISIGVERIFY. The stack holds, from
// the top: number of keys, keys, number of signatures, signatures, one value more.
func (e *evaluator) checkMultiSig(op byte) Error {
	if e.version == versionTapscript {
		return ErrTapscriptCheckMultiSig
	}
	at := 1
	if len(e.stack) < at {
		return ErrInvalidStackOperation
	}
	v, ok := e.number(at)
	if !ok {
		return ErrUnknown
	}
	keys := clampInt(v)
	if keys < 0 || keys > maxMultiSigKeys {
		return ErrPubKeyCount
	}
	if e.ops += keys; e.ops > maxOps {
		return ErrOpCount
	}
	at++
	key := at
	at += keys
	if len(e.stack) < at {
		return ErrInvalidStackOperation
	}
	if v, ok = e.number(at); !ok {
		return ErrUnknown
	}
	sigs := clampInt(v)
	if sigs < 0 || sigs > keys {
		return ErrSigCount
	}
	notSigs := at // values up to here are no signatures
	at++
	sig := at
	at += sigs
	if len(e.stack) < at {
		return ErrInvalidStackOperation
	}

	code := e.script[e.codeStart:]
	if e.version == versionBase {
		for i := range sigs {
			var found int
			if code, found = findAndDelete(code, e.top(sig+i)); found > 0 && e.flags&VerifyConstScriptCode != 0 {
				return ErrSigFindAndDelete
			}
		}
	}
	success := true
	for success && sigs > 0 {
		if err := checkSigEncoding(e.top(sig), e.flags); err != ErrOK {
			return err
		}
		if err := checkPubKeyEncoding(e.top(key), e.flags, e.version); err != ErrOK {
			return err
		}
		if e.checker.ecdsa(e.top(sig), e.top(key), code, e.version) {
			sig++
			sigs--
		}
		key++
		keys--
		if sigs > keys {
			success = false
		}
	}
	for n := 1; n < at; n++ {
		if !success && e.flags&VerifyNullFail != 0 && n > notSigs && len(e.top(1)) > 0 {
			return ErrSigNullFail
		}
		e.drop(1)
	}
	if len(e.stack) < 1 {
		return ErrInvalidStackOperation
	}
	if e.flags&VerifyNullDummy != 0 && len(e.top(1)) > 0 {
		return ErrSigNullDummy
	}
	e.drop(1)
	if op == opCheckMultiSig {
		e.push(boolean(success))
	} else if !success {
		e.push(nil)
		return ErrCheckMultiSigVerify
	}
	return ErrOK
}
