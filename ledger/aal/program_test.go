package aal

import (
	"encoding/hex"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/params"
	"spacechain/ledger/view"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// Instructions of the programs in these tests.
const (
	opAdd          = 0x01
	opCaller       = 0x33
	opCallData     = 0x35
	opCopyCode     = 0x39
	opExtCodeHash  = 0x3f
	opPop          = 0x50
	opMStore       = 0x52
	opSStore       = 0x55
	opJumpIf       = 0x57
	opJumpDest     = 0x5b
	opTLoad        = 0x5c
	opTStore       = 0x5d
	opDup1         = 0x80
	opLog0         = 0xa0
	opCallAccount  = 0xf1
	opReturn       = 0xf3
	opRevert       = 0xfd
	opInvalid      = 0xfe
	opSelfDestruct = 0xff
)

// program is code: an int of at most 0xff is an instruction, an Address, a uint64 and
// bytes are pushed.
func program(parts ...any) []byte {
	var out []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			out = append(out, byte(p))
		case uint64:
			b := uint256.NewInt(p).Bytes()
			if len(b) == 0 {
				b = []byte{0}
			}
			out = append(append(out, 0x5f+byte(len(b))), b...)
		case Address:
			out = append(append(out, 0x73), p[:]...)
		case []byte:
			out = append(append(out, 0x5f+byte(len(p))), p...)
		}
	}
	return out
}

// then puts code behind code.
func then(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// pay is a call of to with value, whose success is dropped.
func pay(to Address, value uint64) []byte {
	return program(uint64(0), uint64(0), uint64(0), uint64(0), value, to, uint64(100_000), opCallAccount, opPop)
}

// initOf is init code that deploys code, of less than 256 bytes.
func initOf(code []byte) []byte {
	head := program(uint64(len(code)), uint64(12), uint64(0), opCopyCode, uint64(len(code)), uint64(0), opReturn)
	return append(head, code...)
}

// stage is a machine with contracts, on a network where all forks hold.
type stage struct {
	*Machine
	t testing.TB
}

var (
	author = Address{0: 0xaa}
	alice  = Address{0: 0xa1}
	bob    = Address{0: 0xb0}
)

func newStage(t testing.TB, contracts map[Address][]byte) *stage {
	t.Helper()
	s := &stage{Machine: New(view.Empty{}), t: t}
	p := params.Regtest()
	s.Env = Env{Params: p, Height: 10, Time: 1_600_000_000, Bits: 0x207fffff, Author: author,
		GasLimit: 40_000_000, Schedule: BaseSchedule(p, 10)}
	for a, code := range contracts {
		s.deploy(&params.Contract{Address: a, Code: code})
	}
	return s
}

// fund gives a contract value, and a coin of it.
func (s *stage) fund(a Address, value uint64) {
	s.st.BeginTx()
	s.st.AddBalance(a, uint256.NewInt(value))
	s.st.EndTx(true)
	s.book.set(a, Coin{TxID: [32]byte{0: 0xf0}, Value: *uint256.NewInt(value), alive: true})
	s.book.take()
}

// give makes the book have a coin of an address, with no account to it.
func (s *stage) give(a Address, value uint64) {
	s.book.set(a, Coin{TxID: [32]byte{0: 0xf1}, Value: *uint256.NewInt(value), alive: true})
	s.book.take()
}

// call is an execution that calls to, from alice.
func call(to Address, value int64, data ...byte) Execution {
	if len(data) == 0 {
		data = []byte{0}
	}
	return Execution{To: to, Data: data, Value: value, GasLimit: 1_000_000, GasPrice: 40, Version: VersionEVM,
		Sender: alice, RefundSender: bob, TxID: [32]byte{0: 0x77}}
}

// create is an execution that runs init code, from alice.
func create(init []byte) Execution {
	e := call(Address{}, 0)
	e.Create, e.Data = true, init
	return e
}

// do runs executions as the outputs of one transaction.
func (s *stage) do(execs ...Execution) *TxResult {
	s.t.Helper()
	for i := range execs {
		execs[i].Vout = uint32(i)
	}
	out, err := s.Execute(execs)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *stage) coin(a Address) uint64 {
	if e := s.book.entry(a); e.held {
		return e.coin.Value.Uint64()
	}
	return 0
}

func (s *stage) balance(a Address) uint64 {
	var v uint256.Int
	s.st.Balance(a, &v)
	return v.Uint64()
}

func (s *stage) slot(a Address, key uint64) uint64 {
	var v uint256.Int
	s.st.Storage(a, uint256.NewInt(key), &v)
	return v.Uint64()
}

// reopened is the stage of the next block, on what the block of s came to.
func reopened(s *stage, out *Outcome) *stage {
	store := view.NewOverlay(view.Empty{})
	store.Apply(out.Changes)
	next := &stage{Machine: New(store), t: s.t}
	next.Env = s.Env
	return next
}
