package cfdp

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Directive is the code that begins a file directive PDU.
type Directive uint8

// Directive codes (CCSDS 727.0-B-5 table 5-4).
const (
	DirectiveEOF       Directive = 4
	DirectiveFinished  Directive = 5
	DirectiveACK       Directive = 6
	DirectiveMetadata  Directive = 7
	DirectiveNAK       Directive = 8
	DirectivePrompt    Directive = 9
	DirectiveKeepAlive Directive = 12
)

// Metadata begins a transaction (CCSDS 727.0-B-5 §5.2.5).
type Metadata struct {
	Closure  bool // class 1: the receiver is to send a Finished PDU
	Checksum ChecksumType
	Size     int64 // of the file; 0 also if unbounded
	// SourceName and DestName are empty when no file is copied.
	SourceName, DestName string
	Options
}

// Options are the TLVs of a Metadata PDU.
type Options struct {
	Requests  []FilestoreRequest
	Messages  [][]byte // to the user
	Overrides []FaultOverride
	FlowLabel []byte // nil: none
}

// EOF ends the first sending of a file, or cancels it (CCSDS 727.0-B-5 §5.2.2).
type EOF struct {
	Condition Condition
	Checksum  uint32
	Size      int64
	// Fault is the entity that found the condition, as it stood in the PDU; nil if
	// there is none.
	Fault []byte
}

// Finished tells the sender how the transaction ended (CCSDS 727.0-B-5 §5.2.3).
type Finished struct {
	Condition  Condition
	Incomplete bool // delivery code
	Status     FileStatus
	Responses  []FilestoreResponse
	Fault      []byte
}

// ACK acknowledges an EOF or a Finished PDU (CCSDS 727.0-B-5 §5.2.4).
type ACK struct {
	Of        Directive
	Condition Condition
	Status    TransactionStatus
}

// NAK names what is missing within a scope (CCSDS 727.0-B-5 §5.2.6).
type NAK struct {
	Start, End int64
	Segments   []Segment
}

// Segment is the part of a file from Start to before End. In a NAK the segment 0 to 0
// asks for the metadata.
type Segment struct{ Start, End int64 }

// Prompt asks the receiver for a NAK, or for a Keep Alive (CCSDS 727.0-B-5 §5.2.7).
type Prompt struct{ KeepAlive bool }

// KeepAlive says how far the receiver has come (CCSDS 727.0-B-5 §5.2.8).
type KeepAlive struct{ Progress int64 }

func appendSize(dst []byte, v int64, h *Header) ([]byte, error) {
	if v < 0 || !fits(uint64(v), h.sizeLen()) {
		return dst, fmt.Errorf("file size %d does not fit a field of %d octets", v, h.sizeLen())
	}
	return appendUint(dst, uint64(v), h.sizeLen()), nil
}

func (m *Metadata) append(dst []byte, h *Header) ([]byte, error) {
	first := byte(m.Checksum)
	if m.Checksum > 15 {
		return dst, fmt.Errorf("checksum type %d", m.Checksum)
	}
	if m.Closure {
		first |= 0x40
	}
	dst, err := appendSize(append(dst, byte(DirectiveMetadata), first), m.Size, h)
	if err != nil {
		return dst, err
	}
	for _, name := range []string{m.SourceName, m.DestName} {
		if dst, err = appendLV(dst, []byte(name)); err != nil {
			return dst, err
		}
	}
	return m.Options.append(dst)
}

func (e *EOF) append(dst []byte, h *Header) ([]byte, error) {
	if e.Condition > 15 {
		return dst, errors.New("condition does not fit")
	}
	dst = append(dst, byte(DirectiveEOF), byte(e.Condition)<<4)
	dst = binary.BigEndian.AppendUint32(dst, e.Checksum)
	dst, err := appendSize(dst, e.Size, h)
	if err != nil || e.Fault == nil {
		return dst, err
	}
	return appendTLV(dst, tlvEntity, e.Fault)
}

