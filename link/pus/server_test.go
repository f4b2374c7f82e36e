package pus

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"spacechain/link/packet"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// bench is an application with a server and its ground.
type bench struct {
	t       testing.TB
	now     time.Time
	params  map[uint64]Value
	mem     []byte
	calls   []string
	server  *Server
	ground  *Commander
	got     []TM
	parsed  []any
	options Options
}

func (b *bench) ParameterType(id uint64) (Type, bool) {
	v, ok := b.params[id]
	return v.Type, ok
}

func (b *bench) Get(id uint64) (Value, error) {
	v, ok := b.params[id]
	if !ok {
		return Value{}, errors.New("none")
	}
	return v, nil
}

func (b *bench) Set(id uint64, v Value) error {
	if id == 9 {
		return errors.New("read only")
	}
	b.params[id] = v
	return nil
}

func (b *bench) Perform(now time.Time, id uint64, args []byte) error {
	b.calls = append(b.calls, fmt.Sprintf("%d %q", id, args))
	if id == 13 {
		return errors.New("no")
	}
	return nil
}

func (b *bench) ReadMemory(at uint64, p []byte) error {
	if at > uint64(len(b.mem)) || uint64(len(p)) > uint64(len(b.mem))-at {
		return errors.New("beyond")
	}
	copy(p, b.mem[at:])
	return nil
}

func (b *bench) WriteMemory(at uint64, p []byte) error {
	if at > uint64(len(b.mem)) || uint64(len(p)) > uint64(len(b.mem))-at {
		return errors.New("beyond")
	}
	copy(b.mem[at:], p)
	return nil
}

func newBench(t testing.TB) *bench {
	b := &bench{t: t, now: epoch, mem: make([]byte, 4096), params: map[uint64]Value{
		1: UnsignedValue(10, 2), 2: SignedValue(-5, 4), 3: RealValue(1.5, 4), 4: RealValue(2.5, 8), 5: RawValue([]byte("abc")), 9: UnsignedValue(1, 1),
	}}
	b.options = Options{APID: 42, Parameters: b, Functions: b, Memories: map[uint64]Memory{1: b}, MaxTM: 256}
	b.fresh()
	b.ground = &Commander{Profile: b.server.Profile(), APID: 42, Source: 7, Ack: AckAll}
	return b
}

func (b *bench) fresh() {
	var err error
	if b.server, err = NewServer(b.options); err != nil {
		b.t.Fatal(err)
	}
}

// send has a request carried out and returns how it went.
func (b *bench) send(q Request) *Progress {
	b.t.Helper()
	pkt, id, err := b.ground.Telecommand(q)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = b.server.Execute(b.now, pkt)
	b.collect()
	return b.ground.Progress(id)
}

// must is send for what is to succeed.
func (b *bench) must(q Request) {
	b.t.Helper()
	if p := b.send(q); !p.Completed || len(p.Failures) > 0 || !p.Accepted || !p.Started {
		b.t.Fatalf("%s: %+v", q.Message, p)
	}
}

// refuse is send for what is to fail with that code somewhere.
func (b *bench) refuse(q Request, code Code) {
	b.t.Helper()
	p := b.send(q)
	for _, f := range p.Failures {
		if f.Failure.Code == code && !p.Completed {
			return
		}
	}
	b.t.Errorf("%s: %+v, want failure code %d", q.Message, p, code)
}

func (b *bench) collect() {
	b.t.Helper()
	for _, d := range b.server.Take(10000) {
		b.hear(d.Packet)
	}
}

func (b *bench) hear(pkt []byte) {
	b.t.Helper()
	m, v, err := b.ground.Receive(pkt)
	if err != nil {
		b.t.Fatalf("%x: %v", pkt, err)
	}
	if v == nil || m.Service == 1 {
		return
	}
	b.got, b.parsed = append(b.got, m), append(b.parsed, v)
}

// run lets time pass, as a driver would.
func (b *bench) run(d time.Duration) {
	end := b.now.Add(d)
	for {
		at, ok := b.server.Next()
		if !ok || at.After(end) {
			break
		}
		b.now = at
		b.server.Tick(b.now)
		b.collect()
	}
	b.now = end
	b.server.Tick(b.now)
	b.collect()
}

// reports takes what came of a message type.
func (b *bench) reports(service, subtype uint8) (out []any) {
	for i, m := range b.got {
		if m.Message == (Message{service, subtype}) {
			out = append(out, b.parsed[i])
		}
	}
	b.got, b.parsed = nil, nil
	return out
}

// one is reports where exactly one is to have come.
func (b *bench) one(service, subtype uint8) any {
	b.t.Helper()
	seen := slices.Clone(b.got)
	list := b.reports(service, subtype)
	if len(list) != 1 {
		b.t.Fatalf("%d reports [%d,%d] among %v", len(list), service, subtype, seen)
	}
	return list[0]
}

