package control

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"spacechain/internal/cbor"
	"spacechain/link/pus"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// stateVersion is that of the form of what Export gives.
const stateVersion = 1

var errState = errors.New("no state of operation control")

// Fields of the state, and of a command in it.
const (
	stateFields   = 11
	commandFields = 12
)

// Export gives what must survive a restart: the commands that are not done, the vectors that were
// used, the number of the last telemetry frame, and the session key, encrypted under the master
// key. Commands that are done are forgotten, and a change of key that is under way is.
//
// It is to be kept after each call of Command and CommandAt, and each time after Bursts gave
// something, before that is sent: then no vector is used twice though the clock may have lost the
// time. What a state had sent that was not acknowledged is sent again; the satellite knows the
// packets and does none of them again, unless it has forgotten everything itself meanwhile.
func (k *Control) Export() []byte {
	b := cbor.AppendArray(nil, stateFields)
	b = cbor.AppendUint(b, stateVersion)
	b = cbor.AppendUint(b, uint64(k.c.VC))
	b = cbor.AppendBytes(b, k.floor)
	b = cbor.AppendBytes(b, k.security.Next())
	b = cbor.AppendUint(b, uint64(k.commander.Next()))
	b = cbor.AppendUint(b, k.keys.count)
	b = cbor.AppendUint(b, uint64(k.keys.vectors))
	b = cbor.AppendUint(b, uint64(k.keys.current))
	b = appendTime(b, k.keys.since)
	b = cbor.AppendBytes(b, k.keys.sealed)
	var kept []*item
	index := map[*item]uint64{}
	for _, i := range k.items {
		if !i.internal || i.carries != nil { // what it asked for itself it asks for again
			kept = append(kept, i)
			index[i] = uint64(len(kept)) // from one
		}
	}
	b = cbor.AppendArray(b, len(kept))
	for _, i := range kept {
		b = cbor.AppendArray(b, commandFields)
		b = cbor.AppendUint(b, uint64(i.ID.ID))
		b = cbor.AppendUint(b, uint64(i.ID.Sequence))
		b = cbor.AppendUint(b, uint64(i.Message.Service))
		b = cbor.AppendUint(b, uint64(i.Message.Subtype))
		b = cbor.AppendUint(b, uint64(i.State))
		b = appendTime(b, i.Queued)
		b = appendTime(b, i.Sent)
		b = appendTime(b, i.Release)
		b = appendTime(b, i.aboard)
		b = cbor.AppendUint(b, flags(i))
		b = cbor.AppendUint(b, index[i.carries]) // 0 for none
		b = cbor.AppendBytes(b, i.packet)
	}
	return b
}

func flags(i *item) uint64 {
	if i.internal {
		return 1
	}
	return 0
}

// appendTime writes a time in microseconds since 1970, 0 for none.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return cbor.AppendUint(b, 0)
	}
	return cbor.AppendUint(b, uint64(max(t.UnixMicro(), 1)))
}

// reader reads a state; after the first error it gives zeros.
type reader struct {
	d   *cbor.Decoder
	err error
}

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = errors.New(why)
	}
}

