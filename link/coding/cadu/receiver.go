package cadu

import (
	"spacechain/link/coding/conv"
)

// Receiver turns soft symbols into transfer frames: it finds the place of the symbols
// in the puncturing pattern, the polarity and the frames. Frames of a channel with a
// Reed-Solomon or LDPC code are handed out only where the code says that they are
// right; those of other channels want a look at their own check field. It is not safe
// for concurrent use.
type Receiver struct {
	c      Config
	lanes  []*lane
	leader *lane // the lane that is in step, the others resting
	taken  int64
}

// lane is a guess at where the pattern of the convolutional code begins.
type lane struct {
	offset  int // symbols before it
	decoder *conv.Decoder
	framer  *framer
	wait    int // symbols to drop before decoding (again)
	bits    []byte
}

// NewReceiver makes a receiver.
func NewReceiver(c Config) (*Receiver, error) {
	c, err := c.check()
	if err != nil {
		return nil, err
	}
	r := &Receiver{c: c}
	n := 1
	if c.Inner != nil {
		_, n = c.Inner.Rate.Period()
	}
	for i := range n {
		l := &lane{offset: i, framer: newFramer(c), wait: i}
		if c.Inner != nil {
			l.decoder = conv.NewDecoder(*c.Inner, 0)
		}
		r.lanes = append(r.lanes, l)
	}
	return r, nil
}

// FrameSize is the length of the frames that come out, in octets.
func (r *Receiver) FrameSize() int { return r.c.FrameSize }

// InStep reports whether frames are arriving where they are expected.
func (r *Receiver) InStep() bool { return r.leader != nil }

// Receive takes soft symbols in any portions and appends the frames that they complete
// to dst.
func (r *Receiver) Receive(dst []Frame, soft []int8) []Frame {
	const portion = 512 // symbols between two looks at who leads
	for len(soft) > 0 {
		n := min(len(soft), portion)
		dst = r.receive(dst, soft[:n])
		soft = soft[n:]
	}
	return dst
}

func (r *Receiver) receive(dst []Frame, soft []int8) []Frame {
	if r.leader != nil && !r.leader.framer.inStep() {
		r.wake()
	}
	for _, l := range r.lanes {
		if r.leader != nil && l != r.leader {
			continue
		}
		n := len(dst)
		dst = l.receive(dst, soft)
		if len(dst) > n && len(r.lanes) > 1 && l.framer.sure() {
			r.leader = l
			break
		}
	}
	r.taken += int64(len(soft))
	return dst
}

// wake lets all lanes guess again, each from its place in the pattern on.
func (r *Receiver) wake() {
	n := len(r.lanes)
	for _, l := range r.lanes {
		if l == r.leader {
			continue
		}
		l.decoder.Reset(false)
		l.framer.reset()
		l.wait = (l.offset + n - int(r.taken%int64(n))) % n
	}
	r.leader = nil
}

func (l *lane) receive(dst []Frame, soft []int8) []Frame {
	if drop := min(l.wait, len(soft)); drop > 0 {
		soft = soft[drop:]
		l.wait -= drop
	}
	if l.decoder == nil {
		for _, s := range soft {
			if f, ok := l.framer.take(s); ok {
				dst = append(dst, f)
			}
		}
		return dst
	}
	l.bits = l.decoder.Decode(l.bits[:0], soft)
	return l.frames(dst)
}

// frames gives decoded bits to the framer.
func (l *lane) frames(dst []Frame) []Frame {
	const sure = 64 // the magnitude of a decided bit
	for _, b := range l.bits {
		if f, ok := l.framer.take(int8(b)*2*sure - sure); ok {
			dst = append(dst, f)
		}
	}
	return dst
}

// Flush decodes what the Viterbi decoder holds back, as at the end of a signal, and
// appends the frames that this completes to dst. The stream is over then.
func (r *Receiver) Flush(dst []Frame) []Frame {
	if r.c.Inner == nil {
		return dst
	}
	for _, l := range r.lanes {
		if r.leader != nil && l != r.leader {
			continue
		}
		l.bits = l.decoder.Flush(l.bits[:0], false)
		n := len(dst)
		if dst = l.frames(dst); len(dst) > n && l.framer.checked {
			break
		}
	}
	return dst
}
