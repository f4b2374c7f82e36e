package modem

import "math"

// tonePicker takes from the pairs of a ToneCorrelator those at the ends of bits, at the times a
// bitClock finds, scaled to unit power.
type tonePicker struct {
	clock  *bitClock
	meter  powerMeter
	pairs  []TonePair
	base   int64   // number of pairs[0]
	summed int64   // how many have gone into the clock
	last   float64 // place of the last pair given out

	line   complex128 // of the bit before the next
	powers [2]float64 // of that and the one before it
}

// turns holds e^(-j2πt) at the parts of a bit.
var turns = func() (w [oversample]complex128) {
	for i := range w {
		s, c := math.Sincos(-2 * math.Pi * float64(i) / oversample)
		w[i] = complex(c, s)
	}
	return w
}()

// process appends the pairs at the ends of bits that src settles to dst. Where a bit ends, the
// tones' powers differ most.
func (t *tonePicker) process(dst, src []TonePair) []TonePair {
	t.pairs = append(t.pairs, src...)
	for t.summed+oversample <= t.base+int64(len(t.pairs)) {
		var line complex128
		var power float64
		for i, v := range t.pairs[t.summed-t.base:][:oversample] {
			m, s := float64(norm(v.Mark)), float64(norm(v.Space))
			line += complex((m-s)*(m-s), 0) * turns[i]
			power += m + s
		}
		t.meter.add(power / oversample)
		// A bit's own power alone must not scale it: tones near the middle of a bit go with that
		// power more than those at its ends, so that noise would have a clock of its own. The
		// clock gets each line when the power behind it is known.
		if t.summed > 0 {
			near := (t.powers[0] + t.powers[1] + power) / 3
			if near > 0 {
				t.line /= complex(near*near, 0)
			}
			t.clock.add(t.line)
		}
		t.line, t.powers = line, [2]float64{t.powers[1], power}
		t.summed += oversample
	}
	for {
		place, ok := t.clock.next()
		if !ok {
			break
		}
		at := place*oversample - float64(t.base)
		i := int(math.Floor(at))
		if i < 1 || i+3 > len(t.pairs) {
			continue // only at the start of the stream
		}
		p := between(t.pairs[i-1:i+3], float32(at-float64(i)))
		g := complex(t.meter.gain(int64(place)), 0)
		dst = append(dst, TonePair{Mark: p.Mark * g, Space: p.Space * g})
		t.last = place
	}
	t.meter.trim(t.clock.window + 2*levelWindow + 64)
	if drop := len(t.pairs) - (t.clock.window+64)*oversample; drop > 4096 {
		t.pairs = t.pairs[:copy(t.pairs, t.pairs[drop:])]
		t.base += int64(drop)
	}
	return dst
}

// between interpolates part of the way from the second to the third of four pairs.
func between(p []TonePair, part float32) TonePair {
	w := cubicWeights(part)
	var out [4]float32
	for i, v := range p {
		out[0] += w[i] * real(v.Mark)
		out[1] += w[i] * imag(v.Mark)
		out[2] += w[i] * real(v.Space)
		out[3] += w[i] * imag(v.Space)
	}
	return TonePair{Mark: complex(out[0], out[1]), Space: complex(out[2], out[3])}
}

// cubicWeights are Lagrange's for a place part of the way from the second to the third of four.
func cubicWeights(f float32) [4]float32 {
	return [4]float32{
		-f * (f - 1) * (f - 2) / 6,
		(f + 1) * (f - 1) * (f - 2) / 2,
		-(f + 1) * f * (f - 2) / 2,
		(f + 1) * f * (f - 1) / 6,
	}
}

func norm(v complex64) float32 { return real(v)*real(v) + imag(v)*imag(v) }
