package pus

import (
	"slices"
	"time"
)

// Structure is a housekeeping or diagnostic parameter report structure (service 3,
// ECSS-E-ST-70-41C §6.3, §8.3).
type Structure struct {
	ID uint64
	// Interval between reports, in units of Options.Unit.
	Interval uint64
	// Parameters are reported once, those of Groups as many times as the group says,
	// sampled evenly over the interval.
	Parameters []uint64
	Groups     []SampleGroup
	// Periodic says in a report whether it is sent by itself; new ones are not.
	Periodic bool
}

// SampleGroup is a group of super-commutated parameters.
type SampleGroup struct {
	Samples    uint64
	Parameters []uint64
}

func (g *Structure) writeContent(w *writer) {
	param := func(id uint64) { w.uint(id, w.p.Widths.Parameter) }
	writeList(w, g.Parameters, param)
	writeList(w, g.Groups, func(s SampleGroup) {
		w.uint(s.Samples, w.p.Widths.Count)
		writeList(w, s.Parameters, param)
	})
}

func (g *Structure) readContent(r *reader) {
	param := func() uint64 { return r.uint(r.p.Widths.Parameter) }
	g.Parameters = readList(r, param)
	g.Groups = readList(r, func() SampleGroup {
		return SampleGroup{r.uint(r.p.Widths.Count), readList(r, param)}
	})
}

// Report is a housekeeping or diagnostic report, taken apart by its structure.
type Report struct {
	ID     uint64
	Values []Value
	// Samples are those of the groups: by group, by sample, by parameter.
	Samples [][][]Value
}

// ReadReport takes the data of a TM[3,25] or TM[3,26] apart.
func (p *Profile) ReadReport(g Structure, data []byte) (*Report, error) {
	r := &reader{p: p, b: data}
	out := &Report{ID: r.uint(p.Widths.Structure)}
	if out.ID != g.ID {
		r.fail("report of structure %d, not %d", out.ID, g.ID)
	}
	row := func(ids []uint64) (v []Value) {
		for _, id := range ids {
			v = append(v, r.typed(id))
		}
		return v
	}
	out.Values = row(g.Parameters)
	for _, gr := range g.Groups {
		var samples [][]Value
		for i := uint64(0); i < gr.Samples && r.err == nil; i++ {
			samples = append(samples, row(gr.Parameters))
		}
		out.Samples = append(out.Samples, samples)
	}
	return out, r.end()
}

// collection is a structure at work.
type collection struct {
	Structure
	diagnostic bool
	due        time.Time
	sampled    []sampling // by group
}

type sampling struct {
	due    time.Time
	values [][]Value
}

type housekeeping struct{ list []*collection }

// The requests for housekeeping and for diagnostics are the same but for their numbers.
var housekeepingRequests = func() map[Message]handler {
	m := map[Message]handler{}
	pair := func(housekeeping, diagnostic uint8, h func(bool) handler) {
		m[Message{3, housekeeping}], m[Message{3, diagnostic}] = h(false), h(true)
	}
	pair(1, 2, createStructure)
	pair(3, 4, deleteStructures)
	pair(5, 7, periodic(true))
	pair(6, 8, periodic(false))
	pair(9, 11, reportStructures)
	pair(27, 28, oneShot)
	pair(29, 30, appendStructure)
	pair(31, 32, changeIntervals)
	pair(33, 34, reportProperties)
	return m
}()

func (s *Server) structure(id uint64, diagnostic bool) *collection {
	for _, c := range s.housekeeping.list {
		if c.ID == id && c.diagnostic == diagnostic {
			return c
		}
	}
	return nil
}

// checkContent refuses parameters that there are not, and those named twice.
func (s *Server) checkContent(g *Structure) error {
	seen := map[uint64]bool{}
	octets := 0
	for _, gr := range append([]SampleGroup{{1, g.Parameters}}, g.Groups...) {
		if gr.Samples == 0 {
			return Failure{Code: CodeRange}
		}
		for _, id := range gr.Parameters {
			t, ok := s.typeOf(id)
			if !ok {
				return Failure{CodeUnknown, appendWidth(nil, id, 8)}
			}
			if seen[id] {
				return Failure{CodeExists, appendWidth(nil, id, 8)}
			}
			seen[id] = true
			octets += t.Size * int(gr.Samples)
		}
	}
	if octets > 60000 || g.Interval == 0 {
		return Failure{Code: CodeRange}
	}
	return nil
}

