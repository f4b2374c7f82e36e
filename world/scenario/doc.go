// Package scenario turns a text file and a seed into a schedule of faults: links
// and stations that fail, nodes that restart, clocks that drift, frames that are
// damaged, doubled or overtaken.
//
// A scenario is a YAML file that reads like prose:
//
//	name: storm over the Arctic
//	faults:
//	  - station outage: Svalbard
//	    at: 2h
//	    for: 45m
//	  - link outage: [90001, Svalbard]
//	    at: 30m
//	    for: 5m
//	  - node reset: any satellite
//	    times a day: 4
//	    for: 20s to 60s
//	  - reordering: each link
//	    rate: 1%
//	    delay: up to 300ms
//	  - clock drift: each satellite
//	    ppm: -2 to 2
//
// Times count from the start of the world. [Parse] is strict: every line that is
// not understood is an error with its number. [Compile] joins the scenario with
// the seed and the nodes there are; the [Faults] it gives answer questions about
// any moment, in any order, and do nothing by themselves. The answers are a pure
// function of scenario, seed, start and cast: random faults of each day come from
// a generator keyed by seed, fault and day, so nothing depends on what was asked
// before.
//
// # The words
//
//	fault           target                                   fields
//	link outage     [a, b], any link, each link              at or times a day; for
//	station outage  a station, any station, each station     at or times a day; for
//	node reset      a node, any or each satellite|station|   at or times a day; for (down time, may be left out)
//	                terminal|node
//	bit flips       [a, b], a node (all its links),          rate (of bits); at and for may limit it
//	                each link
//	frame loss      the same                                 rate (of frames)
//	duplication     the same                                 rate (of frames)
//	reordering      the same                                 rate (of frames); delay (the longest hold-up)
//	clock drift     a node, each satellite|station|          ppm
//	                terminal|node
//
// A node is named by its number or its name. "any" with "times a day: n" strikes
// n times a day in the whole world, each time one target drawn by lot; "each"
// strikes every target n times a day. Durations are like 90s, 2h30m, 1d, or a
// span like 20s to 60s to draw from; rates like 1e-6, 0.5% or 1 in 200.
package scenario
