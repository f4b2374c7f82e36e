package modem

import (
	"math"

	"spacechain/link/modem/dsp"
)

// softOne is the soft bit of a symbol of nominal amplitude: noise of three times the amplitude
// still fits.
const softOne = 36

// pskBits turns symbols of nominal amplitude one (each arm) into soft bits.
type pskBits struct {
	p      PSK
	weight float32 // of soft bits
	snr    *dsp.SNR
	last   complex64 // differential: the symbol before
	some   bool

	// Manchester: which of two ways to pair half-symbols opposes their phases.
	pinned      bool // it is known: from the first on
	odd         bool
	even, cross float64 // mean contrast of either pairing
	held        complex64
	parity      bool
}

func newPSKBits(p PSK) pskBits {
	return pskBits{p: p, weight: 1, snr: dsp.NewSNR(512, p.Scheme != OQPSK)}
}

// restart forgets what came before and learns from symbols about to come.
func (b *pskBits) restart(ahead []complex64) {
	b.some, b.parity = false, false
	b.even, b.cross = 0, 0
	if b.p.Manchester {
		for i := 0; i+1 < len(ahead); i++ {
			c := contrast(ahead[i], ahead[i+1])
			if i%2 == 0 {
				b.even += c
			} else {
				b.cross += c
			}
		}
		n := float64(max(1, len(ahead)/2))
		b.even, b.cross = b.even/n, b.cross/n
		b.odd = b.cross > b.even
	}
}

// contrast is how opposed two half-symbols are.
func contrast(x, y complex64) float64 { return math.Abs(float64(real(x) - real(y))) }

// process appends the soft bits of symbols to dst.
func (b *pskBits) process(dst []int8, symbols []complex64) []int8 {
	switch {
	case b.p.Scheme != BPSK:
		for _, v := range symbols {
			switch {
			case v == 0: // missing
			case b.p.Scheme == OQPSK:
				b.snr.Add(complex(real(v), 0))
				b.snr.Add(complex(imag(v), 0))
			default:
				b.snr.Add(v)
			}
			dst = append(dst, saturate(real(v)*softOne*b.weight), saturate(imag(v)*softOne*b.weight))
		}
	case b.p.Manchester:
		for _, v := range symbols {
			dst = b.halves(dst, v)
		}
	default:
		for _, v := range symbols {
			dst = b.symbol(dst, v)
		}
	}
	return dst
}

// halves takes in half a symbol.
func (b *pskBits) halves(dst []int8, v complex64) []int8 {
	const rate = 1.0 / 128
	c := contrast(b.held, v)
	if b.parity {
		b.even += rate * (c - b.even)
	} else {
		b.cross += rate * (c - b.cross)
	}
	// b.parity: v is the second half, counted from the start.
	if b.parity != b.odd {
		dst = b.symbol(dst, complex((real(b.held)-real(v))/2, (imag(b.held)-imag(v))/2))
		other, this := max(b.even, b.cross), min(b.even, b.cross)
		if !b.pinned && b.odd == (b.even > b.cross) && other > 1.15*this {
			b.odd = !b.odd
		}
	}
	b.held, b.parity = v, !b.parity
	return dst
}

// symbol takes in a whole symbol.
func (b *pskBits) symbol(dst []int8, v complex64) []int8 {
	if b.p.Line == NRZL {
		return append(dst, saturate(real(v)*softOne*b.weight))
	}
	last := b.last
	b.last = v
	if !b.some {
		b.some = true
		return dst
	}
	var same float32
	if b.p.Independent {
		same = real(v)*real(last) + imag(v)*imag(last)
	} else {
		// Both symbols must be right: as sure as the less sure one.
		x, y := real(v), real(last)
		same = min(abs32(x), abs32(y))
		if (x < 0) != (y < 0) {
			same = -same
		}
	}
	if b.p.Line == NRZM {
		same = -same
	}
	return append(dst, saturate(same*softOne*b.weight))
}
