package sdls

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"maps"
	"slices"
)

// KeyID names a key.
type KeyID uint16

// KeyState is where a key is in its life (CCSDS 355.1-B-1 §3.2, 354.0-M-1).
type KeyState uint8

// The states of a key. Only active keys secure frames; a destroyed key is gone but for its
// state.
const (
	Preactive KeyState = iota
	Active
	Deactivated
	Destroyed
	Compromised
)

// String returns the state's name.
func (s KeyState) String() string {
	names := [...]string{"preactive", "active", "deactivated", "destroyed", "compromised"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("key state %d", uint8(s))
}

// key holds a key and what is derived from it. It never prints.
type key struct {
	id    KeyID
	state KeyState
	value []byte
	block cipher.Block
	cmac  *cmac
	gcm   []gcmOf
	used  []span // numbers that it secured, or that were received under it
}

// gcmOf is a GCM instance for lengths of nonce and tag.
type gcmOf struct {
	nonce, tag int
	aead       cipher.AEAD
}

// Format implements fmt.Formatter: whatever the verb, the value is not shown.
func (k key) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "key %d (%v)", k.id, k.state)
}

// Ring holds the keys of one end, and what numbers were used under each. The zero value is
// empty and ready.
type Ring struct {
	keys map[KeyID]*key
}

// Format implements fmt.Formatter: keys are counted, not shown.
func (r Ring) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "ring of %d keys", len(r.keys))
}

// MarshalJSON keeps keys out of encoded configurations.
func (r Ring) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `"%v"`, r), nil
}

// Add puts a key into the ring; a key of that name must not be there or be destroyed. The
// value is copied: 16, 24 or 32 octets. (HMAC takes the same.)
func (r *Ring) Add(id KeyID, value []byte, state KeyState) error {
	if k := r.keys[id]; k != nil && k.state != Destroyed {
		return fmt.Errorf("add key %d, which exists and is %v: %w", id, k.state, ErrKey)
	}
	if state == Destroyed {
		return fmt.Errorf("add key %d as destroyed: %w", id, ErrKey)
	}
	value = slices.Clone(value)
	block, err := aes.NewCipher(value)
	if err != nil {
		return fmt.Errorf("add key %d of %d octets: %w", id, len(value), ErrParameters)
	}
	if r.keys == nil {
		r.keys = make(map[KeyID]*key)
	}
	r.keys[id] = &key{id: id, state: state, value: value, block: block}
	return nil
}

// State tells a key's state, if there is such a key.
func (r *Ring) State(id KeyID) (KeyState, bool) {
	k := r.keys[id]
	if k == nil {
		return 0, false
	}
	return k.state, true
}

// IDs lists the keys, in order.
func (r *Ring) IDs() []KeyID { return slices.Sorted(maps.Keys(r.keys)) }

// Activate puts a preactive key to use.
func (r *Ring) Activate(id KeyID) error { return r.move(id, Active, Preactive) }

// Deactivate takes an active key out of use.
func (r *Ring) Deactivate(id KeyID) error { return r.move(id, Deactivated, Active) }

// Compromise marks a key that somebody else may know.
func (r *Ring) Compromise(id KeyID) error {
	return r.move(id, Compromised, Preactive, Active, Deactivated)
}

// Destroy wipes a key that is not active.
func (r *Ring) Destroy(id KeyID) error {
	if err := r.move(id, Destroyed, Preactive, Deactivated, Compromised); err != nil {
		return err
	}
	k := r.keys[id]
	clear(k.value)
	k.value, k.block, k.cmac, k.gcm = nil, nil, nil, nil
	return nil
}

func (r *Ring) move(id KeyID, to KeyState, from ...KeyState) error {
	k := r.keys[id]
	if k == nil {
		return fmt.Errorf("make key %d %v: %w", id, to, ErrKey)
	}
	if !slices.Contains(from, k.state) {
		return fmt.Errorf("make key %d %v, which is %v: %w", id, to, k.state, ErrKey)
	}
	k.state = to
	return nil
}

// active finds a key that may secure frames.
func (r *Ring) active(id KeyID) (*key, error) {
	k := r.keys[id]
	if k == nil {
		return nil, fmt.Errorf("use key %d: %w", id, ErrKey)
	}
	if k.state != Active {
		return nil, fmt.Errorf("use key %d, which is %v: %w", id, k.state, ErrKey)
	}
	return k, nil
}

// aead returns AES-GCM with the key for a nonce and tag length. Either must be the usual
// one: 12 octets of nonce or 16 of tag.
func (k *key) aead(nonce, tag int) (cipher.AEAD, error) {
	for _, g := range k.gcm {
		if g.nonce == nonce && g.tag == tag {
			return g.aead, nil
		}
	}
	var a cipher.AEAD
	var err error
	if tag == 16 {
		a, err = cipher.NewGCMWithNonceSize(k.block, nonce)
	} else {
		a, err = cipher.NewGCMWithTagSize(k.block, tag)
	}
	if err != nil || a.NonceSize() != nonce {
		return nil, fmt.Errorf("aes-gcm with a nonce of %d octets, a tag of %d: %w", nonce, tag, ErrParameters)
	}
	k.gcm = append(k.gcm, gcmOf{nonce, tag, a})
	return a, nil
}

func (k *key) mac() *cmac {
	if k.cmac == nil {
		k.cmac = newCMAC(k.block)
	}
	return k.cmac
}
