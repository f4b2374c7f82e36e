// Package oci keeps app packages in an OCI image layout, the form in which registries
// and their tools store and copy artifacts. It is for the ground: nothing that flies
// imports it.
//
// A package is one artifact. Its config is the COSE_Sign message with the signed
// manifest, its layers are the module and the publisher's public keys. The artifact is
// tagged name-version, and the same package always makes the same blobs. The
// layout adds nothing to trust: what Read gives is verified by the gate like any other.
package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/errdef"

	"spacechain/spaceos/manifest"
	"spacechain/spaceos/spk"
)

// The media types of an artifact's parts.
const (
	ArtifactType  = "application/vnd.spacechain.package.v1"
	TypeManifest  = "application/vnd.spacechain.manifest.v1+cose"
	TypeModule    = "application/vnd.spacechain.module.v1"
	TypePublisher = "application/vnd.spacechain.publisher.v1+cbor"
)

// maxManifest is the most bytes of an artifact's own manifest.
const maxManifest = 64 << 10

// Tag gives the tag of a package in a layout: its file name without the suffix.
func Tag(p *spk.Package) string {
	return fmt.Sprintf("%s-%s", p.Manifest.App, p.Manifest.Version)
}

// Write puts a package into the layout in dir, making the layout if need be, and gives
// the artifact's digest, such as "sha256:...". A tag that is there is moved.
func Write(ctx context.Context, dir string, p *spk.Package) (string, error) {
	d, err := write(ctx, dir, p)
	if err != nil {
		return "", fmt.Errorf("write %s to OCI layout %s: %w", p.FileName(), dir, err)
	}
	return d, nil
}

func write(ctx context.Context, dir string, p *spk.Package) (string, error) {
	if p.Publisher == nil {
		return "", errors.New("the package comes without its publisher's keys")
	}
	store, err := oci.New(dir)
	if err != nil {
		return "", err
	}
	push := func(mediaType string, b []byte) (v1.Descriptor, error) {
		desc := content.NewDescriptorFromBytes(mediaType, b)
		err := store.Push(ctx, desc, bytes.NewReader(b))
		if errors.Is(err, errdef.ErrAlreadyExists) {
			err = nil
		}
		return desc, err
	}
	m := v1.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    v1.MediaTypeImageManifest,
		ArtifactType: ArtifactType,
		Annotations: map[string]string{
			v1.AnnotationTitle:   p.FileName(),
			v1.AnnotationVersion: string(p.Manifest.Version),
		},
	}
	if m.Config, err = push(TypeManifest, p.Cose()); err != nil {
		return "", err
	}
	for _, layer := range []struct {
		mediaType string
		b         []byte
	}{{TypeModule, p.Module}, {TypePublisher, p.Publisher.Encode()}} {
		desc, err := push(layer.mediaType, layer.b)
		if err != nil {
			return "", err
		}
		m.Layers = append(m.Layers, desc)
	}
	b, err := json.Marshal(m) // map keys come in order: the same package gives the same bytes
	if err != nil {
		return "", err
	}
	desc, err := push(m.MediaType, b)
	if err != nil {
		return "", err
	}
	return desc.Digest.String(), store.Tag(ctx, desc, Tag(p))
}

// Read opens the package with a tag or digest in the layout in dir. It checks form and
// digests, not signatures.
func Read(ctx context.Context, dir, reference string) (*spk.Package, error) {
	p, err := read(ctx, dir, reference)
	if err != nil {
		return nil, fmt.Errorf("read %s from OCI layout %s: %w", reference, dir, err)
	}
	return p, nil
}

func read(ctx context.Context, dir, reference string) (*spk.Package, error) {
	store, err := oci.New(dir)
	if err != nil {
		return nil, err
	}
	desc, err := store.Resolve(ctx, reference)
	if err != nil {
		return nil, err
	}
	b, err := fetch(ctx, store, desc, maxManifest)
	if err != nil {
		return nil, err
	}
	var m v1.Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, err
	}
	if m.ArtifactType != ArtifactType || m.Config.MediaType != TypeManifest || len(m.Layers) != 2 ||
		m.Layers[0].MediaType != TypeModule || m.Layers[1].MediaType != TypePublisher {
		return nil, fmt.Errorf("%w: the artifact has type %q and %d layers", spk.ErrForm, m.ArtifactType, len(m.Layers))
	}
	signed, err := fetch(ctx, store, m.Config, manifest.MaxEncoded+maxManifest)
	if err != nil {
		return nil, err
	}
	p, err := spk.FromCose(signed)
	if err != nil {
		return nil, err
	}
	module, err := fetch(ctx, store, m.Layers[0], manifest.MaxModule)
	if err != nil {
		return nil, err
	}
	keys, err := fetch(ctx, store, m.Layers[1], maxManifest)
	if err != nil {
		return nil, err
	}
	return p.WithModule(module, keys)
}

// fetch reads a blob of at most max bytes and checks its digest.
func fetch(ctx context.Context, store *oci.Store, desc v1.Descriptor, max int64) ([]byte, error) {
	if desc.Size > max {
		return nil, fmt.Errorf("%w: blob %s has %d bytes, the limit is %d", spk.ErrTooBig, desc.Digest, desc.Size, max)
	}
	r, err := store.Fetch(ctx, desc)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return content.ReadAll(r, desc) // checks size and digest
}
