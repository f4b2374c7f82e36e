package sdls

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"

	"spacechain/link/frame"
)

// Stats counts what an endpoint did.
type Stats struct {
	Applied  uint64 // frames secured
	Accepted uint64 // frames that passed
	BadSA    uint64 // refused: no association in operation, or no key
	BadMAC   uint64 // refused: forged or damaged
	BadSN    uint64 // refused: replayed, or from outside the window
	Broken   uint64 // refused: not even a frame with a security header
}

// Endpoint secures and checks the frames of one end of a physical channel. Associations
// are one-way: give each direction its own. Not safe for concurrent use.
type Endpoint struct {
	// Stats counts.
	Stats Stats

	channel frame.Channel
	ring    *Ring
	sas     map[uint16]*association
	report  Report
	scratch []byte
	sum     [64]byte
}

// NewEndpoint makes an endpoint for a channel with the keys of a ring.
func NewEndpoint(c frame.Channel, r *Ring) *Endpoint {
	return &Endpoint{channel: c, ring: r, sas: make(map[uint16]*association)}
}

// Create adds an association; it has no keys yet.
func (e *Endpoint) Create(p Parameters) error {
	if e.sas[p.SPI] != nil {
		return fmt.Errorf("create association %d, which exists: %w", p.SPI, ErrAssociation)
	}
	a, err := newAssociation(p)
	if err != nil {
		return err
	}
	e.sas[p.SPI] = a
	return nil
}

// Delete removes an association that has no keys.
func (e *Endpoint) Delete(spi uint16) error {
	if _, err := e.find(spi, Unkeyed); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	delete(e.sas, spi)
	return nil
}

// Rekey gives an association without keys the names of its keys, the same twice where one
// algorithm does both, and the numbers to go on from; nil numbers are zero. The keys need
// not be there yet. Under one key no number may come again, whatever keys the association had in
// between and whichever association it was: a vector that the ring has seen under the key,
// or a number of this association, is refused. What was used before the ring was made it
// cannot know.
func (e *Endpoint) Rekey(spi uint16, cipherKey, macKey KeyID, iv, sn []byte) error {
	a, err := e.find(spi, Unkeyed)
	if err != nil {
		return fmt.Errorf("rekey: %w", err)
	}
	fresh := *a
	fresh.iv, fresh.sn = newCounter(a.IV, a.IVField, a.IVFixed), newCounter(a.SN, a.SNField, false)
	if iv != nil {
		if err := fresh.iv.set(iv); err != nil {
			return err
		}
	}
	if sn != nil {
		if err := fresh.sn.set(sn); err != nil {
			return err
		}
	}
	fresh.cipherKey, fresh.macKey, fresh.state, fresh.keyed = cipherKey, macKey, Keyed, true
	// The keys of before may not be in the ring yet, so the association's own memory counts, too.
	if a.keyed && cipherKey == a.cipherKey && (a.iv.spent || bytes.Compare(fresh.iv.next, a.iv.next) < 0) ||
		a.keyed && macKey == a.macKey && (a.sn.spent || bytes.Compare(fresh.sn.next, a.sn.next) < 0) ||
		e.reuses(&fresh, fresh.iv.next, fresh.sn.next) {
		return fmt.Errorf("rekey association %d with a key and numbers used under it: %w", spi, ErrReplay)
	}
	*a = fresh
	return nil
}

// Start puts an association into operation.
func (e *Endpoint) Start(spi uint16) error { return e.move(spi, "start", Keyed, Operational) }

// Stop takes it out of operation; it keeps its keys and numbers.
func (e *Endpoint) Stop(spi uint16) error { return e.move(spi, "stop", Operational, Keyed) }

// Expire takes its keys away.
func (e *Endpoint) Expire(spi uint16) error { return e.move(spi, "expire", Keyed, Unkeyed) }

func (e *Endpoint) move(spi uint16, what string, from, to AssociationState) error {
	a, err := e.find(spi, from)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	a.state = to
	return nil
}

// State tells an association's state, if there is such a one.
func (e *Endpoint) State(spi uint16) (AssociationState, bool) {
	a := e.sas[spi]
	if a == nil {
		return 0, false
	}
	return a.state, true
}

// Numbers tells the lowest initialization vector and sequence number not used yet.
func (e *Endpoint) Numbers(spi uint16) (iv, sn []byte, err error) {
	a := e.sas[spi]
	if a == nil {
		return nil, nil, fmt.Errorf("numbers of association %d: %w", spi, ErrAssociation)
	}
	return slices.Clone(a.iv.next), slices.Clone(a.sn.next), nil
}

// SPIs lists the associations, in order.
func (e *Endpoint) SPIs() []uint16 { return slices.Sorted(maps.Keys(e.sas)) }

func (e *Endpoint) find(spi uint16, want AssociationState) (*association, error) {
	a := e.sas[spi]
	if a == nil {
		return nil, fmt.Errorf("association %d: %w", spi, ErrAssociation)
	}
	if a.state != want {
		return nil, fmt.Errorf("association %d is %v, not %v: %w", spi, a.state, want, ErrAssociation)
	}
	return a, nil
}

