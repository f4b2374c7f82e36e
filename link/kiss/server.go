package kiss

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// Options of a Server. The zero value accepts 32 clients and drops what they send.
type Options struct {
	// Receive gets every frame that a client sends: data to transmit and settings. It is called by
	// one goroutine for each client and must not block for long.
	Receive func(client net.Addr, f Frame)
	// MaxClients bounds connections; further ones are closed at once. Default 32.
	MaxClients int
	// Queue is how many frames may wait for a slow client before it misses some. One that misses
	// as many again without taking any is dropped. Default 64.
	Queue int
}

// Server is a terminal node controller over TCP: it hands each received frame to all clients and
// what they send to the modem.
type Server struct {
	opt Options

	mu      sync.Mutex
	clients map[*client]bool
	missed  int64
}

type client struct {
	conn io.ReadWriteCloser
	name net.Addr
	out  chan Frame
	lost int // frames missed since the last one queued
	due  int // frames queued and not yet written
}

// NewServer returns a Server; Serve starts it.
func NewServer(opt Options) *Server {
	if opt.MaxClients <= 0 {
		opt.MaxClients = 32
	}
	if opt.Queue <= 0 {
		opt.Queue = 64
	}
	return &Server{opt: opt, clients: map[*client]bool{}}
}

// Serve accepts clients until ctx ends or the listener fails, then closes it and all clients and
// returns when the last of their goroutines has ended. The end of ctx is no error.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() {
		<-ctx.Done()
		l.Close()
	})
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			cancel()
			return fmt.Errorf("accepting KISS clients: %w", err)
		}
		c := &client{conn: conn, name: conn.RemoteAddr(), out: make(chan Frame, s.opt.Queue)}
		if !s.enter(c) {
			conn.Close()
			continue
		}
		group.Go(func() {
			defer s.leave(c)
			s.serve(ctx, c)
		})
	}
}

// ErrFull says that there are as many clients as may be.
var ErrFull = errors.New("no room for another KISS client")

// Attach serves one client over a stream that is open already, a serial line or a connection
// made from this side, until ctx ends or the stream does; then it closes it. Its reads must end
// when it is closed.
func (s *Server) Attach(ctx context.Context, stream io.ReadWriteCloser, name net.Addr) error {
	c := &client{conn: stream, name: name, out: make(chan Frame, s.opt.Queue)}
	if !s.enter(c) {
		stream.Close()
		return ErrFull
	}
	defer s.leave(c)
	s.serve(ctx, c)
	return nil
}

func (s *Server) enter(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) >= s.opt.MaxClients {
		return false
	}
	s.clients[c] = true
	return true
}

func (s *Server) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
}

// serve reads from a client until it goes away; a second goroutine writes to it.
func (s *Server) serve(ctx context.Context, c *client) {
	ctx, cancel := context.WithCancel(ctx)
	conn := NewConn(c.conn)
	var writer sync.WaitGroup
	defer writer.Wait()
	defer c.conn.Close() // a writer may be blocked in it
	defer cancel()
	stop := context.AfterFunc(ctx, func() { c.conn.Close() })
	defer stop()
	writer.Go(func() {
		defer c.conn.Close()
		for {
			select {
			case <-ctx.Done():
				return
			case f := <-c.out:
				if err := conn.Write(f); err != nil {
					return
				}
				s.mu.Lock()
				c.due--
				s.mu.Unlock()
			}
		}
	})
	for {
		f, err := conn.Read()
		if err != nil {
			return
		}
		if s.opt.Receive != nil {
			s.opt.Receive(c.name, f)
		}
	}
}

// Send hands a frame to all clients. It never blocks: one whose queue is full misses it.
func (s *Server) Send(f Frame) error {
	if f.Port >= Ports || len(f.Data) > MaxData {
		return errors.New("sending KISS frame: port or length out of range")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		select {
		case c.out <- f:
			c.lost = 0
			c.due++
		default:
			s.missed++
			if c.lost++; c.lost >= s.opt.Queue {
				c.conn.Close() // ends its goroutines
			}
		}
	}
	return nil
}

// Clients is how many are connected.
func (s *Server) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.clients)
}

// Pending is how many frames are queued for clients and not yet written.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for c := range s.clients {
		n += c.due
	}
	return n
}

// Missed is how many frames did not go to a client because its queue was full.
func (s *Server) Missed() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.missed
}
