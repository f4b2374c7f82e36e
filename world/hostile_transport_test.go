package world

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"spacechain/clock"
	"spacechain/satellite"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/meter/asm"
	"spacechain/spaceos/spk"
	"spacechain/terminal"
	"spacechain/world/topology"
)

// bulky is a package that does not compress.
func bulky(t testing.TB, bytes int) []byte {
	noise := make([]byte, bytes)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(noise)
	m := asm.Module{Memory: []uint32{uint32(bytes>>16) + 1}, Data: []string{string(noise)}, Funcs: []asm.Func{{Type: ">", Export: "_start"}}}
	return uplinked(t, signed(t, manifestOf("bulky", manifest.RuntimeWasm, func(m *manifest.Manifest) { m.Limits.MemoryBytes = 8 << 20 }), m.Bytes(), neighbour))
}

// passage is one package's way to a satellite that is seen by one station only.
type passage struct {
	request    terminal.Request
	frames     uint64 // on all links, in both directions
	delivered  int    // how often the satellite was given the command
	installed  int    // how many tenants came of it
	whole      bool   // the module lies aboard as it was sent
	up, stored time.Time
	outages    int
}

// pass sends a package to a lone satellite under a scenario.
func pass(t *testing.T, pkg []byte, text string) (p passage) {
	t.Helper()
	o := Options{Seed: 5, Pace: clock.AsFast(), Topology: small(t)}
	o.Topology.Sets, o.Topology.Stations = o.Topology.Sets[:1], o.Topology.Stations[:1]
	o.Topology.Neighbours = topology.None
	if text != "" {
		o.Scenario = faulty(t, text)
	}
	var lines []string
	o.EventLog = func(line string) { lines = append(lines, line) }
	u := universe(t, o)
	sat := u.topo.Satellites()[0].Node
	c := command.Command{Op: command.Deploy, Satellite: sat, Body: pkg, Request: command.RequestID{7}, ReplyTo: fmt.Sprintf("ipn:%d.%d", home, command.InboxService),
		Issued: u.Now(), Expires: u.Now().Add(72 * time.Hour)}
	raw, err := c.Sign(neighbour)
	if err != nil {
		t.Fatal(err)
	}
	id := submit(t, u, raw).ID
	for range 24 * 12 {
		live(t, u, u.Now().Add(5*time.Minute))
		if p.request, err = u.desk.Request(id); err != nil {
			t.Fatal(err)
		}
		if p.request.State != terminal.Pending {
			break
		}
	}
	p.frames = u.count.frames
	for _, line := range lines {
		at, err := time.Parse(time.RFC3339Nano, line[:strings.IndexByte(line, ' ')])
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.Contains(line, fmt.Sprintf("link up ground %d", sat)) && p.stored.IsZero():
			p.up = at
		case strings.Contains(line, fmt.Sprintf("node %d bundle received %s", sat, p.request.Bundle)):
			p.stored = at
		case strings.Contains(line, fmt.Sprintf("node %d bundle delivered %s", sat, p.request.Bundle)):
			p.delivered++
		case strings.Contains(line, "link down ground"), strings.Contains(line, " reset"):
			p.outages++
		}
	}
	// What lies aboard is what was sent, to the byte.
	opened, err := spk.Open(pkg, spk.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(opened.Module)
	code, _, err := u.members[sat].store.Get(append([]byte("os/sys/c/"), digest[:]...))
	p.whole = err == nil && bytes.Equal(code, opened.Module)
	p.installed = u.members[sat].host.Core().(*satellite.Payload).Tenants()
	return p
}

// arrivedOnce checks that a package came whole, and once.
func (p *passage) arrivedOnce(t testing.TB, what string) {
	t.Helper()
	if p.request.State != terminal.Done || p.request.Code != command.OK || p.delivered != 1 || p.installed != 1 || !p.whole {
		t.Errorf("%s: %s %s %s; given to the satellite %d times, %d tenants", what, p.request.State, p.request.Code, p.request.Message, p.delivered, p.installed)
	}
	t.Logf("%s: %d frames, %v on the air after the link came up, %d interruptions", what, p.frames, p.stored.Sub(p.up), p.outages)
}

// A package whose uplink is cut, or whose frames come twice, late and damaged, arrives
// whole and once; after a cut it goes on where it was.
func TestUplinkResumes(t *testing.T) {
	pkg := bulky(t, 2<<20)
	clean := pass(t, pkg, "")
	clean.arrivedOnce(t, "undisturbed")
	air := clean.stored.Sub(clean.up)
	at := func(part float64) string { // of the time on the air
		return clean.up.Add(time.Duration(part * float64(air))).Sub(dawn).Round(time.Millisecond).String()
	}
	cut := func(part float64, d string) string {
		return fmt.Sprintf("  - {link outage: [90001, Svalbard], at: %s, for: %s}\n", at(part), d)
	}
	reset := func(node string, part float64) string {
		return fmt.Sprintf("  - {node reset: %s, at: %s, for: 3s}\n", node, at(part))
	}
	noise := `
  - {duplication: each link, rate: 20%}
  - {reordering: each link, rate: 20%, delay: up to 300ms}
  - {bit flips: each link, rate: 1e-6}
`
	for _, c := range []struct {
		name, faults string
		more         float64 // frames beyond those of the undisturbed one, in parts of it
	}{
		{"cut in the middle", cut(0.5, "20s"), 0.05},
		{"cut just before the end", cut(0.97, "5s"), 0.05},
		{"cut five times", cut(0.2, "2s") + cut(0.5, "2s") + cut(0.8, "2s") + cut(1, "1s") + cut(1.3, "1s"), 0.1},
		{"cut until the next pass", cut(0.5, "30m"), 0.1},
		{"the satellite loses power", reset("90001", 0.6), 0.1},
		{"the station loses power", reset("Svalbard", 0.6), 0.1},
		{"both, and the owner's terminal", reset("90001", 0.3) + reset("Svalbard", 0.6) + reset("Home", 0.1) + reset("Home", 0.9), 0.15},
		{"doubled, overtaken, damaged frames", noise, 0.4},
		{"all at once", noise + cut(0.3, "2s") + cut(0.7, "2s") + reset("90001", 1.1) + reset("Svalbard", 1.5), 0.5},
	} {
		p := pass(t, pkg, "faults:\n"+c.faults)
		p.arrivedOnce(t, c.name)
		if more := float64(p.frames)/float64(clean.frames) - 1; more > c.more {
			t.Errorf("%s: %.0f %% more frames, want at most %.0f %%", c.name, 100*more, 100*c.more)
		}
		if strings.Contains(c.faults, ", at:") && p.outages == 0 {
			t.Errorf("%s: nothing was interrupted", c.name)
		}
	}
}
