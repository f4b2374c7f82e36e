package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"spacechain/clock"
)

// The hub keeps so many events for clients that connect or come back, and so
// many for a client that is slow.
const (
	historyLen = 1000
	backlogLen = 500
)

// linkTicks is how many position ticks pass between two looks at the links.
const linkTicks = 2

// message is one server-sent event, encoded once for all clients.
type message struct {
	kind EventKind
	seq  uint64 // 0 for frames, which have no place in the history
	data []byte // the whole SSE block, with its empty line
}

// hub takes the backend's events once and hands them to every stream. Events
// queue up to a bound; frames (positions, links, clock) only ever count in
// their newest version, so that a slow client skips frames rather than lags.
type hub struct {
	opt     Options
	metrics *metrics

	mu      sync.Mutex
	clients map[*client]struct{}
	history []message             // the newest last
	lastSeq uint64                // of the backend's events
	frames  map[EventKind]message // the newest of each kind
	links   []byte                // what the newest link frame says, without its time
	closed  bool
}

func newHub(opt Options, m *metrics) *hub {
	return &hub{opt: opt, metrics: m, clients: map[*client]struct{}{}, frames: map[EventKind]message{}}
}

// client is one open stream.
type client struct {
	kinds map[EventKind]bool // nil: all
	wake  chan struct{}      // one slot: something is waiting

	// guarded by hub.mu
	queue  []message
	frames map[EventKind]message
	lost   uint64
	closed bool
}

var errTooManyStreams = errors.New("too many event streams are open")

// join adds a stream. It starts with the history after seq and the newest frames.
func (h *hub) join(kinds map[EventKind]bool, after uint64, resume bool, replay int) (*client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, fmt.Errorf("the event stream has ended: %w", ErrUnavailable)
	}
	if len(h.clients) >= h.opt.MaxStreams {
		return nil, errTooManyStreams
	}
	c := &client{kinds: kinds, wake: make(chan struct{}, 1), frames: map[EventKind]message{}}
	past := h.history
	if resume {
		if len(past) > 0 && past[0].seq > after+1 {
			c.lost = past[0].seq - after - 1
		} else if h.lastSeq < after {
			c.lost, past = 1, nil // another history: the server was restarted
		}
		for len(past) > 0 && past[0].seq <= after {
			past = past[1:]
		}
	} else {
		past = past[max(0, len(past)-replay):]
	}
	for _, m := range past {
		h.give(c, m)
	}
	for _, m := range h.frames {
		h.give(c, m)
	}
	h.clients[c] = struct{}{}
	h.metrics.streams.Set(float64(len(h.clients)))
	return c, nil
}

func (h *hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
	h.metrics.streams.Set(float64(len(h.clients)))
}

