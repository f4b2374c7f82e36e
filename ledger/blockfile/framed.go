package blockfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

const (
	magicBytes  = 4
	lengthBytes = 4
	// leastFrame is the least length that a frame may tell: that of Bitcoin's header, as
	// Qtum Core still has it.
	leastFrame = 80
)

// framed finds the frames of a file: magic, length (u32, little endian), block. What is
// between them is skipped, so are frames with an impossible length, and a frame that the
// file's end cuts off ends it (Qtum Core 27.1 validation.cpp: LoadExternalBlockFile).
type framed struct {
	src     io.ReadSeeker
	r       *bufio.Reader
	offset  int64 // of the next byte
	skipped int64 // bytes that belong to no block
	start   int64 // of the last frame's content
}

// next gives the next frame's content, in buf if it fits there.
func (f *framed) next(magic [magicBytes]byte, limit int, buf []byte) ([]byte, error) {
	for {
		if err := f.find(magic[:]); err != nil {
			return buf[:0], err
		}
		var length [lengthBytes]byte
		if _, err := io.ReadFull(f.r, length[:]); err != nil {
			return buf[:0], ended(err)
		}
		f.offset += lengthBytes
		f.start = f.offset
		size := binary.LittleEndian.Uint32(length[:])
		if size < leastFrame || uint64(size) > uint64(limit) {
			if err := f.reject(); err != nil {
				return buf[:0], err
			}
			continue
		}
		buf, err := readGrowing(f.r, buf, int(size))
		f.offset += int64(len(buf))
		if err != nil {
			f.skipped += f.offset - f.start + magicBytes + lengthBytes
			return buf[:0], ended(err)
		}
		return buf, nil
	}
}

// find reads up to the end of the next magic.
func (f *framed) find(magic []byte) error {
	for {
		if _, err := f.r.Peek(magicBytes); err != nil {
			n, _ := f.r.Discard(f.r.Buffered())
			f.offset += int64(n)
			f.skipped += int64(n)
			return ended(err)
		}
		ahead, _ := f.r.Peek(f.r.Buffered())
		if i := bytes.Index(ahead, magic); i >= 0 {
			f.r.Discard(i + magicBytes)
			f.offset += int64(i + magicBytes)
			f.skipped += int64(i)
			return nil
		}
		n, _ := f.r.Discard(len(ahead) - magicBytes + 1)
		f.offset += int64(n)
		f.skipped += int64(n)
	}
}

// reject goes back to one byte behind the beginning of the last frame's magic.
func (f *framed) reject() error {
	f.skipped++
	return f.seek(f.start - magicBytes - lengthBytes + 1)
}

// seek makes the byte at offset the next.
func (f *framed) seek(offset int64) error {
	if _, err := f.src.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	f.r.Reset(f.src)
	f.offset = offset
	return nil
}

// ended makes of an input that ended early one that ended.
func ended(err error) error {
	if err == io.ErrUnexpectedEOF {
		return io.EOF
	}
	return err
}

// readGrowing reads size bytes into buf, which it grows only as bytes arrive: a length is
// not believed before.
func readGrowing(r io.Reader, buf []byte, size int) ([]byte, error) {
	const step = 1 << 20
	buf = buf[:0]
	for len(buf) < size {
		n := min(size-len(buf), step)
		if cap(buf)-len(buf) < n {
			grown := make([]byte, len(buf), min(size, 2*cap(buf)+n))
			copy(grown, buf)
			buf = grown
		}
		from := len(buf)
		buf = buf[:from+n]
		if got, err := io.ReadFull(r, buf[from:]); err != nil {
			return buf[:from+got], err
		}
	}
	return buf, nil
}
