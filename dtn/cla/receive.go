package cla

import (
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"spacechain/dtn/store"
)

const (
	maxOpen    = 16       // transfers that a receiver keeps open
	maxPieces  = 1024     // gaps in a transfer
	saveEvery  = 64 << 10 // bytes of a transfer in memory before they are saved
	maxInRAM   = 4 << 20  // bytes of transfers in memory where nothing can be saved
	saveAbove  = 4        // frames: shorter transfers are not worth saving
	maxResults = 64       // ended transfers remembered
	maxNumbers = 64       // ranges of frame numbers remembered
)

// incoming is a transfer that is not whole yet.
type incoming struct {
	id     uint64
	total  int
	digest store.Digest
	have   spans // all that came, saved or not
	pieces []piece
	bytes  int // of pieces
	saved  bool
	// resumed is set for a transfer that broke off before. Each offer of it is answered
	// with what is here, until the sender offers it no more.
	resumed bool
}

type piece struct {
	offset int
	data   []byte
}

// ended is what became of a transfer.
type ended struct {
	id     uint64
	reason Reason // 0: taken
}

// receiver is the half of an endpoint that takes data. Its zero value is empty.
type receiver struct {
	numbers []numRange // frames taken in the peer's epoch, ascending
	floor   uint64     // all up to this one count as taken
	open    []*incoming
	ended   []ended

	answers []answer // chunks to send
	unacked int
	ackNow  bool
	ackAt   time.Time // when to acknowledge unasked, zero for never
}

// forget drops what belongs to the peer's former epoch; what came of transfers is
// kept by digest.
func (r *receiver) forget(e *Endpoint) {
	r.saveAll(e)
	*r = receiver{open: r.open}
	for _, in := range r.open {
		in.id = 0
	}
}

// saveAll saves what is in memory and forgets the open transfers that are saved.
func (r *receiver) saveAll(e *Endpoint) {
	if e.cfg.Parts == nil {
		return
	}
	for _, in := range r.open {
		if in.saved || in.total > saveAbove*e.link.MTU {
			in.save(e.cfg.Parts)
		}
	}
	r.open = nil
}

func (r *receiver) known(number uint64) bool {
	if number <= r.floor {
		return true
	}
	for i := len(r.numbers) - 1; i >= 0; i-- {
		if n := r.numbers[i]; number >= n.lo {
			return number <= n.hi
		}
	}
	return false
}

func (r *receiver) mark(number uint64) {
	i := len(r.numbers)
	for i > 0 && r.numbers[i-1].lo > number {
		i--
	}
	after := i < len(r.numbers) && r.numbers[i].lo == number+1
	before := i > 0 && r.numbers[i-1].hi+1 == number
	switch {
	case before && after:
		r.numbers[i-1].hi = r.numbers[i].hi
		r.numbers = slices.Delete(r.numbers, i, i+1)
	case before:
		r.numbers[i-1].hi = number
	case after:
		r.numbers[i].lo = number
	default:
		r.numbers = slices.Insert(r.numbers, i, numRange{number, number})
	}
	if len(r.numbers) > maxNumbers {
		r.floor = r.numbers[0].hi
		r.numbers = slices.Delete(r.numbers, 0, 1)
	}
}

// want sees to it that an acknowledgement goes out within a delay; where the link is
// half-duplex, when the sender was quiet for as long.
func (r *receiver) want(now time.Time, p *pace) {
	if at := now.Add(p.ackDelay); p.quiet || r.ackAt.IsZero() || at.Before(r.ackAt) {
		r.ackAt = at
	}
}

func (r *receiver) tick(now time.Time) {
	if !r.ackAt.IsZero() && !r.ackAt.After(now) {
		r.ackNow = true
	}
}

// find gives the open transfer with an id.
func (r *receiver) find(id uint64) *incoming {
	for _, in := range r.open {
		if in.id == id {
			return in
		}
	}
	return nil
}

func (r *receiver) endedAs(id uint64) (ended, bool) {
	for _, d := range r.ended {
		if d.id == id {
			return d, true
		}
	}
	return ended{}, false
}

// data takes a data chunk. It is false if the chunk must come again.
func (r *receiver) data(e *Endpoint, now time.Time, c *chunk) bool {
	if d, ok := r.endedAs(c.transfer); ok {
		r.tell(d)
		return true
	}
	in := r.find(c.transfer)
	if in == nil && c.kind == chunkData {
		r.answer(answer{kind: chunkUnknown, transfer: c.transfer})
		return false
	}
	if c.kind == chunkOffer {
		if in != nil && (in.digest != c.digest || in.total != c.total) {
			return false
		}
		if in == nil {
			if whole := r.offer(e, now, c); whole {
				return true
			}
			if in = r.find(c.transfer); in == nil {
				return false
			}
		}
		if in.resumed {
			r.answer(answer{kind: chunkHave, transfer: in.id})
		}
	}
	end := c.offset + len(c.data)
	if len(c.data) == 0 || end > in.total {
		return len(c.data) == 0
	}
	if in.have.has(c.offset, end) {
		return true
	}
	in.put(c.offset, c.data)
	switch {
	case in.have.len() == in.total:
		r.complete(e, now, in)
	case in.bytes >= saveEvery && e.cfg.Parts != nil:
		if err := in.save(e.cfg.Parts); err != nil {
			r.end(e, in, ReasonNoRoom)
		}
	case len(in.have) > maxPieces:
		r.drop(in)
		r.answer(answer{kind: chunkUnknown, transfer: c.transfer})
	case e.cfg.Parts == nil:
		r.bound()
	}
	return true
}

