package manifest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// full is a manifest with every field in use.
func full() Manifest {
	return Manifest{
		App: "org.example.fieldwatch", Version: "1.2.0", Counter: 7, Runtime: RuntimeJS, Summary: "watches the field",
		Publisher: [20]byte{1, 2, 3}, Module: Module{Digest: [32]byte{9}, Size: 1234},
		Limits: Limits{MemoryBytes: 1 << 20, StorageBytes: 4096, GasPerActivation: 1e6, MessagesPerActivation: 2,
			MessagesPerHour: 20, MessageBytesPerHour: 1000},
		Triggers: []Trigger{
			{Name: "sample", Kind: Schedule, Every: time.Minute, Phase: 5 * time.Second},
			{Name: "alps", Kind: Region, Circle: CircleAt(46.5, -10.25, 400), Optional: true},
			{Name: "dusk", Kind: EclipseBegin}, {Name: "dawn", Kind: EclipseEnd},
			{Name: "home", Kind: Pass, Station: AnyStation},
			{Name: "query", Kind: Message}, {Name: "first", Kind: Install},
		},
		Permissions: Permissions{
			Sensors: []Sensor{{"camera", 5 * time.Minute}, {"magnetometer", time.Second}},
			Peers:   []string{"ipn:3000001.*"}, Ledger: []string{"lease"}, Roles: []string{RoleRuntime}, Actuators: []string{"wheel"},
		},
		Provides: "lua@2",
	}
}

func TestEncodingIsFixed(t *testing.T) {
	m := Manifest{App: "a", Version: "1.0.0", Counter: 1, Runtime: RuntimeWasm, Publisher: [20]byte{0xee}, Module: Module{Size: 1},
		Limits:   Limits{MemoryBytes: 65536, GasPerActivation: 1000},
		Triggers: []Trigger{{Name: "t", Kind: Schedule, Every: time.Minute}}}
	const want = "ab" + "0101" + "026161" + "0365312e302e30" + "0454ee00000000000000000000000000000000000000" + "0501" +
		"065820" + "0000000000000000000000000000000000000000000000000000000000000000" + "0701" + "08667761736d4031" +
		"091a00010000" + "0b1903e8" + "0f81a30161740201" + "04183c"
	if got := hex.EncodeToString(m.Encode()); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestRoundTripOfEveryField(t *testing.T) {
	m := full()
	b := m.Encode()
	back, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.Encode(), b) || back.Triggers[1].Circle != m.Triggers[1].Circle || back.Permissions.Sensors[0] != m.Permissions.Sensors[0] {
		t.Fatalf("read back %+v", back)
	}
	if c := back.Triggers[1].Circle; c.LatDeg() != 46.5 || c.LonDeg() != -10.25 || c.RadiusKm() != 400 {
		t.Fatalf("circle %+v", c)
	}
}

