package cltu

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding"
	"spacechain/link/coding/bch"
)

// random gives n random octets.
func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Noise before a unit may open one of its own; it swallows no unit, clean or with one bit wrong in
// each codeblock, whatever comes behind. A thousand of each.
func TestNoiseSwallowsNoUnit(t *testing.T) {
	for _, c := range []Coding{{Mode: bch.Correct}, {Mode: bch.Correct, Randomize: true}, {}} {
		opened := 0
		for trial := range 1000 {
			r := rand.New(rand.NewPCG(uint64(trial), 3))
			frame := random(r, 1+r.IntN(120))
			unit, err := c.Encode(nil, frame)
			if err != nil {
				t.Fatal(err)
			}
			noise := r.IntN(3000)
			stream := coding.Unpack(nil, random(r, noise/8+1))[:noise]
			if trial%2 == 0 {
				// A start sequence shortly before the real one.
				stream = append(append(stream, coding.Unpack(nil, StartBCH)...), coding.Unpack(nil, random(r, 20))[:r.IntN(160)]...)
			}
			at := len(stream)
			stream = append(stream, coding.Unpack(nil, unit)...)
			if c.Mode == bch.Correct && trial%3 == 0 {
				for i := at; i < len(stream); i += 64 {
					stream[i+r.IntN(min(15, len(stream)-i))] ^= 1 // the first in the start sequence
				}
			}
			if trial%5 != 0 {
				stream = append(stream, coding.Unpack(nil, random(r, r.IntN(60)))...)
			}
			if trial%7 == 0 {
				for i := range stream {
					stream[i] ^= 1
				}
			}
			rx := NewReceiver(c)
			got := rx.Receive(nil, coding.Soften(nil, stream, 50))
			opened += len(got)
			n, octets := 0, 0
			for _, u := range rx.Flush(got) {
				octets += len(u.Data)
				if bytes.HasPrefix(u.Data, frame) && len(u.Data) < len(frame)+bch.InfoOctets {
					n++
				}
			}
			if n != 1 || octets > len(stream)/8 {
				t.Errorf("%+v, trial %d: the unit came %d times, with %d octets of %d in all", c, trial, n, octets, len(stream)/8)
			}
		}
		t.Logf("%d units opened in 1000 streams", opened)
	}
}

// A telecommand that carries another one, start and tail and all, is one unit.
func TestUnitWithinAUnit(t *testing.T) {
	c := Coding{Mode: bch.Correct}
	for shift := range bch.InfoOctets {
		inner, err := c.Encode(nil, []byte("what the outer one carries"))
		if err != nil {
			t.Fatal(err)
		}
		frame := append(append(make([]byte, shift), inner...), "and more"...)
		unit, err := c.Encode(nil, frame)
		if err != nil {
			t.Fatal(err)
		}
		rx := NewReceiver(c)
		if got := rx.Receive(nil, coding.Soften(nil, coding.Unpack(nil, unit), 50)); len(got) != 1 || !bytes.HasPrefix(got[0].Data, frame) {
			t.Errorf("shift %d: %+v", shift, got)
		}
	}
}

// A tail with one bit wrong may be a codeblock that can be corrected: it ends the unit all the same,
// with no octets that nobody sent, and the next one follows.
func TestTailWithAWrongBit(t *testing.T) {
	for _, c := range []Coding{{Mode: bch.Correct}, {Mode: bch.Correct, Tail: TailOld}} {
		frame := []byte("two blocks, say")
		unit, err := c.Encode(nil, frame)
		if err != nil {
			t.Fatal(err)
		}
		for wrong := range 64 {
			stream := coding.Unpack(nil, append(append([]byte(nil), unit...), unit...))
			stream[len(stream)/2-64+wrong] ^= 1
			got := NewReceiver(c).Receive(nil, coding.Soften(nil, stream, 50))
			if len(got) != 2 || len(got[0].Data) != 21 || !bytes.Equal(got[0].Data, got[1].Data) {
				t.Errorf("bit %d: %+v", wrong, got)
			}
		}
	}
}

// Whatever comes, what is remembered is bounded, and no octet comes out twice: units are streams cut
// in pieces of which none overlap.
func TestAttemptsAreBounded(t *testing.T) {
	block := [bch.InfoOctets]byte{}
	valid := append(block[:], bch.Parity(block))
	rapid.Check(t, func(t *rapid.T) {
		c := Coding{Mode: rapid.SampledFrom([]bch.Mode{bch.Correct, bch.Detect}).Draw(t, "mode")}
		pieces := [][]byte{StartBCH, TailBCH, valid, {0x55}, {0x14, 0x6f}, append(append([]byte(nil), StartBCH...), valid...)}
		var stream []byte
		for range rapid.IntRange(1, 60).Draw(t, "pieces") {
			p := coding.Unpack(nil, rapid.SampledFrom(pieces).Draw(t, "piece"))
			for range rapid.IntRange(1, 30).Draw(t, "times") {
				stream = append(stream, p...)
			}
			stream = stream[:len(stream)-rapid.IntRange(0, 7).Draw(t, "cut")]
		}
		rx := NewReceiver(c)
		octets := 0
		for _, s := range coding.Soften(nil, stream, 50) {
			for _, u := range rx.Receive(nil, []int8{s}) {
				octets += len(u.Data)
			}
			if len(rx.active) > maxAttempts || len(rx.ended) > maxEnded || len(rx.window) > 8*rx.block {
				t.Fatalf("%d under way, %d ended, a window of %d", len(rx.active), len(rx.ended), len(rx.window))
			}
		}
		for _, u := range rx.Flush(nil) {
			octets += len(u.Data)
		}
		if octets > len(stream)/8 {
			t.Fatalf("%d octets of %d bits", octets, len(stream))
		}
	})
}

// What it costs to listen to noise and to the dearest of streams: nothing but start sequences.
func BenchmarkReceive(b *testing.B) {
	for name, octets := range map[string][]byte{
		"noise":  random(rand.New(rand.NewPCG(1, 2)), 1<<15),
		"starts": bytes.Repeat(StartBCH, 1<<14),
	} {
		b.Run(name, func(b *testing.B) {
			soft := coding.Soften(nil, coding.Unpack(nil, octets), 50)
			rx := NewReceiver(Coding{Mode: bch.Correct})
			b.SetBytes(int64(len(soft)))
			for b.Loop() {
				rx.Receive(nil, soft)
			}
		})
	}
}
