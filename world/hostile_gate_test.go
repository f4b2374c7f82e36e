package world

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"spacechain/identity"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/meter/asm"
	"spacechain/spaceos/spk"
	"spacechain/terminal"
)

// refuses sends packages, past the owner's terminal, which would not take those that
// are not in order, and checks the satellite's signed word on each.
func (s *siege) refuses(all []bad) {
	s.t.Helper()
	ids := map[string]bad{}
	for _, b := range all {
		c := command.Command{Op: command.Deploy, Body: b.pkg, ReplyTo: fmt.Sprintf("ipn:%d.%d", mallory, command.InboxService)}
		s.serial++
		c.Request = command.RequestID{byte(s.serial), byte(s.serial >> 8), 0xbb}
		ids[c.Request.String()] = b
		s.rogue.say(command.Service, s.sign(identity.FromSeed([32]byte{70}), c))
	}
	from := len(s.rogue.replies(s.t))
	for range 240 {
		if len(s.rogue.replies(s.t))-from >= len(all) {
			break
		}
		s.run(time.Second)
	}
	for _, r := range s.rogue.replies(s.t)[from:] {
		b, ok := ids[r.Request.String()]
		if !ok {
			s.t.Errorf("an answer to nothing: %+v", r)
			continue
		}
		delete(ids, r.Request.String())
		if string(r.Code) != b.code || !strings.Contains(r.Message, b.say) || r.Tenant != 0 {
			s.t.Errorf("%s: %s: %q (tenant %d), want %s with %q", b.name, r.Code, r.Message, r.Tenant, b.code, b.say)
		}
		s.t.Logf("%-40s %-26s %s", b.name, r.Code, r.Message)
	}
	for _, b := range ids {
		s.t.Errorf("%s: no answer", b.name)
	}
}

// counters: an app goes forward only, also after it was removed.
func (s *siege) counters() {
	s.t.Helper()
	version := func(counter uint64, code string) []byte {
		m := asm.Module{Memory: []uint32{1}, Data: []string{code}, Funcs: []asm.Func{{Type: ">", Export: "_start"}}}
		return uplinked(s.t, signed(s.t, manifestOf("counted", manifest.RuntimeWasm, func(m *manifest.Manifest) { m.Counter = counter }), m.Bytes(), fiend))
	}
	deploy := func(what string, pkg []byte, code command.Code) terminal.Request {
		r := s.order(fiend, command.Command{Op: command.Deploy, Body: pkg})
		if r.Code != code {
			s.t.Errorf("%s: %s %s, want %s", what, r.Code, r.Message, code)
		}
		s.t.Logf("%-40s %-26s %s", what, r.Code, r.Message)
		return r
	}
	first := deploy("counter 5", version(5, "a"), command.OK)
	deploy("rolled-back counter", version(4, "b"), "counter-rolled-back")
	deploy("reused counter", version(5, "c"), "counter-reused")
	if again := deploy("the same again", version(5, "a"), command.OK); again.Tenant != first.Tenant {
		s.t.Errorf("the same package makes tenants %d and %d", first.Tenant, again.Tenant)
	}
	if r := s.order(fiend, command.Command{Op: command.Remove, Tenant: first.Tenant}); r.Code != command.OK {
		s.t.Errorf("remove: %s %s", r.Code, r.Message)
	}
	deploy("rolled-back counter after removal", version(1, "a"), "counter-rolled-back")
}

