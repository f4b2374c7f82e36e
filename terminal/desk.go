package terminal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"spacechain/internal/kv"
	"spacechain/spaceos/receipt"
)

// ErrUnknown is wrapped by errors about a request or tenant that the terminal does
// not know.
var ErrUnknown = errors.New("not known to this terminal")

// Desk reads a terminal's records. It is safe for concurrent use.
type Desk struct{ store kv.Store }

// NewDesk reads the records in a terminal's store.
func NewDesk(store kv.Store) Desk { return Desk{kv.Prefix(store, recordPrefix)} }

// recordPrefix keeps a terminal's records apart from its node's bundles.
const recordPrefix = "desk/"

func requestKey(id string) []byte { return []byte("request/" + id) }
func commandKey(id string) []byte { return []byte("command/" + id) }
func tenantKey(id string) []byte  { return []byte("tenant/" + id) }
func seenKey(id string, what string, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte("seen/"+id+"/"+what+"/"), n)
}
func resultKey(id string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte("result/"+id+"/"), seq)
}
func logKey(id string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte("log/"+id+"/"), seq)
}

func get[T any](s kv.Store, key []byte) (v T, ok bool, err error) {
	b, ok, err := s.Get(key)
	if err != nil || !ok {
		return v, false, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, false, fmt.Errorf("record %q: %w", key, err)
	}
	return v, true, nil
}

func put(b *kv.Batch, key []byte, v any) {
	text, err := json.Marshal(v)
	if err != nil { // plain structs always marshal
		panic("terminal: " + err.Error())
	}
	b.Put(key, text)
}

// all reads every record under a prefix, in the order of keys.
func all[T any](s kv.Store, prefix string) (out []T, err error) {
	err = s.Scan([]byte(prefix), func(key, value []byte) error {
		var v T
		if err := json.Unmarshal(value, &v); err != nil {
			return fmt.Errorf("record %q: %w", key, err)
		}
		out = append(out, v)
		return nil
	})
	return out, err
}

// Request gives one request.
func (d Desk) Request(id string) (Request, error) {
	r, ok, err := get[Request](d.store, requestKey(id))
	if err == nil && !ok {
		err = fmt.Errorf("request %s: %w", id, ErrUnknown)
	}
	return r, err
}

// Requests gives every request, the oldest first.
func (d Desk) Requests() ([]Request, error) {
	rs, err := all[Request](d.store, "request/")
	slices.SortStableFunc(rs, func(a, b Request) int { return a.Submitted.Compare(b.Submitted) })
	return rs, err
}

// Tenant gives one tenant by its TenantID.
func (d Desk) Tenant(id string) (Tenant, error) {
	t, ok, err := get[Tenant](d.store, tenantKey(id))
	if err == nil && !ok {
		err = fmt.Errorf("tenant %s: %w", id, ErrUnknown)
	}
	return t, err
}

// Tenants gives every tenant, by id.
func (d Desk) Tenants() ([]Tenant, error) { return all[Tenant](d.store, "tenant/") }

// Results gives up to limit results of a tenant with Seq above after, oldest first.
func (d Desk) Results(tenant string, after uint64, limit int) ([]Result, error) {
	out, err := d.from(tenant, after, limit)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if len(out[i].Signed) == 0 {
			continue
		}
		signed, err := receipt.Decode(out[i].Signed)
		if err != nil {
			return nil, fmt.Errorf("result %d of tenant %s: %w", out[i].Seq, tenant, err)
		}
		out[i].Receipt = &signed
	}
	return out, nil
}

func (d Desk) from(tenant string, after uint64, limit int) ([]Result, error) {
	t, err := d.Tenant(tenant)
	if err != nil {
		return nil, err
	}
	return page[Result](d.store, func(seq uint64) []byte { return resultKey(tenant, seq) }, after, t.Results, limit)
}

// Logs gives up to limit log lines of a tenant with Seq above after, oldest first.
func (d Desk) Logs(tenant string, after uint64, limit int) ([]LogLine, error) {
	t, err := d.Tenant(tenant)
	if err != nil {
		return nil, err
	}
	return page[LogLine](d.store, func(seq uint64) []byte { return logKey(tenant, seq) }, after, t.Logs, limit)
}

func page[T any](s kv.Store, key func(uint64) []byte, after, last uint64, limit int) ([]T, error) {
	var out []T
	if after >= last {
		return nil, nil
	}
	for seq := after + 1; seq <= last && len(out) < limit; seq++ {
		v, ok, err := get[T](s, key(seq))
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, v)
		}
	}
	return out, nil
}
