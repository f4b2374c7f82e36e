package command

import (
	"time"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/intmap"
)

// Code is the machine-readable outcome of a command. Refusals of the gate have the
// gate's codes. Codes never change meaning.
type Code string

// The codes that are not the gate's.
const (
	OK              Code = "ok"
	Malformed       Code = "command-malformed"         // not a command at all
	BadSignature    Code = "command-signature-invalid" // not signed by the owner it names
	WrongSatellite  Code = "command-wrong-satellite"   // for another satellite
	Expired         Code = "command-expired"           // came too late
	NotYet          Code = "command-not-yet"           // issued in the satellite's future, or valid too long
	Busy            Code = "command-busy"              // too many commands or calls are waiting; send again later
	TenantUnknown   Code = "tenant-unknown"            // the owner has no such tenant here
	TenantStopped   Code = "tenant-stopped"            // a call to a tenant that rests
	NotCallable     Code = "tenant-not-callable"       // its manifest has no message trigger that is on
	TooBig          Code = "message-too-big"           // the body is above the satellite's limit
	RequestConflict Code = "request-conflict"          // the request id was used for another command
	PackageForm     Code = "package-malformed"         // Body does not open as a package
	PackageTooBig   Code = "package-too-big"           // above this satellite's limits
	Unavailable     Code = "satellite-unavailable"     // the satellite could not store the change
)

// Reply answers one command.
type Reply struct {
	Request   RequestID `json:"request"` // zero when the command could not be read
	Satellite uint64    `json:"satellite"`
	Code      Code      `json:"code"`
	Message   string    `json:"message,omitempty"` // for people
	Tenant    uint64    `json:"tenant,omitempty"`
	Time      time.Time `json:"time"` // the satellite's, when it answered
	Body      []byte    `json:"body,omitempty"`
}

// Encode gives the reply as a message to an inbox, signed by the satellite.
func (r *Reply) Encode(key *identity.Key) []byte { return seal(KindReply, r.body(), key) }

func (r *Reply) body() []byte {
	var w intmap.Map
	if r.Request != (RequestID{}) {
		w.Bytes(1, r.Request[:])
	}
	w.Uint(2, r.Satellite)
	w.Text(3, string(r.Code))
	w.Text(4, r.Message)
	w.Uint(5, r.Tenant)
	w.Time(6, r.Time)
	w.Bytes(7, r.Body)
	return w.Append(nil)
}

func decodeReply(b []byte) (*Reply, error) {
	var r Reply
	err := readBody(b, r.body, func(d *cbor.Decoder, k uint64) (err error) {
		switch k {
		case 1:
			err = intmap.Fixed(d, r.Request[:])
		case 2:
			r.Satellite, err = d.Uint()
		case 3:
			var s string
			s, err = d.Text()
			r.Code = Code(s)
		case 4:
			r.Message, err = d.Text()
		case 5:
			r.Tenant, err = d.Uint()
		case 6:
			r.Time, err = intmap.Time(d)
		case 7:
			r.Body, err = d.Bytes()
		default:
			return intmap.Unknown(d, k)
		}
		return err
	})
	return &r, err
}

// readBody reads a whole map and makes sure that encode, called afterwards, gives
// the same bytes.
func readBody(b []byte, encode func() []byte, field func(d *cbor.Decoder, k uint64) error) error {
	d := cbor.NewDecoder(b)
	if err := intmap.Each(d, func(k uint64) error { return field(d, k) }); err != nil {
		return err
	}
	if err := d.Done(); err != nil {
		return err
	}
	return intmap.Same(b, encode())
}
