package node

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/store"
)

// TestScenarios plays the files of testdata: a network in a few lines, what happens
// in it, and what must come of it. A line is a sentence:
//
//	nodes 1 2 3                           the nodes, their link to each other unknown
//	node 2 holds 100 kB                   a quota of its store
//	node 2 serves 5 7                     its services; without this, all
//	contact 1 2 from 0s to 60s            planned and real, both ways, 1 Mbit/s
//	  with rate 9600 light 5ms mtu 223 half-duplex lose 20% repeat 5% damage 1% shuffle 20ms
//	outage 1 2 from 10s to 20s            a planned contact that does not happen then
//	link 1 2 from 0s to 60s               real, and in no plan
//	at 5s 1 sends 20 kB to 3 as picture   to service 7 of node 3; further words:
//	  for 60s, whole, report, to service 5
//	at 9s restart 2                       from its store; what was in memory is lost
//	at 9s consume at 3                    what was delivered and kept
//	at 9s forget plan at 2                it has no plan any more
//	node 3 keeps deliveries               it does not consume them at once
//	run to 300s
//	expect picture at 3 after 60s within 5s      delivered once, between 60 s and 65 s
//	expect picture nowhere                       not delivered
//	expect 1 event forwarded of picture at 2     and so on for all kinds of events
//	expect report delivered of picture at 1
//	expect at most 20 frames between 1 and 2
//	expect 2 empty                               no bundle in its store
//	expect 2 holds 1                             one bundle in its store
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &scenario{t: t, w: newNetwork(t, 1), names: map[string]bundle.ID{}}
			s.w.noisy = true
			s.play(string(text))
			if t.Failed() || testing.Verbose() {
				t.Log("\n" + s.w.log.String())
			}
		})
	}
}

type scenario struct {
	t        *testing.T
	w        *network
	names    map[string]bundle.ID
	contacts []contact.Contact
	outages  []window
	windows  []window
	started  bool
	line     string
}

type window struct {
	a, b     uint64
	from, to time.Time
}

func (s *scenario) play(text string) {
	var sentences []string
	for _, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, " "):
			sentences[len(sentences)-1] += " " + strings.TrimSpace(line)
		default:
			sentences = append(sentences, strings.TrimSpace(line))
		}
	}
	for _, line := range sentences {
		s.line = line
		words := strings.Fields(line)
		switch words[0] {
		case "nodes":
			for _, n := range words[1:] {
				s.w.addNode(s.number(n), Config{}, store.Options{})
			}
		case "node":
			s.node(words[1:])
		case "contact", "link", "outage":
			s.contact(words)
		case "at":
			s.start()
			when := s.time(words[1])
			rest, line := words[2:], line
			s.w.at(when, func() { s.line = line; s.act(rest) })
		case "run":
			s.start()
			s.w.run(s.time(words[2]))
		case "expect":
			s.expect(words[1:])
		default:
			s.fail("no such sentence")
		}
	}
}

func (s *scenario) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%q: %s", s.line, fmt.Sprintf(format, args...))
}

func (s *scenario) number(w string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSuffix(w, "%"), 10, 64)
	if err != nil {
		s.t.Fatalf("%q: %v", s.line, err)
	}
	return n
}

func (s *scenario) duration(w string) time.Duration {
	d, err := time.ParseDuration(w)
	if err != nil {
		s.t.Fatalf("%q: %v", s.line, err)
	}
	return d
}

func (s *scenario) time(w string) time.Time { return begin.Add(s.duration(w)) }

// size reads a number and a unit.
func (s *scenario) size(n, unit string) int {
	scale, ok := map[string]int{"bytes": 1, "kB": 1000, "MB": 1000000}[unit]
	if !ok {
		s.t.Fatalf("%q: %q is no unit", s.line, unit)
	}
	return int(s.number(n)) * scale
}

func (s *scenario) node(words []string) {
	h := s.w.hosts[s.number(words[0])]
	switch words[1] {
	case "holds":
		h.opt.MaxBytes = int64(s.size(words[2], words[3]))
	case "serves":
		var served []uint64
		for _, w := range words[2:] {
			served = append(served, s.number(w))
		}
		h.cfg.Services = func(n uint64) bool { return slices.Contains(served, n) }
	case "keeps":
		h.keep = true
	default:
		s.fail("no such sentence")
	}
}

func (s *scenario) contact(words []string) {
	win := window{s.number(words[1]), s.number(words[2]), s.time(words[4]), s.time(words[6])}
	l := s.w.wire(win.a, win.b)
	for i := 7; i < len(words); i++ {
		arg := func() string { i++; return words[i] }
		switch words[i] {
		case "with":
		case "rate":
			l.rate = float64(s.number(arg()))
		case "light":
			l.light = s.duration(arg())
		case "mtu":
			l.mtu = int(s.number(arg()))
		case "half-duplex":
			l.half = true
		case "lose":
			l.lose = float64(s.number(arg())) / 100
		case "repeat":
			l.repeat = float64(s.number(arg())) / 100
		case "damage":
			l.damage = float64(s.number(arg())) / 100
		case "shuffle":
			l.jitter = s.duration(arg()).Seconds()
		default:
			s.fail("no such word: %s", words[i])
		}
	}
	if words[0] == "outage" {
		s.outages = append(s.outages, win)
		return
	}
	s.windows = append(s.windows, win)
	if words[0] == "contact" {
		for _, d := range [][2]uint64{{win.a, win.b}, {win.b, win.a}} {
			s.contacts = append(s.contacts, contact.Contact{From: d[0], To: d[1], Start: win.from, End: win.to, RateBps: l.rate, OWLT: l.light})
		}
	}
}

