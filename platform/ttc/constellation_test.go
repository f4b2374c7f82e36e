package ttc

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/astro/elements"
	teme "spacechain/astro/frame"
	"spacechain/astro/sgp4"
	"spacechain/link/channel"
	"spacechain/link/radio"
)

// TestBeaconsNeverCollide flies 66 satellites on one frequency, each with a clock as wrong as
// the guard allows, some of them in a session, and listens at stations all over the Earth,
// the poles included, where most satellites meet: no beacon ever arrives while anything else
// does.
func TestBeaconsNeverCollide(t *testing.T) {
	if testing.Short() {
		t.Skip("flies a constellation")
	}
	w := elements.DefaultWalker(start)
	sets := w.Sets()
	if len(sets) != 66 {
		t.Fatalf("%d satellites", len(sets))
	}
	r := rand.New(rand.NewPCG(4, 66))
	type signal struct {
		interval
		satellite int
		beacon    bool
	}
	stations := places(r)
	heard := make([][]signal, len(stations))
	var slots channel.Slots
	counted := map[int]int{}
	for n, set := range sets {
		orbit, err := sgp4.New(set)
		if err != nil {
			t.Fatal(err)
		}
		link := testLink()
		link.Spacecraft, link.Call = uint16(n+1), fmt.Sprintf("SC%d", n)
		link.Slots.Satellites, link.Turn = len(sets), n
		c, err := New(start, Config{Link: link, Instruments: &bench{charge: 0.9}})
		if err != nil {
			t.Fatal(err)
		}
		slots = c.Link().Slots
		fast := time.Duration(r.Int64N(2*int64(slots.ClockError)+1) - int64(slots.ClockError))
		var bursts []radio.Burst
		if n%10 == 3 {
			// Somebody calls it again and again for ten minutes.
			who := newCaller(t, link, 0)
			for at := start.Add(time.Minute); at.Before(start.Add(11 * time.Minute)); at = at.Add(50 * time.Second) {
				bursts = append(bursts, runTo(t, c, at)...)
				c.Uplink(at, who.request(who.profile.AreYouAlive()))
			}
		}
		bursts = append(bursts, runTo(t, c, start.Add(3*slots.Cycle()))...)
		for _, b := range bursts {
			from, to := b.At.Add(-fast), b.End().Add(-fast)
			state, err := orbit.AtTime(from)
			if err != nil {
				t.Fatal(err)
			}
			pos, vel := teme.TEMEToECEF(state.PosTEMEKm, state.VelTEMEKmS, from)
			beacon := b.Waveform.Name == "beacon"
			if beacon {
				counted[n]++
			}
			for i, place := range stations {
				look := place.Look(pos, vel)
				if look.ElevationDeg < 0 {
					continue
				}
				light := channel.LightTime(look.RangeKm)
				heard[i] = append(heard[i], signal{interval{from.Add(light), to.Add(light)}, n, beacon})
			}
		}
	}
	pairs := 0
	nearest := time.Hour
	for i, list := range heard {
		slices.SortFunc(list, func(a, b signal) int { return cmp.Compare(a.from.UnixNano(), b.from.UnixNano()) })
		for k := 1; k < len(list); k++ {
			a, b := list[k-1], list[k]
			if a.satellite == b.satellite || !a.beacon && !b.beacon {
				// Two sessions at one station are for the stations to agree on.
				continue
			}
			gap := b.from.Sub(a.to)
			if gap < 0 {
				t.Fatalf("at %v satellite %d is heard to %v and %d from %v", stations[i], a.satellite, a.to, b.satellite, b.from)
			}
			nearest = min(nearest, gap)
			pairs++
		}
	}
	for n := range sets {
		if counted[n] < 1 || counted[n] < 3 && n%10 != 3 {
			t.Errorf("satellite %d sent %d beacons in three cycles", n, counted[n])
		}
	}
	if pairs < 1000 {
		t.Fatalf("only %d pairs of signals", pairs)
	}
	t.Logf("%d pairs of neighbouring signals at %d stations, at least %v apart; a cycle takes %v, %d beacons a slot",
		pairs, len(stations), nearest, slots.Cycle(), slots.PerSlot())
}

// places are stations at both poles and anywhere else.
func places(r *rand.Rand) []teme.Topocentre {
	list := []teme.Topocentre{teme.NewTopocentre(astro.Geodetic{LatDeg: 90}), teme.NewTopocentre(astro.Geodetic{LatDeg: -90})}
	for range 80 {
		list = append(list, teme.NewTopocentre(astro.Geodetic{LatDeg: 180*r.Float64() - 90, LonDeg: 360*r.Float64() - 180}))
	}
	return list
}

type interval struct{ from, to time.Time }
