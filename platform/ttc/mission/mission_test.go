package mission

import (
	"bytes"
	"math"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/link/ax25"
	"spacechain/link/pus"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TestBeaconOctets fixes the form: a beacon made by hand.
func TestBeaconOctets(t *testing.T) {
	b := Beacon{Call: "SC7-3", Time: noon, Mode: LowPower, Battery: 0.23, Silence: 5*time.Hour + time.Minute, Fixed: true,
		Orbit: OrbitMeasurement{Time: noon.Add(-250 * time.Millisecond), PosECEFKm: astro.Vec3{6928.1234, 0, -1}, VelECEFKmS: astro.Vec3{0, 7.5, -0.00001},
			SigmaM: 3.2, Satellites: 9}}
	f, err := b.Frame()
	if err != nil {
		t.Fatal(err)
	}
	a, err := ax25.Decode(f)
	if err != nil || a.Source.String() != "SC7-3" || a.Destination.Call != "CQ" {
		t.Fatal(a, err)
	}
	want := []byte{'S', 'C', 1, 1, 0x6a, 0x04, 0x2f, 0x40, 23, 5, 0x04, 0xe2, // 1250 ms: beacons count from a second ahead
		0x04, 0x21, 0x25, 0xd2, 0, 0, 0, 0, 0xff, 0xff, 0xd8, 0xf0,
		0, 0, 0, 0x0b, 0x71, 0xb0, 0xff, 0xff, 0xff, 9, 4, 0}
	unix := uint32(noon.Unix())
	want[4], want[5], want[6], want[7] = byte(unix>>24), byte(unix>>16), byte(unix>>8), byte(unix)
	if !bytes.Equal(a.Info, want) {
		t.Errorf("%x\n%x", a.Info, want)
	}
	if len(f) != beaconFrame {
		t.Errorf("%d octets, slots have room for %d", len(f), beaconFrame)
	}
}

func TestBeaconComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Beacon{
			Call: rapid.StringMatching(`[A-Z0-9]{3,6}-([1-9]|1[0-5])`).Draw(t, "call"),
			Time: time.Unix(rapid.Int64Range(0, 1<<32-1).Draw(t, "time"), 0).UTC(), Mode: Mode(rapid.IntRange(0, 2).Draw(t, "mode")),
			Battery: float64(rapid.IntRange(0, 100).Draw(t, "battery")) / 100, Silence: time.Duration(rapid.IntRange(0, 255).Draw(t, "silence")) * time.Hour,
			Fixed: rapid.Bool().Draw(t, "fixed"),
		}
		if b.Fixed {
			b.Orbit = OrbitMeasurement{Time: b.Time.Add(-time.Duration(rapid.IntRange(-1000, 60000).Draw(t, "age")) * time.Millisecond),
				Satellites: rapid.IntRange(0, 255).Draw(t, "satellites"), SigmaM: float64(rapid.IntRange(0, 255).Draw(t, "sigma"))}
			for i := range 3 {
				b.Orbit.PosECEFKm[i] = rapid.Float64Range(-50000, 50000).Draw(t, "position")
				b.Orbit.VelECEFKmS[i] = rapid.Float64Range(-15, 15).Draw(t, "velocity")
			}
		}
		f, err := b.Frame()
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeBeacon(f)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if math.Abs(got.Orbit.PosECEFKm[i]-b.Orbit.PosECEFKm[i]) > 0.51e-4 || math.Abs(got.Orbit.VelECEFKmS[i]-b.Orbit.VelECEFKmS[i]) > 0.51e-5 {
				t.Fatalf("%+v, not %+v", got.Orbit, b.Orbit)
			}
		}
		got.Orbit.PosECEFKm, got.Orbit.VelECEFKmS = b.Orbit.PosECEFKm, b.Orbit.VelECEFKmS
		if *got != b {
			t.Fatalf("%+v, not %+v", *got, b)
		}
	})
}

// TestBeaconOfNonsense: what an instrument tells cannot break a beacon.
func TestBeaconOfNonsense(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	b := Beacon{Call: "SC1", Time: noon, Battery: nan, Fixed: true, Orbit: OrbitMeasurement{Time: noon.Add(-time.Hour),
		PosECEFKm: astro.Vec3{nan, inf, -inf}, VelECEFKmS: astro.Vec3{1e300, nan, -1e300}, SigmaM: nan, Satellites: -4}}
	f, err := b.Frame()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeBeacon(f); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Beacon{Call: "no call sign"}).Frame(); err == nil {
		t.Error("a call sign that is none was sent")
	}
}

func FuzzBeacon(f *testing.F) {
	for _, b := range []Beacon{{Call: "SC1", Time: noon}, {Call: "N0CALL-15", Time: noon, Fixed: true, Battery: 1}} {
		x, err := b.Frame()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := DecodeBeacon(in)
		if err != nil {
			return
		}
		if b.Fixed && !b.Orbit.finite() || b.Battery < 0 || b.Battery > 1 {
			t.Fatalf("%+v", b)
		}
		if a, err := ax25.ParseAddress(b.Call); err != nil || a.Flag || a.String() != b.Call {
			return // a call sign that nobody has: fine to read, not to send
		}
		again, err := b.Frame()
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeBeacon(again)
		if err != nil || *back != *b {
			t.Fatalf("%+v became %+v, %v", b, back, err)
		}
	})
}

// TestNumbersFollowTheClock: later moments have higher numbers, none is used twice within a
// sixteenth of a second by a sender that counts on, and the ends agree on the keys.
func TestNumbersFollowTheClock(t *testing.T) {
	last := Numbers(noon)
	for i := 1; i < 100; i++ {
		n := Numbers(noon.Add(time.Duration(i) * time.Second / numbersPerSecond))
		if bytes.Compare(n, last) <= 0 {
			t.Fatalf("%x after %x", n, last)
		}
		last = n
	}
	if got := Numbers(time.Unix(1, 500e6)); !bytes.Equal(got, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24}) {
		t.Errorf("%x", got)
	}
	l := Link{Spacecraft: 1, Secret: [32]byte{7}}
	seen := map[string]bool{}
	for _, purpose := range []string{"packets", "procedures", "master"} {
		for vc := range uint8(4) {
			seen[string(l.key(purpose, vc))] = true
		}
	}
	l.Spacecraft = 2
	seen[string(l.key("packets", 0))] = true
	if len(seen) != 13 {
		t.Errorf("%d keys of 13 are different", len(seen))
	}
}

// TestHousekeepingFitsAFrame: a report must not take more than one frame with its packet's
// headers, or the loss of any frame costs two reports.
func TestHousekeepingFitsAFrame(t *testing.T) {
	l, err := Link{Spacecraft: 1, APID: 1, Call: "SC1", Secret: [32]byte{1}}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	n := 2
	for _, id := range Housekeeping().Parameters {
		typ, ok := (Dictionary{}).ParameterType(id)
		if !ok || Parameter(id).String() == "" {
			t.Errorf("parameter %d has no description", id)
		}
		n += typ.Size
	}
	pkt, err := l.Profile().AppendTM(nil, pus.TM{APID: 1, Message: pus.Message{Service: 3, Subtype: 25}, Time: noon, Data: make([]byte, n)})
	if room := l.TM().DataLength(VCLive, 0, true); err != nil || len(pkt) > room {
		t.Errorf("%d octets in frames of %d, %v", len(pkt), room, err)
	}
	if ParamBeaconPeriod.Unit() != "s" || ParamFixX.String() != "orbit_x_ecef" {
		t.Error("names")
	}
}
