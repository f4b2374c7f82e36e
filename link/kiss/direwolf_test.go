package kiss_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/link/ax25"
	"spacechain/link/kiss"
	"spacechain/link/modem"
	"spacechain/link/modem/tnc"
)

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED: no %s (Debian package direwolf)", name)
	}
	return path
}

// run starts a program and ends it with the test.
func run(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait() // what it says of being killed does not matter
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func encoded(t *testing.T, text string) []byte {
	t.Helper()
	data, err := ax25.UI(ax25.Address{Call: "TEST"}, ax25.Address{Call: "DK0XYZ", SSID: 5}, []byte(text)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// waitFor tries until it goes well.
func waitFor(t *testing.T, what string, try func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if try() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// Our client at direwolf: what it hears in our audio comes to us by KISS, and what we send by KISS
// it turns to audio that we decode.
func TestOurClientAtDirewolf(t *testing.T) {
	direwolf := program(t, "direwolf")
	dir := t.TempDir()
	port := freePort(t)
	audio := filepath.Join(dir, "sent.raw")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(".asoundrc", fmt.Sprintf("pcm.sent { type file slave.pcm \"null\" file %q format \"raw\" }\n", audio))
	config := write("direwolf.conf", fmt.Sprintf("ADEVICE stdin sent\nARATE 48000\nCHANNEL 0\nMYCALL N0CALL\nMODEM 1200\nDWAIT 0\nKISSPORT %d\nAGWPORT 0\n", port))
	c := exec.Command(direwolf, "-t", "0", "-c", config, "-r", "48000", "-b", "16", "-")
	c.Env = append(os.Environ(), "HOME="+dir)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, c)
	var conn *kiss.Conn
	waitFor(t, "connection to direwolf", func() bool {
		conn, err = kiss.Dial(context.Background(), fmt.Sprintf("127.0.0.1:%d", port))
		return err == nil
	})
	defer conn.Close()

	up := encoded(t, "from our client over direwolf's radio")
	for _, f := range []kiss.Frame{{Command: kiss.TXDelay, Data: []byte{20}}, {Command: kiss.Persistence, Data: []byte{255}}, {Command: kiss.Data, Data: up}} {
		if err := conn.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "our frame in direwolf's audio", func() bool {
		raw, err := os.ReadFile(audio)
		if err != nil {
			return false
		}
		var x []float32
		for ; len(raw) >= 2; raw = raw[2:] {
			x = append(x, float32(int16(binary.LittleEndian.Uint16(raw)))/32768)
		}
		r, err := tnc.NewAFSK(modem.Bell202, 48000, tnc.Quick, ax25.Options{Line: ax25.LineAFSK})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Flush(r.Process(nil, x)) {
			if bytes.Equal(f.Data, up) {
				return true
			}
		}
		return false
	})

	down := encoded(t, "from our radio over direwolf's port")
	framer := ax25.NewFramer(ax25.LineAFSK)
	m, err := modem.NewAFSKModulator(modem.Bell202, 48000, 0.3)
	if err != nil {
		t.Fatal(err)
	}
	var raw []byte
	for _, v := range append(m.Modulate(nil, framer.Flags(framer.Frame(framer.Flags(nil, 60), down), 30)), make([]float32, 24000)...) {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(v*32767)))
	}
	if _, err := in.Write(raw); err != nil {
		t.Fatal(err)
	}
	got := make(chan kiss.Frame, 1)
	go func() {
		defer close(got)
		for {
			f, err := conn.Read()
			if err != nil {
				return
			}
			if f.Command == kiss.Data {
				got <- f
				return
			}
		}
	}()
	select {
	case f := <-got:
		if !bytes.Equal(f.Data, down) || f.Port != 0 {
			t.Errorf("direwolf handed on %x at port %d, want %x", f.Data, f.Port, down)
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing from direwolf within 30 s")
		conn.Close()
		<-got
	}
}

// direwolf's client at our server: kissutil sends a frame and prints the one it gets.
func TestDirewolfsClientAtOurServer(t *testing.T) {
	kissutil := program(t, "kissutil")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan kiss.Frame, 8)
	s := kiss.NewServer(kiss.Options{Receive: func(_ net.Addr, f kiss.Frame) { received <- f }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	c := exec.Command(kissutil, "-h", "127.0.0.1", "-p", fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, c)
	waitFor(t, "kissutil's connection", func() bool { return s.Clients() == 1 })

	if _, err := io.WriteString(in, "[3] DK0XYZ-5>TEST,WIDE2-1:hello from kissutil\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case f := <-received:
		frame, err := ax25.Decode(f.Data)
		if err != nil {
			t.Fatal(err)
		}
		if f.Port != 3 || frame.String() != "DK0XYZ-5>TEST,WIDE2-1:hello from kissutil" {
			t.Errorf("got %v at port %d", frame, f.Port)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("nothing from kissutil within 30 s")
	}

	if err := s.Send(kiss.Frame{Port: 2, Command: kiss.Data, Data: encoded(t, "hello from our server")}); err != nil {
		t.Fatal(err)
	}
	seen := make(chan string, 1)
	go func() {
		defer close(seen)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "hello from our server") {
				seen <- lines.Text()
				return
			}
		}
	}()
	select {
	case line := <-seen:
		if !strings.Contains(line, "[2]") || !strings.Contains(line, "DK0XYZ-5>TEST") {
			t.Errorf("kissutil printed %q", line)
		}
	case <-time.After(30 * time.Second):
		t.Error("kissutil printed nothing within 30 s")
		c.Process.Kill()
		<-seen
	}
}
