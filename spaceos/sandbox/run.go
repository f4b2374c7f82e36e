package sandbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero/api"

	"spacechain/spaceos/meter"
)

// errEnd unwinds the guest when the host ends a run; the run knows why.
var errEnd = errors.New("sandbox: run ended")

// run is one activation while it executes. Everything but killed belongs to the
// goroutine that runs the guest.
type run struct {
	engine *Engine
	act    *Activation
	host   Host

	mod   api.Module
	mem   api.Memory
	gas   api.MutableGlobal // i32 counter of the instrumented module
	stack api.MutableGlobal

	limit   uint64 // gas of the activation
	granted uint64 // gas handed to the counter so far
	slept   time.Duration
	turn    turn
	metered bool // the meter is running; false while the engine itself works

	killed  atomic.Bool
	ctx     context.Context
	outcome Outcome // End is set when the host ends the run

	memory   *linearMemory
	random   *randomStream
	messages []Message // taken from the host, not yet by the guest
	reading  *heldReading
	wasi     *wasiState
	js       *jsRun
	lastLine string // the last line that the guest wrote to stderr
}

// end ends the run from within a host call.
func (r *run) end(end End, format string, args ...any) {
	if r.outcome.End == "" {
		r.outcome.End, r.outcome.Detail = end, fmt.Sprintf(format, args...)
	}
	panic(errEnd)
}

// counter gives the module's gas counter.
func (r *run) counter() int64 { return int64(int32(uint32(r.gas.Get()))) }

// used gives the gas used so far; exact in host calls and after the run.
func (r *run) used() uint64 {
	return uint64(int64(r.granted) - r.counter())
}

// refill is called by the module when a counter is below zero, and by charge: it
// settles what is used and gives the next slice.
func (r *run) refill(counter int64, stack int32) int32 {
	if !r.metered {
		r.granted += uint64(sliceGas - counter)
		return sliceGas
	}
	used := uint64(int64(r.granted) - counter)
	if stack < 0 {
		r.settle(used, 0)
		r.end(StackLimit, "calls nested deeper than the stack of %d KiB allows", meter.DefaultStack>>10)
	}
	if used > r.limit {
		r.settle(used, 0)
		r.end(OutOfGas, "the limit of %d gas is used up", r.limit)
	}
	if r.killed.Load() || r.engine.slots.yield(r.ctx, &r.turn, used) != nil {
		r.settle(used, 0)
		r.end(Killed, "%v", context.Cause(r.ctx))
	}
	runtime.Gosched()
	g := min(sliceGas, r.limit-used)
	r.settle(used, int64(g))
	return int32(g)
}

// settle makes the books say used with counter left in the slice.
func (r *run) settle(used uint64, counter int64) {
	r.granted = uint64(int64(used) + counter)
	r.gas.Set(uint64(uint32(int32(counter))))
}

// charge takes gas for a host call. It ends the run when there is not enough.
func (r *run) charge(n uint64) {
	if !r.metered {
		return
	}
	left := r.counter() - int64(min(n, 1<<40))
	if left >= 0 {
		r.gas.Set(uint64(uint32(int32(left))))
		return
	}
	r.gas.Set(uint64(uint32(r.refill(left, 0))))
}

// now is the guest's clock: the activation's time plus a nanosecond per gas and
// what the guest slept, rounded down to the grant's resolution.
func (r *run) now() time.Time {
	d := r.slept
	if r.metered {
		d += time.Duration(r.used())
	}
	if res := r.act.Resolution; res > 0 {
		t := r.act.Now.Add(d).UnixNano()
		m := t % int64(res)
		if m < 0 {
			m += int64(res)
		}
		return time.Unix(0, t-m).UTC()
	}
	return r.act.Now.Add(d).UTC()
}

// bytes copies n bytes out of the guest's memory.
func (r *run) bytes(ptr, n uint32) ([]byte, bool) {
	b, ok := r.mem.Read(ptr, n)
	if !ok {
		return nil, false
	}
	return append([]byte(nil), b...), true
}

// finish turns the result of the outermost call into the outcome.
func (r *run) finish(err error) Outcome {
	o := r.outcome
	o.GasUsed = min(r.used(), r.limit)
	o.PeakMemory = uint64(r.mem.Size())
	switch {
	case o.End != "":
	case err == nil:
		o.End = Returned
	default:
		o.End, o.Detail = r.trap(err)
	}
	if r.memory.refused && (o.End == Trapped || o.End == Failed) {
		o.End = OutOfMemory
		o.Detail = fmt.Sprintf("asked for more than the limit of %d KiB: %s", r.memory.limit>>10, o.Detail)
	}
	return o
}

// trap reads wazero's error: what trapped, and in which function of the original.
func (r *run) trap(err error) (End, string) {
	if e, ok := err.(jsError); ok {
		return Failed, e.msg
	}
	text := err.Error()
	head, trace, _ := strings.Cut(text, "\n")
	what, ok := strings.CutPrefix(head, "wasm error: ")
	if !ok {
		return Failed, "internal error in a host call: " + head
	}
	if what == "stack overflow" {
		return StackLimit, "calls nested deeper than the engine's stack allows"
	}
	if name := r.frameName(trace); name != "" {
		what += " in " + name
	}
	return Trapped, what
}

// frameName names the innermost function of a stack trace of wazero by the
// original module's name section, or by its index.
func (r *run) frameName(trace string) string {
	_, rest, ok := strings.Cut(trace, ".$")
	if !ok {
		return ""
	}
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	i, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || r.js != nil {
		return ""
	}
	return meter.FuncName(r.act.Module.Code, uint32(i))
}

// runContext carries the run to host functions without a look-up.
type runContext struct {
	context.Context
	run *run
}

// of gives the run that a host function is called in.
func of(ctx context.Context) *run { return ctx.(*runContext).run }
