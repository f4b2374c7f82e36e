package meter

import "strings"

// Gas prices. One gas is about one simple instruction on the compiler engine.
// They are part of version 1 of the guest ABI: a change is a new version.
const (
	costSimple   = 1  // constants, locals, integer arithmetic and comparison, branches
	costMul      = 2  // integer multiplication, bit counts, conversions, globals
	costMemory   = 2  // loads and stores
	costFloat    = 2  // floating-point arithmetic and comparison
	costDivide   = 12 // integer division and remainder
	costFloatDiv = 10 // floating-point division and square root
	costTrunc    = 3  // float to integer
	costBrTable  = 4
	costCall     = 6 // and what the callee charges
	costIndirect = 12
	costTableOp  = 4   // table.get, table.set, table.size, ref.func
	costBulk     = 24  // any bulk operation, before its size
	costGrow     = 400 // memory.grow and table.grow, before their size

	// CostPage is the gas per page that memory.grow adds.
	CostPage = 4096
	// bulkShift: bulk memory operations cost one gas per 1<<bulkShift bytes.
	bulkShift = 4
	// costElement is the gas per table element moved, set or added.
	costElement = 2
	// bulkChunk is how many bytes one bulk instruction moves at most between two
	// looks at the meter.
	bulkChunk = 1 << 18
)

// baseCost is the gas of an instruction before any part that depends on operands.
func baseCost(op Op, name string) uint16 {
	switch op {
	case OpNop, OpBlock, OpLoop, OpElse, OpEnd, OpUnreachable:
		return 0
	case OpBrTable:
		return costBrTable
	case OpCall:
		return costCall
	case OpCallIndirect:
		return costIndirect
	case OpGlobalGet, OpGlobalSet, OpMemorySize:
		return costMul
	case OpTableGet, OpTableSet, OpTableSize, OpRefFunc:
		return costTableOp
	case OpMemoryGrow, OpTableGrow:
		return costGrow
	case OpMemoryInit, OpDataDrop, OpMemoryCopy, OpMemoryFill, OpTableInit, OpElemDrop, OpTableCopy, OpTableFill:
		return costBulk
	}
	typ, verb, _ := strings.Cut(name, ".")
	switch {
	case strings.Contains(verb, "load"), strings.Contains(verb, "store"):
		return costMemory
	case strings.HasPrefix(verb, "trunc_"):
		return costTrunc
	case strings.HasPrefix(verb, "convert"), verb == "promote_f32", verb == "demote_f64":
		return costMul
	case typ == "i32" || typ == "i64":
		switch {
		case strings.HasPrefix(verb, "div"), strings.HasPrefix(verb, "rem"):
			return costDivide
		case verb == "mul", verb == "clz", verb == "ctz", verb == "popcnt":
			return costMul
		}
		return costSimple
	case verb == "const":
		return costSimple
	case typ == "f32" || typ == "f64":
		switch verb {
		case "div", "sqrt":
			return costFloatDiv
		}
		return costFloat
	}
	return costSimple
}
