package pus

import (
	"fmt"
	"math"
)

// Kind is how the octets of a parameter are read.
type Kind uint8

// Kinds, by their parameter type codes (ECSS-E-ST-70-41C §7.3).
const (
	Unsigned Kind = 3
	Signed   Kind = 4
	Real     Kind = 5 // IEEE 754
	Octets   Kind = 7
)

// Type is the type of a parameter: a kind and its length in octets. Numbers have 1 to 8
// octets, reals 4 or 8.
type Type struct {
	Kind Kind
	Size int
}

func (t Type) valid() bool {
	switch t.Kind {
	case Unsigned, Signed:
		return t.Size >= 1 && t.Size <= 8
	case Real:
		return t.Size == 4 || t.Size == 8
	case Octets:
		return t.Size >= 1 && t.Size <= 1024
	}
	return false
}

// Value is the value of a parameter, with its type.
type Value struct {
	Type Type
	// Bits are the octets of a number, right-justified.
	Bits uint64
	// Raw are the octets of a parameter of kind Octets.
	Raw []byte
}

// UnsignedValue, SignedValue and RealValue make numbers of size octets.
func UnsignedValue(v uint64, size int) Value {
	return Value{Type: Type{Unsigned, size}, Bits: v & mask(size)}
}

// SignedValue makes a signed number of size octets.
func SignedValue(v int64, size int) Value {
	return Value{Type: Type{Signed, size}, Bits: uint64(v) & mask(size)}
}

// RealValue makes a real number of 4 or 8 octets.
func RealValue(v float64, size int) Value {
	if size == 4 {
		return Value{Type: Type{Real, 4}, Bits: uint64(math.Float32bits(float32(v)))}
	}
	return Value{Type: Type{Real, 8}, Bits: math.Float64bits(v)}
}

// RawValue makes an octet string.
func RawValue(b []byte) Value { return Value{Type: Type{Octets, len(b)}, Raw: b} }

func mask(size int) uint64 {
	if size >= 8 {
		return math.MaxUint64
	}
	return 1<<(8*size) - 1
}

// Int is the value of a signed number.
func (v Value) Int() int64 {
	shift := 64 - 8*v.Type.Size
	return int64(v.Bits<<shift) >> shift
}

// Float is the value of any number, as near as a float64 comes.
func (v Value) Float() float64 {
	switch {
	case v.Type.Kind == Signed:
		return float64(v.Int())
	case v.Type.Kind == Real && v.Type.Size == 4:
		return float64(math.Float32frombits(uint32(v.Bits)))
	case v.Type.Kind == Real:
		return math.Float64frombits(v.Bits)
	}
	return float64(v.Bits)
}

// String writes the value for people.
func (v Value) String() string {
	switch v.Type.Kind {
	case Octets:
		return fmt.Sprintf("%x", v.Raw)
	case Signed:
		return fmt.Sprint(v.Int())
	case Real:
		return fmt.Sprint(v.Float())
	}
	return fmt.Sprint(v.Bits)
}

// compare orders two values of one type; a value that is not a number is below all.
func (v Value) compare(w Value) int {
	switch v.Type.Kind {
	case Signed:
		return cmpOrdered(v.Int(), w.Int())
	case Real:
		return cmpFloat(v.Float(), w.Float())
	}
	return cmpOrdered(v.Bits, w.Bits)
}

func cmpOrdered[T int64 | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b || a != a:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// deltaType is the type of a difference of two values.
func (t Type) deltaType() Type {
	if t.Kind == Unsigned {
		return Type{Signed, t.Size}
	}
	return t
}

// minus is v - w in the type of differences, modulo its size.
func (v Value) minus(w Value) Value {
	if v.Type.Kind == Real {
		return RealValue(v.Float()-w.Float(), v.Type.Size)
	}
	return Value{Type: v.Type.deltaType(), Bits: (v.Bits - w.Bits) & mask(v.Type.Size)}
}

func (w *writer) value(v Value) {
	if v.Type.Kind == Octets {
		w.octets(v.Raw)
		return
	}
	w.uint(v.Bits, v.Type.Size)
}

func (r *reader) value(t Type) Value {
	if !t.valid() {
		r.fail("parameter type %d of %d octets", t.Kind, t.Size)
		return Value{}
	}
	if t.Kind == Octets {
		return Value{Type: t, Raw: r.octets(t.Size)}
	}
	return Value{Type: t, Bits: r.uint(t.Size)}
}

// typed reads a value of a parameter that the dictionary knows.
func (r *reader) typed(id uint64) Value {
	if r.err != nil {
		return Value{}
	}
	t, ok := r.lookup(id)
	if !ok {
		r.fail("no parameter %d", id)
		return Value{}
	}
	return r.value(t)
}

func (r *reader) lookup(id uint64) (Type, bool) {
	if r.p.Dictionary == nil {
		return Type{}, false
	}
	return r.p.Dictionary.ParameterType(id)
}
