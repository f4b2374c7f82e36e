package meter

// bodyWriter rewrites function bodies.
type bodyWriter struct {
	w         *writer
	scan      scanner
	ins       []instr
	tables    []uint32 // br_table targets of all instructions, one after the other
	tableAt   map[int][2]int
	brTargets []uint32 // of the instruction being written
	an        analysis

	out    []byte
	open   []opened // the function and its open blocks
	facts  *funcFacts
	locals bool // the gas counter is kept in a local
	guard  bool // the function counts stack
	quiet  bool // the function does not look at the counters
	gas    uint32
	stack  uint32
	size   uint32
}

// opened is an open block while a body is written.
type opened struct {
	loops  int // loops among the open blocks up to this one
	loop   bool
	amount int // what a round of the loop pays
}

// codeSection rewrites every body and adds the helpers'.
func (w *writer) codeSection() []byte {
	b := &w.body
	b.w = w
	b.tableAt = map[int][2]int{}
	out := appendU32(nil, uint32(len(w.m.codes)+numHelpers))
	for i := range w.m.codes {
		body := b.function(i)
		out = appendU32(out, uint32(len(body)))
		out = append(out, body...)
	}
	for h := range numHelpers {
		body := w.helperCode(h)
		out = appendU32(out, uint32(len(body)))
		out = append(out, body...)
	}
	return out
}

// read scans the body into b.ins.
func (b *bodyWriter) read(i int) {
	m := b.w.m
	b.scan = scanner{reader: &reader{b: m.codes[i].body, fn: len(m.Imports) + i}, lim: b.w.opt.Limits, targets: b.scan.targets}
	b.ins, b.tables = b.ins[:0], b.tables[:0]
	clear(b.tableAt)
	for b.scan.len() > 0 {
		in := b.scan.next()
		if in.op == OpBrTable {
			at := len(b.tables)
			b.tables = append(b.tables, b.scan.targets...)
			b.tableAt[len(b.ins)] = [2]int{at, len(b.tables)}
		}
		b.ins = append(b.ins, in)
	}
}

func (b *bodyWriter) targets(i int) []uint32 {
	at := b.tableAt[i]
	return b.tables[at[0]:at[1]]
}

// cost gives an instruction's gas, with that of a callee whose callers pay.
func (b *bodyWriter) cost(in instr) int {
	c := int(in.op.info().cost)
	switch in.op {
	case OpCall:
		if i := int(in.a) - len(b.w.m.Imports); i >= 0 && b.w.leaf[i] {
			c += b.w.m.facts[i].cost
		}
	case OpCallIndirect:
		c += leafCost
	}
	return c
}

// function rewrites the i-th body, without its size.
func (b *bodyWriter) function(i int) []byte {
	m, c := b.w.m, &b.w.m.codes[i]
	b.facts = &m.facts[i]
	b.out = b.out[:0]
	if b.w.leaf[i] && !b.facts.dynamic {
		b.localRuns(c.locals)
		b.out = append(b.out, c.body...) // no call and no ref.func: nothing moves
		return b.out
	}
	b.read(i)
	points := b.an.run(b.ins, b.cost, b.targets)
	b.locals = b.facts.loops
	b.guard = b.recurses()
	b.quiet = b.w.quiet[i].quiet
	n := uint32(b.facts.locals)
	b.gas, b.stack, b.size = n, n+1, n+2
	b.localRuns(append(c.locals[:len(c.locals):len(c.locals)], localRun{3, I32}))
	wrap := b.guard || b.locals
	b.enter(points[0].amount)
	b.open = append(b.open[:0], opened{})
	if wrap {
		b.out = append(b.out, byte(OpBlock))
		b.resultType(m.Types[m.Funcs[i]].Results)
	}
	next := 1
	for i, in := range b.ins {
		for next < len(points) && points[next].at == i {
			b.charge(points[next])
			next++
		}
		top := b.open[len(b.open)-1]
		switch in.op {
		case OpBlock, OpIf:
			b.open = append(b.open, opened{loops: top.loops})
			b.emit(in)
		case OpLoop:
			amount := points[next].amount // the analysis has a point behind every loop
			next++
			b.open = append(b.open, opened{loops: top.loops + 1, loop: true, amount: amount})
			b.loop(in, amount)
		case OpEnd:
			b.open = b.open[:len(b.open)-1]
			if top.loop {
				b.endLoop(top.amount)
			} else if len(b.open) > 0 || wrap {
				b.emit(in)
			}
		case OpReturn:
			if wrap {
				b.idx(OpBr, b.label(uint32(len(b.open)-1)))
			} else {
				b.emit(in)
			}
		default:
			b.brTargets = b.targets(i)
			b.emit(in)
		}
	}
	if wrap {
		b.leave()
	}
	b.op(OpEnd)
	return b.out
}

