package elements

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spacechain/internal/vectors"
)

// vanguard is one satellite in all three notations, as they are published.
var vanguard = Set{
	Name: "VANGUARD 1", NoradID: 5, Classification: 'U', IntlDesignator: "1958-002B",
	Epoch:            time.Date(2000, 6, 27, 18, 50, 19, 733_568_000, time.UTC),
	MeanMotionRevDay: 10.82419157, Eccentricity: 0.1859667, InclinationDeg: 34.2682,
	RAANDeg: 348.7242, ArgPerigeeDeg: 331.7664, MeanAnomalyDeg: 19.3264,
	BStar: 0.28098e-4, NDot: 0.23e-6, ElementNumber: 475, RevNumber: 41366,
}

const vanguardJSON = `[{"OBJECT_NAME":"VANGUARD 1","OBJECT_ID":"1958-002B","EPOCH":"2000-06-27T18:50:19.733568",
"MEAN_MOTION":10.82419157,"ECCENTRICITY":0.1859667,"INCLINATION":34.2682,"RA_OF_ASC_NODE":348.7242,
"ARG_OF_PERICENTER":331.7664,"MEAN_ANOMALY":19.3264,"EPHEMERIS_TYPE":0,"CLASSIFICATION_TYPE":"U",
"NORAD_CAT_ID":5,"ELEMENT_SET_NO":475,"REV_AT_EPOCH":41366,"BSTAR":2.8098e-5,"MEAN_MOTION_DOT":2.3e-7,
"MEAN_MOTION_DDOT":0}]`

const vanguardKVN = `CCSDS_OMM_VERS = 2.0
COMMENT a remark = not a field
CREATION_DATE = 2007-065T16:00:00
ORIGINATOR = NOAA/USA

OBJECT_NAME = VANGUARD 1
OBJECT_ID = 1958-002B
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
MEAN_ELEMENT_THEORY = SGP/SGP4

EPOCH = 2000-179T18:50:19.733568
MEAN_MOTION = 10.82419157 [rev/day]
ECCENTRICITY = 0.1859667
INCLINATION = 34.2682 [deg]
RA_OF_ASC_NODE = 348.7242
ARG_OF_PERICENTER = 331.7664
MEAN_ANOMALY = 19.3264
GM = 398600.8

EPHEMERIS_TYPE = 0
CLASSIFICATION_TYPE = U
NORAD_CAT_ID = 5
ELEMENT_SET_NO = 0475
REV_AT_EPOCH = 41366
BSTAR = 0.000028098 [1/ER]
MEAN_MOTION_DOT = .00000023
MEAN_MOTION_DDOT = 0.0
USER_DEFINED_EARTH_MODEL = WGS-84
`

const vanguardXML = `<?xml version="1.0" encoding="UTF-8"?>
<ndm xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<omm id="CCSDS_OMM_VERS" version="2.0"><header><CREATION_DATE/><ORIGINATOR/></header><body><segment>
<metadata><OBJECT_NAME>VANGUARD 1</OBJECT_NAME><OBJECT_ID>1958-002B</OBJECT_ID><CENTER_NAME>EARTH</CENTER_NAME>
<REF_FRAME>TEME</REF_FRAME><TIME_SYSTEM>UTC</TIME_SYSTEM><MEAN_ELEMENT_THEORY>SGP4</MEAN_ELEMENT_THEORY></metadata>
<data><meanElements><EPOCH>2000-06-27T18:50:19.733568Z</EPOCH><MEAN_MOTION units="rev/day">10.82419157</MEAN_MOTION>
<ECCENTRICITY>.1859667</ECCENTRICITY><INCLINATION>34.2682</INCLINATION><RA_OF_ASC_NODE>348.7242</RA_OF_ASC_NODE>
<ARG_OF_PERICENTER>331.7664</ARG_OF_PERICENTER><MEAN_ANOMALY>19.3264</MEAN_ANOMALY></meanElements>
<tleParameters><EPHEMERIS_TYPE>0</EPHEMERIS_TYPE><CLASSIFICATION_TYPE>U</CLASSIFICATION_TYPE>
<NORAD_CAT_ID>5</NORAD_CAT_ID><ELEMENT_SET_NO>475</ELEMENT_SET_NO><REV_AT_EPOCH>41366</REV_AT_EPOCH>
<BSTAR>.28098E-4</BSTAR><MEAN_MOTION_DOT>2.3E-7</MEAN_MOTION_DOT><MEAN_MOTION_DDOT>0</MEAN_MOTION_DDOT>
</tleParameters></data></segment></body></omm></ndm>`

