package mission

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"spacechain/link/frame"
	"spacechain/link/sdls"
)

// SPITelemetry names the association that authenticates telemetry.
const SPITelemetry = 201

const (
	keyTelemetry = sdls.KeyID(301)
	snLength     = 6 // octets of a telemetry frame's number, all sent
)

// Tolerance is how far the number of a telemetry frame may be from the station's clock, as
// time. Frames are sent in the slot in which they are made and heard as they come, so that one
// from further away was held back, or one of the clocks is wrong and the slots are, too.
const Tolerance = time.Minute

// telemetryAssociation is the parameters of the association for telemetry: AES-CMAC over headers
// and data of every frame, idle ones too. Whoever likes may read it.
func (l Link) telemetryAssociation() sdls.Parameters {
	p := sdls.Parameters{
		SPI: SPITelemetry, Service: sdls.Authentication, MAC: sdls.AESCMAC, MACLength: 16,
		SN: snLength, SNField: snLength, Window: 1<<32 - 1,
		// Counts and the first header pointer count, too: moved, the pointer would have packets
		// begin within others.
		Mask: []byte{0xff},
	}
	for _, vc := range []uint8{VCLive, VCStored, VCIdle} {
		p.Scopes = append(p.Scopes, sdls.Scope{Spacecraft: l.Spacecraft, VC: vc, MAP: sdls.AnyMAP})
	}
	return p
}

// Telemetry is one end of what authenticates telemetry frames: the satellite's protects them,
// a station's opens them.
type Telemetry struct {
	link     Link
	tm       *frame.TMChannel
	endpoint *sdls.Endpoint
	stale    uint64
}

// SecureTelemetry gives one end, whose numbers begin at a moment.
func (l Link) SecureTelemetry(from time.Time) (*Telemetry, error) {
	s := &Telemetry{link: l, tm: l.TM()}
	return s, s.begin(from)
}

func (s *Telemetry) begin(from time.Time) error {
	r := new(sdls.Ring)
	e := sdls.NewEndpoint(s.tm, r)
	if s.endpoint != nil {
		e.Stats = s.endpoint.Stats
	}
	if err := r.Add(keyTelemetry, s.link.key("telemetry", 0), sdls.Active); err != nil {
		return fmt.Errorf("key of telemetry: %w", err)
	}
	if err := e.Create(s.link.telemetryAssociation()); err != nil {
		return fmt.Errorf("association of telemetry: %w", err)
	}
	s.endpoint = e
	return s.goOn(telemetryNumber(from))
}

// goOn makes a number the next.
func (s *Telemetry) goOn(number []byte) error {
	e := s.endpoint
	if state, _ := e.State(SPITelemetry); state == sdls.Operational {
		if err := e.Stop(SPITelemetry); err != nil {
			return fmt.Errorf("numbers of telemetry: %w", err)
		}
		if err := e.Expire(SPITelemetry); err != nil {
			return fmt.Errorf("numbers of telemetry: %w", err)
		}
	}
	if err := e.Rekey(SPITelemetry, keyTelemetry, keyTelemetry, nil, number); err != nil {
		return fmt.Errorf("numbers of telemetry: %w", err)
	}
	if err := e.Start(SPITelemetry); err != nil {
		return fmt.Errorf("numbers of telemetry: %w", err)
	}
	return nil
}

// telemetryNumber is the number that belongs to a moment, as [Numbers] has it.
func telemetryNumber(t time.Time) []byte { return Numbers(t)[ivLength-snLength:] }

// Next is the lowest number that is not used yet; what it gives is for GoOn.
func (s *Telemetry) Next() []byte {
	_, sn, err := s.endpoint.Numbers(SPITelemetry)
	if err != nil { // the association is there from the beginning
		panic("mission: telemetry: " + err.Error())
	}
	return sn
}

// GoOn goes on from what Next gave before a restart, unless the clock has passed it.
func (s *Telemetry) GoOn(next []byte) error {
	if len(next) != snLength {
		return fmt.Errorf("number of telemetry of %d octets: %w", len(next), ErrLink)
	}
	if bytes.Compare(next, s.Next()) <= 0 {
		return nil
	}
	return s.goOn(next)
}

// Protect authenticates a frame, in place. Its number is that of the time of day, or the next one
// if that was used. A clock that was far ahead and has been set right begins anew: no station
// took anything with those numbers.
func (s *Telemetry) Protect(now time.Time, b []byte) error {
	next, want := s.Next(), telemetryNumber(now)
	switch {
	case bytes.Compare(next, telemetryNumber(now.Add(Tolerance))) > 0:
		if err := s.begin(now); err != nil {
			return err
		}
	case bytes.Compare(next, want) < 0:
		if err := s.goOn(want); err != nil {
			return err
		}
	}
	return s.endpoint.Apply(SPITelemetry, b)
}

// Open says whether a frame is genuine, new, and of now; with any other error than nil nothing of
// it must be believed.
func (s *Telemetry) Open(now time.Time, b []byte) error {
	l, err := s.tm.Layout(b)
	if err != nil {
		return fmt.Errorf("open telemetry frame: %w", err)
	}
	if header := b[l.Security:l.Data]; len(header) == 2+snLength && binary.BigEndian.Uint16(header) == SPITelemetry {
		n := header[2:]
		if bytes.Compare(n, telemetryNumber(now.Add(-Tolerance))) < 0 || bytes.Compare(n, telemetryNumber(now.Add(Tolerance))) > 0 {
			s.stale++
			return fmt.Errorf("telemetry frame %x at %v: %w", n, now, sdls.ErrReplay)
		}
	}
	return s.endpoint.Process(b)
}

// TelemetryStats counts what one end did.
type TelemetryStats struct {
	Forged    uint64 // with a wrong code
	Replayed  uint64 // with a number that was used before or is not of the time
	Unsecured uint64 // of another association, or of none
}

// Stats tells what was refused.
func (s *Telemetry) Stats() TelemetryStats {
	e := s.endpoint.Stats
	return TelemetryStats{Forged: e.BadMAC, Replayed: e.BadSN + s.stale, Unsecured: e.BadSA + e.Broken}
}
