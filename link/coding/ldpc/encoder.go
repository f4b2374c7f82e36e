package ldpc

import (
	"crypto/subtle"
	"fmt"
)

// prepare inverts the parity part P of the parity check matrix [Q P]: the parity bits
// of data u are P^-1 Q u. Only the rows of bits that are sent are kept.
func (c *Code) prepare() {
	c.once.Do(func() {
		n := len(c.layers)
		data := c.k / c.z
		p := make([][]poly, n)
		for i, row := range c.layers {
			p[i] = make([]poly, n)
			for j := range n {
				p[i][j] = newPoly(c.z)
			}
			for _, e := range row {
				if e.block >= data {
					p[i][e.block-data].flip((c.z - e.shift) % c.z)
				}
			}
		}
		inv, ok := invert(p, c.z)
		if !ok {
			panic("ldpc: parity part of " + c.name + " has no inverse")
		}
		sent := (c.Bits() - c.k) / c.z
		c.inverse = make([][]shifted, sent)
		for i := range c.inverse {
			for j := range n {
				c.inverse[i] = append(c.inverse[i], shift(inv[i][j]))
			}
		}
	})
}

// Encode appends the codeword of data to dst: the data bits, then the parity bits that
// are sent. Data has [Code.DataBits] hard bits; another number is an error. The first
// codeword of a code takes as long as inverting a matrix (a second at the longest).
func (c *Code) Encode(dst, data []byte) ([]byte, error) {
	if len(data) != c.k {
		return dst, fmt.Errorf("ldpc: %d bits to encode with %s, want %d", len(data), c.name, c.k)
	}
	c.prepare()
	at := len(dst)
	dst = append(dst, data...)
	for i, b := range data {
		dst[at+i] = b & 1
	}
	data = dst[at:]
	sums := make([]poly, len(c.layers))
	row := make([]byte, c.z)
	for i, l := range c.layers {
		clear(row)
		for _, e := range l {
			if u := e.block * c.z; u < c.k {
				subtle.XORBytes(row[:c.z-e.shift], row, data[u+e.shift:u+c.z])
				subtle.XORBytes(row[c.z-e.shift:], row[c.z-e.shift:], data[u:u+e.shift])
			}
		}
		sums[i] = newPoly(c.z)
		for j, b := range row {
			sums[i][j>>6] |= uint64(b) << (j & 63)
		}
	}
	acc := make([]uint64, 2*len(sums[0])+1)
	for _, inv := range c.inverse {
		clear(acc)
		for j, s := range sums {
			inv[j].addTimes(acc, s)
		}
		p := fold(acc, c.z)
		for i := range c.z {
			dst = append(dst, byte(p[i>>6]>>(i&63)&1))
		}
	}
	return dst, nil
}