// give queues m for c. The caller holds h.mu.
func (h *hub) give(c *client, m message) {
	if c.kinds != nil && !c.kinds[m.kind] {
		return
	}
	switch {
	case m.seq == 0:
		c.frames[m.kind] = m
	case len(c.queue) >= backlogLen:
		c.lost++
		h.metrics.dropped.Inc()
	default:
		c.queue = append(c.queue, m)
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// take gives what waits for c, in the order in which to send it, and whether the
// stream has ended.
func (h *hub) take(c *client) (batch []message, ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	batch, c.queue = c.queue, nil
	for _, kind := range []EventKind{EventClock, EventPositions, EventLinks} {
		if m, ok := c.frames[kind]; ok {
			batch = append(batch, m)
			delete(c.frames, kind)
		}
	}
	if c.lost > 0 {
		if gap, err := encode(EventGap, 0, GapFrame{Lost: c.lost}); err == nil {
			batch = append(batch, gap)
		}
		c.lost = 0
	}
	return batch, c.closed
}

func (h *hub) publish(m message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.seq == 0 {
		h.frames[m.kind] = m
	} else {
		if len(h.history) >= historyLen {
			h.history = append(h.history[:0:0], h.history[historyLen/4:]...)
		}
		h.history = append(h.history, m)
	}
	for c := range h.clients {
		h.give(c, m)
	}
}

// run feeds the hub until ctx ends or the backend's stream does.
func (h *hub) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer h.close()
	events, err := h.opt.Backend.Subscribe(ctx)
	if err != nil {
		return err
	}
	var ticker sync.WaitGroup
	ticker.Go(func() { h.tick(ctx) })
	defer ticker.Wait()
	for e := range events {
		h.event(e)
	}
	if ctx.Err() == nil {
		cancel()
		return errors.New("the backend closed its event stream")
	}
	return nil
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.clients {
		c.closed = true
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

func (h *hub) event(e Event) {
	h.metrics.events.WithLabelValues(string(e.Kind)).Inc()
	h.mu.Lock()
	lost := h.lastSeq != 0 && e.Seq > h.lastSeq+1
	if lost {
		missing := e.Seq - h.lastSeq - 1
		h.metrics.dropped.Add(float64(missing))
		for c := range h.clients {
			c.lost += missing
		}
	}
	h.lastSeq = e.Seq
	h.mu.Unlock()
	m, err := encode(e.Kind, e.Seq, e.normal())
	if err != nil {
		h.opt.Log.Error("encode event", "kind", e.Kind, "err", err)
		return
	}
	h.publish(m)
}

// normal gives the event as JSON shows it.
func (e Event) normal() Event {
	if e.Tenant != nil {
		t := e.Tenant.withoutBody()
		e.Tenant = &t
	}
	if e.Result != nil {
		r := e.Result.withoutBody()
		e.Result = &r
	}
	if e.Request != nil {
		r := e.Request.normal()
		e.Request = &r
	}
	return e
}

// tick publishes the frames while somebody watches. It is paced by wall time,
// which has no meaning inside the simulation.
func (h *hub) tick(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		if h.watched() {
			h.frame(ctx, n%linkTicks == 0)
		}
		if clock.Sleep(ctx, h.opt.PositionInterval) != nil {
			return
		}
	}
}

func (h *hub) watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients) > 0
}

func (h *hub) frame(ctx context.Context, withLinks bool) {
	ctx, cancel := context.WithTimeout(ctx, h.opt.BackendTimeout)
	defer cancel()
	u, err := h.opt.Backend.Universe(ctx)
	if err != nil {
		h.complain(ctx, "read universe", err)
		return
	}
	h.send(EventClock, u)
	if p, err := h.opt.Backend.Positions(ctx); err != nil {
		h.complain(ctx, "read positions", err)
	} else {
		h.send(EventPositions, packPositions(p))
	}
	if !withLinks {
		return
	}
	links, err := h.opt.Backend.Links(ctx)
	if err != nil {
		h.complain(ctx, "list links", err)
		return
	}
	f := packLinks(u.Time, links)
	now := append(append(make([]byte, 0, len(f.Ends)+len(f.Flags)+1), f.Ends...), f.Flags...)
	if h.links == nil || !bytes.Equal(now, h.links) {
		h.links = now
		h.send(EventLinks, f)
	}
}

func (h *hub) complain(ctx context.Context, op string, err error) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		h.opt.Log.Warn("event stream", "op", op, "err", err)
	}
}

func (h *hub) send(kind EventKind, v any) {
	m, err := encode(kind, 0, v)
	if err != nil {
		h.opt.Log.Error("encode frame", "kind", kind, "err", err)
		return
	}
	h.publish(m)
}

// encode makes a server-sent event (WHATWG HTML 9.2): JSON has no line breaks,
// so one data line is enough. Frames carry no id and so do not move a client's
// Last-Event-ID.
func encode(kind EventKind, seq uint64, v any) (message, error) {
	var b bytes.Buffer
	if seq != 0 {
		b.WriteString("id: " + strconv.FormatUint(seq, 10) + "\n")
	}
	b.WriteString("event: " + string(kind) + "\ndata: ")
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // ends the data line
		return message{}, err
	}
	b.WriteByte('\n')
	return message{kind: kind, seq: seq, data: b.Bytes()}, nil
}

// writeWithin runs write and cuts the connection if it takes longer than d.
func writeWithin(ctx context.Context, d time.Duration, cut func(), write func() error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			cut()
		}
	})()
	return write()
}
