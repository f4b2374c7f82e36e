package meter

// instr is one instruction of a function body.
type instr struct {
	op         Op
	start, end int    // its bytes in the reader
	a, b       uint32 // indices; label depth; type of a block; constant of i32.const
	block      blockType
}

// blockType is the type of a block: nothing, one value, or a function type.
type blockType struct {
	typ   ValType // 0 for none
	index int32   // of a function type, or -1
}

// scanner reads instructions. Targets is the br_table labels of the last
// instruction, the default last; it is overwritten by the next one.
type scanner struct {
	*reader
	lim     Limits
	targets []uint32
	types   []ValType // of select_t
}

// next reads one instruction and checks its format, not its meaning.
func (s *scanner) next() instr {
	in := instr{start: s.pos}
	first := s.byte()
	in.op = Op(first)
	if first == 0xfc {
		sub := s.u32()
		if sub > 0x7f || s.pos != in.start+2 { // wazero reads one byte, no compiler writes more
			s.pos = in.start
			s.fail(Malformed, "unknown opcode 0xfc %d", sub)
		}
		in.op = 0xfc00 + Op(sub)
	}
	info := in.op.info()
	if info == nil {
		s.pos = in.start
		s.unknown(first, in.op)
	}
	switch info.imm {
	case immBlock:
		in.block = s.blockType()
	case immIndex:
		in.a = s.u32()
	case immIndex2:
		in.a, in.b = s.u32(), s.u32()
	case immMem:
		if align := s.u32(); align >= 64 {
			s.fail(Feature, "several memories are refused")
		} else if align > uint32(info.align) {
			s.fail(Invalid, "%s aligned to 2^%d", info.name, align)
		}
		s.u32()
	case immI32:
		in.a = uint32(s.signed(32))
	case immI64:
		s.signed(64)
	case immF32:
		s.bytes(4)
	case immF64:
		s.bytes(8)
	case immRefType:
		in.a = uint32(s.refType())
	case immTypes:
		s.types = s.valTypes(16)
	case immTable:
		n := s.count("br_table targets", s.lim.BrTable)
		s.targets = s.targets[:0]
		for i := 0; i <= n; i++ {
			s.targets = append(s.targets, s.u32())
		}
	}
	in.end = s.pos
	return in
}

func (s *scanner) blockType() blockType {
	if s.len() > 0 {
		switch b := s.b[s.pos]; {
		case b == 0x40:
			s.pos++
			return blockType{index: -1}
		case b >= 0x6f && b <= 0x7f:
			return blockType{typ: s.valType(), index: -1}
		}
	}
	i := s.signed(33)
	if i < 0 || i > 1<<30 {
		s.fail(Malformed, "block type %d", i)
	}
	return blockType{index: int32(i)}
}

// unknown refuses an opcode, naming the feature it belongs to.
func (s *scanner) unknown(first byte, op Op) {
	switch {
	case first == 0xfd:
		s.fail(Feature, "vector instruction: SIMD is refused")
	case first == 0xfe:
		s.fail(Feature, "atomic instruction: threads are refused")
	case first == 0xfb:
		s.fail(Feature, "garbage-collected types are refused")
	case first == 0x12 || first == 0x13 || first == 0x15:
		s.fail(Feature, "tail call is refused")
	case first >= 0x06 && first <= 0x0a || first == 0x18 || first == 0x19 || first == 0x1f:
		s.fail(Feature, "exceptions are refused")
	case first == 0x14 || first >= 0xd3 && first <= 0xd6:
		s.fail(Feature, "typed function references are refused")
	case first == 0xfc:
		s.fail(Feature, "wide arithmetic and other 0xfc extensions are refused (sub-opcode %d)", op&0xff)
	}
	s.fail(Malformed, "unknown opcode 0x%02x", first)
}
