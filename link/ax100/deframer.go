package ax100

import (
	"math"
	"math/bits"

	"spacechain/link/coding"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/golay"
	"spacechain/link/coding/randomizer"
)

// Frame is a frame received.
type Frame struct {
	Data      []byte
	Corrected int   // octets that Reed-Solomon corrected
	Flags     Flags // of a U482C
	End       int64 // soft bits taken up to and with the frame's last
	Inverted  bool  // the bits came upside down
}

// maxSyncErrors is how many of the marker's 32 bits may be wrong. Noise shows such a marker, either
// way up, every 52,000 bits; what follows it must then be a word of the code.
const maxSyncErrors = 4

// maxErased is how many of the weakest octets are erased where a word cannot be corrected as it
// stands. Twelve more may then be wrong, and a random word passes for one once in 12! = 5e8.
const maxErased = 8

// Deframer finds frames in soft bits. It is not safe for concurrent use.
type Deframer struct {
	mode   Mode
	last   uint32 // bits, to find the marker
	taken  int64
	buf    []int8 // soft bits that a frame under way needs
	from   int64  // place of buf[0] among those taken
	found  []start
	until  int64  // frames up to here are settled
	scrap  []int8 // of the descrambler: the last 17 soft bits
	decode *conv.Decoder
}

// start is a marker found.
type start struct {
	at       int64 // place of the bit after it
	inverted bool
	need     int // bits after it; of the length field alone until that is read
	known    bool
	flags    Flags
	octets   int
}

// NewDeframer makes a deframer.
func NewDeframer(m Mode) *Deframer {
	return &Deframer{mode: m, scrap: make([]int8, 0, 17), decode: conv.NewDecoder(inner, 0)}
}

// Busy reports whether a frame may be under way.
func (d *Deframer) Busy() bool { return len(d.found) > 0 }

// Process takes the next soft bits and appends the frames that they complete to dst.
func (d *Deframer) Process(dst []Frame, soft []int8) []Frame {
	for _, s := range soft {
		s = max(s, -127)
		if d.mode == ReedSolomon {
			s = d.descramble(s)
		}
		d.taken++
		d.last <<= 1
		if s > 0 {
			d.last |= 1
		}
		if len(d.found) > 0 {
			d.buf = append(d.buf, s)
			dst = d.settle(dst)
		}
		if d.taken < 32 {
			continue
		}
		wrong := bits.OnesCount32(d.last ^ d.mode.sync())
		if wrong <= maxSyncErrors || wrong >= 32-maxSyncErrors {
			if len(d.found) == 0 {
				d.buf, d.from = d.buf[:0], d.taken
			}
			d.found = append(d.found, start{at: d.taken, inverted: wrong > maxSyncErrors, need: d.fieldBits()})
		}
	}
	return dst
}

// descramble is G3RUH's descrambler for soft bits: as sure as the least sure of the three that make
// a bit up.
func (d *Deframer) descramble(s int8) int8 {
	if len(d.scrap) < cap(d.scrap) {
		d.scrap = append(d.scrap, s)
		return 0
	}
	a, b := d.scrap[5], d.scrap[0] // 12 and 17 bits ago
	copy(d.scrap, d.scrap[1:])
	d.scrap[16] = s
	size := min(max(s, -s), max(a, -a), max(b, -b))
	if (s > 0) != (a > 0) != (b > 0) {
		return size
	}
	return -size
}

func (d *Deframer) fieldBits() int {
	if d.mode == ReedSolomon {
		return 8
	}
	return 24
}

// settle reads what is complete by now.
func (d *Deframer) settle(dst []Frame) []Frame {
	keep := d.found[:0]
	for _, c := range d.found {
		if c.at < d.until {
			continue // inside a frame that has come
		}
		if d.taken < c.at+int64(c.need) {
			keep = append(keep, c)
			continue
		}
		part := d.buf[c.at-d.from:][:c.need]
		if !c.known {
			if c.read(d.mode, part) {
				keep = append(keep, c)
			}
			continue
		}
		if f, ok := d.finish(c, part[d.fieldBits():]); ok {
			f.End, f.Inverted = d.taken, c.inverted
			dst = append(dst, f)
			d.until = d.taken
		}
	}
	d.found = keep
	// What no frame needs any more goes once it is worth the copying.
	if len(keep) > 0 {
		if n := int(keep[0].at - d.from); n > 4096 {
			d.buf = d.buf[:copy(d.buf, d.buf[n:])]
			d.from = keep[0].at
		}
	}
	return dst
}

