package control

import (
	"bytes"
	"container/heap"
	"slices"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/link/pus"
	"spacechain/platform/ttc"
	"spacechain/platform/ttc/mission"
)

// start is when the tests begin: the beginning of an up slot.
var start = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func testLink() mission.Link {
	return mission.Link{Spacecraft: 0x2a, APID: 100, Call: "N0CALL-1", Secret: [32]byte{1, 2, 3}}
}

// instruments of a satellite at 550 km over the equator.
type instruments struct {
	charge float64
	none   bool
}

func (i *instruments) Orbit(now time.Time) (mission.OrbitMeasurement, bool) {
	t := now.Truncate(time.Second)
	s := t.Sub(start).Seconds()
	return mission.OrbitMeasurement{Time: t, PosECEFKm: astro.Vec3{6928, s / 10, -s / 20}, VelECEFKmS: astro.Vec3{0, 7.1, -0.05},
		SigmaM: 4.5, ClockBiasNs: -12, Satellites: 9}, !i.none
}

func (i *instruments) Power(time.Time) (ttc.Power, bool) {
	return ttc.Power{Charge: i.charge, Volts: 7.9, Sunlit: true}, true
}

// tester is a test, of package testing or rapid.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// flight joins a satellite and a station over a channel that loses what a test says.
type flight struct {
	tb     tester
	now    time.Time
	sat    *ttc.TTC
	ground *Control
	hw     *instruments
	config ttc.Config

	light               func(time.Time) time.Duration
	satFast, groundFast time.Duration // how far their clocks are ahead
	loseUp, loseDown    func(at time.Time, n int) bool
	bend                func(tm []byte) // changes telemetry frames on their way
	keep                bool            // up frames in heardUp

	queue    arrivals
	serial   int
	ups      int // frames that went up and down
	downs    int
	executed []uint16
	heardUp  [][]byte
	upAir    []interval // at the satellite: what its receiver hears, and when it sends
	downAir  []interval
	satAir   []interval
	gndAir   []interval
	beacons  int
}

type interval struct{ from, to time.Time }

type arrival struct {
	at     time.Time
	serial int
	do     func()
}

type arrivals []arrival

func (a arrivals) Len() int { return len(a) }
func (a arrivals) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].serial < a[j].serial
}
func (a arrivals) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *arrivals) Push(x any)   { *a = append(*a, x.(arrival)) }
func (a *arrivals) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}

// Perform implements pus.Functions: it notes the number of the command.
func (f *flight) Perform(_ time.Time, id uint64, args []byte) error {
	if id != mission.FunctionUser || len(args) < 2 {
		return pus.Failure{Code: pus.CodeUnknown}
	}
	f.executed = append(f.executed, uint16(args[0])<<8|uint16(args[1]))
	return nil
}

func newFlight(tb tester, change func(*mission.Link, *ttc.Config)) *flight {
	tb.Helper()
	f := &flight{tb: tb, now: start, hw: &instruments{charge: 0.9}, light: func(time.Time) time.Duration { return 5 * time.Millisecond }}
	link := testLink()
	f.config = ttc.Config{Instruments: f.hw, Functions: f}
	if change != nil {
		change(&link, &f.config)
	}
	f.config.Link = link
	var err error
	if f.sat, err = ttc.New(start, f.config); err != nil {
		tb.Fatal(err)
	}
	if f.ground, err = New(start, Config{Link: link}); err != nil {
		tb.Fatal(err)
	}
	return f
}

// at calls do at a moment.
func (f *flight) at(t time.Time, do func()) {
	f.serial++
	heap.Push(&f.queue, arrival{t, f.serial, do})
}

func (f *flight) satNow() time.Time    { return f.now.Add(f.satFast) }
func (f *flight) groundNow() time.Time { return f.now.Add(f.groundFast) }

// drain puts on the air what both want to send.
func (f *flight) drain() {
	for _, b := range f.sat.Bursts() {
		b.At = b.At.Add(-f.satFast)
		if b.At.Before(f.now) {
			f.tb.Fatalf("%v: the satellite sends in the past, at %v", f.now, b.At)
		}
		light := f.light(b.At)
		f.satAir = append(f.satAir, interval{b.At, b.End()})
		f.downAir = append(f.downAir, interval{b.At.Add(light), b.End().Add(light)})
		for i, frame := range b.Frames {
			f.at(b.Arrival(i, light), func() {
				f.downs++
				if f.loseDown != nil && f.loseDown(f.now, f.downs) {
					return
				}
				if b.Waveform.Name == "beacon" {
					f.beacons++
					f.ground.Beacon(f.groundNow(), frame)
				} else {
					if f.bend != nil {
						f.bend(frame)
					}
					f.ground.Downlink(f.groundNow(), frame)
				}
			})
		}
	}
	for _, b := range f.ground.Bursts() {
		b.At = b.At.Add(-f.groundFast)
		if b.At.Before(f.now) {
			f.tb.Fatalf("%v: the station sends in the past, at %v", f.now, b.At)
		}
		light := f.light(b.At)
		f.gndAir = append(f.gndAir, interval{b.At, b.End()})
		f.upAir = append(f.upAir, interval{b.At.Add(light), b.End().Add(light)})
		for i, frame := range b.Frames {
			f.at(b.Arrival(i, light), func() {
				f.ups++
				if f.loseUp != nil && f.loseUp(f.now, f.ups) {
					return
				}
				if f.keep {
					f.heardUp = append(f.heardUp, bytes.Clone(frame))
				}
				// As a CLTU gives it: with fill.
				f.sat.Uplink(f.satNow(), append(bytes.Clone(frame), 0x55, 0x55, 0x55))
			})
		}
	}
}

