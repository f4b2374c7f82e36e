package pass

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"spacechain/link/radio"
)

// hop is one direction of one link, whatever its depth.
type hop struct {
	f       *flight
	index   uint64
	wave    radio.Waveform
	fades   []Fade
	shimmer *shimmer
	carrier []float64 // C/N0 without fades, dBHz, every stride moments of the geometry's grid
	least   float64   // threshold, dBHz

	deliver func(now time.Time, frame []byte)
	engine  engine
	air     []flying // frames on the air, in order
	stats   LinkReport
}

// engine is what carries frames at a depth.
type engine interface {
	// burst sends the frames of a burst at its time.
	burst(b radio.Burst)
	// wake tells that frames wait for a stream.
	wake(now time.Time)
}

// flying is a frame that was sent and has not arrived.
type flying struct {
	data   []byte
	end    time.Time // its last bit arrives
	cn0    float64
	faded  bool
	number uint64
}

func (f *flight) newHop(index uint64, w radio.Waveform, carrier []float64, deliver func(time.Time, []byte)) *hop {
	h := &hop{f: f, index: index, wave: w, carrier: carrier, deliver: deliver}
	typical := w.FrameSize
	if typical == 0 {
		typical = 64
	}
	h.least = w.RequiredCN0DBHz(0.5, typical)
	for _, fade := range f.cfg.Fades {
		if fade.Link == "" || fade.Link == w.Name {
			h.fades = append(h.fades, fade)
		}
	}
	h.shimmer = newShimmer(f.cfg.Shimmer, f.cfg.Seed<<8^index)
	h.stats = LinkReport{Name: w.Name, Modem: w.Modem, Coding: w.Coding, Framing: w.Framing, CarrierHz: w.CarrierHz,
		MinEbN0DB: math.Inf(1), MaxEbN0DB: math.Inf(-1)}
	return h
}

// clear is C/N0 without fades, dBHz: straight between the moments that were worked out.
func (h *hop) clear(t time.Time) float64 {
	s := t.Sub(h.f.geometry.start).Seconds() / (stride * gridStep.Seconds())
	i := min(max(int(s), 0), len(h.carrier)-2)
	u := min(max(s-float64(i), 0), 1)
	a, b := h.carrier[i], h.carrier[i+1]
	return a + float64(u*(b-a))
}

// cn0 is C/N0 at a moment at which it arrives, dBHz, and whether a scripted fade is on.
func (h *hop) cn0(t time.Time) (db float64, faded bool) {
	clear := h.clear(t)
	db = clear + h.shimmer.gainDB(t.Sub(h.f.rise).Seconds())
	for _, fade := range h.fades {
		if d := fade.depth(t.Sub(h.f.rise) - fade.After); d > 0 {
			faded = true
			db -= float64(d * max(clear-h.least+fade.BelowDB, 0))
		}
	}
	return db, faded
}

// depart notes a frame that is sent; end is when its last bit arrives.
func (h *hop) depart(data []byte, end time.Time) *flying {
	cn0, faded := h.cn0(end.Add(-h.wave.Airtime(len(data)) / 2))
	h.stats.Sent++
	h.stats.Octets += uint64(len(data))
	h.stats.Airtime += h.wave.Airtime(len(data))
	eb := cn0 - 10*math.Log10(float64(8*len(data))/h.wave.Airtime(len(data)).Seconds())
	h.stats.MinEbN0DB, h.stats.MaxEbN0DB = min(h.stats.MinEbN0DB, eb), max(h.stats.MaxEbN0DB, eb)
	h.air = append(h.air, flying{data: data, end: end, cn0: cn0, faded: faded, number: h.stats.Sent})
	if c := h.f.cfg.Capture; c != nil {
		c(h.wave.Name, end, data)
	}
	return &h.air[len(h.air)-1]
}

// settle ends a frame's way.
func (h *hop) settle(fl flying, arrived bool, at time.Time) {
	if !arrived {
		h.stats.Lost++
		if fl.faded {
			h.stats.Faded++
		}
	}
	h.f.digest(h.index, fl.number, arrived, at)
}

// digest adds what became of a frame to the history.
func (f *flight) digest(link, number uint64, arrived bool, at time.Time) {
	b := f.line[:0]
	b = append(b, 'F', byte(link))
	b = binary.BigEndian.AppendUint64(b, number)
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixNano()))
	if arrived {
		b = append(b, 1)
	}
	f.line = b
	f.history.Write(b)
}

// frameEngine carries whole frames: they are late by their time on the air, and lost by
// chance.
type frameEngine struct {
	h     *hop
	rng   *rand.Rand
	pull  func(now time.Time) ([]byte, bool)
	busy  bool
	keyed time.Time // the carrier is on until then without frames
}

func newFrameEngine(h *hop, pull func(time.Time) ([]byte, bool)) *frameEngine {
	return &frameEngine{h: h, pull: pull, rng: rand.New(rand.NewPCG(h.f.cfg.Seed, 0x66726d00|h.index))}
}

func (e *frameEngine) burst(b radio.Burst) {
	h := e.h
	h.stats.Bursts++
	at := b.At.Add(h.wave.Lead())
	for _, f := range b.Frames {
		at = at.Add(h.wave.Airtime(len(f)))
		e.send(f, at)
	}
}

// send has a frame whose last bit leaves at a time arrive, or not.
func (e *frameEngine) send(data []byte, leaves time.Time) {
	h := e.h
	end := leaves.Add(h.f.geometry.light(leaves))
	fl := *h.depart(data, end)
	h.air = h.air[:0]
	arrived := e.rng.Float64() >= h.wave.FrameErrorRate(fl.cn0, len(data))
	h.settle(fl, arrived, end)
	if arrived {
		h.f.loop.At(end.Add(h.wave.Latency()), func() { h.deliver(h.f.loop.Now(), data) })
	}
}

// hang is how long a stream's carrier stays on when nothing waits.
const hang = 250 * time.Millisecond

func (e *frameEngine) wake(now time.Time) {
	if e.busy || e.pull == nil {
		return
	}
	e.busy = true
	start := now
	if e.keyed.Before(now) {
		e.h.stats.Bursts++
		start = now.Add(e.h.wave.Lead())
	}
	e.h.f.loop.At(start, e.next)
}

func (e *frameEngine) next() {
	now := e.h.f.loop.Now()
	data, ok := e.pull(now)
	if !ok {
		e.busy, e.keyed = false, now.Add(hang)
		return
	}
	end := now.Add(e.h.wave.Airtime(len(data)))
	e.send(data, end)
	e.h.f.loop.At(end, e.next)
}
