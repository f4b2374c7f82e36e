// Package ldpc holds the low-density parity-check codes of CCSDS: (128,64) and (512,256)
// for telecommands (CCSDS 231.0-B-4 §4), the (256,128) that the experimental 231.1-O-1
// had besides, and the accumulate-repeat-4-jagged-accumulate codes of rates 1/2, 2/3 and
// 4/5 for telemetry (131.0-B-5 §7.4), with encoders and belief propagation decoders.
//
// All of them are quasi-cyclic: the parity check matrix consists of circulants of some
// size Z. A circulant with shift s has a one in row i at column (i+s) mod Z.
package ldpc

import (
	"fmt"
	"sync"
)

// edge is one circulant of a row of circulants.
type edge struct {
	block int // column of circulants
	shift int
}

// Code is one of the codes. It is safe for concurrent use.
type Code struct {
	name      string
	z         int      // size of a circulant
	blocks    int      // columns of circulants, those of punctured bits last
	k         int      // information bits
	punctured int      // bits of the codeword that are not sent
	layers    [][]edge // rows of circulants in the order that decoding goes through them

	once    sync.Once
	inverse [][]shifted // of the parity part of the matrix; see encoder.go
}

// String names the code: "TC (128,64)" or "AR4JA 1/2 k=1024".
func (c *Code) String() string { return c.name }

// DataBits is the number of information bits of a codeword.
func (c *Code) DataBits() int { return c.k }

// Bits is the number of bits of a codeword that are sent.
func (c *Code) Bits() int { return c.z*c.blocks - c.punctured }

// Rate is DataBits/Bits.
func (c *Code) Rate() float64 { return float64(c.k) / float64(c.Bits()) }

// The telecommand codes (CCSDS 231.0-B-4 §4.2; TC256: 231.1-O-1).
var (
	TC128 = telecommand(16, [4][8]int{
		{7, 2, 14, 6, none, 0, 13, 0},
		{6, 15, 0, 1, 0, none, 0, 7},
		{4, 1, 15, 14, 11, 0, none, 3},
		{0, 1, 9, 13, 14, 1, 0, none},
	})
	TC256 = telecommand(32, [4][8]int{
		{31, 15, 25, 0, none, 20, 12, 0},
		{28, 30, 29, 24, 0, none, 1, 20},
		{8, 0, 28, 1, 29, 0, none, 21},
		{18, 30, 0, 30, 25, 26, 0, none},
	})
	TC512 = telecommand(64, [4][8]int{
		{63, 30, 50, 25, none, 43, 62, 0},
		{56, 61, 50, 23, 0, none, 37, 26},
		{16, 0, 55, 27, 56, 0, none, 43},
		{35, 56, 62, 11, 58, 3, 0, none},
	})
)

// none marks a circulant of zeros.
const none = -1

// telecommand makes a code from the shifts of its circulants. Those on the diagonal
// are the sum of the identity and a shift.
func telecommand(z int, shifts [4][8]int) *Code {
	c := &Code{name: fmt.Sprintf("TC (%d,%d)", 8*z, 4*z), z: z, blocks: 8, k: 4 * z}
	for i, row := range shifts {
		var l []edge
		for j, s := range row {
			if i == j {
				l = append(l, edge{j, 0})
			}
			if s != none {
				l = append(l, edge{j, s})
			}
		}
		c.layers = append(c.layers, l)
	}
	return c
}

// Rate of an AR4JA code.
type Rate int

// The rates of the AR4JA codes.
const (
	Rate1of2 Rate = iota
	Rate2of3
	Rate4of5
)

// String gives the rate as a fraction.
func (r Rate) String() string {
	if r < Rate1of2 || r > Rate4of5 {
		return fmt.Sprintf("rate %d", int(r))
	}
	return [...]string{"1/2", "2/3", "4/5"}[r]
}

var ar4ja = func() (t [3][3]*Code) {
	for r := Rate1of2; r <= Rate4of5; r++ {
		for i := range 3 {
			t[r][i] = newAR4JA(r, i)
		}
	}
	return t
}()

// AR4JA gives the code of a rate with k = 1024, 4096 or 16384 information bits.
func AR4JA(r Rate, k int) (*Code, error) {
	for i := range 3 {
		if k == 1024<<(2*i) && r >= Rate1of2 && r <= Rate4of5 {
			return ar4ja[r][i], nil
		}
	}
	return nil, fmt.Errorf("ldpc: no AR4JA code of rate %v with %d information bits", r, k)
}

// newAR4JA builds the code with 1024*4^size information bits (CCSDS 131.0-B-5
// §7.4.2). A square of M columns consists of 4 by 4 circulants of size M/4.
func newAR4JA(r Rate, size int) *Code {
	k := 1024 << (2 * size)
	squares := 2 << r // of information
	m := k / squares
	logM := 7
	for m>>logM > 1 {
		logM++
	}
	c := &Code{
		name: fmt.Sprintf("AR4JA %v k=%d", r, k), z: m / 4, blocks: 4 * (squares + 3), k: k, punctured: m,
	}
	// row builds the four rows of circulants of one row of squares. A term is a square
	// with the identity or a permutation numbered from 1 to 26.
	type term struct{ square, pi int }
	const identity = 0
	row := func(terms []term) {
		for j := range 4 {
			var l []edge
			for _, t := range terms {
				if t.pi == identity {
					l = append(l, edge{4*t.square + j, 0})
					continue
				}
				l = append(l, edge{
					block: 4*t.square + (int(theta[t.pi-1])+j)%4,
					shift: int(phi[logM-7][j][t.pi-1]),
				})
			}
			c.layers = append(c.layers, l)
		}
	}
	// The right part is that of rate 1/2; lower rates' squares stand to its left.
	first := squares - 2
	second := []term{}
	third := []term{}
	if r == Rate4of5 {
		second = append(second, term{0, 21}, term{0, 22}, term{0, 23}, term{1, identity},
			term{2, 15}, term{2, 16}, term{2, 17}, term{3, identity})
		third = append(third, term{0, identity}, term{1, 24}, term{1, 25}, term{1, 26},
			term{2, identity}, term{3, 18}, term{3, 19}, term{3, 20})
	}
	if r != Rate1of2 {
		second = append(second, term{first - 2, 9}, term{first - 2, 10}, term{first - 2, 11}, term{first - 1, identity})
		third = append(third, term{first - 2, identity}, term{first - 1, 12}, term{first - 1, 13}, term{first - 1, 14})
	}
	second = append(second, term{first, identity}, term{first + 1, identity}, term{first + 3, identity},
		term{first + 4, 2}, term{first + 4, 3}, term{first + 4, 4})
	third = append(third, term{first, identity}, term{first + 1, 5}, term{first + 1, 6},
		term{first + 3, 7}, term{first + 3, 8}, term{first + 4, identity})
	// The third row knows the punctured bits by one term only and teaches them to the
	// others: decoding begins there.
	row(third)
	row(second)
	row([]term{{first + 2, identity}, {first + 4, identity}, {first + 4, 1}})
	return c
}
