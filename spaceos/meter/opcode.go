package meter

import (
	"fmt"
	"strings"
)

// ValType is a WebAssembly value type by its byte in the binary format.
type ValType byte

// The value types that the sandbox knows (WebAssembly 2.0 without vectors).
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
)

// String gives the type's name in the text format.
func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return fmt.Sprintf("type 0x%02x", byte(t))
}

// isRef says whether the type is a reference.
func (t ValType) isRef() bool { return t == FuncRef || t == ExternRef }

// Op is an opcode: one byte, or 0xfc00 plus the sub-opcode of the 0xfc prefix.
type Op uint16

// The opcodes that the meter treats one by one; the others stand in the table only.
const (
	OpUnreachable  Op = 0x00
	OpNop          Op = 0x01
	OpBlock        Op = 0x02
	OpLoop         Op = 0x03
	OpIf           Op = 0x04
	OpElse         Op = 0x05
	OpEnd          Op = 0x0b
	OpBr           Op = 0x0c
	OpBrIf         Op = 0x0d
	OpBrTable      Op = 0x0e
	OpReturn       Op = 0x0f
	OpCall         Op = 0x10
	OpCallIndirect Op = 0x11
	OpDrop         Op = 0x1a
	OpSelect       Op = 0x1b
	OpSelectT      Op = 0x1c
	OpLocalGet     Op = 0x20
	OpLocalSet     Op = 0x21
	OpLocalTee     Op = 0x22
	OpGlobalGet    Op = 0x23
	OpGlobalSet    Op = 0x24
	OpTableGet     Op = 0x25
	OpTableSet     Op = 0x26
	OpMemorySize   Op = 0x3f
	OpMemoryGrow   Op = 0x40
	OpI32Const     Op = 0x41
	OpI64Const     Op = 0x42
	OpF32Const     Op = 0x43
	OpF64Const     Op = 0x44
	OpI32Eqz       Op = 0x45
	OpI32GtU       Op = 0x4b
	OpI32GeS       Op = 0x4e
	OpI32LtS       Op = 0x48
	OpI32LtU       Op = 0x49
	OpI32LeU       Op = 0x4d
	OpI64LtS       Op = 0x53
	OpI64GtU       Op = 0x56
	OpI32Add       Op = 0x6a
	OpI32Sub       Op = 0x6b
	OpI32Mul       Op = 0x6c
	OpI32And       Op = 0x71
	OpI32Or        Op = 0x72
	OpI32ShrU      Op = 0x76
	OpI64Add       Op = 0x7c
	OpI64Sub       Op = 0x7d
	OpI64Mul       Op = 0x7e
	OpI64Shl       Op = 0x86
	OpI64ShrU      Op = 0x88
	OpI64ExtendU   Op = 0xad
	OpRefNull      Op = 0xd0
	OpRefIsNull    Op = 0xd1
	OpRefFunc      Op = 0xd2
	OpMemoryInit   Op = 0xfc08
	OpDataDrop     Op = 0xfc09
	OpMemoryCopy   Op = 0xfc0a
	OpMemoryFill   Op = 0xfc0b
	OpTableInit    Op = 0xfc0c
	OpElemDrop     Op = 0xfc0d
	OpTableCopy    Op = 0xfc0e
	OpTableGrow    Op = 0xfc0f
	OpTableSize    Op = 0xfc10
	OpTableFill    Op = 0xfc11
)

// imm says what follows an opcode in the code.
type imm byte

const (
	immNone    imm = iota
	immBlock       // block type
	immIndex       // one u32: label, local, global, function, table, data or element
	immIndex2      // two u32: type and table, data and memory, tables
	immMem         // memarg: alignment and offset
	immI32         // s32
	immI64         // s64
	immF32         // 4 bytes
	immF64         // 8 bytes
	immTable       // br_table
	immRefType     // one byte: funcref or externref
	immTypes       // vector of value types
)

