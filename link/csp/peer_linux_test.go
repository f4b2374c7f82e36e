package csp

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// libcsp's own example programs at the other end of a serial line: SPACECHAIN_CSP_SERVER and
// SPACECHAIN_CSP_CLIENT name them. They speak version 2.

// serial is a pseudo-terminal, and the name of its other end.
func serial(t *testing.T) (*os.File, string) {
	t.Helper()
	m, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("SKIPPED: no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { m.Close() })
	var unlock, number int32
	conn, err := m.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var e1, e2 syscall.Errno
	if err := conn.Control(func(fd uintptr) {
		_, _, e1 = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlock)))
		_, _, e2 = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number)))
	}); err != nil || e1 != 0 || e2 != 0 {
		t.Fatalf("pseudo-terminal: %v %v %v", err, e1, e2)
	}
	return m, fmt.Sprintf("/dev/pts/%d", number)
}

func program(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("SKIPPED: %s names no program of libcsp", variable)
	}
	return path
}

// start runs a program of libcsp on a serial line and returns the line and what it prints.
func start(t *testing.T, path string, args ...string) (*os.File, *bytes.Buffer, func()) {
	t.Helper()
	line, device := serial(t)
	cmd := exec.Command(path, append([]string{"-k", device}, args...)...)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Dir(filepath.Dir(path)))
	// A terminal, so that it prints line by line.
	screen, tty := serial(t)
	out, err := os.OpenFile(tty, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	printed, all := new(bytes.Buffer), make(chan struct{})
	go func() {
		defer close(all)
		io.Copy(printed, screen) // until the last end of the terminal is closed
	}()
	var stopped bool
	stop := func() {
		if !stopped {
			stopped = true
			cmd.Process.Kill()
			cmd.Wait()
			<-all
		}
	}
	t.Cleanup(stop)
	time.Sleep(300 * time.Millisecond) // until it has opened the line, what is written is lost
	return line, printed, stop
}

// peer is our end of the line.
type peer struct {
	t     *testing.T
	line  *os.File
	dec   KISSDecoder
	input []byte
}

