package command

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/cose"
	"spacechain/spaceos/intmap"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
)

// ContentType is the media type of a command's payload, in the signed header.
const ContentType = "application/vnd.spacechain.command+cbor"

// Service is the number of the endpoint on a satellite that takes commands, and
// InboxService of the one on a terminal that takes what comes down.
const (
	Service      = 1
	InboxService = 2
)

// Op is what an owner asks for. The numbers are on the wire.
type Op uint8

// The operations.
const (
	Deploy Op = 1 // install the package in Body, or update the tenant that has its app
	List   Op = 2 // describe the owner's tenants
	Logs   Op = 3 // send the latest log lines of Tenant
	Call   Op = 4 // activate Tenant with Body as a message; its result answers
	Stop   Op = 5 // let Tenant rest: no more activations, data stays
	Start  Op = 6 // undo Stop, the watchdog's too
	Remove Op = 7 // delete Tenant with all its data
)

var opText = [...]string{"", "deploy", "list", "logs", "call", "stop", "start", "remove"}

// String gives the operation's name.
func (o Op) String() string {
	if o > 0 && int(o) < len(opText) {
		return opText[o]
	}
	return fmt.Sprintf("operation %d", uint8(o))
}

// RequestID tells commands apart. The owner chooses it at random; a command that is
// sent again keeps it.
type RequestID [16]byte

// String gives the id's hexadecimal form.
func (r RequestID) String() string { return hex.EncodeToString(r[:]) }

// MarshalText gives String's form to JSON.
func (r RequestID) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Owner is who deployed a tenant: an Ed25519 public key.
type Owner [32]byte

// OwnerOf gives a key's owner.
func OwnerOf(key *identity.Key) Owner { return key.Ed25519() }

// String gives the owner's hexadecimal form.
func (o Owner) String() string { return hex.EncodeToString(o[:]) }

// MarshalText gives String's form to JSON.
func (o Owner) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Command is one command of an owner.
type Command struct {
	Owner     Owner // who signed; set by Open
	Request   RequestID
	Op        Op
	Satellite uint64    // node number of the satellite that it is for
	Issued    time.Time // whole milliseconds
	Expires   time.Time // whole milliseconds; the satellite does nothing from then on
	// ReplyTo is the inbox that the reply goes to, such as "ipn:3000001.2". Of a
	// Deploy it is also where results, messages and notices of the tenant go.
	ReplyTo string
	Tenant  uint64 // for Logs, Call, Stop, Start, Remove
	// Instance tells tenants of the same app and owner apart; "" is a fine name for
	// the only one. For Deploy.
	Instance string
	Lease    receipt.LeaseID // for Deploy: the lease that pays for it
	Body     []byte          // for Deploy: a package in either form; for Call: the message
	Max      uint64          // for Logs: most bytes of log text to send, 0 for the satellite's choice
}

// Limits of the format.
const (
	maxInstance = 32
	maxEndpoint = 64
	// MaxValid is the longest time from issue to expiry.
	MaxValid = 14 * 24 * time.Hour
)

// ErrForm is what Open's errors wrap when the bytes are not a command.
var ErrForm = errors.New("not a command")

// ErrSignature is what Open's errors wrap when a command is well formed but not
// signed by the owner that it names.
var ErrSignature = errors.New("command signature invalid")

func (c *Command) payload() []byte {
	var w intmap.Map
	w.Bytes(1, c.Request[:])
	w.Uint(2, uint64(c.Op))
	w.Uint(3, c.Satellite)
	w.Time(4, c.Issued)
	w.Time(5, c.Expires)
	w.Text(6, c.ReplyTo)
	w.Uint(7, c.Tenant)
	w.Text(8, c.Instance)
	if c.Lease != (receipt.LeaseID{}) {
		w.Bytes(9, c.Lease[:])
	}
	w.Bytes(10, c.Body)
	w.Uint(11, c.Max)
	return w.Append(make([]byte, 0, len(c.Body)+200))
}

// Sign sets the owner and gives the signed command.
func (c *Command) Sign(key *identity.Key) ([]byte, error) {
	c.Owner = OwnerOf(key)
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("sign command: %w", err)
	}
	s := cose.Sign1{
		Protected: cose.Header{Alg: cose.EdDSA, ContentType: ContentType, KeyID: c.Owner[:]},
		Payload:   c.payload(),
	}
	s.Signature = key.SignEd25519(s.TBS(nil, nil))
	return s.Encode(), nil
}