// opInfo is what the table knows about an opcode.
type opInfo struct {
	name   string
	imm    imm
	cost   uint16 // gas, see cost.go
	fixed  bool   // params and result hold for every use
	params []ValType
	result ValType // 0 for none
	align  byte    // natural alignment as a power of two, for immMem
}

// String gives the opcode's name in the text format.
func (op Op) String() string {
	if i := op.info(); i != nil {
		return i.name
	}
	return fmt.Sprintf("opcode 0x%x", uint16(op))
}

// info gives the table entry, or nil for an opcode that the sandbox does not know.
func (op Op) info() *opInfo {
	switch {
	case op < 0x100:
		if i := &opsPlain[op]; i.name != "" {
			return i
		}
	case op >= 0xfc00 && op < 0xfc00+Op(len(opsPrefixed)):
		return &opsPrefixed[op-0xfc00]
	}
	return nil
}

// OpByName gives the opcode of a text-format name.
func OpByName(name string) (Op, bool) {
	op, ok := opNames[name]
	return op, ok
}

var (
	opsPlain    [256]opInfo
	opsPrefixed [18]opInfo
	opNames     = map[string]Op{}
)

// opTable is WebAssembly 2.0 without vectors: opcode range start, then names in
// opcode order with a signature class where one holds for all (i = i32, l = i64,
// f = f32, d = f64; parameters before ">").
const opTable = `
45 i>i i32.eqz
46 ii>i i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
50 l>i i64.eqz
51 ll>i i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
5b ff>i f32.eq f32.ne f32.lt f32.gt f32.le f32.ge
61 dd>i f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
67 i>i i32.clz i32.ctz i32.popcnt
6a ii>i i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr
79 l>l i64.clz i64.ctz i64.popcnt
7c ll>l i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr
8b f>f f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt
92 ff>f f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign
99 d>d f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt
a0 dd>d f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign
a7 l>i i32.wrap_i64
a8 f>i i32.trunc_f32_s i32.trunc_f32_u
aa d>i i32.trunc_f64_s i32.trunc_f64_u
ac i>l i64.extend_i32_s i64.extend_i32_u
ae f>l i64.trunc_f32_s i64.trunc_f32_u
b0 d>l i64.trunc_f64_s i64.trunc_f64_u
b2 i>f f32.convert_i32_s f32.convert_i32_u
b4 l>f f32.convert_i64_s f32.convert_i64_u
b6 d>f f32.demote_f64
b7 i>d f64.convert_i32_s f64.convert_i32_u
b9 l>d f64.convert_i64_s f64.convert_i64_u
bb f>d f64.promote_f32
bc f>i i32.reinterpret_f32
bd d>l i64.reinterpret_f64
be i>f f32.reinterpret_i32
bf l>d f64.reinterpret_i64
c0 i>i i32.extend8_s i32.extend16_s
c2 l>l i64.extend8_s i64.extend16_s i64.extend32_s
fc00 f>i i32.trunc_sat_f32_s i32.trunc_sat_f32_u
fc02 d>i i32.trunc_sat_f64_s i32.trunc_sat_f64_u
fc04 f>l i64.trunc_sat_f32_s i64.trunc_sat_f32_u
fc06 d>l i64.trunc_sat_f64_s i64.trunc_sat_f64_u
`

// memTable is the loads and stores from 0x28 on: name, value type, alignment.
const memTable = `i32.load i 2,i64.load l 3,f32.load f 2,f64.load d 3,i32.load8_s i 0,i32.load8_u i 0,
i32.load16_s i 1,i32.load16_u i 1,i64.load8_s l 0,i64.load8_u l 0,i64.load16_s l 1,i64.load16_u l 1,
i64.load32_s l 2,i64.load32_u l 2,i32.store i 2,i64.store l 3,f32.store f 2,f64.store d 3,
i32.store8 i 0,i32.store16 i 1,i64.store8 l 0,i64.store16 l 1,i64.store32 l 2`

var valLetters = map[byte]ValType{'i': I32, 'l': I64, 'f': F32, 'd': F64}

