package mission

import (
	"errors"
	"fmt"
	"time"

	"spacechain/link/ax25"
	"spacechain/link/channel"
	"spacechain/link/frame"
	"spacechain/link/pus"
	"spacechain/link/radio"
)

// ErrLink means that the two ends could not have agreed on this.
var ErrLink = errors.New("link not possible")

// MAPs of telecommand frames.
const (
	MAPPackets  = 0 // space packets
	MAPSecurity = 1 // procedure data units of SDLS
)

// Virtual channels of telemetry frames.
const (
	VCLive   = 0 // as it arises
	VCStored = 1 // out of packet stores
	VCIdle   = 7
)

// Windows of COP-1: what may be unacknowledged, and FARM-1's, of which half lies ahead.
const (
	FOPWindow  = 8
	FARMWindow = 32
)

// MaxStations is how many stations a satellite can listen to, each on its own virtual
// channel.
const MaxStations = 16

// Link is the agreement about one satellite. Spacecraft, APID, Call and Secret must be set.
type Link struct {
	Spacecraft uint16 // of its frames, 10 bits
	APID       uint16 // of the platform computer's PUS process; replies about keys come by the next one
	Call       string // the beacon's call sign: "N0CALL-1"
	Secret     [32]byte

	// Stations is how many virtual channels there are for telecommands; 4.
	Stations int
	// Slots share the time; Turn is the satellite's place in the cycle of beacons.
	Slots channel.Slots
	Turn  int
	// Waveforms; zero means those of the white paper: VHF AFSK up, UHF BPSK down.
	Up, Down, Beacon radio.Waveform
}

// WithDefaults fills in what is zero and checks the rest.
func (l Link) WithDefaults() (Link, error) {
	if l.Up.Name == "" {
		l.Up = radio.TTCUp()
	}
	if l.Down.Name == "" {
		l.Down = radio.TTCDown()
	}
	if l.Beacon.Name == "" {
		l.Beacon = radio.Beacon()
	}
	if l.Stations == 0 {
		l.Stations = 4
	}
	if l.Slots.Beacon == 0 {
		l.Slots.Beacon = radio.Burst{Waveform: l.Beacon, Frames: [][]byte{make([]byte, beaconFrame)}}.End().Sub(time.Time{})
	}
	l.Slots = l.Slots.WithDefaults()
	switch {
	case l.Spacecraft == 0 || l.Spacecraft > 0x3ff:
		return l, fmt.Errorf("spacecraft %#x is none of 1 to 0x3ff: %w", l.Spacecraft, ErrLink)
	case l.APID == 0 || l.APID >= 0x7fe:
		return l, fmt.Errorf("application process %d is none of 1 to 2045: %w", l.APID, ErrLink)
	case l.Stations < 1 || l.Stations > MaxStations:
		return l, fmt.Errorf("%d stations, 1 to %d can be told apart: %w", l.Stations, MaxStations, ErrLink)
	case l.Turn < 0 || l.Turn >= l.Slots.Satellites:
		return l, fmt.Errorf("beacon turn %d in a cycle of %d: %w", l.Turn, l.Slots.Satellites, ErrLink)
	case l.Down.FrameSize < 64:
		return l, fmt.Errorf("telemetry by %s, whose frames have %d octets: %w", l.Down.Name, l.Down.FrameSize, ErrLink)
	case l.Secret == [32]byte{}:
		return l, fmt.Errorf("no secret: %w", ErrLink)
	}
	call, err := ax25.ParseAddress(l.Call)
	if err != nil {
		return l, fmt.Errorf("%w: %w", err, ErrLink)
	}
	call.Flag = false
	l.Call = call.String()
	if room := l.Slots.Length - l.Slots.Guard(); room < airtime(l.Up, MaxTC)+l.Up.Latency() || room < airtime(l.Down, l.Down.FrameSize) {
		return l, fmt.Errorf("slots of %v hold no frame: %w", l.Slots.Length, ErrLink)
	}
	return l, nil
}

// airtime is how long a burst of one frame takes.
func airtime(w radio.Waveform, octets int) time.Duration {
	return w.Lead() + w.Airtime(octets) + w.Tail()
}

// MaxTC is the longest telecommand frame, octets: at 1200 bits a second there is little
// sense in longer ones.
const MaxTC = 256

// TC is the telecommand channel.
func (l Link) TC() *frame.TCChannel {
	p := l.Association(0)
	vcs := map[uint8]frame.Virtual{}
	for vc := range l.Stations {
		vcs[uint8(vc)] = frame.Virtual{Security: p.Security(), Segments: true}
	}
	return &frame.TCChannel{MaxLength: MaxTC, Spacecraft: l.Spacecraft, FECF: true, VCs: vcs}
}

// TM is the telemetry channel. Idle frames are secured as all others are, so that a station can
// tell its satellite's control words from anybody's.
func (l Link) TM() *frame.TMChannel {
	p := l.telemetryAssociation()
	v := frame.Virtual{Security: p.Security()}
	return &frame.TMChannel{Length: l.Down.FrameSize, Spacecraft: l.Spacecraft, FECF: true,
		VCs: map[uint8]frame.Virtual{VCLive: v, VCStored: v, VCIdle: v}}
}

// Profile is how packets are written.
func (l Link) Profile() *pus.Profile {
	return pus.NewProfile(pus.Profile{Dictionary: Dictionary{}})
}

// SecurityAPID is the application process of replies about keys.
func (l Link) SecurityAPID() uint16 { return l.APID + 1 }
