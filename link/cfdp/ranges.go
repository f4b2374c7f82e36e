package cfdp

import "slices"

// ranges is a set of octets of a file: segments in order, disjoint, none touching the
// next.
type ranges []Segment

// find is the index of the first segment that ends at or after at.
func (r ranges) find(at int64) int {
	i, _ := slices.BinarySearchFunc(r, at, func(s Segment, at int64) int {
		switch {
		case s.End < at:
			return -1
		case s.End > at:
			return 1
		}
		return 0
	})
	return i
}

// add puts start to end into the set and says how many octets are new.
func (r *ranges) add(start, end int64) (fresh int64) {
	if start >= end {
		return 0
	}
	i := r.find(start)
	j := i
	fresh = end - start
	merged := Segment{start, end}
	for j < len(*r) && (*r)[j].Start <= end {
		s := (*r)[j]
		fresh -= max(0, min(end, s.End)-max(start, s.Start))
		merged.Start, merged.End = min(merged.Start, s.Start), max(merged.End, s.End)
		j++
	}
	*r = slices.Replace(*r, i, j, merged)
	return fresh
}

// takeFront removes and returns at most n octets from the front.
func (r *ranges) takeFront(n int64) Segment {
	s := (*r)[0]
	if s.End-s.Start <= n {
		*r = slices.Delete(*r, 0, 1)
		return s
	}
	(*r)[0].Start += n
	return Segment{s.Start, s.Start + n}
}

// end is where the last segment ends.
func (r ranges) end() int64 {
	if len(r) == 0 {
		return 0
	}
	return r[len(r)-1].End
}

// covers reports whether the set holds start to end whole.
func (r ranges) covers(start, end int64) bool {
	if start >= end {
		return true
	}
	i := r.find(start + 1)
	return i < len(r) && r[i].Start <= start && r[i].End >= end
}

// touches reports whether a segment that the set lacks lies next to one that it has.
func (r ranges) touches(gap Segment) bool {
	i := r.find(gap.Start)
	return i < len(r) && r[i].Start <= gap.End
}

// gaps lists up to limit parts of from to to that the set lacks.
func (r ranges) gaps(from, to int64, limit int) (out []Segment) {
	for i := r.find(from + 1); from < to && len(out) < limit; i++ {
		if i >= len(r) || r[i].Start >= to {
			return append(out, Segment{from, to})
		}
		if r[i].Start > from {
			out = append(out, Segment{from, r[i].Start})
		}
		from = r[i].End
	}
	return out
}

// prefix is how many octets from the start of the file the set holds without a gap.
func (r ranges) prefix() int64 {
	if len(r) == 0 || r[0].Start > 0 {
		return 0
	}
	return r[0].End
}
