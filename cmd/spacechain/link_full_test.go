package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// fullDisk takes nothing.
type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// Tables that cannot be written are an error, not a success without a table.
func TestFullDiskIsTold(t *testing.T) {
	for _, line := range []string{"link budget ttc-up", "link budget ttc-up --json", "link ber", "link ber bpsk --to 0"} {
		var told strings.Builder
		code := run(t.Context(), strings.Fields(line), strings.NewReader(""), io.Writer(fullDisk{}), &told)
		if code != exitFailed || !strings.Contains(told.String(), errFull.Error()) {
			t.Errorf("%s onto a full disk ended with %d, saying %q", line, code, told.String())
		}
	}
}
