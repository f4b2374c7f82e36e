package csp

import (
	"encoding/binary"
	"time"
)

// rdpMaxWindow bounds the window that a peer may ask for, and with it what is held out of order.
const rdpMaxWindow = 64

// RDPOptions are what the side that connects proposes and the other takes over.
type RDPOptions struct {
	Window        uint32        // segments sent and not yet acknowledged
	ConnTimeout   time.Duration // of silence, after which a peer that owes an answer is given up
	PacketTimeout time.Duration // after which a segment is sent again
	DelayedAcks   bool
	AckTimeout    time.Duration // after which a delayed acknowledgement is sent
	AckDelay      uint32        // segments after which it is sent at once
}

// DefaultRDP are libcsp's options.
func DefaultRDP() RDPOptions {
	return RDPOptions{
		Window: 4, ConnTimeout: 10 * time.Second, PacketTimeout: time.Second,
		DelayedAcks: true, AckTimeout: 250 * time.Millisecond, AckDelay: 2,
	}
}

// bounded gives options that a peer may have proposed in bad faith within bounds.
func (o RDPOptions) bounded() RDPOptions {
	o.Window = min(max(o.Window, 1), rdpMaxWindow)
	o.PacketTimeout = max(o.PacketTimeout, time.Millisecond)
	o.ConnTimeout = max(o.ConnTimeout, o.PacketTimeout)
	return o
}

func (o RDPOptions) append(dst []byte) []byte {
	delayed := uint32(0)
	if o.DelayedAcks {
		delayed = 1
	}
	for _, v := range [6]uint32{
		o.Window, uint32(o.ConnTimeout.Milliseconds()), uint32(o.PacketTimeout.Milliseconds()),
		delayed, uint32(o.AckTimeout.Milliseconds()), o.AckDelay,
	} {
		dst = binary.BigEndian.AppendUint32(dst, v)
	}
	return dst
}

func parseRDPOptions(data []byte) (RDPOptions, bool) {
	if len(data) < 24 {
		return RDPOptions{}, false
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32(data[4*i:]) }
	ms := func(i int) time.Duration { return time.Duration(word(i)) * time.Millisecond }
	return RDPOptions{word(0), ms(1), ms(2), word(3) != 0, ms(4), word(5)}.bounded(), true
}
