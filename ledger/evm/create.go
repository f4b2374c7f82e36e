package evm

import (
	"encoding/binary"

	"github.com/holiman/uint256"
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/state"
)

// create makes a contract at an address by running init in f, whose caller and value are
// set. If override is not nil and nothing is at either address, it is the contract's.
func (e *EVM) create(f *frame, at state.Address, override *state.Address, init []byte) ([]byte, Exception) {
	st := e.st
	nonce := st.Nonce(f.caller)
	if nonce+1 == 0 {
		return nil, NonceExhausted
	}
	st.SetNonce(f.caller, nonce+1)
	if e.rules.accessLists && !e.cfg.Qtum.FrameAccess {
		st.AccessAddress(at)
	}
	if st.HasCode(at) || st.Nonce(at) > 0 || !e.cfg.Qtum.StorageIsNoCollision && st.HasStorage(at) {
		f.gas = 0
		return nil, AddressUsed
	}
	before := st.Snapshot()
	if override != nil && !st.Exists(at) && !st.Exists(*override) {
		at = *override
	}
	f.self = at
	e.transfer(f, false)
	st.CreateContract(at)
	if e.rules.emptyIsAbsent {
		st.SetNonce(at, 1)
	}
	if len(init) == 0 {
		return nil, none
	}
	f.own.prepare(init, &e.rules.ops)
	f.code = &f.own
	e.begin(f)
	out, exc := f.run()
	if exc == none {
		exc = e.deploy(f, out)
	}
	if exc != none {
		st.RevertTo(before)
		if exc != Revert {
			f.gas = 0
			return nil, exc
		}
		return out, Revert
	}
	return nil, none
}

// deploy gives the contract its code and charges for that.
func (e *EVM) deploy(f *frame, code []byte) Exception {
	size := uint64(len(code))
	switch price := size * e.schedule.CreateData; {
	case size > e.schedule.MaxCodeSize:
		return CodeTooLarge
	case e.rules.noEFCode && size > 0 && code[0] == 0xef:
		return InvalidCode
	case price <= uint64(f.gas):
		f.gas -= int64(price)
	case e.rules.depositFails:
		return DepositUnpaid
	default:
		code = nil
	}
	e.st.SetCode(f.self, append([]byte(nil), code...))
	return none
}

// CreateAddress is where Ethereum puts a contract that an account creates by CREATE or a
// transaction: the end of the Keccak-256 of the RLP list of account and nonce.
func CreateAddress(creator state.Address, nonce uint64) state.Address {
	var b [32]byte
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], nonce)
	significant := n[:]
	for len(significant) > 0 && significant[0] == 0 {
		significant = significant[1:]
	}
	list := append(b[:1], 0x80+20)
	list = append(list, creator[:]...)
	if len(significant) == 1 && significant[0] < 0x80 {
		list = append(list, significant[0])
	} else {
		list = append(append(list, 0x80+byte(len(significant))), significant...)
	}
	list[0] = 0xc0 + byte(len(list)-1)
	hash := keccak(list)
	return state.Address(hash[12:])
}

// Create2Address is where CREATE2 puts a contract (EIP-1014).
func Create2Address(creator state.Address, salt [32]byte, init []byte) state.Address {
	hash := keccak(init)
	b := append(make([]byte, 0, 1+20+32+32), 0xff)
	b = append(append(append(b, creator[:]...), salt[:]...), hash[:]...)
	hash = keccak(b)
	return state.Address(hash[12:])
}

func keccak(b []byte) (h state.Hash) {
	k := sha3.NewLegacyKeccak256()
	k.Write(b)
	k.Sum(h[:0])
	return h
}

// opCreate does CREATE and CREATE2; see opCall.
func (f *frame) opCreate(op byte, height int) Exception {
	e := f.evm
	if f.static {
		return DisallowedChange
	}
	value, at, size := f.stack[height-1], &f.stack[height-2], &f.stack[height-3]
	f.height = height - 2
	result, perWord := size, int64(0)
	var salt uint256.Int
	if op == CREATE2 {
		result, perWord = &f.stack[height-4], 6
		salt = *result
		f.height--
	}
	f.returned = nil
	if exc := f.grow(at, size); exc != none {
		return exc
	}
	if e.rules.initCode {
		if size[0] > maxInitCode { // grow refuses more than a limb
			return OutOfGas
		}
		perWord += 2
	}
	if !f.charge(words(size[0]) * perWord) {
		return OutOfGas
	}
	if e.cfg.Qtum.NoCreateValue && !value.IsZero() {
		return CreateWithValue
	}
	init := f.piece(at, size)
	result.Clear()
	if f.depth >= depthLimit || !value.IsZero() && !f.hasBalance(&value) {
		return none
	}
	given := f.gas
	if e.rules.keepSixtyForth {
		given -= given / 64
	}
	f.gas -= given
	if e.cfg.Qtum.FrameAccess {
		f.warm.account(state.Address{}) // evmone's message has no receiver, and its host notes that
	}
	child := e.frame(f.depth + 1)
	child.gas, child.caller, child.value, child.static, child.input = given, f.self, value, false, nil
	var contract state.Address
	if op == CREATE2 {
		contract = Create2Address(f.self, salt.Bytes32(), init)
	} else {
		contract = CreateAddress(f.self, e.st.Nonce(f.self))
	}
	out, exc := e.create(child, contract, nil, init)
	f.gas += child.gas
	f.returned = out
	if exc == none {
		result.SetBytes20(contract[:])
	}
	return none
}
