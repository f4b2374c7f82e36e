package cfdp

import (
	"cmp"
	"fmt"
	"time"
)

// room makes sure that one more transaction with an entity may begin; own says that it is this
// entity's. Where all places are taken, a file from outside gives way:
//
//   - Of the same source, or of one that has at least two places more than the one that asks;
//     this entity's own files may take the place of any. So no source crowds out the others.
//   - None that got new octets within the last [Config.GiveWay], as long as the link to its
//     source is up: a flood of beginnings does not push out what is under way. Against others
//     that does not protect a source with more than half of the places.
//   - Of those the one with the fewest octets, of equals the one that is silent longest.
//
// What gives way is forgotten: a class 2 sender that goes on with it begins it anew, and is asked
// for what it had sent before. What is over and only waits for the last ACK stays known as ended.
func (e *Entity) room(now time.Time, with uint64, own bool) error {
	if len(e.order) < e.cfg.MaxTransactions {
		return nil
	}
	held := map[uint64]int{}
	for _, r := range e.rx {
		held[r.remote]++
	}
	var least *receiver
	for _, t := range e.order {
		r, ok := t.(*receiver)
		if !ok {
			continue
		}
		foreign := own || r.remote != with
		switch {
		case foreign && !own && held[r.remote] < held[with]+2:
		case r.busy(now) && !(foreign && held[r.remote] > e.cfg.MaxTransactions/2):
		case least == nil || cmp.Or(cmp.Compare(r.kept(), least.kept()),
			cmp.Compare(r.inactivity.remaining(now), least.inactivity.remaining(now))) < 0:
			least = r
		}
	}
	if least == nil {
		return ErrFull
	}
	if least.finished != nil {
		e.finish(least)
		return nil
	}
	i := least.report()
	i.Kind, i.Condition, i.Detail = IndAbandoned, Inactivity, fmt.Sprintf("gave way to a file with entity %d", with)
	e.indicate(i)
	least.discard()
	e.remove(least)
	return nil
}

// busy reports whether something happens on this end just now.
func (r *receiver) busy(now time.Time) bool {
	if r.frozen() {
		return false
	}
	return r.needFinished && r.finCount == 0 || r.grace.on && r.grace.remaining(now) > 0
}

// kept is how many octets of the file are here.
func (r *receiver) kept() (n int64) {
	if r.finished != nil && r.finished.Incomplete {
		return 0
	}
	for _, s := range r.have {
		n += s.End - s.Start
	}
	return n
}
