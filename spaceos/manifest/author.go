package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Author is what spacechain.yaml says: a manifest without what signing fills in,
// and how to build the module. JSON is read too, being YAML.
//
//	app: org.example.fieldwatch
//	version: 1.2.0
//	summary: samples the magnetic field along the orbit
//	runtime: js@1              # or wasm@1
//	main: src/main.ts          # source, or
//	module: app.wasm           # a module that is built otherwise, or
//	build: [make, app.wasm]    # the command that builds it
//	counter: 1002001           # default: from the version, see DefaultCounter
//	memory: 16MiB              # defaults: see the constants Default...
//	storage: 256KiB
//	gas: 200M
//	messages: {per-activation: 8, per-hour: 240, bytes-per-hour: 256KiB}
//	triggers:
//	  - {name: sample, every: 60s, phase: 0s}
//	  - {name: over-alps, region: {lat: 46.5, lon: 10.0, radius: 400km}}
//	  - {name: dusk, eclipse: begins}
//	  - {name: home, pass: any, optional: true}
//	  - {name: query, message: true}
//	  - {name: first, install: true}
//	permissions:
//	  sensors: {magnetometer: 1/s, camera: 1/5min}
//	  peers: ["ipn:3000001.*"]
//	  ledger: [lease]
type Author struct {
	Manifest Manifest
	Main     string   // source file that a JavaScript bundle begins with, or a Go, Rust or C folder
	Module   string   // file of the finished module
	Build    []string // command and arguments that make Module
}

// What an author who writes no quota gets.
const (
	DefaultMemory              = 16 << 20
	DefaultStorage             = 256 << 10
	DefaultGas                 = 200_000_000
	DefaultMessages            = 8
	DefaultMessagesPerHour     = 240
	DefaultMessageBytesPerHour = 256 << 10
)

// MaxAuthored is the most bytes that an author's file may have.
const MaxAuthored = 64 << 10

// AuthorError is one thing that is wrong with an author's file, and where.
type AuthorError struct {
	Name   string // the file's name as given to ParseAuthor
	Line   int    // counted from 1; 0 where the whole file is meant
	Column int    // counted from 1
	Msg    string
}

func (e *AuthorError) Error() string {
	if e.Line == 0 {
		return e.Name + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Msg)
}

// ParseAuthor reads an author's file; name is for its error messages. The error
// joins an *AuthorError for each thing that is wrong.
func ParseAuthor(name string, b []byte) (Author, error) {
	p := &authorParser{name: name}
	if len(b) > MaxAuthored {
		return Author{}, &AuthorError{Name: name, Msg: fmt.Sprintf("%d bytes, the limit is %d", len(b), MaxAuthored)}
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return Author{}, &AuthorError{Name: name, Msg: "the file is empty; \"spacechain app init\" writes one to begin with"}
	case err != nil:
		return Author{}, &AuthorError{Name: name, Msg: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return Author{}, &AuthorError{Name: name, Msg: "more than one YAML document"}
	}
	a := p.author(doc.Content[0])
	if len(p.errs) == 0 {
		if err := a.Manifest.ValidateAuthored(); err != nil {
			p.invalid(err)
		}
	}
	if len(p.errs) > 0 {
		return Author{}, errors.Join(p.errs...)
	}
	return a, nil
}

// authorParser collects errors and remembers where fields stood.
type authorParser struct {
	name  string
	errs  []error
	where map[string]*yaml.Node
}

func (p *authorParser) fail(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, &AuthorError{p.name, n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// invalid reports a manifest that parses but breaks a limit, at its line if known.
func (p *authorParser) invalid(err error) {
	var e *Error
	if errors.As(err, &e) {
		for field := e.Field; field != ""; {
			if n := p.where[field]; n != nil {
				p.fail(n, "%s: %s", e.Field, e.Msg)
				return
			}
			field = field[:max(strings.LastIndexAny(field, ".["), 0)]
		}
	}
	p.errs = append(p.errs, &AuthorError{Name: p.name, Msg: err.Error()})
}

// fields calls the function of each key of a mapping. Keys without one are errors.
func (p *authorParser) fields(n *yaml.Node, path string, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s: want a mapping of keys to values", orFile(path))
		return
	}
	if p.where == nil {
		p.where = map[string]*yaml.Node{}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			p.fail(key, "%s is there twice", key.Value)
			continue
		}
		seen[key.Value] = true
		if value.Kind == yaml.AliasNode || value.Anchor != "" {
			p.fail(value, "%s: anchors and aliases are not allowed here", key.Value)
			continue
		}
		fn := known[key.Value]
		if fn == nil {
			p.fail(key, "unknown key %q%s", key.Value, suggest(key.Value, known))
			continue
		}
		p.where[strings.TrimPrefix(path+"."+key.Value, ".")] = value
		fn(value)
	}
}

func orFile(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// suggest names the known keys, the likely one alone if there is one.
func suggest(got string, known map[string]func(*yaml.Node)) string {
	names := make([]string, 0, len(known))
	for k := range known {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, n := range names {
		if strings.HasPrefix(n, got) || strings.HasPrefix(got, n) || editDistance(got, n) <= 2 {
			return fmt.Sprintf("; did you mean %q?", n)
		}
	}
	return "; the keys here are " + strings.Join(names, ", ")
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
