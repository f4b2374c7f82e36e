package il2p

import (
	"math/bits"

	"spacechain/link/coding"
	"spacechain/link/coding/crc"
)

// Frame is a frame received.
type Frame struct {
	AX25      []byte // without FCS
	Corrected int    // octets corrected
	End       int64  // soft bits taken up to and with the last that belongs to it
	Inverted  bool   // the bits came upside down
}

// Receiver finds frames in a stream of soft bits. With [Options.CRC] only frames whose
// CRC is right count. It is not safe for concurrent use.
type Receiver struct {
	o        Options
	last     uint32
	taken    int64
	inside   bool
	inverted bool
	header   *header
	fixed    int // octets corrected so far
	need     int // soft bits of the part under way
	part     []int8
}

// NewReceiver makes a receiver.
func NewReceiver(o Options) *Receiver { return &Receiver{o: o} }

// Busy reports whether a frame is under way.
func (r *Receiver) Busy() bool { return r.inside }

// Receive takes soft bits and appends the frames that they complete to dst.
func (r *Receiver) Receive(dst []Frame, soft []int8) []Frame {
	for _, s := range soft {
		r.taken++
		bit := uint32(0)
		if s > 0 {
			bit = 1
		}
		if !r.inside {
			r.last = r.last<<1&0xffffff | bit
			if r.taken < 24 {
				continue
			}
			wrong := bits.OnesCount32(r.last ^ SyncWord)
			if wrong <= 1 || wrong >= 23 {
				r.inside, r.inverted = true, wrong > 1
				r.header, r.fixed = nil, 0
				r.part, r.need = r.part[:0], 8*headerOctets
			}
			continue
		}
		if r.inverted {
			s = -max(s, -127)
		}
		if r.part = append(r.part, s); len(r.part) < r.need {
			continue
		}
		if r.header == nil && r.begin() {
			continue
		}
		if r.header != nil {
			if f, ok := r.finish(); ok {
				dst = append(dst, f)
			}
		}
		r.inside, r.last = false, 0
	}
	return dst
}

// begin reads the header and reports whether more is to come.
func (r *Receiver) begin() bool {
	data, n, ok := decodeWord(r.part, headerData, 2, 0)
	if !ok {
		return false
	}
	h := parseHeader(data)
	if !h.plausible() {
		return false
	}
	r.header, r.fixed = &h, n
	r.part = r.part[:0]
	r.need = 8 * strong(h.count).octets()
	if r.o.CRC {
		r.need += 8 * crcOctets
	}
	return r.need > 0
}

// finish decodes the payload and puts the frame together: as it stands; in the weaker
// code of earlier drafts where the header leaves that open; with octets erased, more of
// them where a CRC judges the result.
func (r *Receiver) finish() (Frame, bool) {
	l := strong(r.header.count)
	f, ok := r.assemble(l, 0)
	if !ok && !r.header.strong {
		f, ok = r.assemble(weak(r.header.count), 0)
	}
	if !ok {
		f, ok = r.assemble(l, l.parity/2)
	}
	if !ok && r.o.CRC {
		f, ok = r.assemble(l, l.parity*3/4)
	}
	return f, ok
}

// assemble decodes the words of a layout, with so many octets erased in those that
// need it.
func (r *Receiver) assemble(l layout, erase int) (Frame, bool) {
	rest := r.part
	var payload []byte
	fixed := r.fixed
	if !l.each(func(size int) bool {
		n := 8 * (size + l.parity)
		data, changed, ok := decodeWord(rest[:n], size, l.parity, erase)
		payload = append(payload, data...)
		fixed += changed
		rest = rest[n:]
		return ok
	}) {
		return Frame{}, false
	}
	frame, ok := payload, len(payload) > 0
	if r.header.typed {
		frame, ok = r.header.frame(payload)
	}
	if ok && r.o.CRC {
		ok = correctCRC(coding.PackSoft(nil, rest[:8*crcOctets])) == crc.X25(frame)
	}
	return Frame{AX25: frame, Corrected: fixed, End: r.taken, Inverted: r.inverted}, ok
}

// decodeWord decodes a Reed-Solomon word of soft bits and descrambles its data. A word
// that fails as it stands is tried with its weakest octets erased.
func decodeWord(soft []int8, data, parity, erase int) (out []byte, changed int, ok bool) {
	octets := coding.PackSoft(nil, soft)
	c := code(parity)
	changed, err := c.Decode(octets, nil)
	if err != nil && erase > 0 {
		changed, err = c.Decode(octets, coding.Weakest(soft, len(octets))[:min(erase, len(octets))])
	}
	if err != nil {
		return nil, 0, false
	}
	descramble(octets[:data])
	return octets[:data], changed, true
}
