package channel

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var origin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestSlotsWithDefaults(t *testing.T) {
	s := Slots{}.WithDefaults()
	// 4000 km are 13.3 ms; with 50 ms to turn round and 2 ms for each clock.
	if g := s.Guard().Round(100 * time.Microsecond); g != 67300*time.Microsecond {
		t.Errorf("guard %v", g)
	}
	if s.Length != 6*time.Second || s.Reserve != 0 || s.PerSlot() != 8 || s.Cycle() != 12*time.Second {
		t.Errorf("%+v, %d a slot, cycle %v", s, s.PerSlot(), s.Cycle())
	}
	s = Slots{Satellites: 66}.WithDefaults()
	if s.Reserve != 4 || s.Cycle() != 9*48*time.Second {
		t.Errorf("%+v, cycle %v", s, s.Cycle())
	}
	if got := (Slots{Length: time.Millisecond}).WithDefaults(); got.Length != got.Guard()+got.Beacon {
		t.Errorf("a slot of %v", got.Length)
	}
}

func drawSlots(t *rapid.T) Slots {
	return Slots{
		Origin:     origin,
		Length:     time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "length")),
		Light:      time.Duration(rapid.Int64Range(1, int64(30*time.Millisecond)).Draw(t, "light")),
		Turnaround: time.Duration(rapid.Int64Range(1, int64(200*time.Millisecond)).Draw(t, "turnaround")),
		ClockError: time.Duration(rapid.Int64Range(1, int64(20*time.Millisecond)).Draw(t, "clock error")),
		Beacon:     time.Duration(rapid.Int64Range(1, int64(2*time.Second)).Draw(t, "beacon")),
		Satellites: rapid.IntRange(1, 100).Draw(t, "satellites"),
		Reserve:    rapid.IntRange(0, 6).Draw(t, "reserve"),
	}.WithDefaults()
}

// TestSlotsKeepTheGuard: whatever is sent in the slot that Next gives, by a clock that is
// wrong, has arrived before the other side, whose clock is wrong the other way, begins, with
// the time to turn round in between.
func TestSlotsKeepTheGuard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSlots(t)
		now := origin.Add(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "now")))
		if i := s.Index(now); now.Before(s.Start(i)) || !now.Before(s.Start(i+1)) {
			t.Fatalf("%v in slot %d of %v to %v", now, i, s.Start(i), s.Start(i+1))
		}
		turn := Turn(rapid.IntRange(0, 2).Draw(t, "turn"))
		airtime := time.Duration(rapid.Int64Range(0, int64(s.Length)).Draw(t, "airtime"))
		i, at, ok := s.Next(now, turn, airtime)
		if !ok {
			if airtime <= s.Length-s.Guard() && (turn != TurnBeacons || s.Reserve > 0) {
				t.Fatalf("no slot for %v", airtime)
			}
			return
		}
		if at.Before(now) || s.Turn(i) != turn || s.Index(at) != i {
			t.Fatalf("slot %d (%v) at %v", i, s.Turn(i), at)
		}
		arrived := at.Add(airtime + s.ClockError + s.Light) // sent by a late clock
		begins := s.Start(i + 1).Add(-s.ClockError)         // by an early one
		if begins.Sub(arrived) < s.Turnaround {
			t.Fatalf("arrived at %v, the next slot begins at %v", arrived, begins)
		}
	})
}

// TestBeaconTurns: each satellite has one turn in a cycle; two turns never meet at a place to
// which one signal takes no time and the other the longest; all lie within their slots.
func TestBeaconTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSlots(t)
		now := origin.Add(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "now")))
		apart := s.Beacon + s.Light + 2*s.ClockError
		seen := map[time.Time]int{}
		for n := range s.Satellites {
			at := s.NextBeacon(now, n)
			if at.Before(now) || at.Sub(now) > 2*s.Cycle() {
				t.Fatalf("satellite %d at %v, asked at %v with a cycle of %v", n, at, now, s.Cycle())
			}
			i := s.Index(at)
			if kind := s.Turn(i); kind == TurnUp || kind == TurnDown && s.Reserve > 0 || at.Add(s.Beacon).After(s.End(i)) {
				t.Fatalf("satellite %d at %v in a slot for %v that ends at %v", n, at, kind, s.End(i))
			}
			if again := s.NextBeacon(at.Add(1), n); again.Sub(at) != s.Cycle() {
				t.Fatalf("satellite %d at %v and %v, a cycle is %v", n, at, again, s.Cycle())
			}
			seen[at] = n
		}
		// One satellite's turn is any number of cycles from another's.
		for n := 1; n < s.Satellites; n++ {
			a, b := s.NextBeacon(now, n-1), s.NextBeacon(now, n)
			d := b.Sub(a) % s.Cycle()
			if d < 0 {
				d += s.Cycle()
			}
			if d < apart || s.Cycle()-d < apart {
				t.Fatalf("turns %v apart, %v needed", d, apart)
			}
		}
		if len(seen) != s.Satellites {
			t.Fatalf("%d turns of %d satellites", len(seen), s.Satellites)
		}
	})
}
