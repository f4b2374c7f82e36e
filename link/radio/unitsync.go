package radio

import (
	"math"
	"math/bits"
	"slices"

	"spacechain/link/modem"
)

// unitSync finds units of one length, each behind its marker, in soft bits of phase-shift keying
// whose phase is known but for the scheme's ambiguity.
//
// Once a unit has come out right the next is taken where it must be, and nothing else is looked
// at. Out of step, places that look like a marker are tried if the place one unit further on does
// so, too: a transmitter ends its last unit with a marker. A unit that is lost leaves the place
// of the next expected for a while, and the search begins again behind the marker that failed.
type unitSync struct {
	scheme  modem.PSKScheme
	pattern []int8 // 1 and -1
	word    uint64 // the same as bits, the last in the lowest
	period  int    // channel bits from one marker to the next
	spare   int    // bits behind a unit that its decoder wants
	loose   int    // signs that must agree, more than not, before a place is looked at

	soft     []int8
	base     int64 // place of soft[0], even
	scan     int64 // first place not looked at
	expected int64 // where a unit must begin, -1 where nothing tells
	misses   int
	last     modem.Turn // of the last unit
	found    []candidate
}

// candidate is a place where a unit may begin.
type candidate struct {
	at    int64
	score float64
	turn  modem.Turn
}

const (
	faint         = 0.5 // score of a marker that is worth remembering
	likely        = 1.2 // of two together that are worth decoding
	allowedMisses = 4
	mostFound     = 64
)

func newUnitSync(scheme modem.PSKScheme, marker []byte, period, spare int) *unitSync {
	u := &unitSync{scheme: scheme, period: period, spare: spare, expected: -1}
	for _, b := range marker {
		u.pattern = append(u.pattern, int8(b&1)*2-1)
		u.word = u.word<<1 | uint64(b&1)
	}
	// Strong bits weigh more in the score than in the count of signs.
	u.loose = len(marker) * 3 / 10
	return u
}

// process takes soft bits and calls decode with the bits of each unit that they complete, behind
// its marker and with the bits spare at the end, until it says that one was right.
func (u *unitSync) process(soft []int8, decode func(unit []int8) bool) {
	for len(soft) > 0 {
		n := min(len(soft), 1024)
		u.soft = append(u.soft, soft[:n]...)
		soft = soft[n:]
		for u.advance(decode) {
		}
		u.trim()
	}
}

// end is the place behind the last bit there is.
func (u *unitSync) end() int64 { return u.base + int64(len(u.soft)) }

// advance looks for markers as far as there are bits, or settles the first candidate that is
// whole. It reports whether there may be more to do.
func (u *unitSync) advance(decode func([]int8) bool) bool {
	u.search()
	if len(u.found) == 0 {
		return false
	}
	c := u.found[0]
	if c.at+int64(u.period+max(len(u.pattern), u.spare)) > u.end() {
		return false
	}
	u.found = u.found[1:]
	due := c.at == u.expected
	second := u.score(c.at+int64(u.period), c.turn)
	if due && c.score < 0.4 {
		// Next to nothing is left of the marker: the phase is what it was, or what it is after.
		c.turn = u.last
		if after := u.look(c.at + int64(u.period)); after.score > faint {
			c.turn = after.turn
		}
		second = u.score(c.at+int64(u.period), c.turn)
	}
	// One marker of the two must show even where a unit is due. Interleaved Reed-Solomon words are
	// cyclic, randomized or not: a unit of another burst that begins some octets beside the place
	// due would come out as a frame never sent, and erasures as a frame of nothing.
	if due && max(c.score, second) >= faint || c.score+second >= likely {
		if decode(u.turned(c)) {
			u.last, u.misses = c.turn, 0
			u.expected = c.at + int64(u.period)
			u.scan, u.found = u.expected, u.found[:0]
			return true
		}
	}
	if due {
		u.expected += int64(u.period)
		if u.misses++; u.misses > allowedMisses {
			u.expected = -1
		}
		// What the marker that was expected hid may hold another.
		u.scan, u.found = c.at+1, u.found[:0]
	}
	return true
}

// search looks for markers from u.scan on. Where a unit is expected it stops behind its place.
func (u *unitSync) search() {
	n := int64(len(u.pattern))
	if u.expected >= 0 && u.misses == 0 && u.scan <= u.expected {
		u.scan = u.expected // in step
		if len(u.found) == 0 && u.expected+n <= u.end() {
			u.found = append(u.found, u.look(u.expected))
			u.scan = u.expected + 1
		}
		return
	}
	if u.expected >= 0 && u.misses == 0 {
		return // the unit expected is under way
	}
	step := int64(1)
	if u.scheme == modem.QPSK {
		step = 2
		u.scan = (u.scan + 1) &^ 1
	}
	for ; u.scan+n <= u.end(); u.scan += step {
		due := u.scan == u.expected
		if !due && !u.promising(u.scan) {
			continue
		}
		c := u.look(u.scan)
		if !due && c.score < faint {
			continue
		}
		if len(u.found) == mostFound {
			worst := 0
			for i, f := range u.found {
				if f.at != u.expected && (f.score < u.found[worst].score || u.found[worst].at == u.expected) {
					worst = i
				}
			}
			if !due && u.found[worst].score >= c.score {
				continue
			}
			u.found = slices.Delete(u.found, worst, worst+1)
		}
		u.found = append(u.found, c)
	}
}

