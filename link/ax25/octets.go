package ax25

// event is what one bit brought about.
type event int

const (
	none event = iota
	flag
	abort
)

// octets takes stuffing bits out and collects octets, low bit first.
type octets struct {
	buf  []byte
	bits int // taken in since the last flag, without stuffing
	ones int
	last byte // the octet under way, filled from the top
	max  int
	dead bool // too long, or seven ones
}

// next takes one bit.
func (o *octets) next(bit byte) event {
	if bit != 0 {
		o.ones++
		if o.ones > 6 {
			o.dead = true
			return abort
		}
	} else {
		ones := o.ones
		o.ones = 0
		if ones == 6 {
			return flag
		}
		if ones == 5 {
			return none
		}
		if ones > 6 {
			return none
		}
	}
	if o.dead {
		return none
	}
	o.last = o.last>>1 | bit<<7
	if o.bits++; o.bits&7 == 0 {
		if len(o.buf) > o.max {
			o.dead = true
			return none
		}
		o.buf = append(o.buf, o.last)
	}
	return none
}

// restart begins a frame after a flag.
func (o *octets) restart() {
	o.buf, o.bits, o.ones, o.dead = o.buf[:0], 0, 0, false
}

// whole tells, at a flag, whether whole octets came before it, enough for a frame. The flag's
// first zero and six ones have been taken in.
func (o *octets) whole() bool {
	return !o.dead && o.bits&7 == 7 && o.bits>>3 >= minOctets
}

// good tells whether a whole frame's check sequence is right.
func (o *octets) good() bool { return fcsRegister(o.buf[:o.bits>>3]) == fcsGood }

// data is a copy of the frame without its check sequence.
func (o *octets) data() []byte {
	return append([]byte(nil), o.buf[:o.bits>>3-2]...)
}
