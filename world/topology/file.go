package topology

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"spacechain/astro/visibility"
)

// maxFile bounds a places file, bytes.
const maxFile = 1 << 20

// FileError is a fault in a places file.
type FileError struct {
	Line int // 1 is the first; 0 if it is about the file as a whole
	Msg  string
}

// Error renders the message with its line.
func (e *FileError) Error() string {
	if e.Line == 0 {
		return "places file: " + e.Msg
	}
	return fmt.Sprintf("places file line %d: %s", e.Line, e.Msg)
}

// Places is what a file says of the ground.
type Places struct {
	Stations  []Station
	Terminals []Terminal
}

// ParsePlaces reads stations and terminals from YAML. It is strict: unknown words
// and values out of range are errors of type [*FileError] with their line.
//
//	stations:
//	  - name: Svalbard
//	    lat: 78.230          # degrees, north positive
//	    lon: 15.398          # degrees, east positive
//	    altitude km: 0.46    # may be left out: 0
//	    min elevation: 5     # degrees; may be left out: the world's default
//	    mask: [[0, 3], [90, 12], [180, 2]]   # azimuth and elevation, degrees; may be left out
//	terminals:
//	  - name: Office
//	    lat: 52.52
//	    lon: 13.40
//	    core: true           # joined to the core network
//	  - name: Buoy
//	    lat: -40
//	    lon: 100
//	    radio: true          # talks to satellites itself
func ParsePlaces(r io.Reader) (Places, error) {
	var p Places
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return p, &FileError{Msg: "read file: " + err.Error()}
	}
	if len(text) > maxFile {
		return p, &FileError{Msg: fmt.Sprintf("file is longer than %d bytes", maxFile)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return p, &FileError{Msg: `file is empty; it needs "stations:"`}
		}
		return p, &FileError{Msg: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return p, &FileError{Line: more.Line, Msg: "a second document begins; write one"}
	}
	named := map[string]bool{}
	entry := func(n *yaml.Node, isTerminal bool) (entry, error) {
		e, err := parseEntry(n, isTerminal)
		switch {
		case err != nil:
		case named[e.Name]:
			err = fileError(n, "%q is there already; names tell places apart", e.Name)
		case len(named) == maxPlaces:
			err = fileError(n, "more than %d stations and terminals", maxPlaces)
		}
		named[e.Name] = true
		return e, err
	}
	err = fields(document.Content[0], func(key string, k, v *yaml.Node) error {
		switch key {
		case "stations":
			p.Stations = []Station{} // an empty list means none, not the built-in ones
			return list(v, func(n *yaml.Node) error {
				e, err := entry(n, false)
				if err != nil {
					return err
				}
				p.Stations = append(p.Stations, Station{Name: e.Name, Place: e.Place, MinElevationDeg: e.MinElevationDeg, Mask: e.mask})
				return nil
			})
		case "terminals":
			return list(v, func(n *yaml.Node) error {
				e, err := entry(n, true)
				if err != nil {
					return err
				}
				p.Terminals = append(p.Terminals, e.Terminal)
				return nil
			})
		}
		return fileError(k, "unknown word %q; a places file has stations and terminals", key)
	})
	return p, err
}

// Bounds of a places file. All places of the core network are joined with each other, so
// their links grow with the square.
const (
	maxPlaces    = 250
	maxPlaceName = 64
)

// entry is a station or terminal as the file has it.
type entry struct {
	Terminal
	mask visibility.Mask
}

func parseEntry(n *yaml.Node, isTerminal bool) (entry, error) {
	e := entry{}
	seen := map[string]bool{}
	err := fields(n, func(key string, k, v *yaml.Node) (err error) {
		seen[key] = true
		switch {
		case key == "name":
			e.Name, err = text(v)
		case key == "lat":
			e.Place.LatDeg, err = number(v)
		case key == "lon":
			e.Place.LonDeg, err = number(v)
		case key == "altitude km":
			e.Place.AltKm, err = number(v)
		case key == "min elevation":
			e.MinElevationDeg, err = number(v)
		case key == "mask" && !isTerminal:
			e.mask, err = parseMask(v)
		case key == "core" && isTerminal:
			e.Core, err = truth(v)
		case key == "radio" && isTerminal:
			e.Radio, err = truth(v)
		default:
			words := "name, lat, lon, altitude km, min elevation, mask"
			if isTerminal {
				words = "name, lat, lon, altitude km, min elevation, core, radio"
			}
			return fileError(k, "unknown word %q; a place has %s", key, words)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	for _, key := range []string{"name", "lat", "lon"} {
		if !seen[key] {
			return e, fileError(n, "%q is missing", key)
		}
	}
	if e.Name == "" || len(e.Name) > maxPlaceName || strings.ContainsFunc(e.Name, unicode.IsControl) {
		return e, fileError(n, "name %q: want 1 to %d bytes without control characters", e.Name, maxPlaceName)
	}
	if isTerminal && !e.Core && !e.Radio {
		return e, fileError(n, `terminal %q has no way to talk; give it "core: true" or "radio: true"`, e.Name)
	}
	if err := checkPlace("place", e.Name, e.Place, e.MinElevationDeg); err != nil {
		return e, fileError(n, "%v", err)
	}
	return e, nil
}

func parseMask(v *yaml.Node) (visibility.Mask, error) {
	var mask visibility.Mask
	err := list(v, func(n *yaml.Node) error {
		var corner []float64
		err := list(n, func(n *yaml.Node) error {
			x, err := number(n)
			corner = append(corner, x)
			return err
		})
		if err != nil {
			return err
		}
		if len(corner) != 2 {
			return fileError(n, "a corner of a mask is a pair [azimuth, elevation]")
		}
		mask = append(mask, visibility.MaskPoint{AzimuthDeg: corner[0], ElevationDeg: corner[1]})
		if err := mask.Validate(); err != nil {
			return fileError(n, "%v", err)
		}
		return nil
	})
	return mask, err
}

func fileError(n *yaml.Node, format string, args ...any) *FileError {
	return &FileError{Line: n.Line, Msg: fmt.Sprintf(format, args...)}
}

// fields walks a mapping, and refuses anything else and repeated keys.
func fields(n *yaml.Node, visit func(key string, k, v *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return fileError(n, `expected lines of "word: value" here`)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := text(n.Content[i])
		if err != nil {
			return err
		}
		if seen[key] {
			return fileError(n.Content[i], "%q is written twice", key)
		}
		seen[key] = true
		if err := visit(key, n.Content[i], n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// list walks a sequence, and refuses anything else.
func list(n *yaml.Node, visit func(*yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode {
		return fileError(n, "expected a list here")
	}
	for _, item := range n.Content {
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}

func text(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
		return "", fileError(n, "expected a single value here")
	}
	return strings.TrimSpace(n.Value), nil
}

func number(n *yaml.Node) (float64, error) {
	s, err := text(n)
	if err != nil {
		return 0, err
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fileError(n, "%q is not a number", s)
	}
	return x, nil
}

func truth(n *yaml.Node) (bool, error) {
	s, err := text(n)
	if err != nil {
		return false, err
	}
	if s != "true" && s != "false" {
		return false, fileError(n, "%q is neither true nor false", s)
	}
	return s == "true", nil
}
