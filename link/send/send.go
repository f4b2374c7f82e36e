// Package send is the way back of package receive: frames in, audio or I/Q samples out, by the
// same names of modems and framings. What it sends, package receive and other people's programs
// hear.
//
// A [Sender] does no input or output and knows no clock. It is not safe for concurrent use.
package send

import (
	"fmt"
	"math"
	"strings"

	"spacechain/link/modem"
	"spacechain/link/receive"
)

// Options of a Sender. Only Rate must be set.
type Options struct {
	// Rate of the samples, Hz.
	Rate float64
	// Amplitude of the samples, up to 1; 0 stands for 0.5.
	Amplitude float64
	// Lead is for how many seconds the carrier goes before the first frame, so that the receiver
	// is in step, and Tail after the last. 0 stands for 0.2 s but at least 300 bits, or 1024 symbols of
	// QPSK, and 32 bits.
	Lead, Tail float64
	// CheckOctets are those of FX.25: 16, 32 or 64; 0 stands for 16.
	CheckOctets int
}

// Sender makes the samples of frames.
type Sender struct {
	m      receive.Modem
	opt    Options
	framer framer
}

// New returns a sender by the names of modem and framing.
func New(modemName, framing string, opt Options) (*Sender, error) {
	m, err := receive.ParseModem(modemName)
	if err != nil {
		return nil, err
	}
	if !(opt.Rate > 0) || math.IsInf(opt.Rate, 0) {
		return nil, fmt.Errorf("send %s at %g samples a second: give a sample rate", modemName, opt.Rate)
	}
	if opt.Amplitude == 0 {
		opt.Amplitude = 0.5
	}
	if !(opt.Amplitude > 0 && opt.Amplitude <= 1) {
		return nil, fmt.Errorf("send with an amplitude of %g: it goes up to 1", opt.Amplitude)
	}
	if opt.Lead == 0 {
		opt.Lead = max(0.2, 300/m.Baud())
		if p, ok := m.PSK(); ok && p.Scheme != modem.BPSK {
			opt.Lead = max(0.2, 1024/p.Baud)
		}
	}
	if opt.Tail == 0 {
		opt.Tail = 32 / m.Baud()
	}
	const longest = 60
	if !(opt.Lead >= 0 && opt.Lead <= longest && opt.Tail >= 0 && opt.Tail <= longest) {
		return nil, fmt.Errorf("send with a lead of %g s and a tail of %g s: each has 0 to %d", opt.Lead, opt.Tail, longest)
	}
	open, ok := framers[framing]
	if !ok {
		return nil, fmt.Errorf("no framing %q to send; there are %s", framing, strings.Join(receive.Framings(), ", "))
	}
	f, err := open(m, opt)
	if err != nil {
		return nil, fmt.Errorf("send %s/%s: %w", modemName, framing, err)
	}
	s := &Sender{m: m, opt: opt, framer: f}
	_, err = s.modulate(nil) // whether the modem can work at the rate
	return s, err
}

// Bits gives what the modem sends for frames, one bit a byte: the lead, the frames one after the
// other, the tail.
func (s *Sender) Bits(frames ...[]byte) ([]byte, error) {
	lead := int(s.opt.Lead*s.m.Baud() + 0.5)
	tail := int(s.opt.Tail*s.m.Baud() + 0.5)
	return s.framer(lead, tail, frames)
}

// Audio gives the audio of a transmission of frames, as a transmitter takes it in.
func (s *Sender) Audio(frames ...[]byte) ([]float32, error) {
	bits, err := s.Bits(frames...)
	if err != nil {
		return nil, err
	}
	return s.modulate(bits)
}

func (s *Sender) modulate(bits []byte) ([]float32, error) {
	if mode, ok := s.m.AFSK(); ok {
		m, err := modem.NewAFSKModulator(mode, s.opt.Rate, s.opt.Amplitude)
		if err != nil {
			return nil, err
		}
		return m.Modulate(nil, bits), nil
	}
	if mode, ok := s.m.FSK(); ok {
		m, err := modem.NewFSKModulator(mode, s.opt.Rate, s.opt.Amplitude)
		if err != nil {
			return nil, err
		}
		return m.Modulate(nil, lag(bits)), nil
	}
	p, _ := s.m.PSK()
	if top := p.Centre + s.m.Reach(); top > s.opt.Rate/2 {
		return nil, fmt.Errorf("send %s at %g samples a second: its audio reaches up to %g Hz, so take at least %g", s.m.Name, s.opt.Rate, top, 2*top)
	}
	m, err := p.NewModulator(s.opt.Rate)
	if err != nil {
		return nil, err
	}
	out := m.Flush(m.Modulate(nil, bits))
	for i := range out {
		out[i] *= float32(s.opt.Amplitude) * pskHeadroom
	}
	return out, nil
}

// pskHeadroom keeps the peaks between symbols of root-raised-cosine pulses below the amplitude.
const pskHeadroom = 0.5

// IQ gives the complex baseband samples of a transmission of frames; AFSK goes over FM.
func (s *Sender) IQ(frames ...[]byte) ([]complex64, error) {
	bits, err := s.Bits(frames...)
	if err != nil {
		return nil, err
	}
	if mode, ok := s.m.AFSK(); ok {
		m, err := modem.NewAFSKModulator(mode, s.opt.Rate, 1)
		if err != nil {
			return nil, err
		}
		fm, err := modem.NewFMModulator(s.m.FM(), s.opt.Rate)
		if err != nil {
			return nil, err
		}
		return s.scale(fm.ModulateIQ(nil, m.Modulate(nil, bits)), 1), nil
	}
	if mode, ok := s.m.FSK(); ok {
		m, err := modem.NewFSKModulator(mode, s.opt.Rate, s.opt.Amplitude)
		if err != nil {
			return nil, err
		}
		return m.ModulateIQ(nil, lag(bits)), nil
	}
	p, _ := s.m.PSK()
	p.Centre = 0
	m, err := p.NewModulator(s.opt.Rate)
	if err != nil {
		return nil, err
	}
	return s.scale(m.FlushIQ(m.ModulateIQ(nil, bits)), pskHeadroom), nil
}

// lag adds what a modulator of FSK holds back.
func lag(bits []byte) []byte { return append(bits[:len(bits):len(bits)], 0, 0, 0, 0) }

func (s *Sender) scale(x []complex64, by float64) []complex64 {
	g := complex(float32(s.opt.Amplitude*by), 0)
	for i, v := range x {
		x[i] = g * v
	}
	return x
}
