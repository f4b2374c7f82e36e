package bus

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"spacechain/internal/cbor"
)

// Kind is what a message asks or answers.
type Kind uint8

// The kinds of message. The payload sends requests, the platform answers; every
// answer carries the number of its request.
const (
	AskTime    Kind = 1 // what time is it
	AskSensors Kind = 2 // read these sensors
	AskPower   Kind = 3 // how much power may the payload draw
	Time       Kind = 0x81
	Sensors    Kind = 0x82
	Power      Kind = 0x83
)

// Limits of a message.
const (
	MaxSensors    = 16    // in one request
	maxNameBytes  = 64    // of a sensor's name
	maxValueCount = 64    // numbers in one reading
	maxDataBytes  = 60000 // bulk data in one reading
)

// Reading is one sensor's answer.
type Reading struct {
	Name   string
	OK     bool      // false: the platform has no such sensor, or it failed
	Time   time.Time // UTC, when the sample was taken
	Values []float64 // units and frame as the sensor's documentation says
	Data   []byte    // bulk data, such as a camera frame
}

// Budget is the power that the platform allows the payload.
type Budget struct {
	Watts           float64 // the payload may draw this much now
	BatteryFraction float64 // state of charge, 0 to 1
	Sunlit          bool
}

// Message is one request or answer. Which fields are set depends on Kind.
type Message struct {
	Kind     Kind
	ID       uint64    // chosen by the asker
	Names    []string  // AskSensors
	Time     time.Time // Time
	Readings []Reading // Sensors
	Budget   Budget    // Power
}

// Encode gives a message's bytes, as deterministic CBOR.
func (m Message) Encode() []byte {
	b := cbor.AppendArray(nil, 3)
	b = cbor.AppendUint(b, uint64(m.Kind))
	b = cbor.AppendUint(b, m.ID)
	switch m.Kind {
	case AskSensors:
		b = cbor.AppendArray(b, len(m.Names))
		for _, n := range m.Names {
			b = cbor.AppendText(b, n)
		}
	case Time:
		b = cbor.AppendInt(b, m.Time.UnixNano())
	case Sensors:
		b = cbor.AppendArray(b, len(m.Readings))
		for _, r := range m.Readings {
			b = r.append(b)
		}
	case Power:
		b = cbor.AppendArray(b, 3)
		b = cbor.AppendFloat64(b, m.Budget.Watts)
		b = cbor.AppendFloat64(b, m.Budget.BatteryFraction)
		b = cbor.AppendBool(b, m.Budget.Sunlit)
	default:
		b = cbor.AppendNull(b)
	}
	return b
}

func (r Reading) append(b []byte) []byte {
	b = cbor.AppendArray(b, 5)
	b = cbor.AppendText(b, r.Name)
	b = cbor.AppendBool(b, r.OK)
	if r.Time.IsZero() { // the zero time is outside what nanoseconds can say
		b = cbor.AppendNull(b)
	} else {
		b = cbor.AppendInt(b, r.Time.UnixNano())
	}
	b = cbor.AppendArray(b, len(r.Values))
	for _, v := range r.Values {
		b = cbor.AppendFloat64(b, v)
	}
	return cbor.AppendBytes(b, r.Data)
}

// Decode reads what Encode wrote. Nothing of the result is a part of b.
func Decode(b []byte) (Message, error) {
	if len(b) > MaxDatagram {
		return Message{}, fmt.Errorf("%w: %d bytes, the limit is %d", ErrMessage, len(b), MaxDatagram)
	}
	m, err := decode(cbor.NewDecoder(b))
	if err != nil {
		return Message{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return m, nil
}

func decode(d *cbor.Decoder) (m Message, err error) {
	n, err := d.Array()
	if err == nil && n != 3 {
		err = fmt.Errorf("%d fields, want 3", n)
	}
	kind, err := uintAfter(d, err)
	if m.ID, err = uintAfter(d, err); err != nil {
		return m, err
	}
	if kind > 0xff {
		return m, fmt.Errorf("kind %d is not known", kind)
	}
	switch m.Kind = Kind(kind); m.Kind {
	case AskTime, AskPower:
		err = d.Null()
	case AskSensors:
		m.Names, err = decodeNames(d)
	case Time:
		m.Time, err = decodeTime(d)
	case Sensors:
		m.Readings, err = decodeReadings(d)
	case Power:
		m.Budget, err = decodeBudget(d)
	default:
		err = fmt.Errorf("kind %d is not known", kind)
	}
	if err != nil {
		return m, err
	}
	return m, d.Done()
}

func decodeTime(d *cbor.Decoder) (time.Time, error) {
	ns, err := d.Int()
	return time.Unix(0, ns).UTC(), err
}

func decodeNames(d *cbor.Decoder) ([]string, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	if n > MaxSensors {
		return nil, fmt.Errorf("%d sensors in one request, the limit is %d", n, MaxSensors)
	}
	names := make([]string, n)
	for i := range names {
		if names[i], err = decodeName(d); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func decodeName(d *cbor.Decoder) (string, error) {
	s, err := d.Text()
	if err == nil && len(s) > maxNameBytes {
		err = fmt.Errorf("a name of %d bytes, the limit is %d", len(s), maxNameBytes)
	}
	return s, err
}

func decodeReadings(d *cbor.Decoder) ([]Reading, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	if n > MaxSensors {
		return nil, fmt.Errorf("%d readings, the limit is %d", n, MaxSensors)
	}
	readings := make([]Reading, n)
	for i := range readings {
		if readings[i], err = decodeReading(d); err != nil {
			return nil, err
		}
	}
	return readings, nil
}

func decodeReading(d *cbor.Decoder) (r Reading, err error) {
	n, err := d.Array()
	if err == nil && n != 5 {
		err = fmt.Errorf("a reading of %d fields, want 5", n)
	}
	if err == nil {
		r.Name, err = decodeName(d)
	}
	if err == nil {
		r.OK, err = d.Bool()
	}
	if err == nil {
		if d.IsNull() {
			err = d.Null()
		} else {
			r.Time, err = decodeTime(d)
		}
	}
	if err != nil {
		return r, err
	}
	count, err := d.Array()
	if err != nil {
		return r, err
	}
	if count > maxValueCount {
		return r, fmt.Errorf("%d values, the limit is %d", count, maxValueCount)
	}
	for range count {
		v, err := d.Float64()
		if err != nil {
			return r, err
		}
		r.Values = append(r.Values, v)
	}
	data, err := d.Bytes()
	if err == nil && len(data) > maxDataBytes {
		err = fmt.Errorf("%d bytes of data, the limit is %d", len(data), maxDataBytes)
	}
	if len(data) > 0 {
		r.Data = bytes.Clone(data)
	}
	return r, err
}

func decodeBudget(d *cbor.Decoder) (b Budget, err error) {
	n, err := d.Array()
	if err == nil && n != 3 {
		err = errors.New("a power budget has 3 fields")
	}
	if err == nil {
		b.Watts, err = d.Float64()
	}
	if err == nil {
		b.BatteryFraction, err = d.Float64()
	}
	if err == nil {
		b.Sunlit, err = d.Bool()
	}
	return b, err
}
