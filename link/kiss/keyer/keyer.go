// Package keyer is the radio side of a terminal node controller: frames that wait to be sent, when
// the channel may be taken, and audio both ways. What KISS clients set (delays, persistence) it
// keeps.
//
// A [Keyer] is a core: blocks of received audio in, blocks of audio to transmit of the same length
// out, frames in and out beside them. Its clock is the samples. It is not safe for concurrent use.
package keyer

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"spacechain/link/kiss"
	"spacechain/link/modem"
	"spacechain/link/modem/tnc"
	"spacechain/link/receive"
	"spacechain/link/send"
)

// Options of a Keyer. Rate, Modem and Framing must be set.
type Options struct {
	Modem, Framing string
	Rate           float64 // of the samples, Hz
	Effort         tnc.Effort
	Amplitude      float64 // of what is sent; 0 stands for 0.5
	// Listen also while sending: a loop of audio, or a radio with two bands.
	FullDuplex bool
	// Rand decides about persistence.
	Rand *rand.Rand
}

// What may wait to be sent. A client that floods loses its frames, not our memory.
const (
	maxWaiting = 256
	maxBurst   = 16   // frames sent in one keying
	maxOctets  = 4096 // of them together, but for a single frame: half a minute at 1200 bit/s
)

// Errors of Queue.
var (
	ErrFull = errors.New("too many frames wait to be sent")
	ErrOff  = errors.New("this port has no radio")
)

// Keyer sends and receives frames of one radio channel.
type Keyer struct {
	opt     Options
	hears   receive.Receiver
	carrier *carrier

	delay, tail float64 // seconds
	persistence int     // p × 256 - 1
	slot        float64 // seconds
	duplex      bool

	waiting [][]byte
	air     []float32 // to be sent
	until   int64     // sample at which the channel is looked at next
	samples int64
	found   []receive.Frame
	stats   Stats
}

// Stats counts what a Keyer did.
type Stats struct {
	Received, Sent, Keyed int64 // frames, frames, times the carrier went on
	Dropped               int64 // frames that could not be sent: the queue was full, or the framing cannot carry them
	Deferred              int64 // slots waited because the channel was in use
}

// New returns a Keyer with the delays that KISS has at the start: 0.5 s before data, persistence
// 0.25, slots of 0.1 s.
func New(opt Options) (*Keyer, error) {
	if opt.Rand == nil {
		return nil, errors.New("keyer: no source of chance")
	}
	k := &Keyer{opt: opt, delay: 0.5, tail: 0.02, persistence: 63, slot: 0.1, duplex: opt.FullDuplex}
	if _, err := k.sender(); err != nil {
		return nil, err
	}
	found, err := receive.Find(opt.Modem, opt.Framing)
	if err != nil {
		return nil, err
	}
	bank, refused := receive.Open(found, receive.Options{Rate: opt.Rate, Effort: opt.Effort})
	if len(refused) > 0 {
		return nil, refused[0]
	}
	k.hears = bank
	k.carrier, err = newCarrier(opt.Modem, opt.Rate)
	return k, err
}

func (k *Keyer) sender() (*send.Sender, error) {
	return send.New(k.opt.Modem, k.opt.Framing, send.Options{
		Rate: k.opt.Rate, Amplitude: k.opt.Amplitude, Lead: max(k.delay, 0.001), Tail: max(k.tail, 0.001),
	})
}

// Set takes a frame of a KISS client: data to send, or a setting.
func (k *Keyer) Set(f kiss.Frame) error {
	if f.Command == kiss.Return {
		return nil // there is nothing else to return to
	}
	if f.Port != 0 {
		k.stats.Dropped++
		return fmt.Errorf("KISS frame of %v to port %d: %w", f.Command, f.Port, ErrOff)
	}
	if f.Command == kiss.Data {
		return k.Queue(f.Data)
	}
	if len(f.Data) == 0 {
		return fmt.Errorf("KISS frame of %v without a value", f.Command)
	}
	v := int(f.Data[0])
	switch f.Command {
	case kiss.TXDelay:
		k.delay = float64(v) / 100
	case kiss.TXTail:
		k.tail = float64(v) / 100
	case kiss.Persistence:
		k.persistence = v
	case kiss.SlotTime:
		k.slot = float64(v) / 100
	case kiss.FullDuplex:
		k.duplex = v != 0
	}
	return nil
}

// Queue takes a frame to be sent: of AX.25 from the addresses on.
func (k *Keyer) Queue(frame []byte) error {
	if len(k.waiting) >= maxWaiting {
		k.stats.Dropped++
		return ErrFull
	}
	k.waiting = append(k.waiting, append([]byte(nil), frame...))
	return nil
}

