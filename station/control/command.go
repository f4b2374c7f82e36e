package control

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"spacechain/link/frame"
	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
)

// State is how far a command has come.
type State uint8

// The states. The last three are for good.
const (
	Queued    State = iota + 1 // on the ground
	Sent                       // some of its frames have gone up, and not all are acknowledged
	Aboard                     // the satellite has all of it: its report is awaited
	Scheduled                  // aboard, to be released later
	Verified                   // carried out, as a report says
	Failed                     // refused or failed, as a report says
	Unknown                    // it was sent, and nobody can say what became of it
)

// String names the state.
func (s State) String() string {
	return [...]string{"?", "queued", "sent", "aboard", "scheduled", "verified", "failed", "unknown"}[min(s, 7)%8]
}

// Done reports whether nothing more is to be expected.
func (s State) Done() bool { return s >= Verified }

// Command is a command with its state.
type Command struct {
	ID      pus.RequestID
	Message pus.Message
	State   State
	Queued  time.Time
	Sent    time.Time // when its first frame went up first, zero before
	Release time.Time // of a time-tagged command
	Why     string    // of Failed and Unknown
}

// item is a command at work.
type item struct {
	Command
	packet   []byte  // nil of one that another carries
	units    []*unit // not acknowledged
	aboard   time.Time
	internal bool // ours: hails of the queue, recoveries, wrappers of time-tagged commands
	carries  *item
	asked    int // how often its report was asked for
}

// unit is what one frame carries of a command.
type unit struct {
	id   uint64
	item *item
	data []byte
	flag frame.Sequence
	mapp uint8
	seq  uint8 // N(S) of its last transmission
	// handed says that FOP-1 has it, or had it and nobody knows whether it arrived; sent
	// that it has gone up.
	handed, sent bool
}

// doneList remembers the commands that are done, the newest last.
type doneList struct{ list []Command }

const mostDone = 256

func (d *doneList) add(c Command) {
	if len(d.list) >= mostDone {
		d.list = slices.Delete(d.list, 0, 1)
	}
	d.list = append(d.list, c)
}

// Command queues a request. It goes up in this pass or a later one.
func (k *Control) Command(now time.Time, q pus.Request) (pus.RequestID, error) {
	k.now = now
	i, err := k.enqueue(q, false)
	if err != nil {
		return pus.RequestID{}, err
	}
	return i.ID, nil
}

// CommandAt queues a request that the satellite releases at a moment by its own clock
// (service 11). The name given is that of the request, which is followed from its release on;
// if it cannot be scheduled it fails.
func (k *Control) CommandAt(now, release time.Time, q pus.Request) (pus.RequestID, error) {
	k.now = now
	if len(k.items)+2 > k.c.MaxQueue {
		return pus.RequestID{}, fmt.Errorf("schedule %s behind %d others: %w", q.Message, len(k.items), ErrQueue)
	}
	pkt, id, err := k.commander.Telecommand(q)
	if err != nil {
		return pus.RequestID{}, err
	}
	i := &item{Command: Command{ID: id, Message: q.Message, State: Queued, Queued: now, Release: release}}
	wrap, err := k.enqueue(k.commander.Profile.InsertActivities(pus.Activity{SubSchedule: 1, Release: release, Request: pkt}), true)
	if err != nil {
		return pus.RequestID{}, err
	}
	wrap.carries = i
	k.items = append(k.items, i)
	return id, nil
}

// Profile makes requests and reads reports.
func (k *Control) Profile() *pus.Profile { return k.commander.Profile }

// Dump asks for what a packet store recorded in a stretch of time.
func (k *Control) Dump(now time.Time, store uint64, from, to time.Time) (pus.RequestID, error) {
	return k.Command(now, k.commander.Profile.RetrieveRange(pus.StoreRange{ID: store, From: from, To: to}))
}

