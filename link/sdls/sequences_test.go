package sdls

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"spacechain/link/frame"
)

// tcSequence runs TC frames of a vector through one endpoint, and says what each must
// come to.
func tcSequence(t *testing.T, v *vectorFile, e *Endpoint, test string, steps []struct {
	name string
	want error
}) {
	t.Helper()
	for _, s := range steps {
		b := v.octets(t, "tc_process", test, s.name)
		if err := e.channel.Check(b); err != nil && !unsealed[test+" "+s.name] {
			t.Errorf("%s: %v", s.name, err)
		}
		if err := e.Process(b); !errors.Is(err, s.want) || (err == nil) != (s.want == nil) {
			t.Errorf("%s: %v, want %v", s.name, err, s.want)
		}
	}
}

// unsealed are frames whose FECF does not fit; CryptoLib was told not to look.
var unsealed = map[string]bool{
	"HAPPY_PATH_PROCESS_NONTRANSMITTED_INCREMENTING_ARSN_ROLLOVER dec_test_fe_h": true,
	"HAPPY_PATH_PROCESS_NONTRANSMITTED_INCREMENTING_ARSN_ROLLOVER dec_test_ff_h": true,
}

type step = struct {
	name string
	want error
}

// nistRing has the key that several TC vectors use.
func nistRing(t *testing.T) *Ring {
	t.Helper()
	r := new(Ring)
	if err := r.Add(136, unhex("ef9f9284cf599eac3b119905a7d18851e7e374cf63aea04358586b0f757670f8"), Active); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestVectorsExerciseIV: AES-GCM that only encrypts; the initialization vector is counted.
// (CryptoLib's association has a pad length field as well, which takes up no octet of these
// frames: their data is 16 octets, as long as NIST's plaintext.)
func TestVectorsExerciseIV(t *testing.T) {
	v := openVectors(t)
	p := gcmOnly(9, tcScope, 12)
	p.Window = 5
	e := endpoint(t, tcVector(p.Security()), nistRing(t), p, 136, unhex("b6ac8e4963f49207ffd6374c"), nil)
	tcSequence(t, v, e, "EXERCISE_IV", []step{
		{"buffer_replay_h", ErrReplay},
		{"buffer_outside_window_h", ErrReplay},
		{"buffer_good_iv_h", nil},
		{"buffer_good_iv_with_gap_h", nil},
	})
	if iv, _, _ := e.Numbers(9); !bytes.Equal(iv, unhex("b6ac8e4963f49207ffd63750")) {
		t.Errorf("next iv %x", iv)
	}
	if e.Stats.BadSN != 2 || e.Stats.Accepted != 2 {
		t.Errorf("%+v", e.Stats)
	}
}

func TestVectorsExerciseARSN(t *testing.T) {
	v := openVectors(t)
	p := cmacOf(9, tcScope, 0)
	p.SN, p.SNField, p.Window = 2, 2, 5
	e := endpoint(t, tcVector(p.Security()), nistRing(t), p, 136, nil, unhex("0124"))
	tcSequence(t, v, e, "EXERCISE_ARSN", []step{
		{"buffer_replay_h", ErrReplay},
		{"buffer_outside_window_h", ErrReplay},
		{"buffer_good_arsn_h", nil},
		{"buffer_good_arsn_with_gap_h", nil},
	})
	if _, sn, _ := e.Numbers(9); !bytes.Equal(sn, unhex("012a")) {
		t.Errorf("next number %x", sn)
	}
}

// TestVectorsGCMWithIVAndARSN: AES-GCM with a sequence number besides. Either number can
// refuse a frame, and then neither moves on.
func TestVectorsGCMWithIVAndARSN(t *testing.T) {
	v := openVectors(t)
	p := gcmBoth(9, tcScope, 12, 0)
	p.SN, p.SNField, p.Window = 2, 2, 5
	c := tcVector(p.Security())
	c.FECF = false
	e := endpoint(t, c, nistRing(t), p, 136, unhex("b6ac8e4963f49207ffd6374c"), unhex("0124"))
	tcSequence(t, v, e, "GCM_IV_AND_ARSN", []step{
		{"buffer_bad_iv_bad_arsn_h", ErrReplay},
		{"buffer_good_iv_bad_arsn_h", ErrReplay},
		{"buffer_bad_iv_good_arsn_h", ErrReplay},
		{"buffer_high_iv_good_arsn_h", ErrReplay},
		{"buffer_good_iv_high_arsn_h", ErrReplay},
		{"buffer_good_iv_good_arsn_h", nil},
		{"buffer_good_iv_gap_good_arsn_gap_h", nil},
	})
	iv, sn, _ := e.Numbers(9)
	if !bytes.Equal(iv, unhex("b6ac8e4963f49207ffd63752")) || !bytes.Equal(sn, unhex("012a")) {
		t.Errorf("next iv %x, number %x", iv, sn)
	}
}

// partialIV is AES-GCM of whose initialization vector half is sent.
func partialIV() Parameters {
	p := gcmBoth(4, tcScope, 12, 0)
	p.IVField = 6
	return p
}

func TestVectorsIVRollover(t *testing.T) {
	v := openVectors(t)
	const test = "HAPPY_PATH_PROCESS_NONTRANSMITTED_INCREMENTING_IV_ROLLOVER"
	p := partialIV()
	c := tcVector(p.Security())
	start := unhex("000000000000fffffffffffe")
	e := endpoint(t, c, v.ring(t), p, 130, start, nil)
	tcSequence(t, v, e, test, []step{{"dec_test_fe_h", nil}, {"dec_test_ff_h", nil}, {"dec_test_00_h", nil}})
	if iv, _, _ := e.Numbers(4); !bytes.Equal(iv, unhex("000000000001000000000001")) {
		t.Errorf("next iv %x", iv)
	}
	// Our sender makes the same frames of the ping that the vectors of tc_apply have.
	s := endpoint(t, c, v.ring(t), p, 130, start, nil)
	for _, name := range []string{"dec_test_fe_h", "dec_test_ff_h", "dec_test_00_h"} {
		b := securePing(t, v, c, "HAPPY_PATH_APPLY_NONTRANSMITTED_INCREMENTING_IV_ROLLOVER")
		if err := s.Apply(4, b); err != nil {
			t.Fatal(err)
		}
		if want := v.octets(t, "tc_process", test, name); !bytes.Equal(b, want) {
			t.Errorf("%s: %x, want %x", name, b, want)
		}
	}
}

// securePing is the ping of the tc_apply vectors with room for security.
func securePing(t *testing.T, v *vectorFile, c *frame.TCChannel, test string) []byte {
	t.Helper()
	plain := tcVector(frame.Security{})
	raw := v.octets(t, "tc_apply", test, "raw_tc_sdls_ping_h")
	plain.Seal(raw) // its FECF does not fit
	f, err := plain.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	f.SecurityHeader, f.SecurityTrailer = nil, nil
	b, err := c.Append(nil, &f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVectorsARSNRollover(t *testing.T) {
	v := openVectors(t)
	p := cmacOf(4, tcScope, 0)
	p.SN, p.SNField = 3, 2
	c := tcVector(p.Security())
	e := endpoint(t, c, v.ring(t), p, 130, nil, unhex("05fffe"))
	tcSequence(t, v, e, "HAPPY_PATH_PROCESS_NONTRANSMITTED_INCREMENTING_ARSN_ROLLOVER",
		[]step{{"dec_test_fe_h", nil}, {"dec_test_ff_h", nil}, {"dec_test_00_h", nil}})
	s := endpoint(t, c, v.ring(t), p, 130, nil, v.octets(t, "tc_apply", "HAPPY_PATH_APPLY_NONTRANSMITTED_INCREMENTING_ARSN_ROLLOVER", "new_arsn_h"))
	for range 5 {
		if err := s.Apply(4, securePing(t, v, c, "HAPPY_PATH_APPLY_NONTRANSMITTED_INCREMENTING_ARSN_ROLLOVER")); err != nil {
			t.Fatal(err)
		}
	}
	want := v.octets(t, "tc_apply", "HAPPY_PATH_APPLY_NONTRANSMITTED_INCREMENTING_ARSN_ROLLOVER", "expected_arsn_h")
	if _, sn, _ := s.Numbers(4); !bytes.Equal(sn, want) {
		t.Errorf("next number %x, want %x", sn, want)
	}
}

func TestVectorsIVAfterRollover(t *testing.T) {
	v := openVectors(t)
	const test = "HAPPY_PATH_APPLY_NONTRANSMITTED_INCREMENTING_IV_ROLLOVER"
	p := partialIV()
	c := tcVector(p.Security())
	start := append(make([]byte, 6), v.octets(t, "tc_apply", test, "new_iv_h")...)
	s := endpoint(t, c, v.ring(t), p, 130, start, nil)
	for range 5 {
		if err := s.Apply(4, securePing(t, v, c, test)); err != nil {
			t.Fatal(err)
		}
	}
	if iv, _, _ := s.Numbers(4); !bytes.Equal(iv, v.octets(t, "tc_apply", test, "expected_iv_h")) {
		t.Errorf("next iv %x", iv)
	}
}

// TestVectorsRefused are vectors whose point is an error.
func TestVectorsRefused(t *testing.T) {
	v := openVectors(t)
	room := func(p Parameters) frame.Security { return p.Security() }
	tcGCM := gcmBoth(4, tcScope, 12, 0)
	tcEnc := gcmOnly(2, tcScope, 12)
	aosGCM := gcmBoth(11, aosScope, 16, 0xff)
	tmGCM := gcmBoth(8, tmScope, 16, 0xff)
	noRoom := frame.Security{Header: 2}
	for _, x := range []struct {
		file, test, name string
		c                frame.Channel
		p                Parameters
		key              KeyID
		want             error
	}{
		// An association that there is none of, though the frame has room for one.
		{"tc_process", "TC_SA_SEGFAULT_TEST", "test_frame_pt_h", tcVector(room(tcGCM)), tcGCM, 4, ErrAssociation},
		{"tm_process", "TM_SA_SEGFAULT_TEST", "framed_tm_h",
			&frame.TMChannel{Length: 10, Spacecraft: 0x2c, VCs: map[uint8]frame.Virtual{0: {Security: noRoom}}}, clearMode(1, tmScope, 0), 0, ErrAssociation},
		{"tm_process", "TM_SA_NOT_OPERATIONAL", "framed_tm_h",
			&frame.TMChannel{Length: 14, Spacecraft: 0x2c, FECF: true, VCs: map[uint8]frame.Virtual{0: {Security: noRoom}}}, clearMode(1, tmScope, 0), 0, ErrAssociation},
		// A key that is not active.
		{"tc_apply", "TC_KEY_STATE_TEST", "", tcVector(room(tcEnc)), tcEnc, 134, ErrKey},
		{"aos_apply", "AOS_KEY_STATE_TEST", "test_aos_h", aosVector(room(aosGCM)), aosGCM, 134, ErrKey},
		{"tm_apply", "TM_KEY_STATE_TEST", "framed_tm_h", tmVector(room(tmGCM)), tmGCM, 134, ErrKey},
	} {
		r := v.ring(t)
		if err := r.Deactivate(134); err != nil {
			t.Fatal(err)
		}
		e := endpoint(t, x.c, r, x.p, x.key, nil, nil)
		var b []byte
		if tc, ok := x.c.(*frame.TCChannel); ok && x.name == "" {
			b = securePing(t, v, tc, x.test)
		} else {
			b = v.octets(t, x.file, x.test, x.name)
		}
		var err error
		if strings.HasSuffix(x.file, "apply") {
			err = e.Apply(x.p.SPI, b)
		} else {
			err = e.Process(b)
		}
		if !errors.Is(err, x.want) {
			t.Errorf("%s %s: %v, want %v", x.file, x.test, err, x.want)
		}
	}
}

// TestVectorsThatDisagree are those where CryptoLib and the standard part. Each says what
// CryptoLib has, and why it is not done here.
func TestVectorsThatDisagree(t *testing.T) {
	v := openVectors(t)
	for _, x := range []struct {
		file, test, why string
		try             func(t *testing.T)
	}{
		{"tm_apply", "AES_GCM_BITMASK_1", "the frame stays in the clear, although the cipher is AES-GCM, as neither service " +
			"bit is set; and a sequence number field of 2 octets is written (ff00) from a number of length 0, which is what " +
			"stood in memory before it. 355.0-B-2 §4.1.1.4.4: without authentication that field has no octets",
			func(t *testing.T) {
				p := gcmOnly(5, tmScope, 16)
				p.SNField = 2
				if err := p.Validate(); !errors.Is(err, ErrParameters) {
					t.Error(err)
				}
			}},
		{"tm_apply", "AEAD_AES_GCM_BITMASK_1", "the service is authentication, but the code field keeps what was there (ccdd…). " +
			"§3.3.2: the code is computed and placed in the trailer",
			func(t *testing.T) {
				p := gcmBoth(5, tmScope, 16, 0xff)
				p.Service, p.Cipher, p.MAC = Authentication, None, AESGCM
				c := tmVector(p.Security())
				in := v.octets(t, "tm_apply", "AEAD_AES_GCM_BITMASK_1", "framed_tm_h")
				if err := endpoint(t, c, v.ring(t), p, 5, dead, nil).Apply(5, in); err != nil {
					t.Fatal(err)
				}
				truth := v.octets(t, "tm_apply", "AEAD_AES_GCM_BITMASK_1", "truth_tm_h")
				if bytes.Equal(in[1768:1784], truth[1768:1784]) || !bytes.Equal(in[:24], truth[:24]) {
					t.Errorf("code %x", in[1768:1784])
				}
				if err := endpoint(t, c, v.ring(t), p, 5, dead, nil).Process(in); err != nil {
					t.Error(err)
				}
				if err := endpoint(t, c, v.ring(t), p, 5, dead, nil).Process(truth); !errors.Is(err, ErrMAC) {
					t.Errorf("CryptoLib's frame: %v", err)
				}
			}},
		{"tm_process", "AES_GCM_BITMASK_1", "the association (left from AES-CBC) has a pad length field of 1 octet, so the first " +
			"octet of ciphertext is taken for it. §4.1.1.5: an algorithm that needs no padding has no such field. " +
			"Without that octet the rest is the same",
			func(t *testing.T) {
				p := gcmOnly(6, tmScope, 16)
				in := v.octets(t, "tm_process", "AES_GCM_BITMASK_1", "framed_tm_h")
				out := v.octets(t, "tm_process", "AES_GCM_BITMASK_1", "truth_tm_h")
				if in[24] != 0x0b || out[24] != 0 {
					t.Fatal("another vector")
				}
				in = append(in[:24], in[25:]...)
				c := tmVector(p.Security())
				c.Length--
				if err := endpoint(t, c, v.ring(t), p, 6, dead, nil).Process(in); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(in[24:1783], out[25:1784]) {
					t.Errorf("%x…, want %x…", in[24:40], out[25:41])
				}
			}},
		{"tc_process", "HAPPY_PATH_PROCESS_STATIC_IV_ROLLOVER", "the six counted octets of the vector wrap while the others are " +
			"fixed, and the frame with vector 0 is accepted. A vector must not come again under a key (NIST SP 800-38D §8, " +
			"352.0-B-2 §3.3): the association is used up",
			func(t *testing.T) {
				p := partialIV()
				p.IVFixed = true
				e := endpoint(t, tcVector(p.Security()), v.ring(t), p, 130, unhex("000000000000fffffffffffe"), nil)
				tcSequence(t, v, e, "HAPPY_PATH_PROCESS_STATIC_IV_ROLLOVER",
					[]step{{"dec_test_fe_h", nil}, {"dec_test_ff_h", nil}, {"dec_test_00_h", ErrExhausted}})
			}},
		{"tc_apply", "HAPPY_PATH_APPLY_STATIC_IV_ROLLOVER", "the same at the sending end: the fifth frame would use vector 0",
			func(t *testing.T) {
				p := partialIV()
				p.IVFixed = true
				c := tcVector(p.Security())
				e := endpoint(t, c, v.ring(t), p, 130, unhex("000000000000fffffffffffc"), nil)
				for i := range 5 {
					err := e.Apply(4, securePing(t, v, c, "HAPPY_PATH_APPLY_STATIC_IV_ROLLOVER"))
					if want := i == 4; errors.Is(err, ErrExhausted) != want || !want && err != nil {
						t.Errorf("frame %d: %v", i, err)
					}
				}
			}},
		{"aos_process", "AOS_FHECF_TEST", "the frame's data field has no octet. 732.0-B-4 §4.1.4: it holds at least an M_PDU, B_PDU " +
			"or VCA_SDU. Nor is the header error control the code of §4.1.2.6: 0xda84 comes of octets taken for symbols, " +
			"and of values taken modulo 15; the vectors of Yamcs have it as the standard does",
			func(t *testing.T) {
				p := gcmBoth(5, aosScope, 12, 0xff)
				p.SN, p.SNField = 2, 2
				c := aosVector(p.Security())
				c.Length, c.HeaderControl = 42, true
				b := v.octets(t, "aos_process", "AOS_FHECF_TEST", "framed_aos_h")
				if err := c.Check(b); !errors.Is(err, frame.ErrChecksum) {
					t.Error(err)
				}
				if err := endpoint(t, c, v.ring(t), p, 5, nil, nil).Process(b); !errors.Is(err, frame.ErrShort) {
					t.Error(err)
				}
			}},
		{"aos_process", "AOS_KEY_STATE_TEST", "meant for the key's state, but again a frame without data",
			func(t *testing.T) {
				p := gcmOnly(5, aosScope, 12)
				c := aosVector(p.Security())
				c.Length = 22
				err := endpoint(t, c, v.ring(t), p, 5, nil, nil).Process(v.octets(t, "aos_process", "AOS_KEY_STATE_TEST", "framed_aos_h"))
				if !errors.Is(err, frame.ErrShort) {
					t.Error(err)
				}
			}},
	} {
		t.Run(x.file+"/"+x.test, func(t *testing.T) {
			t.Log(x.why)
			x.try(t)
		})
	}
}
