package rs

import (
	"encoding/binary"
	"fmt"
)

// Encode writes the check symbols of data to parity, which has room for [Code.Parity]
// octets. Data shorter than [Code.DataSize] is a shortened word: as if zeros stood
// before it (virtual fill, CCSDS 131.0-B-5 §4.3.7). It panics where data is longer.
func (c *Code) Encode(data, parity []byte) {
	if len(data) > c.DataSize() {
		panic(fmt.Sprintf("rs: %d data symbols for a code of %d", len(data), c.DataSize()))
	}
	var r [maxParity]byte
	c.divide(data, &r)
	copy(parity[:c.p.Parity], r[:])
}

// divide runs data through the shift register of the generator polynomial and writes
// the remainder, highest coefficient first.
func (c *Code) divide(data []byte, r *[maxParity]byte) {
	switch c.p.Parity {
	case 32:
		w0, w1, w2, w3 := divide4(c.shift4, data)
		binary.BigEndian.PutUint64(r[0:], w0)
		binary.BigEndian.PutUint64(r[8:], w1)
		binary.BigEndian.PutUint64(r[16:], w2)
		binary.BigEndian.PutUint64(r[24:], w3)
	case 16:
		w0, w1 := divide2(c.shift2, data)
		binary.BigEndian.PutUint64(r[0:], w0)
		binary.BigEndian.PutUint64(r[8:], w1)
	default:
		c.divideAny(data, r)
	}
}

// divide4 divides for 32 check symbols. Two octets a turn: what the second one meets
// in the register is the register's second octet plus itself, and what the first one
// puts there is already in its table, so that both look-ups start at once.
func divide4(t *[2][256][4]uint64, data []byte) (w0, w1, w2, w3 uint64) {
	if len(data)&1 == 1 {
		w := &t[1][data[0]]
		w0, w1, w2, w3 = w[0], w[1], w[2], w[3]
		data = data[1:]
	}
	for ; len(data) >= 2; data = data[2:] {
		a := &t[0][byte(w0>>56)^data[0]]
		b := &t[1][byte(w0>>48)^data[1]]
		w0 = (w0<<16 | w1>>48) ^ a[0] ^ b[0]
		w1 = (w1<<16 | w2>>48) ^ a[1] ^ b[1]
		w2 = (w2<<16 | w3>>48) ^ a[2] ^ b[2]
		w3 = w3<<16 ^ a[3] ^ b[3]
	}
	return
}

// divide2 is divide4 for 16 check symbols.
func divide2(t *[2][256][2]uint64, data []byte) (w0, w1 uint64) {
	if len(data)&1 == 1 {
		w := &t[1][data[0]]
		w0, w1 = w[0], w[1]
		data = data[1:]
	}
	for ; len(data) >= 2; data = data[2:] {
		a := &t[0][byte(w0>>56)^data[0]]
		b := &t[1][byte(w0>>48)^data[1]]
		w0 = (w0<<16 | w1>>48) ^ a[0] ^ b[0]
		w1 = w1<<16 ^ a[1] ^ b[1]
	}
	return
}

// divideAny serves every other number of check symbols.
func (c *Code) divideAny(data []byte, r *[maxParity]byte) {
	var w [maxParity/8 + 1]uint64 // the last one stays zero
	n := c.words
	for _, d := range data {
		t := c.shift[byte(w[0]>>56)^d]
		for i, x := range t[:n] {
			w[i] = (w[i]<<8 | w[i+1]>>56) ^ x
		}
	}
	for i := range n {
		binary.BigEndian.PutUint64(r[8*i:], w[i])
	}
}

// syndromes turns a remainder (of word minus codeword) into the values of the error
// polynomial at the roots, in the conventional basis.
func (c *Code) syndromes(r *[maxParity]byte, s *[maxParity]byte) {
	n := c.p.Parity
	var a0, a1, a2, a3 uint64
	for i, o := range r[:n] {
		p := &c.partial[2*i][o&15]
		q := &c.partial[2*i+1][o>>4]
		a0 ^= p[0] ^ q[0]
		a1 ^= p[1] ^ q[1]
		a2 ^= p[2] ^ q[2]
		a3 ^= p[3] ^ q[3]
	}
	binary.LittleEndian.PutUint64(s[0:], a0)
	binary.LittleEndian.PutUint64(s[8:], a1)
	binary.LittleEndian.PutUint64(s[16:], a2)
	binary.LittleEndian.PutUint64(s[24:], a3)
	if c.tail == nil {
		return
	}
	a0, a1, a2, a3 = 0, 0, 0, 0
	for i, o := range r[:n] {
		p := &c.tail[2*i][o&15]
		q := &c.tail[2*i+1][o>>4]
		a0 ^= p[0] ^ q[0]
		a1 ^= p[1] ^ q[1]
		a2 ^= p[2] ^ q[2]
		a3 ^= p[3] ^ q[3]
	}
	binary.LittleEndian.PutUint64(s[32:], a0)
	binary.LittleEndian.PutUint64(s[40:], a1)
	binary.LittleEndian.PutUint64(s[48:], a2)
	binary.LittleEndian.PutUint64(s[56:], a3)
}
