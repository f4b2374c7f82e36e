package durable

import (
	"fmt"
	"time"
)

// Writes that must be durable before an answer leaves cost most, and whoever sends tiny files
// could ask for one with every PDU. So there are syncBurst of them at once, and then one every
// syncEvery; each is good for all answers that wait.
const (
	syncBurst = 32
	syncEvery = time.Second
)

// budget is how many such writes are left.
type budget struct {
	spent int
	since time.Time // when the next one begins to come back
}

func (b *budget) refill(now time.Time) {
	if b.spent == 0 || now.Before(b.since) { // or the clock was set back
		b.since = now
		return
	}
	if n := now.Sub(b.since) / syncEvery; n >= time.Duration(b.spent) {
		b.spent, b.since = 0, now
	} else {
		b.spent, b.since = b.spent-int(n), b.since.Add(n*syncEvery)
	}
}

// take uses one, if there is one.
func (b *budget) take(now time.Time) bool {
	b.refill(now)
	if b.spent >= syncBurst {
		return false
	}
	b.spent++
	return true
}

// promise is a PDU that may be sent once what it tells is durable.
type promise struct {
	pdu    []byte
	relies uint64
}

// waiting reports whether a promise waits for a write that is durable.
func (e *Entity) waiting() bool {
	for peer, p := range e.held {
		if e.up[peer] && p.relies > e.synced {
			return true
		}
	}
	return false
}

// next gives the next PDU for a peer and what it relies on.
func (e *Entity) next(now time.Time, peer uint64) (promise, bool) {
	if p, ok := e.held[peer]; ok {
		delete(e.held, peer)
		return p, true
	}
	pdu, ok := e.core.Output(now, peer)
	return promise{pdu, e.core.Relies()}, ok
}

// Output gives the next PDU for a peer when the link can carry one. What it tells the other side
// is durable by then; if there were too many such writes just now, it waits. The error is of the
// store and final.
func (e *Entity) Output(now time.Time, peer uint64) (pdu []byte, ok bool, err error) {
	if !e.up[peer] {
		return nil, false, nil
	}
	p, ok := e.next(now, peer)
	if !ok {
		return nil, false, e.settle(now)
	}
	if err := e.touch(now); err != nil {
		return nil, false, err
	}
	if p.relies > e.synced {
		if !e.syncs.take(now) {
			e.held[peer] = p
			return nil, false, nil
		}
		if err := e.Commit(now, true); err != nil {
			return nil, false, err
		}
	}
	return p.pdu, true, nil
}

// Fits reports whether a file could lie under name beside those that are there.
func (e *Entity) Fits(name string) error {
	if e.files.dirs[name] {
		return fmt.Errorf("%s is a directory", name)
	}
	_, err := e.files.missing(name)
	return err
}

// RoomFor is how much of the quota a file under name would take, with the directories that it
// would be the first in.
func (e *Entity) RoomFor(name string, size int64) int64 {
	missing, _ := e.files.missing(name)
	return size + entryCost*int64(1+len(missing))
}

// Room is how much of the quota a directory takes with all that lies below it.
func (e *Entity) Room(dir string) (n int64) {
	below := func(name string) bool { return len(name) > len(dir) && name[:len(dir)] == dir && name[len(dir)] == '/' }
	for name, f := range e.files.files {
		if below(name) {
			n += entryCost
			for _, kept := range f.pieces {
				n += int64(kept)
			}
		}
	}
	for name := range e.files.dirs {
		if name == dir || below(name) {
			n += entryCost
		}
	}
	return n
}
