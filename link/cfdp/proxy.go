package cfdp

import "time"

// serveProxy does what a proxy put request in a finished transaction asks for, if this
// entity is allowed to (CCSDS 727.0-B-5 §6.2.5).
func (e *Entity) serveProxy(now time.Time, r *receiver) {
	if !e.cfg.AllowProxy {
		return
	}
	var q PutRequest
	asked := false
	for _, m := range r.meta.Messages {
		typ, body, ok := Reserved(m)
		if !ok {
			continue
		}
		switch typ {
		case MsgProxyPutRequest:
			p, err := DecodeProxyPut(body)
			if err != nil || asked {
				continue
			}
			asked = true
			q.Dest, q.SourceName, q.DestName = p.Dest, p.SourceName, p.DestName
		case MsgProxyMessage:
			in := &reader{b: body}
			if v := in.lv(); in.err == nil {
				q.Messages = append(q.Messages, v)
			}
		case MsgProxyMode:
			if len(body) == 1 {
				q.Class = Class2 - Class(body[0]&1)
			}
		case MsgProxyClosure:
			q.Closure = len(body) == 1 && body[0]&1 == 1
		}
	}
	if !asked {
		return
	}
	q.Messages = append(q.Messages, OriginatingMessage(r.id))
	id, err := e.Put(now, q)
	if err != nil {
		e.answerProxy(now, r.hdr, r.id, Indication{Condition: FilestoreRejection, Status: FileRejected})
		return
	}
	origin := r.id
	e.tx[id].proxyFor = &origin
}

// answerProxy tells the originator of a proxy put how it went, by a transaction of its
// own without a file (CCSDS 727.0-B-5 §6.2.5.1.3).
func (e *Entity) answerProxy(now time.Time, h Header, origin TransactionID, i Indication) {
	q := PutRequest{Dest: origin.Source, Class: Class2}
	if h.Unacknowledged {
		q.Class = Class1
	}
	q.Messages = [][]byte{
		ProxyPutResponse{i.Condition, !i.Complete, i.Status}.Message(),
		OriginatingMessage(origin),
	}
	if _, err := e.Put(now, q); err != nil {
		e.Stats.Refused++
	}
}
