package meter

import "bytes"

const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
)

// sectionOrder is the order in which sections must stand: data count before code.
var sectionOrder = [...]int{secType: 1, secImport: 2, secFunction: 3, secTable: 4, secMemory: 5, secGlobal: 6,
	secExport: 7, secStart: 8, secElement: 9, secDataCount: 10, secCode: 11, secData: 12}

// maxPassive is the most that one memory.init moves, which nothing interrupts.
const maxPassive = 2 << 20

// Reserved starts every name that the meter adds; an original may not use it.
const Reserved = "spc:"

// Decode reads a module and validates it whole: structure, types and limits. A
// module that it accepts is valid WebAssembly within the sandbox's features.
func Decode(b []byte, lim Limits) (m *Module, err error) {
	defer caught(&err)
	lim = lim.EnsureDefaults()
	r := &reader{b: b, fn: -1}
	if len(b) > lim.ModuleBytes {
		r.fail(Limit, "%d bytes, the limit is %d", len(b), lim.ModuleBytes)
	}
	if !bytes.Equal(r.bytes(min(8, len(b))), []byte("\x00asm\x01\x00\x00\x00")) {
		r.pos = 0
		if len(b) >= 8 && bytes.Equal(b[:4], []byte("\x00asm")) {
			r.fail(Feature, "version % x: only core modules of version 1 run here, no components", b[4:8])
		}
		r.fail(Malformed, "not a WebAssembly module")
	}
	d := decoder{m: &Module{refFuncs: map[uint32]bool{}}, lim: lim}
	last := 0
	for r.len() > 0 {
		at := r.pos
		id := int(r.byte())
		size := r.u32()
		if int64(size) > int64(r.len()) {
			r.fail(Malformed, "section %d of %d bytes exceeds the module", id, size)
		}
		s := &reader{b: r.b[:r.pos+int(size)], pos: r.pos, fn: -1}
		r.pos += int(size)
		if id == secCustom {
			if s.name() == "name" {
				d.m.names = s.b[s.pos:]
			}
			continue
		}
		if id >= len(sectionOrder) {
			s.pos = at
			if id == 13 {
				s.fail(Feature, "tag section: exceptions are refused")
			}
			s.fail(Malformed, "unknown section %d", id)
		}
		if sectionOrder[id] <= last {
			s.pos = at
			s.fail(Malformed, "section %d out of order", id)
		}
		last = sectionOrder[id]
		d.section(id, s)
		if s.len() != 0 {
			s.fail(Malformed, "%d bytes left in section %d", s.len(), id)
		}
	}
	d.finish(r)
	v := validator{m: d.m, lim: lim}
	for i := range d.m.codes {
		d.m.facts = append(d.m.facts, v.function(i))
	}
	return d.m, nil
}

// decoder holds what Decode gathers over the sections.
type decoder struct {
	m   *Module
	lim Limits
}

func (d *decoder) section(id int, r *reader) {
	m := d.m
	switch id {
	case secType:
		for n := r.count("types", d.lim.Types); n > 0; n-- {
			switch form := r.byte(); form {
			case 0x60:
			case 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
				r.fail(Feature, "type form 0x%02x: garbage-collected types are refused", form)
			default:
				r.fail(Malformed, "unknown type form 0x%02x", form)
			}
			m.Types = append(m.Types, FuncType{r.valTypes(d.lim.Params), r.valTypes(d.lim.Results)})
		}
	case secImport:
		for n := r.count("imports", d.lim.Imports); n > 0; n-- {
			d.importEntry(r)
		}
	case secFunction:
		for n := r.count("functions", d.lim.Funcs); n > 0; n-- {
			m.Funcs = append(m.Funcs, d.typeIndex(r))
		}
	case secTable:
		for n := r.count("tables", d.lim.Tables); n > 0; n-- {
			t := Table{Type: r.refType()}
			t.Range = d.limits(r, 1<<32-1)
			m.Tables = append(m.Tables, t)
		}
	case secMemory:
		for n := r.count("memories", 1); n > 0; n-- {
			l := d.limits(r, 1<<16)
			m.Memory = &l
		}
	case secGlobal:
		for n := r.count("globals", d.lim.Globals); n > 0; n-- {
			g := Global{Type: r.valType(), Mutable: d.mutability(r)}
			g.init = d.constExpr(r, g.Type)
			m.Globals = append(m.Globals, g)
		}
	case secExport:
		d.exports(r)
	case secStart:
		r.fail(Forbidden, "start section: code runs only from _start")
	case secElement:
		for n := r.count("element segments", d.lim.Elements); n > 0; n-- {
			d.element(r)
		}
	case secDataCount:
		n := r.u32()
		m.dataCount = &n
	case secCode:
		d.codes(r)
	case secData:
		for n := r.count("data segments", d.lim.Data); n > 0; n-- {
			d.dataSegment(r)
		}
	}
}

