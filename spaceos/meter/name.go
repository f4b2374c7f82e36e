package meter

import "fmt"

// Custom gives the payload of the first custom section of a name.
func Custom(module []byte, name string) (payload []byte, ok bool) {
	var err error
	defer caught(&err)
	r := &reader{b: module, pos: min(8, len(module)), fn: -1}
	for r.len() > 0 {
		id := r.byte()
		s := &reader{b: r.bytes(int(r.u32())), fn: -1}
		if id == secCustom && s.name() == name {
			return s.b[s.pos:], true
		}
	}
	return nil, false
}

// WithCustom gives the module with a custom section added at its end.
func WithCustom(module []byte, name string, payload []byte) []byte {
	body := append(appendName(nil, name), payload...)
	return section(append([]byte(nil), module...), secCustom, body)
}

// FuncName gives what to call a function of the instrumented module, by its
// index there, in words of the original: its name from the name section of the
// original's bytes, or "function N".
func FuncName(original []byte, instrumented uint32) (name string) {
	name = fmt.Sprintf("function %d", instrumented)
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(*Error); !ok {
				panic(p)
			}
		}
	}()
	imports := uint32(0)
	r := &reader{b: original, pos: min(8, len(original)), fn: -1}
	var names *reader
	for r.len() > 0 {
		id := r.byte()
		body := r.bytes(int(r.u32()))
		s := &reader{b: body, fn: -1}
		switch id {
		case secImport:
			imports = s.u32() // all imports are functions
		case secCustom:
			if s.name() == "name" {
				names = s
			}
		}
	}
	index := instrumented
	if index > imports {
		index--
	}
	name = fmt.Sprintf("function %d", index)
	if names == nil {
		return name
	}
	for names.len() > 0 {
		id := names.byte()
		s := &reader{b: names.bytes(int(names.u32())), fn: -1}
		if id != 1 {
			continue
		}
		for n := s.u32(); n > 0; n-- {
			i, text := s.u32(), s.name()
			if i == index {
				return text
			}
		}
	}
	return name
}
