package pus

import (
	"slices"
	"time"
)

// CheckType is what a parameter monitoring definition checks (service 12,
// ECSS-E-ST-70-41C §6.12, §8.12).
type CheckType uint8

// Check types.
const (
	CheckExpected CheckType = 0
	CheckLimits   CheckType = 1
	CheckDelta    CheckType = 2
)

// CheckStatus is the state of a monitored parameter.
type CheckStatus uint8

// Check states; the first stands for the nominal one of every type.
const (
	StatusNominal    CheckStatus = 0 // expected value, within limits, within thresholds
	StatusUnchecked  CheckStatus = 1
	StatusInvalid    CheckStatus = 2 // the validity condition does not hold
	StatusUnexpected CheckStatus = 3
	StatusBelow      CheckStatus = 4 // low limit or threshold
	StatusAbove      CheckStatus = 5 // high limit or threshold
)

// Check is the criterion of a definition. Values have the type of the parameter,
// thresholds of a delta that of a difference: signed for an unsigned parameter.
// Events are raised upon a transition; 0 is none.
type Check struct {
	Type CheckType
	// CheckExpected: the value under Mask is to be Expected. Mask has the
	// parameter's length.
	Mask, Expected  Value
	ExpectedEvent   uint64
	Low, High       Value // limits or thresholds
	LowEvent        uint64
	HighEvent       uint64
	ConsecutiveDiff uint64 // CheckDelta: how many differences are averaged, at least 1
}

// Monitor is a parameter monitoring definition.
type Monitor struct {
	ID        uint64
	Parameter uint64
	// Validity: the check is made only while the parameter, under the mask, has this
	// value; Parameter 0 means always.
	Validity Validity
	Interval uint64 // in units of Options.Unit
	// Repetition is how many checks in succession make a transition, at least 1.
	Repetition uint64
	Check      Check
	Enabled    bool // in reports; new ones are not
}

// Validity is the condition of a check.
type Validity struct {
	Parameter      uint64
	Mask, Expected Value
}

// Transition is a change of state, or a state beside the nominal one.
type Transition struct {
	ID, Parameter uint64
	Type          CheckType
	Mask          Value // CheckExpected
	Value, Limit  Value // the value, and the limit that it crossed
	From, To      CheckStatus
	Time          time.Time
}

func (w *writer) check(c Check) {
	w.octet(uint8(c.Type))
	switch c.Type {
	case CheckExpected:
		w.value(c.Mask)
		w.value(c.Expected)
		w.uint(c.ExpectedEvent, w.p.Widths.Event)
		return
	case CheckLimits, CheckDelta:
		w.value(c.Low)
		w.uint(c.LowEvent, w.p.Widths.Event)
		w.value(c.High)
		w.uint(c.HighEvent, w.p.Widths.Event)
	default:
		w.fail("check type %d", c.Type)
	}
	if c.Type == CheckDelta {
		w.uint(c.ConsecutiveDiff, w.p.Widths.Count)
	}
}

func (r *reader) check(parameter uint64) (c Check) {
	t, ok := r.lookup(parameter)
	if !ok || t.Kind == Octets || !t.valid() {
		r.fail("no number %d to monitor", parameter)
		return c
	}
	c.Type = CheckType(r.octet())
	bits := Type{Unsigned, t.Size}
	switch c.Type {
	case CheckExpected:
		c.Mask, c.Expected, c.ExpectedEvent = r.value(bits), r.value(bits), r.uint(r.p.Widths.Event)
		return c
	case CheckLimits:
	case CheckDelta:
		t = t.deltaType()
	default:
		r.fail("check type %d", c.Type)
	}
	c.Low, c.LowEvent = r.value(t), r.uint(r.p.Widths.Event)
	c.High, c.HighEvent = r.value(t), r.uint(r.p.Widths.Event)
	if c.Type == CheckDelta {
		c.ConsecutiveDiff = r.uint(r.p.Widths.Count)
	}
	return c
}

func (w *writer) validity(v Validity) {
	w.uint(v.Parameter, w.p.Widths.Parameter)
	if v.Parameter != 0 {
		w.value(v.Mask)
		w.value(v.Expected)
	}
}

func (r *reader) validity() (v Validity) {
	if v.Parameter = r.uint(r.p.Widths.Parameter); v.Parameter == 0 {
		return v
	}
	t, ok := r.lookup(v.Parameter)
	if !ok || t.Kind == Octets || !t.valid() {
		r.fail("no number %d for a validity condition", v.Parameter)
		return v
	}
	t = Type{Unsigned, t.Size}
	v.Mask, v.Expected = r.value(t), r.value(t)
	return v
}