// Busy tells whether anything waits or is under way.
func (k *Keyer) Busy() bool { return len(k.waiting) > 0 || len(k.air) > 0 }

// Stats tells what has been done so far.
func (k *Keyer) Stats() Stats { return k.stats }

// Process takes a block of received audio, appends what goes out in the same time to out, and the
// frames received to frames.
func (k *Keyer) Process(out []float32, frames []receive.Frame, in []float32) ([]float32, []receive.Frame) {
	const step = 256 // samples between two looks at the channel
	for len(in) > 0 {
		n := min(len(in), step)
		sending := len(k.air) > 0
		if !sending || k.duplex || k.opt.FullDuplex {
			k.found = k.hears.Process(k.found[:0], in[:n])
			k.stats.Received += int64(len(k.found))
			frames = append(frames, k.found...)
			k.carrier.process(in[:n])
		} else {
			// Its own signal in the receiver is none: silence keeps the receiver's time.
			k.found = k.hears.Process(k.found[:0], make([]float32, n))
			k.stats.Received += int64(len(k.found))
			frames = append(frames, k.found...)
		}
		k.samples += int64(n)
		if !sending {
			k.access()
		}
		m := min(n, len(k.air))
		out = append(out, k.air[:m]...)
		out = append(out, make([]float32, n-m)...)
		if k.air = k.air[m:]; len(k.air) == 0 {
			k.air = nil
		}
		in = in[n:]
	}
	return out, frames
}

// Flush gives the frames still under way when no more audio comes.
func (k *Keyer) Flush(frames []receive.Frame) []receive.Frame {
	k.found = k.hears.Flush(k.found[:0])
	k.stats.Received += int64(len(k.found))
	return append(frames, k.found...)
}

// access keys the transmitter if something waits and the channel may be taken (p-persistent
// carrier sense, KISS paper §4).
func (k *Keyer) access() {
	if len(k.waiting) == 0 || k.samples < k.until {
		return
	}
	if !k.duplex && !k.opt.FullDuplex {
		if k.carrier.busy() || k.opt.Rand.IntN(256) > k.persistence {
			k.stats.Deferred++
			k.until = k.samples + int64(k.slot*k.opt.Rate)
			return
		}
	}
	s, err := k.sender()
	if err != nil {
		return // New made one with the same names
	}
	n, octets := 1, len(k.waiting[0])
	for n < min(len(k.waiting), maxBurst) && octets+len(k.waiting[n]) <= maxOctets {
		octets += len(k.waiting[n])
		n++
	}
	burst := k.waiting[:n]
	k.waiting = k.waiting[len(burst):]
	if air, err := s.Audio(burst...); err == nil {
		k.air = air
		k.stats.Sent += int64(len(burst))
	} else {
		// One of them cannot be carried: each on its own then.
		for _, frame := range burst {
			air, err := s.Audio(frame)
			if err != nil {
				k.stats.Dropped++
				continue
			}
			k.air = append(k.air, air...)
			k.stats.Sent++
		}
	}
	if len(k.air) > 0 {
		k.stats.Keyed++
	}
}

// carrier tells whether somebody sends: a demodulator of its own judges how clear the bits are.
type carrier struct {
	demod modem.AudioDemodulator
	snr   func() float64
	soft  []int8
}

// busySNR is the Eb/N0 in decibels above which a channel is in use: noise alone stays below, and
// what is decoded is above it.
const busySNR = 7

func newCarrier(name string, rate float64) (*carrier, error) {
	m, err := receive.ParseModem(name)
	if err != nil {
		return nil, err
	}
	if mode, ok := m.AFSK(); ok {
		d, err := modem.NewAFSKDemodulator(mode, rate, modem.AFSKOptions{Steady: true, Window: 64})
		if err != nil {
			return nil, err
		}
		return &carrier{demod: d, snr: d.SNR}, nil
	}
	if mode, ok := m.FSK(); ok {
		d, err := modem.NewFSKDemodulator(mode, rate, modem.FSKOptions{Steady: true, Window: 64})
		if err != nil {
			return nil, err
		}
		return &carrier{demod: d, snr: d.SNR}, nil
	}
	p, _ := m.PSK()
	d, err := p.NewDemodulator(rate)
	if err != nil {
		return nil, err
	}
	return &carrier{demod: d, snr: func() float64 {
		if s := d.State(); s.Locked {
			return s.EsN0DB
		}
		return 0
	}}, nil
}

func (c *carrier) process(in []float32) { c.soft = c.demod.Process(c.soft[:0], in) }

func (c *carrier) busy() bool { return c.snr() > busySNR }
