package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"spacechain/cloud/api"
)

// Ids of the fake's tenants. Fieldwatch sends a result every 20 simulated
// minutes, the first at Start.
const (
	Fieldwatch = "fieldwatch-90017"
	Shadow     = "shadow-90042"
	Greedy     = "greedy-90003"
)

const (
	resultEvery = 20 * time.Minute
	publisher   = "spc1qf7m2x0k4w9d3s8j6h5t2r0y4n7v3c8l9p0ae"
)

func (f *Fake) tenants(now time.Time) []api.Tenant {
	ran := uint64(max(now.Sub(Start), 0) / resultEvery)
	installed := Start.Add(-3 * time.Minute)
	field := api.Tenant{ID: Fieldwatch, App: "org.spacechain.fieldwatch", Version: "1.0.0", Publisher: publisher, Owner: publisher,
		Runtime: "js@1", Satellite: 90017, State: api.TenantInstalled, Request: "r-0001", Installed: &installed,
		Activations: 1 + 20*ran, GasUsed: (1 + 20*ran) * 2_731_004, GasLimit: 50_000_000,
		Storage: 18_432 + 512*ran, Quota: 1 << 20, Results: 1 + ran}
	last := f.result(field, field.Results)
	field.LastResult = &last
	shadow := api.Tenant{ID: Shadow, App: "org.spacechain.shadow", Version: "0.3.1", Publisher: publisher, Owner: publisher,
		Satellite: 90042, State: api.TenantInstalled, Request: "r-0002", Installed: &installed, Activations: 1 + ran,
		GasUsed: (1 + ran) * 812_330, GasLimit: 4_000_000, Storage: 2048, Quota: 64 << 10, Results: 1 + ran}
	lastShadow := f.result(shadow, shadow.Results)
	shadow.LastResult = &lastShadow
	return []api.Tenant{field, {ID: Greedy, App: "example.greedy", Version: "9.9.9", Publisher: publisher, Owner: publisher,
		Satellite: 90003, State: api.TenantRefused, Request: "r-0003", GasLimit: 1 << 40, Quota: 1 << 34,
		Detail: "admit example.greedy 9.9.9: memory 16 GiB is over the quota of 64 MiB; ask for less in the manifest"}, shadow}
}

func (f *Fake) result(t api.Tenant, seq uint64) api.Result {
	created := Start.Add(time.Duration(seq-1) * resultEvery)
	r := api.Result{Seq: seq, Tenant: t.ID, Satellite: t.Satellite, Created: created, Received: created.Add(4*time.Minute + 12*time.Second),
		Activation: seq * 20, Trigger: "summary", End: "returned", Gas: 2_731_004 + seq*977%40_000, DurationMs: 3.4, Verified: true}
	var v any
	if t.ID == Shadow {
		fractions := make([]float64, 48)
		for i := range fractions {
			fractions[i] = math.Round(1000*(0.5+0.5*math.Sin(float64(i)/7+float64(seq)))) / 1000
		}
		v = map[string]any{"unit": "1", "illumination": fractions}
	} else {
		v = map[string]any{"track": f.track(int(t.Satellite)-firstID, created), "samples": 120, "rms_nT": 14.2, "unit": "nT"}
	}
	r.Body, _ = json.Marshal(v)
	r.Size = len(r.Body)
	return r
}

// sample is one reading of the magnetometer beside the model's value.
type sample struct {
	T    string  `json:"t"`
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	NT   float64 `json:"nT"`
	IGRF float64 `json:"igrf_nT"`
}

// track is a dipole field along the last orbit, with a little noise.
func (f *Fake) track(i int, until time.Time) []sample {
	var out []sample
	for k := range 120 {
		t := until.Add(-time.Duration(119-k) * time.Minute)
		lat, lon := latLon(f.pos(i, t))
		truth := 22_500 * math.Sqrt(1+3*math.Pow(math.Sin(radians(lat)), 2)) * (1 + 0.08*math.Cos(radians(lon-100)))
		noise := 60*math.Sin(float64(k)*12.9898) + 35*math.Sin(float64(k)*78.233)
		out = append(out, sample{t.Format(time.RFC3339), math.Round(lat*1e3) / 1e3, math.Round(lon*1e3) / 1e3,
			math.Round(truth + noise), math.Round(truth)})
	}
	return out
}

// Tenants implements api.Backend.
func (f *Fake) Tenants(ctx context.Context) ([]api.Tenant, error) {
	if err := f.failing(ctx); err != nil {
		return nil, err
	}
	return f.tenants(f.Now()), nil
}

// Tenant implements api.Backend.
func (f *Fake) Tenant(ctx context.Context, id string) (api.Tenant, error) {
	if err := f.failing(ctx); err != nil {
		return api.Tenant{}, err
	}
	for _, t := range f.tenants(f.Now()) {
		if t.ID == id {
			return t, nil
		}
	}
	return api.Tenant{}, fmt.Errorf("tenant %q: %w", id, api.ErrNotFound)
}

