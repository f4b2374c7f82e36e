package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"spacechain/apps"
	"spacechain/astro"
	"spacechain/astro/magnetic"
	"spacechain/clock"
	"spacechain/dtn/contact"
	"spacechain/identity"
	"spacechain/sdk"
	"spacechain/spaceos/build"
	"spacechain/spaceos/command"
	"spacechain/spaceos/spk"
	"spacechain/terminal"
)

// TourStep is one line of progress of a tour.
type TourStep struct {
	Sim  time.Time // the universe's time
	Text string
}

// TourLeg is how long one leg of the way took, in the universe's time and in ours.
type TourLeg struct {
	Name string        `json:"name"`
	Sim  time.Duration `json:"sim_ns"`
	Wall time.Duration `json:"wall_ns"`
}

// TourSample is one measured field strength beside the model's.
type TourSample struct {
	Time     time.Time `json:"t"`
	LatDeg   float64   `json:"lat_deg"`
	LonDeg   float64   `json:"lon_deg"`
	AltKm    float64   `json:"alt_km"`
	Measured float64   `json:"b_nt"`
	IGRF     float64   `json:"igrf_nt"` // IGRF-14 at the place and time that the app reported
}

// TourAnswer is what the tour brings home.
type TourAnswer struct {
	Satellite uint64       `json:"satellite"`
	Name      string       `json:"name"`
	Tenant    string       `json:"tenant"`
	Path      []string     `json:"path"` // nodes that the package passed, the satellite last
	Out       []HopReport  `json:"out"`  // how each hop carried the package
	Home      []HopReport  `json:"home"` // and the satellite's reply
	Package   int          `json:"package_bytes"`
	Uplinked  int          `json:"uplinked_bytes"`
	Gas       uint64       `json:"gas"` // of the activation that gave the answer
	Verified  bool         `json:"verified"`
	TTC       *TourTTC     `json:"ttc,omitempty"` // absent if no station has heard it
	Legs      []TourLeg    `json:"legs"`
	Track     []TourSample `json:"track"`
	MeanDiff  float64      `json:"mean_diff_nt"` // of measured minus IGRF, absolute
}

// Tour shows the whole way once, from an app's sources to its answer from orbit, in
// a universe that runs.
type Tour struct {
	Universe  *Universe
	Key       *identity.Key
	Satellite uint64         // 0 chooses one that no station sees
	Orbits    float64        // how long the app runs before it is asked; 0 means two
	Say       func(TourStep) // is told of progress; may be nil

	desk    terminal.Desk
	changes chan terminal.Change
	started func() time.Duration
	wall    time.Duration
	sim     time.Time // the universe's time as progress last saw it
	mark    time.Time // where the leg under way began
	ways    *ways
}

// Run does it. The answer's receipt has been verified.
func (t *Tour) Run(ctx context.Context) (*TourAnswer, error) {
	u := t.Universe
	t.desk = u.desk
	t.changes = make(chan terminal.Change, 4096)
	watch := func(c terminal.Change) {
		select {
		case t.changes <- c:
		default: // desk has it all the same
		}
	}
	if err := u.ask(ctx, func() { u.watchers = append(u.watchers, watch) }); err != nil {
		return nil, err
	}
	if err := t.follow(ctx); err != nil {
		return nil, err
	}
	defer t.leave()
	t.started = clock.Stopwatch()
	now, err := u.Backend().Time(ctx)
	if err != nil {
		return nil, err
	}
	t.sim, t.mark = now, now
	a := &TourAnswer{}

	t.say("key %s", t.Key.Public().ID())
	pkg, uplink, err := t.pack(ctx)
	if err != nil {
		return nil, err
	}
	a.Package, a.Uplinked = len(pkg.Encode()), len(uplink)
	t.say("built and signed %s: %d bytes of module, %d bytes to uplink", pkg.FileName(), len(pkg.Module), len(uplink))
	if now, err = u.Backend().Time(ctx); err != nil {
		return nil, err
	}
	t.leg(a, "build and sign", now)

	if a.Satellite, err = t.choose(ctx, len(uplink)); err != nil {
		return nil, err
	}
	a.Name = u.name(a.Satellite)
	deployed, err := t.command(ctx, command.Command{Op: command.Deploy, Satellite: a.Satellite, Body: uplink})
	if err != nil {
		return nil, err
	}
	t.legs(a, deployed)
	for _, s := range deployed.Stages {
		if s.Name == terminal.StageHop || s.Name == terminal.StageArrived {
			a.Path = append(a.Path, u.name(s.Node))
		}
	}
	a.Tenant = terminal.TenantID(a.Satellite, deployed.Tenant)
	t.say("installed on %s as tenant %s", a.Name, a.Tenant)
	if err := t.radios(ctx, a, deployed.Bundle); err != nil {
		return nil, err
	}
	if u.opts.Radio == Samples {
		t.say("the package and the reply went through the modems; from now on radios go by whole frames")
	}

	if err := t.orbit(ctx, a); err != nil {
		return nil, err
	}
	called, err := t.command(ctx, command.Command{Op: command.Call, Satellite: a.Satellite, Tenant: deployed.Tenant,
		Body: []byte(`{"query":"track","last":256}`)})
	if err != nil {
		return nil, err
	}
	if err := t.answer(ctx, a, called); err != nil {
		return nil, err
	}
	return a, t.heard(ctx, a)
}

