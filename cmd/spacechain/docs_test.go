package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// page is a page of docs whose files are written and whose commands are run.
//
//	```sh            commands, run in order; the next block goes on in their folder
//	```sh process    a command that keeps running
//	```yaml NAME     a file
//
// Other blocks are only shown. Every 127.0.0.1:PORT in the text becomes a port that
// is free here.
type page struct {
	text   string
	dir    string // in which the next commands run
	env    []string
	blocks []block
	ports  map[string]string
}

type block struct {
	line       int
	info, text string
}

var (
	fence   = regexp.MustCompile("^```(.*)$")
	address = regexp.MustCompile(`127\.0\.0\.1:([0-9]+)`)
)

// readPage reads docs/NAME, and gives it an empty folder and data folder of its own.
func readPage(t *testing.T, name string) *page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := &page{dir: filepath.Join(dir, "work"), ports: map[string]string{},
		env: append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(dir, "data"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p.text = p.local(t, string(text))
	open := -1
	for i, line := range strings.Split(p.text, "\n") {
		switch m := fence.FindStringSubmatch(line); {
		case m != nil && open < 0:
			open = len(p.blocks)
			p.blocks = append(p.blocks, block{line: i + 1, info: m[1]})
		case m != nil:
			open = -1
		case open >= 0:
			p.blocks[open].text += line + "\n"
		}
	}
	return p
}

// local replaces ports by free ones, the same by the same.
func (p *page) local(t *testing.T, text string) string {
	return address.ReplaceAllStringFunc(text, func(a string) string {
		if p.ports[a] == "" {
			p.ports[a] = freeAddress(t)
		}
		return p.ports[a]
	})
}

// freeAddress gives an address on which nobody listens, by UDP or TCP.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 20 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close() // not before the function ends, so that no port comes twice
		udp, err := net.ListenPacket("udp", ln.Addr().String())
		if err != nil {
			continue
		}
		udp.Close()
		return ln.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}

// write writes the page's files.
func (p *page) write(t *testing.T) {
	t.Helper()
	for _, b := range p.blocks {
		if name, ok := strings.CutPrefix(b.info, "yaml "); ok {
			if err := os.WriteFile(filepath.Join(p.dir, name), []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// command gives one process that runs a line of the page.
func (p *page) command(line string) *exec.Cmd {
	cmd := exec.Command("sh", "-eu", "-c", line)
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

// run runs the commands of a block and gives what they printed.
func (p *page) run(t *testing.T, b block) string {
	t.Helper()
	where := filepath.Join(t.TempDir(), "pwd")
	var stdout, stderr strings.Builder
	cmd := p.command(b.text + "\npwd > " + where)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	t.Logf("line %d:\n%s%s%s", b.line, b.text, stderr.String(), stdout.String())
	if err != nil {
		t.Fatalf("the commands at line %d: %v", b.line, err)
	}
	if dir, err := os.ReadFile(where); err == nil {
		p.dir = strings.TrimSpace(string(dir))
	}
	return stdout.String()
}

func (b block) String() string { return fmt.Sprintf("line %d: %s", b.line, b.text) }
