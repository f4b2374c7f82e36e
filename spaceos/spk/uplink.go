package spk

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"

	"spacechain/internal/cbor"
	"spacechain/spaceos/cose"
	"spacechain/spaceos/manifest"
)

// UplinkOptions say what may be left out of the uplink form.
type UplinkOptions struct {
	// WithoutKeys leaves the publisher's public keys out, 2,026 bytes that do not
	// compress. A satellite that has admitted a package of the publisher knows them;
	// any other answers publisher-key-unknown.
	WithoutKeys bool
}

// EncodeUplink gives the package's uplink form.
func (p *Package) EncodeUplink(o UplinkOptions) ([]byte, error) {
	keys := p.keys()
	if o.WithoutKeys {
		keys = nil
	}
	b := cbor.AppendUint(cbor.AppendArray(nil, 7), uplinkForm)
	b = cbor.AppendArray(b, len(p.Signatures))
	for _, s := range p.Signatures {
		if !bytes.Equal(s.KeyID, p.Manifest.Publisher[:]) {
			return nil, fmt.Errorf("%w: a signature's key id is not the publisher's", ErrForm)
		}
		b = cbor.AppendInt(cbor.AppendArray(b, 2), int64(s.Alg))
		b = cbor.AppendBytes(b, s.Signature)
	}
	b = cbor.AppendBytes(b, keys)
	b = cbor.AppendUint(b, uint64(len(p.encoded)))
	b = cbor.AppendUint(b, uint64(len(p.Module)))
	body, err := compress(append(bytes.Clone(p.encoded), p.Module...))
	if err != nil {
		return nil, fmt.Errorf("compress package %s: %w", p.FileName(), err)
	}
	return cbor.AppendUint(cbor.AppendBytes(b, body), uint64(checksum(body))), nil
}

// checksum is the CRC-32C of the compressed part. What it unpacks to is signed, but
// several frames unpack to the same, and an altered package is to be known as one.
func checksum(packed []byte) uint32 { return crc32.Checksum(packed, castagnoli) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// compress makes one frame without checksum: the signatures cover the content.
func compress(b []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return w.EncodeAll(b, nil), nil
}

// decompress gives exactly size bytes or an error; it allocates no more than that
// and the decoder's tables.
func decompress(b []byte, size uint64) ([]byte, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(max(size, 1<<10)), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out, err := r.DecodeAll(b, make([]byte, 0, size))
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, fmt.Errorf("%w: it unpacks to more than the %d bytes it announces", ErrTooBig, size)
	case err != nil:
		return nil, err
	case uint64(len(out)) != size:
		return nil, fmt.Errorf("it unpacks to %d bytes and announces %d", len(out), size)
	}
	return out, nil
}

func readUplink(d *cbor.Decoder, lim Limits) (*Package, error) {
	if err := readForm(d, uplinkForm); err != nil {
		return nil, err
	}
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	if n > 4 {
		return nil, fmt.Errorf("%d signatures, a package has two", n)
	}
	p := &Package{}
	for range n {
		if two, err := d.Array(); err != nil {
			return nil, err
		} else if two != 2 {
			return nil, fmt.Errorf("a signature of %d parts, want 2", two)
		}
		alg, err := d.Int()
		if err != nil {
			return nil, err
		}
		sig, err := d.Bytes()
		if err != nil {
			return nil, err
		}
		p.Signatures = append(p.Signatures, Signature{Alg: cose.Algorithm(alg), Signature: sig})
	}
	if err := p.readKeys(d); err != nil {
		return nil, err
	}
	manifestSize, err := d.Uint()
	if err != nil {
		return nil, err
	}
	moduleSize, err := d.Uint()
	if err != nil {
		return nil, err
	}
	if manifestSize > manifest.MaxEncoded || moduleSize > lim.maxModule() {
		return nil, fmt.Errorf("%w: it announces a manifest of %d bytes and a module of %d, the limits are %d and %d",
			ErrTooBig, manifestSize, moduleSize, manifest.MaxEncoded, lim.maxModule())
	}
	packed, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	sum, err := d.Uint()
	if err != nil {
		return nil, err
	}
	if sum != uint64(checksum(packed)) {
		return nil, fmt.Errorf("the compressed part has checksum %08x, it was sent with %08x", checksum(packed), sum)
	}
	body, err := decompress(packed, manifestSize+moduleSize)
	if err != nil {
		return nil, err
	}
	p.encoded, p.Module = body[:manifestSize:manifestSize], body[manifestSize:]
	if p.Manifest, err = manifest.Decode(p.encoded); err != nil {
		return nil, err
	}
	for i := range p.Signatures {
		p.Signatures[i].KeyID = bytes.Clone(p.Manifest.Publisher[:])
	}
	return p, nil
}
