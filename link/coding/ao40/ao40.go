// Package ao40 holds the coding of AMSAT's telemetry frames as AO-40 first flew it and
// the FUNcube satellites do: 256 octets in two interleaved Reed-Solomon (160,128)
// words, scrambled, convolutionally coded and interleaved in a block whose first
// column is a sync vector, so that a fade of a second and more is survived (P. Karn,
// Proposed Coded AO-40 Telemetry Format v1.2, 2002).
package ao40

import (
	"errors"
	"fmt"

	"spacechain/link/coding"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
)

// Format is a size of frame.
type Format struct {
	name    string
	rows    int // of the interleaver: bits between two bits of the sync vector
	columns int // bits of the sync vector
	skip    int // places before the first coded symbol
	words   int // Reed-Solomon words
}

// The formats: AO-40's own, and the short one of the SMOG satellites.
var (
	Long  = Format{name: "AO-40 FEC", rows: 80, columns: 65, skip: 65, words: 2}
	Short = Format{name: "AO-40 FEC short", rows: 51, columns: 52, skip: 80, words: 1}
)

const (
	wordData   = 128
	wordOctets = 160
)

// String names the format.
func (f Format) String() string { return f.name }

// DataSize is the number of octets of data in a frame.
func (f Format) DataSize() int { return f.words * wordData }

// Bits is the number of channel bits of a frame.
func (f Format) Bits() int { return f.rows * f.columns }

// ErrUncorrectable is a frame that the Reed-Solomon code could not correct.
var ErrUncorrectable = errors.New("ao40: uncorrectable frame")

// sync gives the sync vector: the start of the sequence s(n) = s(n-7) + s(n-4) from all ones.
func (f Format) sync() []byte {
	bits := make([]byte, f.columns)
	for i := range bits {
		if i < 7 {
			bits[i] = 1
		} else {
			bits[i] = bits[i-7] ^ bits[i-4]
		}
	}
	return bits
}

// place gives where a cell of the interleaver goes on the channel: cells are written
// row by row and sent column by column.
func (f Format) place(cell int) int { return cell%f.columns*f.rows + cell/f.columns }

// block is the Reed-Solomon code: shortened, in the conventional basis.
func (f Format) block() rs.Block {
	return rs.Block{Code: rs.CCSDS(16, rs.Conventional), Depth: f.words, Fill: 255 - wordOctets}
}

// Encode appends the channel bits of a frame of [Format.DataSize] octets to dst.
func (f Format) Encode(dst, data []byte) ([]byte, error) {
	octets, err := f.block().Encode(nil, data)
	if err != nil {
		return dst, fmt.Errorf("ao40: %w", err)
	}
	randomizer.TM255.Apply(octets)
	e := conv.Encoder{Code: conv.CCSDS}
	symbols := e.Tail(e.Encode(nil, coding.Unpack(nil, octets)))
	at := len(dst)
	dst = append(dst, make([]byte, f.Bits())...)
	frame := dst[at:]
	for i, b := range f.sync() {
		frame[f.place(i)] = b
	}
	for i, b := range symbols {
		frame[f.place(f.skip+i)] = b
	}
	return dst, nil
}

// Decode takes the soft bits of a frame ([Format.Bits] of them, in step) and appends
// its data to dst; it reports how many octets the outer code corrected.
func (f Format) Decode(dst []byte, soft []int8) ([]byte, int, error) {
	if len(soft) != f.Bits() {
		return dst, 0, fmt.Errorf("ao40: %d soft bits for a frame of %d", len(soft), f.Bits())
	}
	n := conv.CCSDS.Symbols(f.words*wordOctets*8 + conv.K - 1)
	symbols := make([]int8, n)
	for i := range symbols {
		symbols[i] = soft[f.place(f.skip+i)]
	}
	octets := coding.Pack(nil, conv.CCSDS.DecodeBlock(nil, symbols))
	randomizer.TM255.Apply(octets)
	rep, err := f.block().Decode(octets, nil)
	if err != nil {
		return dst, 0, fmt.Errorf("%w: %w", ErrUncorrectable, err)
	}
	return append(dst, octets[:f.DataSize()]...), rep.Total(), nil
}
