package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"spacechain/link/ax25"
	"spacechain/link/kiss"
)

// said collects what a command prints while it runs.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// eventually tries until it goes well.
func eventually(t *testing.T, what string, try func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !try(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// start runs a command until the test ends or end is called, which gives its exit code.
func start(t *testing.T, stdin io.Reader, args ...string) (out, errs *said, end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, errs = &said{}, &said{}
	done := make(chan int, 1)
	go func() { done <- run(ctx, args, stdin, out, errs) }()
	var once sync.Once
	code := 0
	end = func() int {
		once.Do(func() {
			cancel()
			select {
			case code = <-done:
			case <-time.After(60 * time.Second):
				t.Errorf("%v does not end", args)
			}
		})
		return code
	}
	t.Cleanup(func() { end() })
	return out, errs, end
}

var servesAt = regexp.MustCompile(`KISS at (\S+),`)

// controllerAt starts "link serve" and gives its address.
func controllerAt(t *testing.T, stdin io.Reader, args ...string) (address string, out, errs *said, end func() int) {
	t.Helper()
	out, errs, end = start(t, stdin, append([]string{"link", "serve", "--kiss", "127.0.0.1:0"}, args...)...)
	eventually(t, "the controller's address", func() bool {
		m := servesAt.FindStringSubmatch(errs.String())
		if m != nil {
			address = m[1]
		}
		return m != nil
	})
	return address, out, errs, end
}

func uiFrame(t *testing.T, text string) []byte {
	t.Helper()
	b, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "N0CALL", SSID: 3}, []byte(text)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What one client sends over a loop of audio all clients receive: over TCP, on a line, and on a
// connection that the controller made.
func TestServeLoop(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	called := make(chan net.Conn, 1)
	go func() {
		if conn, err := l.Accept(); err == nil {
			called <- conn
		}
	}()
	address, _, errs, end := controllerAt(t, nil, "--loop", "--modem", "g3ruh9600", "--connect", l.Addr().String(), "--verbose")
	one, err := kiss.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two := kiss.NewConn(<-called)
	defer two.Close()
	printed, _, endClient := start(t, nil, "link", "kiss", "--count", "1", address)
	want := uiFrame(t, "around the loop")
	if err := one.Write(kiss.Frame{Command: kiss.TXDelay, Data: []byte{10}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what link kiss prints", func() bool { // it does not tell when it is there
		if err := one.Write(kiss.Frame{Command: kiss.Data, Data: want}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
		return strings.Contains(printed.String(), "N0CALL-3 > CQ  31 octets: around the loop")
	})
	for i, c := range []*kiss.Conn{one, two} {
		if f, err := c.Read(); err != nil || !bytes.Equal(f.Data, want) || f.Command != kiss.Data {
			t.Errorf("client %d: %+v, %v", i, f, err)
		}
	}
	if code := endClient(); code != 0 {
		t.Errorf("link kiss ended with %d", code)
	}
	if code := end(); code != 0 || !regexp.MustCompile(`([1-9]\d*) frames received, [1-9]\d* sent in [1-9]\d* transmissions, 0 dropped`).MatchString(errs.String()) {
		t.Errorf("ended with %d: %s", code, errs)
	}
}

func peer(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED: no %s (Debian package direwolf)", name)
	}
	return path
}

// genPackets writes a recording of direwolf's of some frames.
func genPackets(t *testing.T, n int, args ...string) string {
	t.Helper()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "WB2OSZ-11>APDW16:packet %d of direwolf\n", i)
	}
	dir := t.TempDir()
	name, lines := filepath.Join(dir, "packets.wav"), filepath.Join(dir, "packets.txt")
	if err := os.WriteFile(lines, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(peer(t, "gen_packets"), append(args, "-o", name, lines)...).CombinedOutput(); err != nil {
		t.Fatalf("gen_packets: %v\n%s", err, out)
	}
	return name
}

// direwolf's client at our controller: it sends, and receives what it sent and what gen_packets
// did.
func TestServeKissutil(t *testing.T) {
	kissutil := peer(t, "kissutil")
	recorded := filepath.Join(t.TempDir(), "sent.wav")
	address, _, errs, end := controllerAt(t, nil, "--loop", "--out", recorded, "--verbose")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(kissutil, "-h", "127.0.0.1", "-p", port)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out := &said{}
	c.Stdout = out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		c.Process.Kill()
		c.Wait() // what it says of being killed does not matter
	}()
	eventually(t, "its own frame back at kissutil", func() bool {
		// It loses what it is given before it is connected, and does not tell when it is.
		if _, err := io.WriteString(in, "d 20\np 255\nN0CALL-5>TEST,WIDE2-1:hello from kissutil\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		return strings.Contains(out.String(), "N0CALL-5>TEST,WIDE2-1:hello from kissutil")
	})
	if code := end(); code != 0 || !strings.Contains(errs.String(), "persistence") {
		t.Errorf("ended with %d: %s", code, errs)
	}
	// What was keyed decodes in direwolf too.
	heard, err := exec.Command(peer(t, "atest"), recorded).CombinedOutput()
	if n := strings.Count(errs.String(), "received afsk1200/ax25"); err != nil || n == 0 || strings.Count(string(heard), "hello from kissutil") < n {
		t.Errorf("atest: %v\n%s", err, heard)
	}
}

// The audio of gen_packets, heard by our controller for a client, and by direwolf for ours.
func TestServeGenPackets(t *testing.T) {
	const packets = 8
	name := genPackets(t, packets, "-r", "48000")
	address, _, _, end := controllerAt(t, nil, "--in", name, "--once")
	out, errs, endClient := start(t, nil, "link", "kiss", "--json", "--count", fmt.Sprint(packets), address)
	eventually(t, "all frames", func() bool { return strings.Count(out.String(), `"from":"WB2OSZ-11"`) == packets })
	if code := endClient(); code != 0 {
		t.Errorf("link kiss ended with %d: %s", code, errs)
	}
	if code := end(); code != 0 {
		t.Errorf("link serve ended with %d", code)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	config := filepath.Join(t.TempDir(), "direwolf.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, "ADEVICE stdin null\nARATE 48000\nCHANNEL 0\nMYCALL N0CALL\nMODEM 1200\nKISSPORT %d\nAGWPORT 0\n", port), 0o600); err != nil {
		t.Fatal(err)
	}
	d := exec.Command(peer(t, "direwolf"), "-t", "0", "-c", config, "-r", "48000", "-b", "16", "-")
	d.Env = append(os.Environ(), "HOME="+t.TempDir())
	audio, err := d.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		d.Process.Kill()
		d.Wait() // what it says of being killed does not matter
	}()
	eventually(t, "direwolf", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	out, errs, endClient = start(t, nil, "link", "kiss", "--count", fmt.Sprint(packets), fmt.Sprintf("127.0.0.1:%d", port))
	time.Sleep(time.Second) // direwolf does not tell when it has taken a client
	wav, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		audio.Write(append(wav[44:], make([]byte, 96000)...)) // an end too early shows below
	}()
	eventually(t, "all frames of direwolf", func() bool { return strings.Count(out.String(), "WB2OSZ-11 > APDW16") == packets })
	if code := endClient(); code != 0 {
		t.Errorf("link kiss ended with %d: %s", code, errs)
	}
}

// Audio by pipes, without a header: what comes in is heard, what goes out keeps its time.
func TestServePipes(t *testing.T) {
	dir := t.TempDir()
	var made said
	if code := run(t.Context(), []string{"link", "encode", "--from", "N0CALL-9", "--format", "s16", "--out", "-", "by pipe"}, nil, &made, os.Stderr); code != 0 {
		t.Fatal("encode")
	}
	in, feed := io.Pipe()
	address, out, _, end := controllerAt(t, in, "--format", "s16", "--in", "-", "--out", "-")
	client, err := kiss.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	raw := []byte(made.String())
	var total int
	write := func(b []byte) {
		t.Helper()
		if _, err := feed.Write(b); err != nil {
			t.Fatal(err)
		}
		total += len(b)
	}
	write(raw)
	write(make([]byte, 96000))
	got, err := client.Read()
	if err != nil || !strings.HasSuffix(string(got.Data), "by pipe") {
		t.Errorf("%+v, %v", got, err)
	}
	for _, f := range []kiss.Frame{{Command: kiss.TXDelay, Data: []byte{20}}, {Command: kiss.Persistence, Data: []byte{255}}, {Command: kiss.Data, Data: uiFrame(t, "answer")}} {
		if err := client.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the answer's audio", func() bool {
		write(make([]byte, 9600))
		return bytes.ContainsFunc([]byte(out.String()), func(r rune) bool { return r != 0 })
	})
	write(make([]byte, 4*96000))
	feed.Close()
	eventually(t, "the end", func() bool { return len(out.String()) == total })
	if code := end(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	name := filepath.Join(dir, "out.raw")
	if err := os.WriteFile(name, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var heard said
	if code := run(t.Context(), []string{"link", "decode", "--format", "s16", "--modem", "afsk1200", name}, nil, &heard, os.Stderr); code != 0 || !strings.Contains(heard.String(), "N0CALL-3 > CQ  22 octets: answer") {
		t.Errorf("decoding what went out: %d, %s", code, &heard)
	}
}