func (t *Tour) say(format string, args ...any) {
	if t.Say != nil {
		t.Say(TourStep{Sim: t.sim, Text: fmt.Sprintf(format, args...)})
	}
}

// leg adds one leg that ends at a simulated time, and now by our clock.
func (t *Tour) leg(a *TourAnswer, name string, end time.Time) {
	wall := t.started()
	a.Legs = append(a.Legs, TourLeg{name, end.Sub(t.mark), wall - t.wall})
	t.wall, t.sim, t.mark = wall, end, end
}

// pack builds fieldwatch from its sources, as an author would, and signs it.
func (t *Tour) pack(ctx context.Context) (*spk.Package, []byte, error) {
	dir, err := os.MkdirTemp("", "spacechain-tour-")
	if err != nil {
		return nil, nil, fmt.Errorf("make room for the app: %w", err)
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, "fieldwatch")
	if _, err := build.Example(dir, "fieldwatch", apps.FS, sdk.FS); err != nil {
		return nil, nil, err
	}
	built, err := build.Build(ctx, dir, build.Options{SDK: sdk.FS})
	if err != nil {
		return nil, nil, err
	}
	p, err := spk.Sign(built.Manifest, built.Module, t.Key)
	if err != nil {
		return nil, nil, err
	}
	uplink, err := p.EncodeUplink(spk.UplinkOptions{})
	return p, uplink, err
}

// tourCandidates bounds how many satellites are looked at for a target.
const tourCandidates = 400

// choose takes the satellite to go to: one to which the package travels over
// inter-satellite links, if there are any, so that the tour has something to show;
// else the one that is reached first.
func (t *Tour) choose(ctx context.Context, size int) (uint64, error) {
	u := t.Universe
	if t.Satellite != 0 {
		if role(t.Satellite) != "satellite" || u.names[t.Satellite] == "" {
			return 0, fmt.Errorf("there is no satellite %d here", t.Satellite)
		}
		return t.Satellite, nil
	}
	var plan *contact.Plan
	var now time.Time
	if err := u.ask(ctx, func() { plan, now = u.ahead.plan, u.loop.Now() }); err != nil {
		return 0, err
	}
	sats := u.topo.Satellites()
	stride := len(sats)/tourCandidates + 1
	router := contact.NewRouter(Terminal, plan)
	router.Grace = 24 * time.Hour // the plan counts, whether or not this router has seen the links come up
	var best uint64
	bestArrival, bestHops := time.Time{}, 0
	const soon = 10 * time.Minute
	for i := 0; i < len(sats); i += stride {
		r, err := router.Route(now, contact.Query{Dst: sats[i].Node, Size: size})
		if err != nil {
			continue
		}
		hops := r.Hops()
		if r.Arrival.Sub(now) > soon {
			hops = 0 // far off: only the arrival counts
		}
		if best == 0 || hops > bestHops || (hops == bestHops && r.Arrival.Before(bestArrival)) {
			best, bestArrival, bestHops = sats[i].Node, r.Arrival, hops
		}
	}
	if best == 0 {
		return 0, fmt.Errorf("no satellite can be reached within %s: are there stations in its reach?", u.ahead.stretch)
	}
	t.say("going to %s, which is reached at about %s over %d hops", u.name(best), bestArrival.Format("15:04:05"), max(bestHops, 1))
	return best, nil
}

// command signs and submits a command, and waits for the satellite's reply.
func (t *Tour) command(ctx context.Context, c command.Command) (terminal.Request, error) {
	u := t.Universe
	now, err := u.Backend().Time(ctx)
	if err != nil {
		return terminal.Request{}, err
	}
	secret := t.Key.Derive(fmt.Sprintf("tour/%d/%s/%d", now.UnixNano(), c.Op, c.Satellite))
	c.Request = command.RequestID(secret[:16])
	c.Issued, c.Expires = now.Truncate(time.Millisecond), now.Truncate(time.Millisecond).Add(48*time.Hour)
	c.ReplyTo = fmt.Sprintf("ipn:%d.%d", Terminal, command.InboxService)
	signed, err := c.Sign(t.Key)
	if err != nil {
		return terminal.Request{}, err
	}
	id, err := u.Backend().Submit(ctx, signed)
	if err != nil {
		return terminal.Request{}, err
	}
	for {
		select {
		case <-ctx.Done():
			return terminal.Request{}, ctx.Err()
		case <-u.ended:
			return terminal.Request{}, errors.New("the universe has ended before the tour")
		case change := <-t.changes:
			if change.Request == nil || change.Request.ID != id {
				continue
			}
			r := *change.Request
			last := r.Stages[len(r.Stages)-1]
			t.sim = last.Time
			t.say("%s", requestText(change, u.name))
			switch r.State {
			case terminal.Failed:
				return r, fmt.Errorf("%s: %s: %s", c.Op, r.Code, r.Message)
			case terminal.Done:
				return r, nil
			}
		}
	}
}

