package command

import (
	"fmt"
	"time"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/intmap"
	"spacechain/spaceos/receipt"
)

// State is what a tenant is doing.
type State string

// The states of a tenant.
const (
	Active  State = "active"  // its triggers start activations
	Backoff State = "backoff" // it failed, and waits before the next activation
	Stopped State = "stopped" // the owner or the watchdog stopped it
)

// TenantInfo describes a tenant to its owner. It is the body of replies to List (an
// array of them) and Deploy (an array of one).
type TenantInfo struct {
	Tenant      uint64          `json:"tenant"`
	App         string          `json:"app"`
	Version     string          `json:"version"`
	Publisher   identity.ID     `json:"publisher"`
	Instance    string          `json:"instance,omitempty"`
	Package     receipt.Digest  `json:"package"`
	Lease       receipt.LeaseID `json:"lease"`
	State       State           `json:"state"`
	Reason      string          `json:"reason,omitempty"` // why it is in that state
	Installed   time.Time       `json:"installed"`
	Activations uint64          `json:"activations"` // ended so far
	Failures    uint64          `json:"failures"`    // of those, not returned
	Gas         uint64          `json:"gas"`         // used so far
	Stored      uint64          `json:"stored"`      // bytes of storage in use
	Last        time.Time       `json:"last,omitzero"`
	Next        time.Time       `json:"next,omitzero"` // next activation that is known
}

// EncodeTenants gives an array of descriptions.
func EncodeTenants(ts []TenantInfo) []byte {
	b := cbor.AppendArray(nil, len(ts))
	for i := range ts {
		b = append(b, ts[i].encode()...)
	}
	return b
}

func (t *TenantInfo) encode() []byte {
	var w intmap.Map
	w.Uint(1, t.Tenant)
	w.Text(2, t.App)
	w.Text(3, t.Version)
	w.Bytes(4, t.Publisher[:])
	w.Text(5, t.Instance)
	w.Bytes(6, t.Package[:])
	if t.Lease != (receipt.LeaseID{}) {
		w.Bytes(7, t.Lease[:])
	}
	w.Text(8, string(t.State))
	w.Text(9, t.Reason)
	w.Time(10, t.Installed)
	w.Uint(11, t.Activations)
	w.Uint(12, t.Failures)
	w.Uint(13, t.Gas)
	w.Uint(14, t.Stored)
	w.Time(15, t.Last)
	w.Time(16, t.Next)
	return w.Append(nil)
}

// DecodeTenants reads what EncodeTenants wrote.
func DecodeTenants(b []byte) ([]TenantInfo, error) {
	d := cbor.NewDecoder(b)
	n, err := d.Array()
	var ts []TenantInfo
	for i := 0; i < n && err == nil; i++ {
		var t TenantInfo
		err = intmap.Each(d, func(k uint64) error { return t.decodeField(d, k) })
		ts = append(ts, t)
	}
	if err == nil {
		err = d.Done()
	}
	if err == nil {
		err = intmap.Same(b, EncodeTenants(ts))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: tenants: %w", ErrInbox, err)
	}
	return ts, nil
}

func (t *TenantInfo) decodeField(d *cbor.Decoder, k uint64) (err error) {
	var s string
	switch k {
	case 1:
		t.Tenant, err = d.Uint()
	case 2:
		t.App, err = d.Text()
	case 3:
		t.Version, err = d.Text()
	case 4:
		err = intmap.Fixed(d, t.Publisher[:])
	case 5:
		t.Instance, err = d.Text()
	case 6:
		err = intmap.Fixed(d, t.Package[:])
	case 7:
		err = intmap.Fixed(d, t.Lease[:])
	case 8:
		s, err = d.Text()
		t.State = State(s)
	case 9:
		t.Reason, err = d.Text()
	case 10:
		t.Installed, err = intmap.Time(d)
	case 11:
		t.Activations, err = d.Uint()
	case 12:
		t.Failures, err = d.Uint()
	case 13:
		t.Gas, err = d.Uint()
	case 14:
		t.Stored, err = d.Uint()
	case 15:
		t.Last, err = intmap.Time(d)
	case 16:
		t.Next, err = intmap.Time(d)
	default:
		return intmap.Unknown(d, k)
	}
	return err
}
