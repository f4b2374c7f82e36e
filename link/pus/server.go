package pus

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"spacechain/link/packet"
)

// Parameters are the application's parameters, to be reported, monitored and set.
type Parameters interface {
	Dictionary
	// Get reads a parameter.
	Get(id uint64) (Value, error)
	// Set changes one; the value has its type.
	Set(id uint64, v Value) error
}

// Functions are what service 8 can start. Args are the octets behind the function id.
type Functions interface {
	Perform(now time.Time, id uint64, args []byte) error
}

// Memory is one memory of service 6. Both calls are all or nothing.
type Memory interface {
	ReadMemory(address uint64, p []byte) error
	WriteMemory(address uint64, p []byte) error
}

// Options make a server. APID must be set.
type Options struct {
	APID    uint16
	Profile Profile
	// What the application gives; nil is none.
	Parameters Parameters
	Functions  Functions
	Memories   map[uint64]Memory
	// Unit is the unit of collection and monitoring intervals: 1 s.
	Unit time.Duration
	// TimeStatus is the time reference status in telemetry headers.
	TimeStatus uint8
	// MaxTM bounds a telemetry packet; what is longer goes out in parts by service 13:
	// 1024 octets.
	MaxTM int
	// MaxQueue bounds the telemetry that waits for Take, in packets; the oldest makes
	// room: 1024.
	MaxQueue int
	// MaxTransfer bounds an uplinked large packet: 65542 octets, a whole packet.
	MaxTransfer int
	// TransferTimeout is how long an uplink may wait for its next part: 60 s.
	TransferTimeout time.Duration
	// MaxDefinitions bounds each list of definitions: structures, monitors, event
	// actions, scheduled activities and stores are at most that many, and never more
	// than a count field can tell: 255.
	MaxDefinitions int
	// MaxStorage bounds the sizes of all packet stores together: 1 MiB.
	MaxStorage uint64
}

// Stats counts what a server met.
type Stats struct {
	Received, Refused uint64 // telecommands
	Dropped           uint64 // telemetry that was not taken in time
	Released          uint64 // scheduled activities
	Unencodable       uint64 // telemetry that fits no packet
}

// Downlink is a telemetry packet on its way, with the virtual channel it is for.
type Downlink struct {
	Channel uint64 // 0, or that of the packet store it comes from
	Packet  []byte
}

// Server is the on-board end of PUS; see the package comment. It is for one goroutine
// at a time.
type Server struct {
	o Options
	p *Profile

	queue   [][]byte
	count   uint16
	counter map[Message]uint16

	housekeeping housekeeping
	events       events
	schedule     schedule
	monitoring   monitoring
	transfer     transfer
	storage      storage
	eventActions eventActions
	settings     map[uint64]Value
	timeRate     uint8
	depth        int // of requests that release requests

	Stats Stats
}

// NewServer makes a server with nothing defined: the functions of scheduling,
// monitoring and event-action are disabled until a request enables them.
func NewServer(o Options) (*Server, error) {
	if o.APID == 0 || o.APID > packet.MaxAPID {
		return nil, fmt.Errorf("server with APID %d", o.APID)
	}
	if o.Unit <= 0 {
		o.Unit = time.Second
	}
	if o.MaxTM <= 0 {
		o.MaxTM = 1024
	}
	o.MaxTM = min(max(o.MaxTM, 64), packet.MaxLen)
	if o.MaxQueue <= 0 {
		o.MaxQueue = 1024
	}
	if o.MaxTransfer <= 0 {
		o.MaxTransfer = packet.MaxLen
	}
	if o.TransferTimeout <= 0 {
		o.TransferTimeout = time.Minute
	}
	if o.MaxDefinitions <= 0 {
		o.MaxDefinitions = 255
	}
	if o.MaxStorage == 0 {
		o.MaxStorage = 1 << 20
	}
	s := &Server{o: o, p: NewProfile(o.Profile), counter: map[Message]uint16{}, settings: map[uint64]Value{}}
	s.o.MaxDefinitions = int(min(uint64(o.MaxDefinitions), mask(s.p.Widths.Count)))
	if o.Parameters != nil {
		s.p.Dictionary = o.Parameters
	}
	return s, nil
}

// Profile is the server's profile, defaults filled in.
func (s *Server) Profile() *Profile { return s.p }

// execution is a request under way.
type execution struct {
	now      time.Time
	tc       TC
	in       *reader
	rejected int
}

// handler carries out a request. Its error is the failure of the whole.
type handler func(s *Server, x *execution) error

var handlers map[Message]handler

func init() {
	handlers = map[Message]handler{}
	for _, m := range []map[Message]handler{
		housekeepingRequests, eventRequests, memoryRequests, functionRequests, timeRequests, scheduleRequests,
		monitorRequests, transferRequests, storageRequests, testRequests, eventActionRequests, parameterRequests,
	} {
		for k, h := range m {
			handlers[k] = h
		}
	}
}

