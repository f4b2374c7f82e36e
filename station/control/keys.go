package control

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"spacechain/link/frame"
	"spacechain/link/frame/cop1"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// ErrKeys says that a key cannot be changed now.
var ErrKeys = errors.New("key not changed")

// keys is which key secures packets, and the change that is under way.
type keys struct {
	current sdls.KeyID
	since   time.Time // since when the satellite has it
	last    sdls.KeyID
	count   uint64 // of last
	vectors uint32 // used under the master key
	unheard int    // turns in which packets went up and had no effect
	sealed  []byte // the current one under the master key, if it is a session key
	change  *keyChange
}

// keyChange replaces the key for packets over the air (CCSDS 355.1-B-1): the new key goes up
// under the master key, the satellite proves that it has it, and only then the association
// is given it. Packets wait meanwhile, because none may be between two keys.
type keyChange struct {
	id        sdls.KeyID
	challenge [16]byte
	step      *item
	began     time.Time // when the first of it went up: a satellite that started later has lost it
	proved    bool
	asked     int
	number    []byte // from which the association goes on
	sealed    []byte // the key under the master key
}

// ChangeKey replaces the key of this station's packets by a new one over the air. It takes
// some turns of the slots; packets that are queued go up afterwards.
func (k *Control) ChangeKey(now time.Time, key [32]byte) error {
	k.now = now
	if k.keys.change != nil {
		return fmt.Errorf("another change is under way: %w", ErrKeys)
	}
	// Names follow the clock, so that a station that started anew uses none that the satellite
	// has from before.
	n := uint64(max(now.Unix(), 0)) / 60
	if k.keys.last != 0 {
		n = max(n, k.keys.count+1)
	}
	id := mission.SessionKey(k.c.VC, n)
	if err := k.ring.Add(id, key[:], sdls.Active); err != nil {
		return fmt.Errorf("%w: %w", ErrKeys, err)
	}
	k.keys.last, k.keys.count = id, n
	k.keys.vectors++
	vector := binary.BigEndian.AppendUint32(nil, k.keys.vectors)
	vector = append(vector, mission.Numbers(now)[4:]...)
	send, err := k.ring.SendKeys(mission.MasterKey(k.c.VC), vector, []sdls.NewKey{{ID: id, Value: key[:]}})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeys, err)
	}
	c := &keyChange{id: id, sealed: send.Data}
	digest := sha256.Sum256(append(vector, key[:]...))
	copy(c.challenge[:], digest[:])
	k.keys.change = c
	return k.procedures(send, sdls.PDU{Tag: sdls.KeyActivation, Data: keyName(id)}, c.verify())
}

// Key names the key that secures packets, and says whether it is being changed.
func (k *Control) Key() (id sdls.KeyID, changing bool) { return k.keys.current, k.keys.change != nil }

func keyName(id sdls.KeyID) []byte { return binary.BigEndian.AppendUint16(nil, uint16(id)) }

func (c *keyChange) verify() sdls.PDU {
	return sdls.PDU{Tag: sdls.KeyVerify, Data: append(keyName(c.id), c.challenge[:]...)}
}

// procedures queues data units as one step of the change, before all packets.
func (k *Control) procedures(list ...sdls.PDU) error {
	i := &item{Command: Command{State: Queued, Queued: k.now}, internal: true}
	behind := k.waiting
	k.waiting = nil
	for _, p := range list {
		b, err := p.Append(nil)
		if err == nil {
			err = k.cut(i, mission.MAPSecurity, b)
		}
		if err != nil {
			k.waiting = append(k.waiting, behind...)
			k.abandon()
			return fmt.Errorf("%w: %w", ErrKeys, err)
		}
	}
	k.waiting = append(k.waiting, behind...)
	k.keys.change.step = i
	return nil
}

// blocked says whether a unit has to wait for a change of key.
func (k *Control) blocked(u *unit) bool {
	return k.keys.change != nil && u.mapp == mission.MAPPackets
}

// pursue goes on with a change of key: at the beginning of each up slot.
func (k *Control) pursue() {
	c := k.keys.change
	if c == nil || c.step == nil || c.step.State < Aboard {
		return
	}
	if c.began.IsZero() {
		c.began = c.step.Sent
	}
	switch {
	case c.number != nil:
		// The association is in operation with the new key.
		k.keys.change = nil
		if err := rekey(k.endpoint, mission.SPI(k.c.VC), c.id, c.number); err != nil {
			k.alarm("key %d was not taken: %v", c.id, err)
			return
		}
		k.use(c.id, c.began, c.sealed)
		k.rebooted()
	case c.proved && k.quiet():
		k.take(c)
	case c.proved:
	case k.now.Sub(c.step.aboard) >= k.patience():
		if c.asked++; c.asked > mostAsked {
			k.abandon()
			k.alarm("the satellite does not prove that it has key %d: the change is given up", c.id)
			return
		}
		_ = k.procedures(c.verify())
	}
}

