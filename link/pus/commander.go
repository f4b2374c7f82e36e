package pus

import (
	"fmt"
	"slices"

	"spacechain/link/packet"
)

// Progress is how far a telecommand has come, as its reports say.
type Progress struct {
	Request RequestID
	Message Message
	// Accepted, Started and Completed are what was reported as a success.
	Accepted, Started, Completed bool
	Step                         uint64
	// Failures are those reported, in order; Failed says that one of them ended it.
	Failures []Verification
	Failed   bool
}

// maxFailures bounds what is kept of a command with many instructions.
const maxFailures = 256

// Done reports whether nothing more is to be expected.
func (p *Progress) Done() bool { return p.Completed || p.Failed }

// Commander is the ground's end for one application process: it names telecommands and
// follows their verification.
type Commander struct {
	Profile *Profile
	APID    uint16
	Source  uint16
	Ack     Ack
	// Keep bounds the telecommands that are remembered: 256 if 0. Those that are done
	// make room first.
	Keep int
	// First is the sequence count of the first telecommand: a station that starts anew
	// with another one does not name its commands as it did before.
	First uint16

	count  uint16
	sent   []*Progress
	joiner Joiner
}

// Telecommand writes a request as a packet and begins to follow it.
func (c *Commander) Telecommand(q Request) ([]byte, RequestID, error) {
	if q.Err != nil {
		return nil, RequestID{}, fmt.Errorf("request %s: %w", q.Message, q.Err)
	}
	tc := TC{APID: c.APID, Count: c.Next(), Ack: c.Ack, Source: c.Source, Message: q.Message, Data: q.Data}
	pkt, err := c.Profile.AppendTC(nil, tc)
	if err != nil {
		return nil, RequestID{}, fmt.Errorf("request %s: %w", q.Message, err)
	}
	c.count = (c.count + 1) & packet.CountMask
	id := RequestOf(tc)
	c.remember(&Progress{Request: id, Message: q.Message})
	return pkt, id, nil
}

// remember begins to follow a telecommand.
func (c *Commander) remember(p *Progress) {
	keep := c.Keep
	if keep <= 0 {
		keep = 256
	}
	if len(c.sent) >= keep {
		// The oldest of which nothing more is expected, else the oldest.
		at := max(slices.IndexFunc(c.sent, (*Progress).Done), 0)
		c.sent = slices.Delete(c.sent, at, at+1)
	}
	c.sent = append(c.sent, p)
}

// Next is the sequence count that the next telecommand gets: First of a commander that goes on
// after a restart.
func (c *Commander) Next() uint16 { return (c.First + c.count) & packet.CountMask }

// Resume follows a telecommand that a commander before this one has named.
func (c *Commander) Resume(id RequestID, m Message) {
	c.remember(&Progress{Request: id, Message: m})
}

// Progress is how far a telecommand has come; nil if it is not remembered.
func (c *Commander) Progress(id RequestID) *Progress {
	for i := len(c.sent) - 1; i >= 0; i-- {
		if c.sent[i].Request == id {
			return c.sent[i]
		}
	}
	return nil
}

// Receive takes a telemetry packet of this process. It follows verification reports,
// joins large packets, and gives the report with its content; a part of a large packet
// gives nothing until the whole is there.
func (c *Commander) Receive(pkt []byte) (TM, any, error) {
	m, err := c.Profile.DecodeTM(pkt)
	if err != nil {
		return m, nil, err
	}
	if m.Service == 13 && m.Subtype <= 3 {
		whole, err := c.joiner.Add(c.Profile, m)
		if err != nil || whole == nil {
			return m, nil, err
		}
		if m, err = c.Profile.DecodeTM(whole); err != nil {
			return m, nil, err
		}
	}
	v, err := c.Profile.Parse(m)
	if ver, ok := v.(*Verification); ok {
		c.follow(ver)
	}
	return m, v, err
}

func (c *Commander) follow(v *Verification) {
	p := c.Progress(v.Request)
	if p == nil || p.Done() { // a report may come twice, out of a packet store
		return
	}
	if v.Failure != nil {
		if len(p.Failures) < maxFailures {
			p.Failures = append(p.Failures, *v)
		}
		// A failed start may be that of one instruction of several.
		p.Failed = p.Failed || v.Stage != StageStart && v.Stage != StageStep
		return
	}
	switch v.Stage {
	case StageAcceptance:
		p.Accepted = true
	case StageStart:
		p.Started = true
	case StageStep:
		p.Step = v.Step
	case StageCompletion:
		p.Completed = true
	}
}
