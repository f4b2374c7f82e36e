package ax25

import "math"

// Received is a frame that a Deframer found.
type Received struct {
	Data    []byte // without check sequence
	Start   int64  // line bits before the frame's first, counted from the start of the stream
	End     int64  // line bits up to the end of the closing flag
	Flipped int    // line bits that were inverted to make the check sequence right
	Clarity float64
	Penalty int // sum of the confidence of what was inverted
}

// Options of a Deframer. The zero value is for AX.25 of ordinary length without NRZI.
type Options struct {
	Line Line
	// MaxOctets bounds a frame's length with its check sequence. Default 1100.
	MaxOctets int
	// Trials bounds the check sequences tried for each closing flag beside the plain one, -1 for
	// none. Default 64.
	Trials int
	// AX25Only drops frames whose check sequence is right and whose bits are clear but which do
	// not look like AX.25 at all.
	AX25Only bool
}

const (
	minOctets     = 17 // two addresses, control octet, check sequence
	defaultOctets = 1100
	defaultTrials = 64
	// lead is how many line bits before a frame its first bit depends on: a flag, 17 bits of the
	// scrambler, one of NRZI.
	lead = 26
	// MinClarity is what a frame must have that does not look like AX.25; random bits of a
	// frame's length never reach it: see Clarity.
	MinClarity = 5
	// trialClarity is what a span must have to be worth trials; noise has 1.75.
	trialClarity = 1.0
	starts       = 3 // flags a frame may have started with
)

// Deframer finds HDLC frames in a stream of soft line bits. It believes
//   - a frame with the right check sequence whose addresses end as in AX.25 (2^-13 of noise),
//   - one with the right check sequence without such addresses if its bits are clear,
//   - after inverting bits, a frame that is Plausible, or whose addresses end as in AX.25 if its bits
//     are clear.
type Deframer struct {
	opt     Options
	soft    []int8 // the stream from bit number base on
	base    int64
	max     int // of soft that a frame with all before and after needs
	scr     Descrambler
	nrzi    NRZI
	octets  octets
	flags   [starts]int64 // numbers of the bits after the last flags, newest first
	settled int64         // spans that start before this bit are done with
	trial   trial
	Stats   Stats
}

// Stats counts what a Deframer did: flags met; spans of whole octets between them, and how many of
// these had clear bits; check sequences right, those tried with bits inverted, and frames given out.
type Stats struct {
	Flags, Spans, Clear, Checks, Trials, Frames int64
}

// NewDeframer returns a Deframer.
func NewDeframer(opt Options) *Deframer {
	if opt.MaxOctets <= 0 {
		opt.MaxOctets = defaultOctets
	}
	if opt.Trials == 0 {
		opt.Trials = defaultTrials
	}
	d := &Deframer{opt: opt, max: lead + opt.MaxOctets*10 + 32}
	d.soft = make([]int8, 0, 2*d.max)
	d.octets.max = opt.MaxOctets
	for i := range d.flags {
		d.flags[i] = -1
	}
	return d
}

// Process takes soft line bits (positive for 1) and appends the frames that end in them.
func (d *Deframer) Process(dst []Received, soft []int8) []Received {
	for _, s := range soft {
		if len(d.soft) == cap(d.soft) {
			drop := len(d.soft) - d.max
			d.soft = d.soft[:copy(d.soft, d.soft[drop:])]
			d.base += int64(drop)
		}
		d.soft = append(d.soft, s)
		level := byte(0)
		if s > 0 {
			level = 1
		}
		switch d.octets.next(d.decode(level)) {
		case flag:
			dst = d.flag(dst)
		}
	}
	return dst
}

// decode undoes the Line's coding of one level.
func (d *Deframer) decode(level byte) byte {
	if d.opt.Line.Scrambled {
		level = d.scr.Next(level)
	}
	if d.opt.Line.NRZI {
		level = d.nrzi.Decode(level)
	}
	return level
}

// flag deals with what may have ended with the flag just met.
func (d *Deframer) flag(dst []Received) []Received {
	now := d.base + int64(len(d.soft))
	d.Stats.Flags++
	found := false
	if d.flags[0] >= d.base && d.octets.whole() {
		d.Stats.Spans++
		r := Received{Start: d.flags[0], End: now}
		r.Clarity = Clarity(d.soft[r.Start-d.base:])
		if r.Clarity >= MinClarity {
			d.Stats.Clear++
		}
		if d.octets.good() {
			d.Stats.Checks++
			r.Data = d.octets.data()
			if addressCount(r.Data) > 0 || r.Clarity >= MinClarity && !d.opt.AX25Only {
				dst, found = append(dst, r), true
			}
		}
	}
	if !found && d.opt.Trials > 0 {
		dst, found = d.retry(dst, now)
	}
	if found {
		d.Stats.Frames++
		d.settled = now
	}
	copy(d.flags[1:], d.flags[:])
	d.flags[0] = now
	d.octets.restart()
	return dst
}

// retry looks for a frame between one of the last flags and now with some bits inverted.
func (d *Deframer) retry(dst []Received, now int64) ([]Received, bool) {
	budget := d.opt.Trials
	for i, start := range d.flags {
		from := start - d.base
		span := now - start
		if start < d.settled || from < lead || span < minOctets*8 || span > int64(d.opt.MaxOctets*10) {
			continue
		}
		window := d.soft[from-lead:]
		clarity := Clarity(window[lead:])
		if clarity < trialClarity {
			continue
		}
		share := budget
		if i == 0 {
			share = budget * 5 / 8
		}
		through := 0 // what must change: the newest flag that the span runs across
		if i > 0 {
			through = lead + int(d.flags[0]-start)
		}
		d.trial.clear = clarity >= MinClarity
		r, used, ok := d.trial.run(window, d.opt.Line, d.opt.MaxOctets, share, through)
		d.Stats.Trials += int64(used)
		budget -= used
		if ok {
			r.Start, r.End, r.Clarity = start, start+r.End, clarity
			return append(dst, r), true
		}
		if budget <= 0 {
			break
		}
	}
	return dst, false
}

// Clarity tells how far soft bits stand off from noise: the square of the mean of their
// magnitudes over their variance. Gaussian noise has 1.75 (±0.25 over a shortest frame), bits of
// a signal far above the noise 10 and more, whatever their scale.
func Clarity(soft []int8) float64 {
	var sum, squares float64
	for _, s := range soft {
		v := math.Abs(float64(s))
		sum += v
		squares += v * v
	}
	n := float64(len(soft))
	if sum == 0 {
		return 0
	}
	return sum * sum / n / max(squares-sum*sum/n, 1e-3*squares)
}
