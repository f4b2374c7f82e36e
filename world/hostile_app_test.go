package world

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/terminal"
)

// misdeed is an app that the gate admits and that must not be let do as it likes.
type misdeed struct {
	name     string
	manifest manifest.Manifest
	module   []byte
	ends     []string // how its first activation may end
	say      string   // what the owner is told about it, in part
}

// deployed is a misdeed on the satellite.
type deployed struct {
	misdeed
	tenant uint64
}

// watched are apps whose later activations are looked at too.
func watched(t testing.TB) []misdeed {
	tamper, err := os.ReadFile(filepath.Join("testdata", "hostile", "tamper.js"))
	if err != nil {
		t.Fatal(err)
	}
	again := manifestOf("tamper-again", manifest.RuntimeJS, every(20*time.Second, 0))
	trap := module("trap again and again", "unreachable", "trapped", "unreachable")
	every(time.Second, 0)(&trap.manifest)
	return []misdeed{
		{name: "js tamper twice", manifest: again, module: tamper, ends: []string{"returned"}},
		trap,
		spammer(),
	}
}

// lasts checks what became of the apps that were watched: spoiled globals are gone in
// the next activation, who fails stops, who asks too often is told.
func (s *siege) lasts(apps []deployed) {
	s.t.Helper()
	for _, r := range s.results(apps[0].tenant) {
		if rec := r.Receipt.Receipt; rec.Activation > 1 && (string(r.Body) != "clean" || rec.End != sandbox.Returned) {
			s.t.Errorf("tampering: activation %d %s %q %s", rec.Activation, rec.End, r.Body, r.Detail)
		}
	}
	trap := apps[1].tenant
	stopped := slices.ContainsFunc(s.notices, func(n command.Notice) bool {
		return n.Tenant == trap && n.Code == command.NoticeStopped && strings.Contains(n.Message, "5 failures in a row")
	})
	info, err := s.u.desk.Tenant(terminal.TenantID(target, trap))
	if n := len(s.results(trap)); err != nil || !stopped || n != 5 || info.State != command.Stopped {
		s.t.Errorf("trapping: %d activations, told of the stop: %v, %+v %v", n, stopped, info, err)
	}
	for _, r := range s.results(apps[2].tenant)[1:] {
		if r.Detail != "exit code 5" {
			s.t.Errorf("sensor spam: activation %d: %s %s", r.Receipt.Receipt.Activation, r.Receipt.Receipt.End, r.Detail)
		}
	}
	if r := s.order(fiend, command.Command{Op: command.Call, Tenant: trap, Body: []byte("wake up")}); r.Code != command.TenantStopped && r.Code != command.NotCallable {
		s.t.Errorf("a call to a stopped tenant: %s %s", r.Code, r.Message)
	}
}

// crowds brings forty tenants that work at the very moments at which the neighbours do,
// twice as many as there are workers, half of them with leave to work for hours.
func (s *siege) crowds() {
	s.t.Helper()
	var all []misdeed
	for i := range 40 {
		m := module(fmt.Sprint("crowd ", i), "i32.const 1000000 local.set 0 loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end", "returned", "")
		every(5*time.Second, 0)(&m.manifest)
		m.manifest.Limits.GasPerActivation = []uint64{20_000_000_000, 20_000_000}[i%2]
		all = append(all, m)
	}
	tenants := s.deployAllOf(all)
	s.run(2 * time.Minute)
	for _, a := range tenants {
		if n := len(s.results(a.tenant)); n < 20 || s.first(a.tenant).Receipt.Receipt.Gas < 4_000_000 {
			s.t.Errorf("%s: %d activations in two minutes", a.name, n)
		}
		if r := s.order(fiend, command.Command{Op: command.Remove, Tenant: a.tenant}); r.Code != command.OK {
			s.t.Errorf("remove %s: %s %s", a.name, r.Code, r.Message)
		}
	}
}

// deployAllOf sends apps all at once and waits until each has a tenant.
func (s *siege) deployAllOf(all []misdeed) (out []deployed) {
	s.t.Helper()
	var ids []string
	for _, m := range all {
		ids = append(ids, s.send(fiend, command.Command{Op: command.Deploy, Body: uplinked(s.t, signed(s.t, m.manifest, m.module, fiend))}))
	}
	for i, id := range ids {
		r := s.answer(id)
		if r.Code != command.OK {
			s.t.Errorf("%s: deployment: %s: %s", all[i].name, r.Code, r.Message)
			continue
		}
		out = append(out, deployed{all[i], r.Tenant})
	}
	return out
}

// first gives the first activation of a tenant as its owner saw it.
func (s *siege) first(tenant uint64) *terminal.Result {
	for _, r := range s.results(tenant) {
		if r.Receipt != nil && r.Receipt.Receipt.Activation == 1 {
			return &r
		}
	}
	return nil
}

// ended checks how an app's first activation ended.
func (s *siege) ended(d deployed) {
	s.t.Helper()
	r := s.first(d.tenant)
	if r == nil {
		s.t.Errorf("%s: nothing came home", d.name)
		return
	}
	rec := r.Receipt.Receipt
	if !slices.Contains(d.ends, string(rec.End)) || !strings.Contains(r.Detail, d.say) {
		s.t.Errorf("%s: ended %s: %q, want %s with %q", d.name, rec.End, r.Detail, strings.Join(d.ends, " or "), d.say)
	}
	s.t.Logf("%-28s %-13s %s", d.name, rec.End, r.Detail)
}
