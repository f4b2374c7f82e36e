package packet

import (
	"fmt"
	"math/bits"
	"time"

	"spacechain/astro/timescale"
)

// CUC is the CCSDS unsegmented time code (CCSDS 301.0-B-4 §3.2): seconds since an
// epoch in Coarse octets, 1 to 7, and fractions of 1/256, 1/65536 … in Fine octets, 0
// to 10.
type CUC struct {
	Coarse, Fine int
	// Epoch is the agency's epoch; zero means the recommended one, 1958 January 1 TAI.
	Epoch time.Time
	// TAI counts SI seconds, leap seconds included, as the recommended epoch demands
	// and as a clock kept by GPS does. Otherwise every day has 86400 s, as on a clock
	// that is set to UTC. It is always on for the recommended epoch.
	TAI bool
}

func (c CUC) valid() error {
	if c.Coarse < 1 || c.Coarse > 7 || c.Fine < 0 || c.Fine > 10 {
		return fmt.Errorf("CUC of %d coarse and %d fine octets", c.Coarse, c.Fine)
	}
	return nil
}

// Len is the length of the T-field in octets.
func (c CUC) Len() int { return c.Coarse + c.Fine }

// Preamble is the P-field: one octet for up to 4 and 3 octets of time, else two
// (CCSDS 301.0-B-4 §3.2.2).
func (c CUC) Preamble() []byte {
	if c.valid() != nil {
		return nil
	}
	id := byte(codeCUC)
	if !c.Epoch.IsZero() {
		id = codeCUCAgency
	}
	coarse, fine := min(c.Coarse, 4), min(c.Fine, 3)
	p := id<<4 | byte(coarse-1)<<2 | byte(fine)
	if coarse == c.Coarse && fine == c.Fine {
		return []byte{p}
	}
	return []byte{p | 0x80, byte(c.Coarse-coarse)<<5 | byte(c.Fine-fine)<<2}
}

// tai reads t on the TAI scale: the plain date and time that a TAI clock shows.
func tai(t time.Time) time.Time { return t.UTC().Add(timescale.TAIMinusUTC(t)) }

// origin is the epoch as a reading of the scale that counts.
func (c CUC) origin() time.Time {
	switch {
	case c.Epoch.IsZero():
		return TAIEpoch
	case c.TAI:
		return tai(c.Epoch)
	}
	return c.Epoch.UTC()
}

func (c CUC) counts() bool { return c.TAI || c.Epoch.IsZero() }

// Append writes the T-field of t.
func (c CUC) Append(dst []byte, t time.Time) ([]byte, error) {
	if err := c.valid(); err != nil {
		return dst, err
	}
	reading := t.UTC()
	if c.counts() {
		reading = tai(t)
	}
	o := c.origin()
	s := reading.Unix() - o.Unix()
	ns := int64(reading.Nanosecond()) - int64(o.Nanosecond())
	if ns < 0 {
		s, ns = s-1, ns+1e9
	}
	// The fraction in units of 2^-64 s is ns * 2^64 / 1e9; round it to the field.
	frac, _ := bits.Div64(uint64(ns), 0, 1e9)
	if c.Fine < 8 {
		half := uint64(1) << (63 - 8*c.Fine)
		var carry uint64
		frac, carry = bits.Add64(frac, half, 0)
		s += int64(carry)
	}
	if s < 0 || s>>(8*c.Coarse) != 0 {
		return dst, fmt.Errorf("%s does not fit a CUC of %d octets since %s", t.UTC().Format(time.RFC3339Nano), c.Coarse, o.Format(time.RFC3339))
	}
	for i := c.Coarse - 1; i >= 0; i-- {
		dst = append(dst, byte(s>>(8*i)))
	}
	for range c.Fine {
		dst = append(dst, byte(frac>>56))
		frac <<= 8
	}
	return dst, nil
}

// Decode reads a T-field. Fractions finer than 2^-64 s are cut.
func (c CUC) Decode(b []byte) (time.Time, error) {
	if err := c.valid(); err != nil {
		return time.Time{}, err
	}
	if len(b) != c.Len() {
		return time.Time{}, fmt.Errorf("%w: CUC of %d octets in %d", ErrShort, c.Len(), len(b))
	}
	var s int64
	for _, d := range b[:c.Coarse] {
		s = s<<8 | int64(d)
	}
	var frac uint64
	for i, d := range b[c.Coarse:] {
		if i < 8 {
			frac |= uint64(d) << (56 - 8*i)
		}
	}
	if s > 1<<38 { // about 8700 years: time.Time prints no further
		return time.Time{}, fmt.Errorf("CUC of %d s is beyond the years that can be named", s)
	}
	ns, lo := bits.Mul64(frac, 1e9)
	if lo >= 1<<63 {
		ns++
	}
	o := c.origin()
	reading := time.Unix(o.Unix()+s, int64(o.Nanosecond())+int64(ns)).UTC()
	if c.counts() {
		return timescale.UTCFromTAI(reading), nil
	}
	return reading, nil
}
