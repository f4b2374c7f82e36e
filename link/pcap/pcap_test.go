package pcap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 22, 12, 0, 0, 5, time.UTC)

func TestBytes(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(at, CFDP, Received, []byte{1, 2}); err != nil {
		t.Fatal(err)
	}
	want := "4d3cb2a102000400" + "0000000000000000" + "00000400fc000000" + // the file
		"40d9026b" + "05000000" + "16000000" + "16000000" + // time, the length twice
		"000c0004" + hex.EncodeToString([]byte("cfdp")) + "00180004" + "00000002" + "00000000" + "0102"
	if got := hex.EncodeToString(b.Bytes()); got != want {
		t.Fatalf("wrote\n%s, want\n%s", got, want)
	}
}

func TestWhatDoesNotFit(t *testing.T) {
	w, err := NewWriter(&bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(at, Data, Unknown, make([]byte, maxRecordLen)); !errors.Is(err, ErrTooLong) {
		t.Errorf("a record that is too long: %v", err)
	}
	if err := w.Write(time.Unix(-1, 0), Data, Unknown, nil); err == nil {
		t.Error("a time before 1970 was taken")
	}
	full := errors.New("disk full")
	if _, err := NewWriter(failing{full}); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Wireshark's own dissectors read each kind of record, and find nothing malformed.
func TestTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("SKIPPED: no tshark; apt install tshark")
	}
	records := []struct {
		proto Protocol
		hex   string
		want  string // among the names of the protocols that tshark found
	}{
		// CQ>ABC: a UI frame without layer 3
		{AX25, "86a24040404060" + "82848640404061" + "03f0" + "68656c6c6f", "ax25"},
		// a telemetry packet of APID 5, count 7 (the dissector stumbles over ones with less than
		// a dozen octets of data, whoever made them)
		{SpacePacket, "0005c007000f" + "000102030405060708090a0b0c0d0e0f", "ccsds"},
		// an EOF PDU of entities 1 to 2, transaction 3
		{CFDP, "20000a00010302" + "04" + "00" + "11223344" + "00000010", "cfdp"},
		// a bundle of RFC 9173 A.1.1.3
		{Bundle, "9f88070000820282010282028202018202820201820018281a000f4240850101000058" +
			"23526561647920746f2067656e657261746520612033322d62797465207061796c6f6164ff", "bpv7"},
	}
	path := filepath.Join(t.TempDir(), "link.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		data, err := hex.DecodeString(r.hex)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(at, r.proto, Received, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "-r", path, "-T", "fields", "-e", "frame.protocols", "-e", "_ws.malformed", "-e", "frame.time_epoch").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(records) {
		t.Fatalf("tshark printed %d lines, want %d:\n%s", len(lines), len(records), out)
	}
	for i, r := range records {
		if !strings.Contains(lines[i], r.want) || strings.Contains(strings.ToLower(lines[i]), "malformed") {
			t.Errorf("%s: tshark says %q", r.proto, lines[i])
		}
		if !strings.Contains(lines[i], "1795348800.000000005") {
			t.Errorf("%s: the time is %q", r.proto, lines[i])
		}
	}
}
