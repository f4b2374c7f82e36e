package world

import (
	"fmt"
	"time"

	"spacechain/clock"
	"spacechain/identity"
	"spacechain/world/scenario"
	"spacechain/world/topology"
)

// Options say which universe to make. The zero value is the default: 66
// satellites, the built-in stations, one terminal, no faults, as fast as events
// allow, nothing kept on disk.
type Options struct {
	Name     string // of the constellation, for people
	Topology topology.Options
	Seed     uint64
	Scenario *scenario.Scenario // nil: no faults

	// Radio is how deep the links between satellites and stations are simulated. By samples a
	// second of carrier costs about a second of computing; their rates are limited to what
	// that allows. All other links go by frames.
	Radio Depth

	// DataDir keeps every node's store and the universe's time; "" keeps all in
	// memory. A universe that is made again on the same folder goes on where it was.
	DataDir string
	Pace    clock.Pace

	// Interpreter runs apps without compiling them, as 32-bit ARM must.
	Interpreter bool
	// Workers is how many activations run at once; 0 means one for each processor.
	Workers int
	// Cache keeps compiled modules on disk between runs; "" compiles anew.
	Cache string

	Version  string            // of the program, for the API
	EventLog func(line string) // is given every line of history; may be nil
	// Warn is told of what the universe had to leave out or could not do; may be nil.
	Warn func(text string)
}

// Depth is how deep a radio link is simulated.
type Depth int

// The depths.
const (
	Frames  Depth = iota // whole transfer frames, lost by the rate at which their waveform loses them
	Samples              // modulated samples through modems, noise, Doppler and clocks
)

// ParseDepth gives a depth by its name.
func ParseDepth(name string) (Depth, error) {
	switch name {
	case "frames":
		return Frames, nil
	case "samples":
		return Samples, nil
	}
	return Frames, fmt.Errorf("depth %q of radio links: there are frames and samples", name)
}

// Terminal is the node number of the universe's own terminal.
const Terminal = topology.FirstTerminal

// Sensors are what the satellites of a universe let apps read, and how often.
var Sensors = []string{"magnetometer", "gyro", "gnss", "sun", "star", "temperature", "camera"}

// activationDelay is how long after its start an activation at least ends: the
// time in which the flight computer loads the module. Activations that start
// within one such span run in parallel.
const activationDelay = 50 * time.Millisecond

// key gives the identity of one of the universe's own: from the seed, so that a
// history repeats, signatures included.
func (o *Options) key(label string) *identity.Key {
	root := identity.FromSeed(seedBytes(o.Seed))
	return identity.FromSeed(root.Derive(label))
}

func seedBytes(seed uint64) (b [identity.SeedSize]byte) {
	for i := range 8 {
		b[i] = byte(seed >> (8 * i))
	}
	return b
}
