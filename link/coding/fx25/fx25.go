// Package fx25 holds FX.25: an AX.25 frame with its flags and bit stuffing as it would
// be sent anyway, as the data of a Reed-Solomon word, with a correlation tag before it
// and check symbols behind (Stensat Group, FX.25 Forward Error Correction Extension to
// AX.25, draft 0.01.06, 2006). Receivers that do not know it hear the frame and noise.
//
// Bits are those before NRZI coding, octets least significant bit first.
package fx25

import (
	"errors"
	"fmt"
	"math/bits"

	"spacechain/link/coding"
	"spacechain/link/coding/crc"
	"spacechain/link/coding/rs"
)

// Tag is a correlation tag: which code follows.
type Tag struct {
	Number int    // 1..11
	Value  uint64 // sent least significant bit first
	Data   int    // octets of data on the air
	Parity int    // check octets
}

// Tags are the tags of table 3 of the draft.
var Tags = []Tag{
	{0x1, 0xb74db7df8a532f3e, 239, 16}, {0x2, 0x26ff60a600cc8fde, 128, 16},
	{0x3, 0xc7dc0508f3d9b09e, 64, 16}, {0x4, 0x8f056eb4369660ee, 32, 16},
	{0x5, 0x6e260b1ac5835fae, 223, 32}, {0x6, 0xff94dc634f1cff4e, 128, 32},
	{0x7, 0x1eb7b9cdbc09c00e, 64, 32}, {0x8, 0xdbf869bd2dbb1776, 32, 32},
	{0x9, 0x3adb0c13deae2836, 191, 64}, {0xa, 0xab69db6a543188d6, 128, 64},
	{0xb, 0x4a4abec4a724b796, 64, 64},
}

// code gives the Reed-Solomon code of a number of check symbols: field 0x11d, first
// root alpha.
func code(parity int) *rs.Code { return codes[parity] }

var codes = func() map[int]*rs.Code {
	m := map[int]*rs.Code{}
	for _, p := range []int{16, 32, 64} {
		c, err := rs.New(rs.Params{Poly: 0x11d, FirstRoot: 1, Prim: 1, Parity: p})
		if err != nil {
			panic(err)
		}
		m[p] = c
	}
	return m
}()

// ErrTooLong is a frame that no code of the asked strength holds.
var ErrTooLong = errors.New("fx25: frame too long")

// Encode appends the bits of an AX.25 frame (without its FCS) to dst: the tag, the
// frame between flags, flags to fill the word, the check symbols. Parity is the number
// of check octets: 16, 32 or 64; the shortest word that holds the frame is taken.
func Encode(dst, frame []byte, parity int) ([]byte, error) {
	stuffed := stuff(frame)
	best := Tag{}
	for _, t := range Tags {
		if t.Parity == parity && 8*t.Data >= len(stuffed) && (best.Number == 0 || t.Data < best.Data) {
			best = t
		}
	}
	if best.Number == 0 {
		return dst, fmt.Errorf("%w: %d octets with %d check octets", ErrTooLong, len(frame), parity)
	}
	const flag = 0x7e
	for i := 0; len(stuffed) < 8*best.Data; i++ {
		stuffed = append(stuffed, flag>>(i&7)&1)
	}
	data := coding.PackLSB(nil, stuffed)
	for i := range 64 {
		dst = append(dst, byte(best.Value>>i&1))
	}
	dst = coding.UnpackLSB(dst, data)
	return coding.UnpackLSB(dst, check(data, parity)), nil
}

// check gives the check symbols of data. A shorter word than the code's is completed
// with zeros behind the data, not before it: the code's words are systematic over all
// of its data symbols.
func check(data []byte, parity int) []byte {
	c := code(parity)
	var full [255]byte
	copy(full[:], data)
	out := make([]byte, parity)
	c.Encode(full[:c.DataSize()], out)
	return out
}

// stuff gives the bits of a frame with its FCS between flags (ISO 13239 §4.3).
func stuff(frame []byte) []byte {
	sum := crc.X25(frame)
	flag := []byte{0, 1, 1, 1, 1, 1, 1, 0}
	out := append([]byte(nil), flag...)
	ones := 0
	for _, b := range coding.UnpackLSB(nil, append(append([]byte(nil), frame...), byte(sum), byte(sum>>8))) {
		out = append(out, b)
		if b == 0 {
			ones = 0
		} else if ones++; ones == 5 {
			out = append(out, 0)
			ones = 0
		}
	}
	return append(out, flag...)
}

// unstuff gives the first frame with a valid FCS between flags, without the FCS.
func unstuff(in []byte) ([]byte, bool) {
	var frame []byte
	ones, inside := 0, false
	for _, b := range in {
		if b == 1 {
			ones++
			if ones < 6 {
				frame = append(frame, 1)
			}
			if ones > 6 {
				inside = false // an abort
			}
			continue
		}
		switch {
		case ones == 6: // a flag: its zero and five ones are in frame
			if n := len(frame) - 6; inside && n >= 8*3 && n%8 == 0 {
				octets := coding.PackLSB(nil, frame[:n])
				data := octets[:len(octets)-2]
				if sum := crc.X25(data); byte(sum) == octets[len(octets)-2] && byte(sum>>8) == octets[len(octets)-1] {
					return data, true
				}
			}
			frame, inside = frame[:0], true
		case ones != 5: // after five ones a zero is stuffing
			frame = append(frame, 0)
		}
		ones = 0
	}
	return nil, false
}

// matches finds the tag that differs from the last 64 bits (the first in bit 0) in the
// fewest places.
func matches(last uint64, allowed int) (Tag, bool) {
	for _, t := range Tags {
		if bits.OnesCount64(last^t.Value) <= allowed {
			return t, true
		}
	}
	return Tag{}, false
}
