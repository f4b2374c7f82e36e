package manifest

import (
	"fmt"
	"math"
	"time"

	"spacechain/internal/cbor"
	"spacechain/spaceos/intmap"
)

// MaxEncoded is the most bytes that an encoded manifest may have.
const MaxEncoded = 16 << 10

// Decode reads an encoded manifest and validates it. Bytes that are not the
// deterministic encoding of a valid manifest are an error.
func Decode(b []byte) (Manifest, error) {
	var m Manifest
	if len(b) > MaxEncoded {
		return m, fmt.Errorf("decode manifest: %d bytes, the limit is %d", len(b), MaxEncoded)
	}
	d := cbor.NewDecoder(b)
	err := intmap.Each(d, func(k uint64) error { return m.decodeField(d, k) })
	if err == nil {
		err = d.Done()
	}
	if err == nil {
		err = intmap.Same(b, m.Encode())
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("decode manifest: %w", err)
	}
	if err := m.Validate(); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

func (m *Manifest) decodeField(d *cbor.Decoder, k uint64) (err error) {
	l := &m.Limits
	switch k {
	case 1:
		var f uint64
		if f, err = d.Uint(); err == nil && f != Format {
			return fmt.Errorf("format %d, this software reads format %d", f, Format)
		}
	case 2:
		m.App, err = d.Text()
	case 3:
		var s string
		s, err = d.Text()
		m.Version = Version(s)
	case 4:
		err = intmap.Fixed(d, m.Publisher[:])
	case 5:
		m.Counter, err = d.Uint()
	case 6:
		err = intmap.Fixed(d, m.Module.Digest[:])
	case 7:
		m.Module.Size, err = d.Uint()
	case 8:
		m.Runtime, err = d.Text()
	case 9:
		l.MemoryBytes, err = d.Uint()
	case 10:
		l.StorageBytes, err = d.Uint()
	case 11:
		l.GasPerActivation, err = d.Uint()
	case 12:
		l.MessagesPerActivation, err = d.Uint()
	case 13:
		l.MessagesPerHour, err = d.Uint()
	case 14:
		l.MessageBytesPerHour, err = d.Uint()
	case 15:
		m.Triggers, err = decodeTriggers(d)
	case 16:
		err = m.Permissions.decode(d)
	case 17:
		m.Provides, err = d.Text()
	case 18:
		m.Summary, err = d.Text()
	default:
		return intmap.Unknown(d, k)
	}
	return err
}

func decodeTriggers(d *cbor.Decoder) ([]Trigger, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	if n > MaxTriggers {
		return nil, fmt.Errorf("%d triggers, the limit is %d", n, MaxTriggers)
	}
	ts := make([]Trigger, n)
	for i := range ts {
		t := &ts[i]
		if err := intmap.Each(d, func(k uint64) error { return t.decodeField(d, k) }); err != nil {
			return nil, err
		}
	}
	return ts, nil
}

func (t *Trigger) decodeField(d *cbor.Decoder, k uint64) (err error) {
	var u uint64
	var i int64
	switch k {
	case 1:
		t.Name, err = d.Text()
	case 2:
		u, err = d.Uint()
		if err == nil && u > math.MaxUint8 {
			return fmt.Errorf("trigger kind %d is not known", u)
		}
		t.Kind = Kind(u)
	case 3:
		t.Optional, err = d.Bool()
	case 4:
		t.Every, err = units(d, time.Second)
	case 5:
		t.Phase, err = units(d, time.Second)
	case 6:
		i, err = d.Int()
		t.Circle.LatMicroDeg = int32(i)
	case 7:
		i, err = d.Int()
		t.Circle.LonMicroDeg = int32(i)
	case 8:
		u, err = d.Uint()
		t.Circle.RadiusM = uint32(u)
	case 9:
		t.Station, err = d.Text()
	default:
		return intmap.Unknown(d, k)
	}
	return err // values that did not fit are caught by the comparison with the encoding
}

// units reads a count of some unit of time.
func units(d *cbor.Decoder, unit time.Duration) (time.Duration, error) {
	u, err := d.Uint()
	if err != nil {
		return 0, err
	}
	if u > uint64(math.MaxInt64/unit) {
		return 0, fmt.Errorf("%d times %v is out of range", u, unit)
	}
	return time.Duration(u) * unit, nil
}

func (p *Permissions) decode(d *cbor.Decoder) error {
	return intmap.Each(d, func(k uint64) (err error) {
		switch k {
		case 1:
			p.Sensors, err = decodeSensors(d)
		case 2:
			p.Peers, err = decodeTexts(d)
		case 3:
			p.Ledger, err = decodeTexts(d)
		case 4:
			p.Roles, err = decodeTexts(d)
		case 5:
			p.Actuators, err = decodeTexts(d)
		default:
			return intmap.Unknown(d, k)
		}
		return err
	})
}

func decodeSensors(d *cbor.Decoder) ([]Sensor, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	if n > MaxPermissions {
		return nil, fmt.Errorf("%d sensors, the limit is %d", n, MaxPermissions)
	}
	ss := make([]Sensor, n)
	for i := range ss {
		if two, err := d.Array(); err != nil {
			return nil, err
		} else if two != 2 {
			return nil, fmt.Errorf("a sensor is a pair of name and interval, found %d items", two)
		}
		if ss[i].Name, err = d.Text(); err != nil {
			return nil, err
		}
		if ss[i].Interval, err = units(d, time.Millisecond); err != nil {
			return nil, err
		}
	}
	return ss, nil
}

func decodeTexts(d *cbor.Decoder) ([]string, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	if n > MaxPermissions {
		return nil, fmt.Errorf("a list of %d names, the limit is %d", n, MaxPermissions)
	}
	ss := make([]string, n)
	for i := range ss {
		if ss[i], err = d.Text(); err != nil {
			return nil, err
		}
	}
	return ss, nil
}
