package conv

import "math/bits"

// Encoder turns bits into symbols. Its zero value is the plain code at rate 1/2 from
// state zero.
type Encoder struct {
	Code  Code
	state uint8 // the last six bits, the newest in bit 5
	phase int   // place in the puncturing pattern
}

// Encode appends the symbols of hard bits to dst.
func (e *Encoder) Encode(dst, data []byte) []byte {
	p := e.Code.Rate.pattern()
	var invert byte
	if e.Code.InvertG2 {
		invert = 1
	}
	for _, b := range data {
		r := b&1<<6 | e.state
		if p[e.phase] == '1' {
			dst = append(dst, byte(bits.OnesCount8(r&G1)&1))
		}
		if p[e.phase+1] == '1' {
			dst = append(dst, byte(bits.OnesCount8(r&G2)&1)^invert)
		}
		e.state = r >> 1
		if e.phase += 2; e.phase == len(p) {
			e.phase = 0
		}
	}
	return dst
}

// Tail appends the symbols of six zero bits to dst: they bring the encoder to state
// zero.
func (e *Encoder) Tail(dst []byte) []byte {
	var zeros [K - 1]byte
	return e.Encode(dst, zeros[:])
}

// Reset brings the encoder to state zero and the start of its pattern.
func (e *Encoder) Reset() { e.state, e.phase = 0, 0 }

// EncodeTailBiting appends the symbols of a block whose last six bits are the state
// that it starts from, so that no tail is needed. The block has six bits or more.
func (c Code) EncodeTailBiting(dst, data []byte) []byte {
	e := Encoder{Code: c}
	for _, b := range data[max(0, len(data)-(K-1)):] {
		e.state = e.state>>1 | b&1<<5
	}
	return e.Encode(dst, data)
}
