package ttc

import (
	"fmt"
	"time"

	"spacechain/link/frame"
	"spacechain/link/frame/cop1"
	"spacechain/link/pus"
	"spacechain/link/radio"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// Config makes a TTC. Link must be set.
type Config struct {
	Link        mission.Link
	Instruments Instruments // nil: none answers
	// Functions are what service 8 can start beside the satellite's own, with ids from
	// mission.FunctionUser on.
	Functions pus.Functions
	// State is what Export gave before a restart, nil for a first start.
	State []byte

	// The rest can be set by service 20 later, in whole seconds and hours.
	BeaconPeriod    time.Duration // at least, between beacons; 60 s
	LowPowerPeriod  time.Duration // when the battery is low or nobody calls; 5 min
	SessionHold     time.Duration // how long a session lasts after the last frame; 60 s
	EmergencyAfter  time.Duration // without a valid frame; 24 h
	BatteryLow      float64       // charge below which the battery is low; 0.25
	BatteryRestored float64       // charge from which it is not; 0.35
	// Housekeeping is how often it is recorded; 60 s.
	Housekeeping time.Duration
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&c.BeaconPeriod, time.Minute)
	def(&c.LowPowerPeriod, 5*time.Minute)
	def(&c.SessionHold, time.Minute)
	def(&c.EmergencyAfter, 24*time.Hour)
	def(&c.Housekeeping, time.Minute)
	if c.BatteryLow <= 0 {
		c.BatteryLow = 0.25
	}
	if c.BatteryRestored <= c.BatteryLow {
		c.BatteryRestored = c.BatteryLow + 0.1
	}
	if c.Instruments == nil {
		c.Instruments = silent{}
	}
	return c
}

type silent struct{}

func (silent) Orbit(time.Time) (mission.OrbitMeasurement, bool) {
	return mission.OrbitMeasurement{}, false
}
func (silent) Power(time.Time) (Power, bool) { return Power{}, false }

// TTC is the satellite's end. It is for one goroutine at a time.
type TTC struct {
	c    Config
	link mission.Link

	now  time.Time // of the call under way
	boot time.Time

	// up
	tc         *frame.TCChannel
	endpoint   *sdls.Endpoint
	ring       *sdls.Ring
	keys       []packetKey        // by virtual channel
	procedures []*sdls.Procedures // by virtual channel
	farms      []*cop1.FARM       // by virtual channel
	floors     map[uint16][]byte  // by association: above the numbers of all genuine frames
	segments   map[segmentKey]*frame.Reassembler
	pieces     map[segmentKey][]piece
	recent     []recent  // packets executed last, by virtual channel
	heard      time.Time // last valid frame, or the start
	current    uint8     // virtual channel heard last
	session    session

	server *pus.Server

	// down
	sender    *frame.Sender
	telemetry *mission.Telemetry
	ocf       [4]byte
	slot      int64 // last down slot that was filled
	live      uint64
	beaconAt  time.Time // the next turn
	lastTurn  time.Time // when the last beacon was sent
	askBeacon bool
	onAir     time.Time // until when the last beacon is
	bursts    []radio.Burst

	power     Power
	powerOK   bool
	low       bool
	emergency bool
	alarmed   bool // a forgery or replay was reported since the last session
	replies   uint16
	nonces    uint32

	counters Counters
}

// Counters is what a TTC counts.
type Counters struct {
	FramesAccepted, FramesRefused uint64 // telecommand
	Forged, Replayed, Unsecured   uint64 // of those refused, by SDLS
	FramesSent, BeaconsSent       uint64
	Requests, RequestsRefused     uint64
	Repeated                      uint64 // packets that came again and were not executed again
	TelemetryDropped              uint64
	KeyFallbacks                  uint64 // from a session key to the key of the beginning
}

type segmentKey struct {
	vc, mapID uint8
	bypass    bool
}

// session is a contact that a station opened.
type session struct {
	on    bool
	vc    uint8
	until time.Time
	sent  uint32
}

