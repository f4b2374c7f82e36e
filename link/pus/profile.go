package pus

import (
	"fmt"
	"time"

	"spacechain/link/packet"
)

// Edition of the standard, which decides the secondary headers.
type Edition uint8

// Editions.
const (
	EditionC Edition = 0 // ECSS-E-ST-70-41C, 2016
	EditionA Edition = 1 // ECSS-E-70-41A, 2003
)

// Widths are the fields whose length the standard leaves to the mission, in octets.
// Zero means the default given. A negative one leaves the field out where the standard
// allows that, which is said.
type Widths struct {
	Count     int // of repeated entries, 1
	Structure int // housekeeping structure, 2
	Parameter int // 2
	Event     int // 2
	Function  int // 4
	Memory    int // 1
	Address   int // 4
	Length    int // of memory areas, 2
	Failure   int // failure code, 2
	Step      int // 1
	SubSched  int // 1, may be left out
	Group     int // schedule group, 1, may be left out
	Monitor   int // parameter monitoring definition, 2
	Interval  int // in units of Options.Unit, 2
	Store     int // packet store, 2
	StoreSize int // 4
	Transfer  int // large message transaction, 2
	Part      int // 4
}

func (w Widths) withDefaults() Widths {
	for _, f := range []struct {
		at *int
		d  int
	}{
		{&w.Count, 1}, {&w.Structure, 2}, {&w.Parameter, 2}, {&w.Event, 2}, {&w.Function, 4}, {&w.Memory, 1},
		{&w.Address, 4}, {&w.Length, 2}, {&w.Failure, 2}, {&w.Step, 1}, {&w.SubSched, 1}, {&w.Group, 1},
		{&w.Monitor, 2}, {&w.Interval, 2}, {&w.Store, 2}, {&w.StoreSize, 4}, {&w.Transfer, 2}, {&w.Part, 4},
	} {
		optional := f.at == &w.SubSched || f.at == &w.Group
		switch {
		case *f.at == 0, *f.at < 0 && !optional, *f.at > 8:
			*f.at = f.d
		case *f.at < 0:
			*f.at = 0
		}
	}
	return w
}

// Profile is what a mission fixes about its packets. Make it with [NewProfile].
type Profile struct {
	Edition Edition
	// Time is the time code of telemetry headers and of absolute times in data. Nil
	// means CUC of 4 and 2 octets since 1958 TAI.
	Time packet.TimeCode
	// Preamble puts the P-field before the time in telemetry headers.
	Preamble bool
	// NoTime leaves the time out of telemetry headers.
	NoTime bool
	// NoCRC leaves the checksum out, NoVerify does not look at it.
	NoCRC, NoVerify bool
	// TCSpare and TMSpare are spare octets that end the secondary headers.
	TCSpare, TMSpare int
	// PUS-A only: octets of source id, destination id and packet subcounter.
	SourceA, DestinationA, CounterA int
	Widths                          Widths
	// Dictionary gives the types of parameters, without which their values cannot be
	// read on the ground. The server asks its Parameters.
	Dictionary Dictionary
}

// Dictionary knows the types of parameters.
type Dictionary interface {
	// ParameterType is the type of a parameter, or false if there is none of that id.
	ParameterType(id uint64) (Type, bool)
}

// NewProfile fills in the defaults.
func NewProfile(p Profile) *Profile {
	p.Widths = p.Widths.withDefaults()
	if p.Time == nil {
		p.Time = packet.CUC{Coarse: 4, Fine: 2}
	}
	return &p
}

// stampLen is the length of the time in a telemetry header.
func (p *Profile) stampLen() int {
	switch {
	case p.NoTime:
		return 0
	case p.Preamble:
		return len(p.Time.Preamble()) + p.Time.Len()
	}
	return p.Time.Len()
}

func (p *Profile) appendStamp(dst []byte, t time.Time) ([]byte, error) {
	if p.NoTime {
		return dst, nil
	}
	if p.Preamble {
		dst = append(dst, p.Time.Preamble()...)
	}
	return p.Time.Append(dst, t)
}

func (p *Profile) readStamp(b []byte) (time.Time, error) {
	if p.Preamble {
		pre := p.Time.Preamble()
		if string(b[:len(pre)]) != string(pre) {
			return time.Time{}, fmt.Errorf("time stamp with preamble %x, not %x", b[:len(pre)], pre)
		}
		b = b[len(pre):]
	}
	return p.Time.Decode(b)
}
