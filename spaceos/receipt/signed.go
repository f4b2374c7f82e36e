package receipt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/intmap"
	"spacechain/spaceos/sandbox"
)

// Signed is a receipt with the satellite's two signatures over its digest.
type Signed struct {
	Receipt   Receipt
	Ed25519   [64]byte
	Secp256k1 [identity.Secp256k1SignatureSize]byte // r, s, recovery id
}

// ErrSignature is what Verify's errors wrap.
var ErrSignature = errors.New("receipt signature")

// Sign signs a receipt with the satellite's keys.
func Sign(r Receipt, key *identity.Key) Signed {
	s := Signed{Receipt: r}
	digest := r.Digest()
	copy(s.Ed25519[:], key.SignEd25519(digest[:]))
	copy(s.Secp256k1[:], key.SignSecp256k1(digest))
	return s
}

// halfOrder is half the order of secp256k1's group, the largest s that counts.
var halfOrder = []byte{
	0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0}

// Verify checks both signatures under the satellite's public keys.
func (s *Signed) Verify(satellite identity.Public) error {
	digest := s.Receipt.Digest()
	what := fmt.Sprintf("activation %d of tenant %d on satellite %d", s.Receipt.Activation, s.Receipt.Tenant, s.Receipt.Satellite)
	if !satellite.VerifyEd25519(digest[:], s.Ed25519[:]) {
		return fmt.Errorf("%w: %s: the Ed25519 signature is not %s's", ErrSignature, what, satellite.ID())
	}
	if bytes.Compare(s.Secp256k1[32:64], halfOrder) > 0 {
		return fmt.Errorf("%w: %s: the secp256k1 signature has s in the upper half", ErrSignature, what)
	}
	if !satellite.VerifySecp256k1(digest, s.Secp256k1[:]) {
		return fmt.Errorf("%w: %s: the secp256k1 signature is not %s's", ErrSignature, what, satellite.ID())
	}
	return nil
}

// Encode gives the signed receipt: an array of the encoded receipt and the two
// signatures, all byte strings.
func (s *Signed) Encode() []byte {
	b := cbor.AppendBytes(cbor.AppendArray(nil, 3), s.Receipt.Encode())
	b = cbor.AppendBytes(b, s.Ed25519[:])
	return cbor.AppendBytes(b, s.Secp256k1[:])
}

// Decode reads what Encode wrote, and nothing else. It does not check signatures.
func Decode(b []byte) (Signed, error) {
	var s Signed
	d := cbor.NewDecoder(b)
	err := func() error {
		if n, err := d.Array(); err != nil {
			return err
		} else if n != 3 {
			return fmt.Errorf("array of %d items, want 3", n)
		}
		body, err := d.Bytes()
		if err != nil {
			return err
		}
		if s.Receipt, err = decodeBody(body); err != nil {
			return err
		}
		if err := intmap.Fixed(d, s.Ed25519[:]); err != nil {
			return err
		}
		if err := intmap.Fixed(d, s.Secp256k1[:]); err != nil {
			return err
		}
		return d.Done()
	}()
	if err != nil {
		return Signed{}, fmt.Errorf("decode receipt: %w", err)
	}
	return s, nil
}

func decodeBody(b []byte) (Receipt, error) {
	var r Receipt
	d := cbor.NewDecoder(b)
	err := intmap.Each(d, func(k uint64) error { return r.decodeField(d, k) })
	if err == nil {
		err = d.Done()
	}
	if err == nil {
		err = intmap.Same(b, r.Encode())
	}
	return r, err
}

func (r *Receipt) decodeField(d *cbor.Decoder, k uint64) (err error) {
	var s string
	switch k {
	case 1:
		r.Satellite, err = d.Uint()
	case 2:
		err = intmap.Fixed(d, r.Lease[:])
	case 3:
		r.Tenant, err = d.Uint()
	case 4:
		r.Activation, err = d.Uint()
	case 5:
		err = intmap.Fixed(d, r.Owner[:])
	case 6:
		err = intmap.Fixed(d, r.Package[:])
	case 7:
		err = intmap.Fixed(d, r.Module[:])
	case 8:
		err = intmap.Fixed(d, r.Input[:])
	case 9:
		err = intmap.Fixed(d, r.Result[:])
	case 10:
		err = intmap.Fixed(d, r.Report[:])
	case 11:
		s, err = d.Text()
		r.Trigger = sandbox.TriggerKind(s)
	case 12:
		r.TriggerName, err = d.Text()
	case 13:
		s, err = d.Text()
		r.End = sandbox.End(s)
	case 14:
		r.Gas, err = d.Uint()
	case 15:
		r.GasLimit, err = d.Uint()
	case 16:
		r.PeakMemory, err = d.Uint()
	case 17:
		r.BytesStored, err = d.Uint()
	case 18:
		r.BytesSent, err = d.Uint()
	case 19:
		r.Messages, err = d.Uint()
	case 20:
		r.Started, err = intmap.Time(d)
	case 21:
		r.Ended, err = intmap.Time(d)
	case 22:
		var us uint64
		us, err = d.Uint()
		r.Duration = time.Duration(us) * time.Microsecond
	default:
		return intmap.Unknown(d, k)
	}
	return err
}

// InputDigest is the SHA-256 of what an activation was told: an array of the
// trigger's kind, name, time in Unix milliseconds, sender and data.
func InputDigest(t sandbox.Trigger) Digest {
	b := cbor.AppendText(cbor.AppendArray(nil, 5), string(t.Kind))
	b = cbor.AppendText(b, t.Name)
	b = cbor.AppendInt(b, t.Time.UnixMilli())
	b = cbor.AppendText(b, t.From)
	return sha256.Sum256(cbor.AppendBytes(b, t.Data))
}
