package cfdp

import "time"

// Config is the management information base of an entity (CCSDS 727.0-B-5 §8). Only ID
// must be set.
type Config struct {
	ID uint64
	// EntityLen and SeqLen are the octets of ids and sequence numbers in transactions
	// begun here; 0 means 2 and 4. Answers use the lengths of the other side.
	EntityLen, SeqLen int
	// Remotes says what is special about other entities; Default holds for the rest.
	Remotes map[uint64]Remote
	Default Remote
	// MaxTransactions bounds the transactions under way; 0 means 64. When there are as many,
	// a file from outside gives way to a new one: the one with the fewest octets, if it got
	// none for GiveWay of link, 0 meaning 10 s, and its source has its share of the places.
	MaxTransactions int
	GiveWay         time.Duration
	// MaxFileSize bounds a file in octets, sent or received; 0 means 1 GiB.
	MaxFileSize int64
	// MaxGaps bounds the pieces in which a file under way may lie; file data that
	// would make more is passed over and asked for later. 0 means 16384.
	MaxGaps int
	// SegmentIndications reports every piece of file data received.
	SegmentIndications bool
	// AllowProxy lets other entities have files sent by this one (CCSDS 727.0-B-5 §6.2).
	AllowProxy bool
	// Admit, if set, may refuse what another entity sends, once its metadata is here and
	// again, with the size that it has, when it is whole: the transaction ends as rejected
	// by the filestore, whatever fault handlers say. The name is the clean one of the file,
	// empty if there is none.
	Admit func(from uint64, name string, m *Metadata) error
	// Place, if set, says where a whole file of another entity is put, by its clean name.
	// Where that cannot be, the sender is told so.
	Place func(now time.Time, id TransactionID, name string) string
}

// Class is the class of service.
type Class uint8

// Classes; 0 takes the remote entity's default.
const (
	Class1 Class = 1 // unacknowledged
	Class2 Class = 2 // acknowledged
)

// Remote is what an entity knows of another one, and of the link between. Zero values
// mean the defaults given.
type Remote struct {
	Class Class // 2
	// CRC puts a CRC-16 on every PDU, and refuses those that come without.
	CRC      bool
	Checksum ChecksumType // modular
	// MaxPDU bounds a PDU with file data or segment requests, header and CRC
	// included: 1024 octets, at least 64.
	MaxPDU int
	// AckTimer is how long an EOF or Finished PDU may wait for its ACK: 30 s. AckLimit
	// is how often it is sent before a fault: 10.
	AckTimer time.Duration
	AckLimit int
	// NAKTimer is how long the missing data may stay away after it was asked for:
	// 30 s. Arriving data starts it anew. NAKLimit is how often it may run out in
	// succession: 10.
	NAKTimer time.Duration
	NAKLimit int
	// ImmediateNAK asks for missing data as soon as it is missed, besides the deferred
	// NAKs after the EOF.
	ImmediateNAK bool
	// Inactivity is how long a transaction may be silent while the link is up: 24 h.
	Inactivity time.Duration
	// CheckTimer and CheckLimit are how long and how often a class 1 receiver waits for
	// data after the EOF, and a sender for the Finished PDU: 30 s, 10.
	CheckTimer time.Duration
	CheckLimit int
	// KeepAlive is the interval of Keep Alive PDUs while receiving; 0 is none.
	KeepAlive time.Duration
	// KeepAliveLimit is how many octets the receiver may be behind; 0 is any.
	KeepAliveLimit int64
	// Prompt is the interval at which a sender asks for NAKs; 0 is never.
	Prompt time.Duration
	// Faults are the fault handlers.
	Faults Handlers
	// RetainIncomplete keeps what came of a file whose transaction was canceled.
	RetainIncomplete bool
}

func orInt(v, d int) int {
	if v > 0 {
		return v
	}
	return d
}

func orTime(v, d time.Duration) time.Duration {
	if v > 0 {
		return v
	}
	return d
}

func (c Config) withDefaults() Config {
	c.EntityLen = min(8, max(orInt(c.EntityLen, 2), Octets(c.ID)))
	c.SeqLen = min(8, orInt(c.SeqLen, 4))
	c.MaxTransactions = orInt(c.MaxTransactions, 64)
	c.MaxGaps = orInt(c.MaxGaps, 16384)
	c.GiveWay = orTime(c.GiveWay, 10*time.Second)
	if c.MaxFileSize <= 0 {
		c.MaxFileSize = 1 << 30
	}
	return c
}

// remote is what holds for an entity, defaults filled in.
func (c *Config) remote(id uint64) Remote {
	r, ok := c.Remotes[id]
	if !ok {
		r = c.Default
	}
	if r.Class == 0 {
		r.Class = Class2
	}
	r.MaxPDU = min(max(orInt(r.MaxPDU, 1024), 64), 65000)
	r.AckTimer = orTime(r.AckTimer, 30*time.Second)
	r.AckLimit = orInt(r.AckLimit, 10)
	r.NAKTimer = orTime(r.NAKTimer, 30*time.Second)
	r.NAKLimit = orInt(r.NAKLimit, 10)
	r.Inactivity = orTime(r.Inactivity, 24*time.Hour)
	r.CheckTimer = orTime(r.CheckTimer, 30*time.Second)
	r.CheckLimit = orInt(r.CheckLimit, 10)
	return r
}
