package csp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Flags of an RDP header, the lower half of its first octet. The upper half counts, so that no
// router takes two control segments for one.
const (
	rdpReset = 0x01
	rdpEAck  = 0x02
	rdpAck   = 0x04
	rdpSyn   = 0x08
)

// rdpHeader is how many octets end a segment: flags, sequence number, acknowledged number.
const rdpHeader = 5

// RDPState is a state of a connection.
type RDPState int

// The states.
const (
	RDPListen    RDPState = iota // waits for a SYN
	RDPSynSent                   // waits for the answer to its SYN
	RDPSynRcvd                   // has answered a SYN
	RDPOpen                      // data may go either way
	RDPCloseWait                 // has sent a reset and waits for the peer's
	RDPClosed
)

// String names the state.
func (s RDPState) String() string {
	return [...]string{"listen", "syn-sent", "syn-received", "open", "close-wait", "closed"}[s]
}

// Why data cannot be sent, or a connection ended.
var (
	ErrRDPState   = errors.New("csp: RDP connection is not open")
	ErrRDPWindow  = errors.New("csp: RDP window is full")
	ErrRDPTimeout = errors.New("csp: RDP peer does not answer")
	ErrRDPReset   = errors.New("csp: RDP peer reset the connection")
)

// RDP is one end of a connection of the Reliable Datagram Protocol as libcsp has it (after RFC 908
// and 1151): datagrams arrive once and in order. It is a pure state machine. Segments, taken by Out
// and given to Receive, are the data of packets with FlagRDP; instants count from any fixed one.
type RDP struct {
	opt   RDPOptions
	state RDPState
	err   error

	iss      uint16 // own first number
	next     uint16 // number of the next datagram sent
	una      uint16 // the oldest not acknowledged
	sent     []rdpSent
	irs      uint16 // the peer's first number
	got      uint16 // the last of the peer's received in order
	acked    uint16 // the last of them acknowledged
	early    map[uint16][]byte
	closing  bool
	heard    time.Duration // when the peer last made itself heard, or began to owe an answer
	ackSince time.Duration // when the oldest datagram not acknowledged came
	count    byte
	out, in  [][]byte
}

// rdpSent is a segment that may have to be sent again.
type rdpSent struct {
	seq   uint16
	flags byte
	data  []byte
	at    time.Duration
}

// NewRDP makes an end that listens. Iss is the first sequence number, any number hard to guess.
func NewRDP(opt RDPOptions, iss uint16) *RDP {
	return &RDP{opt: opt.bounded(), iss: iss, next: iss + 1, una: iss}
}

// State tells the state; Err why the connection ended, nil where both sides wanted it.
func (r *RDP) State() RDPState { return r.state }

// Err is why the connection ended.
func (r *RDP) Err() error { return r.err }

// Unacknowledged is how many datagrams the peer has not yet acknowledged.
func (r *RDP) Unacknowledged() int { return len(r.sent) }

// Out gives the segments to be sent now.
func (r *RDP) Out() [][]byte {
	out := r.out
	r.out = nil
	return out
}

// In gives the datagrams received in order since the last call.
func (r *RDP) In() [][]byte {
	in := r.in
	r.in = nil
	return in
}

// Connect opens the connection from this end.
func (r *RDP) Connect(now time.Duration) error {
	if r.state != RDPListen {
		return fmt.Errorf("csp: RDP connects from state %v", r.state)
	}
	r.state, r.heard = RDPSynSent, now
	r.keep(now, r.iss, rdpSyn, r.opt.append(nil))
	return nil
}

// Send sends a datagram, of an octet at least: RDP knows none without.
func (r *RDP) Send(now time.Duration, data []byte) error {
	switch {
	case r.state != RDPOpen || r.closing:
		return ErrRDPState
	case len(data) == 0:
		return errors.New("csp: RDP has no empty datagrams")
	case r.next-r.una >= uint16(r.opt.Window):
		return ErrRDPWindow
	}
	if len(r.sent) == 0 {
		r.heard = now // from here on the peer owes an answer
	}
	r.keep(now, r.next, rdpAck, append([]byte(nil), data...))
	r.next++
	return nil
}

