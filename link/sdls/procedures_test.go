package sdls

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"spacechain/link/frame"
)

// counterNonce gives 1, 2, … as CryptoLib does. (It does so anew in every reply, which
// uses a vector twice under a key; here the counter is kept.)
func counterNonce() func() [12]byte {
	n := uint32(0)
	return func() (iv [12]byte) {
		n++
		binary.BigEndian.PutUint32(iv[8:], n)
		return iv
	}
}

// pduOf finds the data unit in a vector: behind the header of the space packet and, where
// there is one, of PUS.
func pduOf(t testing.TB, b []byte) PDU {
	t.Helper()
	at := bytes.Index(b, []byte{0x19, 0x7f, 0x0b, 0x00}) + 4
	if at < 4 {
		at = bytes.Index(b, []byte{0x19, 0x80})
		if at < 0 {
			t.Fatalf("no data unit in %x", b)
		}
		at += 6
	}
	p, _, err := DecodePDU(b[at:])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// commanded is a recipient with the keys of the vectors and some associations.
func commanded(t testing.TB, v *vectorFile) *Procedures {
	t.Helper()
	r := v.ring(t)
	if err := r.Deactivate(134); err != nil {
		t.Fatal(err)
	}
	c := tcVector(frame.Security{})
	e := NewEndpoint(c, r)
	for spi := uint16(1); spi <= 6; spi++ {
		p := gcmBoth(spi, tcScope, 12, 0xff)
		if spi == 6 {
			p = cmacOf(spi, tcScope, 0xff)
			p.SN, p.SNField = 11, 4
			p.SN = 8
		}
		if err := e.Create(p); err != nil {
			t.Fatal(err)
		}
	}
	return &Procedures{Endpoint: e, Nonce: counterNonce(), Control: 1}
}

func TestOTARVector(t *testing.T) {
	v := openVectors(t)
	p := commanded(t, v)
	raw := v.octets(t, "ep_key_mgmt", "OTAR_0_140_142", "buffer_OTAR_h")
	c := pduOf(t, raw)
	// The vector's length counts four octets more than key, vector, keys and code: a CRC
	// that an earlier draft had. As it stands it is malformed.
	if _, err := p.Handle(c); !errors.Is(err, ErrPDU) {
		t.Errorf("as it stands: %v", err)
	}
	c.Data = c.Data[:len(c.Data)-4]
	if _, err := p.Handle(c); err != nil {
		t.Fatal(err)
	}
	for id := KeyID(140); id <= 142; id++ {
		if s, ok := p.Endpoint.ring.State(id); !ok || s != Preactive {
			t.Errorf("key %d: %v, %t", id, s, ok)
		}
	}
	// The first octets of what came, decrypted, show which key is which.
	if k := p.Endpoint.ring.keys[141]; !bytes.HasPrefix(k.value, unhex("2ceecd328ee02d4282ad808c50cdb905")) {
		t.Error("key 141 has another value")
	}
	// Again: the keys are there already, and none is overwritten.
	if _, err := p.Handle(c); !errors.Is(err, ErrKey) {
		t.Errorf("again: %v", err)
	}
	// ACTIVATE_141_142, then DEACTIVATE_142.
	// The length of this one is 4, in octets; the standard counts bits.
	raw = v.octets(t, "ep_key_mgmt", "ACTIVATE_141_142", "buffer_ACTIVATE_h")
	if _, _, err := DecodePDU(raw[bytes.Index(raw, unhex("197f0b00"))+4:]); !errors.Is(err, ErrPDU) {
		t.Errorf("activation as it stands: %v", err)
	}
	if _, err := p.Handle(PDU{KeyActivation, unhex("008d008e")}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Handle(pduOf(t, v.octets(t, "ep_key_mgmt", "DEACTIVATE_142_NO_PUS", "buffer_DEACTIVATE_h"))); err != nil {
		t.Fatal(err)
	}
	if s, _ := p.Endpoint.ring.State(141); s != Active {
		t.Errorf("key 141 is %v", s)
	}
	if s, _ := p.Endpoint.ring.State(142); s != Deactivated {
		t.Errorf("key 142 is %v", s)
	}
}

func TestKeyVerificationVectors(t *testing.T) {
	v := openVectors(t)
	for _, test := range []string{"VERIFY_132_134", "TLV_KEY_VERIFY_TESTS"} {
		p := commanded(t, v)
		c := pduOf(t, v.octets(t, "ep_key_mgmt", test, "buffer_VERIFY_h"))
		if test == "VERIFY_132_134" {
			// Four octets of an earlier draft's CRC are within the length, as with OTAR.
			if _, err := p.Handle(c); !errors.Is(err, ErrPDU) {
				t.Errorf("as it stands: %v", err)
			}
			c.Data = c.Data[:36]
		}
		reply, err := p.Handle(c)
		if err != nil {
			t.Fatal(err)
		}
		b, err := reply.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		truth := v.octets(t, "ep_key_mgmt", test, "buffer_TRUTH_RESPONSE_h")
		if want := truth[10:]; !bytes.Equal(b, want) {
			t.Errorf("%s: %x, want %x", test, b, want)
		}
		challenges := map[KeyID][16]byte{}
		for d := c.Data; len(d) > 0; d = d[18:] {
			challenges[KeyID(binary.BigEndian.Uint16(d))] = [16]byte(d[2:18])
		}
		if err := v.ring(t).CheckVerification(reply, challenges); err != nil {
			t.Errorf("%s: %v", test, err)
		}
		reply.Data[40] ^= 1
		if err := v.ring(t).CheckVerification(reply, challenges); !errors.Is(err, ErrMAC) {
			t.Errorf("%s with a wrong bit: %v", test, err)
		}
	}
}

// TestProcedureVectors are commands that are done or refused as they stand.
func TestProcedureVectors(t *testing.T) {
	v := openVectors(t)
	for _, x := range []struct {
		file, test, name string
		before           func(p *Procedures) error
		reply            string
		want             error
	}{
		{"ep_key_mgmt", "INVENTORY_132_134", "buffer_INVENTORY_h", nil, "8700580003008401008501008602", nil},
		{"ep_key_mgmt", "TLV_KEY_DEACTIVATE_TESTS", "buffer_TLV_ONE_KEY_h", func(p *Procedures) error {
			return p.Endpoint.ring.Add(142, make([]byte, 32), Active)
		}, "", nil},
		{"ep_key_mgmt", "TLV_KEY_DEACTIVATE_TESTS", "buffer_TLV_ZERO_h", nil, "", ErrPDU},
		{"ep_key_mgmt", "OTAR_0_140_142_MK_NOT_ACTIVE", "buffer_OTAR_h", nil, "", ErrPDU},
		{"ep_mc", "MC_REGULAR_PING", "buffer_PING_h", nil, "b10000", nil},
		{"ep_mc", "MC_ALARM_FLAG_RESET", "buffer_ALARM_h", nil, "", nil},
		{"ep_mc", "MC_DUMP", "buffer_DUMP_h", nil, "", ErrPDU},
		{"ep_sa_mgmt", "SA_STOP_6", "buffer_STOP_h", func(p *Procedures) error {
			return errors.Join(p.Endpoint.Rekey(6, 3, 3, nil, nil), p.Endpoint.Start(6))
		}, "", nil},
		{"ep_sa_mgmt", "SA_STOP_6", "buffer_STOP_h", nil, "", ErrAssociation},
		{"ep_sa_mgmt", "SA_EXPIRE_6", "buffer_EXPIRE_h", func(p *Procedures) error {
			return p.Endpoint.Rekey(6, 3, 3, nil, nil)
		}, "", nil},
		{"ep_sa_mgmt", "SA_STOP_SELF", "buffer_STOP_h", func(p *Procedures) error { p.Control = 0; return nil }, "", ErrAssociation},
		{"ep_sa_mgmt", "SA_6_SET_ARSNW", "buffer_SET_h", nil, "", nil},
		{"ep_sa_mgmt", "SA_6_STATUS", "buffer_STATUS_h", func(p *Procedures) error { p.Endpoint.sas[6].lastTag = 0x1e; return nil },
			"9f001800061e", nil},
		{"ep_sa_mgmt", "SA_4_READ_ARSN", "buffer_READ_h", nil, "9000700004000000000000000000000000", nil},
	} {
		p := commanded(t, v)
		if x.before != nil {
			if err := x.before(p); err != nil {
				t.Fatal(err)
			}
		}
		raw := v.octets(t, x.file, x.test, x.name)
		reply, err := p.Handle(pduOf(t, raw))
		if !errors.Is(err, x.want) || (err == nil) != (x.want == nil) {
			t.Errorf("%s %s: %v, want %v", x.test, x.name, err, x.want)
			continue
		}
		var b []byte
		if reply.Tag != 0 {
			if b, err = reply.Append(nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprintf("%x", b); got != x.reply {
			t.Errorf("%s %s: reply %s, want %s", x.test, x.name, got, x.reply)
		}
		if (p.Done == 1) != (x.want == nil) || (p.Refused == 1) != (x.want != nil) {
			t.Errorf("%s: %d done, %d refused", x.test, p.Done, p.Refused)
		}
	}
	// A length beyond the data unit is refused before anything is read.
	for _, name := range []string{"buffer_TLV_OVERRUN_h", "buffer_TLV_MAX_BAD_LEN_h", "buffer_TLV_ONE_BIT_LEN_h"} {
		raw := v.octets(t, "ep_key_mgmt", "TLV_KEY_DEACTIVATE_TESTS", name)
		at := bytes.Index(raw, []byte{0x19, 0x7f, 0x0b, 0x00}) + 4
		if c, _, err := DecodePDU(raw[at:]); err == nil {
			if _, err = commanded(t, v).Handle(c); err == nil {
				t.Errorf("%s was done", name)
			}
		}
	}
}

// TestKeyRotation takes a pair of endpoints from one key to the next over the air.
func TestKeyRotation(t *testing.T) {
	master := bytes.Repeat([]byte{7}, 32)
	first, second := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	p := gcmBoth(9, tcScope, 12, 0xff)
	p.Mask = nil
	c := tcVector(p.Security())
	side := func() (*Ring, *Endpoint) {
		r := new(Ring)
		if err := errors.Join(r.Add(0, master, Active), r.Add(100, first, Active)); err != nil {
			t.Fatal(err)
		}
		return r, endpoint(t, c, r, p, 100, nil, nil)
	}
	ground, up := side()
	space, down := side()
	rx := &Procedures{Endpoint: down, Nonce: counterNonce(), Control: 1}
	pass := func() error {
		b, err := c.Append(nil, &frame.TCFrame{Bypass: true, Spacecraft: 3, HasSegment: true, Data: []byte("fire the thruster")})
		if err != nil {
			t.Fatal(err)
		}
		if err := up.Apply(9, b); err != nil {
			return err
		}
		if err := down.Process(b); err != nil {
			return err
		}
		f, err := c.Decode(b)
		if errors.Is(err, frame.ErrChecksum) {
			c.Seal(b) // decrypted in place
			f, err = c.Decode(b)
		}
		if err != nil || string(f.Data) != "fire the thruster" {
			t.Fatalf("%q, %v", f.Data, err)
		}
		return nil
	}
	if err := pass(); err != nil {
		t.Fatal(err)
	}
	command, err := ground.SendKeys(0, unhex("000000000000000000000001"), []NewKey{{101, second}})
	if err != nil {
		t.Fatal(err)
	}
	wrong := PDU{command.Tag, bytes.Clone(command.Data)}
	wrong.Data[20] ^= 1
	if _, err := rx.Handle(wrong); !errors.Is(err, ErrMAC) {
		t.Fatalf("forged keys: %v", err)
	}
	for _, cmd := range []PDU{command, {KeyActivation, unhex("0065")}, {SAStop, unhex("0009")}, {SAExpire, unhex("0009")}} {
		if _, err := rx.Handle(cmd); err != nil {
			t.Fatal(err)
		}
	}
	if err := pass(); !errors.Is(err, ErrAssociation) {
		t.Fatalf("between the keys: %v", err)
	}
	// With the old key the numbers would come again; with the new one they may.
	zeros := make([]byte, 12)
	if _, err := rx.Handle(PDU{SARekey, append(unhex("00090064"), zeros...)}); !errors.Is(err, ErrReplay) {
		t.Fatalf("rekey with the old key: %v", err)
	}
	for _, cmd := range []PDU{{SARekey, append(unhex("00090065"), zeros...)}, {SAStart, unhex("0009")}, {KeyDeactivate, unhex("0064")}, {KeyDestruction, unhex("0064")}} {
		if _, err := rx.Handle(cmd); err != nil {
			t.Fatal(err)
		}
	}
	if err := pass(); !errors.Is(err, ErrMAC) {
		t.Fatalf("old key against new: %v", err)
	}
	if err := errors.Join(ground.Add(101, second, Active), up.Stop(9), up.Expire(9), up.Rekey(9, 101, 101, nil, nil), up.Start(9)); err != nil {
		t.Fatal(err)
	}
	if err := pass(); err != nil {
		t.Fatal(err)
	}
	if s, _ := space.State(100); s != Destroyed || space.keys[100].value != nil || space.keys[100].block != nil {
		t.Errorf("old key %v", space.keys[100])
	}
}

// TestKeysDoNotPrint looks for a key in all that can be printed of a ring.
func TestKeysDoNotPrint(t *testing.T) {
	secret := []byte("a key of thirty-two octets, yes!")
	r := new(Ring)
	if err := r.Add(5, secret, Active); err != nil {
		t.Fatal(err)
	}
	e := NewEndpoint(tcVector(frame.Security{}), r)
	for _, x := range []any{r, *r, r.keys, r.keys[5], e, NewKey{5, secret}, &NewKey{5, secret}, []NewKey{{5, secret}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			out := fmt.Sprintf(verb, x)
			for _, leak := range []string{"thirty", fmt.Sprintf("%x", secret[:6]), strings.Trim(fmt.Sprint(secret[:6]), "[]"), "0x61, 0x20"} {
				if strings.Contains(out, leak) {
					t.Errorf("%T with %s: %s", x, verb, out)
				}
			}
		}
	}
	err := r.Add(5, secret, Active)
	if err == nil || strings.Contains(err.Error(), "thirty") {
		t.Error(err)
	}
}
