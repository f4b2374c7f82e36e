package modem

import (
	"fmt"
	"math"

	"spacechain/link/modem/dsp"
)

// PSKDemodulator turns samples into soft bits. Create one with [PSK.NewDemodulator]; it is an
// [AudioDemodulator] and an [IQDemodulator].
//
// It works through the stream in short hops. While it follows a signal well it only tracks; while
// it does not, it searches a window ahead of the hop and, if a signal shows, starts a tracker at
// the hop with the frequency, phase and timing of that window. So a burst is demodulated from its
// first symbols on, and a fade or a jump costs no more than itself. Where a signal is lost it
// gives erasures (soft bits of 0) in step for a second or some thousand bits, so that frames
// interleaved over a fade stay whole; otherwise, where there is no signal there are no bits.
type PSKDemodulator struct {
	p         PSK
	rate      float64 // of the input
	fs        float64 // of the buffer
	nco       *dsp.NCO
	mixed     bool
	decimator *dsp.ComplexFIR
	acquire   *acquirer
	loops     *loops
	bits      pskBits

	buf       []complex64
	hop       float64 // samples a hop
	from      float64 // where in buf the next hop starts
	window    int     // samples searched
	margin    int     // samples before and after what is worked on
	following bool
	now       tracker
	smooth    float64 // quality of the last hops
	poor      int     // hops in a row without a signal to be seen
	rest      int     // hops until the next search
	backoff   int     // hops between searches, while none does better
	young     int     // hops in which what was found is still doubted
	keeping   float64 // samples for which symbols are still counted after the signal was lost

	clean   []complex64
	symbols []complex64
	trial   []complex64
	state   PSKState
}

// PSKState is what a demodulator knows about the signal it follows.
type PSKState struct {
	Locked     bool
	Frequency  float64 // of the carrier, Hz, as Centre counts
	Doppler    float64 // its change, Hz/s
	ClockPPM   float64 // how much faster than nominal the symbols come
	EsN0DB     float64 // signal energy of a symbol over the noise density, decibels
	Level      float64 // root mean square amplitude of the signal
	Symbols    int64   // symbols given out (half-symbols with Manchester)
	Starts     int64   // signals found
	Searches   int64   // windows searched
	Quality    float64 // how well the last symbols fit the scheme, 0 for noise to 1
	Dismissals int64   // finds that did not hold up as PSK
}

// PSK receiver figures: below lost, a signal counts as gone; below doubt another is searched for.
const (
	hopsPerWindow = 4
	doubtBPSK     = 0.45
	doubtQPSK     = 0.30
	lostBPSK      = 0.10
	lostQPSK      = 0.06
	patience      = 8 // hops to hold on after the signal is gone
	recheck       = 64
)

// maxLevel bounds samples: beyond, and where they are not numbers, they count as missing.
const maxLevel = 1e9

// NewDemodulator returns a demodulator of samples at a rate in hertz: complex ones, or real ones
// with the signal at p.Centre.
func (p PSK) NewDemodulator(rate float64) (*PSKDemodulator, error) {
	p = p.withDefaults()
	if err := p.check(rate); err != nil {
		return nil, err
	}
	band, least := p.Search+p.halfBand(), 4.0
	if p.Rectangular {
		// The edges are made of the side lobes: those kept hold 97 % of the power.
		band, least = p.Search+3*p.chipRate(), 10
	}
	d := &PSKDemodulator{p: p, rate: rate, fs: rate, nco: dsp.NewNCO(-p.Centre, rate), mixed: p.Centre != 0}
	if every := int(rate / max(least*p.chipRate(), 2.5*band)); every > 1 {
		d.fs = rate / float64(every)
		// Passes the band, stops what would fold into it.
		edge := band / rate
		stop := d.fs/rate - edge
		taps := int(math.Ceil(5.5/(stop-edge))) | 1
		d.decimator = dsp.NewDecimator(dsp.LowPass((edge+stop)/2, dsp.Kaiser(taps, 7)), every)
	}
	if sps := d.fs / p.chipRate(); sps > 1024 {
		return nil, fmt.Errorf("psk: a search of %g Hz is too wide for %g symbols a second", p.Search, p.Baud)
	}
	d.loops = newLoops(p, d.fs)
	d.acquire = newAcquirer(p, newPulse(p, rrcSpan(p.RollOff)), d.fs)
	d.window = d.acquire.samples
	d.hop = float64(d.window) / hopsPerWindow
	d.margin = d.loops.pad() + int(d.loops.sps) + 2
	d.from = float64(d.margin)
	d.buf = make([]complex64, d.margin, 4*(d.window+2*d.margin))
	d.bits = newPSKBits(p)
	return d, nil
}

// Process appends the soft bits that real samples settle to dst.
func (d *PSKDemodulator) Process(dst []int8, src []float32) []int8 {
	for len(src) > 0 {
		n := min(len(src), 4096)
		d.clean = d.clean[:0]
		for _, v := range src[:n] {
			if !(v > -maxLevel && v < maxLevel) {
				v = 0
			}
			d.clean = append(d.clean, complex(v, 0))
		}
		dst = d.take(dst)
		src = src[n:]
	}
	return dst
}

