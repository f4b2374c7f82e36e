package cfdp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func hostileString(r *rand.Rand, n int) string { return strings.Repeat("a", r.IntN(n)) }

func hostileBody(r *rand.Rand, big bool) Body {
	size := func() int64 {
		if big && r.IntN(4) == 0 {
			return r.Int64()
		}
		return r.Int64N(3000)
	}
	opts := func() (o Options) {
		for range r.IntN(3) {
			o.Requests = append(o.Requests, FilestoreRequest{Action: Action(r.IntN(9)), First: hostileString(r, 126) + "x", Second: hostileString(r, 126)})
		}
		for range r.IntN(3) {
			o.Messages = append(o.Messages, []byte(hostileString(r, 200)))
		}
		for range r.IntN(8) {
			o.Overrides = append(o.Overrides, FaultOverride{Condition(r.IntN(16)), Handler(r.IntN(6))})
		}
		return o
	}
	switch r.IntN(9) {
	case 0, 1, 2:
		m := &Metadata{Closure: r.IntN(2) == 0, Checksum: []ChecksumType{0, 2, 3, 15, 7}[r.IntN(5)], Size: size(), SourceName: hostileString(r, 250), DestName: hostileString(r, 250), Options: opts()}
		return m
	case 3, 4:
		return &FileData{Offset: size(), Data: make([]byte, r.IntN(500)), HasMeta: r.IntN(3) == 0}
	case 5, 6:
		e := &EOF{Condition: Condition(r.IntN(16)), Checksum: r.Uint32(), Size: size()}
		if r.IntN(2) == 0 {
			e.Condition = 0
		}
		if e.Condition != 0 {
			e.Fault = make([]byte, r.IntN(12))
		}
		return e
	case 7:
		return &ACK{Of: []Directive{DirectiveEOF, DirectiveFinished}[r.IntN(2)], Condition: Condition(r.IntN(16)), Status: TransactionStatus(r.IntN(4))}
	}
	return &Prompt{KeepAlive: r.IntN(2) == 0}
}

func TestHostileExportImport(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(6000) {
		r := rand.New(rand.NewPCG(seed, 5))
		big := seed%2 == 1
		cfg := Config{ID: 1, MaxFileSize: 4000, MaxTransactions: 8, Default: Remote{ImmediateNAK: r.IntN(2) == 0, KeepAlive: time.Second, RetainIncomplete: r.IntN(2) == 0}}
		st := NewMemStore()
		e := New(cfg, st)
		now := epoch
		for range 12 {
			h := Header{Unacknowledged: r.IntN(3) == 0, CRC: big && r.IntN(3) == 0, Large: big && r.IntN(2) == 0, Records: r.IntN(4) == 0,
				EntityLen: 1 + r.IntN(8), SeqLen: 1 + r.IntN(8), Source: 9, Seq: uint64(r.IntN(2)), Dest: 1}
			pdu, err := PDU{h, hostileBody(r, big)}.Append(nil)
			if err != nil {
				continue
			}
			func() {
				defer func() {
					if x := recover(); x != nil {
						seen[fmt.Sprint("panic ", x)]++
					}
				}()
				_ = e.Receive(now, pdu)
				e.Indications()
				now = now.Add(time.Duration(r.IntN(100)) * time.Second)
				e.Tick(now)
				for range r.IntN(4) {
					e.Output(now, 9)
				}
			}()
			s, err := e.Export(now)
			if err != nil {
				t.Fatal(err)
			}
			f := New(cfg, st)
			if err := f.Import(now, s); err != nil {
				seen[fmt.Sprintf("big %t: %v", big, err)]++
				break
			}
		}
	}
	for k, n := range seen {
		t.Errorf("%d times: %s", n, k)
	}
}

// never-ending output
func TestHostileOutputEnds(t *testing.T) {
	worst := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 6))
		cfg := Config{ID: 1, MaxFileSize: 4000, MaxTransactions: 8, Default: Remote{ImmediateNAK: r.IntN(2) == 0}}
		e := New(cfg, NewMemStore())
		for range 12 {
			h := Header{Unacknowledged: r.IntN(3) == 0, EntityLen: 1, SeqLen: 1, Source: 9, Seq: uint64(r.IntN(2)), Dest: 1}
			pdu, err := PDU{h, hostileBody(r, false)}.Append(nil)
			if err != nil {
				continue
			}
			_ = e.Receive(epoch, pdu)
			n := 0
			for {
				if _, ok := e.Output(epoch, 9); !ok {
					break
				}
				if n++; n > 100000 {
					t.Fatal("seed", seed, "output never ends")
				}
			}
			worst = max(worst, n)
		}
	}
	t.Log("most PDUs at once", worst)
}
