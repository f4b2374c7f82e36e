package sandbox

import (
	"encoding/binary"
	"math"
	"slices"
)

// The functions of WASI preview 1 on descriptors and paths.

// Rights and flags of preview 1 in use.
const (
	rightRead    = 1 << 1
	rightWrite   = 1 << 6
	oflagCreate  = 1
	oflagDir     = 2
	oflagExcl    = 4
	oflagTrunc   = 8
	fdflagAppend = 1
	typeChar     = 2
	typeDir      = 3
	typeRegular  = 4
)

// path reads a path argument for a directory descriptor.
func (a *args) path(fd uint32) (string, wasiErrno) {
	b := a.view()
	if a.bad {
		return "", wasiFault
	}
	if fd != rootFD {
		if a.r.files().fds[fd] != nil {
			return "", wasiNotdir
		}
		return "", wasiBadf
	}
	if len(b) > 4*maxName {
		return "", wasiInval
	}
	return fileName(string(b))
}

func pathOpen(r *run, a *args) wasiErrno {
	fd, _ := a.u32(), a.u32()
	name, errno := a.path(fd)
	oflags, rights, _, fdflags, out := a.u32(), a.i64(), a.i64(), a.u32(), a.u32()
	switch {
	case errno != wasiOK:
		return errno
	case name == "":
		if oflags&(oflagCreate|oflagTrunc) != 0 || rights&rightWrite != 0 {
			return wasiIsdir
		}
		a.writeU32(out, rootFD)
		return wasiOK
	case oflags&oflagDir != 0:
		if _, errno := r.files().read(name); errno != wasiOK {
			return errno
		}
		return wasiNotdir
	}
	if _, ok := r.mem.Read(out, 4); !ok {
		return wasiFault
	}
	n, errno := r.files().open(name, openFlags{
		create:    oflags&oflagCreate != 0,
		exclusive: oflags&oflagExcl != 0,
		truncate:  oflags&oflagTrunc != 0,
		write:     rights&rightWrite != 0 || oflags&(oflagCreate|oflagTrunc) != 0,
		append:    fdflags&fdflagAppend != 0,
	})
	if errno == wasiOK {
		a.writeU32(out, n)
	}
	return errno
}

// filestat writes a filestat structure.
func (a *args) filestat(out uint32, kind byte, ino uint64, size int) {
	b := make([]byte, 64)
	binary.LittleEndian.PutUint64(b[8:], ino)
	b[16] = kind
	binary.LittleEndian.PutUint64(b[24:], 1) // links
	binary.LittleEndian.PutUint64(b[32:], uint64(size))
	a.write(out, b)
}

