package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// From text over audio to a capture that Wireshark's dissectors read: AX.25, and the space packets
// in transfer frames.
func TestCapturesInTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("SKIPPED: no tshark; apt install tshark")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	do := func(stdin []byte, args ...string) []byte {
		t.Helper()
		var out said
		if code := run(t.Context(), args, bytes.NewReader(stdin), &out, os.Stderr); code != 0 {
			t.Fatalf("%v ends with %d", args, code)
		}
		return []byte(out.String())
	}
	do(nil, "link", "encode", "--from", "N0CALL", "--out", at("ax25.wav"), "hello Wireshark", "and tshark")
	do(nil, "link", "encode", "--modem", "bpsk9600", "--framing", "ccsds-rs", "--frame-size", "100", "--out", at("tm.wav"), "packets long enough for its dissector")
	lines := append(do(nil, "link", "decode", "--json", "--modem", "afsk1200", at("ax25.wav")),
		do(nil, "link", "decode", "--json", "--modem", "bpsk9600", "--framing", "ccsds", "--capture", at("direct.pcap"), at("tm.wav"))...)
	lines = append(lines, "20000a00010302040011223344"+"00000010\n"...) // an EOF of CFDP
	do(lines, "link", "pcap", "--start", "2026-11-22T12:00:00Z", "--out", at("lines.pcap"))
	for name, want := range map[string][]string{"direct.pcap": {"ccsds"}, "lines.pcap": {"ax25", "ax25", "ccsds", "cfdp"}} {
		out, err := exec.Command(tshark, "-r", at(name), "-T", "fields", "-e", "frame.protocols", "-e", "_ws.malformed").Output()
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSpace(string(out)), "\n")
		if len(got) != len(want) || strings.Contains(strings.ToLower(string(out)), "malformed") {
			t.Fatalf("%s: tshark printed\n%s", name, out)
		}
		for i, w := range want {
			if !strings.Contains(got[i], w) {
				t.Errorf("%s: record %d is %q, want %s", name, i, got[i], w)
			}
		}
	}
}