// read takes in the length field and reports whether a frame can follow.
func (c *start) read(m Mode, soft []int8) bool {
	c.known, c.flags = true, FlagReedSolomon
	if m == ReedSolomon {
		v := coding.PackSoft(nil, soft)[0]
		if c.inverted {
			v = ^v
		}
		c.octets = int(v) - 1
		c.need += 8 * c.octets
		return c.octets > parity
	}
	field := likeliest(soft, c.inverted)
	coded := int(field & 0xff)
	c.octets, c.flags = coded, FlagRandomized|FlagReedSolomon
	if m == U482C {
		c.flags = Flags(field &^ 0xff)
	}
	if c.flags&FlagConvolutional != 0 {
		c.octets = coded/2 - tail
	}
	c.need += 8 * coded
	// Without the code nothing tells a frame from noise.
	return c.flags&FlagReedSolomon != 0 && c.octets > parity
}

// parities are the check bits of all Golay words.
var parities = func() (p [4096]uint16) {
	for v := range p {
		p[v] = uint16(golay.Encode(uint16(v)) >> 12)
	}
	return p
}()

// likeliest gives the data of the Golay word that the soft bits agree with best. Where the word is
// wrong, Reed-Solomon finds out; 4096 sums for each marker found cost little.
func likeliest(soft []int8, inverted bool) (data uint16) {
	// Sums over the bits of each half that are ones tell all words apart.
	var sums [2][4096]int // parity, data
	for half := range sums {
		for v := 1; v < 4096; v++ {
			low := bits.TrailingZeros(uint(v))
			s := int(soft[12*half+11-low])
			if inverted {
				s = -s
			}
			sums[half][v] = sums[half][v&(v-1)] + s
		}
	}
	best := math.MinInt
	for v, p := range parities {
		if s := sums[0][p] + sums[1][v]; s > best {
			data, best = uint16(v), s
		}
	}
	return data
}

// finish decodes the word of a frame.
func (d *Deframer) finish(c start, soft []int8) (Frame, bool) {
	word := append([]int8(nil), soft...)
	if c.inverted {
		for i, s := range word {
			word[i] = -s
		}
	}
	if c.flags&FlagConvolutional != 0 {
		word = word[:16*(c.octets+tail)]
		swapPairs(word)
		d.decode.Reset(true)
		hard := d.decode.Decode(nil, word)
		hard = d.decode.Flush(hard, false)
		// The Viterbi decoder's bits are equally sure, for want of better.
		word = coding.Soften(nil, hard[:8*c.octets], 127)
	}
	if c.flags&FlagRandomized != 0 {
		randomizer.TM255.ApplySoft(word)
	}
	octets := coding.PackSoft(nil, word)
	changed, err := words.Decode(octets, nil)
	if err != nil && c.flags&FlagConvolutional == 0 {
		octets = coding.PackSoft(octets[:0], word)
		changed, err = words.Decode(octets, coding.Weakest(word, len(octets))[:min(maxErased, len(octets))])
	}
	if err != nil || dull(octets, soft, c.flags&FlagRandomized != 0) {
		return Frame{}, false
	}
	f := Frame{Data: octets[:len(octets)-parity], Corrected: changed}
	if d.mode == U482C {
		f.Flags = c.flags
	}
	return f, true
}

// dull tells whether a word went over the air as one octet again and again, or as nothing at all: a
// carrier without bits, or a squelch that has shut, not a frame. Zeros are a word of every code, and
// the randomizer's sequence is one of this, so that a marker that noise shows just before such a
// rest would make a frame of it.
func dull(word []byte, soft []int8, randomized bool) bool {
	silent := 0
	for _, s := range soft {
		if s == 0 {
			silent++
		}
	}
	if 2*silent > len(soft) {
		return true
	}
	air := append([]byte(nil), word...)
	if randomized {
		randomizer.TM255.Apply(air)
	}
	for _, o := range air {
		if o != air[0] {
			return false
		}
	}
	return true
}
