package world

import (
	"context"
	"fmt"
	"slices"

	"spacechain/cloud/api"
	"spacechain/dtn/bundle"
	"spacechain/spaceos/command"
)

// follow begins to watch how bundles go: commands of the terminal, and replies.
func (t *Tour) follow(ctx context.Context) error {
	u := t.Universe
	t.ways = newWays(u, func(id bundle.ID) bool {
		return id.Source.Node() == Terminal || id.Source.Service() == command.Service
	})
	return u.ask(ctx, func() { u.ways = append(u.ways, t.ways) })
}

// leave ends it.
func (t *Tour) leave() {
	u, w := t.Universe, t.ways
	u.loop.Post(func() { u.ways = slices.DeleteFunc(u.ways, func(x *ways) bool { return x == w }) })
}

// radios tells by which modems, codes and frames the package went up and the reply came
// home. After that nothing more goes by samples.
func (t *Tour) radios(ctx context.Context, a *TourAnswer, sent string) error {
	u := t.Universe
	return u.ask(ctx, func() {
		u.depth = Frames // for orbits on end samples would take hours
		a.Out = slices.Clone(t.ways.hops[sent])
		for _, id := range t.ways.order {
			if hops := t.ways.hops[id]; id != sent && len(hops) > 0 && hops[0].From == a.Name {
				a.Home = slices.Clone(hops)
				return
			}
		}
	})
}

// TourTTC is what a station heard of the target satellite by its telemetry and command
// radio.
type TourTTC struct {
	Station   string        `json:"station"`
	Telemetry api.Telemetry `json:"telemetry"`
	OrbitOffM float64       `json:"orbit_off_m"` // between the orbit measured and the true one, metres
}

// heard tells what the target satellite said of itself.
func (t *Tour) heard(ctx context.Context, a *TourAnswer) error {
	u := t.Universe
	d, err := query(ctx, u, func() *api.Telemetry { return u.tracking.telemetry(a.Satellite) })
	if err != nil || d == nil {
		return err
	}
	a.TTC = &TourTTC{Station: u.name(uint64(d.Station)), Telemetry: *d}
	if d.Orbit != nil {
		truth, _, err := u.topo.ECEF(a.Satellite, d.Orbit.Time)
		if err != nil {
			return fmt.Errorf("true orbit of %s: %w", a.Name, err)
		}
		a.TTC.OrbitOffM = 1e3 * truth.Sub(d.Orbit.PosECEFKm).Norm()
	}
	return nil
}