// inode numbers files by their names.
func inode(name string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range []byte(name) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func pathFilestat(r *run, a *args) wasiErrno {
	fd, _ := a.u32(), a.u32()
	name, errno := a.path(fd)
	out := a.u32()
	if errno != wasiOK {
		return errno
	}
	if name == "" {
		a.filestat(out, typeDir, 1, 0)
		return wasiOK
	}
	data, errno := r.files().read(name)
	if errno == wasiOK {
		a.filestat(out, typeRegular, inode(name), len(data))
	}
	return errno
}

func pathUnlink(r *run, a *args) wasiErrno {
	name, errno := a.path(a.u32())
	if errno != wasiOK {
		return errno
	}
	if name == "" {
		return wasiIsdir
	}
	s := r.files()
	r.charge(priceWrite)
	if errno := wasiOf(r.host.RemoveFile(name)); errno != wasiOK {
		return errno
	}
	if f := s.files[name]; f != nil {
		f.removed = true
		delete(s.files, name)
	}
	return wasiOK
}

func pathRename(r *run, a *args) wasiErrno {
	from, errno := a.path(a.u32())
	to, errno2 := a.path(a.u32())
	switch {
	case errno != wasiOK:
		return errno
	case errno2 != wasiOK:
		return errno2
	case from == "" || to == "":
		return wasiPerm
	case from == to:
		return wasiOK
	}
	s := r.files()
	data, errno := s.read(from)
	if errno != wasiOK {
		return errno
	}
	if errno := s.store(to, data); errno != wasiOK {
		return errno
	}
	r.charge(priceWrite)
	if errno := wasiOf(r.host.RemoveFile(from)); errno != wasiOK {
		return errno
	}
	if f := s.files[to]; f != nil {
		f.removed = true
		delete(s.files, to)
	}
	if f := s.files[from]; f != nil {
		delete(s.files, from)
		f.name = to
		s.files[to] = f
	}
	return wasiOK
}

func fdStat(r *run, a *args) wasiErrno {
	fd, out := a.u32(), a.u32()
	if errno := r.files().exists(fd); errno != wasiOK {
		return errno
	}
	b := make([]byte, 24)
	rights := uint64(math.MaxUint64)
	switch d := r.files().fds[fd]; {
	case fd < rootFD:
		b[0] = typeChar
		rights = rightRead
		if fd > 0 {
			rights = rightWrite
		}
	case fd == rootFD:
		b[0] = typeDir
	default:
		b[0] = typeRegular
		if d.append {
			b[2] = fdflagAppend
		}
		if !d.write {
			rights &^= rightWrite
		}
	}
	binary.LittleEndian.PutUint64(b[8:], rights)
	binary.LittleEndian.PutUint64(b[16:], rights)
	a.write(out, b)
	return wasiOK
}

func fdSetFlags(r *run, a *args) wasiErrno {
	fd, flags := a.u32(), a.u32()
	if d := r.files().fds[fd]; d != nil {
		d.append = flags&fdflagAppend != 0
	}
	return r.files().exists(fd)
}

func fdFilestat(r *run, a *args) wasiErrno {
	fd, out := a.u32(), a.u32()
	s := r.files()
	switch d := s.fds[fd]; {
	case d != nil:
		a.filestat(out, typeRegular, inode(d.file.name), len(d.file.data))
	case fd == rootFD:
		a.filestat(out, typeDir, 1, 0)
	case fd < rootFD:
		a.filestat(out, typeChar, uint64(fd)+2, 0)
	default:
		return wasiBadf
	}
	return wasiOK
}

func fdSetSize(r *run, a *args) wasiErrno {
	d, errno := r.files().regular(a.u32())
	n := uint64(a.i64())
	if errno != wasiOK {
		return errno
	}
	if !d.write {
		return wasiBadf
	}
	r.charge(min(n, maxFiles) * priceByte)
	return r.files().resize(d.file, n)
}

func fdAllocate(r *run, a *args) wasiErrno {
	d, errno := r.files().regular(a.u32())
	offset, n := uint64(a.i64()), uint64(a.i64())
	if errno != wasiOK {
		return errno
	}
	if !d.write {
		return wasiBadf
	}
	if offset > maxFiles || n > maxFiles {
		return wasiFbig
	}
	r.charge(n * priceByte)
	if offset+n > uint64(len(d.file.data)) {
		return r.files().resize(d.file, offset+n)
	}
	return wasiOK
}

func fdRead(r *run, a *args) wasiErrno {
	fd, bufs, out := a.u32(), a.iovecs(), a.u32()
	s := r.files()
	if a.bad {
		return wasiFault
	}
	if fd == 0 {
		data := r.act.Trigger.Data
		n := s.readAt(data, uint64(s.stdinPos), bufs)
		s.stdinPos += int(n)
		a.writeU32(out, n)
		return wasiOK
	}
	d := s.fds[fd]
	if d == nil {
		return wasiBadf
	}
	n := s.readAt(d.file.data, d.pos, bufs)
	d.pos += uint64(n)
	a.writeU32(out, n)
	return wasiOK
}

func fdPread(r *run, a *args) wasiErrno {
	d, errno := r.files().regular(a.u32())
	bufs, pos, out := a.iovecs(), uint64(a.i64()), a.u32()
	if errno != wasiOK || a.bad {
		return errno
	}
	a.writeU32(out, r.files().readAt(d.file.data, pos, bufs))
	return wasiOK
}

func fdWrite(r *run, a *args) wasiErrno {
	fd, bufs, out := a.u32(), a.iovecs(), a.u32()
	if a.bad {
		return wasiFault
	}
	s := r.files()
	if fd == 1 || fd == 2 {
		n := 0
		for _, b := range bufs {
			b = b[:min(len(b), maxPayload-n)] // a longer write is a short one
			s.print(int(fd), b)
			n += len(b)
		}
		a.writeU32(out, uint32(n))
		return wasiOK
	}
	d := s.fds[fd]
	if d == nil || !d.write {
		return wasiBadf
	}
	if d.append {
		d.pos = uint64(len(d.file.data))
	}
	n, errno := s.writeAt(d.file, d.pos, bufs)
	if errno == wasiOK {
		d.pos += uint64(n)
		a.writeU32(out, n)
	}
	return errno
}

func fdPwrite(r *run, a *args) wasiErrno {
	d, errno := r.files().regular(a.u32())
	bufs, pos, out := a.iovecs(), uint64(a.i64()), a.u32()
	switch {
	case errno != wasiOK:
		return errno
	case a.bad:
		return wasiFault
	case !d.write:
		return wasiBadf
	}
	n, errno := r.files().writeAt(d.file, pos, bufs)
	if errno == wasiOK {
		a.writeU32(out, n)
	}
	return errno
}

func fdSeek(r *run, a *args) wasiErrno {
	fd, offset, whence, out := a.u32(), a.i64(), a.u32(), a.u32()
	d, errno := r.files().regular(fd)
	if errno != wasiOK {
		return errno
	}
	var base int64
	switch whence {
	case 0:
	case 1:
		base = int64(d.pos)
	case 2:
		base = int64(len(d.file.data))
	default:
		return wasiInval
	}
	if offset < -base || offset > math.MaxInt64-base {
		return wasiInval
	}
	d.pos = uint64(base + offset)
	a.writeU64(out, d.pos)
	return wasiOK
}

func fdTell(r *run, a *args) wasiErrno {
	fd, out := a.u32(), a.u32()
	d, errno := r.files().regular(fd)
	if errno == wasiOK {
		a.writeU64(out, d.pos)
	}
	return errno
}

func fdReaddir(r *run, a *args) wasiErrno {
	fd, buf, n, cookie, out := a.u32(), a.u32(), a.u32(), uint64(a.i64()), a.u32()
	if fd != rootFD {
		if r.files().fds[fd] != nil {
			return wasiNotdir
		}
		return wasiBadf
	}
	if _, ok := r.mem.Read(buf, n); !ok {
		return wasiFault
	}
	r.charge(priceQuery)
	names := slices.Clone(r.host.ListFiles())
	slices.Sort(names)
	var b []byte
	for i, name := range names {
		if uint64(i) < cookie || uint32(len(b)) >= n {
			continue
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(i+1))
		b = binary.LittleEndian.AppendUint64(b, inode(name))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(name)))
		b = append(b, typeRegular, 0, 0, 0)
		b = append(b, name...)
	}
	b = b[:min(uint32(len(b)), n)]
	r.charge(uint64(len(b)) * priceByte)
	a.write(buf, b)
	a.writeU32(out, uint32(len(b)))
	return wasiOK
}
