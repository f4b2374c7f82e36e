package intmap

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"spacechain/internal/cbor"
)

func TestMapLeavesZerosOut(t *testing.T) {
	var m Map
	m.Uint(1, 7)
	m.Uint(2, 0)
	m.Int(3, -1)
	m.Bytes(4, nil)
	m.Bytes(5, []byte{0xaa})
	m.Text(6, "x")
	m.Bool(7, false)
	m.Bool(8, true)
	m.Raw(9, nil)
	m.Time(10, time.Time{})
	m.Time(11, time.UnixMilli(5))
	const want = "a601070320" + "0541aa" + "066178" + "08f5" + "0b05"
	if got := hex.EncodeToString(m.Append(nil)); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestKeysMustRise(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("falling keys were written")
		}
	}()
	var m Map
	m.Uint(2, 1)
	m.Uint(2, 1)
}

func TestEachRefuses(t *testing.T) {
	read := func(b []byte) error {
		d := cbor.NewDecoder(b)
		return Each(d, func(k uint64) error {
			if k > 3 {
				return Unknown(d, k)
			}
			_, err := d.Uint()
			return err
		})
	}
	for name, h := range map[string]string{
		"equal keys": "a201010101", "falling keys": "a202010101", "unknown key": "a10400",
		"truncated": "a201010", "no map": "8100", "wrong value": "a10140",
	} {
		b, _ := hex.DecodeString(h)
		var e *cbor.Error
		if err := read(b); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := read([]byte{0xa2, 1, 1, 2, 1}); err != nil {
		t.Error(err)
	}
}

func TestFixedTimeAndSame(t *testing.T) {
	var two [2]byte
	if err := Fixed(cbor.NewDecoder([]byte{0x42, 1, 2}), two[:]); err != nil || two != [2]byte{1, 2} {
		t.Error(two, err)
	}
	if err := Fixed(cbor.NewDecoder([]byte{0x41, 1}), two[:]); err == nil {
		t.Error("one byte was read as two")
	}
	if at, err := Time(cbor.NewDecoder(cbor.AppendInt(nil, 1500))); err != nil || !at.Equal(time.UnixMilli(1500)) {
		t.Error(at, err)
	}
	for _, ms := range []int64{0, -1, maxUnixMilli + 1} {
		if _, err := Time(cbor.NewDecoder(cbor.AppendInt(nil, ms))); err == nil {
			t.Errorf("%d ms was read as a time", ms)
		}
	}
	var e *cbor.Error
	if err := Same([]byte{1, 2, 3}, []byte{1, 2, 4}); !errors.As(err, &e) || e.Offset != 2 {
		t.Error(err)
	}
}
