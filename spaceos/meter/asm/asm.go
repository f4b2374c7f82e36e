// Package asm assembles small WebAssembly modules from text, for tests: hostile
// modules that no compiler writes, and loops whose instructions one can count.
//
// A function body is instructions of the text format in linear (not folded)
// form, separated by white space, with numeric indices:
//
//	block loop local.get 0 i32.eqz br_if 1 local.get 0 i32.const 1 i32.sub local.set 0 br 0 end end
//
// A block may name one result type ("block i32"); loads and stores take an
// optional "offset=N"; br_table takes its targets in brackets, the default last
// ("br_table [0 1 2]"); call_indirect takes a type and a table index. The final
// end is added.
package asm

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"spacechain/spaceos/meter"
)

// Func is one function.
type Func struct {
	Type   string // "i32 i64 > f64"
	Locals string // "i32 i32"
	Body   string
	Raw    []byte // instructions in binary instead of Body, without the final end
	Export string // exported under this name, if not empty
}

// Import is one imported function.
type Import struct {
	Module, Name string
	Type         string
}

// Module is what Bytes assembles. Zero fields are left out.
type Module struct {
	Imports  []Import
	Types    []string // extra types, which come first: call_indirect and blocks use their index
	Funcs    []Func
	Memory   []uint32 // minimum, and maximum if there are two; exported as "memory"
	Table    []uint32 // minimum, and maximum if there are two
	Elems    []uint32 // functions at the table's start
	Globals  []string // "mut i32 5", "i64 -1"
	Data     []string // active segments, one after the other from address 0
	Passive  []string // passive segments, after Data
	Sections []Section
}

// Section is a raw section, put behind all others of lower order.
type Section struct {
	ID      byte
	Payload []byte
}

var valTypes = map[string]byte{"i32": 0x7f, "i64": 0x7e, "f32": 0x7d, "f64": 0x7c, "funcref": 0x70, "externref": 0x6f, "v128": 0x7b}

// Bytes gives the module in the binary format. It panics on text it does not understand.
func (m Module) Bytes() []byte {
	var types []string
	typeIndex := func(t string) uint32 {
		t = strings.Join(strings.Fields(t), " ")
		for i, u := range types {
			if u == t {
				return uint32(i)
			}
		}
		types = append(types, t)
		return uint32(len(types) - 1)
	}
	for _, t := range m.Types {
		types = append(types, strings.Join(strings.Fields(t), " "))
	}
	sections := map[byte][]byte{}
	var imports, funcs, exports, codes [][]byte
	for _, i := range m.Imports {
		imports = append(imports, cat(name(i.Module), name(i.Name), []byte{0}, u32(typeIndex(i.Type))))
	}
	for i, f := range m.Funcs {
		funcs = append(funcs, u32(typeIndex(f.Type)))
		if f.Export != "" {
			exports = append(exports, cat(name(f.Export), []byte{0}, u32(uint32(len(m.Imports)+i))))
		}
		var runs [][]byte
		for _, l := range strings.Fields(f.Locals) {
			n := uint32(1)
			if count, typ, ok := strings.Cut(l, "*"); ok {
				v, _ := strconv.Atoi(count)
				n, l = uint32(v), typ
			}
			runs = append(runs, append(u32(n), valTypes[l]))
		}
		raw := f.Raw
		if raw == nil {
			raw = Code(f.Body)
		}
		codes = append(codes, sized(cat(vec(runs), raw, []byte{0x0b})))
	}
	if m.Memory != nil {
		sections[5] = cat([]byte{1}, limits(m.Memory))
		exports = append(exports, cat(name("memory"), []byte{2, 0}))
	}
	if m.Table != nil {
		sections[4] = cat([]byte{1, 0x70}, limits(m.Table))
	}
	var globals [][]byte
	for _, g := range m.Globals {
		globals = append(globals, global(g))
	}
	put := func(id byte, entries [][]byte) {
		if len(entries) > 0 {
			sections[id] = vec(entries)
		}
	}
	put(2, imports)
	put(3, funcs)
	put(6, globals)
	put(7, exports)
	put(10, codes)
	if len(m.Elems) > 0 {
		e := []byte{1, 0, 0x41, 0, 0x0b}
		e = append(e, u32(uint32(len(m.Elems)))...)
		for _, f := range m.Elems {
			e = append(e, u32(f)...)
		}
		sections[9] = e
	}
	var data [][]byte
	at := 0
	for _, d := range m.Data {
		data = append(data, cat([]byte{0, 0x41}, s64(int64(at)), []byte{0x0b}, name(d)))
		at += len(d)
	}
	for _, d := range m.Passive {
		data = append(data, cat([]byte{1}, name(d)))
	}
	put(11, data)
	if len(data) > 0 {
		sections[12] = u32(uint32(len(data)))
	}
	var entries [][]byte
	for _, t := range types {
		entries = append(entries, funcType(t))
	}
	put(1, entries)
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, id := range []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11} {
		if s, ok := sections[id]; ok {
			out = append(append(out, id), sized(s)...)
		}
		for _, s := range m.Sections {
			if s.ID == id {
				out = append(append(out, id), sized(s.Payload)...)
			}
		}
	}
	for _, s := range m.Sections {
		if s.ID == 0 || s.ID > 12 {
			out = append(append(out, s.ID), sized(s.Payload)...)
		}
	}
	return out
}

