package modem

import "math"

// clockBlock is for how many bits the phase is estimated at once.
const clockBlock = 8

// clockRange is by how much an agile bitClock looks for the bit rate on both sides of the
// nominal, and clockGroup how many bits it adds up before it does.
const (
	clockRange = 0.03
	clockGroup = 4
	clockFade  = 0.04 // share of the newest block in a score
)

// bitClock finds out when bits end. It takes the component at the nominal bit rate of something
// that is large there (Oerder and Meyr, IEEE Trans. Commun. 36, 1988), one number for the length
// of each nominal bit, adds up a window on both sides of a place, and follows the phase. Places
// count nominal bits from the start of the stream.
type bitClock struct {
	window int
	agile  bool // allow for a bit rate that is some percent off, which costs sensitivity
	lines  []complex128
	base   int64 // number of lines[0]
	block  int64 // next block to estimate
	from   float64
	slope  float64
	to     float64
	ready  int // of from and to
	n      int64
	tries  []clockTry // of an agile clock
	groups []complex128
}

// clockTry is a bit rate that an agile bitClock tries.
type clockTry struct {
	step  float64 // error in radians a bit
	score float64 // how much there was lately at this rate
	turns []complex128
}

// newBitClock takes the length of the window in bits.
func newBitClock(window int, agile bool) *bitClock {
	window = (window + 2*clockGroup - 1) / (2 * clockGroup) * (2 * clockGroup)
	c := &bitClock{window: window, agile: agile, n: 1}
	if !agile {
		return c
	}
	c.groups = make([]complex128, window/clockGroup)
	half := int(math.Ceil(clockRange * 2 * float64(window)))
	for i := -half; i <= half; i++ {
		t := clockTry{step: 2 * math.Pi * clockRange * float64(i) / float64(half)}
		for k := range c.groups {
			s, r := math.Sincos(-t.step * clockGroup * (float64(k) + 0.5 - float64(len(c.groups))/2))
			t.turns = append(t.turns, complex(r, s))
		}
		c.tries = append(c.tries, t)
	}
	return c
}

// add takes the component of one nominal bit's length: the sum of values times e^(-j2πt), t
// counting bits from the start of the stream.
func (c *bitClock) add(line complex128) { c.lines = append(c.lines, line) }

// estimate finds the phase at the middle of the next block, unwrapped from the one before. It
// reports false until the window is filled.
func (c *bitClock) estimate() bool {
	middle := c.block*clockBlock + clockBlock/2
	first, last := max(middle-int64(c.window/2), c.base), middle+int64(c.window/2)
	if last > c.base+int64(len(c.lines)) {
		return false
	}
	lines := c.lines[first-c.base : last-c.base]
	var sum complex128
	if c.agile {
		sum = c.search(lines)
	} else {
		for _, l := range lines {
			sum += l
		}
	}
	phase := -math.Atan2(imag(sum), real(sum)) / (2 * math.Pi)
	c.from = c.to
	if c.ready == 0 {
		c.from = phase
	}
	d := phase - c.from
	c.to = c.from + d - math.Round(d)
	c.slope = (c.to - c.from) / clockBlock
	c.ready = min(c.ready+1, 2)
	c.block++
	if drop := c.block*clockBlock - int64(c.window) - c.base; drop > 1024 {
		c.lines = c.lines[:copy(c.lines, c.lines[drop:])]
		c.base += drop
	}
	return true
}

// search adds up lines at the bit rate at which most has come together lately. Lines missing at
// the start of the stream count as nothing.
func (c *bitClock) search(lines []complex128) complex128 {
	clear(c.groups)
	missing := c.window - len(lines)
	for i, l := range lines {
		c.groups[(i+missing)/clockGroup] += l
	}
	var best complex128
	var top float64
	for i := range c.tries {
		t := &c.tries[i]
		var sum complex128
		for k, g := range c.groups {
			sum += g * t.turns[k]
		}
		p := real(sum)*real(sum) + imag(sum)*imag(sum)
		t.score += clockFade * (p - t.score)
		if t.score >= top {
			best, top = sum, t.score
		}
	}
	return best
}

// next gives the place where the next bit ends, as long as it is settled.
func (c *bitClock) next() (float64, bool) {
	for {
		if c.ready == 2 {
			// The phase goes in a straight line between the middles of the last two blocks.
			start := float64((c.block-2)*clockBlock + clockBlock/2)
			at := float64(c.n) + c.from
			at += c.slope * (at - start)
			if at < start+clockBlock {
				c.n++
				return at, true
			}
		}
		if !c.estimate() {
			return 0, false
		}
	}
}
