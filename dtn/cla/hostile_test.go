package cla

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/dtn/store"
)

// A hostile peer cannot make an endpoint hold more than its bounds, whatever it
// announces.
func TestHostilePeer(t *testing.T) {
	in := newInbox()
	for name, parts := range map[string]Parts{"with a store": in.store, "without": nil} {
		e := New(Config{Peer: 1, Epoch: 5, Sink: in, Parts: parts})
		if err := e.Up(begin, leo); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		number := uint64(0)
		for i := range 60000 {
			number += uint64(1 + rng.IntN(5))
			h := head{from: 7, to: 5, number: number}
			frame := appendFrameHead(nil, h)
			tr := &outgoing{id: uint64(1 + rng.IntN(100000)), data: make([]byte, 1), digest: store.Digest{byte(i), byte(i >> 8), byte(i >> 16)}}
			switch rng.IntN(4) {
			case 0: // a byte somewhere in a large transfer
				frame = append(append(frame, chunkOffer), appendOffer(tr.id, 15<<20, tr.digest, rng.IntN(15<<20), []byte{1})...)
			case 1: // more of a transfer that is known
				frame = append(append(frame, chunkOffer), appendOffer(1, 15<<20, store.Digest{1}, rng.IntN(7<<20)*2, []byte{1})...)
			case 2: // questions
				for range 50 {
					frame = append(frame, chunkAsk, byte(1+rng.IntN(100)))
				}
			case 3: // answers to nothing
				frame = append(frame, chunkAck, 2, 100, 3, 4, 5, chunkDone, 9, chunkHave, 9, 1, 2, 3)
			}
			e.Frame(begin, appendFrameCRC(frame))
			if i%1000 == 0 {
				e.Frames(begin)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
		t.Logf("%s: holds %d kB, %d open, %d answers, %d ranges", name, held>>10, len(e.recv.open), len(e.recv.answers), len(e.recv.numbers))
		if held > 3<<20 || len(e.recv.open) > maxOpen || len(e.recv.answers) > maxAnswers || len(e.recv.numbers) > maxNumbers || len(e.recv.ended) > maxResults {
			t.Errorf("%s: beyond its bounds", name)
		}
		runtime.KeepAlive(e)
	}
}

// appendOffer gives the fields of an offer chunk.
func appendOffer(id uint64, total int, d store.Digest, offset int, data []byte) []byte {
	out := appendUvarints(nil, id, uint64(total))
	out = append(out, d[:]...)
	return append(appendUvarints(out, uint64(offset), uint64(len(data))), data...)
}

func appendUvarints(dst []byte, vs ...uint64) []byte {
	for _, v := range vs {
		for v >= 0x80 {
			dst = append(dst, byte(v)|0x80)
			v >>= 7
		}
		dst = append(dst, byte(v))
	}
	return dst
}

func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s spans
		var model [64]bool
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			from := rapid.IntRange(0, 63).Draw(t, "from")
			to := rapid.IntRange(from, 64).Draw(t, "to")
			add := rapid.Bool().Draw(t, "add")
			if add {
				s = s.add(from, to)
			} else {
				s = s.remove(from, to)
			}
			for i := from; i < to; i++ {
				model[i] = add
			}
		}
		n := 0
		for i, in := range model {
			if s.has(i, i+1) != in {
				t.Fatalf("%v: byte %d", s, i)
			}
			if in {
				n++
			}
		}
		if s.len() != n {
			t.Fatalf("%v: %d bytes, want %d", s, s.len(), n)
		}
		for i := 1; i < len(s); i++ {
			if s[i].From <= s[i-1].To {
				t.Fatalf("%v touch or overlap", s)
			}
		}
	})
}

func TestFrameNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r receiver
		model := map[uint64]bool{}
		for range rapid.IntRange(0, 100).Draw(t, "frames") {
			n := rapid.Uint64Range(1, 80).Draw(t, "number")
			if r.known(n) != model[n] {
				t.Fatalf("%d is known: %v; %v", n, !model[n], r.numbers)
			}
			if !model[n] {
				r.mark(n)
				model[n] = true
			}
		}
		if len(r.numbers) == 0 {
			return
		}
		b := appendRanges(nil, r.numbers, maxRanges)
		got := (&reader{b: b}).ranges()
		slices.Reverse(got)
		want := r.numbers[max(0, len(r.numbers)-maxRanges):]
		if !slices.Equal(got, want) {
			t.Fatalf("ranges %v, want %v", got, want)
		}
	})
}

func FuzzFrame(f *testing.F) {
	s := newSim(f, 1, leo)
	s.up()
	s.ends[0].Send(1, 0, random(s.rng, 3000))
	s.ends[1].Send(1, 0, random(s.rng, 30))
	for range 6 {
		for i, e := range s.ends {
			for _, raw := range e.Frames(s.now) {
				f.Add(raw[:len(raw)-crcSize])
				s.ends[1-i].Frame(s.now, raw)
			}
		}
		s.now = s.now.Add(100 * time.Millisecond)
		for _, e := range s.ends {
			e.Tick(s.now)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		// The checksum is put right, so that the fuzzer gets past it.
		frame := appendFrameCRC(slices.Clone(body))
		s := newSim(t, 1, leo)
		s.up()
		s.ends[0].Send(1, 0, random(s.rng, 3000))
		first := s.ends[0].Frames(s.now)
		s.ends[0].Frame(s.now, frame)
		s.ends[1].Frame(s.now, first[0])
		s.ends[1].Frame(s.now, frame)
		s.ends[1].Frame(s.now, body)
		s.now = s.now.Add(time.Second)
		for _, e := range s.ends {
			e.Tick(s.now)
			for _, out := range e.Frames(s.now) {
				if len(out) > leo.MTU {
					t.Fatalf("frame of %d bytes", len(out))
				}
			}
			if at, ok := e.Wake(); ok && at.Before(begin) {
				t.Fatalf("wakes at %v", at)
			}
		}
	})
}

func BenchmarkTransfer(b *testing.B) {
	for _, size := range []int{500, 100 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := Link{RateBps: 1e8, OWLT: 5 * time.Millisecond, MTU: 1115}
			s := newSim(b, 1, l)
			s.up()
			data := random(s.rng, size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for i := range b.N {
				data[0], data[1], data[2] = byte(i), byte(i>>8), byte(i>>16)
				s.in[1].got, s.done[0] = nil, nil
				clear(s.in[1].done)
				s.ends[0].Send(1, 1, data)
				s.run(time.Second)
				if len(s.in[1].got) != 1 {
					b.Fatal("did not arrive")
				}
			}
		})
	}
}
