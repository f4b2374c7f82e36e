package evm

import (
	"github.com/holiman/uint256"

	"spacechain/ledger/state"
)

// ripemd is the precompiled contract whose touch no failure takes back; see state.Touch.
var ripemd = state.Address{19: 3}

// call runs the code of an account in f, whose self, caller, value, static, input and gas
// are set, after transferring from caller to self the value, or nothing if the value is only
// apparent (DELEGATECALL). The order is that of Qtum Core 27.1
// Executive.cpp: call: a precompiled contract runs before the transfer, which it can only
// prevent, and an unused receiver is told of before it.
func (e *EVM) call(f *frame, account state.Address, apparent bool) ([]byte, Exception) {
	st := e.st
	if contract := e.contract.At((*[20]byte)(&account)); contract != nil {
		if f.self == ripemd {
			st.Touch(ripemd)
		}
		price := contract.Gas(f.input)
		if price > uint64(f.gas) {
			f.gas = 0
			return nil, OutOfGas
		}
		out, err := contract.Run(f.answer[:0], f.input)
		if err != nil {
			f.gas = 0
			return nil, ContractRefused
		}
		f.gas -= int64(price)
		f.answer = out
		e.noteUnused(f.self)
		e.transfer(f, apparent)
		return out, none
	}
	before := st.Snapshot()
	runs := st.HasCode(account)
	if runs {
		hash := st.CodeHash(account)
		if f.code = e.codes.find(&hash, &e.rules.ops); f.code == nil {
			f.code = e.codes.add(&hash, st.Code(account))
		}
	}
	e.noteUnused(f.self)
	e.transfer(f, apparent)
	if !runs {
		return nil, none
	}
	e.begin(f)
	out, exc := f.run()
	if exc != none {
		st.RevertTo(before)
		if exc != Revert {
			f.gas = 0
			return nil, exc
		}
	}
	return out, exc
}

// begin makes f, whose code is set, ready to run.
func (e *EVM) begin(f *frame) {
	if f.depth == 0 {
		e.ran = true
	}
	e.giveStack(f)
}

func (e *EVM) noteUnused(a state.Address) {
	if unused := e.cfg.Hooks.Unused; unused != nil && !e.st.Exists(a) {
		unused(a)
	}
}

// noValue is what a call with an apparent value transfers.
var noValue uint256.Int

// transfer moves a frame's value from its caller to its account.
func (e *EVM) transfer(f *frame, apparent bool) {
	value := &f.value
	if apparent {
		value = &noValue
	}
	e.move(f.caller, f.self, value)
}

// move moves a value between accounts. The receiver is created if it is not there, and
// touched even by a value of zero.
func (e *EVM) move(from, to state.Address, value *uint256.Int) {
	e.st.SubBalance(from, value)
	e.st.AddBalance(to, value)
	if told := e.cfg.Hooks.Transfer; told != nil && !value.IsZero() {
		told(from, to, value)
	}
}

