package cfdp

import "fmt"

// TLV types (CCSDS 727.0-B-5 table 5-14 and §5.4).
const (
	tlvFilestoreRequest  = 0
	tlvFilestoreResponse = 1
	tlvMessage           = 2
	tlvFaultOverride     = 4
	tlvFlowLabel         = 5
	tlvEntity            = 6
)

func appendLV(dst, v []byte) ([]byte, error) {
	if len(v) > 255 {
		return dst, fmt.Errorf("a value of %d octets does not fit a length of one", len(v))
	}
	return append(append(dst, byte(len(v))), v...), nil
}

func appendTLV(dst []byte, typ byte, v []byte) ([]byte, error) {
	return appendLV(append(dst, typ), v)
}

func (r *reader) tlv() (typ byte, v []byte) {
	typ = r.octet()
	return typ, r.lv()
}

// faultLocation reads the entity id TLV that may end a PDU.
func (r *reader) faultLocation() []byte {
	if r.err != nil || len(r.b) == 0 {
		return nil
	}
	typ, v := r.tlv()
	if r.err == nil && (typ != tlvEntity || len(v) == 0 || len(v) > 8) {
		r.fail("fault location of type %d and %d octets", typ, len(v))
	}
	return v
}

func (o *Options) append(dst []byte) (_ []byte, err error) {
	for _, q := range o.Requests {
		if dst, err = q.append(dst); err != nil {
			return dst, err
		}
	}
	for _, m := range o.Messages {
		if dst, err = appendTLV(dst, tlvMessage, m); err != nil {
			return dst, err
		}
	}
	for _, f := range o.Overrides {
		if f.Condition > 15 || f.Handler > 15 {
			return dst, fmt.Errorf("fault handler override %d, %d does not fit", f.Condition, f.Handler)
		}
		dst = append(dst, tlvFaultOverride, 1, byte(f.Condition)<<4|byte(f.Handler))
	}
	if o.FlowLabel != nil {
		dst, err = appendTLV(dst, tlvFlowLabel, o.FlowLabel)
	}
	return dst, err
}

// decode reads the TLVs that end a Metadata PDU, in any order.
func (o *Options) decode(r *reader) {
	for r.err == nil && len(r.b) > 0 {
		typ, v := r.tlv()
		if r.err != nil {
			return
		}
		switch typ {
		case tlvFilestoreRequest:
			o.Requests = append(o.Requests, decodeRequest(r, v))
		case tlvMessage:
			o.Messages = append(o.Messages, v)
		case tlvFaultOverride:
			if len(v) != 1 {
				r.fail("fault handler override of %d octets", len(v))
				return
			}
			o.Overrides = append(o.Overrides, FaultOverride{Condition(v[0] >> 4), Handler(v[0] & 15)})
		case tlvFlowLabel:
			o.FlowLabel = v
		default:
			r.fail("TLV of type %d in metadata", typ)
		}
	}
}

// Action is a filestore request's action code.
type Action uint8

// Action codes (CCSDS 727.0-B-5 table 5-16).
const (
	CreateFile  Action = 0
	DeleteFile  Action = 1
	RenameFile  Action = 2
	AppendFile  Action = 3
	ReplaceFile Action = 4
	CreateDir   Action = 5
	RemoveDir   Action = 6
	DenyFile    Action = 7 // delete if present
	DenyDir     Action = 8 // remove if present
)

var actionNames = [...]string{"create file", "delete file", "rename file", "append file", "replace file",
	"create directory", "remove directory", "deny file", "deny directory"}

// String names the action.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action %d", uint8(a))
}

// two reports whether the action has a second file name.
func (a Action) two() bool { return a >= RenameFile && a <= ReplaceFile }

// FilestoreRequest is something to be done at the receiver once the file is there
// (CCSDS 727.0-B-5 §5.4.1).
type FilestoreRequest struct {
	Action        Action
	First, Second string // Second for rename, append and replace only
}

func (q FilestoreRequest) append(dst []byte) ([]byte, error) {
	if q.Action > DenyDir {
		return dst, fmt.Errorf("filestore request with %s", q.Action)
	}
	v, err := appendLV([]byte{byte(q.Action) << 4}, []byte(q.First))
	if err == nil && q.Action.two() {
		v, err = appendLV(v, []byte(q.Second))
	}
	if err != nil {
		return dst, err
	}
	return appendTLV(dst, tlvFilestoreRequest, v)
}

func decodeRequest(r *reader, v []byte) (q FilestoreRequest) {
	in := &reader{b: v}
	q.Action = Action(in.octet() >> 4)
	q.First = string(in.lv())
	if q.Action.two() {
		q.Second = string(in.lv())
	}
	in.end()
	if in.err == nil && q.Action > DenyDir {
		in.fail("filestore request with %s", q.Action)
	}
	if r.err == nil {
		r.err = in.err
	}
	return q
}

// ResponseStatus is the result of a filestore request; its meaning depends on the
// action but for the two here (CCSDS 727.0-B-5 table 5-18).
type ResponseStatus uint8

// Results that all actions share.
const (
	ResponseDone         ResponseStatus = 0
	ResponseNotPerformed ResponseStatus = 15
)

// FilestoreResponse answers a request (CCSDS 727.0-B-5 §5.4.2).
type FilestoreResponse struct {
	Action        Action
	Status        ResponseStatus
	First, Second string
	Message       string
}

func (p FilestoreResponse) append(dst []byte) ([]byte, error) {
	if p.Action > DenyDir || p.Status > 15 {
		return dst, fmt.Errorf("filestore response with %s, status %d", p.Action, p.Status)
	}
	v, err := appendLV([]byte{byte(p.Action)<<4 | byte(p.Status)}, []byte(p.First))
	if err == nil && p.Action.two() {
		v, err = appendLV(v, []byte(p.Second))
	}
	if err == nil {
		v, err = appendLV(v, []byte(p.Message))
	}
	if err != nil {
		return dst, err
	}
	return appendTLV(dst, tlvFilestoreResponse, v)
}

func decodeResponse(r *reader, v []byte) (p FilestoreResponse) {
	in := &reader{b: v}
	first := in.octet()
	p.Action, p.Status = Action(first>>4), ResponseStatus(first&15)
	p.First = string(in.lv())
	if p.Action.two() {
		p.Second = string(in.lv())
	}
	p.Message = string(in.lv())
	in.end()
	if in.err == nil && p.Action > DenyDir {
		in.fail("filestore response with %s", p.Action)
	}
	if r.err == nil {
		r.err = in.err
	}
	return p
}
