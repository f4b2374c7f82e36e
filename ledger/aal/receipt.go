package aal

import (
	"encoding/binary"

	"spacechain/ledger/state"
)

// Bloom is the filter of 2048 bits that tells which addresses and topics logs may have,
// big-endian as Ethereum's (libethcore/LogEntry.cpp: bloom).
type Bloom [256]byte

// BloomOf is the filter of logs.
func BloomOf(logs []state.Log) (b Bloom) {
	for i := range logs {
		b.add(logs[i].Address[:])
		for j := range logs[i].Topics {
			b.add(logs[i].Topics[j][:])
		}
	}
	return b
}

// add sets the three bits that the hash of item names.
func (b *Bloom) add(item []byte) {
	h := keccak(item)
	for i := 0; i < 6; i += 2 {
		bit := binary.BigEndian.Uint16(h[i:]) & 2047
		b[255-bit/8] |= 1 << (bit % 8)
	}
}

// revertMessage is the text that Solidity's revert with a reason gives as output; empty if
// output is none (validation.cpp: exceptedMessage). Offset and length count modulo 2^16,
// and a text that does not lie wholly within the output is zero bytes, as libethcore/ABI.h
// reads it.
func revertMessage(output []byte) string {
	if len(output) < 4 || string(output[:4]) != "\x08\xc3\x79\xa0" {
		return ""
	}
	args := output[4:]
	cut := func(at, n int) []byte {
		if at > len(args) || n > len(args)-at {
			return make([]byte, n)
		}
		return args[at : at+n]
	}
	offset := int(binary.BigEndian.Uint16(cut(0, 32)[30:]))
	length := int(binary.BigEndian.Uint16(cut(offset, 32)[30:]))
	return string(cut(offset+32, length))
}
