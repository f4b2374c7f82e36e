package fx25

import (
	"slices"

	"spacechain/link/coding"
)

// Frame is a frame received.
type Frame struct {
	AX25      []byte // without FCS, which was right
	Tag       Tag
	Corrected int   // octets corrected
	End       int64 // soft bits taken up to and with the word's last
}

// tagErrors is how many bits of a tag may be wrong: tags are 24 bits and more apart.
const tagErrors = 8

// Receiver finds FX.25 words in a stream of soft bits (after NRZI decoding). It is not
// safe for concurrent use.
type Receiver struct {
	last   uint64
	taken  int64
	inside bool
	tag    Tag
	word   []int8
}

// NewReceiver makes a receiver.
func NewReceiver() *Receiver { return &Receiver{} }

// Busy reports whether a word is under way.
func (r *Receiver) Busy() bool { return r.inside }

// Receive takes soft bits and appends the frames that they complete to dst.
func (r *Receiver) Receive(dst []Frame, soft []int8) []Frame {
	for _, s := range soft {
		r.taken++
		if !r.inside {
			r.last >>= 1
			if s > 0 {
				r.last |= 1 << 63
			}
			if t, ok := matches(r.last, tagErrors); ok && r.taken >= 64 {
				r.inside, r.tag, r.word = true, t, r.word[:0]
			}
			continue
		}
		if r.word = append(r.word, s); len(r.word) < 8*(r.tag.Data+r.tag.Parity) {
			continue
		}
		if f, ok := r.decode(); ok {
			dst = append(dst, f)
		}
		r.inside, r.last = false, 0
	}
	return dst
}

// decode tries the word as it stands and then with its weakest octets erased.
func (r *Receiver) decode() (Frame, bool) {
	n := r.tag.Data + r.tag.Parity
	c := code(r.tag.Parity)
	octets := coding.PackLSB(nil, coding.Harden(nil, r.word))
	weak := coding.Weakest(r.word, n)
	zeros := c.DataSize() - r.tag.Data
	for _, erase := range []int{0, r.tag.Parity / 2, r.tag.Parity * 3 / 4} {
		var word [255]byte
		copy(word[:], octets[:r.tag.Data])
		copy(word[c.DataSize():], octets[r.tag.Data:])
		var erasures []int
		for _, i := range weak[:min(erase, len(weak))] {
			if i >= r.tag.Data {
				i += zeros
			}
			erasures = append(erasures, i)
		}
		changed, err := c.Decode(word[:], erasures)
		if err != nil || slices.ContainsFunc(word[r.tag.Data:c.DataSize()], func(o byte) bool { return o != 0 }) {
			continue
		}
		if frame, ok := unstuff(coding.UnpackLSB(nil, word[:r.tag.Data])); ok {
			return Frame{AX25: frame, Tag: r.tag, Corrected: changed, End: r.taken}, true
		}
	}
	return Frame{}, false
}
