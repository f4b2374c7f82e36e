package radio

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Waveform is the managed parameters of one direction: modem, coding, frames. It is a plain
// value, shared freely; make one with [TTCUp], [Payload] and the others.
type Waveform struct {
	Name string // "ttc-up", "payload-down", …
	// Modem, Coding and Framing are for displays: "QPSK 256 ksym/s, RRC 0.35",
	// "RS(255,223) I=4 within convolutional 1/2", "AOS".
	Modem, Coding, Framing string
	CarrierHz              float64
	SymbolRate             float64 // symbols a second
	SampleRate             float64 // complex samples a second that Transmitter and Receiver work at
	FrameSize              int     // octets of each transfer frame; 0 for frames of any length (TC, AX.25, CSP)
	InfoRateBps            float64 // bits of transfer frames a second in a running stream

	plan *plan
}

// plan is how a waveform does it. It is never changed once made.
type plan struct {
	bitsPerSymbol float64
	least, most   int                  // octets of a frame
	bits          func(octets int) int // channel bits that a frame takes up
	leadBits      int
	tailBits      int
	delay         int // samples by which the modulator's symbols come late
	flush         int // samples that end a burst, on top of delay
	hold          time.Duration
	newLine       func() line
	newModulator  func() (modulator, error)
	newDetector   func() (detector, error)
	piece         int // samples that a receiver works on at a time
	losses        losses
}

// line turns frames into channel bits, one a byte.
type line interface {
	lead(dst []byte) []byte                  // begins a burst
	frame(dst, frame []byte) ([]byte, error) // just as many as plan.bits says
	idle(dst []byte) []byte                  // a short piece that keeps the receiver in step
	tail(dst []byte) []byte                  // ends a burst
}

// modulator turns channel bits into samples of mean power one.
type modulator interface {
	modulate(dst []complex64, bits []byte) []complex64
	// flush ends a burst. The next one begins as the first did.
	flush(dst []complex64) []complex64
}

// detector finds frames in samples.
type detector interface {
	detect(dst []Frame, in []complex64) []Frame
	flush(dst []Frame) []Frame
	state() (locked bool, offsetHz, snrDB float64)
}

// finish fills in what follows from the rest. Frames of any length count as such of the longest.
func (w Waveform) finish() Waveform {
	w.plan.losses.symbol = 10 * math.Log10(w.SymbolRate)
	size := w.plan.most
	w.InfoRateBps = float64(8*size) / w.Airtime(size).Seconds()
	return w
}

// Named gives the same waveform under another name and on another carrier.
func (w Waveform) Named(name string, carrierHz float64) Waveform {
	w.Name, w.CarrierHz = name, carrierHz
	return w
}

// String names the waveform and says how it works.
func (w Waveform) String() string {
	return fmt.Sprintf("%s: %s; %s; %s", w.Name, w.Modem, w.Coding, w.Framing)
}

// All lists the waveforms that have a name.
func All() []Waveform {
	return []Waveform{
		TTCUp(), TTCUp4800(), TTCDown(), Beacon(),
		Payload(256e3, RSConv).Named("payload-up", 2067e6),
		Payload(256e3, LDPC).Named("payload-down", 2245e6),
		InterSatellite(5.12e6), User(),
	}
}

// Find gives the waveform of a name; an unknown one is an error that lists those there are.
func Find(name string) (Waveform, error) {
	var names []string
	for _, w := range All() {
		if w.Name == name {
			return w, nil
		}
		names = append(names, w.Name)
	}
	return Waveform{}, fmt.Errorf("find waveform %q: there are %s", name, strings.Join(names, ", "))
}

// FrameLengths gives the shortest and the longest frame that the waveform carries, octets.
func (w Waveform) FrameLengths() (least, most int) {
	if w.plan == nil {
		return 0, 0
	}
	return w.plan.least, w.plan.most
}

// duration is how long so many channel bits take, to the nanosecond.
func (w Waveform) duration(bits int, samples int) time.Duration {
	s := float64(bits)/w.plan.bitsPerSymbol/w.SymbolRate + float64(samples)/w.SampleRate
	return time.Duration(math.Round(s * 1e9))
}

// Airtime is how long a frame of so many octets is on the air: marker, code and line included. In
// a stream of frames the next begins when it ends.
func (w Waveform) Airtime(frameLen int) time.Duration {
	if w.plan == nil {
		return 0
	}
	return w.duration(w.plan.bits(frameLen), 0)
}

// Lead is how long the carrier is on before the first frame, so that the receiver is in step.
func (w Waveform) Lead() time.Duration {
	if w.plan == nil {
		return 0
	}
	return w.duration(w.plan.leadBits, w.plan.delay)
}

// Tail is how long it stays on after the last one, so that the receiver's decoder comes to an end.
func (w Waveform) Tail() time.Duration {
	if w.plan == nil {
		return 0
	}
	return w.duration(w.plan.tailBits, w.plan.flush)
}

// Latency is how long after the end of a frame on the air, at the most, a receiver gives it out
// ([Frame].Sample): it looks ahead and decodes.
func (w Waveform) Latency() time.Duration {
	if w.plan == nil {
		return 0
	}
	return w.plan.hold
}

// noise makes bits that look random, always the same from its zero value on.
type noise uint32

// append appends the next n bits to dst.
func (s *noise) append(dst []byte, n int) []byte {
	state := uint32(*s)
	if state == 0 {
		state = 0x1d872b41
	}
	for range n {
		// x^32 + x^22 + x^2 + x + 1
		bit := (state ^ state>>10 ^ state>>30 ^ state>>31) & 1
		state = state>>1 | bit<<31
		dst = append(dst, byte(bit))
	}
	*s = noise(state)
	return dst
}
