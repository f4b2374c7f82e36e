package bundle

import (
	"fmt"
	"time"
)

// epoch is the DTN epoch (RFC 9171 §4.2.6), in milliseconds since the Unix epoch.
const epochUnixMs = 946684800000

// maxDTNTime is where a DTN time stops being a time.Time here (the year 9999);
// later ones are taken as this one.
const maxDTNTime = 252455615999999

// DTNTime gives t as milliseconds since 2000-01-01T00:00:00Z, 0 for earlier times.
func DTNTime(t time.Time) uint64 {
	ms := t.UnixMilli() - epochUnixMs
	if ms < 0 {
		return 0
	}
	return uint64(ms)
}

// TimeOf gives a DTN time as a UTC time; times after the year 9999 become its end.
func TimeOf(dtn uint64) time.Time {
	return time.UnixMilli(int64(min(dtn, maxDTNTime)) + epochUnixMs).UTC()
}

// Timestamp is a creation timestamp (RFC 9171 §4.2.7): a DTN time in milliseconds,
// 0 where the source has no clock, and a number that keeps bundles apart which the
// source made in that millisecond.
type Timestamp struct {
	Time uint64
	Seq  uint64
}

// ID tells bundles apart: the source, when it made the bundle, and for a fragment
// which part of the payload it carries. It is comparable.
type ID struct {
	Source    EID
	Timestamp Timestamp
	Fragment  bool
	Offset    uint64 // of a fragment: its place in the whole payload, in bytes
	Length    uint64 // of a fragment: the length of its payload, in bytes
}

// Whole is the id of the bundle that a fragment is a part of.
func (id ID) Whole() ID { return ID{Source: id.Source, Timestamp: id.Timestamp} }

// String writes the id as "ipn:90001.1@842918400000.7", a fragment's with
// "[offset+length]" after it.
func (id ID) String() string {
	s := fmt.Sprintf("%v@%d.%d", id.Source, id.Timestamp.Time, id.Timestamp.Seq)
	if id.Fragment {
		s += fmt.Sprintf("[%d+%d]", id.Offset, id.Length)
	}
	return s
}

// ID is the id of b.
func (b *Bundle) ID() ID {
	id := ID{Source: b.Primary.Source, Timestamp: b.Primary.Timestamp}
	if b.Primary.Flags&FlagFragment != 0 {
		id.Fragment = true
		id.Offset = b.Primary.FragmentOffset
		id.Length = uint64(len(b.Payload()))
	}
	return id
}
