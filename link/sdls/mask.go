package sdls

import "spacechain/link/frame"

// DefaultMask is the authentication bit mask for a frame, from its beginning to its data
// field: of the headers only the virtual channel, and the MAP where there is one, as the
// rest may change on the way (a relay that counts frames, a header that is corrected); of
// the security header everything. The segment header of TC counts whole; secondary header,
// insert zone and header error control do not (CCSDS 355.0-B-2 §4.2.3 and table 6-1).
func DefaultMask(l frame.Layout) []byte {
	m := make([]byte, l.Data)
	switch l.Type {
	case frame.TM:
		m[1] = 0x0e
	case frame.TC:
		m[2] = 0xfc
		if l.Security > 5 {
			m[5] = 0xff
		}
	case frame.AOS:
		m[1] = 0x3f
	case frame.USLP:
		m[2], m[3] = 0x07, 0xfe
	}
	for i := l.Security; i < l.Data; i++ {
		m[i] = 0xff
	}
	return m
}

// maskFor is the association's mask for frames of a layout.
func (a *association) maskFor(l frame.Layout) []byte {
	if a.Mask != nil {
		return a.Mask
	}
	if a.mask == nil || a.maskOf.Type != l.Type || a.maskOf.Security != l.Security || a.maskOf.Data != l.Data {
		a.mask, a.maskOf = DefaultMask(l), l
	}
	return a.mask
}

// masked appends b to dst, the bits that mask leaves out being zero.
func masked(dst, b, mask []byte) []byte {
	at := len(dst)
	dst = append(dst, b...)
	out := dst[at:]
	for i := range min(len(out), len(mask)) {
		out[i] &= mask[i]
	}
	return dst
}
