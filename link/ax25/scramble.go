package ax25

// Scrambler is the self-synchronising scrambler of G3RUH's 9600 baud modem, 1+x^12+x^17. The zero
// value is ready.
type Scrambler struct{ register uint32 }

// Next scrambles one bit.
func (s *Scrambler) Next(bit byte) byte {
	out := bit ^ byte(s.register>>11^s.register>>16)&1
	s.register = s.register<<1 | uint32(out)
	return out
}

// Descrambler undoes a Scrambler, from 17 bits after the start whatever came before. The zero
// value is ready.
type Descrambler struct{ register uint32 }

// Next descrambles one bit.
func (d *Descrambler) Next(bit byte) byte {
	out := bit ^ byte(d.register>>11^d.register>>16)&1
	d.register = d.register<<1 | uint32(bit)
	return out
}

// NRZI codes a zero as a change and a one as none (AX.25 over radio). The zero value is ready.
type NRZI struct{ last byte }

// Encode returns the level for one bit.
func (n *NRZI) Encode(bit byte) byte {
	n.last ^= bit&1 ^ 1
	return n.last
}

// Decode returns the bit of one level.
func (n *NRZI) Decode(level byte) byte {
	bit := n.last ^ level&1 ^ 1
	n.last = level & 1
	return bit
}
