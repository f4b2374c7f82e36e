package api_test

import (
	"encoding/binary"
	"math"
	"strconv"
	"testing"
	"time"

	"spacechain/cloud/api"
	"spacechain/cloud/api/apitest"
)

func TestStreamFrames(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	s := w.open("")
	var u api.Universe
	s.want("clock", &u)
	var p api.PositionFrame
	s.want("positions", &p)
	if u.Satellites != 66 || p.Count != 66 || len(p.PosECEF) != 66*6 || len(p.Sunlit) != 9 {
		t.Fatalf("clock %+v, positions %d", u, p.Count)
	}
	r := 0.0
	for i := range 3 {
		x := float64(int16(binary.LittleEndian.Uint16(p.PosECEF[2*i:]))) * p.UnitKm
		r += x * x
	}
	if math.Abs(math.Sqrt(r)-7158.137) > 1 {
		t.Errorf("radius %v km", math.Sqrt(r))
	}
	var l api.LinkFrame
	e := s.want("links", &l)
	if l.Count < 66 || len(l.Ends) != 8*l.Count || len(l.Flags) != l.Count || binary.LittleEndian.Uint32(l.Ends) < 90001 || e.id != "" {
		t.Errorf("links: %+v, id %q", l, e.id)
	}
	var again api.PositionFrame
	s.want("positions", &again)
	if !again.Time.After(p.Time) {
		t.Errorf("positions at %v after %v", again.Time, p.Time)
	}
}

func TestStreamEvents(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	s := w.open("?kinds=tenant,result,request")
	waitFor(t, func() bool { return w.fake.Subscribers() == 1 })
	tenant, err := w.fake.Tenant(t.Context(), apitest.Fieldwatch)
	if err != nil {
		t.Fatal(err)
	}
	w.fake.Emit(api.Event{Kind: api.EventBundle, Severity: api.SeverityDebug, Text: "left out by kinds"})
	w.fake.Emit(api.Event{Kind: api.EventTenant, Severity: api.SeverityInfo, Text: "installed <&>", Tenant: &tenant})
	w.fake.Emit(api.Event{Kind: api.EventResult, Severity: api.SeverityInfo, Text: "result", Result: tenant.LastResult})
	var e api.Event
	first := s.want("tenant", &e)
	if first.id != "2" || e.Seq != 2 || e.Text != "installed <&>" || e.Tenant.ID != apitest.Fieldwatch || len(e.Tenant.LastResult.Body) != 0 {
		t.Errorf("tenant event: %+v %+v", first, e)
	}
	s.want("result", &e)
	if e.Result == nil || e.Result.Size < 1000 || len(e.Result.Body) != 0 || e.Result.JSON != nil {
		t.Errorf("result event: %+v", e.Result)
	}
	if len(tenant.LastResult.Body) == 0 {
		t.Error("the backend's own value was changed")
	}
}

func TestStreamResumes(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	waitFor(t, func() bool { return w.fake.Subscribers() == 1 })
	emit := func(n int) {
		for range n {
			w.fake.Emit(api.Event{Kind: api.EventNode, Severity: api.SeverityInfo, Text: "node"})
			time.Sleep(100 * time.Microsecond) // the hub keeps up
		}
	}
	emit(20)
	watch := w.open("?kinds=node&replay=20")
	for i := range 20 {
		if e := watch.want("node", nil); e.id != strconv.Itoa(i+1) {
			t.Fatalf("replayed %d, want %d", i, i+1)
		}
	}
	back := w.open("?kinds=node", "Last-Event-ID", "17")
	for _, want := range []string{"18", "19", "20"} {
		if e := back.want("node", nil); e.id != want {
			t.Fatalf("resumed with %s, want %s", e.id, want)
		}
	}
	few := w.open("?kinds=node&replay=2")
	if e := few.want("node", nil); e.id != "19" {
		t.Errorf("replay of two begins with %s", e.id)
	}
	var gap api.GapFrame
	w.open("", "Last-Event-ID", "500").want("gap", &gap) // from before a restart
	emit(1100)
	waitFor(t, func() bool {
		probe := w.open("?kinds=node&replay=1")
		defer probe.stop()
		return probe.want("node", nil).id == "1120"
	})
	w.open("?kinds=node", "Last-Event-ID", "20").want("gap", &gap)
	if gap.Lost == 0 {
		t.Error("history was trimmed, but no loss is told")
	}
	w.problem(422, "", "not a number", "GET", "/api/v1/events", nil, "Last-Event-ID", "x")
	w.problem(422, "", "no kind", "GET", "/api/v1/events?kinds=gossip", nil)
	w.problem(422, "", "query.replay", "GET", "/api/v1/events?replay=100000", nil)
}

func TestStreamTellsBackendGaps(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	waitFor(t, func() bool { return w.fake.Subscribers() == 1 })
	s := w.open("?kinds=node")
	w.fake.Emit(api.Event{Kind: api.EventNode, Text: "first"})
	s.want("node", nil)
	w.fake.Skip(41)
	w.fake.Emit(api.Event{Kind: api.EventNode, Text: "after"})
	var gap api.GapFrame
	s.want("gap", &gap)
	if gap.Lost != 41 {
		t.Errorf("%d lost, want 41", gap.Lost)
	}
}

func TestStreamLimitAndEnd(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{MaxStreams: 2})
	a, b := w.open("?kinds=clock"), w.open("?kinds=clock")
	h := w.problem(503, api.ProblemUnavailable, "limit 2", "GET", "/api/v1/events", nil)
	if h.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	a.want("clock", nil)
	b.stop()
	waitFor(t, func() bool {
		status, _, _ := w.do("GET", "/api/v1/events?kinds=node", nil, "Last-Event-ID", "x")
		return status == 422
	})
	waitFor(t, func() bool {
		_, _, m := w.do("GET", "/metrics", nil)
		return contains(m, "spacechain_event_streams 1")
	})
	w.open("?kinds=clock").want("clock", nil)
}

func TestStreamEndsWithBackend(t *testing.T) {
	fake := apitest.New(apitest.Options{Wall: time.Now})
	w := start(t, apitest.Options{}, api.Options{Backend: fake})
	s := w.open("?kinds=clock")
	s.want("clock", nil)
	fake.Hangup()
	limit := time.After(5 * time.Second)
	for {
		select {
		case _, open := <-s.next:
			if !open {
				w.problem(503, api.ProblemUnavailable, "has ended", "GET", "/api/v1/events", nil)
				return
			}
		case <-limit:
			t.Fatal("the stream did not end")
		}
	}
}

func TestStreamServes10395(t *testing.T) {
	w := start(t, apitest.Options{Satellites: 10395}, api.Options{PositionInterval: 50 * time.Millisecond})
	var all struct{ Satellites []api.Satellite }
	w.get("/api/v1/satellites", &all)
	if len(all.Satellites) != 10395 {
		t.Fatalf("%d satellites", len(all.Satellites))
	}
	s := w.open("?kinds=positions,links")
	var p api.PositionFrame
	e := s.want("positions", &p)
	if p.Count != 10395 || len(p.PosECEF) != 6*10395 || len(e.data) > 100_000 {
		t.Errorf("%d positions in %d bytes", p.Count, len(e.data))
	}
	e = s.want("links", nil)
	t.Logf("10,395 satellites: positions event %d bytes, links event %d bytes", len(mustJSON(p)), len(e.data))
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("waited 5 s in vain")
}

func contains(b []byte, s string) bool {
	for i := range max(0, len(b)-len(s)+1) {
		if string(b[i:i+len(s)]) == s {
			return true
		}
	}
	return false
}
