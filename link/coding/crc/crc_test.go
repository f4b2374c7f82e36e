package crc_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
	"spacechain/link/coding/crc"
)

// The check values of the CRC catalogue over "123456789".
func TestCheckValues(t *testing.T) {
	check := []byte("123456789")
	for _, c := range []struct {
		name string
		got  uint32
		want uint32
	}{
		{"CCITT", uint32(crc.CCITT(check)), 0x29b1},
		{"X25", uint32(crc.X25(check)), 0x906e},
		{"ARC", uint32(crc.ARC(check)), 0xbb3d},
		{"Castagnoli", crc.Castagnoli(check), 0xe3069283},
	} {
		if c.got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, c.got, c.want)
		}
	}
}

type pair struct{ Data, CRC, Checksum string }

func TestPublishedVectors(t *testing.T) {
	var v struct {
		FECF []pair               `json:"fecf_crc16_ccitt"`
		Prox []pair               `json:"proximity1_crc32"`
		ISO  []pair               `json:"iso16_checksum"`
		AOS  struct{ Hex string } `json:"aos_frame"`
		USLP struct {
			Fixed    struct{ Hex string } `json:"fixed_length_frame"`
			Variable struct{ Hex string } `json:"variable_length_frame"`
		} `json:"uslp"`
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/yamcs-tests.json"), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.FECF) == 0 || len(v.Prox) == 0 || len(v.ISO) < 6 {
		t.Fatal("vectors are missing from the file")
	}
	for _, p := range v.FECF {
		if got := fmt.Sprintf("%04x", crc.CCITT(unhex(t, p.Data))); got != p.CRC {
			t.Errorf("CCITT of %s: %s, want %s", p.Data, got, p.CRC)
		}
	}
	for _, p := range v.Prox {
		if got := fmt.Sprintf("%08x", crc.Proximity1(unhex(t, p.Data))); got != p.CRC {
			t.Errorf("Proximity-1 CRC of %s: %s, want %s", p.Data, got, p.CRC)
		}
	}
	for _, p := range v.ISO {
		data := unhex(t, p.Data)
		sum := crc.ISO(data)
		if got := fmt.Sprintf("%04x", sum); got != p.Checksum {
			t.Errorf("ISO checksum of %s: %s, want %s", p.Data, got, p.Checksum)
		}
		if !crc.ISOValid(append(data, byte(sum>>8), byte(sum))) {
			t.Errorf("ISO checksum of %s does not check", p.Data)
		}
	}
	for _, frame := range []string{v.AOS.Hex, v.USLP.Fixed.Hex, v.USLP.Variable.Hex} {
		if got := crc.CCITT(unhex(t, frame)); got != 0 {
			t.Errorf("a frame with its FECF leaves %04x", got)
		}
	}
	var s struct {
		Vectors map[string]string
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/spacepylibrary.json"), &s); err != nil {
		t.Fatal(err)
	}
	if got := crc.CCITT(unhex(t, s.Vectors["TM_FRAME_01"])); got != 0 {
		t.Errorf("the TM frame leaves %04x", got)
	}
}

func TestCCITTFindsBursts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "data")
		sum := crc.CCITT(data)
		frame := append(append([]byte(nil), data...), byte(sum>>8), byte(sum))
		if crc.CCITT(frame) != 0 {
			t.Fatal("a frame with its CRC does not check")
		}
		cut := rapid.IntRange(0, len(data)).Draw(t, "cut")
		if crc.CCITTUpdate(crc.CCITT(data[:cut]), data[cut:]) != sum {
			t.Fatal("in two parts the CRC differs")
		}
		at := rapid.IntRange(0, len(frame)*8-16).Draw(t, "at")
		burst := rapid.Uint16Range(1, 0xffff).Draw(t, "burst")
		for i := range 16 {
			if burst>>i&1 == 1 {
				frame[(at+i)/8] ^= 0x80 >> ((at + i) & 7)
			}
		}
		if crc.CCITT(frame) == 0 {
			t.Fatalf("burst %04x at %d passed", burst, at)
		}
	})
}

func TestISOOverLongBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 100_000)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	sum := crc.ISO(data)
	if data = append(data, byte(sum>>8), byte(sum)); !crc.ISOValid(data) {
		t.Fatal("a long block does not check")
	}
	data[5000]++
	if crc.ISOValid(data) || crc.ISOValid(nil) || crc.ISOValid([]byte{0, 0}) {
		t.Fatal("a wrong block checks")
	}
}

func BenchmarkCCITT(b *testing.B) {
	data := make([]byte, 1115)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		crc.CCITT(data)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
