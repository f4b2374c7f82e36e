package frame

import (
	"bytes"
	"testing"
)

// FuzzDecode gives octets to the decoders of all four protocols under several parameters:
// what one takes for a frame it writes back as it was.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"2f6100001800" + "0cd2c000001a1003", "22f600230082000f001dff000000000f001eff000000000f001fff000000000fac8f0068",
		"6ac1000157000000ea00018d", "c00ab820001a8101e0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaf548", "c00ab821e0aa",
		"02c00000980006aabbccddeeff000008010000000f", "200300090008004200",
	} {
		f.Add(unhex(f, s))
	}
	secure := map[uint8]Virtual{0: {Security: Security{2, 2}, OCF: true, Segments: true, Truncated: 6}, 1: {Segments: true}}
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		for _, vcs := range []map[uint8]Virtual{nil, secure} {
			for _, fecf := range []int{0, 2} {
				tm := &TMChannel{Length: len(b), AnySpacecraft: true, FECF: fecf > 0, VCs: vcs}
				if fr, err := tm.Decode(b); err == nil {
					again, err := tm.Append(nil, &fr)
					if err != nil || !bytes.Equal(again, b) {
						t.Fatalf("tm %x came back as %x, %v", b, again, err)
					}
				}
				tc := &TCChannel{AnySpacecraft: true, FECF: fecf > 0, VCs: vcs}
				if cut, err := tc.Trim(b); err == nil {
					if fr, err := tc.Decode(cut); err == nil {
						again, err := tc.Append(nil, &fr)
						if err != nil || !bytes.Equal(again, cut) {
							t.Fatalf("tc %x came back as %x, %v", cut, again, err)
						}
						if fr.Control {
							if c, err := DecodeCommand(fr.Data); err == nil && !bytes.Equal(c.Append(nil), fr.Data) {
								t.Fatalf("command %x", fr.Data)
							}
						}
					}
				}
				aos := &AOSChannel{Length: len(b), AnySpacecraft: true, FECF: fecf > 0, VCs: vcs}
				if fr, err := aos.Decode(b); err == nil {
					again, err := aos.Append(nil, &fr)
					if err != nil || !bytes.Equal(again, b) {
						t.Fatalf("aos %x came back as %x, %v", b, again, err)
					}
					if zone, first, err := SplitMPDU(fr.Data); err == nil && !bytes.Equal(AppendMPDU(nil, zone, first), fr.Data) {
						t.Fatalf("m_pdu %x", fr.Data)
					}
					_, _, _ = SplitBPDU(fr.Data)
				}
				uslp := &USLPChannel{AnySpacecraft: true, FECF: 2 * fecf, VCs: vcs}
				if fr, err := uslp.Decode(b); err == nil {
					again, err := uslp.Append(nil, &fr)
					if err != nil || !bytes.Equal(again, b) {
						t.Fatalf("uslp %x came back as %x, %v", b, again, err)
					}
					if d, err := SplitTFDF(fr.Data); err == nil {
						if data, err := d.Append(nil); err != nil || !bytes.Equal(data, fr.Data) {
							t.Fatalf("tfdf %x came back as %x, %v", fr.Data, data, err)
						}
					}
				}
			}
		}
		if !bytes.Equal(b, kept) {
			t.Fatal("decoding changed the octets")
		}
	})
}

// FuzzReceiver gives zones and frames in any order to readers, which never hold more than
// they may.
func FuzzReceiver(f *testing.F) {
	f.Add([]byte{0, 3, 0x08, 0x42, 0xc0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x08, 0x42, 0xc0, 0}, uint8(11))
	f.Add([]byte{7, 0xff, 0xeb, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}, uint8(12))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		n := int(size%60) + 10
		p := PacketReader{MaxPacket: 300}
		aos := &AOSChannel{Length: n, AnySpacecraft: true}
		uslp := &USLPChannel{AnySpacecraft: true}
		ra, err := NewReceiver(aos)
		if err != nil {
			t.Fatal(err)
		}
		ru, err := NewReceiver(uslp)
		if err != nil {
			t.Fatal(err)
		}
		ra.MaxPacket, ru.MaxPacket = 300, 300
		emit := func(u Unit) {
			if len(u.Data) > 65536 {
				t.Fatal("unit too long")
			}
		}
		for len(b) >= n {
			z := b[:n]
			b = b[n:]
			p.Zone(z[2:], uint16(z[0])<<8&0x700|uint16(z[1]), func(q []byte) {
				if m, err := PacketLength(q); err != nil || m != len(q) || m > 300 {
					t.Fatalf("packet of %d octets that says %d, %v", len(q), m, err)
				}
			})
			if len(p.part) > 300+n {
				t.Fatalf("%d octets held", len(p.part))
			}
			a := bytes.Clone(z)
			a[0] = a[0]&0x3f | 0x40
			a[5] = 0
			_, _ = ra.Frame(a, emit)
			u := bytes.Clone(z)
			u[0], u[3], u[4], u[5], u[6] = u[0]&15|0xc0, u[3]&^1, 0, byte(n-1), u[6]&^0x38
			_, _ = ru.Frame(u, emit)
		}
	})
}

func BenchmarkTM(b *testing.B) {
	c := &TMChannel{Length: 1115, Spacecraft: 758, FECF: true}
	f := TMFrame{Spacecraft: 758, VC: 1, SegmentLength: 3, HasOCF: true, Data: make([]byte, c.DataLength(1, 0, true))}
	var dst []byte
	b.SetBytes(1115)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = c.Append(dst[:0], &f); err != nil {
			b.Fatal(err)
		}
		if _, err = c.Decode(dst); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkLayoutOnly(b *testing.B) {
	c := &AOSChannel{Length: 1115, Spacecraft: 9}
	frame, err := c.Append(nil, &AOSFrame{Spacecraft: 9, VC: 1, Data: make([]byte, c.DataLength(1))})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decode(frame); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkSenderReceiver(b *testing.B) {
	c := &AOSChannel{Length: 1115, Spacecraft: 9, FECF: true}
	s, err := NewSender(c)
	if err != nil {
		b.Fatal(err)
	}
	r, err := NewReceiver(c)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Open(1, 0); err != nil {
		b.Fatal(err)
	}
	p := spacePacket(1, 240)
	var dst []byte
	packets := 0
	b.SetBytes(1115)
	b.ReportAllocs()
	for b.Loop() {
		for s.Pending() < 1115 {
			if err := s.Write(1, p); err != nil {
				b.Fatal(err)
			}
		}
		if dst, err = s.Next(dst[:0]); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Frame(dst, func(Unit) { packets++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
	if packets == 0 {
		b.Fatal("no packet came")
	}
}
