package cfdp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/link/packet"
	"spacechain/link/pus"
)

// dissect has tshark read frames as protocol, and returns the fields asked for, a line
// a frame. It fails the test if tshark finds any of them malformed.
func dissect(t *testing.T, protocol string, frames [][]byte, fields ...string) []string {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("SKIPPED: tshark is not installed (Debian package tshark)")
	}
	// A pcap file of link type 147, the first of those left to users.
	capture := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	for _, v := range []uint32{0x00040002, 0, 0, 1 << 18, 147} {
		capture = binary.LittleEndian.AppendUint32(capture, v)
	}
	for i, f := range frames {
		for _, v := range []uint32{uint32(i), 0, uint32(len(f)), uint32(len(f))} {
			capture = binary.LittleEndian.AppendUint32(capture, v)
		}
		capture = append(capture, f...)
	}
	path := filepath.Join(t.TempDir(), "frames.pcap")
	if err := os.WriteFile(path, capture, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		args = append([]string{"-r", path, "-o", fmt.Sprintf(`uat:user_dlts:"User 0 (DLT=147)","%s","0","","0",""`, protocol)}, args...)
		cmd := exec.Command(tshark, args...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("tshark: %v\n%s", err, stderr.String())
		}
		return string(out)
	}
	if bad := run("-Y", "_ws.malformed", "-V"); strings.TrimSpace(bad) != "" {
		t.Fatalf("malformed:\n%s", bad)
	}
	args := []string{"-T", "fields"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	return strings.Split(strings.TrimRight(run(args...), "\n"), "\n")
}

// bodies is one PDU of each kind. There is no filestore response among them: tshark 4.0
// reads a second name where the standard has none (CCSDS 727.0-B-5 §5.4.2; the vectors of
// spacepackets-py agree with it), and marks those with two names as malformed too.
func bodies() []Body {
	return []Body{
		&Metadata{Size: 1000, SourceName: "a.bin", DestName: "in/a.bin", Options: Options{
			Requests:  []FilestoreRequest{{Action: RenameFile, First: "a", Second: "b"}},
			Messages:  [][]byte{[]byte("hello")},
			Overrides: []FaultOverride{{ChecksumFailure, HandleIgnore}},
		}},
		&FileData{Offset: 500, Data: []byte("file data")},
		&EOF{Checksum: 0x01020304, Size: 1000},
		&EOF{Condition: CancelRequested, Size: 10, Fault: []byte{0, 2}},
		&Finished{Status: FileRetained},
		&Finished{Condition: NAKLimit, Incomplete: true, Fault: []byte{0, 2}},
		&ACK{Of: DirectiveEOF, Status: StatusActive},
		&ACK{Of: DirectiveFinished, Status: StatusTerminated},
		&NAK{End: 1000, Segments: []Segment{{0, 0}, {100, 200}}},
		&Prompt{KeepAlive: true},
		&KeepAlive{Progress: 77},
	}
}

func TestTsharkReadsOurs(t *testing.T) {
	var frames, packets [][]byte
	var counter packet.Counter
	for _, large := range []bool{false, true} {
		for _, crc := range []bool{false, true} {
			for _, b := range bodies() {
				pdu, err := PDU{Header{CRC: crc, Large: large, EntityLen: 2, SeqLen: 4, Source: 258, Seq: 70000, Dest: 2}, b}.Append(nil)
				if err != nil {
					t.Fatal(err)
				}
				if !large {
					frames = append(frames, pdu)
				}
				// tshark 4.0 reads no large file PDUs; inside packets it takes CFDP of
				// one application process, 2045.
				if !large {
					p, err := packet.Packet{Header: packet.Header{APID: 2045, Flags: packet.Unsegmented, Count: counter.Next(packet.Telemetry, 2045)}, Data: pdu}.Append(nil)
					if err != nil {
						t.Fatal(err)
					}
					packets = append(packets, p)
				}
			}
		}
	}
	lines := dissect(t, "cfdp", frames, "cfdp.srcid", "cfdp.transeqnum", "cfdp.dstid")
	if len(lines) != len(frames) {
		t.Fatalf("%d of %d PDUs", len(lines), len(frames))
	}
	for i, l := range lines {
		if !strings.HasPrefix(l, "258\t70000\t2") && !strings.HasPrefix(l, "0x") {
			t.Errorf("PDU %d: %q", i, l)
		}
	}
	lines = dissect(t, "ccsds", packets, "ccsds.apid", "ccsds.seqnum", "cfdp.data_length")
	for i, l := range lines {
		if !strings.HasPrefix(l, fmt.Sprintf("2045\t%d\t", i)) {
			t.Errorf("packet %d: %q", i, l)
		}
	}

	// A whole transfer as it goes over the link.
	s := newSim(20, quick)
	s.rng = rand.New(rand.NewPCG(1, 2))
	s.loss, s.perStep = 0.2, 3
	put(t, s, 40_000, PutRequest{})
	var seen [][]byte
	for range 200 {
		s.step(t)
		for _, f := range s.air {
			seen = append(seen, f.pdu)
		}
	}
	if lines := dissect(t, "cfdp", seen, "cfdp.srcid"); len(lines) != len(seen) || len(seen) < 10 {
		t.Errorf("%d of %d PDUs", len(lines), len(seen))
	}
}

// tshark takes every packet for one of the space station, with ten octets of secondary
// header whether flagged or not: shorter packets it calls malformed, so these are longer.
func TestTsharkReadsSpacePackets(t *testing.T) {
	var frames [][]byte
	var want []string
	add := func(b []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		p, err := packet.DecodeWhole(b)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, b)
		want = append(want, fmt.Sprintf("%d\t%d\t%d", p.APID, p.Count, len(p.Data)-1))
	}
	add(packet.AppendIdle(nil, 40, 0x55))
	var c packet.Counter
	segments, err := packet.Segment(packet.Header{APID: 99}, make([]byte, 500), 200, &c)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range segments {
		add(p.Append(nil))
	}
	prof := pus.NewProfile(pus.Profile{})
	add(prof.AppendTM(nil, pus.TM{APID: 42, Count: 7, Message: pus.Message{Service: 3, Subtype: 25}, Time: epoch.Add(time.Hour), Data: make([]byte, 30)}))
	add(prof.AppendTC(nil, pus.TC{APID: 42, Count: 9, Ack: pus.AckAll, Message: pus.Message{Service: 8, Subtype: 1}, Data: make([]byte, 12)}))
	lines := dissect(t, "ccsds", frames, "ccsds.apid", "ccsds.seqnum", "ccsds.length")
	if len(lines) != len(want) {
		t.Fatalf("%d of %d packets", len(lines), len(want))
	}
	for i, l := range lines {
		if l != want[i] {
			t.Errorf("packet %d: %q, want %q", i, l, want[i])
		}
	}
}
