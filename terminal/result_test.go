package terminal

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/spaceos/command"
	"spacechain/spaceos/receipt"
)

// The first result is a stage of the deployment, whichever came first, the deployment's
// reply or the result; and the first after an update is one of the update.
func TestFirstResultOnTheDeployment(t *testing.T) {
	for _, early := range []bool{false, true} {
		t.Run(fmt.Sprint("early ", early), func(t *testing.T) {
			g := sent(t)
			reply := answer(1, noon, command.Reply{Tenant: 64, Body: said(0)})
			result := sealed(activation(1, noon.Add(time.Minute)))
			g.seen = nil
			if early {
				g.hand(result)
				g.hand(reply)
			} else {
				g.hand(reply)
				g.hand(result)
			}
			g.hand(sealed(activation(2, noon.Add(2*time.Minute))))
			g.hand(result)
			equal(t, "stages", stages(g.request(1)), []StageName{StageQueued, StageArrived, StageExecuted, StageReplied, StageResult})
			told := 0
			for _, c := range g.seen {
				if c.Stage == StageResult {
					told++
				}
			}
			if told != 1 {
				t.Errorf("told %d times", told)
			}

			g.submit(g.order(2, command.Command{Op: command.Deploy, Body: packed}))
			g.hand(answer(2, noon.Add(3*time.Minute), command.Reply{Tenant: 64, Body: said(2)}))
			if r := g.request(2); r.reached(StageResult) {
				t.Errorf("the update has a result already: %v", stages(r))
			}
			g.restart()
			g.hand(sealed(activation(3, noon.Add(4*time.Minute))))
			g.hand(sealed(activation(4, noon.Add(5*time.Minute))))
			for id := range byte(2) {
				if n := count(stages(g.request(id+1)), StageResult); n != 1 {
					t.Errorf("request %d has %d results", id+1, n)
				}
			}
		})
	}
}

// A call's result is a stage of the call; one that another terminal made is nothing to
// this one.
func TestResultOfACall(t *testing.T) {
	g := sent(t)
	g.hand(answer(1, noon, command.Reply{Tenant: 64, Body: said(0)}))
	g.submit(g.order(2, command.Command{Op: command.Call, Tenant: 64, Body: []byte("how are you")}))
	of := func(id byte) func(*command.ResultMessage) {
		return func(m *command.ResultMessage) { m.Report.Request = command.RequestID{id} }
	}
	g.hand(sealed(activation(1, noon, of(2))))
	g.hand(sealed(activation(2, noon, of(77))))
	g.hand(answer(2, noon, command.Reply{Tenant: 64})) // the result was faster
	if r := g.request(2); r.State != Done || count(stages(r), StageResult) != 1 || r.App != "org.example.probe" {
		t.Errorf("call: %+v", r)
	}
	results, err := g.term.Desk().Results("90031.64", 0, 9)
	g.check(err)
	if len(results) != 2 || results[0].Request != (command.RequestID{2}).String() || string(results[0].Body) != "answer 1" {
		t.Errorf("results: %+v", results)
	}
}

// Results come in any order and more than once, among descriptions, app messages and
// log replies, with restarts between. In the end each is there once, in the order in
// which they came, and the totals are those of the satellite.
func TestResultsInAnyOrder(t *testing.T) {
	line := func(activation uint64, i int) command.LogLine {
		return command.LogLine{Time: noon.Add(time.Duration(activation) * time.Minute), Activation: activation, Level: 1, Text: fmt.Sprintf("line %d", i/2)}
	}
	const lines = 5 // of each activation, some alike; its result brings the last two
	rapid.Check(t, func(rt *rapid.T) {
		g := newGround(t)
		total := rapid.Uint64Range(1, 7).Draw(rt, "activations")
		list := byte(100)
		came := map[uint64]int{}   // results
		wrote := map[uint64]bool{} // messages
		logged := map[uint64]int{} // lines of each activation that came
		var order []string
		latest := uint64(0)
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			n := rapid.Uint64Range(1, total).Draw(rt, "n")
			switch rapid.IntRange(0, 8).Draw(rt, "what") {
			default:
				if came[n]++; came[n] == 1 {
					order = append(order, fmt.Sprintf("answer %d", n))
				}
				logged[n] = max(logged[n], 2)
				latest = max(latest, n)
				g.hand(sealed(activation(n, noon, func(m *command.ResultMessage) {
					m.Report.Logs = []command.LogLine{line(n, 3), line(n, 4)}
				})))
			case 5: // a description, of now or of before
				g.submit(g.order(list, command.Command{Op: command.List}))
				g.hand(answer(list, noon.Add(time.Duration(n)*time.Minute), command.Reply{Body: said(n)}))
				list++
				latest = max(latest, n)
			case 6:
				if !wrote[n] {
					order = append(order, fmt.Sprintf("message %d", n))
				}
				wrote[n] = true
				m := command.AppMessage{Satellite: satellite, Tenant: 64, App: "org.example.probe", Number: n, Time: noon, Payload: fmt.Appendf(nil, "message %d", n)}
				g.hand(m.Encode(keys[satellite]))
			case 7: // the log of activations n to the last one
				if len(order) == 0 {
					continue
				}
				var all []command.LogLine
				for a := n; a <= total; a++ {
					for i := range lines {
						all = append(all, line(a, i))
					}
					logged[a] = lines
				}
				g.submit(g.order(list, command.Command{Op: command.Logs, Tenant: 64}))
				g.hand(answer(list, noon, command.Reply{Tenant: 64, Body: command.EncodeLogs(all)}))
				list++
			case 8:
				g.restart()
			}
		}
		desk := g.term.Desk()
		results, err := desk.Results("90031.64", 0, 999)
		if len(order) == 0 {
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		if len(results) != len(order) {
			rt.Fatalf("%d results, want %d", len(results), len(order))
		}
		for i, r := range results {
			if string(r.Body) != order[i] || r.Seq != uint64(i+1) || (r.Receipt == nil) != (order[i][0] == 'm') {
				rt.Errorf("result %d: %q, want %q", i, r.Body, order[i])
			}
			if r.Receipt != nil && r.Receipt.Verify(keys[satellite].Public()) != nil {
				rt.Errorf("result %d: the receipt does not hold", i)
			}
		}
		tn := g.tenant()
		counted := tn.Counted
		var gas uint64
		for n := uint64(1); n <= total; n++ {
			if n <= counted || came[n] > 0 {
				gas += gasOf(n)
			}
		}
		if tn.Activations != latest || tn.Gas != gas || tn.Results != uint64(len(order)) || tn.Stored != 100*latest {
			rt.Errorf("tenant: %+v; want %d activations and %d gas", tn, latest, gas)
		}
		stored, err := desk.Logs("90031.64", 0, 999)
		if err != nil {
			rt.Fatal(err)
		}
		got := map[command.LogLine]int{}
		for i, l := range stored {
			got[l.LogLine]++
			if l.Seq != uint64(i+1) {
				rt.Errorf("line %d has number %d", i, l.Seq)
			}
		}
		want := map[command.LogLine]int{}
		for n, k := range logged {
			for i := lines - k; i < lines; i++ {
				want[line(n, i)]++
			}
		}
		for l, k := range want {
			if got[l] != k {
				rt.Errorf("%d times %+v, want %d", got[l], l, k)
			}
		}
		if len(got) != len(want) {
			rt.Errorf("%d different lines, want %d", len(got), len(want))
		}
	})
}

