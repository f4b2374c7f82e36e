package system

import (
	"cmp"
	"slices"
	"time"

	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
)

// nextTimer gives when a trigger fires first after a time.
func (s *System) nextTimer(tr manifest.Trigger, after time.Time) timer {
	switch {
	case tr.Kind == manifest.Schedule:
		return timer{at: tr.NextAfter(after)}
	case !tr.Kind.Orbit():
		return timer{}
	}
	at, ok := s.opt.Orbit.Next(tr, after)
	if !ok {
		return timer{at: after.Add(s.lim.OrbitRetry), probe: true}
	}
	if !at.After(after) { // a source that is not strict must not make a busy loop
		at = after.Add(time.Second)
	}
	return timer{at: at}
}

func (s *System) wakeTimer(w *wake, after time.Time) timer {
	if !w.at.IsZero() {
		return timer{at: w.at}
	}
	return s.nextTimer(manifest.Trigger{Name: w.label, Kind: manifest.Region, Circle: w.circle}, after)
}

// arm sets all timers of a tenant as of now.
func (s *System) arm(t *tenant) {
	t.timers = make([]timer, len(t.m.Triggers))
	for i := range t.m.Triggers {
		if t.on(&t.m.Triggers[i]) {
			t.timers[i] = s.nextTimer(t.m.Triggers[i], s.now)
		}
	}
	for i := range t.wakes {
		t.wakes[i].next = s.wakeTimer(&t.wakes[i], s.now)
	}
}

// Replan looks up the next orbit events anew, after the orbit's elements changed.
func (s *System) Replan(now time.Time) error {
	if s.failed != nil {
		return s.failed
	}
	s.advance(now)
	for _, t := range s.tenants {
		for i := range t.m.Triggers {
			if tr := &t.m.Triggers[i]; tr.Kind.Orbit() && t.on(tr) {
				t.timers[i] = s.nextTimer(*tr, s.now)
			}
		}
		for i := range t.wakes {
			if t.wakes[i].at.IsZero() {
				t.wakes[i].next = s.wakeTimer(&t.wakes[i], s.now)
			}
		}
	}
	return nil
}

// advance moves the time on and makes due what fired since.
func (s *System) advance(now time.Time) {
	if now = now.UTC(); now.After(s.now) {
		s.now = now
	}
	for _, t := range s.tenants {
		if t.stopped {
			continue
		}
		for i := range t.timers {
			tm := &t.timers[i]
			if tm.at.IsZero() || s.now.Before(tm.at) {
				continue
			}
			tr := t.m.Triggers[i]
			if !tm.probe {
				t.push(pending{kind: tr.SandboxKind(), name: tr.Name, at: tm.at, trigger: i + 1})
			}
			*tm = s.nextTimer(tr, s.now)
		}
		for i := range t.wakes {
			w := &t.wakes[i]
			switch {
			case w.next.at.IsZero() || s.now.Before(w.next.at):
			case w.next.probe:
				w.next = s.wakeTimer(w, s.now)
			default:
				t.push(pending{kind: sandbox.TriggerWake, name: w.label, at: w.next.at, wake: w.number + 1})
				w.next = timer{}
			}
		}
	}
	s.watch()
}

// watch ends activations that have run too long, and lets those start whose sensor
// readings do not come.
func (s *System) watch() {
	for _, j := range s.jobs {
		switch {
		case j.waiting && !s.now.Before(j.created.Add(s.lim.SensorWait)):
			s.release(j)
		case !j.waiting && !s.now.Before(j.started.Add(s.lim.WallLimit)):
			j.kill("it ran longer than " + s.lim.WallLimit.String())
		}
	}
}

// nextActivation gives the earliest time at which a tenant will be due, as far as known.
func (t *tenant) nextActivation() time.Time {
	var next time.Time
	if t.stopped {
		return next
	}
	earlier := func(tm timer) {
		if !tm.at.IsZero() && !tm.probe && (next.IsZero() || tm.at.Before(next)) {
			next = tm.at
		}
	}
	for _, tm := range t.timers {
		earlier(tm)
	}
	for i := range t.wakes {
		earlier(t.wakes[i].next)
	}
	return next
}

// NextWake gives the time at which Tick is needed at the latest, if there is one.
// It is never before the last time that the system was told.
func (s *System) NextWake() (time.Time, bool) {
	var next time.Time
	earlier := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, t := range s.tenants {
		if t.stopped {
			continue
		}
		for _, tm := range t.timers {
			earlier(tm.at)
		}
		for i := range t.wakes {
			earlier(t.wakes[i].next.at)
		}
		if t.job == nil && len(t.pending) > 0 && s.now.Before(t.waitTill) {
			earlier(t.waitTill)
		}
	}
	for _, j := range s.jobs {
		if j.waiting {
			earlier(j.created.Add(s.lim.SensorWait))
		} else if !j.killed {
			earlier(j.started.Add(s.lim.WallLimit))
		}
	}
	if next.IsZero() {
		return next, false
	}
	if next.Before(s.now) {
		next = s.now
	}
	return next, true
}

// pick chooses the tenant that may start an activation now, nil if none is due: the one
// that has held workers for the shortest time of late, and of several the next in turn.
// The last workers are kept for modest tenants, so that these do not wait behind hours
// of work.
func (s *System) pick() *tenant {
	short := s.lim.Workers-len(s.jobs) <= s.lim.Reserved
	var due []*tenant
	for _, t := range s.tenants {
		if t.job == nil && !t.stopped && len(t.pending) > 0 && !s.now.Before(t.waitTill) && (!short || s.modest(t)) {
			t.load.pass(s.now)
			due = append(due, t)
		}
	}
	if len(due) == 0 {
		return nil
	}
	// Begin after the tenant that was served last.
	if i := slices.IndexFunc(due, func(t *tenant) bool { return t.number > s.cursor }); i > 0 {
		due = append(due[i:len(due):len(due)], due[:i]...)
	}
	best := slices.MinFunc(due, func(a, b *tenant) int { return cmp.Compare(a.load.held, b.load.held) })
	s.cursor = best.number
	return best
}

// modest reports whether a tenant may have one of the last workers: it cannot hold it
// for long, and has not held many of late.
func (s *System) modest(t *tenant) bool {
	t.load.pass(s.now)
	return t.m.Limits.GasPerActivation <= s.lim.ModestGas && t.load.held <= modestLoad
}

// modestLoad is a tenth of one worker's time.
const modestLoad = loadWindow * time.Second / 10

// load is the time for which a tenant held workers of late; what lies loadWindow
// seconds back counts for 1/e.
type load struct {
	held time.Duration
	at   int64 // Unix seconds up to which it was reckoned
}

const loadWindow = 64

// pass lets time pass. It reckons with integers, so that every CPU agrees.
func (l *load) pass(now time.Time) {
	for end := now.Unix(); l.at < end; l.at++ {
		if l.held < loadWindow {
			l.held, l.at = 0, end
			return
		}
		l.held -= l.held / loadWindow
	}
}
