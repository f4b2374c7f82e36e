package sdls

import (
	"fmt"
	"slices"

	"spacechain/link/frame"
)

// Service is what an association does for frames (CCSDS 355.0-B-2 §4.2.2.4).
type Service uint8

// The services. Clear has the header and nothing behind it; it is for development.
const (
	Clear Service = iota
	Authentication
	Encryption
	AuthenticatedEncryption
)

// Algorithm is a cryptographic algorithm (CCSDS 352.0-B-2).
type Algorithm uint8

// The algorithms. AESGCM encrypts, authenticates, or does both at once; AESCTR only
// encrypts; the others only authenticate.
const (
	None Algorithm = iota
	AESGCM
	AESCTR
	AESCMAC
	HMACSHA256
	HMACSHA512
)

// AnyMAP stands for all multiplexer access points of a virtual channel.
const AnyMAP = 0xff

// Scope is a global virtual channel or MAP that an association covers.
type Scope struct {
	Spacecraft uint16
	VC         uint8
	MAP        uint8 // AnyMAP for all
}

// Parameters are an association's managed parameters (355.0-B-2 §4.2.2, table 6-1). Both
// ends must have the same.
type Parameters struct {
	// SPI names the association in each frame: 1 to 65534.
	SPI uint16
	// Scopes are the channels it covers.
	Scopes  []Scope
	Service Service
	// Cipher is the algorithm of Encryption and AuthenticatedEncryption.
	Cipher Algorithm
	// MAC is the algorithm of Authentication, and of AuthenticatedEncryption unless
	// Cipher is AESGCM, which does both.
	MAC Algorithm
	// IV is the length of the initialization vector, of which the last IVField octets are
	// sent. IVFixed keeps those that are not sent as they are.
	IV, IVField int
	IVFixed     bool
	// SN is the length of the anti-replay sequence number, of which the last SNField
	// octets are sent. With AES-GCM the initialization vector serves, and SN may be 0.
	SN, SNField int
	// MACLength is how many octets of the code are sent.
	MACLength int
	// Window is how far the number of a frame may be ahead of the lowest not yet used: 1
	// accepts only that. Zero means 1024. In counter mode a frame takes a vector for each block
	// of 16 octets, and frames of up to 2048 octets may have been lost.
	Window uint32
	// Mask selects the bits that are authenticated, from the beginning of the frame; what
	// is beyond it is authenticated whole. Nil stands for [DefaultMask].
	Mask []byte
}

// Security is the room that frames need for the association.
func (p *Parameters) Security() frame.Security {
	return frame.Security{Header: 2 + p.IVField + p.SNField, Trailer: p.MACLength}
}

func (p *Parameters) authenticates() bool {
	return p.Service == Authentication || p.Service == AuthenticatedEncryption
}

func (p *Parameters) encrypts() bool {
	return p.Service == Encryption || p.Service == AuthenticatedEncryption
}

// combined says whether AES-GCM encrypts and authenticates in one.
func (p *Parameters) combined() bool {
	return p.Service == AuthenticatedEncryption && p.Cipher == AESGCM
}

// Validate says what is wrong with the parameters, if anything.
func (p *Parameters) Validate() error {
	if p.SPI == 0 || p.SPI == 0xffff {
		return fmt.Errorf("spi %d is reserved: %w", p.SPI, ErrParameters)
	}
	if p.Service > AuthenticatedEncryption || p.IV < 0 || p.IV > 32 || p.IVField < 0 || p.IVField > p.IV ||
		p.SN < 0 || p.SN > 8 || p.SNField < 0 || p.SNField > p.SN || (p.SN > 0) != (p.SNField > 0) ||
		(p.IV > 0) != (p.IVField > 0) || p.MACLength < 0 || p.MACLength > 64 {
		return fmt.Errorf("association %d with lengths of iv %d/%d, number %d/%d, code %d: %w",
			p.SPI, p.IVField, p.IV, p.SNField, p.SN, p.MACLength, ErrParameters)
	}
	if err := p.validateAuthentication(); err != nil {
		return err
	}
	return p.validateEncryption()
}

func (p *Parameters) validateAuthentication() error {
	bad := func(why string) error {
		return fmt.Errorf("association %d %s: %w", p.SPI, why, ErrParameters)
	}
	if !p.authenticates() {
		if p.MACLength != 0 || p.SN != 0 {
			// §4.1.1.4.4
			return bad("with code or number, but without authentication")
		}
		return nil
	}
	longest := map[Algorithm]int{AESGCM: 16, AESCMAC: 16, HMACSHA256: 32, HMACSHA512: 64}
	alg := p.MAC
	if p.combined() {
		alg = AESGCM
	}
	if longest[alg] == 0 {
		return bad("without an algorithm that authenticates")
	}
	if p.MACLength < 8 || p.MACLength > longest[alg] || alg == AESGCM && p.MACLength < 12 {
		return bad("with a code of that length")
	}
	if alg == AESGCM {
		if p.IV == 0 || p.MACLength != 16 && p.IV != 12 {
			return bad("with an initialization vector that AES-GCM cannot use")
		}
	} else if p.SN == 0 && p.IV == 0 {
		// Without number and vector there is no protection against replays. The standard
		// allows it (anti-replay is a choice), so it is allowed here.
		return nil
	}
	return nil
}

func (p *Parameters) validateEncryption() error {
	if !p.encrypts() {
		return nil
	}
	switch {
	case p.Cipher == AESGCM && p.IV > 0:
		return nil
	case p.Cipher == AESCTR && p.IV == 16:
		return nil
	}
	return fmt.Errorf("association %d without an algorithm that encrypts, or without its vector: %w", p.SPI, ErrParameters)
}

// AssociationState is where an association is in its life (355.1-B-1 §3.3).
type AssociationState uint8

// The states of an association.
const (
	Unkeyed AssociationState = iota + 1
	Keyed
	Operational
)

// String returns the state's name.
func (s AssociationState) String() string {
	if s >= Unkeyed && s <= Operational {
		return [...]string{"unkeyed", "keyed", "operational"}[s-1]
	}
	return fmt.Sprintf("association state %d", uint8(s))
}

// association is one with its state.
type association struct {
	Parameters
	state     AssociationState
	cipherKey KeyID
	keyed     bool // it has, or had, the keys named
	macKey    KeyID
	iv, sn    counter
	lastTag   uint8  // of the procedure that changed it last
	mask      []byte // the default one, made for frames of maskOf
	maskOf    frame.Layout
}

func newAssociation(p Parameters) (*association, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.Window == 0 {
		p.Window = 1024
	}
	p.Scopes, p.Mask = slices.Clone(p.Scopes), slices.Clone(p.Mask)
	return &association{
		Parameters: p, state: Unkeyed,
		iv: newCounter(p.IV, p.IVField, p.IVFixed), sn: newCounter(p.SN, p.SNField, false),
	}, nil
}

// covers says whether a frame's channel is within the scopes.
func (a *association) covers(l frame.Layout) bool {
	for _, s := range a.Scopes {
		if s.Spacecraft == l.Spacecraft && s.VC == l.VC && (s.MAP == AnyMAP || s.MAP == l.MAP) {
			return true
		}
	}
	return false
}