// Results implements api.Backend.
func (f *Fake) Results(ctx context.Context, tenant string, after uint64, limit int) ([]api.Result, error) {
	t, err := f.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var out []api.Result
	for seq := after + 1; seq > after && seq <= t.Results && len(out) < limit; seq++ {
		out = append(out, f.result(t, seq))
	}
	return out, nil
}

// Logs implements api.Backend.
func (f *Fake) Logs(ctx context.Context, tenant string, after uint64, limit int) ([]api.LogLine, error) {
	t, err := f.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var out []api.LogLine
	for seq := after + 1; seq > after && seq <= 2*t.Results && len(out) < limit; seq++ {
		line := api.LogLine{Seq: seq, Time: Start.Add(time.Duration(seq-1) * resultEvery / 2), Level: "info",
			Text: fmt.Sprintf("ring holds %d samples, oldest %d min", 60+seq*7%60, 60+seq*7%60)}
		if seq%5 == 3 {
			line.Level, line.Text = "warn", "magnetometer late by 2 samples; kept the previous reading"
		}
		out = append(out, line)
	}
	return out, nil
}

// Submit implements api.Backend. A command that holds the text "bad" is
// rejected, one that holds "full" meets a full queue.
func (f *Fake) Submit(ctx context.Context, signedCommand []byte) (string, error) {
	if err := f.failing(ctx); err != nil {
		return "", err
	}
	now := f.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch key := string(signedCommand); {
	case containsText(key, "bad"):
		return "", fmt.Errorf("signature does not verify: %w", api.ErrRejected)
	case containsText(key, "full"):
		return "", fmt.Errorf("64 commands wait already: %w", api.ErrBusy)
	case f.commands[key] == "":
		f.sent = append(f.sent, now)
		f.commands[key] = fmt.Sprintf("r-%04d", 3+len(f.sent))
		fallthrough
	default:
		return f.commands[key], nil
	}
}

func containsText(s, sub string) bool {
	for i := range max(0, len(s)-len(sub)+1) {
		if s[i:i+len(sub)] == sub {
			return true
		}
	}
	return false
}

// Request implements api.Backend. Stages follow each other by simulated minutes.
func (f *Fake) Request(ctx context.Context, id string) (api.Request, error) {
	if err := f.failing(ctx); err != nil {
		return api.Request{}, err
	}
	now := f.Now()
	var begun time.Time
	var n int
	_, scanErr := fmt.Sscanf(id, "r-%04d", &n)
	f.mu.Lock()
	switch {
	case scanErr != nil || n < 1 || n > 3+len(f.sent):
	case n <= 3:
		begun = Start.Add(-20 * time.Minute)
	default:
		begun = f.sent[n-4]
	}
	f.mu.Unlock()
	if begun.IsZero() {
		return api.Request{}, fmt.Errorf("request %q: %w", id, api.ErrNotFound)
	}
	return request(id, begun, now), nil
}

// Requests implements api.Backend.
func (f *Fake) Requests(ctx context.Context, limit int) ([]api.Request, error) {
	if err := f.failing(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	n := 1 + len(f.sent)
	f.mu.Unlock()
	var out []api.Request
	for i := n; i >= 1 && len(out) < limit; i-- {
		number := i
		if i > 1 {
			number = i + 2 // requests 2 and 3 have no life of their own
		}
		r, err := f.Request(ctx, fmt.Sprintf("r-%04d", number))
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func request(id string, begun, now time.Time) api.Request {
	r := api.Request{ID: id, Kind: "install", Tenant: Fieldwatch, App: "org.spacechain.fieldwatch", Satellite: 90017, Size: 9_412, State: api.RequestPending}
	plan := []api.Stage{
		{Name: api.StageQueued, Node: 3000001, Text: "accepted, 9.4 kB"},
		{Name: api.StageUplinked, Node: 2000003, Text: "Weilheim to SC-109, 31.2° culmination"},
		{Name: api.StageHop, Node: 90049, Text: "SC-109"},
		{Name: api.StageHop, Node: 90050, Text: "SC-209"},
		{Name: api.StageArrived, Node: 90017, Text: "SC-503"},
		{Name: api.StageExecuted, Node: 90017, Text: "admitted: two signatures, counter 1, quota 1 MiB"},
		{Name: api.StageReplied, Node: 3000001, Text: "via Svalbard"},
		{Name: api.StageResult, Node: 3000001, Text: "120 samples"},
	}
	offsets := []time.Duration{0, 4 * time.Minute, 4*time.Minute + 2*time.Second, 4*time.Minute + 3*time.Second,
		4*time.Minute + 4*time.Second, 4*time.Minute + 6*time.Second, 5 * time.Minute, 9 * time.Minute}
	for i, st := range plan {
		st.Time = begun.Add(offsets[i])
		if st.Time.After(now) {
			r.Next = &api.Expectation{Name: st.Name, Time: st.Time, Text: st.Text}
			return r
		}
		r.Stages = append(r.Stages, st)
	}
	r.State, r.Reply = api.RequestDone, []byte(`{"tenant":"`+Fieldwatch+`"}`)
	return r
}
