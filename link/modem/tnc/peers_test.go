package tnc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/modem/dsp"
)

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED: no %s (Debian packages direwolf, multimon-ng)", name)
	}
	return path
}

const peerFrames = 20

// peerLevels are numbered frames of different lengths and contents.
func peerLevels(t *testing.T, line ax25.Line) []byte {
	t.Helper()
	f := ax25.NewFramer(line)
	levels := f.Flags(nil, 60)
	for i := range peerFrames {
		info := fmt.Appendf(nil, "frame %02d ", i)
		info = append(info, bytes.Repeat([]byte{byte('~' - i)}, i*9)...)
		u := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "DK0XYZ", SSID: 7}, info)
		if i%3 == 0 {
			u.Digipeaters = []ax25.Address{{Call: "WIDE1", SSID: 1}, {Call: "RS0ISS", Flag: true}}
		}
		data, err := u.Encode()
		if err != nil {
			t.Fatal(err)
		}
		levels = f.Flags(f.Frame(levels, data), 1+i%4)
	}
	return f.Flags(levels, 60)
}

// What we send, direwolf's atest decodes: at every sample rate.
func TestAtestDecodesOurs(t *testing.T) {
	atest := program(t, "atest")
	for _, rate := range []int{22050, 44100, 48000} {
		for _, k := range []kind{ladderAFSK, ladderG3RUH} {
			if k.g3ruh && rate < 44100 {
				continue // two samples a bit are too few for direwolf
			}
			x := k.audio(t, peerLevels(t, k.Line), float64(rate))
			if n := runAtest(t, atest, k.baud, save(t, x, rate)); n != peerFrames {
				t.Errorf("%s at %d Hz: atest decodes %d of %d", k.Name, rate, n, peerFrames)
			}
		}
	}
}

func TestMultimonDecodesOurs(t *testing.T) {
	multimon := program(t, "multimon-ng")
	for _, c := range []struct {
		k    kind
		mode string
	}{{ladderAFSK, "AFSK1200"}, {ladderG3RUH, "FSK9600"}} {
		x := c.k.audio(t, peerLevels(t, c.k.Line), 48000)
		x = dsp.NewResampler(48000, 22050).Process(nil, x)
		var raw []byte
		for _, v := range x {
			raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(v*32767)))
		}
		name := filepath.Join(t.TempDir(), "audio.raw")
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(multimon, "-q", "-t", "raw", "-a", c.mode, name).CombinedOutput()
		if err != nil {
			t.Fatalf("multimon-ng: %v\n%s", err, out)
		}
		if n := strings.Count(string(out), "fm DK0XYZ-7"); n != peerFrames {
			t.Errorf("%s: multimon-ng decodes %d of %d", c.k.Name, n, peerFrames)
		}
	}
}

// What direwolf's gen_packets sends, we decode: all sample rates and formats it has.
func TestWeDecodeGenPackets(t *testing.T) {
	gen := program(t, "gen_packets")
	for _, c := range []struct {
		args []string
		k    kind
	}{
		{[]string{"-B", "1200"}, ladderAFSK},
		{[]string{"-B", "1200", "-r", "8000"}, ladderAFSK},
		{[]string{"-B", "1200", "-r", "11025", "-8"}, ladderAFSK},
		{[]string{"-B", "1200", "-r", "48000", "-2"}, ladderAFSK},
		{[]string{"-B", "1200", "-a", "5"}, ladderAFSK},
		{[]string{"-B", "9600"}, ladderG3RUH},
		{[]string{"-B", "9600", "-r", "48000"}, ladderG3RUH},
		{[]string{"-B", "9600", "-r", "96000"}, ladderG3RUH},
	} {
		name := filepath.Join(t.TempDir(), "audio.wav")
		text := filepath.Join(t.TempDir(), "frames.txt")
		var want []string
		for i := range 12 {
			want = append(want, fmt.Sprintf("WB2OSZ-11>APDW16,N2GH,WIDE2-2:frame %d, %s", i, strings.Repeat("~?", i*8)))
		}
		if err := os.WriteFile(text, []byte(strings.Join(want, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(gen, append(c.args, "-o", name, text)...).CombinedOutput()
		if err != nil {
			t.Fatalf("gen_packets %v: %v\n%s", c.args, err, out)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		x, rate := load(t, b)
		r := c.k.receiver(t, rate, Quick)
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
			t.Errorf("gen_packets %v: %d frames, want %d equal ones", c.args, len(got), len(want))
		}
	}
}
