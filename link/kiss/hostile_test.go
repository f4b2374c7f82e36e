package kiss

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Clients that flood, dawdle, never end a frame, take nothing or go away in the middle: what they
// cost is bounded, others are served all the while, and nothing of them stays (goleak looks after
// all tests of this package).
func TestHostileClients(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var taken atomic.Int64
	s := NewServer(Options{MaxClients: 24, Queue: 8, Receive: func(net.Addr, Frame) { taken.Add(1) }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := s.Clients(); n != 0 {
			t.Errorf("%d clients are left", n)
		}
	}()
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	honest, err := Dial(ctx, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer honest.Close()
	until(t, "the honest client", func() bool { return s.Clients() == 1 })

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var group sync.WaitGroup
	var conns []net.Conn
	hostile := func(act func(c net.Conn)) {
		c := dial()
		conns = append(conns, c)
		group.Go(func() { act(c) })
	}
	for range 4 {
		hostile(func(c net.Conn) { // a frame without end
			junk := bytes.Repeat([]byte{0x55}, 1<<16)
			for range 100 {
				if _, err := c.Write(junk); err != nil {
					return
				}
			}
		})
		hostile(func(c net.Conn) { // frames without number
			flood := bytes.Repeat(Append(nil, Frame{Data: []byte("flood")}), 4000)
			for range 10 {
				if _, err := c.Write(flood); err != nil {
					return
				}
			}
		})
		hostile(func(c net.Conn) { // an octet now and then, never a whole frame
			for range 20 {
				if _, err := c.Write([]byte{0xc0, 0xdb}); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
		hostile(func(c net.Conn) { // nothing at all: half open, and takes nothing
		})
		hostile(func(c net.Conn) { // gone in the middle of a frame
			c.Write([]byte{0xc0, 0x00, 'a'})
			c.Close()
		})
	}
	for range 30 { // too many of them
		conns = append(conns, dial())
	}
	frame := Frame{Command: Data, Data: bytes.Repeat([]byte{7}, 2000)}
	for i := range 100 {
		if err := s.Send(frame); err != nil {
			t.Fatal(err)
		}
		if got, err := honest.Read(); err != nil || !equal(got, frame) {
			t.Fatalf("the honest client misses frame %d: %v", i, err)
		}
	}
	group.Wait()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d octets more are held", grown)
	}
	if taken.Load() < 4*10*4000 {
		t.Errorf("%d frames came of a flood of %d", taken.Load(), 4*10*4000)
	}
	for _, c := range conns {
		c.Close()
	}
	until(t, "only the honest client", func() bool { return s.Clients() == 1 })
}

// A stream that is attached is served like a client, counts as one, and ends with the context.
func TestAttach(t *testing.T) {
	received := make(chan Frame, 1)
	s := NewServer(Options{MaxClients: 1, Receive: func(_ net.Addr, f Frame) { received <- f }})
	ours, theirs := net.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Attach(ctx, ours, ours.RemoteAddr()) }()
	line := NewConn(theirs)
	want := Frame{Command: Data, Data: []byte("over a line")}
	if err := line.Write(want); err != nil {
		t.Fatal(err)
	}
	if f := await(t, received, "frame"); !equal(f, want) {
		t.Errorf("got %+v", f)
	}
	other, end := net.Pipe()
	defer end.Close()
	if err := s.Attach(ctx, other, nil); !errors.Is(err, ErrFull) {
		t.Errorf("a client too many: %v", err)
	}
	if err := s.Send(want); err != nil {
		t.Fatal(err)
	}
	if f, err := line.Read(); err != nil || !equal(f, want) {
		t.Errorf("read %+v, %v", f, err)
	}
	until(t, "all written", func() bool { return s.Pending() == 0 })
	cancel()
	if err := await(t, done, "end"); err != nil {
		t.Error(err)
	}
	if _, err := line.Read(); err == nil {
		t.Error("the line is still open")
	}
}
