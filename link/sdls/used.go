package sdls

import (
	"bytes"
	"slices"
)

// span is numbers used under a key: all that begin with a prefix, up to the highest.
type span struct {
	spi     uint16 // of sequence numbers; 0 for vectors, which all associations share
	prefix  []byte // octets that no frame counts up, nil where all are counted
	highest []byte
}

// meets says whether numbers of an association, and those of the span, can be the same.
func (s *span) meets(spi uint16, prefix []byte, length int) bool {
	return s.spi == spi && len(s.highest) == length &&
		(bytes.HasPrefix(prefix, s.prefix) || bytes.HasPrefix(s.prefix, prefix))
}

// reused says whether a number was, or may have been, used under the key.
func (k *key) reused(spi uint16, prefix, number []byte) bool {
	return slices.ContainsFunc(k.used, func(s span) bool {
		return s.meets(spi, prefix, len(number)) && bytes.Compare(number, s.highest) <= 0
	})
}

// use notes that a number was used under the key.
func (k *key) use(spi uint16, prefix, number []byte) {
	for i := range k.used {
		s := &k.used[i]
		if s.spi == spi && len(s.highest) == len(number) && bytes.Equal(s.prefix, prefix) {
			if bytes.Compare(number, s.highest) > 0 {
				copy(s.highest, number)
			}
			return
		}
	}
	k.used = append(k.used, span{spi, slices.Clone(prefix), slices.Clone(number)})
}

// prefix is the octets of a number that stay as they are.
func (c *counter) prefix() []byte {
	if !c.fixed {
		return nil
	}
	return c.next[:len(c.next)-c.field]
}

// vectorKey names the key under which the association's vectors must not come again.
func (p *Parameters) vectorKey(cipher, mac KeyID) KeyID {
	if p.encrypts() {
		return cipher
	}
	return mac
}

// numbers calls f with each number that the association counts, and with the key that must not
// have it again. Vectors are everybody's, as none may come twice under one key; sequence
// numbers are the association's own, because its name is authenticated with them.
func (e *Endpoint) numbers(a *association, iv, sn []byte, f func(k *key, spi uint16, prefix, number []byte)) {
	if k := e.ring.keys[a.vectorKey(a.cipherKey, a.macKey)]; k != nil && a.IV > 0 {
		f(k, 0, a.iv.prefix(), iv)
	}
	if k := e.ring.keys[a.macKey]; k != nil && a.SN > 0 {
		f(k, a.SPI, nil, sn)
	}
}

// reuses says whether one of the numbers was used before under the keys of the association.
func (e *Endpoint) reuses(a *association, iv, sn []byte) (again bool) {
	e.numbers(a, iv, sn, func(k *key, spi uint16, prefix, number []byte) {
		again = again || k.reused(spi, prefix, number)
	})
	return again
}

// use notes them as used.
func (e *Endpoint) use(a *association, iv, sn []byte) {
	e.numbers(a, iv, sn, (*key).use)
}