func (s *Server) typeOf(id uint64) (Type, bool) {
	if s.o.Parameters == nil {
		return Type{}, false
	}
	t, ok := s.o.Parameters.ParameterType(id)
	return t, ok && t.valid()
}

func createStructure(diagnostic bool) handler {
	return func(s *Server, x *execution) error {
		g := Structure{ID: x.in.uint(s.p.Widths.Structure), Interval: x.in.uint(s.p.Widths.Interval)}
		g.readContent(x.in)
		if err := x.in.end(); err != nil {
			return err
		}
		if s.structure(g.ID, diagnostic) != nil {
			return Failure{Code: CodeExists}
		}
		if len(s.housekeeping.list) >= s.o.MaxDefinitions {
			return Failure{Code: CodeFull}
		}
		if err := s.checkContent(&g); err != nil {
			return err
		}
		s.housekeeping.list = append(s.housekeeping.list, &collection{Structure: g, diagnostic: diagnostic})
		return nil
	}
}

// eachStructure runs fn for every structure that the request lists.
func (s *Server) eachStructure(x *execution, diagnostic bool, fn func(*collection) Code) error {
	ids := readList(x.in, func() uint64 { return x.in.uint(s.p.Widths.Structure) })
	if err := x.in.end(); err != nil {
		return err
	}
	for _, id := range ids {
		code := CodeUnknown
		if c := s.structure(id, diagnostic); c != nil {
			code = fn(c)
		}
		if code != 0 {
			s.reject(x, code, id)
		}
	}
	return nil
}

func deleteStructures(diagnostic bool) handler {
	return func(s *Server, x *execution) error {
		return s.eachStructure(x, diagnostic, func(c *collection) Code {
			if c.Periodic {
				return CodeState
			}
			s.housekeeping.list = slices.DeleteFunc(s.housekeeping.list, func(o *collection) bool { return o == c })
			return 0
		})
	}
}

func periodic(on bool) func(bool) handler {
	return func(diagnostic bool) handler {
		return func(s *Server, x *execution) error {
			return s.eachStructure(x, diagnostic, func(c *collection) Code {
				if c.Periodic != on {
					c.Periodic = on
					s.restart(c, x.now)
				}
				return 0
			})
		}
	}
}

// restart begins a collection interval at now.
func (s *Server) restart(c *collection, now time.Time) {
	c.due = now.Add(time.Duration(c.Interval) * s.o.Unit)
	c.sampled = make([]sampling, len(c.Groups))
	for i := range c.sampled {
		c.sampled[i].due = now.Add(s.sampleInterval(c, i))
	}
}

func (s *Server) sampleInterval(c *collection, group int) time.Duration {
	return max(1, time.Duration(c.Interval)*s.o.Unit/time.Duration(c.Groups[group].Samples))
}

func reportStructures(diagnostic bool) handler {
	return func(s *Server, x *execution) error {
		return s.eachStructure(x, diagnostic, func(c *collection) Code {
			m := Message{3, 10}
			if diagnostic {
				m.Subtype = 12
			}
			s.emit(x.now, m, x.tc.Source, func(w *writer) { writeStructure(w, c.Structure) })
			return 0
		})
	}
}

func writeStructure(w *writer, g Structure) {
	w.uint(g.ID, w.p.Widths.Structure)
	w.bool(g.Periodic)
	w.uint(g.Interval, w.p.Widths.Interval)
	g.writeContent(w)
}

func readStructure(r *reader) *Structure {
	g := &Structure{ID: r.uint(r.p.Widths.Structure), Periodic: r.bool(), Interval: r.uint(r.p.Widths.Interval)}
	g.readContent(r)
	return g
}

func oneShot(diagnostic bool) handler {
	return func(s *Server, x *execution) error {
		return s.eachStructure(x, diagnostic, func(c *collection) Code {
			s.reportValues(x.now, c, x.tc.Source)
			return 0
		})
	}
}