func (d *decoder) importEntry(r *reader) {
	imp := Import{Module: r.name(), Name: r.name()}
	kind := r.byte()
	switch Kind(kind) {
	case KindFunc:
		imp.Type = d.typeIndex(r)
	case KindTable, KindMemory, KindGlobal:
		r.fail(Forbidden, "imports %s %q %q: only functions are imported", [...]string{"", "table", "memory", "global"}[kind], imp.Module, imp.Name)
	case 4:
		r.fail(Feature, "imports tag %q %q: exceptions are refused", imp.Module, imp.Name)
	default:
		r.fail(Malformed, "unknown import kind 0x%02x", kind)
	}
	if hasReserved(imp.Module) || hasReserved(imp.Name) {
		r.fail(Forbidden, "import %q %q: names that start with %q are the meter's own", imp.Module, imp.Name, Reserved)
	}
	d.m.Imports = append(d.m.Imports, imp)
}

func hasReserved(s string) bool { return len(s) >= len(Reserved) && s[:len(Reserved)] == Reserved }

func (d *decoder) typeIndex(r *reader) uint32 {
	i := r.u32()
	if int(i) >= len(d.m.Types) {
		r.fail(Invalid, "type %d of %d", i, len(d.m.Types))
	}
	return i
}

func (d *decoder) mutability(r *reader) bool {
	b := r.byte()
	if b > 1 {
		r.fail(Malformed, "mutability 0x%02x", b)
	}
	return b == 1
}

func (d *decoder) limits(r *reader, ceiling uint64) Range {
	flags := r.byte()
	switch {
	case flags&2 != 0 && flags <= 7:
		r.fail(Feature, "shared memory: threads are refused")
	case flags&4 != 0 && flags <= 7:
		r.fail(Feature, "64-bit memory or table is refused")
	case flags > 1:
		r.fail(Malformed, "limits flag 0x%02x", flags)
	}
	l := Range{Min: r.u32(), HasMax: flags == 1}
	if l.HasMax {
		l.Max = r.u32()
		if l.Max < l.Min {
			r.fail(Invalid, "maximum %d is below minimum %d", l.Max, l.Min)
		}
	}
	if uint64(l.Min) > ceiling || uint64(l.Max) > ceiling {
		r.fail(Invalid, "size %d exceeds %d", max(l.Min, l.Max), ceiling)
	}
	return l
}

// constExpr reads a constant expression that gives a value of the type.
func (d *decoder) constExpr(r *reader, want ValType) constExpr {
	start := r.pos
	e := constExpr{op: Op(r.byte())}
	var got ValType
	switch e.op {
	case OpI32Const:
		r.signed(32)
		got = I32
	case OpI64Const:
		r.signed(64)
		got = I64
	case OpF32Const:
		r.bytes(4)
		got = F32
	case OpF64Const:
		r.bytes(8)
		got = F64
	case OpRefNull:
		got = r.refType()
	case OpRefFunc:
		e.index = r.u32()
		if int(e.index) >= d.m.numFuncs() {
			r.fail(Invalid, "ref.func of function %d of %d", e.index, d.m.numFuncs())
		}
		d.m.refFuncs[e.index] = true
		got = FuncRef
	case OpGlobalGet:
		r.fail(Invalid, "global.get in a constant expression: there are no imported globals")
	default:
		r.fail(Invalid, "%s in a constant expression", e.op)
	}
	e.raw = r.b[start:r.pos]
	if got != want {
		r.fail(Invalid, "constant expression gives %s, not %s", got, want)
	}
	if end := r.byte(); Op(end) != OpEnd {
		r.fail(Feature, "constant expression of more than one instruction is refused")
	}
	return e
}

func (d *decoder) exports(r *reader) {
	m := d.m
	seen := map[string]bool{}
	for n := r.count("exports", d.lim.Exports); n > 0; n-- {
		e := Export{Name: r.name(), Kind: Kind(r.byte())}
		e.Index = r.u32()
		if hasReserved(e.Name) {
			r.fail(Forbidden, "export %q: names that start with %q are the meter's own", e.Name, Reserved)
		}
		if seen[e.Name] {
			r.fail(Invalid, "export %q stands twice", e.Name)
		}
		seen[e.Name] = true
		size := 0
		switch e.Kind {
		case KindFunc:
			size = m.numFuncs()
			m.refFuncs[e.Index] = true
		case KindTable:
			size = len(m.Tables)
		case KindMemory:
			if m.Memory != nil {
				size = 1
			}
		case KindGlobal:
			size = len(m.Globals)
		case 4:
			r.fail(Feature, "exports tag %q: exceptions are refused", e.Name)
		default:
			r.fail(Malformed, "unknown export kind 0x%02x", byte(e.Kind))
		}
		if int64(e.Index) >= int64(size) {
			r.fail(Invalid, "export %q of index %d of %d", e.Name, e.Index, size)
		}
		m.Exports = append(m.Exports, e)
	}
}

