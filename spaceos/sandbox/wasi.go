package sandbox

import (
	"encoding/binary"
	"fmt"
	"time"
)

// WASI preview 1 over the Host: the clock is the guest's, randomness is the
// activation's, files are the tenant's flat private ones, and there is nothing else.

// wasiErrno is an errno of WASI preview 1.
type wasiErrno uint32

// The errnos in use.
const (
	wasiOK         wasiErrno = 0
	wasiBadf       wasiErrno = 8
	wasiExist      wasiErrno = 20
	wasiFault      wasiErrno = 21
	wasiFbig       wasiErrno = 22
	wasiInval      wasiErrno = 28
	wasiIO         wasiErrno = 29
	wasiIsdir      wasiErrno = 31
	wasiMfile      wasiErrno = 33
	wasiNoent      wasiErrno = 44
	wasiNospc      wasiErrno = 51
	wasiNosys      wasiErrno = 52
	wasiNotdir     wasiErrno = 54
	wasiNotsup     wasiErrno = 58
	wasiPerm       wasiErrno = 63
	wasiSpipe      wasiErrno = 70
	wasiNotcapable wasiErrno = 76
)

var wasiErrnoText = map[wasiErrno]string{wasiFbig: "too large", wasiNospc: "quota used up", wasiPerm: "not permitted",
	wasiIO: "input/output error", wasiNoent: "not found", wasiInval: "invalid argument"}

// String gives the errno's text.
func (e wasiErrno) String() string {
	if s, ok := wasiErrnoText[e]; ok {
		return s
	}
	return fmt.Sprintf("wasi errno %d", uint32(e))
}

// wasiOf translates the host's errno.
func wasiOf(e Errno) wasiErrno {
	switch e {
	case OK:
		return wasiOK
	case EPerm:
		return wasiPerm
	case ENoEnt:
		return wasiNoent
	case EInval:
		return wasiInval
	case EQuota:
		return wasiNospc
	case ETooBig:
		return wasiFbig
	}
	return wasiIO
}

// wasiFunc makes a host function of one that reads its arguments and gives an errno.
func wasiFunc(name, params string, call func(r *run, a *args) wasiErrno) hostFunc {
	return hostFunc{name, params + " > i32", func(r *run, stack []uint64) {
		r.charge(priceCall)
		a := args{r: r, stack: stack}
		errno := call(r, &a)
		if a.bad {
			errno = wasiFault
		}
		stack[0] = uint64(errno)
	}}
}

// wasiNo makes the host function of what does not exist here.
func wasiNo(name, params string, errno wasiErrno) hostFunc {
	return wasiFunc(name, params, func(*run, *args) wasiErrno { return errno })
}

// write puts bytes at a pointer.
func (a *args) write(ptr uint32, b []byte) {
	if !a.r.mem.Write(ptr, b) {
		a.bad = true
	}
}

func (a *args) writeU32(ptr, v uint32) { a.write(ptr, binary.LittleEndian.AppendUint32(nil, v)) }

func (a *args) writeU64(ptr uint32, v uint64) { a.write(ptr, binary.LittleEndian.AppendUint64(nil, v)) }

// iovecs gives the buffers of a scatter or gather list in place.
func (a *args) iovecs() [][]byte {
	ptr, n := a.u32(), a.u32()
	if n > 1024 {
		a.bad = true
		return nil
	}
	list, ok := a.r.mem.Read(ptr, 8*n)
	if !ok {
		a.bad = true
		return nil
	}
	bufs := make([][]byte, 0, n)
	for ; len(list) > 0; list = list[8:] {
		b, ok := a.r.mem.Read(binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[4:]))
		if !ok {
			a.bad = true
			return nil
		}
		bufs = append(bufs, b)
	}
	return bufs
}

