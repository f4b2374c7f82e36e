package script

import (
	"math"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/wire"
)

// Action is what a contract's output asks for.
type Action uint8

// The actions.
const (
	ActionCreate Action = iota
	ActionCall
)

// VersionVM is the version of a contract's output (qtum/qtumtransaction.h): bits 0-1 are
// the format, 2-7 the root VM, 8-15 the version of the VM, 16-31 flags.
type VersionVM uint32

// Format is how the rest of the version is to be read: 0.
func (v VersionVM) Format() uint8 { return uint8(v & 3) }

// RootVM is the machine: 0 none, 1 the EVM.
func (v VersionVM) RootVM() uint8 { return uint8(v >> 2 & 63) }

// VMVersion is the version of the machine: 0.
func (v VersionVM) VMVersion() uint8 { return uint8(v >> 8) }

// FlagOptions are flags for the machine: 0.
func (v VersionVM) FlagOptions() uint16 { return uint16(v >> 16) }

// Contract is an output that creates or calls a contract, as execution reads it.
type Contract struct {
	Output   int // index of the output
	Action   Action
	Version  VersionVM
	GasLimit uint64 // at most 1<<63-1, as is its product with GasPrice
	GasPrice uint64 // satoshi
	Data     []byte // code to create with, or input of the call; not empty
	Address  [20]byte
	// HasSender tells that the output holds OpSender once; SenderOf then gives the
	// sender, where the output fits a template.
	HasSender bool
}

// Contracts reads the outputs of a transaction for which IsContract holds. ok is false
// where one of them cannot be read: the transaction is invalid then.
//
// An output is read by evaluating it, and the stack that one leaves behind is the stack
// that the next begins with, as in Qtum (validation.cpp: QtumTxConverter::receiveStack,
// parseEthTXParams).
func Contracts(outs []*btcwire.TxOut, flags Flags) (contracts []Contract, ok bool) {
	var stack [][]byte
	for i, out := range outs {
		if !IsContract(out.PkScript) {
			continue
		}
		var c Contract
		if c, stack, ok = readContract(out.PkScript, flags, stack); !ok {
			return nil, false
		}
		c.Output = i
		contracts = append(contracts, c)
	}
	return contracts, true
}

// ParseContract reads one output as Contracts reads the first of a transaction.
func ParseContract(script []byte, flags Flags) (*Contract, bool) {
	if !IsContract(script) {
		return nil, false
	}
	c, _, ok := readContract(script, flags, nil)
	return &c, ok
}

func readContract(script []byte, flags Flags, stack [][]byte) (c Contract, left [][]byte, ok bool) {
	// The verdict is not looked at: what counts is what stands on the stack.
	e := evaluator{stack: stack, flags: flags, checker: noChecker{}, version: versionBase}
	_ = e.run(script)
	stack = e.stack
	if len(stack) == 0 {
		return c, stack, false
	}
	last := pop(&stack)
	// An empty value reads as opcode 0: it lies in a zeroed array of Qtum's script type.
	var op byte
	if len(last) > 0 {
		op = last[0]
	}
	c.HasSender = HasOpSender(script)
	extra := 0
	if c.HasSender {
		extra = 3
	}
	if op == OpCreate && len(stack) < 4+extra || op == OpCall && len(stack) < 5+extra {
		return c, stack, false
	}
	if op == OpCall {
		c.Action = ActionCall
		// A value of another length counts as the zero address.
		if address := pop(&stack); len(address) == 20 {
			c.Address = [20]byte(address)
		}
	}
	if len(stack) < 4+extra {
		return c, stack, false
	}
	c.Data = pop(&stack)
	if len(c.Data) == 0 {
		return c, stack, false
	}
	var priceOK, limitOK, versionOK bool
	c.GasPrice, priceOK = Uint64(pop(&stack))
	c.GasLimit, limitOK = Uint64(pop(&stack))
	if !priceOK || !limitOK || c.GasPrice != 0 && c.GasLimit > math.MaxInt64/c.GasPrice {
		return c, stack, false
	}
	version := pop(&stack)
	v, versionOK := Uint64(version)
	if len(version) > 4 || !versionOK {
		return c, stack, false
	}
	c.Version = VersionVM(v)
	return c, stack, true
}

