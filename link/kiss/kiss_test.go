package kiss

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The examples of the KISS paper: "TEST" to port 0, "Hello" to port 5, and the two octets that
// must be escaped.
func TestPublishedExamples(t *testing.T) {
	for _, c := range []struct {
		frame Frame
		line  []byte
	}{
		{Frame{0, Data, []byte("TEST")}, []byte{0xc0, 0x00, 0x54, 0x45, 0x53, 0x54, 0xc0}},
		{Frame{5, Data, []byte("Hello")}, []byte{0xc0, 0x50, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0xc0}},
		{Frame{0, Data, []byte{0xc0, 0xdb}}, []byte{0xc0, 0x00, 0xdb, 0xdc, 0xdb, 0xdd, 0xc0}},
		{Frame{15, Return, []byte{}}, []byte{0xc0, 0xff, 0xc0}},
		{Frame{12, Data, []byte("x")}, []byte{0xc0, 0xdb, 0xdc, 'x', 0xc0}},
	} {
		if got := Append(nil, c.frame); !bytes.Equal(got, c.line) {
			t.Errorf("%+v is sent as %x, want %x", c.frame, got, c.line)
		}
		got := decode(&Decoder{}, c.line)
		if len(got) != 1 || !equal(got[0], c.frame) {
			t.Errorf("%x is read as %+v, want %+v", c.line, got, c.frame)
		}
	}
}

func decode(d *Decoder, line []byte) (out []Frame) {
	for _, b := range line {
		if f, ok := d.Next(b); ok {
			out = append(out, f)
		}
	}
	return out
}

func equal(a, b Frame) bool {
	return a.Port == b.Port && a.Command == b.Command && bytes.Equal(a.Data, b.Data)
}

func TestDecoderDropsWhatIsBroken(t *testing.T) {
	var d Decoder
	line := []byte{0xc0, 0x00, 'a', 0xdb, 'b', 'c', 0xc0} // an escape of nothing
	line = append(line, 0x00, 'a', 0xdb, 0xc0)            // an escape cut off
	line = append(line, bytes.Repeat([]byte{'x'}, MaxData+9)...)
	line = append(line, 0xc0, 0xc0, 0xc0)
	line = Append(line, Frame{Port: 1, Data: []byte("good")})
	got := decode(&d, line)
	if len(got) != 1 || string(got[0].Data) != "good" || d.Dropped != 3 {
		t.Errorf("read %+v, %d dropped; want one good frame, 3 dropped", got, d.Dropped)
	}
}

func TestFramesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frames := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Frame {
			return Frame{
				Port:    rapid.Uint8Range(0, 15).Draw(t, "port"),
				Command: Command(rapid.IntRange(0, 15).Draw(t, "command")),
				Data:    rapid.SliceOf(rapid.Byte()).Draw(t, "data"),
			}
		})).Draw(t, "frames")
		var line []byte
		for _, f := range frames {
			line = Append(line, f)
		}
		if got := decode(&Decoder{}, line); !slices.EqualFunc(got, frames, equal) {
			t.Errorf("%+v came back as %+v", frames, got)
		}
	})
}

func FuzzDecoder(f *testing.F) {
	f.Add(Append(nil, Frame{3, TXDelay, []byte{30}}))
	f.Add([]byte{0xc0, 0xdb, 0xdb, 0xc0, 0xdb, 0xdd, 0xc0})
	f.Fuzz(func(t *testing.T, line []byte) {
		var d Decoder
		total := 0
		for _, frame := range decode(&d, line) {
			total += 1 + len(frame.Data)
			again := decode(&Decoder{}, Append(nil, frame))
			if len(again) != 1 || !equal(again[0], frame) {
				t.Errorf("%+v came back as %+v", frame, again)
			}
		}
		if total > len(line) {
			t.Errorf("%d octets of frames in %d", total, len(line))
		}
	})
}

// serve starts a server on loopback and returns its address and what clients sent.
func serve(t *testing.T, opt Options) (*Server, string, chan Frame) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan Frame, 16)
	opt.Receive = func(_ net.Addr, f Frame) { received <- f }
	s := NewServer(opt)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String(), received
}

func await[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s", what)
	}
	return v
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not so after 20 s", what)
		}
	}
}

func TestServerAndClients(t *testing.T) {
	s, address, received := serve(t, Options{MaxClients: 2})
	var clients []*Conn
	for range 2 {
		c, err := Dial(context.Background(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	until(t, "two clients", func() bool { return s.Clients() == 2 })
	third, err := Dial(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if _, err := third.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("a third client read %v, want to be turned away", err)
	}
	down := Frame{Port: 2, Command: Data, Data: []byte{0xc0, 1, 2, 3, 0xdb}}
	if err := s.Send(down); err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		if f, err := c.Read(); err != nil || !equal(f, down) {
			t.Errorf("client got %+v, %v; want %+v", f, err, down)
		}
	}
	up := Frame{Port: 1, Command: TXDelay, Data: []byte{25}}
	if err := clients[1].Write(up); err != nil {
		t.Fatal(err)
	}
	if f := await(t, received, "frame from a client"); !equal(f, up) {
		t.Errorf("server got %+v, want %+v", f, up)
	}
	if err := clients[0].Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "one client", func() bool { return s.Clients() == 1 })
	if s.Send(Frame{Port: 16}) == nil || clients[1].Write(Frame{Data: make([]byte, MaxData+1)}) == nil {
		t.Error("frames out of range went well")
	}
}

// A client that takes nothing neither blocks others nor stays for ever.
func TestSlowClientIsDropped(t *testing.T) {
	s, address, _ := serve(t, Options{Queue: 4})
	slow, err := Dial(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	until(t, "a client", func() bool { return s.Clients() == 1 })
	big := Frame{Data: make([]byte, MaxData)}
	until(t, "dropped", func() bool {
		if err := s.Send(big); err != nil {
			t.Fatal(err)
		}
		return s.Clients() == 0
	})
	if s.Missed() == 0 {
		t.Error("no frame counted as missed")
	}
}

// A serial line is any io.ReadWriter.
func TestOverAPipe(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	host, device := NewConn(a), NewConn(b)
	want := Frame{Port: 3, Command: Data, Data: []byte("over a line")}
	errs := make(chan error, 1)
	go func() { errs <- errors.Join(host.Write(want), host.Close()) }()
	if f, err := device.Read(); err != nil || !equal(f, want) {
		t.Errorf("read %+v, %v; want %+v", f, err, want)
	}
	if _, err := device.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("read on gave %v, want the end", err)
	}
	if err := await(t, errs, "end of writing"); err != nil {
		t.Error(err)
	}
}
