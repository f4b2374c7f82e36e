package control

import (
	"bytes"
	"slices"
	"time"

	"spacechain/link/channel"
	"spacechain/link/frame/cop1"
	"spacechain/link/radio"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// keepAlive is how long a session is left without a frame at the most: below the time for
// which a satellite holds it.
const keepAlive = 28 * time.Second

// nextUp is when the next up slot that is not planned yet begins, or now if it is on.
func (k *Control) nextUp() time.Time {
	s := k.link.Slots
	for i := max(s.Index(k.now), k.slot+1); ; i++ {
		if s.Turn(i) == channel.TurnUp && s.End(i).After(k.now) {
			return later(s.Start(i), k.now)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// plan fills the up slot of now, if there is one that is not yet planned.
//
// All that FOP-1 is told, it is told here, at the beginning of a slot: the newest control
// word first, then the time. A frame that was not acknowledged in the down slot after it went
// up is then sent again in the very next one, and no control word from before it counts.
func (k *Control) plan() {
	s := k.link.Slots
	i := s.Index(k.now)
	if !k.inPass || i <= k.slot || s.Turn(i) != channel.TurnUp {
		return
	}
	k.slot = i
	b := radio.Burst{At: k.now, Waveform: k.link.Up}
	// What the satellite has not decoded when its slot begins is acknowledged a turn later.
	end := s.End(i).Add(-k.link.Up.Latency())
	if k.until.Before(end) {
		end = k.until
	}
	k.handle(k.fop.Direct(k.now, cop1.Directive{Order: cop1.SetTimeout, Timeout: max(k.turn(i)-time.Millisecond, time.Millisecond)}))
	k.acknowledge()
	k.distrust()
	k.handle(k.fop.Tick(k.now))
	k.pursue()
	k.recover()
	if k.fresh() && k.fop.State() == cop1.Initial {
		k.initiate()
	}
	for k.pack(&b, end) || k.feed() {
	}
	silent := k.clcwAt.IsZero() || k.now.Sub(k.clcwAt) > 5*s.Length
	if len(b.Frames) == 0 && (silent || k.now.Add(2*s.Length).Sub(k.sentAt) >= keepAlive) {
		k.hail()
		k.pack(&b, end)
	}
	if len(b.Frames) > 0 {
		k.bursts = append(k.bursts, b)
		k.sentAt = s.Start(i + 1)
		k.stats.Bursts++
	}
}

// turn is how long it takes from now, in up slot i, until the satellite's next down slot is
// over: when an acknowledgement is late.
func (k *Control) turn(i int64) time.Duration {
	s := k.link.Slots
	for i++; s.Turn(i) != channel.TurnDown; i++ {
	}
	return s.Start(i + 1).Sub(k.now)
}

// fresh says whether there is a control word from after the last burst.
func (k *Control) fresh() bool { return !k.clcwAt.IsZero() && k.clcwAt.After(k.sentAt) }

// acknowledge gives FOP-1 the newest control word, once.
func (k *Control) acknowledge() {
	if k.fresh() && k.clcwAt.After(k.clcwFed) {
		k.clcwFed = k.clcwAt
		switch vs, nnr := k.fop.Numbers(); {
		case k.fop.State() != cop1.Active || vs == nnr:
		case k.clcw.ReportValue == nnr && !k.clcw.Retransmit:
			k.keys.unheard++ // sent, and FARM-1 has seen nothing of it
		default:
			k.keys.unheard = 0
		}
		k.handle(k.fop.CLCW(k.now, k.clcw))
	}
}

// initiate begins the AD service where the satellite is: V(S) becomes its V(R).
func (k *Control) initiate() {
	k.resolve()
	k.handle(k.fop.Direct(k.now, cop1.Directive{Order: cop1.SetVS, Value: int(k.clcw.ReportValue)}))
	d := cop1.Directive{Order: cop1.InitiateWithCheck}
	if w := k.clcw; w.Lockout || w.Retransmit || w.Wait {
		d.Order = cop1.InitiateWithUnlock // which clears all three
	}
	k.handle(k.fop.Direct(k.now, d))
	k.handle(k.fop.CLCW(k.now, k.clcw))
}

// resolve finds out by the control word which of the units in doubt had arrived. A V(R) that
// they cannot have brought about is that of a computer that started anew and forgot: what was
// sent after that has not been accepted, of what was sent before nobody knows.
func (k *Control) resolve() {
	nr := k.clcw.ReportValue
	list := k.doubtful
	k.doubtful = nil
	if len(list) == 0 {
		return
	}
	first, last := list[0].seq, list[len(list)-1].seq
	moved := nr-first > last+1-first // modulo 256
	var again []*unit
	for _, u := range list {
		switch {
		case moved && !u.item.Sent.After(k.boot):
			k.finish(u.item, Unknown, "sent, but the satellite has lost its frame count since")
		case !moved && int8(nr-u.seq) > 0:
			k.arrived(u)
		case !u.item.State.Done():
			u.handed = false
			again = append(again, u)
		}
	}
	k.waiting = append(again, k.waiting...)
}

// arrived notes that the satellite has a unit.
func (k *Control) arrived(u *unit) {
	i := u.item
	delete(k.units, u.id)
	i.units = slices.DeleteFunc(i.units, func(o *unit) bool { return o == u })
	if len(i.units) == 0 && i.State < Aboard {
		i.State, i.aboard = Aboard, k.now
	}
}

// feed hands FOP-1 the next unit that need not wait, if it takes one.
func (k *Control) feed() bool {
	if !k.fop.Ready() {
		return false
	}
	at := slices.IndexFunc(k.waiting, func(u *unit) bool { return !k.blocked(u) })
	if at < 0 {
		return false
	}
	u := k.waiting[at]
	k.waiting = slices.Delete(k.waiting, at, at+1)
	u.handed = true
	k.handle(k.fop.Transfer(k.now, cop1.FDU{ID: u.id, Data: u.data, Segment: u.flag, MAP: u.mapp}))
	return true
}

// handle does what FOP-1 wants.
func (k *Control) handle(out []cop1.Output) {
	var back []*unit
	for _, o := range out {
		u := k.units[o.ID]
		if o.Directive || o.ID == 0 {
			u = nil
		}
		switch o.Kind {
		case cop1.Send:
			if u := k.units[o.Frame.FDU.ID]; u != nil && o.Frame.Type == cop1.AD {
				u.seq = o.Frame.Sequence
			}
			k.outbox = append(k.outbox, o.Frame)
		case cop1.Confirm:
			if u != nil {
				k.arrived(u)
			}
		case cop1.NegativeConfirm:
			if u != nil {
				k.doubtful = append(k.doubtful, u)
			}
		case cop1.Reject:
			if u != nil {
				u.handed = false
				back = append(back, u)
			}
		case cop1.Alert:
			if o.Reason != cop1.Term {
				k.stats.Alerts++
			}
			k.dropOutbox()
		}
	}
	k.waiting = append(back, k.waiting...)
}

// dropOutbox forgets frames that did not go: the service that sent them has ended.
func (k *Control) dropOutbox() {
	held := k.outbox
	k.outbox = nil
	for _, f := range held {
		k.handle(k.fop.Radiated(k.now, f.Type, true))
	}
}

// pack puts what waits into the burst, and reports whether there was anything that fits.
func (k *Control) pack(b *radio.Burst, end time.Time) (some bool) {
	for len(k.outbox) > 0 {
		f := k.outbox[0]
		octets, err := k.secure(&f)
		if err != nil {
			k.outbox = k.outbox[1:]
			k.handle(k.fop.Radiated(k.now, f.Type, false))
			continue
		}
		with := *b
		with.Frames = append(slices.Clone(b.Frames), octets)
		if with.End().After(end) {
			return some
		}
		*b = with
		k.outbox = k.outbox[1:]
		if u := k.units[f.FDU.ID]; u != nil && f.Type == cop1.AD && !u.sent {
			u.sent = true
			if u.item.State == Queued {
				u.item.State, u.item.Sent = Sent, k.now
				if c := u.item.carries; c != nil {
					c.State, c.Sent = Sent, k.now
				}
			}
		}
		k.stats.FramesSent++
		k.handle(k.fop.Radiated(k.now, f.Type, true))
		some = true
	}
	return some
}

// secure makes the transfer frame. Every transmission has a number of its own, no lower than
// that of the time of day.
func (k *Control) secure(f *cop1.Frame) ([]byte, error) {
	t := f.TC(k.link.Spacecraft, f.Type != cop1.BC)
	b, err := k.tc.Append(nil, &t)
	if err != nil || f.Type == cop1.BC {
		return b, err
	}
	spi := mission.SPI(k.c.VC)
	if f.FDU.MAP == mission.MAPSecurity {
		spi = mission.ProcedureSPI(k.c.VC)
	}
	if err := k.advance(spi); err != nil {
		return nil, err
	}
	if err := k.endpoint.Apply(spi, b); err != nil {
		return nil, err
	}
	if next, _, err := k.endpoint.Numbers(spi); err == nil && bytes.Compare(next, k.floor) > 0 {
		k.floor = next
	}
	return b, nil
}

// number is the vector to go on from: that of the time of day, unless the clock is behind what was
// used before.
func (k *Control) number() []byte {
	if n := mission.Numbers(k.now); bytes.Compare(n, k.floor) > 0 {
		return n
	}
	return slices.Clone(k.floor)
}

// advance moves an association's number up to that of the time of day.
func (k *Control) advance(spi uint16) error {
	next, _, err := k.endpoint.Numbers(spi)
	if err != nil {
		return err
	}
	want := k.number()
	if slices.Compare(next, want) >= 0 {
		return nil
	}
	return rekey(k.endpoint, spi, k.keyOf(spi), want)
}

// rekey gives an association in operation a key and a number to go on from.
func rekey(e *sdls.Endpoint, spi uint16, key sdls.KeyID, number []byte) error {
	for _, do := range []func() error{
		func() error { return e.Stop(spi) }, func() error { return e.Expire(spi) },
		func() error { return e.Rekey(spi, key, key, number, nil) }, func() error { return e.Start(spi) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}
