package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/astro/magnetic"
	"spacechain/cloud/api"
	"spacechain/cloud/api/apitest"
)

func TestUniverse(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	var u api.Universe
	w.get("/api/v1/universe", &u)
	if u.Satellites != 66 || u.Speed != 60 || u.Seed != "18446744073709551615" || u.Time.Before(apitest.Start) || u.Tenants != 3 {
		t.Errorf("universe: %+v", u)
	}
	var h api.Health
	w.get("/healthz", &h)
	if h.Status != "ok" {
		t.Errorf("health: %+v", h)
	}
}

func TestSatellites(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	var all struct {
		Satellites []api.Satellite
		Total      int
	}
	w.get("/api/v1/satellites", &all)
	if len(all.Satellites) != 66 || all.Total != 66 || all.Satellites[0].ID != 90001 {
		t.Fatalf("%d satellites of %d, first %+v", len(all.Satellites), all.Total, all.Satellites[0])
	}
	for query, want := range map[string]int{"?q=90042": 1, "?q=sc-10": 9, "?limit=5": 5, "?q=nothing": 0} {
		all.Satellites = nil
		w.get("/api/v1/satellites"+query, &all)
		if len(all.Satellites) != want || all.Total != 66 || all.Satellites == nil {
			t.Errorf("%s: %d of %d, want %d", query, len(all.Satellites), all.Total, want)
		}
	}
	var one api.SatelliteDetail
	w.get("/api/v1/satellites/90017", &one)
	if one.ID != 90017 || len(one.Track) < 90 || len(one.Peers) == 0 {
		t.Errorf("satellite: %+v", one)
	}
	w.problem(404, api.ProblemNotFound, "satellite 42", "GET", "/api/v1/satellites/42", nil)
	w.problem(422, "", "path.id", "GET", "/api/v1/satellites/iss", nil)
	w.problem(422, "", "query.limit", "GET", "/api/v1/satellites?limit=0", nil)
	w.problem(422, "", "query.colour", "GET", "/api/v1/satellites?colour=red", nil)
}

func TestPositions(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	var p api.PlainPositions
	w.get("/api/v1/positions", &p)
	if len(p.IDs) != 66 || len(p.PosECEFKm) != 198 || p.Generation != 1 {
		t.Fatalf("%d ids, %d numbers", len(p.IDs), len(p.PosECEFKm))
	}
	r := math.Sqrt(p.PosECEFKm[0]*p.PosECEFKm[0] + p.PosECEFKm[1]*p.PosECEFKm[1] + p.PosECEFKm[2]*p.PosECEFKm[2])
	if math.Abs(r-7158.137) > 0.01 {
		t.Errorf("radius %v km", r)
	}
}

func TestStationsAndPasses(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	var st struct{ Stations []api.Station }
	w.get("/api/v1/stations", &st)
	if len(st.Stations) != 9 || st.Stations[0].Name != "Svalbard" {
		t.Errorf("stations: %+v", st)
	}
	var ps struct{ Passes []api.Pass }
	w.get("/api/v1/passes?station=2000001&limit=7", &ps)
	if len(ps.Passes) != 7 {
		t.Fatalf("%d passes", len(ps.Passes))
	}
	for _, p := range ps.Passes {
		if p.Station != 2000001 || !p.Rise.Before(p.Set) || p.MaxElevationDeg < 10 {
			t.Errorf("pass %+v", p)
		}
	}
	w.get("/api/v1/passes?from=2026-11-22T09:00:00Z&to=2026-11-22T09:10:00Z&satellite=90001", &ps)
	for _, p := range ps.Passes {
		if p.Satellite != 90001 || p.Set.Before(apitest.Start) || p.Rise.After(apitest.Start.Add(10*time.Minute)) {
			t.Errorf("pass %+v", p)
		}
	}
	w.problem(422, "", "after from", "GET", "/api/v1/passes?from=2026-11-22T09:00:00Z&to=2026-11-22T08:00:00Z", nil)
	w.problem(422, "", "after from", "GET", "/api/v1/passes?to=2025-11-22T08:00:00Z", nil)
	w.problem(422, "", "7 days", "GET", "/api/v1/passes?from=2026-11-22T09:00:00Z&to=2027-11-22T08:00:00Z", nil)
	w.problem(422, "", "query.from", "GET", "/api/v1/passes?from=yesterday", nil)
}

