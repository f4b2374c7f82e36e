package meter

import "bytes"

// FuncType is a function's parameters and results.
type FuncType struct {
	Params  []ValType
	Results []ValType
}

// equal says whether two function types are the same.
func (t FuncType) equal(u FuncType) bool {
	return bytes.Equal(typeBytes(t.Params), typeBytes(u.Params)) && bytes.Equal(typeBytes(t.Results), typeBytes(u.Results))
}

func typeBytes(ts []ValType) []byte {
	b := make([]byte, len(ts))
	for i, t := range ts {
		b[i] = byte(t)
	}
	return b
}

// String gives the type as "(i32 i64) -> i32".
func (t FuncType) String() string {
	list := func(ts []ValType) string {
		s := ""
		for i, v := range ts {
			if i > 0 {
				s += " "
			}
			s += v.String()
		}
		return s
	}
	out := list(t.Results)
	if len(t.Results) != 1 {
		out = "(" + out + ")"
	}
	return "(" + list(t.Params) + ") -> " + out
}

// Kind is what an import or an export names.
type Kind byte

// The kinds of imports and exports.
const (
	KindFunc   Kind = 0
	KindTable  Kind = 1
	KindMemory Kind = 2
	KindGlobal Kind = 3
)

// Import is one imported function; other imports are refused.
type Import struct {
	Module, Name string
	Type         uint32 // index into Types
}

// Export is one exported item.
type Export struct {
	Name  string
	Kind  Kind
	Index uint32
}

// Range is the size of a table or memory.
type Range struct {
	Min, Max uint32 // in elements or pages; Max is meaningless without HasMax
	HasMax   bool
}

// Table is one table.
type Table struct {
	Type ValType
	Range
}

// constExpr is a constant expression: one instruction.
type constExpr struct {
	op    Op
	index uint32 // of ref.func
	raw   []byte // the instruction without its end
}

// Global is one global variable.
type Global struct {
	Type    ValType
	Mutable bool
	init    constExpr
}

// element is one element segment.
type element struct {
	mode   uint32 // the flags of the binary format
	table  uint32
	offset constExpr
	typ    ValType
	funcs  []uint32    // modes 0 to 3
	exprs  []constExpr // modes 4 to 7
}

func (e *element) active() bool { return e.mode&1 == 0 }

// dataSegment is one data segment.
type dataSegment struct {
	mode   uint32
	offset constExpr
	bytes  []byte
}

// localRun is a number of locals of one type.
type localRun struct {
	n   uint32
	typ ValType
}

// code is one function's body.
type code struct {
	locals []localRun
	body   []byte // instructions with the final end
	offset int    // of body in the module
}

// Module is a decoded module. Its parts alias the bytes it was decoded from.
type Module struct {
	Types   []FuncType
	Imports []Import
	Funcs   []uint32 // type index of each function defined in the module
	Tables  []Table
	Memory  *Range
	Globals []Global
	Exports []Export

	elements  []element
	dataCount *uint32
	codes     []code
	data      []dataSegment
	names     []byte // the name section's payload, for traps
	facts     []funcFacts
	work      int             // of compiling, by estimate
	hidden    bool            // some instruction changes tables or drops segments
	refFuncs  map[uint32]bool // functions that ref.func may name (C.refs)
}

// Limits bounds what the sandbox takes. The zero value of a field means its default.
type Limits struct {
	ModuleBytes   int // whole module; default 16 MiB
	FuncBytes     int // code of one function; default 256 KiB
	FuncInstrs    int // instructions of one function; default 65,536
	Complexity    int // work of compiling the whole module by estimate, see validate.go; default 400 million
	Funcs         int // default 65,536
	Types         int // default 4,096
	Params        int // of one function; default 256
	Results       int // default 64
	Locals        int // of one function, parameters included; default 4,096
	ModuleLocals  int // of all functions together; default 1,048,576
	StackHeight   int // operand stack of one function; default 4,096
	BrTable       int // targets; default 16,384
	Nesting       int // blocks in blocks; default 1,024
	Imports       int // default 512
	Exports       int // default 4,096
	Globals       int // default 4,096
	Tables        int // default 16
	TableElements int // minimum of all tables together, and the ceiling for growth of each; default 65,536
	Elements      int // element segments; default 65,536
	Data          int // data segments; default 65,536
}

// EnsureDefaults gives the limits with every zero field set to its default.
func (l Limits) EnsureDefaults() Limits {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&l.ModuleBytes, 16<<20)
	set(&l.FuncBytes, 1<<18)
	set(&l.FuncInstrs, 1<<16)
	set(&l.Complexity, 400_000_000)
	set(&l.Funcs, 1<<16)
	set(&l.Types, 1<<12)
	set(&l.Params, 256)
	set(&l.Results, 64)
	set(&l.Locals, 4096)
	set(&l.ModuleLocals, 1<<20)
	set(&l.StackHeight, 4096)
	set(&l.BrTable, 1<<14)
	set(&l.Nesting, 1024)
	set(&l.Imports, 512)
	set(&l.Exports, 4096)
	set(&l.Globals, 4096)
	set(&l.Tables, 16)
	set(&l.TableElements, 1<<16)
	set(&l.Elements, 1<<16)
	set(&l.Data, 1<<16)
	return l
}

// FuncType gives the type of a function by its index among imports and definitions.
func (m *Module) FuncType(index uint32) (FuncType, bool) {
	if int(index) < len(m.Imports) {
		return m.Types[m.Imports[index].Type], true
	}
	if i := int(index) - len(m.Imports); i < len(m.Funcs) {
		return m.Types[m.Funcs[i]], true
	}
	return FuncType{}, false
}

// Export gives the export of a name.
func (m *Module) Export(name string) (Export, bool) {
	for _, e := range m.Exports {
		if e.Name == name {
			return e, true
		}
	}
	return Export{}, false
}

// Restorable says whether memory and mutable globals are all the state that code
// can change: no instruction writes tables or drops segments.
func (m *Module) Restorable() bool { return !m.hidden }

func (m *Module) numFuncs() int { return len(m.Imports) + len(m.Funcs) }
