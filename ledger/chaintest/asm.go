package chaintest

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
)

// Asm assembles EVM code from words: a mnemonic is its opcode, a number (decimal or
// 0x…) is the shortest push of it (never PUSH0, which old forks do not know), "name:" is
// a JUMPDEST with a name, "@name" pushes that place in two bytes, and "#1234…" is
// literal bytes. Text from ";" to the end of a line is a comment. It panics on a word
// that it does not know, as its sources are constants of the tests.
func Asm(source string) []byte {
	type patch struct {
		at   int
		name string
	}
	var (
		code    []byte
		patches []patch
		labels  = map[string]int{}
	)
	for line := range strings.SplitSeq(source, "\n") {
		line, _, _ = strings.Cut(line, ";")
		for word := range strings.FieldsSeq(line) {
			switch {
			case strings.HasSuffix(word, ":"):
				labels[strings.TrimSuffix(word, ":")] = len(code)
				code = append(code, opcodes["JUMPDEST"])
			case word[0] == '@':
				code = append(code, 0x61, 0, 0)
				patches = append(patches, patch{len(code) - 2, word[1:]})
			case word[0] == '#':
				b, err := hex.DecodeString(word[1:])
				if err != nil {
					panic(fmt.Sprintf("assemble %q: %v", word, err))
				}
				code = append(code, b...)
			case word[0] >= '0' && word[0] <= '9':
				n, ok := new(big.Int).SetString(word, 0)
				if !ok || n.BitLen() > 256 {
					panic(fmt.Sprintf("assemble %q: not a number of 256 bits", word))
				}
				code = append(code, Push(n.Bytes())...)
			default:
				op, ok := opcodes[word]
				if !ok {
					panic(fmt.Sprintf("assemble %q: no such opcode", word))
				}
				code = append(code, op)
			}
		}
	}
	for _, p := range patches {
		at, ok := labels[p.name]
		if !ok {
			panic(fmt.Sprintf("assemble: no label %q", p.name))
		}
		code[p.at], code[p.at+1] = byte(at>>8), byte(at)
	}
	return code
}

// Push is the EVM's push of up to 32 bytes; of none it is PUSH1 0.
func Push(b []byte) []byte {
	if len(b) == 0 {
		b = []byte{0}
	}
	return append([]byte{0x5f + byte(len(b))}, b...)
}

// Init is init code that deploys runtime as it is.
func Init(runtime []byte) []byte {
	head := []byte{
		0x61, byte(len(runtime) >> 8), byte(len(runtime)), // PUSH2 length
		0x80,       // DUP1
		0x60, 0x0c, // PUSH1 12, the length of this head
		0x60, 0x00, // PUSH1 0
		0x39,       // CODECOPY
		0x60, 0x00, // PUSH1 0
		0xf3, // RETURN
	}
	return append(head, runtime...)
}

var opcodes = func() map[string]byte {
	m := map[string]byte{
		"STOP": 0x00, "ADD": 0x01, "MUL": 0x02, "SUB": 0x03, "DIV": 0x04, "SDIV": 0x05, "MOD": 0x06,
		"SMOD": 0x07, "ADDMOD": 0x08, "MULMOD": 0x09, "EXP": 0x0a, "SIGNEXTEND": 0x0b,
		"LT": 0x10, "GT": 0x11, "SLT": 0x12, "SGT": 0x13, "EQ": 0x14, "ISZERO": 0x15, "AND": 0x16,
		"OR": 0x17, "XOR": 0x18, "NOT": 0x19, "BYTE": 0x1a, "SHL": 0x1b, "SHR": 0x1c, "SAR": 0x1d,
		"KECCAK256": 0x20,
		"ADDRESS":   0x30, "BALANCE": 0x31, "ORIGIN": 0x32, "CALLER": 0x33, "CALLVALUE": 0x34,
		"CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36, "CALLDATACOPY": 0x37, "CODESIZE": 0x38,
		"CODECOPY": 0x39, "GASPRICE": 0x3a, "EXTCODESIZE": 0x3b, "EXTCODECOPY": 0x3c,
		"RETURNDATASIZE": 0x3d, "RETURNDATACOPY": 0x3e, "EXTCODEHASH": 0x3f,
		"BLOCKHASH": 0x40, "COINBASE": 0x41, "TIMESTAMP": 0x42, "NUMBER": 0x43, "PREVRANDAO": 0x44,
		"GASLIMIT": 0x45, "CHAINID": 0x46, "SELFBALANCE": 0x47, "BASEFEE": 0x48, "BLOBHASH": 0x49,
		"BLOBBASEFEE": 0x4a,
		"POP":         0x50, "MLOAD": 0x51, "MSTORE": 0x52, "MSTORE8": 0x53, "SLOAD": 0x54, "SSTORE": 0x55,
		"JUMP": 0x56, "JUMPI": 0x57, "PC": 0x58, "MSIZE": 0x59, "GAS": 0x5a, "JUMPDEST": 0x5b,
		"TLOAD": 0x5c, "TSTORE": 0x5d, "MCOPY": 0x5e, "PUSH0": 0x5f,
		"CREATE": 0xf0, "CALL": 0xf1, "CALLCODE": 0xf2, "RETURN": 0xf3, "DELEGATECALL": 0xf4,
		"CREATE2": 0xf5, "STATICCALL": 0xfa, "REVERT": 0xfd, "INVALID": 0xfe, "SELFDESTRUCT": 0xff,
	}
	for i := range 16 {
		m[fmt.Sprintf("DUP%d", i+1)] = 0x80 + byte(i)
		m[fmt.Sprintf("SWAP%d", i+1)] = 0x90 + byte(i)
	}
	for i := range 5 {
		m[fmt.Sprintf("LOG%d", i)] = 0xa0 + byte(i)
	}
	return m
}()
