package modem

import (
	"math"
	"math/bits"
)

const (
	seqTones  = 5 // tones that a state remembers
	seqStates = 1 << seqTones
	seqDepth  = 48
	seqBlock  = 64
)

// sequence decides on the most likely sequence of tones of continuous phase.
type sequence struct {
	theta   complex64 // rotation of mark's phase during a bit; space has its conjugate
	alpha   float32
	maxOnes int
	flag    float32
	gain    float32
	metric  [2][seqStates]float32
	ref     [2][seqStates]complex64
	hist    [2][seqStates]uint64
	run     [2][seqStates]uint8
	now     int
	steps   []seqStep
	amp     float32
	soft    []float32
}

type seqStep struct {
	prev  [seqStates]uint8
	delta [seqStates]float32
	diff  [seqStates]uint64
}

// newSequence takes the mark's offset from the center in cycles a bit.
func newSequence(shift float64, opt AFSKOptions) *sequence {
	s, c := math.Sincos(2 * math.Pi * shift)
	q := &sequence{theta: complex(float32(c), float32(s)), alpha: float32(opt.Memory), maxOnes: opt.MaxOnes, flag: opt.FlagCost,
		gain: float32(math.Pow(10, opt.Balance/20))}
	q.steps = make([]seqStep, 0, seqDepth+seqBlock)
	return q
}

func (q *sequence) process(dst []int8, src []tonePair) []int8 {
	for _, p := range src {
		q.step(p)
		if len(q.steps) == cap(q.steps) {
			dst = q.trace(dst)
		}
	}
	return dst
}

func (q *sequence) step(p tonePair) {
	q.steps = q.steps[:len(q.steps)+1]
	st := &q.steps[len(q.steps)-1]
	old, cur := q.now, q.now^1
	const top = seqStates >> 1
	best := float32(math.Inf(-1))
	var inv [seqStates]float32
	for s := range seqStates {
		r := q.ref[old][s]
		inv[s] = 1 / (float32(math.Sqrt(float64(norm(r)))) + 1e-12)
	}
	space := complex(real(p.space)*q.gain, imag(p.space)*q.gain)
	for s := range seqStates {
		tone := s & 1
		z, th := space, complex(real(q.theta), -imag(q.theta))
		if tone == 1 {
			z, th = p.mark, q.theta
		}
		a, b := s>>1, s>>1|top
		ra, rb := q.ref[old][a], q.ref[old][b]
		ma := q.metric[old][a] + (real(z)*real(ra)+imag(z)*imag(ra))*inv[a]
		mb := q.metric[old][b] + (real(z)*real(rb)+imag(z)*imag(rb))*inv[b]
		var na, nb uint8
		if a&1 == tone {
			na = q.run[old][a] + 1
		}
		if b&1 == tone {
			nb = q.run[old][b] + 1
		}
		if q.maxOnes > 0 {
			if int(na) > q.maxOnes {
				ma -= 4 * q.amp
			} else if int(na) == q.maxOnes {
				ma -= q.flag * q.amp
			}
			if int(nb) > q.maxOnes {
				mb -= 4 * q.amp
			} else if int(nb) == q.maxOnes {
				mb -= q.flag * q.amp
			}
		}
		w, l, n, d := a, b, na, ma-mb
		m := ma
		if d < 0 {
			w, l, n, d, m = b, a, nb, -d, mb
		}
		rw := q.ref[old][w]
		r := complex(q.alpha*real(rw)+real(z), q.alpha*imag(rw)+imag(z))
		q.ref[cur][s] = complex(real(r)*real(th)-imag(r)*imag(th), real(r)*imag(th)+imag(r)*real(th))
		q.metric[cur][s] = m
		q.run[cur][s] = n
		q.hist[cur][s] = q.hist[old][w]<<1 | uint64(tone)
		st.prev[s] = uint8(w)
		st.delta[s] = d
		st.diff[s] = (q.hist[old][w] ^ q.hist[old][l]) << 1
		if m > best {
			best = m
		}
	}
	for s := range seqStates {
		q.metric[cur][s] -= best
	}
	q.amp += 0.02 * (best - q.amp)
	q.now = cur
}

func (q *sequence) trace(dst []int8) []int8 {
	n := len(q.steps)
	state := 0
	for s := range seqStates {
		if q.metric[q.now][s] > q.metric[q.now][state] {
			state = s
		}
	}
	q.soft = q.soft[:0]
	for range n {
		q.soft = append(q.soft, math.MaxFloat32)
	}
	tones := [seqDepth + seqBlock]byte{}
	for i := n - 1; i >= 0; i-- {
		st := &q.steps[i]
		tones[i] = byte(state & 1)
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
	scale := 40 / (q.amp + 1e-20)
	for i := range seqBlock {
		v := q.soft[i] * scale
		if tones[i] == 0 {
			v = -v
		}
		if s := saturate(v); s != 0 {
			dst = append(dst, s)
		} else if tones[i] == 0 {
			dst = append(dst, -1)
		} else {
			dst = append(dst, 1)
		}
	}
	q.steps = q.steps[:copy(q.steps, q.steps[seqBlock:])]
	return dst
}