func (b *bodyWriter) localRuns(runs []localRun) {
	b.out = appendU32(b.out, uint32(len(runs)))
	for _, r := range runs {
		b.out = append(appendU32(b.out, r.n), byte(r.typ))
	}
}

func (b *bodyWriter) resultType(results []ValType) {
	switch len(results) {
	case 0:
		b.out = append(b.out, 0x40)
	case 1:
		b.out = append(b.out, byte(results[0]))
	default:
		b.out = appendS64(b.out, int64(b.w.typeFor(FuncType{Results: results})))
	}
}

func (b *bodyWriter) idx(op Op, i uint32) { b.out = appendU32(appendOp(b.out, op), i) }

func (b *bodyWriter) i32(v int) { b.out = appendS64(append(b.out, byte(OpI32Const)), int64(v)) }

func (b *bodyWriter) block(op Op) { b.out = append(b.out, byte(op), 0x40) }

func (b *bodyWriter) op(op Op) { b.out = appendOp(b.out, op) }

// recurses says whether a call of the function may lead to more calls: whether it
// calls anything but leaves.
func (b *bodyWriter) recurses() bool {
	if b.facts.indirect || len(b.facts.callees) == maxCallees {
		return true
	}
	for _, c := range b.facts.callees {
		if k := int(c) - len(b.w.m.Imports); k < 0 || !b.w.leaf[k] {
			return true
		}
	}
	return false
}

// enter charges for the first segment, takes the frame from the stack counter,
// and looks at both. The usual way is the branch that jumps over the call, because
// wazero's register allocator keeps registers along the first edge into a block.
func (b *bodyWriter) enter(amount int) {
	w := b.w
	if b.quiet {
		b.take(OpI32Sub, amount, false)
		if b.guard {
			b.idx(OpGlobalGet, w.stackGlobal)
			b.i32(b.facts.frame())
			b.op(OpI32Sub)
			b.idx(OpLocalTee, b.stack)
			b.idx(OpGlobalSet, w.stackGlobal)
		}
		return
	}
	b.idx(OpGlobalGet, w.gasGlobal)
	b.i32(amount)
	b.op(OpI32Sub)
	if b.locals {
		b.idx(OpLocalTee, b.gas)
	} else {
		b.idx(OpLocalTee, b.gas)
		b.idx(OpGlobalSet, w.gasGlobal)
		b.idx(OpLocalGet, b.gas)
	}
	if b.guard {
		b.idx(OpGlobalGet, w.stackGlobal)
		b.i32(b.facts.frame())
		b.op(OpI32Sub)
		b.idx(OpLocalTee, b.stack)
		b.idx(OpGlobalSet, w.stackGlobal)
		b.idx(OpLocalGet, b.stack)
		b.op(OpI32Or)
	}
	b.i32(0)
	b.op(OpI32GeS)
	b.block(OpIf)
	b.op(OpElse)
	b.slow()
	b.op(OpEnd)
}

// slow calls the refill.
func (b *bodyWriter) slow() {
	if b.locals {
		b.store()
	}
	b.idx(OpCall, b.w.helpers[helperSlow])
	if b.locals {
		b.load()
	}
}

// leave gives the frame back and writes the gas counter.
func (b *bodyWriter) leave() {
	if b.locals {
		b.store()
	}
	if b.guard {
		b.idx(OpLocalGet, b.stack)
		b.i32(b.facts.frame())
		b.op(OpI32Add)
		b.idx(OpGlobalSet, b.w.stackGlobal)
	}
}

// store and load move the gas counter between its local and its global.
func (b *bodyWriter) store() { b.idx(OpLocalGet, b.gas); b.idx(OpGlobalSet, b.w.gasGlobal) }
func (b *bodyWriter) load()  { b.idx(OpGlobalGet, b.w.gasGlobal); b.idx(OpLocalSet, b.gas) }

// charge subtracts a point's amount.
func (b *bodyWriter) charge(p point) {
	if p.amount == 0 {
		return
	}
	look := p.check && !b.quiet
	b.take(OpI32Sub, p.amount, look)
	if !look {
		return
	}
	b.i32(0)
	b.op(OpI32GeS)
	b.block(OpIf)
	b.op(OpElse)
	b.slow()
	b.op(OpEnd)
}

