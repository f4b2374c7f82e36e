package radio_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

// cpuTime is what this process has used of processors so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// pass is the Doppler of a low orbit at a carrier.
func pass(w radio.Waveform) channel.Flyby {
	return channel.Flyby{CarrierHz: w.CarrierHz, SpeedKmS: 7.4, NearestKm: 500, NearestAtS: 60}
}

// BenchmarkHop is one direction of a hop from frames to frames: transmitter, channel with noise,
// Doppler, clock error and fading, receiver. It reports how many times faster than real time that
// goes in processor time.
func BenchmarkHop(b *testing.B) {
	for _, w := range radio.All() {
		b.Run(w.Name, func(b *testing.B) {
			tx, err := w.NewTransmitter()
			if err != nil {
				b.Fatal(err)
			}
			rx, err := w.NewReceiver()
			if err != nil {
				b.Fatal(err)
			}
			c, err := channel.NewSamples(channel.SampleOptions{
				Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, 200) + 2, ClockPPM: 20,
				Doppler: pass(w), CarrierHz: w.CarrierHz, Fading: channel.Fading{ScatterDB: -20, RateHz: 1},
			}, 1)
			if err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 1))
			frame := frameFor(b, w, rng)
			tx.Key(true)
			block := int(min(w.SampleRate/50, 20480))
			var x, y []complex64
			var frames []radio.Frame
			samples, sent, got := 0, 0, 0
			start := cpuTime()
			for b.Loop() {
				for tx.Waiting() < 4 {
					if err := tx.Send(frame); err != nil {
						b.Fatal(err)
					}
					sent++
				}
				x = tx.Samples(x[:0], block)
				y = c.Process(y[:0], x)
				frames = rx.Receive(frames[:0], y)
				got += len(frames)
				samples += len(x)
			}
			used := cpuTime() - start
			b.ReportMetric(float64(samples)/w.SampleRate/used.Seconds(), "x-real-time")
			b.ReportMetric(float64(got)/float64(max(1, sent)), "frames/frame")
		})
	}
}

// BenchmarkPass is all that a pass has on the air at once, from frames to frames: a payload link
// of 256 ksym/s either way, telecommands up, telemetry and a beacon down.
func BenchmarkPass(b *testing.B) {
	type hop struct {
		tx    *radio.Transmitter
		c     *channel.Samples
		rx    *radio.Receiver
		frame []byte
		block int
		x, y  []complex64
		got   []radio.Frame
	}
	var hops []*hop
	rng := rand.New(rand.NewPCG(1, 1))
	for _, name := range []string{"payload-up", "payload-down", "ttc-up", "ttc-down", "beacon"} {
		w, err := radio.Find(name)
		if err != nil {
			b.Fatal(err)
		}
		tx, rx := pair(b, w)
		h := &hop{tx: tx, rx: rx, frame: frameFor(b, w, rng), block: int(w.SampleRate / 50)}
		h.c = through(b, channel.SampleOptions{
			Rate: w.SampleRate, CN0DBHz: w.RequiredCN0DBHz(1e-3, 200) + 3, ClockPPM: 20,
			Doppler: pass(w), CarrierHz: w.CarrierHz, Fading: channel.Fading{ScatterDB: -20, RateHz: 1},
		}, 1)
		tx.Key(true)
		hops = append(hops, h)
	}
	seconds := 0.0
	start := cpuTime()
	for b.Loop() {
		for _, h := range hops {
			for h.tx.Waiting() < 4 {
				if err := h.tx.Send(h.frame); err != nil {
					b.Fatal(err)
				}
			}
			h.x = h.tx.Samples(h.x[:0], h.block)
			h.y = h.c.Process(h.y[:0], h.x)
			h.got = h.rx.Receive(h.got[:0], h.y)
		}
		seconds += 0.02
	}
	b.ReportMetric(seconds/(cpuTime()-start).Seconds(), "x-real-time")
}

// BenchmarkWaveform makes waveforms, as whoever looks one up does.
func BenchmarkWaveform(b *testing.B) {
	for b.Loop() {
		radio.All()
	}
}
