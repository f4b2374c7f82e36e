package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"spacechain/clock"
)

// barWidth is the width of a progress bar, in columns.
const barWidth = 24

// progressBar tells on stderr how far long work is: on a terminal as a line that is
// overwritten, elsewhere as a line now and then.
type progressBar struct {
	out      io.Writer
	terminal bool
	elapsed  func() time.Duration
	next     time.Duration // when to tell again
	every    time.Duration
	told     bool
}

func newProgressBar(out io.Writer) *progressBar {
	p := &progressBar{out: out, terminal: isTerminal(out), elapsed: clock.Stopwatch(), every: 10 * time.Second}
	if p.terminal {
		p.every = 100 * time.Millisecond
	}
	p.next = p.every
	return p
}

// due tells whether it is time to tell again, and how long the work has taken.
func (p *progressBar) due() (time.Duration, bool) {
	t := p.elapsed()
	return t, t >= p.next
}

// tell shows that the part done of 1 is done, and a text about it.
func (p *progressBar) tell(done float64, text string) {
	t := p.elapsed()
	p.next, p.told = t+p.every, true
	left := ""
	if done > 0.001 && done < 1 {
		left = ", " + (time.Duration(float64(t) * (1 - done) / done)).Round(time.Second).String() + " left"
	}
	if !p.terminal {
		fmt.Fprintf(p.out, "%3.0f %%  %s%s\n", done*100, text, left)
		return
	}
	n := min(int(done*barWidth), barWidth)
	fmt.Fprintf(p.out, "\r\x1b[K[%s%s] %3.0f %%  %s%s", strings.Repeat("#", n), strings.Repeat(".", barWidth-n), done*100, text, left)
}

// end removes the bar, so that what follows begins on a line of its own.
func (p *progressBar) end() {
	if p.terminal && p.told {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
