package manifest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const fieldwatch = `# every key of the format
app: org.example.fieldwatch
version: 1.2.0
summary: samples the magnetic field along the orbit
runtime: js@1
main: src/main.ts
build: [npm, run, build]
memory: 16MiB
storage: 256KiB
gas: 200M
messages: {per-activation: 4, per-hour: 100, bytes-per-hour: 64KiB}
triggers:
  - {name: sample, every: 1min, phase: 5s}
  - name: alps
    region: {lat: 46.5, lon: -10.0, radius: 400km}
  - {name: dusk, eclipse: begins}
  - {name: dawn, eclipse: ends}
  - {name: home, pass: any, optional: true}
  - {name: query, message: true}
  - {name: first, install: true}
permissions:
  sensors: {magnetometer: 1/s, camera: 1/5min, gyro: 6/min}
  peers: [owner, "ipn:3000002.*", "ipn:3000001.2"]
  ledger: [lease]
`

func TestParseAuthor(t *testing.T) {
	a, err := ParseAuthor("spacechain.yaml", []byte(fieldwatch))
	if err != nil {
		t.Fatal(err)
	}
	want := Author{
		Main: "src/main.ts", Build: []string{"npm", "run", "build"},
		Manifest: Manifest{
			App: "org.example.fieldwatch", Version: "1.2.0", Counter: 1002001, Runtime: "js@1",
			Summary: "samples the magnetic field along the orbit",
			Limits: Limits{MemoryBytes: 16 << 20, StorageBytes: 256 << 10, GasPerActivation: 200e6,
				MessagesPerActivation: 4, MessagesPerHour: 100, MessageBytesPerHour: 64 << 10},
			Triggers: []Trigger{
				{Name: "sample", Kind: Schedule, Every: time.Minute, Phase: 5 * time.Second},
				{Name: "alps", Kind: Region, Circle: Circle{46_500_000, -10_000_000, 400_000}},
				{Name: "dusk", Kind: EclipseBegin}, {Name: "dawn", Kind: EclipseEnd},
				{Name: "home", Kind: Pass, Station: "any", Optional: true},
				{Name: "query", Kind: Message}, {Name: "first", Kind: Install},
			},
			Permissions: Permissions{
				Sensors: []Sensor{{"camera", 5 * time.Minute}, {"gyro", 10 * time.Second}, {"magnetometer", time.Second}},
				Peers:   []string{"ipn:3000001.2", "ipn:3000002.*"}, Ledger: []string{"lease"},
			},
		},
	}
	if !reflect.DeepEqual(a, want) {
		t.Fatalf("got  %+v\nwant %+v", a, want)
	}
}

func TestParseAuthorReadsJSONAndFillsIn(t *testing.T) {
	a, err := ParseAuthor("app.json", []byte(`{"app": "tiny", "version": "0.1.0", "module": "tiny.wasm"}`))
	if err != nil {
		t.Fatal(err)
	}
	m := a.Manifest
	if a.Module != "tiny.wasm" || m.Runtime != RuntimeWasm || m.Limits.MemoryBytes != DefaultMemory || m.Counter != 1001 {
		t.Fatalf("got %+v", a)
	}
}

func TestAuthorErrorsSayWhere(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "s.yaml: the file is empty"},
		{"not yaml", "app: [", "s.yaml: line 1"},
		{"a list", "- app", "s.yaml:1:1: the file: want a mapping"},
		{"unknown key", "app: a\nversoin: 1.0.0\n", `s.yaml:2:1: unknown key "versoin"; did you mean "version"?`},
		{"odd key", "app: a\nzzzz: 1\n", `s.yaml:2:1: unknown key "zzzz"; the keys here are app, build,`},
		{"twice", "app: a\napp: b\n", "s.yaml:2:1: app is there twice"},
		{"missing", "app: a\n", `s.yaml:1:1: missing key "version"`},
		{"bad name", "app: A B\nversion: 1.0.0\n", `s.yaml:1:6: app: "A B": want lower-case`},
		{"bad version", "app: a\nversion: '1.0'\n", `s.yaml:2:10: version "1.0"`},
		{"bad size", "app: a\nversion: 1.0.0\nmemory: lots\n", `s.yaml:3:9: "lots", want a size`},
		{"size overflows", "app: a\nversion: 1.0.0\nmemory: 99999999999999999MiB\n", `s.yaml:3:9:`},
		{"too large", "app: a\nversion: 1.0.0\nmemory: 1000MiB\n", `s.yaml:3:9: memory: 1048576000 bytes, want`},
		{"two events", "app: a\nversion: 1.0.0\ntriggers: [{name: x, every: 1s, message: true}]\n", "s.yaml:3:42: triggers[0]: has more than one"},
		{"no event", "app: a\nversion: 1.0.0\ntriggers:\n - name: x\n", "s.yaml:4:4: triggers[0]: says no event"},
		{"short period", "app: a\nversion: 1.0.0\ntriggers:\n - {name: x, every: 10ms}\n", "s.yaml:4:21: triggers[0].every: 10ms"},
		{"bad region", "app: a\nversion: 1.0.0\ntriggers:\n - {name: x, region: {lat: 95, lon: 0, radius: 5km}}\n", `s.yaml:4:28: "95", want a number from -90 to 90`},
		{"region without radius", "app: a\nversion: 1.0.0\ntriggers:\n - {name: x, region: {lat: 5, lon: 0}}\n", `missing key "radius"`},
		{"phase alone", "app: a\nversion: 1.0.0\ntriggers:\n - {name: x, message: true, phase: 1s}\n", "triggers[0]: has fields that do not belong"},
		{"rate", "app: a\nversion: 1.0.0\npermissions: {sensors: {gyro: fast}}\n", `permissions.sensors.gyro: "fast" is not a rate`},
		{"zero rate", "app: a\nversion: 1.0.0\npermissions: {sensors: {gyro: 1/0s}}\n", "is not a rate"},
		{"peer", "app: a\nversion: 1.0.0\npermissions: {peers: ['mailto:x']}\n", "s.yaml:3:22: permissions.peers: peer"},
		{"alias", "app: &a x\nversion: 1.0.0\n", "s.yaml:1:6: app: anchors and aliases"},
		{"two documents", "app: a\nversion: 1.0.0\n---\napp: b\n", "more than one YAML document"},
		{"message: false", "app: a\nversion: 1.0.0\ntriggers: [{name: x, message: false}]\n", "want true; leave the trigger out"},
	} {
		_, err := ParseAuthor("s.yaml", []byte(c.in))
		var e *AuthorError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestAuthorErrorsComeTogether(t *testing.T) {
	_, err := ParseAuthor("s.yaml", []byte("app: a\nversion: 1.0.0\nmemroy: 1MiB\ngas: many\n"))
	if err == nil || !strings.Contains(err.Error(), ":3:1:") || !strings.Contains(err.Error(), ":4:6:") {
		t.Fatal(err)
	}
}

func FuzzAuthor(f *testing.F) {
	f.Add([]byte(fieldwatch))
	f.Add([]byte(`{"app": "tiny", "version": "0.1.0"}`))
	f.Add([]byte("app: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAuthor("f", b)
		if err != nil {
			return
		}
		if err := a.Manifest.ValidateAuthored(); err != nil {
			t.Fatal("parsed but not valid:", err)
		}
	})
}
