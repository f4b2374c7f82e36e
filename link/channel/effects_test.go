package channel

import (
	"bytes"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func clean(rate float64) Budget { return Budget{RateBps: rate, LightTime: 3 * time.Millisecond} }

func TestCleanChannelDelivers(t *testing.T) {
	frame := []byte("hello")
	got := Channel{Budget: clean(1e6)}.Transmit(rand.New(rand.NewPCG(1, 2)), frame)
	if len(got) != 1 || string(got[0].Data) != "hello" || got[0].Delay != 3*time.Millisecond || got[0].Flipped != 0 || got[0].Duplicate || got[0].HeldUp {
		t.Fatalf("arrivals %+v", got)
	}
	got[0].Data[0] = 'j'
	if string(frame) != "hello" {
		t.Error("the arrival is the sender's memory")
	}
}

func TestRatesOfEffects(t *testing.T) {
	const n = 20000
	budget := clean(1e6)
	budget.BitErrorRate = 1.25e-4 // of 800 bits: 0.0952 lost
	c := Channel{Budget: budget, Effects: Effects{BitFlipRate: 1e-3, LossRate: 0.1, DuplicateRate: 0.05, ReorderRate: 0.2, ReorderDelay: time.Second}}
	rng := rand.New(rand.NewPCG(7, 7))
	lost, double, held, flipped, copies := 0, 0, 0, 0, 0
	for range n {
		got := c.Transmit(rng, make([]byte, 100))
		if len(got) == 0 {
			lost++
		}
		for _, a := range got {
			copies++
			flipped += a.Flipped
			if a.Duplicate {
				double++
			}
			if a.HeldUp {
				held++
				if a.Delay <= budget.LightTime || a.Delay > budget.LightTime+time.Second {
					t.Fatalf("held up to %v", a.Delay)
				}
			}
		}
	}
	near(t, "lost", float64(lost)/n, 1-0.9048*0.9, 0.01)
	near(t, "twice", float64(double)/float64(n-lost), 0.05, 0.005)
	near(t, "held up", float64(held)/float64(copies), 0.2, 0.01)
	near(t, "flipped bits a frame", float64(flipped)/float64(copies), 0.8, 0.03)
}

func TestSameSeedSameHistory(t *testing.T) {
	history := func(seed uint64) string {
		rng := rand.New(rand.NewPCG(seed, 0))
		c := Channel{Budget: clean(1e6), Effects: Effects{BitFlipRate: 1e-2, LossRate: 0.2, DuplicateRate: 0.3, ReorderRate: 0.3, ReorderDelay: time.Second}}
		s := ""
		for i := range 50 {
			s += fmt.Sprintln(c.Transmit(rng, []byte{byte(i), 1, 2, 3, 4, 5, 6, 7}))
		}
		return s
	}
	if first, second := history(5), history(5); first != second {
		t.Error("one seed, two histories")
	}
	if history(5) == history(6) {
		t.Error("two seeds, one history")
	}
}

func TestFlipBitsCountsWhatItFlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data")
		p := rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64Range(0, 1e-3), rapid.Just(1.0), rapid.Just(0.0)).Draw(t, "p")
		after := bytes.Clone(before)
		n := FlipBits(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), after, p)
		distance := 0
		for i := range before {
			distance += bits.OnesCount8(before[i] ^ after[i])
		}
		if n != distance {
			t.Fatalf("says %d, flipped %d", n, distance)
		}
		if p == 1 && n != 8*len(before) || p == 0 && n != 0 {
			t.Fatalf("p = %g flipped %d of %d bits", p, n, 8*len(before))
		}
	})
}

func TestEffectsAdd(t *testing.T) {
	sum := Effects{LossRate: 0.5, DuplicateRate: 0.1, ReorderDelay: time.Second}.Add(Effects{LossRate: 0.5, BitFlipRate: 1e-3, ReorderDelay: time.Minute})
	want := Effects{LossRate: 0.75, DuplicateRate: 0.1, BitFlipRate: 1e-3, ReorderDelay: time.Minute}
	near(t, "loss", sum.LossRate, want.LossRate, 1e-12)
	near(t, "duplicates", sum.DuplicateRate, want.DuplicateRate, 1e-12)
	near(t, "flips", sum.BitFlipRate, want.BitFlipRate, 1e-12)
	if sum.ReorderDelay != want.ReorderDelay {
		t.Errorf("delay %v, want %v", sum.ReorderDelay, want.ReorderDelay)
	}
}

func BenchmarkTransmit(b *testing.B) {
	budget := clean(1e6)
	budget.BitErrorRate = 1e-7
	c := Channel{Budget: budget, Effects: Effects{BitFlipRate: 1e-7, DuplicateRate: 0.01, ReorderRate: 0.01, ReorderDelay: time.Second}}
	rng := rand.New(rand.NewPCG(1, 1))
	frame := make([]byte, 1024)
	for b.Loop() {
		c.Transmit(rng, frame)
	}
}

func BenchmarkAssess(b *testing.B) {
	tx, rx := SBandSatellite(), SBandStation()
	for b.Loop() {
		Assess(tx, rx, Path{RangeKm: 2000, ElevationDeg: 15})
	}
}