func init() {
	for _, line := range strings.Split(strings.TrimSpace(opTable), "\n") {
		fields := strings.Fields(line)
		var op Op
		fmt.Sscanf(fields[0], "%x", &op)
		sig, names := fields[1], fields[2:]
		in, out, _ := strings.Cut(sig, ">")
		for _, name := range names {
			i := opInfo{name: name, fixed: true, result: valLetters[out[0]]}
			for _, c := range []byte(in) {
				i.params = append(i.params, valLetters[c])
			}
			defineOp(op, i)
			op++
		}
	}
	op := Op(0x28)
	for _, entry := range strings.Split(memTable, ",") {
		fields := strings.Fields(entry)
		t := valLetters[fields[1][0]]
		i := opInfo{name: fields[0], imm: immMem, fixed: true, align: fields[2][0] - '0'}
		if strings.Contains(i.name, "load") {
			i.params, i.result = []ValType{I32}, t
		} else {
			i.params = []ValType{I32, t}
		}
		defineOp(op, i)
		op++
	}
	fixed := func(op Op, name string, m imm, result ValType, params ...ValType) {
		defineOp(op, opInfo{name: name, imm: m, fixed: true, params: params, result: result})
	}
	special := func(op Op, name string, m imm) { defineOp(op, opInfo{name: name, imm: m}) }
	special(OpUnreachable, "unreachable", immNone)
	fixed(OpNop, "nop", immNone, 0)
	special(OpBlock, "block", immBlock)
	special(OpLoop, "loop", immBlock)
	special(OpIf, "if", immBlock)
	special(OpElse, "else", immNone)
	special(OpEnd, "end", immNone)
	special(OpBr, "br", immIndex)
	special(OpBrIf, "br_if", immIndex)
	special(OpBrTable, "br_table", immTable)
	special(OpReturn, "return", immNone)
	special(OpCall, "call", immIndex)
	special(OpCallIndirect, "call_indirect", immIndex2)
	special(OpDrop, "drop", immNone)
	special(OpSelect, "select", immNone)
	special(OpSelectT, "select_t", immTypes)
	special(OpLocalGet, "local.get", immIndex)
	special(OpLocalSet, "local.set", immIndex)
	special(OpLocalTee, "local.tee", immIndex)
	special(OpGlobalGet, "global.get", immIndex)
	special(OpGlobalSet, "global.set", immIndex)
	special(OpTableGet, "table.get", immIndex)
	special(OpTableSet, "table.set", immIndex)
	fixed(OpMemorySize, "memory.size", immIndex, I32)
	fixed(OpMemoryGrow, "memory.grow", immIndex, I32, I32)
	fixed(OpI32Const, "i32.const", immI32, I32)
	fixed(OpI64Const, "i64.const", immI64, I64)
	fixed(OpF32Const, "f32.const", immF32, F32)
	fixed(OpF64Const, "f64.const", immF64, F64)
	special(OpRefNull, "ref.null", immRefType)
	special(OpRefIsNull, "ref.is_null", immNone)
	special(OpRefFunc, "ref.func", immIndex)
	fixed(OpMemoryInit, "memory.init", immIndex2, 0, I32, I32, I32)
	fixed(OpDataDrop, "data.drop", immIndex, 0)
	fixed(OpMemoryCopy, "memory.copy", immIndex2, 0, I32, I32, I32)
	fixed(OpMemoryFill, "memory.fill", immIndex, 0, I32, I32, I32)
	fixed(OpTableInit, "table.init", immIndex2, 0, I32, I32, I32)
	fixed(OpElemDrop, "elem.drop", immIndex, 0)
	fixed(OpTableCopy, "table.copy", immIndex2, 0, I32, I32, I32)
	special(OpTableGrow, "table.grow", immIndex)
	fixed(OpTableSize, "table.size", immIndex, I32)
	special(OpTableFill, "table.fill", immIndex)
}

func defineOp(op Op, i opInfo) {
	i.cost = baseCost(op, i.name)
	if op < 0x100 {
		opsPlain[op] = i
	} else {
		opsPrefixed[op-0xfc00] = i
	}
	opNames[i.name] = op
}
