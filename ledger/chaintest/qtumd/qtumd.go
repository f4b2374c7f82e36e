// Package qtumd runs Qtum Core beside a test, as a second opinion: the program that the
// environment variable SPACECHAIN_QTUMD names, on regtest, on loopback, with a data folder
// of its own. Tests that need it are skipped, loudly, where the variable is not set.
package qtumd

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"spacechain/clock"
)

// GenesisTime is when regtest began, in seconds since 1970.
const GenesisTime = 1504695029

// patience is how many tenths of a second a node has to answer at first, and to end.
const patience = 600

// Node is a running Qtum Core.
type Node struct {
	// Dir is its data folder, which goes with the test.
	Dir string

	url, auth string
}

// Program gives the program that is to be run, "" for none.
func Program() string { return os.Getenv("SPACECHAIN_QTUMD") }

// Start starts a node whose clock stands at now, in seconds since 1970, with options such as
// "-londonheight=600", and ends it with the test.
func Start(t testing.TB, now int64, options ...string) *Node {
	t.Helper()
	program := Program()
	if program == "" {
		t.Skip("SKIPPED: SPACECHAIN_QTUMD names no qtumd to compare with")
	}
	n := &Node{Dir: t.TempDir()}
	port := freePort(t)
	cmd := exec.Command(program, append([]string{"-mocktime=" + strconv.FormatInt(now, 10),
		"-regtest", "-server", "-listen=0", "-connect=0", "-dnsseed=0", "-fixedseeds=0",
		"-datadir=" + n.Dir, "-rpcport=" + port, "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1",
		"-staking=0", "-disablewallet", "-dbcache=64", "-logevents", "-printtoconsole=0",
	}, options...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	n.url = "http://127.0.0.1:" + port
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		if n.Call(nil, "stop") != nil {
			_ = cmd.Process.Kill()
		}
		select {
		case <-exited:
		case <-after(patience * time.Second / 10):
			_ = cmd.Process.Kill()
			<-exited
		}
	})
	for range patience {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("%s %v ended: %v\n%s", program, options, err, out.String())
		case <-after(time.Second / 10):
		}
		cookie, err := os.ReadFile(filepath.Join(n.Dir, "regtest", ".cookie"))
		if err != nil {
			continue
		}
		n.auth = "Basic " + base64.StdEncoding.EncodeToString(cookie)
		if n.Call(nil, "getblockcount") == nil {
			return n
		}
	}
	t.Fatalf("%s did not answer within a minute\n%s", program, out.String())
	return nil
}

// after closes its channel when d has passed.
func after(d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		_ = clock.Sleep(context.Background(), d)
		close(done)
	}()
	return done
}

func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// Call makes one RPC and reads its answer into result, unless that is nil. An error of the
// node has the form "method: message".
func (n *Node) Call(result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, n.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", n.auth)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("%s: status %d: %s", method, resp.StatusCode, raw)
	}
	if answer.Error != nil {
		return fmt.Errorf("%s: %s", method, answer.Error.Message)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return fmt.Errorf("%s: %w: %s", method, err, answer.Result)
	}
	return nil
}
