package cltu

import (
	"cmp"
	"math/bits"
	"slices"

	"spacechain/link/coding/randomizer"
)

// attempt is a unit that what looked like a start sequence opened. Noise and data hold start
// sequences, too, and where errors are corrected half of all noise passes for codeblocks; so
// several attempts are followed side by side, and which of those that overlap was the unit is
// decided by what speaks for each.
type attempt struct {
	at    int64 // place of the first bit of its start sequence
	end   int64 // place behind its last codeblock, or behind its tail
	next  int64 // place at which its next codeblock is whole
	unit  Unit
	fixed []uint8 // bits corrected, by codeblock
	bits  int     // what speaks for it: about the binary logarithm of how seldom noise does so
	sure  bool    // it ended as a unit ends
	ended bool
}

// What speaks for an attempt, in bits. A codeblock that had to be corrected says nothing, but where
// two attempts would go on with the same codeblocks.
const (
	exactStart = 14
	looseStart = 12
	cleanBlock = 7 // check bits of BCH(63,56)
	cleanWord  = 50
	rightTail  = 40
	againstFix = 3
)

const (
	maxAttempts = 16 // side by side
	maxEnded    = 64 // that wait for one under way
)

// Of the 64 bits of a tail so many may be wrong where no codeblock is; where one is that had to be
// corrected, so many. Fill is much like the old tail, and one that began beside a unit finds fill.
const (
	tailWrong      = 8
	tailWrongBlock = 3
	tailWrongOld   = 2
)

// isTail tells whether 64 hard bits are the tail but for some.
func (r *Receiver) isTail(hard uint64, wrong int) bool {
	if r.old {
		wrong = tailWrongOld
	}
	return bits.OnesCount64(hard^r.tail) <= wrong
}

// open begins an attempt whose start sequence ends here. Where there are too many, the one that
// least speaks for makes room.
func (r *Receiver) open(exact, inverted bool) {
	n := int64(len(r.start))
	a := &attempt{at: r.taken - n, end: r.taken, next: r.taken + int64(r.block), bits: looseStart}
	if exact {
		a.bits = exactStart
	}
	a.unit.Inverted = inverted
	// One that would go on with the very same codeblocks gives way, unless what it has had so far
	// speaks for it.
	for i, o := range r.active {
		if o.next != a.next || o.unit.Inverted != inverted {
			continue
		}
		if o.bits-againstFix*o.unit.Corrected > a.bits {
			return
		}
		r.active = slices.Delete(r.active, i, i+1)
		r.cut(o, a.at)
		r.finish(o)
		break
	}
	if len(r.active) == maxAttempts {
		least := slices.MinFunc(r.active, func(a, b *attempt) int { return cmp.Compare(a.bits, b.bits) })
		r.active = slices.DeleteFunc(r.active, func(o *attempt) bool { return o == least })
		r.finish(least)
	}
	r.active = append(r.active, a)
}

// finish ends an attempt.
func (r *Receiver) finish(a *attempt) {
	a.ended = true
	if a.unit.Blocks == 0 {
		return
	}
	if len(r.ended) == maxEnded {
		least := slices.MinFunc(r.ended, func(a, b *attempt) int { return cmp.Compare(a.bits, b.bits) })
		r.ended = slices.DeleteFunc(r.ended, func(o *attempt) bool { return o == least })
	}
	r.ended = append(r.ended, a)
}

// cut takes off the codeblocks of an attempt behind a place.
func (r *Receiver) cut(a *attempt, place int64) {
	blocks := int(place-a.at-int64(len(r.start))) / r.block
	a.end, a.sure = place, false
	if blocks >= a.unit.Blocks {
		return
	}
	blocks = max(blocks, 0)
	a.unit.Data = a.unit.Data[:len(a.unit.Data)/a.unit.Blocks*blocks]
	for _, n := range a.fixed[blocks:] {
		a.unit.Corrected -= int(n)
	}
	a.unit.Blocks, a.fixed = blocks, a.fixed[:blocks]
}

// settle appends to dst the units that are decided: of attempts that overlap the one for which
// most speaks, and of one that began before it what lies before it.
func (r *Receiver) settle(dst []Unit) []Unit {
	if len(r.ended) == 0 {
		return dst
	}
	var chosen []*attempt
	for len(r.ended) > 0 {
		best := slices.MaxFunc(r.ended, func(a, b *attempt) int {
			return cmp.Or(cmp.Compare(a.bits, b.bits), cmp.Compare(b.at, a.at))
		})
		if slices.ContainsFunc(r.active, func(a *attempt) bool {
			return a.at < best.end && (!best.sure || a.at < best.at && a.bits >= best.bits)
		}) {
			break // that one may yet turn out to be the unit
		}
		chosen = append(chosen, best)
		others := append(slices.Clone(r.ended), r.active...)
		r.ended, r.active = r.ended[:0], r.active[:0]
		for _, o := range others {
			switch {
			case o == best:
				continue
			case o.at < best.at && o.end > best.at, o.at < best.at && !o.ended:
				r.cut(o, best.at)
				o.ended = true
			case o.at >= best.at && o.at < best.end:
				continue // within it
			}
			if !o.ended {
				r.active = append(r.active, o)
			} else if o.unit.Blocks > 0 {
				r.ended = append(r.ended, o)
			}
		}
	}
	slices.SortFunc(chosen, func(a, b *attempt) int { return cmp.Compare(a.at, b.at) })
	for _, a := range chosen {
		if r.c.Randomize && r.decoder == nil {
			randomizer.TC.Apply(a.unit.Data)
		}
		dst = append(dst, a.unit)
	}
	return dst
}
