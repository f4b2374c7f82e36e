package modem

import "math"

// PSKIdeal is a receiver that is told frequency, phase and timing: what remains is the matched
// filter. It is the yardstick for [PSKDemodulator] and shows that the modulator loses nothing.
type PSKIdeal struct {
	p    PSK
	bank *pulseBank
	sps  float64
	lead float64 // samples before the first symbol's middle
	held int     // symbols that FlushIQ adds
}

// NewIdeal returns an ideal receiver for what [PSK.NewModulator] sends at the same rate with
// Centre 0.
func (p PSK) NewIdeal(rate float64) (*PSKIdeal, error) {
	p.Centre = 0
	m, err := p.NewModulator(rate)
	if err != nil {
		return nil, err
	}
	p = p.withDefaults()
	u := newPulse(p, rrcSpan(p.RollOff)+4)
	return &PSKIdeal{p: p, bank: newPulseBank(u, m.sps, 256), sps: m.sps, lead: m.Delay(), held: m.span + 1}, nil
}

// Demodulate appends the soft bits of src to dst, which must begin with the first sample of a
// modulator and reach to the last of its FlushIQ.
func (r *PSKIdeal) Demodulate(dst []int8, src []complex64) []int8 {
	b := r.bank
	// The bank's phases stand for the middle of their share of a sample.
	l := loops{scheme: r.p.Scheme, sps: r.sps, bank: b}
	l.scratch = make([]complex64, b.width, len(src)+2*b.width)
	l.scratch = append(l.scratch, src...)
	l.scratch = append(l.scratch, make([]complex64, b.width)...)
	amp := float32(1)
	if r.p.Scheme != BPSK {
		amp = math.Sqrt2 / 2
	}
	bits := newPSKBits(r.p)
	if r.p.Manchester {
		bits.pinned = true
	}
	// The first bit of a differential code is told by the phase before it.
	bits.last, bits.some = -1, true
	var one [1]complex64
	for k := range int(math.Round(float64(len(src))/r.sps)) - r.held {
		at := float64(b.width) + r.lead + float64(k)*r.sps
		y, _, ok := l.take(at, 0, amp)
		if r.p.Scheme == OQPSK {
			late, _, _ := l.take(at+r.sps/2, 0, amp)
			y = complex(real(y), imag(late))
		}
		if !ok {
			break
		}
		one[0] = y
		dst = bits.process(dst, one[:])
	}
	return dst
}
