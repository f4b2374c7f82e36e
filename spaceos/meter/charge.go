package meter

// Where gas is charged. A function body falls into segments: runs of
// instructions that are executed together. A segment that is certain to follow
// another one of the same loop level is charged with it; a short one that may
// follow is charged with it too, so that small branches cost one subtraction
// less and at most mergeBranch gas too much each. What is left is one charge point
// for each segment that differs, and the points at function entry and at loop
// headers also look whether gas is left.

const (
	// mergeBranch is the largest segment that is charged before the branch that decides on it.
	mergeBranch = 12
	// mergeExit is the same for the rest of a loop body after a branch that leaves the loop:
	// that is not taken but once, so the excess is paid once a loop.
	mergeExit = 32
	// mergeTotal bounds what one point is charged too much by merging: a switch has
	// hundreds of small arms, of which one is taken.
	mergeTotal = 32
	// splitAt ends a segment so that no more gas than this is spent between two looks at the meter.
	splitAt = 16384
	// tailCost is the most that is executed behind a call without a look at the meter, so
	// that the way back from a deep recursion is not one long stretch of work.
	tailCost = 512
	// quietCost is the most that a function may cost, with all quiet functions that it
	// calls, that charges its gas but does not look whether any is left.
	quietCost = 512
	// maxCallees is how many direct calls a quiet function has at most.
	maxCallees = 64
	// leafCost is the largest cost of a function without calls and loops whose callers pay for it.
	leafCost = 32
	// leafSlots is the largest frame of such a function.
	leafSlots = 32
)

// point is a place where gas is charged: before the instruction at index at.
type point struct {
	at     int
	amount int
	check  bool // look whether gas is left
	parent int  // the point that dominates this one on the same loop level, or -1
	merge  int  // largest amount that may move to the parent
	excess int  // part of the amount that may not be due
}

// region is an open block during the analysis.
type region struct {
	op     Op
	outer  int  // current point when the block was entered
	target bool // some branch goes to its label
	lowest int  // lowest absolute block that a branch inside goes to
	table  bool // a br_table inside chooses among many ways
	loop   int  // innermost loop around and including it, absolute, or -1
}

// analysis finds the charge points of one function.
type analysis struct {
	points  []point
	regions []region
	cur     int
	tail    int // gas since the last call, or -1 when a look has followed it
}

// newPoint opens a segment that starts before instruction at.
func (a *analysis) newPoint(at, parent, merge int, check bool) {
	a.points = append(a.points, point{at: at, parent: parent, merge: merge, check: check})
	if check {
		a.tail = -1
	}
	a.cur = len(a.points) - 1
}

// branch notes a branch from the innermost region to the absolute block.
func (a *analysis) branch(abs int) {
	a.regions[abs].target = true
	top := &a.regions[len(a.regions)-1]
	top.lowest = min(top.lowest, abs)
}

// run analyses the instructions. cost gives an instruction's gas; targets the
// labels of a br_table by the index of its instruction.
func (a *analysis) run(ins []instr, cost func(instr) int, targets func(i int) []uint32) []point {
	a.points, a.regions = a.points[:0], a.regions[:0]
	a.newPoint(0, -1, 0, true)
	a.regions = append(a.regions, region{op: OpBlock, lowest: 1 << 30, loop: -1})
	for i, in := range ins {
		if a.points[a.cur].amount > splitAt || a.tail > tailCost {
			a.newPoint(i, -1, 0, true)
		}
		c := cost(in)
		a.points[a.cur].amount += c
		if in.op == OpCall || in.op == OpCallIndirect {
			a.tail = 0
		} else if a.tail >= 0 {
			a.tail += c
		}
		depth := len(a.regions)
		switch in.op {
		case OpBlock, OpLoop, OpIf:
			g := region{op: in.op, outer: a.cur, lowest: 1 << 30, loop: a.regions[depth-1].loop}
			switch in.op {
			case OpLoop:
				g.loop = depth
				a.newPoint(i+1, -1, 0, true)
			case OpIf:
				a.newPoint(i+1, a.cur, mergeBranch, false)
			}
			a.regions = append(a.regions, g)
		case OpElse:
			a.newPoint(i+1, a.regions[depth-1].outer, mergeBranch, false)
		case OpEnd:
			a.end(i)
		case OpBr, OpReturn, OpUnreachable:
			if in.op == OpBr {
				a.branch(depth - 1 - int(in.a))
			} else if in.op == OpReturn {
				a.branch(0)
			}
			a.newPoint(i+1, -1, 0, false) // dead until the block ends
		case OpBrIf:
			abs := depth - 1 - int(in.a)
			a.branch(abs)
			merge := mergeBranch
			switch loop := a.regions[depth-1].loop; {
			case abs < loop: // leaves the loop
				merge = mergeExit
			case abs == loop: // closes the loop: what follows runs once, not in every round
				merge = 0
			}
			a.newPoint(i+1, a.cur, merge, false)
		case OpBrTable:
			for _, t := range targets(i) {
				a.branch(depth - 1 - int(t))
			}
			a.regions[depth-1].table = true
			a.newPoint(i+1, -1, 0, false)
		}
	}
	a.mergeSmall()
	return a.points
}

// end closes the innermost region at instruction i.
func (a *analysis) end(i int) {
	k := len(a.regions) - 1
	g := a.regions[k]
	a.regions = a.regions[:k]
	if k == 0 {
		return
	}
	up := &a.regions[k-1]
	if g.lowest < k {
		up.lowest = min(up.lowest, g.lowest)
		up.table = up.table || g.table
	}
	switch {
	case g.op == OpBlock && !g.target:
		// Straight on: the code after the block follows the code in it.
	case g.lowest >= k:
		// No branch leaves the region past its end: whoever enters it comes out here.
		a.cur = g.outer
	case g.table:
		a.newPoint(i+1, -1, 0, false)
	default:
		a.newPoint(i+1, g.outer, mergeBranch, false)
	}
}

// mergeSmall moves small conditional segments to the points that dominate them.
func (a *analysis) mergeSmall() {
	for i := len(a.points) - 1; i >= 0; i-- {
		p := &a.points[i]
		if p.parent < 0 || p.amount == 0 || p.amount > p.merge {
			continue
		}
		// What was merged into this point moves up with it, excess and all.
		up := &a.points[p.parent]
		if excess := up.excess + p.amount; excess <= mergeTotal {
			up.excess = excess
			up.amount += p.amount
			p.amount = 0
		}
	}
}
