package modem

import (
	"math"

	"spacechain/link/modem/dsp"
)

// tracker follows a signal that an acquirer found: carrier, symbol clock and amplitude. It is a
// plain value, so that a receiver can try one on some samples and take it back.
type tracker struct {
	at     float64 // middle of the next symbol, samples of the buffer
	phase  float64 // of the carrier there, radians
	omega  float64 // radians a symbol
	alpha  float64 // radians a symbol, for each symbol
	clock  dsp.Loop
	amp    float32 // of an arm
	re, im float64 // mean squares, of the signal's arm and across it (BPSK)
}

// quality says how well the symbols of a run look like the scheme. For BPSK that is how steady the
// arm's magnitude is and how much lies across. For the others it is how much the arms' magnitudes
// make together: as much with noise alone as with a carrier that turns, however strong, so that a
// tracker beside its signal does not look fine.
type quality struct {
	magnitude, square float64 // sums over the symbols
	count             float64
}

// value is 1 without noise, about 0 for noise alone.
func (q quality) value(scheme PSKScheme) float64 {
	if !(q.square > 0) {
		return 0
	}
	if scheme == BPSK {
		// The mean magnitude squared over the mean square: 1 for one modulus; Gaussian noise has
		// 2/π, and as much again across.
		const noise = 1 / math.Pi
		return (q.magnitude*q.magnitude/q.count/q.square - noise) / (1 - noise)
	}
	// Twice the mean product over the mean square: 1 for one modulus, 2/π for all that prefers no
	// phase. With the arms independent it is what BPSK has without the part across.
	const noise = 2 / math.Pi
	return (q.magnitude/q.square - noise) / (1 - noise)
}

// loops is what all trackers of a receiver share.
type loops struct {
	scheme     PSKScheme
	sps        float64 // nominal
	bank       *pulseBank
	bandwidth  float64 // of the carrier loop at 6 dB
	k1, k2, k3 float64 // its gains for phase, frequency, rate
	maxAlpha   float64
	maxOmega   float64
	clock      dsp.Loop
	scratch    []complex64
}

func newLoops(p PSK, fs float64) *loops {
	sps := fs / p.chipRate()
	u := newPulse(p, rrcSpan(p.RollOff))
	l := &loops{scheme: p.Scheme, sps: sps, bank: newPulseBank(u, sps, int(min(128, max(8, math.Ceil(384/sps)))))}
	l.bandwidth = p.LoopBandwidth
	perSymbol := 2 * math.Pi / p.chipRate()
	l.maxAlpha = 1.2 * p.DopplerRate * perSymbol / p.chipRate()
	l.maxOmega = (1.15*p.Search + 0.02*p.chipRate()) * perSymbol
	bandwidth := 0.004
	if p.Scheme != BPSK {
		bandwidth = 0.002
	}
	l.clock = dsp.NewLoop(bandwidth, 1)
	l.clock.Limit = float32(1.5*p.ClockPPM*1e-6 + 1e-5)
	return l
}

// pad is how many samples before and after a symbol its filter needs.
func (l *loops) pad() int { return l.bank.half + int(l.sps) + 2 }

// start returns a tracker for what was found, whose window's middle lies at middle (samples of the
// buffer), beginning with the first symbol at from or later.
func (l *loops) start(f fix, middle, from float64) tracker {
	t := tracker{amp: float32(f.amplitude), clock: l.clock}
	t.clock.Rate = float32(f.period/l.sps - 1)
	if l.scheme != BPSK {
		t.amp *= math.Sqrt2 / 2
	}
	symbol := middle + f.symbol
	back := math.Floor((symbol - from) / f.period)
	t.at = symbol - back*f.period
	d := t.at - middle
	t.phase = wrap(f.phase + 2*math.Pi*(f.frequency*d+0.5*f.rate*d*d))
	t.omega = 2 * math.Pi * (f.frequency + f.rate*d) * l.sps
	t.alpha = 2 * math.Pi * f.rate * l.sps * l.sps
	t.re = float64(t.amp) * float64(t.amp)
	t.im = t.re / 9 // 6 dB
	return t
}

// period is the present length of a symbol in samples.
func (t *tracker) period(sps float64) float64 { return sps * (1 + float64(t.clock.Rate)) }

// join makes t, which was started afresh, carry on where old stands: with the symbol nearest to
// old's next, so that none is counted twice or not at all, and of the phases that look alike with
// the nearest, so that bits stay the way they were.
func (t *tracker) join(old *tracker, sps float64, scheme PSKScheme) {
	step := math.Pi
	if scheme != BPSK {
		step /= 2
	}
	period := t.period(sps)
	expected := t.phase + t.omega*(old.at-t.at)/period
	turns := math.Round(wrap(old.phase-expected) / step)
	t.phase = wrap(t.phase + turns*step)
	if scheme == OQPSK && math.Mod(turns, 2) != 0 {
		// A quarter turn makes the late arm the early one.
		t.advance(0.5, period)
	}
	t.advance(math.Round((old.at-t.at)/period), period)
}

// advance moves on by n symbols.
func (t *tracker) advance(n, period float64) {
	t.at += n * period
	t.phase = wrap(t.phase + n*(t.omega+0.5*n*t.alpha))
	t.omega += n * t.alpha
}

