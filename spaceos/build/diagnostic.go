package build

import (
	"bufio"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Diagnostic is one thing that a compiler said about one place.
type Diagnostic struct {
	File   string `json:"file,omitempty"`   // relative to the app's folder
	Line   int    `json:"line,omitempty"`   // from 1; 0 where the place is unknown
	Column int    `json:"column,omitempty"` // from 1; 0 where the place is unknown
	Text   string `json:"text"`
	Source string `json:"source,omitempty"` // the line of source, where it is known
	Hint   string `json:"hint,omitempty"`   // what to do about it
}

// String gives "file:line:column: text", and the source line and the hint below it.
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File)
		if d.Line > 0 {
			fmt.Fprintf(&b, ":%d", d.Line)
			if d.Column > 0 {
				fmt.Fprintf(&b, ":%d", d.Column)
			}
		}
		b.WriteString(": ")
	}
	b.WriteString(d.Text)
	if d.Source != "" {
		fmt.Fprintf(&b, "\n    %s", strings.TrimRight(d.Source, " \t"))
		if d.Column > 0 {
			pad := strings.Map(func(r rune) rune {
				if r == '\t' {
					return r
				}
				return ' '
			}, cut(d.Source, d.Column-1))
			fmt.Fprintf(&b, "\n    %s^", pad)
		}
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "\n  %s", d.Hint)
	}
	return b.String()
}

func cut(s string, n int) string {
	if n > len(s) {
		n = len(s)
	}
	return s[:n]
}

// Error is a build that did not succeed: what the compiler said, and what the
// author can do next.
type Error struct {
	Op          string // what was tried, such as "bundle" or "compile go"
	Dir         string // the app's folder
	Diagnostics []Diagnostic
	Output      string // the compiler's own words, where they could not be taken apart
	Hint        string
}

// Error gives every diagnostic on its own lines.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Op, e.Dir)
	if n := len(e.Diagnostics); n > 1 {
		fmt.Fprintf(&b, ": %d errors", n)
	}
	for _, d := range e.Diagnostics {
		if len(e.Diagnostics) == 1 {
			fmt.Fprintf(&b, ": %s", d)
		} else {
			fmt.Fprintf(&b, "\n%s", d)
		}
	}
	if e.Output != "" {
		fmt.Fprintf(&b, ":\n%s", strings.TrimRight(e.Output, "\n"))
	}
	if e.Hint != "" {
		sep := "\n"
		if len(e.Diagnostics) == 0 && e.Output == "" {
			sep = ": "
		}
		b.WriteString(sep + e.Hint)
	}
	return b.String()
}

// placed matches "file:line:column: text" and "file:line: text", the form that
// go, clang and rustc (with --error-format=short) share.
var placed = regexp.MustCompile(`^(.+?):(\d+)(?::(\d+))?: (.+)$`)

// parseDiagnostics reads compiler output in the common form. Lines in any other
// form are left out; ok is false where nothing could be read.
func parseDiagnostics(out, dir string) (list []Diagnostic, ok bool) {
	sc := bufio.NewScanner(strings.NewReader(out))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		m := placed.FindStringSubmatch(sc.Text())
		if m == nil {
			continue
		}
		text := m[4]
		if strings.HasPrefix(text, "warning") || strings.HasPrefix(text, "note:") {
			continue
		}
		text = strings.TrimPrefix(strings.TrimPrefix(text, "fatal error: "), "error: ")
		line, _ := strconv.Atoi(m[2])
		col, _ := strconv.Atoi(m[3])
		list = append(list, Diagnostic{File: relative(dir, m[1]), Line: line, Column: col, Text: text})
	}
	return list, len(list) > 0
}

func relative(dir, file string) string {
	if !filepath.IsAbs(file) {
		return filepath.ToSlash(filepath.Clean(file))
	}
	if rel, err := filepath.Rel(dir, file); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return file
}
