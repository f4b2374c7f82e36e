package pass

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"time"

	"spacechain/astro/visibility"
	"spacechain/clock"
	"spacechain/dtn/contact"
	"spacechain/link/channel"
	"spacechain/link/radio"
	"spacechain/platform/ttc/mission"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/system"
)

// Node numbers of those who take part, beside the satellite's.
const (
	stationNode = 2000001
	homeNode    = 3000001
)

// after is how long the flight goes on after the set: what is under way arrives.
const after = 5 * time.Second

// flight is one pass while it is flown.
type flight struct {
	cfg      Config
	loop     *clock.Loop
	orbit    *visibility.Orbit
	geometry *geometry
	course   *Course

	rise, set   time.Time
	from, until time.Time // of the simulation

	space  *space
	ground *ground
	home   *home
	hops   []*hop
	box    *system.Sandbox

	report  Report
	history hash.Hash
	line    []byte
	count   struct{ samples int64 }
	err     error
}

// Fly flies a pass. It ends early with the context's error.
func Fly(ctx context.Context, c Config) (*Report, error) {
	f, done, err := prepare(c)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := f.fly(ctx); err != nil {
		return nil, err
	}
	return &f.report, nil
}

// prepare brings everybody into place before the rise.
func prepare(c Config) (f *flight, done func(), err error) {
	done = func() {}
	if c, err = c.withDefaults(); err != nil {
		return nil, done, err
	}
	f = &flight{cfg: c, course: c.Course, history: sha256.New(), box: c.Sandbox}
	if f.course == nil {
		if f.course, err = plan(&f.cfg); err != nil {
			return nil, done, fmt.Errorf("fly a pass: %w", err)
		}
	}
	f.orbit, f.geometry, f.rise, f.set = f.course.orbit, f.course.geometry, f.course.rise, f.course.set
	f.from, f.until = f.rise.Add(-time.Second), f.set.Add(after)
	if f.box == nil {
		engine, err := sandbox.NewEngine(sandbox.Options{Interpreter: true})
		if err != nil {
			return nil, done, fmt.Errorf("fly a pass: %w", err)
		}
		f.box = system.NewSandbox(engine)
		done = func() { _ = engine.Close() } // nothing is left to be done about it
	}
	f.loop = clock.NewLoop(f.from)
	for _, step := range []func() error{f.bringUp, f.join} {
		if err := step(); err != nil {
			done()
			return nil, func() {}, fmt.Errorf("fly a pass: %w", err)
		}
	}
	f.script()
	return f, done, nil
}

// link is one direction of a hop.
type link struct {
	preset string // of link/budget
	wave   radio.Waveform
}

// links are those of a pass.
func links(c *Config) [5]link {
	return [5]link{{"ttc-up", radio.TTCUp()}, {"ttc-down", radio.TTCDown()}, {"beacon", radio.Beacon()},
		{"payload-up", c.Up}, {"payload-down", c.Down}}
}

// mission is what satellite and station have agreed on.
func (f *flight) mission() mission.Link {
	all := links(&f.cfg)
	return mission.Link{Up: all[0].wave, Down: all[1].wave, Beacon: all[2].wave,
		Spacecraft: 0x2a, APID: 100, Call: "SPCHN-1", Secret: sha256.Sum256([]byte("spacechain pass"))}
}

// satelliteNode is the satellite's number in the mesh.
func (f *flight) satelliteNode() uint64 { return uint64(f.cfg.Orbit.NoradID) }

// plan is what all nodes know of contacts.
func (f *flight) plan() (*contact.Plan, error) {
	sat := f.satelliteNode()
	day := f.from.Add(24 * time.Hour)
	return contact.NewPlan([]contact.Contact{
		{From: homeNode, To: stationNode, Start: f.from, End: day, RateBps: 100e6, OWLT: cable},
		{From: stationNode, To: homeNode, Start: f.from, End: day, RateBps: 100e6, OWLT: cable},
		{From: stationNode, To: sat, Start: f.rise, End: f.set, RateBps: f.cfg.Up.InfoRateBps, OWLT: f.geometry.light(f.rise)},
		{From: sat, To: stationNode, Start: f.rise, End: f.set, RateBps: f.cfg.Down.InfoRateBps, OWLT: f.geometry.light(f.rise)},
	})
}

// bringUp starts everybody's computers.
func (f *flight) bringUp() error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	if f.home, err = newHome(f, plan); err != nil {
		return err
	}
	if f.ground, err = newGround(f, plan); err != nil {
		return err
	}
	if f.space, err = newSpace(f, plan); err != nil {
		return err
	}
	f.takeUp()
	return nil
}

