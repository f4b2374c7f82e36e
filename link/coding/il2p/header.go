package il2p

import "bytes"

// header is the IL2P header before coding: thirteen octets of which the lower six bits
// of the first twelve are the two callsigns in DEC sixbit, the last the SSIDs, bits 6
// and 7 the other fields, a bit an octet.
type header struct {
	calls   [12]byte // destination, source
	ssids   byte
	ui      bool
	pid     int // four bits
	control int // seven bits
	strong  bool
	typed   bool // type 1: the addresses and control field are here
	count   int  // octets of payload, ten bits
}

// spread puts the bits of v, most significant first, at a bit of octets from first on.
func spread(o []byte, bit, first, width, v int) {
	for i := range width {
		o[first+i] |= byte(v>>(width-1-i)&1) << bit
	}
}

func collect(o []byte, bit, first, width int) (v int) {
	for i := range width {
		v = v<<1 | int(o[first+i]>>bit&1)
	}
	return v
}

func (h header) octets() []byte {
	o := make([]byte, headerData)
	copy(o, h.calls[:])
	o[12] = h.ssids
	spread(o, 6, 0, 1, b2i(h.ui))
	spread(o, 6, 1, 4, h.pid)
	spread(o, 6, 5, 7, h.control)
	spread(o, 7, 0, 1, b2i(h.strong))
	spread(o, 7, 1, 1, b2i(h.typed))
	spread(o, 7, 2, 10, h.count)
	return o
}

func parseHeader(o []byte) (h header) {
	for i := range h.calls {
		h.calls[i] = o[i] & 0x3f
	}
	h.ssids = o[12]
	h.ui = collect(o, 6, 0, 1) == 1
	h.pid = collect(o, 6, 1, 4)
	h.control = collect(o, 6, 5, 7)
	h.strong = collect(o, 7, 0, 1) == 1
	h.typed = collect(o, 7, 1, 1) == 1
	h.count = collect(o, 7, 2, 10)
	return h
}

// plausible reports whether a header is one that a station sends: callsigns of letters
// and digits with spaces behind, or none at all.
func (h header) plausible() bool {
	if !h.typed {
		return h.calls == [12]byte{} && h.ssids == 0 && h.count > 0
	}
	for _, call := range [][]byte{h.calls[:6], h.calls[6:]} {
		trimmed := bytes.TrimRight(call, "\x00") // a space is 0
		if len(trimmed) == 0 {
			return false
		}
		for _, c := range trimmed {
			if c += ' '; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

// pids gives the AX.25 protocol identifier of the four bits in the header; 0 and 1
// mark frames without one.
var pids = [16]int{-1, -1, 0x20, 0x01, 0x06, 0x07, 0x08, -1, -1, -1, -1, 0xcc, 0xcd, 0xce, 0xcf, 0xf0}

// unnumbered gives the AX.25 control fields of the eight U frames: SABM, DISC, DM, UA,
// FRMR, UI, XID, TEST.
var unnumbered = [8]byte{0x2f, 0x43, 0x0f, 0x63, 0x87, 0x03, 0xaf, 0xe3}

const (
	opUI     = 5
	pollBit  = 0x10
	pidNoneS = 0 // S frames
	pidNoneU = 1 // U frames but UI
)

// translate makes a type 1 header of an AX.25 frame and gives what is left as payload.
// It refuses every frame that [header.frame] would not give back octet for octet:
// digipeaters, extended sequence numbers, odd command bits or protocol identifiers.
func translate(frame []byte) (h header, payload []byte, ok bool) {
	if len(frame) < 15 {
		return h, nil, false
	}
	h.typed = true
	for i := range 6 {
		for j, c := range [2]byte{frame[i], frame[7+i]} {
			if c&1 != 0 || c>>1 < ' ' || c>>1 > '_' {
				return h, nil, false
			}
			h.calls[6*j+i] = c>>1 - ' '
		}
	}
	h.ssids = frame[6]>>1&15<<4 | frame[13]>>1&15
	command := b2i(frame[6]&0x80 != 0)
	control := frame[14]
	poll := b2i(control&pollBit != 0)
	payload = frame[15:]
	switch {
	case control&1 == 0:
		h.control = poll<<6 | int(control>>5)<<3 | int(control>>1&7)
	case control&3 == 1:
		h.control = poll<<6 | int(control>>5)<<3 | command<<2 | int(control>>2&3)
		h.pid = pidNoneS
	default:
		op := bytes.IndexByte(unnumbered[:], control&^pollBit)
		if op < 0 {
			return h, nil, false
		}
		h.ui = op == opUI
		h.pid = pidNoneU
		h.control = poll<<6 | op<<3 | command<<2
	}
	if control&1 == 0 || h.ui {
		if len(payload) == 0 {
			return h, nil, false
		}
		h.pid = -1
		for p, v := range pids {
			if v == int(payload[0]) {
				h.pid = p
			}
		}
		if h.pid < 0 {
			return h, nil, false
		}
		payload = payload[1:]
	}
	back, good := h.frame(payload)
	return h, payload, good && bytes.Equal(back, frame)
}

// frame rebuilds the AX.25 frame of a type 1 header.
func (h header) frame(payload []byte) ([]byte, bool) {
	out := make([]byte, 0, 16+len(payload))
	for j := range 2 {
		for _, c := range h.calls[6*j : 6*j+6] {
			out = append(out, (c+' ')<<1)
		}
		out = append(out, 0x60|h.ssids>>(4-4*j)&15<<1)
	}
	out[13] |= 1 // the last address
	poll := byte(h.control>>6&1) * pollBit
	command := h.control&4 != 0
	pid := -1
	switch {
	case h.pid == pidNoneS:
		out = append(out, byte(h.control>>3&7)<<5|poll|byte(h.control&3)<<2|1)
	case h.pid == pidNoneU || h.ui:
		op := h.control >> 3 & 7
		if h.ui != (op == opUI) {
			return nil, false
		}
		out = append(out, unnumbered[op]|poll)
		if h.ui {
			pid = pids[h.pid]
		}
	default:
		command = true
		pid = pids[h.pid]
		out = append(out, byte(h.control>>3&7)<<5|poll|byte(h.control&7)<<1)
	}
	if h.ui || h.pid > pidNoneU {
		if pid < 0 {
			return nil, false
		}
		out = append(out, byte(pid))
	}
	if command {
		out[6] |= 0x80
	} else {
		out[13] |= 0x80
	}
	return append(out, payload...), true
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
