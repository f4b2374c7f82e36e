package world

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"time"

	"spacechain/cloud/api"
)

// eventRing is how many events a subscriber may lag behind before it misses some.
const eventRing = 256

// Hub hands events to subscribers. Its methods belong to one goroutine; the channels
// may be read from any.
type Hub struct {
	seq  uint64
	subs map[chan api.Event]struct{}
}

// Tell hands an event to every subscriber. One that does not keep up misses events,
// and sees it by the gap in Seq.
func (h *Hub) Tell(e api.Event) {
	h.seq++
	e.Seq = h.seq
	if e.Severity == "" {
		e.Severity = api.SeverityInfo
	}
	for ch := range h.subs {
		select {
		case ch <- e:
		default:
		}
	}
}

// Subscribe gives a channel of events from now on.
func (h *Hub) Subscribe() chan api.Event {
	if h.subs == nil {
		h.subs = map[chan api.Event]struct{}{}
	}
	ch := make(chan api.Event, eventRing)
	h.subs[ch] = struct{}{}
	return ch
}

// Unsubscribe ends a subscription and closes its channel.
func (h *Hub) Unsubscribe(ch chan api.Event) {
	if _, ok := h.subs[ch]; ok {
		delete(h.subs, ch)
		close(ch)
	}
}

// End ends every subscription. Once the goroutine that the hub belongs to is done, no
// subscriber can end its own.
func (h *Hub) End() {
	for ch := range h.subs {
		h.Unsubscribe(ch)
	}
}

// eventLog is the universe's history as it happens: a running digest over every
// line, and the events that subscribers get.
type eventLog struct {
	Hub
	digest hash.Hash
	lines  uint64
	write  func(line string) // extra sink, for --event-log; may be nil
}

func newEventLog() *eventLog { return &eventLog{digest: sha256.New()} }

// line adds one line of history. Only what follows from the seed may go in.
func (l *eventLog) line(at time.Time, format string, args ...any) {
	text := at.UTC().Format("2006-01-02T15:04:05.000000000Z ") + fmt.Sprintf(format, args...)
	l.lines++
	l.digest.Write([]byte(text))
	l.digest.Write([]byte{'\n'})
	if l.write != nil {
		l.write(text)
	}
}

// sum is the digest over the lines so far, in hex.
func (l *eventLog) sum() string { return hex.EncodeToString(l.digest.Sum(nil)) }
