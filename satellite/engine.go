package satellite

import (
	"spacechain/spaceos/gate"
	"spacechain/spaceos/sandbox"
)

// checker lets the gate ask the sandbox's engine about modules.
type checker struct{ engine *sandbox.Engine }

// Checker gives the gate's view of an engine.
func Checker(e *sandbox.Engine) gate.Checker { return checker{e} }

// Check implements gate.Checker.
func (c checker) Check(m sandbox.Module) error {
	_, err := c.engine.Check(m)
	return err
}

// CheckRuntime implements gate.Checker: an engine that can be installed is valid.
func (c checker) CheckRuntime(name string, code []byte) error {
	return c.engine.InstallRuntime(name, code)
}
