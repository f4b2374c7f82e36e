package modem

import (
	"math"

	"spacechain/link/modem/dsp"
)

// PSKModulator turns bits into samples. Create one with [PSK.NewModulator].
type PSKModulator struct {
	p      PSK
	sps    float64 // samples a symbol (a half-symbol with Manchester)
	span   int
	rows   [][]float32 // the pulse at each phase of a symbol, one value for each symbol it reaches
	past   []complex64 // the last symbols, oldest first: a window that slides through the slice
	at     int         // where the window starts
	sums   *pulseSums  // nil where samples do not meet the phases of rows
	codes  [2][]uint8  // of each arm: the last four symbols, for each place of past
	level  bool        // of the differential line codes
	first  float32     // in-phase half of a symbol still without its other half
	half   bool
	offset float64 // of the first sample, samples
	symbol uint64  // symbols taken in
	sample uint64  // samples given out
	nco    *dsp.NCO
	mixed  bool
	work   []complex64
}

// NewModulator returns a modulator at a sample rate in hertz (of at least two samples a symbol).
// The signal has a mean power of one and lies at p.Centre.
func (p PSK) NewModulator(rate float64) (*PSKModulator, error) {
	p = p.withDefaults()
	if err := p.check(rate); err != nil {
		return nil, err
	}
	sps := rate / p.chipRate()
	u := newPulse(p, rrcSpan(p.RollOff)+4)
	m := &PSKModulator{p: p, sps: sps, span: u.span + 1, nco: dsp.NewNCO(p.Centre, rate), mixed: p.Centre != 0}
	if p.Rectangular {
		m.offset = 0.5 // edges fall between samples
	}
	// With a whole number of samples a symbol every sample meets a phase of the table exactly.
	phases, exact := 512, false
	if whole := math.Round(sps); math.Abs(sps-whole) < 1e-9 && whole <= 256 {
		phases = 4 * int(whole)
		exact = true
	}
	m.rows = make([][]float32, phases+1)
	for i := range m.rows {
		row := make([]float32, m.span)
		for k := range row {
			// The newest symbol is last; a sample at phase 0 lies half a span before it.
			t := float64(i)/float64(phases) + float64(u.span)/2 - float64(k)
			row[k] = float32(u.mean(t, 1/sps))
		}
		m.rows[i] = row
	}
	m.past = make([]complex64, m.span, 64*m.span)
	if exact && phases <= mostPulsePhases {
		m.sums = newPulseSums(m.rows, p.Scheme)
		for i := range m.codes {
			m.codes[i] = make([]uint8, m.span, cap(m.past))
			for k := range m.codes[i] {
				m.codes[i][k] = nothingSent
			}
		}
	}
	return m, nil
}

// Delay is by how many samples the middle of a symbol comes after the first sample that ModulateIQ
// gives for it.
func (m *PSKModulator) Delay() float64 { return float64(m.span-1)/2*m.sps - m.offset }

// Spread says how a modulator at a sample rate spreads a burst: by how many samples the middle of
// the first symbol comes after the first sample, and by how many more samples than its symbols
// take up the burst is longer, [PSKModulator.FlushIQ] included. The rate must be a whole number of
// samples a symbol.
func (p PSK) Spread(rate float64) (delay, more int) {
	p = p.withDefaults()
	span := newPulse(p, rrcSpan(p.RollOff)+4).span
	sps := rate / p.chipRate()
	return int(float64(span) / 2 * sps), int(math.Round(float64(span+2) * sps))
}

// ModulateIQ appends the samples of bits (0 or 1 in each byte) to dst. The filter holds back the
// last symbols; see FlushIQ.
func (m *PSKModulator) ModulateIQ(dst []complex64, bits []byte) []complex64 {
	start := len(dst)
	for _, b := range bits {
		one := b&1 == 1
		switch {
		case m.p.Scheme != BPSK:
			v := sign32(one) * (math.Sqrt2 / 2)
			if m.half = !m.half; m.half {
				m.first = v
			} else {
				dst = m.push(dst, complex(m.first, v))
			}
			continue
		case m.p.Line == NRZM && one, m.p.Line == NRZS && !one:
			m.level = !m.level
		case m.p.Line == NRZL:
			m.level = one
		}
		v := complex(sign32(m.level), 0)
		dst = m.push(dst, v)
		if m.p.Manchester {
			dst = m.push(dst, -v)
		}
	}
	return m.mix(dst, start)
}

