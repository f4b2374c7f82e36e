package frame

import "fmt"

// PacketLength tells how long the packet that begins with b is, from its version number
// and length field: a space packet (CCSDS 133.0-B-2 §4.1.3, version 0) or an
// encapsulation packet (133.1-B-3 §4.1.2, version 7). It returns 0 where b is too short
// to tell.
func PacketLength(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	switch b[0] >> 5 {
	case 0:
		if len(b) < 6 {
			return 0, nil
		}
		return 7 + int(b[4])<<8 + int(b[5]), nil
	case 7:
		header := encapsulationHeader(b[0])
		if header == 1 {
			return 1, nil // an encapsulation idle packet is one octet
		}
		if len(b) < header {
			return 0, nil
		}
		n := 0
		for _, x := range b[header-lengthOctets(header) : header] {
			n = n<<8 | int(x)
		}
		if n < header {
			return 0, fmt.Errorf("encapsulation packet of %d octets with a header of %d: %w", n, header, ErrLength)
		}
		return n, nil
	}
	return 0, fmt.Errorf("packet of version %d: %w", b[0]>>5, ErrVersion)
}

// encapsulationHeader is the length of an encapsulation packet's header by its first
// octet, whose two lowest bits say how long the length field is.
func encapsulationHeader(b byte) int {
	return [4]int{1, 2, 4, 8}[b&3]
}

func lengthOctets(header int) int { return header / 2 }

// IdlePacket writes an idle space packet of n octets, at least 7, after dst: APID all
// ones, data of 0x55 octets (CCSDS 133.0-B-2 §4.1.3.3.4.4).
func IdlePacket(dst []byte, n int) ([]byte, error) {
	if n < 7 || n > 7+0xffff {
		return dst, fmt.Errorf("idle packet of %d octets: %w", n, ErrLength)
	}
	dst, b := grow(dst, n)
	copy(b, []byte{0x07, 0xff, 0xc0, 0, byte((n - 7) >> 8), byte(n - 7)})
	for i := range b[6:] {
		b[6+i] = 0x55
	}
	return dst, nil
}

// IsIdlePacket says whether a packet only fills: a space packet of APID 0x7ff or an
// encapsulation packet of protocol 0.
func IsIdlePacket(p []byte) bool {
	if len(p) == 0 {
		return false
	}
	if p[0]>>5 == 7 {
		return p[0]>>2&7 == 0
	}
	return len(p) >= 2 && p[0]&7 == 7 && p[1] == 0xff
}

// PacketWriter lays packets end to end into the packet zones of successive frames
// (multiplexing protocol data units, CCSDS 732.0-B-4 §4.2.2.2; likewise TM and rule 0 of
// USLP). The zero value is ready. What it holds is bounded by what Write was given.
type PacketWriter struct {
	queue []byte // octets still to send
	start []int  // where packets begin in queue, in order
	head  int    // octets of queue already sent
	base  int    // index of the first entry of start that lies at or after head
}

// Write adds a packet, space or encapsulation, whose length field must be right.
func (w *PacketWriter) Write(p []byte) error {
	n, err := PacketLength(p)
	if err != nil {
		return err
	}
	if n != len(p) {
		return fmt.Errorf("packet of %d octets that says %d: %w", len(p), n, ErrLength)
	}
	w.start = append(w.start, len(w.queue))
	w.queue = append(w.queue, p...)
	return nil
}

// Pending is how many octets wait.
func (w *PacketWriter) Pending() int { return len(w.queue) - w.head }

// Zone fills zone, of a TM frame or an M_PDU, with the next octets and returns the first
// header pointer. When too little waits, the rest is filled with an idle packet, which may
// reach into the next zone: an idle packet has at least seven octets. With nothing waiting
// at all the zone is idle data and the pointer [OnlyIdle].
func (w *PacketWriter) Zone(zone []byte) (first uint16) {
	if w.Pending() == 0 {
		Fill(zone)
		return OnlyIdle
	}
	if n, begins := w.fill(zone); begins {
		return uint16(n)
	}
	return NoPacketStart
}

// fill is Zone where something waits; begins tells whether a packet begins in the zone,
// which it does at first.
func (w *PacketWriter) fill(zone []byte) (first int, begins bool) {
	for len(zone) > w.Pending() {
		n := min(max(len(zone)-w.Pending(), 7), 7+0xffff)
		if len(zone) < 14 {
			// In zones this short one idle packet could lead to the next for ever, so it
			// is made to end with a zone.
			for n = len(zone) - w.Pending(); n < 7; n += len(zone) {
			}
		}
		w.start = append(w.start, len(w.queue))
		// The length is within bounds, so this cannot fail.
		w.queue, _ = IdlePacket(w.queue, n)
	}
	if w.base < len(w.start) && w.start[w.base] < w.head+len(zone) {
		first, begins = w.start[w.base]-w.head, true
	}
	w.head += copy(zone, w.queue[w.head:])
	for w.base < len(w.start) && w.start[w.base] < w.head {
		w.base++
	}
	w.compact()
	return first, begins
}

