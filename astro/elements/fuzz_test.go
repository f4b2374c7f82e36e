package elements

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzParseTLE feeds any bytes to the TLE reader: it must answer with sets or
// a ParseError, and what it accepts must survive writing and reading.
func FuzzParseTLE(f *testing.F) {
	f.Add([]byte(issOne + "\n" + issTwo + "\n"))
	f.Add([]byte(issName + "\r\n" + issOne + "\r\n" + issTwo + "\r\n"))
	f.Add([]byte("# comment\n1 11801U          80230.29629788  .01431103  00000-0  14311-1      13\n" +
		"2 11801  46.7916 230.4354 7318036  47.4722  10.4117  2.28537848    13\n"))
	f.Add([]byte(strings.Replace(issOne+"\n"+issTwo, "25544", "Z9999", -1)))
	f.Add([]byte("1 \n2 \n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sets, _, err := ParseTLE(bytes.NewReader(data), ChecksumWarn)
		if err != nil {
			if sets != nil {
				t.Fatal("sets with an error")
			}
			if _, ok := err.(*ParseError); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		for _, s := range sets {
			if s.Validate() != nil {
				continue
			}
			var out bytes.Buffer
			if err := WriteTLE(&out, []Set{s}); err != nil {
				continue // such as a blank-padded eccentricity of one
			}
			if again, _, err := ParseTLE(&out, ChecksumStrict); err != nil || len(again) != 1 || again[0].NoradID != s.NoradID {
				t.Fatalf("again: %v, %v", again, err)
			}
		}
	})
}

// FuzzParseOMM feeds any bytes to the OMM readers; what they accept must
// survive writing and reading in all notations.
func FuzzParseOMM(f *testing.F) {
	f.Add([]byte(vanguardJSON))
	f.Add([]byte(vanguardKVN))
	f.Add([]byte(vanguardXML))
	f.Add([]byte("[]"))
	f.Add([]byte("<ndm/>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sets, err := ParseOMM(bytes.NewReader(data))
		if err != nil {
			if sets != nil {
				t.Fatal("sets with an error")
			}
			if _, ok := err.(*ParseError); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		for format := JSON; format <= XML; format++ {
			var out bytes.Buffer
			if err := WriteOMM(&out, sets, format); err != nil {
				t.Fatal(err)
			}
			again, err := ParseOMM(&out)
			if err != nil || len(again) != len(sets) {
				t.Fatalf("%v: %d of %d sets, %v", format, len(again), len(sets), err)
			}
			for i := range sets {
				if again[i] != sets[i] {
					t.Fatalf("%v: %+v became %+v", format, sets[i], again[i])
				}
			}
		}
	})
}
