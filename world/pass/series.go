package pass

import (
	"context"
	"fmt"
	"time"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
)

// carried is what outlasts a pass: what lies in the stores of the payload, the station and the
// owner's terminal, and what the reports go on from.
type carried struct {
	space, ground, home kv.Store

	order []byte // the file, once it has been given to the station
	id    cfdp.TransactionID
	file  FileReport
	app   AppReport
}

func newCarried() *carried {
	return &carried{space: kv.NewMemory(), ground: kv.NewMemory(), home: kv.NewMemory()}
}

// FlySeries flies n passes, each the first after the one before. Between them the computers on
// board and on the ground are switched off and go on from their stores: a file that a set cuts off
// is completed in the next pass. What the reports say of file and app is of all passes so far. A
// reboot takes place in the first pass only.
func FlySeries(ctx context.Context, c Config, n int) ([]*Report, error) {
	c.carry = newCarried()
	var out []*Report
	for i := range n {
		r, err := Fly(ctx, c)
		if err != nil && n == 1 {
			return nil, err
		} else if err != nil {
			return out, fmt.Errorf("pass %d of %d: %w", i+1, n, err)
		}
		out = append(out, r)
		c.Course, c.After, c.Reboot = nil, r.Set.Add(time.Minute), 0
		c.carry.file, c.carry.app = r.File, r.App
	}
	return out, nil
}

// takeUp goes on with what the passes before left.
func (f *flight) takeUp() {
	k := f.cfg.carry
	f.report.File, f.report.App = k.file, k.app
	f.ground.order, f.ground.file = k.order, k.id
}