// wasiFuncs is all of preview 1.
var wasiFuncs = []hostFunc{
	wasiFunc("args_get", "i32 i32", func(_ *run, a *args) wasiErrno {
		argv, buf := a.u32(), a.u32()
		a.writeU32(argv, buf)
		a.write(buf, []byte("app\x00"))
		return wasiOK
	}),
	wasiFunc("args_sizes_get", "i32 i32", func(_ *run, a *args) wasiErrno {
		argc, size := a.u32(), a.u32()
		a.writeU32(argc, 1)
		a.writeU32(size, 4)
		return wasiOK
	}),
	wasiFunc("environ_get", "i32 i32", func(*run, *args) wasiErrno { return wasiOK }),
	wasiFunc("environ_sizes_get", "i32 i32", func(_ *run, a *args) wasiErrno {
		n, size := a.u32(), a.u32()
		a.writeU32(n, 0)
		a.writeU32(size, 0)
		return wasiOK
	}),
	wasiFunc("clock_res_get", "i32 i32", func(r *run, a *args) wasiErrno {
		id, out := a.u32(), a.u32()
		if id > 3 {
			return wasiInval
		}
		a.writeU64(out, uint64(max(r.act.Resolution, 1)))
		return wasiOK
	}),
	wasiFunc("clock_time_get", "i32 i64 i32", func(r *run, a *args) wasiErrno {
		id, _, out := a.u32(), a.i64(), a.u32()
		switch id {
		case 0, 1:
			a.writeU64(out, uint64(r.now().UnixNano()))
		case 2, 3:
			a.writeU64(out, r.used())
		default:
			return wasiInval
		}
		return wasiOK
	}),
	wasiFunc("random_get", "i32 i32", func(r *run, a *args) wasiErrno {
		b := a.view()
		if a.bad {
			return wasiFault
		}
		for len(b) > 0 { // in parts, so that a long one cannot keep the host busy
			n := min(len(b), copyChunk)
			r.charge(uint64(n) * priceByte)
			r.random.fill(b[:n])
			b = b[n:]
		}
		return wasiOK
	}),
	{"proc_exit", "i32 >", func(r *run, s []uint64) {
		if code := uint32(s[0]); code != 0 {
			detail := fmt.Sprintf("exit code %d", code)
			if r.lastLine != "" {
				detail += ": " + r.lastLine
			}
			r.end(Failed, "%s", detail)
		}
		r.end(Returned, "")
	}},
	wasiFunc("proc_raise", "i32", func(r *run, a *args) wasiErrno {
		r.end(Failed, "signal %d", a.u32())
		return wasiNosys
	}),
	wasiFunc("sched_yield", "", func(*run, *args) wasiErrno { return wasiOK }),
	wasiFunc("poll_oneoff", "i32 i32 i32 i32", pollOneoff),

	wasiFunc("fd_prestat_get", "i32 i32", func(_ *run, a *args) wasiErrno {
		fd, out := a.u32(), a.u32()
		if fd != rootFD {
			return wasiBadf
		}
		a.writeU64(out, 1<<32) // a directory whose name is 1 byte long
		return wasiOK
	}),
	wasiFunc("fd_prestat_dir_name", "i32 i32 i32", func(_ *run, a *args) wasiErrno {
		fd, buf, n := a.u32(), a.u32(), a.u32()
		if fd != rootFD {
			return wasiBadf
		}
		if n < 1 {
			return wasiInval
		}
		a.write(buf, []byte("/"))
		return wasiOK
	}),
	wasiFunc("fd_advise", "i32 i64 i64 i32", func(r *run, a *args) wasiErrno { return r.files().exists(a.u32()) }),
	wasiFunc("fd_allocate", "i32 i64 i64", fdAllocate),
	wasiFunc("fd_close", "i32", func(r *run, a *args) wasiErrno { return r.files().close(a.u32()) }),
	wasiFunc("fd_datasync", "i32", func(r *run, a *args) wasiErrno { return r.files().sync(a.u32()) }),
	wasiFunc("fd_sync", "i32", func(r *run, a *args) wasiErrno { return r.files().sync(a.u32()) }),
	wasiFunc("fd_fdstat_get", "i32 i32", fdStat),
	wasiFunc("fd_fdstat_set_flags", "i32 i32", fdSetFlags),
	wasiFunc("fd_fdstat_set_rights", "i32 i64 i64", func(r *run, a *args) wasiErrno { return r.files().exists(a.u32()) }),
	wasiFunc("fd_filestat_get", "i32 i32", fdFilestat),
	wasiFunc("fd_filestat_set_size", "i32 i64", fdSetSize),
	wasiFunc("fd_filestat_set_times", "i32 i64 i64 i32", func(r *run, a *args) wasiErrno { return r.files().exists(a.u32()) }),
	wasiFunc("fd_read", "i32 i32 i32 i32", fdRead),
	wasiFunc("fd_pread", "i32 i32 i32 i64 i32", fdPread),
	wasiFunc("fd_write", "i32 i32 i32 i32", fdWrite),
	wasiFunc("fd_pwrite", "i32 i32 i32 i64 i32", fdPwrite),
	wasiFunc("fd_seek", "i32 i64 i32 i32", fdSeek),
	wasiFunc("fd_tell", "i32 i32", fdTell),
	wasiFunc("fd_readdir", "i32 i32 i32 i64 i32", fdReaddir),
	wasiFunc("fd_renumber", "i32 i32", func(r *run, a *args) wasiErrno { return r.files().renumber(a.u32(), a.u32()) }),
	wasiFunc("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32", pathOpen),
	wasiFunc("path_filestat_get", "i32 i32 i32 i32 i32", pathFilestat),
	wasiFunc("path_filestat_set_times", "i32 i32 i32 i32 i64 i64 i32", func(_ *run, a *args) wasiErrno {
		fd, _ := a.u32(), a.u32()
		_, errno := a.path(fd)
		return errno
	}),
	wasiFunc("path_unlink_file", "i32 i32 i32", pathUnlink),
	wasiFunc("path_rename", "i32 i32 i32 i32 i32 i32", pathRename),
	wasiNo("path_create_directory", "i32 i32 i32", wasiPerm),
	wasiNo("path_remove_directory", "i32 i32 i32", wasiPerm),
	wasiNo("path_link", "i32 i32 i32 i32 i32 i32 i32", wasiNotsup),
	wasiNo("path_symlink", "i32 i32 i32 i32 i32", wasiNotsup),
	wasiNo("path_readlink", "i32 i32 i32 i32 i32 i32", wasiInval),
	wasiNo("sock_accept", "i32 i32 i32", wasiNotsup),
	wasiNo("sock_recv", "i32 i32 i32 i32 i32 i32", wasiNotsup),
	wasiNo("sock_send", "i32 i32 i32 i32 i32", wasiNotsup),
	wasiNo("sock_shutdown", "i32 i32", wasiNotsup),
}

