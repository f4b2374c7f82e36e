package csp

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"

	"spacechain/link/coding/crc"
)

// What opening a packet may find.
var (
	ErrCRC  = errors.New("csp: checksum does not match")
	ErrHMAC = errors.New("csp: authentication tag does not match")
	ErrXTEA = errors.New("csp: packet is encrypted with XTEA, which is not spoken")
)

// tagSize is how many octets an HMAC or a CRC has.
const tagSize = 4

// Key authenticates packets.
type Key [16]byte

// NewKey derives the key from a secret as csp_hmac_set_key does: the first 16 octets of its SHA-1.
func NewKey(secret []byte) Key {
	sum := sha1.Sum(secret)
	return Key(sum[:16])
}

// Coverage is what a checksum or tag is computed over.
type Coverage int

// The coverages.
const (
	OverData         Coverage = iota // what libcsp sends: routers may change the header
	OverHeaderAndAll                 // header as sent, then the data
)

func (c Coverage) covered(v Version, p Packet, data []byte) ([]byte, error) {
	if c == OverData {
		return data, nil
	}
	h, err := p.Header.Append(nil, v)
	if err != nil {
		return nil, err
	}
	return append(h, data...), nil
}

// Tag gives the first four octets of HMAC-SHA-1 of octets.
func (k Key) Tag(octets []byte) [tagSize]byte {
	m := hmac.New(sha1.New, k[:])
	m.Write(octets)
	return [tagSize]byte(m.Sum(nil))
}

// Sign gives the packet with its tag behind the data. Flags stay as they are.
func (k Key) Sign(v Version, p Packet, c Coverage) (Packet, error) {
	covered, err := c.covered(v, p, p.Data)
	if err != nil {
		return Packet{}, err
	}
	t := k.Tag(covered)
	p.Data = append(append(make([]byte, 0, len(p.Data)+tagSize), p.Data...), t[:]...)
	return p, nil
}

// Verify gives the packet without its tag, which it compares in constant time. A tag over other
// octets than c says is wrong: who accepts both doubles a forger's chances.
func (k Key) Verify(v Version, p Packet, c Coverage) (Packet, error) {
	data, tag, ok := cut(p.Data)
	if !ok {
		return Packet{}, fmt.Errorf("%w: %d octets have no room for it", ErrHMAC, len(p.Data))
	}
	covered, err := c.covered(v, p, data)
	if err != nil {
		return Packet{}, err
	}
	if want := k.Tag(covered); !hmac.Equal(want[:], tag) {
		return Packet{}, ErrHMAC
	}
	p.Data = data
	return p, nil
}

// AppendCRC gives the packet with its CRC-32C behind the data. Flags stay as they are.
func AppendCRC(v Version, p Packet, c Coverage) (Packet, error) {
	covered, err := c.covered(v, p, p.Data)
	if err != nil {
		return Packet{}, err
	}
	data := append(make([]byte, 0, len(p.Data)+tagSize), p.Data...)
	p.Data = binary.BigEndian.AppendUint32(data, crc.Castagnoli(covered))
	return p, nil
}

// CheckCRC gives the packet without its CRC and says what it was computed over: libcsp accepts
// both coverages, and so does this.
func CheckCRC(v Version, p Packet) (Packet, Coverage, error) {
	data, tag, ok := cut(p.Data)
	if !ok {
		return Packet{}, 0, fmt.Errorf("%w: %d octets have no room for it", ErrCRC, len(p.Data))
	}
	sum := binary.BigEndian.Uint32(tag)
	for _, c := range []Coverage{OverData, OverHeaderAndAll} {
		covered, err := c.covered(v, p, data)
		if err != nil {
			return Packet{}, 0, err
		}
		if crc.Castagnoli(covered) == sum {
			p.Data = data
			return p, c, nil
		}
	}
	return Packet{}, 0, ErrCRC
}

func cut(data []byte) (head, tag []byte, ok bool) {
	n := len(data) - tagSize
	if n < 0 {
		return nil, nil, false
	}
	return data[:n:n], data[n:], true
}

// Guard appends and takes off what the flags of packets call for.
type Guard struct {
	Version Version
	Key     Key      // of packets with FlagHMAC
	HMAC    Coverage // of their tags; libcsp sends OverData
	// Require are flags without which a packet is refused.
	Require Flags
}

// Seal appends the HMAC and the CRC that the packet's flags name.
func (g Guard) Seal(p Packet) (Packet, error) {
	if p.Flags&FlagXTEA != 0 {
		return Packet{}, ErrXTEA
	}
	if err := p.check(g.Version); err != nil {
		return Packet{}, err
	}
	var err error
	if p.Flags&FlagHMAC != 0 {
		if p, err = g.Key.Sign(g.Version, p, g.HMAC); err != nil {
			return Packet{}, err
		}
	}
	if p.Flags&FlagCRC32 != 0 {
		return AppendCRC(g.Version, p, OverData)
	}
	return p, nil
}

// Open checks and takes off what Seal appends.
func (g Guard) Open(p Packet) (Packet, error) {
	if missing := g.Require &^ p.Flags; missing != 0 {
		return Packet{}, fmt.Errorf("csp: packet from %d to %d lacks the required flags %#x", p.Source, p.Destination, missing)
	}
	if p.Flags&FlagXTEA != 0 {
		return Packet{}, ErrXTEA
	}
	var err error
	if p.Flags&FlagCRC32 != 0 {
		if p, _, err = CheckCRC(g.Version, p); err != nil {
			return Packet{}, err
		}
	}
	if p.Flags&FlagHMAC != 0 {
		return g.Key.Verify(g.Version, p, g.HMAC)
	}
	return p, nil
}
