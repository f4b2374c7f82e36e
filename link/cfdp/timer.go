package cfdp

import "time"

// timer runs out at a time, or stands still with some left.
type timer struct {
	on, frozen bool
	at         time.Time
	left       time.Duration
}

func (t *timer) start(now time.Time, d time.Duration, frozen bool) {
	*t = timer{on: true, frozen: frozen, at: now.Add(d), left: d}
}

func (t *timer) stop() { *t = timer{} }

func (t *timer) due(now time.Time) bool { return t.on && !t.frozen && !now.Before(t.at) }

func (t *timer) freeze(now time.Time) {
	if t.on && !t.frozen {
		t.left, t.frozen = max(0, t.at.Sub(now)), true
	}
}

func (t *timer) thaw(now time.Time) {
	if t.on && t.frozen {
		t.at, t.frozen = now.Add(t.left), false
	}
}

// remaining is what is left at now.
func (t *timer) remaining(now time.Time) time.Duration {
	if t.frozen {
		return t.left
	}
	return max(0, t.at.Sub(now))
}
