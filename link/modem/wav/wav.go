// Package wav reads and writes audio and I/Q samples in RIFF WAVE files: integers of 8, 16, 24
// and 32 bits and floats of 32 and 64, any number of channels up to 64. Files are untrusted: one
// that is not well formed gives an error that says where, and never costs more memory than it is
// long. Reading streams, so a recording may be larger than memory; a data chunk whose length is
// wrong because the recorder was cut off or never knew it (0 or 0xffffffff) is read to its end.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Encoding tells how a sample is stored.
type Encoding int

// Encodings; the format tags are those of Microsoft's mmreg.h.
const (
	Integer Encoding = 1 // unsigned for 8 bits, signed little-endian otherwise
	Float   Encoding = 3 // IEEE 754 little-endian
)

const tagExtensible = 0xfffe

// Format describes the samples of a file.
type Format struct {
	Encoding Encoding
	Bits     int // a sample
	Channels int
	Rate     int // frames of one sample for each channel, in hertz
}

func (f Format) check() error {
	switch {
	case f.Encoding == Integer && (f.Bits == 8 || f.Bits == 16 || f.Bits == 24 || f.Bits == 32):
	case f.Encoding == Float && (f.Bits == 32 || f.Bits == 64):
	default:
		return fmt.Errorf("samples of %d bits in encoding %d, can do integers of 8, 16, 24, 32 and floats of 32, 64", f.Bits, f.Encoding)
	}
	if f.Channels < 1 || f.Channels > 64 {
		return fmt.Errorf("%d channels, can do 1 to 64", f.Channels)
	}
	if f.Rate < 1 || f.Rate > 1<<30 {
		return fmt.Errorf("sample rate of %d Hz", f.Rate)
	}
	return nil
}

// frame is the length of one sample of every channel, in octets.
func (f Format) frame() int { return f.Bits / 8 * f.Channels }

// Reader reads the samples of a file.
type Reader struct {
	Format
	r    io.Reader
	left int64 // octets of the data chunk, -1 for unknown
	buf  []byte
}

// NewReader reads up to the first sample.
func NewReader(r io.Reader) (*Reader, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("reading WAV header: %w", eof(err))
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, fmt.Errorf("reading WAV header: starts with %q and %q, want RIFF and WAVE", head[:4], head[8:])
	}
	w := &Reader{r: r}
	for known := false; ; {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return nil, fmt.Errorf("looking for the WAV data chunk: %w", eof(err))
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch id := string(chunk[:4]); id {
		case "fmt ":
			if size < 16 || size > 1<<16 {
				return nil, fmt.Errorf("reading WAV format chunk: %d octets long", size)
			}
			b := make([]byte, size+size&1)
			if _, err := io.ReadFull(r, b); err != nil {
				return nil, fmt.Errorf("reading WAV format chunk: %w", eof(err))
			}
			if err := w.parse(b); err != nil {
				return nil, fmt.Errorf("reading WAV format chunk: %w", err)
			}
			known = true
		case "data":
			if !known {
				return nil, errors.New("reading WAV file: data chunk before any format chunk")
			}
			w.left = size
			if size == 0 || size == 0xffffffff {
				w.left = -1
			}
			return w, nil
		default:
			if _, err := io.CopyN(io.Discard, r, size+size&1); err != nil {
				return nil, fmt.Errorf("passing over WAV chunk %q: %w", id, eof(err))
			}
		}
	}
}

func (w *Reader) parse(b []byte) error {
	tag := binary.LittleEndian.Uint16(b)
	w.Format = Format{
		Encoding: Encoding(tag),
		Channels: int(binary.LittleEndian.Uint16(b[2:])),
		Rate:     int(binary.LittleEndian.Uint32(b[4:])),
		Bits:     int(binary.LittleEndian.Uint16(b[14:])),
	}
	if tag == tagExtensible {
		if len(b) < 26 {
			return fmt.Errorf("extensible format in %d octets", len(b))
		}
		w.Encoding = Encoding(binary.LittleEndian.Uint16(b[24:])) // first of the sub-format's GUID
	}
	if err := w.check(); err != nil {
		return err
	}
	if align := int(binary.LittleEndian.Uint16(b[12:])); align != w.frame() {
		return fmt.Errorf("block alignment %d, want %d for %d channels of %d bits", align, w.frame(), w.Channels, w.Bits)
	}
	return nil
}

func eof(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Read fills dst with samples, channels in turn, -1 to 1 of full scale. It returns how many; a
// frame is never split. At the end of the file it returns 0 and io.EOF.
func (w *Reader) Read(dst []float32) (int, error) {
	width := w.Bits / 8
	frames := min(len(dst)/w.Channels, 1<<13)
	if frames == 0 {
		return 0, fmt.Errorf("reading WAV samples: room for %d, want at least %d", len(dst), w.Channels)
	}
	want := int64(frames * w.frame())
	if w.left >= 0 {
		want = min(want, w.left)
	}
	if cap(w.buf) < int(want) {
		w.buf = make([]byte, want)
	}
	n, err := io.ReadFull(w.r, w.buf[:want])
	if w.left >= 0 {
		w.left -= int64(n)
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("reading WAV samples: %w", err)
	}
	n -= n % w.frame()
	if n == 0 {
		return 0, io.EOF
	}
	for i := range n / width {
		dst[i] = w.sample(w.buf[i*width:])
	}
	return n / width, nil
}

func (w *Reader) sample(b []byte) float32 {
	if w.Encoding == Float {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b))
		if w.Bits == 64 {
			v = float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
		if v != v || v > 1e6 || v < -1e6 {
			return 0 // not a number a modem could use
		}
		return v
	}
	switch w.Bits {
	case 8:
		return (float32(b[0]) - 128) / 128
	case 16:
		return float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15)
	case 24:
		return float32(int32(b[0])<<8|int32(b[1])<<16|int32(b[2])<<24) / (1 << 31)
	}
	return float32(int32(binary.LittleEndian.Uint32(b))) / (1 << 31)
}

// ReadAll returns all samples of one channel, the first being 0. It is for files of known size:
// a second of 48 kHz takes 190 KB.
func (w *Reader) ReadAll(channel int) ([]float32, error) {
	if channel < 0 || channel >= w.Channels {
		return nil, fmt.Errorf("reading WAV channel %d of %d", channel, w.Channels)
	}
	var out []float32
	block := make([]float32, 4096*w.Channels)
	for {
		n, err := w.Read(block)
		for i := channel; i < n; i += w.Channels {
			out = append(out, block[i])
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

// ReadIQ returns all samples of a file whose first two channels are I and Q.
func (w *Reader) ReadIQ() ([]complex64, error) {
	if w.Channels < 2 {
		return nil, errors.New("reading I/Q samples: WAV file with one channel")
	}
	var out []complex64
	block := make([]float32, 4096*w.Channels)
	for {
		n, err := w.Read(block)
		for i := 0; i < n; i += w.Channels {
			out = append(out, complex(block[i], block[i+1]))
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}
