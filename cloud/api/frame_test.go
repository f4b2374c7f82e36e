package api

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/internal/cbor"
)

func TestPackPositions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		far := rapid.SampledFrom([]float64{7000, 42164, 400000}).Draw(t, "far")
		n := rapid.IntRange(0, 40).Draw(t, "n")
		p := Positions{Time: time.Unix(0, 0), PosECEFKm: make([][3]float64, n), Sunlit: make([]bool, n)}
		for i := range p.PosECEFKm {
			for k := range 3 {
				p.PosECEFKm[i][k] = rapid.Float64Range(-far, far).Draw(t, "x")
			}
			p.Sunlit[i] = rapid.Bool().Draw(t, "lit")
		}
		f := packPositions(p)
		if f.Count != n || len(f.PosECEF) != 6*n {
			t.Fatalf("%d of %d in %d bytes", f.Count, n, len(f.PosECEF))
		}
		for i := range p.PosECEFKm {
			for k := range 3 {
				x := float64(int16(binary.LittleEndian.Uint16(f.PosECEF[6*i+2*k:]))) * f.UnitKm
				if math.Abs(x-p.PosECEFKm[i][k]) > f.UnitKm/2+1e-9 {
					t.Fatalf("%v became %v (unit %v)", p.PosECEFKm[i][k], x, f.UnitKm)
				}
			}
			if got := f.Sunlit[i/8]>>(i%8)&1 == 1; got != p.Sunlit[i] {
				t.Fatalf("satellite %d sunlit %v", i, got)
			}
		}
	})
}

func TestPackPositionsOfFailedPropagators(t *testing.T) {
	f := packPositions(Positions{PosECEFKm: [][3]float64{{math.NaN(), math.Inf(1), math.Inf(-1)}}})
	if string(f.PosECEF) != "\x00\x00\x00\x00\x00\x00" || f.UnitKm != unitKm || f.Sunlit != nil {
		t.Errorf("%+v", f)
	}
}

func TestPackLinks(t *testing.T) {
	f := packLinks(time.Unix(0, 0), []Link{
		{A: 90001, B: 90002, Kind: LinkInterSatellite},
		{A: 90001, B: 2000001, Kind: LinkGround, Active: true},
		{A: 2000001, B: 3000001, Kind: LinkWire},
	})
	if f.Count != 3 || string(f.Flags) != "\x00\x11\x02" || binary.LittleEndian.Uint32(f.Ends[12:]) != 2000001 {
		t.Errorf("%+v", f)
	}
}

func TestAsJSON(t *testing.T) {
	for in, want := range map[string]string{`{"a":1}`: `{"a":1}`, " [1]\n": "[1]", "12": "", `"x"`: "", "{": "", "": "", "\x00\xff": ""} {
		if got := string(asJSON([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A client that does not read loses events and is told how many; of frames it
// gets the newest.
func TestSlowClient(t *testing.T) {
	opt := Options{Backend: echo{}}.withDefaults()
	h := newHub(opt, newMetrics(opt.Backend, time.Second))
	c, err := h.join(nil, 0, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	const extra = 17
	for i := range backlogLen + extra {
		h.event(Event{Seq: uint64(i + 1), Kind: EventNode})
		h.send(EventClock, Universe{Satellites: i})
	}
	batch, ended := h.take(c)
	if ended || len(batch) != backlogLen+2 {
		t.Fatalf("%d messages, ended %v", len(batch), ended)
	}
	if got := string(batch[backlogLen].data); !strings.Contains(got, fmt.Sprintf(`"satellites":%d,`, backlogLen+extra-1)) {
		t.Errorf("clock frame %s", got)
	}
	if got := string(batch[backlogLen+1].data); got != "event: gap\ndata: {\"lost\":17}\n\n" {
		t.Errorf("gap frame %q", got)
	}
	if batch, _ := h.take(c); len(batch) != 0 {
		t.Errorf("%d messages left", len(batch))
	}
	h.close()
	if _, ended := h.take(c); !ended {
		t.Error("the hub's end does not end the stream")
	}
	h.leave(c)
}

// A writer that never takes a byte is cut off, and so does not hold its stream.
func TestWriteWithinCuts(t *testing.T) {
	block := make(chan struct{})
	err := writeWithin(t.Context(), 10*time.Millisecond, func() { close(block) }, func() error {
		<-block
		return http.ErrHandlerTimeout
	})
	if err == nil {
		t.Fatal("no error")
	}
	if err := writeWithin(t.Context(), time.Hour, func() { t.Error("cut") }, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func FuzzCheckCommand(f *testing.F) {
	f.Add([]byte{0x80})
	f.Add([]byte{0xd8, 0x62, 0x84, 0x43, 0xa1, 0x01, 0x26, 0xa0, 0x41, 0x01, 0x80})
	f.Add([]byte{0x9f, 0xff})
	f.Add([]byte{0xbf, 0x01})
	f.Add([]byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if checkCommand(b) != nil {
			return
		}
		d := cbor.NewDecoder(b)
		if err := d.Skip(); err != nil || d.Remaining() != 0 {
			t.Fatalf("accepted, but the decoder says %v with %d bytes left", err, d.Remaining())
		}
	})
}

// FuzzSubmit posts what it likes and wants 202 exactly for what checkCommand
// lets through, and a problem otherwise.
func FuzzSubmit(f *testing.F) {
	s, err := New(Options{Backend: echo{}, MaxCommandBytes: 4096})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("application/cbor", []byte{0x80})
	f.Add("application/cbor; v=1", []byte{0x81, 0x01})
	f.Add("text/plain", []byte("x"))
	f.Add("a/b;;", []byte{0xff})
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		r := httptest.NewRequest("POST", "/api/v1/commands", bytesReader(b))
		r.Host = "localhost"
		r.Header["Content-Type"] = []string{kind}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		switch {
		case w.Code == http.StatusAccepted:
			if checkCommand(b) != nil {
				t.Fatalf("accepted %x as %q", b, kind)
			}
		case w.Code >= 500 || w.Header().Get("Content-Type") != "application/problem+json":
			t.Fatalf("%d %s", w.Code, w.Body)
		case kind == CommandType && len(b) <= 4096 && checkCommand(b) == nil:
			t.Fatalf("refused %x: %s", b, w.Body)
		}
	})
}

// A second's position event of 10,395 satellites, from the backend's numbers to
// the bytes on the wire.
func BenchmarkPositionEvent10395(b *testing.B) {
	p := Positions{PosECEFKm: make([][3]float64, 10395), Sunlit: make([]bool, 10395)}
	for i := range p.PosECEFKm {
		p.PosECEFKm[i] = [3]float64{float64(i%7000) - 3500, 6800, -float64(i % 3000)}
	}
	b.ReportAllocs()
	for b.Loop() {
		m, err := encode(EventPositions, 0, packPositions(p))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(m.data)))
	}
}
