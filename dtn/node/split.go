package node

import (
	"spacechain/dtn/bundle"
)

// minPart is the smallest payload of a fragment made here, in bytes.
const minPart = 1 << 10

// split cuts a bundle for which no contacts have room in one piece, so that the
// first part fits (RFC 9171 §5.8). It is false if that does not help either.
func (n *Node) split(it *item) bool {
	if it.e.Flags&bundle.FlagMustNotFragment != 0 || it.e.Size < 2*minPart {
		return false
	}
	if _, err := n.find(it, 1); err != nil {
		return false // there is no way at all
	}
	size := it.e.Size / 2
	for ; size >= minPart; size /= 2 {
		if _, err := n.find(it, wireSize(size)); err == nil {
			break
		}
	}
	if size < minPart {
		return false
	}
	b, err := n.read(it)
	if err != nil {
		n.lose(it, err)
		return true
	}
	overhead := b.Size() - len(b.Payload())
	head, tail, err := b.Split(size - overhead)
	if err != nil {
		return false
	}
	batch := n.store.Begin()
	batch.Remove(it.e.Seq)
	var seqs [2]uint64
	for i, part := range []*bundle.Bundle{head, tail} {
		e := n.entry(it.e.Received, part, it.e.Previous)
		e.Expiry = it.e.Expiry
		if seqs[i], err = batch.Put(e, part.Encode()); err != nil {
			return false
		}
	}
	if err := batch.Commit(); err != nil {
		n.event(Event{Kind: EventStoreFailed, ID: it.e.ID, Err: err})
		return false
	}
	n.event(Event{Kind: EventFragmented, ID: it.e.ID})
	delete(n.items, it.e.Seq)
	for _, seq := range seqs {
		e, _ := n.store.Entry(seq)
		n.adopt(e)
	}
	return true
}
