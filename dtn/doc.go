// Package dtn is the delay-tolerant mesh: nodes that store bundles until a contact
// carries them a hop nearer to where they go.
//
//   - bundle: the Bundle Protocol version 7 on the wire (RFC 9171), endpoint ids
//     (RFC 9171, RFC 9758) and status reports.
//   - contact: contact plans and earliest-arrival contact-graph routing (SABR,
//     CCSDS 734.3-B-1).
//   - store: where a node keeps bundles through power cuts.
//   - cla: a reliable convergence layer over any link that carries frames.
//   - node: the core that joins them; it does no I/O and reads no clock.
//
// Security blocks pass through untouched. Other convergence layers (TCPCL, LTP)
// take the place of cla beside the node's Link interface.
package dtn
