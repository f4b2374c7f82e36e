package pus

// Setting is a parameter with a value.
type Setting struct {
	ID    uint64
	Value Value
}

func writeSettings(w *writer, list []Setting) {
	writeList(w, list, func(v Setting) {
		w.uint(v.ID, w.p.Widths.Parameter)
		w.value(v.Value)
	})
}

func readSettings(r *reader) []Setting {
	return readList(r, func() Setting {
		id := r.uint(r.p.Widths.Parameter)
		return Setting{id, r.typed(id)}
	})
}

// Service 20, parameter management (ECSS-E-ST-70-41C §6.20, §8.20).
var parameterRequests = map[Message]handler{
	{20, 1}: func(s *Server, x *execution) error {
		ids := readList(x.in, func() uint64 { return x.in.uint(s.p.Widths.Parameter) })
		if err := x.in.end(); err != nil {
			return err
		}
		var found []Setting
		for _, id := range ids {
			t, ok := s.typeOf(id)
			if !ok {
				s.reject(x, CodeUnknown, id)
				continue
			}
			v, err := s.o.Parameters.Get(id)
			if err != nil || v.Type != t {
				s.reject(x, CodeApplication, id)
				continue
			}
			found = append(found, Setting{id, v})
		}
		if len(found) > 0 {
			s.emit(x.now, Message{20, 2}, x.tc.Source, func(w *writer) { writeSettings(w, found) })
		}
		return nil
	},
	{20, 3}: func(s *Server, x *execution) error {
		if s.o.Parameters == nil {
			return Failure{Code: CodeUnknown}
		}
		list := readSettings(x.in)
		if err := x.in.end(); err != nil {
			return err
		}
		for _, v := range list {
			if v.Value.Type.Kind == Octets {
				v.Value.Raw = append([]byte(nil), v.Value.Raw...)
			}
			if s.o.Parameters.Set(v.ID, v.Value) != nil {
				s.reject(x, CodeApplication, v.ID)
				continue
			}
			s.settings[v.ID] = v.Value
		}
		return nil
	},
}
