package modem

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Turn is how received bits of a PSK signal become the ones sent, once the phase that the
// receiver could not know is resolved. The zero value leaves them as they are. Places in the
// stream count from its start, so that a pair of QPSK begins at an even place.
type Turn struct {
	Swap       bool // the two bits of a pair change places (QPSK turned by a quarter)
	InvertEven bool // bits at even places are inverted, after the swap
	InvertOdd  bool
}

// Apply appends the bits of soft as sent to dst. place is the place of soft[0] in the stream; with
// Swap it must be even, and a last bit without its pair is left out.
func (t Turn) Apply(dst, soft []int8, place int64) []int8 {
	if t.Swap {
		soft = soft[:len(soft)&^1]
	}
	for i, v := range soft {
		if t.Swap {
			v = soft[i^1]
		}
		if v == -128 {
			v = -127
		}
		if odd := (place+int64(i))&1 == 1; odd && t.InvertOdd || !odd && t.InvertEven {
			v = -v
		}
		dst = append(dst, v)
	}
	return dst
}

// Marker finds an attached sync marker (CCSDS 131.0-B-5 §9) in soft bits by correlation, and with
// it the phase ambiguity of the scheme: two ways for BPSK, four for QPSK and OQPSK.
type Marker struct {
	scheme    PSKScheme
	mirror    bool
	length    int
	pattern   []int8 // 1 and -1
	word      uint64 // the same as bits, the last in the lowest
	threshold float64
	loose     int // agreeing less hard bits, either way, than needed to look closer

	soft  []int8 // the last bits
	base  int64  // place of soft[0]
	hard  uint64 // signs of the last bits
	cross uint64 // the same with pairs swapped, up to the last whole pair
}

// Match is a marker found.
type Match struct {
	End   int64   // place of the first bit after the marker
	Turn  Turn    // for the bits of the frame
	Score float64 // correlation over the sum of magnitudes, 1 for no bit wrong
}

// NewMarker returns a finder of a marker of 8 to 64 bits (0 or 1 in each byte). A place counts
// whose score is at least threshold, 0.1 to 1: 0.8 stands a bit error rate of 5 % or more.
// mirror also finds QPSK whose spectrum is inverted.
func NewMarker(marker []byte, scheme PSKScheme, threshold float64, mirror bool) (*Marker, error) {
	if len(marker) < 8 || len(marker) > 64 {
		return nil, fmt.Errorf("psk: sync marker of %d bits, want 8 to 64", len(marker))
	}
	if !(threshold >= 0.1 && threshold <= 1) {
		return nil, fmt.Errorf("psk: sync marker threshold of %g, want 0.1 to 1", threshold)
	}
	m := &Marker{scheme: scheme, mirror: mirror, length: len(marker), threshold: threshold}
	for _, b := range marker {
		m.pattern = append(m.pattern, int8(b&1)*2-1)
		m.word = m.word<<1 | uint64(b&1)
	}
	// Strong bits weigh more in the score than in the count of signs.
	m.loose = int(float64(m.length) * max(0, threshold-0.35))
	return m, nil
}

// Process takes the next soft bits and appends the markers that they complete to dst; with QPSK a
// marker is known one bit later.
func (m *Marker) Process(dst []Match, soft []int8) []Match {
	for _, s := range soft {
		m.soft = append(m.soft, s)
		m.hard = m.hard<<1 | signBit(s)
		now := m.base + int64(len(m.soft)) // bits so far
		if m.scheme != QPSK {
			if now >= int64(m.length) && m.promising(m.hard, now, false) {
				dst = m.look(dst, now)
			}
		} else if now&1 == 0 {
			// A whole pair is there: a marker may end before its second bit or after.
			pair := m.hard & 3
			m.cross = m.cross<<2 | pair>>1 | pair&1<<1
			for end := max(now-1, int64(m.length)); end <= now; end++ {
				shift := uint(now - end)
				if m.promising(m.hard>>shift, end, false) || m.promising(m.cross>>shift, end, true) {
					dst = m.look(dst, end)
				}
			}
		}
		if len(m.soft) >= 4096 {
			keep := m.length + 4
			drop := (len(m.soft) - keep) &^ 1
			m.soft = m.soft[:copy(m.soft, m.soft[drop:])]
			m.base += int64(drop)
		}
	}
	return dst
}

const evenBits = 0x5555555555555555

// promising counts how many signs agree with the marker, for bits that end before a place.
func (m *Marker) promising(hard uint64, end int64, swapped bool) bool {
	all := ^uint64(0) >> (64 - m.length)
	differ := (hard ^ m.word) & all
	// The lowest bit lies at place end-1.
	even := uint64(evenBits)
	if (end-1)&1 == 1 {
		even = ^even
	}
	e := bits.OnesCount64(differ & even)
	o := bits.OnesCount64(differ &^ even)
	ne := bits.OnesCount64(all & even)
	// Agreement from -n to n of either half.
	ae, ao := ne-2*e, (m.length-ne)-2*o
	return m.best(float64(ae), float64(ao), swapped) >= float64(m.loose)
}