// alters sends a good package with one byte altered, in many places of both forms: no
// such package is ever admitted, and the owner is told why.
func (s *siege) alters(n int) {
	s.t.Helper()
	m := nothing
	m.Data = []string{strings.Repeat("data", 30)}
	good := signed(s.t, honest(), m.Bytes(), fiend)
	codes := []string{"package-malformed", "package-too-big", "signature-ed25519-invalid", "signature-ed25519-missing", "signature-mldsa65-invalid",
		"signature-mldsa65-missing", "signature-unknown", "publisher-key-mismatch", "digest-mismatch"}
	rng := rand.New(rand.NewPCG(3, 5))
	seen := map[string]int{}
	from := len(s.rogue.replies(s.t))
	total := 0
	for _, whole := range [][]byte{good.Encode(), uplinked(s.t, good)} {
		for i := range n {
			b := bytes.Clone(whole)
			at := i * len(b) / n // every region
			if i%2 == 1 {
				at = rng.IntN(len(b))
			}
			b[at] ^= byte(1 + rng.IntN(255))
			s.rogue.say(command.Service, s.sign(identity.FromSeed([32]byte{68, byte(total / 200)}), command.Command{Op: command.Deploy, Body: b, ReplyTo: away}))
			total++
		}
	}
	for range 600 {
		if len(s.rogue.replies(s.t))-from >= total {
			break
		}
		s.run(time.Second)
	}
	replies := s.rogue.replies(s.t)[from:]
	for _, r := range replies {
		seen[string(r.Code)]++
		if !slices.Contains(codes, string(r.Code)) || r.Tenant != 0 {
			s.t.Errorf("an altered byte: %s: %s", r.Code, r.Message)
		}
	}
	if len(replies) != total || len(seen) < 4 {
		s.t.Errorf("%d altered packages, %d answers: %v", total, len(replies), seen)
	}
	s.t.Logf("%d altered packages: %v", total, seen)
}

// squatters own a hundred tenants each.
func squatters(i int) *identity.Key { return identity.FromSeed([32]byte{69, byte(i / 100)}) }

// fills takes all places, and all storage, of the satellite: who comes then is told
// so, and there is room again when somebody goes.
func (s *siege) fills() {
	s.t.Helper()
	squatter := func(app string, storage uint64) *spk.Package {
		return signed(s.t, manifestOf(app, manifest.RuntimeWasm, func(m *manifest.Manifest) { m.Limits.StorageBytes = storage }), nothing.Bytes(), fiend)
	}
	squat := func(p *spk.Package, n int) (tenants []uint64, refused map[command.Code]int) {
		body, err := p.EncodeUplink(spk.UplinkOptions{WithoutKeys: true})
		if err != nil {
			s.t.Fatal(err)
		}
		var ids []string
		for i := range n {
			ids = append(ids, s.send(squatters(i), command.Command{Op: command.Deploy, Body: body, Instance: fmt.Sprint(i)}))
		}
		refused = map[command.Code]int{}
		for _, id := range ids {
			if r := s.answer(id); r.Code == command.OK {
				tenants = append(tenants, r.Tenant)
			} else {
				refused[r.Code]++
			}
		}
		return tenants, refused
	}
	leave := func(tenants []uint64) {
		var ids []string
		for i, tenant := range tenants {
			ids = append(ids, s.send(squatters(i), command.Command{Op: command.Remove, Tenant: tenant}))
		}
		for _, id := range ids {
			if r := s.answer(id); r.Code != command.OK {
				s.t.Errorf("remove: %s %s", r.Code, r.Message)
			}
		}
	}
	before := s.payload().Tenants()
	large, refused := squat(squatter("large", 16<<20), 20)
	if len(large) == 0 || refused["quota-storage"] != 20-len(large) {
		s.t.Errorf("%d tenants of 16 MiB, the others: %v", len(large), refused)
	}
	leave(large)
	small, refused := squat(squatter("small", 0), 260-before)
	if refused["quota-tenants"] == 0 || len(small)+refused["quota-tenants"] != 260-before {
		s.t.Errorf("%d places taken, the others: %v", len(small), refused)
	}
	if r := s.order(neighbour, command.Command{Op: command.List}); r.Code != command.OK {
		s.t.Errorf("the neighbour asks: %s", r.Code)
	}
	s.run(10 * time.Second)
	leave(small)
	if n := s.payload().Tenants(); n != before {
		s.t.Errorf("%d tenants, %d before", n, before)
	}
	s.t.Logf("quota-storage after %d large tenants, quota-tenants after %d small ones", len(large), len(small))
}
