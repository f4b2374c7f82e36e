package radio

import (
	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/conv"
	"spacechain/link/modem"
)

// caduLine sends channel access data units one behind the other (CCSDS 131.0-B-5).
type caduLine struct {
	c        cadu.Config
	encoder  *cadu.Encoder
	inner    *conv.Encoder
	leadBits int // channel bits
	tailBits int
	bits     []byte
	noise    noise
	open     bool // the last of what was sent is a frame
}

func newCADULine(c cadu.Config, leadBits, tailBits int) (*caduLine, error) {
	l := &caduLine{c: c, leadBits: leadBits, tailBits: tailBits}
	if c.Inner != nil {
		l.inner = &conv.Encoder{Code: *c.Inner}
		c.Inner = nil
	}
	var err error
	l.encoder, err = cadu.NewEncoder(c)
	return l, err
}

// code appends the channel bits of bits to dst.
func (l *caduLine) code(dst, bits []byte) []byte {
	if l.inner == nil {
		return append(dst, bits...)
	}
	return l.inner.Encode(dst, bits)
}

// random appends n channel bits that look random to dst.
func (l *caduLine) random(dst []byte, n int) []byte {
	if l.inner != nil {
		n /= 2
	}
	l.bits = l.noise.append(l.bits[:0], n)
	return l.code(dst, l.bits)
}

func (l *caduLine) lead(dst []byte) []byte {
	if l.inner != nil {
		l.inner.Reset()
	}
	l.noise = 0
	return l.random(dst, l.leadBits)
}

// idle begins, behind a frame, with the marker of one that does not come, which is the end of
// the frame to the decoder.
func (l *caduLine) idle(dst []byte) []byte {
	if l.open {
		l.open = false
		l.bits = coding.Unpack(l.bits[:0], marker(l.c))
		return l.code(dst, l.bits)
	}
	return l.random(dst, 64)
}

func (l *caduLine) tail(dst []byte) []byte {
	n := len(dst)
	l.open = true
	dst = l.idle(dst)
	return l.random(dst, l.tailBits-(len(dst)-n))
}

func (l *caduLine) frame(dst, frame []byte) ([]byte, error) {
	bits, err := l.encoder.Encode(l.bits[:0], frame)
	if err != nil {
		return dst, err
	}
	l.bits, l.open = bits, true
	return l.code(dst, bits), nil
}

func marker(c cadu.Config) []byte {
	if c.LDPC != nil {
		return cadu.MarkerLDPC
	}
	return cadu.Marker
}

// caduBits is how many channel bits a unit has.
func caduBits(c cadu.Config) int {
	n := 8 * len(marker(c))
	switch {
	case c.LDPC != nil:
		n += c.LDPC.Bits()
	case c.RS != nil:
		n += 8 * c.RS.Size()
	}
	if c.Inner != nil {
		n *= 2
	}
	return n
}

// pskCarrier is phase-shift keying.
type pskCarrier struct{ m *modem.PSKModulator }

func (c pskCarrier) modulate(dst []complex64, bits []byte) []complex64 {
	return c.m.ModulateIQ(dst, bits)
}

func (c pskCarrier) flush(dst []complex64) []complex64 { return c.m.FlushIQ(dst) }
