package cop1

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spacechain/link/frame"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// TestFOPTable tries every cell of table 5-1: each event is brought about in each state by
// what the scenario says happens, and then the outputs and the whole of the machine must be
// as a second, plain reading of the named actions has it.
func TestFOPTable(t *testing.T) {
	seen := map[string]map[int]bool{}
	for _, s := range scenarios(t, "fop/*.txt") {
		if seen[s.event] == nil {
			seen[s.event] = map[int]bool{}
		}
		for state, c := range s.cells {
			if c.impossible {
				continue
			}
			seen[s.event][state] = true
			t.Run(fmt.Sprintf("%s/S%d/line%d", s.event, state, c.line), func(t *testing.T) {
				tryFOP(t, &s, State(state), c)
			})
		}
	}
	// No cell is left out, and none is told that the table has as impossible.
	for e := E1; e <= E104; e++ {
		for state := Active; state <= Initial; state++ {
			possible := table[e][state].next != 0
			if told := seen[e.String()][int(state)]; told != possible {
				t.Errorf("%v in %v: told %t, possible %t", e, state, told, possible)
			}
		}
	}
}

// given puts a FOP into the state that a scenario starts from.
func given(t *testing.T, s *scenario, state State) *FOP {
	t.Helper()
	f, err := NewFOP(Config{VC: 3, Window: 4, Timeout: 10 * time.Second, Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	f.state, f.count, f.bdID = state, 1, 50
	again := false
	for _, w := range s.where {
		var n int
		switch {
		case scan(w, "V(S) is %d", &n):
			f.vs = uint8(n)
		case scan(w, "NN(R) is %d", &n):
			f.nnr = uint8(n)
		case scan(w, "the window is %d", &n):
			f.config.Window = n
		case scan(w, "the limit is %d", &n):
			f.config.Limit = n
		case scan(w, "the first was sent %d times", &n):
			f.count = n
		case scan(w, "the timeout type is %d", &n):
			f.config.Suspend = n == 1
		case scan(w, "it was suspended in S%d", &n):
			f.suspended = State(n)
		case scan(w, "unit %d waits", &n):
			f.waiting = []FDU{{ID: uint64(n)}}
		case w == "AD is not ready":
			f.adReady = false
		case w == "BC is not ready":
			f.bcReady = false
		case w == "BD is not ready":
			f.bdReady = false
		case w == "the frames are to be retransmitted":
			again = true
		default:
			t.Fatalf("%s: where %q", s.at(s.line), w)
		}
	}
	switch state {
	case InitializingWithoutBC, InitializingWithBC:
		// In these states no AD frame is under way.
		f.nnr = f.vs
		f.waiting = nil
		if s.event == "E20" {
			f.waiting = []FDU{{ID: 14}}
		}
		f.pending, f.isPending = 4, true
		if state == InitializingWithBC {
			f.sent = []sentFrame{{frame: Frame{Type: BC, VC: 3}, again: again}}
		}
	default:
		for n := f.nnr; n != f.vs; n++ {
			f.sent = append(f.sent, sentFrame{again: again,
				frame: Frame{Type: AD, VC: 3, Sequence: n, FDU: FDU{ID: uint64(n)}}})
		}
	}
	if state != Initial {
		f.timer, f.running = noon.Add(time.Second), true
	}
	return f
}

// happen brings the event about.
func happen(t *testing.T, s *scenario, f *FOP) []Output {
	t.Helper()
	now := noon
	var n int
	switch w := s.when; {
	case strings.HasPrefix(w, "a CLCW comes with "):
		c := frame.CLCW{COP: 1, VC: 3}
		for _, p := range strings.Split(strings.TrimPrefix(w, "a CLCW comes with "), ", ") {
			switch {
			case scan(p, "N(R) %d", &n):
				c.ReportValue = uint8(n)
			case p == "wait":
				c.Wait = true
			case p == "retransmit":
				c.Retransmit = true
			case p == "lockout":
				c.Lockout = true
			default:
				t.Fatalf("%s: %q", s.at(s.line), p)
			}
		}
		return f.CLCW(now, c)
	case w == "an invalid CLCW comes":
		return f.InvalidCLCW(now)
	case w == "the timer runs out":
		if out := f.Tick(now); out != nil {
			t.Fatalf("the timer ran out before its time: %v", out)
		}
		return f.Tick(now.Add(time.Second))
	case scan(w, "an AD unit %d is given", &n):
		return f.Transfer(now, FDU{ID: uint64(n)})
	case scan(w, "a BD unit %d is given", &n):
		return f.TransferBD(now, FDU{ID: uint64(n)})
	case strings.HasPrefix(w, "directive 5 comes: "):
		return f.Direct(now, order(t, s, strings.TrimPrefix(w, "directive 5 comes: ")))
	case w == "the AD frame was sent":
		return f.Radiated(now, AD, true)
	case w == "the AD frame could not be sent":
		return f.Radiated(now, AD, false)
	case w == "the BC frame was sent":
		return f.Radiated(now, BC, true)
	case w == "the BC frame could not be sent":
		return f.Radiated(now, BC, false)
	case w == "the BD frame was sent":
		return f.Radiated(now, BD, true)
	case w == "the BD frame could not be sent":
		return f.Radiated(now, BD, false)
	}
	t.Fatalf("%s: when %q", s.at(s.line), s.when)
	return nil
}

func order(t *testing.T, s *scenario, text string) Directive {
	t.Helper()
	var n int
	if scan(text, "order %d", &n) {
		return Directive{ID: 5, Order: Order(n)}
	}
	for o := InitiateWithoutCheck; o <= SetTimeoutType; o++ {
		if text == o.String() {
			return Directive{ID: 5, Order: o}
		}
		if scan(text, o.String()+" %d", &n) {
			return Directive{ID: 5, Order: o, Value: n, Timeout: time.Duration(n) * time.Second}
		}
	}
	t.Fatalf("%s: order %q", s.at(s.line), text)
	return Directive{}
}

func tryFOP(t *testing.T, s *scenario, state State, c scenarioCell) {
	f, want := given(t, s, state), given(t, s, state)
	var expected []Output
	if s.when == "the timer runs out" {
		want.running = false
		want.now = noon.Add(time.Second)
	} else {
		want.now = noon
	}
	for _, a := range c.actions {
		read(t, s, a, want, &expected)
	}
	want.state = State(c.next)
	got := happen(t, s, f)
	for i := range expected {
		if expected[i].Kind == Send {
			expected[i].Frame.VC = 3
		}
	}
	if d := cmp.Diff(expected, got); d != "" {
		t.Errorf("%s: outputs (-scenario +machine)\n%s", s.at(c.line), d)
	}
	f.out, f.in = nil, input{}
	want.out, want.in = nil, input{}
	if !want.running && !f.running {
		want.timer, f.timer = time.Time{}, time.Time{}
	}
	f.now, want.now = noon, noon
	if d := cmp.Diff(*want, *f, cmp.AllowUnexported(FOP{}, sentFrame{}, input{}), emptyIsNil); d != "" {
		t.Errorf("%s: machine (-scenario +machine)\n%s", s.at(c.line), d)
	}
}

var emptyIsNil = cmp.FilterValues(
	func(a, b []sentFrame) bool { return len(a) == 0 && len(b) == 0 },
	cmp.Comparer(func(a, b []sentFrame) bool { return true }))

// read does an action by its words, straight from §5.2.
func read(t *testing.T, s *scenario, phrase string, m *FOP, out *[]Output) {
	t.Helper()
	put := func(o Output) { *out = append(*out, o) }
	directive := strings.HasPrefix(s.when, "directive")
	answer := func(k Kind) {
		if directive {
			put(Output{Kind: k, ID: 5, Directive: true})
		} else {
			put(Output{Kind: k, ID: 77})
		}
	}
	startTimer := func() { m.timer, m.running = m.now.Add(m.config.Timeout), true }
	purge := func() {
		for _, x := range m.sent {
			if x.frame.Type == AD {
				put(Output{Kind: NegativeConfirm, ID: x.frame.FDU.ID})
			}
		}
		for _, u := range m.waiting {
			put(Output{Kind: Reject, ID: u.ID})
		}
		m.sent, m.waiting, m.nnr = nil, nil, m.vs
	}
	bc := func(c frame.Command) {
		m.sent = []sentFrame{{frame: Frame{Type: BC, VC: 3, Command: c}}}
		put(Output{Kind: Send, Frame: m.sent[0].frame})
		m.count, m.bcReady = 1, false
		startTimer()
	}
	var n, k int
	var word string
	switch {
	case phrase == "ignore":
	case phrase == "accept":
		answer(Accept)
	case phrase == "reject":
		answer(Reject)
	case phrase == "confirm":
		answer(Confirm)
	case scan(phrase, "alert %s", &word):
		m.running = false
		purge()
		if m.isPending {
			put(Output{Kind: NegativeConfirm, ID: m.pending, Directive: true})
			m.isPending = false
		}
		for r := Limit; r <= Term; r++ {
			if r.String() == word {
				put(Output{Kind: Alert, Reason: r})
				return
			}
		}
		t.Fatalf("%s: no alert %q", s.at(s.line), word)
	case phrase == "remove acknowledged frames":
		scan(s.when[strings.Index(s.when, "N(R)"):strings.Index(s.when+",", ",")], "N(R) %d", &n)
		for m.nnr != uint8(n) {
			put(Output{Kind: Confirm, ID: uint64(m.nnr)})
			m.sent, m.nnr, m.count = m.sent[1:], m.nnr+1, 1
		}
	case phrase == "cancel the timer":
		m.running = false
	case phrase == "start the timer":
		startTimer()
	case phrase == "look for an FDU":
		if !m.adReady {
			return
		}
		for i := range m.sent {
			if m.sent[i].again {
				m.sent[i].again, m.adReady = false, false
				put(Output{Kind: Send, Frame: m.sent[i].frame})
				return
			}
		}
		if len(m.waiting) == 1 && len(m.sent) < m.config.Window {
			fr := Frame{Type: AD, VC: 3, Sequence: m.vs, FDU: m.waiting[0]}
			put(Output{Kind: Accept, ID: fr.FDU.ID})
			put(Output{Kind: Send, Frame: fr})
			if len(m.sent) == 0 {
				m.count = 1
			}
			m.sent, m.waiting, m.adReady = append(m.sent, sentFrame{frame: fr}), nil, false
			m.vs++
			startTimer()
		}
	case phrase == "initiate AD retransmission", phrase == "initiate BC retransmission":
		put(Output{Kind: Abort})
		m.count++
		startTimer()
		for i := range m.sent {
			m.sent[i].again = true
		}
	case phrase == "look for a directive":
		if m.bcReady && len(m.sent) > 0 && m.sent[0].again {
			m.sent[0].again, m.bcReady = false, false
			put(Output{Kind: Send, Frame: m.sent[0].frame})
		}
	case phrase == "confirm the initiation":
		put(Output{Kind: Confirm, ID: 4, Directive: true})
		m.isPending = false
	case phrase == "release the BC frame":
		m.sent = nil
	case phrase == "add it to the wait queue":
		m.waiting = []FDU{{ID: 77}}
	case phrase == "transmit the BD frame":
		put(Output{Kind: Send, Frame: Frame{Type: BD, FDU: FDU{ID: 77}}})
		m.bdReady, m.bdID = false, 77
	case phrase == "initialize":
		purge()
		m.count, m.suspended = 1, 0
	case phrase == "await a CLCW":
		m.pending, m.isPending = 5, true
	case phrase == "transmit Unlock":
		bc(frame.Command{})
	case scan(phrase, "transmit Set V(R) %d", &n):
		bc(frame.Command{SetVR: true, VR: uint8(n)})
	case scan(phrase, "set V(S) and NN(R) to %d", &n):
		m.vs, m.nnr = uint8(n), uint8(n)
	case scan(phrase, "suspend from S%d", &n):
		m.suspended = State(n)
		put(Output{Kind: Suspended})
	case phrase == "resume":
		startTimer()
		m.suspended = 0
	case scan(phrase, "set the window to %d", &n):
		m.config.Window = n
	case scan(phrase, "set T1 to %d", &n):
		m.config.Timeout = time.Duration(n) * time.Second
	case scan(phrase, "set the limit to %d", &n):
		m.config.Limit = n
	case scan(phrase, "set the timeout type to %d", &k):
		m.config.Suspend = k == 1
	case phrase == "AD is ready":
		m.adReady = true
	case phrase == "BC is ready":
		m.bcReady = true
	case phrase == "BD is ready":
		m.bdReady = true
	case phrase == "confirm the BD unit":
		put(Output{Kind: Confirm, ID: 50})
	case phrase == "refuse the BD unit":
		put(Output{Kind: NegativeConfirm, ID: 50})
	default:
		t.Fatalf("%s: action %q", s.at(s.line), phrase)
	}
}