// Modulate appends the real part of the samples of bits to dst: a signal at the intermediate
// frequency p.Centre with a mean power of one half.
func (m *PSKModulator) Modulate(dst []float32, bits []byte) []float32 {
	m.work = m.ModulateIQ(m.work[:0], bits)
	return appendReal(dst, m.work)
}

// FlushIQ appends the samples that the filter held back, so that the last symbol is complete.
func (m *PSKModulator) FlushIQ(dst []complex64) []complex64 {
	start := len(dst)
	m.half = false
	for range m.span + 1 {
		dst = m.push(dst, 0)
	}
	return m.mix(dst, start)
}

// Flush is FlushIQ for the real part.
func (m *PSKModulator) Flush(dst []float32) []float32 {
	m.work = m.FlushIQ(m.work[:0])
	return appendReal(dst, m.work)
}

// push takes in a symbol and appends the samples up to it.
func (m *PSKModulator) push(dst []complex64, v complex64) []complex64 {
	if m.at+m.span == cap(m.past) {
		copy(m.past[:m.span], m.past[m.at:])
		for i, c := range m.codes {
			if c != nil {
				m.codes[i] = c[:copy(c[:m.span], c[m.at:])]
			}
		}
		m.past, m.at = m.past[:m.span], 0
	}
	m.past = append(m.past, v)
	m.at++
	if m.sums != nil {
		for i, part := range [2]float32{real(v), imag(v)} {
			last := m.codes[i][len(m.codes[i])-1]
			m.codes[i] = append(m.codes[i], nextCode(last, part))
		}
		return m.draw(dst)
	}
	window := m.past[m.at : m.at+m.span]
	for {
		t := (float64(m.sample)+m.offset)/m.sps - float64(m.symbol)
		if t >= 1 {
			break
		}
		s := m.shape(window, max(0, t))
		if m.p.Scheme == OQPSK {
			// The quadrature arm is half a symbol late: it looks half a symbol back.
			var late complex64
			if t >= 0.5 {
				late = m.shape(window, t-0.5)
			} else {
				late = m.shape(m.past[m.at-1:m.at-1+m.span], max(0, t+0.5))
			}
			s = complex(real(s), imag(late))
		}
		dst = append(dst, s)
		m.sample++
	}
	m.symbol++
	return dst
}

// draw appends the samples up to the symbol just taken in, by sums made beforehand.
func (m *PSKModulator) draw(dst []complex64) []complex64 {
	phases := float64(len(m.rows) - 1)
	for {
		t := (float64(m.sample)+m.offset)/m.sps - float64(m.symbol)
		if t >= 1 {
			break
		}
		i := int(max(0, t)*phases + 1e-6)
		newest := len(m.past) - 1
		s := complex(m.sums.at(i, m.codes[0][:newest+1]), 0)
		switch {
		case m.p.Scheme == QPSK:
			s = complex(real(s), m.sums.at(i, m.codes[1][:newest+1]))
		case m.p.Scheme == OQPSK && i >= int(phases)/2:
			// The quadrature arm is half a symbol late: it looks half a symbol back.
			s = complex(real(s), m.sums.at(i-int(phases)/2, m.codes[1][:newest+1]))
		case m.p.Scheme == OQPSK:
			s = complex(real(s), m.sums.at(i+int(phases)/2, m.codes[1][:newest]))
		}
		dst = append(dst, s)
		m.sample++
	}
	m.symbol++
	return dst
}

// shape is the sum of the symbols' pulses at phase t of the newest.
func (m *PSKModulator) shape(window []complex64, t float64) complex64 {
	x := t * float64(len(m.rows)-1)
	i := int(x + 1e-6)
	share := float32(x - float64(i))
	s := dsp.DotComplex(m.rows[i], window)
	if share > 1e-5 {
		next := dsp.DotComplex(m.rows[i+1], window)
		s += complex(share*(real(next)-real(s)), share*(imag(next)-imag(s)))
	}
	return s
}

func (m *PSKModulator) mix(dst []complex64, start int) []complex64 {
	if m.mixed {
		for i := start; i < len(dst); i++ {
			dst[i] = mul(dst[i], m.nco.Next())
		}
	}
	return dst
}

// mul is a·b in single precision throughout; the language's own goes by way of double.
func mul(a, b complex64) complex64 {
	return complex(real(a)*real(b)-imag(a)*imag(b), real(a)*imag(b)+imag(a)*real(b))
}

func sign32(positive bool) float32 {
	if positive {
		return 1
	}
	return -1
}

func appendReal(dst []float32, src []complex64) []float32 {
	for _, v := range src {
		dst = append(dst, real(v))
	}
	return dst
}
