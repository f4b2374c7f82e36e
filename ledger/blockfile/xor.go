package blockfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// keySize is the length of the key in an xor.dat, in bytes.
const keySize = 8

// masked is a file every byte of which is xored with the byte of the key at its offset
// (Bitcoin Core 28 node/blockstorage.cpp: InitBlocksdirXorKey; Qtum Core from 29). The mask
// hides nothing: it only keeps other programs from seeing patterns in block data.
type masked struct {
	f   *os.File
	key [keySize]byte
	at  int64
}

// unmasked gives the content of a file, without its mask if it has one.
func unmasked(path string, f *os.File) (io.ReadSeeker, error) {
	if ok, _ := filepath.Match("blk*.dat", filepath.Base(path)); !ok {
		return f, nil
	}
	name := filepath.Join(filepath.Dir(path), "xor.dat")
	key, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil && len(key) != keySize {
		err = fmt.Errorf("key %s has %d bytes, not %d", name, len(key), keySize)
	}
	if err != nil {
		return nil, fmt.Errorf("open block file %s: %w", path, err)
	}
	return &masked{f: f, key: [keySize]byte(key)}, nil
}

// Read implements io.Reader.
func (m *masked) Read(p []byte) (int, error) {
	n, err := m.f.Read(p)
	for i := range p[:n] {
		p[i] ^= m.key[(m.at+int64(i))%keySize]
	}
	m.at += int64(n)
	return n, err
}

// Seek implements io.Seeker.
func (m *masked) Seek(offset int64, whence int) (int64, error) {
	at, err := m.f.Seek(offset, whence)
	if err == nil {
		m.at = at
	}
	return at, err
}

// Close implements io.Closer.
func (m *masked) Close() error { return m.f.Close() }
