package pus

import (
	"fmt"
	"time"

	"spacechain/link/packet"
)

// maxTimeRate is the highest exponent of the time report rate: every 256 frames.
const maxTimeRate = 8

// Service 9, time management (ECSS-E-ST-70-41C §6.9, §8.9).
var timeRequests = map[Message]handler{
	{9, 1}: func(s *Server, x *execution) error {
		rate := x.in.octet()
		if err := x.in.end(); err != nil {
			return err
		}
		if rate > maxTimeRate {
			return Failure{Code: CodeRange}
		}
		s.timeRate = rate
		return nil
	},
}

// TimeReport is a spacecraft time report: the time at the start of the frame of virtual
// channel 0 whose count was a multiple of 2^Rate.
type TimeReport struct {
	Rate   uint8
	Time   time.Time
	Status uint8 // time reference status
}

// Frame says that a telemetry frame of virtual channel 0 began to leave at now. When
// its count is a multiple of 2^rate, a time report is sent: TM[9,2] if the mission's
// code is CUC, TM[9,3] if CDS. Time packets have APID 0 and no secondary header
// (ECSS-E-ST-70-41C §6.9.4.2).
func (s *Server) Frame(now time.Time, count uint64) error {
	if count&(1<<s.timeRate-1) != 0 {
		return nil
	}
	n := s.counter[Message{9, 2}]
	s.counter[Message{9, 2}] = n + 1
	pkt, err := s.p.AppendTimeReport(nil, n, TimeReport{s.timeRate, now, s.o.TimeStatus})
	if err != nil {
		s.Stats.Unencodable++
		return err
	}
	s.push(pkt)
	return nil
}

// AppendTimeReport writes a time packet with that sequence count: rate, time with its
// preamble, status.
func (p *Profile) AppendTimeReport(dst []byte, count uint16, t TimeReport) ([]byte, error) {
	data := append([]byte{t.Rate}, p.Time.Preamble()...)
	data, err := p.Time.Append(data, t.Time)
	if err != nil {
		return dst, err
	}
	data = append(data, t.Status)
	start := len(dst)
	dst = packet.AppendHeader(dst, packet.Header{Flags: packet.Unsegmented, Count: count & packet.CountMask}, 1)
	return p.finish(append(dst, data...), start)
}

// DecodeTimeReport reads a time packet.
func (p *Profile) DecodeTimeReport(b []byte) (t TimeReport, err error) {
	sp, err := packet.DecodeWhole(b)
	if err != nil {
		return t, fmt.Errorf("%w: %w", ErrPacket, err)
	}
	pre := p.Time.Preamble()
	n := 1 + len(pre) + p.Time.Len() + 1
	want := n
	if !p.NoCRC {
		want += 2
	}
	if sp.APID != 0 || sp.Type != packet.Telemetry || sp.Secondary || len(sp.Data) != want {
		return t, fmt.Errorf("%w: no time packet", ErrPacket)
	}
	if !p.NoCRC && !p.NoVerify && !checksumOK(b) {
		return t, ErrChecksum
	}
	d := sp.Data[:n]
	if string(d[1:1+len(pre)]) != string(pre) {
		return t, fmt.Errorf("%w: time code %x, not %x", ErrPacket, d[1:1+len(pre)], pre)
	}
	t.Rate, t.Status = d[0], d[n-1]
	t.Time, err = p.Time.Decode(d[1+len(pre) : n-1])
	return t, err
}
