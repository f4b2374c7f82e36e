package main

import (
	"strings"
	"testing"
)

// The page about scenarios and places is true: its files are taken, and one seed
// gives one history.
func TestScenariosPage(t *testing.T) {
	p := readPage(t, "scenarios.md")
	p.write(t)
	ran := 0
	for _, b := range p.blocks {
		if b.info != "sh" {
			continue
		}
		ran++
		if out := p.run(t, b); strings.Count(out, "digest") != 2 {
			t.Errorf("the runs printed %q", out)
		}
	}
	if ran != 1 {
		t.Fatalf("%d blocks ran, want 1", ran)
	}
}