func TestDeskPages(t *testing.T) {
	g := newGround(t)
	for n := range uint64(10) {
		g.hand(sealed(activation(n+1, noon, func(m *command.ResultMessage) {
			m.Report.Logs = []command.LogLine{{Time: noon, Activation: n + 1, Text: "x"}}
		})))
	}
	desk := g.term.Desk()
	for _, c := range []struct {
		after       uint64
		limit, want int
		first       uint64
	}{
		{0, 100, 10, 1}, {0, 3, 3, 1}, {3, 3, 3, 4}, {8, 3, 2, 9}, {10, 3, 0, 0}, {99, 3, 0, 0},
		{math.MaxUint64, 3, 0, 0}, {0, 0, 0, 0}, {0, -1, 0, 0},
	} {
		results, err := desk.Results("90031.64", c.after, c.limit)
		g.check(err)
		logs, err := desk.Logs("90031.64", c.after, c.limit)
		g.check(err)
		if len(results) != c.want || len(logs) != c.want {
			t.Errorf("after %d, at most %d: %d results and %d lines, want %d", c.after, c.limit, len(results), len(logs), c.want)
			continue
		}
		if c.want > 0 && (results[0].Seq != c.first || logs[0].Seq != c.first) {
			t.Errorf("after %d: begins with %d and %d, want %d", c.after, results[0].Seq, logs[0].Seq, c.first)
		}
	}
	for _, id := range []string{"90031.65", "", "../90031.64"} {
		if _, err := desk.Results(id, 0, 1); !errors.Is(err, ErrUnknown) {
			t.Errorf("results of %q: %v", id, err)
		}
		if _, err := desk.Logs(id, 0, 1); !errors.Is(err, ErrUnknown) {
			t.Errorf("logs of %q: %v", id, err)
		}
	}
	if _, err := desk.Request("nothing"); !errors.Is(err, ErrUnknown) {
		t.Errorf("request: %v", err)
	}
}

// Requests come by their time, whatever their numbers.
func TestDeskOrdersRequests(t *testing.T) {
	g := newGround(t)
	for _, id := range []byte{9, 3, 7} {
		g.submit(g.order(id, command.Command{Op: command.List}))
		g.now = g.now.Add(time.Minute)
	}
	all, err := g.term.Desk().Requests()
	g.check(err)
	var ids []string
	for _, r := range all {
		ids = append(ids, r.ID[:2])
	}
	equal(t, "requests", ids, []string{"09", "03", "07"})
}

// Anybody can deploy an app with this terminal's inbox as its address; what it sends
// is dropped, and told of.
func TestStrangersResultsAreDropped(t *testing.T) {
	g := sent(t)
	g.seen = nil
	stranger := command.OwnerOf(keys[satellite])
	g.hand(sealed(activation(1, noon, func(m *command.ResultMessage) { m.Receipt.Receipt.Owner = receipt.Digest(stranger) })))
	if _, err := g.term.Desk().Tenant(TenantID(satellite, 64)); !errors.Is(err, ErrUnknown) {
		t.Errorf("the tenant is known: %v", err)
	}
	if len(g.seen) != 1 || g.seen[0].Problem == "" {
		t.Errorf("told %+v", g.seen)
	}
}
