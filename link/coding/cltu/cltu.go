// Package cltu holds the communications link transmission unit, in which telecommand
// frames travel (CCSDS 231.0-B-4 §5): a start sequence, codeblocks of BCH(63,56) or
// codewords of an LDPC code, a tail sequence.
package cltu

import (
	"errors"
	"fmt"

	"spacechain/link/coding"
	"spacechain/link/coding/bch"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
)

// Start and tail sequences (CCSDS 231.0-B-4 §5.2.2 and §5.2.4).
var (
	StartBCH  = []byte{0xeb, 0x90}
	TailBCH   = []byte{0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0x79}
	StartLDPC = []byte{0x03, 0x47, 0x76, 0xc7, 0x27, 0x28, 0x95, 0xb0}
	// TailLDPC may follow codewords of (128,64).
	TailLDPC = []byte{0x55, 0x55, 0x55, 0x56, 0xaa, 0xaa, 0xaa, 0xaa, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55}
)

// TailOld is the tail of earlier issues and of ground systems of ESA: fill octets,
// which no codeblock can consist of.
var TailOld = []byte{0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55}

// fill completes the last codeblock (§3.4).
const fill = 0x55

// Coding is how the frames of a link are coded.
type Coding struct {
	// LDPC is the code; nil means BCH(63,56).
	LDPC *ldpc.Code
	// Randomize adds the sequence of §6: to the frames before they are coded with BCH,
	// to every codeword of its own after coding with LDPC, where it is mandatory.
	Randomize bool
	// Tail is the tail sequence; nil means [TailBCH] for BCH and none for LDPC.
	Tail []byte
	// Mode is what the receiver does about errors in BCH codeblocks.
	Mode bch.Mode
}

// tail gives the tail sequence that is sent.
func (c Coding) tail() []byte {
	if c.Tail == nil && c.LDPC == nil {
		return TailBCH
	}
	return c.Tail
}

// Start gives the start sequence.
func (c Coding) Start() []byte {
	if c.LDPC != nil {
		return StartLDPC
	}
	return StartBCH
}

// Encode appends the CLTU of frames (one or several telecommand frames, one after the
// other) to dst. Nothing to send is an error.
func (c Coding) Encode(dst, frames []byte) ([]byte, error) {
	if len(frames) == 0 {
		return dst, errors.New("cltu: no frame to encode")
	}
	dst = append(dst, c.Start()...)
	if c.LDPC != nil {
		return c.encodeLDPC(dst, frames)
	}
	data := append([]byte(nil), frames...)
	for len(data)%bch.InfoOctets != 0 {
		data = append(data, fill)
	}
	if c.Randomize {
		randomizer.TC.Apply(data)
	}
	for ; len(data) > 0; data = data[bch.InfoOctets:] {
		info := [bch.InfoOctets]byte(data)
		dst = append(append(dst, info[:]...), bch.Parity(info))
	}
	return append(dst, c.tail()...), nil
}

func (c Coding) encodeLDPC(dst, frames []byte) ([]byte, error) {
	size := c.LDPC.DataBits() / 8
	data := append([]byte(nil), frames...)
	for len(data)%size != 0 {
		data = append(data, fill)
	}
	var bits, word []byte
	for ; len(data) > 0; data = data[size:] {
		bits = coding.Unpack(bits[:0], data[:size])
		var err error
		if word, err = c.LDPC.Encode(word[:0], bits); err != nil {
			return dst, fmt.Errorf("cltu: %w", err)
		}
		if c.Randomize {
			randomizer.TC.ApplyBits(word)
		}
		dst = coding.Pack(dst, word)
	}
	return append(dst, c.tail()...), nil
}

// Report is what receiving a CLTU came to.
type Report struct {
	Blocks    int // codeblocks or codewords accepted
	Corrected int // bits corrected in BCH codeblocks
}

// Decode takes the octets behind a start sequence and appends those of all codeblocks
// up to the first that is rejected, which is how the tail sequence ends a CLTU, fill
// octets included. With LDPC use a [Receiver].
func (c Coding) Decode(dst, octets []byte) ([]byte, Report) {
	var rep Report
	at := len(dst)
	for ; len(octets) >= bch.BlockOctets; octets = octets[bch.BlockOctets:] {
		block := [bch.BlockOctets]byte(octets)
		n, err := bch.Decode(&block, c.Mode)
		if err != nil {
			break
		}
		rep.Blocks++
		rep.Corrected += n
		dst = append(dst, block[:bch.InfoOctets]...)
	}
	if c.Randomize {
		randomizer.TC.Apply(dst[at:])
	}
	return dst, rep
}
