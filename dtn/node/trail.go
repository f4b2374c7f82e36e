package node

import (
	"time"

	"spacechain/dtn/bundle"
)

// trail remembers to whom bundles were handed lately. A bundle that comes back was
// sent on in a circle by nodes that do not know what this one knows, say that a
// planned contact does not happen. It is not sent round again at once: the neighbour
// that had it is avoided, the longer the more often that happens.
type trail struct {
	steps []step
	next  int // of steps, the oldest
}

// step is one bundle that was handed to one neighbour.
type step struct {
	bundle uint64
	peer   uint64
	times  uint8
}

const (
	maxSteps   = 256
	avoidRound = time.Minute
)

// stepKey is a hash of an id (FNV-1a by words). That two ids share one is unlikely,
// and costs no more than a way that is avoided for a while.
func stepKey(id bundle.ID) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range [...]uint64{id.Source.Node(), id.Source.Service(), id.Timestamp.Time, id.Timestamp.Seq,
		id.Offset, id.Length} {
		for range 8 {
			h = (h ^ v&0xff) * 1099511628211
			v >>= 8
		}
	}
	return h
}

func (t *trail) note(id bundle.ID, peer uint64) {
	key := stepKey(id)
	for i := range t.steps {
		if s := &t.steps[i]; s.bundle == key && s.peer == peer {
			s.times = min(s.times+1, 15)
			return
		}
	}
	s := step{key, peer, 1}
	if len(t.steps) < maxSteps {
		t.steps = append(t.steps, s)
		return
	}
	t.steps[t.next] = s
	t.next = (t.next + 1) % maxSteps
}

// avoid gives the neighbours that had a bundle before.
func (t *trail) avoid(now time.Time, id bundle.ID) []avoid {
	if len(t.steps) == 0 {
		return nil
	}
	var out []avoid
	key := stepKey(id)
	for _, s := range t.steps {
		if s.bundle == key {
			out = append(out, avoid{peer: s.peer, until: now.Add(avoidRound << (s.times - 1))})
		}
	}
	return out
}
