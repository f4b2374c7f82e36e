package sandbox

import (
	"slices"
	"strings"
)

// rootFD is the one preopened directory.
const rootFD = 3

// wasiFile is a file that at least one descriptor names. Its bytes reach the host
// when they are synced or closed.
type wasiFile struct {
	name    string
	data    []byte
	dirty   bool
	removed bool // unlinked while open: never written
	opens   int
}

// descriptor is an open file.
type descriptor struct {
	file   *wasiFile
	pos    uint64
	write  bool
	append bool
}

// wasiState is the guest's files of one activation.
type wasiState struct {
	r        *run
	files    map[string]*wasiFile
	fds      map[uint32]*descriptor
	stdinPos int
	partial  [3]string // what was written to stdout and stderr without a line end
	bytes    int       // of all open files
}

// files gives the activation's files.
func (r *run) files() *wasiState {
	if r.wasi == nil {
		r.wasi = &wasiState{r: r, files: map[string]*wasiFile{}, fds: map[uint32]*descriptor{}}
	}
	return r.wasi
}

// fileName checks a file's name. The file system is flat.
func fileName(name string) (string, wasiErrno) {
	if strings.Contains(name, "\x00") || name == "" {
		return "", wasiInval
	}
	depth := 0
	var parts []string
	for p := range strings.SplitSeq(name, "/") {
		switch p {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return "", wasiNotcapable
			}
			parts = parts[:len(parts)-1]
		default:
			depth++
			parts = append(parts, p)
		}
	}
	switch {
	case len(parts) == 0:
		return "", wasiOK // the directory itself
	case len(parts) > 1:
		return "", wasiNotcapable
	case !validName(parts[0], false):
		return "", wasiInval
	}
	return parts[0], wasiOK
}

// exists says whether a descriptor is open.
func (s *wasiState) exists(fd uint32) wasiErrno {
	if fd > rootFD && s.fds[fd] == nil {
		return wasiBadf
	}
	return wasiOK
}

// regular gives the descriptor of a file.
func (s *wasiState) regular(fd uint32) (*descriptor, wasiErrno) {
	if d := s.fds[fd]; d != nil {
		return d, wasiOK
	}
	switch {
	case fd == rootFD:
		return nil, wasiIsdir
	case fd < rootFD:
		return nil, wasiSpipe
	}
	return nil, wasiBadf
}

// read loads a file's bytes from the open files or the host.
func (s *wasiState) read(name string) ([]byte, wasiErrno) {
	if f := s.files[name]; f != nil {
		return f.data, wasiOK
	}
	s.r.charge(priceQuery)
	data, errno := s.r.host.ReadFile(name)
	if errno == OK {
		s.r.charge(uint64(len(data)) * priceByte)
	}
	return data, wasiOf(errno)
}

// openFlags says how a file is opened.
type openFlags struct{ create, exclusive, truncate, write, append bool }

// open gives a new descriptor.
func (s *wasiState) open(name string, flags openFlags) (uint32, wasiErrno) {
	if len(s.fds) >= maxOpen {
		return 0, wasiMfile
	}
	f := s.files[name]
	if f == nil {
		data, errno := s.read(name)
		switch {
		case errno == wasiNoent && flags.create:
			if errno := s.store(name, nil); errno != wasiOK {
				return 0, errno
			}
		case errno != wasiOK:
			return 0, errno
		case flags.create && flags.exclusive:
			return 0, wasiExist
		}
		if s.bytes+len(data) > maxFiles {
			return 0, wasiFbig
		}
		f = &wasiFile{name: name, data: slices.Clone(data)}
		s.files[name] = f
		s.bytes += len(data)
	} else if flags.create && flags.exclusive {
		return 0, wasiExist
	}
	if flags.truncate && len(f.data) > 0 {
		s.bytes -= len(f.data)
		f.data, f.dirty = nil, true
	}
	f.opens++
	fd := uint32(rootFD + 1)
	for s.fds[fd] != nil {
		fd++
	}
	s.fds[fd] = &descriptor{file: f, write: flags.write, append: flags.append}
	return fd, wasiOK
}

// store writes a file to the host.
func (s *wasiState) store(name string, data []byte) wasiErrno {
	s.r.charge(priceWrite + uint64(len(data))*priceByte)
	return wasiOf(s.r.host.WriteFile(name, slices.Clone(data)))
}

