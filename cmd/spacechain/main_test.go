package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"spacechain/spaceos/sandbox"
)

// TestMain lets the test binary stand in for the program: tests and scripts that
// run "spacechain" get this build of it, as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"spacechain": main})
}

// TestScripts runs the command lines in testdata/script and holds what they print
// against what the scripts expect.
func TestScripts(t *testing.T) {
	cache := t.TempDir() // of compiled modules, for all scripts
	chain := ledgerFiles(t)
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("CHAIN", chain)
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOFLAGS"} { // for apps in Go
				out, err := exec.Command("go", "env", name).Output()
				if err != nil {
					return fmt.Errorf("go env %s: %w", name, err)
				}
				env.Setenv(name, strings.TrimSpace(string(out)))
			}
			return os.Mkdir(home, 0o700)
		},
		Condition: func(cond string) (bool, error) {
			if cond != "engine" {
				return false, fmt.Errorf("no condition %q", cond)
			}
			_, ok := sandbox.RuntimeJS()
			return ok, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": scriptExit, "json": scriptJSON, "port": scriptPort, "await": scriptAwait,
		},
	})
}

// needEngine skips a test of JavaScript apps in a build without their engine.
func needEngine(t *testing.T) {
	t.Helper()
	if _, ok := sandbox.RuntimeJS(); !ok {
		t.Skip("built without the JavaScript engine; run make runtime")
	}
}

// scriptExit is "exit CODE COMMAND…": the command ends with exactly this code.
func scriptExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var e *exec.ExitError
		if !errors.As(err, &e) {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// scriptJSON is "json": the last command printed one JSON document and nothing else.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: json")
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var v any
	if err := d.Decode(&v); err != nil {
		ts.Fatalf("stdout is no JSON document: %v", err)
	}
	if err := d.Decode(&v); !errors.Is(err, io.EOF) {
		ts.Fatalf("stdout has more than one JSON document (%v)", err)
	}
}

// scriptPort is "port NAME": the variable gets a TCP port that nobody listens on.
func scriptPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: port NAME")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer ln.Close()
	ts.Setenv(args[0], strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
}

// scriptAwait is "await URL": the address answers.
func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await URL")
	}
	if err := awaitURL(args[0]); err != nil {
		ts.Fatalf("%v", err)
	}
}

// awaitURL waits until an address answers with success.
func awaitURL(url string) error {
	var err error
	for range 1200 {
		var resp *http.Response
		if resp, err = http.Get(url); err == nil { //nolint:noctx // a test's own server
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s does not answer: %w", url, err)
}