// run goes on until a moment.
func (f *flight) run(until time.Time) {
	stuck := 0
	for {
		f.drain()
		next := until
		earlier := func(t time.Time, ok bool) {
			if ok && t.Before(next) {
				next = t
			}
		}
		at, ok := f.sat.NextWake()
		earlier(at.Add(-f.satFast), ok)
		at, ok = f.ground.NextWake()
		earlier(at.Add(-f.groundFast), ok)
		if len(f.queue) > 0 {
			earlier(f.queue[0].at, true)
		}
		if next.After(f.now) {
			stuck, f.now = 0, next
		} else if stuck++; stuck > 10000 {
			f.tb.Fatalf("%v: time stands still: %+v, %+v", f.now, f.sat.Status(), f.ground.Stats())
		}
		if !f.now.Before(until) {
			f.drain()
			return
		}
		if len(f.queue) > 0 && !f.queue[0].at.After(f.now) {
			heap.Pop(&f.queue).(arrival).do()
			continue
		}
		if at, ok := f.sat.NextWake(); ok && !at.Add(-f.satFast).After(f.now) {
			f.sat.Tick(f.satNow())
			continue
		}
		f.ground.Tick(f.groundNow())
	}
}

// pass lets the satellite be in view.
func (f *flight) pass(length time.Duration) {
	f.ground.Begin(f.groundNow(), f.groundNow().Add(length))
	f.run(f.now.Add(length))
	f.ground.End(f.groundNow())
	f.drain()
}

// command queues the command of a number.
func (f *flight) command(n int) pus.RequestID {
	f.tb.Helper()
	id, err := f.ground.Command(f.groundNow(), f.request(n, 0))
	if err != nil {
		f.tb.Fatal(err)
	}
	return id
}

func (f *flight) request(n, ballast int) pus.Request {
	return f.ground.Profile().PerformFunction(mission.FunctionUser, append([]byte{byte(n >> 8), byte(n)}, make([]byte, ballast)...))
}

// noOverlap checks that no side sends while the other's signal is at its antenna, nor nearer
// than its radio can turn round.
func (f *flight) noOverlap() {
	f.tb.Helper()
	check := func(who string, own, heard []interval) {
		turn := f.ground.Link().Slots.Turnaround
		for _, a := range own {
			i, _ := slices.BinarySearchFunc(heard, a.from.Add(-turn), func(h interval, t time.Time) int { return h.to.Compare(t) })
			if i < len(heard) && heard[i].from.Before(a.to) && heard[i].to.After(a.from.Add(-turn)) {
				f.tb.Fatalf("the %s sends from %v to %v and should hear from %v to %v", who, a.from, a.to, heard[i].from, heard[i].to)
			}
		}
	}
	check("satellite", f.satAir, f.upAir)
	check("station", f.gndAir, f.downAir)
}

func (f *flight) state(id pus.RequestID) State {
	c, ok := f.ground.State(id)
	if !ok {
		f.tb.Fatalf("command %v is forgotten", id)
	}
	return c.State
}

// inOrder checks that the commands of some numbers were executed once each, in order.
func (f *flight) inOrder(from, to int) {
	f.tb.Helper()
	var want []uint16
	for n := from; n <= to; n++ {
		want = append(want, uint16(n))
	}
	if !slices.Equal(f.executed, want) {
		f.tb.Fatalf("executed %v, want %d to %d once each", f.executed, from, to)
	}
}

func TestFirstContact(t *testing.T) {
	f := newFlight(t, nil)
	var ids []pus.RequestID
	for n := range 5 {
		ids = append(ids, f.command(n))
	}
	f.pass(3 * time.Minute)
	for _, id := range ids {
		if s := f.state(id); s != Verified {
			t.Errorf("command %v is %v", id, s)
		}
	}
	f.inOrder(0, 4)
	f.noOverlap()
	t.Logf("%+v\n%+v", f.sat.Status(), f.ground.Stats())
}
