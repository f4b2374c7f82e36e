package cfdp

import "time"

// askAll begins a sequence of NAKs over everything that is missing. A forced one
// answers a prompt, and says so even if nothing is missing.
func (r *receiver) askAll(forced bool) {
	r.nakActive, r.nakFrom = true, 0
	r.nakForced = r.nakForced || forced
	r.missed = nil
}

// room is how many segment requests fit one NAK PDU; at least two, so that a sequence
// gets on even where the metadata takes one.
func (r *receiver) room() int {
	n := r.conf.MaxPDU - r.hdr.Len() - 1 - 2*r.hdr.sizeLen()
	if r.hdr.CRC {
		n -= 2
	}
	return max(2, n/(2*r.hdr.sizeLen()))
}

// nextNAK gives the next PDU of the sequence (CCSDS 727.0-B-5 §4.6.4.3); it looks at
// what is missing when it is sent. The timer starts with the last one.
func (r *receiver) nextNAK(now time.Time) Body {
	end := r.have.end()
	if r.eof != nil {
		end = r.eof.Size
	}
	room := r.room()
	n := &NAK{Start: r.nakFrom, End: end}
	if r.nakFrom == 0 && r.meta == nil {
		n.Segments = append(n.Segments, Segment{})
	}
	n.Segments = append(n.Segments, r.have.gaps(r.nakFrom, end, room-len(n.Segments))...)
	if len(n.Segments) >= room {
		if last := n.Segments[len(n.Segments)-1].End; last < end {
			n.End, r.nakFrom = last, last
			return n
		}
	}
	r.nakActive = false
	if r.eof != nil {
		r.nak.start(now, r.conf.NAKTimer, r.frozen())
	}
	if len(n.Segments) == 0 && !r.nakForced {
		return nil
	}
	r.nakForced = false
	return n
}

// nakMissed asks at once for what was missed just now, as far as it still is.
func (r *receiver) nakMissed() Body {
	room := r.room()
	n := &NAK{Start: -1}
	for len(r.missed) > 0 && len(n.Segments) < room {
		m := r.missed[0]
		r.missed = r.missed[1:]
		var segs []Segment
		if m == (Segment{}) {
			if r.meta == nil {
				segs = []Segment{m}
			}
		} else {
			segs = r.have.gaps(m.Start, m.End, room-len(n.Segments))
		}
		for _, s := range segs {
			if n.Start < 0 || s.Start < n.Start {
				n.Start = s.Start
			}
			n.End = max(n.End, s.End)
			n.Segments = append(n.Segments, s)
		}
	}
	if len(n.Segments) == 0 {
		return nil
	}
	return n
}
