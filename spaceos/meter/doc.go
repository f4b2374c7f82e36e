// Package meter makes strangers' WebAssembly safe to run without supervision:
// it decodes and validates a module, refuses what the sandbox does not know,
// and writes a second module that counts gas and stack depth itself.
//
// The instrumented module behaves as the original does, except that
//
//   - a mutable i32 global counts gas down, and when it is below zero the
//     module calls an imported function, the refill, which ends the run or
//     grants the next slice (so the host gets control at least once a slice);
//   - a mutable i32 global counts stack down, and when it is below zero the
//     module calls the refill with a mark that means "stack limit".
//
// Both globals are exported under names that no original may use, so that the
// host reads and sets them. Everything is a function of the original's bytes
// and the package's tables: every CPU and every engine counts the same.
//
// Nothing here does I/O or knows an engine.
package meter
