package ttc

import (
	"encoding/binary"
	"time"

	"spacechain/link/channel"
	"spacechain/link/pus"
	"spacechain/link/radio"
	"spacechain/platform/ttc/mission"
)

// transmit plans what is to be sent in the slot of now, and looks for what comes next.
func (t *TTC) transmit() {
	if t.session.on {
		if i := t.link.Slots.Index(t.now); i > t.slot && t.link.Slots.Turn(i) == channel.TurnDown {
			t.slot = i
			t.fill(i)
		}
	} else {
		// What nobody hears would only be sent late; packet stores have it.
		_ = t.server.Take(t.server.Waiting())
	}
	if !t.now.Before(t.beaconAt) {
		t.beacon()
	}
}

// nextDown is when the next down slot that is not filled yet begins, or now if it is on.
func (t *TTC) nextDown() time.Time {
	s := t.link.Slots
	for i := max(s.Index(t.now), t.slot+1); ; i++ {
		if s.Turn(i) != channel.TurnDown {
			continue
		}
		if s.End(i).After(t.now) {
			return later(s.Start(i), t.now)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// fill sends frames for the whole rest of a slot, idle ones if need be: the station's
// receiver stays in step, and each frame carries the control word.
func (t *TTC) fill(i int64) {
	w, s := t.link.Down, t.link.Slots
	at := later(later(s.Start(i), t.now), t.onAir)
	per := w.Airtime(w.FrameSize)
	n := int((s.End(i).Sub(at) - w.Lead() - w.Tail()) / per)
	if n < 1 {
		return
	}
	b := radio.Burst{At: at, Waveform: w}
	t.ocf = t.farms[t.session.vc].CLCW().Encode()
	for k := range n {
		t.load()
		f, err := t.sender.Next(nil)
		if err != nil {
			break // cannot happen: channel and key were checked
		}
		if vc := f[1] >> 1 & 7; vc == mission.VCLive {
			_ = t.server.Frame(at.Add(w.Lead()+time.Duration(k)*per), t.live)
			t.live++
		}
		b.Frames = append(b.Frames, f)
	}
	t.session.sent += uint32(len(b.Frames))
	t.counters.FramesSent += uint64(len(b.Frames))
	t.bursts = append(t.bursts, b)
}

// load moves packets from the server to the virtual channels while the next frame has room.
func (t *TTC) load() {
	for t.sender.Pending() < t.link.Down.FrameSize {
		list := t.server.Take(1)
		if len(list) == 0 {
			return
		}
		vc := uint8(mission.VCLive)
		if list[0].Channel != 0 {
			vc = mission.VCStored
		}
		if t.sender.Write(vc, list[0].Packet) != nil {
			t.counters.TelemetryDropped++
		}
	}
}

// beaconPeriod is how far apart beacons are, at least.
func (t *TTC) beaconPeriod() time.Duration {
	if t.low || t.emergency {
		return t.c.LowPowerPeriod
	}
	return t.c.BeaconPeriod
}

// planBeacon finds the next turn.
func (t *TTC) planBeacon() {
	from := t.now
	if !t.lastTurn.IsZero() && !t.askBeacon {
		from = later(from, t.lastTurn.Add(t.beaconPeriod()))
	}
	t.beaconAt = t.link.Slots.NextBeacon(from, t.link.Turn)
}

// beacon sends a beacon if it is still our turn and no session is on, and plans the next. A
// call that comes late counts as the clock's error.
func (t *TTC) beacon() {
	turn := t.beaconAt
	late := t.now.Sub(turn)
	if !t.session.on && late <= t.link.Slots.ClockError {
		t.readPower()
		b := t.sign()
		if f, err := b.Frame(); err == nil {
			t.bursts = append(t.bursts, radio.Burst{At: t.now, Waveform: t.link.Beacon, Frames: [][]byte{f}})
			t.onAir = t.bursts[len(t.bursts)-1].End()
			t.counters.BeaconsSent++
			t.askBeacon = false
		}
		t.lastTurn = turn
	}
	t.now = t.now.Add(1) // this turn is over
	t.planBeacon()
	t.now = t.now.Add(-1)
}

// sign makes the beacon of now.
func (t *TTC) sign() mission.Beacon {
	b := mission.Beacon{Call: t.link.Call, Time: t.now, Mode: t.mode(), Battery: t.power.Charge, Silence: t.now.Sub(t.heard)}
	b.Orbit, b.Fixed = t.c.Instruments.Orbit(t.now)
	return b
}

// watch looks after what nobody commands: the end of a session, the battery, silence.
func (t *TTC) watch() {
	t.readPower()
	if t.session.on && !t.now.Before(t.session.until) {
		t.hangUp()
	}
	if !t.emergency && t.now.Sub(t.heard) >= t.c.EmergencyAfter {
		t.emergency = true
		t.server.Raise(t.now, pus.Event{Severity: pus.High, ID: mission.EventEmergency})
		t.unlock()
	}
}

func (t *TTC) hangUp() {
	if !t.session.on {
		return
	}
	t.session.on = false
	t.server.Raise(t.now, pus.Event{Severity: pus.Informative, ID: mission.EventSessionOver,
		Data: binary.BigEndian.AppendUint32(nil, t.session.sent)})
	t.planBeacon()
}

// readPower reads the battery, with some play between low and restored.
func (t *TTC) readPower() {
	p, ok := t.c.Instruments.Power(t.now)
	if t.powerOK = ok; !ok {
		return
	}
	t.power = p
	switch {
	case !t.low && p.Charge < t.c.BatteryLow:
		t.low = true
		t.server.Raise(t.now, pus.Event{Severity: pus.Medium, ID: mission.EventBatteryLow})
	case t.low && p.Charge >= t.c.BatteryRestored:
		t.low = false
		t.server.Raise(t.now, pus.Event{Severity: pus.Informative, ID: mission.EventBatteryRestored})
	}
}

func (t *TTC) mode() mission.Mode {
	switch {
	case t.emergency:
		return mission.Emergency
	case t.low:
		return mission.LowPower
	}
	return mission.Nominal
}
