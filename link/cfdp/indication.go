package cfdp

import "fmt"

// Kind is what an indication tells.
type Kind uint8

// Indications (CCSDS 727.0-B-5 §3.5).
const (
	IndTransaction Kind = iota + 1
	IndEOFSent
	IndFinished
	IndMetadata
	IndSegment
	IndReport
	IndSuspended
	IndResumed
	IndFault
	IndAbandoned
	IndEOFReceived
)

var kindNames = map[Kind]string{
	IndTransaction: "transaction", IndEOFSent: "EOF sent", IndFinished: "finished", IndMetadata: "metadata received",
	IndSegment: "file segment received", IndReport: "report", IndSuspended: "suspended", IndResumed: "resumed",
	IndFault: "fault", IndAbandoned: "abandoned", IndEOFReceived: "EOF received",
}

// String names the indication.
func (k Kind) String() string {
	if s, ok := kindNames[k]; ok {
		return s
	}
	return fmt.Sprintf("indication %d", uint8(k))
}

// Indication is what an entity tells its user. Fields that do not belong to the kind
// are zero.
type Indication struct {
	Kind Kind
	ID   TransactionID
	// Sending tells whose end of the transaction speaks.
	Sending   bool
	Condition Condition // finished, suspended, fault, abandoned, report
	// Progress is the octets sent or received so far; with a segment, its offset.
	Progress int64
	Length   int   // of the segment
	Size     int64 // of the file, where it is known
	// Finished: the file is complete where it should be, and what became of it.
	Complete  bool
	Status    FileStatus
	Responses []FilestoreResponse
	Place     string // where a file that was received lies
	// SourceName, DestName and Messages come with the metadata.
	SourceName, DestName string
	Messages             [][]byte
	Detail               string // of a fault, for people
}

// String is one line for a log.
func (i Indication) String() string {
	end := "receiving"
	if i.Sending {
		end = "sending"
	}
	s := fmt.Sprintf("%s %s: %s", end, i.ID, i.Kind)
	if i.Condition != NoError {
		s += ", " + i.Condition.String()
	}
	if i.Detail != "" {
		s += ", " + i.Detail
	}
	return s
}

// maxIndications bounds what waits for a user who does not ask.
const maxIndications = 4096

func (e *Entity) indicate(i Indication) {
	if len(e.ind) >= maxIndications {
		e.ind = append(e.ind[:0], e.ind[1:]...)
		e.Stats.LostIndications++
	}
	e.ind = append(e.ind, i)
}

// Indications returns what happened since the last call.
func (e *Entity) Indications() []Indication {
	out := e.ind
	e.ind = nil
	return out
}