func cat(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func u32(v uint32) []byte { return binary.AppendUvarint(nil, uint64(v)) }

func s64(v int64) []byte {
	var b []byte
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func name(s string) []byte        { return append(u32(uint32(len(s))), s...) }
func sized(b []byte) []byte       { return append(u32(uint32(len(b))), b...) }
func vec(entries [][]byte) []byte { return append(u32(uint32(len(entries))), cat(entries...)...) }

func limits(l []uint32) []byte {
	if len(l) == 1 {
		return append([]byte{0}, u32(l[0])...)
	}
	return cat([]byte{1}, u32(l[0]), u32(l[1]))
}

func funcType(t string) []byte {
	in, out, _ := strings.Cut(t, ">")
	list := func(s string) []byte {
		fields := strings.Fields(s)
		b := u32(uint32(len(fields)))
		for _, f := range fields {
			b = append(b, valTypes[f])
		}
		return b
	}
	return cat([]byte{0x60}, list(in), list(out))
}

func global(g string) []byte {
	f := strings.Fields(g)
	mut := byte(0)
	if f[0] == "mut" {
		mut, f = 1, f[1:]
	}
	return cat([]byte{valTypes[f[0]], mut}, Code(f[0]+".const "+f[1]), []byte{0x0b})
}

// Code assembles instructions without a final end.
func Code(text string) []byte {
	text = strings.NewReplacer("[", " [ ", "]", " ] ").Replace(text)
	p := &parser{words: strings.Fields(text)}
	for len(p.words) > 0 {
		p.instruction()
	}
	return p.out
}

type parser struct {
	words []string
	out   []byte
}

func (p *parser) next() string {
	if len(p.words) == 0 {
		panic("asm: unexpected end of text")
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *parser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *parser) int() int64 {
	w := p.next()
	v, err := strconv.ParseInt(w, 0, 64)
	if err != nil {
		u, uerr := strconv.ParseUint(w, 0, 64)
		if uerr != nil {
			panic(fmt.Sprintf("asm: %q is not a number", w))
		}
		v = int64(u)
	}
	return v
}

func (p *parser) u32() { p.out = append(p.out, u32(uint32(p.int()))...) }

func (p *parser) instruction() {
	word := p.next()
	op, ok := meter.OpByName(word)
	if !ok {
		panic(fmt.Sprintf("asm: unknown instruction %q", word))
	}
	if op < 0x100 {
		p.out = append(p.out, byte(op))
	} else {
		p.out = append(append(p.out, byte(op>>8)), u32(uint32(op&0xff))...)
	}
	switch {
	case op == meter.OpBlock || op == meter.OpLoop || op == meter.OpIf:
		p.blockType()
	case op == meter.OpBrTable:
		p.brTable()
	case op == meter.OpI32Const:
		p.out = append(p.out, s64(int64(int32(p.int())))...)
	case op == meter.OpI64Const:
		p.out = append(p.out, s64(p.int())...)
	case op == meter.OpF32Const:
		v, _ := strconv.ParseFloat(p.next(), 32)
		p.out = binary.LittleEndian.AppendUint32(p.out, math.Float32bits(float32(v)))
	case op == meter.OpF64Const:
		v, _ := strconv.ParseFloat(p.next(), 64)
		p.out = binary.LittleEndian.AppendUint64(p.out, math.Float64bits(v))
	case op == meter.OpRefNull:
		p.out = append(p.out, valTypes[p.next()])
	case op == meter.OpSelectT:
		p.out = append(p.out, 1, valTypes[p.next()])
	case strings.Contains(word, ".load") || strings.Contains(word, ".store"):
		offset := uint64(0)
		if o, ok := strings.CutPrefix(p.peek(), "offset="); ok {
			p.next()
			offset, _ = strconv.ParseUint(o, 0, 32)
		}
		p.out = append(append(p.out, 0), u32(uint32(offset))...)
	case op == meter.OpMemorySize || op == meter.OpMemoryGrow || op == meter.OpMemoryFill:
		p.out = append(p.out, 0)
	case op == meter.OpMemoryCopy:
		p.out = append(p.out, 0, 0)
	case op == meter.OpMemoryInit:
		p.u32()
		p.out = append(p.out, 0)
	case op == meter.OpCallIndirect || op == meter.OpTableInit || op == meter.OpTableCopy:
		p.u32()
		p.u32()
	case takesIndex(op):
		p.u32()
	}
}

func takesIndex(op meter.Op) bool {
	switch op {
	case meter.OpBr, meter.OpBrIf, meter.OpCall, meter.OpLocalGet, meter.OpLocalSet, meter.OpLocalTee,
		meter.OpGlobalGet, meter.OpGlobalSet, meter.OpTableGet, meter.OpTableSet, meter.OpRefFunc,
		meter.OpDataDrop, meter.OpElemDrop, meter.OpTableGrow, meter.OpTableSize, meter.OpTableFill:
		return true
	}
	return false
}

func (p *parser) blockType() {
	if t, ok := valTypes[p.peek()]; ok {
		p.next()
		p.out = append(p.out, t)
		return
	}
	if i, ok := strings.CutPrefix(p.peek(), "type="); ok {
		p.next()
		v, _ := strconv.Atoi(i)
		p.out = append(p.out, s64(int64(v))...)
		return
	}
	p.out = append(p.out, 0x40)
}

func (p *parser) brTable() {
	if p.next() != "[" {
		panic("asm: br_table wants [targets]")
	}
	var targets [][]byte
	for p.peek() != "]" {
		targets = append(targets, u32(uint32(p.int())))
	}
	p.next()
	p.out = append(p.out, vec(targets[:len(targets)-1])...)
	p.out = append(p.out, targets[len(targets)-1]...)
}