// promising says whether enough signs agree with the marker at a place.
func (u *unitSync) promising(at int64) bool {
	soft := u.soft[at-u.base:][:len(u.pattern)]
	var hard uint64
	for _, s := range soft {
		hard = hard<<1 | uint64(uint8(-s)>>7)
	}
	all := ^uint64(0) >> (64 - len(u.pattern))
	// The first bit of a pair is the higher one where the marker begins and ends on a pair.
	even := uint64(0xaaaaaaaaaaaaaaaa) & all
	odd := all &^ even
	half := func(h, m uint64) int { return bits.OnesCount64(m) - 2*bits.OnesCount64((h^u.word)&m) }
	e, o := half(hard, even), half(hard, odd)
	switch u.scheme {
	case modem.BPSK:
		return max(e+o, -e-o) >= u.loose
	case modem.OQPSK:
		return max(e, -e)+max(o, -o) >= u.loose
	}
	swapped := hard>>1&^even | hard<<1&even
	xe, xo := half(swapped, even), half(swapped, odd)
	return max(e+o, -e-o, xe-xo, xo-xe) >= u.loose
}

// halves correlates the marker's even and odd bits at a place, pairs swapped or not, and gives
// the sum of the magnitudes.
func (u *unitSync) halves(at int64, swap bool) (even, odd, total float64) {
	i := at - u.base
	if i < 0 || i+int64(len(u.pattern)) > int64(len(u.soft)) {
		return 0, 0, 1
	}
	soft := u.soft[i:][:len(u.pattern)]
	var sum [2]int
	all := 1
	for k, p := range u.pattern {
		j := k
		if swap {
			j ^= 1
		}
		v := int(soft[j])
		sum[k&1] += v * int(p)
		all += max(v, -v)
	}
	return float64(sum[0]), float64(sum[1]), float64(all)
}

// look finds the turn that makes a place most like a marker.
func (u *unitSync) look(at int64) candidate {
	e, o, total := u.halves(at, false)
	c := candidate{at: at}
	odd := at&1 == 1 // turns count pairs from even places
	turn := func(swap, first, second bool) modem.Turn {
		if odd {
			first, second = second, first
		}
		return modem.Turn{Swap: swap, InvertEven: first, InvertOdd: second}
	}
	if u.scheme == modem.OQPSK {
		c.score = (math.Abs(e) + math.Abs(o)) / total
		c.turn = turn(false, e < 0, o < 0)
		return c
	}
	c.score = math.Abs(e+o) / total
	c.turn = turn(false, e+o < 0, e+o < 0)
	if u.scheme == modem.QPSK {
		e, o, total := u.halves(at, true)
		if s := math.Abs(e-o) / total; s > c.score {
			c.score, c.turn = s, turn(true, e-o < 0, e-o > 0)
		}
	}
	return c
}

// score is how much a place is like a marker, given the turn; less than nothing where the
// opposite holds.
func (u *unitSync) score(at int64, turn modem.Turn) float64 {
	e, o, total := u.halves(at, turn.Swap)
	first, second := turn.InvertEven, turn.InvertOdd
	if at&1 == 1 {
		first, second = second, first
	}
	if first {
		e = -e
	}
	if second {
		o = -o
	}
	return (e + o) / total
}

// turned gives the bits of a unit as sent, those spare at the end included.
func (u *unitSync) turned(c candidate) []int8 {
	from := int(c.at-u.base) + len(u.pattern)
	to := int(c.at-u.base) + u.period + u.spare
	lead := from & 1 // whole pairs: base is even
	stop := min((to+1)&^1, len(u.soft))
	out := c.turn.Apply(make([]int8, 0, stop-from+lead+1), u.soft[from-lead:stop], 0)
	out = out[lead:]
	for len(out) < to-from {
		out = append(out, 0)
	}
	return out[:to-from]
}

// trim forgets the bits that nothing wants any more.
func (u *unitSync) trim() {
	first := u.scan
	if len(u.found) > 0 {
		first = min(first, u.found[0].at)
	}
	first = min(first, u.end())
	if drop := int(first-u.base) &^ 1; drop > 8192 {
		u.soft = u.soft[:copy(u.soft, u.soft[drop:])]
		u.base += int64(drop)
	}
}
