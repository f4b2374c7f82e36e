package pus

import (
	"slices"
	"time"
)

// StoreType says what a full packet store does.
type StoreType uint8

// Store types (service 15, ECSS-E-ST-70-41C §6.15, §8.15).
const (
	Circular StoreType = 0 // the oldest packets make room
	Bounded  StoreType = 1 // what comes is refused
)

// PacketStore is the definition of a packet store.
type PacketStore struct {
	ID      uint64
	Size    uint64 // octets of packets
	Type    StoreType
	Channel uint8 // virtual channel of its retrievals
}

// StoreStatus is a line of a store status report. Open and ByRange are whether these
// retrievals are in progress.
type StoreStatus struct {
	ID                     uint64
	Storing, Open, ByRange bool
}

// StoreSummary is a line of a content summary report.
type StoreSummary struct {
	ID                     uint64
	Oldest, Newest, OpenAt time.Time
	// Filled and Waiting are percentages of the size: of all packets, and of those
	// from OpenAt on.
	Filled, Waiting uint8
}

// StoreRange asks for the retrieval of the packets from From to To.
type StoreRange struct {
	ID       uint64
	From, To time.Time
}

// StoreSelection says which reports of a process go into a store: those of the listed
// services, of these the listed subtypes. Empty lists mean all.
type StoreSelection struct {
	APID     uint16
	Services []ServiceSelection
}

// ServiceSelection is a service with some of its subtypes.
type ServiceSelection struct {
	Service  uint8
	Subtypes []uint8
}

type record struct {
	at  time.Time
	pkt []byte
}

// packetStore is a store at work. Records have numbers that go on for ever: first is
// that of the oldest record there.
type packetStore struct {
	PacketStore
	storing bool
	what    []StoreSelection
	records []record
	first   uint64
	used    uint64

	open     bool // open retrieval in progress
	openAt   time.Time
	openNext uint64

	byRange            bool
	rangeNext, rangeTo uint64
}

type storage struct{ list []*packetStore }

var storageRequests = map[Message]handler{
	{15, 1}: storeFlags(func(p *packetStore) Code { p.storing = true; return 0 }),
	{15, 2}: storeFlags(func(p *packetStore) Code { p.storing = false; return 0 }),
	{15, 3}: func(s *Server, x *execution) error { return s.selectReports(x, true) },
	{15, 4}: func(s *Server, x *execution) error { return s.selectReports(x, false) },
	{15, 5}: func(s *Server, x *execution) error {
		id := x.in.uint(s.p.Widths.Store)
		if err := x.in.end(); err != nil {
			return err
		}
		p := s.findStore(id)
		if p == nil {
			return Failure{Code: CodeUnknown}
		}
		s.emit(x.now, Message{15, 6}, x.tc.Source, func(w *writer) { writeSelection(w, id, p.what) })
		return nil
	},
	{15, 9}:  retrieveRange,
	{15, 11}: deleteContent,
	{15, 12}: summarizeStores,
	{15, 14}: func(s *Server, x *execution) error {
		at := x.in.time()
		return s.eachStore(x, true, func(p *packetStore) Code {
			if p.open {
				return CodeState
			}
			p.openFrom(at)
			return 0
		})
	},
	{15, 15}: storeFlags(func(p *packetStore) Code {
		if p.byRange {
			return CodeState
		}
		p.open = true
		return 0
	}),
	{15, 16}: storeFlags(func(p *packetStore) Code { p.open = false; return 0 }),
	{15, 17}: storeFlags(func(p *packetStore) Code { p.byRange = false; return 0 }),
	{15, 18}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.emit(x.now, Message{15, 19}, x.tc.Source, func(w *writer) {
			writeList(w, s.storage.list, func(p *packetStore) {
				w.uint(p.ID, w.p.Widths.Store)
				w.bool(p.storing)
				w.bool(p.open)
				w.bool(p.byRange)
			})
		})
		return nil
	},
	{15, 20}: createStores,
	{15, 21}: func(s *Server, x *execution) error {
		return s.eachStore(x, true, func(p *packetStore) Code {
			if p.storing || p.open || p.byRange {
				return CodeState
			}
			s.storage.list = slices.DeleteFunc(s.storage.list, func(o *packetStore) bool { return o == p })
			return 0
		})
	},
	{15, 22}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.emit(x.now, Message{15, 23}, x.tc.Source, func(w *writer) {
			writeList(w, s.storage.list, func(p *packetStore) { w.packetStore(p.PacketStore) })
		})
		return nil
	},
	{15, 25}: resizeStores,
	{15, 26}: changeStore(func(s *Server, x *execution) func(*packetStore) Code {
		return func(p *packetStore) Code { p.Type = Circular; return 0 }
	}),
	{15, 27}: changeStore(func(s *Server, x *execution) func(*packetStore) Code {
		return func(p *packetStore) Code { p.Type = Bounded; return 0 }
	}),
	{15, 28}: changeStore(func(s *Server, x *execution) func(*packetStore) Code {
		vc := x.in.octet()
		return func(p *packetStore) Code { p.Channel = vc; return 0 }
	}),
}