// legs turns a deployment's stages into legs.
func (t *Tour) legs(a *TourAnswer, r terminal.Request) {
	at := map[terminal.StageName]time.Time{}
	for _, s := range r.Stages {
		if _, seen := at[s.Name]; !seen {
			at[s.Name] = s.Time
		}
	}
	t.mark = r.Submitted
	var up time.Time
	for _, s := range r.Stages {
		if (s.Name == terminal.StageHop || s.Name == terminal.StageArrived) && role(s.Node) == "satellite" && (up.IsZero() || s.Time.Before(up)) {
			up = s.Time
		}
	}
	if arrived := at[terminal.StageArrived]; !up.IsZero() && !arrived.IsZero() {
		t.leg(a, "wait for the pass and uplink", up)
		t.leg(a, "over inter-satellite links", arrived)
	}
	t.leg(a, "through the gate", at[terminal.StageExecuted])
	t.leg(a, "reply home", at[terminal.StageReplied])
}

// orbit lets the app run.
func (t *Tour) orbit(ctx context.Context, a *TourAnswer) error {
	u := t.Universe
	orbits := t.Orbits
	if orbits == 0 {
		orbits = 2
	}
	var period time.Duration
	for _, s := range u.topo.Satellites() {
		if s.Node == a.Satellite {
			period = time.Duration(float64(24*time.Hour) / s.Set.MeanMotionRevDay)
		}
	}
	until := t.sim.Add(time.Duration(orbits * float64(period)))
	t.say("running for %g orbits, until %s", orbits, until.Format("15:04:05"))
	done := make(chan struct{})
	if err := u.ask(ctx, func() { u.loop.At(until, func() { close(done) }) }); err != nil {
		return err
	}
	results := 0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-u.ended:
			return errors.New("the universe has ended before the tour")
		case c := <-t.changes:
			if c.Result != nil && c.Tenant != nil && terminal.TenantID(c.Tenant.Satellite, c.Tenant.Service) == a.Tenant {
				if results++; results == 1 || results%40 == 0 {
					t.sim = c.Result.Received
					t.say("%d signed results are home", results)
				}
				if c.Result.Receipt != nil && c.Result.Receipt.Receipt.End != "returned" {
					return fmt.Errorf("the app ended %s: %s", c.Result.Receipt.Receipt.End, c.Result.Detail)
				}
			}
		case <-done:
			t.leg(a, fmt.Sprintf("run for %g orbits", orbits), until)
			return nil
		}
	}
}

// track is what fieldwatch answers.
type track struct {
	Rows [][5]float64 `json:"rows"` // t, lat_deg, lon_deg, alt_km, b_nt
}

// answer waits for the call's result and puts IGRF beside what was measured.
func (t *Tour) answer(ctx context.Context, a *TourAnswer, call terminal.Request) error {
	u := t.Universe
	var result *terminal.Result
	look := func() error {
		tenant, err := t.desk.Tenant(a.Tenant)
		if err != nil {
			return err
		}
		results, err := t.desk.Results(a.Tenant, tenant.Results-min(tenant.Results, 20), 20)
		for i := range results {
			if results[i].Request == call.ID {
				result = &results[i]
			}
		}
		return err
	}
	for {
		if err := look(); err != nil {
			return err
		}
		if result != nil {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-u.ended:
			return errors.New("the universe has ended before the tour")
		case <-t.changes:
		}
	}
	t.leg(a, "ask, and the answer home", result.Received)
	var tr track
	if err := json.Unmarshal(result.Body, &tr); err != nil {
		return fmt.Errorf("the answer of %s is not a track: %w", a.Tenant, err)
	}
	if len(tr.Rows) == 0 {
		return fmt.Errorf("the answer of %s has no samples", a.Tenant)
	}
	public, _ := u.publicOf(a.Satellite)
	a.Verified = result.Receipt != nil && result.Receipt.Verify(public) == nil
	if result.Receipt != nil {
		a.Gas = result.Receipt.Receipt.Gas
	}
	for _, row := range tr.Rows {
		s := TourSample{Time: time.UnixMilli(int64(row[0] * 1000)).UTC(), LatDeg: row[1], LonDeg: row[2], AltKm: row[3], Measured: row[4]}
		s.IGRF = magnetic.FieldNED(astro.Geodetic{LatDeg: s.LatDeg, LonDeg: s.LonDeg, AltKm: s.AltKm}, s.Time).Norm()
		diff := s.Measured - s.IGRF
		a.MeanDiff += max(diff, -diff) / float64(len(tr.Rows))
		a.Track = append(a.Track, s)
	}
	return nil
}