// take has the satellite give the association the key of a change.
func (k *Control) take(c *keyChange) {
	c.number = k.number()
	spi := binary.BigEndian.AppendUint16(nil, mission.SPI(k.c.VC))
	pdu := func(tag sdls.Tag, more ...byte) sdls.PDU {
		return sdls.PDU{Tag: tag, Data: append(append([]byte(nil), spi...), more...)}
	}
	_ = k.procedures(pdu(sdls.SAStop), pdu(sdls.SAExpire),
		pdu(sdls.SARekey, append(keyName(c.id), c.number...)...), pdu(sdls.SAStart))
}

// mostUnheard is after how many turns without effect the key is doubted.
const mostUnheard = 3

// distrust is for packets of which the satellite takes no notice though it answers: somebody may
// be jamming them; or after a change of key that was broken off, or one of which this station has
// forgotten, the ends may not agree on the key. Both take the key anew that this station has in
// use, whatever the state of the association; what does not apply to it the satellite
// refuses. A session key is given up only when the satellite says that it has lost it (see
// rebooted) or the operator wants it (see FirstKey): who can jam must not choose the key.
func (k *Control) distrust() {
	if k.keys.change != nil || k.keys.unheard < mostUnheard {
		return
	}
	k.keys.unheard = 0
	k.stats.KeyRetries++
	k.alarm("packets have no effect: both ends take key %d anew", k.keys.current)
	k.retake(k.keys.current, k.keys.sealed)
}

// FirstKey has both ends go back to the key of the beginning, on the operator's word: when a
// session key is lost or is not trusted any more.
func (k *Control) FirstKey(now time.Time) error {
	k.now = now
	if k.keys.change != nil {
		return fmt.Errorf("another change is under way: %w", ErrKeys)
	}
	k.retake(mission.PacketKey(k.c.VC), nil)
	return nil
}

// retake has both ends take a key that they have.
func (k *Control) retake(id sdls.KeyID, sealed []byte) {
	// What it does not hear must not stand in the way.
	k.handle(k.fop.Direct(k.now, cop1.Directive{Order: cop1.Terminate}))
	c := &keyChange{id: id, sealed: sealed}
	if id == k.keys.current {
		c.began = k.keys.since
	}
	k.keys.change = c
	k.take(k.keys.change)
}

// quiet says whether no packet is on its way, which could meet either key.
func (k *Control) quiet() bool {
	for _, u := range k.units {
		if u.mapp == mission.MAPPackets && u.handed {
			return false
		}
	}
	return true
}

// abandon gives up a change of key; the key of before stays.
func (k *Control) abandon() { k.keys.change = nil }

// keyReply takes an answer of the extended procedures.
func (k *Control) keyReply(p sdls.PDU) {
	c := k.keys.change
	if c == nil || p.Tag != sdls.KeyVerify|sdls.Reply {
		return
	}
	if k.ring.CheckVerification(p, map[sdls.KeyID][16]byte{c.id: c.challenge}) == nil {
		c.proved = true
	}
}

// rebooted goes back to the key of the beginning if the satellite's computer has started
// anew since the key was changed: it has forgotten the other.
func (k *Control) rebooted() {
	first := mission.PacketKey(k.c.VC)
	if k.keys.current == first || !k.boot.After(k.keys.since) {
		return
	}
	if err := rekey(k.endpoint, mission.SPI(k.c.VC), first, k.number()); err != nil {
		k.alarm("key %d was not taken: %v", first, err)
	} else {
		k.use(first, k.now, nil)
	}
	k.abandon()
}

// use notes that a key is in use, which the satellite has since a moment.
func (k *Control) use(id sdls.KeyID, since time.Time, sealed []byte) {
	if first := mission.PacketKey(k.c.VC); id == first && k.keys.current != first {
		k.stats.KeyFallbacks++
		k.alarm("packets are under the key of the beginning again, not key %d", k.keys.current)
	}
	k.keys.current, k.keys.since, k.keys.sealed = id, since, sealed
}

// Alarm is what an operator should know.
type Alarm struct {
	Time time.Time
	Text string
}

const mostAlarms = 256

func (k *Control) alarm(format string, args ...any) {
	k.alarms = bounded(append(k.alarms, Alarm{k.now, fmt.Sprintf(format, args...)}), mostAlarms)
}

// Alarms gives what an operator should know about keys, in order, and forgets it. What the
// satellite says itself is in Events.
func (k *Control) Alarms() []Alarm {
	a := k.alarms
	k.alarms = nil
	return a
}

func (k *Control) keyOf(spi uint16) sdls.KeyID {
	if spi == mission.SPI(k.c.VC) {
		return k.keys.current
	}
	return mission.ProcedureKey(k.c.VC)
}

// hail asks the satellite whether it is there, outside of the sequence and by the association
// for procedures, whose key never changes: it answers with a session.
func (k *Control) hail() {
	b, err := sdls.PDU{Tag: sdls.Ping}.Append(nil)
	if err != nil {
		return
	}
	k.handle(k.fop.TransferBD(k.now, cop1.FDU{Data: b, Segment: frame.Unsegmented, MAP: mission.MAPSecurity}))
}
