// Package world is the simulated universe: satellites on real orbits, stations,
// terminals, the radio hops between them, and the faults that befall them, all on
// one event loop and from one seed. The same seed gives the same history, byte
// for byte, and Universe.Digest is how two histories are compared.
//
// What wires the roles together lives here: Universe for a whole network in one
// process, Tour for the path from an author's source file to an answer from
// orbit. Nodes reach each other through frames only; the universe never looks
// into a node to move a bundle.
//
// Every direction of a hop goes by a waveform of link/radio: by default as the transfer
// frames that its units touch, each with its time on the air and its chance of being lost;
// with Options.Radio also through the modems, sample by sample. Beside the hops that
// bundles take, each satellite has its own radio for telemetry and command, over which
// stations call it once an orbit.
//
// A universe may hold ten thousand satellites, of which a handful do anything. A
// node is brought up when the first frame reaches it or when somebody on the
// ground uses it; until then it costs a catalogue entry.
package world