// run follows the signal through buf up to the sample end, appending the symbols, turned and
// scaled to arms of one, to dst. It changes t and reads from t.at-pad to end+pad.
func (l *loops) run(t *tracker, buf []complex64, end float64, dst []complex64) ([]complex64, quality) {
	var q quality
	if !(t.at < end) {
		return dst, q
	}
	// The samples are mixed by the frequency expected in the middle, once for all; what is
	// left is turned symbol by symbol.
	l.tune(t)
	b := l.bank
	origin := t.at
	base := (t.omega + t.alpha*(end-origin)/l.sps/2) / l.sps // radians a sample
	first := int(origin) - b.half
	last := min(int(end)+b.half+int(l.sps)+2, len(buf))
	l.scratch = mix(l.scratch[:0], buf[first:last], base, -base*(float64(first)-origin))
	phi := t.phase
	for t.at < end {
		y, d, ok := l.take(t.at-float64(first), phi, t.amp)
		if !ok {
			break
		}
		residual := t.omega - base*l.sps
		var e, early float32
		if l.scheme == OQPSK {
			y2, d2, ok := l.take(t.at-float64(first)+l.sps/2, phi+residual/2, t.amp)
			if !ok {
				break
			}
			i, j := clip(real(y)), clip(imag(y2))
			e = (i*imag(y) - j*real(y2)) / 2
			early = (i*real(d) + j*imag(d2)) / 2
			y = complex(real(y), imag(y2))
		} else if l.scheme == QPSK {
			i, j := clip(real(y)), clip(imag(y))
			e = (i*imag(y) - j*real(y)) / 2
			early = (i*real(d) + j*imag(d)) / 2
		} else {
			i := clip(real(y))
			e = i * imag(y)
			early = i * real(d)
		}
		dst = append(dst, y)
		l.weigh(t, &q, y)
		phi += residual + l.k1*float64(e)
		t.omega = clamp64(t.omega+t.alpha+l.k2*float64(e), l.maxOmega)
		t.alpha = clamp64(t.alpha+l.k3*float64(e), l.maxAlpha)
		t.at += l.sps * (1 + float64(t.clock.Next(clip(early*b.unit*4)/4)))
		if phi > math.Pi || phi < -math.Pi {
			phi = wrap(phi)
		}
	}
	t.phase = wrap(phi + base*(t.at-origin))
	return dst, q
}

// tune sets the gains of the carrier loop: wider where the signal is strong, so that it follows
// oscillators that wander, narrower where it is weak, so that it does not slip.
func (l *loops) tune(t *tracker) {
	snr := 4.0
	if l.scheme == BPSK {
		snr = (t.re - t.im) / (2*t.im + 1e-3*t.re)
	}
	// A third-order loop (Kaplan and Hegarty, Understanding GPS, table 5.6), so that a steady
	// Doppler rate leaves no error.
	w := l.bandwidth * math.Sqrt(min(max(snr/4, 0.25), 4)) / 0.7845
	l.k1, l.k2, l.k3 = 2.4*w, 1.1*w*w, w*w*w
}

// take filters the mixed samples about an instant, turns by phi and scales by the amplitude.
func (l *loops) take(at, phi float64, amp float32) (y, d complex64, ok bool) {
	b := l.bank
	i := int(at)
	start := i - b.half + 1
	if start < 0 || start+b.width > len(l.scratch) {
		return 0, 0, false
	}
	p := int((at - float64(i)) * float64(b.phases))
	x := l.scratch[start : start+b.width]
	y, d = dsp.DotComplexPair(b.match[p*b.width:(p+1)*b.width], b.slope[p*b.width:(p+1)*b.width], x)
	r := dsp.Rotor(uint32(int64(-phi * (1 << 31 / math.Pi))))
	g := 1 / amp
	r = complex(real(r)*g, imag(r)*g)
	return mul(y, r), mul(d, r), true
}

// weigh takes a symbol into the estimates of amplitude, noise and quality.
func (l *loops) weigh(t *tracker, q *quality, y complex64) {
	const rate = 1.0 / 64
	re, im := float64(real(y)), float64(imag(y))
	var size float32
	if l.scheme == BPSK {
		q.magnitude += math.Abs(re)
		q.square += re*re + im*im
		q.count++
		size = abs32(real(y))
	} else {
		q.magnitude += 2 * math.Abs(re*im)
		q.square += re*re + im*im
		q.count++
		size = (abs32(real(y)) + abs32(imag(y))) / 2
	}
	const slow = 1.0 / 256
	scale := float64(t.amp) * float64(t.amp)
	t.re += slow * (re*re*scale - t.re)
	t.im += slow * (im*im*scale - t.im)
	if size < 4 {
		t.amp *= 1 + rate*(size-1)
	} else {
		t.amp *= 1.25 // a burst begins
	}
	if !(t.amp > 1e-20) {
		t.amp = 1e-20
	}
}

// sane says whether nothing in t went astray.
func (t *tracker) sane() bool {
	s := t.at + t.phase + t.omega + t.alpha + float64(t.amp)
	return !math.IsNaN(s) && !math.IsInf(s, 0)
}

// mix appends src, turned back by omega radians a sample from a phase on, to dst.
func mix(dst, src []complex64, omega, phase float64) []complex64 {
	at := uint32(int64(wrap(phase) * (1 << 31 / math.Pi)))
	step := uint32(int64(-omega * (1 << 31 / math.Pi)))
	for _, v := range src {
		dst = append(dst, mul(v, dsp.Rotor(at)))
		at += step
	}
	return dst
}

// wrap brings an angle to between -π and π.
func wrap(phase float64) float64 {
	return phase - 2*math.Pi*math.Round(phase/(2*math.Pi))
}

func clip(v float32) float32 { return min(max(v, -1), 1) }

func clamp64(v, limit float64) float64 { return min(max(v, -limit), limit) }

func abs32(v float32) float32 { return float32(math.Abs(float64(v))) }
