package spk

import (
	"errors"
	"fmt"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/cose"
	"spacechain/spaceos/intmap"
	"spacechain/spaceos/manifest"
)

const (
	fileMagic  = "spacechain-package"
	fileForm   = 1
	uplinkForm = 2
)

// ErrForm is what Open's errors wrap when the bytes are not a package.
var ErrForm = errors.New("not a package")

// ErrTooBig is what Open's errors wrap when a package is larger than the limits.
var ErrTooBig = errors.New("package too big")

// Limits bound what Open allocates. The zero value has the limits of the format.
type Limits struct {
	MaxModule uint64 // bytes of the module; 0 means manifest.MaxModule
}

func (l Limits) maxModule() uint64 {
	if l.MaxModule == 0 || l.MaxModule > manifest.MaxModule {
		return manifest.MaxModule
	}
	return l.MaxModule
}

// Cose gives the package's COSE_Sign message with the manifest attached.
func (p *Package) Cose() []byte {
	s := cose.Sign{Protected: cose.Header{ContentType: ContentType}, Payload: p.encoded}
	for _, g := range p.Signatures {
		s.Signatures = append(s.Signatures, cose.Signature{
			Protected: cose.Header{Alg: g.Alg, KeyID: g.KeyID}, Signature: g.Signature})
	}
	return s.Encode()
}

// Encode gives the package's file form.
func (p *Package) Encode() []byte {
	signed := p.Cose()
	b := make([]byte, 0, len(p.Module)+len(signed)+2100)
	b = cbor.AppendText(cbor.AppendArray(b, 5), fileMagic)
	b = cbor.AppendUint(b, fileForm)
	b = cbor.AppendBytes(b, signed)
	b = cbor.AppendBytes(b, p.keys())
	return cbor.AppendBytes(b, p.Module)
}

func (p *Package) keys() []byte {
	if p.Publisher == nil {
		return nil
	}
	return p.Publisher.Encode()
}

// Open reads a package in its file form or its uplink form. It checks the form and
// that manifest and sizes are within the limits, not the signatures. The package
// keeps parts of b.
func Open(b []byte, lim Limits) (*Package, error) {
	d := cbor.NewDecoder(b)
	n, err := d.Array()
	var p *Package
	if err == nil {
		switch n {
		case 5:
			p, err = readFile(d, lim)
		case 7:
			p, err = readUplink(d, lim)
		default:
			err = fmt.Errorf("array of %d items, want 5 (file form) or 7 (uplink form)", n)
		}
	}
	if err == nil {
		err = d.Done()
	}
	switch {
	case errors.Is(err, ErrTooBig):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return p, nil
}

func readFile(d *cbor.Decoder, lim Limits) (*Package, error) {
	if magic, err := d.Text(); err != nil {
		return nil, err
	} else if magic != fileMagic {
		return nil, fmt.Errorf("begins with %q, want %q", magic, fileMagic)
	}
	if err := readForm(d, fileForm); err != nil {
		return nil, err
	}
	signed, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	p, err := FromCose(signed)
	if err != nil {
		return nil, err
	}
	if err := p.readKeys(d); err != nil {
		return nil, err
	}
	if p.Module, err = d.Bytes(); err != nil {
		return nil, err
	}
	if n := uint64(len(p.Module)); n > lim.maxModule() {
		return nil, fmt.Errorf("%w: module of %d bytes, the limit is %d", ErrTooBig, n, lim.maxModule())
	}
	return p, nil
}

func readForm(d *cbor.Decoder, want uint64) error {
	form, err := d.Uint()
	if err == nil && form != want {
		err = fmt.Errorf("form %d, want %d", form, want)
	}
	return err
}

func (p *Package) readKeys(d *cbor.Decoder) error {
	keys, err := d.Bytes()
	if err != nil || len(keys) == 0 {
		return err
	}
	pub, err := identity.DecodePublic(keys)
	if err == nil {
		p.Publisher = &pub
	}
	return err
}

// FromCose gives the package of a COSE_Sign message as Cose wrote it, without
// module and public keys.
func FromCose(b []byte) (*Package, error) {
	s, err := cose.DecodeSign(b)
	if err != nil {
		return nil, err
	}
	if err := intmap.Same(b, s.Encode()); err != nil {
		return nil, err
	}
	if want := (cose.Header{ContentType: ContentType}).Encode(); intmap.Same(s.Protected.Encode(), want) != nil {
		return nil, fmt.Errorf("the signed content is %q, want %q and no other header", s.Protected.ContentType, ContentType)
	}
	if s.Payload == nil || s.Unprotected != nil {
		return nil, errors.New("the manifest is detached or has unprotected headers")
	}
	p := &Package{encoded: s.Payload}
	for _, g := range s.Signatures {
		if g.Unprotected != nil || g.Protected.ContentType != "" || g.Protected.ContentFormat != 0 {
			return nil, errors.New("a signature has headers beyond algorithm and key id")
		}
		p.Signatures = append(p.Signatures, Signature{g.Protected.Alg, g.Protected.KeyID, g.Signature})
	}
	if p.Manifest, err = manifest.Decode(s.Payload); err != nil {
		return nil, err
	}
	return p, nil
}

// WithModule gives a copy of p with its module and, unless they are empty, the
// publisher's encoded public keys.
func (p *Package) WithModule(module, keys []byte) (*Package, error) {
	out := *p
	out.Module, out.Publisher = module, nil
	if len(keys) > 0 {
		pub, err := identity.DecodePublic(keys)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForm, err)
		}
		out.Publisher = &pub
	}
	return &out, nil
}
