package world

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"spacechain/spaceos/command"
	"spacechain/spaceos/system"
	"spacechain/terminal"
)

// ledger tells what each tenant of the satellite is doing, by its owners' lists.
func (s *siege) ledger() map[uint64]string {
	s.t.Helper()
	out := map[uint64]string{}
	r := s.order(fiend, command.Command{Op: command.List})
	infos, err := command.DecodeTenants(r.Reply)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, i := range infos {
		out[i.Tenant] = fmt.Sprintf("%s %s %s", i.App, i.Version, i.State)
		if i.State == command.Stopped {
			out[i.Tenant] += fmt.Sprintf(", %d activations", i.Activations)
		}
	}
	return out
}

// same checks that after a restart there are the same tenants as before, in the same
// states: what was refused, removed or stopped has not come back to life.
func (s *siege) same(before map[uint64]string) {
	s.t.Helper()
	after := s.ledger()
	for _, n := range slices.Sorted(maps.Keys(before)) {
		if after[n] != before[n] {
			s.t.Errorf("tenant %d was %q, now %q", n, before[n], after[n])
		}
	}
	if len(after) != len(before) {
		s.t.Errorf("%d tenants, before the restarts %d", len(after), len(before))
	}
}

// evicts removes all hostile tenants.
func (s *siege) evicts(apps []deployed) {
	s.t.Helper()
	for n := range s.ledger() {
		if r := s.order(fiend, command.Command{Op: command.Remove, Tenant: n}); r.Code != command.OK {
			s.t.Errorf("remove %d: %s %s", n, r.Code, r.Message)
		}
	}
	s.run(5 * time.Second)
	if n := s.payload().Tenants(); n != len(s.calm) {
		s.t.Errorf("%d tenants are left", n)
	}
	for _, a := range apps {
		if t, err := s.u.desk.Tenant(terminal.TenantID(target, a.tenant)); err != nil || !t.Removed {
			s.t.Errorf("%s: %+v %v", a.name, t.State, err)
		}
	}
}

// consistent looks into the satellite's store: every record belongs to a tenant that
// is there, and every tenant has what it needs.
func (s *siege) consistent() {
	s.t.Helper()
	store := s.u.members[target].store
	const root = "os/sys/"
	owned := map[string]map[uint64]int{}
	modules := 0
	err := store.Scan([]byte(root), func(k, _ []byte) error {
		k = k[len(root):]
		switch {
		case bytes.HasPrefix(k, []byte("c/")):
			modules++
		case len(k) >= 10 && bytes.ContainsRune([]byte("rmxqdel"), rune(k[0])) && k[1] == '/':
			kind := string(k[:1])
			if owned[kind] == nil {
				owned[kind] = map[uint64]int{}
			}
			owned[kind][binary.BigEndian.Uint64(k[2:])]++
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	want := append([]uint64{system.FirstTenant}, s.calm...)
	for n := range s.ledger() {
		want = append(want, n)
	}
	slices.Sort(want)
	for _, kind := range []string{"r", "m"} {
		if got := slices.Sorted(maps.Keys(owned[kind])); !slices.Equal(got, want) {
			s.t.Errorf("records %s/ are of tenants %v, there are %v", kind, got, want)
		}
	}
	for _, kind := range []string{"x", "q", "d", "e", "l"} {
		for n, count := range owned[kind] {
			if !slices.Contains(want, n) {
				s.t.Errorf("%d records %s/ of tenant %d, who is not there", count, kind, n)
			}
		}
	}
	if modules > len(want) {
		s.t.Errorf("%d modules for %d tenants", modules, len(want))
	}
	s.t.Logf("%d tenants, %d modules, entries of %d and logs of %d", len(want), modules, len(owned["e"]), len(owned["l"]))
}
