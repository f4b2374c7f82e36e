package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// maxFile bounds a scenario file, bytes, and maxFaults its entries.
const (
	maxFile   = 1 << 20
	maxFaults = 1000
)

// Error is a fault in a scenario file or between it and the world.
type Error struct {
	Line int // in the file, 1 is the first; 0 if it is about the file as a whole
	Msg  string
}

// Error renders the message with its line.
func (e *Error) Error() string {
	if e.Line == 0 {
		return "scenario: " + e.Msg
	}
	return fmt.Sprintf("scenario line %d: %s", e.Line, e.Msg)
}

func errorAt(n *yaml.Node, format string, args ...any) *Error {
	return &Error{Line: n.Line, Msg: fmt.Sprintf(format, args...)}
}

// Parse reads a scenario file. Errors are of type [*Error].
func Parse(r io.Reader) (*Scenario, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, &Error{Msg: "read file: " + err.Error()}
	}
	if len(text) > maxFile {
		return nil, &Error{Msg: fmt.Sprintf("file is longer than %d bytes", maxFile)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &Error{Msg: `file is empty; it needs "faults:"`}
		}
		return nil, &Error{Msg: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Error{Line: more.Line, Msg: "a second document begins; write one scenario a file"}
	}
	return parseScenario(document.Content[0])
}

