package pcap

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spacechain/link/cfdp"
	"spacechain/link/frame"
	"spacechain/link/packet"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// One record of each kind.
const (
	anAX25   = "86a24040404060" + "82848640404061" + "03f0" + "68656c6c6f"
	aPacket  = "0005c007000f" + "000102030405060708090a0b0c0d0e0f"
	aPDU     = "20000a00010302" + "04" + "00" + "11223344" + "00000010"
	aBundle  = "9f88070000820282010282028202018202820201820018281a000f424085010100005823526561647920746f2067656e657261746520612033322d62797465207061796c6f6164ff"
	anything = "00112233"
)

func TestGuessAndCut(t *testing.T) {
	for _, c := range []struct {
		hex  string
		want Protocol
	}{{anAX25, AX25}, {aPacket, SpacePacket}, {aPDU, CFDP}, {aBundle, Bundle}, {anything, Data}, {"", Data}} {
		b := unhex(t, c.hex)
		if got := Guess(b); got != c.want {
			t.Errorf("%s looks like %s, want %s", c.hex, got, c.want)
		}
		if len(b) == 0 {
			continue
		}
		if got := Guess(b[:len(b)-1]); c.want != AX25 && got != Data {
			t.Errorf("%s cut short looks like %s", c.hex, got)
		}
		size := 0
		if c.want == AX25 || c.want == Data {
			size = len(b)
		}
		got, err := Cut(c.want, slices.Concat(b, b, b), size)
		if err != nil || len(got) != 3 || !bytes.Equal(got[2], b) {
			t.Errorf("%s: cut into %d, %v", c.want, len(got), err)
		}
		if got, err := Cut(c.want, slices.Concat(b, b[:len(b)-1]), size); err == nil || len(got) != 1 {
			t.Errorf("%s cut short: %d records, %v", c.want, len(got), err)
		}
	}
	if got, err := Cut(Data, unhex(t, anything), 0); err != nil || len(got) != 1 {
		t.Errorf("all as one: %d, %v", len(got), err)
	}
	for framing, want := range map[string]Protocol{"ax25": AX25, "fx25": AX25, "il2p": AX25, "ccsds-rs": Frames, "ax100": Data, "": AX25} {
		if got := Of(framing, unhex(t, anAX25)); got != want {
			t.Errorf("%s is %s, want %s", framing, got, want)
		}
	}
	if got := Of("ax25", []byte{1, 2, 3}); got != Data {
		t.Errorf("HDLC that is not AX.25 is %s", got)
	}
}

