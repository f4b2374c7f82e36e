package frame

import "fmt"

// Unit is something that a [Receiver] took out of frames.
type Unit struct {
	VC, MAP uint8
	// Protocol says what a USLP unit is; elsewhere UserPackets, or MissionData for access
	// units and UserOctets for bit streams.
	Protocol Protocol
	// Data is the unit, valid until the call that delivered it returns.
	Data []byte
}

// Reception is what a frame brought besides units.
type Reception struct {
	Layout
	// Missing is how many frames of the virtual channel went missing before this one.
	Missing uint64
	// Repeat says that the frame carries the count of the one before; it was not read.
	Repeat bool
	// Idle says that the frame held only idle data.
	Idle bool
	// OCF is the operational control field, if HasOCF.
	OCF    [4]byte
	HasOCF bool
}

// Receiver takes packets and other units out of the frames of one physical channel of TM,
// AOS or USLP, counting per virtual channel what went missing.
type Receiver struct {
	// Open, if set, verifies and decrypts each frame of a virtual channel that has
	// security, in place; package sdls has it.
	Open func(frame []byte) error
	// MaxPacket bounds packets and reassembled units; zero means 65542 octets.
	MaxPacket int
	// KeepIdle delivers idle packets too.
	KeepIdle bool
	// Frames counts those read, Refused those that Frame returned an error for.
	Frames, Refused uint64

	channel  Channel
	counters [2][64]Counter // by quality of service, then virtual channel
	readers  map[uint16]*mapReader
}

// mapReader holds what is under way on one virtual channel and MAP.
type mapReader struct {
	packets PacketReader
	units   Reassembler
}

// NewReceiver makes a receiver for a [*TMChannel], [*AOSChannel] or [*USLPChannel].
func NewReceiver(c Channel) (*Receiver, error) {
	switch c := c.(type) {
	case *TMChannel:
		if err := c.Validate(); err != nil {
			return nil, err
		}
	case *AOSChannel:
		if err := c.Validate(); err != nil {
			return nil, err
		}
	case *USLPChannel:
		if err := c.Validate(); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("receiver of %v frames: %w", c.Type(), ErrField)
	}
	return &Receiver{channel: c, readers: make(map[uint16]*mapReader)}, nil
}

// Counter tells how the frames of a virtual channel have come in, those of sequence
// controlled or of expedited (USLP bypass) service.
func (r *Receiver) Counter(vc uint8, expedited bool) Counter {
	if expedited {
		return r.counters[1][vc&63]
	}
	return r.counters[0][vc&63]
}

// Packets tells what the packet reader of a virtual channel and MAP has met.
func (r *Receiver) Packets(vc, m uint8) PacketStats {
	if x := r.readers[uint16(vc)<<4|uint16(m)]; x != nil {
		return x.packets.Stats
	}
	return PacketStats{}
}

func (r *Receiver) reader(vc, m uint8) *mapReader {
	key := uint16(vc)<<4 | uint16(m&15)
	x := r.readers[key]
	if x == nil {
		x = &mapReader{
			packets: PacketReader{MaxPacket: r.MaxPacket, KeepIdle: r.KeepIdle},
			units:   Reassembler{Max: r.MaxPacket},
		}
		r.readers[key] = x
	}
	return x
}

// Frame reads a frame and calls emit with each unit that it completes. The octets are
// changed in place where the virtual channel has security.
func (r *Receiver) Frame(b []byte, emit func(Unit)) (Reception, error) {
	rec, err := r.frame(b, emit)
	if err != nil {
		r.Refused++
		return rec, err
	}
	r.Frames++
	return rec, nil
}

