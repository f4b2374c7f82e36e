package ax25

// Line tells how bits of HDLC become levels of the modem.
type Line struct {
	NRZI      bool // a zero is a change; usual over radio
	Scrambled bool // G3RUH, after NRZI
}

// Lines of the usual modems.
var (
	LineAFSK  = Line{NRZI: true}
	LineG3RUH = Line{NRZI: true, Scrambled: true}
)

// Framer makes the stream of levels that a modulator sends: flags, frames with their check
// sequences, bit stuffing and the Line's coding. Levels are one a byte, 0 or 1.
type Framer struct {
	line Line
	scr  Scrambler
	nrzi NRZI
	ones int
}

// NewFramer returns a Framer.
func NewFramer(line Line) *Framer { return &Framer{line: line} }

// Flags appends the levels of n flags, 0x7e.
func (f *Framer) Flags(dst []byte, n int) []byte {
	for range n {
		for i := range 8 {
			dst = f.level(dst, 0x7e>>i&1)
		}
	}
	f.ones = 0
	return dst
}

// Frame appends the levels of a frame, given without its check sequence, without flags: call
// Flags before, between and after.
func (f *Framer) Frame(dst, frame []byte) []byte {
	c := FCS(frame)
	f.ones = 0
	for _, b := range frame {
		dst = f.octet(dst, b)
	}
	dst = f.octet(dst, byte(c))
	return f.octet(dst, byte(c>>8))
}

// octet sends low bit first, with a zero after every five ones (AX.25 2.2 §3.6).
func (f *Framer) octet(dst []byte, b byte) []byte {
	for i := range 8 {
		bit := b >> i & 1
		dst = f.level(dst, bit)
		if bit == 0 {
			f.ones = 0
		} else if f.ones++; f.ones == 5 {
			dst = f.level(dst, 0)
			f.ones = 0
		}
	}
	return dst
}

func (f *Framer) level(dst []byte, bit byte) []byte {
	if f.line.NRZI {
		bit = f.nrzi.Encode(bit)
	}
	if f.line.Scrambled {
		bit = f.scr.Next(bit)
	}
	return append(dst, bit)
}
