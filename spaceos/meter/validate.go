package meter

// funcFacts is what validation learns about a function and the rewriting needs.
type funcFacts struct {
	height   int      // highest operand stack
	locals   int      // with parameters
	calls    bool     // has a call of any kind
	indirect bool     // has a call_indirect
	callees  []uint32 // of direct calls, the first maxCallees of them
	loops    bool
	dynamic  bool // has an operation that pays by size
	cost     int  // gas of all instructions, each once
	instrs   int
	merges   int // places where control flow meets
	phis     int // values that may have to be told apart at such places
	spills   int // values that may need a place of their own in the frame
}

// validator checks function bodies by the algorithm of the WebAssembly
// specification's appendix (validation algorithm), with an operand stack of
// types and a stack of control frames.
type validator struct {
	m      *Module
	lim    Limits
	scan   scanner
	locals []ValType
	vals   []ValType // 0 is the unknown type of unreachable code
	ctrls  []ctrl
	facts  funcFacts
	mark   int             // operands below this height have been counted as spilled
	dirty  map[uint32]bool // locals set since the last call
	seen   []int           // for each local, merges when it was last used
}

// ctrl is one open block.
type ctrl struct {
	op          Op
	start, end  []ValType
	height      int
	unreachable bool
}

func (v *validator) fail(format string, args ...any) { v.scan.fail(Invalid, format, args...) }

func (v *validator) push(t ValType) {
	v.vals = append(v.vals, t)
	if len(v.vals) > v.facts.height {
		if v.facts.height = len(v.vals); v.facts.height > v.lim.StackHeight {
			v.scan.fail(Limit, "operand stack of %d values, the limit is %d", v.facts.height, v.lim.StackHeight)
		}
	}
}

func (v *validator) pushAll(ts []ValType) {
	for _, t := range ts {
		v.push(t)
	}
}

func (v *validator) popAny() ValType {
	c := &v.ctrls[len(v.ctrls)-1]
	if len(v.vals) == c.height {
		if c.unreachable {
			return 0
		}
		v.fail("operand stack is empty")
	}
	t := v.vals[len(v.vals)-1]
	v.vals = v.vals[:len(v.vals)-1]
	v.mark = min(v.mark, len(v.vals))
	return t
}

func (v *validator) pop(want ValType) ValType {
	got := v.popAny()
	if got != want && got != 0 && want != 0 {
		v.fail("operand is %s, %s is wanted", got, want)
	}
	return got
}

func (v *validator) popAll(ts []ValType) {
	for i := len(ts) - 1; i >= 0; i-- {
		v.pop(ts[i])
	}
}

func (v *validator) pushCtrl(op Op, start, end []ValType) {
	if len(v.ctrls) >= v.lim.Nesting {
		v.scan.fail(Limit, "blocks nested deeper than %d", v.lim.Nesting)
	}
	v.ctrls = append(v.ctrls, ctrl{op: op, start: start, end: end, height: len(v.vals)})
	v.pushAll(start)
}

func (v *validator) popCtrl() ctrl {
	c := v.ctrls[len(v.ctrls)-1]
	v.popAll(c.end)
	if len(v.vals) != c.height {
		v.fail("%d values too many at the end of the block", len(v.vals)-c.height)
	}
	v.ctrls = v.ctrls[:len(v.ctrls)-1]
	return c
}

func (v *validator) unreachable() {
	c := &v.ctrls[len(v.ctrls)-1]
	v.vals = v.vals[:c.height]
	v.mark = min(v.mark, c.height)
	c.unreachable = true
}

// label gives the types that a branch to the depth carries.
func (v *validator) label(depth uint32) []ValType {
	if int64(depth) >= int64(len(v.ctrls)) {
		v.fail("branch to depth %d in %d blocks", depth, len(v.ctrls))
	}
	c := &v.ctrls[len(v.ctrls)-1-int(depth)]
	if c.op == OpLoop {
		return c.start
	}
	return c.end
}

func (v *validator) blockTypes(b blockType) (start, end []ValType) {
	if b.index >= 0 {
		if int(b.index) >= len(v.m.Types) {
			v.fail("block of type %d of %d", b.index, len(v.m.Types))
		}
		t := v.m.Types[b.index]
		return t.Params, t.Results
	}
	if b.typ == 0 {
		return nil, nil
	}
	return nil, []ValType{b.typ}
}

