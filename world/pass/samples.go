package pass

import (
	"bytes"
	"math"
	"time"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

// blockTime is how much of a signal is worked out at a time.
const blockTime = 8 * time.Millisecond

// quiet is how much noise a receiver hears before and after a signal; in between, when
// neither side expects anything, its samples are not worked out, unless Config.Listen.
const quiet = 48 * time.Millisecond

// sampleEngine carries frames as a modulated signal through noise.
type sampleEngine struct {
	h    *hop
	pull func(now time.Time) ([]byte, bool)
	tx   *radio.Transmitter
	rx   *radio.Receiver
	ch   *channel.Samples
	n    int // samples of a block

	running bool
	at      time.Time // the next block begins
	origin  time.Time // of the channel's time
	samples int64     // given to the receiver since it began
	began   time.Time // when its first sample was, were it to run without pauses
	quiet   time.Time // nothing is to be heard from then on
	bursts  []radio.Burst
	off     time.Time // when the carrier of the burst under way is to go off; zero if none is
	idle    time.Time // since when a stream has had nothing to send; zero if it has
	ref     float64   // C/N0 that the noise is made for

	sent, heard []complex64
	found       []radio.Frame

	gainAt int64 // index of the grid of gains that is remembered
	gains  [2]float64
}

func newSampleEngine(h *hop, pull func(time.Time) ([]byte, bool)) (*sampleEngine, error) {
	w := h.wave
	e := &sampleEngine{h: h, pull: pull, n: int(math.Round(w.SampleRate * blockTime.Seconds())), gainAt: math.MinInt64}
	var err error
	if e.tx, err = w.NewTransmitter(); err != nil {
		return nil, err
	}
	if e.rx, err = w.NewReceiver(); err != nil {
		return nil, err
	}
	e.ref = h.clear(h.f.course.pass.Culmination)
	e.origin = h.f.from
	e.ch, err = channel.NewSamples(channel.SampleOptions{
		Rate: w.SampleRate, CN0DBHz: e.ref, CarrierHz: w.CarrierHz, ClockPPM: h.f.cfg.ClockPPM,
		Doppler: channel.ProfileFunc(e.doppler), GainDB: e.gainDB,
	}, h.f.cfg.Seed<<8^h.index)
	if err != nil {
		return nil, err
	}
	if h.f.cfg.Listen {
		e.quiet = h.f.until
		if pull != nil { // the carrier is on all the time
			e.tx.Key(true)
		}
		e.start(h.f.from)
	}
	return e, nil
}

// moment is the time at the receiver that belongs to the channel's.
func (e *sampleEngine) moment(seconds float64) time.Time {
	return e.origin.Add(time.Duration(seconds * 1e9))
}

func (e *sampleEngine) doppler(seconds float64) float64 {
	return channel.DopplerHz(e.h.wave.CarrierHz, e.h.f.geometry.at(e.moment(seconds)).rateKmS)
}

// gainStep is the grid on which fades are worked out, far finer than they are.
const gainStep = 10 * time.Millisecond

// gainDB is the signal's level against the one that the noise is made for.
func (e *sampleEngine) gainDB(seconds float64) float64 {
	t := e.moment(seconds).Sub(e.h.f.rise)
	i := int64(math.Floor(float64(t) / float64(gainStep)))
	if i != e.gainAt {
		if i == e.gainAt+1 {
			e.gains[0] = e.gains[1]
		} else {
			e.gains[0], _ = e.h.cn0(e.h.f.rise.Add(time.Duration(i) * gainStep))
		}
		e.gains[1], _ = e.h.cn0(e.h.f.rise.Add(time.Duration(i+1) * gainStep))
		e.gainAt = i
	}
	u := float64(t)/float64(gainStep) - float64(i)
	return e.gains[0] + u*(e.gains[1]-e.gains[0]) - e.ref
}

// burst waits for its time; the receiver listens from shortly before.
func (e *sampleEngine) burst(b radio.Burst) {
	e.bursts = append(e.bursts, b)
	e.h.stats.Bursts++
	e.listen(b.At.Add(-quiet))
}

func (e *sampleEngine) wake(now time.Time) {
	if e.pull != nil && now.Before(e.h.f.until) {
		e.idle = time.Time{}
		e.listen(now)
	}
}

// listen has the samples worked out from a time on.
func (e *sampleEngine) listen(from time.Time) {
	if e.running {
		return
	}
	e.start(from)
}

func (e *sampleEngine) start(from time.Time) {
	e.running = true
	now := e.h.f.loop.Now()
	if from.Before(now) {
		from = now
	}
	e.at = from
	// The channel's time and the receiver's count went on without samples.
	e.origin = from.Add(-time.Duration(e.ch.Time() * 1e9))
	e.began = from.Add(-time.Duration(float64(e.samples) / e.h.wave.SampleRate * 1e9))
	e.h.f.loop.At(from.Add(blockTime), e.block)
}

// block works out the samples of one block, which ends now.
func (e *sampleEngine) block() {
	h := e.h
	end := e.at.Add(blockTime)
	e.sent = e.sent[:0]
	if e.pull != nil {
		e.feed()
	}
	for len(e.sent) < e.n {
		n := e.n - len(e.sent)
		now := e.at.Add(time.Duration(float64(len(e.sent)) / h.wave.SampleRate * 1e9))
		until := func(t time.Time) int {
			return max(0, min(n, int(math.Ceil(t.Sub(now).Seconds()*h.wave.SampleRate-1e-6))))
		}
		switch {
		case !e.off.IsZero():
			if k := until(e.off); k > 0 {
				e.sent = e.tx.Samples(e.sent, k)
				continue
			}
			e.tx.Key(false)
			e.off = time.Time{}
		case len(e.bursts) > 0:
			b := e.bursts[0]
			if k := until(b.At); k > 0 {
				e.sent = e.tx.Samples(e.sent, k)
				continue
			}
			e.bursts = e.bursts[1:]
			e.begin(b)
		default:
			e.sent = e.tx.Samples(e.sent, n)
		}
	}
	if e.tx.OnAir() {
		e.quiet = later(e.quiet, end.Add(quiet+h.wave.Latency()))
	}
	e.heard = e.ch.Process(e.heard[:0], e.sent)
	e.found = e.rx.Receive(e.found[:0], e.heard)
	e.samples += int64(len(e.heard))
	for _, f := range e.found {
		e.arrive(f)
	}
	e.at = end
	h.f.count.samples += int64(e.n)
	if e.running = end.Before(e.quiet) || e.tx.OnAir() || e.tx.Waiting() > 0 ||
		len(e.bursts) > 0 && !e.bursts[0].At.After(end.Add(quiet)); e.running && end.Before(h.f.until) {
		h.f.loop.At(end.Add(blockTime), e.block)
		return
	}
	e.running = false
	e.expire()
	if len(e.bursts) > 0 && end.Before(h.f.until) {
		e.start(e.bursts[0].At.Add(-quiet))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// begin keys a burst.
func (e *sampleEngine) begin(b radio.Burst) {
	w := e.h.wave
	e.tx.Key(true)
	at := b.At.Add(w.Lead())
	for _, f := range b.Frames {
		if err := e.tx.Send(f); err != nil {
			continue // a frame that the waveform cannot carry is as good as lost
		}
		at = at.Add(w.Airtime(len(f)))
		e.h.depart(f, at.Add(e.h.f.geometry.light(at)))
	}
	if b.IdleTo.After(at) {
		e.off = b.IdleTo
	} else {
		e.tx.Key(false)
	}
}

// feed keeps a stream's transmitter in frames, one ahead of the one on the air.
func (e *sampleEngine) feed() {
	h := e.h
	for e.tx.Waiting() < 2 {
		data, ok := e.pull(e.at)
		if !ok {
			break
		}
		if !e.tx.OnAir() && e.tx.Waiting() == 0 && !h.f.cfg.Listen {
			h.stats.Bursts++
		}
		e.tx.Key(true)
		if err := e.tx.Send(data); err != nil {
			break
		}
		e.idle = time.Time{}
		at := e.at.Add(time.Duration(e.tx.Waiting()) * h.wave.Airtime(len(data)))
		if !e.tx.OnAir() {
			at = at.Add(h.wave.Lead())
		}
		h.depart(data, at.Add(h.f.geometry.light(at)))
	}
	if e.tx.Waiting() > 0 || h.f.cfg.Listen {
		return
	}
	if e.idle.IsZero() {
		e.idle = e.at
	}
	if e.at.Sub(e.idle) >= hang {
		e.tx.Key(false)
	}
}

// arrive takes a frame that the receiver found, and tells which one that was.
func (e *sampleEngine) arrive(f radio.Frame) {
	h := e.h
	at := e.began.Add(time.Duration(float64(f.Sample) / h.wave.SampleRate * 1e9))
	at = at.Add(h.f.geometry.light(at))
	for i, fl := range h.air {
		if !bytes.HasPrefix(f.Data, fl.data) {
			continue
		}
		for _, lost := range h.air[:i] {
			h.settle(lost, false, lost.end)
		}
		h.air = h.air[i+1:]
		h.settle(fl, true, at)
		break
	}
	data := bytes.Clone(f.Data)
	h.f.loop.At(at, func() { h.deliver(h.f.loop.Now(), data) })
}

// expire gives up frames that can no longer arrive.
func (e *sampleEngine) expire() {
	for _, fl := range e.h.air {
		e.h.settle(fl, false, fl.end)
	}
	e.h.air = e.h.air[:0]
}
