// Package state is the ledger's accounts during the execution of a block: a journaled
// cache over a view.Reader that hands out balances, nonces, code and storage, undoes
// what a failed call frame did, and at the end gives the account trie's new root
// together with the changes of the stored keys.
//
// Three levels of time meet here. A snapshot (Snapshot, RevertTo) undoes within one
// execution. An execution (BeginTx … EndTx, or DiscardTx) is an Ethereum transaction, or
// one contract output of a Qtum transaction: at its end killed accounts are gone and
// OriginalStorage is what the storage has become. A block is all the executions between
// New and Commit; hashing happens only in Commit and Root.
//
// The package serves two sets of rules and decides between them nowhere: the caller
// (ledger/evm, ledger/aal) asks for what its rules say. Where Qtum's interpreter inherits
// a behaviour from aleth that can be seen in the chain (Qtum Core 27.1 State.cpp,
// qtumstate.cpp), the method that mirrors it says so.
//
// Reads that fail make the State's error sticky: methods go on and answer with zero
// values, and Err, Root and Commit tell. A State is not safe for concurrent use.
package state

import (
	"encoding/hex"
	"fmt"

	"github.com/holiman/uint256"

	"spacechain/ledger/view"
)

// Address is the 20 bytes that name an account.
type Address [20]byte

// String gives the address in lower-case hex with 0x before it.
func (a Address) String() string { return "0x" + hex.EncodeToString(a[:]) }

// Hash is 32 bytes in natural order, most often a Keccak-256.
type Hash [32]byte

// String gives the hash in lower-case hex with 0x before it.
func (h Hash) String() string { return "0x" + hex.EncodeToString(h[:]) }

// ripemd is the account whose touch no failing call takes back (EIP-716 discussion:
// Ethereum's block 2675119; aleth's unrevertableTouch).
var ripemd = Address{19: 3}

// State is the accounts of one block under execution.
type State struct {
	over     *view.Overlay // the parent state and what flush has written on it
	reader   view.Reader
	accounts map[Address]*account
	last     *account // the account asked for last

	tx      uint32 // number of the execution
	journal []entry
	undone  sideLists

	touched []*account // changed in this execution, in order
	killed  []*account // marked by Kill in this execution, in order
	removed []*account // marked by Remove in this execution
	dirty   []*account // changed since the last flush

	balanceLog []BalanceChange
	logs       []Log
	refund     int64
	transient  map[slotName]uint256.Int

	hash          hasher
	ripemdTouched bool
	slab          []slot
	slabSize      int               // of the slab last made
	key           [1 + 20 + 32]byte // scratch for flat keys
	err           error
}

type slotName struct {
	addr Address
	key  uint256.Int
}

// Log is an entry that a contract wrote with LOG0 … LOG4.
type Log struct {
	Address Address
	Topics  []Hash
	Data    []byte
}

// New gives the State of a block that builds on r.
func New(r view.Reader) *State {
	return &State{
		over:      view.NewOverlay(r),
		reader:    r,
		accounts:  map[Address]*account{},
		transient: map[slotName]uint256.Int{},
		tx:        1,
		hash:      newHasher(),
	}
}

// Err is the first error that reading the parent state gave, if any. What a State
// answers after an error means nothing.
func (s *State) Err() error { return s.err }

func (s *State) fail(doing string, err error) {
	if s.err == nil {
		s.err = fmt.Errorf("state: %s: %w", doing, err)
	}
}

// account gives the cached account of an address; absent accounts have one too.
func (s *State) account(a Address) *account {
	if s.last != nil && s.last.addr == a {
		return s.last
	}
	acc, ok := s.accounts[a]
	if !ok {
		acc = s.load(a)
	}
	s.last = acc
	return acc
}

// Exists tells whether the account is in the state, even if it is empty. An account that
// Kill or Remove marked is in the state until EndTx (aleth's addressInUse).
func (s *State) Exists(a Address) bool { return s.account(a).exists }