// framesOf gives transfer frames that carry packets end to end.
func framesOf(t testing.TB, c frame.Channel, packets ...[]byte) [][]byte {
	t.Helper()
	s, err := frame.NewSender(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(1, 0); err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		if err := s.Write(1, p); err != nil {
			t.Fatal(err)
		}
	}
	var out [][]byte
	for s.Pending() > 0 {
		b, err := s.Next(nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// Packets come out of TM and AOS frames, bundles and PDUs out of encapsulation packets; and
// Wireshark's dissectors find nothing malformed in any.
func TestFramesInWireshark(t *testing.T) {
	wrap := func(p packet.Protocol, b []byte) []byte {
		out, err := packet.Encapsulation{Protocol: p, Data: b}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	long := append(unhex(t, "0006c0080063"), bytes.Repeat([]byte{7}, 100)...)
	packets := [][]byte{
		unhex(t, aPacket), wrap(packet.ProtocolBundle, unhex(t, aBundle)), long, wrap(packet.ProtocolCFDP, unhex(t, aPDU)), unhex(t, aPacket),
	}
	want := []Record{
		{SpacePacket, unhex(t, aPacket)}, {Bundle, unhex(t, aBundle)}, {SpacePacket, long}, {CFDP, unhex(t, aPDU)}, {SpacePacket, unhex(t, aPacket)},
	}
	var file bytes.Buffer
	w, err := NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []frame.Channel{
		&frame.TMChannel{Length: 64, FECF: true, AnySpacecraft: true}, &frame.AOSChannel{Length: 80, AnySpacecraft: true},
	} {
		var u Unpacker
		var got []Record
		for _, b := range framesOf(t, c, packets...) {
			got = append(got, u.Frame(b)...)
			if err := w.WriteAs(at, Frames, Received, b); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.EqualFunc(got, want, func(a, b Record) bool { return a.Protocol == b.Protocol && bytes.Equal(a.Data, b.Data) }) {
			t.Errorf("%v: %d records %v", c.Type(), len(got), got)
		}
	}
	// USLP, and frames that leave room for security, which only the managed parameters tell of.
	secured := &frame.TMChannel{Length: 80, AnySpacecraft: true, FECF: true, VCs: map[uint8]frame.Virtual{1: {Security: frame.Security{Header: 6, Trailer: 16}}}}
	for _, c := range []frame.Channel{&frame.USLPChannel{Length: 64, AnySpacecraft: true, VCs: map[uint8]frame.Virtual{1: {CountOctets: 3}}},
		&frame.USLPChannel{Length: 70, AnySpacecraft: true, FECF: 2, VCs: map[uint8]frame.Virtual{1: {CountOctets: 3}}}, secured} {
		var u Unpacker
		if c == frame.Channel(secured) {
			if err := u.Expect(c); err != nil {
				t.Fatal(err)
			}
		}
		var got []Record
		for _, b := range framesOf(t, c, packets...) {
			got = append(got, u.Frame(b)...)
		}
		if !slices.EqualFunc(got, want, func(a, b Record) bool { return a.Protocol == b.Protocol && bytes.Equal(a.Data, b.Data) }) {
			t.Errorf("%v: %d records %v", c.Type(), len(got), got)
		}
	}
	if err := new(Unpacker).Expect(&frame.TMChannel{Length: 3}); err == nil {
		t.Error("frames of 3 octets expected")
	}
	if got := new(Unpacker).Frame([]byte{0xc0, 1, 2}); len(got) != 1 || got[0].Protocol != Data {
		t.Errorf("what is no frame: %v", got)
	}
	if err := w.WriteAs(at, AX25, Sent, unhex(t, anAX25)); err != nil {
		t.Fatal(err)
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("SKIPPED: no tshark; apt install tshark")
	}
	name := filepath.Join(t.TempDir(), "frames.pcap")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "-r", name, "-T", "fields", "-e", "frame.protocols", "-e", "_ws.malformed").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 11 || strings.Contains(strings.ToLower(string(out)), "malformed") {
		t.Fatalf("tshark printed\n%s", out)
	}
	for i, want := range []string{"ccsds", "bpv7", "ccsds", "cfdp", "ccsds", "ccsds", "bpv7", "ccsds", "cfdp", "ccsds", "ax25"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("record %d: tshark says %q, want %s", i, lines[i], want)
		}
	}
}

func FuzzCut(f *testing.F) {
	for _, s := range []string{anAX25, aPacket, aPDU, aBundle, anything} {
		f.Add(unhex(f, s), uint8(5))
	}
	for _, b := range framesOf(f, &frame.TMChannel{Length: 64, FECF: true, AnySpacecraft: true}, unhex(f, aPacket)) {
		f.Add(b, uint8(64))
	}
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		for _, p := range Protocols {
			records, err := Cut(p, b, int(size))
			if whole := slices.Concat(records...); !bytes.HasPrefix(b, whole) || err == nil && len(whole) != len(b) {
				t.Errorf("%s: %d octets of records out of %d", p, len(whole), len(b))
			}
		}
		var u Unpacker
		total := 0
		for at := 0; at < len(b); at += int(size) + 1 {
			for _, r := range u.Frame(b[at:min(at+int(size)+1, len(b))]) {
				total += len(r.Data)
			}
		}
		if total > 2*len(b) {
			t.Errorf("%d octets of records out of %d", total, len(b))
		}
		if p := Guess(b); p == CFDP {
			if _, n, err := cfdp.DecodeHeader(b); err != nil || n != len(b) {
				t.Errorf("guessed a PDU of %d octets, %v", n, err)
			}
		}
	})
}
