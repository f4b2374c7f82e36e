package meter

import "strconv"

// Names that the instrumented module imports and exports.
const (
	// RefillModule and RefillName name the imported function of type
	// (gas i32, stack i32) -> i32 that the module calls when either counter is
	// below zero. It gives the new gas counter, or does not return.
	RefillModule = Reserved + "meter"
	RefillName   = "refill"
	// GasExport is the mutable i32 global that counts gas down.
	GasExport = Reserved + "gas"
	// StackExport is the mutable i32 global that counts stack down.
	StackExport = Reserved + "stack"
	// GlobalExport starts the names of the original's mutable globals; see Options.
	GlobalExport = Reserved + "global:"
)

// Options sets how Instrument rewrites. The zero value is the sandbox's.
type Options struct {
	Limits Limits
	// ExportGlobals exports every mutable global of the original as GlobalExport
	// plus its index, for snapshots.
	ExportGlobals bool
	// StackBudget is the initial value of the stack counter; default DefaultStack.
	StackBudget int32
}

// Instrument writes the metered form of the module. The result depends on the
// module and the options only.
func (m *Module) Instrument(opt Options) (out []byte, err error) {
	defer caught(&err)
	opt.Limits = opt.Limits.EnsureDefaults()
	if opt.StackBudget == 0 {
		opt.StackBudget = DefaultStack
	}
	w := &writer{m: m, opt: opt, shift: uint32(len(m.Imports))}
	return w.module(), nil
}

// writer rewrites one module.
type writer struct {
	m     *Module
	opt   Options
	shift uint32 // functions from this index on move up by one: the refill comes before them
	types []FuncType
	leaf  []bool // functions that their callers pay for
	quiet []quietness

	gasGlobal, stackGlobal uint32
	helpers                [numHelpers]uint32 // function indices
	body                   bodyWriter
}

func (w *writer) module() []byte {
	m := w.m
	w.types = append([]FuncType(nil), m.Types...)
	w.gasGlobal, w.stackGlobal = uint32(len(m.Globals)), uint32(len(m.Globals))+1
	for i := range w.helpers {
		w.helpers[i] = uint32(m.numFuncs() + 1 + i)
	}
	w.findLeaves()
	codes := w.codeSection() // first: it may add types
	refill := w.typeFor(FuncType{[]ValType{I32, I32}, []ValType{I32}})
	helperTypes := w.helperTypes()

	out := []byte("\x00asm\x01\x00\x00\x00")
	out = section(out, secType, w.typeSection())
	out = section(out, secImport, w.importSection(refill))
	out = section(out, secFunction, w.functionSection(helperTypes))
	if len(m.Tables) > 0 {
		out = section(out, secTable, w.tableSection())
	}
	if m.Memory != nil {
		out = section(out, secMemory, appendRange([]byte{1}, *m.Memory))
	}
	out = section(out, secGlobal, w.globalSection())
	out = section(out, secExport, w.exportSection())
	if len(m.elements) > 0 {
		out = section(out, secElement, w.elementSection())
	}
	if m.dataCount != nil {
		out = section(out, secDataCount, appendU32(nil, *m.dataCount))
	}
	out = section(out, secCode, codes)
	if len(m.data) > 0 {
		out = section(out, secData, w.dataSection())
	}
	return out
}

func section(out []byte, id byte, payload []byte) []byte {
	out = append(out, id)
	out = appendU32(out, uint32(len(payload)))
	return append(out, payload...)
}

// funcIndex gives a function's index in the instrumented module.
func (w *writer) funcIndex(i uint32) uint32 {
	if i >= w.shift {
		return i + 1
	}
	return i
}

// findLeaves marks the functions whose callers pay for them.
func (w *writer) findLeaves() {
	m := w.m
	w.leaf = make([]bool, len(m.Funcs))
	w.quiet = make([]quietness, len(m.Funcs))
	for i, f := range m.facts {
		w.leaf[i] = !f.calls && !f.loops && !f.dynamic && f.cost <= leafCost && f.locals+f.height <= leafSlots
	}
	for _, e := range m.Exports {
		if i := int(e.Index) - len(m.Imports); e.Kind == KindFunc && i >= 0 && (e.Name == "_start" || e.Name == "_initialize") {
			w.leaf[i] = false
			w.quiet[i] = quietness{state: 2}
		}
	}
	for i := range m.facts {
		w.findQuiet(i)
	}
}

// quietness says whether a function charges without looking at the meter.
type quietness struct {
	state int8 // 0 unknown, 1 in progress, 2 known
	quiet bool
	work  int // gas of the function and all quiet ones below it
}

// findQuiet decides it for the i-th function: it has no loops and no indirect calls,
// does little even with the quiet functions that it calls, and closes no circle of
// calls, so that every circle has a function that looks.
func (w *writer) findQuiet(i int) quietness {
	q := &w.quiet[i]
	f := &w.m.facts[i]
	if q.state != 0 {
		return *q
	}
	q.state = 1
	q.work = f.cost
	q.quiet = !f.loops && !f.indirect && !f.dynamic && f.cost <= quietCost && len(f.callees) < maxCallees
	if q.quiet {
		for _, c := range f.callees {
			k := int(c) - len(w.m.Imports)
			if k < 0 {
				continue // the host has control there
			}
			switch below := w.findQuiet(k); {
			case below.state == 1:
				q.quiet = false
			case w.leaf[k]:
				q.work += w.m.facts[k].cost
			case below.quiet:
				q.work += below.work
			}
		}
		q.quiet = q.quiet && q.work <= quietCost
	}
	q.state = 2
	return *q
}

