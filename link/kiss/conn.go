package kiss

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// Conn is KISS over one stream: a TCP connection, a serial line, a pipe. One goroutine may read
// while others write.
type Conn struct {
	rw  io.ReadWriter
	in  *bufio.Reader
	dec Decoder

	mu  sync.Mutex // of out and writing
	out []byte
}

// NewConn returns a Conn over any stream.
func NewConn(rw io.ReadWriter) *Conn {
	return &Conn{rw: rw, in: bufio.NewReaderSize(rw, 4096)}
}

// Dial connects to a terminal node controller by TCP, "localhost:8001" for one.
func Dial(ctx context.Context, address string) (*Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting to KISS controller: %w", err)
	}
	return NewConn(c), nil
}

// Read waits for the next frame. At the end of the stream it returns io.EOF.
func (c *Conn) Read() (Frame, error) {
	for {
		b, err := c.in.ReadByte()
		if err == io.EOF {
			return Frame{}, err
		}
		if err != nil {
			return Frame{}, fmt.Errorf("reading KISS frame: %w", err)
		}
		if f, ok := c.dec.Next(b); ok {
			return f, nil
		}
	}
}

// Write sends a frame.
func (c *Conn) Write(f Frame) error {
	if f.Port >= Ports || len(f.Data) > MaxData {
		return fmt.Errorf("writing KISS frame of %d octets to port %d: at most %d octets, port below %d", len(f.Data), f.Port, MaxData, Ports)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = Append(c.out[:0], f)
	if _, err := c.rw.Write(c.out); err != nil {
		return fmt.Errorf("writing KISS frame: %w", err)
	}
	return nil
}

// Close closes the stream if it can be closed.
func (c *Conn) Close() error {
	if closer, ok := c.rw.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}
