package cfdp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// flight is a PDU under way.
type flight struct {
	at  time.Time
	to  int
	pdu []byte
}

// sim is two entities, 1 and 2, with a bad link between them.
type sim struct {
	rng   *rand.Rand
	now   time.Time
	ends  [2]*Entity
	store [2]Filestore
	cfg   [2]Config
	air   []flight
	log   [2][]Indication

	loss, dup, damage float64
	delay, jitter     time.Duration
	halfDuplex        time.Duration // each side's turn; 0: both at once
	passEvery, pass   time.Duration // the link is up for pass in every passEvery; 0: always
	tellLink          bool          // the entities know when it is
	restart           float64       // chance of a restart per step
	perStep           int           // PDUs a step
	wasUp             bool
}

func newSim(seed uint64, conf Remote) *sim {
	s := &sim{
		rng: rand.New(rand.NewPCG(seed, 1)), now: epoch, delay: 50 * time.Millisecond, perStep: 20, wasUp: true,
	}
	for i := range s.ends {
		s.store[i] = NewMemStore()
		s.cfg[i] = Config{ID: uint64(i + 1), Default: conf, MaxFileSize: 1 << 20}
		s.ends[i] = New(s.cfg[i], s.store[i])
	}
	return s
}

// fataler is what a test and a rapid check share.
type fataler interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

const simStep = 100 * time.Millisecond

func (s *sim) up() bool {
	if s.passEvery == 0 {
		return true
	}
	return s.now.Sub(epoch)%s.passEvery < s.pass
}

func (s *sim) step(t fataler) {
	s.now = s.now.Add(simStep)
	up := s.up()
	if up != s.wasUp && s.tellLink {
		for i, e := range s.ends {
			e.SetLink(s.now, uint64(2-i), up)
		}
	}
	s.wasUp = up
	for i, e := range s.ends {
		if s.restart > 0 && s.rng.Float64() < s.restart {
			state, err := e.Export(s.now)
			if err != nil {
				t.Fatal(err)
			}
			s.log[i] = append(s.log[i], e.Indications()...)
			fresh := New(s.cfg[i], s.store[i])
			if err := fresh.Import(s.now, state); err != nil {
				t.Fatal(err)
			}
			if again, err := fresh.Export(s.now); err != nil || len(again) < 9 {
				t.Fatal(err)
			}
			s.ends[i] = fresh
			e = fresh
		}
		e.Tick(s.now)
		if s.halfDuplex > 0 && int(s.now.Sub(epoch)/s.halfDuplex)%2 != i {
			continue
		}
		for range s.perStep {
			pdu, ok := e.Output(s.now, uint64(2-i))
			if !ok {
				break
			}
			if len(pdu) > 1100 {
				t.Fatalf("a PDU of %d octets", len(pdu))
			}
			if !up || s.rng.Float64() < s.loss {
				continue
			}
			n := 1
			if s.rng.Float64() < s.dup {
				n = 2
			}
			for range n {
				p := bytes.Clone(pdu)
				if s.rng.Float64() < s.damage {
					p[s.rng.IntN(len(p))] ^= 1 << s.rng.IntN(8)
				}
				late := time.Duration(0)
				if s.jitter > 0 {
					late = time.Duration(s.rng.Int64N(int64(s.jitter)))
				}
				s.air = append(s.air, flight{s.now.Add(s.delay + late), 1 - i, p})
			}
		}
	}
	slices.SortStableFunc(s.air, func(a, b flight) int { return a.at.Compare(b.at) })
	for len(s.air) > 0 && !s.air[0].at.After(s.now) {
		f := s.air[0]
		s.air = s.air[1:]
		_ = s.ends[f.to].Receive(s.now, f.pdu) // damaged ones are refused
	}
	for i, e := range s.ends {
		s.log[i] = append(s.log[i], e.Indications()...)
	}
}

// run goes on until both ends are idle, or the time is over.
func (s *sim) run(t fataler, limit time.Duration) bool {
	for s.now.Sub(epoch) < limit {
		s.step(t)
		if len(s.ends[0].order)+len(s.ends[1].order)+len(s.air) == 0 &&
			len(s.ends[0].replies)+len(s.ends[1].replies) == 0 {
			return true
		}
	}
	return false
}

