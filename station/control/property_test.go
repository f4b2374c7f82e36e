package control

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"spacechain/link/channel"
	"spacechain/link/frame"
	"spacechain/link/pus"
	"spacechain/link/radio"
	"spacechain/platform/ttc"
	"spacechain/platform/ttc/mission"

	"pgregory.net/rapid"
)

// TestEveryCommandOnceAndInOrder lets passes of any length lose any frames while others replay
// what they heard and send what needs no key, and then gives the link a quiet one: every command has been executed exactly once, in the order in which it
// was given, and the station knows.
func TestEveryCommandOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFlight(t, func(l *mission.Link, _ *ttc.Config) {
			if rapid.Bool().Draw(t, "shares the frequency") {
				l.Slots.Satellites, l.Turn = 66, 65
			}
		})
		f.keep = true
		limit := f.ground.Link().Slots.ClockError
		f.satFast = time.Duration(rapid.Int64Range(-int64(limit), int64(limit)).Draw(t, "satellite fast"))
		f.groundFast = time.Duration(rapid.Int64Range(-int64(limit), int64(limit)).Draw(t, "station fast"))
		f.light = swing(rapid.Float64Range(300, 2500).Draw(t, "nearest"), rapid.Float64Range(0, 1500).Draw(t, "farther"))
		up := rapid.SliceOfN(rapid.Bool(), 1, 60).Draw(t, "lost up")
		down := rapid.SliceOfN(rapid.Bool(), 1, 60).Draw(t, "lost down")
		quiet := false
		f.loseUp = func(_ time.Time, n int) bool { return !quiet && up[n%len(up)] }
		f.loseDown = func(_ time.Time, n int) bool { return !quiet && down[n%len(down)] }
		var ids []pus.RequestID
		queue := func() {
			n := len(ids)
			id, err := f.ground.Command(f.groundNow(), f.request(n, rapid.IntRange(0, 300).Draw(t, "ballast")))
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		for range rapid.IntRange(1, 4).Draw(t, "passes") {
			length := time.Duration(rapid.IntRange(5, 240).Draw(t, "pass")) * time.Second
			for range rapid.IntRange(0, 4).Draw(t, "commands") {
				f.at(f.now.Add(time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "when"))), queue)
			}
			for range rapid.IntRange(0, 3).Draw(t, "attacks") {
				f.at(f.now.Add(time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "when"))), func() { f.attack(t) })
			}
			for range rapid.IntRange(0, 2).Draw(t, "changes of key") {
				f.at(f.now.Add(time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "when"))), f.changeKey)
			}
			if rapid.Bool().Draw(t, "a restart in the pass") {
				f.at(f.now.Add(time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "when"))), f.restart)
			}
			f.pass(length)
			if rapid.Bool().Draw(t, "a restart") {
				f.restart()
			}
			f.run(f.now.Add(time.Duration(rapid.IntRange(1, 7000).Draw(t, "gap")) * time.Second))
		}
		for _, id := range ids {
			if s := f.state(id); s == Failed || s == Unknown {
				t.Fatalf("command %v is %v", id, s)
			}
		}
		quiet = true
		for n := 0; f.ground.Pending() > 0 && n < 4; n++ {
			f.pass(8 * time.Minute)
			f.run(f.now.Add(time.Hour))
		}
		f.inOrder(0, len(ids)-1)
		for n, id := range ids {
			if s := f.state(id); s != Verified {
				c, _ := f.ground.State(id)
				t.Fatalf("command %d is %v %s", n, s, c.Why)
			}
			if p := f.ground.Progress(id); p == nil || !p.Completed {
				t.Fatalf("command %d: %+v", n, p)
			}
		}
		f.noOverlap()
	})
}