// typeFor gives the index of a function type, adding it if it is new.
func (w *writer) typeFor(t FuncType) uint32 {
	for i := len(w.types) - 1; i >= len(w.m.Types); i-- {
		if w.types[i].equal(t) {
			return uint32(i)
		}
	}
	w.types = append(w.types, t)
	return uint32(len(w.types) - 1)
}

func (w *writer) typeSection() []byte {
	b := appendU32(nil, uint32(len(w.types)))
	for _, t := range w.types {
		b = append(b, 0x60)
		b = appendTypes(b, t.Params)
		b = appendTypes(b, t.Results)
	}
	return b
}

func appendTypes(b []byte, ts []ValType) []byte {
	b = appendU32(b, uint32(len(ts)))
	return append(b, typeBytes(ts)...)
}

func (w *writer) importSection(refill uint32) []byte {
	b := appendU32(nil, uint32(len(w.m.Imports)+1))
	for _, i := range append(w.m.Imports[:len(w.m.Imports):len(w.m.Imports)], Import{RefillModule, RefillName, refill}) {
		b = appendName(b, i.Module)
		b = appendName(b, i.Name)
		b = append(b, byte(KindFunc))
		b = appendU32(b, i.Type)
	}
	return b
}

func (w *writer) functionSection(helperTypes []uint32) []byte {
	b := appendU32(nil, uint32(len(w.m.Funcs)+len(helperTypes)))
	for _, t := range w.m.Funcs {
		b = appendU32(b, t)
	}
	for _, t := range helperTypes {
		b = appendU32(b, t)
	}
	return b
}

func appendRange(b []byte, r Range) []byte {
	if !r.HasMax {
		return appendU32(append(b, 0), r.Min)
	}
	return appendU32(appendU32(append(b, 1), r.Min), r.Max)
}

// tableSection caps every table, so that table.grow ends somewhere.
func (w *writer) tableSection() []byte {
	b := appendU32(nil, uint32(len(w.m.Tables)))
	for _, t := range w.m.Tables {
		ceiling := uint32(w.opt.Limits.TableElements)
		if !t.HasMax || t.Max > ceiling {
			t.HasMax, t.Max = true, ceiling
		}
		b = appendRange(append(b, byte(t.Type)), t.Range)
	}
	return b
}

func (w *writer) constExpr(b []byte, e constExpr) []byte {
	if e.op == OpRefFunc {
		b = appendU32(append(b, byte(OpRefFunc)), w.funcIndex(e.index))
	} else {
		b = append(b, e.raw...)
	}
	return append(b, byte(OpEnd))
}

func (w *writer) globalSection() []byte {
	b := appendU32(nil, uint32(len(w.m.Globals)+2))
	for _, g := range w.m.Globals {
		mut := byte(0)
		if g.Mutable {
			mut = 1
		}
		b = w.constExpr(append(b, byte(g.Type), mut), g.init)
	}
	b = append(b, byte(I32), 1, byte(OpI32Const), 0, byte(OpEnd))
	b = append(b, byte(I32), 1, byte(OpI32Const))
	b = appendS64(b, int64(w.opt.StackBudget))
	return append(b, byte(OpEnd))
}

func (w *writer) exportSection() []byte {
	exports := w.m.Exports[:len(w.m.Exports):len(w.m.Exports)]
	for i, g := range w.m.Globals {
		if w.opt.ExportGlobals && g.Mutable {
			exports = append(exports, Export{GlobalExport + strconv.Itoa(i), KindGlobal, uint32(i)})
		}
	}
	b := appendU32(nil, uint32(len(exports)+2))
	for _, e := range exports {
		if e.Kind == KindFunc {
			e.Index = w.funcIndex(e.Index)
		}
		b = appendU32(append(appendName(b, e.Name), byte(e.Kind)), e.Index)
	}
	b = appendU32(append(appendName(b, GasExport), byte(KindGlobal)), w.gasGlobal)
	return appendU32(append(appendName(b, StackExport), byte(KindGlobal)), w.stackGlobal)
}

func (w *writer) elementSection() []byte {
	b := appendU32(nil, uint32(len(w.m.elements)))
	for _, e := range w.m.elements {
		b = appendU32(b, e.mode)
		if e.active() {
			if e.mode&2 != 0 {
				b = appendU32(b, e.table)
			}
			b = w.constExpr(b, e.offset)
		}
		if e.mode&3 != 0 {
			if e.mode&4 != 0 {
				b = append(b, byte(e.typ))
			} else {
				b = append(b, 0)
			}
		}
		b = appendU32(b, uint32(len(e.funcs)+len(e.exprs)))
		for _, f := range e.funcs {
			b = appendU32(b, w.funcIndex(f))
		}
		for _, x := range e.exprs {
			b = w.constExpr(b, x)
		}
	}
	return b
}

func (w *writer) dataSection() []byte {
	b := appendU32(nil, uint32(len(w.m.data)))
	for _, s := range w.m.data {
		b = appendU32(b, s.mode)
		if s.mode == 2 {
			b = append(b, 0)
		}
		if s.mode != 1 {
			b = w.constExpr(b, s.offset)
		}
		b = appendU32(b, uint32(len(s.bytes)))
		b = append(b, s.bytes...)
	}
	return b
}
