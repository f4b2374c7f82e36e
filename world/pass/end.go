package pass

import (
	"bytes"
	"time"

	"spacechain/dtn/node"
	"spacechain/link/radio"
	"spacechain/world/host"
)

// relay is a core whose frames and files the payload link carries.
type relay interface {
	LinkUp(now time.Time, l node.LinkInfo) error
	LinkDown(now time.Time, peer uint64)
	Frame(now time.Time, peer uint64, frame []byte)
	FileLink(now time.Time, peer uint64, up bool)
	FileOutput(now time.Time, peer uint64) ([]byte, bool)
	FilePDU(now time.Time, peer uint64, pdu []byte)
}

// end is one end of the payload link: what a relay has for the peer goes out by one trunk, and
// what comes from there by another.
type end struct {
	f       *flight
	peer    uint64
	out, in radio.Waveform
	relay   relay
	host    *host.Host
	stream  *hop // out; nil until the links are there
	trunk   *radio.Trunk
	heard   *radio.Trunk // reads what comes in

	sending, receiving func(pdu []byte) // see CFDP's data units; nil if nobody looks
}

// empty makes the trunks new: what waited is gone.
func (e *end) empty() (err error) {
	if e.trunk, err = radio.NewTrunk(e.out, e.f.mission().Spacecraft); err != nil {
		return err
	}
	e.heard, err = radio.NewTrunk(e.in, e.f.mission().Spacecraft)
	return err
}

// link has the relay see its peer come and go.
func (e *end) link(up bool) {
	e.host.Do(func(now time.Time) {
		e.relay.FileLink(now, e.peer, up)
		if !up {
			e.relay.LinkDown(now, e.peer)
			return
		}
		e.f.fail(e.relay.LinkUp(now, e.info()))
	})
}

// info is what a node of the mesh is told of the radio link to its peer.
func (e *end) info() node.LinkInfo {
	f, w := e.f, e.out
	return node.LinkInfo{Peer: e.peer, RateBps: w.InfoRateBps, MTU: 1024, Until: f.set,
		// A frame waits for others, for the carrier and for the decoder.
		OWLT: f.geometry.light(f.rise) + w.Lead() + 2*w.Airtime(w.FrameSize) + w.Latency()}
}

// Carry implements host.Carrier: frames of the mesh go by the trunk.
func (e *end) Carry(now time.Time, fr node.OutFrame) {
	if err := e.trunk.Send(radio.Mesh, fr.Data); err != nil {
		return // the mesh sends it again
	}
	e.stream.engine.wake(now)
}

// fill fetches as many files as the next transfer frame holds.
func (e *end) fill(now time.Time) {
	if e.stream == nil {
		return
	}
	for e.trunk.Pending() < e.out.FrameSize {
		pdu, ok := e.relay.FileOutput(now, e.peer)
		if !ok {
			break
		}
		if e.sending != nil {
			e.sending(pdu)
		}
		if err := e.trunk.Send(radio.Files, pdu); err != nil {
			e.f.fail(err)
			return
		}
	}
	if e.trunk.Pending() > 0 {
		e.stream.engine.wake(now)
	}
}

// pull gives the next transfer frame.
func (e *end) pull(time.Time) ([]byte, bool) {
	if e.trunk.Pending() < e.out.FrameSize {
		e.host.Do(func(time.Time) {}) // which drains
	}
	if e.trunk.Pending() == 0 {
		return nil, false
	}
	frame, err := e.trunk.Next(nil)
	e.f.fail(err)
	return frame, err == nil
}

// idle gives a transfer frame although nothing waits: while the carrier is on it keeps the
// receiver in step.
func (e *end) idle(dst []byte) ([]byte, error) { return e.trunk.Next(dst) }

// payloadFrame takes a transfer frame from the peer.
func (e *end) payloadFrame(_ time.Time, frame []byte) {
	_ = e.heard.Frame(frame, func(service radio.Service, unit []byte) { // it counts what it refuses
		unit = bytes.Clone(unit)
		if service == radio.Files && e.receiving != nil {
			e.receiving(unit)
		}
		e.host.Do(func(now time.Time) {
			switch service {
			case radio.Mesh:
				e.relay.Frame(now, e.peer, unit)
			case radio.Files:
				e.relay.FilePDU(now, e.peer, unit)
			}
		})
	})
}
