package sdls

import (
	"bytes"
	"crypto/aes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/frame"
)

// TestCMAC has the numbers of RFC 4493 §4 (AES-128) and NIST SP 800-38B D.3 (AES-256).
func TestCMAC(t *testing.T) {
	msg := unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for _, x := range []struct {
		key, mac string
		n        int
	}{
		{"2b7e151628aed2a6abf7158809cf4f3c", "bb1d6929e95937287fa37d129b756746", 0},
		{"2b7e151628aed2a6abf7158809cf4f3c", "070a16b46b4d4144f79bdd9dd04a287c", 16},
		{"2b7e151628aed2a6abf7158809cf4f3c", "dfa66747de9ae63030ca32611497c827", 40},
		{"2b7e151628aed2a6abf7158809cf4f3c", "51f0bebf7e3b9d92fc49741779363cfe", 64},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "028962f61b7bf89efc6b551f4667d983", 0},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "28a7023f452e8f82bd4bf28d8c37c35c", 16},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "aaf3d8f1de5640c232f5b169b9c911e6", 40},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "e1992190549f6ed5696a2c056c315410", 64},
	} {
		b, err := aes.NewCipher(unhex(x.key))
		if err != nil {
			t.Fatal(err)
		}
		if got := newCMAC(b).sum(nil, msg[:x.n]); !bytes.Equal(got, unhex(x.mac)) {
			t.Errorf("%d octets: %x, want %s", x.n, got, x.mac)
		}
	}
}

// secured draws parameters that are valid, for spacecraft 9, virtual channel 5.
func secured(t *rapid.T) Parameters {
	p := Parameters{
		SPI: uint16(rapid.IntRange(1, 0xfffe).Draw(t, "spi")), Scopes: []Scope{{Spacecraft: 9, VC: 5, MAP: AnyMAP}},
		Service: Service(rapid.IntRange(1, 3).Draw(t, "service")), Window: uint32(rapid.IntRange(1, 100).Draw(t, "window")),
	}
	field := func(n int, name string) int { return rapid.IntRange(1, n).Draw(t, name) }
	gcm := rapid.Bool().Draw(t, "gcm")
	if p.encrypts() {
		p.Cipher, p.IV = AESCTR, 16
		if gcm {
			p.Cipher, p.IV = AESGCM, rapid.SampledFrom([]int{12, 12, 16}).Draw(t, "iv")
		}
	}
	if p.authenticates() {
		p.MACLength = 16
		switch {
		case p.combined():
		case gcm && p.Service == Authentication:
			p.MAC, p.IV = AESGCM, 12
		default:
			p.MAC = rapid.SampledFrom([]Algorithm{AESCMAC, HMACSHA256, HMACSHA512}).Draw(t, "mac")
			p.MACLength = rapid.IntRange(8, 16).Draw(t, "length")
		}
		if p.IV == 0 || rapid.Bool().Draw(t, "number too") {
			p.SN = rapid.IntRange(2, 8).Draw(t, "sn")
			p.SNField = rapid.IntRange(2, p.SN).Draw(t, "sn field")
		}
	}
	if p.IV > 0 {
		p.IVField = max(2, field(p.IV, "iv field"))
	}
	return p
}

