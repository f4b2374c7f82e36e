package send_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/modem/tnc"
	"spacechain/link/modem/wav"
	"spacechain/link/receive"
	"spacechain/link/send"
)

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED: no %s (Debian packages direwolf, multimon-ng)", name)
	}
	return path
}

const packets = 10

// What direwolf's gen_packets sends with FX.25 we decode, of every strength and at both speeds. (It
// has no IL2P before version 1.7.)
func TestFX25OfDirewolf(t *testing.T) {
	gen := program(t, "gen_packets")
	for _, baud := range []string{"1200", "9600"} {
		for _, check := range []string{"16", "32", "64"} {
			dir := t.TempDir()
			name, lines := filepath.Join(dir, "fx.wav"), filepath.Join(dir, "fx.txt")
			var want []string
			for i := range packets {
				want = append(want, fmt.Sprintf("WB2OSZ-11>APDW16,N2GH:frame %d %s", i, strings.Repeat("~x", 3*i)))
			}
			if err := os.WriteFile(lines, []byte(strings.Join(want, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(gen, "-B", baud, "-X", check, "-r", "48000", "-o", name, lines).CombinedOutput(); err != nil {
				t.Fatalf("gen_packets: %v\n%s", err, out)
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			w, err := wav.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			x, err := w.ReadAll(0)
			if err != nil {
				t.Fatal(err)
			}
			modem := map[string]string{"1200": "afsk1200", "9600": "g3ruh9600"}[baud]
			for _, framing := range []string{"fx25", "ax25"} { // what knows no FX.25 hears the frame in it
				r, err := receive.Combination{Modem: modem, Framing: framing}.Open(48000, tnc.Quick)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, f := range r.Flush(r.Process(nil, x)) {
					d, err := ax25.Decode(f.Data)
					if err != nil {
						t.Fatal(err)
					}
					d.Info = bytes.TrimSuffix(d.Info, []byte("\n")) // of the text file
					got = append(got, d.String())
				}
				if strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("%s baud, %s check octets, %s: %d frames, want %d equal ones", baud, check, framing, len(got), len(want))
				}
			}
		}
	}
}

// What we send, direwolf's atest and multimon-ng decode, plain and with FX.25.
func TestPeersDecodeOurs(t *testing.T) {
	for _, c := range []struct {
		modem, framing string
		program        string
		args           []string
		rate           int
		sign           string // that stands once for each frame
	}{
		{"afsk1200", "ax25", "atest", []string{"-B", "1200"}, 48000, "N0CALL-7>CQ:frame "},
		{"g3ruh9600", "ax25", "atest", []string{"-B", "9600"}, 48000, "N0CALL-7>CQ:frame "},
		{"afsk1200", "fx25", "atest", []string{"-d", "x", "-B", "1200"}, 48000, "N0CALL-7>CQ:frame "},
		{"g3ruh9600", "fx25", "atest", []string{"-d", "x", "-B", "9600"}, 48000, "N0CALL-7>CQ:frame "},
		{"afsk1200", "ax25", "multimon-ng", []string{"-q", "-t", "raw", "-a", "AFSK1200"}, 22050, "fm N0CALL-7 to CQ"},
		{"afsk1200", "fx25", "multimon-ng", []string{"-q", "-t", "raw", "-a", "AFSK1200"}, 22050, "fm N0CALL-7 to CQ"},
		{"g3ruh9600", "ax25", "multimon-ng", []string{"-q", "-t", "raw", "-a", "FSK9600"}, 22050, "fm N0CALL-7 to CQ"},
	} {
		t.Run(c.modem+"/"+c.framing+"/"+c.program, func(t *testing.T) {
			path := program(t, c.program)
			s, err := send.New(c.modem, c.framing, send.Options{Rate: float64(c.rate), Lead: 0.3})
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(t.TempDir(), "ours")
			file, err := os.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			format := wav.Format{Encoding: wav.Integer, Bits: 16, Channels: 1, Rate: c.rate}
			w, err := wav.NewWriter(file, format)
			if c.program == "multimon-ng" {
				w, err = wav.NewRawWriter(file, format)
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range packets {
				frame, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "N0CALL", SSID: 7}, fmt.Appendf(nil, "frame %d %s", i, strings.Repeat("~x", 3*i))).Encode()
				if err != nil {
					t.Fatal(err)
				}
				x, err := s.Audio(frame)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Write(append(x, make([]float32, c.rate/5)...)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(path, append(c.args, name)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", c.program, err, out)
			}
			if n := strings.Count(string(out), c.sign); n != packets {
				t.Errorf("%d of %d frames decoded:\n%.2000s", n, packets, out)
			}
			if n := strings.Count(string(out), "FEC complete"); c.program == "atest" && c.framing == "fx25" && n != packets {
				t.Errorf("direwolf took %d of %d for FX.25", n, packets)
			}
		})
	}
}