// function validates the i-th body and gives its facts.
func (v *validator) function(i int) funcFacts {
	c := &v.m.codes[i]
	t := v.m.Types[v.m.Funcs[i]]
	v.facts = funcFacts{}
	v.locals = append(v.locals[:0], t.Params...)
	for _, run := range c.locals {
		for range run.n {
			v.locals = append(v.locals, run.typ)
		}
	}
	v.facts.locals = len(v.locals)
	v.seen = append(v.seen[:0], make([]int, len(v.locals))...)
	v.scan = scanner{reader: &reader{b: c.body, fn: len(v.m.Imports) + i}, lim: v.lim, targets: v.scan.targets}
	defer v.rebase(c.offset)
	v.vals, v.ctrls, v.mark = v.vals[:0], v.ctrls[:0], 0
	if v.dirty == nil {
		v.dirty = map[uint32]bool{}
	}
	clear(v.dirty)
	v.pushCtrl(OpBlock, nil, t.Results)
	for len(v.ctrls) > 0 {
		in := v.scan.next()
		v.facts.cost += int(in.op.info().cost)
		if v.facts.instrs++; v.facts.instrs > v.lim.FuncInstrs {
			v.scan.fail(Limit, "more than %d instructions in one function", v.lim.FuncInstrs)
		}
		switch in.op {
		case OpMemoryGrow, OpMemoryFill, OpMemoryCopy, OpMemoryInit, OpTableInit, OpTableCopy, OpTableGrow, OpTableFill:
			v.facts.dynamic = true
		}
		switch in.op {
		case OpTableSet, OpTableInit, OpTableCopy, OpTableGrow, OpTableFill, OpElemDrop, OpDataDrop:
			v.m.hidden = true
		}
		v.instruction(in)
	}
	if v.scan.len() != 0 {
		v.scan.fail(Malformed, "%d bytes after the end", v.scan.len())
	}
	// A compiler in SSA form works on every local at every place where control flow
	// meets, and wazero's does so more than once: 20,000 branches among 4,000 locals
	// keep it busy for minutes. Honest functions stay far below the limit.
	if v.m.work += v.facts.phis * v.facts.merges; v.m.work > v.lim.Complexity {
		v.scan.fail(Limit, "control flow among the locals is too complex to compile on board (%d branches, %d locals)", v.facts.merges, v.facts.locals)
	}
	return v.facts
}

// rebase makes an error's offset count from the start of the module.
func (v *validator) rebase(offset int) {
	if p := recover(); p != nil {
		if e, ok := p.(*Error); ok {
			e.Offset += offset
		}
		panic(p)
	}
}

func (v *validator) instruction(in instr) {
	info := in.op.info()
	if info.fixed {
		v.operands(in)
		v.popAll(info.params)
		if info.result != 0 {
			v.push(info.result)
		}
		return
	}
	switch in.op {
	case OpUnreachable:
		v.unreachable()
	case OpBlock, OpLoop, OpIf:
		start, end := v.blockTypes(in.block)
		if in.op == OpIf {
			v.pop(I32)
		}
		if in.op == OpLoop {
			v.facts.loops = true
			v.facts.merges++
		}
		v.popAll(start)
		v.pushCtrl(in.op, start, end)
	case OpElse:
		c := v.popCtrl()
		if c.op != OpIf {
			v.fail("else without if")
		}
		v.pushCtrl(OpElse, c.start, c.end)
	case OpEnd:
		c := v.popCtrl()
		v.facts.merges++
		if c.op == OpIf && !(FuncType{Results: c.start}).equal(FuncType{Results: c.end}) {
			v.fail("if without else must leave the types it takes")
		}
		v.pushAll(c.end)
	case OpBr:
		v.popAll(v.label(in.a))
		v.unreachable()
	case OpBrIf:
		v.pop(I32)
		ts := v.label(in.a)
		v.popAll(ts)
		v.pushAll(ts)
	case OpBrTable:
		v.brTable()
	case OpReturn:
		v.popAll(v.ctrls[0].end)
		v.unreachable()
	case OpCall, OpCallIndirect:
		v.call(in)
	case OpDrop:
		v.popAny()
	case OpSelect:
		v.pop(I32)
		t, u := v.popAny(), v.popAny()
		if t.isRef() || u.isRef() || (t != u && t != 0 && u != 0) {
			v.fail("select of %s and %s", u, t)
		}
		v.push(max(t, u))
	case OpSelectT:
		if len(v.scan.types) != 1 {
			v.fail("select of %d types", len(v.scan.types))
		}
		t := v.scan.types[0]
		v.popAll([]ValType{t, t, I32})
		v.push(t)
	case OpLocalGet:
		v.push(v.local(in.a))
	case OpLocalSet:
		v.pop(v.local(in.a))
		v.dirty[in.a] = true
	case OpLocalTee:
		v.pop(v.local(in.a))
		v.push(v.local(in.a))
		v.dirty[in.a] = true
	case OpGlobalGet, OpGlobalSet:
		if int(in.a) >= len(v.m.Globals) {
			v.fail("global %d of %d", in.a, len(v.m.Globals))
		}
		g := v.m.Globals[in.a]
		if in.op == OpGlobalGet {
			v.push(g.Type)
			break
		}
		if !g.Mutable {
			v.fail("global.set of constant global %d", in.a)
		}
		v.pop(g.Type)
	case OpRefNull:
		v.push(ValType(in.a))
	case OpRefIsNull:
		if t := v.popAny(); t != 0 && !t.isRef() {
			v.fail("ref.is_null of %s", t)
		}
		v.push(I32)
	case OpRefFunc:
		if int(in.a) >= v.m.numFuncs() || !v.m.refFuncs[in.a] {
			v.fail("ref.func of function %d, which nothing outside code names", in.a)
		}
		v.push(FuncRef)
	case OpTableGet:
		v.pop(I32)
		v.push(v.table(in.a))
	case OpTableSet:
		v.popAll([]ValType{I32, v.table(in.a)})
	case OpTableGrow:
		v.popAll([]ValType{v.table(in.a), I32})
		v.push(I32)
	case OpTableFill:
		v.popAll([]ValType{I32, v.table(in.a), I32})
	}
}