func (s *sim) last(end int, kind Kind) (Indication, bool) {
	for _, i := range slices.Backward(s.log[end]) {
		if i.Kind == kind {
			return i, true
		}
	}
	return Indication{}, false
}

func (s *sim) logs() (out string) {
	for end, log := range s.log {
		for _, i := range log {
			out += fmt.Sprintf("end %d: %s\n", end, i)
		}
	}
	return out
}

func fileOf(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// Any file over a link that loses, repeats, damages and reorders, one way at a time, in
// short passes, through restarts of either end, arrives as it was.
func TestClass2AnyLink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		conf := Remote{
			CRC: true, MaxPDU: rapid.IntRange(64, 400).Draw(t, "pdu"), NAKLimit: 1 << 20, AckLimit: 1 << 20,
			AckTimer: 2 * time.Second, NAKTimer: 2 * time.Second, Inactivity: 1000 * time.Hour,
			ImmediateNAK: rapid.Bool().Draw(t, "immediate"),
			Checksum:     rapid.SampledFrom([]ChecksumType{ChecksumModular, ChecksumProximity1, ChecksumCRC32C, ChecksumCRC32, ChecksumNull}).Draw(t, "checksum"),
		}
		if rapid.Bool().Draw(t, "prompt") {
			conf.Prompt, conf.KeepAlive = 3*time.Second, 5*time.Second
		}
		s := newSim(rapid.Uint64().Draw(t, "seed"), conf)
		s.loss = rapid.Float64Range(0, 0.6).Draw(t, "loss")
		s.dup = rapid.Float64Range(0, 0.3).Draw(t, "dup")
		s.damage = rapid.Float64Range(0, 0.1).Draw(t, "damage")
		s.jitter = time.Duration(rapid.IntRange(0, 3000).Draw(t, "jitter")) * time.Millisecond
		s.halfDuplex = time.Duration(rapid.SampledFrom([]int{0, 300, 2000}).Draw(t, "half duplex")) * time.Millisecond
		s.perStep = rapid.IntRange(1, 30).Draw(t, "rate")
		if rapid.Bool().Draw(t, "passes") {
			s.passEvery, s.pass = 60*time.Second, 20*time.Second
			s.tellLink = rapid.Bool().Draw(t, "told")
		}
		s.restart = rapid.SampledFrom([]float64{0, 0, 0.01}).Draw(t, "restart")
		var want [][]byte
		files := rapid.IntRange(1, 3).Draw(t, "files")
		for i := range files {
			data := fileOf(s.rng, rapid.IntRange(0, 8000).Draw(t, "size"))
			want = append(want, data)
			from := i % 2
			name := fmt.Sprintf("f%d", i)
			if err := WriteFile(s.store[from], name, data); err != nil {
				t.Fatal(err)
			}
			var records []int64
			if rapid.Bool().Draw(t, "records") {
				for at := int64(0); at < int64(len(data)); at += 1 + rapid.Int64Range(0, 500).Draw(t, "record") {
					records = append(records, at)
				}
			}
			_, err := s.ends[from].Put(s.now, PutRequest{Dest: uint64(2 - from), SourceName: name, DestName: "in/" + name, Records: records})
			if err != nil {
				t.Fatal(err)
			}
		}
		if !s.run(t, 3*time.Hour) {
			t.Fatalf("not over after 3 h: %v, %v", s.ends[0].Transactions(), s.ends[1].Transactions())
		}
		for i, data := range want {
			got, err := ReadFile(s.store[1-i%2], fmt.Sprintf("in/f%d", i))
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("file %d: %d octets of %d, %v\n%s", i, len(got), len(data), err, s.logs())
			}
		}
		for i := range 2 {
			done := 0
			for _, ind := range s.log[i] {
				if ind.Kind == IndFault || ind.Kind == IndAbandoned {
					t.Fatalf("end %d: %s", i, ind)
				}
				if ind.Kind == IndFinished && ind.Complete {
					done++
				}
			}
			if done != files {
				t.Fatalf("end %d: %d transactions finished of %d", i, done, files)
			}
			if list, err := s.store[i].List(TempDir); err == nil && len(list) > 0 {
				t.Fatalf("end %d left %v", i, list)
			}
		}
	})
}