// writeMonitors writes definitions to be added, or with their status to be reported.
func writeMonitors(w *writer, list []Monitor, status bool) {
	writeList(w, list, func(m Monitor) {
		w.uint(m.ID, w.p.Widths.Monitor)
		w.uint(m.Parameter, w.p.Widths.Parameter)
		w.validity(m.Validity)
		w.uint(m.Interval, w.p.Widths.Interval)
		if status {
			w.bool(m.Enabled)
		}
		w.uint(m.Repetition, w.p.Widths.Count)
		w.check(m.Check)
	})
}

func readMonitors(r *reader, status bool) []Monitor {
	return readList(r, func() (m Monitor) {
		m.ID, m.Parameter = r.uint(r.p.Widths.Monitor), r.uint(r.p.Widths.Parameter)
		m.Validity, m.Interval = r.validity(), r.uint(r.p.Widths.Interval)
		if status {
			m.Enabled = r.bool()
		}
		m.Repetition = r.uint(r.p.Widths.Count)
		m.Check = r.check(m.Parameter)
		return m
	})
}

// writeChanges writes modifications: definitions without validity and interval.
func writeChanges(w *writer, list []Monitor) {
	writeList(w, list, func(m Monitor) {
		w.uint(m.ID, w.p.Widths.Monitor)
		w.uint(m.Parameter, w.p.Widths.Parameter)
		w.uint(m.Repetition, w.p.Widths.Count)
		w.check(m.Check)
	})
}

func readChanges(r *reader) []Monitor {
	return readList(r, func() (m Monitor) {
		m.ID, m.Parameter = r.uint(r.p.Widths.Monitor), r.uint(r.p.Widths.Parameter)
		m.Repetition = r.uint(r.p.Widths.Count)
		m.Check = r.check(m.Parameter)
		return m
	})
}

func writeTransitions(w *writer, list []Transition) {
	writeList(w, list, func(t Transition) {
		w.uint(t.ID, w.p.Widths.Monitor)
		w.uint(t.Parameter, w.p.Widths.Parameter)
		w.octet(uint8(t.Type))
		if t.Type == CheckExpected {
			w.value(t.Mask)
		}
		w.value(t.Value)
		w.value(t.Limit)
		w.octet(uint8(t.From))
		w.octet(uint8(t.To))
		w.time(t.Time)
	})
}

func readTransitions(r *reader) []Transition {
	return readList(r, func() (t Transition) {
		t.ID, t.Parameter = r.uint(r.p.Widths.Monitor), r.uint(r.p.Widths.Parameter)
		t.Type = CheckType(r.octet())
		pt, ok := r.lookup(t.Parameter)
		if !ok || pt.Kind == Octets {
			r.fail("no number %d that was monitored", t.Parameter)
			return t
		}
		vt, lt := pt, pt
		switch t.Type {
		case CheckExpected:
			lt = Type{Unsigned, pt.Size}
			t.Mask = r.value(lt)
		case CheckDelta:
			vt, lt = pt.deltaType(), pt.deltaType()
		}
		t.Value, t.Limit = r.value(vt), r.value(lt)
		t.From, t.To, t.Time = CheckStatus(r.octet()), CheckStatus(r.octet()), r.time()
		return t
	})
}

// watch is a definition at work.
type watch struct {
	Monitor
	status, candidate CheckStatus
	repeats           uint64
	due               time.Time
	last              Value // CheckDelta
	diffs             []Value
	crossed           Transition // the last one
}

type monitoring struct {
	on      bool
	delay   uint64 // at most between a transition and its report, in units
	list    []*watch
	pending []Transition
	flush   time.Time
}

// maxPending is how many transitions make a report at once.
const maxPending = 16