func (r *reader) uint(most uint64) uint64 {
	if r.err != nil {
		return 0
	}
	n, err := r.d.Uint()
	if err != nil {
		r.err = err
	} else if n > most {
		r.fail("a number too large")
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *reader) bytes() []byte {
	if r.err != nil {
		return nil
	}
	b, err := r.d.Bytes()
	r.err = err
	return b
}

func (r *reader) array(want string) int {
	if r.err != nil {
		return 0
	}
	n, err := r.d.Array()
	if r.err = err; err != nil {
		return 0
	}
	if n < 0 {
		r.fail(want)
		return 0
	}
	return n
}

func (r *reader) time() time.Time {
	if n := r.uint(1 << 62); n > 0 {
		return mission.Micros(n)
	}
	return time.Time{}
}

// restore takes up what Export gave, in a new Control.
func (k *Control) restore(state []byte) error {
	r := &reader{d: cbor.NewDecoder(state)}
	if r.array("a state") != stateFields || r.uint(1<<16) != stateVersion {
		r.fail("another version")
	}
	if r.uint(1<<16) != uint64(k.c.VC) {
		r.fail("another virtual channel")
	}
	floor, next := r.bytes(), r.bytes()
	first := r.uint(1<<14 - 1)
	count, vectors := r.uint(1<<40), r.uint(1<<32-1)
	current, since, sealed := sdls.KeyID(r.uint(1<<16-1)), r.time(), r.bytes()
	if r.err == nil {
		k.commander.First = uint16(first)
		k.keys.count, k.keys.vectors = count, uint32(vectors)
		if count > 0 {
			k.keys.last = mission.SessionKey(k.c.VC, count)
		}
		r.err = k.restoreNumbers(floor, next)
	}
	if r.err == nil && current != mission.PacketKey(k.c.VC) {
		r.err = k.restoreKey(current, since, sealed)
	}
	k.restoreCommands(r)
	if r.err == nil {
		r.err = r.d.Done()
	}
	if r.err != nil {
		return fmt.Errorf("restore: %w: %w", errState, r.err)
	}
	return nil
}

func (k *Control) restoreNumbers(floor, next []byte) error {
	if len(floor) > 0 {
		if len(floor) != len(mission.Numbers(k.now)) {
			return errors.New("vectors of another length")
		}
		k.floor = bytes.Clone(floor)
	}
	return k.security.GoOn(next)
}

// restoreKey takes a session key up out of its form under the master key.
func (k *Control) restoreKey(id sdls.KeyID, since time.Time, sealed []byte) error {
	if !mission.OwnSessionKey(k.c.VC, id) {
		return fmt.Errorf("key %d is none of this station: %w", id, ErrKeys)
	}
	p := sdls.Procedures{Endpoint: k.endpoint, Control: mission.ProcedureSPI(k.c.VC)}
	if _, err := p.Handle(sdls.PDU{Tag: sdls.OTAR, Data: sealed}); err != nil {
		return err
	}
	if err := k.ring.Activate(id); err != nil {
		return err
	}
	if err := rekey(k.endpoint, mission.SPI(k.c.VC), id, k.number()); err != nil {
		return err
	}
	k.keys.current, k.keys.since, k.keys.sealed = id, since, bytes.Clone(sealed)
	return nil
}

func (k *Control) restoreCommands(r *reader) {
	n := r.array("commands")
	if n > k.c.MaxQueue+1 {
		r.fail("more commands than the queue has room for")
	}
	var carried []int
	for ; n > 0 && r.err == nil; n-- {
		if r.array("a command") != commandFields {
			r.fail("another form of commands")
		}
		i := &item{}
		i.ID = pus.RequestID{ID: uint16(r.uint(1<<16 - 1)), Sequence: uint16(r.uint(1<<16 - 1))}
		i.Message = pus.Message{Service: uint8(r.uint(255)), Subtype: uint8(r.uint(255))}
		i.State = State(r.uint(uint64(Scheduled)))
		i.Queued, i.Sent, i.Release, i.aboard = r.time(), r.time(), r.time(), r.time()
		i.internal = r.uint(1) == 1
		carried = append(carried, int(r.uint(uint64(k.c.MaxQueue+1))))
		i.packet = bytes.Clone(r.bytes())
		if r.err != nil {
			return
		}
		k.commander.Resume(i.ID, i.Message)
		k.items = append(k.items, i)
		switch {
		case i.State < Queued:
			r.fail("a command in no state")
		case i.State < Aboard && len(i.packet) > 0:
			r.err = k.cut(i, mission.MAPPackets, i.packet)
		}
	}
	for at, c := range carried {
		switch {
		case c == 0 || r.err != nil:
		case c > len(k.items) || c-1 == at || len(k.items[c-1].packet) > 0:
			r.fail("a command that carries none")
		default:
			k.items[at].carries = k.items[c-1]
		}
	}
}
