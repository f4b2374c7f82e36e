package meter

// Stack depth. The engines end deep recursion at different places: wazero's
// interpreter at 2,000 frames (internal/engine/interpreter, callStackCeiling),
// its compiler when a frame does not fit a stack that has outgrown 50 MB
// (internal/engine/wazevo, callStackCeiling). The meter's counter ends it
// before either: every function takes at least frameMin from a budget that
// holds fewer than 2,000 of them, and large functions take an estimate of the
// bytes that the compiler's frame has.

const (
	// DefaultStack is the stack budget of an activation, in estimated bytes.
	DefaultStack = 4 << 20
	// frameMin is the least that one call takes: DefaultStack holds 1,771 of them. The
	// host's own nested calls and functions without calls, which do not count, need the rest.
	frameMin = 2368
	// frameFixed is the part of a frame that every function has.
	frameFixed = 96
	// slotBytes is the frame's part for each local and operand.
	slotBytes = 8
	// callBytes is the frame's part for each value that lives across a call.
	spillBytes = 4
)

// frame gives what a call of the function takes from the stack counter.
func (f *funcFacts) frame() int {
	return max(frameMin, frameFixed+slotBytes*(f.locals+f.height)+spillBytes*f.spills)
}
