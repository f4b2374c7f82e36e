package wav

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Writer writes a file. What it writes to gets the final lengths at Close if it can seek;
// otherwise the header says 0xffffffff, which programs take for "to the end".
type Writer struct {
	Format
	w       io.Writer
	raw     bool // no header
	written int64
	buf     []byte
}

// headerLen is the length of all before the first sample.
const headerLen = 44

// NewWriter writes the header.
func NewWriter(w io.Writer, f Format) (*Writer, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("writing WAV file: %w", err)
	}
	out := &Writer{Format: f, w: w}
	if _, err := w.Write(out.header(math.MaxUint32)); err != nil {
		return nil, fmt.Errorf("writing WAV header: %w", err)
	}
	return out, nil
}

func (w *Writer) header(data uint32) []byte {
	b := make([]byte, headerLen)
	le := binary.LittleEndian
	copy(b, "RIFF")
	le.PutUint32(b[4:], uint32(min(uint64(data)+headerLen-8, math.MaxUint32)))
	copy(b[8:], "WAVEfmt ")
	le.PutUint32(b[16:], 16)
	le.PutUint16(b[20:], uint16(w.Encoding))
	le.PutUint16(b[22:], uint16(w.Channels))
	le.PutUint32(b[24:], uint32(w.Rate))
	le.PutUint32(b[28:], uint32(w.Rate*w.frame()))
	le.PutUint16(b[32:], uint16(w.frame()))
	le.PutUint16(b[34:], uint16(w.Bits))
	copy(b[36:], "data")
	le.PutUint32(b[40:], data)
	return b
}

// Write adds samples, channels in turn. What exceeds full scale is clipped in integers.
func (w *Writer) Write(samples []float32) error {
	if len(samples)%w.Channels != 0 {
		return fmt.Errorf("writing WAV samples: %d for %d channels", len(samples), w.Channels)
	}
	w.buf = w.buf[:0]
	le := binary.LittleEndian
	for _, s := range samples {
		v := float64(s)
		switch {
		case w.Encoding == Float && w.Bits == 64:
			w.buf = le.AppendUint64(w.buf, math.Float64bits(v))
		case w.Encoding == Float:
			w.buf = le.AppendUint32(w.buf, math.Float32bits(s))
		case w.Bits == 8:
			w.buf = append(w.buf, byte(full(v, 7)+128))
		case w.Bits == 16:
			w.buf = le.AppendUint16(w.buf, uint16(full(v, 15)))
		case w.Bits == 24:
			n := full(v, 23)
			w.buf = append(w.buf, byte(n), byte(n>>8), byte(n>>16))
		default:
			w.buf = le.AppendUint32(w.buf, uint32(full(v, 31)))
		}
	}
	n, err := w.w.Write(w.buf)
	w.written += int64(n)
	if err != nil {
		return fmt.Errorf("writing WAV samples: %w", err)
	}
	return nil
}

// full is v on a scale of so many bits, clipped.
func full(v float64, bits int) int32 {
	top := math.Ldexp(1, bits)
	if v != v {
		v = 0
	}
	return int32(min(max(math.Round(v*top), -top), top-1))
}

// Close pads the data to an even length and puts the lengths into the header.
func (w *Writer) Close() error {
	if w.raw {
		return nil
	}
	if w.written&1 != 0 {
		if _, err := w.w.Write([]byte{0}); err != nil {
			return fmt.Errorf("closing WAV file: %w", err)
		}
	}
	s, ok := w.w.(io.WriteSeeker)
	if !ok || w.written >= math.MaxUint32-headerLen {
		return nil
	}
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("closing WAV file: %w", err)
	}
	if _, err := s.Write(w.header(uint32(w.written))); err != nil {
		return fmt.Errorf("closing WAV file: %w", err)
	}
	if _, err := s.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("closing WAV file: %w", err)
	}
	return nil
}
