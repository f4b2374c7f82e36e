package receive

import "spacechain/link/modem"

// The phase of a QPSK carrier is recovered but for quarter turns, and a receiver may have I and Q the
// wrong way round; of OQPSK either of the two may be upside down. A turn of all by half is left to
// the deframers, which read either way up.
var (
	turnsQPSK = []modem.Turn{
		{}, {Swap: true, InvertOdd: true}, {Swap: true}, {InvertOdd: true},
	}
	turnsOQPSK = []modem.Turn{{}, {InvertOdd: true}}
)

// turns looks for frames in every turn of the soft bits of QPSK, by a deframer for each.
type turns struct {
	ways      []modem.Turn
	deframers []deframer
	odd       bool // half a pair was given before
	first     int8 // that half
	soft      []int8
}

// openTurns opens a framing for a modem, in every turn where there are several.
func openTurns(name string, f framing, m Modem, opt Options) deframer {
	if m.psk.Scheme == modem.BPSK || f.anyTurn {
		return f.open(name, m, opt)
	}
	t := &turns{ways: turnsQPSK}
	if m.psk.Scheme == modem.OQPSK {
		t.ways = turnsOQPSK
	}
	for range t.ways {
		t.deframers = append(t.deframers, f.open(name, m, opt))
	}
	return t
}

func (t *turns) process(dst []Frame, soft []int8) []Frame {
	// Whole pairs only: demodulators give them so but at the end.
	odd, first := t.odd, t.first
	n := len(soft)
	if odd {
		n++
	}
	held := n&1 == 1
	for i, way := range t.ways {
		t.soft = t.soft[:0]
		if odd {
			t.soft = append(t.soft, first)
		}
		t.soft = append(t.soft, soft...)
		if held {
			t.soft = t.soft[:n-1]
		}
		for k := 0; k+1 < len(t.soft); k += 2 {
			a, b := max(t.soft[k], -127), max(t.soft[k+1], -127)
			if way.Swap {
				a, b = b, a
			}
			if way.InvertEven {
				a = -a
			}
			if way.InvertOdd {
				b = -b
			}
			t.soft[k], t.soft[k+1] = a, b
		}
		dst = t.deframers[i].process(dst, t.soft)
	}
	if t.odd = held; held {
		t.first = soft[len(soft)-1]
	}
	return dst
}

func (t *turns) flush(dst []Frame) []Frame {
	t.odd = false
	for _, d := range t.deframers {
		dst = d.flush(dst)
	}
	return dst
}