// Apply secures a frame in place with the association (355.0-B-2 §3.3.2, ApplySecurity).
// The frame has room for security header and trailer as [Parameters.Security] says. Its
// FECF is written anew.
func (e *Endpoint) Apply(spi uint16, b []byte) error {
	l, err := e.channel.Layout(b)
	if err != nil {
		return fmt.Errorf("apply association %d: %w", spi, err)
	}
	a, err := e.find(spi, Operational)
	if err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	if !a.covers(l) {
		return fmt.Errorf("apply association %d to virtual channel %d, map %d: %w", spi, l.VC, l.MAP, ErrAssociation)
	}
	if err := a.fits(l); err != nil {
		return err
	}
	if a.iv.spent || a.sn.spent {
		return fmt.Errorf("apply association %d: %w", spi, ErrExhausted)
	}
	last, ok := a.lastVector(a.iv.next, l.Trailer-l.Data)
	if !ok {
		return fmt.Errorf("apply association %d: %w", spi, ErrExhausted)
	}
	if e.reuses(a, a.iv.next, a.sn.next) {
		return fmt.Errorf("apply association %d: another had this vector under the same key: %w", spi, ErrReplay)
	}
	binary.BigEndian.PutUint16(b[l.Security:], spi)
	at := l.Security + 2
	at += copy(b[at:l.Data], a.iv.next[a.IV-a.IVField:])
	copy(b[at:l.Data], a.sn.next[a.SN-a.SNField:])
	if err := e.protect(a, l, b); err != nil {
		return fmt.Errorf("apply association %d: %w", spi, err)
	}
	e.use(a, last, a.sn.next)
	a.iv.advance(last)
	a.sn.advance(a.sn.next)
	e.channel.Seal(b)
	e.Stats.Applied++
	return nil
}

// fits checks that the frame has the room that the association needs.
func (a *association) fits(l frame.Layout) error {
	s := a.Security()
	if l.Data-l.Security != s.Header || l.End-l.Trailer != s.Trailer {
		return fmt.Errorf("association %d needs %d octets of header and %d of trailer, not %d and %d: %w",
			a.SPI, s.Header, s.Trailer, l.Data-l.Security, l.End-l.Trailer, ErrParameters)
	}
	return nil
}

// protect encrypts and authenticates.
func (e *Endpoint) protect(a *association, l frame.Layout, b []byte) error {
	if a.combined() {
		k, err := e.ring.active(a.cipherKey)
		if err != nil {
			return err
		}
		g, err := k.aead(a.IV, a.MACLength)
		if err != nil {
			return err
		}
		e.scratch = masked(e.scratch[:0], b[:l.Data], a.maskFor(l))
		// The code goes right behind the data, which is where the trailer is.
		g.Seal(b[l.Data:l.Data], a.iv.next, b[l.Data:l.Trailer], e.scratch)
		return nil
	}
	if a.encrypts() {
		if err := e.stream(a, a.iv.next, b[l.Data:l.Trailer]); err != nil {
			return err
		}
	}
	if !a.authenticates() {
		return nil
	}
	sum, err := e.code(a, l, a.iv.next, b)
	if err != nil {
		return err
	}
	copy(b[l.Trailer:l.End], sum)
	return nil
}

// lastVector is the last value that a frame of so many octets takes from the one it begins with:
// AES in counter mode counts it up for each block, and none of these may be another frame's. False
// if there are not so many left.
func (a *association) lastVector(iv []byte, octets int) ([]byte, bool) {
	if !a.encrypts() || a.Cipher != AESCTR || octets <= 16 {
		return iv, true
	}
	last := slices.Clone(iv)
	return last, a.iv.add(last, uint64((octets-1)/16))
}

// longestFrame is that of TM and AOS, octets, and of TC almost.
const longestFrame = 2048

// vectorWindow is how far a vector may be ahead: in counter mode lost frames took as many as they
// had blocks. It stays within what the field can tell.
func (a *association) vectorWindow() uint64 {
	w := uint64(a.Window)
	if !a.encrypts() || a.Cipher != AESCTR || w == 1 {
		return w
	}
	most := uint64(1) << (8*min(a.IVField, 7) - 1)
	return max(w, min(w*longestFrame/16, most))
}

// stream encrypts, or decrypts, without a code.
func (e *Endpoint) stream(a *association, iv, data []byte) error {
	k, err := e.ring.active(a.cipherKey)
	if err != nil {
		return err
	}
	if a.Cipher == AESCTR {
		cipher.NewCTR(k.block, iv).XORKeyStream(data, data)
		return nil
	}
	// AES-GCM without its code: encrypting is the same as decrypting.
	g, err := k.aead(a.IV, 16)
	if err != nil {
		return err
	}
	e.scratch = g.Seal(e.scratch[:0], iv, data, nil)
	copy(data, e.scratch)
	return nil
}

