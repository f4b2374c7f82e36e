package world

import (
	"context"
	"slices"

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
// home.
func (t *Tour) radios(ctx context.Context, a *TourAnswer, sent string) error {
	return t.Universe.ask(ctx, func() {
		a.Out = slices.Clone(t.ways.hops[sent])
		for _, id := range t.ways.order {
			if hops := t.ways.hops[id]; id != sent && len(hops) > 0 && hops[0].From == a.Name {
				a.Home = slices.Clone(hops)
				return
			}
		}
	})
}
