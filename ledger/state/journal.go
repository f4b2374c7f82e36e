package state

import "github.com/holiman/uint256"

// entry tells how one change is taken back.
type entry struct {
	kind  undo
	old   uint64 // nonce, refund, mark, or index into a list of State.undone
	acc   *account
	slot  *slot
	value uint256.Int // balance or storage value
}

type undo uint8

const (
	undoTouch undo = iota
	undoCreate
	undoContract
	undoBalance
	undoNonce
	undoCode
	undoKill
	undoStorage
	undoClear
	undoRefund
	undoLog
	undoTransient
	undoWarmAccount
	undoWarmSlot
)

// sideLists hold what does not fit into an entry.
type sideLists struct {
	codes      []oldCode
	storages   []oldStorage
	transients []oldTransient
}

type oldCode struct {
	hash Hash
	code []byte
}

type oldStorage struct {
	slots   map[uint256.Int]*slot
	written []*slot
	wiped   bool
}

type oldTransient struct {
	name  slotName
	value uint256.Int
}

func (l *sideLists) reset() {
	clear(l.codes)
	clear(l.storages)
	l.codes, l.storages, l.transients = l.codes[:0], l.storages[:0], l.transients[:0]
}

// Snapshot names the state as it is now, for RevertTo.
func (s *State) Snapshot() int { return len(s.journal) }

// RevertTo takes back every change since Snapshot gave id.
func (s *State) RevertTo(id int) {
	for i := len(s.journal) - 1; i >= id; i-- {
		s.undo(&s.journal[i])
	}
	s.journal = s.journal[:id]
}

func (s *State) undo(e *entry) {
	acc := e.acc
	switch e.kind {
	case undoTouch:
		acc.touchedTx = 0
		s.touched = s.touched[:len(s.touched)-1]
	case undoCreate:
		acc.reset()
	case undoContract:
		acc.createdTx = uint32(e.old)
	case undoBalance:
		acc.balance = e.value
		if n := len(s.balanceLog); n > 0 {
			s.balanceLog = s.balanceLog[:n-1]
		}
	case undoNonce:
		acc.nonce = e.old
	case undoCode:
		old := s.undone.codes[e.old]
		s.undone.codes = s.undone.codes[:e.old]
		acc.codeHash, acc.code = old.hash, old.code
	case undoKill:
		acc.killedTx = 0
		s.killed = s.killed[:len(s.killed)-1]
	case undoStorage:
		e.slot.value = e.value
	case undoClear:
		old := s.undone.storages[e.old]
		s.undone.storages = s.undone.storages[:e.old]
		acc.slots, acc.written, acc.wiped = old.slots, old.written, old.wiped
	case undoRefund:
		s.refund = int64(e.old)
	case undoLog:
		s.logs = s.logs[:len(s.logs)-1]
	case undoTransient:
		old := s.undone.transients[e.old]
		s.undone.transients = s.undone.transients[:e.old]
		s.putTransient(old.name, &old.value)
	case undoWarmAccount:
		acc.warmTx = 0
	case undoWarmSlot:
		e.slot.warmTx = 0
	}
}

// BalanceChange is a change of a balance by Delta modulo 2^256.
type BalanceChange struct {
	Address Address
	Delta   uint256.Int
}

// BalanceLog lists the changes of balances that were made and not reverted, in order,
// and is what Qtum holds recorded transfers against (qtumstate.cpp:
// validateTransfersWithChangeLog). Its lifetime is that of aleth's m_changeLog: EndTx
// empties it, and neither BeginTx nor DiscardTx does, so what an execution that ended in
// an exception had not reverted still stands before the entries of the next one.
// The slice is valid until the next change.
func (s *State) BalanceLog() []BalanceChange { return s.balanceLog }

// ClearBalanceLog empties the BalanceLog, as a view run that ends without an exception
// does. Within an execution it may be called only when no snapshot from before this
// point will be reverted to.
func (s *State) ClearBalanceLog() { s.balanceLog = s.balanceLog[:0] }

// BeginTx begins an execution: the refund counter is zero, no log was written, nothing
// was accessed, created, killed or touched yet, and OriginalStorage is the storage as
// it is. Transient storage is left as it is; see ClearTransient. An execution that was
// neither ended nor discarded is discarded.
func (s *State) BeginTx() {
	s.DiscardTx()
	s.logs = s.logs[:0:0] // who took Logs keeps it
	s.refund = 0
}

// EndTx ends an execution and keeps what it did, as aleth's State::commit does: accounts
// that Kill or Remove marked leave the state, and, if removeEmpty, so does every account
// that the execution changed and that is empty (EIP-158).
func (s *State) EndTx(removeEmpty bool) {
	s.ApplyKills()
	if removeEmpty {
		for _, acc := range s.touched {
			if acc.exists && acc.empty() {
				s.remove(acc)
			}
		}
		if s.ripemdTouched {
			if acc := s.account(ripemd); acc.exists && acc.empty() {
				s.remove(acc)
			}
		}
	}
	for _, acc := range s.touched {
		s.markDirty(acc)
	}
	for _, acc := range s.removed {
		if acc.removed {
			s.markDirty(acc)
			acc.reset()
			acc.slots, acc.written, acc.wiped = nil, nil, true
		}
	}
	s.nextTx()
	s.balanceLog = s.balanceLog[:0]
}

// DiscardTx ends an execution and takes back what it did, as clearing aleth's m_cache
// does. Logs, refund counter and BalanceLog stay as RevertTo left them, and so does
// transient storage that is not journaled.
func (s *State) DiscardTx() {
	for _, acc := range s.removed {
		acc.removed = false
	}
	logs, refund, balances := s.logs, s.refund, len(s.balanceLog)
	s.RevertTo(0)
	s.logs, s.refund, s.balanceLog = logs, refund, s.balanceLog[:balances]
	s.nextTx()
}

func (s *State) nextTx() {
	s.journal = s.journal[:0]
	s.undone.reset()
	s.touched, s.killed, s.removed = s.touched[:0], s.killed[:0], s.removed[:0]
	s.ripemdTouched = false
	s.tx++
}

func (s *State) markDirty(acc *account) {
	if !acc.dirty {
		acc.dirty = true
		s.dirty = append(s.dirty, acc)
	}
}
