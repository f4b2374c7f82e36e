package visibility

import (
	"math"

	"spacechain/astro"
)

// masked says whether the mask rises above the minimum elevation anywhere.
func (k *sky) masked() bool {
	return len(k.site.Mask) > 0 && k.maxMask > k.site.MinElevationDeg
}

// unmasked appends the parts of a span in which the satellite stands above the
// mask. It halves the span until the patch of sky that the satellite can reach
// in a part lies wholly above or wholly below the mask, or the part is shorter
// than a tenth of the resolution.
func (k *sky) unmasked(s span, out []span) ([]span, error) {
	visible := false
	add := func(a, b float64, clear bool) {
		switch {
		case clear && visible:
			out[len(out)-1].end = b
		case clear:
			out = append(out, span{start: a, end: b, openStart: s.openStart && a == s.start})
		}
		visible = clear
	}
	var split func(a, b float64) error
	split = func(a, b float64) error {
		v, err := k.against(a, b)
		if err != nil {
			return err
		}
		if v != unclear {
			add(a, b, v == clear)
			return nil
		}
		m := a + (b-a)/2
		if err := split(a, m); err != nil {
			return err
		}
		return split(m, b)
	}
	for a := s.start; a < s.end; {
		b := min((math.Floor(a/k.e.step)+1)*k.e.step, s.end)
		if b <= a {
			b = s.end
		}
		if err := split(a, b); err != nil {
			return out, err
		}
		a = b
	}
	if visible {
		out[len(out)-1].openEnd = s.openEnd
	}
	return out, nil
}

// verdict is how a stretch of a pass compares with the mask.
type verdict uint8

const (
	unclear verdict = iota
	hidden
	clear
)

// against compares the satellite's reach between two times with the mask.
func (k *sky) against(a, b float64) (verdict, error) {
	half := (b - a) / 2
	mid := a + half
	var pos, vel astro.Vec3
	var err error
	slack := 0.0
	if half > 0.02 { // in less, the samples' slack is as large as the motion
		pos, vel, slack, err = k.e.near(mid)
	} else {
		pos, vel, err = k.e.exact(mid)
	}
	if err != nil {
		return unclear, err
	}
	l := k.centre.Look(pos, vel)
	if half <= resolution/20 {
		if l.ElevationDeg > k.site.Mask.ElevationDeg(l.AzimuthDeg) {
			return clear, nil
		}
		return hidden, nil
	}
	// How far it moves to either side, and what angle that is at most.
	speed := vel.Norm() + k.e.limits.SlackKmS + float64(k.e.limits.MaxAccelKmS2*half)
	reach := slack + float64(speed*half)
	near := l.RangeKm - reach
	if near <= 0 {
		return unclear, nil
	}
	angle := math.Asin(min(reach/l.RangeKm, 1)) / degree
	if l.ElevationDeg-angle > k.maxMask {
		return clear, nil
	}
	// The patch of that radius spans these azimuths.
	spread := 180.0
	if zenith := 90 - math.Abs(l.ElevationDeg); angle < zenith {
		spread = math.Asin(min(math.Sin(angle*degree)/math.Cos(l.ElevationDeg*degree), 1)) / degree
	}
	low, high := k.site.Mask.extent(l.AzimuthDeg, spread)
	switch {
	case l.ElevationDeg-angle > high:
		return clear, nil
	case l.ElevationDeg+angle < low:
		return hidden, nil
	}
	return unclear, nil
}
