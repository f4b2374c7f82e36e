package modem

import "math"

const (
	levelTaps   = 5 // bits that a pair depends on: two later, two earlier
	levelStates = 1 << (levelTaps - 1)
	levelDelay  = 12     // bits after which a bit is taken as known for learning
	levelStep   = 0.01   // of learning
	levelLeak   = 0.0005 // back to the shape that is expected
	offsetStep  = 0.005
	noisy, fair = 0.4, 0.25 // noise power at which next to nothing and all is learnt
)

// levelStart is the shape of a bit that is expected: what the pair in its middle and half a bit
// later owes to the bit two after, one after, itself, and those before.
var levelStart = [2][levelTaps]float32{{0, 0.1, 0.8, 0.1, 0}, {0, 0.45, 0.45, 0, 0}}

// levelSequence decides on the most likely sequence of bits after a channel with memory.
type levelSequence struct {
	trellis *trellis
	metric  [2][levelStates]float32
	past    [2][levelStates]uint64
	now     int
	taps    [2][levelTaps]float32
	offset  [2]float32
	expect  [2 * levelStates]levelPair // of each sequence of levelTaps bits, the latest lowest
	noise   float32                    // power in each value
	ring    [16]levelPair
	n       int
}

func newLevelSequence() *levelSequence {
	q := &levelSequence{trellis: newTrellis(levelStates), taps: levelStart, noise: 0.3}
	q.tune()
	return q
}

// tune works out what to expect. Each value follows from one with a bit less.
func (q *levelSequence) tune() {
	for j := range 2 {
		none := q.offset[j]
		for _, h := range q.taps[j] {
			none -= h
		}
		q.expect[0][j] = none
		for i, h := range q.taps[j] {
			for w := 1 << i; w < 2<<i; w++ {
				q.expect[w][j] = q.expect[w-1<<i][j] + 2*h
			}
		}
	}
}

// next takes the pair of one bit and appends what is decided.
func (q *levelSequence) next(dst []int8, y levelPair) []int8 {
	old, cur := q.now, q.now^1
	step := q.trellis.step()
	best, bestState := float32(math.Inf(1)), 0
	for s := range levelStates / 2 {
		// Old states s and s|half both lead to 2s and 2s+1.
		a, b := s, s|levelStates/2
		for bit := range 2 {
			ea, eb := &q.expect[a<<1|bit], &q.expect[b<<1|bit]
			xa, ya, xb, yb := y[0]-ea[0], y[1]-ea[1], y[0]-eb[0], y[1]-eb[1]
			ma := q.metric[old][a] + xa*xa + ya*ya
			mb := q.metric[old][b] + xb*xb + yb*yb
			to := s<<1 | bit
			w, m, lead := a, ma, mb-ma
			if lead < 0 {
				w, m, lead = b, mb, -lead
			}
			q.metric[cur][to] = m
			q.past[cur][to] = q.past[old][w]<<1 | uint64(bit)
			step.from[to] = uint8(w)
			step.lead[to] = lead
			step.other[to] = (q.past[old][a] ^ q.past[old][b]) << 1
			if m < best {
				best, bestState = m, to
			}
		}
	}
	for s := range levelStates {
		q.metric[cur][s] -= best
	}
	q.now = cur
	q.ring[q.n&15] = y
	if q.n++; q.n > levelDelay+levelTaps {
		q.learn(q.ring[(q.n-1-levelDelay)&15], q.past[cur][bestState]>>levelDelay)
	}
	dst = q.trellis.decide(dst, bestState, softUnit/(2*q.noise))
	return dst
}

// learn takes the pair that the bits of past, up to their lowest, have made.
func (q *levelSequence) learn(y levelPair, past uint64) {
	w := past & (2*levelStates - 1)
	// Alternating and constant bits, which preambles have many of, look the same through many
	// channels: nothing is learnt of the shape from them, lest it drift away.
	mixed := w != 0b01010 && w != 0b10101 && w != 0 && w != 0b11111
	// Little is learnt while what comes does not look like a signal.
	trust := min(max((noisy-q.noise)/(noisy-fair), 0.1), 1)
	for j := range 2 {
		e := y[j] - q.expect[w][j]
		if mixed {
			q.noise += 0.01 * (e*e - q.noise)
		}
		e = min(max(e, -1), 1) * trust
		q.offset[j] += offsetStep*e - levelLeak*q.offset[j]
		if !mixed {
			continue
		}
		for i := range q.taps[j] {
			t := &q.taps[j][i]
			g := levelStep * e
			if w>>i&1 == 0 {
				g = -g
			}
			*t += g + levelLeak*(levelStart[j][i]-*t)
		}
	}
	q.noise = max(q.noise, 1e-4)
	if h := &q.taps[0]; h[2] < 0.3 || h[2] < max(h[0], h[1], h[3], h[4]) {
		q.taps = levelStart // no channel that the clock's phase allows
	}
	q.tune()
}

// snr is Eb/N0 in decibels: the energy of a bit over twice the noise power of its values.
func (q *levelSequence) snr() float64 {
	var e float64
	for j := range q.taps {
		for _, h := range q.taps[j] {
			e += float64(h) * float64(h)
		}
	}
	return 10 * math.Log10(e/(2*float64(q.noise)))
}
