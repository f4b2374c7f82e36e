package apptest

import (
	"fmt"
	"time"

	"spacechain/astro/elements"
	"spacechain/spaceos/build"
	"spacechain/spaceos/manifest"
)

// Epoch is the element epoch of the default satellite, and the time at which a
// test on it begins unless told otherwise.
var Epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// DefaultSatellite is the first satellite of the default constellation.
func DefaultSatellite() elements.Set { return elements.DefaultWalker(Epoch).Sets()[0] }

// Options say what to run, and where. Manifest and Module are required.
type Options struct {
	// Manifest is the author's; publisher, module digest and size are filled in.
	Manifest manifest.Manifest
	Module   []byte
	// SourceMap, of a JavaScript bundle, makes stacks point to the sources; nil leaves
	// them as they are.
	SourceMap *build.SourceMap

	Satellite elements.Set // default DefaultSatellite
	Start     time.Time    // default the satellite's element epoch
	Seed      uint64       // of the sensors' noise

	// Triggers names the triggers to fire; default all but those that wait for a
	// message, which Calls fire.
	Triggers []string
	// Activations is how often each trigger fires; default once.
	Activations int
	// Calls are payloads that the owner calls the app with, after all triggers fired.
	Calls [][]byte
	// Horizon is the simulated time within which a trigger must fire; default 48 h.
	Horizon time.Duration

	// Interpreter runs the app without compiling it, as 32-bit ARM must. Gas is the
	// same.
	Interpreter bool
	// Cache is a folder that keeps compiled code between tests; "" compiles anew. It
	// must belong to the user alone.
	Cache string
}

func (o Options) withDefaults() Options {
	if o.Satellite.NoradID == 0 {
		o.Satellite = DefaultSatellite()
	}
	if o.Start.IsZero() {
		o.Start = o.Satellite.Epoch
	}
	o.Start = o.Start.UTC().Truncate(time.Millisecond)
	if o.Activations <= 0 {
		o.Activations = 1
	}
	if o.Horizon <= 0 {
		o.Horizon = 48 * time.Hour
	}
	return o
}

// chosen gives the triggers to fire, in the order in which they are fired: install
// first, and then as in the manifest.
func (o *Options) chosen() ([]manifest.Trigger, error) {
	var first, rest []manifest.Trigger
	named := map[string]bool{}
	for _, name := range o.Triggers {
		if _, ok := o.Manifest.Trigger(name); !ok {
			return nil, fmt.Errorf("test %s: no trigger %q; there are %s", o.Manifest.App, name, triggerNames(&o.Manifest))
		}
		named[name] = true
	}
	for _, t := range o.Manifest.Triggers {
		switch {
		case len(named) > 0 && !named[t.Name], t.Kind == manifest.Message:
		case t.Kind == manifest.Install:
			first = append(first, t)
		default:
			rest = append(rest, t)
		}
	}
	return append(first, rest...), nil
}

func triggerNames(m *manifest.Manifest) string {
	text := ""
	for i, t := range m.Triggers {
		if i > 0 {
			text += ", "
		}
		text += t.Name
	}
	if text == "" {
		text = "none"
	}
	return text
}
