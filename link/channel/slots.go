package channel

import (
	"time"
)

// Turn is whose slot it is on a hop that is shared by the clock.
type Turn uint8

// The turns: the station's, the satellite's, and that in which the satellites that share a
// frequency tell in a fixed order that they are there.
const (
	TurnUp Turn = iota
	TurnDown
	TurnBeacons
)

// String names the turn.
func (t Turn) String() string {
	return [...]string{"up", "down", "beacons", "?"}[min(t, 3)]
}

// GPSEpoch is when slots are counted from unless something else is said.
var GPSEpoch = time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC)

// Slots share a pair of frequencies by UTC, which both ends have from GPS (time division
// duplex): even slots are the station's, odd ones the satellite's. Nobody sends in the guard
// at the end of a slot. It is long enough for the signal to arrive from the farthest place,
// for the radios to turn round, and for both clocks to be wrong.
//
// With several satellites on the frequency every Reserve-th of their slots belongs to
// beacons: each satellite has a turn of its own in a cycle, and whoever is talking to a
// station keeps out. Turns lie far enough apart that beacons of a satellite at the horizon
// and of one overhead do not meet at any station.
//
// The zero value is not ready: see [Slots.WithDefaults].
type Slots struct {
	Origin     time.Time     // when slot 0 begins; zero means [GPSEpoch]
	Length     time.Duration // of a slot with its guard; 6 s
	Light      time.Duration // how long the signal takes at the most; that of 4000 km
	Turnaround time.Duration // from the last bit sent to the first received and back, decoding included; 50 ms
	ClockError time.Duration // how far either clock may be from UTC; 2 ms
	Satellites int           // that share the frequency; 1
	Reserve    int           // every so-many-th down slot is for beacons; 4, or 0 for a satellite alone
	Beacon     time.Duration // the longest beacon on the air; 700 ms
}

// WithDefaults fills in what is zero, and makes the rest possible: a slot holds its guard and
// at least one beacon.
func (s Slots) WithDefaults() Slots {
	if s.Origin.IsZero() {
		s.Origin = GPSEpoch
	}
	if s.Light <= 0 {
		s.Light = LightTime(4000)
	}
	if s.Turnaround <= 0 {
		s.Turnaround = 50 * time.Millisecond
	}
	if s.ClockError <= 0 {
		s.ClockError = 2 * time.Millisecond
	}
	if s.Beacon <= 0 {
		s.Beacon = 700 * time.Millisecond
	}
	if s.Length <= 0 {
		s.Length = 6 * time.Second
	}
	s.Length = max(s.Length, s.Guard()+s.Beacon)
	s.Satellites = max(s.Satellites, 1)
	switch {
	case s.Reserve < 2 && s.Satellites > 1:
		s.Reserve = 4
	case s.Reserve < 2:
		s.Reserve = 0
	}
	return s
}

// Guard is how long before the end of a slot the last bit has left.
func (s Slots) Guard() time.Duration { return s.Light + s.Turnaround + 2*s.ClockError }

// Index is the number of the slot that a moment lies in.
func (s Slots) Index(t time.Time) int64 {
	since := t.Sub(s.Origin)
	i := int64(since / s.Length)
	if since < 0 && since%s.Length != 0 {
		i--
	}
	return i
}

// Turn is whose slot that of a number is.
func (s Slots) Turn(i int64) Turn {
	switch {
	case i&1 == 0:
		return TurnUp
	case s.Reserve > 0 && modulo(i>>1, int64(s.Reserve)) == int64(s.Reserve)-1:
		return TurnBeacons
	}
	return TurnDown
}

// Start is when a slot begins.
func (s Slots) Start(i int64) time.Time { return s.Origin.Add(time.Duration(i) * s.Length) }

// End is when the last bit of a slot has left: the guard follows.
func (s Slots) End(i int64) time.Time { return s.Start(i + 1).Add(-s.Guard()) }

// Next gives the first slot of a turn in which something of that airtime can still be sent
// from now on, and from when. What is longer than any slot has none.
func (s Slots) Next(now time.Time, turn Turn, airtime time.Duration) (slot int64, at time.Time, ok bool) {
	if airtime > s.Length-s.Guard() || turn == TurnBeacons && s.Reserve == 0 {
		return 0, time.Time{}, false
	}
	for i := s.Index(now); ; i++ {
		if s.Turn(i) != turn {
			continue
		}
		at = s.Start(i)
		if at.Before(now) {
			at = now
		}
		if !at.Add(airtime).After(s.End(i)) {
			return i, at, true
		}
	}
}

// share is the distance of turns in a beacon slot: whatever comes from another satellite has
// arrived.
func (s Slots) share() time.Duration { return s.Beacon + s.Light + 2*s.ClockError }

// PerSlot is how many satellites have their beacon in one slot.
func (s Slots) PerSlot() int {
	return 1 + int((s.Length-s.Guard()-s.Beacon)/s.share())
}

// Cycle is how long it takes until every satellite has had its turn.
func (s Slots) Cycle() time.Duration {
	n := (s.Satellites + s.PerSlot() - 1) / s.PerSlot()
	return time.Duration(2*n*max(s.Reserve, 1)) * s.Length
}

// NextBeacon is when the turn of a satellite, one of 0 to Satellites-1, begins next at or
// after now.
func (s Slots) NextBeacon(now time.Time, satellite int) time.Time {
	per := s.PerSlot()
	n := int64((s.Satellites + per - 1) / per)
	row, turn := int64(satellite/per), satellite%per
	every := int64(max(s.Reserve, 1))
	for i := s.Index(now); ; i++ {
		if i&1 == 0 || modulo(i>>1, every) != every-1 {
			continue
		}
		b := (i>>1 - (every - 1)) / every // exact, also below zero
		if modulo(b, n) != row {
			continue
		}
		if at := s.Start(i).Add(time.Duration(turn) * s.share()); !at.Before(now) {
			return at
		}
	}
}

// modulo is the remainder that is never negative.
func modulo(a, n int64) int64 { return ((a % n) + n) % n }
