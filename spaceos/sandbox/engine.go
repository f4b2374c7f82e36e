package sandbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"spacechain/spaceos/meter"
)

// ErrClosed is the error of an engine that is closed.
var ErrClosed = errors.New("sandbox: engine is closed")

// Engine runs activations. It is safe for concurrent use.
//
// It owns no goroutine: an activation runs on its caller's.
type Engine struct {
	opt     Options // with Interpreter set where wazero has no compiler
	runtime wazero.Runtime
	cache   wazero.CompilationCache
	slots   *slots
	live    chan struct{} // one token for each instance that may exist

	mu       sync.Mutex // guards what follows; held for map work only
	closed   bool
	programs programs
	runtimes map[string]*jsRuntime

	compiling sync.Mutex // one compilation at a time; taken without mu
}

// NewEngine makes an engine.
func NewEngine(opt Options) (*Engine, error) {
	if opt.MaxLive == 0 {
		opt.MaxLive = 32
	}
	if opt.Slots == 0 {
		opt.Slots = runtime.GOMAXPROCS(0)
	}
	if opt.IdleJS == 0 {
		opt.IdleJS = 2
	}
	if opt.MaxMemory == 0 {
		opt.MaxMemory = 64 << 20
	}
	opt.Limits = opt.Limits.EnsureDefaults()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		opt.Interpreter = true
	}
	if opt.CodeBytes == 0 {
		opt.CodeBytes = 64 << 20
		if opt.Interpreter {
			opt.CodeBytes = 40 << 20
		}
	}
	cfg := wazero.NewRuntimeConfig()
	if opt.Interpreter {
		cfg = wazero.NewRuntimeConfigInterpreter()
	}
	e := &Engine{
		opt:      opt,
		slots:    newSlots(opt.Slots),
		live:     make(chan struct{}, opt.MaxLive),
		programs: newPrograms(opt.CodeBytes),
		runtimes: map[string]*jsRuntime{},
	}
	if opt.CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(opt.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("open compilation cache %s: %w", opt.CacheDir, err)
		}
		e.cache = cache
		cfg = cfg.WithCompilationCache(cache)
	}
	cfg = cfg.WithCoreFeatures(api.CoreFeaturesV2 &^ api.CoreFeatureSIMD).
		WithDebugInfoEnabled(false)
	ctx := context.Background()
	e.runtime = wazero.NewRuntimeWithConfig(ctx, cfg)
	if err := e.hostModules(ctx); err != nil {
		e.runtime.Close(ctx)
		return nil, err
	}
	return e, nil
}

// hostModules builds the modules that guests import.
func (e *Engine) hostModules(ctx context.Context) error {
	modules := map[string][]hostFunc{
		spcModule:  spcFuncs,
		wasiModule: wasiFuncs,
		jsModule:   jsFuncs,
		meter.RefillModule: {{meter.RefillName, "i32 i32 > i32", func(r *run, s []uint64) {
			s[0] = uint64(uint32(r.refill(int64(int32(uint32(s[0]))), int32(uint32(s[1])))))
		}}},
	}
	for name, funcs := range modules {
		b := e.runtime.NewHostModuleBuilder(name)
		for _, f := range funcs {
			call := f.call
			params, results := f.types()
			b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
				call(of(ctx), stack)
			}), params, results).Export(f.name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("build host module %s: %w", name, err)
		}
	}
	return nil
}

// Close frees what the engine holds. Activations must have ended.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	for _, rt := range e.runtimes {
		rt.close()
	}
	e.mu.Unlock()
	ctx := context.Background()
	err := e.runtime.Close(ctx)
	if e.cache != nil {
		err = errors.Join(err, e.cache.Close(ctx))
	}
	return err
}

// Prepare checks and compiles a module, so that its first activation starts at
// once. The result stays until CodeBytes is exceeded or Forget is called.
func (e *Engine) Prepare(ctx context.Context, m Module) error {
	p, err := e.program(ctx, m)
	if err != nil {
		return err
	}
	e.release(p)
	return nil
}