// compact forgets what was sent once that is more than what is left.
func (w *PacketWriter) compact() {
	if w.head < 4096 && w.head < len(w.queue) || 2*w.head < len(w.queue) {
		return
	}
	w.queue = w.queue[:copy(w.queue, w.queue[w.head:])]
	w.start = w.start[:copy(w.start, w.start[w.base:])]
	for i := range w.start {
		w.start[i] -= w.head
	}
	w.head, w.base = 0, 0
}

// Fill writes idle data: a pseudo-random sequence from the 32-bit register that CCSDS
// 732.1-B-2 annex H proposes, so that idle frames keep the receiver's symbol loop busy.
func Fill(b []byte) {
	s := uint32(0xffffffff)
	for i := range b {
		b[i] = byte(s >> 24)
		for range 8 {
			bit := (s>>31 ^ s>>30 ^ s>>10 ^ s) & 1
			s = s<<1 | bit
		}
	}
}

// PacketStats counts what a [PacketReader] met.
type PacketStats struct {
	Packets    uint64 // delivered
	Idle       uint64 // idle packets dropped
	Incomplete uint64 // packets lost because a part of them was missing
	Malformed  uint64 // zones or packets that contradict their headers
}

// PacketReader takes packets out of the packet zones of successive frames of one virtual
// channel or MAP. Set MaxPacket before use; the reader never holds more than that.
type PacketReader struct {
	// MaxPacket bounds packets, in octets; zero means 65542, the longest space packet.
	MaxPacket int
	// KeepIdle delivers idle packets too.
	KeepIdle bool
	// Stats counts.
	Stats PacketStats

	part   []byte // the packet begun in earlier zones
	open   bool   // part is in use: the next octets belong to it
	synced bool   // the next octet's place in the packet stream is known
}

// Lost tells the reader that frames are missing: the packet under way is dropped, and the
// next is found by the first header pointer.
func (r *PacketReader) Lost() {
	if r.open {
		r.Stats.Incomplete++
	}
	r.part, r.open, r.synced = r.part[:0], false, false
}

func (r *PacketReader) max() int {
	if r.MaxPacket == 0 {
		return 65542
	}
	return r.MaxPacket
}

// Zone reads the packet zone of the next frame and calls emit with each packet that ends
// in it. A packet is valid until emit returns.
func (r *PacketReader) Zone(zone []byte, first uint16, emit func(packet []byte)) {
	if first == OnlyIdle {
		// Only idle data comes between packets, never inside one.
		if r.open {
			r.Lost()
		}
		r.synced = true
		return
	}
	r.zone(zone, int(first), first == NoPacketStart, emit)
}

// zone is Zone with a pointer that may reach as far as USLP zones do; none says that no
// packet begins.
func (r *PacketReader) zone(zone []byte, first int, none bool, emit func([]byte)) {
	head := len(zone)
	if !none {
		if first >= len(zone) {
			r.Stats.Malformed++
			r.Lost()
			return
		}
		head = first
	}
	if r.open {
		r.resume(zone[:head], !none, emit)
	} else if r.synced && head > 0 {
		// The last packet ended with its zone, so one had to begin here.
		r.Stats.Malformed++
	}
	if none {
		r.synced = r.open
		return
	}
	r.walk(zone[head:], emit)
}

// resume adds to the packet under way what lies before the first header pointer; ends
// says that it has to end there.
func (r *PacketReader) resume(b []byte, ends bool, emit func([]byte)) {
	n, err := r.need(b)
	if err != nil || n > r.max() {
		r.Stats.Malformed++
		r.Lost()
		return
	}
	r.part = append(r.part, b...)
	switch {
	case n > 0 && len(r.part) == n:
		r.open = false
		r.deliver(r.part, emit)
		r.part = r.part[:0]
	case ends || n > 0 && len(r.part) > n:
		r.Stats.Malformed++
		r.Lost()
	}
}

// need tells the length of the packet that is part followed by b, or 0.
func (r *PacketReader) need(b []byte) (int, error) {
	if n, err := PacketLength(r.part); n > 0 || err != nil {
		return n, err
	}
	var header [8]byte
	k := copy(header[:], r.part)
	k += copy(header[k:], b)
	return PacketLength(header[:k])
}

// walk takes whole packets from b and keeps the rest as the beginning of the next.
func (r *PacketReader) walk(b []byte, emit func([]byte)) {
	for len(b) > 0 {
		n, err := PacketLength(b)
		if err != nil || n > r.max() {
			r.Stats.Malformed++
			r.Lost()
			return
		}
		if n == 0 || n > len(b) {
			r.part = append(r.part[:0], b...)
			r.open, r.synced = true, true
			return
		}
		r.deliver(b[:n:n], emit)
		b = b[n:]
	}
	r.synced = true
}

func (r *PacketReader) deliver(p []byte, emit func([]byte)) {
	if IsIdlePacket(p) && !r.KeepIdle {
		r.Stats.Idle++
		return
	}
	r.Stats.Packets++
	emit(p)
}
