package elements

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spacechain/internal/vectors"
)

const (
	issName = "ISS (ZARYA)"
	issOne  = "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927"
	issTwo  = "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537"
)

// iss is the set of issOne and issTwo.
var iss = Set{
	Name: issName, NoradID: 25544, Classification: 'U', IntlDesignator: "1998-067A",
	Epoch:            time.Date(2008, 9, 20, 12, 25, 40, 104_192_000, time.UTC),
	MeanMotionRevDay: 15.72125391, Eccentricity: 0.0006703, InclinationDeg: 51.6416,
	RAANDeg: 247.4627, ArgPerigeeDeg: 130.5360, MeanAnomalyDeg: 325.0288,
	BStar: -0.11606e-4, NDot: -0.00002182, ElementNumber: 292, RevNumber: 56353,
}

func TestParseTLEForms(t *testing.T) {
	bare := iss
	bare.Name = ""
	for _, c := range []struct {
		name, text string
		want       []Set
	}{
		{"two lines", issOne + "\n" + issTwo + "\n", []Set{bare}},
		{"no last line end", issOne + "\n" + issTwo, []Set{bare}},
		{"three lines", issName + "\n" + issOne + "\n" + issTwo + "\n", []Set{iss}},
		{"CRLF, padded name", issName + "      \r\n" + issOne + "\r\n" + issTwo + "\r\n", []Set{iss}},
		{"name with 0", "0 " + issName + "\n" + issOne + "\n" + issTwo, []Set{iss}},
		{"byte order mark", "\ufeff" + issOne + "\n" + issTwo, []Set{bare}},
		{"comments and blanks", "# x\n\n" + issOne + "\n#\n" + issTwo + "\n\n", []Set{bare}},
		{"columns beyond 69", issOne + "  x\n" + issTwo + "     0.0   1440.0\n", []Set{bare}},
		{"twice", issOne + "\n" + issTwo + "\n" + issName + "\n" + issOne + "\n" + issTwo, []Set{bare, iss}},
		{"empty", "", nil},
	} {
		got, warnings, err := ParseTLE(strings.NewReader(c.text), ChecksumStrict)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
		if len(warnings) != 0 {
			t.Errorf("%s: warnings %v", c.name, warnings)
		}
	}
}

// edit replaces the columns from column (counted from 1) by text.
func edit(line string, column int, text string) string {
	return line[:column-1] + text + line[column-1+len(text):]
}