// A satellite's page has what it last said of itself, where a station has heard it.
func TestTelemetry(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	var heard, silent api.SatelliteDetail
	w.get("/api/v1/satellites/90001", &heard)
	w.get("/api/v1/satellites/90002", &silent)
	d := heard.Telemetry
	if d == nil || d.Station != 2000001 || d.Mode != "nominal" || d.Orbit == nil || d.Orbit.Satellites != 9 || d.Orbit.PosECEFKm[0] == 0 || d.Down.Framing == "" {
		t.Errorf("telemetry %+v", d)
	}
	if silent.Telemetry != nil {
		t.Errorf("telemetry of one that nobody heard: %+v", silent.Telemetry)
	}
}

func TestLinks(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	var all struct {
		Links []api.Link
		Total int
	}
	w.get("/api/v1/links", &all)
	if len(all.Links) < 66 || all.Total != len(all.Links) {
		t.Fatalf("%d links of %d", len(all.Links), all.Total)
	}
	w.get("/api/v1/links?kind=ground&limit=1", &all)
	if len(all.Links) != 1 || all.Links[0].Kind != api.LinkGround || all.Total < 2 {
		t.Errorf("ground links: %+v", all)
	}
	if g := all.Links[0]; g.AB.Framing != "AOS" || g.AB.CarrierHz == 0 || g.BA.Modem == "" || g.BA.Coding == "" {
		t.Errorf("a link does not say what it goes by: %+v", g)
	}
	w.get("/api/v1/links?node=90001", &all)
	for _, l := range all.Links {
		if l.A != 90001 && l.B != 90001 {
			t.Errorf("link %+v", l)
		}
	}
	w.problem(422, "", "query.kind", "GET", "/api/v1/links?kind=rope", nil)
}

func TestTenants(t *testing.T) {
	w := start(t, apitest.Options{Lead: 90 * time.Minute}, api.Options{})
	var all struct{ Tenants []api.Tenant }
	w.get("/api/v1/tenants", &all)
	if len(all.Tenants) != 3 || all.Tenants[0].LastResult == nil || len(all.Tenants[0].LastResult.Body) != 0 || all.Tenants[0].LastResult.Size == 0 {
		t.Fatalf("tenants: %+v", all)
	}
	var one api.Tenant
	w.get("/api/v1/tenants/"+apitest.Fieldwatch, &one)
	if one.State != api.TenantInstalled || one.Results != 5 || one.LastResult.Seq != 5 || len(one.LastResult.JSON) == 0 {
		t.Errorf("tenant: %+v", one)
	}
	var rs struct{ Results []api.Result }
	w.get("/api/v1/tenants/"+apitest.Fieldwatch+"/results?after=1&limit=2", &rs)
	if len(rs.Results) != 2 || rs.Results[0].Seq != 2 {
		t.Fatalf("results: %+v", rs)
	}
	var track struct {
		Track []struct {
			NT float64 `json:"nT"`
		}
	}
	if err := json.Unmarshal(rs.Results[0].JSON, &track); err != nil || len(track.Track) != 120 || track.Track[0].NT < 20000 {
		t.Errorf("track: %v %+v", err, track)
	}
	var logs struct{ Lines []api.LogLine }
	w.get("/api/v1/tenants/"+apitest.Fieldwatch+"/logs?after=2", &logs)
	if len(logs.Lines) != 8 || logs.Lines[0].Seq != 3 || logs.Lines[0].Level != "warn" {
		t.Errorf("logs: %+v", logs)
	}
	for _, path := range []string{"", "/results", "/logs"} {
		w.problem(404, api.ProblemNotFound, "ghost", "GET", "/api/v1/tenants/ghost"+path, nil)
	}
	w.problem(422, "", "query.limit", "GET", "/api/v1/tenants/x/results?limit=5000", nil)
	w.problem(422, "", "query.after", "GET", "/api/v1/tenants/x/logs?after=-1", nil)
	w.problem(422, "", "path.id", "GET", "/api/v1/tenants/"+strings.Repeat("x", 200), nil)
}

