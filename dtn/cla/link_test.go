package cla

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spacechain/dtn/store"
	"spacechain/internal/kv"
)

var begin = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// inbox is a sink that keeps what it takes.
type inbox struct {
	store  *store.Store
	got    [][]byte
	done   map[store.Digest]bool
	room   int
	refuse *Refusal
}

func newInbox() *inbox {
	st, err := store.Open(kv.NewMemory(), store.Options{})
	if err != nil {
		panic(err)
	}
	return &inbox{store: st, done: map[store.Digest]bool{}, room: 1 << 30}
}

func (i *inbox) Room(total int) bool           { return total <= i.room }
func (i *inbox) Completed(d store.Digest) bool { return i.done[d] }
func (i *inbox) Accept(_ time.Time, _ uint64, data []byte, d store.Digest) error {
	if i.refuse != nil {
		return i.refuse
	}
	if len(data) > i.room {
		return &Refusal{ReasonNoRoom, errors.New("full")}
	}
	i.got = append(i.got, slices.Clone(data))
	i.done[d] = true
	return nil
}

// sim is two endpoints and a link between them in simulated time.
type sim struct {
	t                            testing.TB
	rng                          *rand.Rand
	now                          time.Time
	link                         Link
	ends                         [2]*Endpoint
	in                           [2]*inbox
	done                         [2][]Outcome
	air                          []flying
	free                         [2]time.Time
	frames, bytes                [2]int
	lose, repeat, damage, jitter float64
	cut                          func(from int, n int) bool // loses chosen frames
}

type flying struct {
	at  time.Time
	to  int
	raw []byte
}

func newSim(t testing.TB, seed uint64, l Link) *sim {
	s := &sim{t: t, rng: rand.New(rand.NewPCG(seed, 3)), now: begin, link: l}
	for i := range s.ends {
		s.in[i] = newInbox()
		s.reset(i, 1)
	}
	return s
}

// reset makes an endpoint anew, as after a restart of its node; its link is down.
func (s *sim) reset(i int, epoch uint64) {
	s.ends[i] = New(Config{Peer: uint64(2 - i), Epoch: epoch, Sink: s.in[i], Parts: s.in[i].store})
}

// again is reset with the next epoch.
func (s *sim) again(i int) { s.reset(i, s.ends[i].cfg.Epoch+1) }

func (s *sim) up() {
	for _, e := range s.ends {
		if err := e.Up(s.now, s.link); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *sim) down() (handles []uint64) {
	s.air = nil
	for _, e := range s.ends {
		handles = append(handles, e.Down()...)
	}
	return handles
}

// flush puts the endpoints' frames on the link.
func (s *sim) flush() {
	for i, e := range s.ends {
		s.done[i] = append(s.done[i], e.Outcomes()...)
		for _, f := range e.Frames(s.now) {
			if len(f) > s.link.MTU {
				s.t.Fatalf("frame of %d bytes, MTU %d", len(f), s.link.MTU)
			}
			s.frames[i]++
			s.bytes[i] += len(f)
			side := i
			if s.link.HalfDuplex {
				side = 0
			}
			if s.free[side].Before(s.now) {
				s.free[side] = s.now
			}
			s.free[side] = s.free[side].Add(time.Duration(float64(len(f)) * 8e9 / s.link.RateBps))
			copies := 1
			if s.rng.Float64() < s.repeat {
				copies = 2
			}
			if s.rng.Float64() < s.lose || (s.cut != nil && s.cut(i, s.frames[i])) {
				copies = 0
			}
			for range copies {
				raw := slices.Clone(f)
				if s.rng.Float64() < s.damage {
					raw[s.rng.IntN(len(raw))] ^= 1 << s.rng.IntN(8)
				}
				late := time.Duration(s.rng.Float64() * s.jitter * float64(time.Second))
				s.air = append(s.air, flying{s.free[side].Add(s.link.OWLT + late), 1 - i, raw})
			}
		}
	}
}

// run lets time pass until nothing happens any more, or until the time is over.
func (s *sim) run(d time.Duration) {
	end := s.now.Add(d)
	for {
		s.flush()
		next := end
		k := -1
		for i, f := range s.air {
			if f.at.Before(next) {
				next, k = f.at, i
			}
		}
		wake := -1
		for i, e := range s.ends {
			if at, ok := e.Wake(); ok && at.Before(next) {
				next, wake, k = at, i, -1
			}
		}
		if next.After(s.now) {
			s.now = next
		}
		switch {
		case k >= 0:
			f := s.air[k]
			s.air = slices.Delete(s.air, k, k+1)
			s.ends[f.to].Frame(s.now, f.raw)
		case wake >= 0:
			s.ends[wake].Tick(s.now)
		default:
			return
		}
	}
}

func random(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// leo is a link to a low orbit, moon one to the Moon, slow a half-duplex UHF radio.
var (
	leo  = Link{RateBps: 1e6, OWLT: 5 * time.Millisecond, MTU: 1115}
	moon = Link{RateBps: 1e6, OWLT: 1300 * time.Millisecond, MTU: 1115}
	slow = Link{RateBps: 9600, OWLT: 3 * time.Millisecond, MTU: 223, HalfDuplex: true}
)
