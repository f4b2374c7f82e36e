package ttc

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"spacechain/link/frame"
	"spacechain/link/frame/cop1"
	"spacechain/link/packet"
	"spacechain/link/pus"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// maxPacket bounds a telecommand packet that comes in segments, octets.
const maxPacket = 4096

// Uplink takes what the receiver found: the octets of a CLTU, fill included, or a bare
// transfer frame.
func (t *TTC) Uplink(now time.Time, cltu []byte) {
	t.tell(now)
	if err := t.uplink(cltu); err != nil {
		t.counters.FramesRefused++
		if !t.alarmed && (errors.Is(err, sdls.ErrMAC) || errors.Is(err, sdls.ErrReplay)) {
			t.alarmed = true
			t.server.Raise(now, pus.Event{Severity: pus.Medium, ID: mission.EventSecurity})
		}
	}
	t.transmit() // a session may have begun in the middle of a down slot
}

var errRefused = errors.New("telecommand frame refused")

func (t *TTC) uplink(cltu []byte) error {
	b, err := t.tc.Trim(cltu)
	if err != nil {
		return err
	}
	b = slices.Clone(b) // security works in place
	f, err := t.tc.Decode(b)
	if err != nil {
		return err
	}
	if f.Control {
		return t.command(&f)
	}
	if err := t.authentic(f, b); err != nil {
		return err
	}
	t.contact(f.VC)
	farm := t.farms[f.VC] // Decode knows no other virtual channels
	before := farm.State()
	accepted := farm.Frame(&f, true)
	if before != cop1.Locked && farm.State() == cop1.Locked {
		t.server.Raise(t.now, pus.Event{Severity: pus.Medium, ID: mission.EventLockout, Data: []byte{f.VC}})
	}
	if !accepted {
		return fmt.Errorf("frame %d where %d was expected: %w", f.Sequence, farm.VR(), errRefused)
	}
	t.counters.FramesAccepted++
	t.segment(&f)
	return nil
}

// command obeys a Type-BC frame. These have no security, so anybody could have sent it: it
// opens no session and holds none, and only in a session an Unlock is obeyed, which moves
// nothing. Set V(R) is not: put back, it would have the station send again, and the satellite
// do again, what was done.
func (t *TTC) command(f *frame.TCFrame) error {
	c, err := frame.DecodeCommand(f.Data)
	switch {
	case err != nil:
		return err
	case c.SetVR:
		return fmt.Errorf("set v(r) to %d: %w", c.VR, errRefused)
	case !t.session.on || t.session.vc != f.VC:
		return fmt.Errorf("unlock outside of a session: %w", errRefused)
	}
	farm := t.farms[f.VC]
	locked := farm.State() == cop1.Locked
	farm.Frame(f, true)
	if locked {
		t.server.Raise(t.now, pus.Event{Severity: pus.Informative, ID: mission.EventUnlocked, Data: []byte{f.VC}})
	}
	t.counters.FramesAccepted++
	return nil
}

// authentic has SDLS verify and decrypt a Type-D frame in place. Packets and procedures have
// an association each.
func (t *TTC) authentic(f frame.TCFrame, b []byte) error {
	want := mission.SPI(f.VC)
	switch f.MAP {
	case mission.MAPPackets:
	case mission.MAPSecurity:
		want = mission.ProcedureSPI(f.VC)
	default:
		return fmt.Errorf("map %d: %w", f.MAP, errRefused)
	}
	if spi := binary.BigEndian.Uint16(f.SecurityHeader); spi != want {
		t.endpoint.Stats.BadSA++
		return fmt.Errorf("association %d on map %d, not %d: %w", spi, f.MAP, want, errRefused)
	}
	if err := t.endpoint.Process(b); err != nil {
		return err
	}
	t.floors[want], _, _ = t.endpoint.Numbers(want)
	return nil
}

// contact notes that a station was heard beyond doubt.
func (t *TTC) contact(vc uint8) {
	t.heard, t.current = t.now, vc
	begun := !t.session.on || t.session.vc != vc
	if begun {
		t.session = session{on: true, vc: vc}
		t.alarmed = false
		t.heal(vc)
		t.server.Raise(t.now, pus.Event{Severity: pus.Informative, ID: mission.EventSession, Data: []byte{vc}})
	}
	t.session.until = t.now.Add(t.c.SessionHold)
	if t.emergency {
		t.emergency = false
		t.server.Raise(t.now, pus.Event{Severity: pus.Informative, ID: mission.EventEmergencyOver})
	}
	if begun {
		t.report() // how things are, before anything else
	}
}

// piece is a segment of a unit that is not whole yet; kept, because a restart must not lose
// what was acknowledged.
type piece struct {
	flag frame.Sequence
	data []byte
}

// maxPieces bounds the segments of a unit: a unit of maxPacket octets needs far fewer.
const maxPieces = 64

// segment puts the segments of a MAP together and hands on what they make.
func (t *TTC) segment(f *frame.TCFrame) {
	key := segmentKey{f.VC, f.MAP, f.Bypass}
	u := t.join(key, piece{f.Segment, f.Data})
	switch {
	case len(u) == 0:
	case f.MAP == mission.MAPSecurity:
		t.procedure(f.VC, u)
	default:
		t.packets(f.VC, u)
	}
}

func (t *TTC) join(key segmentKey, p piece) []byte {
	r := t.segments[key]
	if r == nil {
		r = &frame.Reassembler{Max: maxPacket}
		t.segments[key] = r
	}
	u := r.Add(p.flag, p.data)
	if p.flag == frame.First {
		t.pieces[key] = nil
	}
	if u != nil || len(t.pieces[key]) >= maxPieces {
		delete(t.pieces, key)
	} else {
		t.pieces[key] = append(t.pieces[key], piece{p.flag, slices.Clone(p.data)})
	}
	return u
}

// packets executes the packets of a unit, one after the other, and each only once: the control
// word that makes a station send again is not covered by what authenticates telemetry, and whoever
// changes it must not have commands done twice. Of a packet that comes again the reports are in the store.
func (t *TTC) packets(vc uint8, u []byte) {
	for len(u) > 0 {
		n, err := packet.Length(u)
		if err != nil || n > uint64(len(u)) {
			n = uint64(len(u)) // the server counts and refuses what is none
		}
		if t.recent[vc].add(u[:n]) {
			_ = t.server.Execute(t.now, u[:n]) // its telemetry tells
		} else {
			t.counters.Repeated++
		}
		u = u[n:]
	}
}

// digest stands for a packet; recent holds those of the packets executed last, the oldest
// first. Packets of a station have different sequence counts for far longer than that.
type digest [8]byte

type recent []digest

const mostRecent = 64

// add notes a packet, and reports whether it is a new one.
func (r *recent) add(pkt []byte) bool {
	sum := sha256.Sum256(pkt)
	d := digest(sum[:])
	if slices.Contains(*r, d) {
		return false
	}
	if len(*r) >= mostRecent {
		*r = slices.Delete(*r, 0, 1)
	}
	*r = append(*r, d)
	return true
}
