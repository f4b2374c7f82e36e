package world

import (
	"fmt"
	"slices"
	"time"

	"spacechain/link/channel"
	"spacechain/link/radio"
	"spacechain/world/topology"
)

// samples carries units through the modems: a trunk puts them into transfer frames, a
// transmitter turns those into samples, the channel adds noise, Doppler and clocks, a
// receiver finds the frames again, and the trunk gives out the units that are whole.
//
// The carrier is on while something waits and, with idle frames, for a moment after. In
// between no samples are worked out.
type samples struct {
	h     *hop
	side  int
	wave  *topology.Wave
	trunk *radio.Trunk // of both ends: its directions know nothing of each other
	tx    *radio.Transmitter
	rx    *radio.Receiver
	air   *channel.Samples

	running bool
	at      time.Time // the block under way begins
	idle    time.Time // since when nothing waits, zero if something does
	quiet   time.Time // nothing is to be heard from then on

	from     float64    // the channel's time at which the block begins, seconds
	shift    [2]float64 // Doppler at its begin and end, Hz
	noiseFor float64    // C/N0 that the noise is made for, dBHz

	count       int64 // samples given to the receiver
	block       int   // samples of a block
	frame       []byte
	sent, heard []complex64
	found       []radio.Frame
	lost        uint64 // frames counted as lost
}

const (
	blockTime   = 8 * time.Millisecond
	carrierHang = 60 * time.Millisecond // without anything to send
	noiseAfter  = 48 * time.Millisecond // so that the receiver sees that the carrier is gone
	clockPPM    = 20                    // between the two ends
)

// sampleRateLimit is the fastest waveform that is carried by samples, symbols a second.
const sampleRateLimit = 256e3

func newSamples(h *hop, side int) (*samples, error) {
	s := &samples{h: h, side: side, noiseFor: h.ends[side].budget.CN0DBHz}
	return s, s.begin()
}

// begin makes the chain for the waveform of its end.
func (s *samples) begin() (err error) {
	e := &s.h.ends[s.side]
	w := e.wave
	s.wave = w
	if w.SymbolRate > sampleRateLimit {
		return fmt.Errorf("%s is more than %g ksym/s", w.Modem, sampleRateLimit/1e3)
	}
	if s.trunk, err = radio.NewTrunk(w.Waveform, uint16(s.h.w.A%0xff)); err != nil {
		return err
	}
	if s.tx, err = w.NewTransmitter(); err != nil {
		return err
	}
	if s.rx, err = w.NewReceiver(); err != nil {
		return err
	}
	s.tx.Idle = s.trunk.Next // idle frames, where nothing waits
	s.block = int(w.SampleRate * blockTime.Seconds())
	s.count, s.from, s.lost = 0, 0, 0
	s.air, err = channel.NewSamples(channel.SampleOptions{
		Rate: w.SampleRate, CN0DBHz: s.noiseFor, CarrierHz: w.CarrierHz, ClockPPM: clockPPM,
		Doppler: channel.ProfileFunc(func(seconds float64) float64 {
			u := (seconds - s.from) / blockTime.Seconds()
			return s.shift[0] + u*(s.shift[1]-s.shift[0])
		}),
		GainDB: func(float64) float64 { return e.budget.CN0DBHz - s.noiseFor },
	}, s.h.rng.Uint64())
	return err
}

// depth implements carrier.
func (s *samples) depth() string { return "samples" }

// tune implements carrier. What is under way is lost, as when a station changes its rate.
func (s *samples) tune(time.Time) {
	if err := s.begin(); err != nil {
		s.h.u.fail(fmt.Errorf("tune %s %d-%d: %w", s.h.w.Kind, s.h.w.A, s.h.w.B, err))
	}
	s.running = false
}

// slack is how much later than by whole frames a unit may arrive: the carrier comes on, the
// receiver looks ahead, and blocks are worked out at their end.
func slack(w *topology.Wave) time.Duration {
	return w.Lead() + w.Latency() + 2*blockTime
}

// carry implements carrier.
func (s *samples) carry(now time.Time, unit []byte) {
	e := &s.h.ends[s.side]
	if !s.running && s.h.u.depth == Frames { // the universe goes by frames from now on
		e.carrier = newFrames(s.h, s.side)
		e.carrier.carry(now, unit)
		return
	}
	if s.trunk.Send(radio.Mesh, unit) != nil {
		return // its queue is full: lost, and sent again by the convergence layer
	}
	s.idle = time.Time{}
	if !s.running {
		s.running = true
		s.at = now
		s.next()
	}
}

func (s *samples) next() {
	trunk := s.trunk
	s.h.u.loop.At(s.at.Add(blockTime), func() {
		if !s.h.gone && s.running && s.trunk == trunk {
			s.work()
		}
	})
}

// work works out a block, which ends now.
func (s *samples) work() {
	now := s.h.u.loop.Now()
	e := &s.h.ends[s.side]
	s.h.assess(s.side, now)
	s.from = s.air.Time()
	for i, t := range [2]time.Time{s.at, now} {
		if g, err := s.h.u.topo.Hop(s.h.w.A, s.h.w.B, t); err == nil {
			s.shift[i] = channel.DopplerHz(s.wave.CarrierHz, g.RangeRateKmS)
		}
	}
	s.feed()
	s.sent = s.tx.Samples(s.sent[:0], s.block)
	s.heard = s.air.Process(s.heard[:0], s.sent)
	begun := s.count
	s.found = s.rx.Receive(s.found[:0], s.heard)
	s.count += int64(len(s.heard))
	for _, f := range s.found {
		at := s.at.Add(time.Duration(float64(f.Sample-begun) / s.wave.SampleRate * 1e9))
		// A frame that its own protocol refuses counts as lost.
		_ = s.trunk.Frame(f.Data, func(_ radio.Service, unit []byte) { s.h.land(s.side, at, slices.Clone(unit)) })
	}
	if s.tx.OnAir() {
		s.quiet = now.Add(s.wave.Latency() + noiseAfter)
	}
	s.at = now
	if n := s.missing(); n > s.lost {
		e.tally.lost += n - s.lost
		s.lost = n
	}
	if s.tx.OnAir() || s.tx.Waiting() > 0 || s.trunk.Pending() > 0 || now.Before(s.quiet) {
		s.next()
		return
	}
	s.running = false
}

// missing is how many frames were lost so far: by the gaps in their counts, and after the
// carrier is off all that did not come.
func (s *samples) missing() uint64 {
	n := s.trunk.Stats()
	if s.tx.OnAir() || s.tx.Waiting() > 0 || s.at.Before(s.quiet) {
		return n.Lost
	}
	return n.FramesSent - n.IdleSent - (n.Frames - n.IdleFrames)
}

// feed keeps the transmitter in frames, one ahead of the one on the air, and turns the
// carrier off when there have been none for a moment.
func (s *samples) feed() {
	e := &s.h.ends[s.side]
	for s.tx.Waiting() < 2 && s.trunk.Pending() > 0 {
		b, err := s.trunk.Next(s.frame[:0])
		if err != nil {
			break // cannot happen: the trunk was made for the waveform
		}
		s.frame = b
		s.tx.Key(true)
		if s.tx.Send(b) != nil {
			break
		}
		e.tally.frames++
		e.tally.airtime += s.wave.FrameTime
	}
	switch {
	case s.tx.Waiting() > 0 || s.trunk.Pending() > 0:
		s.idle = time.Time{}
	case s.idle.IsZero():
		s.idle = s.at
	case s.at.Sub(s.idle) >= carrierHang:
		s.tx.Key(false)
	}
}