// code computes the authentication code over the masked frame up to its trailer.
func (e *Endpoint) code(a *association, l frame.Layout, iv, b []byte) ([]byte, error) {
	k, err := e.ring.active(a.macKey)
	if err != nil {
		return nil, err
	}
	e.scratch = masked(e.scratch[:0], b[:l.Trailer], a.maskFor(l))
	var h func() hash.Hash
	switch a.MAC {
	case AESGCM:
		g, err := k.aead(a.IV, a.MACLength)
		if err != nil {
			return nil, err
		}
		return g.Seal(e.sum[:0], iv, nil, e.scratch), nil
	case AESCMAC:
		return k.mac().sum(e.sum[:0], e.scratch)[:a.MACLength], nil
	case HMACSHA256:
		h = sha256.New
	case HMACSHA512:
		h = sha512.New
	default:
		return nil, ErrParameters
	}
	m := hmac.New(h, k.value)
	m.Write(e.scratch)
	return m.Sum(e.sum[:0])[:a.MACLength], nil
}

// Process verifies a received frame and decrypts it in place (355.0-B-2 §3.3.3,
// ProcessSecurity); after an error nothing of its data field may be used. The FECF, which
// was checked before, is not written anew.
func (e *Endpoint) Process(b []byte) error {
	l, err := e.channel.Layout(b)
	if err == nil && l.Data-l.Security < 2 {
		err = fmt.Errorf("%d octets of security header: %w", l.Data-l.Security, frame.ErrShort)
	}
	if err != nil {
		e.Stats.Broken++
		return fmt.Errorf("process security: %w", err)
	}
	spi := binary.BigEndian.Uint16(b[l.Security:])
	e.report = Report{Alarm: e.report.Alarm, SPI: spi}
	err = e.process(spi, l, b)
	switch {
	case err == nil:
		e.Stats.Accepted++
		return nil
	case errors.Is(err, ErrMAC):
		e.Stats.BadMAC++
		e.report.BadMAC = true
	case errors.Is(err, ErrReplay), errors.Is(err, ErrExhausted):
		e.Stats.BadSN++
		e.report.BadSN = true
	default:
		e.Stats.BadSA++
		e.report.BadSA = true
	}
	e.report.Alarm = true
	return fmt.Errorf("process frame of association %d: %w", spi, err)
}

func (e *Endpoint) process(spi uint16, l frame.Layout, b []byte) error {
	a, err := e.find(spi, Operational)
	if err != nil {
		return err
	}
	if !a.covers(l) {
		return fmt.Errorf("virtual channel %d, map %d: %w", l.VC, l.MAP, ErrAssociation)
	}
	if err := a.fits(l); err != nil {
		return err
	}
	ivField := b[l.Security+2 : l.Security+2+a.IVField]
	snField := b[l.Security+2+a.IVField : l.Data]
	switch {
	case a.SNField > 0:
		e.report.SN = snField[a.SNField-1]
	case a.IVField > 0:
		e.report.SN = ivField[a.IVField-1]
	}
	if a.Service == Clear {
		return nil
	}
	// The numbers are looked at first, which costs little, but they count as used only
	// once the frame has proved to be genuine.
	if a.SN > 0 {
		if err := a.sn.receive(snField, uint64(a.Window)); err != nil {
			return err
		}
	}
	if a.IV > 0 {
		if err := a.iv.receive(ivField, a.vectorWindow()); err != nil {
			return err
		}
	}
	last, ok := a.lastVector(a.iv.pending, l.Trailer-l.Data)
	if !ok {
		return ErrExhausted
	}
	if err := e.verify(a, l, b); err != nil {
		return err
	}
	e.use(a, last, a.sn.pending)
	if a.SN > 0 {
		a.sn.accept()
	}
	if a.IV > 0 {
		a.iv.advance(last)
	}
	return nil
}

// verify authenticates and decrypts, with the initialization vector that was received.
func (e *Endpoint) verify(a *association, l frame.Layout, b []byte) error {
	iv := a.iv.pending
	if a.combined() {
		k, err := e.ring.active(a.cipherKey)
		if err != nil {
			return err
		}
		g, err := k.aead(a.IV, a.MACLength)
		if err != nil {
			return err
		}
		e.scratch = masked(e.scratch[:0], b[:l.Data], a.maskFor(l))
		if _, err := g.Open(b[l.Data:l.Data], iv, b[l.Data:l.End], e.scratch); err != nil {
			return ErrMAC
		}
		return nil
	}
	if a.authenticates() {
		sum, err := e.code(a, l, iv, b)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(sum, b[l.Trailer:l.End]) != 1 {
			return ErrMAC
		}
	}
	if a.encrypts() {
		return e.stream(a, iv, b[l.Data:l.Trailer])
	}
	return nil
}

// Report is the frame security report on the frame processed last.
func (e *Endpoint) Report() Report { return e.report }

// ResetAlarm clears the report's alarm flag.
func (e *Endpoint) ResetAlarm() { e.report.Alarm = false }
