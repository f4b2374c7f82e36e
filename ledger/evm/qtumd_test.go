package evm_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"spacechain/ledger/chaintest"
	"spacechain/ledger/evm"
	"spacechain/ledger/state"
	"spacechain/ledger/wire"
)

// qtumd is a Qtum Core on regtest that is asked about blocks.
type qtumd struct{ url, auth string }

// startQtumd starts the program that SPACECHAIN_QTUMD names, without any block.
func startQtumd(t *testing.T, options ...string) *qtumd {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	dir := t.TempDir()
	cmd := exec.Command(os.Getenv("SPACECHAIN_QTUMD"), append([]string{"-regtest", "-server", "-mocktime=1504695029", "-datadir=" + dir,
		"-rpcport=" + port, "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", "-listen=0", "-connect=0", "-dnsseed=0", "-fixedseeds=0",
		"-staking=0", "-disablewallet", "-dbcache=64", "-printtoconsole=0"}, options...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	q := &qtumd{url: "http://127.0.0.1:" + port}
	t.Cleanup(func() {
		if _, err := q.ask("stop"); err != nil {
			_ = cmd.Process.Kill()
		}
		_ = cmd.Wait()
	})
	for range 600 {
		time.Sleep(100 * time.Millisecond)
		cookie, err := os.ReadFile(filepath.Join(dir, "regtest", ".cookie"))
		if err != nil {
			continue
		}
		q.auth = "Basic " + base64.StdEncoding.EncodeToString(cookie)
		if _, err := q.ask("getblockcount"); err == nil {
			return q
		}
	}
	t.Fatal("qtumd did not answer within a minute")
	return nil
}

// ask makes an RPC and gives the result in JSON.
func (q *qtumd) ask(method string, params ...any) (string, error) {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequest(http.MethodPost, q.url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", q.auth)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	raw, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err == nil && answer.Error != nil {
		err = fmt.Errorf("%s: %s", method, answer.Error.Message)
	}
	return string(answer.Result), err
}

// TestRandomAgainstQtumd deploys random contracts that call each other on chains of each
// fork that Qtum has, calls them, and has Qtum Core judge the blocks: their roots, refunds
// and the coins that contracts moved. SPACECHAIN_SEED sets the seed, SPACECHAIN_LONG=1 makes
// longer chains.
func TestRandomAgainstQtumd(t *testing.T) {
	if os.Getenv("SPACECHAIN_QTUMD") == "" {
		t.Skip("SKIPPED: SPACECHAIN_QTUMD names no qtumd to hold the EVM against")
	}
	seed, rounds := uint64(1), 15
	if os.Getenv("SPACECHAIN_LONG") == "1" {
		rounds = 150
	}
	if s := os.Getenv("SPACECHAIN_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	later := []string{"-cancunheight=100000", "-shanghaiheight=100000", "-londonheight=100000", "-muirglacierheight=100000",
		"-constantinopleheight=100000", "-btcecrecoverheight=100000", "-offlinestakingheight=100000"}
	for _, era := range []struct {
		fork    evm.Fork
		options []string
	}{
		{evm.Cancun, nil}, {evm.Shanghai, later[:1]}, {evm.London, later[:2]}, {evm.Istanbul, later[:3]},
		{evm.Petersburg, later[:4]}, {evm.Spurious, later},
	} {
		t.Run(era.fork.String(), func(t *testing.T) {
			options := append([]string{"-reduceblocktimeheight=1000000000"}, era.options...)
			q := startQtumd(t, options...)
			c := chaintest.New(t, seed, chaintest.Regtest(t, options...))
			c.OnBlock = func(b *wire.Block) {
				_, err := q.ask("setmocktime", int64(b.Header.Time)+c.Late)
				var reason string
				if err == nil {
					reason, err = q.ask("submitblock", hex.EncodeToString(b.Append(nil)))
				}
				if err != nil || reason != "null" {
					t.Fatalf("seed %d: Qtum Core refuses the block at height %d: %s %v", seed, c.Height(), reason, err)
				}
			}
			c.MinePoW(620)
			r := rand.New(rand.NewPCG(seed, uint64(era.fork)))
			var contracts []state.Address
			for range rounds {
				contracts = contracts[max(0, len(contracts)-20):]
				for range 3 {
					code := randomCode(r, era.fork, contracts)
					if r.IntN(3) == 0 {
						contracts = append(contracts, c.Run(c.Miner, chaintest.Action{Data: code, GasLimit: 1_500_000})[0])
					} else {
						contracts = append(contracts, c.Deploy(code))
					}
				}
				c.Mine()
				for range 12 {
					to := chaintest.Address(contracts[r.IntN(len(contracts))])
					a := chaintest.Action{To: &to, Data: make([]byte, 1+r.IntN(80)), GasLimit: uint64(50_000 + r.IntN(1_000_000))}
					for i := range a.Data {
						a.Data[i] = byte(r.Uint32())
					}
					// Before QIP7 Qtum believes transfers that were reverted, which can leave a
					// transaction that no block can have.
					if era.fork > evm.Spurious {
						a.Value = int64(r.IntN(3) * r.IntN(5))
					}
					c.Run(c.Miner, a)
				}
				c.Mine()
			}
		})
	}
}
