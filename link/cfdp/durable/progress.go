package durable

import (
	"encoding/binary"
	"fmt"
	"slices"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
)

// Progress is how a file that was sent stands.
type Progress struct {
	ID        cfdp.TransactionID
	Name      string // on the other side
	Size      int64
	Sent      int64 // octets that went out for the first time
	Ended     bool
	Complete  bool // it lies whole on the other side
	Condition cfdp.Condition
}

// maxResults is how many ends of files sent are remembered.
const maxResults = 256

// results remembers what became of the last files sent.
type results struct {
	list  []Progress // the oldest first
	fresh []Progress // not written yet
	drop  []uint64
}

func (r *results) add(p Progress) {
	if len(r.list) >= maxResults {
		r.drop = append(r.drop, r.list[0].ID.Seq)
		r.list = slices.Delete(r.list, 0, 1)
	}
	r.list = append(r.list, p)
	r.fresh = append(r.fresh, p)
}

func (r *results) changes(b *kv.Batch) {
	for _, seq := range r.drop {
		b.DeleteOwned(appendSeq(keyResult, seq))
	}
	for _, p := range r.fresh {
		v := []byte{byte(p.Condition), 0}
		if p.Complete {
			v[1] = 1
		}
		v = binary.AppendUvarint(v, p.ID.Source)
		v = binary.AppendUvarint(v, uint64(p.Size))
		v = binary.AppendUvarint(v, uint64(p.Sent))
		b.PutOwned(appendSeq(keyResult, p.ID.Seq), append(v, p.Name...))
	}
	r.drop, r.fresh = nil, nil
}

func (r *results) load(store kv.Store) error {
	return store.Scan([]byte{keyResult}, func(k, v []byte) error {
		if len(k) != 9 || len(v) < 2 {
			return fmt.Errorf("%w: %x", errCorrupt, k)
		}
		p := Progress{ID: cfdp.TransactionID{Seq: binary.BigEndian.Uint64(k[1:])}, Ended: true,
			Condition: cfdp.Condition(v[0]), Complete: v[1] == 1}
		rest := v[2:]
		var n [3]uint64
		for i := range n {
			u, size := binary.Uvarint(rest)
			if size <= 0 {
				return fmt.Errorf("%w: %x", errCorrupt, k)
			}
			n[i], rest = u, rest[size:]
		}
		p.ID.Source, p.Size, p.Sent, p.Name = n[0], int64(n[1]), int64(n[2]), string(rest)
		r.list = append(r.list, p)
		return nil
	})
}

// Progress tells how a file that Put took stands, as long as it is remembered.
func (e *Entity) Progress(id cfdp.TransactionID) (Progress, bool) {
	for _, t := range e.core.Transactions() {
		if t.ID == id && t.Sending {
			return Progress{ID: id, Name: t.DestName, Size: t.Size, Sent: t.Progress, Condition: t.Condition}, true
		}
	}
	for _, p := range slices.Backward(e.results.list) {
		if p.ID == id {
			return p, true
		}
	}
	return Progress{}, false
}