func (w *writer) packetStore(p PacketStore) {
	w.uint(p.ID, w.p.Widths.Store)
	w.uint(p.Size, w.p.Widths.StoreSize)
	w.octet(uint8(p.Type))
	w.octet(p.Channel)
}

func (r *reader) packetStore() PacketStore {
	p := PacketStore{ID: r.uint(r.p.Widths.Store), Size: r.uint(r.p.Widths.StoreSize), Type: StoreType(r.octet()), Channel: r.octet()}
	if p.Type > Bounded {
		r.fail("packet store of type %d", p.Type)
	}
	return p
}

func writeSelection(w *writer, id uint64, what []StoreSelection) {
	w.uint(id, w.p.Widths.Store)
	writeList(w, what, func(a StoreSelection) {
		w.uint(uint64(a.APID), 2)
		writeList(w, a.Services, func(v ServiceSelection) {
			w.octet(v.Service)
			writeList(w, v.Subtypes, w.octet)
		})
	})
}

func readSelection(r *reader) (id uint64, what []StoreSelection) {
	id = r.uint(r.p.Widths.Store)
	what = readList(r, func() StoreSelection {
		return StoreSelection{uint16(r.uint(2)), readList(r, func() ServiceSelection {
			return ServiceSelection{r.octet(), readList(r, r.octet)}
		})}
	})
	return id, what
}

