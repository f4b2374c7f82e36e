package modem

import "math"

// toneLearner follows what differs from one sender and receiver to the next, from the tones that
// have been decided on: their amplitudes, by how much their frequencies are off, the phase that
// the audio path puts between them, and the noise.
type toneLearner struct {
	amp   [2]float32 // of space and mark
	off   [2]float32 // turn of the phase beyond the nominal during a bit, radians
	skew  float32    // phase of space against mark, radians
	level float32    // mean amplitude
	noise float32    // power
	align complex64  // takes the skew out of space
	gain  [2]float32
	cost  [2]float32
	tilt  float32 // amplitude of space over mark that is expected
	past  [16]TonePair
	n     int
	rate  float32 // of learning frequencies and skew
}

const (
	maxOff  = 0.7 // radians: 130 Hz at 1200 baud
	maxSkew = 1.2 // radians
)

// start forgets all; tilt is how far the space stands above the mark, in decibels.
func (l *toneLearner) start(tilt float64, rate float32) {
	t := float32(math.Pow(10, tilt/20))
	*l = toneLearner{amp: [2]float32{t, 1}, tilt: t, noise: 1, rate: rate}
	l.weigh()
}

// weigh makes the terms of the log-likelihood: the projection on the reference times the tone's
// amplitude, less half the tone's energy; both in units of the level.
func (l *toneLearner) weigh() {
	l.level = (l.amp[0] + l.amp[1]) / 2
	for i, a := range l.amp {
		g := min(max(a/(l.level+1e-20), 0.25), 1.75)
		l.gain[i] = g
		l.cost[i] = g * g * l.level / 2
	}
	l.align = unit(-float64(l.skew))
}

// scale takes a difference of metrics to soft units.
func (l *toneLearner) scale() float32 { return softUnit * 2 * l.level / (l.noise + 1e-20) }

// next takes the pair of one bit and the tones of the best sequence that ends in it. It reports
// whether the frequencies changed.
func (l *toneLearner) next(p TonePair, tones uint64, turn [2]complex64) bool {
	l.past[l.n&15] = p
	l.n++
	if l.n <= toneDelay+2 {
		return false
	}
	k := l.n - 1 - toneDelay
	tone, before := tones>>toneDelay&1, tones>>(toneDelay+1)&1
	z, y := l.of(k, tone), l.of(k-1, before)
	// What the bit before makes of this one.
	a := rotate(y, turn[before])
	c := rotate(z, complex(real(a), -imag(a)))
	size := float32(math.Sqrt(float64(norm(z))))
	l.amp[tone] += 0.02 * (size - l.amp[tone])
	other := size * l.tilt
	if tone == 0 {
		other = size / l.tilt
	}
	l.amp[tone^1] += 0.002 * (other - l.amp[tone^1])
	power := norm(c)
	if power > 0 {
		// Two bits of amplitude A with noise N each: |z - a|² has the mean 2N.
		d := norm(complex(real(z)-real(a), imag(z)-imag(a)))
		if tone != before {
			s := l.amp[tone] / (l.amp[before] + 1e-20)
			d = norm(complex(real(z)-s*real(a), imag(z)-s*imag(a)))
			d *= 2 / (1 + s*s)
		}
		l.noise += 0.02 * (d/2 - l.noise)
		turned := float32(math.Atan2(float64(imag(c)), float64(real(c))))
		if tone == before {
			l.off[tone] = min(max(0.999*l.off[tone]+l.rate*turned, -maxOff), maxOff)
		} else if tone == 0 {
			l.skew = min(max(0.999*l.skew+l.rate*turned, -maxSkew), maxSkew)
		} else {
			l.skew = min(max(0.999*l.skew-l.rate*turned, -maxSkew), maxSkew)
		}
	}
	l.weigh()
	return true
}

// of is the correlation of bit k with a tone, with the skew taken out.
func (l *toneLearner) of(k int, tone uint64) complex64 {
	p := l.past[k&15]
	if tone == 0 {
		return rotate(p.Space, l.align)
	}
	return p.Mark
}
