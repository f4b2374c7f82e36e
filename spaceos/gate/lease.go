package gate

import (
	"time"

	"spacechain/identity"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
)

// LeaseChecker says whether a lease pays for a tenant. The ledger's light client
// will be one; a role hands it in.
type LeaseChecker interface {
	// CheckLease gives the lease's terms, or an error that says why it does not count.
	CheckLease(now time.Time, q LeaseQuery) (LeaseTerms, error)
}

// LeaseQuery is what a lease must cover.
type LeaseQuery struct {
	Lease     receipt.LeaseID
	Owner     [32]byte // the owner's Ed25519 public key
	Satellite uint64
	Publisher identity.ID
	App       string
	Limits    manifest.Limits
}

// LeaseTerms are what a lease gives.
type LeaseTerms struct {
	Until time.Time // no activation starts from then on; zero means without end
}

// OpenLeases is the policy of a satellite whose operator takes no payment: every
// lease counts, no lease at all too, without end.
type OpenLeases struct{}

// CheckLease admits.
func (OpenLeases) CheckLease(time.Time, LeaseQuery) (LeaseTerms, error) { return LeaseTerms{}, nil }