func TestRequests(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	status, h, b := w.do("POST", "/api/v1/commands", []byte{0x81, 0x01}, "Content-Type", "application/cbor")
	var sub api.Submitted
	if err := json.Unmarshal(b, &sub); err != nil || status != 202 || sub.RequestID != "r-0004" || h.Get("Location") != "/api/v1/requests/r-0004" {
		t.Fatalf("submit: %d %v %s", status, h, b)
	}
	if _, _, again := w.do("POST", "/api/v1/commands", []byte{0x81, 0x01}, "Content-Type", "application/cbor"); !bytes.Equal(b, again) {
		t.Errorf("same command again: %s, before %s", again, b)
	}
	var r api.Request
	w.get("/api/v1/requests/r-0004", &r)
	if r.State != api.RequestPending || len(r.Stages) != 1 || r.Stages[0].Name != api.StageQueued || r.Next == nil || r.Next.Name != api.StageUplinked {
		t.Errorf("request: %+v", r)
	}
	w.get("/api/v1/requests/r-0001", &r)
	if r.State != api.RequestDone || len(r.Stages) != 8 || string(r.ReplyJSON) == "" {
		t.Errorf("request: %+v", r)
	}
	var all struct{ Requests []api.Request }
	w.get("/api/v1/requests?limit=2", &all)
	if len(all.Requests) != 2 || all.Requests[0].ID != "r-0004" {
		t.Errorf("requests: %+v", all)
	}
	w.problem(404, api.ProblemNotFound, "r-9999", "GET", "/api/v1/requests/r-9999", nil)
}

func TestSubmitRefuses(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{MaxCommandBytes: 1000})
	text := func(s string) []byte { return append([]byte{0x81, 0x60 + byte(len(s))}, s...) }
	big := append([]byte{0x81, 0x59, 0x03, 0xe8}, make([]byte, 1000)...)
	cbor := []string{"Content-Type", "application/cbor"}
	w.problem(422, api.ProblemRejected, "signature does not verify", "POST", "/api/v1/commands", text("bad"), cbor...)
	h := w.problem(429, api.ProblemBusy, "64 commands wait", "POST", "/api/v1/commands", text("full"), cbor...)
	if h.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	w.problem(413, "", "too large", "POST", "/api/v1/commands", big, cbor...)
	w.problem(415, "", "application/json", "POST", "/api/v1/commands", []byte("{}"), "Content-Type", "application/json")
	w.problem(415, "", "send application/cbor", "POST", "/api/v1/commands", []byte{0x80})
	for name, b := range map[string][]byte{
		"cut short":       {0x82, 0x01},
		"after the end":   {0x80, 0x80},
		"at byte":         {0x81, 0x18, 0x01}, // not the shortest head
		"not a signed":    {0x01},
		"unexpected end":  {0xd8, 0x62},
		"neither tagged,": {0x63, 'b', 'a', 'd'},
		"deep":            append(bytes.Repeat([]byte{0x81}, 40), 0x01),
	} {
		want := name
		if name == "cut short" {
			want = "submit command: cbor"
		}
		w.problem(400, "", want, "POST", "/api/v1/commands", b, cbor...)
	}
	w.problem(400, "", "", "POST", "/api/v1/commands", nil, cbor...)
	w.problem(405, "", "takes POST", "GET", "/api/v1/commands", nil)
	w.problem(405, "", "takes GET", "DELETE", "/api/v1/tenants/x", nil)
	w.problem(404, api.ProblemNotFound, "/openapi.json", "GET", "/api/v1/nothing", nil)
	w.problem(404, api.ProblemNotFound, "/openapi.json", "GET", "/api/v2/universe", nil)
}

