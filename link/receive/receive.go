// Package receive joins modems and framings into receivers by name: audio or I/Q samples in,
// frames out. It is what listens to a recording, a sound card or a software radio without being
// told more than which kinds of signal to expect, if even that.
//
// A [Modem] turns samples into soft bits, a framing finds frames in these; package send is the
// way back. Which of them belong together by custom is in [Combinations]; a modem and a framing
// asked for by name need no custom.
//
// # False frames
//
// No frame comes out that a code or a checksum does not vouch for. For AX.25 see package tnc, for
// CCSDS the comments of this package's search for codes.
//
// A receiver streams, does no input or output and knows no clock: times count seconds of
// samples. It is not safe for concurrent use.
package receive

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"spacechain/link/modem/tnc"
)

// Frame is a frame received.
type Frame struct {
	Modem, Framing string
	// Time is when it had come in whole, seconds of samples, to some bits.
	Time float64
	// Data is what is inside the framing: of AX.25 from the addresses on, without flags and
	// check sequence; of CCSDS a transfer frame.
	Data []byte
	// Corrected counts what was repaired: bits of AX.25 and of the data of an LDPC code, octets of a
	// Reed-Solomon code.
	Corrected int
	// Offset is how far from where it was expected the carrier was looked for, in hertz; of I/Q
	// samples only.
	Offset float64
}

// Receiver finds frames in audio samples.
type Receiver interface {
	// Process takes the next samples and appends the frames that are settled to dst.
	Process(dst []Frame, src []float32) []Frame
	// Flush appends what is still under way at the end.
	Flush(dst []Frame) []Frame
}

// Options say how to listen.
type Options struct {
	// Rate of the samples, Hz.
	Rate float64
	// Effort: where several demodulators may be run side by side, whether they are.
	Effort tnc.Effort
	// FrameSize is the length of CCSDS frames in octets where it is known; 0 lets the receiver
	// find out. Uncoded frames that come one at a time cannot be told without it.
	FrameSize int
}

// recent remembers the frames given out lately, so that one that several sources find counts once.
type recent struct {
	window float64 // seconds within which they may find it
	frames []sourced
}

// sourced is a frame given out, and the sources that have found it.
type sourced struct {
	Frame
	sources []int
}

// known tells whether another source gave this frame already, and remembers it. One source that
// gives a frame twice was sent it twice: its second is what another source has found a second
// time, if any has.
func (r *recent) known(source int, fr Frame) bool {
	kept := r.frames[:0]
	for _, old := range r.frames {
		if fr.Time-old.Time <= r.window {
			kept = append(kept, old)
		}
	}
	r.frames = kept
	for i := range kept {
		if old := &kept[i]; bytes.Equal(old.Data, fr.Data) && !slices.Contains(old.sources, source) {
			old.sources = append(old.sources, source)
			return true
		}
	}
	r.frames = append(kept, sourced{fr, []int{source}})
	return false
}

// Bank is several receivers of the same samples as one.
type Bank struct {
	receivers []Receiver
	recent    recent
	found     []Frame
}

// Process implements Receiver.
func (b *Bank) Process(dst []Frame, src []float32) []Frame {
	for i, r := range b.receivers {
		b.found = r.Process(b.found[:0], src)
		dst = b.take(dst, i)
	}
	return dst
}

// Flush implements Receiver.
func (b *Bank) Flush(dst []Frame) []Frame {
	for i, r := range b.receivers {
		b.found = r.Flush(b.found[:0])
		dst = b.take(dst, i)
	}
	return dst
}

func (b *Bank) take(dst []Frame, from int) []Frame {
	for _, f := range b.found {
		if !b.recent.known(from, f) {
			dst = append(dst, f)
		}
	}
	return dst
}

// Open makes one receiver of several combinations, which share demodulators where they can. What
// cannot work at the sample rate is left out and named in the second result.
func Open(combinations []Combination, opt Options) (*Bank, []error) {
	// A demodulator of PSK looks ahead, and error correction stands behind a frame that is heard
	// without it too: what different receivers find of one frame may be seconds apart.
	bank := &Bank{recent: recent{window: sameFrame}}
	refused := group(combinations, func(m Modem, of []Combination) error {
		some, err := openModem(m, of, opt)
		bank.receivers = append(bank.receivers, some...)
		return err
	})
	return bank, refused
}

// sameFrame is within how many seconds different receivers may find one frame.
const sameFrame = 2.5

// RefusedError is a modem that cannot work as was asked.
type RefusedError struct {
	Modem string
	Err   error
}

// Error says which modem and why.
func (e *RefusedError) Error() string { return fmt.Sprintf("receive %s: %v", e.Modem, e.Err) }

// Unwrap gives the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// group calls open for each modem with its combinations, in their order.
func group(combinations []Combination, open func(Modem, []Combination) error) []error {
	var refused []error
	done := map[string]bool{}
	for i, c := range combinations {
		if done[c.Modem] {
			continue
		}
		done[c.Modem] = true
		m, err := ParseModem(c.Modem)
		if err == nil {
			var of []Combination
			for _, o := range combinations[i:] {
				if o.Modem == c.Modem {
					of = append(of, o)
				}
			}
			err = open(m, of)
		}
		if err != nil {
			refused = append(refused, &RefusedError{c.Modem, err})
		}
	}
	return refused
}

// openModem makes the receivers of a modem with some framings.
func openModem(m Modem, of []Combination, opt Options) ([]Receiver, error) {
	var all []Receiver
	var bits *bitReceiver
	for _, c := range of {
		f, ok := framings[c.Framing]
		if !ok {
			return nil, fmt.Errorf("no framing %q; there are %s", c.Framing, strings.Join(Framings(), ", "))
		}
		if f.packet && m.kind != keyPSK {
			r, err := newPacket(m, f, opt)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
			continue
		}
		if bits == nil {
			var err error
			if bits, err = newBitReceiver(m, opt); err != nil {
				return nil, err
			}
			all = append(all, bits)
		}
		bits.add(c.Framing, f, opt)
	}
	return all, nil
}
