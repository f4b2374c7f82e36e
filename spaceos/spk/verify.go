package spk

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"spacechain/identity"
	"spacechain/spaceos/cose"
)

// Problem is what is wrong with a package's signatures or module. The texts are
// stable: gate sends them to owners as refusal codes.
type Problem string

// The problems of signatures and modules.
const (
	Ed25519Missing   Problem = "signature-ed25519-missing"
	Ed25519Invalid   Problem = "signature-ed25519-invalid"
	MLDSA65Missing   Problem = "signature-mldsa65-missing"
	MLDSA65Invalid   Problem = "signature-mldsa65-invalid"
	SignatureUnknown Problem = "signature-unknown"      // an algorithm, or one signature too many
	KeyUnknown       Problem = "publisher-key-unknown"  // no public keys came, none were known
	KeyMismatch      Problem = "publisher-key-mismatch" // keys or key ids are not the publisher's
	DigestMismatch   Problem = "digest-mismatch"        // the module is not the signed one
)

// VerifyError says which check a package failed.
type VerifyError struct {
	Problem Problem
	Detail  string
}

func (e *VerifyError) Error() string { return fmt.Sprintf("%s: %s", e.Problem, e.Detail) }

// Verify checks both signatures under the publisher's keys, and the module against
// the signed digest. known are the keys that the caller already has for
// Manifest.Publisher, nil if none; keys that came with the package are used
// otherwise. The error is a *VerifyError. A verified package is authentic; only the
// gate says whether it may run.
func (p *Package) Verify(known *identity.Public) error {
	pub := known
	if pub == nil {
		pub = p.Publisher
	}
	publisher := p.Manifest.Publisher
	if pub == nil {
		return &VerifyError{KeyUnknown, fmt.Sprintf("the package comes without the keys of %s, which are not known here; send it with keys", publisher)}
	}
	for _, keys := range []*identity.Public{pub, p.Publisher} {
		if keys != nil && keys.ID() != publisher {
			return &VerifyError{KeyMismatch, fmt.Sprintf("the keys belong to %s, the manifest names %s", keys.ID(), publisher)}
		}
	}
	var seen [2]bool
	for _, s := range p.Signatures {
		if !bytes.Equal(s.KeyID, publisher[:]) {
			return &VerifyError{KeyMismatch, fmt.Sprintf("the %s signature has key id %x, the publisher is %x", s.Alg, s.KeyID, publisher[:])}
		}
		var ok bool
		var n int
		invalid := Ed25519Invalid
		switch s.Alg {
		case cose.EdDSA:
			ok = pub.VerifyEd25519(p.tbs(s.Alg, s.KeyID), s.Signature)
		case cose.MLDSA65:
			n, invalid = 1, MLDSA65Invalid
			ok = pub.VerifyMLDSA65(p.tbs(s.Alg, s.KeyID), s.Signature)
		default:
			return &VerifyError{SignatureUnknown, fmt.Sprintf("a signature with %s; a package has one EdDSA and one ML-DSA-65", s.Alg)}
		}
		if seen[n] {
			return &VerifyError{SignatureUnknown, fmt.Sprintf("a second signature with %s", s.Alg)}
		}
		if seen[n] = true; !ok {
			return &VerifyError{invalid, fmt.Sprintf("the %s signature is not publisher %s's of this manifest", s.Alg, publisher)}
		}
	}
	if !seen[0] {
		return &VerifyError{Ed25519Missing, "the package has no EdDSA signature; both are required"}
	}
	if !seen[1] {
		return &VerifyError{MLDSA65Missing, "the package has no ML-DSA-65 signature; both are required"}
	}
	if got := sha256.Sum256(p.Module); got != p.Manifest.Module.Digest || uint64(len(p.Module)) != p.Manifest.Module.Size {
		return &VerifyError{DigestMismatch, fmt.Sprintf("the module has %d bytes with digest %x, signed are %d bytes with %x",
			len(p.Module), got[:8], p.Manifest.Module.Size, p.Manifest.Module.Digest[:8])}
	}
	return nil
}