// join puts the radio links between satellite and station.
func (f *flight) join() error {
	s, g := f.space, f.ground
	deliver := []func(time.Time, []byte){s.telecommand, g.telemetry, g.beacon, s.payloadFrame, g.payloadFrame}
	for i, l := range links(&f.cfg) {
		f.hops = append(f.hops, f.newHop(uint64(i+1), l.wave, f.course.carriers[i], deliver[i]))
	}
	g.up, s.down, s.beacons, g.stream, s.stream = f.hops[0], f.hops[1], f.hops[2], f.hops[3], f.hops[4]
	for _, h := range f.hops {
		var from *end
		var pull func(time.Time) ([]byte, bool)
		switch h {
		case g.stream:
			from, pull = &g.end, g.pull
		case s.stream:
			from, pull = &s.end, s.pull
		}
		if f.cfg.Depth == Frames {
			h.engine = newFrameEngine(h, pull)
			continue
		}
		e, err := newSampleEngine(h, pull)
		if err != nil {
			return err
		}
		if from != nil {
			e.tx.Idle = from.idle
		}
		h.engine = e
	}
	return nil
}

// script writes down what happens when.
func (f *flight) script() {
	at := func(t time.Time, do func()) { f.loop.At(t, do) }
	at(f.rise, func() {
		f.tell("rise", "%s rises over %s, %.0f km away", f.cfg.Orbit.Name, f.cfg.Station.Name, f.geometry.at(f.rise).rangeKm)
		f.space.link(true)
		f.ground.link(true)
	})
	at(f.rise.Add(patience), f.ground.call)
	at(f.set, func() {
		f.space.link(false)
		f.ground.link(false)
		f.tell("set", "%s sets", f.cfg.Orbit.Name)
	})
	at(f.rise.Add(f.cfg.DeployAfter), f.ground.deploy)
	for _, fade := range f.cfg.Fades {
		name := fade.Link
		if name == "" {
			name = "all links"
		}
		at(f.rise.Add(fade.After), func() {
			f.tell("fade", "%s: %v at %g dB below the threshold", name, fade.For, fade.BelowDB)
		})
	}
	if f.cfg.Reboot > 0 {
		at(f.rise.Add(f.cfg.Reboot), f.space.powerCut)
		at(f.rise.Add(f.cfg.Reboot+downTime), f.space.reboot)
	}
	f.ground.commands()
}

func (f *flight) fly(ctx context.Context) error {
	if err := f.loop.Run(ctx, f.until, clock.AsFast()); err != nil {
		return err
	}
	if f.err != nil {
		return fmt.Errorf("fly a pass: %w", f.err)
	}
	return f.finish()
}

// fail ends the flight's worth: what happens from then on cannot be relied on.
func (f *flight) fail(err error) {
	if err != nil && f.err == nil {
		f.err = err
	}
}

// tell lets a spectator know, and makes it part of the history.
func (f *flight) tell(kind, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	now := f.loop.Now()
	f.history.Write([]byte("E" + kind + "\x00" + text + "\x00"))
	if f.cfg.Tell != nil {
		f.cfg.Tell(Event{At: now, Kind: kind, Text: text})
	}
}

// finish puts the report together.
func (f *flight) finish() error {
	r := &f.report
	r.Depth, r.Seed = f.cfg.Depth.String(), f.cfg.Seed
	r.Satellite, r.Station = f.cfg.Orbit.Name, f.cfg.Station.Name
	r.Rise, r.Culmination, r.Set, r.PeakDeg = f.rise, f.course.pass.Culmination, f.set, f.course.pass.MaxElevationDeg
	r.NearestKm, r.FarthestKm = math.Inf(1), 0
	for t := f.rise; !t.After(f.set); t = t.Add(gridStep) {
		p := f.geometry.at(t)
		r.NearestKm, r.FarthestKm = min(r.NearestKm, p.rangeKm), max(r.FarthestKm, p.rangeKm)
		r.MostDopplerHz = max(r.MostDopplerHz, math.Abs(channel.DopplerHz(f.cfg.Up.CarrierHz, p.rateKmS)))
	}
	for _, h := range f.hops {
		if e, ok := h.engine.(*sampleEngine); ok {
			e.expire()
		}
	}
	if err := f.ground.finish(r); err != nil {
		return err
	}
	f.space.finish(r)
	for _, h := range f.hops {
		if h.stats.Sent == 0 {
			h.stats.MinEbN0DB, h.stats.MaxEbN0DB = 0, 0
		}
		r.Links = append(r.Links, h.stats)
	}
	r.App.Tenants = f.space.payload.Tenants()
	r.Samples = f.count.samples
	fmt.Fprintf(f.history, "%+v", []any{r.Links, r.Commands, r.File, r.App, r.Orbit, r.Control, r.Space})
	r.Digest = hex.EncodeToString(f.history.Sum(nil))
	return nil
}

// bursts hands what a core wants transmitted to the hop of its waveform.
func bursts(list []radio.Burst, hops ...*hop) {
	for _, b := range list {
		for _, h := range hops {
			if h.wave.Name == b.Waveform.Name {
				h.engine.burst(b)
			}
		}
	}
}
