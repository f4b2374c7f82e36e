package terminal

import (
	"errors"

	"spacechain/internal/kv"
	"spacechain/spaceos/command"
)

// appendLog adds one line to a tenant's log.
func (t *Terminal) appendLog(b *kv.Batch, tenant *Tenant, line command.LogLine) {
	tenant.Logs++
	put(b, logKey(TenantID(tenant.Satellite, tenant.Service), tenant.Logs), LogLine{Seq: tenant.Logs, LogLine: line})
}

// sameLine is what makes two lines of one activation the same.
type sameLine struct {
	unixMs int64
	level  int
	text   string
}

func sameAs(l command.LogLine) sameLine { return sameLine{l.Time.UnixMilli(), l.Level, l.Text} }

// mergeLogs adds the lines that are not here yet. A result brings the last lines of its
// activation, a reply to Logs as many as fit, of many activations, in either order.
func (t *Terminal) mergeLogs(b *kv.Batch, tenant *Tenant, lines []command.LogLine) error {
	id := TenantID(tenant.Satellite, tenant.Service)
	for len(lines) > 0 {
		activation, n := lines[0].Activation, 1
		for n < len(lines) && lines[n].Activation == activation {
			n++
		}
		index := seenKey(id, "log", activation)
		seqs, _, err := get[[]uint64](t.kv, index)
		if err != nil {
			return err
		}
		here := map[sameLine]int{}
		for _, seq := range seqs {
			l, _, err := get[LogLine](t.kv, logKey(id, seq))
			if err != nil {
				return err
			}
			here[sameAs(l.LogLine)]++
		}
		known := len(seqs)
		for _, l := range lines[:n] {
			if same := sameAs(l); here[same] > 0 {
				here[same]--
				continue
			}
			t.appendLog(b, tenant, l)
			seqs = append(seqs, tenant.Logs)
		}
		if len(seqs) > known {
			put(b, index, seqs)
		}
		lines = lines[n:]
	}
	return nil
}

// logs stores the lines of a reply that are not here yet.
func (t *Terminal) logs(b *kv.Batch, id string, reply *command.Reply) error {
	tenant, err := t.desk.Tenant(id)
	if errors.Is(err, ErrUnknown) {
		return nil // there is no log to add to; the reply itself is kept
	}
	if err != nil {
		return err
	}
	lines, err := command.DecodeLogs(reply.Body)
	if err != nil {
		t.problem("satellite %d sent logs that cannot be read: %v", reply.Satellite, err)
		return nil
	}
	if err := t.mergeLogs(b, &tenant, lines); err != nil {
		return err
	}
	put(b, tenantKey(id), tenant)
	return nil
}