func (r *Receiver) frame(b []byte, emit func(Unit)) (Reception, error) {
	switch c := r.channel.(type) {
	case *TMChannel:
		f, err := c.Decode(b)
		if err != nil {
			return Reception{}, err
		}
		rec, err := r.begin(b, uint64(f.VirtualCount), 8, false)
		rec.OCF, rec.HasOCF, rec.Idle = f.OCF, f.HasOCF, f.Idle()
		if err != nil || rec.Repeat || rec.Idle && !f.Synchronized {
			return rec, err
		}
		if f.Synchronized {
			emit(Unit{VC: f.VC, Protocol: MissionData, Data: f.Data})
			return rec, nil
		}
		r.zone(f.VC, 0, f.Data, f.FirstHeader, emit)
		return rec, nil
	case *AOSChannel:
		if _, err := c.Correct(b); err != nil {
			return Reception{}, err
		}
		f, err := c.Decode(b)
		if err != nil {
			return Reception{}, err
		}
		count, bits := uint64(f.Count), 24
		if f.CycleUse {
			count, bits = count|uint64(f.Cycle)<<24, 28
		}
		rec, err := r.begin(b, count, bits, false)
		rec.OCF, rec.HasOCF, rec.Idle = f.OCF, f.HasOCF, f.Idle()
		if err != nil || rec.Repeat || rec.Idle {
			return rec, err
		}
		return rec, r.aos(c, &f, emit)
	case *USLPChannel:
		f, err := c.Decode(b)
		if err != nil {
			return Reception{}, err
		}
		rec, err := r.begin(b, f.Count, 8*f.CountOctets, f.Bypass)
		rec.OCF, rec.HasOCF, rec.Idle = f.OCF, f.HasOCF, f.Idle()
		if err != nil || rec.Repeat || rec.Idle {
			return rec, err
		}
		return rec, r.uslp(&f, emit)
	}
	return Reception{}, ErrField
}

// begin opens the frame's security and follows its count.
func (r *Receiver) begin(b []byte, count uint64, bits int, expedited bool) (Reception, error) {
	l, err := r.channel.Layout(b)
	rec := Reception{Layout: l}
	if err != nil {
		return rec, err
	}
	if l.Data > l.Security || l.End > l.Trailer {
		if r.Open == nil {
			return rec, fmt.Errorf("frame of virtual channel %d has security and nobody to check it: %w", l.VC, ErrField)
		}
		if err := r.Open(b); err != nil {
			return rec, err
		}
	}
	quality := 0
	if expedited {
		quality = 1
	}
	c := &r.counters[quality][l.VC]
	c.Bits = bits
	rec.Missing, rec.Repeat = c.Next(count)
	if rec.Missing > 0 {
		for m := range uint16(16) {
			if x := r.readers[uint16(l.VC)<<4|m]; x != nil {
				x.packets.Lost()
				x.units.Lost()
			}
		}
	}
	return rec, nil
}

func (r *Receiver) zone(vc, m uint8, zone []byte, first uint16, emit func(Unit)) {
	r.reader(vc, m).packets.Zone(zone, first, func(p []byte) {
		emit(Unit{VC: vc, MAP: m, Protocol: UserPackets, Data: p})
	})
}

func (r *Receiver) aos(c *AOSChannel, f *AOSFrame, emit func(Unit)) error {
	v, _ := c.virtual(f.VC)
	switch v.Service {
	case Access:
		emit(Unit{VC: f.VC, Protocol: MissionData, Data: f.Data})
	case Bitstream:
		zone, bits, err := SplitBPDU(f.Data)
		if err != nil {
			return err
		}
		emit(Unit{VC: f.VC, Protocol: UserOctets, Data: zone[:bits/8]})
	default:
		zone, first, err := SplitMPDU(f.Data)
		if err != nil {
			r.reader(f.VC, 0).packets.Lost()
			return err
		}
		r.zone(f.VC, 0, zone, first, emit)
	}
	return nil
}

func (r *Receiver) uslp(f *USLPFrame, emit func(Unit)) error {
	d, err := SplitTFDF(f.Data)
	if err != nil {
		return err
	}
	if d.Protocol == IdleData {
		return nil
	}
	x := r.reader(f.VC, f.MAP)
	unit := func(b []byte) {
		emit(Unit{VC: f.VC, MAP: f.MAP, Protocol: d.Protocol, Data: b})
	}
	switch d.Rule {
	case Spanning:
		first := d.Pointer
		if first == NoPointer {
			first = NoPacketStart
		}
		x.packets.zone(d.Zone, int(first), d.Pointer == NoPointer, unit)
	case OctetStream:
		unit(d.Zone)
	case StartAccess, ContinueAccess:
		flags, zone := Continuing, d.Zone
		if d.Rule == StartAccess {
			flags = First
		}
		if d.Pointer != NoPointer { // it ends here
			flags, zone = Last, d.Zone[:d.Pointer+1]
			if d.Rule == StartAccess {
				flags = Unsegmented
			}
		}
		if u := x.units.Add(flags, zone); u != nil {
			unit(u)
		}
	default:
		flags, _ := d.Rule.Flags()
		u := x.units.Add(flags, d.Zone)
		if u == nil {
			return nil
		}
		if d.Protocol != UserPackets {
			unit(u)
			return nil
		}
		// Whole packets, one or several.
		x.packets.Lost()
		x.packets.walk(u, unit)
		x.packets.Lost()
	}
	return nil
}
