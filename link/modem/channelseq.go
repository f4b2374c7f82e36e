package modem

import (
	"math"
	"math/bits"
)

const (
	chanTaps   = 4 // bits that a sample depends on
	chanStates = 1 << (chanTaps - 1)
	chanDelay  = 12
)

// channelSequence decides on the most likely sequence of bits after a channel that it learns.
type channelSequence struct {
	taps   [2][chanTaps]float32
	dc     [2]float32
	expect [2 * chanStates][2]float32
	mu     float32
	metric [2][chanStates]float32
	hist   [2][chanStates]uint64
	now    int
	steps  []chanStep
	y      [64][2]float32
	n      int
	noise  float32
	soft   []float32
}

type chanStep struct {
	prev  [chanStates]uint8
	delta [chanStates]float32
	diff  [chanStates]uint64
}

var chanStart = [2][chanTaps]float32{{0.1, 0.8, 0.1, 0}, {0.45, 0.45, 0, 0}}

func newChannelSequence(mu float32) *channelSequence {
	q := &channelSequence{taps: chanStart, mu: mu, noise: 0.3}
	q.steps = make([]chanStep, 0, seqDepth+seqBlock)
	q.outputs()
	return q
}

func (q *channelSequence) outputs() {
	for w := range q.expect {
		for j := range 2 {
			e := q.dc[j]
			for i, h := range q.taps[j] {
				if w>>i&1 != 0 {
					e += h
				} else {
					e -= h
				}
			}
			q.expect[w][j] = e
		}
	}
}

func (q *channelSequence) process(dst []int8, src [][2]float32) []int8 {
	for _, y := range src {
		q.step(y)
		if len(q.steps) == cap(q.steps) {
			dst = q.trace(dst)
		}
	}
	return dst
}

func (q *channelSequence) step(y [2]float32) {
	q.steps = q.steps[:len(q.steps)+1]
	st := &q.steps[len(q.steps)-1]
	old, cur := q.now, q.now^1
	var cost [2 * chanStates]float32
	for w, e := range q.expect {
		a, b := y[0]-e[0], y[1]-e[1]
		cost[w] = a*a + b*b
	}
	best := float32(math.Inf(1))
	bestState := 0
	const top = chanStates >> 1
	for s := range chanStates {
		a := s >> 1
		b := a | top
		// The window of bits is the old state with the new bit below.
		ma := q.metric[old][a] + cost[a<<1|s&1]
		mb := q.metric[old][b] + cost[b<<1|s&1]
		w, l, m, d := a, b, ma, mb-ma
		if d < 0 {
			w, l, m, d = b, a, mb, -d
		}
		q.metric[cur][s] = m
		q.hist[cur][s] = q.hist[old][w]<<1 | uint64(s&1)
		st.prev[s] = uint8(w)
		st.delta[s] = d
		st.diff[s] = (q.hist[old][w] ^ q.hist[old][l]) << 1
		if m < best {
			best, bestState = m, s
		}
	}
	for s := range chanStates {
		q.metric[cur][s] -= best
	}
	q.now = cur
	q.y[q.n&63] = y
	if q.n >= chanDelay {
		q.adapt(q.y[(q.n-chanDelay)&63], q.hist[cur][bestState]>>chanDelay)
	}
	q.n++
}

func (q *channelSequence) adapt(y [2]float32, h uint64) {
	w := int(h & (2*chanStates - 1))
	for j := range 2 {
		e := y[j] - q.expect[w][j]
		q.noise += 0.005 * (e*e - q.noise)
		g := q.mu * min(max(e, -1), 1)
		for i := range q.taps[j] {
			t := &q.taps[j][i]
			if w>>i&1 != 0 {
				*t += g
			} else {
				*t -= g
			}
			*t += 0.0005 * (chanStart[j][i] - *t)
		}
		q.dc[j] += g / 2
		q.dc[j] -= 0.0005 * q.dc[j]
	}
	q.outputs()
}

func (q *channelSequence) trace(dst []int8) []int8 {
	n := len(q.steps)
	state := 0
	for s := range chanStates {
		if q.metric[q.now][s] < q.metric[q.now][state] {
			state = s
		}
	}
	q.soft = q.soft[:0]
	for range n {
		q.soft = append(q.soft, math.MaxFloat32)
	}
	levels := [seqDepth + seqBlock]byte{}
	for i := n - 1; i >= 0; i-- {
		st := &q.steps[i]
		levels[i] = byte(state & 1)
		d := st.delta[state]
		for diff := st.diff[state]; diff != 0; diff &= diff - 1 {
			k := i - bits.TrailingZeros64(diff)
			if k < 0 {
				break
			}
			q.soft[k] = min(q.soft[k], d)
		}
		state = int(st.prev[state])
	}
	for i := range seqBlock {
		v := q.soft[i] * 20
		if levels[i] == 0 {
			v = -v
		}
		if s := saturate(v); s != 0 {
			dst = append(dst, s)
		} else if levels[i] == 0 {
			dst = append(dst, -1)
		} else {
			dst = append(dst, 1)
		}
	}
	q.steps = q.steps[:copy(q.steps, q.steps[seqBlock:])]
	return dst
}