// TestNothingTwiceWhoeverTalks has strangers send telemetry frames, too, and change the control
// words of genuine ones, which tell anything then: commands may be lost, and end as unknown, but
// none is done twice or out of order, none is called verified that was not done, and the link
// recovers.
func TestNothingTwiceWhoeverTalks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFlight(t, nil)
		f.keep = true
		down := rapid.SliceOfN(rapid.Bool(), 1, 60).Draw(t, "lost down")
		quiet := false
		f.loseDown = func(_ time.Time, n int) bool { return !quiet && down[n%len(down)] }
		var ids []pus.RequestID
		for range rapid.IntRange(1, 3).Draw(t, "passes") {
			for range rapid.IntRange(1, 6).Draw(t, "commands") {
				at := f.now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "when")) * time.Second)
				f.at(at, func() { ids = append(ids, f.command(len(ids))) })
			}
			for range rapid.IntRange(1, 8).Draw(t, "strangers") {
				at := f.now.Add(time.Duration(rapid.Int64Range(0, 2e11).Draw(t, "when")))
				f.at(at, func() {
					switch rapid.IntRange(0, 2).Draw(t, "how") {
					case 0:
						f.attack(t)
					case 1:
						f.imitate(t)
					default:
						w, until := drawCLCW(t), f.now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "for"))*time.Second)
						f.bend = func(b []byte) {
							if f.now.Before(until) {
								tamper(f.sat.Link().TM(), b, w)
							}
						}
					}
				})
			}
			f.pass(200 * time.Second)
			f.run(f.now.Add(time.Hour))
		}
		quiet, f.bend = true, nil
		last := f.command(len(ids))
		ids = append(ids, last)
		for n := 0; f.ground.Pending() > 0 && n < 4; n++ {
			f.pass(8 * time.Minute)
			f.run(f.now.Add(time.Hour))
		}
		done := map[uint16]bool{}
		for i, n := range f.executed {
			done[n] = true
			if i > 0 && n <= f.executed[i-1] {
				t.Fatalf("executed %v", f.executed)
			}
		}
		for n, id := range ids {
			switch s := f.state(id); {
			case s == Verified && !done[uint16(n)], !s.Done(), s == Failed:
				t.Fatalf("command %d is %v, executed %v", n, s, f.executed)
			}
		}
		if s := f.state(last); s != Verified {
			t.Fatalf("after all that a command is %v", s)
		}
	})
}

// drawCLCW draws a control word.
func drawCLCW(t *rapid.T) frame.CLCW {
	return frame.CLCW{COP: 1, ReportValue: uint8(rapid.IntRange(0, 255).Draw(t, "n(r)")),
		Lockout: rapid.Bool().Draw(t, "lockout"), Wait: rapid.Bool().Draw(t, "wait"), Retransmit: rapid.Bool().Draw(t, "retransmit")}
}

// tamper gives a telemetry frame another control word.
func tamper(c *frame.TMChannel, b []byte, w frame.CLCW) {
	word := w.Encode()
	copy(b[len(b)-6:], word[:]) // before the FECF
	c.Seal(b)
}

