package sdls

import "fmt"

// counter is an initialization vector or anti-replay sequence number: a big-endian number
// of fixed length of which the last octets are counted, and all or fewer of those are sent.
type counter struct {
	next    []byte // the lowest number not used yet
	field   int    // octets sent in the security header
	fixed   bool   // octets before the field stay as they are
	spent   bool   // the numbers are used up
	pending []byte // of a frame under check
}

func newCounter(length, field int, fixed bool) counter {
	return counter{next: make([]byte, length), field: field, fixed: fixed, pending: make([]byte, length)}
}

// set makes n the next number.
func (c *counter) set(n []byte) error {
	if len(n) != len(c.next) {
		return fmt.Errorf("number of %d octets for one of %d: %w", len(n), len(c.next), ErrParameters)
	}
	copy(c.next, n)
	c.spent = false
	return nil
}

// advance makes n plus one the next number. When the counted octets wrap there is none:
// a number must not come again under the same key.
func (c *counter) advance(n []byte) {
	copy(c.next, n)
	low := 0
	if c.fixed {
		low = len(n) - c.field
	}
	for i := len(n) - 1; i >= low; i-- {
		c.next[i]++
		if c.next[i] != 0 {
			return
		}
	}
	c.spent = len(n) > 0
}

// add adds to a number; false if the counted octets would wrap.
func (c *counter) add(n []byte, more uint64) bool {
	low := 0
	if c.fixed {
		low = len(n) - c.field
	}
	for i := len(n) - 1; i >= low && more > 0; i-- {
		more += uint64(n[i])
		n[i] = byte(more)
		more >>= 8
	}
	return more == 0
}

// receive completes the number of which field was received and checks that it lies from
// the next on, fewer than window ahead. The number is left in pending until accept.
func (c *counter) receive(field []byte, window uint64) error {
	if c.spent {
		return ErrExhausted
	}
	// The distance ahead, modulo what the field can tell.
	low := c.next[len(c.next)-c.field:]
	var ahead uint64
	borrow := 0
	var large bool
	for i := c.field - 1; i >= 0; i-- {
		d := int(field[i]) - int(low[i]) - borrow
		borrow = 0
		if d < 0 {
			d, borrow = d+256, 1
		}
		if place := c.field - 1 - i; place < 8 {
			ahead |= uint64(d) << (8 * place)
		} else if d != 0 {
			large = true
		}
	}
	if large || ahead >= window {
		return ErrReplay
	}
	copy(c.pending, c.next)
	copy(c.pending[len(c.pending)-c.field:], field)
	if borrow != 0 {
		// The field wrapped: the octets before it go up by one, if they can.
		if c.fixed || c.field == len(c.pending) {
			return ErrExhausted
		}
		upper := c.pending[:len(c.pending)-c.field]
		carry := true
		for i := len(upper) - 1; i >= 0 && carry; i-- {
			upper[i]++
			carry = upper[i] == 0
		}
		if carry {
			return ErrExhausted
		}
	}
	return nil
}

// accept makes the number checked last a used one.
func (c *counter) accept() { c.advance(c.pending) }
