package node

import (
	"spacechain/dtn/bundle"
)

// status is which of its four assertions a status report makes.
type status uint8

const (
	statusReceived status = iota
	statusForwarded
	statusDelivered
	statusDeleted
)

var statusFlag = [...]bundle.Flags{bundle.FlagReportReception, bundle.FlagReportForwarding,
	bundle.FlagReportDelivery, bundle.FlagReportDeletion}

// report sends a status report about a stored bundle if its source asked for one
// (RFC 9171 §6.1.1).
func (n *Node) report(it *item, b *bundle.Bundle, s status, reason bundle.Reason) {
	if it.e.Flags&statusFlag[s] == 0 {
		return
	}
	if b == nil {
		var err error
		if b, err = n.read(it); err != nil {
			return
		}
	}
	n.reportOn(b, s, reason)
}

// reportOn sends a status report about a bundle. One about a block that the node
// does not know is sent whether or not reports of the status were asked for.
func (n *Node) reportOn(b *bundle.Bundle, s status, reason bundle.Reason) {
	p := &b.Primary
	unasked := reason == bundle.ReasonBlockUnsupported && s == statusReceived
	if (p.Flags&statusFlag[s] == 0 && !unasked) || p.Flags&bundle.FlagAdminRecord != 0 || p.ReportTo.IsNull() {
		return
	}
	r := bundle.Report{Reason: reason, Subject: b.ID()}
	st := bundle.Status{Asserted: true}
	if p.Flags&bundle.FlagStatusTime != 0 {
		st.Time = bundle.DTNTime(n.now)
	}
	*[...]*bundle.Status{&r.Received, &r.Forwarded, &r.Delivered, &r.Deleted}[s] = st
	_, err := n.put(bundle.Primary{
		Flags: bundle.FlagAdminRecord, CRC: bundle.CRC32C,
		Destination: p.ReportTo, Source: n.self(), ReportTo: bundle.None,
		LifetimeMs: max(p.LifetimeMs, uint64(defaultLifetime.Milliseconds())),
	}, r.Append(nil))
	if err != nil { // a report is not worth more than the store has room for
		n.event(Event{Kind: EventStoreFailed, ID: b.ID(), Err: err})
	}
}

// administer takes in a bundle for the node itself.
func (n *Node) administer(it *item) {
	b, err := n.read(it)
	if err != nil {
		n.lose(it, err)
		return
	}
	if r, err := bundle.DecodeReport(b.Payload()); err == nil && it.e.Flags&bundle.FlagAdminRecord != 0 {
		n.event(Event{Kind: EventReport, ID: r.Subject, Peer: it.e.ID.Source.Node(), Report: r})
	} else {
		n.event(Event{Kind: EventDeleted, ID: it.e.ID, Reason: bundle.ReasonBlockUnintelligible})
	}
	if err := n.finish(it); err != nil {
		n.event(Event{Kind: EventStoreFailed, ID: it.e.ID, Err: err})
	}
}