// opCall does CALL, CALLCODE, DELEGATECALL and STATICCALL, whose operands are below height.
// The result takes the place of the lowest.
func (f *frame) opCall(op byte, height int) Exception {
	e := f.evm
	asked, to := &f.stack[height-1], address(&f.stack[height-2])
	height -= 3
	var value uint256.Int
	if op == CALL || op == CALLCODE {
		value = f.stack[height]
		height--
	}
	inAt, inSize, outAt, outSize := &f.stack[height], &f.stack[height-1], &f.stack[height-2], &f.stack[height-3]
	result := outSize
	f.height = height - 2
	hasValue := !value.IsZero()
	f.returned = nil

	if exc := f.chargeAccount(to); exc != none {
		return exc
	}
	if exc := f.grow(inAt, inSize); exc != none {
		return exc
	}
	if exc := f.grow(outAt, outSize); exc != none {
		return exc
	}
	input, output := f.piece(inAt, inSize), f.piece(outAt, outSize)
	if hasValue {
		f.gas -= 9000
	}
	if op == CALL {
		if hasValue && f.static {
			return DisallowedChange
		}
		if (hasValue || !e.rules.emptyIsAbsent) && !e.present(to) {
			f.gas -= 25000
		}
	}
	if f.gas < 0 {
		return OutOfGas
	}
	given := f.gas
	if e.rules.keepSixtyForth {
		given -= given / 64
	}
	if asked.IsUint64() && asked[0] <= uint64(given) {
		given = int64(asked[0])
	} else if !e.rules.keepSixtyForth {
		return OutOfGas
	}
	f.gas -= given
	if hasValue {
		given += 2300 // the stipend
	}
	result.Clear()
	if f.depth >= depthLimit || hasValue && !f.hasBalance(&value) {
		f.gas += given
		return none
	}
	child := e.frame(f.depth + 1)
	child.gas, child.input, child.static = given, input, f.static
	switch op {
	case STATICCALL:
		child.static = true
		fallthrough
	case CALL:
		child.self, child.caller, child.value = to, f.self, value
	case CALLCODE:
		child.self, child.caller, child.value = f.self, f.self, value
	case DELEGATECALL:
		child.self, child.caller, child.value = f.self, f.caller, f.value
	}
	if e.cfg.Qtum.FrameAccess {
		f.warm.account(child.self)
	}
	out, exc := e.call(child, to, op == DELEGATECALL)
	f.gas += child.gas
	f.returned = out
	copy(output, out)
	if exc == none {
		result.SetOne()
	}
	return none
}

// hasBalance tells whether the frame's account has as much as value.
func (f *frame) hasBalance(value *uint256.Int) bool {
	var balance uint256.Int
	f.opSelfBalance(&balance)
	return !balance.Lt(value)
}

// present tells whether the fork's rules say that there is an account.
func (e *EVM) present(a state.Address) bool {
	if e.rules.emptyIsAbsent {
		return !e.st.Empty(a)
	}
	return e.st.Exists(a)
}

// opSelfdestruct does SELFDESTRUCT.
func (f *frame) opSelfdestruct(beneficiary state.Address) Exception {
	e := f.evm
	st := e.st
	if f.static {
		return DisallowedChange
	}
	if e.rules.accessLists && !f.accessAccount(beneficiary) && !f.charge(coldAccount) {
		return OutOfGas
	}
	st.Balance(f.self, &f.balance)
	balance := &f.balance
	if charge := e.rules.selfdestruct; charge == chargeAlways || charge == chargeWithBalance && !balance.IsZero() {
		if !e.present(beneficiary) && !f.charge(25000) {
			return OutOfGas
		}
	}
	if e.cfg.Qtum.SelfdestructTransfers {
		e.noteUnused(beneficiary)
		e.move(f.self, beneficiary, balance)
		e.kill(f.self)
		return none
	}
	st.SubBalance(f.self, balance)
	st.AddBalance(beneficiary, balance)
	if e.rules.onlyNewDie && !st.Created(f.self) {
		return none
	}
	if beneficiary == f.self {
		st.SubBalance(f.self, balance) // it is lost with the contract
	}
	e.kill(f.self)
	return none
}

func (e *EVM) kill(a state.Address) {
	if e.st.Kill(a) && e.schedule.SelfdestructRefund != 0 {
		e.st.AddRefund(e.schedule.SelfdestructRefund)
	}
}

// accessAccount notes an access to an account and tells whether it is warm. A precompiled
// contract always is.
func (f *frame) accessAccount(a state.Address) (warm bool) {
	if f.evm.cfg.Qtum.FrameAccess {
		warm = f.warm.account(a)
	} else {
		warm = f.evm.st.AccessAddress(a)
	}
	return warm || f.evm.contract.At((*[20]byte)(&a)) != nil
}

// accessSlot notes an access to a slot of the frame's account and tells whether it is warm.
func (f *frame) accessSlot(key *uint256.Int) (warm bool) {
	if f.evm.cfg.Qtum.FrameAccess {
		return f.warm.slot(key)
	}
	return f.evm.st.AccessSlot(f.self, key)
}
