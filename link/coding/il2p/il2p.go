// Package il2p holds IL2P, the Improved Layer 2 Protocol of amateur packet radio (N.
// Carrillo, KK4HEJ, specification draft 0.6): AX.25 frames with a short translated
// header, scrambled, in Reed-Solomon words, behind a sync word, with an optional CRC.
//
// Frames here are AX.25 frames without flags, stuffing and FCS. Octets go on the air
// most significant bit first, without NRZI.
package il2p

import (
	"errors"
	"fmt"

	"spacechain/link/coding"
	"spacechain/link/coding/crc"
	"spacechain/link/coding/rs"
)

// SyncWord precedes every frame, most significant bit first.
const SyncWord = 0xf15e48

// Sizes in octets.
const (
	headerData   = 13
	headerOctets = headerData + 2
	crcOctets    = 4
	maxPayload   = 1023
)

// Options are what both ends of a link agree upon.
type Options struct {
	// CRC says that four octets with the frame's CRC-16/X-25 follow it ("IL2P+CRC").
	CRC bool
	// ReservedFEC leaves the bit clear that asks for the strongest code, as draft 0.6
	// prints its examples. Earlier receivers take that for a weaker code than is sent.
	ReservedFEC bool
}

// ErrTooLong is a frame that does not fit.
var ErrTooLong = errors.New("il2p: frame too long")

// code gives the Reed-Solomon code of a number of check symbols: field 0x11d, first
// root 1.
func code(parity int) *rs.Code { return codes[parity] }

var codes = func() map[int]*rs.Code {
	m := map[int]*rs.Code{}
	for _, p := range []int{2, 4, 6, 8, 16} {
		c, err := rs.New(rs.Params{Poly: 0x11d, FirstRoot: 0, Prim: 1, Parity: p})
		if err != nil {
			panic(err)
		}
		m[p] = c
	}
	return m
}()

// scramble adds to every bit those sent four and nine places before, as if ones had
// gone before the first: x^9 + x^4 + 1.
func scramble(octets []byte) { feed(octets, true) }

// descramble undoes scramble.
func descramble(octets []byte) { feed(octets, false) }

func feed(octets []byte, sending bool) {
	past := uint16(0x1ff) // what was sent, the newest in bit 0
	for i, o := range octets {
		var out byte
		for bit := 7; bit >= 0; bit-- {
			in := uint16(o >> bit & 1)
			b := in ^ past>>3&1 ^ past>>8&1
			if sending {
				past = past<<1 | b
			} else {
				past = past<<1 | in
			}
			out = out<<1 | byte(b)
		}
		octets[i] = out
	}
}

// layout is how a payload is cut into words.
type layout struct {
	large, small int // data octets of a word
	larges       int // words of large octets, sent first
	smalls       int
	parity       int // check octets of every word
}

// strong gives the layout of the strongest code, sixteen check octets a word.
func strong(n int) layout { return cut(n, 239, func(int) int { return 16 }) }

// weak gives the layout of earlier drafts for links that want fewer check octets.
func weak(n int) layout {
	return cut(n, 247, func(small int) int { return 2 * min(4, 1+max(0, small)/62) })
}

func cut(n, most int, parity func(small int) int) layout {
	if n == 0 {
		return layout{}
	}
	words := (n + most - 1) / most
	l := layout{small: n / words}
	l.large = l.small + 1
	l.larges = n - words*l.small
	l.smalls = words - l.larges
	l.parity = parity(l.small)
	return l
}

// octets is the length of all words on the air.
func (l layout) octets() int {
	return l.larges*(l.large+l.parity) + l.smalls*(l.small+l.parity)
}

// each calls f with the data octets of every word in order.
func (l layout) each(f func(size int) bool) bool {
	for i := range l.larges + l.smalls {
		size := l.small
		if i < l.larges {
			size = l.large
		}
		if !f(size) {
			return false
		}
	}
	return true
}

// Encode appends the octets of a frame to dst, without the sync word.
func (o Options) Encode(dst, frame []byte) ([]byte, error) {
	h, payload, ok := translate(frame)
	if !ok { // the whole frame is the payload
		h, payload = header{}, frame
	}
	if len(payload) > maxPayload {
		return dst, fmt.Errorf("%w: %d octets of payload, %d can be sent", ErrTooLong, len(payload), maxPayload)
	}
	if len(frame) == 0 {
		return dst, errors.New("il2p: no frame to encode")
	}
	h.count = len(payload)
	h.strong = !o.ReservedFEC
	dst = appendWord(dst, h.octets(), 2)
	l := strong(len(payload))
	l.each(func(size int) bool {
		dst = appendWord(dst, payload[:size], l.parity)
		payload = payload[size:]
		return true
	})
	if o.CRC {
		sum := crc.X25(frame)
		for shift := 12; shift >= 0; shift -= 4 {
			dst = append(dst, hamming[sum>>shift&15])
		}
	}
	return dst, nil
}

// EncodeBits appends the bits of sync word and frame to dst.
func (o Options) EncodeBits(dst, frame []byte) ([]byte, error) {
	octets, err := o.Encode([]byte{SyncWord >> 16, SyncWord >> 8 & 0xff, SyncWord & 0xff}, frame)
	if err != nil {
		return dst, err
	}
	return coding.Unpack(dst, octets), nil
}

func appendWord(dst, data []byte, parity int) []byte {
	at := len(dst)
	dst = append(dst, data...)
	scramble(dst[at:])
	var check [16]byte
	code(parity).Encode(dst[at:], check[:])
	return append(dst, check[:parity]...)
}

// hamming is the (7,4) code of the CRC's digits, data in the lower bits.
var hamming = [16]byte{0x00, 0x71, 0x62, 0x13, 0x54, 0x25, 0x36, 0x47, 0x38, 0x49, 0x5a, 0x2b, 0x6c, 0x1d, 0x0e, 0x7f}

// correctCRC reads a CRC of four digits, each with one wrong bit at most.
func correctCRC(in []byte) uint16 {
	var sum uint16
	for _, o := range in[:crcOctets] {
		best := 0
		for d, w := range hamming {
			if x := (o ^ w) & 0x7f; x&(x-1) == 0 {
				best = d
			}
		}
		sum = sum<<4 | uint16(best)
	}
	return sum
}
