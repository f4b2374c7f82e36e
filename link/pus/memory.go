package pus

import "spacechain/link/coding/crc"

// Area is a stretch of memory (service 6, ECSS-E-ST-70-41C §6.6, §8.6). Its checksum
// is the CRC-16 over Data.
type Area struct {
	Start  uint64
	Length uint64 // of a dump or check
	Data   []byte // of a load or a dump report
	Sum    uint16 // of a report
}

// MemoryAreas are areas of one memory. Object areas are counted from Base, which is
// the object's own.
type MemoryAreas struct {
	Memory uint64
	Object bool
	Base   uint64
	Areas  []Area
}

func (m *MemoryAreas) writeHead(w *writer) {
	w.uint(m.Memory, w.p.Widths.Memory)
	if m.Object {
		w.uint(m.Base, w.p.Widths.Address)
	}
}

func (m *MemoryAreas) readHead(r *reader) {
	m.Memory = r.uint(r.p.Widths.Memory)
	if m.Object {
		m.Base = r.uint(r.p.Widths.Address)
	}
}

// writeFull writes areas with their data and checksums: a load, a dump report.
func (m *MemoryAreas) writeFull(w *writer) {
	m.writeHead(w)
	writeList(w, m.Areas, func(a Area) {
		w.uint(a.Start, w.p.Widths.Address)
		w.uint(uint64(len(a.Data)), w.p.Widths.Length)
		w.octets(a.Data)
		w.uint(uint64(crc.CCITT(a.Data)), 2)
	})
}

func readFull(r *reader, object bool) *MemoryAreas {
	m := &MemoryAreas{Object: object}
	m.readHead(r)
	m.Areas = readList(r, func() Area {
		a := Area{Start: r.uint(r.p.Widths.Address), Length: r.uint(r.p.Widths.Length)}
		if a.Length > uint64(len(r.b)) {
			r.fail("memory area of %d octets", a.Length)
			return a
		}
		a.Data = r.octets(int(a.Length))
		a.Sum = uint16(r.uint(2))
		return a
	})
	return m
}

// writeBare writes areas by place: a dump or check request.
func (m *MemoryAreas) writeBare(w *writer) {
	m.writeHead(w)
	writeList(w, m.Areas, func(a Area) {
		w.uint(a.Start, w.p.Widths.Address)
		w.uint(a.Length, w.p.Widths.Length)
	})
}

func readBare(r *reader, object bool) *MemoryAreas {
	m := &MemoryAreas{Object: object}
	m.readHead(r)
	m.Areas = readList(r, func() Area { return Area{Start: r.uint(r.p.Widths.Address), Length: r.uint(r.p.Widths.Length)} })
	return m
}

// writeSums writes a check report.
func (m *MemoryAreas) writeSums(w *writer) {
	m.writeHead(w)
	writeList(w, m.Areas, func(a Area) {
		w.uint(a.Start, w.p.Widths.Address)
		w.uint(a.Length, w.p.Widths.Length)
		w.uint(uint64(a.Sum), 2)
	})
}

func readSums(r *reader, object bool) *MemoryAreas {
	m := &MemoryAreas{Object: object}
	m.readHead(r)
	m.Areas = readList(r, func() Area {
		return Area{Start: r.uint(r.p.Widths.Address), Length: r.uint(r.p.Widths.Length), Sum: uint16(r.uint(2))}
	})
	return m
}

var memoryRequests = map[Message]handler{
	{6, 1}: func(s *Server, x *execution) error { return s.loadMemory(x, true) },
	{6, 2}: func(s *Server, x *execution) error { return s.loadMemory(x, false) },
	{6, 3}: func(s *Server, x *execution) error { return s.dump(x, true, false, 4) },
	{6, 5}: func(s *Server, x *execution) error { return s.dump(x, false, false, 6) },
	{6, 7}: func(s *Server, x *execution) error { return s.dump(x, true, true, 8) },
	{6, 9}: func(s *Server, x *execution) error { return s.dump(x, false, true, 10) },
}

func (s *Server) loadMemory(x *execution, object bool) error {
	m := readFull(x.in, object)
	if err := x.in.end(); err != nil {
		return err
	}
	mem := s.o.Memories[m.Memory]
	if mem == nil {
		return Failure{Code: CodeUnknown}
	}
	for _, a := range m.Areas {
		switch {
		case crc.CCITT(a.Data) != a.Sum:
			s.reject(x, CodeChecksum, a.Start)
		case mem.WriteMemory(m.Base+a.Start, a.Data) != nil:
			s.reject(x, CodeApplication, a.Start)
		}
	}
	return nil
}

// dump answers dumps and, with sums alone, checks. All its areas go into one report,
// which goes out in parts if it is long.
func (s *Server) dump(x *execution, object, sums bool, subtype uint8) error {
	m := readBare(x.in, object)
	if err := x.in.end(); err != nil {
		return err
	}
	mem := s.o.Memories[m.Memory]
	if mem == nil {
		return Failure{Code: CodeUnknown}
	}
	out := MemoryAreas{Memory: m.Memory, Object: object, Base: m.Base}
	total := uint64(0)
	for _, a := range m.Areas {
		if a.Length > 60000 || total+a.Length > 60000 {
			s.reject(x, CodeRange, a.Start)
			continue
		}
		p := make([]byte, a.Length)
		if mem.ReadMemory(m.Base+a.Start, p) != nil {
			s.reject(x, CodeApplication, a.Start)
			continue
		}
		total += a.Length
		out.Areas = append(out.Areas, Area{Start: a.Start, Length: a.Length, Data: p, Sum: crc.CCITT(p)})
	}
	if len(out.Areas) == 0 {
		return nil
	}
	s.emit(x.now, Message{6, subtype}, x.tc.Source, func(w *writer) {
		if sums {
			out.writeSums(w)
		} else {
			out.writeFull(w)
		}
	})
	return nil
}