// offer opens the transfer of an offer chunk. It is true if the transfer is over
// with this chunk.
func (r *receiver) offer(e *Endpoint, now time.Time, c *chunk) bool {
	switch {
	case c.total == 0 || c.offset+len(c.data) > c.total:
		return false
	case c.total > e.cfg.MaxTransfer:
		r.remember(ended{c.transfer, ReasonTooLarge})
		return true
	case e.cfg.Sink.Completed(c.digest):
		r.remember(ended{c.transfer, 0})
		return true
	case !e.cfg.Sink.Room(c.total):
		r.remember(ended{c.transfer, ReasonNoRoom})
		return true
	case len(c.data) == c.total:
		r.remember(ended{c.transfer, r.accept(e, now, c.data, c.digest)})
		return true
	}
	i := slices.IndexFunc(r.open, func(in *incoming) bool { return in.digest == c.digest && in.total == c.total })
	if i >= 0 {
		r.open[i].id, r.open[i].resumed = c.transfer, true
		return false
	}
	in := &incoming{id: c.transfer, total: c.total, digest: c.digest}
	if e.cfg.Parts != nil {
		if total, pieces, ok := e.cfg.Parts.Parts(c.digest); ok && total == c.total {
			in.saved, in.resumed = true, true
			for _, s := range pieces {
				in.have = in.have.add(s.From, s.To)
			}
		}
	}
	if len(r.open) == maxOpen {
		r.drop(r.open[0])
	}
	r.open = append(r.open, in)
	return false
}

// put takes the bytes of a chunk that are new, so that pieces never overlap.
func (in *incoming) put(offset int, data []byte) {
	fresh := spans{{From: offset, To: offset + len(data)}}
	for _, r := range in.have {
		fresh = fresh.remove(r.From, r.To)
	}
	for _, r := range fresh {
		in.keep(r.From, data[r.From-offset:r.To-offset])
	}
	in.have = in.have.add(offset, offset+len(data))
}

func (in *incoming) keep(offset int, data []byte) {
	in.bytes += len(data)
	if n := len(in.pieces); n > 0 {
		if last := &in.pieces[n-1]; last.offset+len(last.data) == offset {
			last.data = append(last.data, data...)
			return
		}
	}
	in.pieces = append(in.pieces, piece{offset, slices.Clone(data)})
}

// save moves what is in memory to parts.
func (in *incoming) save(parts Parts) error {
	for _, p := range in.pieces {
		if err := parts.SavePart(in.digest, in.total, p.offset, p.data); err != nil {
			return err
		}
		in.saved = true
	}
	in.pieces, in.bytes = nil, 0
	return nil
}

// bound drops the oldest transfers while those in memory are above what is kept
// there.
func (r *receiver) bound() {
	for sum := 0; ; sum = 0 {
		for _, in := range r.open {
			sum += in.bytes
		}
		if sum <= maxInRAM || len(r.open) == 1 {
			return
		}
		r.drop(r.open[0])
	}
}

func (r *receiver) drop(in *incoming) {
	if i := slices.Index(r.open, in); i >= 0 {
		r.open = slices.Delete(r.open, i, i+1)
	}
}

// complete hands a whole transfer to the sink.
func (r *receiver) complete(e *Endpoint, now time.Time, in *incoming) {
	data := make([]byte, in.total)
	if in.saved {
		if err := e.cfg.Parts.ReadParts(in.digest, data); err != nil {
			e.cfg.Parts.DropParts(in.digest)
			r.drop(in)
			r.answer(answer{kind: chunkUnknown, transfer: in.id})
			return
		}
	}
	for _, p := range in.pieces {
		copy(data[p.offset:], p.data)
	}
	r.end(e, in, r.accept(e, now, data, in.digest))
}

// accept checks a transfer's digest and hands it to the sink. It gives the reason of
// a refusal, 0 if there is none.
func (r *receiver) accept(e *Endpoint, now time.Time, data []byte, d store.Digest) Reason {
	if DigestOf(data) != d {
		return ReasonMalformed
	}
	err := e.cfg.Sink.Accept(now, e.cfg.Peer, data, d)
	var refusal *Refusal
	switch {
	case err == nil:
		return 0
	case errors.As(err, &refusal):
		return refusal.Reason
	}
	return ReasonNoRoom
}

// DigestOf is the digest by which a transfer is known.
func DigestOf(data []byte) store.Digest {
	sum := sha256.Sum256(data)
	return store.Digest(sum[:16])
}

// end closes an open transfer.
func (r *receiver) end(e *Endpoint, in *incoming, reason Reason) {
	r.drop(in)
	if in.saved {
		e.cfg.Parts.DropParts(in.digest)
	}
	r.remember(ended{in.id, reason})
}

func (r *receiver) remember(d ended) {
	if len(r.ended) == maxResults {
		r.ended = slices.Delete(r.ended, 0, 1)
	}
	r.ended = append(r.ended, d)
	r.tell(d)
}
