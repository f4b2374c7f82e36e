package sdls

import (
	"bytes"
	"errors"
	"testing"

	"spacechain/link/frame"
)

// reuseEnd is an end with two keys and associations 3 and 4, both of AES-GCM.
func reuseEnd(t *testing.T) (*Endpoint, func(spi uint16) error) {
	t.Helper()
	c := &frame.TCChannel{Spacecraft: 9, FECF: true, VCs: map[uint8]frame.Virtual{5: {Security: frame.Security{Header: 14, Trailer: 16}}}}
	r := new(Ring)
	for id := KeyID(1); id <= 2; id++ {
		if err := r.Add(id, bytes.Repeat([]byte{byte(id)}, 32), Active); err != nil {
			t.Fatal(err)
		}
	}
	e := NewEndpoint(c, r)
	for spi := uint16(3); spi <= 4; spi++ {
		p := Parameters{SPI: spi, Scopes: []Scope{{9, 5, AnyMAP}}, Service: AuthenticatedEncryption, Cipher: AESGCM, IV: 12, IVField: 12, MACLength: 16}
		if err := e.Create(p); err != nil {
			t.Fatal(err)
		}
	}
	return e, func(spi uint16) error {
		b, err := c.Append(nil, &frame.TCFrame{Spacecraft: 9, VC: 5, Data: []byte("attack at dawn")})
		if err != nil {
			t.Fatal(err)
		}
		return e.Apply(spi, b)
	}
}

// give takes the key of an association away and gives it another.
func give(e *Endpoint, spi uint16, k KeyID, iv []byte) error {
	if s, _ := e.State(spi); s == Operational {
		if err := errors.Join(e.Stop(spi), e.Expire(spi)); err != nil {
			return err
		}
	}
	if err := e.Rekey(spi, k, k, iv, nil); err != nil {
		return err
	}
	return e.Start(spi)
}

// TestVectorsNeverAgain: key A, B, and A again with the vectors of the first time is refused,
// also when they were another association's.
func TestVectorsNeverAgain(t *testing.T) {
	e, apply := reuseEnd(t)
	for _, k := range []KeyID{1, 2} {
		if err := errors.Join(give(e, 3, k, nil), apply(3), apply(3)); err != nil {
			t.Fatal(err)
		}
	}
	one := append(make([]byte, 11), 1) // the second vector that each key had
	for _, iv := range [][]byte{nil, one} {
		if err := give(e, 3, 1, iv); !errors.Is(err, ErrReplay) {
			t.Errorf("key 1 again from %x: %v", iv, err)
		}
		if err := give(e, 4, 2, iv); !errors.Is(err, ErrReplay) {
			t.Errorf("key 2 for another association from %x: %v", iv, err)
		}
	}
	two := append(make([]byte, 11), 2)
	if err := errors.Join(give(e, 3, 1, two), apply(3)); err != nil {
		t.Errorf("key 1 again from %x: %v", two, err)
	}
}

// TestVectorsOfTwoAssociations: two in operation under one key at once do not share a vector.
func TestVectorsOfTwoAssociations(t *testing.T) {
	e, apply := reuseEnd(t)
	if err := errors.Join(give(e, 3, 1, nil), give(e, 4, 1, nil), apply(3)); err != nil {
		t.Fatal(err)
	}
	if err := apply(4); !errors.Is(err, ErrReplay) {
		t.Errorf("the vector of association 3 again by 4: %v", err)
	}
	if err := apply(3); err != nil {
		t.Error(err)
	}
}

// TestSpansWithFixedOctets: vectors that differ in octets which no frame counts up do not meet;
// those of other lengths neither.
func TestSpansWithFixedOctets(t *testing.T) {
	var k key
	k.use(0, []byte{1}, []byte{1, 0, 5})
	for _, x := range []struct {
		prefix, number []byte
		spi            uint16
		want           bool
	}{
		{[]byte{1}, []byte{1, 0, 5}, 0, true},
		{[]byte{1}, []byte{1, 0, 6}, 0, false},
		{[]byte{2}, []byte{2, 0, 5}, 0, false},
		{[]byte{0}, []byte{0, 0, 5}, 0, false},
		{nil, []byte{1, 0, 5}, 0, true},
		{nil, []byte{1, 0, 6}, 0, false},
		{[]byte{1}, []byte{1, 0, 5}, 7, false},
		{[]byte{1}, []byte{1, 0, 0, 5}, 0, false},
	} {
		if got := k.reused(x.spi, x.prefix, x.number); got != x.want {
			t.Errorf("%x after prefix %x of association %d reused: %v", x.number, x.prefix, x.spi, got)
		}
	}
}

// TestCounterBlocksNeverAgain: in counter mode each block of a frame takes a value of the vector,
// and the next frame begins behind the last of them.
func TestCounterBlocksNeverAgain(t *testing.T) {
	for _, x := range []struct {
		octets int
		next   byte
	}{{1, 1}, {16, 1}, {17, 2}, {64, 4}, {65, 5}} {
		c := &frame.TCChannel{Spacecraft: 9, FECF: true, VCs: map[uint8]frame.Virtual{5: {Security: frame.Security{Header: 18}}}}
		r := new(Ring)
		if err := r.Add(1, make([]byte, 16), Active); err != nil {
			t.Fatal(err)
		}
		a, b := NewEndpoint(c, r), NewEndpoint(c, &Ring{})
		if err := b.ring.Add(1, make([]byte, 16), Active); err != nil {
			t.Fatal(err)
		}
		p := Parameters{SPI: 3, Scopes: []Scope{{9, 5, AnyMAP}}, Service: Encryption, Cipher: AESCTR, IV: 16, IVField: 16, Window: 1}
		for _, e := range []*Endpoint{a, b} {
			if err := errors.Join(e.Create(p), give(e, 3, 1, nil)); err != nil {
				t.Fatal(err)
			}
		}
		plain := bytes.Repeat([]byte{0x33}, x.octets)
		for n := range 3 {
			f, err := c.Append(nil, &frame.TCFrame{Spacecraft: 9, VC: 5, Data: plain})
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Apply(3, f); err != nil {
				t.Fatal(err)
			}
			if got := f[5+2+15]; got != byte(n)*x.next {
				t.Errorf("frame %d of %d octets begins at %d", n, x.octets, got)
			}
			if err := b.Process(f); err != nil {
				t.Errorf("frame %d of %d octets: %v", n, x.octets, err)
			} else if !bytes.Equal(f[5+18:5+18+x.octets], plain) {
				t.Errorf("frame %d of %d octets comes out wrong", n, x.octets)
			}
		}
	}
}

// TestCounterBlocksRunOut: a frame that would wrap the counted octets is refused.
func TestCounterBlocksRunOut(t *testing.T) {
	c := newCounter(3, 2, true)
	for _, x := range []struct {
		from []byte
		more uint64
		want bool
	}{{[]byte{9, 0, 0}, 0xffff, true}, {[]byte{9, 0, 1}, 0xffff, false}, {[]byte{9, 0xff, 0xff}, 0, true}, {[]byte{9, 0xff, 0xf0}, 0x10, false}} {
		if n := bytes.Clone(x.from); c.add(n, x.more) != x.want || n[0] != 9 {
			t.Errorf("%x and %d: %x", x.from, x.more, n)
		}
	}
}
