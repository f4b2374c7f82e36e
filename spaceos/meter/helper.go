package meter

// The functions that the meter adds to a module.
const (
	helperSlow     = iota // () -> (): call the refill with both counters
	helperGrow            // memory.grow that pays for pages
	helperFill            // memory.fill in chunks
	helperCopy            // memory.copy in chunks
	helperPayBytes        // (n i32) -> (): pay for n bytes
	helperPayElems        // (n i32) -> (): pay for n table elements
	numHelpers
)

func (w *writer) helperTypes() []uint32 {
	three := w.typeFor(FuncType{Params: []ValType{I32, I32, I32}})
	one := w.typeFor(FuncType{Params: []ValType{I32}})
	return []uint32{
		helperSlow:     w.typeFor(FuncType{}),
		helperGrow:     w.typeFor(FuncType{[]ValType{I32}, []ValType{I32}}),
		helperFill:     three,
		helperCopy:     three,
		helperPayBytes: one,
		helperPayElems: one,
	}
}

// asm appends instructions of the added functions.
type asm struct{ b []byte }

func (a *asm) op(ops ...Op) *asm {
	for _, op := range ops {
		a.b = appendOp(a.b, op)
	}
	return a
}

func (a *asm) idx(op Op, i uint32) *asm { a.b = appendU32(appendOp(a.b, op), i); return a }
func (a *asm) i32(v int32) *asm         { a.b = appendS64(append(a.b, byte(OpI32Const)), int64(v)); return a }
func (a *asm) i64(v int64) *asm         { a.b = appendS64(append(a.b, byte(OpI64Const)), v); return a }
func (a *asm) get(i uint32) *asm        { return a.idx(OpLocalGet, i) }
func (a *asm) set(i uint32) *asm        { return a.idx(OpLocalSet, i) }
func (a *asm) tee(i uint32) *asm        { return a.idx(OpLocalTee, i) }

// block opens a block without results.
func (a *asm) block(op Op) *asm { a.b = append(a.b, byte(op), 0x40); return a }

// pay subtracts the non-negative i32 on the stack from the gas counter and looks
// whether any is left. tmp is an i32 local.
func (a *asm) pay(w *writer, tmp uint32) *asm {
	a.set(tmp)
	a.idx(OpGlobalGet, w.gasGlobal).get(tmp).op(OpI32Sub).tee(tmp).idx(OpGlobalSet, w.gasGlobal)
	a.get(tmp).i32(0).op(OpI32LtS).block(OpIf)
	return a.idx(OpCall, w.helpers[helperSlow]).op(OpEnd)
}

// helperCode writes the body of an added function, without its size.
func (w *writer) helperCode(h int) []byte {
	locals := []byte{1, 2, byte(I32)} // after the parameters
	a := &asm{b: locals}
	zeroMem := func(op Op, memories int) {
		a.op(op)
		for range memories {
			a.b = append(a.b, 0)
		}
	}
	switch h {
	case helperSlow:
		a.idx(OpGlobalGet, w.gasGlobal).idx(OpGlobalGet, w.stackGlobal)
		a.idx(OpCall, w.shift).idx(OpGlobalSet, w.gasGlobal)
	case helperPayBytes:
		a.get(0).i32(bulkShift).op(OpI32ShrU).pay(w, 1)
	case helperPayElems: // for more than a table can hold, which traps or fails, not more than for a whole one
		whole := int32(w.opt.Limits.TableElements)
		a.get(0).i32(whole).get(0).i32(whole).op(OpI32LtU).op(OpSelect)
		a.i32(costElement).op(OpI32Mul).pay(w, 1)
	case helperGrow: // pays for what was added, so that a refused growth costs its base only
		if w.m.Memory == nil {
			a.op(OpUnreachable)
			break
		}
		a.get(0)
		zeroMem(OpMemoryGrow, 1)
		a.tee(2).i32(-1).op(0x47) // i32.ne
		a.block(OpIf).get(0).i32(CostPage).op(OpI32Mul).pay(w, 1).op(OpEnd)
		a.get(2)
	case helperFill, helperCopy:
		if w.m.Memory == nil {
			a.op(OpUnreachable)
			break
		}
		w.bulkLoop(a, h, zeroMem)
	}
	return a.op(OpEnd).b
}

// bulkLoop writes memory.fill and memory.copy as a loop of chunks, each paid for.
// Locals: 0 destination, 1 value or source, 2 length, 3 scratch, 4 chunk.
func (w *writer) bulkLoop(a *asm, h int, zeroMem func(Op, int)) {
	whole := func(n uint32) {
		a.get(0).get(1).get(n)
		if h == helperFill {
			zeroMem(OpMemoryFill, 1)
		} else {
			zeroMem(OpMemoryCopy, 2)
		}
	}
	pay := func() { a.get(2).i32(bulkShift).op(OpI32ShrU).pay(w, 3) }
	// Short, or out of bounds, which traps before anything is written: in one go.
	a.get(2).i32(bulkChunk).op(OpI32LeU).block(OpIf)
	pay()
	whole(2)
	a.op(OpReturn).op(OpEnd)
	out := func(at uint32) {
		a.get(at).op(OpI64ExtendU).get(2).op(OpI64ExtendU).op(OpI64Add)
		zeroMem(OpMemorySize, 1)
		a.op(OpI64ExtendU).i64(16).op(OpI64Shl).op(OpI64GtU).block(OpIf)
		whole(2)
		a.op(OpReturn).op(OpEnd)
	}
	out(0)
	if h == helperCopy {
		out(1)
	}
	pay()
	if h == helperCopy {
		// Overlapping with the destination above the source: from the end down.
		a.get(0).get(1).op(OpI32GtU).block(OpIf)
		a.block(OpLoop)
		w.chunk(a)
		a.get(2).get(4).op(OpI32Sub).set(2)
		a.get(0).get(2).op(OpI32Add).get(1).get(2).op(OpI32Add).get(4)
		zeroMem(OpMemoryCopy, 2)
		w.look(a)
		a.get(2).idx(OpBrIf, 0).op(OpEnd).op(OpReturn).op(OpEnd)
	}
	a.block(OpLoop)
	w.chunk(a)
	whole(4)
	a.get(0).get(4).op(OpI32Add).set(0)
	if h == helperCopy {
		a.get(1).get(4).op(OpI32Add).set(1)
	}
	a.get(2).get(4).op(OpI32Sub).set(2)
	w.look(a)
	a.get(2).idx(OpBrIf, 0).op(OpEnd)
}

// chunk sets local 4 to the smaller of local 2 and bulkChunk.
func (w *writer) chunk(a *asm) {
	a.get(2).i32(bulkChunk).get(2).i32(bulkChunk).op(OpI32LtU).op(OpSelect).set(4)
}

// look calls the refill whatever the counters are, so that the host gets control.
func (w *writer) look(a *asm) { a.idx(OpCall, w.helpers[helperSlow]) }
