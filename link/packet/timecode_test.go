package packet

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
)

// gpsLinear is the convention of the vectors: GPS seconds, shown as UTC with the 15
// leap seconds of 2011 at all times.
var gpsLinear = time.Date(1980, 1, 5, 23, 59, 45, 0, time.UTC)

func TestCUCVectors(t *testing.T) {
	var file struct {
		Vectors map[string]json.RawMessage `json:"vectors"`
		Meta    map[string]string          `json:"meta"`
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/spacepylibrary.json"), &file); err != nil {
		t.Fatal(err)
	}
	code := CUC{Coarse: 4, Fine: 2, Epoch: gpsLinear}
	if got := hex.EncodeToString(code.Preamble()); got != "2e" {
		t.Errorf("preamble %s, want 2e", got)
	}
	for i := 1; i <= 6; i++ {
		var field string
		if err := json.Unmarshal(file.Vectors[fmt.Sprintf("CUC2_TIME%d_FIELD", i)], &field); err != nil {
			t.Fatal(err)
		}
		want := strings.Trim(file.Meta[fmt.Sprintf("CUC2_TIME%d_STR", i)], `"`)
		got, err := code.Decode(unhex(t, field))
		if err != nil {
			t.Errorf("%s: %v", field, err)
			continue
		}
		got = got.Round(time.Microsecond)
		text := fmt.Sprintf("%d.%03d.%s.%06d", got.Year(), got.YearDay(), got.Format("15.04.05"), got.Nanosecond()/1000)
		if text != want {
			t.Errorf("%s: %s, want %s", field, text, want)
		}
		exact, _ := code.Decode(unhex(t, field))
		if b, err := code.Append(nil, exact); err != nil || hex.EncodeToString(b) != field {
			t.Errorf("%s came back as %x, %v", field, b, err)
		}
	}
	// With true leap seconds the same count is the same instant in 2011.
	gps := CUC{Coarse: 4, Fine: 2, Epoch: time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC), TAI: true}
	if got, err := gps.Decode(unhex(t, "3ad727480000")); err != nil || !got.Equal(time.Date(2011, 4, 18, 16, 20, 9, 0, time.UTC)) {
		t.Error(got, err)
	}
}

func TestCUCOfTheRecommendedEpoch(t *testing.T) {
	// 2017-01-01 00:00:00 UTC is 1861920037 s of TAI after 1958: 59 years, 15 leap
	// days and 37 leap seconds.
	const want = (59*365+15)*86400 + 37
	b, err := CUC{Coarse: 4}.Append(nil, time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || fmt.Sprintf("%x", b) != fmt.Sprintf("%08x", uint32(want)) {
		t.Errorf("%x, %v, want %08x", b, err, uint32(want))
	}
	at, rest, err := DecodeTime(append([]byte{0x1c}, b...), time.Time{}, false)
	if err != nil || len(rest) != 0 || !at.Equal(time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error(at, rest, err)
	}
}

func genTime(t *rapid.T) time.Time {
	s := rapid.Int64Range(time.Date(1973, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "s")
	return time.Unix(s, rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
}

func TestCUCRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := CUC{Coarse: rapid.IntRange(4, 7).Draw(t, "coarse"), Fine: rapid.IntRange(0, 10).Draw(t, "fine")}
		if rapid.Bool().Draw(t, "agency") {
			c.Epoch = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
			c.TAI = rapid.Bool().Draw(t, "tai")
		}
		want := genTime(t)
		b, err := c.Append(c.Preamble(), want)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := DecodeTime(b, c.Epoch, c.TAI)
		if err != nil || len(rest) != 0 {
			t.Fatal(err, rest)
		}
		unit := time.Second >> min(8*c.Fine, 40)
		if d := got.Sub(want).Abs(); d > unit/2+1 {
			// Inside a leap second there is no name for the time.
			if !(c.TAI || c.Epoch.IsZero()) || d > time.Second+unit {
				t.Fatalf("%v came back as %v with %d fine octets", want, got, c.Fine)
			}
		}
		if c.Fine >= 4 && !got.Equal(want) {
			t.Fatalf("%v came back as %v", want, got)
		}
	})
}

func TestCUCTextIsIts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := CUC{Coarse: rapid.IntRange(1, 4).Draw(t, "coarse"), Fine: rapid.IntRange(0, 3).Draw(t, "fine"), Epoch: gpsLinear}
		b := rapid.SliceOfN(rapid.Byte(), c.Len(), c.Len()).Draw(t, "field")
		at, err := c.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := c.Append(nil, at); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x is %v is %x, %v", b, at, again, err)
		}
	})
}