func TestParseTLEErrors(t *testing.T) {
	pair := func(one, two string) string { return one + "\n" + two + "\n" }
	for _, c := range []struct {
		name, text  string
		line        int
		field       string
		is          error
		messagePart string
	}{
		{"short line 1", pair(issOne[:50], issTwo), 1, "", ErrSyntax, "50 columns"},
		{"short line 2", pair(issOne, issTwo[:67]), 2, "", ErrSyntax, "67 columns"},
		{"line 2 first", issTwo + "\n", 1, "", ErrSyntax, "without its line 1"},
		{"two line 1", pair(issOne, issOne), 2, "", ErrSyntax, "line 2 was expected"},
		{"file ends", issOne, 1, "", ErrSyntax, "ends after line 1"},
		{"name alone", "# c\nSATELLITE\n", 2, "", ErrSyntax, "no element lines"},
		{"two names", "A\nB\n" + pair(issOne, issTwo), 2, "", ErrSyntax, "follows the name"},
		{"html", "<html>\n<body>\n", 2, "", ErrSyntax, "follows the name"},
		{"control character", "A\x1b[2J\n" + pair(issOne, issTwo), 1, "name", ErrSyntax, "control"},
		{"not UTF-8", "A\xff\n" + pair(issOne, issTwo), 1, "name", ErrSyntax, "UTF-8"},
		{"NUL in line", pair(edit(issOne, 30, "\x00"), issTwo), 1, "", ErrSyntax, "column 30"},
		{"number", pair(edit(issOne, 3, "2I544"), issTwo), 1, "catalogue number", ErrSyntax, "2I544"},
		{"numbers differ", pair(issOne, edit(issTwo, 3, "25545")), 2, "catalogue number", ErrSyntax, "25544 in line 1"},
		{"classification", pair(edit(issOne, 8, "X"), issTwo), 1, "classification", ErrSyntax, "X"},
		{"epoch", pair(edit(issOne, 19, "08x64"), issTwo), 1, "epoch", ErrSyntax, "08x64"},
		{"day 0", pair(edit(issOne, 19, "08000"), issTwo), 1, "epoch", ErrValue, "no day 0"},
		{"day 366", pair(edit(issOne, 19, "09366"), issTwo), 1, "epoch", ErrValue, "no day 366"},
		{"bstar", pair(edit(issOne, 54, "-11x06-4"), issTwo), 1, "B*", ErrSyntax, "11x06"},
		{"ndot exponent", pair(edit(issOne, 34, " 1e5      "), issTwo), 1, "mean motion derivative", ErrSyntax, "1e5"},
		{"inclination", pair(issOne, edit(issTwo, 9, "181.6416")), 2, "inclination", ErrValue, "181"},
		{"infinite", pair(issOne, edit(issTwo, 9, "     Inf")), 2, "inclination", ErrSyntax, "Inf"},
		{"eccentricity", pair(issOne, edit(issTwo, 27, "00-6703")), 2, "eccentricity", ErrSyntax, "00-6703"},
		{"blank motion", pair(issOne, edit(issTwo, 53, "           ")), 2, "mean motion", ErrSyntax, ""},
		{"revolution", pair(issOne, edit(issTwo, 64, "5-353")), 2, "revolution number", ErrSyntax, "5-353"},
		{"long line", strings.Repeat("x", maxLine+1), 1, "", ErrSyntax, "longer than"},
	} {
		sets, _, err := ParseTLE(strings.NewReader(c.text), ChecksumWarn)
		var p *ParseError
		if !errors.As(err, &p) {
			t.Errorf("%s: got %v, want a ParseError", c.name, err)
			continue
		}
		if p.Line != c.line || p.Field != c.field || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.messagePart) {
			t.Errorf("%s: got line %d, field %q: %v", c.name, p.Line, p.Field, err)
		}
		if sets != nil {
			t.Errorf("%s: got sets with the error", c.name)
		}
	}
}

func TestChecksumPolicy(t *testing.T) {
	wrong := issOne[:68] + "8\n" + issTwo + "\n"
	missing := issOne + "\n" + issTwo[:68] + "\n"
	for _, c := range []struct {
		text string
		line int
		want string
	}{
		{wrong, 1, "checksum is '8', the digits add up to 7"},
		{missing, 2, "checksum is missing; the digits add up to 7"},
	} {
		sets, warnings, err := ParseTLE(strings.NewReader(c.text), ChecksumWarn)
		if err != nil || len(sets) != 1 || len(warnings) != 1 {
			t.Errorf("warn: got %d sets, warnings %v, %v", len(sets), warnings, err)
		} else if w := warnings[0]; w.Line != c.line || w.Text != c.want {
			t.Errorf("warn: got %v, want line %d: %s", w, c.line, c.want)
		}
		_, _, err = ParseTLE(strings.NewReader(c.text), ChecksumStrict)
		var p *ParseError
		if !errors.Is(err, ErrChecksum) || !errors.As(err, &p) || p.Line != c.line {
			t.Errorf("strict: got %v, want ErrChecksum in line %d", err, c.line)
		}
	}
	for _, s := range []string{"warn", "strict"} {
		if p, err := ParseChecksum(s); err != nil || p.String() != s {
			t.Errorf("ParseChecksum(%q) = %v, %v", s, p, err)
		}
	}
	if _, err := ParseChecksum("off"); err == nil {
		t.Error("ParseChecksum(off) passed")
	}
}

func TestAlpha5(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
	}{{"00005", 5}, {"99999", 99999}, {"A0000", 100000}, {"E8493", 148493}, {"H9999", 179999}, {"J0000", 180000},
		{"N9999", 229999}, {"P4018", 234018}, {"Z9999", 339999}} {
		if n, err := parseAlpha5(c.text); err != nil || n != c.n {
			t.Errorf("parse %s: %d, %v, want %d", c.text, n, err, c.n)
		}
		if s, err := formatAlpha5(c.n); err != nil || s != c.text {
			t.Errorf("format %d: %s, %v, want %s", c.n, s, err, c.text)
		}
	}
	if n, err := parseAlpha5("    5"); err != nil || n != 5 {
		t.Errorf("parse blanks: %d, %v", n, err)
	}
	for _, bad := range []string{"     ", "I0000", "O0000", "a0000", "1A000", "A 000", " A000", "-0001"} {
		if n, err := parseAlpha5(bad); err == nil {
			t.Errorf("parse %q: got %d, want an error", bad, n)
		}
	}
	if _, err := formatAlpha5(340000); !errors.Is(err, ErrValue) {
		t.Errorf("format 340000: %v", err)
	}
}

