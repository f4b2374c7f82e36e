package ldpc

import "math"

// serial is the sum-product rule check by check, in finer steps than the channel's,
// with the logarithms from a table. It serves codes whose layers meet a bit twice and
// stands as the measure for the other.
type serial struct {
	c     *Code
	rows  [][]int32 // bits of every check
	app   []int32   // log-likelihood ratio of every bit, all that is known
	sent  [][]int32 // last message of every check to its bits
	q     []int32
	fwd   []int32
	table []int32
}

// serialUnit is how many steps a ratio of 1 has here, a multiple of unit.
const serialUnit = 4 * unit

// serialLimit bounds a ratio to what it never comes near while decoding goes well. A
// bound that oscillating ratios run into makes the short codes fail twice as often as
// unbounded sums: they lose what the channel said.
const serialLimit = 1 << 14 * serialUnit

func newSerial(c *Code) *serial {
	s := &serial{c: c, app: make([]int32, c.blocks*c.z)}
	most := 0
	for _, l := range c.layers {
		for i := range c.z {
			row := make([]int32, len(l))
			for j, e := range l {
				row[j] = int32(e.block*c.z + (i+e.shift)%c.z)
			}
			s.rows = append(s.rows, row)
			s.sent = append(s.sent, make([]int32, len(l)))
		}
		most = max(most, len(l))
	}
	s.q, s.fwd = make([]int32, most), make([]int32, most)
	for x := 0; ; x++ {
		v := int32(math.Round(serialUnit * math.Log1p(math.Exp(-float64(x)/serialUnit))))
		if v == 0 {
			return s
		}
		s.table = append(s.table, v)
	}
}

func (s *serial) load(soft []int8, llr *[256]int16) {
	for i, v := range soft {
		s.app[i] = int32(llr[int(v)+128]) * (serialUnit / unit)
	}
	clear(s.app[len(soft):])
	for _, m := range s.sent {
		clear(m)
	}
}

func (s *serial) satisfied() bool {
	for _, row := range s.rows {
		odd := false
		for _, v := range row {
			odd = odd != (s.app[v] >= 0)
		}
		if odd {
			return false
		}
	}
	return true
}

// box combines the magnitudes of two ratios into that of the exclusive or of their
// bits.
func (s *serial) box(a, b int32) int32 {
	sum, diff := a+b, a-b
	if diff < 0 {
		diff = -diff
	}
	m := min(a, b)
	if int(sum) < len(s.table) {
		m += s.table[sum]
	}
	if int(diff) < len(s.table) {
		m -= s.table[diff]
	}
	return max(m, 0)
}

func (s *serial) iterate() {
	for r, row := range s.rows {
		sent := s.sent[r]
		n := len(row)
		q, fwd := s.q[:n], s.fwd[:n]
		parity := false
		acc := int32(serialLimit)
		for i, v := range row {
			q[i] = max(-serialLimit, min(serialLimit, s.app[v]-sent[i]))
			parity = parity != (q[i] >= 0)
			fwd[i] = acc
			acc = s.box(acc, max(q[i], -q[i]))
		}
		acc = serialLimit
		for i := n - 1; i >= 0; i-- {
			m := s.box(fwd[i], acc)
			acc = s.box(acc, max(q[i], -q[i]))
			if parity == (q[i] >= 0) { // the others make 0
				m = -m
			}
			sent[i] = m
			s.app[row[i]] = q[i] + m
		}
	}
}

func (s *serial) bits(dst []byte, n int) []byte {
	for _, v := range s.app[:n] {
		dst = append(dst, byte(b2i(v >= 0)))
	}
	return dst
}
