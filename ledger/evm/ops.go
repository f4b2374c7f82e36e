package evm

import (
	"github.com/holiman/uint256"

	"spacechain/ledger/state"
)

// The instructions that are too long for run's switch. Their operands are at and above the
// height they get, the topmost operand highest, unless they say otherwise.

// opExp does EXP of base to y, which takes the result.
func (f *frame) opExp(base, y *uint256.Int) Exception {
	if !f.charge(f.evm.rules.expByte * int64(y.ByteLen())) {
		return OutOfGas
	}
	y.Exp(base, y)
	return none
}

// opReturn does RETURN and what REVERT shares with it: it gives a piece of memory. The
// operands are below height.
func (f *frame) opReturn(height int) ([]byte, Exception) {
	at, size := &f.stack[height-1], &f.stack[height-2]
	if exc := f.grow(at, size); exc != none {
		return nil, exc
	}
	return f.piece(at, size), none
}

// opKeccak does KECCAK256; its result takes the place below height.
func (f *frame) opKeccak(height int) Exception {
	at, size := &f.stack[height], &f.stack[height-1]
	if exc := f.grow(at, size); exc != none {
		return exc
	}
	if !f.charge(6 * words(size[0])) {
		return OutOfGas
	}
	k := f.evm.keccak
	k.Reset()
	k.Write(f.piece(at, size))
	k.Read(f.evm.digest[:])
	loadWord(size, f.evm.digest[:])
	return none
}

// opCopy does CALLDATACOPY and CODECOPY of src.
func (f *frame) opCopy(height int, src []byte) Exception {
	at, from, size := &f.stack[height+2], &f.stack[height+1], &f.stack[height]
	if exc := f.grow(at, size); exc != none {
		return exc
	}
	if !f.charge(3 * words(size[0])) {
		return OutOfGas
	}
	fill(f.piece(at, size), src, from)
	return none
}

// opReturnDataCopy does RETURNDATACOPY, which must not read beyond the data (EIP-211).
func (f *frame) opReturnDataCopy(height int) Exception {
	at, from, size := &f.stack[height+2], &f.stack[height+1], &f.stack[height]
	have := uint64(len(f.returned))
	if !from.IsUint64() || from[0] > have || !size.IsUint64() || size[0] > have-from[0] {
		return BufferOverrun
	}
	if exc := f.grow(at, size); exc != none {
		return exc
	}
	if !f.charge(3 * words(size[0])) {
		return OutOfGas
	}
	copy(f.piece(at, size), f.returned[from[0]:])
	return none
}

// opMcopy does MCOPY (EIP-5656).
func (f *frame) opMcopy(height int) Exception {
	to, from, size := &f.stack[height+2], &f.stack[height+1], &f.stack[height]
	furthest := to
	if furthest.Lt(from) {
		furthest = from
	}
	if exc := f.grow(furthest, size); exc != none {
		return exc
	}
	if !f.charge(3 * words(size[0])) {
		return OutOfGas
	}
	copy(f.piece(to, size), f.piece(from, size))
	return none
}

// chargeAccount charges what an access to a cold account costs more than to a warm one.
func (f *frame) chargeAccount(a state.Address) Exception {
	if f.evm.rules.accessLists && !f.accessAccount(a) && !f.charge(coldAccount-warmAccess) {
		return OutOfGas
	}
	return none
}

// opBalance does BALANCE.
func (f *frame) opBalance(height int) Exception {
	x := &f.stack[height-1]
	a := address(x)
	exc := f.chargeAccount(a)
	if exc == none {
		f.evm.st.Balance(a, x)
	}
	return exc
}

// opSelfBalance does SELFBALANCE.
func (f *frame) opSelfBalance(x *uint256.Int) {
	if f.evm.cfg.Qtum.FrameAccess {
		f.warm.account(f.self)
	}
	f.evm.st.Balance(f.self, x)
}

// opCodeOf does EXTCODESIZE and EXTCODEHASH. The hash of an account that is absent or empty
// is zero (EIP-1052).
func (f *frame) opCodeOf(op byte, height int) Exception {
	x := &f.stack[height-1]
	a := address(x)
	if exc := f.chargeAccount(a); exc != none {
		return exc
	}
	st := f.evm.st
	switch {
	case op == EXTCODESIZE:
		setWord(x, uint64(st.CodeSize(a)))
	case st.Empty(a):
		x.Clear()
	default:
		hash := st.CodeHash(a)
		loadWord(x, hash[:])
	}
	return none
}

// opExtCodeCopy does EXTCODECOPY, whose operands are below height.
func (f *frame) opExtCodeCopy(height int) Exception {
	a := address(&f.stack[height-1])
	at, from, size := &f.stack[height-2], &f.stack[height-3], &f.stack[height-4]
	if exc := f.grow(at, size); exc != none {
		return exc
	}
	if !f.charge(3 * words(size[0])) {
		return OutOfGas
	}
	if exc := f.chargeAccount(a); exc != none {
		return exc
	}
	if !size.IsZero() {
		fill(f.piece(at, size), f.evm.st.Code(a), from)
	}
	return none
}

// opBlockHash does BLOCKHASH: of the 256 blocks before this one.
func (f *frame) opBlockHash(x *uint256.Int) {
	b := &f.evm.cfg.Block
	if b.Hash == nil || !x.IsUint64() || x[0] >= b.Number || b.Number-x[0] > 256 {
		x.Clear()
		return
	}
	hash := b.Hash(x[0])
	loadWord(x, hash[:])
}

