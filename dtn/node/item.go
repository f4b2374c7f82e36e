package node

import (
	"time"

	"spacechain/dtn/contact"
	"spacechain/dtn/store"
)

// state is what a stored bundle waits for.
type state uint8

const (
	stateNew     state = iota // to be routed
	stateHeld                 // for a route
	stateQueued               // for the link to peer
	stateSending              // for peer to say that it has it
	stateLocal                // for Consume, or for the other fragments
)

// item is a stored bundle in a node's memory.
type item struct {
	e     *store.Entry
	state state
	class uint8
	peer  uint64        // of stateQueued and stateSending
	route contact.Route // booked, of the same
	avoid []avoid
	tried bool // handed to a link since it came; a neighbour may have it
	// Entries of queues that carry an older ticket are void.
	queueTicket, reviewTicket uint32
}

// avoid is a neighbour that refused a bundle, and until when it is not asked again.
type avoid struct {
	peer  uint64
	until time.Time
}

// Classes of bundles on a link: small ones go first, so that a command does not wait
// behind a picture.
const (
	classSmall = iota
	classMedium
	classBulk
)

const (
	smallSize  = 4 << 10
	mediumSize = 256 << 10
)

func classOf(size int) uint8 {
	switch {
	case size <= smallSize:
		return classSmall
	case size <= mediumSize:
		return classMedium
	}
	return classBulk
}

// wireSize is about how many bytes a bundle takes on a link, with the blocks that
// forwarding adds and the heads of frames.
func wireSize(size int) int { return size + size/24 + 64 }

// ticket is an item's place in a heap: by key, then by the order of arrival.
type ticket struct {
	key    int64
	seq    uint64
	number uint32
	item   *item
}

// ticketHeap has the smallest key first.
type ticketHeap []ticket

func (h ticketHeap) less(i, j int) bool {
	if h[i].key != h[j].key {
		return h[i].key < h[j].key
	}
	return h[i].seq < h[j].seq
}

func (h *ticketHeap) push(t ticket) {
	*h = append(*h, t)
	a := *h
	for i := len(a) - 1; i > 0 && a.less(i, (i-1)/2); i = (i - 1) / 2 {
		a[i], a[(i-1)/2] = a[(i-1)/2], a[i]
	}
}

func (h *ticketHeap) pop() ticket {
	a := *h
	top, last := a[0], len(a)-1
	a[0], a[last] = a[last], ticket{}
	a = a[:last]
	*h = a
	if last == 0 {
		*h = nil // an idle node keeps no memory
	}
	for i := 0; ; {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < last && a.less(c, least) {
				least = c
			}
		}
		if least == i {
			return top
		}
		a[i], a[least] = a[least], a[i]
		i = least
	}
}
