package receive

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/crc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
)

// The rate of the punctured code is found out, and where its pattern begins; frames come with
// Reed-Solomon or with a check field, either way up.
func TestPuncturedRates(t *testing.T) {
	for i, rate := range []conv.Rate{conv.Rate2of3, conv.Rate3of4, conv.Rate5of6, conv.Rate7of8} {
		for _, coded := range []bool{false, true} {
			rng := rand.New(rand.NewPCG(uint64(i), 8))
			code := conv.Punctured(rate)
			c := cadu.Config{FrameSize: 120, Randomizer: randomizer.TM255, Inner: &code}
			if coded {
				c.RS = &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 1, Fill: 103}
			}
			e, err := cadu.NewEncoder(c)
			if err != nil {
				t.Fatal(err)
			}
			var sent [][]byte
			symbols := make([]byte, 100+i) // not where a pattern begins
			for range 4 {
				f := make([]byte, 120)
				for j := range f {
					f[j] = byte(rng.Uint32())
				}
				if !coded {
					binary.BigEndian.PutUint16(f[118:], crc.CCITT(f[:118]))
				}
				sent = append(sent, f)
				if symbols, err = e.Encode(symbols, f); err != nil {
					t.Fatal(err)
				}
			}
			symbols = e.Flush(symbols)
			if i%2 == 1 {
				for j := range symbols {
					symbols[j] ^= 1
				}
			}
			d := framings["ccsds-punctured"].open("ccsds-punctured", Modem{}, Options{})
			got := d.flush(d.process(nil, coding.Soften(nil, symbols, 60)))
			want := sent
			if !coded {
				want = sent[:3] // no marker follows the last
			}
			for _, f := range want {
				n := 0
				for _, g := range got {
					if bytes.Equal(g.Data, f) {
						n++
					}
				}
				if n != 1 {
					t.Errorf("rate %v, Reed-Solomon %v: a frame came %d times, with %d in all", rate, coded, n, len(got))
				}
			}
		}
	}
}
