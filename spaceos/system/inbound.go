package system

import (
	"encoding/binary"
	"fmt"
	"slices"

	"spacechain/internal/cbor"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
)

// deliveries is how many handled deliveries are remembered.
const deliveries = 512

// deliveryLog remembers the last deliveries that were handled, in a ring, so that one
// that comes again after a crash is not handled twice.
type deliveryLog struct {
	ids  map[string]bool
	ring [deliveries]string
	next uint64
}

func (l *deliveryLog) has(id string) bool { return l.ids[id] }

func (l *deliveryLog) add(id string, number uint64) {
	if l.ids == nil {
		l.ids = map[string]bool{}
	}
	slot := number % deliveries
	delete(l.ids, l.ring[slot])
	l.ring[slot] = id
	l.ids[id] = true
	l.next = max(l.next, number+1)
}

// handled notes that a delivery was dealt with.
func (s *System) handled(id string) {
	if id == "" {
		return
	}
	number := s.seen.next
	s.seen.add(id, number)
	value := cbor.AppendUint(cbor.AppendArray(nil, 2), number)
	s.batch.Put(keyDelivery(number%deliveries), cbor.AppendText(value, id))
	s.out.Handled = append(s.out.Handled, id)
}

// tenantMessage queues a message for a tenant.
func (s *System) tenantMessage(in Inbound) {
	t := s.byNo[in.Service]
	why := ""
	switch _, _, err := manifest.ParseEndpoint(in.Source); {
	case t == nil:
		why = fmt.Sprintf("no tenant has service %d", in.Service)
	case err != nil:
		why = fmt.Sprintf("from %q, which is no endpoint", in.Source)
	case t.stopped:
		why = "the tenant is stopped"
	case t.messageTrigger() < 0:
		why = "the tenant takes no messages"
	case len(in.Payload) > s.lim.MaxMessage:
		why = fmt.Sprintf("%d bytes, the limit is %d", len(in.Payload), s.lim.MaxMessage)
	case !s.room(t, len(in.Payload), 3): // the rest of the queue is the owner's, for calls
		why = fmt.Sprintf("%d messages wait already", len(t.queue))
		if hour := hourOf(s.now) + 1; t.dropped != hour {
			t.dropped = hour
			s.notice(t, command.NoticeDropped, "messages come faster than the app takes them; some are dropped")
		}
	}
	if why != "" {
		s.event(EventDropped, t, "message from "+in.Source+": "+why)
	} else {
		s.enqueue(t, queued{from: in.Source, at: s.now}, in.Payload)
		if t.job == nil {
			t.pushMessage(s.now)
		}
	}
	s.handled(in.ID)
}

// room reports whether a message fits into so many quarters of a tenant's queue.
func (s *System) room(t *tenant, size, quarters int) bool {
	return 4*len(t.queue) < quarters*s.lim.QueueMessages && 4*(t.queueIn+size) <= quarters*s.lim.QueueBytes
}

func (s *System) enqueue(t *tenant, q queued, payload []byte) uint64 {
	q.number, q.size = t.queueNo, len(payload)
	t.queueNo++
	t.queueIn += q.size
	t.queue = append(t.queue, q)
	s.batch.Put(keyQueue(t.number, q.number), q.encode(payload))
	return q.number
}

// call queues an owner's call.
func (s *System) call(t *tenant, c *command.Command) {
	i := t.messageTrigger()
	switch {
	case t.stopped:
		s.answer(c, command.TenantStopped, fmt.Sprintf("tenant %d is stopped: %s; start it first", t.number, t.reason), t.number, nil)
	case i < 0:
		s.answer(c, command.NotCallable, fmt.Sprintf("%s has no message trigger that is on", t.m.App), t.number, nil)
	case len(c.Body) > s.lim.MaxMessage:
		s.answer(c, command.TooBig, fmt.Sprintf("%d bytes, the limit is %d", len(c.Body), s.lim.MaxMessage), t.number, nil)
	case !s.room(t, len(c.Body), 4):
		// Not remembered: the same command may come again when there is room.
		s.reply(c.ReplyTo, command.Reply{Request: c.Request, Code: command.Busy, Tenant: t.number,
			Message: fmt.Sprintf("%d messages wait for tenant %d; call again later", len(t.queue), t.number)})
	default:
		number := s.enqueue(t, queued{from: c.ReplyTo, request: c.Request, at: s.now}, c.Body)
		t.push(pending{kind: sandbox.TriggerMessage, name: t.m.Triggers[i].Name, at: s.now, trigger: i + 1, queue: number + 1})
		s.answer(c, command.OK, "", t.number, nil)
	}
}

// restoreQueue reads what waits for a tenant and makes it due.
func (s *System) restoreQueue(t *tenant, covered uint64) error {
	prefix := keyNumber("q/", t.number)
	err := s.opt.Store.Scan(prefix, func(k, v []byte) error {
		q, payload, err := decodeQueued(tail(k), slices.Clone(v))
		if err != nil {
			return err
		}
		q.size = len(payload)
		t.queue = append(t.queue, q)
		t.queueIn += q.size
		t.queueNo = q.number + 1
		if i := t.messageTrigger(); q.call() && i >= 0 && q.number+1 != covered {
			t.push(pending{kind: sandbox.TriggerMessage, name: t.m.Triggers[i].Name, at: q.at, trigger: i + 1, queue: q.number + 1})
		}
		return nil
	})
	t.pushMessage(s.now)
	return err
}

func decodeDelivery(b []byte) (number uint64, id string, err error) {
	d := cbor.NewDecoder(b)
	if n, err := d.Array(); err != nil || n != 2 {
		return 0, "", fmt.Errorf("handled delivery: not a pair")
	}
	if number, err = d.Uint(); err != nil {
		return 0, "", err
	}
	if id, err = d.Text(); err != nil {
		return 0, "", err
	}
	return number, id, d.Done()
}

// tenantPrefixes gives the prefixes of all keys of a tenant.
func tenantPrefixes(tenant uint64) [][]byte {
	var out [][]byte
	for _, kind := range []string{"r/", "m/", "x/", "d/", "q/", "e/", "l/"} {
		out = append(out, binary.BigEndian.AppendUint64(key(kind, 8), tenant))
	}
	return out
}
