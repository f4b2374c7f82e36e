package camera

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

// needEarth gives the built-in mask, and skips where `make landmask` has not run.
func needEarth(t testing.TB) *Mask {
	t.Helper()
	m := Earth()
	if m == nil {
		t.Skip("no land mask: run \"make landmask\"")
	}
	return m
}

func TestLand(t *testing.T) {
	needEarth(t)
	for _, c := range []struct {
		place    string
		lat, lon float64
		want     bool
	}{
		{"Berlin", 52.5, 13.4, true},
		{"Sahara", 23, 10, true},
		{"Manaus", -3.1, -60, true},
		{"Alice Springs", -23.7, 133.9, true},
		{"South Pole", -90, 0, true},
		{"Vostok", -78.5, 106.8, true},
		{"Chukotka, beyond the antimeridian", 66.5, -175, true},
		{"Chukotka, before it", 66.5, 179, true},
		{"Greenland", 72, -40, true},
		{"North Pole", 90, 0, false},
		{"Atlantic", 30, -40, false},
		{"Pacific, at the antimeridian", 0, 180, false},
		{"Pacific, a turn on", 0, 540, false},
		{"Berlin, a turn back", 52.5, 13.4 - 360, true},
		{"Caspian Sea", 42, 50.5, false},
		{"Gulf of Guinea", 0, 0, false},
		{"Drake Passage", -59, -65, false},
		{"Southern Ocean", -60, 100, false},
	} {
		if got := Land(c.lat, c.lon); got != c.want {
			t.Errorf("%s is land: %v, want %v", c.place, got, c.want)
		}
	}
}

func pack(text string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write([]byte(text))
	z.Close()
	return out.Bytes()
}

// A mask of two rows and ten cells: the first and the last of the north are land.
const small = "SPCLAND1\x00\x0a\x00\x02\x80\x40\x00\x00"

func TestReadMask(t *testing.T) {
	m, err := ReadMask(bytes.NewReader(pack(small)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lat, lon float64
		want     bool
	}{{45, -179, true}, {45, -143, false}, {45, 179, true}, {90, 179.999, true}, {-1, -179, false}, {-90, 179, false}, {45, 181, true}} {
		if got := m.Land(c.lat, c.lon); got != c.want {
			t.Errorf("%g %g is land: %v", c.lat, c.lon, got)
		}
	}
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"no gzip", "read land mask: gzip: invalid header", []byte("hello world")},
		{"short", "read land mask: head: unexpected EOF", pack("SPC")},
		{"another file", `read land mask: begins with "SPCLAND2", not "SPCLAND1"; run "make landmask"`, pack("SPCLAND2\x00\x0a\x00\x02")},
		{"no cells", "read land mask: 0 x 2 cells", pack("SPCLAND1\x00\x00\x00\x02")},
		{"too few", "read land mask: not 4 bytes of cells", pack(small[:len(small)-1])},
		{"too many", "read land mask: not 4 bytes of cells", pack(small + "x")},
		{"cut", "unexpected EOF", pack(small)[:20]},
		{"huge", "read land mask: 65535 x 65535 cells; 14400 x 7200 are the most", pack("SPCLAND1\xff\xff\xff\xff")},
	} {
		if _, err := ReadMask(bytes.NewReader(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
	}
}

// Whatever the bytes, reading ends, and what is read answers everywhere.
func FuzzReadMask(f *testing.F) {
	f.Add(pack(small))
	f.Add(pack("SPCLAND1\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadMask(bytes.NewReader(data))
		if err != nil {
			return
		}
		if len(m.bits) != m.stride*m.height {
			t.Fatalf("%d bytes of %d rows", len(m.bits), m.height)
		}
		for _, lon := range []float64{-1e9, -180, 0, 180, 1e9} {
			m.Land(-90, lon)
			m.Land(90, lon)
		}
	})
}
