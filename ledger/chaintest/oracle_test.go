package chaintest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
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

	"spacechain/ledger/wire"
)

// Qtumd is a running Qtum Core on regtest, on loopback, with a data directory of its own:
// the second opinion on every block that the builder makes.
type Qtumd struct {
	t    testing.TB
	url  string
	auth string
	dir  string
	time int64
}

// StartQtumd is StartQtumdAt the time of regtest's genesis block.
func StartQtumd(t testing.TB, options ...string) *Qtumd {
	t.Helper()
	return StartQtumdAt(t, genesisTime, options...)
}

// StartQtumdAt starts the qtumd that $SPACECHAIN_QTUMD names at a time, in seconds, with
// options such as "-londonheight=600", and stops it with the test. Where the variable is
// not set the test is skipped.
func StartQtumdAt(t testing.TB, now int64, options ...string) *Qtumd {
	t.Helper()
	program := os.Getenv("SPACECHAIN_QTUMD")
	if program == "" {
		t.Skip("SKIPPED: SPACECHAIN_QTUMD names no qtumd to compare with")
	}
	var (
		dir  = t.TempDir()
		port = strconv.Itoa(freePort(t))
		args = []string{"-mocktime=" + strconv.FormatInt(now, 10), "-regtest", "-server", "-listen=0", "-connect=0", "-dnsseed=0", "-fixedseeds=0",
			"-datadir=" + dir, "-rpcport=" + port, "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1",
			"-staking=0", "-disablewallet", "-dbcache=64", "-logevents", "-printtoconsole=0",
		}
		cmd = exec.Command(program, append(args, options...)...)
		out bytes.Buffer
	)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	q := &Qtumd{t: t, url: "http://127.0.0.1:" + port, dir: dir}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		if _, err := q.call("stop"); err != nil {
			cmd.Process.Kill()
		}
		select {
		case <-exited:
		case <-time.After(60 * time.Second):
			cmd.Process.Kill()
			<-exited
		}
	})
	for range 600 {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("%s %v ended: %v\n%s", program, options, err, out.String())
		case <-time.After(100 * time.Millisecond):
		}
		cookie, err := os.ReadFile(filepath.Join(dir, "regtest", ".cookie"))
		if err != nil {
			continue
		}
		q.auth = "Basic " + base64.StdEncoding.EncodeToString(cookie)
		if _, err := q.call("getblockcount"); err == nil {
			return q
		}
	}
	t.Fatalf("%s did not answer within a minute\n%s", program, out.String())
	return nil
}

// hasOracle tells whether there is a Qtum Core to ask.
func hasOracle() bool { return os.Getenv("SPACECHAIN_QTUMD") != "" }

// genesisTime is when regtest began.
const genesisTime = 1504695029

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// call makes one RPC.
func (q *Qtumd) call(method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, q.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", q.auth)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Result json.RawMessage
		Error  *struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, fmt.Errorf("%s: status %d: %s", method, resp.StatusCode, raw)
	}
	if answer.Error != nil {
		return nil, fmt.Errorf("%s: %s", method, answer.Error.Message)
	}
	return answer.Result, nil
}

// Ask makes one RPC whose answer is read into result, unless that is nil.
func (q *Qtumd) Ask(result any, method string, params ...any) {
	q.t.Helper()
	raw, err := q.call(method, params...)
	if err != nil {
		q.t.Fatal(err)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(raw, result); err != nil {
		q.t.Fatalf("%s: %v: %s", method, err, raw)
	}
}

// SetTime sets the node's clock.
func (q *Qtumd) SetTime(now int64) {
	q.t.Helper()
	if now != q.time {
		q.Ask(nil, "setmocktime", now)
		q.time = now
	}
}

// Submit gives the node a block at time now and says what it answered: "" for accepted,
// the reject reason, "inconclusive" where Qtum Core states none, or the error of the call
// for a block that it cannot read.
func (q *Qtumd) Submit(now int64, b *wire.Block) string {
	q.t.Helper()
	return q.submitBytes(now, b.Append(nil))
}

// submitBytes is Submit of what may not be a block.
func (q *Qtumd) submitBytes(now int64, block []byte) string {
	q.t.Helper()
	q.SetTime(now)
	raw, err := q.call("submitblock", hex.EncodeToString(block))
	if err != nil {
		return err.Error()
	}
	var reason string
	if string(raw) != "null" {
		if err := json.Unmarshal(raw, &reason); err != nil {
			q.t.Fatalf("submitblock: %s", raw)
		}
	}
	return reason
}

// Best is the hash of the node's tip as it prints it.
func (q *Qtumd) Best() (hash string) {
	q.t.Helper()
	q.Ask(&hash, "getbestblockhash")
	return hash
}

// Log is the end of the node's log, at most n bytes.
func (q *Qtumd) Log(n int) string {
	b, err := os.ReadFile(filepath.Join(q.dir, "regtest", "debug.log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-n):])
}
