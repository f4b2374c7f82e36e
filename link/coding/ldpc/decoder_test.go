package ldpc_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding"
	"spacechain/link/coding/ldpc"
)

// names gives the codes in one order.
func names(t testing.TB) []string {
	var n []string
	for name := range byName(t) {
		n = append(n, name)
	}
	slices.Sort(n)
	return n
}

func TestCleanCodewords(t *testing.T) {
	all := byName(t)
	for _, name := range names(t) {
		c := all[name]
		r := rand.New(rand.NewPCG(1, 2))
		data := make([]byte, c.DataBits())
		for i := range data {
			data[i] = byte(r.Uint32() & 1)
		}
		word, err := c.Encode(nil, data)
		if err != nil || len(word) != c.Bits() || !bytes.Equal(word[:len(data)], data) {
			t.Fatalf("%v: %v", c, err)
		}
		soft := coding.Soften(nil, word, 30)
		got, res, err := ldpc.NewDecoder(c, ldpc.Options{}).Decode(nil, soft)
		// The punctured bits are not known at first: that takes an iteration or two.
		if err != nil || !res.OK || res.Iterations > 3 || !bytes.Equal(got, data) {
			t.Errorf("%v: clean codeword: %+v, %v", c, res, err)
		}
		if _, _, err := ldpc.NewDecoder(c, ldpc.Options{}).Decode(nil, soft[1:]); err == nil {
			t.Errorf("%v: a codeword one bit short was taken", c)
		}
	}
}

// One bit of twelve erased, or one of 128 wrong, is within reach of every code.
func TestErasuresAndErrors(t *testing.T) {
	all := byName(t)
	list := names(t)
	rapid.Check(t, func(t *rapid.T) {
		c := all[rapid.SampledFrom(list).Draw(t, "code")]
		if c.DataBits() > 4096 {
			t.Skip("long codes take long")
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		data := make([]byte, c.DataBits())
		for i := range data {
			data[i] = byte(r.Uint32() & 1)
		}
		word, err := c.Encode(nil, data)
		if err != nil {
			t.Fatal(err)
		}
		soft := coding.Soften(nil, word, 50)
		erase := rapid.Bool().Draw(t, "erase")
		n := c.Bits() / 12
		if !erase {
			n = c.Bits() / 128
		}
		for _, i := range r.Perm(len(soft))[:n] {
			if soft[i] = -soft[i]; erase {
				soft[i] = 0
			}
		}
		got, res, err := ldpc.NewDecoder(c, ldpc.Options{}).Decode(nil, soft)
		if err != nil || !res.OK || !bytes.Equal(got, data) {
			t.Fatalf("%v: %d bits, erased %v: %+v, %v", c, n, erase, res, err)
		}
	})
}

func TestEstimateLLR(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	for _, esN0DB := range []float64{-2, 0, 2, 4} {
		es := math.Pow(10, esN0DB/10)
		want := 4 * es / amplitude
		soft := make([]int8, 20000)
		for i := range soft {
			x := amplitude * (float64(1-2*(i&1)) + r.NormFloat64()/math.Sqrt(2*es))
			soft[i] = int8(math.Round(max(-127, min(127, x))))
		}
		if got := ldpc.EstimateLLR(soft); math.Abs(got-want) > 0.12*want {
			t.Errorf("at %v dB: %.4f, want %.4f", esN0DB, got, want)
		}
	}
	if got := ldpc.EstimateLLR(make([]int8, 9)); got != 1 {
		t.Errorf("of erasures only: %v", got)
	}
	if got := ldpc.EstimateLLR([]int8{50, -50, 50}); got != 4.0/50 {
		t.Errorf("of hard decisions: %v", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint8(0))
	f.Add(bytes.Repeat([]byte{0x80, 0x7f, 0}, 683), uint8(3))
	list := []*ldpc.Code{ldpc.TC128, ldpc.TC256, ldpc.TC512, byName(f)["TM1280"], byName(f)["TM2048"]}
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		c := list[int(which)%len(list)]
		if len(data) == 0 {
			data = []byte{0}
		}
		soft := make([]int8, c.Bits())
		for i := range soft {
			soft[i] = int8(data[i%len(data)])
		}
		got, res, err := ldpc.NewDecoder(c, ldpc.Options{MaxIterations: 8}).Decode(nil, soft)
		if err != nil || len(got) != c.DataBits() {
			t.Fatalf("%d bits, %v", len(got), err)
		}
		if !res.OK {
			return
		}
		if _, err := c.Encode(nil, got); err != nil {
			t.Fatal(err)
		}
	})
}
