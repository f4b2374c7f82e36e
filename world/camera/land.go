package camera

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync"
)

// assets holds land.mask.gz once `make landmask` has made it.
//
//go:embed assets
var assets embed.FS

// Mask says of each cell of a grid of latitude and longitude whether it is land.
// Rows run from north to south, cells from 180 degrees west to east.
type Mask struct {
	width, height int
	stride        int // bytes a row
	bits          []byte
}

// maskMagic begins a mask file; maxWidth is the most cells in a row, of 1/40 degree.
const (
	maskMagic = "SPCLAND1"
	maxWidth  = 14400
)

var earth = sync.OnceValue(func() *Mask {
	packed, err := assets.ReadFile("assets/land.mask.gz")
	if err != nil {
		return nil
	}
	m, err := ReadMask(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	return m
})

// Earth gives the built-in mask, nil if the program was built without one.
func Earth() *Mask { return earth() }

// Land says whether a place is land by the built-in mask; false everywhere if the
// program was built without one. Latitude and longitude in degrees, any turn.
func Land(latDeg, lonDeg float64) bool {
	m := Earth()
	return m != nil && m.Land(latDeg, lonDeg)
}

// ReadMask reads a mask file: gzip of "SPCLAND1", width and height as big-endian
// 16-bit numbers, and the rows, one bit a cell, the first in the highest bit.
func ReadMask(r io.Reader) (*Mask, error) {
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("read land mask: %w", err)
	}
	var head [12]byte
	if _, err := io.ReadFull(unpacked, head[:]); err != nil {
		return nil, fmt.Errorf("read land mask: head: %w", err)
	}
	if string(head[:8]) != maskMagic {
		return nil, fmt.Errorf("read land mask: begins with %q, not %q; run \"make landmask\"", head[:8], maskMagic)
	}
	m := &Mask{width: int(binary.BigEndian.Uint16(head[8:])), height: int(binary.BigEndian.Uint16(head[10:]))}
	if m.width == 0 || m.height == 0 {
		return nil, fmt.Errorf("read land mask: %d x %d cells", m.width, m.height)
	}
	if m.width > maxWidth || m.height > maxWidth/2 {
		return nil, fmt.Errorf("read land mask: %d x %d cells; %d x %d are the most", m.width, m.height, maxWidth, maxWidth/2)
	}
	m.stride = (m.width + 7) / 8
	size := m.stride * m.height
	m.bits, err = io.ReadAll(io.LimitReader(unpacked, int64(size)+1))
	if err != nil {
		return nil, fmt.Errorf("read land mask: %w", err)
	}
	if len(m.bits) != size {
		return nil, fmt.Errorf("read land mask: not %d bytes of cells", size)
	}
	return m, nil
}

// Land says whether a place is land. Latitude and longitude in degrees; longitudes
// of any turn are taken.
func (m *Mask) Land(latDeg, lonDeg float64) bool {
	turn := math.Mod(lonDeg+180, 360)
	if turn < 0 {
		turn += 360
	}
	column := min(int(turn*float64(m.width)/360), m.width-1)
	row := min(max(int((90-latDeg)*float64(m.height)/180), 0), m.height-1)
	return m.bits[row*m.stride+column/8]&(0x80>>(column%8)) != 0
}
