package conv

import "math/bits"

// Lanes of a metric word: state place p stands in word p>>2, lane p&3, sixteen bits
// wide from the low end.
const (
	words = 16
	high  = 0x8000_8000_8000_8000 // the top bit of every lane
	ones  = 0x0001_0001_0001_0001
)

// metrics are the path metrics of all states, by place. Every lane is below 0x8000.
type metrics [words]uint64

// Decisions of a step, one bit a place: the survivor into it came from the state
// whose oldest bit was 1. Place p has bit 16*(p&3) + 15 - p>>2.

// output gives the symbols (C1 in bit 1, C2 in bit 0, none inverted) of the window of
// seven bits that begins with the given state (oldest bit in bit 5) and a zero.
func output(state int) int {
	const g1, g2 = 0b1001111, 0b1101101 // G1 and G2 with the newest bit in bit 0
	w := uint8(state << 1)
	return bits.OnesCount8(w&g1)&1<<1 | bits.OnesCount8(w&g2)&1
}

// rotate gives the state that stands at place p before a step of the given kind: the
// number of the step modulo 6.
func rotate(p, kind int) int { return (p<<kind | p>>(6-kind)) & 63 }

// laneOut gives what a lane adds (by exclusive or) to what its word's lane 0 sends,
// its own butterfly's oldest bit left out.
var laneOut = func() (t [6][4]uint8) {
	for kind := range t {
		for lane := range 4 {
			t[kind][lane] = uint8(output(rotate(lane&^(1<<(5-kind)), kind)))
		}
	}
	return t
}()

// costs gives for soft bits s1 and s2 the words of branch costs of a step: lane l of
// cost[x] is what it costs to have sent x^laneOut[kind][l]. A symbol that agrees costs
// nothing, one that does not its magnitude.
func costs(cost *[4]uint64, kind int, s1, s2 int8) {
	a, b := int(s1), int(s2)
	a0, a1 := uint64(max(a, 0)), uint64(max(-a, 0))
	b0, b1 := uint64(max(b, 0)), uint64(max(-b, 0))
	c := [4]uint64{a0 + b0, a0 + b1, a1 + b0, a1 + b1}
	l := &laneOut[kind]
	l1, l2, l3 := l[1]&3, l[2]&3, l[3]&3
	cost[0] = c[0] | c[l1]<<16 | c[l2]<<32 | c[l3]<<48
	cost[1] = c[1] | c[l1^1]<<16 | c[l2^1]<<32 | c[l3^1]<<48
	cost[2] = c[2] | c[l1^2]<<16 | c[l2^2]<<32 | c[l3^2]<<48
	cost[3] = c[3] | c[l1^3]<<16 | c[l2^3]<<32 | c[l3^3]<<48
}

// least gives the smaller of each lane of a and b, and the top bit of the lanes where
// it is b. Lanes are below 0x8000.
func least(a, b uint64) (m, fromB uint64) {
	d := (a | high) - b
	t := d & high
	return a - d&(t-t>>15), t
}

// step advances the metrics by one bit with the costs of its kind and gives the
// decisions. The work is unrolled in unrolled.go, whose test holds the loops.
func (m *metrics) step(kind int, cost *[4]uint64) (decisions uint64) {
	switch kind {
	case 0:
		return m.step0(cost[0], cost[1], cost[2], cost[3])
	case 1:
		return m.step1(cost[0], cost[1], cost[2], cost[3])
	case 2:
		return m.step2(cost[0], cost[1], cost[2], cost[3])
	case 3:
		return m.step3(cost[0], cost[1], cost[2], cost[3])
	case 4:
		return m.step4(cost[0], cost[1], cost[2], cost[3])
	default:
		return m.step5(cost[0], cost[1], cost[2], cost[3])
	}
}

// decided gives the decision of place p.
func decided(decisions uint64, p int) int {
	return int(decisions >> ((p&3)<<4 + 15 - p>>2) & 1)
}

// lowest gives the smallest metric and its place.
func (m *metrics) lowest() (metric uint16, place int) {
	metric = 0xffff
	for w, v := range m {
		for l := range 4 {
			if x := uint16(v >> (16 * l)); x < metric {
				metric, place = x, w<<2|l
			}
		}
	}
	return metric, place
}

// settle takes the smallest metric off all of them, so that they stay below 0x8000.
func (m *metrics) settle() {
	low := m[0]
	for _, v := range m[1:] {
		low, _ = least(low, v)
	}
	low, _ = least(low, bits.RotateLeft64(low, 32))
	low, _ = least(low, bits.RotateLeft64(low, 16))
	for i := range m {
		m[i] -= low
	}
}