// maxSleep bounds how far one activation may move its own clock.
const maxSleep = 24 * time.Hour

// pollOneoff ends every subscription at once. Clock subscriptions move the guest's
// clock to the earliest of them; files are always ready.
func pollOneoff(r *run, a *args) wasiErrno {
	in, out, n, count := a.u32(), a.u32(), a.u32(), a.u32()
	if n == 0 || n > 256 {
		return wasiInval
	}
	subs, ok := r.bytes(in, 48*n)
	if !ok {
		return wasiFault
	}
	r.charge(uint64(n) * priceCall)
	const never = time.Duration(1<<63 - 1)
	sleep, ready := never, false
	wait := func(s []byte) time.Duration {
		t := int64(min(binary.LittleEndian.Uint64(s[24:]), 1<<62))
		if s[40]&1 != 0 { // absolute
			t -= r.now().UnixNano()
		}
		return max(time.Duration(t), 0)
	}
	for i := range n {
		s := subs[48*i:]
		if s[8] == 0 {
			sleep = min(sleep, wait(s))
		} else {
			ready = true
		}
	}
	if ready {
		sleep = 0
	}
	events := uint32(0)
	for i := range n {
		s := subs[48*i:]
		if s[8] == 0 && (ready || wait(s) > sleep) {
			continue
		}
		e := make([]byte, 32)
		copy(e, s[:8]) // userdata
		e[10] = s[8]
		if s[8] != 0 {
			e[16] = 1 // a byte at least
			if s[8] > 2 {
				binary.LittleEndian.PutUint16(e[8:], uint16(wasiInval))
			} else if r.files().exists(binary.LittleEndian.Uint32(s[16:])) != wasiOK {
				binary.LittleEndian.PutUint16(e[8:], uint16(wasiBadf))
			}
		}
		a.write(out+32*events, e)
		events++
	}
	if sleep != never {
		r.sleep(sleep)
	}
	a.writeU32(count, events)
	return wasiOK
}

// sleep moves the guest's clock.
func (r *run) sleep(d time.Duration) { r.slept = min(r.slept+min(d, maxSleep), maxSleep) }