func TestBackendErrors(t *testing.T) {
	var log bytes.Buffer
	w := start(t, apitest.Options{}, api.Options{BackendTimeout: 2 * time.Second, Log: slog.New(slog.NewTextHandler(&log, nil))})
	waitFor(t, func() bool { return w.fake.Subscribers() == 1 })
	paths := []string{"/healthz", "/api/v1/universe", "/api/v1/satellites", "/api/v1/satellites/90001", "/api/v1/positions",
		"/api/v1/stations", "/api/v1/passes", "/api/v1/links", "/api/v1/tenants", "/api/v1/tenants/x", "/api/v1/tenants/x/results",
		"/api/v1/tenants/x/logs", "/api/v1/requests", "/api/v1/requests/x", "/api/v1/passes?to=2026-11-22T10:00:00Z"}
	for _, c := range []struct {
		err    error
		status int
		kind   string
		detail string
	}{
		{fmt.Errorf("starting: %w", api.ErrUnavailable), 503, api.ProblemUnavailable, "starting"},
		{errors.New("secret path /home/x"), 500, api.ProblemInternal, "internal error"},
		{context.DeadlineExceeded, 504, api.ProblemUnavailable, "no answer within 2s"},
		{context.Canceled, 503, api.ProblemUnavailable, ""},
	} {
		w.fake.Fail(c.err)
		for _, p := range paths {
			w.problem(c.status, c.kind, c.detail, "GET", p, nil)
		}
		w.problem(c.status, c.kind, c.detail, "POST", "/api/v1/commands", []byte{0x80}, "Content-Type", "application/cbor")
		if _, _, b := w.do("GET", "/api/v1/universe", nil); bytes.Contains(b, []byte("secret")) {
			t.Errorf("internal error leaks: %s", b)
		}
		if _, _, b := w.do("GET", "/metrics", nil); !bytes.Contains(b, []byte("spacechain_backend_up 0")) {
			t.Error("metrics: backend_up is not 0")
		}
	}
	w.fake.Fail(nil)
	if !strings.Contains(log.String(), "secret path") {
		t.Error("internal error is not in the log")
	}
}

// slow is a backend that answers no sooner than its context ends.
type slow struct{ *apitest.Fake }

func (s slow) Universe(ctx context.Context) (api.Universe, error) {
	<-ctx.Done()
	return api.Universe{}, ctx.Err()
}

func (s slow) Stations(context.Context) ([]api.Station, error) { panic("a bug") }

func TestTimeoutAndPanic(t *testing.T) {
	fake := apitest.New(apitest.Options{Wall: time.Now})
	w := start(t, apitest.Options{}, api.Options{Backend: slow{fake}, BackendTimeout: 30 * time.Millisecond})
	w.problem(504, api.ProblemUnavailable, "no answer within 30ms", "GET", "/api/v1/universe", nil)
	w.problem(500, api.ProblemInternal, "internal error", "GET", "/api/v1/stations", nil)
}

func TestOpenAPI(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{Version: "1.2.3"})
	status, _, b := w.do("GET", "/openapi.json", nil)
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil || status != 200 {
		t.Fatalf("openapi: %d %v", status, err)
	}
	if doc["openapi"] != "3.1.0" || doc["info"].(map[string]any)["version"] != "1.2.3" {
		t.Errorf("openapi %v, info %v", doc["openapi"], doc["info"])
	}
	direct, err := w.srv.OpenAPI()
	if err != nil || !json.Valid(direct) {
		t.Errorf("OpenAPI(): %v", err)
	}
	paths := doc["paths"].(map[string]any)
	want := []string{"/healthz", "/api/v1/universe", "/api/v1/satellites", "/api/v1/satellites/{id}", "/api/v1/positions", "/api/v1/stations",
		"/api/v1/passes", "/api/v1/links", "/api/v1/tenants", "/api/v1/tenants/{id}", "/api/v1/tenants/{id}/results",
		"/api/v1/tenants/{id}/logs", "/api/v1/commands", "/api/v1/models/magnetic-field", "/api/v1/requests", "/api/v1/requests/{id}", "/api/v1/events"}
	for _, p := range want {
		if paths[p] == nil {
			t.Errorf("no path %s", p)
		}
	}
	if len(paths) != len(want) {
		t.Errorf("%d paths, want %d", len(paths), len(want))
	}
	ids := map[string]bool{}
	for path, item := range paths {
		for method, op := range item.(map[string]any) {
			o := op.(map[string]any)
			id, _ := o["operationId"].(string)
			if id == "" || ids[id] {
				t.Errorf("%s %s: operation id %q is missing or not unique", method, path, id)
			}
			ids[id] = true
			if s, _ := o["summary"].(string); s == "" {
				t.Errorf("%s %s: no summary", method, path)
			}
			if rs, _ := o["responses"].(map[string]any); len(rs) == 0 {
				t.Errorf("%s %s: no responses", method, path)
			}
			for _, name := range strings.Split(path, "/") {
				if strings.HasPrefix(name, "{") && !strings.Contains(string(mustJSON(o["parameters"])), `"`+strings.Trim(name, "{}")+`"`) {
					t.Errorf("%s %s: parameter %s is not described", method, path, name)
				}
			}
		}
	}
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	checkRefs(t, doc, schemas)
	for name, s := range schemas {
		props, _ := s.(map[string]any)["properties"].(map[string]any)
		for field, p := range props {
			m := p.(map[string]any)
			if m["description"] == nil && m["$ref"] == nil && name != "ErrorModel" {
				t.Errorf("schema %s.%s has no description", name, field)
			}
		}
	}
	if len(schemas) < 20 {
		t.Errorf("only %d schemas", len(schemas))
	}
}

