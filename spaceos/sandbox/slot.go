package sandbox

import (
	"container/list"
	"context"
	"sync"
)

// slots lets a bounded number of activations execute at once, and takes turns
// by the gas that each has used: an activation starts on the first level and
// sinks as it works, a waiting one of a better level takes over at the next look
// of the meter (at most one slice later), and those of the same level rotate. So
// a short activation does not queue behind one that loops for ever.
//
// Lock order: mu is the only lock, and nothing is called under it.
type slots struct {
	mu     sync.Mutex
	free   int
	queues [levels]list.List // of *turn
	queued int
}

const levels = 4

// levelGas is the gas from which an activation sinks to the next level.
var levelGas = [levels - 1]uint64{16_000_000, 128_000_000, 1_024_000_000}

// rotateGas is how long one activation runs before another of its level may.
const rotateGas = 1_000_000

// turn is one activation's place among the slots.
type turn struct {
	level int
	since uint64 // gas used when it got the slot
	held  bool   // has a slot
	ready chan struct{}
}

func newSlots(n int) *slots { return &slots{free: n} }

// acquire waits for a slot.
func (s *slots) acquire(ctx context.Context, t *turn) error {
	t.ready = make(chan struct{}, 1)
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		t.held = true
		s.mu.Unlock()
		return nil
	}
	e := s.queue(t)
	s.mu.Unlock()
	return s.wait(ctx, t, e)
}

// wait returns when the queued turn has a slot or the context is done.
func (s *slots) wait(ctx context.Context, t *turn, e *list.Element) error {
	select {
	case <-t.ready:
		t.held = true
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-t.ready: // it came all the same
		s.pass()
	default:
		s.queues[t.level].Remove(e)
		s.queued--
	}
	return context.Cause(ctx)
}

func (s *slots) queue(t *turn) *list.Element {
	s.queued++
	return s.queues[t.level].PushBack(t)
}

// pass hands the caller's slot to the best waiting turn, or frees it. mu is held.
func (s *slots) pass() {
	for l := range s.queues {
		if e := s.queues[l].Front(); e != nil {
			t := s.queues[l].Remove(e).(*turn)
			s.queued--
			t.ready <- struct{}{}
			return
		}
	}
	s.free++
}

// release gives the slot back, if the turn has one.
func (s *slots) release(t *turn) {
	if !t.held {
		return
	}
	t.held = false
	s.mu.Lock()
	s.pass()
	s.mu.Unlock()
}

// yield is called by a running activation that has used the gas: it gives the
// slot to one that goes first and waits for the next. After an error the turn has
// no slot any more.
func (s *slots) yield(ctx context.Context, t *turn, used uint64) error {
	for t.level < levels-1 && used > levelGas[t.level] {
		t.level++
	}
	s.mu.Lock()
	last := t.level - 1
	if used-t.since >= rotateGas {
		last = t.level
	}
	better := false
	for l := 0; l <= last && s.queued > 0; l++ {
		better = better || s.queues[l].Len() > 0
	}
	if !better {
		s.mu.Unlock()
		return nil
	}
	t.held = false
	s.pass()
	e := s.queue(t)
	s.mu.Unlock()
	t.since = used
	return s.wait(ctx, t, e)
}
