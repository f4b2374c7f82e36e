package cbor

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The examples of RFC 8949 appendix A that this codec's subset covers.
func TestAppendRFC8949AppendixA(t *testing.T) {
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{AppendUint(nil, 0), "00"},
		{AppendUint(nil, 23), "17"},
		{AppendUint(nil, 24), "1818"},
		{AppendUint(nil, 1000), "1903e8"},
		{AppendUint(nil, 1000000), "1a000f4240"},
		{AppendUint(nil, 1000000000000), "1b000000e8d4a51000"},
		{AppendUint(nil, math.MaxUint64), "1bffffffffffffffff"},
		{AppendInt(nil, -1), "20"},
		{AppendInt(nil, -1000), "3903e7"},
		{AppendInt(nil, math.MinInt64), "3b7fffffffffffffff"},
		{AppendBytes(nil, []byte{1, 2, 3, 4}), "4401020304"},
		{AppendText(nil, "IETF"), "6449455446"},
		{AppendText(nil, "\u6c34"), "63e6b0b4"},
		{AppendBool(nil, false), "f4"},
		{AppendBool(nil, true), "f5"},
		{AppendNull(nil), "f6"},
		{AppendFloat64(nil, 1.1), "fb3ff199999999999a"},
		{AppendUint(AppendTag(nil, 1), 1363896240), "c11a514b67b0"},
		{AppendBreak(AppendUint(AppendIndefiniteArray(nil), 1)), "9f01ff"},
	} {
		if h := hex.EncodeToString(c.got); h != c.want {
			t.Errorf("got %s, want %s", h, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		hex string
		f   func(*Decoder) error
	}{
		"long head":         {"1817", func(d *Decoder) error { _, err := d.Uint(); return err }},
		"longer head":       {"190017", func(d *Decoder) error { _, err := d.Uint(); return err }},
		"end in head":       {"19", func(d *Decoder) error { _, err := d.Uint(); return err }},
		"reserved head":     {"1c", func(d *Decoder) error { _, err := d.Uint(); return err }},
		"indefinite string": {"5f4101ff", func(d *Decoder) error { _, err := d.Bytes(); return err }},
		"bad text":          {"61ff", func(d *Decoder) error { _, err := d.Text(); return err }},
		"string too long":   {"5bffffffffffffffff00", func(d *Decoder) error { _, err := d.Bytes(); return err }},
		"array too long":    {"9b7fffffffffffffff", func(d *Decoder) error { _, err := d.Array(); return err }},
		"map too long":      {"a20102", func(d *Decoder) error { _, err := d.Map(); return err }},
		"int out of range":  {"3bffffffffffffffff", func(d *Decoder) error { _, err := d.Int(); return err }},
		"wrong type":        {"61", func(d *Decoder) error { _, err := d.Uint(); return err }},
		"short simple":      {"f801", (*Decoder).Skip},
		"deep":              {hex.EncodeToString(bytes.Repeat([]byte{0x81}, 40)) + "00", (*Decoder).Skip},
		"left over":         {"00", (*Decoder).Done},
		"no break":          {"9f01", (*Decoder).Skip},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		d := NewDecoder(b)
		err = c.f(d)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want a decoding error", name, err)
		}
		if d.Offset() != 0 {
			t.Errorf("%s: a failed read moved the decoder to %d", name, d.Offset())
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, i := rapid.Uint64().Draw(t, "u"), rapid.Int64().Draw(t, "i")
		b, s := rapid.SliceOf(rapid.Byte()).Draw(t, "b"), rapid.String().Draw(t, "s")
		f, ok := rapid.Float64().Draw(t, "f"), rapid.Bool().Draw(t, "ok")
		enc := AppendArray(nil, 6)
		enc = AppendFloat64(AppendText(AppendBytes(AppendInt(AppendUint(enc, u), i), b), s), f)
		enc = AppendBool(enc, ok)

		d := NewDecoder(enc)
		n, err := d.Array()
		u2, err2 := d.Uint()
		i2, err3 := d.Int()
		b2, err4 := d.Bytes()
		s2, err5 := d.Text()
		f2, err6 := d.Float64()
		ok2, err7 := d.Bool()
		if err := errors.Join(err, err2, err3, err4, err5, err6, err7, d.Done()); err != nil {
			t.Fatal(err)
		}
		if n != 6 || u2 != u || i2 != i || !bytes.Equal(b2, b) || s2 != s || f2 != f || ok2 != ok {
			t.Fatalf("read back %d %d %d %x %q %v %v", n, u2, i2, b2, s2, f2, ok2)
		}
		if d := NewDecoder(enc); d.Skip() != nil || d.Done() != nil {
			t.Fatal("skip does not end where the item ends")
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, h := range []string{"9f01ff", "820102", "a10102", "c11a514b67b0", "fb3ff199999999999a", "f97e00"} {
		b, _ := hex.DecodeString(h)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := NewDecoder(b)
		for d.Remaining() > 0 {
			at := d.Offset()
			if err := d.Skip(); err != nil {
				if d.Offset() != at {
					t.Fatalf("failed skip moved from %d to %d", at, d.Offset())
				}
				return
			}
			if d.Offset() <= at {
				t.Fatal("skip did not advance")
			}
		}
	})
}
