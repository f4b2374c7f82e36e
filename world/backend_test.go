package world

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"spacechain/clock"
	"spacechain/cloud/api"
	"spacechain/spaceos/command"
	"spacechain/terminal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a small universe that runs by itself, and its backend.
func running(t testing.TB, o Options) (*Universe, *Backend) {
	t.Helper()
	if o.Topology.Sets == nil {
		o.Topology = small(t)
	}
	if o.Pace == (clock.Pace{}) {
		o.Pace = clock.Scaled(600)
	}
	o.Name, o.Version = "Small", "1.2.3"
	u := universe(t, o)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx, time.Time{}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the universe ended: %v", err)
		}
	})
	return u, u.Backend()
}

// must gives an answer that has to come.
func must[T any](answer T, err error) T {
	if err != nil {
		panic(err)
	}
	return answer
}

// await asks until something is so.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	for range 2000 {
		if so() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// Every question that the API asks has an answer that fits the others.
func TestBackendAnswers(t *testing.T) {
	ctx := context.Background()
	_, b := running(t, Options{Seed: 1})

	all := must(b.Universe(ctx))
	if all.Name != "Small" || all.Version != "1.2.3" || all.Seed != "1" || all.Speed != 600 || !all.Start.Equal(dawn) ||
		all.Time.Before(dawn) || all.Satellites != 30 || all.Stations != 3 || all.Terminals != 1 || all.Links < 30 {
		t.Errorf("universe: %+v", all)
	}
	if math.Abs(all.Sun.LatDeg+20) > 1 { // on 22 November
		t.Errorf("the Sun stands over %+v", all.Sun)
	}

	sats := must(b.Satellites(ctx))
	positions := must(b.Positions(ctx))
	if len(sats) != 30 || len(positions.IDs) != 30 || len(positions.PosECEFKm) != 30 || len(positions.Sunlit) != 30 {
		t.Fatalf("%d satellites, %d positions", len(sats), len(positions.IDs))
	}
	dark, linked := 0, 0
	for i, s := range sats {
		p := positions.PosECEFKm[i]
		r := math.Sqrt(p[0]*p[0] + p[1]*p[1] + p[2]*p[2])
		if s.ID != positions.IDs[i] || math.Abs(r-7578) > 40 || math.Abs(s.AltKm-1200) > 50 || math.Abs(s.PeriodMin-109.4) > 0.5 || s.Mode != "payload" || s.Tenants != 0 {
			t.Errorf("satellite %d: %+v at %.0f km from the centre", i, s, r)
		}
		if !s.Sunlit {
			dark++
		}
		linked += s.Links
	}
	if dark == 0 || dark > 20 || linked < 60 {
		t.Errorf("%d satellites are in the dark, %d have links", dark, linked)
	}

	one := must(b.Satellite(ctx, 90007))
	if one.ID != 90007 || len(one.Track) != trackPoints || len(one.Peers) != one.Links || math.Abs(one.SpeedKmS-7.25) > 0.05 || one.Epoch.IsZero() {
		t.Errorf("satellite: %+v", one)
	}
	if span := one.Track[trackPoints-1].Time.Sub(one.Track[0].Time); math.Abs(span.Minutes()-one.PeriodMin) > 2 {
		t.Errorf("the track takes %v", span)
	}
	if _, err := b.Satellite(ctx, 90099); !errors.Is(err, api.ErrNotFound) {
		t.Errorf("a satellite that is not there: %v", err)
	}

	stations := must(b.Stations(ctx))
	if len(stations) != 3 || stations[0].Name != "Svalbard" || !stations[0].Up || stations[0].Links < 3 || stations[0].MinElevationDeg == 0 {
		t.Errorf("stations: %+v", stations)
	}
	links := must(b.Links(ctx))
	kinds := map[api.LinkKind]int{}
	for _, l := range links {
		kinds[l.Kind]++
		if l.A >= l.B || l.RangeKm <= 0 || l.DelayMs <= 0 || l.RateBps <= 0 || !l.Until.After(l.Since) {
			t.Errorf("link: %+v", l)
		}
	}
	if kinds[api.LinkWire] != 6 || kinds[api.LinkInterSatellite] < 30 || kinds[api.LinkGround] == 0 {
		t.Errorf("links: %v", kinds)
	}
}

