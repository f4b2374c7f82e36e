package packet

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Submillisecond says what follows the milliseconds of a CDS.
type Submillisecond uint8

// Submillisecond segments (CCSDS 301.0-B-4 §3.3.2).
const (
	Millisecond Submillisecond = 0 // nothing
	Microsecond Submillisecond = 1 // 16 bits
	Picosecond  Submillisecond = 2 // 32 bits
)

// CDS is the CCSDS day segmented time code (CCSDS 301.0-B-4 §3.3): days since an epoch,
// milliseconds of the day, and what Sub says. It counts UTC.
type CDS struct {
	Wide bool // 24 bits of days in place of 16
	Sub  Submillisecond
	// Epoch is the agency's, a midnight; zero means 1958 January 1.
	Epoch time.Time
}

func (c CDS) dayLen() int {
	if c.Wide {
		return 3
	}
	return 2
}

// Len is the length of the T-field in octets.
func (c CDS) Len() int { return c.dayLen() + 4 + 2*int(c.Sub) }

// Preamble is the P-field.
func (c CDS) Preamble() []byte {
	if c.Sub > Picosecond {
		return nil
	}
	p := byte(codeCDS<<4) | byte(c.Sub)
	if !c.Epoch.IsZero() {
		p |= 8
	}
	if c.Wide {
		p |= 4
	}
	return []byte{p}
}

func (c CDS) origin() time.Time {
	if c.Epoch.IsZero() {
		return TAIEpoch
	}
	return c.Epoch.UTC()
}

// Append writes the T-field of t.
func (c CDS) Append(dst []byte, t time.Time) ([]byte, error) {
	if c.Sub > Picosecond {
		return dst, fmt.Errorf("CDS with reserved submillisecond code %d", c.Sub)
	}
	t, o := t.UTC(), c.origin()
	switch c.Sub {
	case Millisecond:
		t = t.Add(time.Millisecond / 2).Truncate(time.Millisecond)
	case Microsecond:
		t = t.Add(time.Microsecond / 2).Truncate(time.Microsecond)
	}
	s := t.Unix() - o.Unix()
	days := s / 86400
	if s < 0 || days>>(8*c.dayLen()) != 0 {
		return dst, fmt.Errorf("%s does not fit a CDS of %d octets of days", t.Format(time.RFC3339Nano), c.dayLen())
	}
	if c.Wide {
		dst = append(dst, byte(days>>16))
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(days))
	ns := t.Nanosecond()
	dst = binary.BigEndian.AppendUint32(dst, uint32(s%86400*1000+int64(ns/1e6)))
	switch c.Sub {
	case Microsecond:
		dst = binary.BigEndian.AppendUint16(dst, uint16(ns/1e3%1e3))
	case Picosecond:
		dst = binary.BigEndian.AppendUint32(dst, uint32(ns%1e6*1e3))
	}
	return dst, nil
}

// Decode reads a T-field. The last second of a day with a leap second, which no
// time.Time can name, gives the second after it.
func (c CDS) Decode(b []byte) (time.Time, error) {
	if c.Sub > Picosecond {
		return time.Time{}, fmt.Errorf("CDS with reserved submillisecond code %d", c.Sub)
	}
	if len(b) != c.Len() {
		return time.Time{}, fmt.Errorf("%w: CDS of %d octets in %d", ErrShort, c.Len(), len(b))
	}
	var days int64
	for _, d := range b[:c.dayLen()] {
		days = days<<8 | int64(d)
	}
	b = b[c.dayLen():]
	ms := binary.BigEndian.Uint32(b)
	if ms >= 86401000 {
		return time.Time{}, fmt.Errorf("CDS with %d ms in a day", ms)
	}
	var ns uint32
	switch c.Sub {
	case Microsecond:
		us := binary.BigEndian.Uint16(b[4:])
		if us >= 1000 {
			return time.Time{}, fmt.Errorf("CDS with %d µs in a millisecond", us)
		}
		ns = uint32(us) * 1000
	case Picosecond:
		ps := binary.BigEndian.Uint32(b[4:])
		if ps >= 1e9 {
			return time.Time{}, fmt.Errorf("CDS with %d ps in a millisecond", ps)
		}
		ns = (ps + 500) / 1000
	}
	o := c.origin()
	return time.Unix(o.Unix()+days*86400+int64(ms/1000), int64(ms%1000)*1e6+int64(ns)).UTC(), nil
}