var monitorRequests = map[Message]handler{
	{12, 1}: func(s *Server, x *execution) error { return s.enableMonitors(x, true) },
	{12, 2}: func(s *Server, x *execution) error { return s.enableMonitors(x, false) },
	{12, 3}: func(s *Server, x *execution) error {
		d := x.in.uint(s.p.Widths.Interval)
		if err := x.in.end(); err != nil {
			return err
		}
		s.monitoring.delay = d
		return nil
	},
	{12, 4}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		if s.monitoring.on {
			return Failure{Code: CodeState}
		}
		s.monitoring.list, s.monitoring.pending = nil, nil
		return nil
	},
	{12, 5}: addMonitors,
	{12, 6}: func(s *Server, x *execution) error {
		return s.eachMonitor(x, false, func(m *watch) Code {
			if m.Enabled {
				return CodeState
			}
			s.monitoring.list = slices.DeleteFunc(s.monitoring.list, func(o *watch) bool { return o == m })
			return 0
		})
	},
	{12, 7}: changeMonitors,
	{12, 8}: func(s *Server, x *execution) error {
		var found []Monitor
		err := s.eachMonitor(x, true, func(m *watch) Code {
			found = append(found, m.Monitor)
			return 0
		})
		if err == nil {
			s.emit(x.now, Message{12, 9}, x.tc.Source, func(w *writer) {
				w.uint(s.monitoring.delay, w.p.Widths.Interval)
				writeMonitors(w, found, true)
			})
		}
		return err
	},
	{12, 10}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		var out []Transition
		for _, m := range s.monitoring.list {
			if m.status > StatusInvalid {
				out = append(out, m.crossed)
			}
		}
		s.emit(x.now, Message{12, 11}, x.tc.Source, func(w *writer) { writeTransitions(w, out) })
		return nil
	},
	{12, 13}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.emit(x.now, Message{12, 14}, x.tc.Source, func(w *writer) {
			writeList(w, s.monitoring.list, func(m *watch) {
				w.uint(m.ID, w.p.Widths.Monitor)
				w.octet(uint8(m.status))
			})
		})
		return nil
	},
	{12, 15}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.monitoring.on = true
		for _, m := range s.monitoring.list {
			s.rearm(m, x.now)
		}
		return nil
	},
	{12, 16}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.monitoring.on = false
		for _, m := range s.monitoring.list {
			s.rearm(m, x.now)
		}
		return nil
	},
}

func (s *Server) findMonitor(id uint64) *watch {
	for _, m := range s.monitoring.list {
		if m.ID == id {
			return m
		}
	}
	return nil
}

func (s *Server) eachMonitor(x *execution, all bool, fn func(*watch) Code) error {
	ids := readList(x.in, func() uint64 { return x.in.uint(s.p.Widths.Monitor) })
	if err := x.in.end(); err != nil {
		return err
	}
	if all && len(ids) == 0 {
		for _, m := range s.monitoring.list {
			ids = append(ids, m.ID)
		}
	}
	for _, id := range ids {
		code := CodeUnknown
		if m := s.findMonitor(id); m != nil {
			code = fn(m)
		}
		if code != 0 {
			s.reject(x, code, id)
		}
	}
	return nil
}

// rearm begins a definition anew: unchecked.
func (s *Server) rearm(m *watch, now time.Time) {
	m.status, m.candidate, m.repeats, m.diffs, m.last = StatusUnchecked, StatusUnchecked, 0, nil, Value{}
	m.due = now.Add(time.Duration(m.Interval) * s.o.Unit)
}

func (s *Server) enableMonitors(x *execution, on bool) error {
	return s.eachMonitor(x, false, func(m *watch) Code {
		m.Enabled = on
		s.rearm(m, x.now)
		return 0
	})
}

// checkMonitor refuses criteria that make no sense.
func checkMonitor(m Monitor) Code {
	c := m.Check
	switch {
	case m.Repetition == 0,
		c.Type != CheckExpected && c.Low.compare(c.High) > 0,
		c.Type == CheckDelta && c.ConsecutiveDiff == 0:
		return CodeRange
	}
	return 0
}

func addMonitors(s *Server, x *execution) error {
	list := readMonitors(x.in, false)
	if err := x.in.end(); err != nil {
		return err
	}
	for _, m := range list {
		code := checkMonitor(m)
		switch {
		case s.findMonitor(m.ID) != nil:
			code = CodeExists
		case len(s.monitoring.list) >= s.o.MaxDefinitions:
			code = CodeFull
		case m.Interval == 0:
			code = CodeRange
		}
		if code != 0 {
			s.reject(x, code, m.ID)
			continue
		}
		v := &watch{Monitor: m}
		s.rearm(v, x.now)
		s.monitoring.list = append(s.monitoring.list, v)
	}
	return nil
}

func changeMonitors(s *Server, x *execution) error {
	list := readChanges(x.in)
	if err := x.in.end(); err != nil {
		return err
	}
	for _, m := range list {
		old := s.findMonitor(m.ID)
		switch code := checkMonitor(m); {
		case old == nil:
			s.reject(x, CodeUnknown, m.ID)
		case old.Parameter != m.Parameter:
			s.reject(x, CodeState, m.ID)
		case code != 0:
			s.reject(x, code, m.ID)
		default:
			old.Repetition, old.Check = m.Repetition, m.Check
			s.rearm(old, x.now)
		}
	}
	return nil
}

