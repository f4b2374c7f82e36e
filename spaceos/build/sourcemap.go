package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// SourceMap leads from a place in a minified bundle back to the author's source
// (ECMA-426). Bundles travel without it; an exception that came home from orbit is
// made readable on the ground.
type SourceMap struct {
	sources []string
	names   []string
	lines   [][]segment
}

// segment says where the text from a column on came from. Counts begin at 0.
type segment struct{ column, source, line, sourceColumn, name int }

// ParseSourceMap reads a source map, version 3.
func ParseSourceMap(b []byte) (*SourceMap, error) {
	var raw struct {
		Version  int      `json:"version"`
		Sources  []string `json:"sources"`
		Names    []string `json:"names"`
		Mappings string   `json:"mappings"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("source map: %w", err)
	}
	if raw.Version != 3 {
		return nil, fmt.Errorf("source map: version %d, want 3", raw.Version)
	}
	m := &SourceMap{sources: raw.Sources, names: raw.Names}
	var source, line, column, name int
	for i, text := range strings.Split(raw.Mappings, ";") {
		var segs []segment
		at := 0
		for _, s := range strings.Split(text, ",") {
			if s == "" {
				continue
			}
			v, err := decodeVLQ(s)
			if err != nil {
				return nil, fmt.Errorf("source map: line %d: %w", i+1, err)
			}
			at += v[0]
			if len(v) < 4 {
				continue
			}
			source, line, column = source+v[1], line+v[2], column+v[3]
			seg := segment{at, source, line, column, -1}
			if len(v) == 5 {
				name += v[4]
				seg.name = name
			}
			if at < 0 || source < 0 || source >= len(raw.Sources) || line < 0 || column < 0 || seg.name >= len(raw.Names) {
				return nil, fmt.Errorf("source map: line %d: a mapping leads outside", i+1)
			}
			segs = append(segs, seg)
		}
		slices.SortStableFunc(segs, func(a, b segment) int { return a.column - b.column })
		m.lines = append(m.lines, segs)
	}
	return m, nil
}

const vlqDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeVLQ reads one segment: 1, 4 or 5 numbers in base-64 variable-length form.
func decodeVLQ(s string) ([]int, error) {
	var out []int
	value, shift := 0, 0
	for _, c := range []byte(s) {
		d := strings.IndexByte(vlqDigits, c)
		if d < 0 || shift > 30 {
			return nil, fmt.Errorf("mapping %q is malformed", s)
		}
		value |= (d & 31) << shift
		if d&32 != 0 {
			shift += 5
			continue
		}
		if value&1 != 0 {
			value = -(value >> 1)
		} else {
			value >>= 1
		}
		out = append(out, value)
		value, shift = 0, 0
	}
	if n := len(out); shift != 0 || n != 1 && n != 4 && n != 5 {
		return nil, errors.New("mapping " + strconv.Quote(s) + " is malformed")
	}
	return out, nil
}

// Locate gives the source of a place in the bundle. All counts begin at 1.
func (m *SourceMap) Locate(line, column int) (file string, sourceLine, sourceColumn int, ok bool) {
	if line < 1 || line > len(m.lines) || column < 1 {
		return "", 0, 0, false
	}
	segs := m.lines[line-1]
	i := sort.Search(len(segs), func(i int) bool { return segs[i].column > column-1 }) - 1
	if i < 0 {
		return "", 0, 0, false
	}
	s := segs[i]
	return m.sources[s.source], s.line + 1, s.sourceColumn + 1, true
}

// frame matches the place in a line of a JavaScript stack: "(app.js:1:812)",
// "at app.js:1:812".
var frame = regexp.MustCompile(`([A-Za-z0-9_.<>-]+):(\d+):(\d+)`)

// Rewrite replaces the places of a stack in the bundle by those in the sources.
func (m *SourceMap) Rewrite(text string) string {
	return frame.ReplaceAllStringFunc(text, func(place string) string {
		p := frame.FindStringSubmatch(place)
		line, _ := strconv.Atoi(p[2])
		column, _ := strconv.Atoi(p[3])
		file, l, c, ok := m.Locate(line, column)
		if !ok {
			return place
		}
		return fmt.Sprintf("%s:%d:%d", file, l, c)
	})
}
