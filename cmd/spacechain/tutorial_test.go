package main

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"spacechain/spaceos/sandbox"
)

// The tutorial's commands work, in order, as a newcomer types them.
func TestTutorial(t *testing.T) {
	if _, ok := sandbox.RuntimeJS(); !ok {
		t.Skip("SKIPPED: built without the JavaScript engine; run make runtime")
	}
	p := readPage(t, "tutorial.md")
	ran := 0
	for _, b := range p.blocks {
		what, address, _ := strings.Cut(strings.TrimPrefix(b.info, "sh "), " ")
		switch {
		case b.info == "sh":
			out := p.run(t, b)
			ran++
			if strings.Contains(b.text, "app call hello") && !strings.Contains(out, `"app":"hello"`) {
				t.Errorf("the answer of the call: %q", out)
			}
		case what == "process":
			spawn(t, "up", func() *exec.Cmd { return p.command("exec " + strings.TrimSpace(b.text)) })
		case what == "wait":
			listening(t, address)
		}
	}
	if ran < 6 {
		t.Fatalf("only %d blocks ran", ran)
	}
}

// listening waits until a server answers there.
func listening(t *testing.T, address string) {
	t.Helper()
	for range 600 {
		resp, err := http.Get("http://" + address + "/healthz")
		if err == nil {
			resp.Body.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("nobody listens on %s", address)
}
