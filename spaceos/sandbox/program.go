package sandbox

import (
	"container/list"
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"

	"spacechain/spaceos/meter"
)

// program is a module ready to run: compiled WebAssembly, or a script as bytecode.
type program struct {
	digest [32]byte
	info   Info
	code   wazero.CompiledModule // for WebAssembly
	script *script               // for JavaScript
	bytes  int                   // estimate of what it holds
	refs   int                   // activations that use it
	gone   bool                  // out of the table; closed when refs is 0
	at     *list.Element
}

func (p *program) close() {
	if p.code != nil {
		p.code.Close(context.Background())
	}
}

// programs is the table of what is ready, bounded by the bytes it holds; the
// largest idle one goes first, so that large ones displace each other and not the
// small ones of others; of equals the longest unused. The engine's mutex guards it.
type programs struct {
	byDigest map[[32]byte]*program
	recent   list.List // of *program, the last used in front
	bytes    int
	max      int
}

func newPrograms(max int) programs {
	return programs{byDigest: map[[32]byte]*program{}, max: max}
}

func (ps *programs) get(digest [32]byte) *program {
	p := ps.byDigest[digest]
	if p != nil {
		p.refs++
		ps.recent.MoveToFront(p.at)
	}
	return p
}

func (ps *programs) add(p *program) {
	ps.byDigest[p.digest] = p
	p.at = ps.recent.PushFront(p)
	ps.bytes += p.bytes
	for ps.bytes > ps.max {
		var out *program
		for e := ps.recent.Back(); e != nil; e = e.Prev() {
			if old := e.Value.(*program); old != p && old.refs == 0 && (out == nil || old.bytes > out.bytes) {
				out = old
			}
		}
		if out == nil {
			return
		}
		ps.remove(out)
	}
}

func (ps *programs) remove(p *program) {
	delete(ps.byDigest, p.digest)
	ps.recent.Remove(p.at)
	ps.bytes -= p.bytes
	p.gone = true
	if p.refs == 0 {
		p.close()
	}
}

func (ps *programs) forget(digest [32]byte) {
	if p := ps.byDigest[digest]; p != nil {
		ps.remove(p)
	}
}

// program gives the module ready to run, with a reference that release gives back.
func (e *Engine) program(ctx context.Context, m Module) (*program, error) {
	lookup := func() (*program, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.closed {
			return nil, ErrClosed
		}
		return e.programs.get(m.Digest), nil
	}
	if p, err := lookup(); p != nil || err != nil {
		return p, err
	}
	e.compiling.Lock()
	defer e.compiling.Unlock()
	if p, err := lookup(); p != nil || err != nil {
		return p, err
	}
	p, err := e.compile(ctx, m)
	if err != nil {
		return nil, err
	}
	p.digest, p.refs = m.Digest, 1
	e.mu.Lock()
	defer e.mu.Unlock()
	e.programs.add(p)
	return p, nil
}

// release gives a program's reference back.
func (e *Engine) release(p *program) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p.refs--; p.refs == 0 && p.gone {
		p.close()
	}
}

// compile makes a program of a module.
func (e *Engine) compile(ctx context.Context, m Module) (*program, error) {
	if m.Runtime != "" {
		return e.compileScript(ctx, m)
	}
	info, mod, err := e.check(m)
	if err != nil {
		return nil, err
	}
	// Compiling works as hard as an activation, so it takes a turn like one: behind
	// short activations, before those that go on and on.
	t := turn{level: 1}
	if err := e.slots.acquire(ctx, &t); err != nil {
		return nil, err
	}
	defer e.slots.release(&t)
	metered, err := mod.Instrument(meter.Options{Limits: e.opt.Limits})
	if err != nil {
		return nil, fmt.Errorf("instrument module: %w", err)
	}
	code, err := e.runtime.CompileModule(ctx, metered)
	if err != nil {
		return nil, fmt.Errorf("compile module: %w", err)
	}
	return &program{info: info, code: code, bytes: e.codeBytes(len(metered))}, nil
}

// codeBytes estimates what compiled code of an instrumented module holds.
func (e *Engine) codeBytes(metered int) int {
	if e.opt.Interpreter {
		return 40 * metered
	}
	return 5 * metered
}
