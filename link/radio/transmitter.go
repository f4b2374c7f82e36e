package radio

import (
	"errors"
	"fmt"
	"slices"
)

// ErrFull says that a queue has reached its bound.
var ErrFull = errors.New("full")

// ErrLength says that a frame or unit has a length that cannot be carried.
var ErrLength = errors.New("wrong length")

// Bounds of what waits in a transmitter.
const (
	mostFrames = 4096
	mostOctets = 1 << 22
)

// Transmitter turns frames into samples of mean power 1; keyed off it gives zeros. Make it with
// [Waveform.NewTransmitter].
type Transmitter struct {
	// Idle appends to dst the transfer frame that goes out when the transmitter is keyed and
	// nothing waits. Nil, or an error or a frame of the wrong length, lets the line idle as the
	// modem does. Waveforms without a FrameSize never ask.
	Idle func(dst []byte) ([]byte, error)

	w     Waveform
	line  line
	mod   modulator
	phase phase
	keyed bool
	begin bool // a burst is due

	queue  [][]byte
	octets int

	bits  []byte
	frame []byte
	out   []complex64
	onAir bool
	at    int     // samples of out given out
	marks []int64 // where the frames under way end, samples made since the start
	made  int64   // samples made
	given int64   // samples given out
}

// phase is what a transmitter is about.
type phase int

const (
	off phase = iota
	sending
)

// NewTransmitter returns a transmitter, keyed off.
func (w Waveform) NewTransmitter() (*Transmitter, error) {
	if w.plan == nil {
		return nil, errors.New("new transmitter: a waveform that this package did not make")
	}
	m, err := w.plan.newModulator()
	if err != nil {
		return nil, fmt.Errorf("new transmitter of %s: %w", w.Name, err)
	}
	return &Transmitter{w: w, line: w.plan.newLine(), mod: m}, nil
}

// Key turns the carrier on, or off once all frames queued have gone. On and off again before the
// next sample is a burst of what is queued.
func (t *Transmitter) Key(on bool) {
	t.keyed = on
	t.begin = t.begin || on && t.phase == off
}

// OnAir says whether the last sample given out was of a carrier.
func (t *Transmitter) OnAir() bool { return t.onAir }

// Send queues a frame behind the others. One of a length that the waveform does not carry is an
// error, as is one more than the queue holds. The octets are copied.
func (t *Transmitter) Send(frame []byte) error {
	if len(frame) < t.w.plan.least || len(frame) > t.w.plan.most {
		return fmt.Errorf("send a frame of %d octets by %s, which takes %d to %d: %w", len(frame), t.w.Name, t.w.plan.least, t.w.plan.most, ErrLength)
	}
	if len(t.queue) >= mostFrames || t.octets+len(frame) > mostOctets {
		return fmt.Errorf("send a frame by %s behind %d others: %w", t.w.Name, len(t.queue), ErrFull)
	}
	t.queue = append(t.queue, slices.Clone(frame))
	t.octets += len(frame)
	return nil
}

// Waiting is how many frames are queued and not yet wholly on the air.
func (t *Transmitter) Waiting() int { return len(t.queue) + len(t.marks) }

// Samples appends the next n samples to dst.
func (t *Transmitter) Samples(dst []complex64, n int) []complex64 {
	for n > 0 {
		if t.at == len(t.out) {
			t.out, t.at = t.out[:0], 0
			if !t.fill() {
				dst = append(dst, make([]complex64, n)...)
				t.onAir = false
				t.made += int64(n)
				t.given += int64(n)
				break
			}
			t.made += int64(len(t.out))
		}
		k := min(n, len(t.out)-t.at)
		dst = append(dst, t.out[t.at:t.at+k]...)
		t.onAir = true
		t.at += k
		t.given += int64(k)
		n -= k
	}
	for len(t.marks) > 0 && t.marks[0] <= t.given {
		t.marks = slices.Delete(t.marks, 0, 1)
	}
	return dst
}

// fill makes the next samples, or reports that the carrier is off.
func (t *Transmitter) fill() bool {
	t.bits = t.bits[:0]
	switch {
	case t.phase == off && !t.begin:
		return false
	case t.phase == off:
		t.phase, t.begin = sending, false
		t.bits = t.line.lead(t.bits)
	case len(t.queue) > 0:
		f := t.queue[0]
		t.queue[0] = nil
		t.queue = t.queue[1:]
		t.octets -= len(f)
		bits, err := t.line.frame(t.bits, f)
		if err != nil {
			// Send checked the length, and nothing else can go wrong.
			bits = t.line.idle(bits[:0])
		}
		t.bits = bits
		t.out = t.mod.modulate(t.out, t.bits)
		t.marks = append(t.marks, t.made+int64(len(t.out))+int64(t.w.plan.delay))
		return true
	case !t.keyed:
		t.bits = t.line.tail(t.bits)
		t.out = t.mod.flush(t.mod.modulate(t.out, t.bits))
		t.phase = off
		return true
	case !t.idleFrame():
		t.bits = t.line.idle(t.bits[:0])
	}
	t.out = t.mod.modulate(t.out, t.bits)
	return true
}

// idleFrame fetches an idle frame and codes it into t.bits.
func (t *Transmitter) idleFrame() bool {
	if t.Idle == nil || t.w.FrameSize == 0 {
		return false
	}
	f, err := t.Idle(t.frame[:0])
	if err != nil || len(f) != t.w.FrameSize {
		return false
	}
	t.frame = f
	t.bits, err = t.line.frame(t.bits, f)
	return err == nil
}