// Close ends the connection once all data are acknowledged.
func (r *RDP) Close(now time.Duration) {
	switch r.state {
	case RDPListen, RDPSynSent, RDPSynRcvd:
		r.end(nil)
	case RDPOpen:
		r.closing = true
		r.reset(now)
	}
}

// reset sends the reset of an end that wants to close as soon as nothing is under way.
func (r *RDP) reset(now time.Duration) {
	if r.closing && r.state == RDPOpen && len(r.sent) == 0 {
		r.state, r.heard = RDPCloseWait, now
		r.keep(now, r.next, rdpAck|rdpReset, nil)
	}
}

func (r *RDP) end(err error) {
	r.state, r.err = RDPClosed, err
	r.sent, r.early = nil, nil
}

// keep sends a segment and keeps it to send it again.
func (r *RDP) keep(now time.Duration, seq uint16, flags byte, data []byte) {
	r.sent = append(r.sent, rdpSent{seq, flags, data, now})
	r.emit(seq, flags, data)
}

// emit sends a segment. Every one carries the latest acknowledgement.
func (r *RDP) emit(seq uint16, flags byte, data []byte) {
	ack := uint16(0)
	if flags != rdpSyn {
		ack, r.acked = r.got, r.got
	}
	if flags != rdpAck || len(data) == 0 {
		flags |= r.count << 4
		r.count++
	}
	s := append(make([]byte, 0, len(data)+rdpHeader), data...)
	s = append(s, flags)
	s = binary.BigEndian.AppendUint16(s, seq)
	r.out = append(r.out, binary.BigEndian.AppendUint16(s, ack))
}

// Tick sends again what has not been acknowledged in time and gives up a peer that does not answer.
// It is to be called when Next says.
func (r *RDP) Tick(now time.Duration) {
	if r.state == RDPListen || r.state == RDPClosed {
		return
	}
	if len(r.sent) > 0 && now-r.heard >= r.opt.ConnTimeout {
		if r.state == RDPCloseWait {
			r.end(nil)
		} else {
			r.end(ErrRDPTimeout)
		}
		return
	}
	for i := range r.sent {
		if s := &r.sent[i]; now-s.at >= r.opt.PacketTimeout {
			s.at = now
			r.emit(s.seq, s.flags, s.data)
		}
	}
	if r.state == RDPOpen && r.got != r.acked && now-r.ackSince >= r.opt.AckTimeout {
		r.emit(r.next, rdpAck, nil)
	}
}

// Next is the instant at which Tick has something to do, if there is one.
func (r *RDP) Next() (at time.Duration, ok bool) {
	take := func(t time.Duration) {
		if !ok || t < at {
			at, ok = t, true
		}
	}
	if r.state == RDPListen || r.state == RDPClosed {
		return 0, false
	}
	for _, s := range r.sent {
		take(s.at + r.opt.PacketTimeout)
	}
	if len(r.sent) > 0 {
		take(r.heard + r.opt.ConnTimeout)
	}
	if r.state == RDPOpen && r.got != r.acked {
		take(r.ackSince + r.opt.AckTimeout)
	}
	return at, ok
}

// Receive takes a segment from the peer. One that does not fit the connection is dropped and named.
func (r *RDP) Receive(now time.Duration, segment []byte) error {
	n := len(segment) - rdpHeader
	if n < 0 {
		return fmt.Errorf("csp: RDP segment of %d octets is shorter than its header", len(segment))
	}
	data := segment[:n]
	flags := segment[n] & 15
	seq, ack := binary.BigEndian.Uint16(segment[n+1:]), binary.BigEndian.Uint16(segment[n+3:])
	switch {
	case r.state == RDPClosed:
		// Nobody is here any more: say so, but never answer a reset with one.
		if flags&rdpReset == 0 {
			r.emit(r.next, rdpReset, nil)
		}
		return ErrRDPState
	case flags&rdpReset != 0:
		return r.receiveReset(seq, flags)
	case r.state == RDPListen:
		return r.accept(now, seq, flags, data)
	case r.state == RDPSynSent:
		if flags&(rdpSyn|rdpAck) != rdpSyn|rdpAck || ack != r.iss {
			return fmt.Errorf("csp: RDP segment with flags %#x answers a SYN", flags)
		}
		r.irs, r.got, r.acked = seq, seq, seq
		r.state, r.heard = RDPOpen, now
		r.acknowledged(ack)
		r.emit(r.next, rdpAck, nil)
		return nil
	case flags&rdpSyn != 0 || flags&rdpAck == 0:
		if flags&rdpSyn != 0 && seq == r.irs && r.state == RDPOpen {
			r.emit(r.next, rdpAck, nil) // our acknowledgement of it was lost
			return nil
		}
		return fmt.Errorf("csp: RDP segment with flags %#x in state %v", flags, r.state)
	}
	return r.receiveData(now, seq, ack, flags, data)
}