func TestBackendPasses(t *testing.T) {
	ctx := context.Background()
	_, b := running(t, Options{Seed: 1})
	from := dawn.Add(2 * time.Hour)
	f := api.PassFilter{From: from, To: from.Add(3 * time.Hour), Limit: 1000}
	all := must(b.Passes(ctx, f))
	if len(all) < 30 {
		t.Fatalf("%d passes", len(all))
	}
	for i, p := range all {
		if !p.Rise.Before(p.Culmination) || !p.Culmination.Before(p.Set) || p.MaxElevationDeg < 5 || p.MaxElevationDeg > 90 ||
			!p.Set.After(from) || !p.Rise.Before(f.To) {
			t.Errorf("pass: %+v", p)
		}
		if i > 0 && p.Rise.Before(all[i-1].Rise) {
			t.Errorf("pass %d rises before the one before it", i)
		}
	}
	f.Satellite, f.Station = all[3].Satellite, all[3].Station
	some := must(b.Passes(ctx, f))
	if !slices.Contains(some, all[3]) {
		t.Errorf("passes of %d over %d: %+v", f.Satellite, f.Station, some)
	}
	for _, p := range some {
		if p.Satellite != f.Satellite || p.Station != f.Station {
			t.Errorf("pass: %+v", p)
		}
	}
	f = api.PassFilter{From: from, To: from.Add(3 * time.Hour), Limit: 5}
	if few := must(b.Passes(ctx, f)); !slices.Equal(few, all[:5]) {
		t.Errorf("the first five: %+v", few)
	}
	if soon := must(b.Passes(ctx, api.PassFilter{Limit: 10})); len(soon) != 10 {
		t.Errorf("%d passes from now on", len(soon))
	}
}

