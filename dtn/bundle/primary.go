package bundle

import (
	"fmt"
	"math"
	"time"

	"spacechain/internal/cbor"
)

// version is the Bundle Protocol version in every primary block.
const version = 7

// Flags are the bundle processing control flags (RFC 9171 §4.2.3). Reserved bits
// are kept as they came.
type Flags uint64

// The flags that RFC 9171 defines.
const (
	FlagFragment         Flags = 0x000001 // the bundle is a fragment
	FlagAdminRecord      Flags = 0x000002 // the payload is an administrative record
	FlagMustNotFragment  Flags = 0x000004
	FlagAckRequested     Flags = 0x000020 // the application is asked to acknowledge
	FlagStatusTime       Flags = 0x000040 // status reports shall carry the time
	FlagReportReception  Flags = 0x004000
	FlagReportForwarding Flags = 0x010000
	FlagReportDelivery   Flags = 0x020000
	FlagReportDeletion   Flags = 0x040000

	// ReportAll is every request for a status report.
	ReportAll = FlagReportReception | FlagReportForwarding | FlagReportDelivery | FlagReportDeletion
)

// Primary is a bundle's primary block (RFC 9171 §4.3.1). It is comparable.
type Primary struct {
	Flags       Flags
	CRC         CRCType
	Destination EID
	Source      EID
	ReportTo    EID
	Timestamp   Timestamp
	LifetimeMs  uint64
	// Of a fragment: where its payload lies in the whole one, and that one's length.
	FragmentOffset uint64
	TotalLength    uint64
	// IPN3 writes ipn ids in three elements. After decoding, an unchanged primary
	// block is written as it came, whatever this says.
	IPN3 bool
}

// Lifetime is how long after its creation the bundle is of use, at most some 292
// years.
func (p *Primary) Lifetime() time.Duration {
	const most = math.MaxInt64 / uint64(time.Millisecond)
	return time.Duration(min(p.LifetimeMs, most)) * time.Millisecond
}

// Expiry is when the bundle's lifetime ends by its creation time. It is false where
// the source had no clock; then the bundle age block tells (RFC 9171 §4.4.2).
func (p *Primary) Expiry() (time.Time, bool) {
	if p.Timestamp.Time == 0 {
		return time.Time{}, false
	}
	end := p.Timestamp.Time + p.LifetimeMs
	if end < p.LifetimeMs {
		end = math.MaxUint64
	}
	return TimeOf(end), true
}

func (p *Primary) elements() int {
	n := 8
	if p.CRC != CRCNone {
		n++
	}
	if p.Flags&FlagFragment != 0 {
		n += 2
	}
	return n
}

func (p *Primary) append(dst []byte) []byte {
	start := len(dst)
	dst = cbor.AppendArray(dst, p.elements())
	dst = cbor.AppendUint(dst, version)
	dst = cbor.AppendUint(dst, uint64(p.Flags))
	dst = cbor.AppendUint(dst, uint64(p.CRC))
	dst = appendEID(dst, p.Destination, p.IPN3)
	dst = appendEID(dst, p.Source, p.IPN3)
	dst = appendEID(dst, p.ReportTo, p.IPN3)
	dst = appendTimestamp(dst, p.Timestamp)
	dst = cbor.AppendUint(dst, p.LifetimeMs)
	if p.Flags&FlagFragment != 0 {
		dst = cbor.AppendUint(dst, p.FragmentOffset)
		dst = cbor.AppendUint(dst, p.TotalLength)
	}
	return appendCRC(dst, start, p.CRC)
}

func appendTimestamp(dst []byte, t Timestamp) []byte {
	return cbor.AppendUint(cbor.AppendUint(cbor.AppendArray(dst, 2), t.Time), t.Seq)
}

func decodeTimestamp(d *cbor.Decoder) (t Timestamp, err error) {
	if err = arrayOf(d, 2, "creation timestamp"); err != nil {
		return t, err
	}
	if t.Time, err = d.Uint(); err != nil {
		return t, err
	}
	t.Seq, err = d.Uint()
	return t, err
}

// decodePrimary reads the primary block at d; all is the input that d reads.
func decodePrimary(d *cbor.Decoder, all []byte) (Primary, error) {
	var p Primary
	start := d.Offset()
	n, err := d.Array()
	if err != nil {
		return p, err
	}
	if v, err := d.Uint(); err != nil {
		return p, err
	} else if v != version {
		return p, fmt.Errorf("%w: bundle protocol version %d, want %d", ErrMalformed, v, version)
	}
	flags, err := d.Uint()
	if err != nil {
		return p, err
	}
	p.Flags = Flags(flags)
	if p.CRC, err = decodeCRCType(d); err != nil {
		return p, err
	}
	if n != p.elements() {
		return p, fmt.Errorf("%w: primary block of %d elements, its flags and CRC type want %d",
			ErrMalformed, n, p.elements())
	}
	for _, e := range []*EID{&p.Destination, &p.Source, &p.ReportTo} {
		if *e, err = DecodeEID(d); err != nil {
			return p, err
		}
	}
	if p.Timestamp, err = decodeTimestamp(d); err != nil {
		return p, err
	}
	if p.LifetimeMs, err = d.Uint(); err != nil {
		return p, err
	}
	if p.Flags&FlagFragment != 0 {
		if p.FragmentOffset, err = d.Uint(); err != nil {
			return p, err
		}
		if p.TotalLength, err = d.Uint(); err != nil {
			return p, err
		}
	}
	if err := decodeCRC(d, all, start, p.CRC); err != nil {
		return p, err
	}
	return p, p.check()
}

// check holds the primary block against the rules between its fields (RFC 9171
// §4.2.3).
func (p *Primary) check() error {
	switch {
	case p.CRC > CRC32C:
		return fmt.Errorf("%w: CRC type %d", ErrMalformed, p.CRC)
	case p.Flags&FlagAdminRecord != 0 && p.Flags&ReportAll != 0:
		return fmt.Errorf("%w: an administrative record asks for status reports", ErrMalformed)
	case p.Source.IsNull() && p.Flags&ReportAll != 0:
		return fmt.Errorf("%w: a bundle from no source asks for status reports", ErrMalformed)
	case p.Source.IsNull() && p.Flags&FlagMustNotFragment == 0:
		return fmt.Errorf("%w: a bundle from no source may be fragmented", ErrMalformed)
	case p.Flags&FlagFragment != 0 && p.Flags&FlagMustNotFragment != 0:
		return fmt.Errorf("%w: a fragment that must not be one", ErrMalformed)
	}
	return nil
}

func decodeCRCType(d *cbor.Decoder) (CRCType, error) {
	v, err := d.Uint()
	if err == nil && v > uint64(CRC32C) {
		err = fmt.Errorf("%w: CRC type %d", ErrMalformed, v)
	}
	return CRCType(v), err
}

// decodeCRC reads the CRC item that ends the block that began at start of all.
func decodeCRC(d *cbor.Decoder, all []byte, start int, c CRCType) error {
	if c == CRCNone {
		return nil
	}
	b, err := d.Bytes()
	if err != nil {
		return err
	}
	if len(b) != c.size() {
		return fmt.Errorf("%w: CRC of %d bytes, want %d", ErrMalformed, len(b), c.size())
	}
	if !checkCRC(all[start:d.Offset()], c) {
		return fmt.Errorf("%w: %x of the block at byte %d", ErrCRC, b, start)
	}
	return nil
}
