// Package bundle encodes and decodes bundles of the Bundle Protocol version 7
// (RFC 9171), with the endpoint ids of RFC 9171 and RFC 9758, fragmentation,
// reassembly and status reports.
//
// Decoding is strict: deterministic CBOR but for the bundle's own array, CRCs that
// match, one payload block at the end, unique block numbers. Limits are checked
// before anything is allocated, and byte strings of the result alias the input.
// What was decoded encodes to the same bytes again: the primary block is kept as
// it came, and blocks of unknown types, security blocks among them, are opaque.
//
// Times on the wire are DTN times, milliseconds since 2000-01-01T00:00:00Z
// (RFC 9171 §4.2.6).
package bundle