func (k *Control) enqueue(q pus.Request, internal bool) (*item, error) {
	if len(k.items) >= k.c.MaxQueue {
		return nil, fmt.Errorf("%s behind %d others: %w", q.Message, len(k.items), ErrQueue)
	}
	pkt, id, err := k.commander.Telecommand(q)
	if err != nil {
		return nil, err
	}
	i := &item{Command: Command{ID: id, Message: q.Message, State: Queued, Queued: k.now}, packet: pkt, internal: internal}
	if err := k.cut(i, mission.MAPPackets, pkt); err != nil {
		return nil, err
	}
	k.items = append(k.items, i)
	return i, nil
}

var errEmpty = errors.New("nothing to send")

// cut makes the units of a command and puts them into the queue.
func (k *Control) cut(i *item, mapp uint8, data []byte) error {
	if len(data) == 0 {
		return errEmpty
	}
	s := frame.Segmenter{Max: k.tc.DataLength(k.c.VC)}
	return s.Segment(data, func(flag frame.Sequence, part []byte) {
		k.lastUnit++
		u := &unit{id: k.lastUnit, item: i, data: slices.Clone(part), flag: flag, mapp: mapp}
		k.units[u.id] = u
		i.units = append(i.units, u)
		k.waiting = append(k.waiting, u)
	})
}

// Progress is how far the reports say a command has come; nil if it is not remembered.
func (k *Control) Progress(id pus.RequestID) *pus.Progress { return k.commander.Progress(id) }

// State is how far a command has come; false if it is not remembered.
func (k *Control) State(id pus.RequestID) (Command, bool) {
	for _, i := range k.items {
		if i.ID == id {
			return i.Command, true
		}
	}
	for n := len(k.done.list) - 1; n >= 0; n-- {
		if k.done.list[n].ID == id {
			return k.done.list[n], true
		}
	}
	return Command{}, false
}

// Commands lists the commands that are not done, in the order in which they were given, and
// then the newest of those that are.
func (k *Control) Commands() []Command {
	var list []Command
	for _, i := range k.items {
		if !i.internal {
			list = append(list, i.Command)
		}
	}
	return append(list, k.done.list...)
}

// Pending is how many commands are not done.
func (k *Control) Pending() int {
	n := 0
	for _, i := range k.items {
		if !i.internal {
			n++
		}
	}
	return n
}

// finish ends a command.
func (k *Control) finish(i *item, s State, why string) {
	if i.State.Done() {
		return
	}
	i.State, i.Why = s, why
	gone := func(u *unit) bool { return u.item == i }
	for _, u := range i.units {
		delete(k.units, u.id)
	}
	i.units = nil
	k.waiting = slices.DeleteFunc(k.waiting, gone)
	k.items = slices.DeleteFunc(k.items, func(o *item) bool { return o == i })
	if c := i.carries; c != nil && !c.State.Done() {
		switch s {
		case Verified:
			c.State, c.aboard = Scheduled, k.now
		case Failed:
			k.finish(c, Failed, "not scheduled: "+why)
		default:
			// Perhaps it is in the schedule all the same: its report will tell.
			c.State, c.aboard = Scheduled, k.now
		}
	}
	if !i.internal {
		k.done.add(i.Command)
	}
}

// follow takes what the reports say over into a command's state.
func (k *Control) follow(id pus.RequestID) {
	p := k.commander.Progress(id)
	if p == nil || !p.Done() {
		return
	}
	for _, i := range k.items {
		if i.ID != id {
			continue
		}
		if p.Failed {
			k.finish(i, Failed, failure(p))
		} else {
			k.finish(i, Verified, "")
		}
		return
	}
}

// failure says why a command failed.
func failure(p *pus.Progress) string {
	if len(p.Failures) == 0 {
		return "failed"
	}
	v := p.Failures[len(p.Failures)-1]
	return fmt.Sprintf("%s failed: %s", v.Stage, v.Failure.Error())
}