// best is the largest agreement that the scheme's ambiguity can make of the halves'.
func (m *Marker) best(even, odd float64, swapped bool) float64 {
	switch {
	case m.scheme == OQPSK || m.scheme == QPSK && m.mirror:
		return math.Abs(even) + math.Abs(odd)
	case swapped:
		return math.Abs(even - odd)
	}
	return math.Abs(even + odd)
}

// look correlates at one place and appends a match if it is one.
func (m *Marker) look(dst []Match, end int64) []Match {
	from := int(end - int64(m.length) - m.base)
	best := Match{End: end}
	try := func(swapped bool) {
		var half [2]float64
		var total float64
		said := 0
		for i, a := range m.pattern {
			k := from + i
			if swapped {
				// Pairs lie at even places of the stream, and base is even.
				k ^= 1
			}
			if k < 0 || k >= len(m.soft) {
				continue
			}
			v := float64(m.soft[k])
			half[(from+i)&1] += v * float64(a)
			total += math.Abs(v)
			if v != 0 {
				said++
			}
		}
		if 4*said < 3*m.length {
			return // erasures tell nothing, and the few bits left agree too easily
		}
		if score := m.best(half[0], half[1], swapped) / total; score > best.Score {
			best.Score = score
			best.Turn = Turn{Swap: swapped, InvertEven: half[0] < 0, InvertOdd: half[1] < 0}
			if m.scheme == BPSK || m.scheme == QPSK && !m.mirror {
				// One sign for both halves, or opposite ones: that of the greater holds.
				if math.Abs(half[0]) >= math.Abs(half[1]) {
					best.Turn.InvertOdd = best.Turn.InvertEven != swapped
				} else {
					best.Turn.InvertEven = best.Turn.InvertOdd != swapped
				}
			}
		}
	}
	try(false)
	if m.scheme == QPSK {
		try(true)
	}
	if best.Score < m.threshold {
		return dst
	}
	return append(dst, best)
}

func signBit(s int8) uint64 {
	if s > 0 {
		return 1
	}
	return 0
}

// Cutter cuts frames of a fixed length out of a stream of soft bits, each after its marker and
// with the ambiguity of its phase resolved.
type Cutter struct {
	marker  *Marker
	length  int
	pending []Match
	soft    []int8
	base    int64
	found   []Match
}

// SoftFrame is what follows a marker.
type SoftFrame struct {
	Match
	Soft []int8 // as sent
}

// NewCutter returns a cutter of frames of so many bits, their marker not counted.
func NewCutter(marker *Marker, length int) (*Cutter, error) {
	if length < 1 || length > 1<<20 {
		return nil, fmt.Errorf("psk: frames of %d bits, want 1 to %d", length, 1<<20)
	}
	return &Cutter{marker: marker, length: length}, nil
}

// mostPending bounds how many frames may be under way at once: a marker may show by chance
// within another's frame.
const mostPending = 8

// Process takes the next soft bits and appends the frames that they complete to dst.
func (c *Cutter) Process(dst []SoftFrame, soft []int8) []SoftFrame {
	for len(soft) > 0 {
		n := min(len(soft), 1024)
		c.soft = append(c.soft, soft[:n]...)
		c.found = c.marker.Process(c.found[:0], soft[:n])
		soft = soft[n:]
		for _, m := range c.found {
			if len(c.pending) == mostPending {
				// The least like a marker gives way.
				worst := 0
				for i, p := range c.pending {
					if p.Score < c.pending[worst].Score {
						worst = i
					}
				}
				if c.pending[worst].Score >= m.Score {
					continue
				}
				c.pending = slices.Delete(c.pending, worst, worst+1)
			}
			c.pending = append(c.pending, m)
		}
		now := c.base + int64(len(c.soft))
		for len(c.pending) > 0 && c.pending[0].End+int64(c.length)+1 <= now {
			dst = append(dst, c.cut(c.pending[0]))
			c.pending = slices.Delete(c.pending, 0, 1)
		}
		first := now - int64(c.marker.length) - 4
		if len(c.pending) > 0 {
			first = min(first, c.pending[0].End-2)
		}
		if drop := int(first-c.base) &^ 1; drop > 4096 {
			c.soft = c.soft[:copy(c.soft, c.soft[drop:])]
			c.base += int64(drop)
		}
	}
	return dst
}

// cut takes the frame after a match, whose bits are all there.
func (c *Cutter) cut(m Match) SoftFrame {
	from := int(m.End - c.base)
	lead := from & 1 // whole pairs
	end := (from + c.length + 1) &^ 1
	turned := m.Turn.Apply(make([]int8, 0, end-from+lead), c.soft[from-lead:min(end, len(c.soft))], 0)
	return SoftFrame{Match: m, Soft: turned[lead : lead+c.length]}
}
