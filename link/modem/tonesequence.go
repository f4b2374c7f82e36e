package modem

import "math"

const (
	toneBits   = 5 // tones that a state remembers
	toneStates = 1 << toneBits
	toneDelay  = 10 // bits after which a tone is taken as known for learning
)

// toneSequence decides on the most likely sequence of tones of continuous phase. Each sequence in
// question carries the reference of phase that it implies (per-survivor processing, Raheli,
// Polydoros and Tzou, IEEE Trans. Commun. 43, 1995), which fades with every bit.
type toneSequence struct {
	trellis *trellis
	metric  [2][toneStates]float32
	ref     [2][toneStates]complex64
	past    [2][toneStates]uint64
	run     [2][toneStates]uint8 // bits since the last change of tone
	now     int
	memory  float32
	limit   uint8 // longest run, 0 for any
	shift   float64
	learn   toneLearner
	turn    [2]complex64 // of the reference during a bit, for space and mark
}

// newToneSequence takes the mark's offset from the middle of the tones in cycles a bit.
func newToneSequence(shift float64, opt AFSKOptions) *toneSequence {
	q := &toneSequence{trellis: newTrellis(toneStates), memory: float32(min(opt.Memory, 0.99)), shift: shift}
	if opt.HDLC {
		q.limit = 7
	}
	rate := float32(0.01)
	if opt.Steady {
		rate = 0.002
	}
	q.learn.start(opt.Tilt, rate)
	q.tune()
	return q
}

// tune sets the turns from the tones as learnt.
func (q *toneSequence) tune() {
	q.turn[0] = unit(-2*math.Pi*q.shift + float64(q.learn.off[0]))
	q.turn[1] = unit(2*math.Pi*q.shift + float64(q.learn.off[1]))
}

func unit(radians float64) complex64 {
	s, c := math.Sincos(radians)
	return complex(float32(c), float32(s))
}

// next takes the pair of one bit and appends what is decided.
func (q *toneSequence) next(dst []int8, p TonePair) []int8 {
	old, cur := q.now, q.now^1
	z := [2]complex64{rotate(p.Space, q.learn.align), p.Mark}
	gain, cost := q.learn.gain, q.learn.cost
	var fit [toneStates][2]float32 // how well space and mark continue each state
	for s := range toneStates {
		r := q.ref[old][s]
		inv := 1 / (float32(math.Sqrt(float64(norm(r)))) + 1e-12)
		for tone := range 2 {
			fit[s][tone] = gain[tone]*inv*(real(z[tone])*real(r)+imag(z[tone])*imag(r)) - cost[tone]
		}
	}
	step := q.trellis.step()
	best, bestState := float32(math.Inf(-1)), 0
	for s := range toneStates {
		tone := s & 1
		a := s >> 1
		b := a | toneStates>>1
		ma, mb := q.metric[old][a]+fit[a][tone], q.metric[old][b]+fit[b][tone]
		var na, nb uint8 = 1, 1
		if a&1 == tone {
			na, nb = q.run[old][a]+1, q.run[old][b]+1
		}
		if q.limit > 0 {
			if na > q.limit {
				ma -= 4 * q.learn.level
			}
			if nb > q.limit {
				mb -= 4 * q.learn.level
			}
		}
		w, l, m, n := a, b, ma, na
		if mb > ma {
			w, l, m, n = b, a, mb, nb
		}
		rw := q.ref[old][w]
		r := complex(q.memory*real(rw)+real(z[tone]), q.memory*imag(rw)+imag(z[tone]))
		q.ref[cur][s] = rotate(r, q.turn[tone])
		q.metric[cur][s] = m
		q.run[cur][s] = min(n, 100)
		q.past[cur][s] = q.past[old][w]<<1 | uint64(tone)
		step.from[s] = uint8(w)
		step.lead[s] = max(ma-mb, mb-ma)
		step.other[s] = (q.past[old][w] ^ q.past[old][l]) << 1
		if m > best {
			best, bestState = m, s
		}
	}
	for s := range toneStates {
		q.metric[cur][s] -= best
	}
	q.now = cur
	if q.learn.next(p, q.past[cur][bestState], q.turn) {
		q.tune()
	}
	return q.trellis.decide(dst, bestState, q.learn.scale())
}

// snr is Eb/N0 in decibels.
func (q *toneSequence) snr() float64 {
	a := float64(q.learn.level)
	return 10 * math.Log10(a*a/float64(q.learn.noise)+1e-9)
}

// rotate is a times b; the compiler's own product checks for infinities.
func rotate(a, b complex64) complex64 {
	return complex(real(a)*real(b)-imag(a)*imag(b), real(a)*imag(b)+imag(a)*real(b))
}
