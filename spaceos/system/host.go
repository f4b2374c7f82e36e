package system

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
)

// fixed is the part of a System that does not change, and that jobs may see.
type fixed struct {
	store kv.Store
	key   *identity.Key
	lim   Limits
	least time.Duration // period of a schedule
}

// host is what one activation sees of the system: its tenant's state as it was at
// the start, with the activation's own changes laid over it. It is used by the job's
// goroutine alone while the job runs; Finish takes the changes out of it.
type host struct {
	sys        fixed
	tenant     uint64
	activation uint64
	attempt    uint64
	m          manifest.Manifest
	peers      []manifest.Peer
	now        time.Time
	err        error // the first error of the store

	wanted   []string // sensors that were asked for
	readings []SensorReading
	used     []string // sensors that the app read

	files  storage
	sealer *sealer

	inbox    []queued // messages that wait, the trigger's apart
	taken    []uint64 // of those, the numbers that were received
	sendMax  uint64   // messages that it may still send
	hourMax  uint64   // of this hour
	hourRoom uint64   // bytes of this hour
	results  uint64   // bytes of results that this hour still takes
	sent     []message
	sentSize uint64

	wakes      []wake // as they will be
	wakeNo     uint64
	subscribed []string
	result     []byte
	logs       logBuffer
}

// message is one message that an activation sent.
type message struct {
	peer    string // manifest.PeerOwner or an endpoint
	payload []byte
}

func newHost(s *System, t *tenant, j *Job) *host {
	h := &host{
		sys:        fixed{s.opt.Store, s.opt.Key, s.lim, s.opt.Policy.MinEvery},
		tenant:     t.number,
		activation: j.Activation,
		m:          t.m,
		peers:      t.peers,
		wakeNo:     t.nextWake,
		subscribed: slices.Clone(t.subscribed),
		logs:       logBuffer{max: s.lim.LogBytes},
	}
	h.files = storage{h: h, quota: t.m.Limits.StorageBytes, used: t.stored}
	for _, w := range t.wakes {
		if w.number+1 != j.pending.wake {
			h.wakes = append(h.wakes, w)
		}
	}
	for _, q := range t.queue {
		if !q.call() && q.number+1 != j.pending.queue {
			h.inbox = append(h.inbox, q)
		}
	}
	return h
}

// begin sets what depends on the time of the start.
func (h *host) begin(t *tenant, now time.Time, attempt uint64) {
	h.now, h.attempt = now, attempt
	l := h.m.Limits
	h.sendMax, h.hourMax, h.hourRoom = l.MessagesPerActivation, l.MessagesPerHour, l.MessageBytesPerHour
	h.results = h.sys.lim.ResultBytes
	if t.hour == hourOf(now) {
		h.results -= min(h.results, t.hourResults)
		h.hourMax -= min(h.hourMax, t.hourCount)
		h.hourRoom -= min(h.hourRoom, t.hourBytes)
	}
}

// hourOf counts UTC hours.
func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// broken remembers an error of the store, which makes the whole job fail.
func (h *host) broken(err error) sandbox.Errno {
	if h.err == nil {
		h.err = err
	}
	return sandbox.EInternal
}

// Sensor gives the reading that was taken for this activation.
func (h *host) Sensor(name string) (sandbox.Reading, sandbox.Errno) {
	if !slices.ContainsFunc(h.m.Permissions.Sensors, func(s manifest.Sensor) bool { return s.Name == name }) {
		return sandbox.Reading{}, sandbox.EPerm
	}
	if !slices.Contains(h.wanted, name) {
		return sandbox.Reading{}, sandbox.ERate
	}
	for _, r := range h.readings {
		if r.Name == name && r.Errno != sandbox.OK {
			return sandbox.Reading{}, r.Errno
		} else if r.Name == name {
			if !slices.Contains(h.used, name) {
				h.used = append(h.used, name)
			}
			return r.Reading, sandbox.OK
		}
	}
	return sandbox.Reading{}, sandbox.EBusy
}

