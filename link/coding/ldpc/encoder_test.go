package ldpc_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/coding"
	"spacechain/link/coding/ldpc"
)

// byName gives the codes as the vectors name them.
func byName(t testing.TB) map[string]*ldpc.Code {
	t.Helper()
	m := map[string]*ldpc.Code{"TC128": ldpc.TC128, "TC256": ldpc.TC256, "TC512": ldpc.TC512}
	for _, r := range []ldpc.Rate{ldpc.Rate1of2, ldpc.Rate2of3, ldpc.Rate4of5} {
		for _, k := range []int{1024, 4096, 16384} {
			c, err := ldpc.AR4JA(r, k)
			if err != nil {
				t.Fatal(err)
			}
			m[fmt.Sprintf("TM%d", c.Bits())] = c
		}
	}
	return m
}

func TestLabradorParity(t *testing.T) {
	var v []struct {
		Code         string
		N, K         int
		Data, Parity string
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/ldpc-labrador.json"), &v); err != nil {
		t.Fatal(err)
	}
	if len(v) != 9 {
		t.Fatalf("%d codewords in the vectors", len(v))
	}
	for _, w := range v {
		c := byName(t)[w.Code]
		if c == nil || c.Bits() != w.N || c.DataBits() != w.K {
			t.Errorf("%s is %v", w.Code, c)
			continue
		}
		data, err := hex.DecodeString(w.Data)
		if err != nil {
			t.Fatal(err)
		}
		word, err := c.Encode(nil, coding.Unpack(nil, data))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(coding.Pack(nil, word)); got != w.Data+w.Parity {
			t.Errorf("%s: %s, want %s%s", w.Code, got, w.Data, w.Parity)
		}
	}
}

// The first of the vectors, so that the test stands without them.
func TestKnownCodeword(t *testing.T) {
	word, err := ldpc.TC128.Encode(nil, coding.Unpack(nil, []byte{0, 1, 2, 3, 4, 5, 6, 7}))
	if err != nil {
		t.Fatal(err)
	}
	want := []byte{0, 1, 2, 3, 4, 5, 6, 7, 0x34, 0x99, 0x98, 0x87, 0x94, 0xe1, 0x62, 0x56}
	if got := coding.Pack(nil, word); !bytes.Equal(got, want) {
		t.Fatalf("%x, want %x", got, want)
	}
}

// The longest codes, which the vectors lack. The parity check matrices of all nine
// AR4JA codes were found equal, row by row, to those of ldpc-toolbox 0.12.0; the sums
// hold them in place.
func TestLongCodewords(t *testing.T) {
	data := make([]byte, 2048)
	for i := range data {
		data[i] = byte(i)
	}
	for rate, want := range map[ldpc.Rate]uint32{
		ldpc.Rate1of2: 0x24e37e81, ldpc.Rate2of3: 0xb7b625f9, ldpc.Rate4of5: 0x8be9cacc,
	} {
		c, err := ldpc.AR4JA(rate, 16384)
		if err != nil {
			t.Fatal(err)
		}
		word, err := c.Encode(nil, coding.Unpack(nil, data))
		if err != nil {
			t.Fatal(err)
		}
		if got := crc32.ChecksumIEEE(coding.Pack(nil, word)); got != want {
			t.Errorf("%v: codeword of 00 01 02 .. has sum %08x, want %08x", c, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	if _, err := ldpc.TC128.Encode(nil, make([]byte, 63)); err == nil {
		t.Error("63 bits were encoded with (128,64)")
	}
	for _, k := range []int{0, 1023, 2048, 65536} {
		if _, err := ldpc.AR4JA(ldpc.Rate1of2, k); err == nil {
			t.Errorf("there is a code with k=%d", k)
		}
	}
	if _, err := ldpc.AR4JA(ldpc.Rate(3), 1024); err == nil {
		t.Error("there is a fourth rate")
	}
}
