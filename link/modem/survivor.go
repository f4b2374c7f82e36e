package modem

import (
	"math"
	"math/bits"
)

const (
	seqDepth = 48 // bits after which the sequences in question agree
	seqBlock = 64 // bits decided at once
)

// trellis remembers how sequences of bits of 1<<B states came about, decides, and tells how sure
// it is: a soft-output Viterbi algorithm (Hagenauer and Hoeher, GLOBECOM 1989). Where two
// sequences meet, the bits in which they differ are no surer than the better one's lead.
type trellis struct {
	states int
	steps  []trellisStep
	sure   [seqDepth + seqBlock]float32
	bits   [seqDepth + seqBlock]byte
}

// maxStates bounds the states of a trellis.
const maxStates = 32

// trellisStep is what happened at one bit, for each state arrived at, whose lowest bit is it.
type trellisStep struct {
	from  [maxStates]uint8
	lead  [maxStates]float32
	other [maxStates]uint64 // in which bits the loser differed, the present one lowest
}

func newTrellis(states int) *trellis {
	return &trellis{states: states, steps: make([]trellisStep, 0, seqDepth+seqBlock)}
}

// step returns the record of the next bit to fill in.
func (t *trellis) step() *trellisStep {
	t.steps = t.steps[:len(t.steps)+1]
	return &t.steps[len(t.steps)-1]
}

// decide appends the soft bits of the oldest steps when there are enough, going back from the
// best state; scale takes leads to soft units.
func (t *trellis) decide(dst []int8, best int, scale float32) []int8 {
	n := len(t.steps)
	if n < cap(t.steps) {
		return dst
	}
	for i := range t.sure {
		t.sure[i] = math.MaxFloat32
	}
	for i, state := n-1, best; i >= 0; i-- {
		st := &t.steps[i]
		t.bits[i] = byte(state & 1)
		lead := st.lead[state]
		for d := st.other[state]; d != 0; d &= d - 1 {
			k := i - bits.TrailingZeros64(d)
			if k < 0 {
				break
			}
			t.sure[k] = min(t.sure[k], lead)
		}
		state = int(st.from[state])
	}
	for i := range seqBlock {
		v := max(1, saturate(t.sure[i]*scale))
		if t.bits[i] == 0 {
			v = -v
		}
		dst = append(dst, v)
	}
	t.steps = t.steps[:copy(t.steps, t.steps[seqBlock:])]
	return dst
}

// softUnit is how many soft units stand for a natural unit of log-likelihood ratio; the scale
// ends at 16 of those, odds of nine million.
const softUnit = 8