// room is a channel of a type with room for the association on virtual channel 5, and a
// function that builds a frame with data.
func channelFor(t *rapid.T, p *Parameters) (frame.Channel, func(data []byte) []byte) {
	s := p.Security()
	vcs := map[uint8]frame.Virtual{5: {Security: s, Segments: true, OCF: true}}
	check := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	n := 30
	switch rapid.IntRange(0, 3).Draw(t, "type") {
	case 0:
		c := &frame.TMChannel{Length: 6 + 1 + 3 + s.Header + n + s.Trailer + 4 + 2, Spacecraft: 9, FECF: true, VCs: vcs}
		return c, func(d []byte) []byte {
			return check(c.Append(nil, &frame.TMFrame{Spacecraft: 9, VC: 5, SegmentLength: 3, Secondary: []byte{1, 2, 3}, HasOCF: true, Data: d}))
		}
	case 1:
		c := &frame.TCChannel{Spacecraft: 9, FECF: true, VCs: vcs}
		return c, func(d []byte) []byte {
			return check(c.Append(nil, &frame.TCFrame{Spacecraft: 9, VC: 5, Sequence: 77, HasSegment: true, Segment: frame.Unsegmented, MAP: 3, Data: d}))
		}
	case 2:
		c := &frame.AOSChannel{Length: 8 + 4 + s.Header + n + s.Trailer + 4, Spacecraft: 9, HeaderControl: true, InsertZone: 4, VCs: vcs}
		return c, func(d []byte) []byte {
			return check(c.Append(nil, &frame.AOSFrame{Spacecraft: 9, VC: 5, Count: 99, HasOCF: true, Data: d}))
		}
	}
	c := &frame.USLPChannel{Spacecraft: 9, FECF: 4, VCs: vcs}
	return c, func(d []byte) []byte {
		return check(c.Append(nil, &frame.USLPFrame{Spacecraft: 9, VC: 5, MAP: 2, CountOctets: 3, Count: 5, Data: d}))
	}
}

// TestProtection: for any association and any kind of frame, what was secured comes back,
// comes back once, and no change of a bit that is authenticated goes unseen.
func TestProtection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := secured(t)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		c, build := channelFor(t, &p)
		side := func() *Endpoint {
			r := new(Ring)
			k := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key")
			for id := KeyID(1); id <= 2; id++ {
				k[0] = byte(id)
				if err := r.Add(id, bytes.Repeat(k[:16], int(id)), Active); err != nil {
					t.Fatal(err)
				}
			}
			e := NewEndpoint(c, r)
			iv, sn := make([]byte, p.IV), make([]byte, p.SN)
			if len(iv) > 2 {
				copy(iv[len(iv)-2:], []byte{0xff, 0xfd}) // soon carries, and wraps a short field
			}
			if err := errors.Join(e.Create(p), e.Rekey(p.SPI, 1, 2, iv, sn), e.Start(p.SPI)); err != nil {
				t.Fatal(err)
			}
			return e
		}
		tx := side()
		rx := NewEndpoint(c, tx.ring)
		iv, sn, _ := tx.Numbers(p.SPI)
		if err := errors.Join(rx.Create(p), rx.Rekey(p.SPI, 1, 2, iv, sn), rx.Start(p.SPI)); err != nil {
			t.Fatal(err)
		}
		window := int(p.Window)
		for i := range rapid.IntRange(1, 12).Draw(t, "frames") {
			data := rapid.SliceOfN(rapid.Byte(), 30, 30).Draw(t, "data")
			skip := rapid.IntRange(0, min(window-1, 3)).Draw(t, "lost")
			var b []byte
			for range skip + 1 {
				b = build(data)
				if err := tx.Apply(p.SPI, b); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Check(b); err != nil {
				t.Fatal(err)
			}
			l, err := c.Layout(b)
			if err != nil {
				t.Fatal(err)
			}
			if p.encrypts() && bytes.Equal(b[l.Data:l.Trailer], data) {
				t.Fatal("sent in the clear")
			}
			if p.authenticates() {
				// Every bit of security header, data and trailer, and of the virtual channel.
				at := rapid.IntRange(l.Security, l.End-1).Draw(t, "octet")
				bit := byte(1) << rapid.IntRange(0, 7).Draw(t, "bit")
				forged := bytes.Clone(b)
				forged[at] ^= bit
				if err := rx.Process(forged); err == nil {
					t.Fatalf("octet %d, bit %#x changed and nobody saw", at, bit)
				}
				// What the mask leaves out may change: here the frame's counts.
				counted := bytes.Clone(b)
				switch l.Type {
				case frame.TM:
					counted[3] ^= 0xff
				case frame.TC, frame.AOS:
					counted[4] ^= 0xff
				case frame.USLP:
					counted[9] ^= 0xff
				}
				b = counted
			}
			first := bytes.Clone(b)
			if err := rx.Process(b); err != nil {
				t.Fatalf("frame %d: %v", i, err)
			}
			if !bytes.Equal(b[l.Data:l.Trailer], data) {
				t.Fatalf("%x, want %x", b[l.Data:l.Trailer], data)
			}
			before := rx.Stats.BadSN
			if err := rx.Process(first); !errors.Is(err, ErrReplay) || rx.Stats.BadSN != before+1 || !rx.Report().BadSN || !rx.Report().Alarm {
				t.Fatalf("replayed: %v, %+v", err, rx.Report())
			}
		}
	})
}