// Execute takes a telecommand packet. Its outcome is told in telemetry; the error is
// for the log, of a packet that is none, not for this process, or refused.
func (s *Server) Execute(now time.Time, pkt []byte) error {
	s.Stats.Received++
	c, err := s.p.DecodeTC(pkt)
	if err != nil {
		s.Stats.Refused++
		sp, rest, plain := packet.Decode(pkt)
		if plain != nil || len(rest) > 0 || sp.Type != packet.Telecommand {
			return err // not even a name to report by
		}
		code := CodeLength
		if errors.Is(err, ErrChecksum) {
			code = CodeChecksum
		}
		s.verify(now, 0, Verification{RequestID{sp.ID(), sp.Sequence()}, StageAcceptance, 0, &Failure{Code: code}})
		return err
	}
	if c.APID != s.o.APID {
		s.Stats.Refused++
		s.verify(now, c.Source, Verification{RequestOf(c), StageRouting, 0, &Failure{Code: CodeRouting}})
		return fmt.Errorf("%w: APID %d is not here", ErrPacket, c.APID)
	}
	h, code := s.route(c.Message)
	if h == nil {
		s.Stats.Refused++
		s.verify(now, c.Source, Verification{RequestOf(c), StageAcceptance, 0, &Failure{Code: code}})
		return fmt.Errorf("no request %s", c.Message)
	}
	return s.run(now, c, h)
}

func (s *Server) route(m Message) (handler, Code) {
	if h := handlers[m]; h != nil {
		return h, 0
	}
	for k := range handlers {
		if k.Service == m.Service {
			return nil, CodeSubtype
		}
	}
	return nil, CodeService
}

func (s *Server) run(now time.Time, c TC, h handler) error {
	id := RequestOf(c)
	success := func(ack Ack, stage Stage) {
		if c.Ack&ack != 0 {
			s.verify(now, c.Source, Verification{id, stage, 0, nil})
		}
	}
	success(AckAcceptance, StageAcceptance)
	success(AckStart, StageStart)
	x := &execution{now: now, tc: c, in: &reader{p: s.p, b: c.Data}}
	err := h(s, x)
	if err == nil && x.rejected > 0 {
		err = Failure{Code: CodePartial}
	}
	if err == nil {
		success(AckCompletion, StageCompletion)
		return nil
	}
	s.Stats.Refused++
	var f Failure
	switch {
	case errors.As(err, &f):
	case errors.Is(err, ErrData):
		f.Code = CodeData
	default:
		f.Code = CodeApplication
	}
	s.verify(now, c.Source, Verification{id, StageCompletion, 0, &f})
	return fmt.Errorf("request %s %s: %w", id, c.Message, err)
}

// reject reports that one instruction of the request is not carried out.
func (s *Server) reject(x *execution, code Code, subject uint64) {
	x.rejected++
	s.verify(x.now, x.tc.Source, Verification{RequestOf(x.tc), StageStart, 0, &Failure{code, appendWidth(nil, subject, 8)}})
}

func (s *Server) verify(now time.Time, dest uint16, v Verification) {
	s.emit(now, Message{1, v.subtype()}, dest, func(w *writer) { v.write(w) })
}

// emit sends a report.
func (s *Server) emit(now time.Time, m Message, dest uint16, write func(*writer)) {
	w := &writer{p: s.p}
	write(w)
	if w.err != nil {
		s.Stats.Unencodable++
		return
	}
	n := s.counter[m]
	s.counter[m] = n + 1
	tm := TM{APID: s.o.APID, Count: s.count, Status: s.o.TimeStatus, Message: m, Counter: n, Destination: dest, Time: now, Data: w.b}
	pkt, err := s.p.AppendTM(nil, tm)
	if err != nil {
		s.Stats.Unencodable++
		return
	}
	if len(pkt) > s.o.MaxTM && m.Service != 13 {
		// Its count is used up by the packet that the parts make.
		s.count = (s.count + 1) & packet.CountMask
		s.sendLarge(now, dest, pkt)
		return
	}
	s.count = (s.count + 1) & packet.CountMask
	s.push(pkt)
	s.store(now, m, pkt)
}

func (s *Server) push(pkt []byte) {
	if len(s.queue) >= s.o.MaxQueue {
		s.queue = slices.Delete(s.queue, 0, 1)
		s.Stats.Dropped++
	}
	s.queue = append(s.queue, pkt)
}

// Take gives up to n telemetry packets: reports as they arose, then what is being
// retrieved from packet stores.
func (s *Server) Take(n int) []Downlink {
	var out []Downlink
	k := min(n, len(s.queue))
	for _, pkt := range s.queue[:k] {
		out = append(out, Downlink{0, pkt})
	}
	s.queue = slices.Delete(s.queue, 0, k)
	return s.retrieve(out, n)
}

// Waiting is how many reports wait for Take, without what is being retrieved from packet
// stores: taking no more than that many leaves retrievals alone.
func (s *Server) Waiting() int { return len(s.queue) }

// Tick does what is due at now: scheduled requests, housekeeping reports, monitoring,
// transfers that wait too long.
func (s *Server) Tick(now time.Time) {
	s.release(now)
	s.collect(now)
	s.monitor(now)
	s.expire(now)
}

// Next is when Tick is due next; false if nothing is.
func (s *Server) Next() (at time.Time, ok bool) {
	for _, f := range []func() (time.Time, bool){s.nextRelease, s.nextCollect, s.nextMonitor, s.nextExpiry} {
		if t, has := f(); has && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	return at, ok
}

// nested runs a request that another one brought: a scheduled activity, the action of
// an event, an uplinked large packet. Requests that bring each other end here.
func (s *Server) nested(now time.Time, pkt []byte) {
	if s.depth >= 4 {
		return
	}
	s.depth++
	_ = s.Execute(now, pkt) // its own telemetry tells
	s.depth--
}

// later is the n-th interval of d after from that is not before now.
func later(from, now time.Time, d time.Duration) time.Time {
	from = from.Add(d)
	if !from.After(now) {
		from = from.Add((now.Sub(from)/d + 1) * d)
	}
	return from
}
