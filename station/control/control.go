package control

import (
	"errors"
	"fmt"
	"time"

	"spacechain/link/frame"
	"spacechain/link/frame/cop1"
	"spacechain/link/pus"
	"spacechain/link/radio"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// ErrQueue says that a command was not taken into the queue.
var ErrQueue = errors.New("command not queued")

// Config makes a Control. Link must be set.
type Config struct {
	Link mission.Link
	// VC is the virtual channel of this station, of which each has one of its own.
	VC uint8
	// MaxQueue bounds the commands that are not done; 512.
	MaxQueue int
	// State is what Export gave before a restart, nil for a first start.
	State []byte
}

// Control is the station's end for one satellite. It is for one goroutine at a time.
type Control struct {
	c    Config
	link mission.Link
	now  time.Time // of the call under way

	inPass bool
	until  time.Time

	// up
	tc        *frame.TCChannel
	endpoint  *sdls.Endpoint
	ring      *sdls.Ring
	fop       *cop1.FOP
	commander *pus.Commander
	items     []*item // not done, in order
	waiting   []*unit // to be handed to FOP-1, in order
	doubtful  []*unit // sent, but the service ended before they were acknowledged
	units     map[uint64]*unit
	lastUnit  uint64
	outbox    []cop1.Frame
	slot      int64     // last up slot that was planned
	sentAt    time.Time // when the slot of the last burst ended: what comes later is newer
	bursts    []radio.Burst
	done      doneList
	keys      keys
	floor     []byte // lowest vector that no association has used
	alarms    []Alarm

	// down
	receiver  *frame.Receiver
	security  *mission.Telemetry
	clcw      frame.CLCW
	clcwAt    time.Time // when it came, zero before the first of a pass
	clcwFed   time.Time // the one that FOP-1 has
	heard     time.Time // last telemetry frame
	boot      time.Time // when the satellite's computer started, as far as is known
	telemetry telemetry
	recovery  recovery

	stats Stats
}

// Stats counts what a Control did and met.
type Stats struct {
	FramesSent      uint64 // telecommand, with those sent again
	Bursts          uint64
	FramesReceived  uint64
	FramesRefused   uint64 // telemetry, for whatever reason
	FramesForged    uint64 // of those refused: with a wrong authentication code
	FramesReplayed  uint64 // with a number that was used before or is not of the time
	FramesUnsecured uint64 // of another security association, or of none
	FramesMissing   uint64
	BeaconsReceived uint64
	Alerts          uint64 // of FOP-1
	Recoveries      uint64 // dumps of lost reports asked for
	KeyRetries      uint64 // times that packets had no effect and both ends took the key in use anew
	KeyFallbacks    uint64 // times that packets went back from a session key to the key of the beginning
}

// New makes a Control with an empty queue.
func New(now time.Time, c Config) (*Control, error) {
	link, err := c.Link.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if int(c.VC) >= link.Stations {
		return nil, fmt.Errorf("control on virtual channel %d of %d: %w", c.VC, link.Stations, mission.ErrLink)
	}
	if c.MaxQueue <= 0 {
		c.MaxQueue = 512
	}
	k := &Control{c: c, link: link, now: now, tc: link.TC(), units: map[uint64]*unit{}, slot: link.Slots.Index(now) - 1,
		keys: keys{current: mission.PacketKey(c.VC), since: now}}
	if k.endpoint, k.ring, err = link.Secure(now, c.VC); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if k.fop, err = cop1.NewFOP(cop1.Config{VC: c.VC, Window: mission.FOPWindow, Limit: 10}); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if k.receiver, err = frame.NewReceiver(link.TM()); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if k.security, err = link.SecureTelemetry(now.Add(-mission.Tolerance)); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	k.receiver.Open = func(b []byte) error { return k.security.Open(k.now, b) }
	k.receiver.MaxPacket = 16 << 10
	k.commander = &pus.Commander{Profile: link.Profile(), APID: link.APID, Source: uint16(c.VC) + 1,
		Ack: pus.AckAcceptance | pus.AckCompletion, Keep: 4*c.MaxQueue + 64, First: uint16(now.Unix() % 16384)}
	if c.State != nil {
		if err := k.restore(c.State); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Link is what was agreed, defaults filled in.
func (k *Control) Link() mission.Link { return k.link }

// Stats tells what was counted.
func (k *Control) Stats() Stats {
	s, t := k.stats, k.security.Stats()
	s.FramesForged, s.FramesReplayed, s.FramesUnsecured = t.Forged, t.Replayed, t.Unsecured
	return s
}

// Begin tells that the satellite is in view until a moment.
func (k *Control) Begin(now, until time.Time) {
	k.now, k.inPass, k.until = now, true, until
	k.clcwAt, k.clcwFed = time.Time{}, time.Time{}
	i := k.link.Slots.Index(now)
	if k.slot > i { // the clock was set back
		k.slot, k.sentAt = i-1, time.Time{}
	}
	k.slot = max(k.slot, i-1) // a slot has one burst
	k.recovery.begin()
}

// End tells that it is not any more.
func (k *Control) End(now time.Time) {
	k.now = now
	if !k.inPass {
		return
	}
	k.acknowledge()
	k.handle(k.fop.Direct(now, cop1.Directive{Order: cop1.Terminate}))
	k.inPass = false
}

// Tick does what is due at now.
func (k *Control) Tick(now time.Time) {
	k.now = now
	if k.inPass && !now.Before(k.until) {
		k.End(now)
	}
	k.plan()
}

// NextWake is when Tick is due next; false between passes.
func (k *Control) NextWake() (time.Time, bool) {
	if !k.inPass {
		return time.Time{}, false
	}
	at := k.nextUp()
	if k.until.Before(at) {
		at = k.until
	}
	return at, true
}

// Bursts gives what is to be transmitted, in order of time, and forgets it.
func (k *Control) Bursts() []radio.Burst {
	b := k.bursts
	k.bursts = nil
	return b
}