// checkRefs follows every $ref of the document.
func checkRefs(t *testing.T, v any, schemas map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && schemas[strings.TrimPrefix(ref, "#/components/schemas/")] == nil {
			t.Errorf("dangling reference %s", ref)
		}
		for _, x := range v {
			checkRefs(t, x, schemas)
		}
	case []any:
		for _, x := range v {
			checkRefs(t, x, schemas)
		}
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func TestMagneticField(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	ask := func(body string) (int, []byte) {
		status, _, b := w.do("POST", "/api/v1/models/magnetic-field", []byte(body), "Content-Type", "application/json")
		return status, b
	}
	status, b := ask(`{"t_unix":[1767225600,1767225600],"lat_deg":[0,80],"lon_deg":[0,0],"alt_km":[780,780]}`)
	var got api.FieldAnswer
	if err := json.Unmarshal(b, &got); err != nil || status != 200 || got.Model != "IGRF-14" || len(got.TotalNT) != 2 {
		t.Fatalf("%d %s", status, b)
	}
	want := magnetic.FieldNED(astro.Geodetic{AltKm: 780}, time.Unix(1767225600, 0)).Norm()
	if math.Abs(got.TotalNT[0]-want) > 0.051 || got.TotalNT[0] > got.TotalNT[1] || got.TotalNT[0] < 15000 {
		t.Errorf("got %v, want %v first", got.TotalNT, want)
	}
	for body, want := range map[string]string{
		`{"t_unix":[1],"lat_deg":[0],"lon_deg":[0],"alt_km":[]}`:   "same length",
		`{"t_unix":[1],"lat_deg":[91],"lon_deg":[0],"alt_km":[1]}`: "out of range",
		`{"t_unix":[],"lat_deg":[],"lon_deg":[],"alt_km":[]}`:      "t_unix",
		`{"t_unix":[1]}`: "lat_deg",
		`{"t_unix":["x"],"lat_deg":[0],"lon_deg":[0],"alt_km":[1]}`: "number",
	} {
		w.problem(422, "", want, "POST", "/api/v1/models/magnetic-field", []byte(body), "Content-Type", "application/json")
	}
	w.problem(400, "", "", "POST", "/api/v1/models/magnetic-field", []byte("{"), "Content-Type", "application/json")
	w.problem(403, api.ProblemForbidden, "another site", "POST", "/api/v1/models/magnetic-field", []byte("{}"), "Origin", "https://evil.example")
}

func TestMetrics(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	w.do("GET", "/api/v1/universe", nil)
	w.do("GET", "/api/v1/satellites/90001", nil)
	w.do("GET", "/api/v1/random-"+strings.Repeat("z", 20), nil)
	_, _, b := w.do("GET", "/metrics", nil)
	for _, want := range []string{
		`spacechain_http_requests_total{code="200",method="get",route="GET /api/v1/satellites/{id}"} 1`,
		`spacechain_http_requests_total{code="404",method="get",route="/api/"} 1`,
		`spacechain_http_request_seconds_count{route="GET /api/v1/universe"} 1`,
		"spacechain_satellites 66", "spacechain_speed_ratio 60", "spacechain_backend_up 1", "spacechain_event_streams 0", "go_goroutines",
	} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no line %q", want)
		}
	}
	if bytes.Contains(b, []byte("zzzz")) {
		t.Error("a stranger's path became a label")
	}
	if _, h, _ := w.do("GET", "/metrics", nil); !strings.HasPrefix(h.Get("Content-Type"), "text/plain") {
		t.Errorf("content type %q", h.Get("Content-Type"))
	}
}