func (d *decoder) element(r *reader) {
	m := d.m
	e := element{mode: r.u32(), typ: FuncRef}
	if e.mode > 7 {
		r.fail(Malformed, "element segment mode %d", e.mode)
	}
	if e.active() {
		if e.mode&2 != 0 {
			e.table = r.u32()
		}
		if int(e.table) >= len(m.Tables) {
			r.fail(Invalid, "element segment for table %d of %d", e.table, len(m.Tables))
		}
		e.offset = d.constExpr(r, I32)
	}
	if e.mode&3 != 0 {
		if e.mode&4 != 0 {
			e.typ = r.refType()
		} else if k := r.byte(); k != 0 {
			r.fail(Malformed, "element kind 0x%02x", k)
		}
	}
	if e.active() && m.Tables[e.table].Type != e.typ {
		r.fail(Invalid, "element segment of %s for a table of %s", e.typ, m.Tables[e.table].Type)
	}
	n := r.count("elements", d.lim.TableElements)
	if e.mode&4 == 0 {
		e.funcs = make([]uint32, n)
		for i := range e.funcs {
			f := r.u32()
			if int(f) >= m.numFuncs() {
				r.fail(Invalid, "element names function %d of %d", f, m.numFuncs())
			}
			m.refFuncs[f] = true
			e.funcs[i] = f
		}
	} else {
		e.exprs = make([]constExpr, n)
		for i := range e.exprs {
			e.exprs[i] = d.constExpr(r, e.typ)
		}
	}
	m.elements = append(m.elements, e)
}

func (d *decoder) codes(r *reader) {
	m := d.m
	n := r.count("function bodies", d.lim.Funcs)
	if n != len(m.Funcs) {
		r.fail(Malformed, "%d functions but %d bodies", len(m.Funcs), n)
	}
	all := uint64(0)
	for i := range n {
		size := r.u32()
		r.fn = len(m.Imports) + i
		if int64(size) > int64(r.len()) {
			r.fail(Malformed, "body of %d bytes exceeds the section", size)
		}
		if int(size) > d.lim.FuncBytes {
			r.fail(Limit, "body of %d bytes, the limit is %d", size, d.lim.FuncBytes)
		}
		b := &reader{b: r.b[:r.pos+int(size)], pos: r.pos, fn: r.fn}
		r.pos += int(size)
		c := code{}
		total := uint64(len(m.Types[m.Funcs[i]].Params))
		for k := b.count("local runs", d.lim.Locals); k > 0; k-- {
			run := localRun{n: b.u32()}
			run.typ = b.valType()
			if total += uint64(run.n); total > uint64(d.lim.Locals) {
				b.fail(Limit, "%d locals, the limit is %d", total, d.lim.Locals)
			}
			if run.n > 0 {
				c.locals = append(c.locals, run)
			}
		}
		// The compiler keeps every local of every function: a gigabyte of them fits a
		// module of 330 kB.
		if all += total; all > uint64(d.lim.ModuleLocals) {
			b.fail(Limit, "%d locals in the functions so far, the limit is %d", all, d.lim.ModuleLocals)
		}
		c.body, c.offset = b.b[b.pos:], b.pos
		m.codes = append(m.codes, c)
	}
	r.fn = -1
}

func (d *decoder) dataSegment(r *reader) {
	s := dataSegment{mode: r.u32()}
	switch s.mode {
	case 2:
		if mem := r.u32(); mem != 0 {
			r.fail(Feature, "data segment for memory %d: several memories are refused", mem)
		}
		fallthrough
	case 0:
		if d.m.Memory == nil {
			r.fail(Invalid, "data segment without a memory")
		}
		s.offset = d.constExpr(r, I32)
	case 1:
	default:
		r.fail(Malformed, "data segment mode %d", s.mode)
	}
	s.bytes = r.bytes(int(r.u32()))
	if s.mode == 1 && len(s.bytes) > maxPassive {
		r.fail(Limit, "passive data segment of %d bytes, the limit is %d", len(s.bytes), maxPassive)
	}
	d.m.data = append(d.m.data, s)
}

// finish checks what concerns several sections.
func (d *decoder) finish(r *reader) {
	m := d.m
	if len(m.codes) != len(m.Funcs) {
		r.fail(Malformed, "%d functions but %d bodies", len(m.Funcs), len(m.codes))
	}
	if m.dataCount != nil && int(*m.dataCount) != len(m.data) {
		r.fail(Malformed, "data count %d but %d data segments", *m.dataCount, len(m.data))
	}
	total := uint64(0)
	for _, t := range m.Tables {
		total += uint64(t.Min)
	}
	if total > uint64(d.lim.TableElements) {
		r.fail(Limit, "tables of %d elements, the limit is %d", total, d.lim.TableElements)
	}
}
