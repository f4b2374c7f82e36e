package topology

import (
	"fmt"
	"math"
	"slices"
	"time"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

// End is one end of a kind of link: its antennas, and what it can send.
type End struct {
	channel.Radio
	Waves []Wave // by growing rate; the sender takes the fastest that the path allows
}

// Wave is one waveform of link/radio as those see it who put units on it: frames of the
// convergence layer, each wrapped in an encapsulation packet (CCSDS 133.1-B-3) in the data
// zones of transfer frames that follow each other without a gap.
type Wave struct {
	radio.Waveform
	Zone int // octets of packets in each transfer frame; 0 where every unit is a frame of its own

	FrameTime time.Duration // of one transfer frame on the air: marker and code included
	NeedDBHz  float64       // C/N0 at which one transfer frame in 100,000 is lost
	rate      float64       // of units of the largest size, bit/s
}

// requiredFER is the loss of transfer frames at which a hop has no margin left.
const requiredFER = 1e-5

// Octets of a payload frame that carry no packets: an AOS frame has its header and that of
// its multiplexing PDU (CCSDS 732.0-B-4 §4.1.2, §4.1.4.2), a USLP frame its header with a
// count of three octets and that of its data field (CCSDS 732.1-B-2 §4.1.2, §4.1.4).
const (
	aosAround  = 6 + 2
	uslpAround = 7 + 3 + 3
)

// datagram is what is around a unit on a cable: preamble, header, check and gap of Ethernet
// (8, 14, 4, 12), the headers of IPv6 (40) and of UDP (8).
const datagram = 8 + 14 + 4 + 12 + 40 + 8

// newWave wraps a payload waveform for units of up to mtu octets.
func newWave(w radio.Waveform, around, mtu int) Wave {
	out := Wave{Waveform: w, Zone: w.FrameSize - around, FrameTime: w.Airtime(w.FrameSize),
		NeedDBHz: w.RequiredCN0DBHz(requiredFER, w.FrameSize)}
	out.rate = float64(out.Zone) * 8e9 / float64(out.FrameTime) * float64(mtu) / float64(out.Octets(mtu))
	return out
}

// Octets is how many a unit takes with what is around it: the header of an encapsulation
// packet (CCSDS 133.1-B-3 §4.1.2), or those of a datagram.
func (w *Wave) Octets(unit int) int {
	switch {
	case w.Zone == 0:
		return unit + datagram
	case unit+2 > 0xff:
		return unit + 4
	}
	return unit + 2
}

// family gives a waveform at several symbol rates.
func family(name string, end channel.Radio, of func(symbolRate float64) radio.Waveform, symbolRates ...float64) []Wave {
	waves := make([]Wave, len(symbolRates))
	for i, rate := range symbolRates {
		w := of(rate).Named(name, end.FrequencyHz)
		around := aosAround
		if w.Framing == "USLP" {
			around = uslpAround
		}
		waves[i] = newWave(w, around, end.MTUBytes)
	}
	return waves
}

// feeder is what satellites and stations send each other.
func feeder(symbolRate float64) radio.Waveform { return radio.Payload(symbolRate, radio.RSConv) }

// user is what satellites and terminals send each other: the modem and code of telemetry,
// whose blocks are short and whose receivers are soon in step, with AOS frames.
func user(name string, end channel.Radio) Wave {
	w := radio.TTCDown().Named(name, end.FrequencyHz)
	w.Framing = "AOS"
	return newWave(w, aosAround, end.MTUBytes)
}

// fibre is 100 Mbit/s Ethernet on glass, a UDP datagram over IPv6 for each unit.
func fibre(mtu int) Wave {
	w := Wave{Waveform: radio.Waveform{Name: "cable", Modem: "fibre, 100BASE-FX", Coding: "4B/5B, CRC-32",
		Framing: "UDP/IPv6", InfoRateBps: 100e6}}
	w.rate = w.InfoRateBps * float64(mtu) / float64(w.Octets(mtu))
	return w
}

// RateBps is what the convergence layer gets of the waveform with units of the largest
// size, bit/s.
func (w *Wave) RateBps() float64 { return w.rate }

// Airtime is how long a unit that is a frame of its own (Zone is 0) takes.
func (w *Wave) Airtime(octets int) time.Duration {
	return channel.Airtime(w.Octets(octets), w.InfoRateBps)
}

// FrameErrorRate is how likely a transfer frame is lost at a ratio of carrier power to
// noise density, dBHz; never on a cable.
func (w *Wave) FrameErrorRate(cn0DBHz float64) float64 {
	if w.Zone == 0 {
		return 0
	}
	return w.Waveform.FrameErrorRate(cn0DBHz, w.FrameSize)
}

// Budget is the state of one direction of a link with a waveform. Of the channel's budget
// RateBps is what the convergence layer gets, Eb/N0 counts the bits of transfer frames, and
// what is required is for one lost frame in 100,000.
type Budget struct {
	channel.Budget
	Wave           *Wave // nil if even the slowest does not close
	FrameErrorRate float64
}

// Assess works out the direction from tx to rx over a path with the fastest waveform that
// leaves rx's margin. If none leaves it, Wave is nil, RateBps is 0 and the other figures
// are those of the slowest.
func Assess(tx, rx *End, path channel.Path) Budget {
	b := Budget{Budget: carrier(tx, rx, path)}
	for i := len(tx.Waves) - 1; i >= 0; i-- {
		b.use(&tx.Waves[i])
		if b.MarginDB >= rx.MarginDB || path.Medium == channel.Fibre {
			return b
		}
	}
	b.Wave, b.RateBps, b.FrameErrorRate = nil, 0, 1
	return b
}

// AssessWith works out the direction with a waveform that was agreed beforehand, whatever
// margin it leaves.
func AssessWith(tx, rx *End, w *Wave, path channel.Path) Budget {
	b := Budget{Budget: carrier(tx, rx, path)}
	b.use(w)
	return b
}

// carrier is the budget without a rate: what depends on antennas and path alone.
func carrier(tx, rx *End, path channel.Path) channel.Budget {
	b := channel.AssessAt(tx.Radio, rx.Radio, path, 1)
	return channel.Budget{Path: b.Path, PathLossDB: b.PathLossDB, AtmosphereLossDB: b.AtmosphereLossDB, CN0DBHz: b.CN0DBHz, LightTime: b.LightTime}
}

// use fills in what depends on the waveform.
func (b *Budget) use(w *Wave) {
	b.Wave, b.RateBps = w, w.rate
	if b.Medium == channel.Fibre {
		return
	}
	bits := float64(10 * math.Log10(w.InfoRateBps)) // rounded: nothing is fused
	b.EbN0DB, b.RequiredEbN0DB = b.CN0DBHz-bits, w.NeedDBHz-bits
	b.MarginDB = b.EbN0DB - b.RequiredEbN0DB
	b.FrameErrorRate = w.FrameErrorRate(b.CN0DBHz)
}

// Radios are the ends of each kind of link.
type Radios struct {
	Satellite       End // to stations
	Station         End // to satellites
	SatelliteDirect End // to terminals
	Terminal        End // to satellites
	ISL             End // between satellites
	Cable           End // within the core network
}

// DefaultRadios gives S band to stations, UHF to terminals, Ka band between satellites and
// 100 Mbit/s cables. The S band is QPSK with Reed-Solomon within a convolutional code on
// AOS frames, as agencies' stations take it; between satellites it is LDPC on USLP frames.
func DefaultRadios() Radios {
	sat, station := channel.SBandSatellite(), channel.SBandStation()
	direct, terminal := channel.UHFSatellite(), channel.UHFTerminal()
	isl, cable := channel.InterSatellite(), channel.Cable()
	return Radios{
		Satellite:       End{sat, family("payload-down", sat, feeder, 64e3, 128e3, 256e3, 512e3, 1024e3, 2048e3, 4096e3)},
		Station:         End{station, family("payload-up", station, feeder, 64e3, 256e3, 1024e3)},
		SatelliteDirect: End{direct, []Wave{user("direct-down", direct)}},
		Terminal:        End{terminal, []Wave{user("direct-up", terminal)}},
		ISL:             End{isl, family("isl", isl, radio.InterSatellite, 100e3, 500e3, 1e6, 5e6, 10e6, 25e6)},
		Cable:           End{cable, []Wave{fibre(cable.MTUBytes)}},
	}
}

// Ends gives the radios of a link's lower and higher node.
func (r *Radios) Ends(kind Kind) (a, b *End) {
	switch kind {
	case Ground:
		return &r.Satellite, &r.Station
	case Direct:
		return &r.SatelliteDirect, &r.Terminal
	case ISL:
		return &r.ISL, &r.ISL
	}
	return &r.Cable, &r.Cable
}

// Waves gives the waveforms of a window's two directions, A's first.
func (r *Radios) Waves(w *Window) (ab, ba *Wave, err error) {
	a, b := r.Ends(w.Kind)
	if ab, err = a.wave(w.RateABBps); err == nil {
		ba, err = b.wave(w.RateBABps)
	}
	if err != nil {
		err = fmt.Errorf("waveforms of %s %d-%d: %w", w.Kind, w.A, w.B, err)
	}
	return ab, ba, err
}

// Limit leaves out what is faster than so many symbols a second.
func (e *End) Limit(symbolRate float64) {
	e.Waves = slices.DeleteFunc(slices.Clone(e.Waves), func(w Wave) bool { return w.SymbolRate > symbolRate })
}

// wave finds a waveform by the rate that the convergence layer gets.
func (e *End) wave(rateBps float64) (*Wave, error) {
	for i := range e.Waves {
		if e.Waves[i].rate == rateBps {
			return &e.Waves[i], nil
		}
	}
	return nil, fmt.Errorf("%s has no waveform of %g bit/s", e.Name, rateBps)
}
