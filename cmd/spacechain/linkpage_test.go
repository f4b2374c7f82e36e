package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/receive"
)

// The page about the space link is true: its commands run, and it lists every receiver and every
// shared recording.
func TestLinkPage(t *testing.T) {
	p := readPage(t, "link.md")
	ran := 0
	for _, b := range p.blocks {
		if b.info != "sh" {
			continue
		}
		ran++
		if out := p.run(t, b); !strings.Contains(out, "N0CALL-1 > CQ") {
			t.Errorf("the commands printed %q", out)
		}
	}
	if ran != 1 {
		t.Errorf("%d blocks ran, want 1", ran)
	}
	for _, c := range receive.Combinations() {
		if !strings.Contains(p.text, "`"+c.Modem+"`") || !strings.Contains(p.text, "`"+c.Framing+"`") {
			t.Errorf("the page does not know %v", c)
		}
	}
	entries, err := os.ReadDir(vectors.Path(t, "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name, isWAV := strings.CutSuffix(e.Name(), ".wav")
		if isWAV && !regexp.MustCompile(`\b`+name+`\b`).MatchString(p.text) {
			t.Errorf("the page does not say what became of %s", e.Name())
		}
	}
}