// Alive tells whether the account is in the state and Remove has not marked it.
func (s *State) Alive(a Address) bool {
	acc := s.account(a)
	return acc.exists && !acc.removed
}

// Empty tells whether the account has no nonce, balance and code, or is not in the
// state at all (EIP-161).
func (s *State) Empty(a Address) bool { return s.account(a).empty() }

// Balance writes the account's balance to out: zero for an account not in the state.
func (s *State) Balance(a Address, out *uint256.Int) { *out = s.account(a).balance }

// Nonce is the account's nonce: zero for an account not in the state.
func (s *State) Nonce(a Address) uint64 { return s.account(a).nonce }

// CodeHash is the Keccak-256 of the account's code, EmptyCodeHash if it has none, and
// the zero Hash if the account is not in the state.
func (s *State) CodeHash(a Address) Hash {
	acc := s.account(a)
	if !acc.exists {
		return Hash{}
	}
	return acc.codeHash
}

// Code is the account's code, nil if it has none. It must not be changed.
func (s *State) Code(a Address) []byte { return s.code(s.account(a)) }

// CodeSize is the length of the account's code in bytes.
func (s *State) CodeSize(a Address) int { return len(s.code(s.account(a))) }

// HasCode tells whether the account has code, without reading it.
func (s *State) HasCode(a Address) bool { return s.account(a).codeHash != EmptyCodeHash }

// touch notes that this execution changes the account. Reverting takes it back.
func (s *State) touch(acc *account) {
	if acc.touchedTx == s.tx {
		return
	}
	acc.touchedTx = s.tx
	s.touched = append(s.touched, acc)
	s.journal = append(s.journal, entry{kind: undoTouch, acc: acc})
}

// Touch marks the account as changed, so that EndTx removes it if it is empty then.
// Reverting takes the mark back, except from the account of the RIPEMD-160 precompile.
func (s *State) Touch(a Address) {
	acc := s.account(a)
	s.touch(acc)
	if a == ripemd {
		s.ripemdTouched = true
	}
}

// CreateAccount puts an account without nonce, balance, code and storage into the state
// if there is none at the address.
func (s *State) CreateAccount(a Address) { s.create(s.account(a)) }

func (s *State) create(acc *account) {
	if acc.exists {
		return
	}
	s.touch(acc)
	s.journal = append(s.journal, entry{kind: undoCreate, acc: acc})
	acc.exists = true
}

// CreateContract makes the address one at which this execution creates a contract: the
// account comes into being if it does not exist, keeps its balance, and loses whatever
// storage it had. Created tells of it afterwards.
func (s *State) CreateContract(a Address) {
	acc := s.account(a)
	s.create(acc)
	s.touch(acc)
	if acc.createdTx != s.tx {
		s.journal = append(s.journal, entry{kind: undoContract, acc: acc, old: uint64(acc.createdTx)})
		acc.createdTx = s.tx
	}
	s.clearStorage(acc)
}

// Created tells whether CreateContract was called for the address in this execution
// and not reverted (EIP-6780).
func (s *State) Created(a Address) bool { return s.account(a).createdTx == s.tx }

// AddBalance adds amount to the account's balance modulo 2^256, creating the account if
// it does not exist. An amount of zero creates and touches as well.
func (s *State) AddBalance(a Address, amount *uint256.Int) {
	acc := s.account(a)
	s.create(acc)
	s.touch(acc)
	if a == ripemd && amount.IsZero() {
		s.ripemdTouched = true
	}
	s.addBalance(acc, amount)
}

// SubBalance subtracts amount from the account's balance and tells whether there was as
// much; if not, nothing changes. An amount of zero is no change and touches nothing.
func (s *State) SubBalance(a Address, amount *uint256.Int) bool {
	if amount.IsZero() {
		return true
	}
	acc := s.account(a)
	if acc.balance.Lt(amount) {
		return false
	}
	var delta uint256.Int
	s.touch(acc)
	s.addBalance(acc, delta.Neg(amount))
	return true
}

