package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/internal/cbor"
)

// entryVersion begins every entry, so that a later form can be told apart.
const entryVersion = 1

// appendEntry appends the record of an entry: an array of CBOR, and its CRC-32C.
func appendEntry(dst []byte, e *Entry) []byte {
	start := len(dst)
	dst = cbor.AppendArray(dst, 15)
	fragment := uint64(0)
	if e.ID.Fragment {
		fragment = 1
	}
	dst = cbor.AppendUint(dst, entryVersion)
	dst = bundle.AppendEID(dst, e.ID.Source)
	dst = bundle.AppendEID(dst, e.Destination)
	for _, v := range [...]uint64{
		e.ID.Timestamp.Time, e.ID.Timestamp.Seq, fragment, e.ID.Offset, e.ID.Length, e.Total,
		uint64(e.Flags), uint64(e.Size), e.Previous, uint64(e.HopsLeft), uint64(e.sum),
	} {
		dst = cbor.AppendUint(dst, v)
	}
	dst = cbor.AppendInt(cbor.AppendInt(cbor.AppendArray(dst, 2), e.Received.UnixMilli()), e.Expiry.UnixMilli())
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

func decodeEntry(key, value []byte) (*Entry, error) {
	bad := func(err error) (*Entry, error) {
		return nil, fmt.Errorf("bundle entry %x: %w: %v", key, ErrCorrupt, err)
	}
	if len(key) != 9 || len(value) < 4 {
		return bad(fmt.Errorf("%d bytes", len(value)))
	}
	body := value[:len(value)-4]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(value[len(body):]) {
		return bad(fmt.Errorf("wrong checksum"))
	}
	d := cbor.NewDecoder(body)
	if n, err := d.Array(); err != nil || n != 15 {
		return bad(fmt.Errorf("array of %d: %v", n, err))
	}
	if v, err := d.Uint(); err != nil || v != entryVersion {
		return bad(fmt.Errorf("version %d: %v", v, err))
	}
	e := &Entry{Seq: binary.BigEndian.Uint64(key[1:])}
	var err error
	if e.ID.Source, err = bundle.DecodeEID(d); err != nil {
		return bad(err)
	}
	if e.Destination, err = bundle.DecodeEID(d); err != nil {
		return bad(err)
	}
	var fragment, flags, size, hops, sum uint64
	for _, v := range [...]*uint64{
		&e.ID.Timestamp.Time, &e.ID.Timestamp.Seq, &fragment, &e.ID.Offset, &e.ID.Length, &e.Total,
		&flags, &size, &e.Previous, &hops, &sum,
	} {
		if *v, err = d.Uint(); err != nil {
			return bad(err)
		}
	}
	e.ID.Fragment, e.Flags, e.Size, e.HopsLeft = fragment == 1, bundle.Flags(flags), int(size), uint8(hops)
	if _, err := d.Array(); err != nil {
		return bad(err)
	}
	for _, t := range [...]*time.Time{&e.Received, &e.Expiry} {
		ms, err := d.Int()
		if err != nil {
			return bad(err)
		}
		*t = time.UnixMilli(ms).UTC()
	}
	if err := d.Done(); err != nil {
		return bad(err)
	}
	e.sum = uint32(sum)
	return e, nil
}

// expiring is a place in the order of expiry.
type expiring struct {
	at  int64 // Unix milliseconds
	seq uint64
}

// expiryHeap has the earliest expiry first. Bundles that are gone leave it when
// they come to the top.
type expiryHeap []expiring

func (h expiryHeap) less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].seq < h[j].seq
}

func (h *expiryHeap) push(e expiring) {
	*h = append(*h, e)
	a := *h
	for i := len(a) - 1; i > 0 && a.less(i, (i-1)/2); i = (i - 1) / 2 {
		a[i], a[(i-1)/2] = a[(i-1)/2], a[i]
	}
}

func (h *expiryHeap) pop() {
	a := *h
	last := len(a) - 1
	a[0] = a[last]
	a = a[:last]
	*h = a
	for i := 0; ; {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < last && a.less(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		a[i], a[least] = a[least], a[i]
		i = least
	}
}
