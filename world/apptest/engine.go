package apptest

import (
	"context"
	"errors"
	"fmt"

	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/system"
)

// ErrNoRuntime is wrapped by the error of a test of an app whose runtime this
// program was built without.
var ErrNoRuntime = errors.New("built without the runtime")

// engine is the sandbox as the operating system and its gate see it.
type engine struct{ *sandbox.Engine }

func newEngine(o Options) (*engine, error) {
	e, err := sandbox.NewEngine(sandbox.Options{Interpreter: o.Interpreter, CacheDir: o.Cache})
	if err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	return &engine{e}, nil
}

func (e *engine) close() error { return e.Engine.Close() }

// install hands an engine that was admitted as a package to the sandbox.
func (e *engine) install(_ context.Context, r system.Runtime) error {
	return e.InstallRuntime(r.Name, r.Code)
}

// runtimePackage gives the manifest and the code of the first-party package that
// provides a runtime.
func runtimePackage(name string) (manifest.Manifest, []byte, error) {
	code, ok := sandbox.RuntimeJS()
	switch {
	case name != manifest.RuntimeJS:
		return manifest.Manifest{}, nil, fmt.Errorf("runtime %s: there are %s and %s", name, manifest.RuntimeWasm, manifest.RuntimeJS)
	case !ok:
		return manifest.Manifest{}, nil, fmt.Errorf("%w %s: run \"make runtime\" and build the program again", ErrNoRuntime, name)
	}
	return manifest.Manifest{
		App: "spacechain.runtime.js", Version: "1.0.0", Counter: 1, Runtime: manifest.RuntimeWasm, Provides: manifest.RuntimeJS,
		Limits: manifest.Limits{MemoryBytes: manifest.DefaultMemory, StorageBytes: manifest.MinMemory,
			GasPerActivation: manifest.DefaultGas},
		Permissions: manifest.Permissions{Roles: []string{manifest.RoleRuntime}},
	}, code, nil
}

// Check implements gate.Checker.
func (e *engine) Check(m sandbox.Module) error {
	_, err := e.Engine.Check(m)
	return err
}

// CheckRuntime implements gate.Checker. What is wrong with a runtime shows when it is
// installed, which happens before anything runs.
func (e *engine) CheckRuntime(string, []byte) error { return nil }
