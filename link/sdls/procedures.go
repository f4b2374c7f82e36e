package sdls

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Procedures is the recipient of the extended procedures: it does what the other end
// commands to an endpoint and its keys. Commands come in secured frames; Procedures does
// not check that, the endpoint has.
type Procedures struct {
	// Endpoint is what is commanded, with its ring.
	Endpoint *Endpoint
	// Nonce gives initialization vectors for key verification, which must never repeat
	// under a key: a counter that is kept, or random octets from the node's generator.
	Nonce func() [12]byte
	// Control is the association that the commands come by. It cannot be changed by them,
	// or the recipient could lock itself out (355.1-B-1 §3.3).
	Control uint16
	// Done and Refused count commands.
	Done, Refused uint64
}

// Handle does a command and returns the reply, if there is one: its tag is then not zero.
func (p *Procedures) Handle(c PDU) (PDU, error) {
	reply, err := p.handle(c)
	if err != nil {
		p.Refused++
		return PDU{}, fmt.Errorf("procedure %#02x: %w", uint8(c.Tag), err)
	}
	p.Done++
	return reply, nil
}

func (p *Procedures) handle(c PDU) (PDU, error) {
	r := p.Endpoint.ring
	switch c.Tag {
	case OTAR:
		return PDU{}, r.receiveKeys(c.Data)
	case KeyActivation:
		return PDU{}, eachKey(c.Data, r.Activate)
	case KeyDeactivate:
		return PDU{}, eachKey(c.Data, r.Deactivate)
	case KeyDestruction:
		return PDU{}, eachKey(c.Data, r.Destroy)
	case KeyVerify:
		if p.Nonce == nil {
			return PDU{}, fmt.Errorf("key verification without nonces: %w", ErrParameters)
		}
		return r.verifyKeys(c.Data, p.Nonce)
	case KeyInventory:
		return r.inventory(c.Data)
	case Ping:
		return PDU{Tag: Ping | Reply}, nil
	case ResetAlarm:
		p.Endpoint.ResetAlarm()
		return PDU{}, nil
	}
	return p.association(c)
}

// association does the commands about one association: its name comes first.
func (p *Procedures) association(c PDU) (PDU, error) {
	if c.Tag>>4 != 1 || len(c.Data) < 2 {
		return PDU{}, fmt.Errorf("with %d octets: %w", len(c.Data), ErrPDU)
	}
	e, spi, rest := p.Endpoint, binary.BigEndian.Uint16(c.Data), c.Data[2:]
	if spi == p.Control && c.Tag != SAStatus && c.Tag != SAReadARSN {
		return PDU{}, fmt.Errorf("on association %d, which it came by: %w", spi, ErrAssociation)
	}
	a := e.sas[spi]
	if a == nil {
		return PDU{}, fmt.Errorf("on association %d: %w", spi, ErrAssociation)
	}
	reply, err := PDU{}, error(nil)
	switch c.Tag {
	case SAStart:
		// The channels it is started for follow; it must cover them already, as scopes are
		// managed and not commanded here.
		if len(rest)%4 != 0 {
			return PDU{}, fmt.Errorf("with %d octets of channels: %w", len(rest), ErrPDU)
		}
		err = e.Start(spi)
	case SAStop:
		err = e.Stop(spi)
	case SAExpire:
		err = e.Expire(spi)
	case SADelete:
		err = e.Delete(spi)
	case SARekey:
		err = p.rekey(a, rest)
	case SASetARSN:
		err = a.setNumber(rest)
	case SASetWindow:
		err = a.setWindow(rest)
	case SAReadARSN:
		data := append(binary.BigEndian.AppendUint16(nil, spi), a.number().next...)
		reply = PDU{SAReadARSN | Reply, data}
	case SAStatus:
		reply = PDU{SAStatus | Reply, append(binary.BigEndian.AppendUint16(nil, spi), a.lastTag)}
	default:
		err = ErrPDU
	}
	if err != nil {
		return PDU{}, err
	}
	if c.Tag != SAStatus && c.Tag != SAReadARSN {
		a.lastTag = uint8(c.Tag)
	}
	return reply, nil
}

// number is the counter that guards against replays: the sequence number, or with AES-GCM
// the initialization vector.
func (a *association) number() *counter {
	if a.SN > 0 {
		return &a.sn
	}
	return &a.iv
}

// rekey gives an association one key for all it does, and a number to go on from.
func (p *Procedures) rekey(a *association, rest []byte) error {
	n := a.number()
	if len(rest) != 2+len(n.next) {
		return fmt.Errorf("rekey with %d octets: %w", len(rest), ErrPDU)
	}
	k := KeyID(binary.BigEndian.Uint16(rest))
	if a.SN > 0 {
		return p.Endpoint.Rekey(a.SPI, k, k, nil, rest[2:])
	}
	return p.Endpoint.Rekey(a.SPI, k, k, rest[2:], nil)
}

// setNumber sets the lowest number to accept. It can only go up: a number that was used
// must not become good again.
func (a *association) setNumber(b []byte) error {
	n := a.number()
	if len(b) != len(n.next) || len(b) == 0 {
		return fmt.Errorf("number of %d octets for one of %d: %w", len(b), len(n.next), ErrPDU)
	}
	if n.spent {
		return fmt.Errorf("set number: %w", ErrExhausted)
	}
	if bytes.Compare(b, n.next) < 0 {
		return fmt.Errorf("number set back: %w", ErrReplay)
	}
	return n.set(b)
}

// setWindow sets the window, a number of one to four octets, at least 1.
func (a *association) setWindow(b []byte) error {
	if len(b) < 1 || len(b) > 4 {
		return fmt.Errorf("window of %d octets: %w", len(b), ErrPDU)
	}
	var w uint32
	for _, x := range b {
		w = w<<8 | uint32(x)
	}
	if w == 0 {
		return fmt.Errorf("window of 0: %w", ErrParameters)
	}
	a.Window = w
	return nil
}