// ProcessIQ appends the soft bits that complex samples settle to dst.
func (d *PSKDemodulator) ProcessIQ(dst []int8, src []complex64) []int8 {
	for len(src) > 0 {
		n := min(len(src), 4096)
		d.clean = d.clean[:0]
		for _, v := range src[:n] {
			if !(real(v) > -maxLevel && real(v) < maxLevel && imag(v) > -maxLevel && imag(v) < maxLevel) {
				v = 0
			}
			d.clean = append(d.clean, v)
		}
		dst = d.take(dst)
		src = src[n:]
	}
	return dst
}

// Flush appends the soft bits of the samples still held back at the end of the stream.
func (d *PSKDemodulator) Flush(dst []int8) []int8 {
	d.clean = d.clean[:0]
	for range (d.window + 2*d.margin) * int(math.Round(d.rate/d.fs)) {
		d.clean = append(d.clean, 0)
	}
	return d.take(dst)
}

// State tells about the signal now followed.
func (d *PSKDemodulator) State() PSKState {
	s := d.state
	s.Locked = d.following
	s.Quality = d.smooth
	if !d.following {
		return s
	}
	chip := d.p.chipRate()
	s.Frequency = d.p.Centre + d.now.omega/(2*math.Pi)*chip
	s.Doppler = d.now.alpha / (2 * math.Pi) * chip * chip
	s.ClockPPM = -1e6 * float64(d.now.clock.Rate) / (1 + float64(d.now.clock.Rate))
	s.EsN0DB, s.Level = d.strength()
	return s
}

// Trust says that what was demodulated so far has proved right, as a frame's code does: a weak
// signal is then followed for a while without a search for a better one.
func (d *PSKDemodulator) Trust() {
	if d.following {
		d.young, d.rest = 0, recheck
	}
}

// strength gives Es/N0 in decibels and the signal's amplitude.
func (d *PSKDemodulator) strength() (float64, float64) {
	t := &d.now
	if d.p.Scheme == BPSK {
		signal := max(t.re-t.im, 1e-4*t.re)
		noise := max(2*t.im, 1e-6*t.re)
		db := 10 * math.Log10(signal/noise)
		if d.p.Manchester {
			db += 10 * math.Log10(2)
		}
		return db, math.Sqrt(signal)
	}
	db := d.bits.snr.DB()
	if d.p.Scheme == OQPSK {
		db += 10 * math.Log10(2) // two arms
	}
	return db, float64(t.amp) * math.Sqrt2
}

// take works on d.clean.
func (d *PSKDemodulator) take(dst []int8) []int8 {
	if d.mixed {
		for i, v := range d.clean {
			d.clean[i] = mul(v, d.nco.Next())
		}
	}
	src := d.clean
	for len(src) > 0 {
		room := cap(d.buf) - len(d.buf)
		n := min(len(src), room) // the decimator gives no more than it takes
		if d.decimator != nil {
			d.buf = d.decimator.Process(d.buf, src[:n])
		} else {
			d.buf = append(d.buf, src[:n]...)
		}
		src = src[n:]
		for int(d.from)+d.window+d.margin <= len(d.buf) {
			dst = d.step(dst)
		}
		if drop := int(d.from) - d.margin; drop > 0 && cap(d.buf)-len(d.buf) < 4096 {
			d.buf = d.buf[:copy(d.buf, d.buf[drop:])]
			d.from -= float64(drop)
			d.now.at -= float64(drop)
		}
	}
	return dst
}

// step works through one hop.
func (d *PSKDemodulator) step(dst []int8) []int8 {
	doubt, lost := doubtBPSK, lostBPSK
	if d.p.Scheme != BPSK {
		doubt, lost = doubtQPSK, lostQPSK
	}
	end := d.from + d.hop
	d.symbols = d.symbols[:0]
	d.rest--
	found := false
	standing := d.smooth
	if d.following {
		before := d.now
		var q quality
		d.symbols, q = d.loops.run(&d.now, d.buf, end, d.symbols)
		v := q.value(d.p.Scheme)
		if v < standing/2 {
			d.rest = min(d.rest, 0) // whatever was right so far, this is something else
		}
		if !d.now.sane() {
			d.now, d.symbols = before, d.symbols[:0]
			d.lose()
		} else if d.young > 0 || v < doubt && d.rest <= 0 || d.rest <= -recheck {
			found, v = d.reconsider(before, end, v)
		} else if v >= doubt {
			d.backoff = 0
		}
		d.young--
		d.smooth += 0.4 * (v - d.smooth)
	}
	if !d.following {
		if found = d.begin(end, lost); !found {
			d.keepCount(end)
		}
	}
	switch {
	case !d.following:
	case found || d.smooth > lost:
		d.poor = 0
	default:
		d.rest = min(d.rest, 2) // the next burst may come any time
		if d.poor++; d.poor > patience {
			d.lose()
		}
	}
	if len(d.symbols) > 0 {
		d.state.Symbols += int64(len(d.symbols))
		// A signal in a fade says less; but the hop in which a burst ends holds good symbols too.
		d.bits.weight = float32(clamp64(max(0.1, max(standing, d.smooth)/doubt/1.2), 1))
		dst = d.bits.process(dst, d.symbols)
	}
	d.from = end
	return dst
}