func (b *bench) same(what string, got, want any) {
	b.t.Helper()
	if !reflect.DeepEqual(got, want) {
		b.t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

func TestService17And1(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	b.must(p.AreYouAlive())
	b.same("alive", b.one(17, 2), Alive{})
	b.must(p.TestConnection(42))
	b.same("connection", b.one(17, 4), Connection{42})
	b.refuse(p.TestConnection(43), CodeUnknown)
	b.refuse(Request{Message: Message{17, 99}}, CodeSubtype)
	b.refuse(Request{Message: Message{200, 1}}, CodeService)
	b.refuse(Request{Message: Message{17, 1}, Data: []byte{1}}, CodeData)

	// Wrong checksum, wrong process.
	pkt, id, _ := b.ground.Telecommand(p.AreYouAlive())
	pkt[len(pkt)-1] ^= 1
	if err := b.server.Execute(b.now, pkt); !errors.Is(err, ErrChecksum) {
		t.Error(err)
	}
	other := *b.ground
	other.APID = 50
	away, awayID, _ := other.Telecommand(p.AreYouAlive())
	_ = b.server.Execute(b.now, away)
	b.ground.sent = append(b.ground.sent, &Progress{Request: awayID})
	b.collect()
	for id, want := range map[RequestID]Verification{
		id:     {id, StageAcceptance, 0, &Failure{CodeChecksum, []byte{}}},
		awayID: {awayID, StageRouting, 0, &Failure{CodeRouting, []byte{}}},
	} {
		g := b.ground.Progress(id)
		if !g.Failed || len(g.Failures) != 1 || g.Failures[0].Stage != want.Stage || g.Failures[0].Failure.Code != want.Failure.Code {
			t.Errorf("%s: %+v", id, g)
		}
	}
	// No acknowledgement wanted: none comes.
	b.ground.Ack = 0
	if g := b.send(p.AreYouAlive()); g.Accepted || g.Completed {
		t.Errorf("%+v", g)
	}
	if err := b.server.Execute(b.now, []byte("no packet at all")); err == nil {
		t.Error("noise was executed")
	}
}

func TestService3(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	g := Structure{ID: 5, Interval: 4, Parameters: []uint64{1, 2, 5}, Groups: []SampleGroup{{4, []uint64{3}}}}
	b.must(p.CreateStructure(g, false))
	b.refuse(p.CreateStructure(g, false), CodeExists)
	b.refuse(p.CreateStructure(Structure{ID: 6, Interval: 1, Parameters: []uint64{77}}, false), CodeUnknown)
	b.refuse(p.CreateStructure(Structure{ID: 6, Parameters: []uint64{1}}, false), CodeRange)
	b.must(p.CreateStructure(Structure{ID: 5, Interval: 1, Parameters: []uint64{4}}, true))
	b.must(p.ReportStructures(false, 5))
	b.same("structure", b.one(3, 10), &g)
	b.must(p.OneShot(false, 5))
	read := func(v any, g Structure) *Report {
		t.Helper()
		r, err := p.ReadReport(g, v.(*Sample).Data)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := read(b.one(3, 25), g)
	b.same("values", []any{r.Values[0].Bits, r.Values[1].Int(), string(r.Values[2].Raw), r.Samples[0][3][0].Float()}, []any{uint64(10), int64(-5), "abc", 1.5})

	// Periodic, with samples spread over the interval.
	b.must(p.SetPeriodic(true, false, 5))
	b.refuse(p.DeleteStructures(false, 5), CodeState)
	for i := range 8 {
		b.params[3] = RealValue(float64(i), 4)
		b.run(time.Second)
	}
	list := b.reports(3, 25)
	if len(list) != 2 {
		t.Fatalf("%d reports in two intervals", len(list))
	}
	for i, v := range list {
		r := read(v, g)
		for k, row := range r.Samples[0] {
			if want := float64(4*i + k); row[0].Float() != want {
				t.Errorf("report %d, sample %d is %v, want %v", i, k, row[0], want)
			}
		}
	}
	b.must(p.ReportProperties(false, 5))
	b.same("properties", b.one(3, 35), []Structure{{ID: 5, Periodic: true, Interval: 4}})
	b.must(p.SetInterval(false, 5, 2))
	b.run(4 * time.Second)
	if n := len(b.reports(3, 25)); n != 2 {
		t.Errorf("%d reports after the interval changed", n)
	}
	b.must(p.SetPeriodic(false, false, 5))
	b.run(time.Minute)
	if n := len(b.reports(3, 25)); n != 0 {
		t.Errorf("%d reports while disabled", n)
	}
	b.must(p.AppendToStructure(Structure{ID: 5, Parameters: []uint64{9}}, false))
	b.refuse(p.AppendToStructure(Structure{ID: 5, Parameters: []uint64{9}}, false), CodeExists)
	b.must(p.OneShot(true, 5))
	if r := read(b.one(3, 26), Structure{ID: 5, Parameters: []uint64{4}}); r.Values[0].Float() != 2.5 {
		t.Errorf("diagnostic %v", r.Values)
	}
	b.must(p.DeleteStructures(false, 5))
	b.refuse(p.OneShot(false, 5, 6), CodeUnknown)
}

func TestService5And19(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	b.server.Raise(b.now, Event{High, 300, []byte{1, 2}})
	b.collect()
	b.same("event", b.one(5, 4), &Event{High, 300, []byte{1, 2}})
	b.must(p.EnableEvents(false, 300, 301))
	b.server.Raise(b.now, Event{High, 300, nil})
	b.collect()
	if n := len(b.reports(5, 4)); n != 0 {
		t.Error("a disabled event was reported")
	}
	b.must(p.ReportDisabledEvents())
	b.same("disabled", b.one(5, 8), DisabledEvents{300, 301})
	b.must(p.EnableEvents(true, 300))

	action, _, _ := b.ground.Telecommand(p.PerformFunction(77, []byte("x")))
	def := EventAction{APID: 42, Event: 300, Request: action}
	b.must(p.AddEventActions(def))
	raise := func(want int) {
		t.Helper()
		before := len(b.calls)
		b.server.Raise(b.now, Event{Low, 300, nil})
		b.collect()
		if got := len(b.calls) - before; got != want {
			t.Errorf("%d actions, want %d", got, want)
		}
	}
	raise(0)
	b.must(p.EnableEventAction(true))
	raise(0)
	b.must(p.OnEventActions(4, def))
	raise(1)
	b.refuse(p.AddEventActions(def), CodeState)
	b.refuse(p.OnEventActions(2, def), CodeState)
	b.must(p.ReportEventActions())
	b.same("status", b.one(19, 7), []EventAction{{APID: 42, Event: 300, Enabled: true}})
	b.must(p.OnEventActions(10))
	b.same("definitions", b.one(19, 11), []EventAction{def})
	b.must(p.OnEventActions(5, def))
	raise(0)
	b.must(p.OnEventActions(2, def))
	b.refuse(p.OnEventActions(4, def), CodeUnknown)
	b.must(p.DeleteAllEventActions())
	b.must(p.EnableEventAction(false))
}

func TestService6(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	load := MemoryAreas{Memory: 1, Areas: []Area{{Start: 100, Data: []byte("hello")}, {Start: 200, Data: []byte("world")}}}
	b.must(p.LoadMemory(load))
	b.same("memory", string(b.mem[100:105])+string(b.mem[200:205]), "helloworld")
	b.must(p.LoadMemory(MemoryAreas{Memory: 1, Object: true, Base: 1000, Areas: []Area{{Start: 4, Data: []byte("obj")}}}))
	b.same("object", string(b.mem[1004:1007]), "obj")
	b.must(p.DumpMemory(MemoryAreas{Memory: 1, Areas: []Area{{Start: 100, Length: 5}, {Start: 0, Length: 1}}}))
	d := b.one(6, 6).(*MemoryAreas)
	b.same("dump", []any{string(d.Areas[0].Data), len(d.Areas)}, []any{"hello", 2})
	b.must(p.CheckMemory(MemoryAreas{Memory: 1, Areas: []Area{{Start: 100, Length: 5}}}))
	b.same("check", b.one(6, 10).(*MemoryAreas).Areas[0].Sum, d.Areas[0].Sum)
	// A long dump goes out in parts and comes together.
	copy(b.mem, bytes.Repeat([]byte("0123456789"), 300))
	b.must(p.DumpMemory(MemoryAreas{Memory: 1, Areas: []Area{{Start: 0, Length: 3000}}}))
	if d := b.one(6, 6).(*MemoryAreas); !bytes.Equal(d.Areas[0].Data, b.mem[:3000]) {
		t.Error("a long dump differs")
	}
	b.refuse(p.DumpMemory(MemoryAreas{Memory: 1, Areas: []Area{{Start: 4000, Length: 500}}}), CodeApplication)
	b.refuse(p.DumpMemory(MemoryAreas{Memory: 2, Areas: []Area{{Start: 0, Length: 5}}}), CodeUnknown)
	q := p.LoadMemory(load)
	q.Data[len(q.Data)-1] ^= 1
	b.refuse(q, CodeChecksum)
}

func TestService8And20(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	b.must(p.PerformFunction(7, []byte("go")))
	b.same("calls", b.calls, []string{`7 "go"`})
	b.refuse(p.PerformFunction(13, nil), CodeApplication)
	set := []Setting{{1, UnsignedValue(500, 2)}, {2, SignedValue(-70000, 4)}, {4, RealValue(-1e300, 8)}, {5, RawValue([]byte("xyz"))}}
	b.must(p.SetParameters(set...))
	b.must(p.ReportParameters(1, 2, 4, 5))
	b.same("parameters", b.one(20, 2), set)
	b.refuse(p.SetParameters(Setting{9, UnsignedValue(3, 1)}), CodeApplication)
	b.refuse(p.ReportParameters(1, 88), CodeUnknown)
	b.same("the rest", b.one(20, 2), set[:1])
	b.refuse(Request{Message: Message{20, 3}, Data: []byte{1, 0, 88, 1}}, CodeData)
}

func TestService9(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	b.must(p.SetTimeRate(3))
	b.refuse(p.SetTimeRate(9), CodeRange)
	sent := 0
	for n := range uint64(24) {
		if err := b.server.Frame(b.now.Add(time.Duration(n)*time.Second), n); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range b.server.Take(100) {
		r, err := p.DecodeTimeReport(d.Packet)
		if err != nil || r.Rate != 3 || !r.Time.Equal(b.now.Add(time.Duration(8*sent)*time.Second)) {
			t.Errorf("%+v, %v", r, err)
		}
		sent++
	}
	if sent != 3 {
		t.Errorf("%d time reports in 24 frames", sent)
	}
	if _, err := p.DecodeTimeReport([]byte{0, 0, 0xc0, 0, 0, 0, 1}); err == nil {
		t.Error("a stub was read")
	}
}

func TestService11(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	at := func(s int) time.Time { return b.now.Add(time.Duration(s) * time.Second) }
	call := func(n uint64) []byte {
		pkt, _, err := b.ground.Telecommand(p.PerformFunction(n, nil))
		if err != nil {
			t.Fatal(err)
		}
		return pkt
	}
	idOf := func(pkt []byte) ScheduleID {
		c, _ := p.DecodeTC(pkt)
		return ScheduleID{c.Source, c.APID, c.Count}
	}
	one, two, three, four := call(1), call(2), call(3), call(4)
	t0 := b.now
	b.must(p.CreateGroups(ScheduleStatus{1, true}, ScheduleStatus{2, false}))
	b.refuse(p.InsertActivities(Activity{Group: 9, Release: at(5), Request: one}), CodeUnknown)
	b.refuse(p.InsertActivities(Activity{Release: at(0), Request: one}), CodePast)
	b.must(p.InsertActivities(Activity{1, 1, at(30), three}, Activity{1, 0, at(10), one}))
	b.must(p.InsertActivities(Activity{2, 2, at(20), two}, Activity{2, 0, at(40), four}))
	b.must(p.ReportSchedule(true))
	b.same("details", b.one(11, 10), []Activity{{1, 0, at(10), one}, {2, 2, at(20), two}, {1, 1, at(30), three}, {2, 0, at(40), four}})
	b.must(p.OnFiltered(ActSummary, Filter{Window: WindowFromTo, From: at(15), To: at(45), SubSchedules: []uint64{2}}))
	b.same("summary", b.one(11, 13), []ScheduleLine{{2, 2, at(20), idOf(two)}, {2, 0, at(40), idOf(four)}})
	b.must(p.ShiftActivities(-500*time.Millisecond, idOf(three)))
	b.must(p.OnActivities(ActSummary, idOf(three)))
	b.same("shifted", b.one(11, 13).([]ScheduleLine)[0].Release, at(30).Add(-500*time.Millisecond))
	b.refuse(p.ShiftActivities(-time.Hour), CodePast)
	b.refuse(p.OnActivities(ActDelete, ScheduleID{1, 2, 3}), CodeUnknown)
	b.must(p.ReportSubSchedules())
	b.same("sub-schedules", b.one(11, 19), []ScheduleStatus{{1, true}, {2, true}})
	b.must(p.EnableSchedule(true))
	b.run(15 * time.Second)
	b.same("at 15 s", b.calls, []string{`1 ""`})
	b.run(10 * time.Second)
	b.same("of a disabled group", b.calls, []string{`1 ""`})
	b.run(10 * time.Second)
	b.same("at 35 s", b.calls, []string{`1 ""`, `3 ""`})
	b.must(p.EnableSubSchedules(false, 2))
	b.run(10 * time.Second)
	b.same("of a disabled sub-schedule", b.calls, []string{`1 ""`, `3 ""`})
	b.must(p.EnableSubSchedules(true))
	b.must(p.EnableGroups(true))
	b.must(p.ReportGroups())
	b.same("groups", b.one(11, 27), []ScheduleStatus{{1, true}, {2, true}})
	b.must(p.InsertActivities(Activity{1, 1, t0.Add(time.Hour), one}))
	b.refuse(p.DeleteGroups(1), CodeState)
	b.must(p.ShiftFiltered(time.Minute, Filter{}))
	b.must(p.OnFiltered(ActDelete, Filter{Window: WindowFrom, From: t0.Add(time.Hour)}))
	b.must(p.DeleteGroups())
	b.must(p.ReportSchedule(false))
	b.same("nothing left", b.one(11, 13), []ScheduleLine{})
	b.must(p.ResetSchedule())
}

func TestService12(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	limits := Monitor{ID: 1, Parameter: 2, Interval: 1, Repetition: 2, Check: Check{Type: CheckLimits, Low: SignedValue(-10, 4), LowEvent: 601, High: SignedValue(10, 4), HighEvent: 602},
		Validity: Validity{Parameter: 9, Mask: UnsignedValue(1, 1), Expected: UnsignedValue(1, 1)}}
	expected := Monitor{ID: 2, Parameter: 1, Interval: 1, Repetition: 1, Check: Check{Type: CheckExpected, Mask: UnsignedValue(0xff, 2), Expected: UnsignedValue(10, 2), ExpectedEvent: 603}}
	delta := Monitor{ID: 3, Parameter: 4, Interval: 1, Repetition: 1, Check: Check{Type: CheckDelta, Low: RealValue(-1, 8), High: RealValue(1, 8), HighEvent: 604, ConsecutiveDiff: 2}}
	b.must(p.AddMonitors(limits, expected, delta))
	b.refuse(p.AddMonitors(limits), CodeExists)
	bad := limits
	bad.ID, bad.Check.Low = 4, SignedValue(11, 4)
	b.refuse(p.AddMonitors(bad), CodeRange)
	b.must(p.ReportMonitors())
	b.same("definitions", b.one(12, 9), &MonitorReport{0, []Monitor{limits, expected, delta}})
	b.must(p.EnableMonitors(true, 1, 2, 3))
	b.run(3 * time.Second)
	if n := len(b.reports(12, 12)); n != 0 {
		t.Error("monitoring while disabled")
	}
	b.must(p.EnableMonitoring(true))
	b.run(5 * time.Second)
	last := func(list []any, id uint64) (tr Transition) {
		for _, v := range list {
			for _, x := range v.([]Transition) {
				if x.ID == id {
					tr = x
				}
			}
		}
		return tr
	}
	list := b.reports(12, 12)
	for id := uint64(1); id <= 3; id++ {
		if tr := last(list, id); tr.From != StatusUnchecked || tr.To != StatusNominal {
			t.Errorf("monitor %d: %+v", id, tr)
		}
	}
	// Above the limit: the second check makes it a transition.
	b.params[2] = SignedValue(11, 4)
	b.run(time.Second)
	if len(b.got) != 0 {
		t.Errorf("after one check: %v", b.got)
	}
	b.run(time.Second)
	events, when := 0, b.now
	for i, m := range b.got {
		if e, ok := b.parsed[i].(*Event); ok && e.ID == 602 && m.Subtype == uint8(Medium) {
			events++
		}
	}
	want := Transition{1, 2, CheckLimits, Value{}, SignedValue(11, 4), SignedValue(10, 4), StatusNominal, StatusAbove, when}
	b.same("transition", last(b.reports(12, 12), 1), want)
	b.same("events", events, 1)
	b.must(p.ReportOutOfLimits())
	b.same("out of limits", b.one(12, 11), []Transition{want})
	// An expectation, through its mask; a delta over two differences; invalid.
	b.params[1] = UnsignedValue(0x110a, 2)
	b.params[4] = RealValue(10, 8)
	b.run(time.Second)
	b.params[9] = UnsignedValue(0, 1)
	b.params[1] = UnsignedValue(11, 2)
	b.run(3 * time.Second)
	list = b.reports(12, 12)
	if tr := last(list, 1); tr.To != StatusInvalid {
		t.Errorf("validity: %+v", tr)
	}
	if tr := last(list, 2); tr.To != StatusUnexpected || tr.Value.Bits != 11 || tr.Mask.Bits != 0xff {
		t.Errorf("expectation: %+v", tr)
	}
	seenAbove := false
	for _, v := range list {
		for _, x := range v.([]Transition) {
			seenAbove = seenAbove || x.ID == 3 && x.To == StatusAbove && x.Value.Float() == 3.75
		}
	}
	if !seenAbove {
		t.Errorf("delta: %+v", list)
	}
	b.must(p.ReportMonitorStatus())
	b.same("status", b.one(12, 14), []MonitorStatus{{1, StatusInvalid}, {2, StatusUnexpected}, {3, StatusNominal}})
	// Reports wait as long as they may.
	b.must(p.SetTransitionDelay(10))
	b.params[1] = UnsignedValue(10, 2)
	b.run(5 * time.Second)
	if n := len(b.reports(12, 12)); n != 0 {
		t.Error("a report before its delay")
	}
	b.run(10 * time.Second)
	if tr := last(b.reports(12, 12), 2); tr.From != StatusUnexpected || tr.To != StatusNominal {
		t.Errorf("late report %+v", tr)
	}
	b.refuse(p.DeleteMonitors(2), CodeState)
	b.refuse(p.DeleteAllMonitors(), CodeState)
	change := expected
	change.Check.Expected = UnsignedValue(12, 2)
	b.must(p.ChangeMonitors(change))
	b.must(p.EnableMonitors(false, 2))
	b.must(p.DeleteMonitors(2))
	b.must(p.EnableMonitoring(false))
	b.must(p.DeleteAllMonitors())
}

func TestService13Uplink(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	inner, id, err := b.ground.Telecommand(p.LoadMemory(MemoryAreas{Memory: 1, Areas: []Area{{Start: 0, Data: bytes.Repeat([]byte("z"), 1000)}}}))
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range p.UplinkParts(3, inner, 100) {
		b.must(q)
		if i == 1 {
			b.must(q) // once more
		}
	}
	if g := b.ground.Progress(id); !g.Completed || b.mem[999] != 'z' {
		t.Errorf("%+v", g)
	}
	parts := p.UplinkParts(4, inner, 300)
	b.must(parts[0])
	b.refuse(parts[2], CodeState)
	b.same("abort", b.one(13, 16), &Abort{4, AbortSequence})
	b.must(parts[0])
	b.run(2 * time.Minute)
	b.same("timeout", b.one(13, 16), &Abort{4, AbortTimeout})
	b.refuse(parts[1], CodeUnknown)
	if n := len(p.UplinkParts(1, []byte{1}, 10)); n != 2 {
		t.Errorf("%d parts of one octet", n)
	}
}

func TestService15(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	store := PacketStore{ID: 1, Size: 400, Type: Circular, Channel: 3}
	b.must(p.CreateStores(store, PacketStore{ID: 2, Size: 60, Type: Bounded}))
	b.refuse(p.CreateStores(store), CodeExists)
	b.refuse(p.CreateStores(PacketStore{ID: 3, Size: 1 << 30}), CodeFull)
	b.must(p.ReportStores())
	b.same("stores", b.one(15, 23), []PacketStore{store, {ID: 2, Size: 60, Type: Bounded}})
	events := StoreSelection{APID: 42, Services: []ServiceSelection{{Service: 5}}}
	b.must(p.SelectReports(true, 1, events))
	b.must(p.SelectReports(true, 2, events))
	b.refuse(p.SelectReports(true, 1, StoreSelection{APID: 43}), CodeUnknown)
	b.must(p.ReportSelection(1))
	content := b.one(15, 6).(*StoreContent)
	if len(content.What) != 1 || content.What[0].APID != 42 || len(content.What[0].Services) != 1 || content.What[0].Services[0].Service != 5 {
		t.Errorf("content %+v", content)
	}
	b.must(p.EnableStores(true))
	raise := func(n int) {
		for i := range n {
			b.run(time.Second)
			b.server.Raise(b.now, Event{Low, uint64(i), nil})
		}
		b.collect()
		b.reports(0, 0)
	}
	start := b.now
	raise(30)
	size := 23 // of an event packet: 6 + 7 + 6 + 2 + 2
	b.must(p.SummarizeStores())
	sum := b.one(15, 13).([]StoreSummary)
	kept := 400 / size
	b.same("summaries", []any{sum[0].Newest, sum[0].Oldest, sum[0].Filled, sum[1].Oldest, sum[1].Newest},
		[]any{start.Add(30 * time.Second), start.Add(time.Duration(31-kept) * time.Second), uint8(kept * size * 100 / 400), start.Add(time.Second), start.Add(2 * time.Second)})
	// By time range.
	b.must(p.RetrieveRange(StoreRange{1, start.Add(25 * time.Second), start.Add(27 * time.Second)}))
	got := b.reports(5, 2)
	if len(got) != 3 || got[0].(*Event).ID != 24 {
		t.Errorf("by range: %v", got)
	}
	// Open retrieval gives what is there, then what comes.
	b.must(p.SetOpenStart(start.Add(29*time.Second), 1))
	b.must(p.OpenRetrieval(true, 1))
	if got := b.reports(5, 2); len(got) != 2 {
		t.Errorf("open retrieval: %d", len(got))
	}
	b.run(time.Second)
	b.server.Raise(b.now, Event{Low, 99, nil})
	channels := map[uint64]int{}
	for _, d := range b.server.Take(100) {
		channels[d.Channel]++
	}
	b.same("channels", channels, map[uint64]int{0: 1, 3: 1})
	b.refuse(p.RetrieveRange(StoreRange{1, start, start}), CodeState)
	b.must(p.ReportStoreStatus())
	b.same("status", b.one(15, 19), []StoreStatus{{1, true, true, false}, {2, true, false, false}})
	b.must(p.OpenRetrieval(false, 1))
	b.refuse(p.DeleteStores(1), CodeState)
	b.must(p.EnableStores(false))
	b.must(p.DeleteContent(start.Add(20*time.Second), 1))
	b.must(p.SummarizeStores(1))
	b.same("after deletion", b.one(15, 13).([]StoreSummary)[0].Oldest, start.Add(21*time.Second))
	b.refuse(p.ResizeStore(1, 10), CodeFull)
	b.must(p.ResizeStore(1, 1000))
	b.must(p.SetStoreType(1, Bounded))
	b.must(p.SetStoreChannel(1, 5))
	b.must(p.ReportStores())
	b.same("changed", b.one(15, 23).([]PacketStore)[0], PacketStore{1, 1000, Bounded, 5})
	b.must(p.AbortRetrieval(1))
	b.must(p.SelectReports(false, 1, events))
	b.must(p.DeleteStores())
}

// A restart changes nothing that the ground can see but the queue.
func TestStateSurvives(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	one, _, _ := b.ground.Telecommand(p.PerformFunction(1, nil))
	two, _, _ := b.ground.Telecommand(p.PerformFunction(2, nil))
	b.must(p.CreateStructure(Structure{ID: 5, Interval: 4, Parameters: []uint64{1}, Groups: []SampleGroup{{2, []uint64{3}}}}, false))
	b.must(p.SetPeriodic(true, false, 5))
	b.must(p.EnableEvents(false, 7))
	b.must(p.EnableSchedule(true))
	b.must(p.InsertActivities(Activity{1, 0, b.now.Add(10 * time.Second), one}, Activity{1, 0, b.now.Add(time.Hour), two}))
	b.must(p.AddMonitors(Monitor{ID: 1, Parameter: 2, Interval: 1, Repetition: 1, Check: Check{Type: CheckLimits, Low: SignedValue(-10, 4), High: SignedValue(10, 4), HighEvent: 602}}))
	b.must(p.EnableMonitors(true, 1))
	b.must(p.EnableMonitoring(true))
	b.must(p.CreateStores(PacketStore{ID: 1, Size: 4000}))
	b.must(p.SelectReports(true, 1, StoreSelection{APID: 42}))
	b.must(p.EnableStores(true, 1))
	b.must(p.SetParameters(Setting{1, UnsignedValue(777, 2)}, Setting{5, RawValue([]byte("new"))}))
	b.must(p.AddEventActions(EventAction{APID: 42, Event: 602, Request: one}))
	b.run(3 * time.Second)
	state, err := b.server.Export()
	if err != nil {
		t.Fatal(err)
	}
	b.params[1], b.params[5] = UnsignedValue(10, 2), RawValue([]byte("abc")) // the application forgot
	b.fresh()
	if err := b.server.Import(b.now, state); err != nil {
		t.Fatal(err)
	}
	again, err := b.server.Export()
	if err != nil || !bytes.Equal(again, state) {
		t.Errorf("the state changed by its import, %v", err)
	}
	b.same("settings", []any{b.params[1].Bits, string(b.params[5].Raw)}, []any{uint64(777), "new"})
	b.reports(0, 0)
	b.run(30 * time.Second)
	b.same("calls", b.calls, []string{`1 ""`})
	if n := len(b.reports(3, 25)); n < 7 {
		t.Errorf("%d housekeeping reports", n)
	}
	// Days later, what was due in between does not come late.
	b.now = b.now.Add(72 * time.Hour)
	b.fresh()
	if err := b.server.Import(b.now, state); err != nil {
		t.Fatal(err)
	}
	b.calls = nil
	b.run(time.Minute)
	b.same("calls after days", b.calls, []string(nil))

	state[20] ^= 1
	if err := b.server.Import(b.now, state); !errors.Is(err, ErrState) {
		t.Error(err)
	}
	if _, err := NewServer(Options{}); err == nil {
		t.Error("a server without an APID")
	}
}

func TestRequestsThatBringEachOtherEnd(t *testing.T) {
	b := newBench(t)
	p := b.ground.Profile
	// An event whose action is an uplink that holds a request that raises it again.
	b.options.Functions = loop{b}
	b.fresh()
	action, _, _ := b.ground.Telecommand(p.PerformFunction(1, nil))
	b.must(p.AddEventActions(EventAction{APID: 42, Event: 1, Request: action}))
	b.must(p.OnEventActions(4))
	b.must(p.EnableEventAction(true))
	b.server.Raise(b.now, Event{Low, 1, nil})
	b.collect()
	if n := len(b.calls); n == 0 || n > 8 {
		t.Errorf("%d calls", n)
	}
}

type loop struct{ b *bench }

func (l loop) Perform(now time.Time, id uint64, args []byte) error {
	l.b.calls = append(l.b.calls, "again")
	l.b.server.Raise(now, Event{Low, 1, nil})
	return nil
}

func FuzzExecute(f *testing.F) {
	b := newBench(f)
	p := b.ground.Profile
	inner, _, _ := b.ground.Telecommand(p.AreYouAlive())
	for _, q := range []Request{
		p.CreateStructure(Structure{ID: 1, Interval: 1, Parameters: []uint64{1}, Groups: []SampleGroup{{3, []uint64{3}}}}, false), p.SetPeriodic(true, false, 1), p.EnableEvents(false, 1),
		p.LoadMemory(MemoryAreas{Memory: 1, Areas: []Area{{Start: 1, Data: []byte("a")}}}), p.DumpMemory(MemoryAreas{Memory: 1, Areas: []Area{{Length: 600}}}), p.InsertActivities(Activity{1, 0, epoch.Add(time.Hour), inner}),
		p.OnFiltered(ActDelete, Filter{Window: WindowFromTo, From: epoch, To: epoch}), p.ShiftActivities(time.Hour), p.AddEventActions(EventAction{42, 1, false, inner}),
		p.AddMonitors(Monitor{ID: 3, Parameter: 4, Interval: 1, Repetition: 1, Check: Check{Type: CheckDelta, Low: RealValue(-1, 8), High: RealValue(1, 8), ConsecutiveDiff: 2}}), p.EnableMonitors(true, 3), p.EnableMonitoring(true),
		p.CreateStores(PacketStore{ID: 1, Size: 100}), p.SelectReports(true, 1, StoreSelection{APID: 42}), p.EnableStores(true), p.OpenRetrieval(true), p.SetParameters(Setting{1, UnsignedValue(1, 2)}), p.UplinkParts(1, inner, 4)[0],
	} {
		f.Add(q.Service, q.Subtype, q.Data, uint8(17), uint8(1), []byte{})
	}
	f.Fuzz(func(t *testing.T, s1, t1 uint8, d1 []byte, s2, t2 uint8, d2 []byte) {
		b := newBench(t)
		p := b.ground.Profile
		for _, q := range []Request{
			p.CreateStores(PacketStore{ID: 1, Size: 300}), p.SelectReports(true, 1, StoreSelection{APID: 42}), p.EnableStores(true),
			{Message: Message{s1, t1}, Data: d1}, p.EnableMonitoring(true), {Message: Message{s2, t2}, Data: d2},
		} {
			pkt, _, err := b.ground.Telecommand(q)
			if err != nil {
				return
			}
			_ = b.server.Execute(b.now, pkt)
			b.now = b.now.Add(3 * time.Second)
			b.server.Tick(b.now)
			for _, d := range b.server.Take(200) {
				if _, _, err := b.ground.Receive(d.Packet); err != nil && d.Packet[0]&7 != 0 {
					t.Fatalf("%x: %v", d.Packet, err)
				}
			}
		}
		state, err := b.server.Export()
		if err != nil {
			t.Fatal(err)
		}
		b.fresh()
		if err := b.server.Import(b.now, state); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x18, 0x02, 0xc0, 0x34, 0, 6, 0x2f, 0x11, 1, 0, 0, 0xee, 0x63}, uint8(17), uint8(1))
	f.Add([]byte{0x08, 0x22, 0xc0, 0x16, 0, 8, 0x20, 0x11, 2, 0, 0, 0, 0, 0x0a, 0xc1}, uint8(12), uint8(12))
	f.Fuzz(func(t *testing.T, b []byte, service, subtype uint8) {
		bench := newBench(t)
		for _, p := range []*Profile{bench.server.Profile(), NewProfile(Profile{NoVerify: true, Time: packet.CDS{}, Preamble: true}), NewProfile(Profile{Edition: EditionA, NoCRC: true})} {
			if c, err := p.DecodeTC(b); err == nil && len(c.Data) > len(b) {
				t.Fatal("data from nowhere")
			}
			if m, err := p.DecodeTM(b); err == nil {
				_, _ = p.Parse(m)
			}
			_, _ = p.DecodeTimeReport(b)
			_, _ = p.Parse(TM{Message: Message{service, subtype}, Data: b})
		}
		s := bench.server
		_ = s.load(epoch, b)
		s.Tick(epoch.Add(time.Hour))
		s.Take(10)
	})
}

func BenchmarkServer(b *testing.B) {
	x := newBench(b)
	pkt, _, _ := x.ground.Telecommand(x.ground.Profile.ReportParameters(1, 2, 3, 4))
	for b.Loop() {
		if err := x.server.Execute(epoch, pkt); err != nil {
			b.Fatal(err)
		}
		x.server.Take(10)
	}
}
