package cfdp

import (
	"slices"
	"time"
)

// Output gives the next PDU for an entity, when the link can carry one; false if there
// is nothing to send or the link is down. Acknowledgements come first, then other
// directives, then file data, of which every transaction gets its turn.
func (e *Entity) Output(now time.Time, to uint64) ([]byte, bool) {
	e.Observe(now)
	e.relies = 0
	if e.down[to] {
		return nil, false
	}
	for i, r := range e.replies {
		if r.to != to {
			continue
		}
		e.replies = slices.Delete(e.replies, i, i+1)
		if b, err := (PDU{r.hdr, &r.ack}).Append(nil); err == nil {
			e.Stats.Sent++
			e.relies = r.relies
			return b, true
		}
		return e.Output(now, to)
	}
	for i := 0; i < len(e.order); i++ {
		t := e.order[i]
		if b := t.core(); b.remote != to || b.suspended {
			continue
		}
		if b, ok := e.encode(now, t, t.control(now)); ok {
			return b, true
		}
		if t.core().done {
			i-- // it left the list
		}
	}
	for range len(e.order) {
		if len(e.order) == 0 {
			break
		}
		e.turn %= len(e.order)
		t := e.order[e.turn]
		e.turn++
		if b := t.core(); b.remote != to || b.suspended {
			continue
		}
		if b, ok := e.encode(now, t, t.data(now)); ok {
			return b, true
		}
	}
	return nil, false
}

func (e *Entity) encode(now time.Time, t transaction, body Body) ([]byte, bool) {
	if body == nil {
		return nil, false
	}
	b, err := (PDU{t.core().hdr, body}).Append(nil)
	if err != nil {
		if !t.core().done {
			e.fault(now, t, InvalidFileStructure, err.Error())
		}
		return nil, false
	}
	e.Stats.Sent++
	if r, ok := t.(*receiver); ok && body == Body(r.finished) {
		e.relies = r.relies
	}
	return b, true
}

// Ends counts what ends: files and transactions, each of which may be news that the other side
// is told to rely on.
func (e *Entity) Ends() uint64 { return e.ends }

// Relies is the [Entity.Ends] that must be durable before the PDU that Output gave last may be
// sent; 0 if nothing must.
func (e *Entity) Relies() uint64 { return e.relies }

// Destinations lists the entities that transactions and ACKs under way are with, in
// order of their ids.
func (e *Entity) Destinations() []uint64 {
	var out []uint64
	for _, t := range e.order {
		out = append(out, t.core().remote)
	}
	for _, r := range e.replies {
		out = append(out, r.to)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