// Send queues a message; it leaves when the activation returns.
func (h *host) Send(peer string, payload []byte) sandbox.Errno {
	if peer != manifest.PeerOwner {
		node, service, err := manifest.ParseEndpoint(peer)
		if err != nil {
			return sandbox.EInval
		}
		if !slices.ContainsFunc(h.peers, func(p manifest.Peer) bool { return p.Match(node, service) }) {
			return sandbox.EPerm
		}
	}
	size := uint64(len(payload))
	switch {
	case len(payload) > h.sys.lim.MaxMessage:
		return sandbox.ETooBig
	case uint64(len(h.sent)) >= h.sendMax:
		return sandbox.EQuota
	case uint64(len(h.sent)) >= h.hourMax || h.sentSize+size > h.hourRoom:
		return sandbox.ERate
	}
	h.sent = append(h.sent, message{peer, slices.Clone(payload)})
	h.sentSize += size
	return sandbox.OK
}

// Receive takes the next message that waits.
func (h *host) Receive() (sandbox.Message, sandbox.Errno) {
	if len(h.taken) >= len(h.inbox) {
		return sandbox.Message{}, sandbox.ENoEnt
	}
	q, payload, err := h.queued(h.inbox[len(h.taken)].number)
	if err != nil {
		return sandbox.Message{}, h.broken(err)
	}
	h.taken = append(h.taken, q.number)
	return sandbox.Message{Peer: q.from, Payload: payload}, sandbox.OK
}

func (h *host) queued(number uint64) (queued, []byte, error) {
	b, ok, err := h.sys.store.Get(keyQueue(h.tenant, number))
	if err != nil || !ok {
		return queued{}, nil, fmt.Errorf("read message %d of tenant %d: found %v: %w", number, h.tenant, ok, err)
	}
	return decodeQueued(number, b)
}

// Log keeps a line for the owner.
func (h *host) Log(level int, text string) {
	h.logs.add(command.LogLine{Time: h.now, Activation: h.activation, Level: min(max(level, 0), 3), Text: text})
}

const (
	maxLabel   = 256
	maxWakeFar = 366 * 24 * time.Hour
)

// WakeAt asks for an activation, no sooner than a schedule could give one. A label that
// is in use moves its wake; wakes without a label stand each for itself.
func (h *host) WakeAt(at time.Time, label string) sandbox.Errno {
	at = at.UTC().Truncate(time.Millisecond)
	if !at.After(h.now) || at.Sub(h.now) > maxWakeFar {
		return sandbox.EInval
	}
	if soonest := h.now.Add(h.sys.least).Truncate(time.Millisecond); at.Before(soonest) {
		at = soonest
	}
	return h.wake(wake{label: label, at: at})
}

// WakeInRegion asks for an activation; labels are as in WakeAt.
func (h *host) WakeInRegion(latDeg, lonDeg, radiusKm float64, label string) sandbox.Errno {
	in := func(v, low, high float64) bool { return v >= low && v <= high } // false for NaN
	if !in(latDeg, -90, 90) || !in(lonDeg, -180, 180) || !in(radiusKm, 1, 20000) {
		return sandbox.EInval
	}
	return h.wake(wake{label: label, circle: manifest.CircleAt(latDeg, lonDeg, radiusKm)})
}

func (h *host) wake(w wake) sandbox.Errno {
	if len(w.label) > maxLabel || !utf8.ValidString(w.label) {
		return sandbox.EInval
	}
	if w.label != "" {
		h.wakes = slices.DeleteFunc(h.wakes, func(old wake) bool { return old.label == w.label })
	}
	if len(h.wakes) >= h.sys.lim.MaxWakes {
		return sandbox.EQuota
	}
	w.number = h.wakeNo
	h.wakeNo++
	h.wakes = append(h.wakes, w)
	return sandbox.OK
}

// Subscribe turns an optional trigger on.
func (h *host) Subscribe(trigger string) sandbox.Errno {
	tr, ok := h.m.Trigger(trigger)
	if !ok || !tr.Optional {
		return sandbox.ENoEnt
	}
	if !slices.Contains(h.subscribed, trigger) {
		h.subscribed = append(h.subscribed, trigger)
		slices.Sort(h.subscribed)
	}
	return sandbox.OK
}

// SetResult sets what travels home.
func (h *host) SetResult(result []byte) sandbox.Errno {
	switch {
	case len(result) > h.sys.lim.MaxResult:
		return sandbox.ETooBig
	case uint64(len(result)) > h.results:
		return sandbox.EQuota
	}
	h.result = slices.Clone(result)
	return sandbox.OK
}
