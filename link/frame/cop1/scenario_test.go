package cop1

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scenario is one event of a table told in words: see testdata.
type scenario struct {
	file  string
	line  int
	event string
	when  string
	where []string
	cells map[int]scenarioCell // by state number
}

type scenarioCell struct {
	line       int
	impossible bool
	actions    []string
	next       int
}

func (s *scenario) at(line int) string { return fmt.Sprintf("%s:%d", s.file, line) }

// scenarios reads the files that match.
func scenarios(t *testing.T, pattern string) []scenario {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios match %s: %v", pattern, err)
	}
	var all []scenario
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s *scenario
		for i, l := range strings.Split(string(text), "\n") {
			word, rest, _ := strings.Cut(l, " ")
			switch word {
			case "event":
				name, _, _ := strings.Cut(rest, ":")
				all = append(all, scenario{file: file, line: i + 1, event: name, cells: map[int]scenarioCell{}})
				s = &all[len(all)-1]
			case "when":
				s.when = rest
			case "where":
				s.where = strings.Split(rest, ", ")
			case "in":
				state, c := cellOf(t, fmt.Sprintf("%s:%d", file, i+1), rest)
				c.line = i + 1
				s.cells[state] = c
			case "", "#":
			default:
				t.Fatalf("%s:%d: %q", file, i+1, l)
			}
		}
	}
	return all
}

// cellOf reads "S2 retransmit without wait: this, that; go to S3".
func cellOf(t *testing.T, at, text string) (state int, c scenarioCell) {
	t.Helper()
	where, what, ok := strings.Cut(text, ": ")
	if _, err := fmt.Sscanf(where, "S%d", &state); !ok || err != nil {
		t.Fatalf("%s: %q", at, text)
	}
	if what == "cannot happen" {
		return state, scenarioCell{impossible: true}
	}
	actions, to, ok := strings.Cut(what, "; ")
	c.actions = strings.Split(actions, ", ")
	to = strings.TrimPrefix(strings.TrimPrefix(to, "stay in "), "go to ")
	if _, err := fmt.Sscanf(to, "S%d", &c.next); !ok || err != nil {
		t.Fatalf("%s: %q", at, text)
	}
	return state, c
}

// scan reads numbers out of a phrase by a format as fmt.Sscanf has it, and reports whether
// all of the phrase fits.
func scan(phrase, format string, args ...any) bool {
	n, err := fmt.Sscanf(phrase+"\n", format+"\n", args...)
	return err == nil && n == len(args)
}
