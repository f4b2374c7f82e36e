package command

import (
	"time"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/intmap"
)

// AppMessage is a message that an app sent to its owner.
type AppMessage struct {
	Satellite uint64    `json:"satellite"`
	Tenant    uint64    `json:"tenant"`
	App       string    `json:"app"`
	Number    uint64    `json:"number"` // counts the tenant's messages to its owner; tells a repetition
	Time      time.Time `json:"time"`
	Payload   []byte    `json:"payload"`
}

// Encode gives the message for an inbox, signed by the satellite.
func (m *AppMessage) Encode(key *identity.Key) []byte { return seal(KindApp, m.body(), key) }

func (m *AppMessage) body() []byte {
	var w intmap.Map
	w.Uint(1, m.Satellite)
	w.Uint(2, m.Tenant)
	w.Text(3, m.App)
	w.Uint(4, m.Number)
	w.Time(5, m.Time)
	w.Bytes(6, m.Payload)
	return w.Append(nil)
}

func decodeApp(b []byte) (*AppMessage, error) {
	var m AppMessage
	err := readBody(b, m.body, func(d *cbor.Decoder, k uint64) (err error) {
		switch k {
		case 1:
			m.Satellite, err = d.Uint()
		case 2:
			m.Tenant, err = d.Uint()
		case 3:
			m.App, err = d.Text()
		case 4:
			m.Number, err = d.Uint()
		case 5:
			m.Time, err = intmap.Time(d)
		case 6:
			m.Payload, err = d.Bytes()
		default:
			return intmap.Unknown(d, k)
		}
		return err
	})
	return &m, err
}

// The codes of notices.
const (
	NoticeStopped Code = "tenant-stopped"    // the watchdog stopped it after repeated failures
	NoticeBackoff Code = "tenant-backoff"    // it failed; the next activation waits
	NoticeDropped Code = "messages-dropped"  // messages came faster than it takes them
	NoticeRestart Code = "activation-killed" // the payload computer restarted while it ran, twice
)

// Notice tells an owner what happened to a tenant without being asked.
type Notice struct {
	Satellite uint64    `json:"satellite"`
	Tenant    uint64    `json:"tenant"`
	App       string    `json:"app"`
	Code      Code      `json:"code"`
	Message   string    `json:"message,omitempty"`
	Time      time.Time `json:"time"`
}

// Encode gives the notice for an inbox, signed by the satellite.
func (n *Notice) Encode(key *identity.Key) []byte { return seal(KindNotice, n.body(), key) }

func (n *Notice) body() []byte {
	var w intmap.Map
	w.Uint(1, n.Satellite)
	w.Uint(2, n.Tenant)
	w.Text(3, n.App)
	w.Text(4, string(n.Code))
	w.Text(5, n.Message)
	w.Time(6, n.Time)
	return w.Append(nil)
}

func decodeNotice(b []byte) (*Notice, error) {
	var n Notice
	err := readBody(b, n.body, func(d *cbor.Decoder, k uint64) (err error) {
		switch k {
		case 1:
			n.Satellite, err = d.Uint()
		case 2:
			n.Tenant, err = d.Uint()
		case 3:
			n.App, err = d.Text()
		case 4:
			var s string
			s, err = d.Text()
			n.Code = Code(s)
		case 5:
			n.Message, err = d.Text()
		case 6:
			n.Time, err = intmap.Time(d)
		default:
			return intmap.Unknown(d, k)
		}
		return err
	})
	return &n, err
}