// evaluate checks a parameter once; skip says that nothing can be said yet.
func (s *Server) evaluate(m *watch) (to CheckStatus, value, limit Value, skip bool) {
	v, err := s.o.Parameters.Get(m.Parameter)
	t, ok := s.typeOf(m.Parameter)
	value = Value{Type: t}
	if m.Check.Type == CheckDelta {
		value.Type = t.deltaType()
	}
	limit = Value{Type: value.Type}
	if m.Check.Type == CheckExpected {
		limit = m.Check.Expected
	}
	if err != nil || !ok || v.Type != t {
		return StatusInvalid, value, limit, false
	}
	if m.Validity.Parameter != 0 {
		g, err := s.o.Parameters.Get(m.Validity.Parameter)
		if err != nil || g.Bits&m.Validity.Mask.Bits != m.Validity.Expected.Bits {
			m.diffs, m.last = nil, Value{}
			return StatusInvalid, value, limit, false
		}
	}
	c := m.Check
	value = v
	switch c.Type {
	case CheckExpected:
		if v.Bits&c.Mask.Bits != c.Expected.Bits {
			return StatusUnexpected, value, limit, false
		}
		return StatusNominal, value, limit, false
	case CheckDelta:
		if m.last.Type.Size == 0 {
			m.last = v
			return 0, value, limit, true
		}
		m.diffs = append(m.diffs, v.minus(m.last))
		m.last = v
		if uint64(len(m.diffs)) < c.ConsecutiveDiff {
			return 0, value, limit, true
		}
		m.diffs = m.diffs[uint64(len(m.diffs))-c.ConsecutiveDiff:]
		value = mean(m.diffs)
	}
	switch {
	case value.compare(c.Low) < 0:
		return StatusBelow, value, c.Low, false
	case value.compare(c.High) > 0:
		return StatusAbove, value, c.High, false
	}
	return StatusNominal, value, limit, false
}

// mean is the average of values of one type; whole numbers are cut.
func mean(list []Value) Value {
	t := list[0].Type
	if t.Kind == Real {
		sum := 0.0
		for _, v := range list {
			sum += v.Float()
		}
		return RealValue(sum/float64(len(list)), t.Size)
	}
	sum := int64(0)
	for _, v := range list {
		sum += v.Int() / int64(len(list))
	}
	rest := int64(0)
	for _, v := range list {
		rest += v.Int() % int64(len(list))
	}
	return SignedValue(sum+rest/int64(len(list)), t.Size)
}

// monitor makes the checks that are due, and reports transitions.
func (s *Server) monitor(now time.Time) {
	if !s.monitoring.on || s.o.Parameters == nil {
		s.flushTransitions(now)
		return
	}
	for _, m := range slices.Clone(s.monitoring.list) {
		if !m.Enabled || m.due.After(now) {
			continue
		}
		m.due = later(m.due, now, time.Duration(m.Interval)*s.o.Unit)
		to, value, limit, skip := s.evaluate(m)
		if skip {
			continue
		}
		if to == m.status {
			m.repeats = 0
			continue
		}
		if to != m.candidate {
			m.candidate, m.repeats = to, 0
		}
		if m.repeats++; m.repeats < m.Repetition && to != StatusInvalid {
			continue
		}
		if to == StatusNominal {
			// The limit that it came back across.
			limit = m.crossed.Limit
			if limit.Type.Size == 0 {
				limit = Value{Type: value.Type}
				if m.Check.Type == CheckExpected {
					limit = m.Check.Expected
				}
			}
		}
		tr := Transition{m.ID, m.Parameter, m.Check.Type, m.Check.Mask, value, limit, m.status, to, now}
		m.status, m.repeats, m.crossed = to, 0, tr
		if len(s.monitoring.pending) == 0 {
			s.monitoring.flush = now.Add(time.Duration(s.monitoring.delay) * s.o.Unit)
		}
		s.monitoring.pending = append(s.monitoring.pending, tr)
		if len(s.monitoring.pending) >= maxPending {
			s.monitoring.flush = now
			s.flushTransitions(now)
		}
		if id := m.event(to); id != 0 {
			s.Raise(now, Event{Medium, id, nil})
		}
	}
	s.flushTransitions(now)
}

func (m *watch) event(to CheckStatus) uint64 {
	switch to {
	case StatusUnexpected:
		return m.Check.ExpectedEvent
	case StatusBelow:
		return m.Check.LowEvent
	case StatusAbove:
		return m.Check.HighEvent
	}
	return 0
}

func (s *Server) flushTransitions(now time.Time) {
	if len(s.monitoring.pending) == 0 || s.monitoring.flush.After(now) {
		return
	}
	list := s.monitoring.pending
	s.monitoring.pending = nil
	s.emit(now, Message{12, 12}, 0, func(w *writer) { writeTransitions(w, list) })
}

func (s *Server) nextMonitor() (at time.Time, ok bool) {
	if len(s.monitoring.pending) > 0 {
		at, ok = s.monitoring.flush, true
	}
	for _, m := range s.monitoring.list {
		if s.monitoring.on && s.o.Parameters != nil && m.Enabled && (!ok || m.due.Before(at)) {
			at, ok = m.due, true
		}
	}
	return at, ok
}