// opBlobHash does BLOBHASH.
func (f *frame) opBlobHash(x *uint256.Int) {
	hashes := f.evm.cfg.Tx.BlobHashes
	if !x.IsUint64() || x[0] >= uint64(len(hashes)) {
		x.Clear()
		return
	}
	loadWord(x, hashes[x[0]][:])
}

// opLog does LOG0 to LOG4.
func (f *frame) opLog(topics, height int) Exception {
	if f.static {
		return DisallowedChange
	}
	at, size := &f.stack[height+topics+1], &f.stack[height+topics]
	if exc := f.grow(at, size); exc != none {
		return exc
	}
	if !f.charge(8 * int64(size[0])) {
		return OutOfGas
	}
	l := state.Log{Address: f.self, Topics: f.evm.logs.hashes(topics), Data: f.evm.logs.bytes(f.piece(at, size))}
	for i := range l.Topics {
		l.Topics[i] = f.stack[height+topics-1-i].Bytes32()
	}
	f.evm.st.AddLog(l)
	return none
}

// logMemory is where log entries get their slices from, many out of one allocation. What
// is given is not used again.
type logMemory struct {
	topics []state.Hash
	data   []byte
}

// hashes gives room for n topics.
func (m *logMemory) hashes(n int) []state.Hash {
	if len(m.topics) < n {
		m.topics = make([]state.Hash, 64)
	}
	out := m.topics[:n:n]
	m.topics = m.topics[n:]
	return out
}

// bytes gives a copy of b, nil if b is empty.
func (m *logMemory) bytes(b []byte) []byte {
	n := len(b)
	if n == 0 {
		return nil
	}
	if n > 512 {
		return append([]byte(nil), b...)
	}
	if len(m.data) < n {
		m.data = make([]byte, 2048)
	}
	out := m.data[:n:n]
	m.data = m.data[n:]
	copy(out, b)
	return out
}

// opSload does SLOAD of the slot that x names.
func (f *frame) opSload(x *uint256.Int) Exception {
	e := f.evm
	if e.rules.accessLists {
		if !f.accessSlot(x) && !f.charge(coldSlot-warmAccess) {
			return OutOfGas
		}
		if e.cfg.Qtum.FrameAccess {
			f.warm.account(f.self)
		}
	}
	e.st.Storage(f.self, x, x)
	return none
}

// opSstore does SSTORE: gas by the fork's prices, refunds by the schedule's (EIP-2200 with
// the names of its clauses).
func (f *frame) opSstore(key, value *uint256.Int) Exception {
	e := f.evm
	st, r := e.st, e.rules
	if f.static {
		return DisallowedChange
	}
	if r.storageSentry && f.gas <= 2300 {
		return OutOfGas
	}
	if r.accessLists {
		if !f.accessSlot(key) {
			f.gas -= coldSlot
		}
		if e.cfg.Qtum.FrameAccess {
			f.warm.account(f.self)
		}
	}
	var current, original uint256.Int
	st.Storage(f.self, key, &current)
	price, refund := r.storage.warm, int64(0)
	switch {
	case !r.netStorage:
		price = r.storage.reset
		if current.IsZero() && !value.IsZero() {
			price = r.storage.set
		} else if !current.IsZero() && value.IsZero() {
			refund = e.schedule.StorageRefund
		}
	case current.Eq(value):
	default:
		st.OriginalStorage(f.self, key, &original)
		price, refund = e.netStorage(&original, &current, value)
	}
	if !f.charge(price) {
		return OutOfGas
	}
	if refund != 0 {
		st.AddRefund(refund)
	}
	if !current.Eq(value) {
		st.SetStorage(f.self, key, value)
	}
	return none
}

// netStorage gives price and refund of a slot that was original when the transaction began,
// is current and becomes value, which is not current (EIP-1283, EIP-2200).
func (e *EVM) netStorage(original, current, value *uint256.Int) (price, refund int64) {
	p, s := &e.rules.storage, &e.schedule
	if original.Eq(current) {
		switch {
		case current.IsZero():
			return p.set, 0
		case value.IsZero():
			return p.reset, s.StorageRefund
		}
		return p.reset, 0
	}
	if !original.IsZero() {
		if current.IsZero() {
			refund -= s.StorageRefund
		}
		if value.IsZero() {
			refund += s.StorageRefund
		}
	}
	if original.Eq(value) {
		if original.IsZero() {
			refund += s.StorageSet - s.StorageUnchanged
		} else {
			refund += s.StorageReset - s.StorageUnchanged
		}
	}
	return p.warm, refund
}

// opTload does TLOAD of the slot that x names.
func (f *frame) opTload(x *uint256.Int) {
	if f.evm.cfg.Qtum.FrameAccess {
		f.warm.account(f.self)
	}
	f.evm.st.Transient(f.self, x, x)
}

// opTstore does TSTORE.
func (f *frame) opTstore(key, value *uint256.Int) Exception {
	if f.static {
		return DisallowedChange
	}
	if f.evm.cfg.Qtum.FrameAccess {
		f.warm.account(f.self)
	}
	f.evm.st.SetTransient(f.self, key, value, !f.evm.cfg.Qtum.TransientStays)
	return none
}