func appendStructure(diagnostic bool) handler {
	return func(s *Server, x *execution) error {
		id := x.in.uint(s.p.Widths.Structure)
		var more Structure
		more.readContent(x.in)
		if err := x.in.end(); err != nil {
			return err
		}
		c := s.structure(id, diagnostic)
		switch {
		case c == nil:
			return Failure{Code: CodeUnknown}
		case c.Periodic:
			return Failure{Code: CodeState}
		}
		grown := c.Structure
		grown.Parameters = slices.Concat(c.Parameters, more.Parameters)
		grown.Groups = slices.Concat(c.Groups, more.Groups)
		if err := s.checkContent(&grown); err != nil {
			return err
		}
		c.Structure = grown
		return nil
	}
}

func changeIntervals(diagnostic bool) handler {
	return func(s *Server, x *execution) error {
		type change struct{ id, interval uint64 }
		list := readList(x.in, func() change {
			return change{x.in.uint(s.p.Widths.Structure), x.in.uint(s.p.Widths.Interval)}
		})
		if err := x.in.end(); err != nil {
			return err
		}
		for _, v := range list {
			c := s.structure(v.id, diagnostic)
			switch {
			case c == nil:
				s.reject(x, CodeUnknown, v.id)
			case v.interval == 0:
				s.reject(x, CodeRange, v.id)
			default:
				c.Interval = v.interval
				s.restart(c, x.now)
			}
		}
		return nil
	}
}

func reportProperties(diagnostic bool) handler {
	return func(s *Server, x *execution) error {
		var found []*collection
		err := s.eachStructure(x, diagnostic, func(c *collection) Code {
			found = append(found, c)
			return 0
		})
		if err != nil || len(found) == 0 {
			return err
		}
		m := Message{3, 35}
		if diagnostic {
			m.Subtype = 36
		}
		s.emit(x.now, m, x.tc.Source, func(w *writer) {
			writeList(w, found, func(c *collection) {
				w.uint(c.ID, w.p.Widths.Structure)
				w.bool(c.Periodic)
				w.uint(c.Interval, w.p.Widths.Interval)
			})
		})
		return nil
	}
}

// sample reads parameters; one that cannot be read gives zeros.
func (s *Server) sample(ids []uint64) []Value {
	var out []Value
	for _, id := range ids {
		t, _ := s.typeOf(id)
		v, err := s.o.Parameters.Get(id)
		if err != nil || v.Type != t {
			v = Value{Type: t}
			if t.Kind == Octets {
				v.Raw = make([]byte, t.Size)
			}
		}
		out = append(out, v)
	}
	return out
}

// reportValues sends a report; groups without enough samples take the values of now.
func (s *Server) reportValues(now time.Time, c *collection, dest uint16) {
	m := Message{3, 25}
	if c.diagnostic {
		m.Subtype = 26
	}
	s.emit(now, m, dest, func(w *writer) {
		w.uint(c.ID, w.p.Widths.Structure)
		for _, v := range s.sample(c.Parameters) {
			w.value(v)
		}
		for i, g := range c.Groups {
			for n := range int(g.Samples) {
				var row []Value
				if i < len(c.sampled) && n < len(c.sampled[i].values) {
					row = c.sampled[i].values[n]
				} else {
					row = s.sample(g.Parameters)
				}
				for _, v := range row {
					w.value(v)
				}
			}
		}
	})
}

// collect samples and reports what is due.
func (s *Server) collect(now time.Time) {
	for _, c := range slices.Clone(s.housekeeping.list) {
		if !c.Periodic {
			continue
		}
		for i := range c.sampled {
			g := &c.sampled[i]
			for !g.due.After(now) && !g.due.After(c.due) && len(g.values) < int(c.Groups[i].Samples) {
				g.values = append(g.values, s.sample(c.Groups[i].Parameters))
				g.due = g.due.Add(s.sampleInterval(c, i))
			}
		}
		if c.due.After(now) {
			continue
		}
		s.reportValues(now, c, 0)
		begun := later(c.due.Add(-time.Duration(c.Interval)*s.o.Unit), now, time.Duration(c.Interval)*s.o.Unit)
		s.restart(c, begun.Add(-time.Duration(c.Interval)*s.o.Unit))
	}
}

func (s *Server) nextCollect() (at time.Time, ok bool) {
	for _, c := range s.housekeeping.list {
		if !c.Periodic {
			continue
		}
		if !ok || c.due.Before(at) {
			at, ok = c.due, true
		}
		for i, g := range c.sampled {
			if len(g.values) < int(c.Groups[i].Samples) && g.due.Before(at) {
				at = g.due
			}
		}
	}
	return at, ok
}
