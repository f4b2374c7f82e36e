package channel

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var origin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return origin.Add(d) }

const ms = time.Millisecond

func TestHalfDuplexSendsOrHears(t *testing.T) {
	r := Transceiver{Radio: Radio{HalfDuplex: true, Turnaround: 10 * ms}}
	expect := func(what string, got, want time.Time) {
		t.Helper()
		if !got.Equal(want) {
			t.Errorf("%s at %v, want %v", what, got.Sub(origin), want.Sub(origin))
		}
	}
	if r.Mode(origin) != Idle {
		t.Error("a new radio is not idle")
	}
	start, end := r.Send(origin, 50*ms)
	expect("starts", start, origin)
	expect("ends", end, after(50*ms))
	start, _ = r.Send(after(20*ms), 30*ms) // queues
	expect("second starts", start, after(50*ms))
	expect("queued until", r.QueuedUntil(), after(80*ms))
	if r.Mode(after(60*ms)) != Sending || r.Mode(after(85*ms)) != Turning {
		t.Errorf("modes %v %v, want sending turning", r.Mode(after(60*ms)), r.Mode(after(85*ms)))
	}
	if r.Hear(after(60*ms), after(90*ms)) {
		t.Error("hears while it sends")
	}
	if r.Hear(after(85*ms), after(95*ms)) {
		t.Error("hears while it turns")
	}
	if !r.Hear(after(90*ms), after(120*ms)) {
		t.Error("is deaf after turning")
	}
	if r.Mode(after(100*ms)) != Hearing || r.Mode(after(125*ms)) != Turning || r.Mode(after(130*ms)) != Idle {
		t.Error("modes after hearing are wrong")
	}
	start, _ = r.Send(after(100*ms), 10*ms) // waits for the frame and the turn
	expect("send after hearing starts", start, after(130*ms))
	r.Reset()
	start, _ = r.Send(after(131*ms), 10*ms)
	expect("send after reset starts", start, after(131*ms))
}

func TestFullDuplexDoesBoth(t *testing.T) {
	r := Transceiver{}
	r.Send(origin, 50*ms)
	if !r.Hear(after(10*ms), after(20*ms)) {
		t.Error("a full-duplex radio is deaf while it sends")
	}
	if start, _ := r.Send(after(15*ms), ms); !start.Equal(after(50 * ms)) {
		t.Errorf("second frame starts at %v, want after the first", start.Sub(origin))
	}
}

// Whatever is asked, sends follow each other, and what a half-duplex radio hears
// keeps clear of all of them by the turnaround.
func TestTransceiverKeepsItsPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Transceiver{Radio: Radio{HalfDuplex: rapid.Bool().Draw(t, "half"), Turnaround: time.Duration(rapid.IntRange(0, 20).Draw(t, "turn")) * ms}}
		now := origin
		var sends, heard []span
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "wait")) * ms)
			length := time.Duration(rapid.IntRange(1, 40).Draw(t, "length")) * ms
			if rapid.Bool().Draw(t, "send") {
				start, end := r.Send(now, length)
				if start.Before(now) || end.Sub(start) != length {
					t.Fatalf("asked at %v for %v, got %v to %v", now, length, start, end)
				}
				if n := len(sends); n > 0 && start.Before(sends[n-1].end) {
					t.Fatal("two sends at once")
				}
				sends = append(sends, span{start, end})
			} else if r.Hear(now, now.Add(length)) {
				heard = append(heard, span{now, now.Add(length)})
			}
		}
		for _, s := range sends {
			for _, h := range heard {
				if r.Radio.HalfDuplex && s.start.Before(h.end.Add(r.Radio.Turnaround)) && s.end.Add(r.Radio.Turnaround).After(h.start) {
					t.Fatalf("sends %v..%v, hears %v..%v", s.start.Sub(origin), s.end.Sub(origin), h.start.Sub(origin), h.end.Sub(origin))
				}
			}
		}
	})
}

// Sends in turns never meet at either end: a frame is at the other side before that
// side's turn, the turnaround included.
func TestTurnsNeverMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := UHFSatellite(), UHFStation()
		light := time.Duration(rapid.IntRange(0, 20000).Draw(t, "light")) * time.Microsecond
		rate := rapid.SampledFrom([]float64{1200, 9600, 19200, 1e6}).Draw(t, "rate")
		turns := NewTurns(origin, a, b, rate, light)
		now := origin.Add(time.Duration(rapid.Int64Range(-int64(time.Second), int64(time.Hour)).Draw(t, "now")))
		airtime := Airtime(rapid.IntRange(1, 256).Draw(t, "bytes"), rate)
		side := rapid.IntRange(0, 1).Draw(t, "side")
		start := turns.Next(now, side, airtime)
		if start.Before(now) {
			t.Fatalf("starts %v before asked", now.Sub(start))
		}
		if start.Sub(now) > 2*turns.Slot+max(0, origin.Sub(now)) {
			t.Fatalf("waits %v, two slots are %v", start.Sub(now), 2*turns.Slot)
		}
		slot := int64(start.Sub(origin) / turns.Slot)
		if slot%2 != int64(side) {
			t.Fatalf("side %d starts in slot %d", side, slot)
		}
		next := origin.Add(time.Duration(slot+1) * turns.Slot)
		quiet := start.Add(airtime + light + max(a.Turnaround, b.Turnaround))
		if quiet.After(next) {
			t.Fatalf("arrives %v into the other's turn", quiet.Sub(next))
		}
		if turns.Guard*10 > turns.Slot {
			t.Fatalf("guard %v is more than a tenth of the slot %v", turns.Guard, turns.Slot)
		}
	})
}

func TestTurnsWithoutARate(t *testing.T) {
	turns := NewTurns(origin, UHFSatellite(), UHFStation(), 0, ms)
	if turns.Slot <= 0 || turns.Slot > 3*time.Minute {
		t.Errorf("slot %v", turns.Slot)
	}
	// a frame longer than any slot starts with one
	start := turns.Next(after(time.Second), 0, time.Hour)
	if start.Sub(origin)%(2*turns.Slot) != 0 {
		t.Errorf("starts at %v, slots are %v", start.Sub(origin), turns.Slot)
	}
}

// Two sides that send as much as they can in turns lose nothing to each other.
func TestBothSidesInTurnLoseNothing(t *testing.T) {
	a, b := Transceiver{Radio: UHFSatellite()}, Transceiver{Radio: UHFStation()}
	const rate, light = 9600, 8 * ms
	turns := NewTurns(origin, a.Radio, b.Radio, rate, light)
	type flight struct {
		start, end time.Time
		to         *Transceiver
	}
	var flights []flight
	now := origin
	for i := range 40 { // a burst asked for at once, and one now and then
		airtime := Airtime(100+4*i, rate)
		start, end := a.SendInTurn(origin, airtime, turns, 0)
		flights = append(flights, flight{start.Add(light), end.Add(light), &b})
		start, end = b.SendInTurn(now, airtime, turns, 1)
		flights = append(flights, flight{start.Add(light), end.Add(light), &a})
		now = now.Add(300 * ms)
	}
	for _, f := range flights {
		if !f.to.Hear(f.start, f.end) {
			t.Fatalf("the frame that comes in at %v is lost", f.start.Sub(origin))
		}
	}
}
