package topology

import (
	"math"
	"time"

	"spacechain/astro"
)

// nearMiss is how far below the minimum elevation (in sine) a satellite may be at
// two adjoining minutes and still have risen between them. A low orbit's pass of a
// minute peaks less than 2 degrees above its ends; this is 8.
const nearMiss = 0.14

// groundWindows adds the passes over every site within [from, to).
func (t *Topology) groundWindows(windows []Window, from, to time.Time) []Window {
	first, last := minuteOf(from), minuteOf(to.Add(-1))
	var k tracker
	for sat := range t.sats {
		for i := range t.sites {
			s := &t.sites[i]
			a := t.eph.node(sat, first)
			ha := s.height(a)
			for minute := first; minute <= last; minute++ {
				b := t.eph.node(sat, minute+1)
				hb := s.height(b)
				s.minute(&k, minute, a, b, ha, hb)
				a, ha = b, hb
			}
			k.finish(last + 1)
			if len(k.spans) > 0 {
				windows = k.windows(windows, t.sats[sat].Node, s.node, s.kind, from, to, func(at time.Time) float64 {
					pos, _, _ := t.eph.at(sat, at)
					return pos.Sub(s.centre.PosECEFKm).Norm()
				})
			}
		}
	}
	return windows
}

// height gives by how much the sine of the elevation is above that of the minimum.
func (s *site) height(at *sample) float64 {
	if !at.ok {
		return math.Inf(-1)
	}
	return s.heightOf(at.pos)
}

func (s *site) heightOf(pos astro.Vec3) float64 {
	d := pos.Sub(s.centre.PosECEFKm)
	return s.centre.Up.Dot(d)/d.Norm() - s.sinMin
}

// climb has the sign of the elevation's rate.
func (s *site) climb(pos, vel astro.Vec3) float64 {
	d := pos.Sub(s.centre.PosECEFKm)
	return float64(s.centre.Up.Dot(vel)*d.Dot(d)) - float64(s.centre.Up.Dot(d)*d.Dot(vel))
}

// sees says whether a place is above minimum elevation and mask.
func (s *site) sees(pos astro.Vec3) bool {
	if s.heightOf(pos) < 0 {
		return false
	}
	if len(s.mask) == 0 {
		return true
	}
	look := s.centre.Look(pos, astro.Vec3{})
	return look.ElevationDeg >= s.mask.ElevationDeg(look.AzimuthDeg)
}

// minute tells the tracker what happens between two nodes with heights ha and hb.
func (s *site) minute(k *tracker, minute int64, a, b *sample, ha, hb float64) {
	const h = 60.0
	if !a.ok || !b.ok {
		k.gap(minute)
		return
	}
	above, stays := ha >= 0, hb >= 0
	if !above && !stays && (ha < -nearMiss || hb < -nearMiss) {
		return
	}
	c := arc{*a, *b, timeOf(minute)}
	sees := func(at float64) bool { pos, _ := c.at(at); return s.sees(pos) }
	if len(s.mask) > 0 { // a mask has corners: look every five seconds
		before := s.sees(a.pos)
		k.begin(minute, before)
		for at := 5.0; at <= h; at += 5 {
			if now := sees(at); now != before {
				k.flip(minute, change(at-5, at, before, sees))
				before = now
			}
		}
		return
	}
	k.begin(minute, above)
	switch {
	case above != stays:
		k.flip(minute, change(0, h, above, sees))
	case !above && s.climb(a.pos, a.vel) > 0 && s.climb(b.pos, b.vel) < 0:
		peak := change(0, h, true, func(at float64) bool { pos, vel := c.at(at); return s.climb(pos, vel) > 0 })
		if sees(peak) {
			k.flip(minute, change(0, peak, false, sees))
			k.flip(minute, change(peak, h, true, sees))
		}
	}
}
