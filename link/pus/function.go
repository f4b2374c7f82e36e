package pus

// Service 8, function management (ECSS-E-ST-70-41C §6.8, §8.8).
var functionRequests = map[Message]handler{
	{8, 1}: func(s *Server, x *execution) error {
		id := x.in.uint(s.p.Widths.Function)
		args := x.in.octets(len(x.in.b))
		if err := x.in.end(); err != nil {
			return err
		}
		if s.o.Functions == nil {
			return Failure{Code: CodeUnknown}
		}
		return s.o.Functions.Perform(x.now, id, args)
	},
}

// Service 17, test (ECSS-E-ST-70-41C §6.17, §8.17).
var testRequests = map[Message]handler{
	{17, 1}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.emit(x.now, Message{17, 2}, x.tc.Source, func(*writer) {})
		return nil
	},
	{17, 3}: func(s *Server, x *execution) error {
		apid := x.in.uint(2)
		if err := x.in.end(); err != nil {
			return err
		}
		if apid != uint64(s.o.APID) {
			return Failure{Code: CodeUnknown} // there is nobody else to be connected to
		}
		s.emit(x.now, Message{17, 4}, x.tc.Source, func(w *writer) { w.uint(apid, 2) })
		return nil
	},
}
