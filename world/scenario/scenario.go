package scenario

import "time"

// Kind is what goes wrong.
type Kind string

// The kinds of fault, by the words the file uses.
const (
	LinkOutage    Kind = "link outage"
	StationOutage Kind = "station outage"
	NodeReset     Kind = "node reset"
	BitFlips      Kind = "bit flips"
	FrameLoss     Kind = "frame loss"
	Duplication   Kind = "duplication"
	Reordering    Kind = "reordering"
	ClockDrift    Kind = "clock drift"
)

// Scenario is a parsed file.
type Scenario struct {
	Name   string
	About  string
	Faults []Fault
}

// Fault is one entry of the file.
type Fault struct {
	Line   int // in the file, 1 is the first
	Kind   Kind
	Target Target

	At     time.Duration // since the start of the world, for entries with a time
	For    Span          // how long; zero means for ever for rates, and no time for a reset
	PerDay float64       // mean number a day, for random entries; 0 for entries with a time

	Rate  float64       // of bits or frames, 0..1
	Delay time.Duration // longest hold-up, for Reordering
	PPM   [2]float64    // lowest and highest drift, parts per million
}

// Span is a range of durations to draw from; both ends are equal for a fixed one.
type Span struct{ Min, Max time.Duration }

// Target is what a fault strikes.
type Target struct {
	Scope Scope
	Class Class
	Names []string // one node, or the two ends of a link, for Named
}

// Scope says how targets are chosen.
type Scope int

// The scopes.
const (
	Named Scope = iota // the node or link that is named
	Any                // one of a class, drawn by lot each time
	Each               // every one of a class
)

// Class is a class of targets.
type Class string

// The classes of targets.
const (
	Link      Class = "link"
	Node      Class = "node"
	Satellite Class = "satellite"
	Station   Class = "station"
	Terminal  Class = "terminal"
)

// rule is the grammar of one kind.
type rule struct {
	classes []Class // what "any" and "each" may name
	any     bool    // "any" makes sense
	pair    bool    // a link may be named as [a, b]
	node    bool    // a node may be named alone
	timed   bool    // at or times a day is needed; else at and for only limit it
	rate    bool    // rate is needed
	delay   bool    // delay is needed
	ppm     bool    // ppm is needed
	length  bool    // for is needed where timed
}

var nodes = []Class{Satellite, Station, Terminal, Node}

var rules = map[Kind]rule{
	LinkOutage:    {classes: []Class{Link}, any: true, pair: true, timed: true, length: true},
	StationOutage: {classes: []Class{Station}, any: true, node: true, timed: true, length: true},
	NodeReset:     {classes: nodes, any: true, node: true, timed: true},
	BitFlips:      {classes: []Class{Link}, pair: true, node: true, rate: true},
	FrameLoss:     {classes: []Class{Link}, pair: true, node: true, rate: true},
	Duplication:   {classes: []Class{Link}, pair: true, node: true, rate: true},
	Reordering:    {classes: []Class{Link}, pair: true, node: true, rate: true, delay: true},
	ClockDrift:    {classes: nodes, node: true, ppm: true},
}
