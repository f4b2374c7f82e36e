package sdls

import (
	"bytes"
	"errors"
	"testing"

	"spacechain/link/frame"
)

// TestSecuredMasterChannel sends packets over TM, AOS and USLP with a sender and a receiver
// that an endpoint protects; a forged and a replayed frame on the way do no harm.
func TestSecuredMasterChannel(t *testing.T) {
	p := gcmBoth(3, []Scope{{Spacecraft: 9, VC: 1, MAP: AnyMAP}}, 12, 0)
	p.Mask = nil
	vcs := map[uint8]frame.Virtual{1: {Security: p.Security(), CountOctets: 3}, frame.IdleVC: {CountOctets: 1}}
	for _, c := range []frame.Channel{
		&frame.TMChannel{Length: 200, Spacecraft: 9, FECF: true, VCs: map[uint8]frame.Virtual{1: vcs[1], 7: {}}},
		&frame.AOSChannel{Length: 200, Spacecraft: 9, FECF: true, HeaderControl: true, VCs: vcs},
		&frame.USLPChannel{Length: 200, Spacecraft: 9, FECF: 4, VCs: vcs},
	} {
		r := new(Ring)
		if err := r.Add(1, bytes.Repeat([]byte{3}, 32), Active); err != nil {
			t.Fatal(err)
		}
		tx, rx := endpoint(t, c, r, p, 1, nil, nil), endpoint(t, c, r, p, 1, nil, nil)
		s, err := frame.NewSender(c)
		if err != nil {
			t.Fatal(err)
		}
		s.Idle, s.Protect = 7, func(b []byte) error { return tx.Apply(3, b) }
		q, err := frame.NewReceiver(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Open(1, 0); err != nil {
			t.Fatal(err)
		}
		want := make([][]byte, 0, 20)
		for i := range 20 {
			packet := append([]byte{0x08, 0x42, 0xc0, 0, 0, 99}, bytes.Repeat([]byte{byte(i)}, 100)...)
			want = append(want, packet)
			if err := s.Write(1, packet); err != nil {
				t.Fatal(err)
			}
		}
		var got [][]byte
		emit := func(u frame.Unit) { got = append(got, bytes.Clone(u.Data)) }
		var old []byte
		idle := 0
		for idle < 3 {
			if s.Pending() == 0 {
				idle++
			}
			b, err := s.Next(nil)
			if err != nil {
				t.Fatal(err)
			}
			if q.Open == nil && idle == 0 {
				if _, err := q.Frame(bytes.Clone(b), emit); err == nil {
					t.Fatalf("%v: a secured frame passed unchecked", c.Type())
				}
				q.Open = rx.Process
			}
			if idle == 0 {
				forged := bytes.Clone(b)
				forged[60] ^= 4
				c.Seal(forged) // whoever forges can compute a CRC
				if _, err := q.Frame(forged, emit); !errors.Is(err, ErrMAC) {
					t.Fatalf("%v: forged: %v", c.Type(), err)
				}
			}
			copied := bytes.Clone(b)
			if _, err := q.Frame(b, emit); err != nil {
				t.Fatal(err)
			}
			if old != nil && idle == 0 {
				if _, err := q.Frame(old, emit); !errors.Is(err, ErrReplay) {
					t.Fatalf("%v: replayed: %v", c.Type(), err)
				}
			}
			old = copied
		}
		if len(got) != len(want) {
			t.Fatalf("%v: %d packets of %d", c.Type(), len(got), len(want))
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("%v: packet %d", c.Type(), i)
			}
		}
		if k := q.Counter(1, false); k.Missing != 0 || rx.Stats.BadMAC == 0 || rx.Stats.BadSN == 0 {
			t.Errorf("%v: %+v, %+v", c.Type(), k, rx.Stats)
		}
	}
}
