package spk

import (
	"crypto/sha256"
	"fmt"

	"spacechain/identity"
	"spacechain/spaceos/cose"
	"spacechain/spaceos/manifest"
)

// ContentType is the media type of an encoded manifest, in the signed header.
const ContentType = "application/vnd.spacechain.manifest+cbor"

// Package is an opened app package. It is not verified: see package gate.
type Package struct {
	Manifest manifest.Manifest
	// Publisher holds the public keys that came with the package, nil if none did.
	// They are the publisher's only if their ID is Manifest.Publisher.
	Publisher *identity.Public
	// Signatures are those that came with it, in the order in which they came.
	Signatures []Signature
	Module     []byte

	encoded []byte // the manifest as it was signed
}

// Signature is one signature over the manifest.
type Signature struct {
	Alg       cose.Algorithm
	KeyID     []byte // the signer's identity.ID
	Signature []byte
}

// Sign makes a package: it fills in the manifest's publisher and the module's
// digest and size, validates, and signs with both algorithms.
func Sign(m manifest.Manifest, module []byte, key *identity.Key) (*Package, error) {
	pub := key.Public()
	m.Publisher = pub.ID()
	m.Module = manifest.Module{Digest: sha256.Sum256(module), Size: uint64(len(module))}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("sign package %s %s: %w", m.App, m.Version, err)
	}
	p := &Package{Manifest: m, Publisher: &pub, Module: module, encoded: m.Encode()}
	if len(p.encoded) > manifest.MaxEncoded {
		return nil, fmt.Errorf("sign package %s %s: the manifest has %d bytes, the limit is %d",
			m.App, m.Version, len(p.encoded), manifest.MaxEncoded)
	}
	kid := m.Publisher[:]
	p.Signatures = []Signature{
		{cose.EdDSA, kid, key.SignEd25519(p.tbs(cose.EdDSA, kid))},
		{cose.MLDSA65, kid, key.SignMLDSA65(p.tbs(cose.MLDSA65, kid))},
	}
	return p, nil
}

// tbs gives the bytes that a signer with that algorithm and key id signs.
func (p *Package) tbs(alg cose.Algorithm, kid []byte) []byte {
	body := cose.Sign{Protected: cose.Header{ContentType: ContentType}, Payload: p.encoded}
	return body.TBS(cose.Header{Alg: alg, KeyID: kid}, nil, nil)
}

// FileName is the package's usual file name, such as "fieldwatch-1.2.0.spk".
func (p *Package) FileName() string {
	return fmt.Sprintf("%s-%s.spk", p.Manifest.App, p.Manifest.Version)
}

// Digest is the SHA-256 of the signed manifest. It names the package, module
// included, whatever form it travels in.
func (p *Package) Digest() [sha256.Size]byte { return sha256.Sum256(p.encoded) }

// EncodedManifest gives the manifest's bytes as they were signed.
func (p *Package) EncodedManifest() []byte { return p.encoded }
