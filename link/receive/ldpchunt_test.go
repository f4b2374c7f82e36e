package receive

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
)

// shortCodes are the codes that the default test has time for.
func shortCodes() []*ldpc.Code {
	var out []*ldpc.Code
	for _, c := range ar4ja {
		if c.DataBits() < 16384 {
			out = append(out, c)
		}
	}
	return out
}

// Which code and which sequence is found out, upside down or not, in noise that leaves few markers
// whole; and once it is known, frames whose markers are gone.
func TestLDPCHuntFindsTheCoding(t *testing.T) {
	rates := map[float64]ldpc.Rate{5: ldpc.Rate1of2, 7: ldpc.Rate2of3, 8: ldpc.Rate4of5}
	codes := append(shortCodes(), ar4ja[len(ar4ja)-3]) // and one of the longest
	for i, code := range codes {
		rnd := sequences[i%len(sequences)]
		for _, inverted := range []bool{false, true} {
			name := fmt.Sprintf("%v, sequence %d, inverted %v", code, i%len(sequences), inverted)
			rng := rand.New(rand.NewPCG(uint64(i), 4))
			e, err := cadu.NewEncoder(cadu.Config{LDPC: code, Randomizer: rnd})
			if err != nil {
				t.Fatal(err)
			}
			var sent [][]byte
			var bits []byte
			for range 777 {
				bits = append(bits, byte(rng.IntN(2)))
			}
			for k := range 4 {
				f := make([]byte, code.DataBits()/8)
				for j := range f {
					f[j] = byte(rng.Uint32())
				}
				sent = append(sent, f)
				at := len(bits)
				if bits, err = e.Encode(bits, f); err != nil {
					t.Fatal(err)
				}
				if k == 2 {
					for j := range 12 { // the third marker is damaged
						bits[at+5*j] ^= 1
					}
				}
			}
			bits = append(bits, coding.Unpack(nil, cadu.MarkerLDPC)...)
			// Two decibels above what the code needs.
			esn0 := math.Pow(10, (ldpc.Threshold(rates[math.Round(10*code.Rate())])+2)/10) * code.Rate()
			sigma := 40 * math.Sqrt(0.5/esn0)
			var soft []int8
			for _, b := range bits {
				v := 40 * float64(2*int(b)-1)
				if inverted {
					v = -v
				}
				soft = append(soft, int8(max(-127, min(127, math.Round(v+sigma*rng.NormFloat64())))))
			}
			for range 3000 {
				soft = append(soft, int8(rng.IntN(200)-100))
			}
			whole := int64(len(soft))
			d := openLDPC("ccsds-ldpc", Modem{}, Options{})
			var got []Frame
			taken := int64(0)
			for len(soft) > 0 {
				n := min(len(soft), 1+rng.IntN(5000))
				from := len(got)
				got = d.process(got, soft[:n])
				taken += int64(n)
				for j := range got[from:] {
					got[from+j].Time += float64(taken)
				}
				soft = soft[n:]
			}
			from := len(got)
			got = d.flush(got)
			for j := range got[from:] {
				got[from+j].Time += float64(whole)
			}
			if len(got) != len(sent) {
				t.Errorf("%s: %d frames of %d", name, len(got), len(sent))
				continue
			}
			for j, f := range got {
				if end := 777 + (j+1)*(64+code.Bits()); !bytes.Equal(f.Data, sent[j]) || f.Time != float64(end) || f.Corrected == 0 {
					t.Errorf("%s: frame %d of %d octets at %.0f, want %d at %d; %d corrected", name, j, len(f.Data), f.Time, len(sent[j]), end, f.Corrected)
				}
			}
		}
	}
}

// A codeword that stands alone is found if its marker is good.
func TestLonelyCodeword(t *testing.T) {
	code := ar4ja[2]
	e, err := cadu.NewEncoder(cadu.Config{LDPC: code, Randomizer: randomizer.TM131071})
	if err != nil {
		t.Fatal(err)
	}
	frame := bytes.Repeat([]byte("lonely! "), 16)
	bits, err := e.Encode(nil, frame)
	if err != nil {
		t.Fatal(err)
	}
	d := openLDPC("ccsds-ldpc", Modem{}, Options{})
	got := d.flush(d.process(nil, coding.Soften(nil, bits, 50)))
	if len(got) != 1 || !bytes.Equal(got[0].Data, frame) {
		t.Fatalf("got %+v", got)
	}
}

// The bound on false frames rests on this: of random bits the weakest code, with 256 checks in 1280
// bits, makes no codeword, hard decisions or soft ones. The long suite tries as many as the bound says.
func TestRandomBitsAreNoCodeword(t *testing.T) {
	n := 1500
	if os.Getenv("SPACECHAIN_LONG") != "" {
		n = ldpcTried
	}
	code := ar4ja[0]
	d := ldpc.NewDecoder(code, ldpc.Options{MaxIterations: 60})
	rng := rand.New(rand.NewPCG(6, 6))
	soft := make([]int8, code.Bits())
	for trial := range n {
		for i := range soft {
			v := rng.NormFloat64()
			if trial%2 == 0 {
				v = math.Copysign(1, v)
			}
			soft[i] = int8(max(-127, min(127, math.Round(40*v))))
		}
		if _, res, err := d.Decode(nil, soft); err != nil || res.OK {
			t.Fatalf("trial %d: %+v, %v", trial, res, err)
		}
	}
}

// Nothing but markers costs no more decoding than its bits allow for.
func TestMarkersCostLittle(t *testing.T) {
	d := openLDPC("ccsds-ldpc", Modem{}, Options{}).(*ldpcHunt)
	one := coding.Soften(nil, coding.Unpack(nil, cadu.MarkerLDPC), 50)
	for range 3000 {
		if got := d.process(nil, one); len(got) > 0 {
			t.Fatalf("%d octets: %x", len(got[0].Data), got[0].Data)
		}
		if len(d.marks) > 2*1024 || len(d.soft) > 1<<17 {
			t.Fatalf("%d marks, %d bits", len(d.marks), len(d.soft))
		}
	}
}

func FuzzLDPC(f *testing.F) {
	e, err := cadu.NewEncoder(cadu.Config{LDPC: ar4ja[0], Randomizer: randomizer.TM255})
	if err != nil {
		f.Fatal(err)
	}
	bits, err := e.Encode(nil, make([]byte, e.FrameSize()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(coding.Pack(nil, bits), uint16(9))
	f.Add(bytes.Repeat(cadu.MarkerLDPC, 30), uint16(100))
	f.Fuzz(func(t *testing.T, data []byte, portion uint16) {
		if len(data) > 1<<13 {
			return
		}
		soft := coding.Soften(nil, coding.Unpack(nil, data), 50)
		d := openTurns("ccsds-ldpc", framings["ccsds-ldpc"], Modem{psk: qpsk9600().psk}, Options{})
		var got []Frame
		for len(soft) > 0 {
			n := min(len(soft), 1+int(portion))
			got = d.process(got, soft[:n])
			soft = soft[n:]
		}
		octets := 0
		for _, f := range d.flush(got) {
			octets += len(f.Data)
		}
		if octets > 4*len(data) {
			t.Fatalf("%d octets of %d", octets, len(data))
		}
	})
}

func qpsk9600() Modem {
	m, err := ParseModem("qpsk9600")
	if err != nil {
		panic(err)
	}
	return m
}
