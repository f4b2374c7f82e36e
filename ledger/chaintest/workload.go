package chaintest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// Workload makes random contract transactions: robots that call, create and destroy each
// other, contracts of random code, payments to every kind of address, executions that
// fail in every way. It follows from its seed.
type Workload struct {
	c         *Chain
	rand      *rand.Rand
	senders   []*Key
	contracts []Address
	strangers []Address // addresses without code
}

// NewWorkload starts a workload on c, paid for by senders of its own; Fund lets them.
func NewWorkload(c *Chain, seed uint64) *Workload {
	w := &Workload{c: c, rand: rand.New(rand.NewPCG(seed, 0xf0220))}
	for i := range 4 {
		w.senders = append(w.senders, c.Key(fmt.Sprintf("sender %d", i)))
	}
	for i := range 3 {
		w.strangers = append(w.strangers, c.Key(fmt.Sprintf("stranger %d", i)).Hash)
	}
	w.strangers = append(w.strangers, Address{}, Address{19: 0x86}, Address{19: 0x80}, Address{19: 0x84})
	for i := range 12 {
		w.strangers = append(w.strangers, Address{19: byte(i)})
	}
	w.strangers = append(w.strangers, Address{19: 0x85}, c.Miner.Hash)
	for _, k := range w.senders {
		w.strangers = append(w.strangers, k.Hash)
	}
	return w
}

// Fund queues payments from the miner to the senders, and the first contracts.
func (w *Workload) Fund() {
	w.c.T.Helper()
	for i, k := range w.senders {
		kind := []Kind{PubKeyHash, PubKey}[i%2]
		var pays []Pay
		for range 5 {
			pays = append(pays, To(k, kind, 40e8))
		}
		w.c.Pay(w.c.Miner, pays...)
	}
	for range 3 {
		w.contracts = append(w.contracts, w.c.Deploy(Robot))
	}
}

// Queue queues n random transactions.
func (w *Workload) Queue(n int) {
	w.c.T.Helper()
	for range n {
		var actions []Action
		for range 1 + w.few(4) {
			actions = append(actions, w.action())
		}
		sender := w.senders[w.rand.IntN(len(w.senders))]
		for i, at := range w.c.Run(sender, actions...) {
			if actions[i].To == nil && w.rand.IntN(4) > 0 {
				w.contracts = append(w.contracts, at)
			}
		}
	}
	// Old contracts are forgotten so that new ones, dead ones among them, are called.
	if n := len(w.contracts); n > 40 {
		w.contracts = w.contracts[n-40:]
	}
}

// few is 0 half of the time, up to n-1 seldom.
func (w *Workload) few(n int) int {
	for i := range n {
		if w.rand.IntN(2) == 0 {
			return i
		}
	}
	return n - 1
}

// one tells true once in n times.
func (w *Workload) one(n int) bool { return w.rand.IntN(n) == 0 }

func (w *Workload) contract() Address { return w.contracts[w.rand.IntN(len(w.contracts))] }

func (w *Workload) address() Address {
	if w.one(3) {
		return w.strangers[w.rand.IntN(len(w.strangers))]
	}
	return w.contract()
}

func (w *Workload) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.rand.Uint32())
	}
	return b
}

func (w *Workload) action() Action {
	a := Action{
		GasLimit: 10_000 + uint64(w.rand.IntN(700_000)),
		GasPrice: 40 + uint64(w.few(30)),
		Data:     w.steps(3),
	}
	if w.one(20) {
		a.GasLimit = 10_000 + uint64(w.rand.IntN(60_000))
	}
	if w.one(2) {
		a.Value = int64(w.rand.IntN(2000))
	}
	if w.one(6) {
		a.Sender = w.senders[w.rand.IntN(len(w.senders))]
	}
	switch {
	case w.one(5):
		a.Data = w.initCode(2)
		a.GasLimit += 400_000
		if !w.one(8) {
			a.Value = 0
		}
	case w.one(8):
		to := w.address()
		a.To = &to
		if w.one(3) {
			a.Data = w.bytes(1 + w.rand.IntN(200))
		}
	default:
		to := w.contract()
		a.To = &to
	}
	return a
}

// steps is a random program for a Robot, whose calls hold programs themselves.
func (w *Workload) steps(depth int) []byte {
	var list []Step
	for range 1 + w.few(6) {
		list = append(list, w.step(depth))
	}
	return Steps(list...)
}

func (w *Workload) step(depth int) Step {
	s := Step{Op: byte(1 + w.rand.IntN(17)), Address: w.address(), A: uint64(w.rand.IntN(8)), B: uint64(w.few(40))}
	switch s.Op {
	case OpDie, OpRevert, OpInvalid, OpReturn:
		if !w.one(4) {
			s.Op = OpCall
		}
	}
	switch s.Op {
	case OpCall, OpCallCode, OpDelegate, OpStatic:
		s.A = []uint64{0, 700, 2300, 10_000, 60_000, 200_000, 1_000_000}[w.rand.IntN(7)]
		if depth > 0 {
			s.Data = w.steps(depth - 1)
		}
		if w.one(5) {
			s.Data = w.bytes(w.rand.IntN(300))
		}
	case OpCreate, OpCreate2:
		if !w.one(6) {
			s.B = 0
		}
		s.Data = w.initCode(depth - 1)
	case OpLog, OpReturn, OpRevert:
		s.Data = w.bytes(w.few(80))
	case OpTLoad:
		s.A, s.B = uint64(w.rand.IntN(4)), 64+uint64(w.rand.IntN(8))
	case OpTStore:
		s.A = uint64(w.rand.IntN(4))
	case OpStore:
		s.B = uint64(w.few(3))
	}
	return s
}

