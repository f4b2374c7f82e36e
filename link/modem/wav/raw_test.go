package wav

import (
	"bytes"
	"strings"
	"testing"
)

func TestRawSamples(t *testing.T) {
	for _, c := range []struct {
		name string
		want []byte
	}{
		{"u8", []byte{128, 192, 64, 255}},
		{"s16", []byte{0, 0, 0, 0x40, 0, 0xc0, 0xff, 0x7f}},
		{"f32", []byte{0, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0, 0xbf, 0, 0, 0x80, 0x3f}},
	} {
		f, err := Raw(c.name, 2, 48000)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w, err := NewRawWriter(&b, f)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write([]float32{0, 0.5, -0.5, 1}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), c.want) {
			t.Errorf("%s: %v, want %v", c.name, b.Bytes(), c.want)
		}
		b.WriteByte(1) // half a sample at the end is left out
		r, err := NewRawReader(&b, f)
		if err != nil {
			t.Fatal(err)
		}
		iq, err := r.ReadIQ()
		if err != nil || len(iq) != 2 || iq[0] != complex(0, 0.5) || real(iq[1]) != -0.5 || imag(iq[1]) < 0.99 {
			t.Errorf("%s: read %v, %v", c.name, iq, err)
		}
	}
	if _, err := Raw("s12", 1, 48000); err == nil || !strings.Contains(err.Error(), "u8, s16 and f32") {
		t.Errorf("a format that is not: %v", err)
	}
	if _, err := Raw("u8", 0, 48000); err == nil {
		t.Error("no channel")
	}
	if _, err := NewRawReader(nil, Format{}); err == nil {
		t.Error("no format")
	}
	if _, err := NewRawWriter(nil, Format{}); err == nil {
		t.Error("no format")
	}
}