func (p *peer) send(v Packet) {
	p.t.Helper()
	b, err := AppendKISS(nil, V2, v)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.line.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// receive waits for a packet.
func (p *peer) receive(wait time.Duration) (Packet, bool) {
	p.t.Helper()
	until := time.Now().Add(wait)
	for {
		for len(p.input) > 0 {
			b := p.input[0]
			p.input = p.input[1:]
			if got, ok := p.dec.Next(b); ok {
				got.Data = bytes.Clone(got.Data)
				return got, true
			}
		}
		if err := p.line.SetReadDeadline(until); err != nil {
			p.t.Fatal(err)
		}
		buf := make([]byte, 4096)
		n, err := p.line.Read(buf)
		if err != nil {
			return Packet{}, false
		}
		p.input = buf[:n]
	}
}

// Services of a node of libcsp answer our requests.
func TestPeerServices(t *testing.T) {
	line, _, _ := start(t, program(t, "SPACECHAIN_CSP_SERVER"), "-a", "10")
	p := &peer{t: t, line: line, dec: KISSDecoder{Version: V2}}
	ask := func(port uint8, data []byte) []byte {
		t.Helper()
		h := Header{Priority: Normal, Source: 11, Destination: 10, SourcePort: 40 + port, DestinationPort: port}
		p.send(Packet{h, data})
		got, ok := p.receive(2 * time.Second)
		if !ok {
			t.Fatalf("no answer from port %d", port)
		}
		if want := h.Reply(); got.Source != want.Source || got.Destination != want.Destination ||
			got.SourcePort != want.SourcePort || got.DestinationPort != want.DestinationPort {
			t.Errorf("port %d: answer %+v, want %+v", port, got.Header, want)
		}
		return got.Data
	}
	for _, size := range []int{1, 10, 100, 200} {
		if got := ask(PortPing, PingRequest(size)); !bytes.Equal(got, PingRequest(size)) {
			t.Errorf("ping of %d octets came back as %x", size, got)
		}
	}
	for _, port := range []uint8{PortMemFree, PortBuffers, PortUptime} {
		n, err := ParseCount(ask(port, []byte{0}))
		if err != nil || n == 0 {
			t.Errorf("port %d: %d, %v", port, n, err)
		}
	}
	ident, err := ParseIdent(ask(PortCMP, IdentRequest()))
	if err != nil || ident.Date == "" || strings.Count(ident.Time, ":") != 2 {
		t.Errorf("ident %+v, %v", ident, err)
	}
	if p.dec.Refused != 0 || p.dec.Dropped() != 0 {
		t.Errorf("%d frames refused, %d dropped", p.dec.Refused, p.dec.Dropped())
	}
}

// A connection of reliable datagrams opens, carries, and closes.
func TestPeerRDP(t *testing.T) {
	line, printed, stop := start(t, program(t, "SPACECHAIN_CSP_SERVER"), "-a", "10")
	p := &peer{t: t, line: line, dec: KISSDecoder{Version: V2}}
	began := time.Now()
	now := func() time.Duration { return time.Since(began) }
	r := NewRDP(DefaultRDP(), 4711)
	if err := r.Connect(now()); err != nil {
		t.Fatal(err)
	}
	h := Header{Priority: Normal, Source: 11, Destination: 10, SourcePort: 50, DestinationPort: 10, Flags: FlagRDP}
	sent := 0
	const messages = 25
	for closing := false; r.State() != RDPClosed && now() < 20*time.Second; {
		for _, s := range r.Out() {
			p.send(Packet{h, s})
		}
		if got, ok := p.receive(20 * time.Millisecond); ok && got.Flags&FlagRDP != 0 && got.DestinationPort == h.SourcePort {
			r.Receive(now(), got.Data)
		}
		if at, ok := r.Next(); ok && now() >= at {
			r.Tick(now())
		}
		if r.State() == RDPOpen && sent < messages {
			if err := r.Send(now(), fmt.Appendf(nil, "message %02d\x00", sent)); err == nil {
				sent++
			}
		}
		if sent >= messages && r.Unacknowledged() == 0 && !closing {
			closing = true
			r.Close(now())
		}
	}
	if r.State() != RDPClosed || r.Err() != nil {
		t.Errorf("the connection is %v: %v", r.State(), r.Err())
	}
	time.Sleep(300 * time.Millisecond)
	stop()
	out := printed.String()
	arrived := strings.Split(out, "Packet received on SERVER_PORT: ")[1:]
	for i, text := range arrived {
		if want := fmt.Sprintf("message %02d", i); !strings.HasPrefix(text, want) {
			t.Errorf("%q arrived, want %q", text, want)
		}
	}
	if len(arrived) != messages || r.Unacknowledged() != 0 {
		t.Errorf("%d of %d messages arrived, %d unacknowledged", len(arrived), messages, r.Unacknowledged())
	}
}

// Our node answers libcsp's client.
func TestPeerClient(t *testing.T) {
	line, printed, stop := start(t, program(t, "SPACECHAIN_CSP_CLIENT"), "-a", "11", "-C", "10", "-T", "2")
	p := &peer{t: t, line: line, dec: KISSDecoder{Version: V2}}
	reboots, hellos := 0, 0
	for until := time.Now().Add(4 * time.Second); time.Now().Before(until); {
		got, ok := p.receive(100 * time.Millisecond)
		if !ok {
			continue
		}
		if got.DestinationPort == 10 {
			if want := fmt.Sprintf("Hello world %c\x00", 'A'+hellos); string(got.Data) != want {
				t.Fatalf("%q, want %q", got.Data, want)
			}
			hellos++
			continue
		}
		got, err := Guard{Version: V2}.Open(got)
		if err != nil {
			t.Fatal(err)
		}
		reply, answer, do, err := Serve(Node{MemFree: 1, BuffersFree: 1, Uptime: 1}, got)
		if err != nil {
			t.Fatal(err)
		}
		if do == Reboot {
			reboots++
		}
		if answer {
			if reply, err = (Guard{Version: V2}).Seal(reply); err != nil {
				t.Fatal(err)
			}
			p.send(reply)
		}
	}
	stop()
	pings := strings.Count(printed.String(), "Ping address: 10, result ") - strings.Count(printed.String(), "result -1")
	if pings < 5 || hellos < 5 || reboots < 5 {
		t.Errorf("%d pings, %d hellos, %d reboots; the client printed\n%s", pings, hellos, reboots, printed)
	}
}