// Open reads a signed command and checks the signature under the owner's key that it
// names. Whether that owner may do it is for the satellite to say. The error wraps
// ErrForm or ErrSignature; with the latter the command is given all the same, so that
// the refusal can name the request. The command keeps parts of b.
func Open(b []byte) (*Command, error) {
	s, err := cose.DecodeSign1(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	var c Command
	h := s.Protected
	if h.Alg != cose.EdDSA || h.ContentType != ContentType || len(h.KeyID) != len(c.Owner) || s.Unprotected != nil || s.Payload == nil {
		return nil, fmt.Errorf("%w: the headers are not those of a command", ErrForm)
	}
	copy(c.Owner[:], h.KeyID)
	d := cbor.NewDecoder(s.Payload)
	err = intmap.Each(d, func(k uint64) error { return c.decodeField(d, k) })
	if err == nil {
		err = d.Done()
	}
	if err == nil {
		err = intmap.Same(s.Payload, c.payload())
	}
	if err == nil {
		err = c.validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if !identity.VerifyEd25519(c.Owner, s.TBS(nil, nil), s.Signature) {
		return &c, fmt.Errorf("%w: %s %s is not signed by %s", ErrSignature, c.Op, c.Request, c.Owner)
	}
	return &c, nil
}

func (c *Command) decodeField(d *cbor.Decoder, k uint64) (err error) {
	switch k {
	case 1:
		err = intmap.Fixed(d, c.Request[:])
	case 2:
		var u uint64
		u, err = d.Uint()
		c.Op = Op(u)
	case 3:
		c.Satellite, err = d.Uint()
	case 4:
		c.Issued, err = intmap.Time(d)
	case 5:
		c.Expires, err = intmap.Time(d)
	case 6:
		c.ReplyTo, err = d.Text()
	case 7:
		c.Tenant, err = d.Uint()
	case 8:
		c.Instance, err = d.Text()
	case 9:
		err = intmap.Fixed(d, c.Lease[:])
	case 10:
		c.Body, err = d.Bytes()
	case 11:
		c.Max, err = d.Uint()
	default:
		return intmap.Unknown(d, k)
	}
	return err
}

func (c *Command) validate() error {
	switch {
	case c.Request == RequestID{}:
		return errors.New("no request id")
	case c.Op == 0 || int(c.Op) >= len(opText):
		return fmt.Errorf("%s is not known", c.Op)
	case c.Satellite == 0:
		return errors.New("no satellite named")
	case c.Issued.IsZero() || !c.Expires.After(c.Issued):
		return errors.New("it expires before it was issued")
	case c.Expires.Sub(c.Issued) > MaxValid:
		return fmt.Errorf("it is valid for %v, the most is %v", c.Expires.Sub(c.Issued), MaxValid)
	case len(c.ReplyTo) > maxEndpoint:
		return errors.New("reply endpoint too long")
	case len(c.Instance) > maxInstance || strings.ContainsFunc(c.Instance, unicode.IsControl):
		return fmt.Errorf("instance %q: want at most %d bytes of plain text", c.Instance, maxInstance)
	}
	if node, service, err := manifest.ParseEndpoint(c.ReplyTo); err != nil {
		return fmt.Errorf("reply to: %w", err)
	} else if node == 0 || service != InboxService {
		return fmt.Errorf("reply to: %s is no inbox, want ipn:NODE.%d", c.ReplyTo, InboxService)
	}
	tenant := c.Op == Logs || c.Op == Call || c.Op == Stop || c.Op == Start || c.Op == Remove
	switch {
	case tenant != (c.Tenant != 0):
		return fmt.Errorf("%s and tenant %d do not go together", c.Op, c.Tenant)
	case c.Op != Deploy && (c.Instance != "" || c.Lease != (receipt.LeaseID{})):
		return fmt.Errorf("%s takes no instance and no lease", c.Op)
	case c.Op == Deploy && len(c.Body) == 0:
		return errors.New("deploy without a package")
	case c.Op != Deploy && c.Op != Call && len(c.Body) > 0:
		return fmt.Errorf("%s takes no body", c.Op)
	case c.Op != Logs && c.Max != 0:
		return fmt.Errorf("%s takes no max", c.Op)
	}
	return nil
}
