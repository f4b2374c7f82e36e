package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// stopper stops the work once something has been written.
type stopper struct {
	bytes.Buffer
	stop context.CancelFunc
}

func (s *stopper) Write(b []byte) (int, error) {
	s.stop()
	return s.Buffer.Write(b)
}

// Interrupted, link ber prints and draws what has been measured, and ends at once.
func TestBERInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &stopper{stop: stop}
	picture := filepath.Join(t.TempDir(), "curve.svg")
	var stderr bytes.Buffer
	code := run(ctx, []string{"link", "ber", "bpsk", "--from", "4", "--to", "12", "--bits", "1000000000000", "--json", "--plot", picture},
		strings.NewReader(""), out, &stderr)
	if code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	if !strings.HasPrefix(out.String(), `{"curve":"bpsk","ebn0_db":4,`) {
		t.Errorf("printed %q", out.String())
	}
	if fig := readPicture(t, picture); len(fig.Series) != 2 || len(fig.Series[1].X) == 0 || fig.Series[1].X[0] != 4 {
		t.Errorf("drawn: %+v", fig)
	}
}

// Points come in order, and the same, however many are measured at once.
func TestBEROrder(t *testing.T) {
	line := []string{"link", "ber", "dbpsk", "bpsk", "--from", "2", "--to", "5", "--errors", "10", "--bits", "40000"}
	var first bytes.Buffer
	for i := range 3 {
		var out bytes.Buffer
		if code := run(t.Context(), line, strings.NewReader(""), &out, io.Discard); code != exitDone {
			t.Fatalf("exit code %d", code)
		}
		if i == 0 {
			first = out
			if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 9 || !strings.HasPrefix(lines[1], "dbpsk ") || !strings.HasPrefix(lines[5], "bpsk ") {
				t.Errorf("printed\n%s", out.String())
			}
		} else if out.String() != first.String() {
			t.Errorf("printed\n%s\nand\n%s", first.String(), out.String())
		}
	}
}