// loop opens a loop that pays amount a round. The call of the refill stands
// outside of it, in a loop around it, since a call within would make wazero's
// register allocator keep every value of the hot loop in memory:
//
//	block $done
//	  loop $again
//	    block $refill
//	      loop $original
//	        (br_if $refill (i32.lt_s (local.tee $gas (i32.sub (local.get $gas) amount)) 0))
//	        ...
//	      end
//	      br $done
//	    end
//	    call $slow; give amount back, since $original takes it again
//	    br $again
//	  end
//	end
func (b *bodyWriter) loop(in instr, amount int) {
	raw := b.scan.b[in.start+1 : in.end]
	b.out = append(append(b.out, byte(OpBlock)), raw...)
	b.out = append(append(b.out, byte(OpLoop)), raw...)
	b.out = append(b.out, byte(OpBlock))
	params := b.params(in)
	if len(params) == 0 {
		b.out = append(b.out, 0x40)
	} else {
		b.out = appendS64(b.out, int64(b.w.typeFor(FuncType{params, params})))
	}
	b.out = append(append(b.out, byte(OpLoop)), raw...)
	b.take(OpI32Sub, amount, true)
	b.i32(0)
	b.op(OpI32LtS)
	b.idx(OpBrIf, 1)
}

// take changes the gas counter by amount, and leaves it on the stack if it is wanted.
func (b *bodyWriter) take(op Op, amount int, wanted bool) {
	if b.locals {
		b.idx(OpLocalGet, b.gas)
		b.i32(amount)
		b.op(op)
		if wanted {
			b.idx(OpLocalTee, b.gas)
		} else {
			b.idx(OpLocalSet, b.gas)
		}
		return
	}
	b.idx(OpGlobalGet, b.w.gasGlobal)
	b.i32(amount)
	b.op(op)
	if wanted {
		b.idx(OpLocalTee, b.gas)
	}
	b.idx(OpGlobalSet, b.w.gasGlobal)
	if wanted {
		b.idx(OpLocalGet, b.gas)
	}
}

// endLoop closes what loop opened.
func (b *bodyWriter) endLoop(amount int) {
	b.op(OpEnd)
	b.idx(OpBr, 2)
	b.op(OpEnd)
	b.slow()
	b.take(OpI32Add, amount, false)
	b.idx(OpBr, 0)
	b.op(OpEnd)
	b.op(OpEnd)
}

func (b *bodyWriter) params(in instr) []ValType {
	if in.block.index < 0 {
		return nil
	}
	return b.w.m.Types[in.block.index].Params
}

// label gives the depth of a branch among the blocks that loops have become.
func (b *bodyWriter) label(depth uint32) uint32 {
	target := len(b.open) - 1 - int(depth) // -1 is the function itself
	return depth + 3*uint32(b.open[len(b.open)-1].loops-b.loopsAt(target))
}

// loopsAt counts the loops among the open blocks up to the index.
func (b *bodyWriter) loopsAt(i int) int {
	if i < 0 {
		return 0
	}
	return b.open[i].loops
}

// emit writes an instruction in its metered form.
func (b *bodyWriter) emit(in instr) {
	raw := b.scan.b[in.start:in.end]
	switch in.op {
	case OpCall:
		leaf := false
		if i := int(in.a) - len(b.w.m.Imports); i >= 0 {
			leaf = b.w.leaf[i]
		}
		b.around(!leaf, func() { b.idx(OpCall, b.w.funcIndex(in.a)) })
	case OpCallIndirect:
		b.around(true, func() { b.out = append(b.out, raw...) })
	case OpRefFunc:
		b.idx(OpRefFunc, b.w.funcIndex(in.a))
	case OpMemoryGrow:
		b.around(true, func() { b.idx(OpCall, b.w.helpers[helperGrow]) })
	case OpMemoryFill:
		b.around(true, func() { b.idx(OpCall, b.w.helpers[helperFill]) })
	case OpMemoryCopy:
		b.around(true, func() { b.idx(OpCall, b.w.helpers[helperCopy]) })
	case OpMemoryInit:
		b.paid(helperPayBytes, raw)
	case OpTableInit, OpTableCopy, OpTableGrow, OpTableFill:
		b.paid(helperPayElems, raw)
	case OpBr, OpBrIf:
		b.idx(in.op, b.label(in.a))
	case OpBrTable:
		b.out = appendU32(append(b.out, byte(OpBrTable)), uint32(len(b.brTargets)-1))
		for _, t := range b.brTargets {
			b.out = appendU32(b.out, b.label(t))
		}
	default:
		b.out = append(b.out, raw...)
	}
}

// paid writes an operation whose size is on top of the stack, paid before.
func (b *bodyWriter) paid(helper int, raw []byte) {
	b.idx(OpLocalTee, b.size)
	b.around(true, func() {
		b.idx(OpLocalGet, b.size)
		b.idx(OpCall, b.w.helpers[helper])
	})
	b.out = append(b.out, raw...)
}

// around writes a call with the gas counter in its global while the callee runs.
func (b *bodyWriter) around(shared bool, call func()) {
	if shared && b.locals {
		b.store()
	}
	call()
	if shared && b.locals {
		b.load()
	}
}
