package topology

import (
	"testing"
	"time"
)

// A day of the default world: 66 satellites, 20 stations. Aim: below 2 s.
func BenchmarkDayOfDefault(b *testing.B) {
	for b.Loop() {
		w := world(b, Options{})
		w.Windows(w.Start(), w.Start().Add(day))
	}
}

// Twenty minutes of 10,395 satellites, as they roll on. Aim: below 4 s.
func BenchmarkTwentyMinutesOfStarlink(b *testing.B) {
	w := world(b, Options{Sets: catalogue(b, "celestrak-2026-05-30/starlink.tle")})
	at := w.Start()
	for b.Loop() {
		w.Windows(at, at.Add(20*time.Minute))
		at = at.Add(20 * time.Minute)
	}
}

// What the console asks each frame of a fast clock.
func BenchmarkStateOfStarlink(b *testing.B) {
	w := world(b, Options{Sets: catalogue(b, "celestrak-2026-05-30/starlink.tle")})
	at := w.Start()
	var states []SatState
	for b.Loop() {
		states = w.State(at, states[:0])
		at = at.Add(100 * time.Millisecond)
	}
}

func BenchmarkHop(b *testing.B) {
	w := world(b, Options{})
	at := w.Start()
	for b.Loop() {
		if _, err := w.Hop(90001, 2000001, at); err != nil {
			b.Fatal(err)
		}
		at = at.Add(10 * time.Millisecond)
	}
}
