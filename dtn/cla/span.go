package cla

import (
	"slices"

	"spacechain/dtn/store"
)

// spans is a set of bytes of a transfer: runs in ascending order with gaps between.
type spans []store.Span

// add puts the bytes from to to into the set.
func (s spans) add(from, to int) spans {
	if from >= to {
		return s
	}
	i := 0
	for i < len(s) && s[i].To < from {
		i++
	}
	j := i
	for j < len(s) && s[j].From <= to {
		from, to = min(from, s[j].From), max(to, s[j].To)
		j++
	}
	return slices.Replace(s, i, j, store.Span{From: from, To: to})
}

// remove takes the bytes from to to out of the set.
func (s spans) remove(from, to int) spans {
	if from >= to {
		return s
	}
	i := 0
	for i < len(s) && s[i].To <= from {
		i++
	}
	j := i
	var left [2]store.Span
	n := 0
	for j < len(s) && s[j].From < to {
		if s[j].From < from {
			left[n] = store.Span{From: s[j].From, To: from}
			n++
		}
		if s[j].To > to {
			left[n] = store.Span{From: to, To: s[j].To}
			n++
		}
		j++
	}
	return slices.Replace(s, i, j, left[:n]...)
}

// has tells whether all bytes from to to are in the set.
func (s spans) has(from, to int) bool {
	for _, r := range s {
		if r.From <= from && to <= r.To {
			return true
		}
	}
	return from >= to
}

// len is the number of bytes in the set.
func (s spans) len() int {
	n := 0
	for _, r := range s {
		n += r.To - r.From
	}
	return n
}
