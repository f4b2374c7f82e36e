package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// ErrNoToolchain is in the chain of the error of a build whose compiler is not
// on this machine, or cannot make WebAssembly.
var ErrNoToolchain = errors.New("no toolchain")

// toolchainError wraps ErrNoToolchain with what to install.
type toolchainError struct{ lang, what, hint string }

func (e *toolchainError) Error() string {
	return fmt.Sprintf("build %s: %s; %s", e.lang, e.what, e.hint)
}
func (e *toolchainError) Unwrap() error { return ErrNoToolchain }

// tool is one run of a compiler in an app's folder.
type tool struct {
	op   string
	dir  string
	env  []string // added to the environment
	name string
	args []string
}

// run starts the compiler and waits for it. A non-zero exit is an *Error with
// the compiler's diagnostics.
func (t tool) run(ctx context.Context) (output string, err error) {
	cmd := exec.CommandContext(ctx, t.name, t.args...)
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), t.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if err == nil {
		return out.String(), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%s %s: %w", t.op, t.dir, err)
	}
	if ctx.Err() != nil {
		return out.String(), fmt.Errorf("%s %s: %w", t.op, t.dir, ctx.Err())
	}
	e := &Error{Op: t.op, Dir: t.dir}
	if list, ok := parseDiagnostics(out.String(), t.dir); ok {
		e.Diagnostics = list
	} else {
		e.Output = out.String()
		if e.Output == "" {
			e.Output = err.Error()
		}
	}
	return out.String(), e
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// hint adds what to do to a compiler's error that contains a phrase.
func hint(err error, phrase, what string) error {
	var e *Error
	if errors.As(err, &e) && e.Hint == "" && strings.Contains(e.Error(), phrase) {
		e.Hint = what
	}
	return err
}