func TestWindow(t *testing.T) {
	p := cmacOf(7, tcScope, 0xff)
	p.SN, p.SNField, p.Window = 2, 2, 4
	c := tcVector(p.Security())
	r := new(Ring)
	if err := r.Add(1, make([]byte, 32), Active); err != nil {
		t.Fatal(err)
	}
	tx, rx := endpoint(t, c, r, p, 1, nil, nil), endpoint(t, c, r, p, 1, nil, nil)
	var sent [][]byte
	for range 12 {
		b, err := c.Append(nil, &frame.TCFrame{Bypass: true, Spacecraft: 3, HasSegment: true, Data: []byte{1}})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Apply(7, b); err != nil {
			t.Fatal(err)
		}
		sent = append(sent, b)
	}
	for _, x := range []struct {
		n    int
		want error
	}{
		{4, ErrReplay}, {3, nil}, {3, ErrReplay}, {2, ErrReplay}, {8, ErrReplay}, {7, nil}, {8, nil}, {0, ErrReplay}, {11, nil},
	} {
		if err := rx.Process(bytes.Clone(sent[x.n])); !errors.Is(err, x.want) {
			t.Errorf("frame %d: %v, want %v", x.n, err, x.want)
		}
	}
	// The last number of all is used once, and then there is none.
	end := endpoint(t, c, r, p, 1, nil, []byte{0xff, 0xff})
	for i := range 2 {
		b := bytes.Clone(sent[0])
		if err := end.Apply(7, b); errors.Is(err, ErrExhausted) != (i == 1) {
			t.Errorf("frame %d of one: %v", i, err)
		}
	}
	for _, bad := range []Parameters{
		{SPI: 0}, {SPI: 0xffff}, {SPI: 1, Service: 9}, {SPI: 1, MACLength: 16}, {SPI: 1, SN: 2, SNField: 2},
		{SPI: 1, Service: Authentication}, {SPI: 1, Service: Authentication, MAC: AESCMAC, MACLength: 4},
		{SPI: 1, Service: Authentication, MAC: AESGCM, MACLength: 16}, {SPI: 1, Service: Encryption, Cipher: AESGCM},
		{SPI: 1, Service: Encryption, Cipher: AESCTR, IV: 12, IVField: 12}, {SPI: 1, Service: Encryption, Cipher: AESCMAC, IV: 12, IVField: 12},
		{SPI: 1, Service: AuthenticatedEncryption, Cipher: AESGCM, IV: 16, IVField: 16, MACLength: 12},
	} {
		if err := bad.Validate(); !errors.Is(err, ErrParameters) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestReport(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Report{
			Alarm: rapid.Bool().Draw(t, "alarm"), BadSN: rapid.Bool().Draw(t, "sn"), BadMAC: rapid.Bool().Draw(t, "mac"),
			BadSA: rapid.Bool().Draw(t, "sa"), SPI: rapid.Uint16().Draw(t, "spi"), SN: rapid.Byte().Draw(t, "number"),
		}
		got, err := DecodeReport(r.Encode())
		if err != nil || got != r {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, err := frame.DecodeCLCW(r.Encode()); err == nil {
			t.Fatal("a report passes for a clcw")
		}
	})
	if _, err := DecodeReport([4]byte{0x40}); err == nil {
		t.Error("a clcw passes for a report")
	}
}

func FuzzProcess(f *testing.F) {
	p := gcmBoth(9, tcScope, 12, 0xff)
	p.SN, p.SNField, p.MACLength = 2, 2, 16
	c := tcVector(p.Security())
	r := new(Ring)
	if err := r.Add(136, make([]byte, 32), Active); err != nil {
		f.Fatal(err)
	}
	f.Add(unhex("2003003500ff0009b6ac8e4963f49207ffd6374c01241224dfefb72a20d49e0925690887497951e393dbfeb6fbbc2ff8486d8050b099"))
	f.Add(unhex("20030006190031"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e := endpoint(t, c, r, p, 136, nil, nil)
		if err := e.Process(b); err == nil {
			t.Fatalf("forged frame %x passed", b)
		}
		if s := e.Stats; s.BadSA+s.BadMAC+s.BadSN+s.Broken != 1 {
			t.Fatalf("%+v", s)
		}
	})
}

func FuzzProcedures(f *testing.F) {
	f.Add(unhex("07002000840086"))
	f.Add(unhex("1e00100006"))
	f.Add(unhex("01044000007f344892bbc54f5395297d4c37"))
	f.Add(unhex("16009000060084000000000000000000000000000000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := new(Ring)
		if err := errors.Join(r.Add(0, make([]byte, 32), Active), r.Add(132, make([]byte, 32), Preactive)); err != nil {
			t.Fatal(err)
		}
		e := endpoint(t, tcVector(frame.Security{}), r, gcmBoth(6, tcScope, 12, 0xff), 0, nil, nil)
		p := &Procedures{Endpoint: e, Nonce: counterNonce(), Control: 1}
		for len(b) > 0 {
			c, rest, err := DecodePDU(b)
			if err != nil {
				return
			}
			again, err := c.Append(nil)
			if err != nil || !bytes.Equal(again, b[:len(b)-len(rest)]) {
				t.Fatalf("%x, %v", again, err)
			}
			reply, err := p.Handle(c)
			if err == nil && reply.Tag != 0 && reply.Tag != c.Tag|Reply {
				t.Fatalf("%#x answered by %#x", c.Tag, reply.Tag)
			}
			b = rest
		}
		if len(r.keys) > 2 {
			t.Fatal("a key came in without the master key")
		}
	})
}

func benchmarkPair(b *testing.B, p Parameters) {
	c := &frame.TMChannel{Length: 1115, Spacecraft: 0x2c, FECF: true, VCs: map[uint8]frame.Virtual{0: {Security: p.Security()}}}
	r := new(Ring)
	if err := r.Add(1, make([]byte, 32), Active); err != nil {
		b.Fatal(err)
	}
	side := func() *Endpoint {
		e := NewEndpoint(c, r)
		if err := errors.Join(e.Create(p), e.Rekey(p.SPI, 1, 1, nil, nil), e.Start(p.SPI)); err != nil {
			b.Fatal(err)
		}
		return e
	}
	tx, rx := side(), side()
	f, err := c.Append(nil, &frame.TMFrame{Spacecraft: 0x2c, SegmentLength: 3, Data: make([]byte, c.DataLength(0, 0, false))})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(1115)
	b.ReportAllocs()
	for b.Loop() {
		if err := tx.Apply(p.SPI, f); err != nil {
			b.Fatal(err)
		}
		if err := rx.Process(f); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkGCM(b *testing.B) { p := gcmBoth(1, tmScope, 12, 0); p.Mask = nil; benchmarkPair(b, p) }
func BenchmarkCMAC(b *testing.B) {
	p := cmacOf(1, tmScope, 0)
	p.Mask, p.SN, p.SNField = nil, 4, 4
	benchmarkPair(b, p)
}
