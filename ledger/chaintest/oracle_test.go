package chaintest

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"spacechain/ledger/chaintest/qtumd"
	"spacechain/ledger/wire"
)

// Qtumd is a running Qtum Core: the second opinion on every block that the builder makes.
type Qtumd struct {
	t    testing.TB
	node *qtumd.Node
	time int64
}

// StartQtumd is StartQtumdAt the time of regtest's genesis block.
func StartQtumd(t testing.TB, options ...string) *Qtumd {
	t.Helper()
	return StartQtumdAt(t, genesisTime, options...)
}

// StartQtumdAt starts a Qtum Core whose clock stands at now, in seconds.
func StartQtumdAt(t testing.TB, now int64, options ...string) *Qtumd {
	t.Helper()
	return &Qtumd{t: t, node: qtumd.Start(t, now, options...)}
}

// hasOracle tells whether there is a Qtum Core to ask.
func hasOracle() bool { return qtumd.Program() != "" }

const genesisTime = qtumd.GenesisTime

// Ask makes one RPC whose answer is read into result, unless that is nil.
func (q *Qtumd) Ask(result any, method string, params ...any) {
	q.t.Helper()
	if err := q.node.Call(result, method, params...); err != nil {
		q.t.Fatal(err)
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
	var reason string // null, and so unchanged, where the block is accepted
	if err := q.node.Call(&reason, "submitblock", hex.EncodeToString(block)); err != nil {
		return err.Error()
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
	b, err := os.ReadFile(filepath.Join(q.node.Dir, "regtest", "debug.log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-n):])
}
