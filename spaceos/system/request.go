package system

import (
	"container/heap"
	"crypto/sha256"
	"fmt"
	"time"

	"spacechain/internal/cbor"
	"spacechain/spaceos/command"
)

// requestKey names a command: who gave it, and which it is.
type requestKey struct {
	owner   command.Owner
	request command.RequestID
}

// handledRequest is a command that was handled. The reply stays in the store.
type handledRequest struct {
	key     requestKey
	digest  [32]byte // of the whole signed command
	expires time.Time
	fresh   bool // not durable yet: its reply is still on the way out
}

// requestLog remembers the commands that have not expired.
type requestLog struct {
	byKey  map[requestKey]*handledRequest
	owners map[command.Owner]int
	expiry requestHeap
	fresh  []*handledRequest
}

func newRequestLog() requestLog {
	return requestLog{byKey: map[requestKey]*handledRequest{}, owners: map[command.Owner]int{}}
}

func (l *requestLog) add(r *handledRequest) {
	l.byKey[r.key] = r
	l.owners[r.key.owner]++
	heap.Push(&l.expiry, r)
	if r.fresh {
		l.fresh = append(l.fresh, r)
	}
}

func (l *requestLog) flushed() {
	for _, r := range l.fresh {
		r.fresh = false
	}
	l.fresh = l.fresh[:0]
}

// forget drops the commands that have expired; what they were is told by the horizon.
func (s *System) forget() {
	l := &s.requests
	changed := false
	for len(l.expiry) > 0 && !s.now.Before(l.expiry[0].expires) {
		r := heap.Pop(&l.expiry).(*handledRequest)
		delete(l.byKey, r.key)
		if l.owners[r.key.owner]--; l.owners[r.key.owner] == 0 {
			delete(l.owners, r.key.owner)
		}
		s.batch.Delete(keyRequest(r.key.owner, r.key.request))
		if r.expires.After(s.horizon) {
			s.horizon = r.expires
		}
		changed = true
	}
	if changed {
		s.putMeta()
	}
}

// remember stores a command's reply until the command expires.
func (s *System) remember(c *command.Command, digest [32]byte, replyTo string, reply []byte) {
	r := &handledRequest{key: requestKey{c.Owner, c.Request}, digest: digest, expires: c.Expires, fresh: true}
	s.requests.add(r)
	b := cbor.AppendBytes(cbor.AppendArray(nil, 4), digest[:])
	b = cbor.AppendInt(b, c.Expires.UnixMilli())
	b = cbor.AppendText(b, replyTo)
	s.batch.Put(keyRequest(c.Owner, c.Request), cbor.AppendBytes(b, reply))
}

func decodeRequest(k, v []byte) (r *handledRequest, replyTo string, reply []byte, err error) {
	r = &handledRequest{}
	if n := len(r.key.owner) + len(r.key.request); len(k) < n {
		return nil, "", nil, fmt.Errorf("handled request: short key")
	}
	copy(r.key.owner[:], k[len(k)-48:])
	copy(r.key.request[:], k[len(k)-16:])
	d := cbor.NewDecoder(v)
	if n, err := d.Array(); err != nil || n != 4 {
		return nil, "", nil, fmt.Errorf("handled request: not four items")
	}
	digest, err := d.Bytes()
	if err != nil {
		return nil, "", nil, err
	}
	copy(r.digest[:], digest)
	ms, err := d.Int()
	if err != nil {
		return nil, "", nil, err
	}
	r.expires = time.UnixMilli(ms).UTC()
	if replyTo, err = d.Text(); err != nil {
		return nil, "", nil, err
	}
	if reply, err = d.Bytes(); err != nil {
		return nil, "", nil, err
	}
	return r, replyTo, reply, d.Done()
}

// repeated answers a command that was handled before, and reports whether it was.
func (s *System) repeated(c *command.Command, raw []byte) bool {
	r := s.requests.byKey[requestKey{c.Owner, c.Request}]
	if r == nil {
		return false
	}
	if r.digest != sha256.Sum256(raw) {
		s.reply(c.ReplyTo, command.Reply{Request: c.Request, Code: command.RequestConflict,
			Message: "another command had this request id; choose ids at random"})
		return true
	}
	if r.fresh { // the reply to the first of them goes out now
		return true
	}
	k := keyRequest(c.Owner, c.Request)
	v, ok, err := s.opt.Store.Get(k)
	if err == nil && !ok {
		err = fmt.Errorf("the reply to request %s is gone", c.Request)
	}
	if err != nil {
		s.fail(err)
		return true
	}
	_, replyTo, reply, err := decodeRequest(k, v)
	if err != nil {
		s.fail(err)
		return true
	}
	s.send(command.Service, replyTo, reply)
	return true
}

// requestHeap has the command that expires first at index 0.
type requestHeap []*handledRequest

func (h requestHeap) Len() int           { return len(h) }
func (h requestHeap) Less(i, j int) bool { return h[i].expires.Before(h[j].expires) }
func (h requestHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a request; for container/heap.
func (h *requestHeap) Push(x any) { *h = append(*h, x.(*handledRequest)) }

// Pop removes the last request; for container/heap.
func (h *requestHeap) Pop() any {
	old := *h
	r := old[len(old)-1]
	*h = old[:len(old)-1]
	return r
}
