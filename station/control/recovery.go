package control

import (
	"time"

	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
)

// recovery asks for reports that were lost on the way down.
type recovery struct {
	request *item     // under way
	since   time.Time // when it was done: the reports follow
	asked   []*item   // whose reports were asked for
	missing uint64    // frames that were missing before
}

// Patience: a report comes in the down slot after its command, so one that has not come
// after some turns was lost. A command whose report is not to be had is given up.
const (
	patienceTurns = 6
	mostAsked     = 3 // times that all frames came and the report was not in them
)

func (r *recovery) begin() { *r = recovery{} }

// patience is how long a report is waited for.
func (k *Control) patience() time.Duration { return patienceTurns * k.link.Slots.Length }

// recover looks for commands whose report is late, and asks for the reports of the time
// since they went up.
func (k *Control) recover() {
	r := &k.recovery
	if q := r.request; q != nil {
		// Its own report may be lost as well: that it is aboard will do.
		aboard := q.State == Aboard && k.now.Sub(q.aboard) >= k.patience()
		if !aboard && !q.State.Done() {
			return
		}
		if q.State == Failed {
			r.asked = nil // another retrieval was going on
		}
		k.finish(q, Unknown, "")
		r.request, r.since = nil, k.now
		return
	}
	if k.now.Sub(r.since) < k.patience() || !k.fresh() {
		return
	}
	if k.stats.FramesMissing == r.missing {
		// All that was asked for has come.
		for _, i := range r.asked {
			i.asked++
		}
	}
	r.asked = nil
	var from time.Time
	late := k.late()
	for _, i := range late {
		if i.asked >= mostAsked {
			k.finish(i, Unknown, "aboard, but there is no report of what became of it")
			continue
		}
		at := i.Sent
		if i.State == Scheduled {
			at = i.Release
		}
		if from.IsZero() || at.Before(from) {
			from = at
		}
	}
	if from.IsZero() {
		return
	}
	q := k.commander.Profile.RetrieveRange(pus.StoreRange{ID: mission.StoreEvents, From: from.Add(-time.Second), To: k.now})
	i, err := k.enqueue(q, true)
	if err != nil {
		return
	}
	r.request, r.asked, r.missing = i, late, k.stats.FramesMissing
	k.stats.Recoveries++
}

// late lists the commands whose report should have come.
func (k *Control) late() (list []*item) {
	for _, i := range k.items {
		if i == k.recovery.request {
			continue
		}
		due := i.aboard
		switch i.State {
		case Aboard:
		case Scheduled:
			due = later(due, i.Release)
		default:
			continue
		}
		if k.now.Sub(due) >= k.patience() {
			list = append(list, i)
		}
	}
	return list
}
