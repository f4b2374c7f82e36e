package command

import (
	"errors"
	"fmt"

	"spacechain/identity"
	"spacechain/internal/cbor"
)

// Kind is the kind of a message to an owner's inbox. The numbers are on the wire.
type Kind uint8

// The kinds.
const (
	KindReply  Kind = 1 // the answer to a command
	KindResult Kind = 2 // what an activation gave, with its receipt
	KindApp    Kind = 3 // a message that the app sent to "owner"
	KindNotice Kind = 4 // something happened to a tenant
)

// Inbox is one message from a satellite to an owner. Exactly one of the pointers is
// set, the one that Kind names.
type Inbox struct {
	Kind   Kind           `json:"kind"`
	Reply  *Reply         `json:"reply,omitempty"`
	Result *ResultMessage `json:"result,omitempty"`
	App    *AppMessage    `json:"app,omitempty"`
	Notice *Notice        `json:"notice,omitempty"`

	body, signature []byte
}

// ErrInbox is what errors about messages to an inbox wrap.
var ErrInbox = errors.New("inbox message")

func signedBytes(kind Kind, body []byte) []byte {
	b := append([]byte("spacechain inbox v1\x00"), byte(kind))
	return append(b, body...)
}

func seal(kind Kind, body []byte, key *identity.Key) []byte {
	var sig []byte
	if key != nil {
		sig = key.SignEd25519(signedBytes(kind, body))
	}
	b := make([]byte, 0, len(body)+len(sig)+12)
	b = cbor.AppendUint(cbor.AppendArray(b, 3), uint64(kind))
	b = cbor.AppendBytes(b, body)
	return cbor.AppendBytes(b, sig)
}

// OpenInbox reads a message to an owner. It does not check signatures; see Verify.
func OpenInbox(b []byte) (*Inbox, error) {
	m, err := openInbox(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInbox, err)
	}
	return m, nil
}

func openInbox(b []byte) (*Inbox, error) {
	d := cbor.NewDecoder(b)
	if n, err := d.Array(); err != nil {
		return nil, err
	} else if n != 3 {
		return nil, fmt.Errorf("array of %d items, want 3", n)
	}
	kind, err := d.Uint()
	if err != nil {
		return nil, err
	}
	m := &Inbox{Kind: Kind(kind)}
	if m.body, err = d.Bytes(); err != nil {
		return nil, err
	}
	if m.signature, err = d.Bytes(); err != nil {
		return nil, err
	}
	if err := d.Done(); err != nil {
		return nil, err
	}
	if want := 64; len(m.signature) != want && !(kind == uint64(KindResult) && len(m.signature) == 0) ||
		kind == uint64(KindResult) && len(m.signature) != 0 {
		return nil, fmt.Errorf("signature of %d bytes", len(m.signature))
	}
	switch kind {
	case uint64(KindReply):
		m.Reply, err = decodeReply(m.body)
	case uint64(KindResult):
		m.Result, err = decodeResult(m.body)
	case uint64(KindApp):
		m.App, err = decodeApp(m.body)
	case uint64(KindNotice):
		m.Notice, err = decodeNotice(m.body)
	default:
		err = fmt.Errorf("kind %d is not known", kind)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Satellite is the node number of the satellite that the message says it is from.
func (m *Inbox) Satellite() uint64 {
	switch m.Kind {
	case KindReply:
		return m.Reply.Satellite
	case KindResult:
		return m.Result.Receipt.Receipt.Satellite
	case KindApp:
		return m.App.Satellite
	case KindNotice:
		return m.Notice.Satellite
	}
	return 0
}

// Verify checks that the message is the satellite's, given its public keys.
func (m *Inbox) Verify(satellite identity.Public) error {
	if m.Kind == KindResult {
		return m.Result.Verify(satellite)
	}
	if !satellite.VerifyEd25519(signedBytes(m.Kind, m.body), m.signature) {
		return fmt.Errorf("%w: the signature is not satellite %s's", ErrInbox, satellite.ID())
	}
	return nil
}