func TestParseOMMForms(t *testing.T) {
	one := strings.Trim(vanguardJSON, "[]")
	quoted := strings.NewReplacer(`:10.82419157`, `:"10.82419157"`, `"NORAD_CAT_ID":5`, `"NORAD_CAT_ID":"5"`,
		`"MEAN_MOTION_DDOT":0`, `"MEAN_MOTION_DDOT":"0","TLE_LINE0":null,"EXTRA":{"A":[1]}`).Replace(one)
	for _, c := range []struct {
		name, text string
		n          int
	}{
		{"json array", vanguardJSON, 1},
		{"json object", one, 1},
		{"json of strings", quoted, 1},
		{"json twice", "[" + one + ",\n" + one + "]", 2},
		{"json none", " [] ", 0},
		{"kvn", vanguardKVN, 1},
		{"kvn twice, CRLF", strings.ReplaceAll(vanguardKVN+vanguardKVN, "\n", "\r\n"), 2},
		{"xml", vanguardXML, 1},
		{"xml without ndm", vanguardXML[strings.Index(vanguardXML, "<omm"):strings.Index(vanguardXML, "</ndm>")], 1},
		{"xml none", "<ndm></ndm>", 0},
		{"byte order mark", "\ufeff" + vanguardJSON, 1},
		{"nothing", " \n", 0},
	} {
		got, err := ParseOMM(strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(got) != c.n {
			t.Errorf("%s: %d sets, want %d", c.name, len(got), c.n)
		}
		for _, s := range got {
			if diff := cmp.Diff(vanguard, s); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", c.name, diff)
			}
		}
	}
}

func TestParseOMMAxis(t *testing.T) {
	text := strings.Replace(vanguardKVN, "MEAN_MOTION = 10.82419157 [rev/day]", "SEMI_MAJOR_AXIS = 42164.17 [km]", 1)
	got, err := ParseOMM(strings.NewReader(text))
	if err != nil || len(got) != 1 || math.Abs(got[0].MeanMotionRevDay-1.0027379) > 1e-6 {
		t.Errorf("got %v, %v, want the mean motion of a geostationary orbit", got, err)
	}
}

