package modem

import "math"

// timingWindow finds where bits begin from both sides: it adds up the component at the bit rate of how
// well either tone fits over a window around each bit (Oerder and Meyr, IEEE Trans. Commun. 36,
// 1988), and picks the correlations there.
type timingWindow struct {
	window int
	pairs  []tonePair // of bits not yet settled
	lines  []complex128
	sum    complex128
	phase  float64 // of the bits' ends, in bits, unwrapped
	n      int     // bit to be picked next, of those in pairs
	at     float64
	primed bool
}

func newTimingWindow(window int) *timingWindow { return &timingWindow{window: window} }

var bitLine = func() (w [oversample]complex128) {
	for i := range w {
		s, c := math.Sincos(-2 * math.Pi * float64(i) / oversample)
		w[i] = complex(c, s)
	}
	return w
}()

func (t *timingWindow) process(dst, src []tonePair) []tonePair {
	for len(src) > 0 {
		k := min(len(src), 1024)
		t.pairs = append(t.pairs, src[:k]...)
		src = src[k:]
		for len(t.lines)*oversample+oversample <= len(t.pairs) {
			t.add(t.pairs[len(t.lines)*oversample:][:oversample])
		}
		dst = t.pick(dst)
	}
	return dst
}

// add takes in one bit's length.
func (t *timingWindow) add(p []tonePair) {
	var line complex128
	var power float64
	for i, v := range p {
		m, s := float64(norm(v.mark)), float64(norm(v.space))
		d := m - s
		line += complex(d*d, 0) * bitLine[i]
		power += m + s
	}
	if power > 0 {
		line /= complex(power*power, 0)
	}
	t.lines = append(t.lines, line)
	t.sum += line
}

// pick takes what is settled.
func (t *timingWindow) pick(dst []tonePair) []tonePair {
	half := t.window / 2
	for t.n+half < len(t.lines) {
		if t.n >= half && t.n > 0 {
			// keep the sum over the window
		}
		var sum complex128
		lo := max(0, t.n-half)
		for _, l := range t.lines[lo : t.n+half+1] {
			sum += l
		}
		phase := -math.Atan2(imag(sum), real(sum)) / (2 * math.Pi)
		if !t.primed {
			t.phase, t.primed = phase, true
		}
		t.phase += phase - t.phase - math.Round(phase-t.phase)
		at := (float64(t.n) + t.phase) * oversample
		i := int(math.Floor(at))
		if i < 1 {
			t.n++
			continue
		}
		if i+2 >= len(t.pairs) {
			break
		}
		dst = append(dst, between(t.pairs[i-1:i+3], float32(at-float64(i))))
		t.n++
	}
	if drop := min(t.n, t.n+int(math.Floor(t.phase))) - half - 2; drop > 512 {
		t.lines = t.lines[:copy(t.lines, t.lines[drop:])]
		t.pairs = t.pairs[:copy(t.pairs, t.pairs[drop*oversample:])]
		t.n -= drop
	}
	return dst
}

func between(p []tonePair, f float32) tonePair {
	w0 := -f * (f - 1) * (f - 2) / 6
	w1 := (f + 1) * (f - 1) * (f - 2) / 2
	w2 := -(f + 1) * f * (f - 2) / 2
	w3 := (f + 1) * f * (f - 1) / 6
	mix := func(a, b, c, d complex64) complex64 {
		return complex(w0*real(a)+w1*real(b)+w2*real(c)+w3*real(d), w0*imag(a)+w1*imag(b)+w2*imag(c)+w3*imag(d))
	}
	return tonePair{
		mark:  mix(p[0].mark, p[1].mark, p[2].mark, p[3].mark),
		space: mix(p[0].space, p[1].space, p[2].space, p[3].space),
	}
}

func norm(v complex64) float32 { return real(v)*real(v) + imag(v)*imag(v) }
