// Package contact holds contact plans and finds routes through them: the earliest
// arrival over contacts that are known beforehand, with an account of the volume
// already promised (schedule-aware bundle routing, CCSDS 734.3-B-1).
//
// A Plan is immutable and may be shared by all nodes of a process. A Router is one
// node's view of it: the links that are up now, the volume that it has booked, and
// the routes it found lately. A Router is not safe for concurrent use.
//
// Sizes are in bytes, rates in bits per second, times in UTC.
package contact
