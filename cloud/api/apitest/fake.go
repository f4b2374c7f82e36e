// Package apitest is a small pretend universe behind the HTTP API: circular
// orbits, a few stations, three apps with results, and a request under way. The
// API's and the console's tests run against it. It is a function of the time
// that it is given, and no part of the product.
package apitest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"spacechain/cloud/api"
)

// Start is the simulated time at which a fake universe begins.
var Start = time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)

// Options configures a Fake. Wall is required.
type Options struct {
	Wall       func() time.Time // the wall clock
	Satellites int              // default 66, in six planes
	Speed      float64          // simulated seconds per wall second, default 60
	Lead       time.Duration    // simulated time that has passed when it begins
}

// Fake implements api.Backend.
type Fake struct {
	opt   Options
	begin time.Time // wall

	mu       sync.Mutex
	fail     error
	commands map[string]string // command to request id
	sent     []time.Time       // simulated time of each submitted command
	subs     map[chan api.Event]bool
	seq      uint64
}

var _ api.Backend = (*Fake)(nil)

// New makes a fake universe whose history begins now.
func New(opt Options) *Fake {
	if opt.Satellites == 0 {
		opt.Satellites = 66
	}
	if opt.Speed == 0 {
		opt.Speed = 60
	}
	return &Fake{opt: opt, begin: opt.Wall(), commands: map[string]string{}, subs: map[chan api.Event]bool{}}
}

// Fail makes every later call return err; nil ends that.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *Fake) failing(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	return ctx.Err()
}

// Now is the simulated time.
func (f *Fake) Now() time.Time {
	wall := f.opt.Wall().Sub(f.begin).Seconds()
	return Start.Add(f.opt.Lead + time.Duration(wall*f.opt.Speed*float64(time.Second)))
}

// Universe implements api.Backend.
func (f *Fake) Universe(ctx context.Context) (api.Universe, error) {
	if err := f.failing(ctx); err != nil {
		return api.Universe{}, err
	}
	now := f.Now()
	var results uint64
	for _, t := range f.tenants(now) {
		results += t.Results
	}
	return api.Universe{
		Name: "walker star 780 km", Version: "test", Time: now, Start: Start, Speed: f.opt.Speed, Seed: "18446744073709551615",
		Satellites: f.opt.Satellites, Stations: len(stations), Terminals: 1, Links: len(f.links(now)),
		Tenants: len(f.tenants(now)), Results: results, Bundles: results*3 + uint64(now.Sub(Start).Minutes()), Sun: sun(now),
	}, nil
}

// Satellites implements api.Backend.
func (f *Fake) Satellites(ctx context.Context) ([]api.Satellite, error) {
	if err := f.failing(ctx); err != nil {
		return nil, err
	}
	now := f.Now()
	links := map[api.NodeID]int{}
	for _, l := range f.links(now) {
		links[l.A]++
		links[l.B]++
	}
	out := make([]api.Satellite, f.opt.Satellites)
	for i := range out {
		out[i] = f.satellite(i, now)
		out[i].Links = links[out[i].ID]
	}
	return out, nil
}

func (f *Fake) satellite(i int, t time.Time) api.Satellite {
	pos := f.pos(i, t)
	lat, lon := latLon(pos)
	tenants := 0
	for _, tenant := range f.tenants(t) {
		if tenant.Satellite == satID(i) && tenant.State == api.TenantInstalled {
			tenants++
		}
	}
	return api.Satellite{ID: satID(i), Name: fmt.Sprintf("SC-%d%02d", 1+i%planes, 1+i/planes), LatDeg: lat, LonDeg: lon,
		AltKm: altKm, InclinationDeg: 86.4, PeriodMin: period.Minutes(), Sunlit: sunlit(pos, t), Mode: "nominal", Tenants: tenants}
}