// SetBalance gives the account a balance, creating it if it does not exist.
func (s *State) SetBalance(a Address, balance *uint256.Int) {
	acc := s.account(a)
	var delta uint256.Int
	delta.Sub(balance, &acc.balance)
	s.AddBalance(a, &delta)
}

// addBalance is the one place where a balance changes.
func (s *State) addBalance(acc *account, delta *uint256.Int) {
	if delta.IsZero() {
		return
	}
	s.journal = append(s.journal, entry{kind: undoBalance, acc: acc, value: acc.balance})
	acc.balance.Add(&acc.balance, delta)
	s.balanceLog = append(s.balanceLog, BalanceChange{Address: acc.addr, Delta: *delta})
}

// SetNonce gives the account a nonce, creating it if it does not exist.
func (s *State) SetNonce(a Address, nonce uint64) {
	acc := s.account(a)
	s.create(acc)
	s.touch(acc)
	s.journal = append(s.journal, entry{kind: undoNonce, acc: acc, old: acc.nonce})
	acc.nonce = nonce
}

// SetCode gives the account code, creating it if it does not exist. The State keeps code;
// it must not be changed afterwards.
func (s *State) SetCode(a Address, code []byte) {
	acc := s.account(a)
	s.create(acc)
	s.touch(acc)
	s.journal = append(s.journal, entry{kind: undoCode, acc: acc, old: uint64(len(s.undone.codes))})
	s.undone.codes = append(s.undone.codes, oldCode{acc.codeHash, acc.code})
	acc.codeHash, acc.code, acc.newCode = s.hash.code(code), code, true
}

// Kill marks the account as destroyed by SELFDESTRUCT and tells whether this execution
// had not marked it before. The account goes on as it is until EndTx or ApplyKills.
// Reverting takes the mark back. What becomes of the balance is the caller's business.
func (s *State) Kill(a Address) bool {
	acc := s.account(a)
	if acc.killedTx == s.tx {
		return false
	}
	s.touch(acc)
	acc.killedTx = s.tx
	s.killed = append(s.killed, acc)
	s.journal = append(s.journal, entry{kind: undoKill, acc: acc})
	return true
}

// Killed tells whether Kill marked the account in this execution.
func (s *State) Killed(a Address) bool { return s.account(a).killedTx == s.tx }

// Kills is the number of accounts that Kill has marked in this execution.
func (s *State) Kills() int { return len(s.killed) }

// ApplyKills calls Remove for every account that Kill has marked in this execution.
func (s *State) ApplyKills() {
	for _, acc := range s.killed {
		s.remove(acc)
	}
}

// Remove makes EndTx take the account out of the state, at once and without a journal
// entry: RevertTo does not take it back, unless it undoes the account's creation. Until
// EndTx the account can still be read, but is not Alive. It is what Qtum's state does
// with self-destructed accounts when an execution is over, and with those that may hold
// no balance: sender, block author and receivers not in use (Qtum Core 27.1
// qtumstate.cpp: deleteAccounts, Account::kill).
func (s *State) Remove(a Address) { s.remove(s.account(a)) }

func (s *State) remove(acc *account) {
	if !acc.exists || acc.removed {
		return
	}
	acc.removed = true
	s.removed = append(s.removed, acc)
}

// AddRefund changes the refund counter by gas, which may be negative. Reverting takes it
// back, BeginTx makes it zero.
func (s *State) AddRefund(gas int64) {
	s.journal = append(s.journal, entry{kind: undoRefund, old: uint64(s.refund)})
	s.refund += gas
}

// Refund is the refund counter, in gas.
func (s *State) Refund() int64 { return s.refund }

// AddLog notes a log entry, whose slices the State keeps. Reverting takes it back.
func (s *State) AddLog(l Log) {
	s.journal = append(s.journal, entry{kind: undoLog})
	s.logs = append(s.logs, l)
}

// Logs are the log entries since BeginTx, in order. The slice is valid until BeginTx.
func (s *State) Logs() []Log { return s.logs }
