// Package clock makes time a dependency.
//
// Cores take the time as an argument. What drives them is a Loop: a queue of
// events in simulated time, run by one goroutine, so that one seed gives one
// history. A Pace ties simulated time to the machine's: as fast as events allow,
// at the wall clock's rate, or any number of times faster. This package alone
// reads the machine's clock.
package clock

import (
	"context"
	"time"
)

// Clock tells the time, in UTC.
type Clock interface{ Now() time.Time }

type wall struct{}

func (wall) Now() time.Time { return time.Now().UTC() }

// Wall is the machine's clock.
func Wall() Clock { return wall{} }

// Sleep waits for d of the machine's time, or until ctx ends, whose error it
// then returns.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Stopwatch starts to measure the machine's time; the function that it returns
// gives the time since then. It is for reports of how long a thing took.
func Stopwatch() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// Pace ties a Loop's simulated time to the machine's. The zero value is AsFast.
type Pace struct {
	// Factor is how many simulated seconds pass in a second; 0 means as fast as
	// events allow.
	Factor float64
	// Wall and Sim, if Wall is set, are one instant on both clocks: processes that
	// share them share simulated time, and a loop that falls behind catches up. If
	// Wall is not set, a loop starts from where it stands, and when the machine is
	// too slow for the pace its time simply runs slower.
	Wall, Sim time.Time
}

// AsFast runs each event as soon as the one before it is done.
func AsFast() Pace { return Pace{} }

// Scaled runs factor times as fast as the machine's clock.
func Scaled(factor float64) Pace { return Pace{Factor: factor} }

// anchored reports whether the pace is tied to an instant shared with others.
func (p Pace) anchored() bool { return !p.Wall.IsZero() }

// At is the simulated time at the machine's time w, for a pace with an anchor.
func (p Pace) At(w time.Time) time.Time {
	return p.Sim.Add(time.Duration(float64(w.Sub(p.Wall)) * p.Factor))
}

// wallAt is the machine's time at which simulated time t comes.
func (p Pace) wallAt(t time.Time) time.Time {
	return p.Wall.Add(time.Duration(float64(t.Sub(p.Sim)) / p.Factor))
}