func (f *Finished) append(dst []byte, h *Header) ([]byte, error) {
	if f.Condition > 15 || f.Status > 3 {
		return dst, errors.New("condition or file status does not fit")
	}
	second := byte(f.Condition)<<4 | byte(f.Status)
	if f.Incomplete {
		second |= 4
	}
	dst = append(dst, byte(DirectiveFinished), second)
	for _, r := range f.Responses {
		var err error
		if dst, err = r.append(dst); err != nil {
			return dst, err
		}
	}
	if f.Fault == nil {
		return dst, nil
	}
	return appendTLV(dst, tlvEntity, f.Fault)
}

func (a *ACK) append(dst []byte, h *Header) ([]byte, error) {
	if (a.Of != DirectiveEOF && a.Of != DirectiveFinished) || a.Condition > 15 || a.Status > 3 {
		return dst, fmt.Errorf("an ACK of directive %d, condition %d, status %d", a.Of, a.Condition, a.Status)
	}
	second := byte(a.Of) << 4
	if a.Of == DirectiveFinished {
		second |= 1
	}
	return append(dst, byte(DirectiveACK), second, byte(a.Condition)<<4|byte(a.Status)), nil
}

func (n *NAK) append(dst []byte, h *Header) ([]byte, error) {
	dst, err := appendSize(append(dst, byte(DirectiveNAK)), n.Start, h)
	if err != nil {
		return dst, err
	}
	if dst, err = appendSize(dst, n.End, h); err != nil {
		return dst, err
	}
	for _, s := range n.Segments {
		if dst, err = appendSize(dst, s.Start, h); err != nil {
			return dst, err
		}
		if dst, err = appendSize(dst, s.End, h); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (p *Prompt) append(dst []byte, h *Header) ([]byte, error) {
	if p.KeepAlive {
		return append(dst, byte(DirectivePrompt), 0x80), nil
	}
	return append(dst, byte(DirectivePrompt), 0), nil
}

func (k *KeepAlive) append(dst []byte, h *Header) ([]byte, error) {
	return appendSize(append(dst, byte(DirectiveKeepAlive)), k.Progress, h)
}

func decodeDirective(r *reader) Body {
	var body Body
	switch code := Directive(r.octet()); code {
	case DirectiveMetadata:
		m := &Metadata{}
		first := r.octet()
		m.Closure, m.Checksum = first&0x40 != 0, ChecksumType(first&15)
		m.Size = r.fileSize()
		m.SourceName, m.DestName = string(r.lv()), string(r.lv())
		m.Options.decode(r)
		body = m
	case DirectiveEOF:
		e := &EOF{Condition: Condition(r.octet() >> 4)}
		e.Checksum = uint32(readUint(r.take(4)))
		e.Size = r.fileSize()
		e.Fault = r.faultLocation()
		body = e
	case DirectiveFinished:
		second := r.octet()
		f := &Finished{Condition: Condition(second >> 4), Incomplete: second&4 != 0, Status: FileStatus(second & 3)}
		for r.err == nil && len(r.b) > 0 && r.b[0] == tlvFilestoreResponse {
			_, v := r.tlv()
			f.Responses = append(f.Responses, decodeResponse(r, v))
		}
		f.Fault = r.faultLocation()
		body = f
	case DirectiveACK:
		a := &ACK{}
		second, third := r.octet(), r.octet()
		a.Of, a.Condition, a.Status = Directive(second>>4), Condition(third>>4), TransactionStatus(third&3)
		if r.err == nil && a.Of != DirectiveEOF && a.Of != DirectiveFinished {
			r.fail("ACK of directive %d", a.Of)
		}
		body = a
	case DirectiveNAK:
		body = decodeNAK(r)
	case DirectivePrompt:
		body = &Prompt{KeepAlive: r.octet()&0x80 != 0}
	case DirectiveKeepAlive:
		body = &KeepAlive{Progress: r.fileSize()}
	default:
		r.fail("directive %d", code)
	}
	r.end()
	return body
}

func decodeNAK(r *reader) *NAK {
	n := &NAK{Start: r.fileSize(), End: r.fileSize()}
	if len(r.b)%(2*r.size) != 0 {
		r.fail("NAK with half a segment request")
	}
	if r.err != nil {
		return n
	}
	n.Segments = make([]Segment, 0, len(r.b)/(2*r.size))
	for r.err == nil && len(r.b) > 0 {
		n.Segments = append(n.Segments, Segment{r.fileSize(), r.fileSize()})
	}
	return n
}
