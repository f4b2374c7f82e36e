// Package receipt is the usage receipt: a satellite's signed statement of what an
// activation used.
//
// A receipt is a CBOR map with integer keys in deterministic form, signed twice. Both
// signatures are over Digest, 32 bytes that a contract can compute again with the
// SHA-256 precompile (address 2) from eleven words:
//
//	sha256( "SpaceChain usage receipt v1", zero padded to 32 bytes
//	     || satellite || lease || tenant || activation || gas || bytesStored
//	     || bytesSent || duration in us || end in Unix ms     (each a 32-byte big-endian word)
//	     || sha256(the encoded receipt) )
//
// So a contract that settles a lease needs the nine numbers and one hash and parses no
// CBOR, while whoever holds the whole receipt checks that it says the same.
// SHA-256 was chosen over Keccak-256 because Go's standard library, the Bitcoin side
// of the ledger and the EVM all have it. The secp256k1 signature is r, s and the
// recovery id; ecrecover wants the id plus 27 as v. s is always in the lower half, as
// contracts demand that refuse malleable signatures.
package receipt

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"spacechain/spaceos/intmap"
	"spacechain/spaceos/sandbox"
)

// LeaseID names a lease on the ledger. Zero means no lease: nothing to settle.
type LeaseID [32]byte

// String gives the lease's hexadecimal form.
func (l LeaseID) String() string { return hex.EncodeToString(l[:]) }

// MarshalText gives String's form to JSON.
func (l LeaseID) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// ParseLeaseID reads String's form.
func ParseLeaseID(s string) (LeaseID, error) {
	var l LeaseID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(l) {
		return l, fmt.Errorf("lease %q: want 64 hexadecimal digits", s)
	}
	copy(l[:], b)
	return l, nil
}

// Digest is a SHA-256 that shows as hexadecimal.
type Digest [sha256.Size]byte

// String gives the digest's hexadecimal form.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText gives String's form to JSON.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Receipt says what one activation of a tenant used. Times are UTC with whole
// milliseconds; the duration has whole microseconds.
type Receipt struct {
	Satellite   uint64              `json:"satellite"` // its node number
	Lease       LeaseID             `json:"lease"`
	Tenant      uint64              `json:"tenant"`       // the tenant's service number on the satellite
	Activation  uint64              `json:"activation"`   // counted per tenant from 1, without gaps
	Owner       Digest              `json:"owner"`        // the owner's Ed25519 public key
	Package     Digest              `json:"package"`      // SHA-256 of the signed manifest
	Module      Digest              `json:"module"`       // SHA-256 of the module
	Input       Digest              `json:"input"`        // see InputDigest
	Result      Digest              `json:"result"`       // SHA-256 of the result's bytes
	Report      Digest              `json:"report"`       // SHA-256 of what is reported beside the result
	Trigger     sandbox.TriggerKind `json:"trigger"`      // why it ran
	TriggerName string              `json:"trigger_name"` // the trigger's name or the wake's label
	End         sandbox.End         `json:"end"`          // how it ended
	Gas         uint64              `json:"gas"`          // gas used
	GasLimit    uint64              `json:"gas_limit"`    // gas granted
	PeakMemory  uint64              `json:"peak_memory"`  // bytes of linear memory
	BytesStored uint64              `json:"bytes_stored"` // the tenant's storage in use after it
	BytesSent   uint64              `json:"bytes_sent"`   // payload bytes of its messages and its result
	Messages    uint64              `json:"messages"`     // messages sent
	Started     time.Time           `json:"started"`
	Ended       time.Time           `json:"ended"`
	Duration    time.Duration       `json:"duration_ns"` // time on the processor, modelled or measured
}

// Encode gives the receipt's one encoding, without signatures.
func (r *Receipt) Encode() []byte {
	var w intmap.Map
	w.Uint(1, r.Satellite)
	if r.Lease != (LeaseID{}) {
		w.Bytes(2, r.Lease[:])
	}
	w.Uint(3, r.Tenant)
	w.Uint(4, r.Activation)
	w.Bytes(5, r.Owner[:])
	w.Bytes(6, r.Package[:])
	w.Bytes(7, r.Module[:])
	w.Bytes(8, r.Input[:])
	w.Bytes(9, r.Result[:])
	w.Bytes(10, r.Report[:])
	w.Text(11, string(r.Trigger))
	w.Text(12, r.TriggerName)
	w.Text(13, string(r.End))
	w.Uint(14, r.Gas)
	w.Uint(15, r.GasLimit)
	w.Uint(16, r.PeakMemory)
	w.Uint(17, r.BytesStored)
	w.Uint(18, r.BytesSent)
	w.Uint(19, r.Messages)
	w.Time(20, r.Started)
	w.Time(21, r.Ended)
	w.Uint(22, uint64(r.Duration/time.Microsecond))
	return w.Append(nil)
}

// domain begins the digest's input, so that it is a digest of nothing else.
var domain = [32]byte([]byte("SpaceChain usage receipt v1\x00\x00\x00\x00\x00"))

// Digest gives the 32 bytes that both signatures are over; see the package comment.
func (r *Receipt) Digest() [32]byte { return r.digest(r.Encode()) }

func (r *Receipt) digest(encoded []byte) [32]byte {
	body := sha256.Sum256(encoded)
	b := make([]byte, 0, 11*32)
	word := func(v uint64) { b = binary.BigEndian.AppendUint64(append(b, make([]byte, 24)...), v) }
	b = append(b, domain[:]...)
	word(r.Satellite)
	b = append(b, r.Lease[:]...)
	word(r.Tenant)
	word(r.Activation)
	word(r.Gas)
	word(r.BytesStored)
	word(r.BytesSent)
	word(uint64(r.Duration / time.Microsecond))
	word(uint64(r.Ended.UnixMilli()))
	return sha256.Sum256(append(b, body[:]...))
}