// SenderOf gives what an output says of its sender: the script that the sender's coins
// pay to, and the script that signs for it (script/solver.cpp: ExtractSenderData). ok is
// false where the output names none or fits no template.
func SenderOf(script []byte) (pubKeyScript, sigScript []byte, ok bool) {
	if !HasOpSender(script) {
		return nil, nil, false
	}
	kind, solutions := Solve(script, true, false)
	if kind == NonStandard {
		kind, solutions = Solve(script, false, false)
	}
	if kind == NonStandard || len(solutions) < 2 {
		return nil, nil, false
	}
	if pubKeyScript, ok = readScript(solutions[0]); !ok {
		return nil, nil, false
	}
	if sigScript, ok = readScript(solutions[1]); !ok {
		return nil, nil, false
	}
	return pubKeyScript, sigScript, true
}

// HasSenderData tells whether SenderOf's solutions are there, without reading them
// (validation.cpp: CheckOpSender asks just that).
func HasSenderData(script []byte) bool {
	if !HasOpSender(script) {
		return false
	}
	kind, solutions := Solve(script, true, false)
	if kind == NonStandard {
		kind, solutions = Solve(script, false, false)
	}
	return kind != NonStandard && len(solutions) >= 2
}

// SenderSigStack evaluates a sender's signature script alone and gives the stack that it
// leaves (validation.cpp: CheckSenderScript wants two items of at most 80 bytes).
func SenderSigStack(sigScript []byte) ([][]byte, bool) {
	e := evaluator{checker: noChecker{}, version: versionBase}
	if err := e.run(sigScript); err != ErrOK {
		return nil, false
	}
	return e.stack, true
}

// readScript reads a serialised script; what follows it is not looked at.
func readScript(b []byte) ([]byte, bool) {
	n, rest, err := wire.ReadCompactSize(b)
	if err != nil || n > len(rest) {
		return nil, false
	}
	return rest[:n:n], true
}

// withoutSenderSig gives a script with an empty signature of its sender
// (script/script.h: WithoutSenderSig). What stands before the first OpSender is replaced
// whatever it is; where it is the script's first element, nothing is.
func withoutSenderSig(script []byte) []byte {
	before, at, n := 0, 0, 0
	for rest := script; ; n++ {
		op, _, more, ok := next(rest)
		if !ok {
			return script
		}
		if op == OpSender {
			break
		}
		before, at = at, len(script)-len(more)
		rest = more
	}
	if n < 2 {
		return script
	}
	out := make([]byte, 0, len(script))
	out = append(out, script[:before]...)
	out = append(out, op0)
	return append(out, script[at:]...)
}

// NoExec is the script of the output in which a contract holds its coins: a call that
// executes nothing. Its four numbers are one zero byte each, not OP_0
// (qtum/qtumstate.cpp: CondensingTX::createVout).
func NoExec(address [20]byte) []byte {
	script := append(make([]byte, 0, 30), 1, 0, 1, 0, 1, 0, 1, 0, 20)
	script = append(script, address[:]...)
	return append(script, OpCall)
}

// P2PKH is the script that pays to the hash of a public key.
func P2PKH(hash [20]byte) []byte {
	script := append(make([]byte, 0, 25), opDup, opHash160, 20)
	script = append(script, hash[:]...)
	return append(script, opEqualVerify, opCheckSig)
}

// P2PK is the script that pays to a public key.
func P2PK(key []byte) []byte { return append(AppendPush(nil, key), opCheckSig) }

// KeyHash gives the hash of the key that a script pays to, directly or by its hash
// (addresstype.cpp: ExtractPublicKeyHash).
func KeyHash(script []byte) (hash [20]byte, ok bool) {
	if IsPayToPubKeyHash(script) {
		return [20]byte(script[3:23]), true
	}
	if key, ok := matchPubKey(script); ok {
		return Hash160(key), true
	}
	return hash, false
}

// PubKeyOf gives the key that a script pays to directly.
func PubKeyOf(script []byte) (key []byte, ok bool) {
	key, ok = matchPubKey(script)
	if !ok {
		return nil, false
	}
	return key, true
}
