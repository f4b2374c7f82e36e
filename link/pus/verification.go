package pus

import (
	"fmt"

	"spacechain/link/packet"
)

// Subtypes of service 1, request verification (ECSS-E-ST-70-41C §6.1, §8.1).
const (
	subAccepted       = 1
	subAcceptFailed   = 2
	subStarted        = 3
	subStartFailed    = 4
	subStep           = 5
	subStepFailed     = 6
	subCompleted      = 7
	subCompleteFailed = 8
	subRoutingFailed  = 10
)

// RequestID names a request by the first four octets of its packet.
type RequestID struct{ ID, Sequence uint16 }

// RequestOf is the name of a telecommand.
func RequestOf(c TC) RequestID {
	h := packet.Header{Type: packet.Telecommand, Secondary: true, APID: c.APID, Flags: packet.Unsegmented, Count: c.Count}
	return RequestID{h.ID(), h.Sequence()}
}

// String writes APID:sequence count.
func (q RequestID) String() string {
	h := packet.HeaderOf(q.ID, q.Sequence)
	return fmt.Sprintf("%d:%d", h.APID, h.Count)
}

// Failure says why a request, or one of its instructions, was not carried out.
type Failure struct {
	Code Code
	Data []byte
}

// Code is a failure code. The standard leaves them to the mission: these are ours.
type Code uint16

// Failure codes.
const (
	CodeRouting     Code = 1  // no such application process
	CodeLength      Code = 2  // the packet is not whole
	CodeChecksum    Code = 3  //
	CodeService     Code = 4  // no such service
	CodeSubtype     Code = 5  // no such request of the service
	CodeData        Code = 6  // the data cannot be read
	CodeUnknown     Code = 16 // names something that there is not
	CodeExists      Code = 17 // would make what there is already
	CodeFull        Code = 18 // exceeds a bound
	CodeState       Code = 19 // not possible as things stand
	CodeRange       Code = 20 // a value that may not be
	CodeApplication Code = 21 // the application refused
	CodePast        Code = 22 // a release time that is over
	CodePartial     Code = 23 // some instructions were not carried out
)

// Error makes a failure an error.
func (f Failure) Error() string { return fmt.Sprintf("failure code %d", f.Code) }

// Stage is how far a request has come.
type Stage uint8

// Stages.
const (
	StageRouting Stage = iota
	StageAcceptance
	StageStart
	StageStep
	StageCompletion
)

// String names the stage.
func (s Stage) String() string {
	return [...]string{"routing", "acceptance", "start", "step", "completion"}[min(int(s), 4)]
}

// Verification is a report of service 1.
type Verification struct {
	Request RequestID
	Stage   Stage
	Step    uint64   // of StageStep
	Failure *Failure // nil: success
}

func (v *Verification) subtype() uint8 {
	if v.Stage == StageRouting {
		return subRoutingFailed
	}
	n := uint8(v.Stage)*2 - 1
	if v.Failure != nil {
		n++
	}
	return n
}

func (v *Verification) write(w *writer) {
	w.uint(uint64(v.Request.ID), 2)
	w.uint(uint64(v.Request.Sequence), 2)
	if v.Stage == StageStep {
		w.uint(v.Step, w.p.Widths.Step)
	}
	if v.Failure != nil {
		w.uint(uint64(v.Failure.Code), w.p.Widths.Failure)
		w.octets(v.Failure.Data)
	}
}

func readVerification(r *reader, subtype uint8) *Verification {
	v := &Verification{Request: RequestID{uint16(r.uint(2)), uint16(r.uint(2))}}
	failed := subtype%2 == 0
	if subtype != subRoutingFailed {
		v.Stage = Stage((subtype + 1) / 2)
	}
	if v.Stage == StageStep {
		v.Step = r.uint(r.p.Widths.Step)
	}
	if failed {
		v.Failure = &Failure{Code: Code(r.uint(r.p.Widths.Failure))}
		v.Failure.Data = r.octets(len(r.b))
	}
	return v
}