func (r *RDP) accept(now time.Duration, seq uint16, flags byte, data []byte) error {
	opt, ok := parseRDPOptions(data)
	if flags&(rdpSyn|rdpAck) != rdpSyn || !ok {
		r.emit(r.next, rdpReset, nil)
		return fmt.Errorf("csp: RDP segment with flags %#x opens no connection", flags)
	}
	r.opt, r.state, r.heard = opt, RDPSynRcvd, now
	r.irs, r.got, r.acked = seq, seq, seq
	r.keep(now, r.iss, rdpSyn|rdpAck, nil)
	return nil
}

func (r *RDP) receiveReset(seq uint16, flags byte) error {
	switch {
	case r.state == RDPListen:
	case r.state == RDPCloseWait:
		r.end(nil)
	case r.state == RDPSynSent || seq == r.got+1:
		err := ErrRDPReset
		if r.state == RDPOpen && len(r.sent) == 0 {
			err = nil // an orderly close
		}
		r.emit(r.next, rdpAck|rdpReset, nil)
		r.end(err)
	default:
		return fmt.Errorf("csp: RDP reset with number %d, not %d", seq, r.got+1)
	}
	return nil
}

func (r *RDP) receiveData(now time.Duration, seq, ack uint16, flags byte, data []byte) error {
	reach := uint16(2 * r.opt.Window)
	if ack-(r.una-1-reach) > r.next-1-(r.una-1-reach) {
		return fmt.Errorf("csp: RDP acknowledgement of %d, sent up to %d", ack, r.next-1)
	}
	if r.state == RDPSynRcvd {
		if ack != r.iss {
			return fmt.Errorf("csp: RDP acknowledgement of %d, not of the SYN %d", ack, r.iss)
		}
		r.state = RDPOpen
	}
	r.acknowledged(ack)
	if r.state == RDPCloseWait {
		r.emit(r.next, rdpAck|rdpReset, nil)
		return nil
	}
	r.heard = now
	defer r.reset(now)
	if flags&rdpEAck != 0 || len(data) == 0 {
		return nil
	}
	if seq-(r.got+1) >= reach {
		r.emit(r.next, rdpAck, nil) // it has come before, and our acknowledgement was lost
		return nil
	}
	if r.early == nil {
		r.early = make(map[uint16][]byte)
	}
	if r.early[seq] == nil {
		r.early[seq] = append([]byte(nil), data...)
	}
	if r.got == r.acked {
		r.ackSince = now
	}
	for d := r.early[r.got+1]; d != nil; d = r.early[r.got+1] {
		r.got++
		delete(r.early, r.got)
		r.in = append(r.in, d)
	}
	if !r.opt.DelayedAcks || uint32(r.got-r.acked) > r.opt.AckDelay {
		r.emit(r.next, rdpAck, nil)
	}
	return nil
}

// acknowledged drops what the peer has by an acknowledgement of everything up to a number.
func (r *RDP) acknowledged(ack uint16) {
	if int16(ack+1-r.una) <= 0 {
		return
	}
	r.una = ack + 1
	keep := r.sent[:0]
	for _, s := range r.sent {
		if int16(s.seq-r.una) >= 0 {
			keep = append(keep, s)
		}
	}
	r.sent = keep
}
