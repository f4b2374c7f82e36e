// Package sandbox runs strangers' code: WebAssembly modules and JavaScript
// bundles, metered, bounded in memory and stack, and with no way out but the
// Host given to each activation. What guests see is docs/spc-abi.md.
//
// # How a run goes
//
// A module is decoded, validated and held against the guest ABI (Check), gets the
// meter's code (package meter), and is compiled; the result is kept in a bounded
// table (program.go). An activation (Run) takes one of MaxLive places, makes a
// fresh instance, takes a slot (slot.go) and calls _start. The module calls the
// refill (run.go) at least every 20,000 gas, which is below a millisecond: there the
// host looks whether gas is left and whether someone ended the run, and lets others
// go first that have used less. Nothing else interrupts compiled code, neither Go's
// scheduler nor its collector.
//
// A script runs on the installed JavaScript engine: an instance whose memory is
// restored from an image taken behind the engine's initialisation (runtime.go), so that
// every activation starts from the same bytes. Scripts are compiled to bytecode once.
//
// Gas, end, detail and result of an activation are functions of the module, the
// activation and what the Host answers: the same on every CPU, on wazero's compiler and
// interpreter, and whether the engine was warm or cold.
//
// # Locks
//
// In this order: Engine.compiling, Engine.mu, jsRuntime.mu. Under slots.mu and
// jsRuntime.mu no other lock is taken, and under all but the first nothing is called that
// blocks. The Host is called without any lock, on the goroutine that called Run, and while
// a slot is held: a Host that blocks holds up others.
package sandbox
