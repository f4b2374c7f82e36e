package receive

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"spacechain/link/modem/tnc"
)

// garbage makes samples that no receiver gives: not numbers, infinite, huge, and steps between
// them.
func garbage(rng *rand.Rand, n int) []float32 {
	bad := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -math.MaxFloat32, 1e30, 1e-45, 0, 1, -1}
	out := make([]float32, 0, n)
	for len(out) < n {
		switch rng.IntN(4) {
		case 0:
			out = append(out, bad[rng.IntN(len(bad))])
		case 1:
			v := bad[rng.IntN(len(bad))]
			for range rng.IntN(300) {
				out = append(out, v)
			}
		case 2:
			for range rng.IntN(300) {
				out = append(out, math.Float32frombits(rng.Uint32()))
			}
		default:
			for range rng.IntN(300) {
				out = append(out, float32(rng.NormFloat64()))
			}
		}
	}
	return out[:n]
}

// No samples bring down any receiver, make frames, or cost memory; and after them it still hears.
func TestGarbageSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	audio, refused := Open(Combinations(), Options{Rate: 48000, Effort: tnc.Thorough})
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	iq, refused := OpenIQ([]Combination{{"afsk1200", "ax25", ""}, {"g3ruh9600", "ax25", ""}, {"bpsk9600", "ccsds-concatenated", ""}, {"fsk9600", "ccsds-rs", ""}},
		Options{Rate: 96000, Effort: tnc.Quick}, Tuning{Offset: 1000, Search: 3000})
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	var before, after runtime.MemStats
	var frames []Frame
	for i := range 5 {
		if i == 1 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		x := garbage(rng, 48000)
		frames = audio.Process(frames, x)
		z := make([]complex64, len(x))
		for k, v := range garbage(rng, len(x)) {
			z[k] = complex(x[k], v)
		}
		frames = iq.Process(frames, z)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d octets more are held after 4 s of garbage", grown)
	}
	frames = iq.Flush(audio.Flush(frames))
	if len(frames) > 0 {
		t.Errorf("%d frames, the first %+v", len(frames), frames[0])
	}
}

func FuzzReceivers(f *testing.F) {
	f.Add([]byte{0, 0, 0x80, 0x7f, 0, 0, 0xc0, 0x7f, 1, 2, 3, 4}, uint16(0))
	f.Add([]byte("some octets to be heard as samples, over and over"), uint16(3))
	all := Combinations()
	f.Fuzz(func(t *testing.T, data []byte, which uint16) {
		c := all[int(which)%len(all)]
		r, err := c.Open(24000+float64(which%4)*24000, tnc.Quick)
		if err != nil {
			return // too low a rate for it
		}
		var x []float32
		for len(data) >= 4 && len(x) < 4096 {
			x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(data)))
			data = data[4:]
		}
		for range 4 {
			r.Process(nil, x)
		}
		r.Flush(nil)
	})
}

// Soft bits straight into every framing: nothing but what a code vouches for comes out, and no
// input makes it fall over.
func FuzzDeframers(f *testing.F) {
	f.Add([]byte{0x1a, 0xcf, 0xfc, 0x1d, 0xc0, 0, 0, 0, 0, 9, 0}, uint8(3))
	f.Add([]byte{0x7e, 0x7e, 0x93, 0x0b, 0x51, 0xde, 0xc3, 0xaa, 0x66, 0x55, 0xf1, 0x5e, 0x48}, uint8(9))
	names := Framings()
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		name := names[int(which)%len(names)]
		m, err := ParseModem("bpsk9600")
		if err != nil {
			t.Fatal(err)
		}
		d := framings[name].open(name, m, Options{FrameSize: int(which)})
		soft := make([]int8, 0, 8*len(data))
		for i, b := range data {
			for k := range 8 {
				v := int8(100 - i%90)
				if b>>(7-k)&1 == 0 {
					v = -v
				}
				soft = append(soft, v)
			}
			if i%64 == 63 {
				soft = append(soft, int8(b)) // any value, -128 among them
			}
		}
		total := 0
		for _, fr := range d.flush(d.process(nil, soft)) {
			total += len(fr.Data)
		}
		if total > len(soft) {
			t.Errorf("%s: %d octets out of %d bits", name, total, len(soft))
		}
	})
}