// New starts a satellite's end of TT&C, or goes on with a state.
func New(now time.Time, c Config) (*TTC, error) {
	c = c.withDefaults()
	link, err := c.Link.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("telemetry and command: %w", err)
	}
	t := &TTC{c: c, link: link, now: now, boot: now, heard: now, tc: link.TC(), floors: map[uint16][]byte{}, segments: map[segmentKey]*frame.Reassembler{}, pieces: map[segmentKey][]piece{},
		slot: link.Slots.Index(now) - 1}
	var vcs []uint8
	for vc := range uint8(link.Stations) {
		vcs = append(vcs, vc)
	}
	if t.endpoint, t.ring, err = link.Secure(now, vcs...); err != nil {
		return nil, fmt.Errorf("telemetry and command: %w", err)
	}
	for _, vc := range vcs {
		f, err := cop1.NewFARM(vc, mission.FARMWindow)
		if err != nil {
			return nil, fmt.Errorf("telemetry and command: %w", err)
		}
		t.farms = append(t.farms, f)
		t.recent = append(t.recent, nil)
		t.keys = append(t.keys, packetKey{mission.PacketKey(vc), mission.PacketKey(vc)})
		t.procedures = append(t.procedures, &sdls.Procedures{Endpoint: t.endpoint, Nonce: t.nonce, Control: mission.ProcedureSPI(vc)})
	}
	if t.sender, err = frame.NewSender(link.TM()); err != nil {
		return nil, fmt.Errorf("telemetry and command: %w", err)
	}
	if t.telemetry, err = link.SecureTelemetry(now); err != nil {
		return nil, fmt.Errorf("telemetry and command: %w", err)
	}
	t.sender.Protect = func(b []byte) error { return t.telemetry.Protect(t.now, b) }
	t.sender.OCF, t.sender.Idle = &t.ocf, mission.VCIdle
	for _, v := range []struct{ vc, priority int }{{mission.VCLive, 1}, {mission.VCStored, 0}} {
		if err := t.sender.Open(uint8(v.vc), v.priority); err != nil {
			return nil, fmt.Errorf("telemetry and command: %w", err)
		}
	}
	if err := t.serve(now); err != nil {
		return nil, fmt.Errorf("telemetry and command: %w", err)
	}
	t.readPower()
	t.server.Raise(now, pus.Event{Severity: pus.Low, ID: mission.EventBoot})
	t.planBeacon()
	return t, nil
}

// Tick does what is due at now.
func (t *TTC) Tick(now time.Time) {
	t.tell(now)
	t.server.Tick(now)
	t.watch()
	t.transmit()
}

// tell takes the time of a call. A clock that is set back, as by the first fix of the GPS
// receiver after a start with a wrong one, must leave the satellite neither mute nor deaf until
// the time it thought it was.
func (t *TTC) tell(now time.Time) {
	back := t.now.Sub(now) > t.link.Slots.Length
	t.now = now
	if !back {
		return
	}
	t.slot = min(t.slot, t.link.Slots.Index(now)-1)
	t.lastTurn, t.onAir = time.Time{}, time.Time{}
	// For a station this is as if the computer had started: session keys are gone.
	t.boot, t.heard = now, earliest(t.heard, now)
	t.session.until = earliest(t.session.until, now.Add(t.c.SessionHold))
	// Numbers begin anew at the right time, with the keys of the beginning, but for none that
	// a genuine frame had before.
	var vcs []uint8
	for vc := range uint8(t.link.Stations) {
		vcs = append(vcs, vc)
	}
	if e, r, err := t.link.Secure(now, vcs...); err == nil {
		e.Stats = t.endpoint.Stats
		t.endpoint, t.ring = e, r
		for _, p := range t.procedures {
			p.Endpoint = e
		}
		for _, a := range t.associations() {
			if floor := t.floors[a.spi]; floor != nil {
				_ = t.goOn(a.spi, a.key, floor) // it fits: it comes from such an association
			}
		}
		for _, vc := range vcs {
			t.operate(vc, mission.PacketKey(vc))
		}
	}
	t.planBeacon()
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// NextWake is when Tick is due next.
func (t *TTC) NextWake() (time.Time, bool) {
	at := t.beaconAt
	earlier := func(x time.Time) {
		if x.Before(at) {
			at = x
		}
	}
	if x, ok := t.server.Next(); ok {
		earlier(x)
	}
	if t.session.on {
		earlier(t.session.until)
		earlier(t.nextDown())
	}
	if !t.emergency {
		earlier(t.heard.Add(t.c.EmergencyAfter))
	}
	return at, true
}

// Bursts gives what is to be transmitted, in order of time, and forgets it.
func (t *TTC) Bursts() []radio.Burst {
	b := t.bursts
	t.bursts = nil
	return b
}

// Raise reports an event of another part of the satellite (service 5), with an id from
// mission.FunctionUser on.
func (t *TTC) Raise(now time.Time, e pus.Event) {
	t.tell(now)
	t.server.Raise(now, e)
}

// Link is what was agreed, defaults filled in.
func (t *TTC) Link() mission.Link { return t.link }

// Status is what a display may want to know.
type Status struct {
	Mode    mission.Mode
	Session bool // a station is in contact
	VC      uint8
	Heard   time.Time // last valid telecommand frame, or the start
	CLCW    frame.CLCW
	Counters
}

// Status tells how things are.
func (t *TTC) Status() Status {
	return Status{Mode: t.mode(), Session: t.session.on, VC: t.current, Heard: t.heard,
		CLCW: t.farms[t.current].CLCW(), Counters: t.counts()}
}

func (t *TTC) counts() Counters {
	c, s := t.counters, t.endpoint.Stats
	c.Forged, c.Replayed, c.Unsecured = s.BadMAC, s.BadSN, s.BadSA+s.Broken
	c.Requests, c.RequestsRefused, c.TelemetryDropped = t.server.Stats.Received, t.server.Stats.Refused, t.server.Stats.Dropped
	return c
}
