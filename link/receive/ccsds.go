package receive

import (
	"spacechain/link/coding/conv"
)

// ccsdsFraming is a way of CCSDS 131.0-B to send transfer frames.
type ccsdsFraming struct {
	inner     bool // the convolutional code around everything
	punctured bool // with some symbols left out
	rs        bool // a Reed-Solomon code, otherwise the frame's own check field
	tight     int  // wrong bits that a marker may have
}

// slowest is the bit rate above which markers of frames with a check field only must have one wrong
// bit less: so many bits show so many false ones.
const slowest = 20000

// ccsdsFramings by name. After a Viterbi decoder hardly a bit is wrong; a Reed-Solomon code alone
// still works where two bits in a hundred are.
var ccsdsFramings = map[string]ccsdsFraming{
	"ccsds-uncoded":       {tight: 2},
	"ccsds-rs":            {rs: true, tight: 4},
	"ccsds-convolutional": {inner: true, tight: 2},
	"ccsds-concatenated":  {inner: true, rs: true, tight: 3},
	"ccsds-punctured":     {inner: true, punctured: true, tight: 1}, // Reed-Solomon or not
}

func (c ccsdsFraming) open(name string, m Modem, opt Options) deframer {
	d := &ccsds{name: name}
	lines := []bool{false, true}
	if m.psk.Line != 0 {
		lines = lines[:1] // the modem does it
	}
	if !c.rs && m.Baud() > slowest {
		c.tight--
	}
	hunts := func() (all []*hunt) {
		for _, marked := range lines {
			all = append(all, newHunt(c, marked, opt.FrameSize))
			if c.punctured {
				coded := c
				coded.rs, coded.tight = true, 3
				all = append(all, newHunt(coded, marked, opt.FrameSize))
			}
		}
		return all
	}
	if !c.inner {
		for _, h := range hunts() {
			d.lanes = append(d.lanes, &ccsdsLane{hunts: []*hunt{h}})
		}
		return d
	}
	if c.punctured {
		for _, rate := range []conv.Rate{conv.Rate2of3, conv.Rate3of4, conv.Rate5of6, conv.Rate7of8} {
			_, symbols := rate.Period()
			for skip := range symbols {
				d.lanes = append(d.lanes, &ccsdsLane{
					decoder: conv.NewDecoder(conv.Punctured(rate), 0), rate: rate.Value(), skip: skip, hunts: hunts(),
				})
			}
		}
		return d
	}
	for _, swapped := range []bool{false, true} {
		for _, inverted := range []bool{true, false} {
			for skip := range 2 {
				d.lanes = append(d.lanes, &ccsdsLane{
					decoder: conv.NewDecoder(conv.Code{InvertG2: inverted}, 0), rate: 0.5, swapped: swapped, skip: skip, hunts: hunts(),
				})
			}
		}
	}
	return d
}

// ccsds finds transfer frames without being told how they are coded. All that a mission may choose
// is tried side by side: NRZ-L and NRZ-M; of the convolutional code which symbol comes first
// and whether the second is inverted (CCSDS 131.0-B-5 §3.3; the Deep Space Network's differs), or at
// which rate it is punctured and where the pattern begins (§3.4); the rest by a hunt behind each
// marker.
type ccsds struct {
	name  string
	lanes []*ccsdsLane
}

// ccsdsLane is one way to read the symbols.
type ccsdsLane struct {
	decoder *conv.Decoder // nil without the inner code
	rate    float64       // of the code
	swapped bool          // the second symbol of a pair comes first
	skip    int           // symbols to drop at the start
	half    int8          // the first symbol of a pair under way
	waiting bool
	hunts   []*hunt
	pairs   []int8
	bits    []byte
}

func (d *ccsds) process(dst []Frame, soft []int8) []Frame {
	for _, l := range d.lanes {
		l.take(soft)
		dst = d.collect(dst, l, false)
	}
	return dst
}

func (d *ccsds) flush(dst []Frame) []Frame {
	for _, l := range d.lanes {
		if l.decoder != nil {
			l.bits = l.decoder.Flush(l.bits[:0], false)
		}
		dst = d.collect(dst, l, true)
	}
	return dst
}

// take turns symbols into bits.
func (l *ccsdsLane) take(soft []int8) {
	l.bits = l.bits[:0]
	n := min(l.skip, len(soft))
	l.skip -= n
	soft = soft[n:]
	if l.decoder == nil {
		for _, s := range soft {
			b := byte(0)
			if s > 0 {
				b = 1
			}
			l.bits = append(l.bits, b)
		}
		return
	}
	if l.swapped {
		l.pairs = l.pairs[:0]
		for _, s := range soft {
			if !l.waiting {
				l.half, l.waiting = s, true
				continue
			}
			l.pairs = append(l.pairs, s, l.half)
			l.waiting = false
		}
		soft = l.pairs
	}
	l.bits = l.decoder.Decode(l.bits, soft)
}

// collect lets the hunts of a lane look at its bits.
func (d *ccsds) collect(dst []Frame, l *ccsdsLane, end bool) []Frame {
	for _, h := range l.hunts {
		from := len(dst)
		dst = h.process(dst, l.bits, end)
		for i := range dst[from:] {
			f := &dst[from+i]
			f.Framing = d.name
			if l.decoder != nil {
				f.Time /= l.rate // symbols
			}
		}
	}
	l.bits = l.bits[:0]
	return dst
}