func (s *Server) findStore(id uint64) *packetStore {
	for _, p := range s.storage.list {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// eachStore runs fn for every store that the request lists; an empty list means all.
func (s *Server) eachStore(x *execution, all bool, fn func(*packetStore) Code) error {
	ids := readList(x.in, func() uint64 { return x.in.uint(s.p.Widths.Store) })
	if err := x.in.end(); err != nil {
		return err
	}
	if all && len(ids) == 0 {
		for _, p := range s.storage.list {
			ids = append(ids, p.ID)
		}
	}
	for _, id := range ids {
		code := CodeUnknown
		if p := s.findStore(id); p != nil {
			code = fn(p)
		}
		if code != 0 {
			s.reject(x, code, id)
		}
	}
	return nil
}

func storeFlags(fn func(*packetStore) Code) handler {
	return func(s *Server, x *execution) error { return s.eachStore(x, true, fn) }
}

// selectReports adds to or takes from what a store collects. What is taken away must
// be named as it was added.
func (s *Server) selectReports(x *execution, add bool) error {
	id, what := readSelection(x.in)
	if err := x.in.end(); err != nil {
		return err
	}
	p := s.findStore(id)
	if p == nil {
		return Failure{Code: CodeUnknown}
	}
	if !add && len(what) == 0 {
		p.what = nil
		return nil
	}
	for _, a := range what {
		at := slices.IndexFunc(p.what, func(b StoreSelection) bool { return b.APID == a.APID })
		switch {
		case a.APID != s.o.APID:
			s.reject(x, CodeUnknown, uint64(a.APID))
		case add && at < 0:
			p.what = append(p.what, a)
		case add:
			p.what[at].Services = mergeServices(p.what[at].Services, a.Services)
		case at < 0:
			s.reject(x, CodeUnknown, uint64(a.APID))
		case len(a.Services) == 0:
			p.what = slices.Delete(p.what, at, at+1)
		default:
			p.what[at].Services = slices.DeleteFunc(p.what[at].Services, func(v ServiceSelection) bool {
				return slices.ContainsFunc(a.Services, func(o ServiceSelection) bool {
					return o.Service == v.Service && (len(o.Subtypes) == 0 || slices.Equal(o.Subtypes, v.Subtypes))
				})
			})
			if len(p.what[at].Services) == 0 {
				p.what = slices.Delete(p.what, at, at+1)
			}
		}
	}
	return nil
}

// mergeServices joins two selections; an empty one is all there is.
func mergeServices(a, b []ServiceSelection) []ServiceSelection {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	for _, v := range b {
		at := slices.IndexFunc(a, func(o ServiceSelection) bool { return o.Service == v.Service })
		switch {
		case at < 0:
			a = append(a, v)
		case len(a[at].Subtypes) == 0:
		case len(v.Subtypes) == 0:
			a[at].Subtypes = nil
		default:
			for _, t := range v.Subtypes {
				if !slices.Contains(a[at].Subtypes, t) {
					a[at].Subtypes = append(a[at].Subtypes, t)
				}
			}
		}
	}
	return a
}

func (p *packetStore) wants(apid uint16, m Message) bool {
	return slices.ContainsFunc(p.what, func(a StoreSelection) bool {
		return a.APID == apid && (len(a.Services) == 0 || slices.ContainsFunc(a.Services, func(v ServiceSelection) bool {
			return v.Service == m.Service && (len(v.Subtypes) == 0 || slices.Contains(v.Subtypes, m.Subtype))
		}))
	})
}

// store files a report in the stores that want it.
func (s *Server) store(now time.Time, m Message, pkt []byte) {
	for _, p := range s.storage.list {
		if !p.storing || !p.wants(s.o.APID, m) || uint64(len(pkt)) > p.Size {
			continue
		}
		for p.Type == Circular && p.used+uint64(len(pkt)) > p.Size {
			p.dropOldest()
		}
		if p.used+uint64(len(pkt)) <= p.Size {
			p.records = append(p.records, record{now, pkt})
			p.used += uint64(len(pkt))
		}
	}
}

func (p *packetStore) dropOldest() {
	p.used -= uint64(len(p.records[0].pkt))
	p.records = slices.Delete(p.records, 0, 1)
	p.first++
}

// number is that of the first record not before t.
func (p *packetStore) number(t time.Time) uint64 {
	i := slices.IndexFunc(p.records, func(r record) bool { return !r.at.Before(t) })
	if i < 0 {
		i = len(p.records)
	}
	return p.first + uint64(i)
}

func (p *packetStore) openFrom(t time.Time) { p.openAt, p.openNext = t, p.number(t) }

func retrieveRange(s *Server, x *execution) error {
	list := readList(x.in, func() StoreRange { return StoreRange{x.in.uint(s.p.Widths.Store), x.in.time(), x.in.time()} })
	if err := x.in.end(); err != nil {
		return err
	}
	for _, q := range list {
		p := s.findStore(q.ID)
		switch {
		case p == nil:
			s.reject(x, CodeUnknown, q.ID)
		case p.byRange || p.open:
			s.reject(x, CodeState, q.ID)
		case q.To.Before(q.From):
			s.reject(x, CodeRange, q.ID)
		default:
			p.byRange, p.rangeNext, p.rangeTo = true, p.number(q.From), p.number(q.To.Add(1))
		}
	}
	return nil
}

// deleteContent removes packets up to a time; a store whose packets are being
// retrieved is left alone.
func deleteContent(s *Server, x *execution) error {
	upTo := x.in.time()
	return s.eachStore(x, true, func(p *packetStore) Code {
		if p.open || p.byRange {
			return CodeState
		}
		for len(p.records) > 0 && !p.records[0].at.After(upTo) {
			p.dropOldest()
		}
		return 0
	})
}

func (w *writer) storeSummary(v StoreSummary) {
	w.uint(v.ID, w.p.Widths.Store)
	w.time(v.Oldest)
	w.time(v.Newest)
	w.time(v.OpenAt)
	w.octet(v.Filled)
	w.octet(v.Waiting)
}

func (r *reader) storeSummary() StoreSummary {
	return StoreSummary{r.uint(r.p.Widths.Store), r.time(), r.time(), r.time(), r.octet(), r.octet()}
}

func summarizeStores(s *Server, x *execution) error {
	var found []StoreSummary
	err := s.eachStore(x, true, func(p *packetStore) Code {
		v := StoreSummary{ID: p.ID, OpenAt: p.openAt, Filled: uint8(p.used * 100 / max(p.Size, 1))}
		waiting := uint64(0)
		for i, r := range p.records {
			if i == 0 {
				v.Oldest = r.at
			}
			v.Newest = r.at
			if p.first+uint64(i) >= p.openNext {
				waiting += uint64(len(r.pkt))
			}
		}
		v.Waiting = uint8(waiting * 100 / max(p.Size, 1))
		found = append(found, v)
		return 0
	})
	if err == nil {
		s.emit(x.now, Message{15, 13}, x.tc.Source, func(w *writer) { writeList(w, found, w.storeSummary) })
	}
	return err
}

// reserved is the size of all stores but one.
func (s *Server) reserved(but uint64) (n uint64) {
	for _, p := range s.storage.list {
		if p.ID != but {
			n += p.Size
		}
	}
	return n
}

func createStores(s *Server, x *execution) error {
	list := readList(x.in, x.in.packetStore)
	if err := x.in.end(); err != nil {
		return err
	}
	for _, q := range list {
		switch {
		case s.findStore(q.ID) != nil:
			s.reject(x, CodeExists, q.ID)
		case len(s.storage.list) >= s.o.MaxDefinitions, q.Size > s.o.MaxStorage, s.reserved(q.ID)+q.Size > s.o.MaxStorage:
			s.reject(x, CodeFull, q.ID)
		default:
			s.storage.list = append(s.storage.list, &packetStore{PacketStore: q})
		}
	}
	return nil
}

func resizeStores(s *Server, x *execution) error {
	type change struct{ id, size uint64 }
	list := readList(x.in, func() change { return change{x.in.uint(s.p.Widths.Store), x.in.uint(s.p.Widths.StoreSize)} })
	if err := x.in.end(); err != nil {
		return err
	}
	for _, c := range list {
		p := s.findStore(c.id)
		switch {
		case p == nil:
			s.reject(x, CodeUnknown, c.id)
		case p.storing || p.open || p.byRange:
			s.reject(x, CodeState, c.id)
		case c.size < p.used, c.size > s.o.MaxStorage, s.reserved(c.id)+c.size > s.o.MaxStorage:
			s.reject(x, CodeFull, c.id)
		default:
			p.Size = c.size
		}
	}
	return nil
}

// changeStore is for requests about one store that must be at rest.
func changeStore(prepare func(*Server, *execution) func(*packetStore) Code) handler {
	return func(s *Server, x *execution) error {
		id := x.in.uint(s.p.Widths.Store)
		fn := prepare(s, x)
		if err := x.in.end(); err != nil {
			return err
		}
		p := s.findStore(id)
		switch {
		case p == nil:
			return Failure{Code: CodeUnknown}
		case p.storing || p.open || p.byRange:
			return Failure{Code: CodeState}
		}
		if code := fn(p); code != 0 {
			return Failure{Code: code}
		}
		return nil
	}
}

// retrieve adds to out, up to n packets in all, what retrievals have to give.
func (s *Server) retrieve(out []Downlink, n int) []Downlink {
	for _, p := range s.storage.list {
		for p.byRange && len(out) < n {
			p.rangeNext = max(p.rangeNext, p.first)
			if p.rangeNext >= p.rangeTo || p.rangeNext >= p.first+uint64(len(p.records)) {
				p.byRange = false
				break
			}
			out = append(out, Downlink{uint64(p.Channel), p.records[p.rangeNext-p.first].pkt})
			p.rangeNext++
		}
		for p.open && len(out) < n {
			p.openNext = max(p.openNext, p.first)
			if p.openNext >= p.first+uint64(len(p.records)) {
				break
			}
			r := p.records[p.openNext-p.first]
			out = append(out, Downlink{uint64(p.Channel), r.pkt})
			p.openNext++
			p.openAt = r.at
		}
	}
	return out
}
