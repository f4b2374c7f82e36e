package satellite

import (
	"fmt"
	"testing"
	"time"

	"spacechain/link/cfdp"
)

func (u *uplink) inject(seq uint64, bodies ...cfdp.Body) {
	u.t.Helper()
	for _, b := range bodies {
		pdu, err := cfdp.PDU{Header: cfdp.Header{EntityLen: 4, SeqLen: 4, Source: dish, Seq: seq, Dest: number}, Body: b}.Append(nil)
		u.check(err)
		u.payload.FilePDU(u.now, dish, pdu)
	}
}

func TestHostilePolicyBypassed(t *testing.T) {
	u := newUplink(t)
	u.link()
	m := &cfdp.Metadata{Size: 1 << 31, SourceName: "a", DestName: "files/forged", Checksum: cfdp.ChecksumNull}
	m.Overrides = []cfdp.FaultOverride{{Condition: cfdp.FileSizeError, Handler: cfdp.HandleIgnore}}
	m.Requests = []cfdp.FilestoreRequest{{Action: cfdp.CreateFile, First: "orders/0-x"}}
	u.inject(1000, m, &cfdp.FileData{Data: make([]byte, 900)}, &cfdp.EOF{Size: 900})
	m.DestName, m.Requests = "elsewhere/x", nil
	u.inject(1001, m, &cfdp.FileData{Data: make([]byte, 900)}, &cfdp.EOF{Size: 900})
	e := u.payload.files.entity
	if l := append(e.List("orders"), e.List("elsewhere")...); len(l) > 0 {
		t.Errorf("made %v", l)
	}
}

func TestHostileKeepIsNoBound(t *testing.T) {
	u := newUplink(t)
	u.link()
	for n := range uint64(5) {
		m := &cfdp.Metadata{Size: 0, SourceName: "a", DestName: fmt.Sprintf("files/%d", n), Checksum: cfdp.ChecksumNull}
		u.inject(1000+n, m)
		for i := range int64(50) {
			u.inject(1000+n, &cfdp.FileData{Offset: i * 1000, Data: make([]byte, 1000)})
		}
		u.inject(1000+n, &cfdp.EOF{Size: 50000})
	}
	if got := u.payload.files.entity.Octets("files"); got > 10_000 {
		t.Errorf("%d octets stay where the policy keeps 10000", got)
	}
}

func TestHostileBlocked(t *testing.T) {
	u := newUplink(t)
	u.link()
	m := &cfdp.Metadata{Size: 10, SourceName: "a", DestName: "commands/a", Checksum: cfdp.ChecksumNull}
	for c := cfdp.Condition(1); c < 14; c++ {
		m.Overrides = append(m.Overrides, cfdp.FaultOverride{Condition: c, Handler: cfdp.HandleIgnore})
	}
	for n := range uint64(16) {
		u.inject(1000+n, m)
	}
	u.run(48 * time.Hour)
	id := u.put("commands/deploy", u.deploy(app(t, "magnetometer", byMinute)))
	u.carry(nil)
	u.run(time.Second)
	if at, _ := u.station.Progress(id); !at.Complete {
		t.Errorf("two days later no command gets through: %+v, %d under way", at, len(u.payload.files.entity.Transactions()))
	}
}

func TestHostileDirectoriesFill(t *testing.T) {
	u := newUplink(t)
	u.link()
	e := func() int64 { return u.payload.files.entity.UsedOctets() }
	for seq := range uint64(700) {
		name := fmt.Sprintf("commands/%d/", seq)
		for len(name) < 240 {
			name += "a/"
		}
		u.inject(5000+seq, &cfdp.Metadata{SourceName: "a", DestName: name + "x", Checksum: cfdp.ChecksumNull}, &cfdp.EOF{})
		for {
			pdu, ok := u.payload.FileOutput(u.now, dish)
			if !ok {
				break
			}
			if h, _, _ := cfdp.DecodeHeader(pdu); pdu[h.Len()] == byte(cfdp.DirectiveFinished) {
				u.inject(5000+seq, &cfdp.ACK{Of: cfdp.DirectiveFinished, Status: cfdp.StatusTerminated})
			}
		}
		u.exchange()
	}
	u.run(time.Minute)
	t.Log("used", e(), "transactions", len(u.payload.files.entity.Transactions()))
	id := u.put("commands/deploy", u.deploy(app(t, "magnetometer", byMinute)))
	u.carry(nil)
	u.run(time.Second)
	if at, _ := u.station.Progress(id); !at.Complete {
		t.Errorf("no command gets through any more: %+v, %d octets used", at, e())
	}
}

// Two PDUs, and the payload computer does not start again.
func TestHostileBrick(t *testing.T) {
	u := newUplink(t)
	u.link()
	u.inject(7, &cfdp.FileData{Data: []byte{1}})
	pdu, err := cfdp.PDU{Header: cfdp.Header{EntityLen: 4, SeqLen: 4, Source: dish, Seq: 7, Dest: number, Large: true},
		Body: &cfdp.Metadata{Size: 1 << 40, SourceName: "a", DestName: "commands/b"}}.Append(nil)
	u.check(err)
	u.payload.FilePDU(u.now, dish, pdu)
	for {
		if _, ok := u.payload.FileOutput(u.now, dish); !ok {
			break
		}
	}
	u.run(time.Minute)
	u.restart()
}
