package ax25

import (
	"container/heap"
	"math/bits"
	"slices"
)

const (
	suspects  = 24 // least certain events that take part in trials
	eventBits = 6  // bits that one event inverts at most
)

// suspect is an error event: bits near each other that are wrong together.
type suspect struct {
	weight int // confidence that would be overruled
	bits   [eventBits]int
	n      int
}

// choice is a set of suspects, the last of them at index last.
type choice struct {
	set    uint32
	last   int
	weight int
}

// choices is a heap of sets in order of weight.
type choices []choice

func (c choices) Len() int           { return len(c) }
func (c choices) Less(i, j int) bool { return c[i].weight < c[j].weight }
func (c choices) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *choices) Push(x any)        { *c = append(*c, x.(choice)) }
func (c *choices) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// trial inverts sets of the least certain bits of a span in the order of what that costs, until
// a frame comes out. Its buffers serve one span after another.
type trial struct {
	levels   []byte
	suspects []suspect
	queue    choices
	octets   octets
	clear    bool // the span is as clear as noise never is
}

// run works on a window that starts lead bits before the frame. It computes at most budget check
// sequences and reports how many it did. If through is not 0, bits of the flag that ends there
// must change.
func (t *trial) run(window []int8, line Line, maxOctets, budget, through int) (Received, int, bool) {
	t.levels = t.levels[:0]
	for _, s := range window {
		level := byte(0)
		if s > 0 {
			level = 1
		}
		t.levels = append(t.levels, level)
	}
	t.octets.max = maxOctets
	t.suspect(window)
	t.queue = t.queue[:0]
	if len(t.suspects) > 0 {
		heap.Push(&t.queue, choice{set: 1, weight: t.suspects[0].weight})
	}
	checks := 0
	// Sets whose spans hold no whole number of octets cost no check, but time.
	for tries := 0; len(t.queue) > 0 && checks < budget && tries < 6*budget; tries++ {
		c := heap.Pop(&t.queue).(choice)
		if next := c.last + 1; next < len(t.suspects) {
			w := t.suspects[next].weight
			add := choice{set: c.set | 1<<next, last: next, weight: c.weight + w}
			heap.Push(&t.queue, add)
			add.set &^= 1 << c.last
			add.weight -= t.suspects[c.last].weight
			heap.Push(&t.queue, add)
		}
		flipped, hit := t.flip(c.set, through)
		var end int
		ok := false
		if hit {
			var checked bool
			end, checked, ok = t.parse(line)
			if checked {
				checks++
			}
		}
		t.flip(c.set, through)
		if ok {
			return Received{Data: t.octets.data(), End: int64(end - lead), Flipped: flipped, Penalty: c.weight}, checks, true
		}
	}
	return Received{}, checks, false
}

// flip inverts the bits of a set and reports how many, and whether one of them touches the flag
// that must go.
func (t *trial) flip(set uint32, through int) (flipped int, hit bool) {
	hit = through == 0
	for ; set != 0; set &= set - 1 {
		s := &t.suspects[bits.TrailingZeros32(set)]
		for _, b := range s.bits[:s.n] {
			t.levels[b] ^= 1
			flipped++
			if b < through && b >= through-lead {
				hit = true
			}
		}
	}
	return flipped, hit
}

// parse reads the levels as a frame up to the first flag. It reports where that ended, whether a
// check sequence was computed, and whether the frame is good.
func (t *trial) parse(line Line) (end int, checked, ok bool) {
	var scr Descrambler
	var nrzi NRZI
	t.octets.restart()
	for i, level := range t.levels {
		if line.Scrambled {
			level = scr.Next(level)
		}
		if line.NRZI {
			level = nrzi.Decode(level)
		}
		if i < lead {
			continue
		}
		switch t.octets.next(level) {
		case abort:
			return i, false, false
		case flag:
			if !t.octets.whole() {
				return i, false, false
			}
			good := t.octets.good()
			return i + 1, true, good && t.believe(t.octets.buf[:t.octets.bits>>3-2])
		}
	}
	return 0, false, false
}

// believe tells whether a frame with the right check sequence is to be believed.
func (t *trial) believe(frame []byte) bool {
	return Plausible(frame) || t.clear && addressCount(frame) > 0
}

// suspect lists the least certain events of a window. A sequence detector gives the bits that
// one competing path differs in the same magnitude; such neighbours go together.
func (t *trial) suspect(window []int8) {
	t.suspects = t.suspects[:0]
	for i := lead; i < len(window); i++ {
		m := magnitude(window[i])
		t.offer(suspect{weight: m, bits: [eventBits]int{i}, n: 1})
		group := suspect{weight: m, bits: [eventBits]int{i}, n: 1}
		for j := i + 1; j < min(i+3, len(window)) && group.n < eventBits; j++ {
			if magnitude(window[j]) == m {
				group.bits[group.n] = j
				group.n++
			}
		}
		if group.n > 1 {
			t.offer(group)
		}
	}
	slices.SortStableFunc(t.suspects, func(a, b suspect) int { return a.weight - b.weight })
}

// offer keeps the lightest suspects.
func (t *trial) offer(s suspect) {
	if len(t.suspects) < suspects {
		t.suspects = append(t.suspects, s)
		return
	}
	worst := 0
	for i, o := range t.suspects {
		if o.weight > t.suspects[worst].weight {
			worst = i
		}
	}
	if s.weight < t.suspects[worst].weight {
		t.suspects[worst] = s
	}
}

func magnitude(s int8) int {
	if s < 0 {
		return -int(s)
	}
	return int(s)
}
