package sdls

import (
	"encoding/binary"
	"fmt"
)

const (
	otarIV        = 12 // octets of initialization vector in OTAR and key verification
	otarTag       = 16
	sessionKey    = 32 // octets of a session key (baseline: AES-256)
	challengeSize = 16
	maxInventory  = 1024
)

// NewKey is a key to be sent by OTAR.
type NewKey struct {
	ID    KeyID
	Value []byte
}

// Format implements fmt.Formatter: the value is not shown.
func (k NewKey) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "new key %d", k.ID) }

// SendKeys makes the command that uploads session keys under a master key (355.1-B-1
// §5.4.1, over-the-air rekeying; baseline §7.1.1: AES-GCM). The vector, 12 octets, must
// never have been used with the master key.
func (r *Ring) SendKeys(master KeyID, iv []byte, keys []NewKey) (PDU, error) {
	k, err := r.active(master)
	if err != nil {
		return PDU{}, fmt.Errorf("send keys: %w", err)
	}
	if len(iv) != otarIV || len(keys) == 0 || len(keys) > (maxPDU-2-otarIV-otarTag)/(2+sessionKey) {
		return PDU{}, fmt.Errorf("send %d keys with a vector of %d octets: %w", len(keys), len(iv), ErrParameters)
	}
	var plain []byte
	defer func() { clear(plain[:cap(plain)]) }()
	plain = make([]byte, 0, len(keys)*(2+sessionKey))
	for _, n := range keys {
		if len(n.Value) != sessionKey {
			return PDU{}, fmt.Errorf("send key %d of %d octets: %w", n.ID, len(n.Value), ErrParameters)
		}
		plain = append(binary.BigEndian.AppendUint16(plain, uint16(n.ID)), n.Value...)
	}
	g, err := k.aead(otarIV, otarTag)
	if err != nil {
		return PDU{}, err
	}
	data := append(binary.BigEndian.AppendUint16(nil, uint16(master)), iv...)
	return PDU{OTAR, g.Seal(data, iv, plain, nil)}, nil
}

// receiveKeys does the command OTAR: the keys are there afterwards, preactive. All or none
// are taken.
func (r *Ring) receiveKeys(data []byte) error {
	n := len(data) - 2 - otarIV - otarTag
	if n <= 0 || n%(2+sessionKey) != 0 {
		return fmt.Errorf("receive keys in %d octets: %w", len(data), ErrPDU)
	}
	master := KeyID(binary.BigEndian.Uint16(data))
	k, err := r.active(master)
	if err != nil {
		return fmt.Errorf("receive keys: %w", err)
	}
	g, err := k.aead(otarIV, otarTag)
	if err != nil {
		return err
	}
	plain, err := g.Open(nil, data[2:2+otarIV], data[2+otarIV:], nil)
	if err != nil {
		return fmt.Errorf("receive keys under key %d: %w", master, ErrMAC)
	}
	defer clear(plain)
	seen := make(map[KeyID]bool)
	for b := plain; len(b) > 0; b = b[2+sessionKey:] {
		id := KeyID(binary.BigEndian.Uint16(b))
		if old := r.keys[id]; seen[id] || old != nil && old.state != Destroyed {
			return fmt.Errorf("receive key %d, which exists: %w", id, ErrKey)
		}
		seen[id] = true
	}
	for b := plain; len(b) > 0; b = b[2+sessionKey:] {
		if err := r.Add(KeyID(binary.BigEndian.Uint16(b)), b[2:2+sessionKey], Preactive); err != nil {
			return err
		}
	}
	return nil
}

// eachKey does something to each key named in the data of a command.
func eachKey(data []byte, do func(KeyID) error) error {
	if len(data) == 0 || len(data)%2 != 0 {
		return fmt.Errorf("keys in %d octets: %w", len(data), ErrPDU)
	}
	for ; len(data) > 0; data = data[2:] {
		if err := do(KeyID(binary.BigEndian.Uint16(data))); err != nil {
			return err
		}
	}
	return nil
}

// verifyKeys answers the challenges of a key verification: each is encrypted with its key
// and authenticated (§5.4.4). nonce gives initialization vectors that were never used.
func (r *Ring) verifyKeys(data []byte, nonce func() [otarIV]byte) (PDU, error) {
	const block = 2 + challengeSize
	if len(data) == 0 || len(data)%block != 0 || len(data)/block*(2+otarIV+challengeSize+otarTag) > maxPDU {
		return PDU{}, fmt.Errorf("verify keys in %d octets: %w", len(data), ErrPDU)
	}
	var out []byte
	for ; len(data) > 0; data = data[block:] {
		id := KeyID(binary.BigEndian.Uint16(data))
		k := r.keys[id]
		if k == nil || k.block == nil {
			return PDU{}, fmt.Errorf("verify key %d: %w", id, ErrKey)
		}
		g, err := k.aead(otarIV, otarTag)
		if err != nil {
			return PDU{}, err
		}
		iv := nonce()
		out = append(binary.BigEndian.AppendUint16(out, uint16(id)), iv[:]...)
		out = g.Seal(out, iv[:], data[2:block], nil)
	}
	return PDU{KeyVerify | Reply, out}, nil
}

// CheckVerification says whether a reply answers the challenges, in order, with the keys
// of this ring.
func (r *Ring) CheckVerification(reply PDU, challenges map[KeyID][challengeSize]byte) error {
	const block = 2 + otarIV + challengeSize + otarTag
	if reply.Tag != KeyVerify|Reply || len(reply.Data) != block*len(challenges) {
		return fmt.Errorf("verification %#02x of %d octets: %w", uint8(reply.Tag), len(reply.Data), ErrPDU)
	}
	seen := make(map[KeyID]bool)
	for b := reply.Data; len(b) > 0; b = b[block:] {
		id := KeyID(binary.BigEndian.Uint16(b))
		k := r.keys[id]
		want, asked := challenges[id]
		if k == nil || k.block == nil || !asked || seen[id] {
			return fmt.Errorf("verification of key %d: %w", id, ErrKey)
		}
		seen[id] = true
		g, err := k.aead(otarIV, otarTag)
		if err != nil {
			return err
		}
		got, err := g.Open(nil, b[2:2+otarIV], b[2+otarIV:block], nil)
		if err != nil || [challengeSize]byte(got) != want {
			return fmt.Errorf("verification of key %d: %w", id, ErrMAC)
		}
	}
	return nil
}

// inventory answers which keys there are from one name to another, and in what state.
func (r *Ring) inventory(data []byte) (PDU, error) {
	if len(data) != 4 {
		return PDU{}, fmt.Errorf("inventory in %d octets: %w", len(data), ErrPDU)
	}
	first, last := KeyID(binary.BigEndian.Uint16(data)), KeyID(binary.BigEndian.Uint16(data[2:]))
	out := []byte{0, 0}
	n := 0
	for _, id := range r.IDs() {
		if id >= first && id <= last && n < maxInventory {
			out = append(binary.BigEndian.AppendUint16(out, uint16(id)), byte(r.keys[id].state))
			n++
		}
	}
	binary.BigEndian.PutUint16(out, uint16(n))
	return PDU{KeyInventory | Reply, out}, nil
}
