package cfdp

import "time"

// maxLate is how late a driver may be for a timer.
const maxLate = time.Hour

// Observe tells what time it is; all other methods that are given the time do so too. A clock
// that is set back, or ahead far beyond every timer, must neither keep timers waiting until the
// time that it had before nor let them run out: they keep what they had left.
func (e *Entity) Observe(now time.Time) {
	last := e.now
	e.now = now
	if step := now.Sub(last); last.IsZero() || step >= 0 && step <= maxLate {
		return
	}
	if now.After(last) {
		if at, ok := e.Next(); !ok || now.Sub(at) <= maxLate {
			return
		}
	}
	for _, t := range e.order {
		for _, tm := range t.clocks() {
			if tm.on && !tm.frozen {
				tm.at = now.Add(tm.remaining(last))
			}
		}
	}
}
