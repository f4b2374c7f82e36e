package sandbox

import (
	"fmt"
	"strings"

	"spacechain/spaceos/meter"
)

// Info is what Check learns about a module.
type Info struct {
	Bytes     int
	Functions int      // defined in the module
	MemoryMin uint64   // bytes of memory that the module starts with; 0 for scripts
	Imports   []string // "module.name" of every import, sorted by position
}

// CheckError says why a module may not be installed.
type CheckError struct {
	Kind    CheckKind
	Imports []string // for KindImport: the imports that do not exist
	Msg     string
	err     error
}

// CheckKind classes a CheckError.
type CheckKind string

// The kinds of CheckError. KindModule wraps a *meter.Error, which has its own Reason.
const (
	KindModule  CheckKind = "module"  // malformed, invalid, refused feature or too large
	KindImport  CheckKind = "import"  // imports what the guest ABI does not have
	KindExport  CheckKind = "export"  // lacks _start or memory
	KindRuntime CheckKind = "runtime" // names a runtime that is not installed
	KindScript  CheckKind = "script"  // a script that does not compile or is too large
)

// Error gives one line.
func (e *CheckError) Error() string { return e.Msg }

// Unwrap gives the cause, such as a *meter.Error.
func (e *CheckError) Unwrap() error { return e.err }

// Check validates a module without compiling it: WebAssembly is decoded and
// validated whole, its imports and exports are held against the guest ABI; of a
// script the size, the encoding and the runtime's presence are checked. Errors
// are *CheckError.
func (e *Engine) Check(m Module) (Info, error) {
	if m.Runtime != "" {
		return e.checkScript(m)
	}
	info, _, err := e.check(m)
	return info, err
}

func (e *Engine) check(m Module) (Info, *meter.Module, error) {
	mod, err := meter.Decode(m.Code, e.opt.Limits)
	if err != nil {
		return Info{}, nil, &CheckError{Kind: KindModule, Msg: err.Error(), err: err}
	}
	info := Info{Bytes: len(m.Code), Functions: len(mod.Funcs)}
	var missing []string
	for _, i := range mod.Imports {
		info.Imports = append(info.Imports, i.Module+"."+i.Name)
		f, ok := guestImports[i.Module][i.Name]
		if !ok {
			missing = append(missing, i.Module+"."+i.Name)
		} else if want := f.funcType(); want.String() != mod.Types[i.Type].String() {
			return info, nil, &CheckError{Kind: KindImport, Imports: []string{i.Module + "." + i.Name},
				Msg: fmt.Sprintf("import %s.%s has type %s, the guest ABI has %s", i.Module, i.Name, mod.Types[i.Type], want)}
		}
	}
	if len(missing) > 0 {
		return info, nil, &CheckError{Kind: KindImport, Imports: missing,
			Msg: fmt.Sprintf("imports what no satellite offers to apps: %s; see docs/spc-abi.md for what there is", strings.Join(missing, ", "))}
	}
	export := func(msg string) error { return &CheckError{Kind: KindExport, Msg: msg} }
	for _, name := range []string{"_start", "_initialize"} {
		x, ok := mod.Export(name)
		if !ok && name == "_start" {
			return info, nil, export("module does not export _start")
		}
		if !ok {
			continue
		}
		t, _ := mod.FuncType(x.Index)
		if x.Kind != meter.KindFunc || len(t.Params)+len(t.Results) > 0 {
			return info, nil, export(fmt.Sprintf("export %s is not a function without parameters and results", name))
		}
		if int(x.Index) < len(mod.Imports) {
			return info, nil, export(fmt.Sprintf("export %s is an imported function", name))
		}
	}
	if x, ok := mod.Export("memory"); !ok || x.Kind != meter.KindMemory {
		return info, nil, export("module does not export its memory as \"memory\"")
	}
	if info.MemoryMin = uint64(mod.Memory.Min) << 16; info.MemoryMin > e.opt.MaxMemory {
		return info, nil, &CheckError{Kind: KindModule,
			Msg: fmt.Sprintf("module's memory starts at %d pages, the limit is %d", mod.Memory.Min, e.opt.MaxMemory>>16)}
	}
	return info, mod, nil
}

// guestImports is what modules may import.
var guestImports = map[string]map[string]hostFunc{
	spcModule:  byName(spcFuncs),
	wasiModule: byName(wasiFuncs),
}

func byName(funcs []hostFunc) map[string]hostFunc {
	m := map[string]hostFunc{}
	for _, f := range funcs {
		m[f.name] = f
	}
	return m
}