// lose gives the signal up, but goes on counting its symbols.
func (d *PSKDemodulator) lose() {
	d.following = false
	d.rest, d.backoff = 0, 0
	d.keeping = max(4096*d.loops.sps, d.fs)
}

// keepCount gives erasures for the symbols up to end of a signal lost not long ago.
func (d *PSKDemodulator) keepCount(end float64) {
	if d.keeping <= 0 {
		return
	}
	d.keeping -= d.hop
	period := d.now.period(d.loops.sps)
	for ; d.now.at < end; d.now.at += period {
		d.symbols = append(d.symbols, 0)
	}
}

// begin searches the window at the hop and starts following what it finds.
func (d *PSKDemodulator) begin(end, lost float64) bool {
	if d.rest > 0 {
		return false
	}
	d.rest = 2 // windows overlap by half
	fresh, v, ok := d.search()
	if !ok {
		return false
	}
	if v < lost {
		d.state.Dismissals++
		return false
	}
	if d.keeping > 0 {
		fresh.join(&d.now, d.loops.sps, d.p.Scheme)
	} else {
		d.bits.restart(d.trial)
	}
	d.adopt(fresh, end, v)
	return true
}

// search looks at the window at the hop and tries a tracker on it; v is the quality over the
// window, whose symbols are left in d.trial.
func (d *PSKDemodulator) search() (fresh tracker, v float64, ok bool) {
	d.state.Searches++
	start := int(d.from)
	f, ok := d.acquire.search(d.buf[start : start+d.window])
	if !ok {
		return tracker{}, 0, false
	}
	fresh = d.loops.start(f, float64(start)+d.acquire.middle, d.from)
	t := fresh
	var q quality
	d.trial, q = d.loops.run(&t, d.buf, d.from+float64(d.window), d.trial[:0])
	return fresh, q.value(d.p.Scheme), t.sane()
}

// adopt makes t the tracker in charge and runs it through what is left of the hop.
func (d *PSKDemodulator) adopt(t tracker, end, v float64) {
	d.state.Starts++
	d.now, d.following, d.smooth, d.poor, d.rest = t, true, v, 0, 0
	d.keeping, d.backoff = 0, 0
	// A burst may begin within the window: the next windows see more of it.
	d.young = hopsPerWindow
	d.symbols, _ = d.loops.run(&d.now, d.buf, end, d.symbols)
}

// reconsider asks whether a search does better than the tracker as it was before the hop, over
// the window, and changes over if so. It reports whether the search sees a signal at all, and the
// quality of what is followed now: present if it stays.
func (d *PSKDemodulator) reconsider(before tracker, end, present float64) (bool, float64) {
	// A weak signal that is followed all the same is asked about less and less often.
	d.rest = 1
	if d.young <= 0 && min(present, d.smooth) > 0.5*doubtQPSK {
		d.backoff = min(2*d.backoff+2, recheck/2)
		d.rest = d.backoff
	}
	fresh, v, ok := d.search()
	if !ok {
		d.rest = max(d.rest, 2)
		return false, present
	}
	t := before
	var q quality
	d.trial, q = d.loops.run(&t, d.buf, d.from+float64(d.window), d.trial[:0])
	was := q.value(d.p.Scheme)
	if v <= was+0.02+0.05*(1-was) {
		return was > 0.5*v, present
	}
	d.adopt(d.handover(before, fresh), end, v)
	return true, v
}

// handover takes the symbols of the hop from the tracker old as long as it does better there than
// fresh, which did better over the window: where one burst follows another closely, the window
// shows the next one while the hop still holds the end of the last. It leaves these symbols in
// d.symbols and returns fresh where it is to carry on.
func (d *PSKDemodulator) handover(old, fresh tracker) tracker {
	const piece, most = 32, 8 // symbols, pieces of a hop
	n := int(clamp64(d.hop/d.loops.sps/piece, most))
	fresh.join(&old, d.loops.sps, d.p.Scheme)
	d.symbols = d.symbols[:0]
	for i := range max(n, 1) {
		stop := d.from + d.hop*float64(i+1)/float64(max(n, 1))
		a, b := old, fresh
		symbols, was := d.loops.run(&a, d.buf, stop, d.symbols)
		var is quality
		d.trial, is = d.loops.run(&b, d.buf, stop, d.trial[:0])
		if !a.sane() || !b.sane() || was.value(d.p.Scheme) <= is.value(d.p.Scheme) {
			break
		}
		old, fresh, d.symbols = a, b, symbols
	}
	fresh.join(&old, d.loops.sps, d.p.Scheme)
	return fresh
}
