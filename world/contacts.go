package world

import (
	"context"
	"math"
	"slices"
	"time"

	"spacechain/cloud/api"
	"spacechain/world/topology"
)

// Passes implements api.Backend. It knows the passes within the universe's horizon.
func (b *Backend) Passes(ctx context.Context, f api.PassFilter) ([]api.Pass, error) {
	windows, err := query(ctx, b.u, func() (windows []topology.Window) {
		if f.From.IsZero() {
			f.From = b.u.loop.Now()
		}
		if f.To.IsZero() {
			f.To = f.From.Add(2 * time.Hour)
		}
		for _, w := range b.u.ahead.between(topology.Ground, f.From, f.To) {
			if (f.Satellite != 0 && uint64(f.Satellite) != w.A) || (f.Station != 0 && uint64(f.Station) != w.B) {
				continue
			}
			if windows = append(windows, w.Window); f.Limit > 0 && len(windows) == f.Limit {
				break
			}
		}
		return windows
	})
	if err != nil {
		return nil, err
	}
	out := make([]api.Pass, 0, len(windows))
	for _, w := range windows {
		p := api.Pass{Satellite: api.NodeID(w.A), Station: api.NodeID(w.B), Rise: w.Start, Set: w.End}
		p.Culmination, p.MaxElevationDeg = b.u.culmination(w)
		out = append(out, p)
	}
	return out, nil
}

// culmination finds when a pass stands highest, to a second: elevation rises and
// falls once within a pass, so halving by thirds finds it.
func (u *Universe) culmination(w topology.Window) (time.Time, float64) {
	elevation := func(t time.Time) float64 {
		h, err := u.topo.Hop(w.A, w.B, t)
		if err != nil {
			return math.Inf(-1)
		}
		return h.Look.ElevationDeg
	}
	lo, hi := w.Start, w.End
	for hi.Sub(lo) > time.Second {
		third := hi.Sub(lo) / 3
		if a, b := lo.Add(third), hi.Add(-third); elevation(a) < elevation(b) {
			lo = a
		} else {
			hi = b
		}
	}
	at := lo.Add(hi.Sub(lo) / 2)
	return at, elevation(at)
}

// Links implements api.Backend.
func (b *Backend) Links(ctx context.Context) ([]api.Link, error) {
	return query(ctx, b.u, func() (out []api.Link) {
		for _, w := range b.u.up(b.u.loop.Now()) {
			out = append(out, b.u.apiLink(w, w.hop))
		}
		return out
	})
}

// up gives the windows in which links are up now: no outage has struck them.
func (u *Universe) up(now time.Time) []*window {
	open := u.ahead.active(now)
	if u.opts.Scenario == nil {
		return open
	}
	return slices.DeleteFunc(open, func(w *window) bool { return u.faults.LinkDown(w.A, w.B, now) })
}

var linkKinds = map[topology.Kind]api.LinkKind{
	topology.Ground: api.LinkGround, topology.Direct: api.LinkGround,
	topology.ISL: api.LinkInterSatellite, topology.Cable: api.LinkWire,
}

// apiLink describes a window that is open; its hop is nil if neither end is in use.
func (u *Universe) apiLink(w *window, h *hop) api.Link {
	now := u.loop.Now()
	l := api.Link{A: api.NodeID(w.A), B: api.NodeID(w.B), Kind: linkKinds[w.Kind], Since: w.Start, Until: w.End,
		RangeKm: w.MaxRangeKm, DelayMs: w.OWLT.Seconds() * 1e3, RateBps: w.RateABBps}
	if ab, ba, err := u.topo.Radios().Waves(&w.Window); err == nil {
		l.AB, l.BA = apiWave(ab), apiWave(ba)
	}
	if h != nil {
		l.HalfDuplex = h.turns != nil
		l.Active = !h.busy.IsZero() && now.Sub(h.busy) < time.Minute
		if g, err := u.topo.Hop(w.A, w.B, now); err == nil {
			l.RangeKm, l.DopplerHz = g.RangeKm, g.DopplerABHz
			l.DelayMs = g.AB.LightTime.Seconds() * 1e3
		}
	}
	return l
}

// apiWave describes what one direction of a link goes by.
func apiWave(w *topology.Wave) api.Wave {
	return api.Wave{Modem: w.Modem, Coding: w.Coding, Framing: w.Framing, CarrierHz: w.CarrierHz, RateBps: w.RateBps()}
}