// Forget drops what the engine holds for a module, now or when its last running
// activation ends.
func (e *Engine) Forget(digest [32]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.programs.forget(digest)
}

// Run executes one activation to its end on the caller's goroutine. When ctx is
// done the activation ends as Killed within a slice of the meter, with the
// context's cause as its detail.
func (e *Engine) Run(ctx context.Context, act Activation) Outcome {
	select {
	case e.live <- struct{}{}:
	case <-ctx.Done():
		return Outcome{End: Killed, Detail: context.Cause(ctx).Error()}
	}
	defer func() { <-e.live }()
	r := &run{engine: e, act: &act, host: act.Host, ctx: ctx, limit: act.Gas, random: newRandom(act.RandSeed)}
	p, err := e.program(ctx, act.Module)
	if err != nil {
		return Outcome{End: Refused, Detail: err.Error()}
	}
	defer e.release(p)
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { r.killed.Store(true) })
		defer stop()
	}
	if err := e.slots.acquire(ctx, &r.turn); err != nil {
		return Outcome{End: Killed, Detail: err.Error()}
	}
	defer e.slots.release(&r.turn)
	limit := min(act.MemoryBytes, e.opt.MaxMemory) &^ 0xffff
	if p.script != nil {
		return p.script.run(r, limit)
	}
	return e.runModule(r, p, limit)
}

// runModule runs a WebAssembly module.
func (e *Engine) runModule(r *run, p *program, limit uint64) Outcome {
	if p.info.MemoryMin > limit {
		return Outcome{End: Refused, Detail: fmt.Sprintf("the module's memory starts at %d KiB, the limit is %d KiB", p.info.MemoryMin>>10, limit>>10)}
	}
	if err := e.instantiate(r, p.code, limit, nil); err != nil {
		return Outcome{End: Refused, Detail: err.Error()}
	}
	ctx := &runContext{r.ctx, r}
	defer r.mod.Close(ctx)
	r.metered = true
	r.settle(0, 0)
	var err error
	if f := r.mod.ExportedFunction("_initialize"); f != nil {
		_, err = f.Call(ctx)
	}
	if err == nil {
		_, err = r.mod.ExportedFunction("_start").Call(ctx)
	}
	if err == nil || r.outcome.End == Returned || r.outcome.End == Failed {
		r.flush()
	}
	return r.finish(err)
}

// flush writes the files that the app has left open when it returned. Gas may run
// out over it.
func (r *run) flush() {
	defer func() {
		if p := recover(); p != nil && p != errEnd {
			panic(p)
		}
	}()
	end, detail := r.outcome.End, r.outcome.Detail
	r.outcome = Outcome{}
	if errno := r.files().flushAll(); errno != wasiOK && end != Failed {
		end, detail = Failed, "write files at the end: "+errno.String()
	}
	r.outcome.End, r.outcome.Detail = end, detail
}

// instantiate makes a fresh instance for the run, in the given memory if there is one.
func (e *Engine) instantiate(r *run, code wazero.CompiledModule, limit uint64, buf []byte) error {
	r.memory = &linearMemory{limit: limit, buf: buf}
	ctx := experimental.WithMemoryAllocator(&runContext{context.Background(), r}, allocator{r.memory})
	mod, err := e.runtime.InstantiateModule(ctx, code, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return fmt.Errorf("instantiate module: %w", err)
	}
	r.attach(mod)
	return nil
}

// attach makes the run use the instance.
func (r *run) attach(mod api.Module) {
	r.mod = mod
	r.mem = mod.ExportedMemory("memory")
	r.gas = mod.ExportedGlobal(meter.GasExport).(api.MutableGlobal)
	r.stack = mod.ExportedGlobal(meter.StackExport).(api.MutableGlobal)
}
