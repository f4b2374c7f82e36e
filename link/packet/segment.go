package packet

import (
	"fmt"
	"slices"
)

// Segment splits data over as many packets as it takes with at most maxData octets in
// each data field, and marks them first, continuation and last (CCSDS 133.0-B-2
// §4.1.3.4.2.2); data that fits goes unsegmented. Counts come from c. The packets alias
// data.
func Segment(h Header, data []byte, maxData int, c *Counter) ([]Packet, error) {
	if maxData < 1 || maxData > MaxLen-HeaderLen {
		return nil, fmt.Errorf("cannot segment to %d octets a packet", maxData)
	}
	if len(data) == 0 {
		return nil, fmt.Errorf("no data to segment for APID %d", h.APID)
	}
	n := (len(data) + maxData - 1) / maxData
	out := make([]Packet, 0, n)
	for i := range n {
		p := Packet{Header: h, Data: data[i*maxData : min(len(data), (i+1)*maxData)]}
		switch {
		case n == 1:
			p.Flags = Unsegmented
		case i == 0:
			p.Flags = First
		case i == n-1:
			p.Flags = Last
		default:
			p.Flags = Continuation
		}
		p.Count = c.Next(h.Type, h.APID)
		if err := p.Validate(); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Reassembler puts segments together again, for every application process apart. A
// group is given up when a segment is missing, out of order, or the group grows beyond
// MaxSize; a repeated segment is passed over.
type Reassembler struct {
	// MaxSize bounds one group in octets; 0 means 1 MiB.
	MaxSize int
	// MaxGroups bounds the groups under way; 0 means 64. A further one pushes out the
	// group that has waited longest for a segment.
	MaxGroups int

	groups []group
	// Dropped counts the segments that did not become part of a whole.
	Dropped uint64
}

type group struct {
	key      uint16
	next     uint16
	segments uint64
	data     []byte
}

// Add takes a packet in the order of arrival. It returns the data of a group when p
// completes one, or p's own data when it is unsegmented; done says which.
func (r *Reassembler) Add(p Packet) (data []byte, done bool) {
	key := counterKey(p.Type, p.APID)
	at := slices.IndexFunc(r.groups, func(g group) bool { return g.key == key })
	switch p.Flags {
	case Unsegmented:
		if at >= 0 {
			r.drop(at)
		}
		return p.Data, true
	case First:
		if at >= 0 {
			if r.groups[at].segments == 1 && r.groups[at].next == (p.Count+1)&CountMask {
				return nil, false // the first segment again
			}
			r.drop(at)
		}
		if len(p.Data) > r.maxSize() {
			r.Dropped++
			return nil, false
		}
		if len(r.groups) >= r.maxGroups() {
			r.drop(0)
		}
		r.groups = append(r.groups, group{
			key: key, next: (p.Count + 1) & CountMask, segments: 1, data: slices.Clone(p.Data),
		})
		return nil, false
	}
	if at < 0 {
		r.Dropped++
		return nil, false
	}
	g := r.groups[at]
	if p.Count == (g.next-1)&CountMask {
		return nil, false // the segment before, again
	}
	if p.Count != g.next || len(g.data)+len(p.Data) > r.maxSize() {
		r.drop(at)
		r.Dropped++
		return nil, false
	}
	g.data = append(g.data, p.Data...)
	g.next, g.segments = (g.next+1)&CountMask, g.segments+1
	r.groups = slices.Delete(r.groups, at, at+1)
	if p.Flags == Last {
		return g.data, true
	}
	r.groups = append(r.groups, g)
	return nil, false
}

func (r *Reassembler) drop(at int) {
	r.Dropped += r.groups[at].segments
	r.groups = slices.Delete(r.groups, at, at+1)
}

func (r *Reassembler) maxSize() int {
	if r.MaxSize > 0 {
		return r.MaxSize
	}
	return 1 << 20
}

func (r *Reassembler) maxGroups() int {
	if r.MaxGroups > 0 {
		return r.MaxGroups
	}
	return 64
}
