package ldpc

import "encoding/binary"

// parallel works on four checks at once: numbers of sixteen bits, four to a 64-bit
// word. The four rows of a circulant that follow each other meet four bits that follow
// each other, wherever the shift puts them, so that a word is read from any place of a
// block. The sum-product rule takes its logarithm as a straight line.
type parallel struct {
	c      *Code
	layers []parallelLayer
	app    []byte // ratios of all bits with bias 0x8000: a block is z numbers and the first four again
	stride int    // octets of a block
}

type parallelLayer struct {
	edges []parallelEdge
	sent  []uint64 // last messages, by word of rows and edge, bias 0x4000
}

type parallelEdge struct{ first, from, end int } // octets of app: first of the block, of row 0, end of the block

// maxDegree is the largest number of bits in a check: 18 for AR4JA 4/5.
const maxDegree = 18

const (
	lanes  = 0x0001_0001_0001_0001
	top    = 0x8000 * lanes
	below  = 0x7fff * lanes
	bias   = 0x4000 * lanes
	cap511 = 511 * lanes // bounds a message: 32 as a ratio
)

// parallel reports whether no check of four rows in a row meets a bit twice and the
// rows come in fours.
func (c *Code) parallel() bool {
	if c.z%4 != 0 {
		return false
	}
	for _, l := range c.layers {
		if len(l) > maxDegree {
			return false
		}
		seen := map[int]bool{}
		for _, e := range l {
			if seen[e.block] {
				return false
			}
			seen[e.block] = true
		}
	}
	return true
}

func newParallel(c *Code) *parallel {
	p := &parallel{c: c, stride: 2*c.z + 8}
	p.app = make([]byte, c.blocks*p.stride)
	for _, l := range c.layers {
		var pl parallelLayer
		for _, e := range l {
			first := e.block * p.stride
			pl.edges = append(pl.edges, parallelEdge{first, first + 2*e.shift, first + 2*c.z})
		}
		pl.sent = make([]uint64, len(l)*c.z/4)
		p.layers = append(p.layers, pl)
	}
	return p
}

func (p *parallel) load(soft []int8, llr *[256]int16) {
	for b := range p.c.blocks {
		block := p.app[b*p.stride : (b+1)*p.stride]
		for i := range p.c.z {
			v := uint16(0x8000)
			if at := b*p.c.z + i; at < len(soft) {
				v += uint16(llr[int(soft[at])+128])
			}
			binary.LittleEndian.PutUint16(block[2*i:], v)
		}
		copy(block[2*p.c.z:], block[:8])
	}
	for _, l := range p.layers {
		for i := range l.sent {
			l.sent[i] = bias
		}
	}
}

func (p *parallel) satisfied() bool {
	for i := range p.layers {
		l := &p.layers[i]
		var at [maxDegree]int
		edges := l.edges
		for e := range edges {
			at[e] = edges[e].from
		}
		for range p.c.z / 4 {
			var sum uint64
			for e := range edges {
				if at[e] >= edges[e].end {
					at[e] -= 2 * p.c.z
				}
				sum ^= binary.LittleEndian.Uint64(p.app[at[e]:])
				at[e] += 8
			}
			// The top bit is 1 for a bit of 1.
			if sum&top != 0 {
				return false
			}
		}
	}
	return true
}

func (p *parallel) iterate() {
	for i := range p.layers {
		p.layer(&p.layers[i])
	}
}

// positive gives a mask of 0x7fff for every lane of t whose top bit is set; t has no
// other bits.
func positive(t uint64) uint64 { return t - t>>15 }

// box combines magnitudes below 0x2000, lane by lane: the smaller of a and b plus
// log(1+exp(-a-b)) minus log(1+exp(-|a-b|)), the logarithm being taken as
// max(0, 5/8 - x/4). Of all such lines this one decodes as well as the exact logarithm;
// see TestCostOfApproximation.
func box(a, b uint64) uint64 {
	d := (a | top) - b
	less := d & positive(d&top) // a-b where that is positive
	m := a - less
	diff := b + less - m
	return m + slope(a+b) - slope(diff)
}

// slope gives max(0, 10 - x/4) for lanes below 0x4000.
func slope(x uint64) uint64 {
	d := (10*lanes | top) - x>>2&(0x1fff*lanes)
	return d & positive(d&top)
}

// layer goes through the checks of one row of circulants.
func (p *parallel) layer(l *parallelLayer) {
	var at [maxDegree]int
	var x, mag, fwd [maxDegree]uint64
	edges := l.edges
	n := len(edges)
	if n > maxDegree || n < 2 {
		return
	}
	for e := range edges {
		at[e] = edges[e].from
	}
	app, wrap := p.app, 2*p.c.z
	sent := l.sent
	for len(sent) >= n {
		var parity uint64
		for e := range n {
			if at[e] >= edges[e].end {
				at[e] -= wrap
			}
			// What the bit knows without this check, bias 0x8000.
			v := binary.LittleEndian.Uint64(app[at[e]:]) - sent[e] + bias
			x[e] = v
			one := v & top
			parity ^= one
			zero := one ^ top
			mag[e] = (v^positive(zero))&below + zero>>15
		}
		acc := atMost(mag[0])
		for e := 1; e < n-1; e++ {
			fwd[e] = acc
			acc = box(acc, mag[e])
		}
		fwd[n-1] = acc
		acc = atMost(mag[n-1])
		for e := n - 1; e >= 0; e-- {
			m := fwd[e]
			switch {
			case e == 0:
				m = acc
			case e < n-1:
				m = box(fwd[e], acc)
				acc = box(acc, mag[e])
			}
			// The bit is one where the others make one.
			negative := positive((parity ^ x[e] ^ top) & top)
			message := bias + m - (m&negative)<<1
			sent[e] = message
			binary.LittleEndian.PutUint64(app[at[e]:], x[e]+message-bias)
			at[e] += 8
		}
		sent = sent[n:]
	}
	// A word over the end of a block went into the copy of its first numbers.
	for e := range edges {
		block := app[edges[e].first : edges[e].end+8]
		if over := (edges[e].from - edges[e].first) & 7; over > 0 {
			copy(block[:over], block[wrap:])
		}
		copy(block[wrap:], block[:8])
	}
}

// atMost bounds magnitudes to 511.
func atMost(a uint64) uint64 {
	d := (a | top) - cap511
	return a - d&positive(d&top)
}

func (p *parallel) bits(dst []byte, n int) []byte {
	for i := range n {
		dst = append(dst, p.app[i/p.c.z*p.stride+i%p.c.z*2+1]>>7)
	}
	return dst
}