// imitate sends the station a telemetry frame as anybody can.
func (f *flight) imitate(t *rapid.T) {
	w := drawCLCW(t)
	s, err := frame.NewSender(f.sat.Link().TM())
	if err != nil {
		t.Fatal(err)
	}
	ocf := w.Encode()
	s.OCF, s.Idle = &ocf, mission.VCIdle
	b, err := s.Next(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.ground.Downlink(f.groundNow(), b)
}

// restart cuts the power of the satellite's computer for a moment.
func (f *flight) restart() {
	f.tb.Helper()
	state, err := f.sat.Export()
	if err != nil {
		f.tb.Fatal(err)
	}
	c := f.config
	c.State = state
	if f.sat, err = ttc.New(f.satNow(), c); err != nil {
		f.tb.Fatal(err)
	}
}

// changeKey begins a change of key, unless one is under way.
func (f *flight) changeKey() {
	f.serial++
	if err := f.ground.ChangeKey(f.groundNow(), [32]byte{1, byte(f.serial), byte(f.serial >> 8)}); err != nil && !errors.Is(err, ErrKeys) {
		f.tb.Fatal(err)
	}
}

// attack sends what anybody can: frames heard before, control commands.
func (f *flight) attack(t *rapid.T) {
	var b []byte
	switch kind := rapid.IntRange(0, 2).Draw(t, "attack"); {
	case kind == 0 && len(f.heardUp) > 0:
		b = rapid.SampledFrom(f.heardUp).Draw(t, "frame")
	default:
		var err error
		c := frame.Command{SetVR: kind == 1, VR: uint8(rapid.IntRange(0, 255).Draw(t, "v(r)"))}
		b, err = f.sat.Link().TC().Append(nil, &frame.TCFrame{Bypass: true, Control: true, Spacecraft: 0x2a, Data: c.Append(nil)})
		if err != nil {
			t.Fatal(err)
		}
	}
	f.sat.Uplink(f.satNow(), b)
}

// swing is the light time of a satellite that comes and goes.
func swing(nearestKm, fartherKm float64) func(time.Time) time.Duration {
	return func(t time.Time) time.Duration {
		phase := math.Sin(t.Sub(start).Seconds() / 97)
		return channel.LightTime(nearestKm + float64(fartherKm*phase*phase))
	}
}

// TestNobodySendsIntoTheOther is the property of time division: at any range of 300 to
// 4000 km, with clocks as wrong as the guard allows, neither side's signal reaches the other's
// antenna while that one sends or its radio turns round.
func TestNobodySendsIntoTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rangeKm := rapid.Float64Range(300, 4000).Draw(t, "range km")
		f := newFlight(t, func(l *mission.Link, _ *ttc.Config) {
			l.Slots.Satellites = rapid.SampledFrom([]int{1, 2, 12, 66}).Draw(t, "satellites")
			// Slots that telemetry fills to the last nanosecond, or any others.
			if n := rapid.IntRange(8, 25).Draw(t, "frames a slot"); n < 20 {
				w := radio.TTCDown()
				l.Slots.Length = channel.Slots{}.WithDefaults().Guard() + w.Lead() + w.Tail() + time.Duration(n)*w.Airtime(w.FrameSize)
			} else {
				l.Slots.Length = time.Duration(rapid.Int64Range(5e9, 12e9).Draw(t, "slot"))
			}
		})
		limit := int64(f.ground.Link().Slots.ClockError)
		f.satFast = time.Duration(rapid.SampledFrom([]int64{-limit, 0, limit}).Draw(t, "satellite fast"))
		f.groundFast = time.Duration(rapid.SampledFrom([]int64{-limit, 0, limit}).Draw(t, "station fast"))
		f.light = func(time.Time) time.Duration { return channel.LightTime(rangeKm) }
		f.run(start.Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "begin"))))
		for n := range 30 {
			f.at(f.now.Add(time.Duration(7*n)*time.Second), func() { f.command(n) })
		}
		f.pass(4 * time.Minute)
		if len(f.satAir) < 5 || len(f.gndAir) < 5 {
			t.Fatalf("only %d and %d bursts", len(f.satAir), len(f.gndAir))
		}
		f.noOverlap()
	})
}

// TestNoOverlapNotices: the check above finds what it is there to find.
func TestNoOverlapNotices(t *testing.T) {
	f := newFlight(t, nil)
	f.light = func(time.Time) time.Duration { return 800 * time.Millisecond }
	f.pass(time.Minute)
	rec := &recorder{tester: t}
	f.tb = rec
	func() {
		defer func() { _ = recover() }()
		f.noOverlap()
	}()
	if rec.failed == "" {
		t.Fatal("a satellite far beyond the range of the slots was no trouble")
	}
}

// recorder notes a failure instead of failing.
type recorder struct {
	tester
	failed string
}

func (r *recorder) Helper() {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	panic("failed")
}

// TestBacklogGoesUpInOnePass measures the uplink: commands of a pass of ten minutes.
func TestBacklogGoesUpInOnePass(t *testing.T) {
	f := newFlight(t, nil)
	for n := range 200 {
		f.command(n)
	}
	f.pass(10 * time.Minute)
	if got := len(f.executed); got < 190 {
		t.Fatalf("%d commands of 200", got)
	}
	t.Logf("%d commands in a pass of ten minutes by %s", len(f.executed), f.ground.Link().Up.Modem)
}

// TestQueueIsBounded: a station that cannot be rid of its commands says so.
func TestQueueIsBounded(t *testing.T) {
	f := newFlight(t, nil)
	var err error
	n := 0
	for ; err == nil && n < 10000; n++ {
		_, err = f.ground.Command(f.now, f.request(n, 0))
	}
	if n != 513 {
		t.Fatalf("%d commands queued: %v", n, err)
	}
	if _, err = f.ground.CommandAt(f.now, f.now, f.request(1, 0)); err == nil {
		t.Fatal("a time-tagged command found room")
	}
}