// Satellite implements api.Backend.
func (f *Fake) Satellite(ctx context.Context, id api.NodeID) (api.SatelliteDetail, error) {
	i := int(id) - firstID
	if err := f.failing(ctx); err != nil {
		return api.SatelliteDetail{}, err
	}
	if i < 0 || i >= f.opt.Satellites {
		return api.SatelliteDetail{}, fmt.Errorf("satellite %d: %w", id, api.ErrNotFound)
	}
	now, battery := f.Now(), 0.87
	d := api.SatelliteDetail{Satellite: f.satellite(i, now), Epoch: Start, SpeedKmS: 7.46, BatteryFraction: &battery, QueuedBytes: 1832}
	for _, l := range f.links(now) {
		if l.A == id {
			d.Peers = append(d.Peers, l.B)
		} else if l.B == id {
			d.Peers = append(d.Peers, l.A)
		}
	}
	d.Links = len(d.Peers)
	if i%2 == 0 { // a station has heard every other one
		pos := f.pos(i, now)
		d.Telemetry = &api.Telemetry{Received: now, Station: stations[0].ID, Time: now, Mode: "nominal", Battery: battery, BusVolts: 8.1, Up: up, Down: down,
			Orbit: &api.OrbitMeasurement{Time: now, PosECEFKm: pos, SigmaM: 3, Satellites: 9}}
	}
	for dt := -period / 2; dt <= period/2; dt += time.Minute {
		lat, lon := latLon(f.pos(i, now.Add(dt)))
		d.Track = append(d.Track, api.TrackPoint{Time: now.Add(dt), LatDeg: lat, LonDeg: lon, AltKm: altKm})
	}
	return d, nil
}

// Positions implements api.Backend.
func (f *Fake) Positions(ctx context.Context) (api.Positions, error) {
	if err := f.failing(ctx); err != nil {
		return api.Positions{}, err
	}
	now := f.Now()
	p := api.Positions{Time: now, Generation: 1, Sun: sun(now)}
	for i := range f.opt.Satellites {
		pos := f.pos(i, now)
		p.IDs = append(p.IDs, satID(i))
		p.PosECEFKm = append(p.PosECEFKm, pos)
		p.Sunlit = append(p.Sunlit, sunlit(pos, now))
	}
	return p, nil
}

// Stations implements api.Backend.
func (f *Fake) Stations(ctx context.Context) ([]api.Station, error) {
	if err := f.failing(ctx); err != nil {
		return nil, err
	}
	out := make([]api.Station, len(stations))
	links := f.links(f.Now())
	for i, st := range stations {
		out[i] = st
		for _, l := range links {
			if l.B == st.ID {
				out[i].Links++
			}
		}
	}
	return out, nil
}

// Links implements api.Backend.
func (f *Fake) Links(ctx context.Context) ([]api.Link, error) {
	if err := f.failing(ctx); err != nil {
		return nil, err
	}
	return f.links(f.Now()), nil
}

// Subscribe implements api.Backend. Events come from Emit.
func (f *Fake) Subscribe(ctx context.Context) (<-chan api.Event, error) {
	if err := f.failing(ctx); err != nil {
		return nil, err
	}
	ch := make(chan api.Event, 64)
	f.mu.Lock()
	f.subs[ch] = true
	f.mu.Unlock()
	context.AfterFunc(ctx, func() { f.unsubscribe(ch) })
	return ch, nil
}

func (f *Fake) unsubscribe(ch chan api.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subs[ch] {
		delete(f.subs, ch)
		close(ch)
	}
}

// Emit sends e, with the next number and the simulated time, to every
// subscriber that has room.
func (f *Fake) Emit(e api.Event) {
	now := f.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	e.Seq, e.Time = f.seq, now
	for ch := range f.subs {
		select {
		case ch <- e:
		default:
		}
	}
}

// Skip makes n events as if nobody had room for them.
func (f *Fake) Skip(n uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq += n
}

// Hangup ends every subscription from the backend's side.
func (f *Fake) Hangup() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ch := range f.subs {
		delete(f.subs, ch)
		close(ch)
	}
}

// Subscribers is the number of subscriptions.
func (f *Fake) Subscribers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subs)
}

func degrees(rad float64) float64 { return rad * 180 / math.Pi }
func radians(deg float64) float64 { return deg * math.Pi / 180 }
