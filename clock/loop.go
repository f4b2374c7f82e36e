package clock

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// maxLag is how far a loop without a shared anchor may fall behind its pace
// before it stops trying to catch up, in the machine's time.
const maxLag = 250 * time.Millisecond

// Loop runs events in the order of simulated time; events of one instant run in
// the order in which they were scheduled. At, Now and the events themselves
// belong to the goroutine that calls Run; only Post and SetPace may be called
// from others.
type Loop struct {
	now    time.Time
	queue  eventHeap
	nextID uint64

	mu     sync.Mutex
	posted []func()
	pace   Pace
	repace bool
	wake   chan struct{}
}

// Event is a scheduled call.
type Event struct {
	at    time.Time
	id    uint64
	fn    func()
	index int // in the heap; -1 once run or cancelled
}

// NewLoop gives a loop whose simulated time is start, with nothing scheduled.
func NewLoop(start time.Time) *Loop {
	return &Loop{now: start.UTC(), wake: make(chan struct{}, 1)}
}

// Now is the simulated time: that of the event being run.
func (l *Loop) Now() time.Time { return l.now }

// At schedules fn for time t; a time that has passed means now.
func (l *Loop) At(t time.Time, fn func()) *Event {
	if t.Before(l.now) {
		t = l.now
	}
	e := &Event{at: t, id: l.nextID, fn: fn}
	l.nextID++
	heap.Push(&l.queue, e)
	return e
}

// After schedules fn for d from now.
func (l *Loop) After(d time.Duration, fn func()) *Event { return l.At(l.now.Add(d), fn) }

// Cancel takes a scheduled event back. One that has run, or nil, is ignored.
func (l *Loop) Cancel(e *Event) {
	if e != nil && e.index >= 0 {
		heap.Remove(&l.queue, e.index)
		e.index = -1
	}
}

// Next is the time of the next event, and whether there is one.
func (l *Loop) Next() (time.Time, bool) {
	if len(l.queue) == 0 {
		return time.Time{}, false
	}
	return l.queue[0].at, true
}

// Post has fn run by the loop as soon as possible, at the simulated time that the
// pace then gives. It is how the world outside (sockets, the HTTP API) enters; a
// loop that should repeat its history gets no posts.
func (l *Loop) Post(fn func()) {
	l.mu.Lock()
	l.posted = append(l.posted, fn)
	l.mu.Unlock()
	l.poke()
}

// Await waits, from within an event, until done is closed. Posts run meanwhile, at the
// event's time, so that whoever asks from outside is answered while the loop waits
// for work that it has given away.
func (l *Loop) Await(done <-chan struct{}) {
	for {
		l.mu.Lock()
		posted := l.posted
		l.posted = nil
		l.mu.Unlock()
		for _, fn := range posted {
			fn()
		}
		select {
		case <-done:
			return
		case <-l.wake:
		}
	}
}

// SetPace changes the pace of a running loop from now on.
func (l *Loop) SetPace(p Pace) {
	l.mu.Lock()
	l.pace, l.repace = p, true
	l.mu.Unlock()
	l.poke()
}

func (l *Loop) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run runs events at the given pace until simulated time reaches until (zero for
// no end) or ctx ends, whose error it then returns. As fast as possible, it also
// returns nil when nothing is left to do.
func (l *Loop) Run(ctx context.Context, until time.Time, pace Pace) error {
	l.SetPace(pace)
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	var current Pace
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.mu.Lock()
		posted := l.posted
		l.posted = nil
		if l.repace {
			current, l.repace = l.pace, false
			if current.Factor > 0 && !current.anchored() {
				current.Wall, current.Sim = time.Now(), l.now
			}
		}
		shared := l.pace.anchored()
		l.mu.Unlock()

		if len(posted) > 0 {
			if current.Factor > 0 {
				l.advance(l.bounded(current.At(time.Now()), until))
			}
			for _, fn := range posted {
				fn()
			}
			continue
		}
		next, ok := l.Next()
		if !until.IsZero() && (!ok || next.After(until)) {
			next, ok = until, true
		}
		if !ok && current.Factor == 0 {
			return nil
		}
		if current.Factor > 0 {
			if wait, idle := l.wait(&current, next, ok, shared); idle || wait > 0 {
				if timer == nil {
					timer = time.NewTimer(wait)
				} else {
					timer.Reset(wait)
				}
				select {
				case <-ctx.Done():
				case <-l.wake:
				case <-timer.C:
				}
				timer.Stop()
				continue
			}
		}
		if len(l.queue) == 0 || (!until.IsZero() && l.queue[0].at.After(until)) {
			l.advance(until)
			return nil
		}
		e := heap.Pop(&l.queue).(*Event)
		e.index = -1
		l.advance(e.at)
		e.fn()
	}
}

// idleWait bounds the sleep of a loop that has nothing scheduled; a post wakes it.
const idleWait = time.Minute

// wait gives the machine's time until simulated time next, and whether there is
// nothing to wait for but posts.
func (l *Loop) wait(p *Pace, next time.Time, ok, shared bool) (d time.Duration, idle bool) {
	if !ok {
		return idleWait, true
	}
	d = time.Until(p.wallAt(next))
	if !shared && d < -maxLag {
		p.Wall, p.Sim = time.Now(), next
	}
	return min(d, idleWait), false
}

// bounded keeps a simulated time from passing the next event or the run's end.
func (l *Loop) bounded(t, until time.Time) time.Time {
	if next, ok := l.Next(); ok && t.After(next) {
		t = next
	}
	if !until.IsZero() && t.After(until) {
		t = until
	}
	return t
}

func (l *Loop) advance(t time.Time) {
	if t.After(l.now) {
		l.now = t
	}
}

type eventHeap []*Event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].id < h[j].id
}
func (h eventHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *eventHeap) Push(x any) {
	e := x.(*Event)
	e.index = len(*h)
	*h = append(*h, e)
}
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
