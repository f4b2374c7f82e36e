package bundle

import (
	"fmt"

	"spacechain/internal/cbor"
)

// recordStatusReport is the administrative record type of a status report.
const recordStatusReport = 1

// Reason says why a status report was made (RFC 9171 §9.5, RFC 9172 §11.3).
type Reason uint64

// The reasons that nodes here give or understand.
const (
	ReasonNone                Reason = 0
	ReasonLifetimeExpired     Reason = 1
	ReasonUnidirectionalLink  Reason = 2
	ReasonCanceled            Reason = 3
	ReasonDepletedStorage     Reason = 4
	ReasonUnavailable         Reason = 5 // the destination endpoint is not here
	ReasonNoRoute             Reason = 6
	ReasonNoTimelyContact     Reason = 7
	ReasonBlockUnintelligible Reason = 8
	ReasonHopLimit            Reason = 9
	ReasonTrafficPared        Reason = 10
	ReasonBlockUnsupported    Reason = 11
)

var reasonText = map[Reason]string{
	ReasonNone:                "no additional information",
	ReasonLifetimeExpired:     "lifetime expired",
	ReasonUnidirectionalLink:  "forwarded over unidirectional link",
	ReasonCanceled:            "transmission canceled",
	ReasonDepletedStorage:     "depleted storage",
	ReasonUnavailable:         "destination endpoint unavailable",
	ReasonNoRoute:             "no known route",
	ReasonNoTimelyContact:     "no timely contact",
	ReasonBlockUnintelligible: "block unintelligible",
	ReasonHopLimit:            "hop limit exceeded",
	ReasonTrafficPared:        "traffic pared",
	ReasonBlockUnsupported:    "block unsupported",
}

// String is the reason in the words of RFC 9171.
func (r Reason) String() string {
	if s, ok := reasonText[r]; ok {
		return s
	}
	return fmt.Sprintf("reason %d", uint64(r))
}

// Status is one of the four things a status report can assert.
type Status struct {
	Asserted bool
	Time     uint64 // DTN time; 0 if the report does not say
}

// Report is a bundle status report (RFC 9171 §6.1.1): what a node says has become
// of a bundle.
type Report struct {
	Received, Forwarded, Delivered, Deleted Status
	Reason                                  Reason
	Subject                                 ID
}

// Append appends the report as an administrative record, the payload of a bundle
// with FlagAdminRecord.
func (r *Report) Append(dst []byte) []byte {
	dst = cbor.AppendUint(cbor.AppendArray(dst, 2), recordStatusReport)
	n := 4
	if r.Subject.Fragment {
		n = 6
	}
	dst = cbor.AppendArray(cbor.AppendArray(dst, n), 4)
	for _, s := range []Status{r.Received, r.Forwarded, r.Delivered, r.Deleted} {
		if s.Asserted && s.Time != 0 {
			dst = cbor.AppendUint(cbor.AppendBool(cbor.AppendArray(dst, 2), true), s.Time)
		} else {
			dst = cbor.AppendBool(cbor.AppendArray(dst, 1), s.Asserted)
		}
	}
	dst = cbor.AppendUint(dst, uint64(r.Reason))
	dst = AppendEID(dst, r.Subject.Source)
	dst = appendTimestamp(dst, r.Subject.Timestamp)
	if r.Subject.Fragment {
		dst = cbor.AppendUint(cbor.AppendUint(dst, r.Subject.Offset), r.Subject.Length)
	}
	return dst
}

// DecodeReport reads a payload that is a status report. An administrative record of
// another type is an error.
func DecodeReport(payload []byte) (*Report, error) {
	r, err := decodeReport(cbor.NewDecoder(payload))
	if err != nil {
		return nil, fmt.Errorf("decode status report: %w", err)
	}
	return r, nil
}

func decodeReport(d *cbor.Decoder) (*Report, error) {
	if err := arrayOf(d, 2, "administrative record"); err != nil {
		return nil, err
	}
	kind, err := d.Uint()
	if err != nil {
		return nil, err
	}
	if kind != recordStatusReport {
		return nil, fmt.Errorf("%w: administrative record of type %d", ErrMalformed, kind)
	}
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	if n != 4 && n != 6 {
		return nil, fmt.Errorf("%w: status report of %d elements, want 4 or 6", ErrMalformed, n)
	}
	if err := arrayOf(d, 4, "status information"); err != nil {
		return nil, err
	}
	r := new(Report)
	for _, s := range []*Status{&r.Received, &r.Forwarded, &r.Delivered, &r.Deleted} {
		if *s, err = decodeStatus(d); err != nil {
			return nil, err
		}
	}
	reason, err := d.Uint()
	if err != nil {
		return nil, err
	}
	r.Reason = Reason(reason)
	if r.Subject.Source, err = DecodeEID(d); err != nil {
		return nil, err
	}
	if r.Subject.Timestamp, err = decodeTimestamp(d); err != nil {
		return nil, err
	}
	if n == 6 {
		r.Subject.Fragment = true
		if r.Subject.Offset, err = d.Uint(); err != nil {
			return nil, err
		}
		if r.Subject.Length, err = d.Uint(); err != nil {
			return nil, err
		}
	}
	return r, d.Done()
}

func decodeStatus(d *cbor.Decoder) (s Status, err error) {
	n, err := d.Array()
	if err != nil {
		return s, err
	}
	if s.Asserted, err = d.Bool(); err != nil {
		return s, err
	}
	switch {
	case n == 2 && s.Asserted:
		s.Time, err = d.Uint()
	case n != 1:
		err = fmt.Errorf("%w: status item of %d elements", ErrMalformed, n)
	}
	return s, err
}
