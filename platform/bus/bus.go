// Package bus is what joins a satellite's computers: datagrams between the
// modules of one satellite, and the messages that the payload computer and the
// platform computer exchange in them.
//
// The two computers share nothing else. A datagram may be lost: whoever asks
// asks again. The payload can only ask; there is no message with which it could
// command the platform. The Cubesat Space Protocol comes beneath this interface
// without its users noticing.
package bus

import (
	"errors"
	"fmt"

	"spacechain/internal/cbor"
)

// Address names a module on the bus.
type Address uint8

// The addresses of the two computers.
const (
	Platform Address = 1
	Payload  Address = 2
)

// MaxDatagram is the most that one datagram carries, in bytes.
const MaxDatagram = 64 << 10

// Datagram is one message on the bus.
type Datagram struct {
	From, To Address
	Data     []byte
}

// ErrMessage is what errors about malformed messages wrap.
var ErrMessage = errors.New("bus message")

// Encode gives a datagram's bytes, for buses that are sockets.
func (d Datagram) Encode() []byte {
	b := cbor.AppendArray(nil, 3)
	b = cbor.AppendUint(b, uint64(d.From))
	b = cbor.AppendUint(b, uint64(d.To))
	return cbor.AppendBytes(b, d.Data)
}

// DecodeDatagram reads what Encode wrote. The datagram's data is a part of b.
func DecodeDatagram(b []byte) (Datagram, error) {
	if len(b) > MaxDatagram+16 {
		return Datagram{}, fmt.Errorf("%w: %d bytes, the limit is %d", ErrMessage, len(b), MaxDatagram)
	}
	d := cbor.NewDecoder(b)
	n, err := d.Array()
	if err == nil && n != 3 {
		err = fmt.Errorf("%d fields, want 3", n)
	}
	from, err := uintAfter(d, err)
	to, err := uintAfter(d, err)
	var data []byte
	if err == nil {
		data, err = d.Bytes()
	}
	if err == nil {
		err = d.Done()
	}
	if err == nil && (from > 0xff || to > 0xff) {
		err = errors.New("address out of range")
	}
	if err != nil {
		return Datagram{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return Datagram{From: Address(from), To: Address(to), Data: data}, nil
}

func uintAfter(d *cbor.Decoder, err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	return d.Uint()
}
