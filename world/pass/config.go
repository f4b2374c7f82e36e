package pass

import (
	"fmt"
	"time"

	"spacechain/astro/elements"
	"spacechain/link/channel"
	"spacechain/link/radio"
	"spacechain/spaceos/system"
	"spacechain/world/topology"
)

// Depth is how closely the radios are simulated.
type Depth int

// The depths.
const (
	Frames  Depth = iota // frame by frame, by measured curves
	Samples              // sample by sample, by the modems
)

// String names the depth.
func (d Depth) String() string {
	if d == Samples {
		return "samples"
	}
	return "frames"
}

// ParseDepth reads the name of a depth.
func ParseDepth(s string) (Depth, error) {
	for _, d := range []Depth{Frames, Samples} {
		if s == d.String() {
			return d, nil
		}
	}
	return 0, fmt.Errorf("depth %q: want frames or samples", s)
}

// Config says what to fly. The zero value is a whole pass over Weilheim.
type Config struct {
	Depth Depth
	Seed  uint64

	// Orbit's first pass over Station after a time that culminates at PeakDeg or more is
	// flown. Zero: a polar orbit of 550 km from its epoch, Weilheim, 30 degrees.
	Orbit   elements.Set
	Station topology.Station
	After   time.Time
	PeakDeg float64

	// Course, from Plan with the same orbit, station and waveforms, saves working it out
	// again.
	Course *Course

	// Package is the app that is deployed, as `spacechain app sign` makes it; nil is an
	// app of this package that does nothing, padded so that the signed command has
	// AppOctets octets (64 KiB).
	Package   []byte
	AppOctets int
	// DeployAfter is when the command is given to the station, after the rise: 40 s.
	DeployAfter time.Duration
	// Commands is how many telecommands are given: 16. A negative number is none.
	Commands int

	// Fades are the dips of signals; nil stands for a few that hurt, an empty list for
	// none. Shimmer lies on all links; zero stands for -15 dB at 1 Hz.
	Fades   []Fade
	Shimmer channel.Fading

	// Reboot, if it is not zero, is when the payload computer loses its power, after the
	// rise. It is back four seconds later.
	Reboot time.Duration

	// Up and Down are the payload's waveforms: zero means QPSK at 256 ksym/s, AOS with the
	// concatenated code up and USLP with LDPC down.
	Up, Down radio.Waveform

	// Listen has every receiver hear noise all the time, and keeps the payload's carriers
	// on from rise to set. Without it samples are worked out only where there is a signal.
	Listen bool
	// ClockPPM is how much faster the senders' sample clocks go, parts in a million: 10.
	// Only Samples knows clocks.
	ClockPPM float64

	// Sandbox runs the app; nil makes one. It is to be had from system.NewSandbox.
	Sandbox *system.Sandbox

	// Tell, if set, is told what happens. Capture, if set, is given every transfer frame
	// that is sent, with the time at which its end arrives, and as those of FilesLink the
	// CFDP data units that go and come at the station.
	Tell    func(Event)
	Capture func(link string, at time.Time, frame []byte)

	carry *carried // what the passes before left
}

// FilesLink is what Capture calls the data units of files.
const FilesLink = "files"

// Event is something that a spectator wants to know.
type Event struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // rise, acquired, command, file, fade, app, orbit, set
	Text string    `json:"text"`
}

// epoch is when the orbit of the zero value begins.
var epoch = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func (c Config) withDefaults() (Config, error) {
	if c.Orbit.Epoch.IsZero() {
		c.Orbit = elements.Walker{Kind: elements.Star, Total: 1, Planes: 1, AltKm: 550, InclinationDeg: 97.6, Epoch: epoch,
			FirstNoradID: 90031, Name: "SpaceChain"}.Sets()[0]
	}
	if c.Station.Name == "" {
		s, err := topology.BuiltinNamed("Weilheim")
		if err != nil {
			return c, err
		}
		c.Station = s[0]
	}
	if c.After.IsZero() {
		c.After = c.Orbit.Epoch
	}
	if c.PeakDeg == 0 {
		c.PeakDeg = 30
	}
	if c.AppOctets == 0 {
		c.AppOctets = 64 << 10
	}
	if c.DeployAfter == 0 {
		c.DeployAfter = 40 * time.Second
	}
	switch {
	case c.Commands == 0:
		c.Commands = 16
	case c.Commands < 0:
		c.Commands = 0
	}
	if c.carry == nil {
		c.carry = newCarried()
	}
	if c.ClockPPM == 0 {
		c.ClockPPM = 10
	}
	if c.Shimmer == (channel.Fading{}) {
		c.Shimmer = channel.Fading{ScatterDB: -15, RateHz: 1}
	}
	if c.Up.Name == "" {
		c.Up = radio.Payload(256e3, radio.RSConv).Named("payload-up", 2067e6)
	}
	if c.Down.Name == "" {
		c.Down = radio.Payload(256e3, radio.LDPC).Named("payload-down", 2245e6)
	}
	if c.Fades == nil {
		c.Fades = []Fade{
			{Link: c.Up.Name, After: c.DeployAfter + 500*time.Millisecond, For: 800 * time.Millisecond, BelowDB: 6},
			{Link: c.Down.Name, After: c.DeployAfter + 2*time.Second, For: 1500 * time.Millisecond, BelowDB: 6},
			{Link: "ttc-up", After: 120 * time.Second, For: 20 * time.Second, BelowDB: 10},
			{Link: "ttc-down", After: 200 * time.Second, For: 16 * time.Second, BelowDB: 10},
			{After: 300 * time.Second, For: 12 * time.Second, BelowDB: 10},
		}
	}
	return c, nil
}
