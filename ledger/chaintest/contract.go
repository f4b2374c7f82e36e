package chaintest

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// Opcodes of Qtum's contract outputs (Qtum Core 27.1 script.h).
const (
	opCreate = 0xc1
	opCall   = 0xc2
	opSpend  = 0xc3
	opSender = 0xc4
)

// Action is one contract output: a create where To is nil, else a call.
type Action struct {
	To       *Address // callee; nil creates a contract of Data
	Data     []byte   // init code or call data; never empty
	Value    int64    // satoshi sent along
	GasLimit uint64   // 0 means DefaultGas
	GasPrice uint64   // satoshi per gas; 0 means 40, the default minimum
	Version  []byte   // raw version push; nil means 4, the EVM's
	Sender   *Key     // signs an OP_SENDER form; nil leaves it out
}

// Address is 20 bytes: the HASH160 of a key or the address of a contract.
type Address = [20]byte

// DefaultGas is the gas limit of an Action that names none.
const DefaultGas = 250_000

func (a Action) gasLimit() uint64 {
	if a.GasLimit == 0 {
		return DefaultGas
	}
	return a.GasLimit
}

func (a Action) gasPrice() uint64 {
	if a.GasPrice == 0 {
		return 40
	}
	return a.GasPrice
}

// Script is the output script; senderSig is the scriptSig within an OP_SENDER form, which
// stands there with its length before it.
func (a Action) Script(senderSig []byte) []byte {
	var s []byte
	if a.Sender != nil {
		s = append(s, 0x01, 0x01) // address type 1: P2PKH
		s = append(s, 0x14)
		s = append(s, a.Sender.Hash[:]...)
		if len(senderSig) == 0 {
			s = append(s, 0x00)
		} else {
			s = append(s, ScriptPush(append([]byte{byte(len(senderSig))}, senderSig...))...)
		}
		s = append(s, opSender)
	}
	version := a.Version
	if version == nil {
		version = []byte{4}
	}
	s = append(s, ScriptPush(version)...)
	s = append(s, ScriptPush(number(a.gasLimit()))...)
	s = append(s, ScriptPush(number(a.gasPrice()))...)
	s = append(s, ScriptPush(a.Data)...)
	if a.To == nil {
		return append(s, opCreate)
	}
	s = append(s, ScriptPush(a.To[:])...)
	return append(s, opCall)
}

// fee is what the output's gas can cost at most.
func (a Action) fee() int64 { return int64(a.gasLimit() * a.gasPrice()) }

// number is n in little-endian with a sign bit of zero, as contract outputs carry numbers.
func number(n uint64) []byte {
	var b []byte
	for ; n > 0; n >>= 8 {
		b = append(b, byte(n))
	}
	if len(b) == 0 || b[len(b)-1]&0x80 != 0 {
		b = append(b, 0)
	}
	return b
}

// ScriptPush is the plain push of data, the shortest of the forms with a length.
func ScriptPush(data []byte) []byte {
	n := len(data)
	switch {
	case n < 0x4c:
		return append([]byte{byte(n)}, data...)
	case n < 0x100:
		return append([]byte{0x4c, byte(n)}, data...)
	case n < 0x10000:
		return append([]byte{0x4d, byte(n), byte(n >> 8)}, data...)
	default:
		return append([]byte{0x4e, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}, data...)
	}
}

// ContractAddress is the address that a create output gives to its contract
// (Qtum Core 27.1 qtumstate.h: createQtumAddress).
func ContractAddress(txid chainhash.Hash, vout uint32) Address {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint32(txid[:], vout))
	return ripemd(sum[:])
}