func TestEveryTruncationAndExtensionIsRefused(t *testing.T) {
	m := full()
	b := m.Encode()
	for n := range b {
		if _, err := Decode(b[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes decode", n, len(b))
		}
	}
	if _, err := Decode(append(bytes.Clone(b), 0)); err == nil {
		t.Fatal("a byte too many")
	}
	if _, err := Decode(make([]byte, MaxEncoded+1)); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Fatal("too long:", err)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	for field, spoil := range map[string]func(*Manifest){
		"app":                        func(m *Manifest) { m.App = "Field Watch" },
		"version":                    func(m *Manifest) { m.Version = "1.2" },
		"counter":                    func(m *Manifest) { m.Counter = 0 },
		"publisher":                  func(m *Manifest) { m.Publisher = [20]byte{} },
		"module":                     func(m *Manifest) { m.Module.Size = MaxModule + 1 },
		"runtime":                    func(m *Manifest) { m.Runtime = "js" },
		"provides":                   func(m *Manifest) { m.Permissions.Roles = nil },
		"summary":                    func(m *Manifest) { m.Summary = "two\nlines" },
		"memory":                     func(m *Manifest) { m.Limits.MemoryBytes = MaxMemory + 1 },
		"storage":                    func(m *Manifest) { m.Limits.StorageBytes = MaxStorage + 1 },
		"gas":                        func(m *Manifest) { m.Limits.GasPerActivation = 0 },
		"messages.per-hour":          func(m *Manifest) { m.Limits.MessagesPerHour = 1 << 30 },
		"triggers[0].every":          func(m *Manifest) { m.Triggers[0].Every = 1500 * time.Millisecond },
		"triggers[0].phase":          func(m *Manifest) { m.Triggers[0].Phase = time.Minute },
		"triggers[0]":                func(m *Manifest) { m.Triggers[0].Station = "x" },
		"triggers[1].region":         func(m *Manifest) { m.Triggers[1].Circle.LatMicroDeg = 91e6 },
		"triggers[1].region.radius":  func(m *Manifest) { m.Triggers[1].Circle.RadiusM = 10 },
		"triggers[2].name":           func(m *Manifest) { m.Triggers[2].Name = "sample" },
		"triggers[3]":                func(m *Manifest) { m.Triggers[3].Kind = 99 },
		"triggers[4].pass":           func(m *Manifest) { m.Triggers[4].Station = "" },
		"triggers[6].optional":       func(m *Manifest) { m.Triggers[6].Optional = true },
		"triggers":                   func(m *Manifest) { m.Triggers = make([]Trigger, MaxTriggers+1) },
		"permissions.sensors":        func(m *Manifest) { m.Permissions.Sensors[0].Name = "../x" },
		"permissions.sensors.camera": func(m *Manifest) { m.Permissions.Sensors[0].Interval = time.Microsecond },
		"permissions.peers":          func(m *Manifest) { m.Permissions.Peers[0] = "dtn://x" },
		"permissions.ledger":         func(m *Manifest) { m.Permissions.Ledger[0] = "?" },
		"permissions.roles":          func(m *Manifest) { m.Permissions.Roles = []string{"runtime", "runtime"} },
		"permissions.sensors.gyro":   func(m *Manifest) { m.Permissions.Sensors[1] = Sensor{"gyro", -1} },
		"permissions.sensors.alpha":  func(m *Manifest) { m.Permissions.Sensors[1] = Sensor{"alpha", time.Second} },
	} {
		m := full()
		spoil(&m)
		err := m.Validate()
		var e *Error
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
		if m.Module.Size <= MaxModule {
			if _, err := Decode(m.Encode()); err == nil {
				t.Errorf("%s: the spoilt manifest decodes", field)
			}
		}
	}
}

func TestScheduleIsAlignedToUTC(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	minute := Trigger{Kind: Schedule, Every: time.Minute, Phase: 5 * time.Second}
	for _, c := range []struct{ after, want time.Duration }{
		{0, 5 * time.Second}, {5 * time.Second, 65 * time.Second}, {5*time.Second - 1, 5 * time.Second}, {64 * time.Second, 65 * time.Second},
	} {
		if got := minute.NextAfter(day.Add(c.after)); !got.Equal(day.Add(c.want)) {
			t.Errorf("after %v: %v, want %v", c.after, got.Sub(day), c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		every := rapid.Int64Range(1, 100000).Draw(t, "every")
		tr := Trigger{Kind: Schedule, Every: time.Duration(every) * time.Second,
			Phase: time.Duration(rapid.Int64Range(0, every-1).Draw(t, "phase")) * time.Second}
		after := time.Unix(rapid.Int64Range(-1e6, 1e10).Draw(t, "after"), rapid.Int64Range(0, 999999999).Draw(t, "ns"))
		next := tr.NextAfter(after)
		if !next.After(after) || next.Sub(after) > tr.Every {
			t.Fatalf("%v after %v", next, after)
		}
		if (next.Unix()-int64(tr.Phase/time.Second))%every != 0 {
			t.Fatalf("%v is not aligned", next)
		}
	})
}

func TestVersions(t *testing.T) {
	ordered := []Version{"0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
		"1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.10", "1.2.0", "10.0.0"} // semver.org §11.4
	for i := range ordered {
		for j := range ordered {
			if got := ordered[i].Compare(ordered[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s against %s: %d", ordered[i], ordered[j], got)
			}
		}
	}
	for _, bad := range []string{"", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a_b", "v1.2.3", "1.2.3+build", "99999999999.0.0"} {
		if v, err := ParseVersion(bad); err == nil {
			t.Errorf("%q is read as %s", bad, v)
		}
	}
	if c, err := Version("1.2.3").DefaultCounter(); err != nil || c != 1002004 {
		t.Error(c, err)
	}
	for _, v := range []Version{"1.1000.0", "1.0.0-rc.1"} {
		if c, err := v.DefaultCounter(); err == nil {
			t.Errorf("%s has the counter %d", v, c)
		}
	}
}

func TestPeers(t *testing.T) {
	parse := func(s string) Peer {
		p, err := ParsePeer(s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := parse("ipn:3000001.*")
	if !p.Match(3000001, 9) || p.Match(3000002, 9) {
		t.Error("ipn:3000001.* matches wrongly")
	}
	if !parse("ipn:5.6").Within(parse("ipn:*.6")) || parse("ipn:5.*").Within(parse("ipn:5.6")) || !parse("ipn:1.1").Within(Peer{}) {
		t.Error("patterns lie within each other wrongly")
	}
	for _, bad := range []string{"", "ipn:", "ipn:1", "ipn:01.2", "ipn:1.2.3", "ipn:-1.2", "dtn://a", "owner", "ipn:*"} {
		if _, err := ParsePeer(bad); err == nil {
			t.Errorf("%q is a peer", bad)
		}
	}
	if _, _, err := ParseEndpoint("ipn:1.*"); err == nil {
		t.Error("a pattern is an endpoint")
	}
}

func FuzzManifest(f *testing.F) {
	m := full()
	f.Add(m.Encode())
	f.Add([]byte{0xa1, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		if !bytes.Equal(m.Encode(), b) {
			t.Fatalf("%x encodes as %x", b, m.Encode())
		}
		if err := m.Validate(); err != nil {
			t.Fatal("decoded but not valid:", err)
		}
	})
}
