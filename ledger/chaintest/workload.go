package chaintest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"
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
		tx := w.c.Queue(w.transaction(sender, actions))
		for i, out := range tx.TxOut {
			if n := len(out.PkScript); out.PkScript[n-1] == opCreate && !w.one(4) {
				w.contracts = append(w.contracts, ContractAddress(tx.TxHash(), uint32(i)))
			}
		}
	}
	// Old contracts are forgotten so that new ones, dead ones among them, are called.
	if n := len(w.contracts); n > 40 {
		w.contracts = w.contracts[n-40:]
	}
}

// transaction makes a transaction of actions: of one coin or several, which may be change
// of one that waits or dust that contracts paid, with its outputs in any order.
func (w *Workload) transaction(sender *Key, actions []Action) *btcwire.MsgTx {
	w.c.T.Helper()
	need := int64(PlainFee)
	for _, a := range actions {
		need += a.Value + a.fee()
	}
	coins := []Coin{w.c.coin(sender, need, PubKeyHash, PubKey)}
	for _, coin := range w.c.Coins(sender, PubKeyHash, PubKey) {
		if coin.OutPoint != coins[0].OutPoint && coin.Value < 1e6 && w.one(2) && len(coins) < 6 {
			coins = append(coins, coin)
		}
	}
	var in int64
	for _, coin := range coins {
		in += coin.Value
	}
	tx := btcwire.NewMsgTx(int32(1 + w.rand.IntN(2)))
	for _, coin := range coins {
		tx.AddTxIn(btcwire.NewTxIn(&coin.OutPoint, nil, nil))
	}
	order := w.rand.Perm(len(actions) + 1)
	if w.one(2) {
		slices.Sort(order) // the change last
	}
	for _, i := range order {
		if i == len(actions) {
			tx.AddTxOut(btcwire.NewTxOut(in-need, sender.Script(PubKeyHash)))
		} else {
			tx.AddTxOut(btcwire.NewTxOut(actions[i].Value, actions[i].Script(nil)))
		}
	}
	for n, i := range order {
		if i < len(actions) && actions[i].Sender != nil {
			kind := [...]uint32{1, 2, 3, 0x81, 0x82, 0x83, 1, 1}[w.rand.IntN(8)]
			tx.TxOut[n].PkScript = actions[i].Script(senderSig(tx, n, actions[i].Sender, kind))
		}
	}
	for i := range coins {
		signInput(tx, i, coins)
	}
	return tx
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
	switch {
	case w.one(20):
		a.GasLimit = 10_000 + uint64(w.rand.IntN(60_000))
	case w.one(25):
		a.GasLimit += 5_500_000
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
	case w.one(30):
		a.To = &w.c.Params.DelegationsAddress
		a.GasLimit = DelegationGas
		a.Sender = w.senders[w.rand.IntN(len(w.senders))]
		a.Data = RemoveDelegation()
		if !w.one(3) {
			to := w.senders[w.rand.IntN(len(w.senders))].Hash
			a.Data = AddDelegation(to, uint8(w.rand.IntN(101)), ProofOfDelegation(a.Sender, to))
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
		if w.one(3) {
			s.Address, s.Data = w.precompiled()
			s.A = []uint64{3000, 60_000, 200_000}[w.rand.IntN(3)]
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

// precompiled is a precompiled contract and data for it, mostly such that it accepts.
func (w *Workload) precompiled() (at Address, data []byte) {
	number := func(n int) []byte { return word64(uint64(n)) }
	n := [...]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x85}[w.rand.IntN(11)]
	at[19] = byte(n)
	hash := w.bytes(32)
	key := w.senders[w.rand.IntN(len(w.senders))]
	switch n {
	case 1, 0x85:
		sig := key.SignCompact(hash)
		data = slices.Concat(hash, word([]byte{sig[0]}), sig[1:])
		if n == 1 {
			data = slices.Concat(hash, word([]byte{sig[0] - 4}), sig[1:])
		}
	case 5:
		base, exp, mod := w.rand.IntN(70), w.few(40), w.rand.IntN(70)
		data = slices.Concat(number(base), number(exp), number(mod), w.bytes(base+exp+mod))
	case 6:
		data = slices.Concat(number(1), number(2), number(1), number(2))
	case 7:
		data = slices.Concat(number(1), number(2), w.bytes(32))
	case 8:
		if !w.one(3) {
			data = slices.Concat(number(1), number(2), generatorG2)
			data = slices.Concat(data, number(1), negativeG1, generatorG2)
		}
	case 9:
		data = slices.Concat([]byte{0, 0, 0, byte(w.rand.IntN(20))}, w.bytes(208), []byte{byte(w.rand.IntN(3))})
	case 10:
		// The polynomial zero is zero everywhere, and its commitment is the point at infinity.
		infinity := append([]byte{0xc0}, make([]byte, 47)...)
		sum := sha256.Sum256(infinity)
		sum[0] = 1
		data = slices.Concat(sum[:], number(w.rand.IntN(1000)), number(0), infinity, infinity)
	default:
		data = w.bytes(w.rand.IntN(200))
	}
	switch {
	case w.one(8) && len(data) > 0:
		data[w.rand.IntN(len(data))] ^= byte(1 + w.rand.IntN(255))
	case w.one(8):
		data = data[:w.rand.IntN(len(data)+1)]
	case w.one(8):
		data = append(data, w.bytes(w.rand.IntN(40))...)
	}
	return at, data
}

// Points of the curve alt_bn128: the generator of the second group, and the second
// coordinate of the first one's negated.
var (
	generatorG2 = must(hex.DecodeString("198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2" +
		"1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed" +
		"090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b" +
		"12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"))
	negativeG1 = must(hex.DecodeString("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45"))
)

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
		return Asm(fmt.Sprintf("%d %d RETURN", 24_576+w.rand.IntN(2), w.rand.IntN(99)))
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
			switch w.rand.IntN(9) {
			case 5: // the hash of a block
				push(uint64(w.few(300)))
				code = append(code, Asm("NUMBER SUB BLOCKHASH")...)
				push(uint64(w.rand.IntN(6)))
				code = append(code, opcodes["SSTORE"])
			case 6: // code of another contract
				push(uint64(w.rand.IntN(70)))
				push(uint64(w.rand.IntN(70)))
				push(uint64(w.rand.IntN(70)))
				code = append(append(code, Push(a[:])...), opcodes["EXTCODECOPY"])
			case 7: // init code about as long as it may be
				push(uint64(49_150 + w.rand.IntN(5)))
				push(uint64(w.rand.IntN(3)))
				push(0)
				code = append(code, [...]byte{0xf0, 0xf5}[w.rand.IntN(2)])
			case 8: // what the last call returned
				code = append(code, Asm("RETURNDATASIZE 0 0 RETURNDATACOPY 0 MLOAD 5 SSTORE")...)
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