func TestTLEFields(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64
	}{{" 28098-4", 0.28098e-4}, {"-11606-4", -0.11606e-4}, {" 00000-0", 0}, {" 00000+0", 0}, {" 13519-0", 0.13519},
		{"        ", 0}, {"+12345+1", 1.2345}, {" 12345 1", 1.2345}, {" .1234-3", 0.1234e-3}} {
		if got, err := parseAssumed(c.text); err != nil || got != c.want {
			t.Errorf("assumed %q: %v, %v, want %v", c.text, got, err, c.want)
		}
	}
	for _, c := range []struct {
		text string
		want time.Time
	}{
		{"57001.00000000", time.Date(1957, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"56366.50000000", time.Date(2056, 12, 31, 12, 0, 0, 0, time.UTC)},
		{"00179.78495062", time.Date(2000, 6, 27, 18, 50, 19, 733_568_000, time.UTC)},
		{"26150.00000001", time.Date(2026, 5, 30, 0, 0, 0, 864_000, time.UTC)},
		{"26  5.5       ", time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)},
	} {
		if got, err := parseTLEEpoch(c.text); err != nil || !got.Equal(c.want) {
			t.Errorf("epoch %q: %v, %v, want %v", c.text, got, err, c.want)
		}
	}
	for _, c := range [][2]string{{"98067A", "1998-067A"}, {"19074B", "2019-074B"}, {"85108AA", "1985-108AA"},
		{"", ""}, {"58002B", "1958-002B"}} {
		if got := longDesignator(c[0]); got != c[1] {
			t.Errorf("long %q: %q, want %q", c[0], got, c[1])
		}
		if got := shortDesignator(c[1]); got != c[0] {
			t.Errorf("short %q: %q, want %q", c[1], got, c[0])
		}
	}
}

// TestCataloguesRoundTrip reads every shared catalogue, writes it and reads it
// again: the sets are equal, and so are the lines but for the sign of a zero
// exponent.
func TestCataloguesRoundTrip(t *testing.T) {
	for file, count := range map[string]int{
		"celestrak-2026-05-30/starlink.tle":        10395,
		"celestrak-2026-05-30/oneweb.tle":          651,
		"celestrak-2026-05-30/resource.tle":        167,
		"celestrak-2026-05-30/weather.tle":         74,
		"celestrak-2026-05-30/science.tle":         49,
		"celestrak-2026-05-30/stations.tle":        25,
		"starrynet-2022-09-14/Starlink.tle":        3023,
		"starrynet-2022-09-14/Telesat.tle":         21,
		"starrynet-2022-09-14/Dove.tle":            197,
		"iridium-next-2023-08-10/iridium-next.tle": 80,
		"starrynet-2022-09-14/Iridium.tle":         31,
		"../../vectors/sgp4/SGP4-VER.TLE":          33,
	} {
		data := vectors.OpenData(t, "tle/"+file)
		policy := ChecksumStrict
		if strings.HasSuffix(file, "VER.TLE") {
			policy = ChecksumWarn
		}
		sets, _, err := ParseTLE(bytes.NewReader(data), policy)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if len(sets) != count {
			t.Errorf("%s: %d sets, want %d", file, len(sets), count)
		}
		var out bytes.Buffer
		if err := WriteTLE(&out, sets); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		again, _, err := ParseTLE(bytes.NewReader(out.Bytes()), ChecksumStrict)
		if err != nil {
			t.Errorf("%s again: %v", file, err)
			continue
		}
		if diff := cmp.Diff(sets, again); diff != "" {
			t.Errorf("%s: (-first +again)\n%.2000s", file, diff)
		}
		if policy == ChecksumWarn {
			continue
		}
		want := strings.Split(strings.ReplaceAll(string(data), "\r", ""), "\n")
		for i, line := range strings.Split(out.String(), "\n") {
			if i < len(want) && len(line) > 68 && !strings.Contains(want[i], "00000-0") && strings.TrimSpace(want[i]) != line {
				t.Errorf("%s line %d:\nwas %q\nnow %q", file, i+1, want[i], line)
				break
			}
		}
	}
}

func TestWriteTLERefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Set)
		part   string
	}{
		{"number", func(s *Set) { s.NoradID = 340000 }, "write OMM instead"},
		{"epoch", func(s *Set) { s.Epoch = time.Date(2057, 1, 1, 0, 0, 0, 0, time.UTC) }, "2057"},
		{"motion", func(s *Set) { s.MeanMotionRevDay = 100 }, "below 100"},
		{"eccentricity", func(s *Set) { s.Eccentricity = 0.99999999 }, "rounds to 1"},
		{"ndot", func(s *Set) { s.NDot = 1.5 }, "below 1"},
		{"bstar", func(s *Set) { s.BStar = 1e9 }, "does not fit"},
		{"designator", func(s *Set) { s.IntlDesignator = "1998-067ABCDE" }, "8 columns"},
		{"class", func(s *Set) { s.Classification = '?' }, "classification"},
		{"inclination", func(s *Set) { s.InclinationDeg = 200 }, "inclination"},
		{"name", func(s *Set) { s.Name = "a\nb" }, "control"},
		{"type", func(s *Set) { s.EphemerisType = 10 }, "ephemeris type"},
		{"revolution", func(s *Set) { s.RevNumber = -1 }, "negative"},
	} {
		s := iss
		c.change(&s)
		var out bytes.Buffer
		err := WriteTLE(&out, []Set{iss, s})
		if err == nil || !strings.Contains(err.Error(), c.part) || out.Len() != 0 {
			t.Errorf("%s: %v, %d bytes written", c.name, err, out.Len())
		}
	}
	one, two, err := iss.TLE()
	// Zero is written 00000+0, as Space-Track does today: one minus sign less to count.
	if err != nil || one != edit(strings.ReplaceAll(issOne, "00000-0", "00000+0"), 69, "6") || two != issTwo {
		t.Errorf("got\n%s\n%s\n%v", one, two, err)
	}
}

// anySet draws sets that a TLE can hold, with the precision it has.
func anySet(t *rapid.T) Set {
	fixed := func(name string, max int, unit float64) float64 {
		return float64(rapid.IntRange(0, max).Draw(t, name)) / unit
	}
	s := Set{
		Name:             rapid.StringMatching(`([A-Z][A-Z0-9 ()-]{0,10}[A-Z0-9])?`).Draw(t, "name"),
		NoradID:          rapid.IntRange(0, MaxTLENumber).Draw(t, "number"),
		Classification:   rapid.SampledFrom([]byte("UCS")).Draw(t, "class"),
		IntlDesignator:   rapid.SampledFrom([]string{"", "1998-067A", "2019-074B", "2056-001AAA"}).Draw(t, "designator"),
		InclinationDeg:   fixed("incl", 1_800_000, 1e4),
		RAANDeg:          fixed("raan", 3_599_999, 1e4),
		Eccentricity:     fixed("ecc", 9_999_999, 1e7),
		ArgPerigeeDeg:    fixed("argp", 3_599_999, 1e4),
		MeanAnomalyDeg:   fixed("anomaly", 3_599_999, 1e4),
		MeanMotionRevDay: fixed("motion", 1_800_000_000, 1e8),
		NDot:             fixed("ndot", 99_999_999, 1e8),
		BStar:            fixed("bstar", 99_999, 1e5),
		ElementNumber:    rapid.IntRange(0, 9999).Draw(t, "element"),
		RevNumber:        rapid.IntRange(0, 99999).Draw(t, "rev"),
	}
	start := time.Date(1957, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Epoch = start.AddDate(0, 0, rapid.IntRange(0, 36_000).Draw(t, "day")).
		Add(time.Duration(rapid.IntRange(0, 99_999_999).Draw(t, "fraction")) * 864 * time.Microsecond)
	return s
}

func TestTLERoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySet(t)
		var out bytes.Buffer
		if err := WriteTLE(&out, []Set{s}); err != nil {
			t.Fatal(err)
		}
		again, _, err := ParseTLE(&out, ChecksumStrict)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Set{s}, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