func TestParseOMMErrors(t *testing.T) {
	js := func(old, new string) string { return strings.Replace(vanguardJSON, old, new, 1) }
	kvn := func(old, new string) string { return strings.Replace(vanguardKVN, old, new, 1) }
	xml := func(old, new string) string { return strings.Replace(vanguardXML, old, new, 1) }
	for _, c := range []struct {
		name, text  string
		line        int
		field       string
		is          error
		messagePart string
	}{
		{"json cut", vanguardJSON[:200], 3, "", ErrSyntax, "ends early"},
		{"json trailing", vanguardJSON + "x", 5, "", ErrSyntax, "follows the document"},
		{"json of numbers", "[1]", 1, "", ErrSyntax, "object was expected"},
		{"json array as number", js("34.2682", "[34.2682]"), 2, "INCLINATION", ErrSyntax, "neither"},
		{"json number", js("34.2682", `"34,2682"`), 2, "INCLINATION", ErrSyntax, "34,2682"},
		{"json twice", js(`"INCLINATION"`, `"ECCENTRICITY":0.1,"INCLINATION"`), 2, "ECCENTRICITY", ErrSyntax, "twice"},
		{"json missing", js(`"ECCENTRICITY":0.1859667,`, ""), 5, "ECCENTRICITY", ErrSyntax, "missing"},
		{"eccentricity", js("0.1859667", "1.1859667"), 5, "", ErrValue, "eccentricity"},
		{"infinite", js("34.2682", `"Inf"`), 2, "INCLINATION", ErrSyntax, "Inf"},
		{"huge", js("34.2682", `1e999`), 2, "INCLINATION", ErrSyntax, "1e999"},
		{"catalogue number", js(`"NORAD_CAT_ID":5`, `"NORAD_CAT_ID":1000000000`), 4, "NORAD_CAT_ID", ErrSyntax, "999999999"},
		{"negative number", js(`"NORAD_CAT_ID":5`, `"NORAD_CAT_ID":-5`), 4, "NORAD_CAT_ID", ErrSyntax, "-5"},
		{"leap second", js("18:50:19", "18:50:60"), 1, "EPOCH", ErrSyntax, "of the form"},
		{"epoch year", js("2000-06", "1900-06"), 5, "", ErrValue, "1900"},
		{"name", js("VANGUARD 1", `VAN\u001bGUARD`), 1, "OBJECT_NAME", ErrSyntax, "control"},

		{"kvn line", kvn("GM = 398600.8", "GM 398600.8"), 20, "", ErrSyntax, "KEYWORD"},
		{"kvn early", "EPOCH = 2000-179T18:50:19\n", 1, "", ErrSyntax, "before CCSDS_OMM_VERS"},
		{"kvn version", kvn("VERS = 2.0", "VERS = 1.0"), 1, "CCSDS_OMM_VERS", ErrUnsupported, "1.0"},
		{"kvn frame", kvn("= TEME", "= GCRF"), 9, "REF_FRAME", ErrUnsupported, "TEME"},
		{"kvn theory", kvn("SGP/SGP4", "SGP4-XP"), 11, "MEAN_ELEMENT_THEORY", ErrUnsupported, "SGP4-XP"},
		{"kvn centre", kvn("= EARTH", "= MARS"), 8, "CENTER_NAME", ErrUnsupported, "MARS"},
		{"kvn time", kvn("= UTC", "= TAI"), 10, "TIME_SYSTEM", ErrUnsupported, "TAI"},
		{"kvn day", kvn("2000-179T", "2001-366T"), 13, "EPOCH", ErrValue, "366"},
		{"kvn cut", vanguardKVN[:strings.Index(vanguardKVN, "MEAN_ANOMALY")], 18, "MEAN_ANOMALY", ErrSyntax, "missing"},

		{"xml cut", vanguardXML[:400], 5, "", ErrSyntax, ""},
		{"xml root", "<oem></oem>", 1, "", ErrSyntax, "oem"},
		{"xml nothing", "<!-- -->", 1, "", ErrSyntax, "no <ndm>"},
		{"xml number", xml(">34.2682<", "><x/>34<"), 12, "INCLINATION", ErrSyntax, "missing"},
		{"xml nested", xml("<header>", "<omm/><header>"), 3, "", ErrSyntax, "within"},
		{"xml version", xml(`version="2.0"><h`, `version="9"><h`), 3, "version", ErrUnsupported, "9"},
		{"xml entity", xml("VANGUARD 1", "&boom;"), 4, "", ErrSyntax, "boom"},
		{"xml depth", strings.Repeat("<ndm>", 20), 1, "", ErrSyntax, ""},
		{"xml charset", `<?xml version="1.0" encoding="latin1"?><ndm/>`, 1, "", ErrSyntax, "latin1"},
	} {
		sets, err := ParseOMM(strings.NewReader(c.text))
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

func TestParseDetects(t *testing.T) {
	for name, text := range map[string]string{
		"json": "\n " + vanguardJSON, "kvn": "\r\n" + vanguardKVN, "xml": vanguardXML,
		"tle": "# comment\n" + issName + "\n" + issOne + "\n" + issTwo,
	} {
		sets, warnings, err := Parse(strings.NewReader(text), ChecksumStrict)
		if err != nil || len(sets) != 1 || len(warnings) != 0 {
			t.Errorf("%s: %d sets, %v, %v", name, len(sets), warnings, err)
		}
	}
	if _, _, err := Parse(strings.NewReader("what is this?\nno idea\n"), ChecksumWarn); !errors.Is(err, ErrSyntax) {
		t.Errorf("nonsense: %v", err)
	}
	if _, _, err := Parse(endless{}, ChecksumWarn); !errors.Is(err, ErrTooLarge) {
		t.Errorf("endless: %v", err)
	}
}

// endless is a reader that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

// TestOMMRoundTrip writes the catalogue of stations in every notation.
func TestOMMRoundTrip(t *testing.T) {
	data := vectors.OpenData(t, "tle/celestrak-2026-05-30/stations.tle")
	want, _, err := ParseTLE(bytes.NewReader(data), ChecksumStrict)
	if err != nil {
		t.Fatal(err)
	}
	for f := JSON; f <= XML; f++ {
		var out bytes.Buffer
		if err := WriteOMM(&out, want, f); err != nil {
			t.Fatal(err)
		}
		got, err := ParseOMM(&out)
		if err != nil {
			t.Errorf("%v: %v", f, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: (-want +got)\n%.2000s", f, diff)
		}
	}
}

func TestOMMRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySet(t)
		// OMM holds what a TLE does not: any number, nanoseconds, all digits.
		s.NoradID = rapid.IntRange(0, 999_999_999).Draw(t, "big number")
		s.Epoch = s.Epoch.Add(time.Duration(rapid.IntRange(0, 999).Draw(t, "ns")))
		s.BStar = rapid.Float64Range(-1, 1).Draw(t, "b")
		s.NDDot = rapid.Float64Range(-1e-3, 1e-3).Draw(t, "nddot")
		s.MeanMotionRevDay = rapid.Float64Range(0, 18).Draw(t, "n")
		s.Name = rapid.SampledFrom([]string{"", "A&B <C>", `"quoted"`, "é", s.Name}).Draw(t, "odd name")
		for f := JSON; f <= XML; f++ {
			var out bytes.Buffer
			if err := WriteOMM(&out, []Set{s, s}, f); err != nil {
				t.Fatal(err)
			}
			again, err := ParseOMM(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatalf("%v: %v\n%s", f, err, out.Bytes())
			}
			if diff := cmp.Diff([]Set{s, s}, again); diff != "" {
				t.Fatalf("%v: %s\n%s", f, diff, out.Bytes())
			}
		}
	})
}

func TestWriteOMMRefuses(t *testing.T) {
	bad := vanguard
	bad.Eccentricity = math.NaN()
	name := vanguard
	name.Name = "a\x07"
	for _, s := range []Set{bad, name} {
		var out bytes.Buffer
		if err := WriteOMM(&out, []Set{vanguard, s}, JSON); err == nil || out.Len() != 0 {
			t.Errorf("%v: %v, %d bytes written", s, err, out.Len())
		}
	}
	if err := WriteOMM(&bytes.Buffer{}, nil, Format(9)); err == nil {
		t.Error("unknown notation passed")
	}
	if got := fmt.Sprint(JSON, KVN, XML); got != "omm-json omm-kvn omm-xml" {
		t.Error(got)
	}
}
