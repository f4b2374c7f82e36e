package scenario

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parseFile(t testing.TB, name string) *Scenario {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseStorm(t *testing.T) {
	want := &Scenario{
		Name:  "storm over the Arctic",
		About: "A geomagnetic storm. Two northern stations go dark one after the other, polar satellites restart, and for six hours every link is noisy.",
		Faults: []Fault{
			{Line: 6, Kind: StationOutage, Target: Target{Class: Node, Names: []string{"Svalbard"}}, At: 2 * time.Hour, For: Span{45 * time.Minute, 45 * time.Minute}},
			{Line: 9, Kind: StationOutage, Target: Target{Class: Node, Names: []string{"Inuvik"}}, At: 150 * time.Minute, For: Span{time.Hour, 2 * time.Hour}},
			{Line: 12, Kind: NodeReset, Target: Target{Scope: Any, Class: Satellite}, PerDay: 12, For: Span{20 * time.Second, time.Minute}},
			{Line: 15, Kind: BitFlips, Target: Target{Scope: Each, Class: Link}, Rate: 1e-7, At: time.Hour, For: Span{6 * time.Hour, 6 * time.Hour}},
			{Line: 19, Kind: FrameLoss, Target: Target{Class: Node, Names: []string{"Svalbard"}}, Rate: 0.05},
		},
	}
	if diff := cmp.Diff(want, parseFile(t, "storm.yaml")); diff != "" {
		t.Error(diff)
	}
}

func TestParseRoughDay(t *testing.T) {
	s := parseFile(t, "rough-day.yaml")
	if len(s.Faults) != 11 {
		t.Fatalf("%d faults, want 11", len(s.Faults))
	}
	f := s.Faults[7]
	if f.Kind != Reordering || f.Rate != 0.01 || f.Delay != 300*time.Millisecond {
		t.Errorf("reordering read as %+v", f)
	}
	if s.Faults[6].Rate != 0.005 || s.Faults[5].At != 25*time.Hour || s.Faults[10].PPM != [2]float64{20, 20} {
		t.Errorf("values read as %+v %+v %+v", s.Faults[6], s.Faults[5], s.Faults[10])
	}
	if len(parseFile(t, "calm.yaml").Faults) != 0 {
		t.Error("calm has faults")
	}
}

// Each bad file ends in one clear error with its line.
func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", `scenario: file is empty; it needs "faults:"`},
		{"no list", "name: x\n", `scenario line 1: "faults:" is missing; write "faults: []" for none`},
		{"not a mapping", "- a\n", `scenario line 1: expected lines of "word: value" here`},
		{"unknown word", "name: x\nfalts: []\n", `scenario line 2: unknown word "falts"; a scenario has name, about and faults`},
		{"twice", "name: x\nname: y\nfaults: []", `scenario line 2: "name" is written twice`},
		{"second document", "faults: []\n---\nfaults: []\n", `scenario line 2: a second document begins; write one scenario a file`},
		{"not yaml", "faults: [\n", "scenario: line 1: did not find expected node content"},
		{"faults no list", "faults: x\n", `scenario line 1: "faults:" must be a list, each entry beginning with "- "`},
		{"entry no mapping", "faults:\n  - x\n", `scenario line 2: expected lines of "word: value" here`},
		{"no kind", "faults:\n  - at: 1h\n", "scenario line 2: no fault is named; begin with one of bit flips, "},
		{"unknown fault", "faults:\n  - meteor: 90001\n", `scenario line 2: unknown word "meteor"; a fault is one of bit flips, `},
		{"two kinds", "faults:\n  - node reset: a\n    bit flips: b\n", `scenario line 3: "node reset" and "bit flips" in one entry; write two`},
		{"no time", "faults:\n  - node reset: 90001\n", `scenario line 2: node reset needs either "at" or "times a day"`},
		{"both times", "faults:\n  - node reset: 90001\n    at: 1h\n    times a day: 2\n", `needs either "at" or "times a day"`},
		{"no length", "faults:\n  - station outage: Svalbard\n    at: 1h\n", `scenario line 2: station outage needs "for", how long it lasts`},
		{"any at a time", "faults:\n  - node reset: any node\n    at: 1h\n", `"any" is drawn by lot and needs "times a day"`},
		{"any of rates", "faults:\n  - bit flips: any link\n    rate: 1e-6\n", `scenario line 2: bit flips: "any link" is no target of it; write [one end, other end] or a node's name or number or each link`},
		{"wrong class", "faults:\n  - station outage: any satellite\n    times a day: 1\n    for: 1m\n", `"any satellite" is no target of it; write a node's name or number or any station or each station`},
		{"list for a node", "faults:\n  - node reset: [1, 2]\n    at: 1h\n", "node reset: a list does not name its target"},
		{"three ends", "faults:\n  - link outage: [1, 2, 3]\n    at: 1h\n    for: 1m\n", "link outage: a list does not name its target"},
		{"node for a link", "faults:\n  - link outage: 90001\n    at: 1h\n    for: 1m\n", `link outage: "90001" is no target of it`},
		{"field of another", "faults:\n  - node reset: 1\n    at: 1h\n    rate: 1%\n", `scenario line 4: node reset has no "rate"`},
		{"no rate", "faults:\n  - duplication: each link\n", `scenario line 2: duplication needs "rate"`},
		{"no delay", "faults:\n  - reordering: each link\n    rate: 1%\n", `scenario line 2: reordering needs "delay"`},
		{"bad duration", "faults:\n  - node reset: 1\n    at: noon\n", `scenario line 3: at: "noon" is not a duration; write it like 90s, 2h30m or 1d12h, 10 years at most`},
		{"negative", "faults:\n  - node reset: 1\n    at: -1h\n", `at: "-1h" is not a duration`},
		{"too long", "faults:\n  - node reset: 1\n    at: 9999d\n", `at: "9999d" is not a duration`},
		{"backwards", "faults:\n  - node reset: 1\n    at: 1h\n    for: 2m to 1m\n", `for: "2m to 1m" runs backwards`},
		{"bad rate", "faults:\n  - duplication: each link\n    rate: 120%\n", `scenario line 3: rate: "120%" is not a rate from 0 to 1`},
		{"nan", "faults:\n  - duplication: each link\n    rate: NaN\n", `"NaN" is not a rate`},
		{"bad ratio", "faults:\n  - duplication: each link\n    rate: 3 in 2\n", `"3 in 2" is not a rate`},
		{"bad drift", "faults:\n  - clock drift: 1\n    ppm: fast\n", `ppm: "fast" is not a drift`},
		{"too often", "faults:\n  - node reset: 1\n    times a day: 1e9\n", `times a day: "1e9" is not a number of times a day`},
		{"long random", "faults:\n  - node reset: 1\n    times a day: 1\n    for: 2d\n", `scenario line 4: "for" of a random fault is at most 1d`},
		{"span for a rate", "faults:\n  - duplication: 1\n    rate: 1%\n    for: 1m to 2m\n", `"for" of a rate is one duration`},
		{"null", "faults:\n  - node reset:\n    at: 1h\n", "scenario line 2: expected a single value here"},
		{"alias", "faults:\n  - &a {node reset: 1, at: 1h}\n  - *a\n", `expected lines of "word: value" here`},
		{"huge", strings.Repeat("#", maxFile+1), "scenario: file is longer than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(c.file))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v is no *Error", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error  %s\nwanted %s", err, c.want)
			}
		})
	}
}

func TestUnreadableFile(t *testing.T) {
	if _, err := Parse(broken{}); err == nil || !strings.Contains(err.Error(), "read file: out of paper") {
		t.Errorf("error %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("out of paper") }

// Whatever the bytes, Parse ends, and what it takes compiles or says why not, and
// answers.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"storm.yaml", "rough-day.yaml", "calm.yaml"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("faults:\n  - node reset: each node\n    times a day: 0.001\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse(strings.NewReader(string(text)))
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Msg == "" {
				t.Fatalf("error %v is no *Error", err)
			}
			return
		}
		faults, err := Compile(s, 1, start, cast())
		if err != nil {
			return
		}
		to := start.Add(36 * time.Hour)
		for _, e := range faults.Between(start, to) {
			if e.Time.Before(start) || !e.Time.Before(to) {
				t.Fatalf("event %v outside of the question", e)
			}
		}
		if out := faults.LinkOutages(90001, 2000001, start, to); len(out) > 0 && !out[0].Start.Before(out[0].End) {
			t.Fatalf("outage %v", out[0])
		}
	})
}