// start makes the nodes and schedules the links, once.
func (s *scenario) start() {
	if s.started {
		return
	}
	s.started = true
	var err error
	if s.w.plan, err = contact.NewPlan(s.contacts); err != nil {
		s.t.Fatal(err)
	}
	for _, n := range s.w.numbers() {
		s.w.start(n)
	}
	for _, win := range s.windows {
		from := win.from
		for _, o := range s.outages {
			if pair(o.a, o.b) == pair(win.a, win.b) && o.from.Before(win.to) && o.to.After(from) {
				if o.from.After(from) {
					s.w.window(win.a, win.b, from, o.from)
				}
				from = o.to
			}
		}
		if from.Before(win.to) {
			s.w.window(win.a, win.b, from, win.to)
		}
	}
}

func (s *scenario) act(words []string) {
	switch {
	case words[0] == "restart":
		s.w.logf("restart %s", words[1])
		s.w.start(s.number(words[1]))
	case words[0] == "consume":
		h := s.w.hosts[s.number(words[2])]
		h.keep = false
		for _, e := range h.n.store.Entries() {
			if err := h.n.Consume(e.ID); err != nil {
				s.fail("%v", err)
			}
			h.got[e.ID]++
			h.gotAt[e.ID] = s.w.now
		}
		s.w.drain(s.number(words[2]))
	case words[0] == "forget":
		n := s.number(words[3])
		s.w.hosts[n].n.SetPlan(s.w.now, nil)
		s.w.drain(n)
	case words[1] == "sends":
		s.send(words)
	default:
		s.fail("no such sentence")
	}
}

func (s *scenario) send(words []string) {
	r := SendRequest{Service: 64, Dst: bundle.IPN(s.number(words[5]), 7), Payload: make([]byte, s.size(words[2], words[3]))}
	name := words[7]
	for i := 8; i < len(words); i++ {
		switch words[i] {
		case "for":
			i++
			r.Lifetime = s.duration(words[i])
		case "whole":
			r.NoFragment = true
		case "report":
			r.Report = bundle.ReportAll
		case "to":
			i += 2
			r.Dst = bundle.IPN(r.Dst.Node(), s.number(words[i]))
		default:
			s.fail("no such word: %s", words[i])
		}
	}
	for i := range r.Payload {
		r.Payload[i] = byte(s.w.rng.Uint32())
	}
	s.names[name] = s.w.send(s.number(words[0]), r)
}

func (s *scenario) expect(words []string) {
	id := s.names[words[0]]
	switch {
	case len(words) == 7 && words[1] == "at":
		h := s.w.hosts[s.number(words[2])]
		after, within := s.time(words[4]), s.duration(words[6])
		when := h.gotAt[id]
		if h.got[id] != 1 || when.Before(after) || when.After(after.Add(within)) {
			s.fail("delivered %d times, at %v", h.got[id], when.Sub(begin))
		}
	case words[1] == "nowhere":
		for n, h := range s.w.hosts {
			if h.got[id] != 0 {
				s.fail("delivered at %d", n)
			}
		}
	case words[0] == "report":
		found := 0
		for _, e := range s.w.hosts[s.number(words[5])].events {
			if e.Kind != EventReport || e.ID.Whole() != s.names[words[3]] {
				continue
			}
			if map[string]bool{"received": e.Report.Received.Asserted, "forwarded": e.Report.Forwarded.Asserted,
				"delivered": e.Report.Delivered.Asserted, "deleted": e.Report.Deleted.Asserted}[words[1]] {
				found++
			}
		}
		if found == 0 {
			s.fail("no such report")
		}
	case words[1] == "event" || words[1] == "events":
		found := 0
		for _, e := range s.w.hosts[s.number(words[6])].events {
			if e.Kind.String() == words[2] && (words[4] == "any" || e.ID.Whole() == s.names[words[4]]) {
				found++
			}
		}
		if found != int(s.number(words[0])) {
			s.fail("%d events", found)
		}
	case words[1] == "most":
		if n := s.w.wire(s.number(words[5]), s.number(words[7])).frames; n > int(s.number(words[2])) {
			s.fail("%d frames", n)
		}
	case words[1] == "empty":
		if n := s.w.hosts[s.number(words[0])].n.Stored(); n != 0 {
			s.fail("it holds %d", n)
		}
	case words[1] == "holds":
		if n := s.w.hosts[s.number(words[0])].n.Stored(); n != int(s.number(words[2])) {
			s.fail("it holds %d", n)
		}
	default:
		s.fail("no such sentence")
	}
}
