package csp

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// libcsp's CAN frames are ours, octet for octet, and give its packets back.
func TestCFPOfLibcsp(t *testing.T) {
	file, err := os.Open("testdata/cfp.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	split := map[Version]*Fragmenter{V1: {Version: V1, Node: 9}, V2: {Version: V2, Node: 0x155}}
	join := map[Version]*Reassembler{V1: {Version: V1}, V2: {Version: V2}}
	packets := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		var v Version
		var p Packet
		var n int
		f := strings.Fields(line)
		if _, err := fmt.Sscan(strings.Join(f[:8], " "), &v, &p.Priority, &p.Flags, &p.Source, &p.Destination, &p.DestinationPort, &p.SourcePort, &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		first := 0 // the first octet tells which packet it is; one without data needs none
		if v == V2 && n > 0 {
			fmt.Sscanf(f[8][len("00000000:00000000"):], "%02x", &first)
		} else if n > 0 {
			fmt.Sscanf(f[8][len("00000000:000000000000"):], "%02x", &first)
		}
		for k := range n {
			p.Data = append(p.Data, byte(7*k+first))
		}
		frames, err := split[v].Split(p, p.Destination)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, len(frames))
		for i, fr := range frames {
			got[i] = fmt.Sprintf("%08x:%x", fr.ID, fr.Data)
		}
		if want := f[8:]; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("packet %+v\n got %s\nwant %s", p.Header, got, want)
		}
		for i, fr := range frames {
			back, done, err := join[v].Receive(time.Duration(packets)*time.Millisecond, fr)
			if err != nil || done != (i == len(frames)-1) {
				t.Errorf("packet %+v: frame %d of %d gave %v, %v", p.Header, i, len(frames), done, err)
			}
			if done && (back.Header != p.Header || !bytes.Equal(back.Data, p.Data)) {
				t.Errorf("packet %+v came back as %+v", p, back)
			}
		}
		packets++
	}
	if packets != 27 {
		t.Errorf("%d packets, want 27", packets)
	}
}