// operands checks the indices of instructions whose stack types are fixed.
func (v *validator) operands(in instr) {
	info := in.op.info()
	if info.imm == immMem || in.op == OpMemorySize || in.op == OpMemoryGrow ||
		in.op == OpMemoryInit || in.op == OpMemoryCopy || in.op == OpMemoryFill {
		if v.m.Memory == nil {
			v.fail("%s without a memory", info.name)
		}
	}
	zero := func(i uint32) {
		if i != 0 {
			v.scan.fail(Feature, "memory %d: several memories are refused", i)
		}
	}
	data := func(i uint32) {
		if v.m.dataCount == nil || i >= *v.m.dataCount {
			v.fail("%s of data segment %d, beyond the data count", info.name, i)
		}
	}
	elem := func(i uint32) ValType {
		if int(i) >= len(v.m.elements) {
			v.fail("%s of element segment %d of %d", info.name, i, len(v.m.elements))
		}
		return v.m.elements[i].typ
	}
	switch in.op {
	case OpMemorySize, OpMemoryGrow, OpMemoryFill:
		zero(in.a)
	case OpMemoryCopy:
		zero(in.a)
		zero(in.b)
	case OpMemoryInit:
		data(in.a)
		zero(in.b)
	case OpDataDrop:
		data(in.a)
	case OpElemDrop:
		elem(in.a)
	case OpTableSize:
		v.table(in.a)
	case OpTableInit:
		if e, t := elem(in.a), v.table(in.b); e != t {
			v.fail("table.init of %s from %s", t, e)
		}
	case OpTableCopy:
		if t, u := v.table(in.a), v.table(in.b); t != u {
			v.fail("table.copy of %s from %s", t, u)
		}
	}
}

func (v *validator) local(i uint32) ValType {
	if int64(i) >= int64(len(v.locals)) {
		v.fail("local %d of %d", i, len(v.locals))
	}
	v.facts.phis += v.facts.merges - v.seen[i]
	v.seen[i] = v.facts.merges
	return v.locals[i]
}

func (v *validator) table(i uint32) ValType {
	if int64(i) >= int64(len(v.m.Tables)) {
		v.fail("table %d of %d", i, len(v.m.Tables))
	}
	return v.m.Tables[i].Type
}

func (v *validator) call(in instr) {
	v.facts.calls = true
	v.facts.indirect = v.facts.indirect || in.op == OpCallIndirect
	if in.op == OpCall && len(v.facts.callees) < maxCallees {
		v.facts.callees = append(v.facts.callees, in.a)
	}
	var t FuncType
	if in.op == OpCall {
		var ok bool
		if t, ok = v.m.FuncType(in.a); !ok {
			v.fail("call of function %d of %d", in.a, v.m.numFuncs())
		}
	} else {
		if int(in.a) >= len(v.m.Types) {
			v.fail("call_indirect of type %d of %d", in.a, len(v.m.Types))
		}
		if v.table(in.b) != FuncRef {
			v.fail("call_indirect through a table of %s", v.table(in.b))
		}
		v.pop(I32)
		t = v.m.Types[in.a]
	}
	v.popAll(t.Params)
	v.spill()
	v.pushAll(t.Results)
}

// spill counts what must live across a call in the frame: the operands that no
// earlier call has counted, and the locals set since.
func (v *validator) spill() {
	v.facts.spills += len(v.vals) - v.mark + len(v.dirty)
	v.mark = len(v.vals)
	clear(v.dirty)
}

func (v *validator) brTable() {
	v.pop(I32)
	targets := v.scan.targets
	last := v.label(targets[len(targets)-1])
	var popped []ValType
	for _, depth := range targets[:len(targets)-1] {
		ts := v.label(depth)
		if len(ts) != len(last) {
			v.fail("br_table targets carry %d and %d values", len(ts), len(last))
		}
		popped = popped[:0]
		for i := len(ts) - 1; i >= 0; i-- {
			popped = append(popped, v.pop(ts[i]))
		}
		for i := len(popped) - 1; i >= 0; i-- {
			v.push(popped[i])
		}
	}
	v.popAll(last)
	v.unreachable()
}
