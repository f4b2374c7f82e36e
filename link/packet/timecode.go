package packet

import (
	"errors"
	"fmt"
	"time"
)

// TimeCode is a time format of CCSDS 301.0-B-4: where it begins, how fine it is and how
// many octets it takes.
type TimeCode interface {
	// Len is the length of the T-field, the time itself, in octets.
	Len() int
	// Preamble is the P-field, which names the format; nil if the format cannot be
	// written as one.
	Preamble() []byte
	// Append writes the T-field of t behind dst, rounded to the nearest unit. A time
	// before the epoch or beyond the field is an error.
	Append(dst []byte, t time.Time) ([]byte, error)
	// Decode reads a T-field, which is exactly Len octets, to the nearest nanosecond.
	Decode(b []byte) (time.Time, error)
}

// TAIEpoch is the CCSDS recommended epoch, read on the scale of the code: TAI for CUC,
// UTC for CDS (CCSDS 301.0-B-4 §3.2.1.1).
var TAIEpoch = time.Date(1958, 1, 1, 0, 0, 0, 0, time.UTC)

// Time code identifications of the P-field.
const (
	codeCUC       = 1 // unsegmented, epoch 1958
	codeCUCAgency = 2 // unsegmented, epoch of the agency
	codeCDS       = 4 // day segmented
)

// ErrTimeCode says that a P-field names a format that is not CUC or CDS.
var ErrTimeCode = errors.New("unknown time code")

// ParsePreamble reads the P-field at the start of b and returns its format and length.
// A code with an agency's epoch counts from agency, with leap seconds if agencyTAI;
// both are ignored for the recommended epoch.
func ParsePreamble(b []byte, agency time.Time, agencyTAI bool) (TimeCode, int, error) {
	if len(b) == 0 {
		return nil, 0, ErrShort
	}
	p := b[0]
	switch id := p >> 4 & 7; id {
	case codeCUC, codeCUCAgency:
		c := CUC{Coarse: int(p>>2&3) + 1, Fine: int(p & 3), TAI: true}
		if id == codeCUCAgency {
			c.Epoch, c.TAI = agency, agencyTAI
			if agency.IsZero() {
				return nil, 0, errors.New("time code with an agency's epoch, which is not known")
			}
		}
		n := 1
		if p&0x80 != 0 {
			if len(b) < 2 {
				return nil, 0, ErrShort
			}
			if b[1]&0x80 != 0 {
				return nil, 0, fmt.Errorf("%w: third octet of a CUC preamble", ErrTimeCode)
			}
			c.Coarse += int(b[1] >> 5 & 3)
			c.Fine += int(b[1] >> 2 & 7)
			n = 2
		}
		return c, n, nil
	case codeCDS:
		if p&0x80 != 0 {
			return nil, 0, fmt.Errorf("%w: extended CDS preamble", ErrTimeCode)
		}
		c := CDS{Wide: p&4 != 0, Sub: Submillisecond(p & 3)}
		if p&8 != 0 {
			c.Epoch = agency
			if agency.IsZero() {
				return nil, 0, errors.New("time code with an agency's epoch, which is not known")
			}
		}
		if c.Sub > Picosecond {
			return nil, 0, fmt.Errorf("%w: reserved submillisecond length", ErrTimeCode)
		}
		return c, 1, nil
	default:
		return nil, 0, fmt.Errorf("%w identification %d", ErrTimeCode, id)
	}
}

// DecodeTime reads a P-field and the T-field that follows it, and returns what is left.
func DecodeTime(b []byte, agency time.Time, agencyTAI bool) (t time.Time, rest []byte, err error) {
	code, n, err := ParsePreamble(b, agency, agencyTAI)
	if err != nil {
		return t, b, err
	}
	end := n + code.Len()
	if len(b) < end {
		return t, b, ErrShort
	}
	if t, err = code.Decode(b[n:end]); err != nil {
		return t, b, err
	}
	return t, b[end:], nil
}
