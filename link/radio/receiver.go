package radio

import (
	"errors"
	"fmt"
)

// Frame is a transfer frame received.
type Frame struct {
	Data []byte
	// Sample is how many samples had been received when it was complete.
	Sample int64
	// Corrected counts what the code repaired: octets of Reed-Solomon, bits elsewhere, passes of
	// the LDPC decoder.
	Corrected int
}

// Receiver finds frames in samples. Make it with [Waveform.NewReceiver].
type Receiver struct {
	w       Waveform
	d       detector
	piece   []complex64 // samples that wait until a piece is full
	samples int64
}

// NewReceiver returns a receiver that knows nothing yet.
func (w Waveform) NewReceiver() (*Receiver, error) {
	if w.plan == nil {
		return nil, errors.New("new receiver: a waveform that this package did not make")
	}
	d, err := w.plan.newDetector()
	if err != nil {
		return nil, fmt.Errorf("new receiver of %s: %w", w.Name, err)
	}
	return &Receiver{w: w, d: d, piece: make([]complex64, 0, w.plan.piece)}, nil
}

// Receive takes samples and appends the frames that they complete to dst. However the samples
// are cut into blocks, the same comes out.
func (r *Receiver) Receive(dst []Frame, in []complex64) []Frame {
	for len(in) > 0 {
		if len(r.piece) == 0 && len(in) >= cap(r.piece) {
			dst = r.take(dst, in[:cap(r.piece)])
			in = in[cap(r.piece):]
			continue
		}
		n := min(len(in), cap(r.piece)-len(r.piece))
		r.piece = append(r.piece, in[:n]...)
		in = in[n:]
		if len(r.piece) == cap(r.piece) {
			dst = r.take(dst, r.piece)
			r.piece = r.piece[:0]
		}
	}
	return dst
}

func (r *Receiver) take(dst []Frame, in []complex64) []Frame {
	r.samples += int64(len(in))
	from := len(dst)
	dst = r.d.detect(dst, in)
	for i := range dst[from:] {
		dst[from+i].Sample = r.samples
	}
	return dst
}

// Flush ends the stream and appends the frames still under way to dst.
func (r *Receiver) Flush(dst []Frame) []Frame {
	if len(r.piece) > 0 {
		dst = r.take(dst, r.piece)
		r.piece = r.piece[:0]
	}
	from := len(dst)
	dst = r.d.flush(dst)
	for i := range dst[from:] {
		dst[from+i].Sample = r.samples
	}
	return dst
}

// State tells whether a signal is followed, how far its carrier is off, and the ratio of a
// symbol's energy to the noise density, Es/N0.
func (r *Receiver) State() (locked bool, offsetHz, snrDB float64) { return r.d.state() }