func parseScenario(root *yaml.Node) (*Scenario, error) {
	s := &Scenario{}
	var faults *yaml.Node
	err := eachField(root, func(key string, k, v *yaml.Node) error {
		var err error
		switch key {
		case "name":
			s.Name, err = scalar(v)
		case "about":
			s.About, err = scalar(v)
		case "faults":
			faults = v
		default:
			err = errorAt(k, "unknown word %q; a scenario has name, about and faults", key)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if faults == nil {
		return nil, errorAt(root, `"faults:" is missing; write "faults: []" for none`)
	}
	if faults.Kind != yaml.SequenceNode {
		return nil, errorAt(faults, `"faults:" must be a list, each entry beginning with "- "`)
	}
	if len(faults.Content) > maxFaults {
		return nil, errorAt(faults, "%d faults; %d are the most", len(faults.Content), maxFaults)
	}
	for _, entry := range faults.Content {
		f, err := parseFault(entry)
		if err != nil {
			return nil, err
		}
		s.Faults = append(s.Faults, f)
	}
	return s, nil
}

// parseFault reads one entry; its kind is the key that names a fault.
func parseFault(entry *yaml.Node) (Fault, error) {
	f := Fault{Line: entry.Line}
	seen := map[string]*yaml.Node{}
	var target *yaml.Node
	err := eachField(entry, func(key string, k, v *yaml.Node) error {
		if _, isKind := rules[Kind(key)]; isKind {
			if f.Kind != "" {
				return errorAt(k, "%q and %q in one entry; write two", f.Kind, key)
			}
			f.Kind, target = Kind(key), v
			return nil
		}
		seen[key] = k
		return f.field(key, k, v)
	})
	if err != nil {
		return f, err
	}
	if f.Kind == "" {
		return f, errorAt(entry, "no fault is named; begin with one of %s", kindList())
	}
	r := rules[f.Kind]
	if f.Target, err = r.parseTarget(f.Kind, target); err != nil {
		return f, err
	}
	return f, r.check(&f, entry, seen)
}

// field reads one of the fields that are not the fault itself.
func (f *Fault) field(key string, k, v *yaml.Node) error {
	text, err := scalar(v)
	if err != nil {
		return err
	}
	switch key {
	case "at":
		f.At, err = parseDuration(text)
	case "for":
		f.For, err = parseSpan(text)
	case "times a day":
		f.PerDay, err = parseTimes(text)
	case "rate":
		f.Rate, err = parseRate(text)
	case "delay":
		f.Delay, err = parseDuration(strings.TrimSpace(strings.TrimPrefix(text, "up to ")))
	case "ppm":
		f.PPM, err = parsePPM(text)
	default:
		return errorAt(k, "unknown word %q; a fault is one of %s, and has at, for, times a day, rate, delay or ppm", key, kindList())
	}
	if err != nil {
		return errorAt(v, "%s: %v", key, err)
	}
	return nil
}

// parseTarget reads what a fault strikes.
func (r rule) parseTarget(kind Kind, n *yaml.Node) (Target, error) {
	if n.Kind == yaml.SequenceNode {
		if !r.pair || len(n.Content) != 2 {
			return Target{}, errorAt(n, "%s: a list does not name its target; %s", kind, r.wanted())
		}
		t := Target{Class: Link}
		for _, end := range n.Content {
			name, err := scalar(end)
			if err != nil {
				return Target{}, err
			}
			t.Names = append(t.Names, name)
		}
		return t, nil
	}
	text, err := scalar(n)
	if err != nil {
		return Target{}, err
	}
	for scope, word := range map[Scope]string{Any: "any ", Each: "each "} {
		class, found := strings.CutPrefix(text, word)
		if !found {
			continue
		}
		if scope == Any && !r.any || !slices.Contains(r.classes, Class(class)) {
			return Target{}, errorAt(n, "%s: %q is no target of it; %s", kind, text, r.wanted())
		}
		return Target{Scope: scope, Class: Class(class)}, nil
	}
	if !r.node || text == "" {
		return Target{}, errorAt(n, "%s: %q is no target of it; %s", kind, text, r.wanted())
	}
	return Target{Class: Node, Names: []string{text}}, nil
}

// wanted says in words what targets a kind takes.
func (r rule) wanted() string {
	var ways []string
	if r.pair {
		ways = append(ways, "[one end, other end]")
	}
	if r.node {
		ways = append(ways, "a node's name or number")
	}
	for _, c := range r.classes {
		if r.any {
			ways = append(ways, "any "+string(c))
		}
		ways = append(ways, "each "+string(c))
	}
	return "write " + strings.Join(ways, " or ")
}

// check holds an entry against its kind's grammar.
func (r rule) check(f *Fault, entry *yaml.Node, seen map[string]*yaml.Node) error {
	allowed := map[string]bool{"rate": r.rate, "delay": r.delay, "ppm": r.ppm,
		"times a day": r.timed, "at": r.timed || r.rate, "for": r.timed || r.rate}
	for _, key := range sortedKeys(seen) {
		if !allowed[key] {
			return errorAt(seen[key], "%s has no %q", f.Kind, key)
		}
	}
	for _, key := range []string{"rate", "delay", "ppm"} {
		if allowed[key] && seen[key] == nil {
			return errorAt(entry, "%s needs %q", f.Kind, key)
		}
	}
	if r.timed && (seen["at"] == nil) == (seen["times a day"] == nil) {
		return errorAt(entry, `%s needs either "at" or "times a day"`, f.Kind)
	}
	if r.length && f.For.Max == 0 {
		return errorAt(entry, `%s needs "for", how long it lasts`, f.Kind)
	}
	if r.timed && f.Target.Scope == Any && f.PerDay == 0 {
		return errorAt(entry, `"any" is drawn by lot and needs "times a day"; write "each", or name one`)
	}
	if f.PerDay > 0 && f.For.Max > 24*time.Hour {
		return errorAt(seen["for"], `"for" of a random fault is at most 1d`)
	}
	if r.rate && f.For.Max != f.For.Min {
		return errorAt(seen["for"], `"for" of a rate is one duration, not a span`)
	}
	return nil
}

// eachField walks a mapping, and refuses anything else and repeated keys.
func eachField(n *yaml.Node, visit func(key string, k, v *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return errorAt(n, `expected lines of "word: value" here`)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := scalar(n.Content[i])
		if err != nil {
			return err
		}
		if seen[key] {
			return errorAt(n.Content[i], "%q is written twice", key)
		}
		seen[key] = true
		if err := visit(key, n.Content[i], n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// scalar gives a plain value's text.
func scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", errorAt(n, "expected a single value here")
	}
	return strings.TrimSpace(n.Value), nil
}

func kindList() string {
	var names []string
	for k := range rules {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func sortedKeys(m map[string]*yaml.Node) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