// initCode is random init code: of robots, of random programs, wrong in every way.
func (w *Workload) initCode(depth int) []byte {
	switch w.rand.IntN(12) {
	case 0:
		return Init(w.program(20 + w.rand.IntN(100)))
	case 1:
		return w.program(5 + w.rand.IntN(80)) // whatever it returns becomes code
	case 2:
		return Init(append([]byte{0xef}, w.bytes(3)...))
	case 3:
		return Init(nil)
	case 4:
		return append(Push([]byte{byte(w.rand.Uint32())}), opcodes["SELFDESTRUCT"])
	case 5:
		return Asm(fmt.Sprintf("%d %d RETURN", 20_000+w.rand.IntN(8000), w.rand.IntN(99)))
	case 6:
		return Init([][]byte{Counter, Vault, Splitter, Mortal, Refuser, Factory}[w.rand.IntN(6)])
	case 7:
		// A constructor that stores, calls and then deploys.
		to := w.address()
		head := append(Asm("7 3 SSTORE 0 0 0 0 0"), Push(to[:])...)
		head = append(head, Asm("GAS CALL 4 SSTORE")...)
		body := Init(Mortal)
		body[6] += byte(len(head)) // where the runtime begins
		return append(head, body...)
	case 8:
		return w.bytes(1 + w.rand.IntN(40))
	}
	return Init(Robot)
}

// program is random code in which most opcodes find the operands that they need.
func (w *Workload) program(n int) []byte {
	var code []byte
	push := func(v uint64) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], v)
		i := 0
		for i < 7 && b[i] == 0 {
			i++
		}
		code = append(code, Push(b[i:])...)
	}
	for range 4 {
		push(uint64(w.rand.IntN(40)))
	}
	for len(code) < n {
		switch w.rand.IntN(8) {
		case 0, 1:
			push(uint64(w.few(300)))
		case 2: // arithmetic on what is there
			code = append(code, byte(1+w.rand.IntN(0x0b)))
		case 3:
			code = append(code, byte(0x10+w.rand.IntN(0x0e)))
		case 4: // the environment
			code = append(code, [...]byte{0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43,
				0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x58, 0x59, 0x5a, 0x5f}[w.rand.IntN(21)])
			if w.one(3) {
				push(uint64(w.rand.IntN(6)))
				code = append(code, opcodes["SSTORE"])
			}
		case 5: // memory and storage
			push(uint64(w.rand.IntN(100)))
			push(uint64(w.rand.IntN(64)))
			code = append(code, [...]byte{0x52, 0x53, 0x55, 0x55, 0x5d, 0x20}[w.rand.IntN(6)])
		case 6:
			push(uint64(w.rand.IntN(8)))
			code = append(code, [...]byte{0x35, 0x40, 0x49, 0x51, 0x54, 0x5c, 0x31, 0x3b, 0x3f}[w.rand.IntN(9)])
			if w.one(2) {
				push(uint64(w.rand.IntN(6)))
				code = append(code, opcodes["SSTORE"])
			}
		case 7: // anything
			a := w.address()
			switch w.rand.IntN(5) {
			case 0:
				code = append(code, byte(w.rand.Uint32()))
			case 1: // DUPs and SWAPs
				code = append(code, byte(0x80+w.rand.IntN(4)+16*w.rand.IntN(2)))
			case 2: // a call
				for range 4 {
					push(uint64(w.rand.IntN(64)))
				}
				push(uint64(w.few(5)))
				code = append(code, Push(a[:])...)
				push([]uint64{0, 2300, 30_000, 100_000}[w.rand.IntN(4)])
				code = append(code, opcodes["CALL"])
			case 3: // copies
				push(uint64(w.rand.IntN(70)))
				push(uint64(w.rand.IntN(70)))
				push(uint64(w.rand.IntN(70)))
				code = append(code, [...]byte{0x37, 0x39, 0x3e, 0x5e}[w.rand.IntN(4)])
			case 4: // a jump forward over one byte
				push(uint64(w.rand.IntN(2)))
				push(uint64(len(code) + 5))
				code = append(code, opcodes["JUMPI"], opcodes["INVALID"], opcodes["JUMPDEST"])
			}
		}
	}
	switch w.rand.IntN(6) {
	case 0:
		code = append(code, Asm("64 0 RETURN")...)
	case 1:
		code = append(code, Asm("32 0 REVERT")...)
	case 2:
		a := w.address()
		code = append(append(code, Push(a[:])...), opcodes["SELFDESTRUCT"])
	}
	return code
}