func TestCDS(t *testing.T) {
	at := time.Date(1980, 1, 1, 1, 2, 3, 4005006, time.UTC)
	// 1980-01-01 is day 8035 = 0x1f63 since 1958.
	const ms = (1*3600+2*60+3)*1000 + 4
	for _, c := range []struct {
		code CDS
		want string
	}{
		{CDS{}, fmt.Sprintf("40 1f63%08x", ms)},
		{CDS{Sub: Microsecond}, fmt.Sprintf("41 1f63%08x0005", ms)},
		{CDS{Sub: Picosecond, Wide: true}, fmt.Sprintf("46 001f63%08x%08x", ms, 5006000)},
		{CDS{Epoch: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}, fmt.Sprintf("48 0000%08x", ms)},
	} {
		b, err := c.code.Append(nil, at)
		if got := fmt.Sprintf("%x %x", c.code.Preamble(), b); err != nil || got != c.want {
			t.Errorf("%+v: %s, %v, want %s", c.code, got, err, c.want)
		}
		got, _, err := DecodeTime(append(c.code.Preamble(), b...), c.code.Epoch, false)
		unit := []time.Duration{time.Millisecond, time.Microsecond, 1}[c.code.Sub]
		if err != nil || !got.Equal(at.Truncate(unit)) {
			t.Errorf("%+v: %v, %v", c.code, got, err)
		}
	}
	// The vector packets of spacepackets-py carry this stamp.
	if got, rest, err := DecodeTime(unhex(t, "405f0100001020"), time.Time{}, false); err != nil || len(rest) != 0 ||
		!got.Equal(TAIEpoch.AddDate(0, 0, 0x5f01).Add(0x1020*time.Millisecond)) {
		t.Error(got, err)
	}
	// A leap second reads as the second after it.
	leap := fmt.Sprintf("40%04x%08x", 21549, 86400500) // 2016-12-31 23:59:60.5
	if got, _, err := DecodeTime(unhex(t, leap), time.Time{}, false); err != nil || got.Format(time.RFC3339Nano) != "2017-01-01T00:00:00.5Z" {
		t.Error(got, err)
	}
}

func TestCDSRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := CDS{Wide: rapid.Bool().Draw(t, "wide"), Sub: Submillisecond(rapid.IntRange(0, 2).Draw(t, "sub"))}
		want := genTime(t)
		b, err := c.Append(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Decode(b)
		unit := []time.Duration{time.Millisecond, time.Microsecond, 1}[c.Sub]
		if err != nil || got.Sub(want).Abs() > unit/2 {
			t.Fatalf("%v came back as %v, %v", want, got, err)
		}
		if again, err := c.Append(nil, got); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x, %x, %v", b, again, err)
		}
	})
}

func TestTimeCodeRefusals(t *testing.T) {
	for _, bad := range []string{"", "9c", "9c80", "00", "30", "43", "c0", "2c00000000", "48000000000000"} {
		if got, _, err := DecodeTime(unhex(t, bad), time.Time{}, false); err == nil {
			t.Errorf("%s is %v", bad, got)
		}
	}
	if _, _, err := DecodeTime(unhex(t, "400000ffffffff"), time.Time{}, false); err == nil {
		t.Error("a day of 49 days")
	}
	if _, _, err := DecodeTime(unhex(t, "4100000000000003e8"), time.Time{}, false); err == nil {
		t.Error("1000 µs in a millisecond")
	}
	if _, err := (CUC{Coarse: 1}).Append(nil, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("a lifetime in one octet")
	}
	if _, err := (CUC{Coarse: 4}).Append(nil, time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("a time before the epoch")
	}
	if _, err := (CUC{Coarse: 8}).Decode(make([]byte, 8)); err == nil {
		t.Error("eight coarse octets")
	}
	if got := (CUC{Coarse: 7, Fine: 10}).Preamble(); hex.EncodeToString(got) != "9f7c" {
		t.Errorf("preamble %x", got)
	}
}

func FuzzDecodeTime(f *testing.F) {
	f.Add([]byte{0x1e, 1, 2, 3, 4, 5, 6})
	f.Add([]byte{0x9f, 0x7c, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
	f.Add([]byte{0x42, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		at, rest, err := DecodeTime(b, gpsLinear, true)
		if err == nil && (at.Year() < 1957 || len(rest) >= len(b)) {
			t.Fatal(at, rest)
		}
	})
}
