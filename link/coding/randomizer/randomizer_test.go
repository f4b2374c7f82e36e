package randomizer_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
	"spacechain/link/coding"
	"spacechain/link/coding/randomizer"
)

var all = []*randomizer.Sequence{randomizer.TM255, randomizer.TM131071, randomizer.TC}

func sequence(s *randomizer.Sequence, n int) []byte {
	b := make([]byte, n)
	s.Apply(b)
	return b
}

// The first 40 bits that the books print: CCSDS 131.0-B-5 §10.4, 231.0-B-4 §6.3.
func TestPrintedStarts(t *testing.T) {
	for s, want := range map[*randomizer.Sequence]string{
		randomizer.TM255:    "ff480ec09a",
		randomizer.TM131071: "1c71b91ba9",
		randomizer.TC:       "ff399e5a68",
	} {
		if got := hex.EncodeToString(sequence(s, 5)); got != want {
			t.Errorf("%v starts %s, want %s", s, got, want)
		}
	}
}

func TestPeriods(t *testing.T) {
	for _, s := range all {
		n := s.Period()
		bits := make([]byte, 2*n+100)
		s.ApplyBits(bits)
		if !bytes.Equal(bits[:n+100], bits[n:]) {
			t.Errorf("%v does not repeat after %d bits", s, n)
		}
		ones := 0
		for _, b := range bits[:n] {
			ones += int(b)
		}
		if ones != (n+1)/2 {
			t.Errorf("%v has %d ones in %d bits: not of maximal length", s, ones, n)
		}
	}
}

func TestPublishedVectors(t *testing.T) {
	var v struct {
		TM    string `json:"tm_randomizer_255bit_period"`
		TC    string `json:"tc_randomizer_255bit_period"`
		First string `json:"tc_randomizer_first_5_octets"`
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/yamcs-tests.json"), &v); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(sequence(randomizer.TM255, len(v.TM)/2)); got != v.TM || len(v.TM) < 510 {
		t.Errorf("TM sequence differs: %s", got)
	}
	if got := hex.EncodeToString(sequence(randomizer.TC, len(v.TC)/2)); got != v.TC || len(v.TC) < 510 {
		t.Errorf("TC sequence differs: %s", got)
	}
	if got := hex.EncodeToString(sequence(randomizer.TC, 5)); got != v.First {
		t.Errorf("TC sequence starts %s, want %s", got, v.First)
	}
}

func TestOctetsBitsAndSoftBitsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(all).Draw(t, "sequence")
		data := rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "data")
		octets := bytes.Clone(data)
		s.Apply(octets)
		bits := coding.Unpack(nil, data)
		s.ApplyBits(bits)
		if got := coding.Pack(nil, bits); !bytes.Equal(got, octets) {
			t.Fatalf("bits give %x, octets %x", got, octets)
		}
		soft := coding.Soften(nil, coding.Unpack(nil, data), 9)
		s.ApplySoft(soft)
		if got := coding.PackSoft(nil, soft); !bytes.Equal(got, octets) {
			t.Fatalf("soft bits give %x, octets %x", got, octets)
		}
		if s.Apply(octets); !bytes.Equal(octets, data) {
			t.Fatalf("twice gives %x for %x", octets, data)
		}
	})
}