// A command submitted from outside goes its way; what came of it is on the desk, and
// subscribers hear of it.
func TestBackendSubmits(t *testing.T) {
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	_, b := running(t, Options{Seed: 1})
	events := must(b.Subscribe(ctx))
	c := command.Command{Op: command.List, Request: command.RequestID{5}, Satellite: 90011, ReplyTo: "ipn:3000001.2", Issued: dawn, Expires: dawn.Add(24 * time.Hour)}
	signed, err := c.Sign(owner())
	if err != nil {
		t.Fatal(err)
	}
	id := must(b.Submit(ctx, signed))
	if again := must(b.Submit(ctx, signed)); again != id || id == "" {
		t.Errorf("submitted as %q and %q", id, again)
	}
	await(t, "the answer", func() bool { return must(b.Request(ctx, id)).State == api.RequestDone })
	r := must(b.Request(ctx, id))
	if r.Kind != "list" || r.Satellite != 90011 || r.Size != len(signed) || len(r.Stages) < 4 || r.Code != "ok" {
		t.Errorf("request: %+v", r)
	}
	if all := must(b.Requests(ctx, 10)); len(all) != 1 || all[0].ID != id {
		t.Errorf("requests: %+v", all)
	}
	if none := must(b.Requests(ctx, 0)); len(none) != 0 {
		t.Errorf("requests: %+v", none)
	}

	last, heard := uint64(0), map[api.EventKind]int{}
	for done := false; !done; {
		e := <-events
		if e.Seq <= last || e.Text == "" || e.Severity == "" || e.Time.Before(dawn) {
			t.Errorf("event %d after %d: %+v", e.Seq, last, e)
		}
		last = e.Seq
		heard[e.Kind]++
		done = e.Kind == api.EventRequest && e.Request.State == api.RequestDone
	}
	if heard[api.EventBundle] == 0 || heard[api.EventRequest] < 3 {
		t.Errorf("heard %v", heard)
	}

	for name, c := range map[string]struct {
		call func() error
		want error
	}{
		"no command":  {func() error { _, err := b.Submit(ctx, []byte("go")); return err }, api.ErrRejected},
		"no request":  {func() error { _, err := b.Request(ctx, "none"); return err }, api.ErrNotFound},
		"no tenant":   {func() error { _, err := b.Tenant(ctx, "90001.64"); return err }, api.ErrNotFound},
		"no results":  {func() error { _, err := b.Results(ctx, "90001.64", 0, 1); return err }, api.ErrNotFound},
		"no log":      {func() error { _, err := b.Logs(ctx, "90001.64", 0, 1); return err }, api.ErrNotFound},
		"a busy desk": {func() error { return APIError(terminal.ErrBusy) }, api.ErrBusy},
	} {
		if err := c.call(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Whoever subscribes and leaves is forgotten, also one that leaves before it is heard.
func TestSubscribersLeave(t *testing.T) {
	u, b := running(t, Options{Seed: 1})
	subs := func() int { return must(query(context.Background(), u, func() int { return len(u.log.subs) })) }
	var all []<-chan api.Event
	ctx, leave := context.WithCancel(context.Background())
	for range 10 {
		all = append(all, must(b.Subscribe(ctx)))
	}
	if n := subs(); n != 10 {
		t.Errorf("%d subscribers", n)
	}
	leave()
	for _, ch := range all {
		for range ch { // until it is closed
		}
	}
	if _, err := b.Subscribe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("subscribe after leaving: %v", err)
	}
	await(t, "subscribers to be forgotten", func() bool { return subs() == 0 })
}

// One that does not keep up misses events and sees by the numbers that it did; nobody
// waits for it.
func TestSlowSubscriberMissesEvents(t *testing.T) {
	var h Hub
	slow, fast := h.Subscribe(), h.Subscribe()
	for i := range 3 * eventRing {
		h.Tell(api.Event{})
		if e := <-fast; e.Seq != uint64(i+1) {
			t.Fatalf("event %d has number %d", i, e.Seq)
		}
	}
	h.Unsubscribe(slow)
	h.Unsubscribe(slow)
	n := 0
	for range slow {
		n++
	}
	if n != eventRing {
		t.Errorf("it has %d events", n)
	}
	h.End()
	h.End()
	if _, open := <-fast; open {
		t.Error("the stream did not end")
	}
}

// A universe that has ended says so, at once, and ends all streams.
func TestEndedUniverse(t *testing.T) {
	u := universe(t, Options{Topology: small(t)})
	b := u.Backend()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx, dawn.Add(1000*time.Hour)) }()
	events := must(b.Subscribe(context.Background()))
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for range events {
	}
	for name, call := range map[string]func() error{
		"universe":   func() error { _, err := b.Universe(context.Background()); return err },
		"satellites": func() error { _, err := b.Satellites(context.Background()); return err },
		"satellite":  func() error { _, err := b.Satellite(context.Background(), 90001); return err },
		"positions":  func() error { _, err := b.Positions(context.Background()); return err },
		"stations":   func() error { _, err := b.Stations(context.Background()); return err },
		"passes":     func() error { _, err := b.Passes(context.Background(), api.PassFilter{}); return err },
		"links":      func() error { _, err := b.Links(context.Background()); return err },
		"submit":     func() error { _, err := b.Submit(context.Background(), nil); return err },
		"subscribe":  func() error { _, err := b.Subscribe(context.Background()); return err },
	} {
		if err := call(); !errors.Is(err, api.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Tenants(context.Background()); err != nil { // the desk is still there
		t.Errorf("tenants: %v", err)
	}
}

// Before a universe runs, and when it is slow, a question ends with its context.
func TestQuestionEndsWithItsContext(t *testing.T) {
	u := universe(t, Options{Topology: small(t)})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := u.Backend().Universe(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("asked a universe that does not run: %v", err)
	}
}

// Everything is asked from many goroutines while the universe runs, nodes are reset and
// commands come in. Run with -race, this finds what is shared.
func TestManyAskAtOnce(t *testing.T) {
	text := "faults:\n  - node reset: any node\n    times a day: 500\n    for: 20s\n  - link outage: any link\n    times a day: 200\n    for: 5m\n"
	u, b := running(t, Options{Seed: 1, Scenario: faulty(t, text), Pace: clock.Scaled(20000)})
	ctx, cancel := context.WithTimeout(context.Background(), 800*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	each := func(call func(ctx context.Context, i int) error) {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				c, done := ctx, context.CancelFunc(func() {})
				if i%5 == 4 { // some give up at once
					c, done = context.WithTimeout(ctx, time.Duration(i%50)*time.Microsecond)
				}
				err := call(c, i)
				done()
				if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, api.ErrUnavailable) {
					t.Error(err)
					return
				}
			}
		})
	}
	each(func(ctx context.Context, _ int) error { _, err := b.Universe(ctx); return err })
	each(func(ctx context.Context, _ int) error { _, err := b.Satellites(ctx); return err })
	each(func(ctx context.Context, i int) error { _, err := b.Satellite(ctx, api.NodeID(90001+i%30)); return err })
	each(func(ctx context.Context, _ int) error { _, err := b.Positions(ctx); return err })
	each(func(ctx context.Context, _ int) error { _, err := b.Stations(ctx); return err })
	each(func(ctx context.Context, _ int) error { _, err := b.Links(ctx); return err })
	each(func(ctx context.Context, _ int) error { _, err := b.Passes(ctx, api.PassFilter{Limit: 3}); return err })
	each(func(ctx context.Context, _ int) error { _, err := b.Tenants(ctx); return err })
	each(func(ctx context.Context, _ int) error { _, err := b.Requests(ctx, 10); return err })
	each(func(ctx context.Context, i int) error {
		now, err := b.Time(ctx)
		if err != nil {
			return err
		}
		c := command.Command{Op: command.List, Request: command.RequestID{1, byte(i), byte(i >> 8)}, Satellite: uint64(90001 + i%30), ReplyTo: "ipn:3000001.2",
			Issued: now.Truncate(time.Millisecond), Expires: now.Truncate(time.Millisecond).Add(time.Hour)}
		signed, err := c.Sign(owner())
		if err != nil {
			return err
		}
		_, err = b.Submit(ctx, signed)
		return err
	})
	each(func(ctx context.Context, _ int) error {
		c, leave := context.WithTimeout(ctx, time.Millisecond)
		defer leave()
		events, err := b.Subscribe(c)
		if err != nil {
			return err
		}
		for range events {
		}
		return nil
	})
	each(func(context.Context, int) error { u.SetSpeed(20000); time.Sleep(10 * time.Millisecond); return nil })
	wg.Wait()
	if n := must(query(context.Background(), u, func() int { return len(u.log.subs) })); n != 0 {
		await(t, "subscribers to be forgotten", func() bool {
			return must(query(context.Background(), u, func() int { return len(u.log.subs) })) == 0
		})
	}
	if all := must(b.Requests(context.Background(), math.MaxInt)); len(all) == 0 {
		t.Error("no command went through")
	}
}
