// Package blockfile reads blocks out of files: the blk*.dat files in which Qtum Core
// keeps its chain, bootstrap.dat, which is framed alike, and the chains in JSON (gzipped
// or not) that serve as test vectors. Open tells the kinds apart by their content.
//
// Files are read as a stream, so memory stays flat whatever their size: one block is held
// at a time. Blocks are given undecoded, in the file's order, which need not be the
// chain's.
package blockfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// DefaultMaxBlock is the largest block that is read, in bytes, until File.MaxBlock says
// otherwise: Qtum Core's dgpMaxBlockSerSize before governance changes it.
const DefaultMaxBlock = 8_000_000

// bufferBytes is how much of a file is read at once.
const bufferBytes = 64 << 10

// Kind is what a file holds.
type Kind int

const (
	// Framed files hold blocks behind a network's magic and their length: blk*.dat and
	// bootstrap.dat.
	Framed Kind = iota
	// Vector files hold a chain in JSON, gzipped or not: its network and options, its
	// blocks in order, and what must come of them.
	Vector
)

// String names the kind.
func (k Kind) String() string {
	if k == Vector {
		return "vector"
	}
	return "framed"
}

// Block is one undecoded block of a file.
type Block struct {
	// Raw is the block's bytes, valid until the next call of the File. In a Framed file
	// it is as long as the file says, which may be more than the block needs.
	Raw []byte
	// Offset is where Raw begins: in a Framed file a byte offset, which ReadAt takes; in a
	// Vector the block's number, counted from 0.
	Offset int64
}

// File is an open file of blocks. It is not safe for concurrent use.
type File struct {
	// MaxBlock bounds the size of a block, in bytes. It may be changed between calls.
	MaxBlock int
	// Magic is what precedes every block of a Framed file; it must be set before Next.
	Magic [4]byte

	name string
	r    io.ReadSeeker
	kind Kind
	gzip bool
	size int64 // of the file, in bytes

	network string
	args    []string

	framed *framed
	vector *vector
	buf    []byte
}

// Open opens the file at path and reads as much of it as tells its kind and, of a
// Vector, its network and options. A blk*.dat that is masked with the key in an xor.dat
// beside it, as newer Cores write them, is read without its mask.
func Open(path string) (*File, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	content, err := unmasked(path, r)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	f, err := New(path, content)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return f, nil
}

// New is Open of the content r, which errors call by name.
func New(name string, r io.ReadSeeker) (*File, error) {
	f := &File{name: name, r: r, MaxBlock: DefaultMaxBlock}
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("open block file %s: %w", name, err)
	}
	f.size = size
	if err := f.detect(); err != nil {
		return nil, fmt.Errorf("open block file %s: %w", name, err)
	}
	return f, nil
}

func (f *File) detect() error {
	head, err := f.rewind()
	if err != nil {
		return err
	}
	start, err := head.Peek(2)
	if err != nil && err != io.EOF {
		return err
	}
	f.gzip = bytes.Equal(start, []byte{0x1f, 0x8b})
	if !f.gzip && !looksLikeJSON(head) {
		f.kind = Framed
		return nil
	}
	f.kind = Vector
	return f.readHead()
}

// looksLikeJSON tells whether the first byte that is not white space opens an object.
func looksLikeJSON(r *bufio.Reader) bool {
	head, _ := r.Peek(512)
	head = bytes.TrimLeft(head, " \t\r\n")
	return len(head) > 0 && head[0] == '{'
}

// rewind gives a reader of the file from its beginning.
func (f *File) rewind() (*bufio.Reader, error) {
	if _, err := f.r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return bufio.NewReaderSize(f.r, bufferBytes), nil
}

// Name is the name that the file was opened with.
func (f *File) Name() string { return f.name }

// Kind tells what the file holds.
func (f *File) Kind() Kind { return f.kind }

// Network is the network that a Vector names; of a Framed file it is empty, as only the
// magic tells it.
func (f *File) Network() string { return f.network }

// Args are the options of qtumd with which a Vector's chain was made.
func (f *File) Args() []string { return f.args }

// Head is the first four bytes of a Framed file: its network's magic, if the file does not
// begin with a gap.
func (f *File) Head() (magic [4]byte, ok bool) {
	if f.kind != Framed || f.framed != nil {
		return magic, false
	}
	r, err := f.rewind()
	if err != nil {
		return magic, false
	}
	_, err = io.ReadFull(r, magic[:])
	return magic, err == nil
}

// Next gives the next block, io.EOF after the last.
func (f *File) Next() (Block, error) {
	b, err := f.next()
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read block file %s: %w", f.name, err)
	}
	return b, err
}

func (f *File) next() (Block, error) {
	if f.kind == Vector {
		return f.nextOfVector()
	}
	if f.framed == nil {
		r, err := f.rewind()
		if err != nil {
			return Block{}, err
		}
		f.framed = &framed{src: f.r, r: r}
	}
	raw, err := f.framed.next(f.Magic, f.MaxBlock, f.buf)
	f.buf = raw
	return Block{Raw: raw, Offset: f.framed.start}, err
}

// Advance tells that the Framed block last given needed only its first used bytes, so that
// the rest of its frame is searched for further blocks, as Qtum Core does
// (validation.cpp: LoadExternalBlockFile). Without it the whole frame counts as read.
func (f *File) Advance(used int) error {
	if f.framed == nil || used >= len(f.buf) {
		return nil
	}
	return f.framed.seek(f.framed.start + int64(used))
}

// Reject tells that the Framed block last given does not even begin with a header, so that
// the search goes on one byte behind the beginning of its magic.
func (f *File) Reject() error {
	if f.framed == nil {
		return nil
	}
	return f.framed.reject()
}

// CanReadAt tells whether ReadAt can give blocks again.
func (f *File) CanReadAt() bool { return f.kind == Framed }

// ReadAt gives again the block of a Framed file that Next gave with this offset and size.
// It may be called between calls of Next.
func (f *File) ReadAt(offset int64, size int) ([]byte, error) {
	if !f.CanReadAt() {
		return nil, fmt.Errorf("read block file %s: blocks of a %s file are read in order only", f.name, f.kind)
	}
	at, err := f.r.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, fmt.Errorf("read block file %s: %w", f.name, err)
	}
	raw := make([]byte, size)
	if _, err = f.r.Seek(offset, io.SeekStart); err == nil {
		_, err = io.ReadFull(f.r, raw)
	}
	if _, back := f.r.Seek(at, io.SeekStart); err == nil {
		err = back
	}
	if err != nil {
		return nil, fmt.Errorf("read block file %s: %d bytes at offset %d: %w", f.name, size, offset, err)
	}
	return raw, nil
}

// Progress is how far the file is read, and its size, in bytes (of a gzipped file,
// compressed ones).
func (f *File) Progress() (read, size int64) {
	if at, err := f.r.Seek(0, io.SeekCurrent); err == nil {
		read = min(at, f.size)
	}
	return read, f.size
}

// Skipped is the number of bytes of a Framed file so far that belong to no block.
func (f *File) Skipped() int64 {
	if f.framed == nil {
		return 0
	}
	return f.framed.skipped
}

// Close closes the file, if what it was opened with can be closed.
func (f *File) Close() error {
	if c, ok := f.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
