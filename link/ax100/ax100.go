// Package ax100 frames packets as GomSpace's radios send them: the AX100 in its modes "ASM+Golay"
// and "Reed-Solomon", and its forerunner, the U482C. What they carry is CSP (link/csp).
//
// All three guard a packet with the CCSDS Reed-Solomon code (255,223), shortened to its length, in
// the conventional basis:
//
//	ASM+Golay     ASM 930b51de | length, Golay (24,12) | word + CCSDS randomizer
//	U482C         ASM c3aa6655 | length and flags, Golay (24,12) | word + CCSDS randomizer
//	Reed-Solomon  ASM 930b51de | length, one octet | word; all of it through G3RUH's scrambler
//
// The length of the first two counts the octets of the word as sent, that of the third itself too.
// The flags of the U482C say whether its word is convolutionally coded (K=7, rate 1/2, with an octet
// of zeros for a tail), randomized and Reed-Solomon coded at all. GomSpace publishes none of this; it is what receivers of the amateur community have
// found, checked here against recordings.
package ax100

import (
	"fmt"

	"spacechain/link/ax25"
	"spacechain/link/coding"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/golay"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
)

// Mode is a way of framing.
type Mode int

// The modes.
const (
	ASMGolay    Mode = iota // AX100, mode 5
	ReedSolomon             // AX100, G3RUH scrambled
	U482C
)

// String names the mode as link decode does.
func (m Mode) String() string {
	switch m {
	case ASMGolay:
		return "ax100"
	case ReedSolomon:
		return "ax100-rs"
	case U482C:
		return "u482c"
	}
	return fmt.Sprintf("mode %d", int(m))
}

// sync is the marker before a frame.
func (m Mode) sync() uint32 {
	if m == U482C {
		return 0xc3aa6655
	}
	return 0x930b51de
}

// Flags are the upper four bits of a U482C's length field.
type Flags uint16

// The flags.
const (
	FlagConvolutional Flags = 0x100
	FlagRandomized    Flags = 0x200
	FlagReedSolomon   Flags = 0x400
)

// parity is how many check octets a word has.
const parity = 32

// tail is how many octets of zeros end a convolutionally coded word.
const tail = 1

// MaxData is how many octets a frame carries.
const MaxData = 223

var (
	words = rs.CCSDS(16, rs.Conventional)
	inner = conv.Code{}
)

// Framer makes frames.
type Framer struct {
	Mode Mode
	// Preamble is how many bits of 1010… precede the marker, for the receiver's clock; 0 stands
	// for 256.
	Preamble int
	// Flags are those of a U482C; 0 stands for FlagRandomized with FlagReedSolomon. The AX100 sends
	// none and does these two.
	Flags Flags

	scrambler ax25.Scrambler
}

func (f *Framer) flags() Flags {
	if f.Mode != U482C || f.Flags == 0 {
		return FlagRandomized | FlagReedSolomon
	}
	return f.Flags
}

// Append adds the bits of a frame that carries data to dst.
func (f *Framer) Append(dst, data []byte) ([]byte, error) {
	flags := f.flags()
	most := MaxData
	if flags&FlagReedSolomon == 0 {
		most += parity
	}
	switch {
	case f.Mode == ReedSolomon:
		most-- // the length octet counts itself
	case flags&FlagConvolutional != 0:
		most -= 255 - (255/2 - tail) // its eight bits count coded octets
	}
	if len(data) == 0 || len(data) > most {
		return dst, fmt.Errorf("ax100: frame of %d octets, %v carries 1 to %d", len(data), f.Mode, most)
	}
	start := len(dst)
	preamble := f.Preamble
	if preamble <= 0 {
		preamble = 256
	}
	for i := range preamble {
		dst = append(dst, byte(i+1)&1)
	}
	dst = appendBits(dst, f.Mode.sync(), 32)
	word := append(make([]byte, 0, len(data)+parity), data...)
	if flags&FlagReedSolomon != 0 {
		word = word[:len(data)+parity]
		words.Encode(data, word[len(data):])
	}
	if f.Mode == ReedSolomon {
		dst = appendBits(dst, uint32(len(word)+1), 8)
		dst = coding.Unpack(dst, word)
		for i, b := range dst[start:] {
			dst[start+i] = f.scrambler.Next(b)
		}
		return dst, nil
	}
	field := uint16(len(word))
	if flags&FlagConvolutional != 0 {
		field = 2 * (field + tail)
	}
	if f.Mode == U482C {
		field |= uint16(flags)
	}
	dst = appendBits(dst, golay.Encode(field), 24)
	if flags&FlagRandomized != 0 {
		randomizer.TM255.Apply(word)
	}
	if flags&FlagConvolutional == 0 {
		return coding.Unpack(dst, word), nil
	}
	enc := conv.Encoder{Code: inner}
	dst, from := enc.Encode(dst, coding.Unpack(nil, append(word, make([]byte, tail)...))), len(dst)
	swapPairs(dst[from:])
	return dst, nil
}

// swapPairs exchanges the two symbols of each bit: the U482C sends that of connection vector 133
// first, neither inverted.
func swapPairs[T any](symbols []T) {
	for i := 0; i+1 < len(symbols); i += 2 {
		symbols[i], symbols[i+1] = symbols[i+1], symbols[i]
	}
}

func appendBits(dst []byte, v uint32, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>i)&1)
	}
	return dst
}