// flush writes a file that has changed.
func (s *wasiState) flush(f *wasiFile) wasiErrno {
	if !f.dirty || f.removed {
		return wasiOK
	}
	errno := s.store(f.name, f.data)
	if errno == wasiOK {
		f.dirty = false
	}
	return errno
}

// flushAll writes what has changed when the app returns, in the order of the names.
func (s *wasiState) flushAll() wasiErrno {
	for i := 1; i <= 2; i++ {
		if s.partial[i] != "" {
			s.line(i, s.partial[i])
			s.partial[i] = ""
		}
	}
	names := make([]string, 0, len(s.files))
	for name := range s.files {
		names = append(names, name)
	}
	slices.Sort(names)
	first := wasiOK
	for _, name := range names {
		if errno := s.flush(s.files[name]); errno != wasiOK && first == wasiOK {
			first = errno
		}
	}
	return first
}

func (s *wasiState) sync(fd uint32) wasiErrno {
	if d := s.fds[fd]; d != nil {
		return s.flush(d.file)
	}
	return s.exists(fd)
}

func (s *wasiState) close(fd uint32) wasiErrno {
	d := s.fds[fd]
	if d == nil {
		return s.exists(fd) // closing a standard descriptor does nothing
	}
	delete(s.fds, fd)
	errno := s.flush(d.file)
	if d.file.opens--; d.file.opens == 0 {
		s.bytes -= len(d.file.data)
		if s.files[d.file.name] == d.file {
			delete(s.files, d.file.name)
		}
	}
	return errno
}

func (s *wasiState) renumber(from, to uint32) wasiErrno {
	d := s.fds[from]
	if d == nil || s.fds[to] == nil {
		return wasiBadf
	}
	if from == to {
		return wasiOK
	}
	errno := s.close(to)
	delete(s.fds, from)
	s.fds[to] = d
	return errno
}

// resize sets a file's length.
func (s *wasiState) resize(f *wasiFile, n uint64) wasiErrno {
	if n > maxFiles || s.bytes-len(f.data)+int(n) > maxFiles {
		return wasiFbig
	}
	s.bytes += int(n) - len(f.data)
	if int(n) <= len(f.data) {
		f.data = f.data[:n]
	} else {
		f.data = append(f.data, make([]byte, int(n)-len(f.data))...)
	}
	f.dirty = true
	return wasiOK
}

// writeAt writes the buffers at a position and gives how much.
func (s *wasiState) writeAt(f *wasiFile, pos uint64, bufs [][]byte) (uint32, wasiErrno) {
	total := uint64(0)
	for _, b := range bufs {
		total += uint64(len(b))
	}
	if total > maxFiles || pos > maxFiles {
		return 0, wasiFbig
	}
	s.r.charge(total * priceByte)
	if end := pos + total; end > uint64(len(f.data)) {
		if errno := s.resize(f, end); errno != wasiOK {
			return 0, errno
		}
	}
	for _, b := range bufs {
		pos += uint64(copy(f.data[pos:], b))
	}
	f.dirty = f.dirty || total > 0
	return uint32(total), wasiOK
}

// readAt fills the buffers from a position and gives how much.
func (s *wasiState) readAt(data []byte, pos uint64, bufs [][]byte) uint32 {
	total := 0
	for _, b := range bufs {
		if pos >= uint64(len(data)) {
			break
		}
		n := copy(b, data[pos:])
		s.r.charge(uint64(n) * priceByte)
		pos += uint64(n)
		total += n
	}
	return uint32(total)
}

// print takes what is written to stdout or stderr; whole lines go to the log.
func (s *wasiState) print(fd int, text []byte) {
	s.r.charge(uint64(len(text)) * priceByte)
	rest := s.partial[fd] + string(text)
	for {
		line, after, ok := strings.Cut(rest, "\n")
		if !ok {
			break
		}
		s.line(fd, line)
		rest = after
	}
	for len(rest) > maxLine {
		s.line(fd, rest[:maxLine])
		rest = rest[maxLine:]
	}
	s.partial[fd] = rest
}

func (s *wasiState) line(fd int, line string) {
	if line = strings.TrimRight(line, "\r"); line == "" {
		return
	}
	level := 1
	if fd == 2 {
		level = 3
		s.r.lastLine = strings.ToValidUTF8(line[:min(len(line), 200)], "\uFFFD")
	}
	s.r.log(level, line)
}
