package control

import (
	"slices"
	"time"

	"spacechain/link/frame"
	"spacechain/link/packet"
	"spacechain/link/pus"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// Bounds of what is kept for those who ask, the oldest makes room.
const (
	mostEvents  = 1024
	mostReports = 1024
)

// Event is an event of the satellite.
type Event struct {
	Time time.Time // on board
	pus.Event
}

// Report is a report of any service, as it came.
type Report struct {
	pus.TM
	Content any // as pus.Profile.Parse gives it
}

// telemetry is what is known of the satellite.
type telemetry struct {
	events  []Event
	reports []Report
	seen    map[eventKey]bool
	order   []eventKey

	housekeeping mission.Report
	hkHeard      time.Time
	orbit        mission.OrbitMeasurement
	orbitHeard   time.Time
	beacon       *mission.Beacon
	beaconHeard  time.Time
	clock        pus.TimeReport
}

// eventKey tells an event report from its copy out of a packet store.
type eventKey struct {
	at      time.Time
	counter uint16
	id      uint64
}

// Downlink takes a telemetry transfer frame.
func (k *Control) Downlink(now time.Time, tmFrame []byte) {
	k.now = now
	r, err := k.receiver.Frame(slices.Clone(tmFrame), func(u frame.Unit) { k.packet(u.Data) })
	if err != nil {
		k.stats.FramesRefused++
		return
	}
	k.stats.FramesReceived++
	k.stats.FramesMissing += r.Missing
	k.heard = now
	if !r.HasOCF {
		return
	}
	if w, err := frame.DecodeCLCW(r.OCF); err == nil && w.COP == 1 && w.VC == k.c.VC {
		k.clcw, k.clcwAt = w, now
	}
}

// packet takes a telemetry packet.
func (k *Control) packet(pkt []byte) {
	p, rest, err := packet.Decode(pkt)
	switch {
	case err != nil || len(rest) > 0 || p.Type != packet.Telemetry:
		return
	case p.APID == k.link.SecurityAPID():
		if u, _, err := sdls.DecodePDU(p.Data); err == nil {
			k.keyReply(u)
		}
		return
	case p.APID == 0:
		if t, err := k.commander.Profile.DecodeTimeReport(pkt); err == nil {
			k.telemetry.clock = t
		}
		return
	case p.APID != k.link.APID:
		return
	}
	m, err := k.commander.Profile.DecodeTM(pkt)
	if err != nil || m.Service == 1 && !k.ours(m) {
		return
	}
	m, v, err := k.commander.Receive(slices.Clone(pkt))
	if err != nil || v == nil {
		return
	}
	switch v := v.(type) {
	case *pus.Verification:
		k.follow(v.Request)
	case *pus.Event:
		k.event(m, v)
	case *pus.Sample:
		if v.ID == mission.HousekeepingID && !v.Diagnostic {
			k.housekeeping(v)
		}
	}
	t := &k.telemetry
	t.reports = bounded(append(t.reports, Report{m, v}), mostReports)
}

func bounded[T any](list []T, most int) []T {
	if len(list) > most {
		list = slices.Delete(list, 0, len(list)-most)
	}
	return list
}

// ours says whether a report of verification is about a command of this station that was
// sent before. Names come again after 16384 commands, or when a station starts anew.
func (k *Control) ours(m pus.TM) bool {
	if m.Destination != k.commander.Source && m.Destination != 0 {
		return false
	}
	v, err := k.commander.Profile.Parse(m)
	r, ok := v.(*pus.Verification)
	if err != nil || !ok {
		return false
	}
	for _, i := range k.items {
		if i.ID == r.Request {
			return !i.Sent.IsZero() && !m.Time.Before(i.Sent.Add(-time.Second))
		}
	}
	return true // a hail, or one that is done
}

func (k *Control) event(m pus.TM, e *pus.Event) {
	t := &k.telemetry
	key := eventKey{m.Time, m.Counter, e.ID}
	if t.seen[key] {
		return
	}
	if t.seen == nil {
		t.seen = map[eventKey]bool{}
	}
	if len(t.order) >= mostEvents {
		delete(t.seen, t.order[0])
		t.order = slices.Delete(t.order, 0, 1)
	}
	t.seen[key], t.order = true, append(t.order, key)
	t.events = bounded(append(t.events, Event{m.Time, *e}), mostEvents)
}

// mostAhead is how far a satellite's clock may be ahead of ours. Anybody can send telemetry and
// beacons: one from the far future would count as the newest for ever.
const mostAhead = time.Minute

func (k *Control) ahead(t time.Time) bool { return t.After(k.now.Add(mostAhead)) }

func (k *Control) housekeeping(s *pus.Sample) {
	r, err := mission.ReadHousekeeping(k.commander.Profile, s)
	if err != nil || k.ahead(r.Time()) {
		return
	}
	t := &k.telemetry
	if m, ok := r.Orbit(); ok && m.Time.After(t.orbit.Time) && !k.ahead(m.Time) {
		t.orbit, t.orbitHeard = m, k.now
	}
	if t.housekeeping.Values == nil || r.Time().After(t.housekeeping.Time()) {
		t.housekeeping, t.hkHeard = r, k.now
		k.boot = later(k.boot, r.Time().Add(-time.Duration(r.Count(mission.ParamUptime))*time.Second))
		k.rebooted()
	}
}

// Beacon takes an AX.25 frame; one that is not this satellite's beacon is passed over.
func (k *Control) Beacon(now time.Time, ax25 []byte) {
	k.now = now
	b, err := mission.DecodeBeacon(ax25)
	if err != nil || b.Call != k.link.Call || k.ahead(b.Time) || b.Fixed && k.ahead(b.Orbit.Time) {
		return
	}
	k.stats.BeaconsReceived++
	t := &k.telemetry
	t.beacon, t.beaconHeard = b, now
	if b.Fixed && b.Orbit.Time.After(t.orbit.Time) {
		t.orbit, t.orbitHeard = b.Orbit, now
	}
}

// Orbit is the latest orbit measurement, from housekeeping or a beacon, and its age at now.
func (k *Control) Orbit(now time.Time) (m mission.OrbitMeasurement, age time.Duration, ok bool) {
	t := &k.telemetry
	return t.orbit, now.Sub(t.orbit.Time), !t.orbitHeard.IsZero()
}

// Housekeeping is the latest housekeeping report, with when it came.
func (k *Control) Housekeeping() (r mission.Report, heard time.Time, ok bool) {
	t := &k.telemetry
	return t.housekeeping, t.hkHeard, !t.hkHeard.IsZero()
}

// LastBeacon is the latest beacon, with when it came; nil before the first.
func (k *Control) LastBeacon() (*mission.Beacon, time.Time) {
	return k.telemetry.beacon, k.telemetry.beaconHeard
}

// Events gives the satellite's events in the order in which they came, each once, and
// forgets them.
func (k *Control) Events() []Event {
	e := k.telemetry.events
	k.telemetry.events = nil
	return e
}

// Telemetry gives all reports as they came, copies out of packet stores included, and
// forgets them.
func (k *Control) Telemetry() []Report {
	r := k.telemetry.reports
	k.telemetry.reports = nil
	return r
}

// Contact says whether the satellite is answering in this pass, and its last control word.
func (k *Control) Contact() (answering bool, clcw frame.CLCW) {
	return k.inPass && !k.clcwAt.IsZero(), k.clcw
}

// Heard is when the last telemetry frame came, zero before the first.
func (k *Control) Heard() time.Time { return k.heard }
